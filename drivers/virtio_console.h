/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtio console over MMIO as the hypervisor's console, output only, through the emergency-write
 * register: no queue, so no memory that the device could reach. Source: virtio 1.2, 4.2.2 "MMIO Device
 * Register Layout", 5.3.4 "Device configuration layout" (emerg_wr).
 */
#ifndef DRIVERS_VIRTIO_CONSOLE_H
#define DRIVERS_VIRTIO_CONSOLE_H

#include "drivers/console.h"
#include "hyp/base/err.h"

/* ERR_NOTFOUND: no virtio device there, or none of that type; ERR_UNSUPPORTED: no emergency write. */
enum err virtio_console_init(hpa_t base) __must_check;

#endif
