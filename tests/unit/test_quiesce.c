/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyp/vm/quiesce.c on a model of PCI buses with several roots, bridges, and numbers of buses as a hostile guest leaves
 * them: PCI Express Base Specification 6.0, 2.2.9 and 7.3.3 (where a configuration request goes), 6.6 (resets). At the
 * end no function that the guest could ever access may do DMA, wherever it has hidden it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/riscv/csr.h"
#include "hyp/riscv/sstage.h"
#include "hyp/vm/dma.h"
#include "hyp/vm/quiesce.h"
#include "tests/unit/lib/refusing_bus.h"
#include "tests/unit/rng.h"

#define ECAM		0x40000000ull
#define ECAM_BUSES	64u	/* for more buses than bus-range has */
#define NR		24u
#define MS		10u	/* ticks; each look at the time takes one */
#define NO_PARENT	NR
#define MASTER		(1u << 2)

static struct function {
	unsigned parent;	/* the bridge that it is behind; NO_PARENT: on a root bus, number root */
	unsigned root;
	unsigned device, number;
	bool bridge, flr, absent;
	uint8_t primary, secondary, subordinate;
	uint16_t command, control;
	uint64_t reset_at;	/* 0: never */
} functions[NR];
static unsigned nr;
static uint64_t now;
static unsigned accesses;
static uint32_t registers_closed;

uint64_t fake_csr_read(unsigned csr)
{
	assert_int_equal(csr, CSR_TIME);
	return now++;
}

void *sstage_window(hpa_t address)
{
	assert_true(address.v >= ECAM && address.v < ECAM + ECAM_BUSES * MIB);
	return (void *)(uintptr_t)address.v;
}

void sstage_close_window(void) { registers_closed++; }
void vdevs_reset(struct vdevs *devs) { (void)devs; }

/* After the last access to a function. */
void dma_close(struct vm *vm)
{
	assert_int_equal(registers_closed, 1);
	vm->dma_closed = true;
}

/* ---- the model ---- */

static bool is_held(const struct function *f)
{
	for (; f->parent != NO_PARENT; f = &functions[f->parent])
		if (functions[f->parent].control & 1u << 6)
			return true;
	return false;
}

static bool is_root(unsigned bus)
{
	for (unsigned i = 0; i < nr; i++)
		if (functions[i].parent == NO_PARENT && functions[i].root == bus)
			return true;
	return false;
}

/* Whether a request to that bus gets to the bus on which f is. The host bridge passes none for a root to a bridge. */
static bool is_reached(const struct function *f, unsigned bus)
{
	const struct function *b;

	if (f->parent == NO_PARENT)
		return f->root == bus;
	b = &functions[f->parent];
	if (b->secondary != bus || is_root(bus))
		return false;
	for (; b->parent != NO_PARENT; b = &functions[b->parent])
		if (bus < functions[b->parent].secondary || bus > functions[b->parent].subordinate ||
		    bus == functions[b->parent].secondary)
			return false;
	return true;
}

static struct function *find(uint64_t address)
{
	unsigned bus = (unsigned)(address - ECAM) >> 20, place = (unsigned)address >> 12 & 0xff;

	accesses++;
	for (unsigned i = 0; i < nr; i++) {
		struct function *f = &functions[i];

		if (f->device * 8 + f->number != place || f->absent || is_held(f) || !is_reached(f, bus))
			continue;
		if (f->reset_at && now - f->reset_at < 100 * MS)
			fail_msg("function %u is accessed %u ticks after its reset", i, (unsigned)(now - f->reset_at));
		return f;
	}
	return NULL;
}

static void reset(struct function *f)
{
	f->command = f->control = 0;
	f->primary = f->secondary = f->subordinate = 0;
	f->reset_at = now;
}

static void put_control(struct function *f, uint16_t value)
{
	bool released = f->control & 1u << 6 && !(value & 1u << 6);

	f->control = value;
	for (unsigned i = 0; released && i < nr; i++) {
		const struct function *up = &functions[i];

		for (; up->parent != NO_PARENT; up = &functions[up->parent])
			if (&functions[up->parent] == f) {
				reset(&functions[i]);
				break;
			}
	}
}

/* Registers as the driver uses them, with an Express capability at 0x40. */
static uint64_t get(const struct function *f, unsigned reg)
{
	switch (reg) {
	case 0x00: return 0x1af4;
	case 0x04: return f->command;
	case 0x06: return 0x10;
	case 0x0e: return f->bridge;
	case 0x34: return 0x40;
	case 0x3e: return f->control;
	case 0x40: return 0x10;
	case 0x44: return f->flr ? 1u << 28 : 0;
	default: return 0;
	}
}

uint64_t fake_mmio_read(uint64_t addr, unsigned size)
{
	const struct function *f = find(addr);

	return f ? get(f, addr & 0xfff) : UINT64_MAX >> (64 - 8 * size);
}

void fake_mmio_write(uint64_t addr, unsigned size, uint64_t value)
{
	struct function *f = find(addr);

	assert_true(f && size == 2);
	switch (addr & 0xfff) {
	case 0x04:
		f->command = (uint16_t)value;
		break;
	case 0x3e:
		put_control(f, (uint16_t)value);
		break;
	case 0x48:
		if (value & 1u << 15)
			reset(f);
		break;
	default:
		fail_msg("a write to register 0x%x", (unsigned)addr & 0xfff);
	}
}

/* ---- the guest ---- */

static unsigned add(unsigned parent, unsigned root, unsigned device, unsigned number, bool bridge)
{
	functions[nr] = (struct function){ .parent = parent, .root = root, .device = device, .number = number,
					   .bridge = bridge, .command = 7 };
	return nr++;
}

static void set_buses(unsigned bridge, unsigned secondary, unsigned subordinate)
{
	functions[bridge].secondary = (uint8_t)secondary;
	functions[bridge].subordinate = (uint8_t)subordinate;
}

static void stop(unsigned buses)
{
	static struct plan_vm plan;
	static struct vm vm;

	memset(&plan, 0, sizeof(plan));
	plan.nr_bridges = 1;
	plan.bridges[0] = (struct plan_bridge){ .ecam = hpa(ECAM), .nr_buses = (uint16_t)buses,
						.ecam_buses = ECAM_BUSES };
	vm.plan = &plan;
	vm.ms_ticks = MS;
	registers_closed = 0;
	vm.dma_closed = false;
	quiesce(&vm);
	assert_true(registers_closed == 1 && vm.dma_closed);
}

static bool may_master(const struct function *f)
{
	for (;; f = &functions[f->parent]) {
		if (!(f->command & MASTER))
			return false;
		if (f->parent == NO_PARENT)
			return true;
	}
}

/* What an upper bridge lets through is silent, also when the next guest, which is the same, opens that bridge. */
static void assert_silent(void)
{
	for (unsigned i = 0; i < nr; i++) {
		if (functions[i].command & MASTER || may_master(&functions[i]))
			fail_msg("function %u may do DMA", i);
		if (functions[i].control & 1u << 6)
			fail_msg("function %u holds its bus in reset", i);
	}
}

static int setup(void **state)
{
	(void)state;
	nr = 0;
	now = 1000000;
	return 0;
}

/* On the first bus, behind a port, and behind one more. */
static void test_tree(void **state)
{
	unsigned port, inner;

	(void)state;
	add(NO_PARENT, 0, 0, 0, false);
	add(NO_PARENT, 0, 31, 7, false);
	port = add(NO_PARENT, 0, 2, 0, true);
	inner = add(port, 0, 0, 0, true);
	add(inner, 0, 0, 0, false);
	set_buses(port, 1, 3);
	set_buses(inner, 3, 3);
	functions[0].flr = true;
	stop(4);
	assert_silent();
	assert_true(functions[0].reset_at && functions[4].reset_at);
	assert_false(functions[1].reset_at);
}

/* Numbers beyond bus-range, none at all, or twice the same: hidden, and back in the next life. */
static void test_hidden(void **state)
{
	static const unsigned places[][2] = { { 40, 40 }, { 63, 63 }, { 200, 210 }, { 0, 0 }, { 1, 0 } };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
		unsigned port;

		nr = 0;
		port = add(NO_PARENT, 0, 2, 0, true);
		add(port, 0, 0, 0, false);
		set_buses(port, places[i][0], places[i][1]);
		stop(2);
		assert_silent();
		assert_true(functions[1].reset_at);
	}
}

/* A bus that is behind no bridge of the first one, with a number that bus-range does not have. */
static void test_second_root(void **state)
{
	unsigned port;

	(void)state;
	add(NO_PARENT, 0, 0, 0, false);
	add(NO_PARENT, 48, 0, 0, false);
	functions[1].flr = true;
	port = add(NO_PARENT, 48, 1, 0, true);
	add(port, 0, 0, 0, false);
	set_buses(port, 49, 50);
	stop(2);
	assert_silent();
	assert_true(functions[1].reset_at && functions[3].reset_at);
}

/* A device without function 0, and one whose function 0 says that it is alone. */
static void test_functions(void **state)
{
	(void)state;
	add(NO_PARENT, 0, 1, 3, false);
	add(NO_PARENT, 0, 2, 0, false);
	add(NO_PARENT, 0, 2, 1, false);
	stop(1);
	assert_silent();
}

/* Any tree, with any numbers of buses that the bridges of one root can have. */
static void test_any(void **state)
{
	(void)state;
	rng_seed(20261128);
	for (unsigned round = 0; round < 60; round++) {
		nr = 0;
		while (nr < NR) {
			unsigned up = nr ? rng_below(nr + 2) : NR;
			unsigned parent = up < nr && functions[up].bridge ? up : NO_PARENT;

			add(parent, 0, nr, rng_below(8), rng_below(2));
			set_buses(nr - 1, rng_below(ECAM_BUSES + 8), rng_below(ECAM_BUSES + 8));
			functions[nr - 1].flr = rng_below(2);
		}
		stop(1 + rng_below(ECAM_BUSES));
		assert_silent();
		now += 1000000;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_tree, setup),
		cmocka_unit_test_setup(test_hidden, setup),
		cmocka_unit_test_setup(test_second_root, setup),
		cmocka_unit_test_setup(test_functions, setup),
		cmocka_unit_test_setup(test_any, setup),
	};

	return cmocka_run_group_tests_name("quiesce", tests, NULL, NULL);
}
