/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SBI 3.0, Hart State Management Extension; the states themselves are vcpu.c's.
 */
#include "hyp/vm/guestmem.h"
#include "hyp/vm/vsbi.h"

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

static enum verdict hart_suspend(struct vcpu *v, struct vsbi_call *c)
{
	uint32_t type = (uint32_t)c->arg[0];

	if (type != SBI_HSM_SUSPEND_RETENTIVE && type != SBI_HSM_SUSPEND_NON_RETENTIVE) {
		c->error = SBI_ERR_INVALID_PARAM;
		return VERDICT_RESUME;
	}
	if (type == SBI_HSM_SUSPEND_NON_RETENTIVE) {
		if (!valid_entry(v->vm, c->arg[1])) {
			c->error = SBI_ERR_INVALID_ADDRESS;
			return VERDICT_RESUME;
		}
		v->resume_nonretentive = true;
		v->start_pc = c->arg[1];
		v->start_opaque = c->arg[2];
	}
	c->error = SBI_SUCCESS;
	return VERDICT_SUSPEND;
}

enum verdict vsbi_hsm(struct vcpu *v, struct vsbi_call *c)
{
	switch (c->fid) {
	case SBI_HSM_START:
		c->error = hart_start(v, c->arg[0], c->arg[1], c->arg[2]);
		return VERDICT_RESUME;
	case SBI_HSM_STOP:
		return VERDICT_STOP;
	case SBI_HSM_STATUS:
		c->error = SBI_ERR_INVALID_PARAM;
		if (c->arg[0] < v->vm->plan->nr_vcpus) {
			c->error = SBI_SUCCESS;
			c->value = vcpu_hsm_state(v->vm->vcpus[c->arg[0]]);
		}
		return VERDICT_RESUME;
	case SBI_HSM_SUSPEND:
		return hart_suspend(v, c);
	default:
		return VERDICT_RESUME;
	}
}
