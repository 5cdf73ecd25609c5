/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that return at once: probes, unknown functions, hart masks, ranges, buffers, reserved types, and 32-bit
 * parameters with upper bits. Expected errors are the specification's.
 */
#include "guests/sbi/sbi.h"

#define OK			SBI_OK
#define EID_BULKHEAD		0x0a424b48

struct extension {
	uint32_t eid;
	uint32_t functions;	/* 0 to functions - 1 exist */
};

static const struct extension provided[] = {
	{ EID_BASE, 7 }, { EID_TIME, 1 }, { EID_IPI, 1 }, { EID_RFNC, 3 }, { EID_HSM, 4 }, { EID_SRST, 1 },
	{ EID_DBCN, 3 }, { EID_BULKHEAD, 2 },
};

static const uint32_t hidden[] = {
	0x504D55, 0x53555350, 0x43505043, 0x4E41434C, 0x535441, 0x535345, 0x46574654, 0x44425452, 0x4D505859,
	3, 4, 5, 6, 7, 9, 0xf, 0x11, 0x08000000, 0x08ffffff, 0x09000000, 0x09ffffff, 0x0a000000, 0x0a000001,
	0x0affffff, 0x7fffffff, 0x80000000, 0xffffffff,
};

static uint64_t all_harts(void)
{
	return (1UL << ncpus) - 1;
}

static void t_probe(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(provided); i++) {
		struct sbiret r = CALL(EID_BASE, BASE_PROBE, provided[i].eid);

		EXPECT(r.error == OK && r.value != 0, "0x%x: %ld %ld", provided[i].eid, r.error, r.value);
		for (unsigned int bit = 0; bit < 64; bit++) {
			uint64_t other = provided[i].eid ^ 1UL << bit;

			r = CALL(EID_BASE, BASE_PROBE, other);
			EXPECT(r.error == OK && (r.value == 0 || other == EID_LEGACY_SET_TIMER),
			       "0x%lx: %ld %ld", other, r.error, r.value);
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(hidden); i++) {
		struct sbiret r = CALL(EID_BASE, BASE_PROBE, hidden[i]);

		EXPECT(r.error == OK && r.value == 0, "0x%x: %ld %ld", hidden[i], r.error, r.value);
	}
}

static void t_unknown(void)
{
	static const uint64_t far[] = { 63, 64, 255, 0x7fffffff, 0x80000000, 0xffffffff, 1UL << 32, ~0UL };

	for (unsigned int i = 0; i < ARRAY_SIZE(provided); i++) {
		uint32_t eid = provided[i].eid;

		for (unsigned int fid = provided[i].functions; fid < 32; fid++)
			EXPECT(CALL(eid, fid, 0).error == SBI_NOT_SUPPORTED, "0x%x fid %u", eid, fid);
		for (unsigned int fid = 0; fid < ARRAY_SIZE(far); fid++)
			EXPECT(CALL(eid, far[fid], 0).error == SBI_NOT_SUPPORTED, "0x%x fid 0x%lx", eid,
			       far[fid]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(hidden); i++) {
		for (unsigned int fid = 0; fid < 12; fid++)
			EXPECT(CALL(hidden[i], fid, 1, 0, 0).error == SBI_NOT_SUPPORTED, "0x%x fid %u",
			       hidden[i], fid);
	}
}

/* Hart masks; the error is the same for IPI and for each kind of fence. */
static void expect_mask(uint64_t mask, uint64_t base, long want)
{
	long err = CALL(EID_IPI, 0, mask, base).error;

	EXPECT(err == want, "ipi mask 0x%lx base 0x%lx: %ld", mask, base, err);
	csr_clear(sip, 2);
	for (unsigned int fid = 0; fid < 3; fid++) {
		err = CALL(EID_RFNC, fid, mask, base, 0x1000, 0x1000, 1).error;
		EXPECT(err == want, "fence %u mask 0x%lx base 0x%lx: %ld", fid, mask, base, err);
	}
}

static void t_masks(void)
{
	expect_mask(0, ~0UL, OK);
	expect_mask(~0UL, ~0UL, OK);
	expect_mask(all_harts(), 0, OK);
	expect_mask(0, 0, OK);
	expect_mask(0, ncpus, OK);
	for (unsigned int base = 0; base < ncpus + 2; base++) {
		for (unsigned int bit = 0; bit < 64; bit++)
			expect_mask(1UL << bit, base, base + bit < ncpus ? OK : SBI_INVALID_PARAM);
		expect_mask(~0UL, base, SBI_INVALID_PARAM);
	}
	/* The sum of base and bit must not come round to a hart that exists. */
	for (unsigned int bit = 1; bit < 64; bit++) {
		expect_mask(1UL << bit, 0UL - bit - (bit == 1), SBI_INVALID_PARAM);
		expect_mask(1, 1UL << bit, bit == 1 && ncpus > 2 ? OK : SBI_INVALID_PARAM);
	}
	expect_mask(1UL << 32, 0, SBI_INVALID_PARAM);
	expect_mask(1, 1UL << 32, SBI_INVALID_PARAM);
}

static void t_ranges(void)
{
	static const uint64_t sizes[] = { 0, 1, 4095, 4096, 4097, 64 * 4096, 65 * 4096, 1UL << 38, 1UL << 62,
					  1UL << 63, ~0UL - 4095, ~0UL };
	static const uint64_t starts[] = { 0, 1, 4096, 1UL << 38, 1UL << 63, ~0UL - 4095, ~0UL };

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (unsigned int k = 0; k < ARRAY_SIZE(starts); k++) {
			for (unsigned int fid = 1; fid < 3; fid++) {
				long err = CALL(EID_RFNC, fid, 0, ~0UL, starts[k], sizes[i], ~0UL).error;

				EXPECT(err == OK || err == SBI_INVALID_ADDRESS,
				       "fence %u of 0x%lx + 0x%lx: %ld", fid, starts[k], sizes[i], err);
			}
		}
	}
	EXPECT(time_now() - boot_time < ms_to_ticks(LONG_MS), "it takes long");
}

static void t_reset(void)
{
	static const uint32_t types[] = { 3, 4, 0xff, 0x7fffffff, 0xefffffff, 0xf0000000, 0xffffffff };
	static const uint32_t reasons[] = { 2, 3, 0xdfffffff, 0xe0000000, 0xffffffff };

	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		for (unsigned int k = 0; k < 2; k++) {
			long err = CALL(EID_SRST, 0, types[i] | (k ? UPPER : 0), 0).error;

			EXPECT(err == SBI_INVALID_PARAM || (types[i] >> 28 == 15 && err == SBI_NOT_SUPPORTED),
			       "type 0x%x: %ld", types[i], err);
		}
	}
	for (unsigned int i = 0; i < 3 * ARRAY_SIZE(reasons); i++) {
		long err = CALL(EID_SRST, 0, i % 3, reasons[i / 3] | (i & 1 ? UPPER : 0)).error;

		EXPECT(err == SBI_INVALID_PARAM || err == SBI_NOT_SUPPORTED, "type %u reason 0x%x: %ld", i % 3,
		       reasons[i / 3], err);
	}
}

/* Console buffers around both ends of RAM, for reads and writes. */
static void t_buffers(void)
{
	const struct range *ram = &machine.ram[0];
	uint64_t end = ram->base + ram->size;
	static const uint64_t highs[] = { 1, 0x80000000, 1UL << 32, 1UL << 63, ~0UL };

	for (uint64_t fid = DBCN_WRITE; fid <= DBCN_READ; fid++) {
		for (uint64_t n = 1; n < 20; n++) {
			EXPECT(CALL(EID_DBCN, fid, n, end - n + 1).error == SBI_INVALID_PARAM, "over the end");
			EXPECT(CALL(EID_DBCN, fid, n, ram->base - 1).error == SBI_INVALID_PARAM,
			       "from below");
			EXPECT(CALL(EID_DBCN, fid, n, 0UL - n).error == SBI_INVALID_PARAM, "to the end of all");
			EXPECT(CALL(EID_DBCN, fid, 0UL - n, ram->base).error == SBI_INVALID_PARAM, "0x%lx bytes",
			       0UL - n);
		}
		for (unsigned int i = 0; i < ARRAY_SIZE(highs); i++)
			EXPECT(CALL(EID_DBCN, fid, 1, ram->base, highs[i]).error == SBI_INVALID_PARAM,
			       "high half 0x%lx", highs[i]);
		EXPECT(CALL(EID_DBCN, fid, 0, ram->base).error == OK, "0 bytes");
	}
	EXPECT(CALL(EID_DBCN, DBCN_READ, 16, end - 16).error == OK, "up to the end");
}

/* Machine ids and versions are the same from each hart, and have no upper bits. */
static void t_base(void)
{
	for (unsigned int fid = 0; fid < 7; fid++) {
		struct sbiret a = CALL(EID_BASE, fid, 0), b = CALL(EID_BASE, fid, 0);

		EXPECT(a.error == OK && a.value == b.value, "fid %u: %ld", fid, a.error);
	}
	EXPECT((sbi.spec & 0xffffffff80000000UL) == 0, "version 0x%lx", sbi.spec);
}

void tests_table(void)
{
	static const struct test t[] = {
		{ "sbi.base", t_base }, { "sbi.probe", t_probe }, { "sbi.unknown", t_unknown },
		{ "sbi.masks", t_masks }, { "sbi.ranges", t_ranges }, { "sbi.reset", t_reset },
		{ "sbi.buffers", t_buffers },
	};

	check_run(t, ARRAY_SIZE(t));
}
