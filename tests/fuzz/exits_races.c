/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exits during which a sibling acts; see exits_races.h. */
#include "tests/fuzz/exits_races.h"

#include <string.h>

#include "hyp/riscv/csr.h"
#include "tests/fuzz/exits_events.h"
#include "tests/fuzz/exits_input.h"

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

void race_for_code(unsigned hart)
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
		e = event_ecall(hart, false);
	else if (how < 140)
		e = event_ecall(hart, true);
	else if (how < 220)
		e = event_plic_access(hart, input_u8() & 1 ? 0x200000 + 0x1000 * (input_u8() % 8) +
				      4 * (input_u8() & 1) : 4 * input_raw(2) % 0x2400, input_u8() & 1);
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

bool race_of_exits(unsigned hart)
{
	struct spec_event e = event_of(hart);
	unsigned sibling = fake_hart_of(e.vm, (e.vcpu + 1 + (input_u8() & 1)) % fake.plan.vms[e.vm].nr_vcpus);

	if (sibling == hart)
		return false;
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
	return true;
}
