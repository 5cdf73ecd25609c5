/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hostile guests on hyp/vm, hyp/vsbi and hyp/vdev: the input configures the machine of tests/unit/fake and then drives
 * exits of its three VMs and what comes between them, in any order, with any values. After each one the specification
 * in exits_spec.h and exits_sbi.h says what may have changed.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/riscv/csr.h"
#include "hyp/console/console.h"
#include "tests/fuzz/exits_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_EVENTS	200

static struct fake_config configuration(void)
{
	struct fake_config c = fake_default_config();
	uint8_t flags = input_u8(), kind = 0;

	c.sstc = !(flags & 1);
	c.plic = flags & 2 ? PLIC_EMULATED : PLIC_GUARDED;
	c.fp = !(flags & 4);
	c.vector = flags & 8;
	c.envcfg = c.sstc || !(flags & 16);
	c.stateen = !(flags & 32);
	c.dbcn = !(flags & 64);
	c.keep_machine = flags & 128;
	c.no_context = c.vector;
	for (unsigned vm = 0; vm < FAKE_VMS; vm++) {
		uint8_t policy = input_u8();

		c.policy[vm].unmapped = policy % 3;
		c.policy[vm].on_crash = policy >> 2 & 1;
		c.policy[vm].restart_limit = policy >> 3 & 3;
		c.policy[vm].watchdog_ms = policy & 0x80 ? 1 : 0;
		c.sswi |= !vm && policy & 0x40;
		kind += vm ? policy >> 5 & 1 : 0;
		c.cbom |= !vm && policy & 0x20;
		c.loose_plic |= vm == 1 && policy & 0x40;
		if (vm == 2 && policy & 0x40 && c.plic == PLIC_GUARDED)
			c.plic = PLIC_MAPPED;
		c.entropy |= vm == 1 && policy & 0x40 ? ENTROPY_TREE : 0;
		c.zkr |= vm == 2 && policy & 0x40;
		c.clmul = c.zkr;
		c.zero_block = c.zkr ? 64 : 0;
	}
	c.vuart = c.plic != PLIC_MAPPED;
	c.kind = kind == KIND_CVA6 && c.sstc ? KIND_MAX : (enum fake_kind)kind;	/* it has no Sstc */
	return c;
}

static struct spec_event event_of(unsigned hart)
{
	return (struct spec_event){ .hart = hart, .vm = fake_vm_of(hart), .vcpu = fake.plan.harts[hart].vcpu };
}

/* ---- events ---- */

static struct spec_event set_ecall(unsigned hart)
{
	static const uint64_t eids[] = {
		0, 1, 2, 3, 8, 0x10, 0x54494d45, 0x735049, 0x52464e43, 0x48534d, 0x53525354, 0x4442434e, 0x0a424b48,
		0x504d55, 0x53555350, 0x48534d, 0x48534d, 0x48534d, 0x735049, 0x52464e43,
	};
	struct spec_event e = event_of(hart);
	uint64_t *x = fake.hw[hart].x;
	uint8_t how = input_u8();

	x[17] = how < 240 ? eids[how % ARRAY_LEN(eids)] : input_value();
	how = input_u8();
	x[16] = how < 240 ? how % 8 : input_value();
	for (unsigned i = 10; i < 15; i++)
		x[i] = input_value();
	e.exit.cause = CAUSE_ECALL_VS;
	return e;
}

/* A call as a well-behaved guest makes it: with what it has. */
static struct spec_event set_proper_ecall(unsigned hart)
{
	static const struct { uint32_t eid, fid; uint8_t kind; } calls[] = {
		{ 0x48534d, 0, 's' }, { 0x48534d, 0, 's' }, { 0x48534d, 1, 0 }, { 0x48534d, 2, 0 },
		{ 0x48534d, 3, 'w' },
		{ 0x48534d, 3, 'w' }, { 0x735049, 0, 'm' }, { 0x735049, 0, 'm' }, { 0x52464e43, 0, 'm' },
		{ 0x52464e43, 1, 'm' }, { 0x52464e43, 2, 'm' }, { 0x4442434e, 0, 'b' }, { 0x4442434e, 1, 'b' },
		{ 0x54494d45, 0, 't' }, { 0, 0, 't' }, { 0x0a424b48, 0, 0 }, { 0x0a424b48, 1, 0 },
		{ 0x53525354, 0, 'r' },
	};
	struct spec_event e = event_of(hart);
	const struct plan_vm *p = &fake.plan.vms[e.vm];
	uint64_t *x = fake.hw[hart].x, ram = p->entry.v + input_raw(2) % p->regions[1].size;
	uint8_t how = input_u8() % ARRAY_LEN(calls);

	x[17] = calls[how].eid;
	x[16] = calls[how].fid;
	x[10] = input_u8() % p->nr_vcpus;
	switch (calls[how].kind) {
	case 's':
		x[11] = input_u8() & 7 ? ram & ~1ull : ram;
		break;
	case 'w':
		x[10] = input_u8() & 1 ? 0x80000000 : 0;
		x[11] = ram & ~1ull;
		if (input_u8() & 1)
			fake_csr_to(hart, CSR_VSIE, 0x222);
		break;
	case 'm':
		x[10] = input_u8() % (1u << p->nr_vcpus);
		x[11] = input_u8() & 1 ? 0 : UINT64_MAX;
		x[12] = input_raw(3);
		x[13] = input_raw(3) >> 4;
		break;
	case 'b':
		x[10] = input_u8() & 1 ? input_u8() : input_raw(2);
		x[11] = ram;
		x[12] = 0;
		break;
	case 't':
		x[10] = fake.time + input_u8();
		break;
	case 'r':
		x[10] = input_u8() % 3;
		x[11] = input_u8() % 2;
		break;
	}
	e.exit.cause = CAUSE_ECALL_VS;
	return e;
}

static void ecall(unsigned hart, bool proper)
{
	struct spec_event e = proper ? set_proper_ecall(hart) : set_ecall(hart);

	spec_before(&e);
	fake_trap(hart, &e.exit);
	spec_ecall();
}

/* SRET, WFI or another one that is trapped while an interrupt is on its way. */
static void trapped(unsigned hart)
{
	static const uint32_t insns[] = { 0x10200073, 0x10200073, 0x10500073, 0x00d00073, 0x12000073 };
	struct spec_event e = event_of(hart);
	struct fake_hw *hw = &fake.hw[hart];

	e.exit.cause = CAUSE_VIRTUAL_INSTRUCTION;
	e.exit.user = !(hw->csr.sstatus & SSTATUS_SPP);
	e.insn = insns[input_u8() % ARRAY_LEN(insns)];
	e.fetched = true;
	fake.code = (struct fake_code){ .base = hw->x[0], .n = 2,
					.parcel = { (uint16_t)e.insn, (uint16_t)(e.insn >> 16) } };
	spec_before(&e);
	fake_trap(hart, &e.exit);
	spec_exception();
}

static void exception(unsigned hart)
{
	static const uint8_t causes[] = { 21, 23, 21, 23, 21, 23, 20, 22, 22, 2, 0, 1, 3, 4, 5, 6, 7, 8, 12, 13,
					  15, 18, 19, 9, 14, 24, 48, 63 };
	struct spec_event e = event_of(hart);
	struct fake_hw *hw = &fake.hw[hart];
	uint8_t how = input_u8();
	uint64_t address;

	e.exit.cause = causes[how % ARRAY_LEN(causes)];
	e.exit.user = !(hw->csr.sstatus & SSTATUS_SPP);
	input_code(&e, hw->x[0]);
	address = input_value();
	if (input_u8() & 1 && address - FAKE_PLIC < FAKE_PLIC_SIZE)
		address += 4 * (uint64_t)input_u8();
	e.exit.tval = input_u8() < 240 ? address : input_value();
	e.exit.htval = address >> 2;
	if (e.exit.cause == CAUSE_LOAD_GUEST_PAGE || e.exit.cause == CAUSE_STORE_GUEST_PAGE) {
		input_address(&e, hw->x);
		input_htinst(&e);
	}
	spec_before(&e);
	fake_trap(hart, &e.exit);
	spec_exception();
}

/* What pends on a hart is taken, or the hart wakes for no reason. */
static void serve(unsigned hart)
{
	struct spec_event e = event_of(hart);
	struct fake_hw *hw = &fake.hw[hart];
	uint64_t pending = fake_sip(hart) & hw->csr.sie;
	unsigned irq = pending & 1ull << IRQ_SEI ? IRQ_SEI : pending & 1ull << IRQ_SSI ? IRQ_SSI : IRQ_STI;

	if (hw->place == PLACE_GUEST && !pending)
		return;
	e.exit.cause = SCAUSE_INTERRUPT | irq;
	e.exit.user = !(hw->csr.sstatus & SSTATUS_SPP);
	spec_before(&e);
	if (hw->place == PLACE_GUEST) {
		fake_trap(hart, &e.exit);
		spec_interrupt();
	} else {
		fake_wake(hart);
		spec_wake();
	}
}

/* What a guest does without leaving. */
static void act(unsigned hart)
{
	static const uint16_t csrs[] = { CSR_VSTVEC, CSR_VSSTATUS, CSR_VSIE, CSR_VSIP, CSR_VSEPC, CSR_VSSCRATCH,
					 CSR_VSATP, CSR_VSCAUSE, CSR_SCOUNTEREN, CSR_VSTIMECMP };
	struct fake_hw *hw = &fake.hw[hart];
	uint8_t how = input_u8();
	unsigned csr = csrs[how % ARRAY_LEN(csrs)];
	uint64_t v = input_value();

	if (how >= 240)
		hw->x[0] = v & ~1ull;
	else if (how >= 200)
		hw->csr.sstatus ^= SSTATUS_SPP;	/* to user mode and back */
	else if (how >= 160)
		hw->x[1 + how % 31] = v;
	else if (csr != CSR_VSTIMECMP || fake.config.sstc)
		fake_csr_to(hart, csr, v);
}

/* The guest's own sw a1, 0(a0) or lw a1, 0(a0) on a register of its PLIC. */
static struct spec_event set_plic_access(unsigned hart, uint64_t offset, bool store)
{
	struct spec_event e = event_of(hart);
	uint32_t insn = store ? 0x00b52023 : 0x00052583;

	e.op = (struct spec_op){ store ? OP_STORE : OP_LOAD, 4, 11, 4, !store, 0 };
	e.exit = (struct fake_exit){ .cause = store ? CAUSE_STORE_GUEST_PAGE : CAUSE_LOAD_GUEST_PAGE,
				     .tval = FAKE_PLIC + offset, .htval = (FAKE_PLIC + offset) >> 2,
				     .htinst = insn & ~(10u << 15) };
	e.exit.user = !(fake.hw[hart].csr.sstatus & SSTATUS_SPP);
	e.known = e.fetched = true;
	return e;
}

static void access_plic(unsigned hart, uint64_t offset, bool store)
{
	struct spec_event e = set_plic_access(hart, offset, store);

	spec_before(&e);
	fake_trap(hart, &e.exit);
	spec_exception();
}

/* The same in the hardware, where its page is mapped so. */
static void context_access(unsigned hart, uint64_t offset, bool store)
{
	uint64_t host = fake_plic_passes(hart, offset, store);

	if (!host)
		access_plic(hart, offset, store);
	else if (store)
		naive_write(&fake.plic, host, (uint32_t)fake.hw[hart].x[11]);
	else
		naive_read(&fake.plic, host);
}

/* The pages of its own context, or of a sibling's: anything that can be done there. */
static void act_on_plic(unsigned hart)
{
	uint8_t how = input_u8(), vcpu = how & 1 ? fake.plan.harts[hart].vcpu : how / 2 % 4;
	uint64_t page = 0x200000 + 0x1000 * (2 * (uint64_t)vcpu + 1), *a1 = &fake.hw[hart].x[11];

	if (how < 100) {
		context_access(hart, page + 4, false);
	} else if (how < 200) {
		*a1 = input_u8() % 48;
		context_access(hart, page + 4, true);
	} else {
		*a1 = input_u8();
		context_access(hart, page, true);
	}
}

/* A driver at work, so that the input need not find out how: enables, claims and completes. */
static void drive_plic(unsigned hart)
{
	unsigned vm = fake_vm_of(hart), vcpu = fake.plan.harts[hart].vcpu;
	uint8_t how = input_u8();
	uint32_t id = 1 + 15 * vm + how % 8;
	uint64_t context = 2 * vcpu + 1, *a1 = &fake.hw[hart].x[11];

	switch (how / 8 % 8) {
	case 0:
		*a1 = 1 + id % 7;
		access_plic(hart, 4 * id, true);
		break;
	case 1:
		*a1 = input_u8() & 3 ? UINT32_MAX : 0;
		access_plic(hart, 0x2000 + 0x80 * context + 4 * (id / 32), true);
		break;
	case 2:
		context_access(hart, 0x200004 + 0x1000 * context, false);
		break;
	case 3:
		*a1 = how & 128 ? id : *a1;
		context_access(hart, 0x200004 + 0x1000 * context, true);
		break;
	case 4:
		*a1 = how / 64;
		context_access(hart, 0x200000 + 0x1000 * context, true);
		break;
	default:	/* all that it takes to be interrupted */
		*a1 = 4;
		access_plic(hart, 4 * id, true);
		*a1 = UINT32_MAX;
		access_plic(hart, 0x2000 + 0x80 * context + 4 * (id / 32), true);
		naive_set_level(&fake.plic, id, true);
		break;
	}
}

/* A lbu or sb on a register of the virtual UART. */
static void drive_vuart(unsigned hart)
{
	struct spec_event e = event_of(hart);
	uint8_t how = input_u8();
	bool store = how & 8;
	uint32_t insn = store ? 0x00b50023 : 0x00054583;
	uint64_t at = FAKE_VUART + how % 8;

	if (fake_vm_of(hart) != 0 || !fake.config.vuart)
		return;
	if (store)
		fake.hw[hart].x[11] = input_u8();
	e.op = (struct spec_op){ store ? OP_STORE : OP_LOAD, 1, 11, 4, false, 0 };
	e.exit = (struct fake_exit){ .cause = store ? CAUSE_STORE_GUEST_PAGE : CAUSE_LOAD_GUEST_PAGE,
				     .tval = at, .htval = at >> 2, .htinst = insn & ~(10u << 15) };
	e.exit.user = !(fake.hw[hart].csr.sstatus & SSTATUS_SPP);
	e.known = e.fetched = true;
	spec_before(&e);
	fake_trap(hart, &e.exit);
	spec_exception();
}

static uint8_t typed[FAKE_VMS];	/* bytes, since the machine was made */

/* Something is typed for a guest, as the hart of the console would pass it on. */
static void type(unsigned hart)
{
	unsigned vm = fake_vm_of(hart), first = fake_hart_of(vm, 0);

	if (!console_type(vm, SPEC_TYPED(vm, typed[vm]++)))
		return;
	hart_get(first)->mailbox |= MAIL_CONSOLE;
	fake.hw[first].csr.ssip = 1ull << IRQ_SSI;
}

/* It writes to its RAM: text for its console, say. */
static void write_ram(unsigned hart)
{
	const struct plan_vm *p = &fake.plan.vms[fake_vm_of(hart)];
	uint64_t at = p->entry.v + input_raw(2) % p->regions[1].size;
	unsigned n = input_u8() % 16;

	for (unsigned i = 0; i < n; i++)
		*fake_ram_at(fake_vm_of(hart), at + i < p->entry.v + p->regions[1].size ? at + i : at) = input_u8();
	fake_ram_close();
}

/* ---- races ---- */

static bool over;	/* what an exit did is not known any more: the input ends */

/* Plain loads and stores of 32 bits; unprivileged ISA, "Load and Store Instructions". */
static struct spec_op decode(uint32_t insn)
{
	uint32_t width = insn >> 12 & 7;
	bool store = (insn & 0x7f) == 0x23;
	struct spec_op op = { OP_OTHER, 0, 0, 4, false, 0 };

	if (((insn & 0x7f) != 0x03 && !store) || width == 7 || (store && width > 3))
		return op;
	op.kind = store ? OP_STORE : OP_LOAD;
	op.size = (uint8_t)(1u << (width & 3));
	op.reg = insn >> (store ? 20 : 7) & 31;
	op.sign = !store && width < 4;
	return op;
}

/* An event whose instruction is one half of each. */
static struct spec_event halves(const struct spec_event *low, const struct spec_event *high, bool misaligned)
{
	struct spec_event e = *low;

	if (!e.fetched || (e.insn & 3) != 3)
		return e;
	if (!high->fetched) {
		e.known = e.fetched = false;
		e.op.kind = OP_OTHER;
		e.insn = 0;
		return e;
	}
	if ((high->insn & 3) != 3)	/* what lies behind it stays */
		return e;
	e.insn = (low->insn & 0xffff) | (high->insn & 0xffff0000);
	e.op = decode(e.insn);
	e.op.before = misaligned;
	return e;
}

static void check_one(const struct spec_event *e)
{
	spec_now.op = e->op;
	spec_now.known = e->known;
	spec_now.fetched = e->fetched;
	spec_now.insn = e->insn;
	spec_exception();
}

/* One that holds for one of them has happened. */
static void check_any(const struct spec_event *each, unsigned n)
{
	struct spec_vm vms[FAKE_VMS];

	memcpy(vms, spec_vms, sizeof(vms));
	for (unsigned i = 0; i < n - 1; i++) {
		if (!setjmp(spec_trial)) {
			spec_trying = true;
			check_one(&each[i]);
			spec_trying = false;
			return;
		}
		spec_trying = false;
		memcpy(spec_vms, vms, sizeof(vms));
	}
	check_one(&each[n - 1]);
}

static void rewrite(void *code)
{
	fake_rewrite(code);
}

/* An instruction that is rewritten, or unmapped, while the exit reads it: it is read once. */
static void race_for_code(unsigned hart)
{
	static const uint8_t causes[] = { 21, 23, 21, 23, 22 };
	struct fake_hw *hw = &fake.hw[hart];
	struct spec_event e = event_of(hart), f;
	struct fake_code code, other;
	uint64_t where;

	e.exit.cause = causes[input_u8() % ARRAY_LEN(causes)];
	e.exit.user = !(hw->csr.sstatus & SSTATUS_SPP);
	where = input_u8() & 1 ? 4 * (uint64_t)input_u8() : 0x201000 + 0x1000 * (input_u8() % 6) + 4 * (input_u8() & 1);
	e.exit.tval = FAKE_PLIC + where;
	e.exit.htval = e.exit.tval >> 2;
	hw->x[8] = hw->x[10] = e.exit.tval;
	f = e;
	input_code(&f, hw->x[0]);
	other = fake.code;
	input_code(&e, hw->x[0]);
	code = fake.code;
	/* Behind 16 bits there is something, too. */
	code.n = code.n ? 2 : 0;
	other.n = other.n ? 2 : 0;
	fake.code = code;
	spec_before(&e);
	fake_sibling(input_u8(), rewrite, &other);
	fake_trap(hart, &e.exit);
	fake_sibling_acted();
	check_any((const struct spec_event []){ e, f, halves(&e, &f, false), halves(&e, &f, true),
						halves(&f, &e, false),
						halves(&f, &e, true) }, 6);
}

/* Any exit, or what pends. */
static void any_exit(unsigned hart)
{
	uint8_t how = input_u8();
	struct spec_event e;

	if (fake.hw[hart].place != PLACE_GUEST) {
		fake_interrupt(hart);
		return;
	}
	if (how < 60)
		e = set_ecall(hart);
	else if (how < 140)
		e = set_proper_ecall(hart);
	else if (how < 220)
		e = set_plic_access(hart, input_u8() & 1 ? 0x200000 + 0x1000 * (input_u8() % 8) + 4 * (input_u8() & 1) :
				    4 * input_raw(2) % 0x2400, input_u8() & 1);
	else
		e.exit.cause = 0;
	if (e.exit.cause)
		fake_trap(hart, &e.exit);
	else
		fake_interrupt(hart);
}

static void act_meanwhile(void *hart)
{
	any_exit(*(unsigned *)hart);
}

/* A sibling has an exit of its own inside of one. What both have done is not specified, but whom they may touch. */
static void race_of_exits(unsigned hart)
{
	struct spec_event e = event_of(hart);
	unsigned sibling = fake_hart_of(e.vm, (e.vcpu + 1 + (input_u8() & 1)) % fake.plan.vms[e.vm].nr_vcpus);

	if (sibling == hart)
		return;
	over = true;
	spec_before(&e);
	fake_sibling(input_raw(2) % 600, act_meanwhile, &sibling);
	any_exit(hart);
	fake_sibling_acted();
	spec_check_others(true);
	spec_check_text();
	for (unsigned round = 0; round < 8; round++)
		for (unsigned h = 0; h < FAKE_HARTS; h++)
			if (fake_vm_of(h) == e.vm)
				fake_interrupt(h);
	spec_check_others(true);
}

static void devices(void)
{
	uint8_t how = input_u8();

	if (how < 160)
		naive_set_level(&fake.plic, 1 + how % FAKE_NDEV, input_u8() & 1);
	else
		fake.time += how < 200 ? how : input_raw(3);
}

/* Its own page is as the mode says, and is not there while a virtual source pends. */
static void check_page(unsigned hart, const struct vplic *p, uint32_t vcpu)
{
	uint64_t offset = 0x200000 + 0x1000 * (2 * (uint64_t)vcpu + 1);
	bool there = p->context[vcpu] != NO_CONTEXT && !p->levels[vcpu];

	SPEC(!!fake_plic_passes(hart, offset, false) == there);
	SPEC(!!fake_plic_passes(hart, offset, true) == (there && fake.config.plic == PLIC_MAPPED));
}

/* A threshold of 7 masks where enables are 0, if the mode can see to it. */
static void check_shield(const struct vplic *p, uint32_t vcpu)
{
	int16_t context = p->context[vcpu];

	if (context == NO_CONTEXT || fake.config.plic != PLIC_GUARDED)
		return;
	for (uint32_t w = 0; w < 2; w++)
		SPEC(naive_word(fake.plic.enable[context], w) ==
		     (fake.plic.threshold[context] == 7 ? 0 : p->enable[w][vcpu] & p->physical[w]));
}

/*
 * Where contexts are passed, ARMED and SEIE say the same, and VSEIP is up then, or for a virtual source; otherwise it
 * is the line. A hart that has not been notified yet need not have it.
 */
static void check_external(unsigned hart)
{
	const struct fake_csrs *c = &fake.hw[hart].csr;
	bool up = c->hvip & 1ull << IRQ_VSEI, armed = c->hstatus & HSTATUS_ARMED, line;
	const struct vcpu *v = vm_vcpu_of_hart(hart);
	const struct vplic *p = &v->vm->devs.vplics[0];
	int16_t context = p->context[v->index];
	uint32_t threshold;

	if (fake.hw[hart].place != PLACE_GUEST)
		return;
	if (fake_passes(&fake.config))
		SPEC(armed == !(c->sie & 1ull << IRQ_SEI) && up == (armed || v->virtual_line));
	if (hart_get(hart)->mailbox & MAIL_EXTERNAL)
		return;
	if (fake_passes(&fake.config)) {
		threshold = context == NO_CONTEXT ? p->threshold[v->index] : fake.plic.threshold[context];
		line = p->levels[v->index] >> threshold >> 1;
		SPEC(v->virtual_line == line);
		check_page(hart, p, v->index);
		check_shield(p, v->index);
	} else {
		SPEC(up == vplic_line(p, v->index));
	}
}

static void step(void)
{
	uint8_t how = input_u8();
	unsigned hart = how % FAKE_HARTS;
	bool in_guest = fake.hw[hart].place == PLACE_GUEST;
	bool in_supervisor = in_guest && fake.hw[hart].csr.sstatus & SSTATUS_SPP;

	switch (how / FAKE_HARTS % 16) {
	case 0:
	case 1:
		if (in_supervisor)
			ecall(hart, false);
		break;
	case 2:
	case 3:
	case 4:
		if (in_supervisor)
			ecall(hart, true);
		break;
	case 5:
		if (in_guest)
			exception(hart);
		break;
	case 6:
	case 7:
		if (in_guest)
			drive_plic(hart);
		break;
	case 8:
		if (in_guest)
			trapped(hart);
		break;
	case 9:
		if (in_guest)
			act(hart);
		break;
	case 10:
		if (in_guest)
			act_on_plic(hart);
		break;
	case 11:
		write_ram(hart);
		break;
	case 12:
		devices();
		break;
	case 13:
		if (in_guest && how < 16 * FAKE_HARTS)	/* not by parity: the harts of a are even */
			drive_vuart(hart);
		else
			type(hart);
		break;
	case 14:
		if (in_guest && how < 16 * FAKE_HARTS)
			race_for_code(hart);
		else if (in_supervisor)
			race_of_exits(hart);
		break;
	default:
		serve(hart);
		break;
	}
	for (unsigned h = 0; h < FAKE_HARTS; h++)
		check_external(h);
}

static void boot(const struct fake_config *config)
{
	memset(typed, 0, sizeof(typed));
	over = false;
	fake_create(config);
	spec_power_on();
	for (unsigned i = 0; i < FAKE_HARTS; i++) {
		unsigned hart = (i + config->fp) % FAKE_HARTS;
		struct spec_event e = event_of(hart);

		spec_before(&e);
		fake_wake(hart);
		spec_started(hart);
	}
}

static void print_count(void)
{
	fprintf(stderr, "counted: %lu exits and wakes\n", fake_runs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool counting;
	struct fake_config config;

	if (!counting)
		atexit(print_count);
	counting = true;
	input_begin(data, size);
	config = configuration();
	boot(&config);
	for (unsigned i = 0; i < MAX_EVENTS && input_left() && !over; i++)
		step();
	return 0;
}
