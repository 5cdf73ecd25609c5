/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SBI that guests see, version 3.0: one short file an extension, one table of them in vsbi.c. What
 * is not in the table is not there: calls return NOT_SUPPORTED and probe_extension returns 0. Nothing is
 * passed on to the firmware with a guest's own numbers in it.
 */
#ifndef HYP_VSBI_VSBI_H
#define HYP_VSBI_VSBI_H

#include "hyp/base/version.h"
#include "hyp/riscv/sbi_defs.h"
#include "hyp/vm/vm.h"

#define VSBI_SPEC_VERSION	(3u << 24)	/* 3.0 */
#define VSBI_IMPL_ID		0x424b48u	/* "BKH": ours; not registered, guests do not know it */
#define VSBI_IMPL_VERSION	VERSION_NUMBER

#define VSBI_EXT_VENDOR		(0x0a000000u + VSBI_IMPL_ID)
#define VSBI_VENDOR_WATCHDOG_KICK	0
#define VSBI_VENDOR_EXITS		1

/* The result of a call: a0 and a1. The value of an error is 0; a legacy call leaves a1 as it was (vsbi_legacy()). */
static inline struct sbiret vsbi_error(long error) { return (struct sbiret){ error, 0 }; }
static inline struct sbiret vsbi_legacy(long a0, const uint64_t *a) { return (struct sbiret){ a0, (long)a[1] }; }
static inline struct sbiret vsbi_value(uint64_t value) { return (struct sbiret){ SBI_SUCCESS, (long)value }; }

/*
 * One handler an extension: a[0..5] are a0 to a5, fid is a6 (legacy calls ignore it). A handler whose call
 * does more than return sets v->ctx.verdict: VERDICT_SUSPEND and VERDICT_GETCHAR return later; VERDICT_STOP and
 * VERDICT_LEAVE never.
 */
struct sbiret vsbi_base(struct vcpu *v, const uint64_t *a, uint64_t fid);
struct sbiret vsbi_time(struct vcpu *v, const uint64_t *a, uint64_t fid);
struct sbiret vsbi_ipi(struct vcpu *v, const uint64_t *a, uint64_t fid);
struct sbiret vsbi_rfence(struct vcpu *v, const uint64_t *a, uint64_t fid);
struct sbiret vsbi_hsm(struct vcpu *v, const uint64_t *a, uint64_t fid);
struct sbiret vsbi_srst(struct vcpu *v, const uint64_t *a, uint64_t fid);
struct sbiret vsbi_dbcn(struct vcpu *v, const uint64_t *a, uint64_t fid);
struct sbiret vsbi_vendor(struct vcpu *v, const uint64_t *a, uint64_t fid);
struct sbiret vsbi_legacy_putchar(struct vcpu *v, const uint64_t *a, uint64_t fid);
struct sbiret vsbi_legacy_getchar(struct vcpu *v, const uint64_t *a, uint64_t fid);
struct sbiret vsbi_legacy_set_timer(struct vcpu *v, const uint64_t *a, uint64_t fid);
struct sbiret vsbi_legacy_shutdown(struct vcpu *v, const uint64_t *a, uint64_t fid);

/* Serves the ecall that a vcpu exited with; its context's on_ecall. */
struct sbiret vsbi_call(struct guest_context *ctx);

/* True if guests have the extension with that number (a full register). */
bool vsbi_has(uint64_t eid);

/*
 * The only decoder of hart masks: (mask, base) of a call to a set of vcpus (bit = index). base = -1 is all of
 * the VM, mask 0 none. SBI_ERR_INVALID_PARAM if it names a hart that the VM does not have. Source: SBI 3.0, "Hart list
 * parameter".
 */
static inline long vsbi_hart_mask(const struct vm *vm, uint64_t mask, uint64_t base, uint64_t *vcpus)
{
	if (base == UINT64_MAX) {
		*vcpus = vm->all;
		return SBI_SUCCESS;
	}
	*vcpus = 0;
	if (!mask)
		return SBI_SUCCESS;
	if (base >= 64 || mask & ~(vm->all >> base))
		return SBI_ERR_INVALID_PARAM;
	*vcpus = mask << base;
	return SBI_SUCCESS;
}

#endif
