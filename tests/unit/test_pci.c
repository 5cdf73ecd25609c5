/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drivers/pci.c on a bus of a model: registers by the PCI Express Base Specification 6.0, 7.5. Whatever the functions
 * have in their registers, the driver ends, and changes nothing but what it is for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/pci.h"
#include "hyp/riscv/mmio.h"
#include "tests/unit/lib/refusing_bus.h"
#include "tests/unit/rng.h"

#define BUS		0x30100000ull
#define FUNCTION(device, function)	((device) * 0x8000u + (function) * 0x1000u)

static uint8_t bus[1 << 20];
static unsigned reads, writes;
static unsigned last_write;		/* its offset */

static void put(unsigned at, uint64_t value, unsigned size)
{
	memcpy(bus + at, &value, size);
}

static uint64_t at(unsigned where, unsigned size)
{
	uint64_t value = 0;

	memcpy(&value, bus + where, size);
	return value;
}

uint64_t fake_mmio_read(uint64_t addr, unsigned size)
{
	reads++;
	assert_true(addr >= BUS && addr - BUS <= sizeof(bus) - size && addr % size == 0);
	return at((unsigned)(addr - BUS), size);
}

void fake_mmio_write(uint64_t addr, unsigned size, uint64_t value)
{
	writes++;
	assert_true(addr >= BUS && addr - BUS <= sizeof(bus) - size && addr % size == 0);
	last_write = (unsigned)(addr - BUS);
	put(last_write, value, size);
}

static void no_functions(void)
{
	memset(bus, 0xff, sizeof(bus));
	reads = writes = 0;
}

/* A function with DMA on, and a list of capabilities that begins at 0x40 with a vendor's. */
static unsigned function(unsigned device, unsigned number, unsigned header)
{
	unsigned f = FUNCTION(device, number);

	memset(bus + f, 0, 0x1000);
	put(f, 0x12345678, 4);
	put(f + 4, 0x0007, 2);
	put(f + 6, 0x10, 2);
	put(f + 0x0e, header, 1);
	put(f + 0x34, 0x41, 1);		/* the low two bits mean nothing */
	put(f + 0x40, 0x09, 1);
	put(f + 0x41, 0x60, 1);
	return f;
}

static void express(unsigned f, uint32_t devcap)
{
	put(f + 0x60, 0x10, 1);
	put(f + 0x64, devcap, 4);
	put(f + 0x68, 0x2810, 2);	/* control: not to be changed */
}

static void test_silence(void **state)
{
	unsigned a, b, c, d;

	(void)state;
	no_functions();
	a = function(0, 0, 0x00);
	b = function(3, 0, 0x80);
	c = function(3, 7, 0x01);
	d = function(31, 0, 0x00);
	function(4, 1, 0x00);		/* function 0 does not exist */
	function(5, 0, 0x00);
	function(5, 1, 0x00);		/* function 0 says that it is alone */
	express(d, 0);
	put(d + 0x100, 0x14010001, 4);	/* another extended capability, the next at 0x140 */
	put(d + 0x140, 0x00010010, 4);	/* SR-IOV */
	put(d + 0x148, 0x0009, 2);	/* with virtual functions on */
	assert_true(pci_silence(hpa(BUS)));
	assert_int_equal(at(a + 4, 2), 0x400);
	assert_int_equal(at(b + 4, 2), 0x400);
	assert_int_equal(at(c + 4, 2), 0x400);
	assert_int_equal(at(d + 4, 2), 0x400);
	assert_int_equal(at(d + 0x148, 2), 0);
	assert_int_equal(at(FUNCTION(4, 1) + 4, 2), 0x400);
	assert_int_equal(at(FUNCTION(5, 1) + 4, 2), 0x400);
	assert_int_equal(writes, 8);
	no_functions();
	assert_false(pci_silence(hpa(BUS)));
	assert_int_equal(writes, 0);
}

static void test_reset(void **state)
{
	unsigned port, flr, none, af;

	(void)state;
	no_functions();
	flr = function(1, 0, 0x80);
	express(flr, 1u << 28);
	port = function(1, 2, 0x81);
	express(port, 1u << 28);	/* a bridge is not reset itself, or its bus numbers would go */
	put(port + 0x3e, 0x0003, 2);
	none = function(2, 0, 0x00);
	express(none, ~(1u << 28));
	af = function(6, 0, 0x00);
	put(af + 0x60, 0x13, 1);
	put(af + 0x63, 0x03, 1);

	pci_hold_behind(hpa(BUS));
	assert_int_equal(at(port + 0x3e, 2), 0x43);
	assert_int_equal(writes, 1);
	pci_release_behind(hpa(BUS));
	assert_int_equal(at(port + 0x3e, 2), 0x03);
	assert_int_equal(writes, 2);
	pci_reset_functions(hpa(BUS));
	assert_int_equal(at(flr + 0x68, 2), 0xa810);
	assert_int_equal(at(none + 0x68, 2), 0x2810);
	assert_int_equal(at(port + 0x68, 2), 0x2810);
	assert_int_equal(at(af + 0x64, 1), 1);
	assert_int_equal(writes, 4);

	assert_false(pci_is_busy(hpa(BUS)));
	put(none + 0x6a, 0x20, 2);
	assert_true(pci_is_busy(hpa(BUS)));
	put(none + 0x6a, 0x10, 2);
	put(af + 0x65, 1, 1);
	assert_true(pci_is_busy(hpa(BUS)));
	put(af + 0x65, 2, 1);
	assert_false(pci_is_busy(hpa(BUS)));
	/* A function without a list has no capabilities, whatever stands there. */
	put(none + 0x6a, 0x20, 2);
	put(none + 6, 0, 2);
	assert_false(pci_is_busy(hpa(BUS)));
}

/* Lists that go round and out of all bounds, of 256 functions. */
static void test_any_registers(void **state)
{
	unsigned i;

	(void)state;
	rng_seed(20261128);
	for (unsigned round = 0; round < 20; round++) {
		no_functions();
		for (i = 0; i < sizeof(bus); i++)
			bus[i] = (uint8_t)rng_below(round % 2 ? 256 : 4);
		for (i = 0; i < 32; i++)
			put(FUNCTION(i, 0) + 0x0e, 0x80, 1);
		pci_silence(hpa(BUS));
		assert_int_equal(at(FUNCTION(7, 0) + 4, 2), 0x400);
		(void)pci_is_busy(hpa(BUS));
		pci_hold_behind(hpa(BUS));
		pci_release_behind(hpa(BUS));
		pci_reset_functions(hpa(BUS));
		assert_true(reads < 5 * 256 * 1100);
	}
	/* Both lists in a circle: one capability each. */
	no_functions();
	i = function(0, 0, 0);
	put(i + 0x41, 0x40, 1);
	put(i + 0x60, 0x10, 1);
	pci_silence(hpa(BUS));
	put(i + 0x41, 0x60, 1);
	put(i + 0x100, 0x10010001, 4);
	pci_silence(hpa(BUS));
	assert_int_equal(at(i + 4, 2), 0x400);
}

static bool refuses_all(uint64_t addr) { return addr >= BUS; }
static bool refuses_one(uint64_t addr) { return addr - BUS - FUNCTION(1, 0) < 0x1000; }

/* What the bus refuses is left as it is, and the rest is made silent. */
static void test_refused(void **state)
{
	unsigned dead, alive;

	(void)state;
	no_functions();
	dead = function(1, 0, 0x00);
	alive = function(2, 0, 0x01);
	express(dead, 1u << 28);
	put(dead + 0x6a, 0x20, 2);
	bus_refuses = refuses_all;
	pci_silence(hpa(BUS));
	assert_false(pci_is_busy(hpa(BUS)));
	assert_int_equal(reads + writes, 0);
	bus_refuses = refuses_one;
	pci_silence(hpa(BUS));
	assert_false(pci_is_busy(hpa(BUS)));
	pci_hold_behind(hpa(BUS));
	pci_reset_functions(hpa(BUS));
	bus_refuses = NULL;
	assert_int_equal(at(dead + 4, 2), 7);
	assert_int_equal(at(alive + 4, 2), 0x400);
	assert_int_equal(at(alive + 0x3e, 2), 0x40);
	assert_true(pci_is_busy(hpa(BUS)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_any_registers),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("pci", tests, NULL, NULL);
}
