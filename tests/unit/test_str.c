/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyp/base/str.c and bits.c under other names, against those of the C library and the compiler. The sanitizers see
 * to it that it stays within its buffers and makes no misaligned access.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/rng.h"

#define __ctzdi2 hyp_ctzdi2
#define __clzdi2 hyp_clzdi2
#include "hyp/base/bits.c"
#undef __ctzdi2
#undef __clzdi2

#define memcpy hyp_memcpy
#define memmove hyp_memmove
#define memset hyp_memset
#define memcmp hyp_memcmp
#define memchr hyp_memchr
#define strlen hyp_strlen
#define strnlen hyp_strnlen
#define strcmp hyp_strcmp
#define strncmp hyp_strncmp
#define strchr hyp_strchr
#define strrchr hyp_strrchr
#include "hyp/base/libc/string.h"
#include "hyp/base/str.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr

#define MAX_LEN	210
#define ROOM	(MAX_LEN + 64)

static unsigned char source[ROOM], got[ROOM], want[ROOM];

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

static void fill_random(unsigned char *buf, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf[i] = (unsigned char)rng();
}

static void test_memcpy(void **state)
{
	(void)state;
	fill_random(source, ROOM);
	for (size_t n = 0; n <= MAX_LEN; n++) {
		for (unsigned phases = 0; phases < 64; phases++) {
			size_t to = 16 + phases / 8, from = 16 + phases % 8;

			fill_random(got, ROOM);
			memcpy(want, got, ROOM);
			memcpy(want + to, source + from, n);
			assert_ptr_equal(hyp_memcpy(got + to, source + from, n), got + to);
			assert_memory_equal(got, want, ROOM);
		}
	}
}

static void test_memmove(void **state)
{
	(void)state;
	for (size_t n = 0; n <= MAX_LEN; n += 1 + n / 40) {
		for (size_t to = 0; to < 64; to++) {
			size_t from = rng_below(64);

			fill_random(got, ROOM);
			memcpy(want, got, ROOM);
			memmove(want + to, want + from, n);
			assert_ptr_equal(hyp_memmove(got + to, got + from, n), got + to);
			assert_memory_equal(got, want, ROOM);
		}
	}
}

/* Every small distance in both directions, where an overlap could read what was just written. */
static void test_memmove_overlap(void **state)
{
	(void)state;
	for (size_t to = 0; to < 33; to++) {
		for (size_t from = 0; from < 33; from++) {
			fill_random(got, ROOM);
			memcpy(want, got, ROOM);
			memmove(want + to, want + from, MAX_LEN);
			hyp_memmove(got + to, got + from, MAX_LEN);
			assert_memory_equal(got, want, ROOM);
		}
	}
}

static void test_memset(void **state)
{
	(void)state;
	for (size_t n = 0; n <= MAX_LEN; n++) {
		for (size_t to = 8; to < 16; to++) {
			int c = (int)rng_below(1024) - 512;

			fill_random(got, ROOM);
			memcpy(want, got, ROOM);
			memset(want + to, c, n);
			assert_ptr_equal(hyp_memset(got + to, c, n), got + to);
			assert_memory_equal(got, want, ROOM);
		}
	}
}

static void test_memcmp(void **state)
{
	(void)state;
	for (size_t n = 0; n <= 80; n++) {
		for (unsigned phases = 0; phases < 64; phases++) {
			unsigned char *a = got + phases / 8, *b = want + phases % 8;

			fill_random(a, n);
			memcpy(b, a, n);
			assert_int_equal(hyp_memcmp(a, b, n), 0);
			for (unsigned tries = 0; n && tries < 4; tries++) {
				b[rng_below((uint32_t)n)] ^= (unsigned char)(1 + rng_below(255));
				assert_int_equal(sign(hyp_memcmp(a, b, n)), sign(memcmp(a, b, n)));
			}
		}
	}
}

/* A string of a few different characters, so that matches and prefixes are common. */
static char *random_string(size_t max)
{
	size_t n = rng_below((uint32_t)max + 1);
	char *s = malloc(n + 1);

	assert_non_null(s);
	for (size_t i = 0; i < n; i++)
		s[i] = "ab\xff"[rng_below(3)];
	s[n] = 0;
	return s;
}

static void test_strings(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		char *a = random_string(12), *b = random_string(4);
		size_t n = rng_below(14), len = strlen(a);
		int c = "ab\xff" "c"[rng_below(5)];

		assert_int_equal(hyp_strlen(a), len);
		assert_int_equal(hyp_strnlen(a, n), strnlen(a, n));
		assert_int_equal(sign(hyp_strcmp(a, b)), sign(strcmp(a, b)));
		assert_int_equal(sign(hyp_strncmp(a, b, n)), sign(strncmp(a, b, n)));
		assert_ptr_equal(hyp_strchr(a, c), strchr(a, c));
		assert_ptr_equal(hyp_strrchr(a, c), strrchr(a, c));
		assert_ptr_equal(hyp_memchr(a, c, len), memchr(a, c, len));
		free(a);
		free(b);
	}
}

/* Buffers that end where the heap block ends: one byte too many is a report of the sanitizer. */
static void test_exact_bounds(void **state)
{
	(void)state;
	for (size_t n = 1; n <= MAX_LEN; n++) {
		unsigned char *a = malloc(n), *b = malloc(n);

		assert_non_null(a);
		assert_non_null(b);
		hyp_memset(a, 0x5a, n);
		hyp_memcpy(b, a, n);
		assert_int_equal(hyp_memcmp(a, b, n), 0);
		assert_null(hyp_memchr(a, 0, n));
		assert_int_equal(hyp_strnlen((char *)a, n), n);
		assert_int_equal(hyp_strncmp((char *)a, (char *)b, n), 0);
		hyp_memmove(a + 1, a, n - 1);
		hyp_memmove(b, b + 1, n - 1);
		assert_int_equal(hyp_memcmp(a, b, n), 0);
		free(a);
		free(b);
	}
}

/* Each place of a bit, alone and with random ones on the side that does not count. */
static void test_bits(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t v = 1ul << bit;

		for (unsigned i = 0; i < 100; i++) {
			uint64_t others = i ? rng() : 0;

			assert_int_equal(hyp_ctzdi2(v | (others & ~(v - 1))), bit);
			assert_int_equal(hyp_clzdi2(v | (others & (v - 1))), 63 - bit);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memcpy),
		cmocka_unit_test(test_memmove),
		cmocka_unit_test(test_memmove_overlap),
		cmocka_unit_test(test_memset),
		cmocka_unit_test(test_memcmp),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_exact_bounds),
		cmocka_unit_test(test_bits),
	};

	rng_seed(0x5712);
	return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
