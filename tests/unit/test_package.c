/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyp/plan/package.c: a good package, each field of a header wrong, and damaged ones. The test's
 * own packages are summed by another CRC than the code's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/trees.h"
#include "tests/unit/rng.h"

static const struct test_image images[] = { { "kernel", 5000, 0 }, { "empty", 0, 0 }, { "last", 1, 0 } };

/* By the definition, bit by bit. */
static uint32_t crc_of(const uint8_t *p, unsigned n)
{
	uint32_t crc = 0xffffffff;
	unsigned bit;

	for (; n; n--, p++)
		for (crc ^= *p, bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	return ~crc;
}

static void test_crc(void **state)
{
	uint8_t data[128] __attribute__((aligned(8)));

	(void)state;
	crc32_init();
	/* The check value of CRC-32/ISO-HDLC. */
	assert_int_equal(crc32_ieee(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(crc32_ieee(crc32_ieee(0, "1234", 4), "56789", 5), 0xcbf43926);
	assert_int_equal(crc32_ieee(0, "", 0), 0);
	assert_int_equal(crc32_ieee_clmul(0, "123456789", 9), 0xcbf43926);
	for (unsigned byte = 0; byte < 256; byte++) {	/* each entry of a table */
		uint8_t b = byte;

		assert_int_equal(crc32_ieee(0, &b, 1), crc_of(&b, 1));
		memset(data, 0, sizeof(data));
		for (unsigned n = 0; n < 8; n++) {	/* at each place of a word */
			data[16 + n] = b;
			assert_int_equal(crc32_ieee(0, data, sizeof(data)), crc_of(data, sizeof(data)));
		}
	}
	for (unsigned n = 0; n < sizeof(data); n++)
		data[n] = 89 * n + n * n;
	for (unsigned from = 0; from < 16; from++) {	/* any begin, any end, and in two pieces */
		for (unsigned n = 0; n <= sizeof(data) - from; n++) {
			assert_int_equal(crc32_ieee(0, data + from, n), crc_of(data + from, n));
			assert_int_equal(crc32_ieee(crc32_ieee(0, data, from), data + from, n), crc_of(data, from + n));
		}
	}
}

/* By products without carries: blocks of 64 octets, with any begin and end around them. */
static void test_crc_clmul(void **state)
{
	uint8_t data[400] __attribute__((aligned(8))), copy[424] __attribute__((aligned(8)));

	(void)state;
	for (unsigned n = 0; n < sizeof(data); n++)
		data[n] = 91 * n + n * n / 3;
	for (unsigned from = 0; from < 9; from++) {
		for (unsigned n = 0; n <= sizeof(data) - from; n++) {
			uint32_t first = crc32_ieee_clmul(0, data, from), to = n % 3 ? from : n % 8;

			assert_int_equal(crc32_ieee_clmul(0, data + from, n), crc_of(data + from, n));
			assert_int_equal(crc32_ieee_clmul(first, data + from, n), crc_of(data, from + n));
			memset(copy, 0x5a, sizeof(copy));
			assert_int_equal(crc32_ieee_clmul_copy(first, copy + 8 + to, data + from, n),
					 crc_of(data, from + n));
			assert_memory_equal(copy + 8 + to, data + from, n);
			assert_int_equal(copy[7 + to], 0x5a);
			assert_int_equal(copy[8 + to + n], 0x5a);
		}
	}
	for (unsigned bit = 0; bit < 8 * 256; bit++) {	/* each bit of a block is summed where it is */
		memset(data, 0, 256);
		data[bit / 8] = 1u << bit % 8;
		assert_int_equal(crc32_ieee_clmul(0, data, 256), crc_of(data, 256));
	}
}

static void test_good(void **state)
{
	struct tree t = test_package(images, 3);
	const struct package_entry *e;
	struct package p;

	(void)state;
	assert_int_equal(package_open(&p, t.data, t.size, hpa(0x1000)), OK);
	assert_int_equal(p.address.v, 0x1000);
	e = package_find(&p, "kernel");
	assert_non_null(e);
	assert_int_equal(e->size, 5000);
	assert_ptr_equal(package_data(&p, e), t.data + e->offset);
	assert_non_null(package_find(&p, PACKAGE_CONFIG));
	assert_int_equal(package_find(&p, "empty")->size, 0);
	assert_null(package_find(&p, "kerne"));
	assert_null(package_find(&p, ""));
	assert_int_equal(package_open(&p, t.data, t.size - 1, hpa(0)), ERR_INVALID);
	assert_null(p.header);
	assert_null(package_find(&p, "kernel"));
	tree_free(&t);
}

/* Sums the header again, so that only the changed field is wrong. */
static void seal(struct tree *t)
{
	struct package_header *h = (struct package_header *)t->data;

	h->header_crc32 = 0;
	h->header_crc32 = crc32_ieee(0, h, sizeof(*h) + h->nr_entries * sizeof(h->entries[0]));
}

#define REFUSED(change)									\
	do {										\
		struct tree t_ = test_package(images, 3);				\
		struct package_header *h = (struct package_header *)t_.data;		\
		struct package p_;							\
		change;									\
		if (h->nr_entries <= 4)							\
			seal(&t_);							\
		assert_int_equal(package_open(&p_, t_.data, t_.size, hpa(0)), ERR_INVALID);	\
		tree_free(&t_);								\
	} while (0)

static void test_refused(void **state)
{
	(void)state;
	REFUSED(h->magic++);
	REFUSED(h->version = 2);
	REFUSED(h->nr_entries = 0);
	REFUSED(h->nr_entries = PACKAGE_MAX + 1);
	REFUSED(h->nr_entries = UINT32_MAX);
	REFUSED(h->total_size += PAGE_SIZE);
	REFUSED(h->total_size = 0);
	REFUSED(h->total_size--);
	REFUSED(h->reserved = 1);
	REFUSED(h->entries[0].name[0] = 'C');
	REFUSED(h->entries[1].name[0] = 0);
	REFUSED(memset(h->entries[1].name, 'x', IMAGE_NAME_LEN));
	REFUSED(h->entries[1].offset++);
	REFUSED(h->entries[1].offset = 0);
	REFUSED(h->entries[1].offset = UINT64_MAX - PAGE_SIZE + 1);
	REFUSED(h->entries[1].size = UINT64_MAX);
	REFUSED(h->entries[1].size = h->total_size);
	REFUSED(h->entries[2].offset = h->entries[1].offset);
	REFUSED(h->entries[3].reserved = 1);
}

#define FAULT(change, words)								\
	do {										\
		struct tree t_ = test_package(images, 3);				\
		struct package_header *h = (struct package_header *)t_.data;		\
		change;									\
		if (!strstr(package_fault(t_.data, t_.size), words))			\
			fail_msg("%s", package_fault(t_.data, t_.size));		\
		tree_free(&t_);								\
	} while (0)

/* Each cause has its own words. */
static void test_fault(void **state)
{
	(void)state;
	FAULT(h->magic++, "not there");
	FAULT(h->version = 2, "another version");
	FAULT(h->total_size += PAGE_SIZE, "cut off");
	FAULT(h->entries[1].size++, "wrong checksum");
	FAULT(h->nr_entries = 0, "wrong checksum");
	FAULT(h->nr_entries = UINT32_MAX, "wrong checksum");
	FAULT((h->total_size = sizeof(*h), seal(&t_)), "wrong checksum");
	FAULT((h->entries[1].offset = 0, seal(&t_)), "makes no sense");
}

static void test_damaged(void **state)
{
	struct tree good = test_package(images, 3);
	struct package p;
	unsigned header = sizeof(struct package_header) + 4 * sizeof(struct package_entry);

	(void)state;
	for (unsigned i = 0; i < 8 * header; i++) {	/* a CRC finds every single bit */
		struct tree t = tree_copy(good.data, good.size);

		t.data[i / 8] ^= 1 << i % 8;
		/* as much as a refusal at boot prints */
		assert_true(strlen(package_fault(t.data, t.size)) < 110);
		assert_int_equal(package_open(&p, t.data, t.size, hpa(0)), ERR_INVALID);
		tree_free(&t);
	}
	for (unsigned i = 0; i < good.size; i += 61) {	/* cut off: nothing behind is looked at */
		struct tree t = tree_copy(good.data, i);

		assert_int_equal(package_open(&p, t.data, t.size, hpa(0)), ERR_INVALID);
		tree_free(&t);
	}
	rng_seed(3);
	for (unsigned i = 0; i < 20000; i++) {	/* sums right, contents wild: entries stay inside */
		struct tree t = tree_copy(good.data, good.size);
		struct package_header *h = (struct package_header *)t.data;
		unsigned at = rng_below(header);

		t.data[at] = (uint8_t)rng();
		if (h->nr_entries <= 4)
			seal(&t);
		if (package_open(&p, t.data, t.size, hpa(0)) == OK) {
			for (unsigned n = 0; n < p.header->nr_entries; n++) {
				const struct package_entry *e = &p.header->entries[n];
				volatile uint8_t sum = 0;
				const uint8_t *data = package_data(&p, e);

				if (e->size)
					sum = data[0] + data[e->size - 1];
				(void)sum;
				assert_true(strlen(e->name) < IMAGE_NAME_LEN);
			}
		}
		tree_free(&t);
	}
	tree_free(&good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc),
		cmocka_unit_test(test_crc_clmul),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests_name("package", tests, NULL, NULL);
}
