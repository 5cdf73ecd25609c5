/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that can be the hypervisor's console, each by a model of its registers (16550 data sheet; virtio 1.2,
 * "Console Device" and "Virtio Over MMIO"), and the wait for them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/console.h"
#include "drivers/ns16550.h"
#include "drivers/virtio.h"
#include "drivers/virtio_console.h"
#include "hyp/riscv/mmio.h"
#include "tests/unit/lib/refusing_bus.h"

#define BASE		0x10000000ul
#define POLLS		10000000u	/* of a device that does not answer: docs and drivers say so */

/* ---- the wait ---- */

static struct {
	uint32_t calls, accepts_at, each;	/* put() accepts each bytes at every accepts_at-th call; 0: never */
	char got[64];
	size_t nr;
} port;

static size_t port_put(const char *text, size_t len)
{
	size_t n = len < port.each ? len : port.each;

	port.calls++;
	if (!port.accepts_at || port.calls % port.accepts_at)
		return 0;
	assert_true(port.nr + n <= sizeof(port.got));
	memcpy(port.got + port.nr, text, n);
	port.nr += n;
	return n;
}

static const struct console_device port_device = { port_put, NULL, NULL, false };

static void test_wait(void **state)
{
	static const char text[] = "sixteen letters!";
	static const struct { uint32_t at, each, calls; } cases[] = {
		{ 1, 16, 1 }, { 1, 1, 16 }, { 1, 5, 4 }, { 3, 16, 3 }, { 7, 2, 56 },
		{ POLLS, 8, 2 * POLLS },	/* at the last poll, each time anew */
		{ POLLS + 1, 8, 2 * (POLLS + 1) },
	};

	(void)state;
	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&port, 0, sizeof(port));
		port.accepts_at = cases[i].at;
		port.each = cases[i].each;
		console_device_write(&port_device, text, 16);
		assert_int_equal(port.calls, cases[i].calls);
		assert_int_equal(port.nr, 16);
		assert_memory_equal(port.got, text, 16);
	}
	memset(&port, 0, sizeof(port));
	console_device_write(&port_device, text, 0);
	assert_int_equal(port.calls, 0);
	/* stuck: one wait, and one more poll for each byte after the first */
	console_device_write(&port_device, text, 16);
	assert_int_equal(port.calls, POLLS + 1 + 15);
	/* A device that comes back in the middle gets the rest, which is waited for as before. */
	memset(&port, 0, sizeof(port));
	port.accepts_at = POLLS + 5;
	port.each = 1;
	console_device_write(&port_device, text, 6);
	assert_int_equal(port.nr, 1);
	assert_int_equal(port.got[0], 'e');
}

/* ---- registers ---- */

static struct {
	uint32_t shift, width;		/* of the UART */
	bool fifos;			/* it has them */
	uint32_t busy;			/* reads of LSR until the transmitter is empty */
	uint32_t room;			/* bytes that it takes now */
	uint8_t ier, fcr;
	char sent[64];
	uint32_t nr, pending, late;	/* received; late: seen only after a read of IIR */
	bool phantom;			/* IIR shows a timeout, until RBR is read */
	uint32_t lsr_reads, rbr_reads;
	uint32_t virtio[0x50];		/* of the virtio device, by word */
	uint32_t status_writes;
} hw;

static uint32_t uart_read(uint32_t reg)
{
	switch (reg) {
	case 0:
		hw.rbr_reads++;
		hw.phantom = false;
		return hw.pending ? 0xc0 + --hw.pending : 0;
	case 2:
		hw.pending += hw.late;
		hw.late = 0;
		return (hw.fifos && hw.fcr & 1 ? 0xc0 : 0) | (hw.phantom ? 0xc : 1);
	case 5:
		hw.lsr_reads++;
		if (hw.busy) {
			hw.busy--;
			return hw.pending ? 1 : 0;
		}
		return (hw.pending ? 1 : 0) | (hw.room ? 0x60 : 0);
	}
	fail_msg("a read of register %u", reg);
	return 0;
}

static void uart_write(uint32_t reg, uint32_t value)
{
	assert_true(reg <= 2);
	if (reg == 0) {
		assert_true(hw.room && hw.nr < sizeof(hw.sent));
		hw.room--;
		hw.sent[hw.nr++] = (char)value;
	} else if (reg == 1) {
		hw.ier = (uint8_t)value;
	} else {
		assert_int_equal(hw.ier, 0);
		assert_true(!hw.busy || hw.lsr_reads >= POLLS);	/* this drops what has not been sent */
		hw.fcr = (uint8_t)value;
	}
}

uint64_t fake_mmio_read(uint64_t addr, unsigned size)
{
	if (addr >= (uintptr_t)hw.virtio && addr < (uintptr_t)(hw.virtio + 0x50)) {
		assert_int_equal(size, 4);
		return hw.virtio[(addr - (uintptr_t)hw.virtio) / 4];
	}
	assert_int_equal(size, hw.width);
	assert_int_equal((addr - BASE) % (1u << hw.shift), 0);
	return (hw.width == 4 ? 0xabcdef00 : 0) | uart_read((uint32_t)(addr - BASE) >> hw.shift);
}

void fake_mmio_write(uint64_t addr, unsigned size, uint64_t value)
{
	if (addr == (uintptr_t)(hw.virtio + 66)) {	/* emerg_wr: behind config, at 0x108 */
		assert_true(size == 4 && value < 256);
		hw.sent[hw.nr++] = (char)value;
	} else if (addr >= (uintptr_t)hw.virtio && addr < (uintptr_t)(hw.virtio + 0x50)) {
		assert_int_equal(size, 4);
		hw.status_writes += addr == (uintptr_t)(hw.virtio + 0x70 / 4);
		hw.virtio[(addr - (uintptr_t)hw.virtio) / 4] = (uint32_t)value;
	} else {
		assert_int_equal(size, hw.width);
		uart_write((uint32_t)(addr - BASE) >> hw.shift, (uint32_t)value);
	}
}

static void power_on(uint32_t shift, uint32_t width, bool fifos)
{
	memset(&hw, 0, sizeof(hw));
	hw.shift = shift;
	hw.width = width;
	hw.fifos = fifos;
	hw.ier = 0xf;
	hw.room = 64;
}

static const struct { uint32_t shift, width; } kinds[] = { { 0, 1 }, { 1, 1 }, { 2, 1 }, { 2, 4 }, { 3, 4 } };

static void test_uart_output(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 2 * sizeof(kinds) / sizeof(kinds[0]); i++) {
		bool fifos = i % 2;

		power_on(kinds[i / 2].shift, kinds[i / 2].width, fifos);
		hw.busy = 100;
		ns16550_init(hpa(BASE), hw.shift, hw.width);
		assert_true(hw.ier == 0 && hw.fcr == 1 && hw.lsr_reads == 101);
		assert_int_equal(ns16550_console.put("abcdefghijklmnopqrstuvwxyz", 26), fifos ? 16 : 1);
		assert_int_equal(ns16550_console.put("yz", 2), fifos ? 2 : 1);
		assert_int_equal(ns16550_console.put("z", 1), 1);
		assert_string_equal(hw.sent, fifos ? "abcdefghijklmnopyzz" : "ayz");
		hw.room = 0;
		assert_int_equal(ns16550_console.put("more", 4), 0);
		assert_true(ns16550_console.crlf);
		for (uint32_t which = 0; which < 4; which++) {
			ns16550_console.interrupts(which & 1, which & 2);
			assert_int_equal(hw.ier, which);
		}
	}
}

/* The firmware's last bytes are waited for, but not for ever. */
static void test_stuck_uart(void **state)
{
	(void)state;
	power_on(0, 1, true);
	hw.busy = UINT32_MAX;
	ns16550_init(hpa(BASE), 0, 1);
	assert_true(hw.lsr_reads == POLLS && hw.fcr == 1);
	assert_int_equal(ns16550_console.put("a", 1), 0);
}

static void test_uart_input(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		power_on(kinds[i].shift, kinds[i].width, true);
		ns16550_init(hpa(BASE), hw.shift, hw.width);
		assert_int_equal(ns16550_console.get(), -1);
		assert_int_equal(hw.rbr_reads, 0);
		hw.pending = 3;
		assert_int_equal(ns16550_console.get(), 0xc2);
		assert_int_equal(ns16550_console.get(), 0xc1);
		assert_int_equal(ns16550_console.get(), 0xc0);
		assert_int_equal(ns16550_console.get(), -1);
		assert_int_equal(hw.rbr_reads, 3);
		hw.phantom = true;	/* of nothing */
		assert_int_equal(ns16550_console.get(), -1);
		assert_true(!hw.phantom && hw.rbr_reads == 4);
		hw.phantom = true;	/* of a byte that comes meanwhile */
		hw.late = 1;
		assert_int_equal(ns16550_console.get(), 0xc0);
		assert_int_equal(hw.rbr_reads, 5);
		hw.late = 1;		/* the same, without a timeout: the next call finds it */
		assert_int_equal(ns16550_console.get(), -1);
		assert_int_equal(ns16550_console.get(), 0xc0);
	}
}

static void make_virtio(void)
{
	memset(&hw, 0, sizeof(hw));
	hw.virtio[0] = 0x74726976;
	hw.virtio[2] = 3;
	hw.virtio[4] = 1 << 2;
	hw.virtio[0x14 / 4] = hw.virtio[0x70 / 4] = 0xf;
}

static void test_virtio(void **state)
{
	hpa_t at = hpa((uintptr_t)hw.virtio);

	(void)state;
	make_virtio();
	assert_int_equal(virtio_console_init(at), OK);
	assert_true(hw.status_writes == 1 && !hw.virtio[0x70 / 4] && !hw.virtio[0x14 / 4]);
	assert_int_equal(virtio_console.put("all of it\xff", 10), 10);
	assert_string_equal(hw.sent, "all of it\xff");
	assert_true(!virtio_console.get && !virtio_console.interrupts && !virtio_console.crlf);
	make_virtio();
	hw.virtio[4] = ~(1u << 2);
	assert_int_equal(virtio_console_init(at), ERR_UNSUPPORTED);
	make_virtio();
	hw.virtio[2] = 2;
	assert_int_equal(virtio_console_init(at), ERR_NOTFOUND);
	assert_int_equal(hw.status_writes, 0);
	make_virtio();
	hw.virtio[0]++;
	assert_int_equal(virtio_console_init(at), ERR_NOTFOUND);
	assert_int_equal(hw.status_writes, 0);
}

static bool refuses_all(uint64_t addr) { return addr; }

/* A device of a guest that does not answer any more. */
static void test_reset_refused(void **state)
{
	(void)state;
	memset(&hw, 0, sizeof(hw));
	hw.virtio[0] = VIRTIO_MAGIC;
	bus_refuses = refuses_all;
	virtio_reset(hw.virtio);
	bus_refuses = NULL;
	assert_int_equal(hw.status_writes, 0);
	virtio_reset(hw.virtio);
	assert_int_equal(hw.status_writes, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_uart_output),
		cmocka_unit_test(test_stuck_uart),
		cmocka_unit_test(test_uart_input),
		cmocka_unit_test(test_virtio),
		cmocka_unit_test(test_reset_refused),
	};

	return cmocka_run_group_tests_name("drivers", tests, NULL, NULL);
}
