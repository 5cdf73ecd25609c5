/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands in for hyp/riscv/fence.h in host builds: fences of the running hart are counted by machine.c. */
#ifndef HYP_RISCV_FENCE_H
#define HYP_RISCV_FENCE_H

#include "hyp/base/types.h"

enum fake_fence {
	FENCE_GVMA_ALL, FENCE_VVMA_ALL, FENCE_VVMA_VA, FENCE_VVMA_ASID, FENCE_VVMA_VA_ASID, FENCE_IPI,
	FENCE_SIP, FENCE_CODE, FENCE_CLEAN, FENCE_CTR, FENCE_VMA_ALL, FENCE_VMA_VA, NR_FENCES
};

void fake_fence(enum fake_fence kind, uint64_t va, uint64_t asid);
void cache_clean(const void *at);	/* bus.c */

static inline void hfence_gvma_all(void) { fake_fence(FENCE_GVMA_ALL, 0, 0); }
static inline void hfence_vvma_all(void) { fake_fence(FENCE_VVMA_ALL, 0, 0); }
static inline void hfence_vvma_va(uint64_t va) { fake_fence(FENCE_VVMA_VA, va, 0); }
static inline void hfence_vvma_asid(uint64_t asid) { fake_fence(FENCE_VVMA_ASID, 0, asid); }
static inline void hfence_vvma_va_asid(uint64_t va, uint64_t asid) { fake_fence(FENCE_VVMA_VA_ASID, va, asid); }
static inline void sfence_vma_all(void) { fake_fence(FENCE_VMA_ALL, 0, 0); }
static inline void sfence_vma_va(uint64_t va) { fake_fence(FENCE_VMA_VA, va, 0); }
static inline void fence_before_ipi(void) { fake_fence(FENCE_IPI, 0, 0); }
static inline void fence_before_device_write(void) { }
static inline void fence_after_device_read(void) { }
static inline void fence_after_sip(void) { fake_fence(FENCE_SIP, 0, 0); }
static inline void fence_after_clean(void) { fake_fence(FENCE_CLEAN, 0, 0); }
static inline void control_transfer_clear(void) { fake_fence(FENCE_CTR, 0, 0); }
static inline void fence_i(void) { fake_fence(FENCE_CODE, 0, 0); }

#endif
