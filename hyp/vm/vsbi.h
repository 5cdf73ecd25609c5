/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SBI that guests see, version 3.0: one short file an extension, one table of them in vsbi.c. What
 * is not in the table is not there: calls give NOT_SUPPORTED and probe_extension gives 0. Nothing is
 * passed on to the firmware with a guest's own numbers in it.
 */
#ifndef HYP_VM_VSBI_H
#define HYP_VM_VSBI_H

#include "hyp/riscv/sbi_defs.h"
#include "hyp/vm/vcpu.h"

#define VSBI_SPEC_VERSION	(3u << 24)	/* 3.0 */
#define VSBI_IMPL_ID		0x424b48u	/* "BKH": ours; not registered, guests do not know it */
#define VSBI_IMPL_VERSION	1u

#define VSBI_EXT_VENDOR		(0x0a000000u + VSBI_IMPL_ID)
#define VSBI_VENDOR_WATCHDOG_KICK	0

/* A call: arg[0..5] are a0..a5. The handler fills error and value; value counts only if error is 0. */
struct vsbi_call {
	uint64_t fid;
	uint64_t arg[6];
	long error;
	uint64_t value;
};

/*
 * Handlers return VERDICT_RESUME or VERDICT_SUSPEND (a0, a1 are set and the ecall is stepped over), or
 * VERDICT_STOP or VERDICT_LEAVE (the call does not return).
 */
enum verdict vsbi_base(struct vcpu *v, struct vsbi_call *c);
enum verdict vsbi_time(struct vcpu *v, struct vsbi_call *c);
enum verdict vsbi_ipi(struct vcpu *v, struct vsbi_call *c);
enum verdict vsbi_rfence(struct vcpu *v, struct vsbi_call *c);
enum verdict vsbi_hsm(struct vcpu *v, struct vsbi_call *c);
enum verdict vsbi_srst(struct vcpu *v, struct vsbi_call *c);
enum verdict vsbi_dbcn(struct vcpu *v, struct vsbi_call *c);
enum verdict vsbi_vendor(struct vcpu *v, struct vsbi_call *c);
enum verdict vsbi_legacy_putchar(struct vcpu *v, struct vsbi_call *c);
enum verdict vsbi_legacy_getchar(struct vcpu *v, struct vsbi_call *c);
enum verdict vsbi_legacy_set_timer(struct vcpu *v, struct vsbi_call *c);
enum verdict vsbi_legacy_shutdown(struct vcpu *v, struct vsbi_call *c);

/* Serves the ecall that the vcpu exited with. */
enum verdict vsbi_call(struct vcpu *v);

/* True if guests have the extension with that number (a full register). */
bool vsbi_has(uint64_t eid);

/*
 * The only decoder of hart masks: (mask, base) of a call to a set of vcpus (bit = index). base = -1 is all
 * of the VM, mask 0 nobody. SBI_ERR_INVALID_PARAM if it names a hart that the VM does not have.
 */
long vsbi_hart_mask(const struct vm *vm, uint64_t mask, uint64_t base, uint64_t *vcpus);

#endif
