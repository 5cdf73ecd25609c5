/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines about a guest's faults; see complain.h. */
#include "hyp/vm/complain.h"

#include "hyp/console/console.h"

/* Whether the limit allows a line. A line about those that it dropped comes first. */
static bool may_complain(struct vm *vm)
{
	uint32_t dropped = 0;
	bool may;

	lock_acquire(&vm->lock);
	may = rate_limit_take(&vm->complaints);
	if (may)
		dropped = rate_limit_take_dropped(&vm->complaints);
	lock_release(&vm->lock);
	if (may && dropped)
		console_log("vm %s: %u more such lines left out", vm->plan->name, dropped);
	return may;
}

void complain(struct vcpu *v, const char *cause, uint64_t address)
{
	if (!v->at_vector && may_complain(v->vm))
		console_log("vm %s: vcpu %u: %s, pc 0x%lx, address 0x%lx", v->vm->plan->name, v->index, cause,
			    v->ctx.x[0], address);
}

void complain_trap_loop(struct vcpu *v, uint64_t vector)
{
	v->at_vector = true;
	if (v->vector_reported || !may_complain(v->vm))
		return;
	v->vector_reported = true;
	console_log("vm %s: vcpu %u: faults at its own trap vector 0x%lx, again and again: is the image linked for "
		    "another address?", v->vm->plan->name, v->index, vector);
}

void complain_dma(struct vm *vm, uint32_t device, uint64_t address, const char *cause)
{
	if (may_complain(vm))
		console_log("vm %s: DMA of device 0x%x, address 0x%lx: %s", vm->plan->name, device, address, cause);
}
