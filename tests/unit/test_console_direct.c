/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log, and a console that no hart drives: what an exit leaves there is formatted and shown later, by a poll of the
 * hart that has written. No exit waits for the terminal or for another hart that writes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/console/console.h"
#include "hyp/terminal/terminal.h"
#include "tests/unit/fake/exits.h"

#define POLL		(FAKE_HZ / 1000)
#define MOST		32u	/* bytes of all sources that one poll shows */

static void write_text(unsigned vm, const char *text)
{
	uint64_t at = vm == C ? (1ull << 41) - PAGE_SIZE + 0x800 : BOOT_PC + 0x400;

	self = fake_hart_of(vm, 0);
	memcpy(fake_ram_at(vm, at), text, strlen(text));
	assert_int_equal(sbi(SBI_EXT_DBCN, 0, strlen(text), at, 0), SBI_SUCCESS);
	assert_int_equal(value(), strlen(text));
}

static bool polls_next(unsigned vm)
{
	const struct fake_hw *h = &fake.hw[fake_hart_of(vm, 0)];

	return h->csr.sie >> IRQ_STI & 1 &&
	       (fake.config.sstc ? h->csr.stimecmp : h->firmware_timer) == fake.time + POLL;
}

static bool is_idle(unsigned vm)
{
	return !(fake.hw[fake_hart_of(vm, 0)].csr.sie >> IRQ_STI & 1);
}

/* Until nothing waits. Gives the most bytes that one poll has shown. */
static uint32_t poll_all(void)
{
	uint32_t most = 0;

	for (unsigned idle = 0; idle < 16; ) {	/* a line is shown when it is complete */
		uint32_t before = fake.console_len;

		fake.time += POLL;
		fake_settle();
		idle = fake.console_len == before ? idle + 1 : 0;
		most = fake.console_len - before > most ? fake.console_len - before : most;
	}
	return most;
}

static void boot_quietly(void)
{
	fake_boot(&config);
	poll_all();
	fake_count_from_here();
}

/* The exit leaves it; the first writer's hart shows it all, in pieces; then its timer is off again. */
static void test_queued(void **state)
{
	char line[128];

	(void)state;
	boot_quietly();
	memset(line, 'x', sizeof(line));
	memcpy(line + 120, "\n", 2);
	write_text(A, line);
	assert_int_equal(fake.nr_calls, 0);
	assert_int_equal(fake.console_len, 0);
	assert_true(polls_next(A));
	write_text(B, "two\n");
	assert_true(is_idle(B));
	write_text(A, "three\n");
	assert_int_equal(fake.nr_calls, 0);
	assert_in_range(poll_all(), 1, 128 + 5 * MOST);	/* a line that is complete, and what is short */
	assert_true(fake_said("[b] two\n") && fake_said("x\n") && fake_said("[a] three\n"));
	assert_true(is_idle(A) && is_idle(B));
	write_text(B, "again\n");
	assert_true(polls_next(B) && is_idle(A));
	poll_all();
	assert_true(fake_said("[b] again\n"));
}

/* Far more than the device takes: what finds no room is dropped, which is said. No hart waits. */
static void test_flood(void **state)
{
	char line[101];
	uint32_t written = 0;

	(void)state;
	boot_quietly();
	memset(line, 'y', 99);
	memcpy(line + 99, "\n", 2);
	for (; written < 20000; written += 100)
		write_text(A, line);
	assert_int_equal(fake.nr_calls, 0);
	assert_int_equal(console_dropped(A), 20000 - 16384);
	write_text(B, "b lives\n");
	poll_all();
	assert_true(fake_said("[b] b lives\n"));
	assert_true(fake_said("[bulkhead] vm a: 3616 bytes of its console output dropped\n"));
	assert_true(is_idle(A) && is_idle(B));
}

/* The guest's own timer without Sstc: its deadline stands, whether it was set before text is pending or
 * meanwhile. */
static void test_deadline_without_sstc(void **state)
{
	const struct fake_hw *h;

	(void)state;
	config.sstc = false;
	for (unsigned before = 0; before < 2; before++) {
		boot_quietly();
		self = fake_hart_of(A, 0);
		h = hw();
		for (unsigned i = 0; i < 2; i++) {
			if (i == !before)
				write_text(A, "late\n");
			else
				sbi(SBI_EXT_TIME, 0, fake.time + 10 * POLL, 0, 0);
		}
		assert_true(polls_next(A));
		fake.time += POLL;
		fake_settle();
		assert_true(fake_said("[a] late\n"));
		assert_false(h->csr.hvip >> IRQ_VSTI & 1);
		assert_int_equal(h->firmware_timer, fake.time + 9 * POLL);
		fake.time += 9 * POLL;
		fake_settle();
		assert_true(h->csr.hvip >> IRQ_VSTI & 1);
		assert_true(is_idle(A));
	}
	/* It is over: what is written afterwards does not raise it again. */
	sbi(SBI_EXT_TIME, 0, UINT64_MAX, 0, 0);
	write_text(A, "later\n");
	poll_all();
	assert_false(h->csr.hvip >> IRQ_VSTI & 1);
	assert_true(fake_said("[a] later\n"));
}

/* Where a text stands on the console; it must be there. */
static size_t place(const char *text)
{
	for (size_t i = 0; i + strlen(text) <= fake.console_len; i++)
		if (!memcmp(fake.console + i, text, strlen(text)))
			return i;
	fail_msg("not shown: %s", text);
	return 0;
}

/* The log and what a guest writes before and after a line of it, however much: polls show it in that order. */
static void test_order(void **state)
{
	char filler[100], text[64];
	size_t at = 0;

	(void)state;
	boot_quietly();
	memset(filler, 'z', sizeof(filler) - 2);
	strcpy(filler + sizeof(filler) - 2, "\n");
	for (unsigned i = 0; i < 20; i++) {
		for (unsigned n = 0; n < i % 6; n++)
			write_text(A, filler);
		snprintf(text, sizeof(text), "[a] before %u end\n", i);
		write_text(A, text + 4);
		write_text(B, "b\n");
		log_line("line %u end", i);
		console_logged();
		snprintf(text, sizeof(text), "after %u end\n", i);
		write_text(A, text);
		if (i % 7 == 6)
			poll_all();
	}
	poll_all();
	for (unsigned i = 0; i < 60; i++) {
		static const char *const kinds[] = { "[a] before", "[bulkhead] line", "[a] after" };

		snprintf(text, sizeof(text), "%s %u end\n", kinds[i % 3], i / 3);
		assert_true(place(text) >= at);
		at = place(text);
	}
	for (unsigned i = 0; i < 70; i++)	/* more than have room */
		log_line("many %u", i);
	write_text(A, "behind\n");
	poll_all();
	assert_true(place("many 63\n") < place("6 more lines of the log are left out\n"));
	assert_true(place("6 more lines of the log are left out\n") < place("[a] behind\n"));
	assert_true(is_idle(A) && is_idle(B));
}

static unsigned locks;
static int served;	/* what the other hart was to do; -1: not yet */

/* While a hart is in the mux, which takes locks behind mux.lock. */
static void other_hart_polls(void)
{
	if (++locks < 2)
		return;
	fake_before_lock = NULL;
	served = terminal_poll() == fake.time + POLL;	/* later */
}

/* Two harts have something to show, and one of them is in the mux: the other one continues, and polls again later. */
static void test_busy(void **state)
{
	(void)state;
	boot_quietly();
	exit_with(CAUSE_LOAD_GUEST_PAGE, 0x1000, 0x1000, 0);	/* a line of the log */
	locks = 0;
	served = -1;
	fake.time += POLL;
	fake_before_lock = other_hart_polls;
	fake_settle();
	fake_before_lock = NULL;
	assert_int_equal(served, true);
	poll_all();
	assert_true(fake_said("[bulkhead] vm a: vcpu 0: unmapped load, "));
}

/* ---- the log ---- */

static uint32_t read_all(char *to, uint32_t size)
{
	uint32_t at = log_start(), n = 0, lost, got;

	while ((got = log_read(&at, to + n, size - n, &lost)))
		n += got;
	to[n] = 0;
	return n;
}

/* Arguments of each type come as they were, and lines in their order, with texts between. */
static void test_log_lines(void **state)
{
	static char text[4096];

	(void)state;
	log_init();
	log_line("none");
	log_line("%s: %d %u %lx", "one", -1, 0xffffffffu, ~0ul);
	log_text("a text");
	log_line("%c%c%c%c%c%c", 's', 'i', 'x', '6', '.', '.');
	read_all(text, sizeof(text) - 1);
	assert_string_equal(text, "none\none: -1 4294967295 ffffffffffffffff\na text\nsix6..\n");
}

/* More lines than have room until one is read: their number is said. */
static void test_log_left_out(void **state)
{
	static char text[8192];
	uint32_t at = 0, lost;

	(void)state;
	log_init();
	for (unsigned i = 0; i < 70; i++)
		log_line("line %u", i);
	assert_int_equal(log_read(&at, text, sizeof(text), &lost), 7);	/* one record at a time */
	read_all(text, sizeof(text) - 1);
	assert_non_null(strstr(text, "line 0\nline 1\n"));
	assert_non_null(strstr(text, "line 63\n6 more lines of the log are left out\n"));
	assert_null(strstr(text, "line 64"));
	log_line("after");
	read_all(text, sizeof(text) - 1);
	assert_non_null(strstr(text, "left out\nafter\n"));
}

/* A line that is longer than the longest is cut. */
static void test_log_long(void **state)
{
	static char long_text[1000], text[2048];

	(void)state;
	log_init();
	memset(long_text, 'z', sizeof(long_text) - 1);
	log_line("%s", long_text);
	log_text(long_text);
	assert_int_equal(read_all(text, sizeof(text) - 1), 2 * CONSOLE_LINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_queued, setup),
		cmocka_unit_test_setup(test_flood, setup),
		cmocka_unit_test_setup(test_deadline_without_sstc, setup),
		cmocka_unit_test_setup(test_order, setup),
		cmocka_unit_test_setup(test_busy, setup),
		cmocka_unit_test(test_log_lines),
		cmocka_unit_test(test_log_left_out),
		cmocka_unit_test(test_log_long),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
