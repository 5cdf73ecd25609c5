/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hostile guests on all of hyp/vm: the input configures the machine of tests/unit/fake and then drives exits of its
 * three VMs and what comes between them, in any order, with any values. After each one the specification in
 * exits_spec.h and exits_sbi.h says what may have changed.
 */
#include <string.h>

#include "hyp/riscv/csr.h"
#include "tests/fuzz/exits_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_EVENTS	200

static const uint8_t *input, *input_end;

static uint8_t u8(void)
{
	return input < input_end ? *input++ : 0;
}

static uint64_t raw64(unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | u8();
	return v;
}

/* Numbers at which something could break, some bytes away from them, or any. */
static uint64_t value(void)
{
	static const uint64_t interesting[] = {
		0, 1, 2, 3, 7, 64, 0x100, UINT64_MAX, 1ull << 63, 1ull << 62, 1ull << 32, 0x80000000, 0xffffffff,
		0x80000000ull + 4 * PAGE_SIZE, 0x80000000ull + 5 * PAGE_SIZE, 0x80002000, 0x80001000,
		(1ull << 41) - PAGE_SIZE, 1ull << 41, FAKE_RAM_HPA, FAKE_RAM_HPA + 0x2000, FAKE_RAM_HPA + 0x4000,
		FAKE_PLIC, FAKE_PLIC + 0x1000, FAKE_PLIC + 0x2080, FAKE_PLIC + 0x200000, FAKE_PLIC + 0x201000,
		FAKE_PLIC + 0x201004, FAKE_PLIC + 0x203004, FAKE_PLIC + 0x205004, FAKE_PLIC + FAKE_PLIC_SIZE,
		0x10000000, 0x10001070, 0x80000002, PAGE_SIZE, 128, 65 * PAGE_SIZE, 1ull << 56,
	};
	uint8_t how = u8();

	if (how < 128)
		return interesting[how % ARRAY_LEN(interesting)];
	if (how < 192)
		return interesting[how % ARRAY_LEN(interesting)] + (uint64_t)(int64_t)(int8_t)u8();
	return raw64(how < 224 ? 1 : how < 240 ? 4 : 8);
}

static struct fake_config configuration(void)
{
	struct fake_config c = fake_default_config();
	uint8_t flags = u8();

	c.sstc = !(flags & 1);
	c.mapped = !(flags & 2);
	c.fp = !(flags & 4);
	c.vector = flags & 8;
	c.envcfg = c.sstc || !(flags & 16);
	c.stateen = !(flags & 32);
	c.dbcn = !(flags & 64);
	c.keep_machine = flags & 128;
	c.no_context = !c.mapped && c.vector;
	for (unsigned vm = 0; vm < FAKE_VMS; vm++) {
		uint8_t policy = u8();

		c.policy[vm].unmapped = policy % 3;
		c.policy[vm].on_crash = policy >> 2 & 1;
		c.policy[vm].restart_limit = policy >> 3 & 3;
		c.policy[vm].watchdog_ms = policy & 0x80 ? 1 : 0;
	}
	return c;
}

static struct spec_event event_of(unsigned hart)
{
	return (struct spec_event){ .hart = hart, .vm = fake_vm_of(hart), .vcpu = fake.plan.harts[hart].vcpu };
}

/* ---- instructions ---- */

/* Encodings by the unprivileged ISA: opcode, funct3 and what they mean. */
static const struct {
	uint32_t insn;
	struct spec_op op;
} plain[] = {
	{ 0x03 | 0 << 12, { OP_LOAD, 1, 0, 4, true } }, { 0x03 | 1 << 12, { OP_LOAD, 2, 0, 4, true } },
	{ 0x03 | 2 << 12, { OP_LOAD, 4, 0, 4, true } }, { 0x03 | 3 << 12, { OP_LOAD, 8, 0, 4, true } },
	{ 0x03 | 4 << 12, { OP_LOAD, 1, 0, 4, false } }, { 0x03 | 5 << 12, { OP_LOAD, 2, 0, 4, false } },
	{ 0x03 | 6 << 12, { OP_LOAD, 4, 0, 4, false } }, { 0x23 | 0 << 12, { OP_STORE, 1, 0, 4, false } },
	{ 0x23 | 1 << 12, { OP_STORE, 2, 0, 4, false } }, { 0x23 | 2 << 12, { OP_STORE, 4, 0, 4, false } },
	{ 0x23 | 3 << 12, { OP_STORE, 8, 0, 4, false } }, { 0x03 | 2 << 12, { OP_LOAD, 4, 0, 4, true } },
	{ 0x23 | 2 << 12, { OP_STORE, 4, 0, 4, false } },
};

/* C.LW and C.SW with register x8 + n. */
static uint32_t compressed(struct spec_event *e, bool store, unsigned n)
{
	e->op = (struct spec_op){ store ? OP_STORE : OP_LOAD, 4, (uint8_t)(8 + n), 2, !store };
	return (store ? 0xc000u : 0x4000u) | n << 2;
}

static uint32_t odd_instruction(uint8_t how)
{
	static const uint32_t odd[] = {
		0x10200073, 0x10500073, 0x00000073, 0x0000a02f /* AMO */, 0x1000a02f /* LR */, 0x0000a007 /* FLW */,
		0x0000a027, 0x6000f073, 0, 0xffffffff, 0x9002 /* C.EBREAK */, 0x00007003 /* reserved load */,
	};

	return odd[how % ARRAY_LEN(odd)];
}

/* Puts an instruction at the pc, or none. Sets what is known of it. */
static void put_code(struct spec_event *e, uint64_t pc)
{
	uint8_t how = u8();

	e->op.kind = OP_OTHER;
	e->fetched = how < 240;
	if (how < 128) {
		uint8_t reg = u8() % 32;
		bool store;

		e->insn = plain[how % ARRAY_LEN(plain)].insn;
		e->op = plain[how % ARRAY_LEN(plain)].op;
		e->op.reg = reg;
		store = e->op.kind == OP_STORE;
		e->insn |= (uint32_t)reg << (store ? 20 : 7) | 10u << 15;
	} else if (how < 160) {
		e->insn = compressed(e, how & 1, how >> 1 & 7);
	} else {
		e->insn = odd_instruction(how);
	}
	if (!e->fetched)
		e->insn = 0;
	fake.code = (struct fake_code){ .base = pc, .n = !e->fetched ? 0 : (e->insn & 3) == 3 ? 2 : 1,
					.parcel = { (uint16_t)e->insn, (uint16_t)(e->insn >> 16) } };
	e->told = e->fetched;
}

/* htinst as the hart could give it: nothing, what it executed, or a walk. */
static void put_htinst(struct spec_event *e)
{
	uint8_t how = u8();

	if (how < 128)
		return;
	if (how < 200 && e->op.kind != OP_OTHER) {
		uint32_t insn = e->op.kind == OP_STORE ? 0x2023u | (uint32_t)e->op.reg << 20 :
							 0x2003u | (uint32_t)e->op.reg << 7;

		if (e->op.length == 4)
			insn = (e->insn & 0x707f) | (insn & ~0x707fu);
		e->exit.htinst = e->op.length == 2 ? insn & ~2u : insn;
		e->told = true;
	} else if (how >= 240) {
		static const uint16_t walks[] = { 0x2000, 0x2020, 0x3000, 0x3020 };

		e->exit.htinst = walks[how % 4];
	}
}

/* ---- events ---- */

static void ecall(unsigned hart)
{
	static const uint64_t eids[] = {
		0, 1, 2, 3, 8, 0x10, 0x54494d45, 0x735049, 0x52464e43, 0x48534d, 0x53525354, 0x4442434e, 0x0a424b48,
		0x504d55, 0x53555350, 0x48534d, 0x48534d, 0x48534d, 0x735049, 0x52464e43,
	};
	struct spec_event e = event_of(hart);
	uint64_t *x = fake.hw[hart].x;
	uint8_t how = u8();

	x[17] = how < 240 ? eids[how % ARRAY_LEN(eids)] : value();
	how = u8();
	x[16] = how < 240 ? how % 8 : value();
	for (unsigned i = 10; i < 15; i++)
		x[i] = value();
	e.exit.cause = CAUSE_ECALL_VS;
	spec_before(&e);
	fake_trap(hart, &e.exit);
	spec_ecall();
}

/* A call as a well-behaved guest makes it: with what it has. */
static void proper_ecall(unsigned hart)
{
	static const struct { uint32_t eid, fid; uint8_t kind; } calls[] = {
		{ 0x48534d, 0, 's' }, { 0x48534d, 0, 's' }, { 0x48534d, 1, 0 }, { 0x48534d, 2, 0 }, { 0x48534d, 3, 'w' },
		{ 0x48534d, 3, 'w' }, { 0x735049, 0, 'm' }, { 0x735049, 0, 'm' }, { 0x52464e43, 0, 'm' },
		{ 0x52464e43, 1, 'm' }, { 0x52464e43, 2, 'm' }, { 0x4442434e, 0, 'b' }, { 0x4442434e, 1, 'b' },
		{ 0x54494d45, 0, 't' }, { 0, 0, 't' }, { 0x0a424b48, 0, 0 }, { 0x0a424b48, 1, 0 }, { 0x53525354, 0, 'r' },
	};
	struct spec_event e = event_of(hart);
	const struct plan_vm *p = &fake.plan.vms[e.vm];
	uint64_t *x = fake.hw[hart].x, ram = p->entry.v + raw64(2) % p->regions[1].size;
	uint8_t how = u8() % ARRAY_LEN(calls);

	x[17] = calls[how].eid;
	x[16] = calls[how].fid;
	x[10] = u8() % p->nr_vcpus;
	switch (calls[how].kind) {
	case 's':
		x[11] = ram & ~1ull;
		break;
	case 'w':
		x[10] = u8() & 1 ? 0x80000000 : 0;
		x[11] = ram & ~1ull;
		if (u8() & 1)
			fake_csr_to(hart, CSR_VSIE, 0x222);
		break;
	case 'm':
		x[10] = u8() % (1u << p->nr_vcpus);
		x[11] = u8() & 1 ? 0 : UINT64_MAX;
		x[12] = raw64(3);
		x[13] = raw64(2);
		break;
	case 'b':
		x[10] = u8();
		x[11] = ram;
		x[12] = 0;
		break;
	case 't':
		x[10] = fake.time + u8();
		break;
	case 'r':
		x[10] = u8() % 3;
		x[11] = u8() % 2;
		break;
	}
	e.exit.cause = CAUSE_ECALL_VS;
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
	e.insn = insns[u8() % ARRAY_LEN(insns)];
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
	uint8_t how = u8();
	uint64_t address;

	e.exit.cause = causes[how % ARRAY_LEN(causes)];
	e.exit.user = !(hw->csr.sstatus & SSTATUS_SPP);
	put_code(&e, hw->x[0]);
	address = value();
	if (u8() & 1 && address - FAKE_PLIC < FAKE_PLIC_SIZE)
		address += 4 * (uint64_t)u8();
	e.exit.tval = u8() < 240 ? address : value();
	e.exit.htval = address >> 2;
	if (e.exit.cause == CAUSE_LOAD_GUEST_PAGE || e.exit.cause == CAUSE_STORE_GUEST_PAGE)
		put_htinst(&e);
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
	uint8_t how = u8();
	unsigned csr = csrs[how % ARRAY_LEN(csrs)];
	uint64_t v = value();

	if (how >= 240)
		hw->x[0] = v & ~1ull;
	else if (how >= 200)
		hw->csr.sstatus ^= SSTATUS_SPP;	/* to user mode and back */
	else if (how >= 160)
		hw->x[1 + how % 31] = v;
	else if (csr != CSR_VSTIMECMP || fake.config.sstc)
		fake_csr_to(hart, csr, v);
}

/* The page of its PLIC context that a guest has in mapped mode. */
static void act_on_plic(unsigned hart)
{
	int16_t context = fake.plan.harts[hart].plic_context[0];
	uint64_t page = 0x200000 + 0x1000 * (uint64_t)context;
	uint8_t how = u8();

	if (!fake.config.mapped || context == NO_CONTEXT)
		return;
	if (how < 100)
		naive_read(&fake.plic, page + 4);
	else if (how < 200)
		naive_write(&fake.plic, page + 4, u8() % 48);
	else
		naive_write(&fake.plic, page, u8());
}

/* The guest's own sw a1, 0(a0) or lw a1, 0(a0) on a register of its PLIC. */
static void access_plic(unsigned hart, uint64_t offset, bool store)
{
	struct spec_event e = event_of(hart);
	uint32_t insn = store ? 0x00b52023 : 0x00052583;

	e.op = (struct spec_op){ store ? OP_STORE : OP_LOAD, 4, 11, 4, !store };
	e.exit = (struct fake_exit){ .cause = store ? CAUSE_STORE_GUEST_PAGE : CAUSE_LOAD_GUEST_PAGE,
				     .tval = FAKE_PLIC + offset, .htval = (FAKE_PLIC + offset) >> 2,
				     .htinst = insn & ~(10u << 15) };
	e.exit.user = !(fake.hw[hart].csr.sstatus & SSTATUS_SPP);
	e.told = e.fetched = true;
	spec_before(&e);
	fake_trap(hart, &e.exit);
	spec_exception();
}

/* A driver at work, so that the input need not find out how: enables, claims and completes. */
static void drive_plic(unsigned hart)
{
	unsigned vm = fake_vm_of(hart), vcpu = fake.plan.harts[hart].vcpu;
	uint8_t how = u8();
	uint32_t id = 1 + 15 * vm + how % 8;
	uint64_t context = 2 * vcpu + 1, *a1 = &fake.hw[hart].x[11];

	switch (how / 8 % 8) {
	case 0:
		*a1 = 1 + id % 7;
		access_plic(hart, 4 * id, true);
		break;
	case 1:
		*a1 = u8() & 3 ? UINT32_MAX : 0;
		access_plic(hart, 0x2000 + 0x80 * context + 4 * (id / 32), true);
		break;
	case 2:
		access_plic(hart, 0x200004 + 0x1000 * context, false);
		break;
	case 3:
		*a1 = how & 128 ? id : *a1;
		access_plic(hart, 0x200004 + 0x1000 * context, true);
		break;
	case 4:
		*a1 = how / 64;
		access_plic(hart, 0x200000 + 0x1000 * context, true);
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

/* It writes to its RAM: text for its console, say. */
static void write_ram(unsigned hart)
{
	const struct plan_vm *p = &fake.plan.vms[fake_vm_of(hart)];
	uint64_t at = p->entry.v + raw64(2) % p->regions[1].size;
	unsigned n = u8() % 16;

	for (unsigned i = 0; i < n; i++)
		*fake_ram_at(fake_vm_of(hart), at + i < p->entry.v + p->regions[1].size ? at + i : at) = u8();
	fake_ram_close();
}

static void devices(void)
{
	uint8_t how = u8();

	if (how < 160)
		naive_set_level(&fake.plic, 1 + how % FAKE_NDEV, u8() & 1);
	else
		fake.time += how < 200 ? how : raw64(3);
}

/* ARMED, SEIE and VSEIP say the same; without mapping VSEIP is the line. */
static void check_external(unsigned hart)
{
	const struct fake_csrs *c = &fake.hw[hart].csr;
	bool up = c->hvip & 1ull << IRQ_VSEI;
	const struct vcpu *v = vm_vcpu_of_hart(hart);

	if (fake.hw[hart].place != PLACE_GUEST)
		return;
	if (fake.config.mapped)
		SPEC(up == !(c->sie & 1ull << IRQ_SEI) && up == !!(c->hstatus & HSTATUS_ARMED));
	else if (!(hart_get(hart)->mailbox & MAIL_EXTERNAL))
		SPEC(up == vplic_line(&v->vm->vplics[0], v->index));
}

static void step(void)
{
	uint8_t how = u8();
	unsigned hart = how % FAKE_HARTS;
	bool in_guest = fake.hw[hart].place == PLACE_GUEST;
	bool in_supervisor = in_guest && fake.hw[hart].csr.sstatus & SSTATUS_SPP;

	switch (how / FAKE_HARTS % 16) {
	case 0:
	case 1:
		if (in_supervisor)
			ecall(hart);
		break;
	case 2:
	case 3:
	case 4:
		if (in_supervisor)
			proper_ecall(hart);
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
	default:
		serve(hart);
		break;
	}
	for (unsigned h = 0; h < FAKE_HARTS; h++)
		check_external(h);
}

static void boot(const struct fake_config *config)
{
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake_config config;

	input = data;
	input_end = data + size;
	config = configuration();
	boot(&config);
	for (unsigned i = 0; i < MAX_EVENTS && input < input_end; i++)
		step();
	return 0;
}
