/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal of the fake machine, for tests: what a person types and sees. Hart 5, c's, drives the console. */
#ifndef TESTS_UNIT_FAKE_TERMINAL_H
#define TESTS_UNIT_FAKE_TERMINAL_H

#include <stdio.h>
#include <string.h>

#include "hyp/console/console.h"
#include "hyp/terminal/mux.h"
#include "tests/unit/fake/exits.h"

#define OUT_RING	16384u	/* of a guest */

/* The console's hart does what there is to do. */
static inline void polls(unsigned n)
{
	for (; n; n--) {
		fake.time += FAKE_HZ / 100;
		fake_settle();
	}
}

static inline void start(const struct fake_config *c)
{
	fake_boot(c);
	polls(50);
	fake_count_from_here();
	self = fake_hart_of(A, 0);
}

static inline int setup_uart(void **state)
{
	setup(state);
	config.uart = true;
	start(&config);
	return 0;
}

static inline int setup_colour(void **state)
{
	setup(state);
	config.uart = config.colour = true;
	start(&config);
	return 0;
}

static inline void say(unsigned vm, const char *text)
{
	self = fake_hart_of(vm, 0);
	for (; *text; text++)
		sbi(1, 0, (uint8_t)*text, 0, 0);
}

static inline void type(const char *text)
{
	fake_type(text);
	polls(10);
}

/* All that the terminal got, without CR. */
static inline const char *terminal(void)
{
	static char text[FAKE_CONSOLE + 1];
	uint32_t n = 0;

	for (uint32_t i = 0; i < fake.console_len; i++)
		if (fake.console[i] != '\r' || fake.config.colour)
			text[n++] = fake.console[i];
	text[n] = 0;
	return text;
}

static inline void assert_terminal(const char *want)
{
	polls(20);
	assert_string_equal(terminal(), want);
	fake_count_from_here();
}

static inline void assert_shown(const char *want)
{
	polls(20);
	if (!strstr(terminal(), want))
		print_message("%s\n", terminal());
	assert_non_null(strstr(terminal(), want));
}

static inline void flood_by_lines(unsigned vm, uint32_t bytes, uint32_t line)
{
	uint64_t at = BOOT_PC + PAGE_SIZE;

	self = fake_hart_of(vm, 0);
	for (uint32_t i = 0; i < 128; i++)
		*fake_ram_at(vm, at + i) = (i + 1) % line ? 'f' : '\n';
	fake_ram_close();
	for (uint32_t n = 0; n < bytes; n += 128) {
		assert_int_equal(sbi(SBI_EXT_DBCN, 0, 128, at, 0), SBI_SUCCESS);
		assert_int_equal(value(), 128);	/* it never waits, and no caller asks it to */
	}
}

static inline void flood(unsigned vm, uint32_t bytes)
{
	flood_by_lines(vm, bytes, 32);
}

static inline long typed_for(unsigned vm)
{
	self = fake_hart_of(vm, 0);
	return sbi(2, 0, 0, 0, 0);
}

static inline void command(const char *text)
{
	fake_count_from_here();
	type(text);
	type("\r");
	polls(400);
}

static inline int setup_monitor(void **state)
{
	setup_uart(state);
	type("\x1dm");
	fake_count_from_here();
	return 0;
}

#endif
