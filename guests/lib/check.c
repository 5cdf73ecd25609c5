/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counting and reporting of self-checks. Any hart may call check_expect(); counts are atomic.
 */
#include <stdarg.h>
#include <string.h>
#include "guests/lib/check.h"
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/dt.h"
#include "guests/lib/timer.h"

#define MAX_LINES 8	/* FAIL or note lines a test */

static const char *test_name = "?";
static unsigned int test_fails, test_lines;
static bool test_skipped;
static unsigned int passed, failed, skipped;

/* The compiler may have been given absolute paths: the file's name says enough. */
static const char *base_name(const char *path)
{
	const char *p = strrchr(path, '/');

	return p ? p + 1 : path;
}

bool check_expect(bool held, bool hard, const char *file, int at, const char *fmt, ...)
{
	char what[LINE_MAX_LEN];
	va_list ap;

	if (held)
		return true;
	if (hard)
		__atomic_fetch_add(&test_fails, 1, __ATOMIC_RELAXED);
	if (__atomic_fetch_add(&test_lines, 1, __ATOMIC_RELAXED) >= MAX_LINES)
		return false;
	va_start(ap, fmt);
	format(what, sizeof(what), fmt, ap);
	va_end(ap);
	line("%s %s: %s (%s:%d)", hard ? "FAIL" : "note", test_name, what, base_name(file), at);
	return false;
}

void check_skip(const char *fmt, ...)
{
	char what[LINE_MAX_LEN];
	va_list ap;

	va_start(ap, fmt);
	format(what, sizeof(what), fmt, ap);
	va_end(ap);
	line("skip %s: %s", test_name, what);
	test_skipped = true;
}

void check_note(const char *fmt, ...)
{
	char what[LINE_MAX_LEN];
	va_list ap;

	va_start(ap, fmt);
	format(what, sizeof(what), fmt, ap);
	va_end(ap);
	line("note %s: %s", test_name, what);
}

static void run_one(const struct test *t)
{
	test_name = t->name;
	test_fails = 0;
	test_lines = 0;
	test_skipped = false;
	t->fn();
	irq_disable();
	csr_write(sie, 0);
	if (test_lines > MAX_LINES)
		line("note %s: %u more lines not shown", t->name, test_lines - MAX_LINES);
	if (test_fails) {
		failed++;
	} else if (test_skipped) {
		skipped++;
	} else {
		passed++;
		line("ok %s", t->name);
	}
}

void check_run(const struct test *tests, unsigned int n)
{
	const char *only = arg_str("test.only");
	char prefix[64] = "";

	if (only)
		memcpy(prefix, only, strnlen(only, sizeof(prefix) - 1));
	for (unsigned int i = 0; i < n; i++) {
		if (!strncmp(tests[i].name, prefix, strlen(prefix)))
			run_one(&tests[i]);
	}
}

void check_summary(void)
{
	if (skipped)
		line("skipped: %u", skipped);
	line("done: %u passed, %u failed", passed, failed);
}
