/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own address space and stacks. */
#ifndef BOOT_MEMORY_H
#define BOOT_MEMORY_H

#include "hyp/base/err.h"
#include "hyp/plan/plan.h"

/* Takes memory for the stacks of the plan's harts and for page tables. Once. */
void memory_take(const struct plan *plan);

/* Top of the stack of that hart, 0 if it does not run; the page below each stack is not mapped. */
uint64_t memory_stack_top(uint32_t hart_index);

/*
 * Builds the S-stage: image, package, PLICs, console. ERR_RANGE: some of it lies where the harts' page tables
 * cannot reach. sstage_enable() then turns it on, hart by hart.
 */
enum err memory_map_self(const struct plan *plan) __must_check;

#endif
