/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyp/plan/image_kind.c on files that end anywhere (AddressSanitizer watches): a magic number that is cut off is none.
 * tests/tool/test_images.py has whole files of each kind, and the words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/plan/image_kind.h"
#include "tests/unit/lib/trees.h"
#include "tests/unit/rng.h"

static enum image_kind kind_of(const void *data, size_t size)
{
	struct tree t = tree_copy(data, size);
	enum image_kind kind = image_kind(t.data, t.size);

	tree_free(&t);
	return kind;
}

static void test_cut_off(void **state)
{
	static const struct {
		enum image_kind kind;
		size_t at, length;
		const char *bytes;
	} cases[] = {
		{ IMAGE_LINUX, 0x38, 4, "RSC\x05" }, { IMAGE_ARM64, 0x38, 4, "ARM\x64" },
		{ IMAGE_GZIP, 0, 3, "\x1f\x8b\x08" },
		{ IMAGE_XZ, 0, 6, "\xfd" "7zXZ\0" }, { IMAGE_ZSTD, 0, 4, "\x28\xb5\x2f\xfd" },
		{ IMAGE_ZBOOT, 4, 4, "zimg" },
		{ IMAGE_UIMAGE, 0, 4, "\x27\x05\x19\x56" }, { IMAGE_DTB, 0, 4, "\xd0\x0d\xfe\xed" },
		{ IMAGE_BZIP2, 4, 6, "1AY&SY" },
	};
	uint8_t data[128];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		memset(data, 0, sizeof(data));
		memcpy(data + cases[i].at, cases[i].bytes, cases[i].length);
		for (size_t n = 0; n <= sizeof(data); n++)
			assert_int_equal(kind_of(data, n), !n ? IMAGE_EMPTY : n < cases[i].at + cases[i].length ?
					 IMAGE_FLAT : cases[i].kind);
	}
}

static void test_elf(void **state)
{
	uint8_t data[20] = "\x7f" "ELF\2\1\1";

	(void)state;
	data[18] = 243;
	assert_int_equal(kind_of(data, 20), IMAGE_ELF);
	assert_int_equal(kind_of(data, 19), IMAGE_ELF_FOREIGN);
	data[4] = 1;	/* of 32 bits */
	assert_int_equal(kind_of(data, 20), IMAGE_ELF_FOREIGN);
	data[4] = 2, data[19] = 1;
	assert_int_equal(kind_of(data, 20), IMAGE_ELF_FOREIGN);
}

/* An EFI program says where its second header is: anywhere. */
static void test_pe(void **state)
{
	static const uint32_t places[] = { 0, 0x3c, 0x40, 124, 125, 0x80, 0x7fffffff, 0xffffffff };
	uint8_t data[128];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
		memset(data, 0, sizeof(data));
		memcpy(data, "MZ", 2);
		for (unsigned b = 0; b < 4; b++)
			data[0x3c + b] = places[i] >> 8 * b;
		if (places[i] == 0x40 || places[i] == 124)
			memcpy(data + places[i], "PE\0\0", 4);
		assert_int_equal(kind_of(data, sizeof(data)),
				 places[i] == 0x40 || places[i] == 124 ? IMAGE_PE : IMAGE_FLAT);
		assert_int_equal(kind_of(data, 0x3f), IMAGE_FLAT);
	}
}

static void test_text(void **state)
{
	(void)state;
	assert_int_equal(kind_of("#!/bin/sh\n", 10), IMAGE_TEXT);
	assert_int_equal(kind_of("#!\0", 3), IMAGE_FLAT);
	assert_int_equal(kind_of("0123456789abcdef0123456789abcdef", 32), IMAGE_TEXT);
	assert_int_equal(kind_of("0123456789abcdef0123456789abcde", 31), IMAGE_FLAT);
	assert_int_equal(kind_of("0123456789abcdef0123456789abcde\x7f", 32), IMAGE_FLAT);
}

/* Damaged trees, of which some are FIT images. */
static void test_damaged(void **state)
{
	struct tree good = tree_text("/dts-v1/; / { a { images { }; }; images { kernel { data = \"x\"; }; }; };");
	unsigned kinds[NR_IMAGE_KINDS] = { 0 };

	(void)state;
	assert_int_equal(image_kind(good.data, good.size), IMAGE_FIT);
	rng_seed(7);
	for (unsigned i = 0; i < 20000; i++) {
		struct tree t = tree_copy(good.data, rng_below(4) ? good.size : rng_below(good.size));

		for (unsigned k = rng_below(3); k && t.size; k--)
			t.data[rng_below(t.size)] = (uint8_t)rng();
		kinds[image_kind(t.data, t.size)]++;
		tree_free(&t);
	}
	assert_true(kinds[IMAGE_FIT] > 5000 && kinds[IMAGE_DTB] > 2000);
	tree_free(&good);
	good = tree_text("/dts-v1/; / { a { images { }; }; };");
	assert_int_equal(image_kind(good.data, good.size), IMAGE_DTB);
	tree_free(&good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_elf),
		cmocka_unit_test(test_pe),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests_name("image_kind", tests, NULL, NULL);
}
