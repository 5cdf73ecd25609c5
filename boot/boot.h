/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What entry.S and main.c know of each other. */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "hyp/base/types.h"

/* The boot hart, once, on the boot stack; does not return. */
void boot_main(uint64_t hartid, const void *host_dtb);

/* Every other hart of the plan, on its own stack, tp set; does not return. */
void boot_secondary(void);

void secondary_entry(void);
__noreturn void boot_switch_stack(uint64_t sp, void (*next)(void));

extern char __image_start[], __text_end[], __rodata_end[], __image_end[];	/* linker/bulkhead.ld */

#endif
