/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interface between entry.S and the C files of this directory. */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "hyp/base/types.h"

/*
 * The boot hart, on the boot stack; does not return. loaded: where the firmware entered the image. If the image moves,
 * this is called once more in the copy, without a host_dtb.
 */
void boot_main(uint64_t hartid, const void *host_dtb, uint64_t loaded);

/* Every other hart of the plan, on its own stack, tp set; does not return. */
void boot_secondary(void);

void secondary_entry(void);
__noreturn void boot_switch_stack(uint64_t sp, void (*next)(void));

/* Starts again in a copy of the image, at its boot_again, with the arguments of boot_main(). */
__noreturn void boot_enter_copy(uint64_t hartid, const void *host_dtb, uint64_t loaded, uint64_t boot_again);
void boot_again(void);

/* linker/bulkhead.ld */
extern char __image_start[], __text_end[], __rodata_end[], __bss_start[], __image_end[];

#endif
