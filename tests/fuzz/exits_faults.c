/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions: what is emulated, what is the guest's own fault; see exits_spec.h. */
#include <string.h>

#include "hyp/riscv/csr_defs.h"
#include "tests/fuzz/exits_sbi.h"

#define SRET	0x10200073u
#define WFI	0x10500073u
#define WRS_NTO	0x00d00073u	/* hstatus.VTW traps it in both modes */

static struct fake_hw *hw_now(void) { return &fake.hw[spec_now.hart]; }
static const struct fake_hw *hw_was(void) { return &spec_was[spec_now.hart]; }

/* Privileged ISA, "Trap Entry": an exception taken into VS-mode. */
static void faults(uint64_t cause, uint64_t tval)
{
	struct fake_hw want = *hw_was();
	struct fake_csrs *w = &want.csr;

	w->vsstatus &= ~(uint64_t)(SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SIE | SSTATUS_SPELP);
	w->vsstatus |= hw_was()->csr.sstatus & SSTATUS_SPELP;
	if (!spec_now.exit.user)
		w->vsstatus |= SSTATUS_SPP;
	if (hw_was()->csr.vsstatus & SSTATUS_SIE)
		w->vsstatus |= SSTATUS_SPIE;
	w->vsepc = want.x[0];
	w->vscause = cause;
	w->vstval = tval;
	w->hvip = hw_now()->csr.hvip;
	spec_check_csrs(&want);
	for (unsigned i = 1; i < 32; i++)
		SPEC(hw_now()->x[i] == hw_was()->x[i]);
	SPEC(hw_now()->x[0] == (w->vstvec & ~3ull));
	SPEC((hw_now()->csr.sstatus & (SSTATUS_SPP | SSTATUS_SPELP)) == SSTATUS_SPP);
	spec_continues(0, false);
}

/* The instruction has had its effect; a load gave value. */
static void executed(bool load, uint64_t *value)
{
	for (unsigned i = 1; i < 32; i++)
		if (!load || i != spec_now.op.reg)
			SPEC(hw_now()->x[i] == hw_was()->x[i]);
	SPEC(hw_now()->x[0] == hw_was()->x[0] + spec_now.op.length);
	*value = spec_now.op.reg ? hw_now()->x[spec_now.op.reg] : 0;
	spec_check_csrs(hw_was());
}

static bool has_vuart(void)
{
	return fake.plan.vms[spec_now.vm].vuart.size;
}

static bool owns(uint64_t id)
{
	return fake.plan.intcs[0].source_owner[id] == spec_now.vm || (has_vuart() && id == FAKE_VUART_IRQ);
}

static uint32_t sources_of_word(uint64_t word)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < 32; i++)
		if (word * 32 + i <= FAKE_NDEV &&
		    owns(word * 32 + i) && word * 32 + i)
			bits |= 1u << i;
	return bits;
}

/* A guest learns of its own sources only. */
static void check_plic_value(uint64_t offset, uint64_t value)
{
	uint64_t context = offset >= 0x200000 ? (offset - 0x200000) / 0x1000 : (offset - 0x2000) / 0x80;
	bool exists = context & 1 && context / 2 < fake.plan.vms[spec_now.vm].nr_vcpus;
	uint64_t id = offset / 4;

	if (spec_now.op.reg == 0)
		return;
	if (offset < 0x1000)
		SPEC(value <= (sources_of_word(id / 32) >> (id % 32) & 1 ? 7 : 0));
	else if (offset < 0x2000)
		SPEC(!((uint32_t)value & ~sources_of_word((offset - 0x1000) / 4)));
	else if (offset < 0x200000)
		SPEC(!((uint32_t)value & ~(exists ? sources_of_word(offset % 0x80 / 4) : 0)));
	else if (!exists || offset % 0x1000 > 4)
		SPEC(value == 0);
	else if (offset % 0x1000 == 0)
		SPEC(value <= 7);
	else
		SPEC(!value || (value <= FAKE_NDEV && owns(value)));
}

/* The instruction was not there any more: the guest fetches it again, or gets its fault. */
static void lost(uint64_t fault)
{
	if (hw_now()->x[0] == hw_was()->x[0] && hw_now()->csr.vscause == hw_was()->csr.vscause &&
	    hw_now()->csr.vsepc == hw_was()->csr.vsepc) {
		spec_check_kept();
		spec_continues(0, false);
	} else {
		faults(fault, spec_now.exit.tval);
	}
}

/* Registers of its own in a page that it shares: as on the host's bus, in the same width. */
static void window_access(uint64_t at, uint64_t fault)
{
	const struct spec_op *op = &spec_now.op;
	bool load = fault == CAUSE_LOAD_ACCESS;
	uint64_t offset = at - FAKE_WINDOWS, value, want = 0;
	uint8_t page[sizeof(fake.window_page)];

	memcpy(page, spec_window_page, sizeof(page));
	if (!spec_now.known) {
		lost(fault);
	} else if (op->kind != (load ? OP_LOAD : OP_STORE) || offset % op->size || op->before ||
		   offset % 0x100 + op->size > FAKE_WINDOW || (offset & 0xf8) == FAKE_REFUSED) {
		faults(fault, spec_now.exit.tval);
	} else {
		executed(load, &value);
		if (load) {
			memcpy(&want, page + offset, op->size);
			if (op->sign && op->size < 8 && want >> (8 * op->size - 1))
				want |= ~0ull << 8 * op->size;
			SPEC(!op->reg || value == want);
		} else {
			value = op->reg ? hw_was()->x[op->reg] : 0;
			memcpy(page + offset, &value, op->size);
		}
		spec_continues(0, true);
	}
	SPEC(!memcmp(page, fake.window_page, sizeof(page)));
}

/* size: what the device takes, in bytes. */
static void device_access(uint64_t offset, uint64_t fault, uint32_t size)
{
	const struct spec_op *op = &spec_now.op;
	bool load = fault == CAUSE_LOAD_ACCESS;
	uint64_t value;

	if (!spec_now.known) {
		lost(fault);
		return;
	}
	if (op->kind != (load ? OP_LOAD : OP_STORE) || op->size != size || offset % size || op->before) {
		faults(fault, spec_now.exit.tval);
		return;
	}
	executed(load, &value);
	if (load && size == 4)
		check_plic_value(offset, value);
	if (load && op->reg && size == 4)
		SPEC(value == (op->sign ? (uint64_t)(int64_t)(int32_t)value : (uint64_t)(uint32_t)value));
	if (load && op->reg && size == 1)
		SPEC(value == (op->sign ? (uint64_t)(int64_t)(int8_t)value : (uint64_t)(uint8_t)value));
	spec_continues(0, true);
}

static void unmapped(uint64_t fault)
{
	const struct spec_op *op = &spec_now.op;
	bool load = fault == CAUSE_LOAD_ACCESS;
	uint64_t value;

	switch (fake.plan.vms[spec_now.vm].policy.unmapped) {
	case UNMAPPED_STOP:
		spec_ends(VM_END_UNMAPPED);
		return;
	case UNMAPPED_IGNORE:
		if (spec_now.known && op->kind == (load ? OP_LOAD : OP_STORE)) {
			executed(load, &value);
			SPEC(!load || !value);
			spec_continues(0, false);
			return;
		}
		break;
	}
	faults(fault, spec_now.exit.tval);
}

/* The walk of the guest's own tables left its memory. QEMU 7.2 says "load" of all kinds. */
static void walk_fault(uint64_t fault)
{
	const struct fake_exit *x = &spec_now.exit;
	uint64_t cause = hw_now()->csr.vscause;

	if (fault == CAUSE_LOAD_ACCESS && (cause == CAUSE_FETCH_ACCESS || cause == CAUSE_STORE_ACCESS))
		fault = cause;
	if (fake.plan.vms[spec_now.vm].policy.unmapped == UNMAPPED_STOP) {
		spec_ends(VM_END_UNMAPPED);
		return;
	}
	if (x->cause == CAUSE_LOAD_GUEST_PAGE && spec_now.fetched && x->tval - hw_was()->x[0] >= 4 &&
	    spec_now.op.kind != OP_OTHER)
		fault = spec_now.op.kind == OP_STORE ? CAUSE_STORE_ACCESS : CAUSE_LOAD_ACCESS;
	faults(fault, x->tval);
}

static void guest_page_fault(void)
{
	const struct fake_exit *x = &spec_now.exit;
	uint64_t fault = x->cause == CAUSE_LOAD_GUEST_PAGE ? CAUSE_LOAD_ACCESS : CAUSE_STORE_ACCESS;
	uint64_t at = x->htval << 2 | (x->tval & 3);
	uint64_t walk = x->htinst & ~0x20ull;

	if (walk == 0x2000 || walk == 0x3000 || ((at ^ x->tval) & 0xfff))
		walk_fault(fault);
	else if (at >= FAKE_PLIC && at - FAKE_PLIC < FAKE_PLIC_SIZE)
		device_access(at - FAKE_PLIC, fault, 4);
	else if (has_vuart() && at >= FAKE_VUART && at - FAKE_VUART < 0x100)
		device_access(at - FAKE_VUART, fault, 1);
	else if (at >= FAKE_WINDOWS + 0x100 * spec_now.vm && at - FAKE_WINDOWS - 0x100 * spec_now.vm < FAKE_WINDOW)
		window_access(at, fault);
	else
		unmapped(fault);
}

static void virtual_instruction(void)
{
	const struct fake_csrs *c = &hw_was()->csr;
	bool armed = fake_passes(&fake.config) && c->hstatus & HSTATUS_ARMED;
	bool up = fake_sip(spec_now.hart) & 1ull << IRQ_SEI || vm_vcpu_of_hart(spec_now.hart)->virtual_line;
	struct fake_hw want = *hw_was();

	if (armed && !up) {	/* back to normal; it is executed again */
		SPEC(!(hw_now()->csr.hstatus & HSTATUS_ARMED) && !(hw_now()->csr.hvip & 1ull << IRQ_VSEI));
		SPEC(hw_now()->csr.sie & 1ull << IRQ_SEI);
		spec_check_kept();
		spec_continues(0, false);
		return;
	}
	if (!armed || !(spec_now.insn == WRS_NTO || (!spec_now.exit.user &&
						     (spec_now.insn == SRET || spec_now.insn == WFI)))) {
		faults(CAUSE_ILLEGAL, spec_now.insn);
		return;
	}
	want.x[0] += 4;
	if (spec_now.insn == SRET) {
		want.x[0] = c->vsepc;
		want.csr.vsstatus |= SSTATUS_SPIE;
		want.csr.vsstatus &= ~(uint64_t)(SSTATUS_SPP | SSTATUS_SIE | SSTATUS_SPELP);
		want.csr.vsstatus |= c->vsstatus & SSTATUS_SPIE ? SSTATUS_SIE : 0;
		SPEC(!((hw_now()->csr.sstatus ^ c->vsstatus) & (SSTATUS_SPP | SSTATUS_SPELP)));
	}
	SPEC(!memcmp(want.x, hw_now()->x, sizeof(want.x)));
	spec_check_csrs(&want);
	spec_continues(0, false);
}

void spec_exception(void)
{
	const struct fake_exit *x = &spec_now.exit;

	switch (x->cause) {
	case CAUSE_FETCH_GUEST_PAGE:
		if (fake.plan.vms[spec_now.vm].policy.unmapped == UNMAPPED_STOP)
			spec_ends(VM_END_UNMAPPED);
		else
			faults(CAUSE_FETCH_ACCESS, x->tval);
		return;
	case CAUSE_LOAD_GUEST_PAGE:
	case CAUSE_STORE_GUEST_PAGE:
		guest_page_fault();
		return;
	case CAUSE_VIRTUAL_INSTRUCTION:
		virtual_instruction();
		return;
	default:	/* what VS-mode can know */
		if (x->cause < 64 && 0xcb1ffull >> x->cause & 1)
			faults(x->cause, x->tval);
		else
			faults(CAUSE_ILLEGAL, 0);
	}
}
