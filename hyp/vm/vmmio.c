/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest-page faults on loads and stores; see vmmio.h. Source: privileged ISA, hypervisor chapter,
 * "Guest-Page Faults" and "Transformed Instruction or Pseudoinstruction for mtinst or htinst".
 * No lock here; the devices have their own.
 */
#include "hyp/vm/vmmio.h"

#include "hyp/riscv/csr_defs.h"
#include "hyp/riscv/insn.h"
#include "hyp/vm/guestmem.h"
#include "hyp/vm/inject.h"
#include "hyp/vm/irq.h"

/* htinst of a fault of the page walk itself; bit 5 tells a write (of A or D bits). */
#define HTINST_WALK_MASK	(~0x20ul)
#define HTINST_WALK_32		0x2000ul
#define HTINST_WALK_64		0x3000ul

/* How often in a row an instruction may be gone when we fetch it, before the guest gets a fault. */
#define FETCH_RETRIES		16

struct access {
	gpa_t address;
	struct insn_access insn;
	uint64_t value;		/* of a store; result of a load */
};

static bool is_walk_fault(const struct guest_exit *e)
{
	uint64_t walk = e->htinst & HTINST_WALK_MASK;

	if (walk == HTINST_WALK_32 || walk == HTINST_WALK_64)
		return true;
	/* Where htinst is always 0, htval is the address of the page-table entry: its offset in the page
	 * is hardly that of the access itself. */
	return ((e->htval << 2 ^ e->tval) & 0xffc) != 0;
}

/* Whether an instruction that is no plain load or store wants to write. */
static bool is_store(uint32_t insn)
{
	uint32_t funct3 = insn >> 13 & 7;

	switch (insn & 3) {
	case 0:		/* C.FSD C.SW C.SD, and of Zcb's C.LBU to C.SH the latter half */
		return funct3 >= 5 || (funct3 == 4 && (insn >> 11 & 1));
	case 1:
		return false;
	case 2:		/* C.FSDSP C.SWSP C.SDSP */
		return funct3 >= 5;
	default:
		break;
	}
	switch (insn & 0x7f) {
	case 0x23:	/* STORE */
	case 0x27:	/* STORE-FP, vector stores */
		return true;
	case 0x2f:	/* AMO, but LR reads */
		return insn >> 27 != 2;
	default:
		return false;
	}
}

/*
 * The walk of the guest's own page tables left its memory: an access fault of the kind of the original
 * access. QEMU 7.2 reports cause 21 for all kinds, so the instruction has to tell.
 */
static enum verdict inject_walk_fault(struct vcpu *v, const struct guest_exit *e)
{
	uint64_t pc = v->ctx.x[0];
	uint32_t insn;

	if (e->cause == CAUSE_STORE_GUEST_PAGE)
		return inject_exception(v, CAUSE_STORE_ACCESS, e->tval);
	/* An instruction that could be fetched cannot fault on its own page's walk. */
	if (e->tval - pc < 4 || guestmem_fetch(pc, &insn) != OK)
		return inject_exception(v, CAUSE_FETCH_ACCESS, e->tval);
	return inject_exception(v, is_store(insn) ? CAUSE_STORE_ACCESS : CAUSE_LOAD_ACCESS, e->tval);
}

static enum verdict inject_access_fault(struct vcpu *v, const struct guest_exit *e)
{
	bool store = e->cause == CAUSE_STORE_GUEST_PAGE;

	return inject_exception(v, store ? CAUSE_STORE_ACCESS : CAUSE_LOAD_ACCESS, e->tval);
}

/* ERR_FAULT: the instruction is not there any more; ERR_UNSUPPORTED: not for a device. */
static enum err decode(struct vcpu *v, const struct guest_exit *e, struct insn_access *out)
{
	enum err err = insn_decode_htinst(e->htinst, out);
	uint32_t insn;

	if (err == ERR_NOTFOUND) {
		err = guestmem_fetch(v->ctx.x[0], &insn);
		if (err == OK)
			err = insn_decode(insn, out);
	}
	/* The guest may have rewritten the instruction since it trapped. */
	if (err == OK && out->store != (e->cause == CAUSE_STORE_GUEST_PAGE))
		err = ERR_UNSUPPORTED;
	return err;
}

/* An access to an emulated PLIC: 32 bits wide and aligned, as the specification's registers are. */
static bool vplic_access(struct vcpu *v, struct access *a)
{
	const struct plan_vm *p = v->vm->plan;
	uint64_t changed = 0;

	for (uint32_t i = 0; i < p->nr_vplics; i++) {
		const struct plan_vplic *w = &p->vplics[i];
		uint64_t offset = a->address.v - w->base.v;

		if (a->address.v < w->base.v || offset >= w->size)
			continue;
		if (a->insn.size != 4 || (offset & 3))
			return false;
		if (a->insn.store)
			vplic_write(&v->vm->vplics[i], offset, (uint32_t)a->value, &changed);
		else
			a->value = vplic_read(&v->vm->vplics[i], offset, &changed);
		irq_lines_changed(v, changed);
		return true;
	}
	return false;
}

/* The virtual devices. Each says whether the access is its own and was carried out. */
static bool (*const devices[])(struct vcpu *v, struct access *a) = {
	vplic_access,
};

/* Whether a virtual device lies at that address at all: what lies elsewhere is not worth decoding. */
static bool is_device(const struct vm *vm, gpa_t address)
{
	for (uint32_t i = 0; i < vm->plan->nr_vplics; i++) {
		const struct plan_vplic *w = &vm->plan->vplics[i];

		if (address.v >= w->base.v && address.v - w->base.v < w->size)
			return true;
	}
	return false;
}

/* Steps over the instruction, with the value that a load gets. */
static void finish(struct vcpu *v, const struct insn_access *insn, uint64_t value)
{
	if (!insn->store && insn->reg)
		v->ctx.x[insn->reg] = insn_load_value(insn, value);
	v->ctx.x[0] += insn->length;
}

static enum verdict carry_out(struct vcpu *v, const struct guest_exit *e, struct access *a)
{
	const struct insn_access *insn = &a->insn;

	a->value = insn->store ? v->ctx.x[insn->reg] : 0;
	if (insn->store && insn->reg == 0)	/* slot 0 holds the pc */
		a->value = 0;
	for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
		if (!devices[i](v, a))
			continue;
		finish(v, insn, a->value);
		return VERDICT_RESUME;
	}
	return inject_access_fault(v, e);
}

/* An access to where the guest has nothing: its policy says what that means. */
static enum verdict unmapped(struct vcpu *v, const struct guest_exit *e, gpa_t address)
{
	bool store = e->cause == CAUSE_STORE_GUEST_PAGE;
	struct insn_access insn;

	vm_complain(v, store ? "store to what it does not have" : "load from what it does not have",
		    address.v);
	if (v->vm->plan->policy.unmapped == UNMAPPED_STOP)
		return vm_crash(v, VM_END_UNMAPPED);
	if (v->vm->plan->policy.unmapped == UNMAPPED_IGNORE && decode(v, e, &insn) == OK) {
		finish(v, &insn, 0);
		return VERDICT_RESUME;
	}
	return inject_access_fault(v, e);
}

enum verdict vmmio_fault(struct vcpu *v, const struct guest_exit *e)
{
	struct access a = { .address = gpa(e->htval << 2 | (e->tval & 3)) };
	enum err err;

	if (is_walk_fault(e))
		return inject_walk_fault(v, e);
	if (!is_device(v->vm, a.address))
		return unmapped(v, e, a.address);
	err = decode(v, e, &a.insn);
	if (err == ERR_FAULT && v->fetch_faults++ < FETCH_RETRIES)
		return VERDICT_RESUME;	/* the guest fetches it again, and faults by itself if it is gone */
	v->fetch_faults = 0;
	if (err != OK)
		return inject_access_fault(v, e);
	return carry_out(v, e, &a);
}
