/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/base/blake2s.c against the example of RFC 7693, appendix B, and against Python's hashlib.blake2s(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <cmocka.h>

#include "hyp/base/blake2s.h"

#define LONGEST	1000

static void check(const uint8_t *hash, const char *want)
{
	char text[2 * BLAKE2S_SIZE + 1];

	for (unsigned i = 0; i < BLAKE2S_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", hash[i]);
	assert_string_equal(text, want);
}

static void test_rfc(void **state)
{
	struct blake2s b;
	uint8_t hash[BLAKE2S_SIZE];

	(void)state;
	blake2s_start(&b);
	blake2s_add(&b, "abc", 3);
	blake2s_end(&b, hash);
	check(hash, "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
}

/* Octet i is 7 * i + size; sizes around the edges of blocks, added as a whole and piece by piece. */
static void test_sizes(void **state)
{
	static const struct { unsigned size; const char *hash; } cases[] = {
		{ 0, "69217a3079908094e11121d042354a7c1f55b6482ca1a51e1b250dfd1ed0eef9" },
		{ 1, "fc87f4f1d721942d282aa61989c069b290d1447d20d4b811430f47ea0edf9991" },
		{ 3, "ca943acca89a34cf4040cf8ea24147dd94ea62a49de8ef9a88af5272339927b3" },
		{ 63, "5c9eb3e5acf93799a68777f27cdde8e90cb16d511b7983a875ac5dbfa8aca778" },
		{ 64, "85de17b4e2581889b98b948346a970b5291b5d2a2a8ee75b1aa2bbb02b98b211" },
		{ 65, "1c1a9619a26d7cd550199567e5c316eb3db33d96c29790a6c68ba7f1ee8a8803" },
		{ 127, "440d16085a6e3685c5cbc450b56cb4cb71a3f707e5eae0d4ca18715a41583fc7" },
		{ 128, "46bf7abf397f8c8f86566279cba2505c9d255be7409760dc327ae520faaf356a" },
		{ 129, "030e44da1226be0765e3ff31a849aca32cb20222ac3dc32ff10670dc95b22534" },
		{ 255, "dfece97126c25e39435f2c57642a24ae5091856db626588682095b70dab76917" },
		{ 256, "d20b5a775a7ab1383e5243d0b1b19da1d4371923c9834829f53f2795ed960bb1" },
		{ 1000, "802d01c1238627f67baee29885006cfaab1f07890532935a1ae9354d318df150" },
	};
	static const unsigned pieces[] = { LONGEST, 1, 63, 64, 65 };
	uint8_t data[LONGEST], hash[BLAKE2S_SIZE];

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (unsigned k = 0; k < cases[i].size; k++)
			data[k] = (uint8_t)(7 * k + cases[i].size);
		for (unsigned p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
			struct blake2s b;

			blake2s_start(&b);
			for (unsigned at = 0, n; at < cases[i].size; at += n) {
				n = cases[i].size - at < pieces[p] ? cases[i].size - at : pieces[p];
				blake2s_add(&b, data + at, n);
			}
			blake2s_end(&b, hash);
			check(hash, cases[i].hash);
		}
	}
}

static void test_nothing_is_left(void **state)
{
	static const struct blake2s nothing;
	struct blake2s b;
	uint8_t hash[BLAKE2S_SIZE];

	(void)state;
	blake2s_start(&b);
	blake2s_add(&b, "secret", 6);
	blake2s_end(&b, hash);
	assert_memory_equal(&b, &nothing, sizeof(b));
}

#define STACK_SIZE	65536

static uint8_t *secret;
static ucontext_t here, there;

static void hash_secret(void)
{
	struct blake2s b;
	uint8_t hash[BLAKE2S_SIZE];

	blake2s_start(&b);
	blake2s_add(&b, secret, 2 * BLAKE2S_BLOCK - 3);
	blake2s_end(&b, hash);
}

/* Reads what no object owns. */
__attribute__((no_sanitize_address)) static size_t count(const uint8_t *stack, const uint8_t *word)
{
	size_t found = 0;

	for (size_t i = 0; i + 8 <= STACK_SIZE; i++) {
		size_t same = 0;

		while (same < 8 && stack[i + same] == word[same])
			same++;
		found += same == 8;
	}
	return found;
}

/* On a stack of its own: no frame that has returned holds a piece of what was hashed, or of the work on it. */
static void test_nothing_is_left_on_the_stack(void **state)
{
	uint8_t *stack = malloc(STACK_SIZE);
	uint32_t v0 = 0x6a09e667 ^ 0x01010000 ^ BLAKE2S_SIZE;	/* the state that the work begins with, in its place */
	uint32_t begin[2] = { v0, 0xbb67ae85 };

	(void)state;
	secret = malloc(2 * BLAKE2S_BLOCK);
	assert_true(stack && secret);
	for (unsigned i = 0; i < 2 * BLAKE2S_BLOCK; i++)
		secret[i] = (uint8_t)(i * 151 + 7);
	memset(stack, 0, STACK_SIZE);
	getcontext(&there);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = STACK_SIZE;
	there.uc_link = &here;
	makecontext(&there, hash_secret, 0);
	swapcontext(&here, &there);
	for (unsigned i = 0; i + 8 <= 2 * BLAKE2S_BLOCK - 3; i++)
		assert_int_equal(count(stack, secret + i), 0);
	assert_int_equal(count(stack, (const uint8_t *)begin), 0);
	free(stack);
	free(secret);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_nothing_is_left),
		cmocka_unit_test(test_nothing_is_left_on_the_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
