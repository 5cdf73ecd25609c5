/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hostile guests on hyp/vm, hyp/vsbi and hyp/vdev: the input configures the machine of tests/unit/fake and then drives
 * exits of its three VMs and what comes between them, in any order, with any values. After each one the specification
 * in exits_spec.h and exits_sbi.h says what may have changed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "hyp/riscv/csr.h"
#include "tests/fuzz/exits_events.h"
#include "tests/fuzz/exits_input.h"
#include "tests/fuzz/exits_races.h"

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
		c.policy[vm].getchar_waits = policy & 2;
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
	const struct vplic *p = &v->vm->devs.vintcs[0].plic;
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

static bool over;	/* the specification does not know what follows: the input ends */

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
			do_ecall(hart, false);
		break;
	case 2:
	case 3:
	case 4:
		if (in_supervisor)
			do_ecall(hart, true);
		break;
	case 5:
		if (in_guest)
			do_exception(hart);
		break;
	case 6:
	case 7:
		if (in_guest)
			do_plic(hart);
		break;
	case 8:
		if (in_guest)
			do_trapped(hart);
		break;
	case 9:
		if (in_guest)
			do_act(hart);
		break;
	case 10:
		if (in_guest)
			do_context(hart);
		break;
	case 11:
		do_write_ram(hart);
		break;
	case 12:
		devices();
		break;
	case 13:
		if (in_guest && how < 16 * FAKE_HARTS)	/* not by parity: the harts of a are even */
			do_vuart(hart);
		else
			do_type(hart);
		break;
	case 14:
		if (in_guest && how < 16 * FAKE_HARTS)
			race_for_code(hart);
		else if (in_supervisor)
			over = race_of_exits(hart);
		break;
	default:
		do_serve(hart);
		break;
	}
	for (unsigned h = 0; h < FAKE_HARTS; h++)
		check_external(h);
}

static void boot(const struct fake_config *config)
{
	event_begin();
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
