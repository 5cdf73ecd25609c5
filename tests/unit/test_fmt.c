/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/base/fmt.c: its edges by hand, and random formats against the C library's snprintf. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/base/fmt.h"
#include "tests/unit/rng.h"

#define BUF	160

#define assert_fmt(expected, ...) do { \
	char buf_[BUF]; \
	size_t len_ = fmt_str(buf_, sizeof(buf_), __VA_ARGS__); \
	assert_string_equal(buf_, expected); \
	assert_int_equal(len_, strlen(expected)); \
} while (0)

static void test_basics(void **state)
{
	(void)state;
	assert_fmt("", "%s", "");
	assert_fmt("plain", "plain");
	assert_fmt("100%", "%d%%", 100);
	assert_fmt("a b -1 4294967295 ff", "%c %s %d %u %x", 'a', "b", -1, UINT_MAX, 255);
	assert_fmt("0 0 0", "%d %u %x", 0, 0u, 0u);
	assert_fmt("-2147483648", "%d", INT_MIN);
	assert_fmt("-9223372036854775808", "%lld", LLONG_MIN);
	assert_fmt("18446744073709551615", "%llu", ULLONG_MAX);
	assert_fmt("ffffffffffffffff", "%lx", ULONG_MAX);
	assert_fmt("4096", "%zu", (size_t)4096);
	assert_fmt("0x80200000", "%p", (void *)0x80200000ul);
	assert_fmt("0x0", "%p", NULL);
}

static void test_fields(void **state)
{
	(void)state;
	assert_fmt("[   ab]", "[%5s]", "ab");
	assert_fmt("[ab   ]", "[%-5s]", "ab");
	assert_fmt("[abc]", "[%.3s]", "abcdef");
	assert_fmt("[]", "[%.s]", "abcdef");
	assert_fmt("[  abc]", "[%5.3s]", "abcdef");
	assert_fmt("[  abc]", "[%*.*s]", 5, 3, "abcdef");
	assert_fmt("[abc  ]", "[%*.3s]", -5, "abcdef");
	assert_fmt("[abcdef]", "[%.*s]", -1, "abcdef");
	assert_fmt("[-0012]", "[%05d]", -12);
	assert_fmt("[-12  ]", "[%-5d]", -12);
	assert_fmt("[0000beef]", "[%08x]", 0xbeef);
	assert_fmt("[    0x12]", "[%8p]", (void *)0x12);
	assert_fmt("[  c]", "[%3c]", 'c');
}

/* Arguments that were stored come as if they were passed. */
static void test_values(void **state)
{
	char buf[BUF];
	size_t n;

	(void)state;
	n = fmt_values(buf, sizeof(buf), "%s %c %d %ld %u %lu %x %p %*u",
		       (const uint64_t []){ (uint64_t)(uintptr_t)"text", 'c', (uint64_t)-1, (uint64_t)-2,
					    UINT64_MAX, UINT64_MAX, 0x1234567890abcdef, 0x80200000, 3, 7 });
	assert_int_equal(n, strlen(buf));
	assert_string_equal(buf, "text c -1 -2 4294967295 18446744073709551615 90abcdef 0x80200000   7");
}

/* A precision makes it safe to print bytes without an end. */
static void test_unterminated(void **state)
{
	char *three = malloc(3);

	(void)state;
	assert_non_null(three);
	memcpy(three, "xyz", 3);
	assert_fmt("xyz", "%.3s", three);
	free(three);
}

/* A null string is our bug, but must not become a second one. The compiler would warn of a literal. */
static void test_null_string(void **state)
{
	const char *volatile null = NULL;

	(void)state;
	assert_fmt("(null)", "%s", null);
}

/* For formats that the compiler would warn of. */
static size_t fmt_unchecked(char *buf, size_t size, const char *format, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, format);
	n = fmt_vstr(buf, size, format, ap);
	va_end(ap);
	return n;
}

static void test_bounds(void **state)
{
	char buf[8];

	(void)state;
	memset(buf, '#', sizeof(buf));
	assert_int_equal(fmt_str(buf, 0, "%s", "abc"), 0);
	assert_int_equal(buf[0], '#');
	assert_int_equal(fmt_str(buf, 1, "%s", "abc"), 0);
	assert_memory_equal(buf, "\0#######", 8);
	assert_int_equal(fmt_str(buf, 4, "%s", "abcdef"), 3);
	assert_memory_equal(buf, "abc\0####", 8);
	assert_int_equal(fmt_str(buf, 5, "%d", 123456), 4);
	assert_memory_equal(buf, "1234\0###", 8);
	assert_int_equal(fmt_unchecked(buf, 6, "%2000000000d", 1), 5);
	assert_memory_equal(buf, "     \0##", 8);
	assert_int_equal(fmt_unchecked(buf, 6, "%99999999999999999999d", 1), 5);
	assert_int_equal(fmt_unchecked(buf, 3, "%*d", INT_MIN, 7), 2);
	assert_memory_equal(buf, "7 \0", 3);
}

/* What is not in the subset is shown, not guessed; nor is anything read behind the format's end. */
static void test_unknown(void **state)
{
	static const char *const formats[] = { "%", "a%", "%5", "%-", "%.", "%ll", "%q", "x%5qy", "%lf" };
	char buf[16];

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		size_t size = strlen(formats[i]) + 1;
		char *copy = malloc(size);

		assert_non_null(copy);
		memcpy(copy, formats[i], size);
		assert_int_equal(fmt_unchecked(buf, sizeof(buf), copy), size - 1);
		assert_string_equal(buf, formats[i]);
		free(copy);
	}
}

/* ---- random formats ---- */

struct conversion {
	char format[32];
	char type;
	unsigned length;	/* index into lengths */
};

static const char *const lengths[] = { "", "l", "ll", "z" };

static struct conversion random_conversion(void)
{
	struct conversion c = { .type = "csdux"[rng_below(5)] };
	char width[8] = "", precision[8] = "";
	bool number = c.type == 'd' || c.type == 'u' || c.type == 'x';
	bool zero = number && rng_below(3) == 0, left = rng_below(3) == 0;

	if (rng_below(2))
		snprintf(width, sizeof(width), "%u", 1 + rng_below(30));
	if (c.type == 's' && rng_below(2))
		snprintf(precision, sizeof(precision), ".%u", rng_below(30));
	if (number)
		c.length = rng_below(4);
	snprintf(c.format, sizeof(c.format), "<%s%s%s%s%s%c>", left ? "-" : "", zero ? "0" : "", width,
		 precision, lengths[c.length], c.type);
	c.format[0] = '%';
	return c;
}

static uint64_t random_value(void)
{
	uint64_t v = rng() >> rng_below(64);

	return rng_below(4) ? v : 0 - v;
}

#define BOTH(arg) do { \
	length = snprintf(want, size, c.format, arg); \
	stored = fmt_str(got, size, c.format, arg); \
} while (0)

static void compare_one(void)
{
	static const char text[] = "The quick brown fox jumps over the dog";
	struct conversion c = random_conversion();
	size_t size = 1 + rng_below(BUF), stored;
	char *got = malloc(size), want[BUF + 1];
	uint64_t v = random_value();
	int length;

	assert_non_null(got);
	if (c.type == 's')
		BOTH(text + v % sizeof(text));
	else if (c.type == 'c')
		BOTH((int)(' ' + v % 90));
	else if (c.length == 0)
		BOTH((unsigned)v);
	else if (c.length == 1)
		BOTH((unsigned long)v);
	else if (c.length == 2)
		BOTH((unsigned long long)v);
	else
		BOTH((size_t)v);
	assert_string_equal(got, want);
	assert_int_equal(stored, (size_t)length < size ? (size_t)length : size - 1);
	free(got);
}

static void test_against_libc(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 300000; i++)
		compare_one();
}

/* Several conversions in one format: each takes its own argument. */
static void test_sequence(void **state)
{
	char want[BUF], got[BUF];

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t a = random_value(), b = random_value();

		snprintf(want, sizeof(want), "%s: %lx + %llu, %zu/%d %c%% %5.2s|%-4x|%ld", "name", (long)a,
			 (unsigned long long)b, (size_t)a, (int)b, 'y', "abc", (unsigned)a, (long)b);
		fmt_str(got, sizeof(got), "%s: %lx + %llu, %zu/%d %c%% %5.2s|%-4x|%ld", "name", (long)a,
			(unsigned long long)b, (size_t)a, (int)b, 'y', "abc", (unsigned)a, (long)b);
		assert_string_equal(got, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_basics),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_unterminated),
		cmocka_unit_test(test_null_string),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_against_libc),
		cmocka_unit_test(test_sequence),
	};

	rng_seed(0xf377);
	return cmocka_run_group_tests_name("fmt", tests, NULL, NULL);
}
