/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fences. Those of the hypervisor extension by encoding: old assemblers lack them. Source: privileged
 * ISA, hypervisor chapter, "Hypervisor Memory-Management Fence Instructions".
 * Host builds use tests/unit/fake/hyp/riscv/fence.h instead.
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

/* Translations by satp of this hart: all of them, and those of one page. Earlier writes to tables are seen
 * afterwards. */
static inline void sfence_vma_all(void) { __asm__ volatile("sfence.vma" : : : "memory"); }
static inline void sfence_vma_va(uint64_t va) { __asm__ volatile("sfence.vma %0, zero" : : "r"(va) : "memory"); }

/* Orders earlier writes to memory before later writes to devices: firmware sends an IPI by a device. */
static inline void fence_before_ipi(void) { __asm__ volatile("fence w, ow" : : : "memory"); }

/* What mmio.h has within its accesses, for mmio_try.h. */
static inline void fence_before_device_write(void) { __asm__ volatile("fence w, o" : : : "memory"); }
static inline void fence_after_device_read(void) { __asm__ volatile("fence i, ir" : : : "memory"); }

/*
 * Orders an earlier write of sip before later reads of memory. Fences treat a CSR as a device (Zicsr, "CSR Access
 * Ordering"), and another hart may raise SSIP through one (ACLINT SSWI) while this hart clears it.
 */
static inline void fence_after_sip(void) { __asm__ volatile("fence o, rw" : : : "memory"); }

/* Writes the cache block of that address back to memory (Zicbom); fence_after_clean() waits for all of them. */
static inline void cache_clean(const void *at)
{
	__asm__ volatile(".insn i 0x0f, 2, x0, %0, 1" : : "r"(at) : "memory");
}

static inline void fence_after_clean(void) { __asm__ volatile("fence iorw, iorw" : : : "memory"); }

/* Clears the branches that the hart recorded (Ssctr, SCTRCLR). */
static inline void control_transfer_clear(void) { __asm__ volatile(".4byte 0x10400073" : : : "memory"); }

static inline void fence_i(void) { __asm__ volatile("fence.i" : : : "memory"); }

#endif
