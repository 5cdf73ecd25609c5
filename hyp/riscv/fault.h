/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guarded accesses: the only instructions of the hypervisor that may trap. The trap entry
 * recognises them by their pc (guard_begin..guard_end in fault.S) and ignores the cause, in which
 * emulators and firmware differ. A trap changes scause, stval, htval, htinst: read those first.
 */
#ifndef HYP_RISCV_FAULT_H
#define HYP_RISCV_FAULT_H

#include "hyp/base/err.h"
#include "hyp/base/types.h"

/*
 * Fetches a 16-bit parcel of guest code at a guest-virtual address, with the guest's own translation
 * and execute permission (HLVX.HU, effective privilege hstatus.SPVP). ERR_FAULT if it cannot be read.
 */
enum err guard_fetch16(uint64_t *out, uint64_t gva) __must_check;

/*
 * Accesses to a register of a guest's device, for the guest, or between its lives (mmio_try.h), of size bytes (1, 2, 4
 * or 8), naturally aligned. Without fences: the guest's own order them, as they are executed on this hart. *value: in
 * the low bytes. ERR_FAULT if the bus refuses it; a refusal that arrives later is not seen, as on a page that is
 * mapped.
 */
enum err guard_device_read(hpa_t at, uint32_t size, uint64_t *value) __must_check;
enum err guard_device_write(hpa_t at, uint32_t size, uint64_t value) __must_check;

/* Reads a CSR that may not exist. ERR_FAULT if it does not (or access to it is closed). */
enum err guard_read_hstatus(uint64_t *out) __must_check;
enum err guard_read_henvcfg(uint64_t *out) __must_check;
enum err guard_read_htimedelta(uint64_t *out) __must_check;
enum err guard_read_hvictl(uint64_t *out) __must_check;
enum err guard_read_hstateen0(uint64_t *out) __must_check;
enum err guard_read_hstateen1(uint64_t *out) __must_check;
enum err guard_read_hstateen2(uint64_t *out) __must_check;
enum err guard_read_hstateen3(uint64_t *out) __must_check;
enum err guard_read_vstimecmp(uint64_t *out) __must_check;
enum err guard_read_mscratch(uint64_t *out) __must_check;	/* exists in M-mode alone */
enum err guard_read_time(uint64_t *out) __must_check;	/* firmware may emulate it */
enum err guard_read_vlenb(uint64_t *out) __must_check;	/* with sstatus.VS on */
enum err guard_read_seed(uint64_t *out) __must_check;	/* takes a sample */
enum err guard_read_fcsr(uint64_t *out) __must_check;	/* with sstatus.FS on */
#define GUEST_CSR(name, number, value)
#define GUEST_CSR_OPTIONAL(name, number, value)	enum err guard_read_##name(uint64_t *out) __must_check;
#include "hyp/riscv/guest_csrs.def"
#undef GUEST_CSR
#undef GUEST_CSR_OPTIONAL

/*
 * Clears f31, or its low half, with sstatus.FS on. ERR_FAULT if there is no such instruction. *is_x31: the hart cleared
 * x31 instead.
 */
enum err guard_clear_f31(uint64_t *is_x31) __must_check;
enum err guard_clear_f31_d(uint64_t *is_x31) __must_check;

/* Executes a C.FSDSP whose encoding Zcmp and Zcmt do not use, with sstatus.FS on. ERR_FAULT if the hart lacks Zcd. */
enum err guard_c_fsdsp(void) __must_check;

/* CBO.CLEAN of the block of that address. ERR_FAULT if HS-mode cannot execute it. */
enum err guard_clean(const void *at) __must_check;

/* Executes clmul, of Zbc. ERR_FAULT if the hart has none. */
enum err guard_clmul(void) __must_check;

/* Clears the cache block at p, in the hypervisor's memory, by cbo.zero. ERR_FAULT if HS-mode cannot execute it. */
enum err guard_cbo_zero(void *p) __must_check;

/* Clears size octets of the firmware's device tree. ERR_FAULT if they cannot be written; a part may be cleared then. */
enum err guard_erase(void *at, uint64_t size) __must_check;

#endif
