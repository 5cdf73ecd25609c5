/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyp/riscv/insn.c against the encoding diagrams of the specification, written down as strings: every
 * 16-bit pattern, and a sweep over the 32-bit ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/riscv/insn.h"
#include "tests/unit/rng.h"

/* 0 and 1 are fixed; r is the register of interest (three of them: x8..x15); n too, but not x0; a '.'
 * is anything else (immediate, base register). */
struct diagram {
	const char *name, *bits;
	uint8_t size;
	bool store, sign_extend;
};

static const struct diagram diagrams[] = {
	/* imm[11:0] rs1 funct3 rd opcode */
	{ "lb",      ".................000rrrrr0000011", 1, false, true },
	{ "lh",      ".................001rrrrr0000011", 2, false, true },
	{ "lw",      ".................010rrrrr0000011", 4, false, true },
	{ "ld",      ".................011rrrrr0000011", 8, false, true },
	{ "lbu",     ".................100rrrrr0000011", 1, false, false },
	{ "lhu",     ".................101rrrrr0000011", 2, false, false },
	{ "lwu",     ".................110rrrrr0000011", 4, false, false },
	/* imm[11:5] rs2 rs1 funct3 imm[4:0] opcode */
	{ "sb",      ".......rrrrr.....000.....0100011", 1, true, false },
	{ "sh",      ".......rrrrr.....001.....0100011", 2, true, false },
	{ "sw",      ".......rrrrr.....010.....0100011", 4, true, false },
	{ "sd",      ".......rrrrr.....011.....0100011", 8, true, false },
	/* quadrant 0 */
	{ "c.lw",    "010........rrr00", 4, false, true },
	{ "c.ld",    "011........rrr00", 8, false, true },
	{ "c.sw",    "110........rrr00", 4, true, false },
	{ "c.sd",    "111........rrr00", 8, true, false },
	{ "c.lbu",   "100000.....rrr00", 1, false, false },
	{ "c.lhu",   "100001...0.rrr00", 2, false, false },
	{ "c.lh",    "100001...1.rrr00", 2, false, true },
	{ "c.sb",    "100010.....rrr00", 1, true, false },
	{ "c.sh",    "100011...0.rrr00", 2, true, false },
	/* quadrant 2 */
	{ "c.lwsp",  "010.nnnnn.....10", 4, false, true },
	{ "c.ldsp",  "011.nnnnn.....10", 8, false, true },
	{ "c.swsp",  "110......rrrrr10", 4, true, false },
	{ "c.sdsp",  "111......rrrrr10", 8, true, false },
};

static bool matches(const struct diagram *d, uint32_t insn, uint32_t *reg)
{
	size_t len = strlen(d->bits);
	unsigned nr_reg_bits = 0;
	bool not_x0 = false;

	*reg = 0;
	for (size_t i = 0; i < len; i++) {
		uint32_t bit = insn >> (len - 1 - i) & 1;

		if (d->bits[i] == 'r' || d->bits[i] == 'n') {
			*reg = *reg * 2 + bit;
			nr_reg_bits++;
			not_x0 |= d->bits[i] == 'n';
		} else if (d->bits[i] != '.' && d->bits[i] != (char)('0' + bit)) {
			return false;
		}
	}
	if (nr_reg_bits == 3)
		*reg += 8;
	return !not_x0 || *reg;
}

static const struct diagram *look_up(uint32_t insn, uint32_t *reg)
{
	const struct diagram *found = NULL;
	size_t len = (insn & 3) == 3 ? 32 : 16;

	for (size_t i = 0; i < ARRAY_LEN(diagrams); i++) {
		uint32_t r;

		if (strlen(diagrams[i].bits) != len || !matches(&diagrams[i], insn, &r))
			continue;
		assert_null(found);
		found = &diagrams[i];
		*reg = r;
	}
	return found;
}

/* Returns whether the instruction is one of ours. */
static bool check(uint32_t insn)
{
	struct insn_access got;
	uint32_t reg;
	const struct diagram *d = look_up(insn, &reg);

	if (!d) {
		assert_int_equal(insn_decode(insn, &got), ERR_UNSUPPORTED);
		return false;
	}
	assert_int_equal(insn_decode(insn, &got), OK);
	assert_int_equal(got.size, d->size);
	assert_int_equal(got.store, d->store);
	assert_int_equal(got.sign_extend, d->sign_extend);
	assert_int_equal(got.reg, reg);
	assert_int_equal(got.length, (insn & 3) == 3 ? 4 : 2);
	assert_int_equal(got.base, (insn & 3) == 3 ? insn >> 15 & 31 : (insn & 3) == 2 ? 2 : 8 + (insn >> 7 & 7));
	assert_int_equal(got.low, (insn & 3) != 3 ? 0 : insn >> (d->store ? 7 : 20) & 7);
	return true;
}

static void test_compressed(void **state)
{
	unsigned ours = 0;

	(void)state;
	for (uint32_t insn = 0; insn < 0x10000; insn++) {
		if ((insn & 3) == 3)
			continue;
		/* The upper half is the next instruction's. */
		ours += check(insn | (uint32_t)rng() << 16);
	}
	/* 4 forms with 11 free bits, 2 with 8, 3 with 7, 2 with 11 less those with x0, 2 with 11. */
	assert_int_equal(ours, 4 * 2048 + 2 * 256 + 3 * 128 + 2 * (2048 - 64) + 2 * 2048);
}

static void test_full_length(void **state)
{
	unsigned ours = 0, all = 0;

	(void)state;
	for (uint32_t low = 3; low < 1u << 15; low += 4) {	/* opcode, rd, funct3 */
		for (unsigned i = 0; i < 40; i++, all++)
			ours += check((uint32_t)rng() << 15 | low);
	}
	assert_int_equal(all, 40 * (1 << 13));
	assert_int_equal(ours, 40 * (7 + 4) * 32);
}

static void test_source_of_store(void **state)
{
	(void)state;
	for (uint32_t upper = 0; upper < 1u << 12; upper++)	/* imm[11:5], rs2 */
		for (uint32_t funct3 = 0; funct3 < 8; funct3++)
			assert_int_equal(check(upper << 20 | ((uint32_t)rng() & 31) << 15 | funct3 << 12 | 0x23),
					 funct3 < 4);
}

static void test_known(void **state)
{
	struct insn_access a;

	(void)state;
	assert_int_equal(insn_decode(0x00c52783, &a), OK);	/* lw a5, 12(a0) */
	assert_true(!a.store && a.size == 4 && a.reg == 15 && a.sign_extend && a.length == 4);
	assert_int_equal(insn_decode(0xfe113c23, &a), OK);	/* sd ra, -8(sp) */
	assert_true(a.store && a.size == 8 && a.reg == 1 && a.length == 4);
	assert_int_equal(insn_decode(0x00054003, &a), OK);	/* lbu zero, 0(a0) */
	assert_true(!a.store && a.size == 1 && a.reg == 0 && !a.sign_extend);
	assert_int_equal(insn_decode(0x0000c398, &a), OK);	/* c.sw a4, 0(a5) */
	assert_true(a.store && a.size == 4 && a.reg == 14 && a.length == 2);
	assert_int_equal(insn_decode(0x0000439c, &a), OK);	/* c.lw a5, 0(a5) */
	assert_true(!a.store && a.size == 4 && a.reg == 15 && a.length == 2);
}

static void test_refused(void **state)
{
	static const uint32_t refused[] = {
		0x00000000,	/* defined illegal */
		0xffffffff,
		0x0007a787,	/* flw fa5, 0(a5) */
		0x00f7b027,	/* fsd fa5, 0(a5) */
		0x00003398,	/* c.fld fa4, 32(a5) */
		0x0000b398,	/* c.fsd fa4, 32(a5) */
		0x00002782,	/* c.fldsp fa5, 0(sp) */
		0x1007a7af,	/* lr.w a5, (a5) */
		0x18e7a7af,	/* sc.w a5, a4, (a5) */
		0x00e7a7af,	/* amoadd.w a5, a4, (a5) */
		0x02078007,	/* vle8.v v0, (a5) */
		0x6807c7f3,	/* hlv.w a5, (a5) */
		0x6af7c073,	/* hsv.w a5, (a5) */
		0x0007f783,	/* reserved: LOAD with funct3 111 */
		0x00f7c023,	/* reserved: STORE with funct3 100 */
		0x00004002,	/* reserved: c.lwsp zero */
		0x00006002,	/* reserved: c.ldsp zero */
		0x00008c40,	/* reserved: c.sh with bit 6 set */
		0x0000001f,	/* 48-bit and longer */
		0x0000003f,
	};
	struct insn_access a;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		assert_int_equal(insn_decode(refused[i], &a), ERR_UNSUPPORTED);
}

/* ---- htinst ---- */

static uint32_t transform(uint32_t insn, bool store)
{
	uint32_t kept = store ? 0x01f0707f : 0x00007fff;	/* rs2, funct3, opcode; funct3, rd, opcode */

	return (insn & kept) | ((uint32_t)rng() & 31) << 15;	/* Addr.Offset */
}

/* What decoding the transformed instruction gives is what decoding the original gives. */
static void test_htinst(void **state)
{
	unsigned nr_ours = 0;

	(void)state;
	for (unsigned i = 0; i < 1000000; i++) {
		uint32_t insn = ((uint32_t)rng() & 0xffffff00) | (rng_below(2) ? 0x23 : 0x03) | (i & 0x80);
		struct insn_access want, got;
		uint32_t t;

		if (insn_decode(insn, &want) != OK)
			continue;
		nr_ours++;
		t = transform(insn, want.store);
		want.base = t >> 15 & 31;	/* Addr.Offset */
		want.low = 0;			/* there is no immediate */
		assert_int_equal(insn_decode_htinst(t, &got), OK);
		assert_memory_equal(&got, &want, sizeof(got));
		want.length = 2;
		assert_int_equal(insn_decode_htinst(t & ~2u, &got), OK);
		assert_memory_equal(&got, &want, sizeof(got));
		assert_int_equal(insn_decode_htinst(t & ~1u, &got), ERR_NOTFOUND);
		assert_int_equal(insn_decode_htinst(t | 1ull << (32 + i % 32), &got), ERR_NOTFOUND);
	}
	assert_true(nr_ours > 600000);
}

static void test_htinst_none(void **state)
{
	static const uint64_t none[] = {
		0, 0x2000, 0x2020, 0x3000, 0x3020,	/* nothing; page-table walks */
		0xfe113c23,		/* sd that was not transformed: its immediate is still there */
		0x00c52783,		/* lw, likewise */
	};
	static const uint64_t other[] = {
		0x0007a787 & ~0xf8000ul,	/* flw */
		0x00f03027,			/* fsd */
		0x1000a7af, 0x00e0a7af,		/* lr.w, amoadd.w */
		0x6800c7f3,			/* hlv.w */
		0x00007783, 0x00004023,		/* reserved funct3 */
	};
	struct insn_access a;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_int_equal(insn_decode_htinst(none[i], &a), ERR_NOTFOUND);
	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		assert_int_equal(insn_decode_htinst(other[i], &a), ERR_UNSUPPORTED);
}

static void test_load_value(void **state)
{
	static const struct {
		uint8_t size;
		bool sign_extend;
		uint64_t raw, value;
	} cases[] = {
		{ 1, true,  0x80, 0xffffffffffffff80 },
		{ 1, true,  0x7f, 0x7f },
		{ 1, false, 0x80, 0x80 },
		{ 1, false, 0xffffffffffffff12, 0x12 },
		{ 1, true,  0xffffffffffffff12, 0x12 },
		{ 2, true,  0x8000, 0xffffffffffff8000 },
		{ 2, false, 0x12348000, 0x8000 },
		{ 4, true,  0x80000000, 0xffffffff80000000 },
		{ 4, false, 0x80000000, 0x80000000 },
		{ 4, true,  0x17fffffff, 0x7fffffff },
		{ 8, true,  0x8123456789abcdef, 0x8123456789abcdef },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct insn_access a = { .size = cases[i].size, .sign_extend = cases[i].sign_extend };

		assert_true(insn_load_value(&a, cases[i].raw) == cases[i].value);
	}
}

/* What faults as a store or AMO; the others, and what is no access, as loads. */
static const struct {
	const char *name, *bits;
	int zcd;	/* 1, 0: only with Zcd, without; -1: either */
} stores[] = {
	{ "store", ".........................0100011", -1 }, { "store-fp, vector", ".........................0100111",
							       -1 },
	{ "cbo", ".................010.....0001111", -1 },
	{ "amoswap", "00001....................0101111", -1 }, { "amoadd", "00000....................0101111", -1 },
	{ "amoxor", "00100....................0101111", -1 }, { "amoand", "01100....................0101111", -1 },
	{ "amoor", "01000....................0101111", -1 }, { "amomin", "10000....................0101111", -1 },
	{ "amomax", "10100....................0101111", -1 }, { "amominu", "11000....................0101111", -1 },
	{ "amomaxu", "11100....................0101111", -1 }, { "sc", "00011....................0101111", -1 },
	{ "amocas", "00101....................0101111", -1 }, { "ssamoswap", "01001....................0101111", -1 },
	{ "store-release", "00111....................0101111", -1 },
	{ "c.fsd", "101...........00", -1 }, { "c.sw", "110...........00", -1 }, { "c.sd", "111...........00", -1 },
	{ "c.sb", "100010........00", -1 }, { "c.sh", "100011........00", -1 },
	{ "c.swsp", "110...........10", -1 }, { "c.sdsp", "111...........10", -1 },
	{ "c.fsdsp", "101...........10", 1 }, { "cm.push", "10111000......10", 0 },
};

static bool is_store(uint32_t insn, bool zcd)
{
	size_t len = (insn & 3) == 3 ? 32 : 16;

	for (size_t i = 0; i < ARRAY_LEN(stores); i++) {
		struct diagram d = { .bits = stores[i].bits };
		uint32_t reg;

		if (strlen(d.bits) == len && (stores[i].zcd < 0 || stores[i].zcd == zcd) && matches(&d, insn, &reg))
			return true;
	}
	return false;
}

static void test_is_store(void **state)
{
	static const uint32_t loads[] = {
		0x1005252f /* lr.w */,	0x3405252f /* lw.aq */, 0xba42 /* cm.pop */,	0xbc42 /* cm.popretz */,
		0xbe42 /* cm.popret */, 0xa002 /* cm.jt */,	0xac62 /* cm.mva01s */, 0x8200 /* c.lbu */,
		0x2002 /* c.fldsp */,	0x02007007 /* vle64 */, 0x0ff0000f /* fence */, 0x0000100f /* fence.i */,
	};

	(void)state;
	for (unsigned zcd = 0; zcd < 2; zcd++) {
		for (uint32_t insn = 0; insn < 0x10000; insn++)
			if ((insn & 3) != 3 && insn_is_store(insn, zcd) != is_store(insn, zcd))
				fail_msg("0x%x, %u", insn, zcd);
		/* All of opcode, funct3 and funct5. */
		for (uint32_t i = 0; i < 1 << 15; i++) {
			uint32_t insn = (i & 0x1f) << 2 | 3 | (i >> 5 & 7) << 12 | (i >> 8 & 0x1f) << 27 |
				(i >> 13) << 24;

			if (insn >> 27 < 0x1d || (insn & 0x7f) != 0x2f)	/* reserved AMOs: either */
				assert_int_equal(insn_is_store(insn, zcd), is_store(insn, zcd) ||
						 ((insn & 0x7f) == 0x2f && insn >> 27 != 2 && insn >> 27 != 6));
		}
		for (size_t i = 0; i < ARRAY_LEN(loads); i++)
			assert_true(!insn_is_store(loads[i], zcd) || (zcd && loads[i] >> 13 == 5));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compressed),
		cmocka_unit_test(test_full_length),
		cmocka_unit_test(test_source_of_store),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_htinst),
		cmocka_unit_test(test_htinst_none),
		cmocka_unit_test(test_load_value),
		cmocka_unit_test(test_is_store),
	};

	rng_seed(0x1357);
	return cmocka_run_group_tests_name("insn", tests, NULL, NULL);
}
