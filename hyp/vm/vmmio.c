/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest-page faults on loads and stores; see vmmio.h. Source: privileged ISA, hypervisor chapter,
 * "Guest-Page Faults" and "Transformed Instruction or Pseudoinstruction for mtinst or htinst".
 * No lock here; the devices have their own.
 */
#include "hyp/vm/vmmio.h"

#include "hyp/riscv/csr_defs.h"
#include "hyp/riscv/fault.h"
#include "hyp/riscv/insn.h"
#include "hyp/vm/complain.h"
#include "hyp/vm/external.h"
#include "hyp/vm/guestmem.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/vm_life.h"

/* htinst of a fault of the page walk itself; bit 5 is set for a write (of A or D bits). */
#define HTINST_WALK_MASK	(~0x20ul)
#define HTINST_WALK_32		0x2000ul
#define HTINST_WALK_64		0x3000ul

/* How often in a row an instruction may be gone when we fetch it, before the guest gets a fault. */
#define FETCH_RETRIES		16

static bool is_walk_fault(const struct guest_exit *e)
{
	uint64_t walk = e->htinst & HTINST_WALK_MASK;

	if (walk == HTINST_WALK_32 || walk == HTINST_WALK_64)
		return true;
	/* Where htinst is always 0, htval is the address of the page-table entry: its offset in the page
	 * is hardly that of the access itself. */
	return ((e->htval << 2 ^ e->tval) & 0xffc) != 0;
}

/*
 * The walk of the guest's own page tables left its memory. The guest's policy applies, though nothing can be ignored.
 * Otherwise it is an access fault of the kind of the original access. QEMU 7.2 reports cause 21 for all kinds, so the
 * instruction decides.
 */
static __noinline enum verdict inject_walk_fault(struct vcpu *v, const struct guest_exit *e)
{
	uint64_t pc = v->ctx.x[0];
	uint32_t insn;

	complain(v, "page tables where it has no memory", e->htval << 2);
	if (v->vm->plan->policy.unmapped == UNMAPPED_STOP)
		return vm_crash(v, VM_END_UNMAPPED);
	if (e->cause == CAUSE_STORE_GUEST_PAGE)
		return inject_exception(v, CAUSE_STORE_ACCESS, e->tval);
	/* An instruction that could be fetched cannot fault on its own page's walk. */
	if (e->tval - pc < 4 || guestmem_fetch(pc, &insn) != OK)
		return inject_exception(v, CAUSE_FETCH_ACCESS, e->tval);
	return inject_exception(v, insn_is_store(insn, v->features.zcd) ? CAUSE_STORE_ACCESS : CAUSE_LOAD_ACCESS,
				e->tval);
}

static enum verdict inject_access_fault(struct vcpu *v, const struct guest_exit *e)
{
	bool store = e->cause == CAUSE_STORE_GUEST_PAGE;

	return inject_exception(v, store ? CAUSE_STORE_ACCESS : CAUSE_LOAD_ACCESS, e->tval);
}

/*
 * ERR_FAULT: the instruction is not there any more; ERR_UNSUPPORTED: not for a device. *aligned: an access that is not
 * may have begun in RAM, on the page before the one that faulted.
 */
static enum err decode(struct vcpu *v, const struct guest_exit *e, struct insn_access *out, bool *aligned)
{
	enum err err = insn_decode_htinst(e->htinst, out);
	uint32_t insn;

	/* Addr.Offset is 0 at the first byte of any access: the address that faulted says whether that is aligned. */
	*aligned = err == OK && !out->base && !(e->tval & (out->size - 1u));
	if (err == ERR_NOTFOUND) {
		err = guestmem_fetch(v->ctx.x[0], &insn);
		if (err == OK)
			err = insn_decode(insn, out);
		if (err == OK)	/* slot 0 of the context holds the pc, not x0 */
			*aligned = (((out->base ? v->ctx.x[out->base] : 0) + out->low) & (out->size - 1u)) == 0;
	}
	/* The guest may have rewritten the instruction since it trapped. */
	if (err == OK && out->store != (e->cause == CAUSE_STORE_GUEST_PAGE))
		err = ERR_UNSUPPORTED;
	return err;
}

/* Steps over the instruction, with the value that a load gets. */
static void finish(struct vcpu *v, const struct insn_access *insn, uint64_t value)
{
	if (!insn->store && insn->reg)
		v->ctx.x[insn->reg] = insn_load_value(insn, value);
	v->ctx.x[0] += insn->length;
}

/* An access to where the guest has nothing: its policy says what that means. */
static __noinline enum verdict unmapped(struct vcpu *v, const struct guest_exit *e, gpa_t address)
{
	bool store = e->cause == CAUSE_STORE_GUEST_PAGE;
	struct insn_access insn;
	bool aligned;

	complain(v, store ? "unmapped store" : "unmapped load",
		    address.v);
	if (v->vm->plan->policy.unmapped == UNMAPPED_STOP)
		return vm_crash(v, VM_END_UNMAPPED);
	if (v->vm->plan->policy.unmapped == UNMAPPED_IGNORE && decode(v, e, &insn, &aligned) == OK) {
		finish(v, &insn, 0);
		return VERDICT_RESUME;
	}
	return inject_access_fault(v, e);
}

/* An access to a device of the guest in a page that is not mapped, as it would be without the exit. */
static enum verdict window_access(struct vcpu *v, const struct guest_exit *e, const struct vdev *d, uint64_t offset,
				  const struct insn_access *insn)
{
	hpa_t at = hpa(d->base + offset);
	uint64_t value = 0;

	if (insn->size > d->size - offset)	/* the rest is another owner's */
		return inject_access_fault(v, e);
	if (insn->store ? guard_device_write(at, insn->size, insn->reg ? v->ctx.x[insn->reg] : 0) :
			  guard_device_read(at, insn->size, &value))
		return inject_access_fault(v, e);
	v->ctx.window_base = d->base;	/* the next access there needs no C: switch_window.inc */
	v->ctx.window_size = d->size;
	finish(v, insn, value);
	return VERDICT_RESUME;
}

static enum verdict device_access(struct vcpu *v, const struct guest_exit *e, const struct vdev *d, uint64_t offset,
				  const struct insn_access *insn)
{
	uint64_t changed, value = 0;

	if (!d->read)
		return window_access(v, e, d, offset, insn);
	if (d->takes ? !d->takes(d->state, offset, insn->size) : insn->size != 4 || offset & 3)
		return inject_access_fault(v, e);
	if (!insn->store)
		changed = d->read(d->state, offset, &value);
	else	/* slot 0 of the context holds the pc, not x0 */
		changed = d->write(d->state, offset, insn->reg ? (uint32_t)v->ctx.x[insn->reg] : 0);
	if (changed)
		external_changed(v, changed);
	finish(v, insn, value);
	return VERDICT_RESUME;
}

/* In a row: no other access has come between, here or in switch.S, which counts those that it serves. */
static bool fetch_again(struct vcpu *v)
{
	uint64_t exit = v->ctx.exits[EXIT_MMIO] + v->ctx.exits[EXIT_EXTERNAL];

	if (exit != v->fetch_exit + 1)
		v->fetch_faults = 0;
	v->fetch_exit = exit;
	return v->fetch_faults++ < FETCH_RETRIES;
}

enum verdict vmmio_fault(struct vcpu *v, const struct guest_exit *e)
{
	gpa_t address = gpa(e->htval << 2 | (e->tval & 3));
	struct insn_access insn;
	const struct vdev *device;
	uint64_t offset;
	bool aligned;
	enum err err;

	if (is_walk_fault(e))
		return inject_walk_fault(v, e);
	device = vdev_find(&v->vm->devs, address, &offset);
	if (!device)
		return unmapped(v, e, address);
	err = decode(v, e, &insn, &aligned);
	if (err == ERR_FAULT && fetch_again(v))
		return VERDICT_RESUME;	/* the guest fetches it again, and faults by itself if it is gone */
	if (err != OK || !aligned)
		return inject_access_fault(v, e);
	return device_access(v, e, device, offset, &insn);
}
