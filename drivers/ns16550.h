/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 16550-compatible UART as the hypervisor's console. The firmware's speed and format stay; the
 * FIFOs are turned on. Source: the PC16550D data sheet; device-tree binding serial/8250.
 */
#ifndef DRIVERS_NS16550_H
#define DRIVERS_NS16550_H

#include "drivers/console.h"

/* reg_shift: log2 of the distance of registers; io_width: bytes of an access, 1 or 4. */
void ns16550_init(hpa_t base, uint32_t reg_shift, uint32_t io_width);

#endif
