/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SBI as guests get it (docs/sbi.md, SBI 3.0), each call with the edges of its arguments, on the fake machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake/exits.h"

#define ALL	UINT64_MAX
#define VENDOR	0x0a424b48ull

static uint64_t sibling(unsigned vcpu) { return fake_hart_of(A, vcpu); }

static void start(unsigned vcpu)
{
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, vcpu, BOOT_PC, 0), SBI_SUCCESS);
	fake_settle();
	fake_count_from_here();
}

static long status(unsigned vcpu)
{
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_STATUS, vcpu, 0, 0), SBI_SUCCESS);
	return (long)value();
}

/* On another hart, and back. */
static long on(unsigned hart, uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2)
{
	unsigned back = self;
	long error;

	self = hart;
	error = sbi(eid, fid, a0, a1, a2);
	self = back;
	return error;
}

/* The only call to the firmware of that kind since the count began. */
static const struct fake_call *the_call(unsigned long eid)
{
	const struct fake_call *found = NULL;

	for (uint32_t i = 0; i < fake.nr_calls; i++)
		if (fake.calls[i].eid == eid) {
			assert_null(found);
			found = &fake.calls[i];
		}
	assert_non_null(found);
	return found;
}

static void test_base(void **state)
{
	static const uint64_t there[] = { 0, 1, 2, 8, 0x10, SBI_EXT_TIME, SBI_EXT_IPI, SBI_EXT_RFENCE, SBI_EXT_HSM,
					  SBI_EXT_SRST, SBI_EXT_DBCN, VENDOR };
	static const uint64_t hidden[] = { 3, 4, 5, 6, 7, 9, 0x11, 0x504d55, 0x53555350, 0x43505043, 0x4e41434c,
					   0x535441,
					   0x535345, 0x46574654, 0x44425452, 0x4d505859, 0x08000000, 0x09000000,
					   0x0a000000, ALL, 1ull << 32 | SBI_EXT_TIME, 1ull << 63 | 0x10 };

	(void)state;
	assert_int_equal(sbi(0x10, 0, 0, 0, 0), 0);
	assert_int_equal(value(), 3 << 24);
	assert_int_equal(sbi(0x10, 1, 0, 0, 0), 0);
	assert_int_equal(value(), 0x424b48);
	assert_int_equal(sbi(0x10, 2, 0, 0, 0), 0);
	for (unsigned i = 0; i < ARRAY_LEN(there); i++) {
		assert_int_equal(sbi(0x10, 3, there[i], 0, 0), 0);
		assert_int_not_equal(value(), 0);
	}
	for (unsigned i = 0; i < ARRAY_LEN(hidden); i++) {
		assert_int_equal(sbi(0x10, 3, hidden[i], 0, 0), 0);
		assert_int_equal(value(), 0);
		for (unsigned fid = 0; fid < 10; fid++)
			assert_int_equal(sbi(hidden[i], fid, 0, 0, 0), SBI_ERR_NOT_SUPPORTED);
	}
	for (unsigned fid = 4; fid < 7; fid++) {
		assert_int_equal(sbi(0x10, fid, 0, 0, 0), 0);
		assert_int_equal(value(), 0x5000 + fid);
	}
}

static void test_unknown_functions(void **state)
{
	static const struct { uint64_t eid, first; } ends[] = {
		{ 0x10, 7 }, { SBI_EXT_TIME, 1 }, { SBI_EXT_IPI, 1 }, { SBI_EXT_RFENCE, 3 }, { SBI_EXT_HSM, 4 },
		{ SBI_EXT_SRST, 1 }, { SBI_EXT_DBCN, 3 }, { VENDOR, 2 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(ends); i++) {
		for (uint64_t fid = ends[i].first; fid < ends[i].first + 9; fid++)
			assert_int_equal(sbi(ends[i].eid, fid, 0, ALL, 0), SBI_ERR_NOT_SUPPORTED);
		assert_int_equal(sbi(ends[i].eid, ALL, 0, 0, 0), SBI_ERR_NOT_SUPPORTED);
		assert_int_equal(sbi(ends[i].eid, 1ull << 63, 0, 0, 0), SBI_ERR_NOT_SUPPORTED);
	}
	assert_int_equal(fake.nr_calls, 0);
}

/* ---- hart masks ---- */

static const struct { uint64_t mask, base; long error; uint64_t vcpus; } masks[] = {
	{ 0, ALL, 0, 7 }, { 5, ALL, 0, 7 }, { ALL, ALL, 0, 7 },
	{ 0, 0, 0, 0 }, { 7, 0, 0, 7 }, { 6, 0, 0, 6 }, { 3, 1, 0, 6 }, { 1, 2, 0, 4 },
	{ 8, 0, SBI_ERR_INVALID_PARAM, 0 }, { ALL, 0, SBI_ERR_INVALID_PARAM, 0 }, { 4, 1, SBI_ERR_INVALID_PARAM, 0 },
	{ 9, 0, SBI_ERR_INVALID_PARAM, 0 }, { 1, 3, SBI_ERR_INVALID_PARAM, 0 }, { 1, 64, SBI_ERR_INVALID_PARAM, 0 },
	{ 1, 1ull << 32, SBI_ERR_INVALID_PARAM, 0 }, { 2, ALL - 1, SBI_ERR_INVALID_PARAM, 0 },
	{ 3, ALL - 1, SBI_ERR_INVALID_PARAM, 0 }, { 1, 0x100, SBI_ERR_INVALID_PARAM, 0 },
	{ 1ull << 63, 0, SBI_ERR_INVALID_PARAM, 0 }, { 1ull << 63, ALL - 62, SBI_ERR_INVALID_PARAM, 0 },
};

static void test_ipi(void **state)
{
	(void)state;
	start(1);
	start(2);
	for (unsigned i = 0; i < ARRAY_LEN(masks); i++) {
		uint64_t got = 0;

		assert_int_equal(sbi(SBI_EXT_IPI, 0, masks[i].mask, masks[i].base, 0), masks[i].error);
		fake_settle();
		for (unsigned v = 0; v < 3; v++) {
			got |= fake.hw[sibling(v)].csr.hvip & VSSIP ? 1u << v : 0;
			fake.hw[sibling(v)].csr.hvip &= ~VSSIP;
		}
		assert_int_equal(got, masks[i].vcpus);
	}
}

/* The same where most harts have an SSWI register: the firmware is asked for the other one alone. */
static void test_ipi_by_sswi(void **state)
{
	config.sswi = true;
	boot();
	test_ipi(state);
	fake_count_from_here();
	assert_int_equal(sbi(SBI_EXT_IPI, 0, 1, 1, 0), SBI_SUCCESS);
	assert_int_equal(fake.nr_calls, 0);
	assert_int_equal(fake.nr_mmio, 1);
	assert_int_equal(sbi(SBI_EXT_IPI, 0, 1, 2, 0), SBI_SUCCESS);	/* hart 4 */
	assert_int_equal(fake.nr_calls, 1);
	assert_int_equal(fake.nr_mmio, 1);
	fake_settle();
	fake_count_from_here();
	assert_int_equal(sbi(SBI_EXT_IPI, 0, 6, 0, 0), SBI_SUCCESS);
	assert_int_equal(fake.nr_calls, 1);
	assert_int_equal(fake.calls[0].arg[0], 1);
	assert_int_equal(fake.calls[0].arg[1], fake.plan.harts[4].id);
	assert_int_equal(fake.nr_mmio, 1);
}

/* A stopped hart is a valid target that nothing happens to, now or when it starts. */
static void test_ipi_to_stopped(void **state)
{
	(void)state;
	assert_int_equal(sbi(SBI_EXT_IPI, 0, 2, 0, 0), SBI_SUCCESS);
	fake_settle();
	assert_int_equal(status(1), SBI_HSM_STATE_STOPPED);
	start(1);
	assert_int_equal(fake.hw[sibling(1)].csr.hvip, 0);
}

static void test_rfence_masks(void **state)
{
	(void)state;
	start(1);	/* vcpu 2 is stopped: it needs no fence */
	for (unsigned fid = 0; fid < 3; fid++) {
		for (unsigned i = 0; i < ARRAY_LEN(masks); i++) {
			fake_count_from_here();
			assert_int_equal(sbi(SBI_EXT_RFENCE, fid, masks[i].mask, masks[i].base, 0), masks[i].error);
			if (masks[i].vcpus & 2)
				assert_int_equal(the_call(SBI_EXT_RFENCE)->arg[1], fake.plan.harts[sibling(1)].id);
			else
				assert_int_equal(fake.nr_calls, 0);
		}
	}
	assert_true(hw()->fences[FENCE_CODE] && hw()->fences[FENCE_VVMA_ALL]);
}

/* A fence that the firmware has not done does not pass for one that is done; the hart's own needs no firmware. */
static void test_rfence_refused(void **state)
{
	(void)state;
	start(1);
	start(2);
	fake.no_fences = true;
	for (unsigned fid = 0; fid < 3; fid++) {
		assert_int_equal(sbi(SBI_EXT_RFENCE, fid, 1, 0, 0), SBI_SUCCESS);
		assert_int_equal(sbi(SBI_EXT_RFENCE, fid, 2, 0, 0), SBI_ERR_FAILED);
		assert_int_equal(sbi(SBI_EXT_RFENCE, fid, 7, 0, 0), SBI_ERR_FAILED);
	}
}

/* The calling hart's own fences: one of all addresses, or one a page, up to the last; of the ASID, or of all of
 * them. */
static void expect_own_fences(const struct fake_hw *before, bool asid, uint64_t start, uint64_t size)
{
	enum fake_fence kind = size == ALL ? asid ? FENCE_VVMA_ASID : FENCE_VVMA_ALL : asid ? FENCE_VVMA_VA_ASID :
		FENCE_VVMA_VA;

	for (unsigned i = 0; i < NR_FENCES; i++)
		if (i != FENCE_IPI && i != FENCE_SIP)
			assert_int_equal(hw()->fences[i] - before->fences[i],
					 i != kind ? 0 : size == ALL ? 1 : size / PAGE_SIZE);
	assert_true(size == ALL || hw()->fence_va == start + size - PAGE_SIZE);
	assert_true(!asid || hw()->fence_asid == 0x2345);
}

static void test_rfence_ranges(void **state)
{
	static const struct { uint64_t start, size, want_start, want_size; } ranges[] = {
		{ 0, 0, 0, ALL }, { 0, ALL, 0, ALL }, { 0x5000, ALL, 0, ALL }, { 0x5000, 1ull << 62, 0, ALL },
		{ ALL, 2, 0, ALL }, { ALL - 0xfff, 0x2000, 0, ALL },
		{ 0x5000, 0x1000, 0x5000, 0x1000 }, { 0x5fff, 2, 0x5000, 0x2000 }, { 0x5008, 8, 0x5000, 0x1000 },
		{ 0x5000, 16 * 0x1000, 0x5000, 16 * 0x1000 }, { 0x5000, 17 * 0x1000, 0, ALL },
		{ 0x5fff, 16 * 0x1000, 0x5000, 17 * 0x1000 },
	};

	(void)state;
	start(1);
	for (unsigned i = 0; i < 2 * ARRAY_LEN(ranges); i++) {
		bool asid = i & 1;
		struct fake_hw before = *hw();
		const struct fake_call *c;

		fake_count_from_here();
		assert_int_equal(sbi5(SBI_EXT_RFENCE, 1 + asid, 3, 0, ranges[i / 2].start, ranges[i / 2].size,
				      0xabcdef0012345), SBI_SUCCESS);
		c = the_call(SBI_EXT_RFENCE);
		assert_int_equal(c->fid, asid ? SBI_RFENCE_HFENCE_VVMA_ASID : SBI_RFENCE_HFENCE_VVMA);
		assert_int_equal(c->arg[2], ranges[i / 2].want_start);
		assert_int_equal(c->arg[3], ranges[i / 2].want_size);
		assert_int_equal(c->arg[4], asid ? 0x2345 : 0);
		expect_own_fences(&before, asid, ranges[i / 2].want_start, ranges[i / 2].want_size);
	}
}

/* ---- HSM ---- */

static void test_hsm_states(void **state)
{
	unsigned one = (unsigned)sibling(1);

	(void)state;
	assert_int_equal(status(0), SBI_HSM_STATE_STARTED);
	assert_int_equal(status(1), SBI_HSM_STATE_STOPPED);
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC + 2, 0xfedcba9876543210), SBI_SUCCESS);
	assert_int_equal(status(1), SBI_HSM_STATE_START_PENDING);
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_ERR_ALREADY_AVAILABLE);
	fake_settle();
	assert_int_equal(status(1), SBI_HSM_STATE_STARTED);
	assert_int_equal(fake.hw[one].x[0], BOOT_PC + 2);
	assert_int_equal(fake.hw[one].x[10], 1);
	assert_int_equal(fake.hw[one].x[11], 0xfedcba9876543210);
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_ERR_ALREADY_AVAILABLE);
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 0, BOOT_PC, 0), SBI_ERR_ALREADY_AVAILABLE);
	on(one, SBI_EXT_HSM, SBI_HSM_STOP, 0, 0, 0);
	assert_int_equal(fake.hw[one].place, PLACE_WFI);
	assert_int_equal(status(1), SBI_HSM_STATE_STOPPED);
	fake.hw[one].csr.vstvec = 0x1234;	/* of its earlier life */
	fake.hw[one].csr.vsatp = 8ull << 60;
	fake.hw[one].csr.hvip = VSSIP;
	start(1);
	assert_int_equal(fake.hw[one].csr.vstvec | fake.hw[one].csr.vsatp | fake.hw[one].csr.hvip, 0);
	assert_int_equal(fake.hw[one].csr.vsstatus, 0);
}

static void test_hsm_arguments(void **state)
{
	static const uint64_t harts[] = { 3, 4, 64, 7, 0x100, 1ull << 32, 1ull << 32 | 1, ALL };
	static const uint64_t addresses[] = { 0, BOOT_PC + 1, BOOT_PC + 5 * PAGE_SIZE, FAKE_PLIC, 0x10000000, ALL,
					      FAKE_RAM_HPA, ALL - 1, 1ull << 63 | BOOT_PC, BOOT_PC - 2 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(harts); i++) {
		assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, harts[i], BOOT_PC, 0), SBI_ERR_INVALID_PARAM);
		assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_STATUS, harts[i], 0, 0), SBI_ERR_INVALID_PARAM);
	}
	for (unsigned i = 0; i < ARRAY_LEN(addresses); i++) {
		assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, addresses[i], 0), SBI_ERR_INVALID_ADDRESS);
		assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_SUSPEND, 0x80000000, addresses[i], 0),
				 SBI_ERR_INVALID_ADDRESS);
	}
	assert_int_equal(status(1), SBI_HSM_STATE_STOPPED);
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC + 5 * PAGE_SIZE - 2, 0), SBI_SUCCESS);
}

static void test_suspend(void **state)
{
	static const uint64_t bad[] = { 1, 0x0fffffff, 0x10000000, 0x7fffffff, 0x80000001, 0x8fffffff, 0x90000000,
					0xffffffff };
	unsigned one = (unsigned)sibling(1);

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_SUSPEND, bad[i], BOOT_PC, 0), SBI_ERR_INVALID_PARAM);
	start(1);
	on(one, SBI_EXT_HSM, SBI_HSM_SUSPEND, 0xabcdef0000000000, 0, 0);	/* upper bits do not count */
	assert_int_equal(fake.hw[one].place, PLACE_WFI);
	assert_int_equal(status(1), SBI_HSM_STATE_SUSPENDED);
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_ERR_ALREADY_AVAILABLE);
	sbi(SBI_EXT_IPI, 0, 2, 0, 0);
	fake_settle();	/* it has not enabled that */
	assert_int_equal(status(1), SBI_HSM_STATE_SUSPENDED);
	fake.hw[one].csr.hie = VSSIP;
	fake_settle();
	assert_int_equal(status(1), SBI_HSM_STATE_STARTED);
	assert_int_equal(fake.hw[one].x[10], 0);
	assert_int_equal(fake.hw[one].x[0], BOOT_PC + 4);
	fake.hw[one].csr.hvip = 0;
	on(one, SBI_EXT_HSM, SBI_HSM_SUSPEND, 0x80000000, BOOT_PC + 0x20, 0x77);
	sbi(SBI_EXT_IPI, 0, 2, 0, 0);
	fake_settle();
	assert_int_equal(fake.hw[one].x[0], BOOT_PC + 0x20);
	assert_int_equal(fake.hw[one].x[10], 1);
	assert_int_equal(fake.hw[one].x[11], 0x77);
	assert_int_equal(fake.hw[one].x[9], 0);
	assert_true(fake.hw[one].csr.hvip & VSSIP);	/* what woke it still pends */
}

/* ---- TIME ---- */

static void test_time(void **state)
{
	static const uint64_t eids[] = { SBI_EXT_TIME, 0 };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		config.sstc = i & 1;
		boot();
		assert_int_equal(sbi(eids[i / 2], 0, fake.time + 50, 0, 0), SBI_SUCCESS);
		assert_false(fake_hip(self) & 1ull << IRQ_VSTI);
		fake.time += 60;
		fake_settle();
		assert_true(fake_hip(self) & 1ull << IRQ_VSTI);
		assert_int_equal(sbi(eids[i / 2], 0, ALL, 0, 0), SBI_SUCCESS);
		fake_settle();
		assert_false(fake_hip(self) & 1ull << IRQ_VSTI);
		assert_int_equal(sbi(eids[i / 2], 0, 0, 0, 0), SBI_SUCCESS);	/* long past */
		fake_settle();
		assert_true(fake_hip(self) & 1ull << IRQ_VSTI);
		assert_int_equal(sbi(eids[i / 2], 0, 1ull << 63, 0, 0), SBI_SUCCESS);
		fake_settle();
		assert_false(fake_hip(self) & 1ull << IRQ_VSTI);
	}
}

/* ---- DBCN ---- */

static void test_console(void **state)
{
	static const struct { uint64_t n, at, high; long error; } calls[] = {
		{ 0, 0, 0, 0 }, { 0, ALL, ALL, 0 }, { 1, BOOT_PC, 1, -3 }, { 1, 0, 0, -3 }, { 1, ALL, 0, -3 },
		{ ALL, BOOT_PC, 0, -3 }, { 1ull << 63, BOOT_PC, 0, -3 }, { 2, BOOT_PC + 5 * PAGE_SIZE - 1, 0, -3 },
		{ 5 * PAGE_SIZE + 1, BOOT_PC, 0, -3 }, { 5 * PAGE_SIZE, BOOT_PC, 0, 0 }, { 1, FAKE_PLIC, 0, -3 },
		{ 1, FAKE_RAM_HPA, 0, -3 }, { 1, BOOT_PC - 1, 0, -3 }, { 2, BOOT_PC + 4 * PAGE_SIZE - 1, 0, 0 },
		{ 1, FAKE_STALE, 0, -3 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(calls); i++)
		for (unsigned fid = 0; fid < 2; fid++) {
			assert_int_equal(sbi(SBI_EXT_DBCN, fid, calls[i].n, calls[i].at, calls[i].high),
					 calls[i].error);
			if (!calls[i].error)
				assert_int_equal(value(), fid ? 0 : calls[i].n < 128 ? calls[i].n : 128);
		}
}

/* A line of its own, whatever it writes; a text around the border of two windows comes whole. */
static void test_console_text(void **state)
{
	static const char text[] = "one\n[b] two\r\x1b[2J\n";
	uint64_t at = BOOT_PC + 2 * PAGE_SIZE - 5;

	(void)state;
	memcpy(fake_ram_at(A, at), text, sizeof(text) - 1);
	assert_int_equal(sbi(SBI_EXT_DBCN, 0, sizeof(text) - 1, at, 0), SBI_SUCCESS);
	assert_true(fake_said("[a] one\n[a] [b] two\n"));
	fake_count_from_here();
	for (const char *c = "hi\n"; *c; c++)
		assert_int_equal(sbi(*c == 'h' ? 1 : SBI_EXT_DBCN, 2, (uint64_t)*c | 0xff00, 0, 0), SBI_SUCCESS);
	assert_true(fake_said("[a] hi\n"));
}

static void say(const char *text)
{
	fake_count_from_here();
	for (; *text; text++)
		assert_int_equal(sbi(SBI_EXT_DBCN, SBI_DBCN_WRITE_BYTE, (uint64_t)*text, 0, 0), SBI_SUCCESS);
	fake_show();
}

/* Firmware may take a part of a text: the rest follows. One that fails, or takes nothing, or says that it has taken
 * more, ends that text and no other. */
static void test_firmware_console(void **state)
{
	static const struct { long error, value; } answers[] = {
		{ SBI_ERR_FAILED, 0 }, { SBI_ERR_FAILED, 3 }, { SBI_SUCCESS, 0 }, { SBI_SUCCESS, -1 },
		{ SBI_SUCCESS, 13 }, { SBI_SUCCESS, 1l << 40 },
	};

	(void)state;
	for (uint32_t takes = 1; takes < 20; takes++) {
		fake.console_takes = takes;
		say("0123456789abcdef\n");
		assert_int_equal(fake.console_len, 21);
		assert_memory_equal(fake.console, "[a] 0123456789abcdef\n", 21);
	}
	fake.console_takes = 10;
	for (unsigned i = 0; i < ARRAY_LEN(answers); i++) {
		fake.console_fails = 2;
		fake.console_ret.error = answers[i].error;
		fake.console_ret.value = answers[i].value;
		say("0123456789abcdef\n");
		assert_int_equal(fake.console_len, 10);
		assert_memory_equal(fake.console, "[a] 012345", 10);
		say("next\n");
		assert_true(fake_said("[a] next"));
	}
}

/* Legacy calls leave a1 alone, and ignore a6. */
static void test_legacy(void **state)
{
	(void)state;
	assert_int_equal(sbi(2, 99, 5, 0x1234, 0), -1);
	assert_int_equal(value(), 0x1234);
	assert_int_equal(sbi(0, 99, ALL, 0x1234, 0), 0);
	assert_int_equal(value(), 0x1234);
	assert_int_equal(sbi(1, 99, 'x', 0x1234, 0), 0);
	assert_int_equal(value(), 0x1234);
}

/* Bulkhead's own: exits by hart and kind. */
static void test_vendor(void **state)
{
	static const struct { uint64_t hart, kind; long error; } calls[] = {
		{ 0, 0, 0 }, { 2, NR_EXITS - 1, 0 }, { 3, 0, -3 }, { 0, NR_EXITS, -3 }, { ALL, 0, -3 }, { 0, ALL, -3 },
		{ 1ull << 32, 0, -3 }, { 0, 1ull << 32, -3 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(calls); i++)
		assert_int_equal(sbi(VENDOR, 1, calls[i].hart, calls[i].kind, 0), calls[i].error);
	assert_int_equal(sbi(VENDOR, 1, 0, EXIT_ECALL, 0), 0);
	assert_int_equal(value(), ARRAY_LEN(calls) + 1);
	assert_int_equal(sbi(VENDOR, 0, 0, 0, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_base, setup),
		cmocka_unit_test_setup(test_unknown_functions, setup),
		cmocka_unit_test_setup(test_ipi, setup),
		cmocka_unit_test_setup(test_ipi_by_sswi, setup),
		cmocka_unit_test_setup(test_ipi_to_stopped, setup),
		cmocka_unit_test_setup(test_rfence_masks, setup),
		cmocka_unit_test_setup(test_rfence_ranges, setup),
		cmocka_unit_test_setup(test_rfence_refused, setup),
		cmocka_unit_test_setup(test_hsm_states, setup),
		cmocka_unit_test_setup(test_hsm_arguments, setup),
		cmocka_unit_test_setup(test_suspend, setup),
		cmocka_unit_test_setup(test_time, setup),
		cmocka_unit_test_setup(test_console, setup),
		cmocka_unit_test_setup(test_console_text, setup),
		cmocka_unit_test_setup(test_firmware_console, setup),
		cmocka_unit_test_setup(test_legacy, setup),
		cmocka_unit_test_setup(test_vendor, setup),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
