/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interface between entry.S and the C files of this directory. */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "hyp/base/types.h"

/*
 * The boot hart, on the boot stack; does not return. loaded: where the whole image was loaded. If the image moves,
 * this is called once more in the copy, without a host_dtb.
 */
void boot_main(uint64_t hartid, const void *host_dtb, uint64_t loaded);

/* Every other hart of the plan, on its own stack, tp set; does not return. */
void boot_secondary(void);

void secondary_entry(void);

/* Says why nothing is started, and switches the machine off. */
__noreturn void boot_refuse(const char *reason);

__noreturn void boot_switch_stack(uint64_t sp, void (*next)(void));

/* Starts again in a copy of the image, at its boot_again, with the arguments of boot_main(). */
__noreturn void boot_enter_copy(uint64_t hartid, const void *host_dtb, uint64_t loaded, uint64_t boot_again);
void boot_again(void);

/* linker/bulkhead.ld: the core, which is the last part of the image; all that behind __bss_start is in no file. */
extern char __image_start[], __run_start[], __text_end[], __rodata_end[], __bss_start[], __image_end[];

/* In the core's header (entry.S): bytes from the whole image's start to __image_start; 0: there is only the core. */
extern const uint64_t image_core_offset;

/* entry.S: of the stack that the boot hart has at first. */
extern char boot_stack_top[];

/* Where the whole image begins. */
static inline uint64_t image_base(void)
{
	return (uintptr_t)__image_start - image_core_offset;
}

/* The memory that the loader has been asked for, in bytes from there: what the whole image's header says. */
static inline uint64_t image_memory(void)
{
	return *(const uint64_t *)(image_base() + 16);
}

#endif
