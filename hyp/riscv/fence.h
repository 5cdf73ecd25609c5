/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fences of the hypervisor extension, by encoding, so that any assembler does. Source: privileged
 * ISA, hypervisor chapter, "Hypervisor Memory-Management Fence Instructions".
 * tests/unit/fake/hyp/riscv/fence.h takes this file's place in host builds.
 */
#ifndef HYP_RISCV_FENCE_H
#define HYP_RISCV_FENCE_H

#include "hyp/base/types.h"

/* All guest-physical translations of all VMIDs on this hart. */
static inline void hfence_gvma_all(void)
{
	__asm__ volatile(".insn r 0x73, 0, 0x31, x0, x0, x0" : : : "memory");
}

/* VS-stage translations of the VM in hgatp, on this hart: all of them. */
static inline void hfence_vvma_all(void)
{
	__asm__ volatile(".insn r 0x73, 0, 0x11, x0, x0, x0" : : : "memory");
}

/* One page of every address space; va is guest-virtual. */
static inline void hfence_vvma_va(uint64_t va)
{
	__asm__ volatile(".insn r 0x73, 0, 0x11, x0, %0, x0" : : "r"(va) : "memory");
}

static inline void hfence_vvma_asid(uint64_t asid)
{
	__asm__ volatile(".insn r 0x73, 0, 0x11, x0, x0, %0" : : "r"(asid) : "memory");
}

static inline void hfence_vvma_va_asid(uint64_t va, uint64_t asid)
{
	__asm__ volatile(".insn r 0x73, 0, 0x11, x0, %0, %1" : : "r"(va), "r"(asid) : "memory");
}

/* What was written to memory is seen before what is now written to a device: firmware sends an IPI so. */
static inline void fence_before_ipi(void) { __asm__ volatile("fence w, ow" : : : "memory"); }

/*
 * A write to sip comes before what is now read from memory: to others a CSR is a device (Zicsr, "CSR Access Ordering"),
 * and a hart may raise SSIP through one (ACLINT SSWI) while we take it down.
 */
static inline void fence_after_sip(void) { __asm__ volatile("fence o, rw" : : : "memory"); }

/* Writes the cache block of that address back to memory (Zicbom), and waits for all that were written back. */
static inline void cache_clean(const void *at)
{
	__asm__ volatile(".insn i 0x0f, 2, x0, %0, 1" : : "r"(at) : "memory");
}

static inline void fence_after_clean(void) { __asm__ volatile("fence iorw, iorw" : : : "memory"); }

/* Forgets the branches that the hart recorded (Ssctr, SCTRCLR). */
static inline void control_transfer_clear(void) { __asm__ volatile(".4byte 0x10400073" : : : "memory"); }

static inline void fence_i(void) { __asm__ volatile("fence.i" : : : "memory"); }

#endif
