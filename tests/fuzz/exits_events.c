/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guests do in fuzz_exits.c, as the input says; see exits_events.h. */
#include "tests/fuzz/exits_events.h"

#include <string.h>

#include "hyp/console/console.h"
#include "hyp/riscv/csr.h"
#include "tests/fuzz/exits_input.h"

struct spec_event event_of(unsigned hart)
{
	return (struct spec_event){ .hart = hart, .vm = fake_vm_of(hart), .vcpu = fake.plan.harts[hart].vcpu };
}

static struct spec_event any_call(unsigned hart)
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
static struct spec_event proper_call(unsigned hart)
{
	static const struct { uint32_t eid, fid; uint8_t kind; } calls[] = {
		{ 0x48534d, 0, 's' }, { 0x48534d, 0, 's' }, { 0x48534d, 1, 0 }, { 0x48534d, 2, 0 },
		{ 0x48534d, 3, 'w' },
		{ 0x48534d, 3, 'w' }, { 0x735049, 0, 'm' }, { 0x735049, 0, 'm' }, { 0x52464e43, 0, 'm' },
		{ 0x52464e43, 1, 'm' }, { 0x52464e43, 2, 'm' }, { 0x4442434e, 0, 'b' }, { 0x4442434e, 1, 'b' },
		{ 0x54494d45, 0, 't' }, { 0, 0, 't' }, { 0x0a424b48, 0, 0 }, { 0x0a424b48, 1, 0 },
		{ 0x53525354, 0, 'r' }, { 0x2, 0, 'g' }, { 0x2, 0, 'g' },
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
	case 'g':
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

struct spec_event event_ecall(unsigned hart, bool proper)
{
	return proper ? proper_call(hart) : any_call(hart);
}

void do_ecall(unsigned hart, bool proper)
{
	struct spec_event e = event_ecall(hart, proper);

	spec_before(&e);
	fake_trap(hart, &e.exit);
	spec_ecall();
}

void do_trapped(unsigned hart)
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

void do_exception(unsigned hart)
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

void do_serve(unsigned hart)
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

void do_act(unsigned hart)
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

struct spec_event event_plic_access(unsigned hart, uint64_t offset, bool store)
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
	struct spec_event e = event_plic_access(hart, offset, store);

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

void do_context(unsigned hart)
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

void do_plic(unsigned hart)
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

void do_vuart(unsigned hart)
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

static uint8_t typed[FAKE_VMS];	/* bytes, since event_begin() */

void event_begin(void)
{
	memset(typed, 0, sizeof(typed));
}

void do_type(unsigned hart)
{
	unsigned vm = fake_vm_of(hart), first = fake_hart_of(vm, 0);

	if (!console_type(vm, SPEC_TYPED(vm, typed[vm]++)))
		return;
	hart_get(first)->mailbox |= MAIL_CONSOLE;
	fake.hw[first].csr.ssip = 1ull << IRQ_SSI;
}

void do_write_ram(unsigned hart)
{
	const struct plan_vm *p = &fake.plan.vms[fake_vm_of(hart)];
	uint64_t at = p->entry.v + input_raw(2) % p->regions[1].size;
	unsigned n = input_u8() % 16;

	for (unsigned i = 0; i < n; i++)
		*fake_ram_at(fake_vm_of(hart), at + i < p->entry.v + p->regions[1].size ? at + i : at) = input_u8();
	fake_ram_close();
}
