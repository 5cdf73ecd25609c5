/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SBI 3.0, Hart State Management Extension; the states themselves are vcpu.c's.
 */
#include "hyp/vm/guestmem.h"
#include "hyp/vm/vcpu.h"
#include "hyp/vsbi/vsbi.h"

/* A place to start at: two bytes aligned, in the guest's own memory. */
static bool valid_entry(const struct vm *vm, uint64_t address)
{
	return !(address & 1) && guestmem_valid(vm, gpa(address), 2);
}

static long hart_start(struct vcpu *v, uint64_t hart, uint64_t pc, uint64_t opaque)
{
	if (hart >= v->vm->plan->nr_vcpus)
		return SBI_ERR_INVALID_PARAM;
	if (!valid_entry(v->vm, pc))
		return SBI_ERR_INVALID_ADDRESS;
	return vcpu_start(v->vm->vcpus[hart], pc, opaque);
}

static struct sbiret hart_status(struct vcpu *v, uint64_t hart)
{
	if (hart >= v->vm->plan->nr_vcpus)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	return vsbi_value(vcpu_hsm_state(v->vm->vcpus[hart]));
}

static struct sbiret hart_suspend(struct vcpu *v, uint32_t type, uint64_t pc, uint64_t opaque)
{
	if (type != SBI_HSM_SUSPEND_RETENTIVE && type != SBI_HSM_SUSPEND_NON_RETENTIVE)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	if (type == SBI_HSM_SUSPEND_NON_RETENTIVE) {
		if (!valid_entry(v->vm, pc))
			return vsbi_error(SBI_ERR_INVALID_ADDRESS);
		v->resume_nonretentive = true;
		v->start_pc = pc;
		v->start_opaque = opaque;
	}
	v->ctx.verdict = VERDICT_SUSPEND;
	return vsbi_value(0);
}

struct sbiret vsbi_hsm(struct vcpu *v, const uint64_t *a, uint64_t fid)
{
	switch (fid) {
	case SBI_HSM_START:
		return vsbi_error(hart_start(v, a[0], a[1], a[2]));
	case SBI_HSM_STOP:
		v->ctx.verdict = VERDICT_STOP;
		return vsbi_value(0);
	case SBI_HSM_STATUS:
		return hart_status(v, a[0]);
	case SBI_HSM_SUSPEND:
		return hart_suspend(v, (uint32_t)a[0], a[1], a[2]);
	default:
		return vsbi_error(SBI_ERR_NOT_SUPPORTED);
	}
}
