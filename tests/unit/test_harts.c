/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a hart has to be like for a guest to run on it, what it is set to then, and what is taken out of it again, on
 * harts of several kinds of the fake machine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake/exits.h"

#define VSCTRCTL	0x24e
#define VSISELECT	0x250

static void set_kind(enum fake_kind kind)
{
	config = fake_default_config();
	config.kind = kind;
	config.sstc = kind != KIND_CVA6;
}

/* The values, not what the code thinks of them. */
static void test_environment(void **state)
{
	static const struct {
		uint64_t hedeleg, henvcfg, cbom_henvcfg, hstateen0, hgatp_high;
	} want[NR_FAKE_KINDS] = {
		[KIND_QEMU] = { 0xcb1fb, 0x8000000000000080, 0xc0000000000000d0, 0xc000000000000000, 0x80001 },
		[KIND_MAX] = { 0xcb1fb, 0x8000000000000080, 0xc0000000000000d0, 0xc000000000000004, 0x80001 },
		[KIND_CVA6] = { 0xb1fb, 0, 0, 0, 0x80001 },
	};

	(void)state;
	for (unsigned i = 0; i < 2 * NR_FAKE_KINDS; i++) {
		unsigned kind = i / 2;

		set_kind(kind);
		config.cbom = i & 1;
		boot();
		assert_int_equal(csr()->hedeleg, want[kind].hedeleg);
		assert_int_equal(csr()->hideleg, 0x444);
		assert_int_equal(csr()->hcounteren, 7);
		assert_int_equal(csr()->hgeie, 0);
		assert_int_equal(csr()->henvcfg, i & 1 ? want[kind].cbom_henvcfg : want[kind].henvcfg);
		assert_int_equal(csr()->hstateen[0], want[kind].hstateen0);
		assert_int_equal(csr()->hstateen[1] | csr()->hstateen[2] | csr()->hstateen[3], 0);
		assert_int_equal(csr()->hgatp >> 44, want[kind].hgatp_high);
		assert_int_equal(csr()->hgatp << 20 >> 8, fake_vm(A)->hgatp << 20 >> 8);
		assert_true(kind == KIND_CVA6 || !csr()->htimedelta);
		assert_true(kind != KIND_MAX || !(csr()->hvien | csr()->hvictl | csr()->hviprio1 | csr()->hviprio2));
		assert_true(kind != KIND_MAX || !csr()->sctrctl);
		/* No timer of ours: one that has passed, which is masked (vtimer.c says why). */
		assert_true(!config.sstc || (csr()->stimecmp == 0 && !(csr()->sie & 1 << IRQ_STI)));
		assert_true(hw()->fences[FENCE_GVMA_ALL] && hw()->fences[FENCE_VVMA_ALL] && hw()->fences[FENCE_CODE]);
	}
}

/* A hart that did not load the guest begins with its code and its translations all the same, each time. */
static void test_fences(void **state)
{
	const struct fake_hw *sibling = &fake.hw[fake_hart_of(A, 1)];

	(void)state;
	for (unsigned i = 1; i < 3; i++) {
		uint32_t code = sibling->fences[FENCE_CODE], vvma = sibling->fences[FENCE_VVMA_ALL];

		assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_SUCCESS);
		fake_settle();
		assert_int_equal(sibling->place, PLACE_GUEST);
		assert_true(sibling->fences[FENCE_CODE] > code && sibling->fences[FENCE_VVMA_ALL] > vvma);
		self = fake_hart_of(A, 1);
		sbi(SBI_EXT_HSM, SBI_HSM_STOP, 0, 0, 0);
		self = fake_hart_of(A, 0);
	}
}

/* Each protective CSR, with a bit that a hart holds up or down: refused by its name. */
static void test_refused(void **state)
{
	static const struct {
		unsigned csr;
		uint64_t ones, zeros;
		const char *name;
	} cases[] = {
		{ CSR_HGATP, 0, 8ull << 60, "hgatp" },		/* Bare: all of memory */
		{ CSR_HGATP, 1ull << 60, 0, "hgatp" },		/* another mode */
		{ CSR_HGATP, 1, 0, "hgatp" }, { CSR_HGATP, 0, 1ull << 43 | 0xfffffffffull, "hgatp" },
		{ CSR_HEDELEG, 1 << 10, 0, "hedeleg" },		/* the guest's SBI calls */
		{ CSR_HEDELEG, 1 << 21, 0, "hedeleg" },
		{ CSR_HIDELEG, 1 << 12, 0, "hideleg" }, { CSR_HIDELEG, 1ull << 13, 0, "hideleg" },
		{ CSR_HIDELEG, 0, 1 << 10, "hideleg" },
		{ CSR_HCOUNTEREN, 1 << 3, 0, "hcounteren" },
		{ CSR_HGEIE, 2, 0, "hgeie" }, { CSR_HIE, 1 << 12, 0, "hie" }, { CSR_HVIP, 1 << 2, 0, "hvip" },
		{ CSR_HSTATUS, 1 << 9, 0, "hstatus" },		/* HU */
		{ CSR_HSTATUS, 1 << 12, 0, "hstatus" },		/* VGEIN */
		{ CSR_HSTATUS, 0, HSTATUS_VTSR, "hstatus" }, { CSR_HSTATUS, 0, HSTATUS_VTW, "hstatus" },
		{ CSR_HSTATUS, 0, HSTATUS_VSXL_64, "hstatus" },
		{ CSR_HENVCFG, 1 << 5, 0, "henvcfg" },		/* CBIE: invalidation */
		{ CSR_HENVCFG, 1 << 2, 0, "henvcfg" },		/* LPE */
		{ CSR_HENVCFG, ENVCFG_PBMTE, 0, "henvcfg" },	/* without Zicbom */
		{ CSR_HENVCFG, 1ull << 59, 0, "henvcfg" },	/* DTE */
		{ CSR_HSTATEEN0, 1, 0, "hstateen0" }, { CSR_HSTATEEN0, 1ull << 54, 0, "hstateen0" },
		{ CSR_HSTATEEN1, 1, 0, "hstateen1" }, { CSR_HSTATEEN2, 1ull << 63, 0, "hstateen2" },
		{ CSR_HSTATEEN3, 4, 0, "hstateen3" },
		{ CSR_HTIMEDELTA, 1, 0, "htimedelta" },
		{ CSR_HVIEN, 1 << 9, 0, "hvien" }, { CSR_HVICTL, 1 << 30, 0, "hvictl" },
		{ CSR_HVIPRIO1, 1, 0, "hviprio1" }, { CSR_HVIPRIO2, 1, 0, "hviprio2" },
		{ CSR_STVEC, 1, 0, "stvec" },			/* vectored */
		{ CSR_SSTATUS, SSTATUS_SDT, 0, NULL },		/* menvcfg.DTE */
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const struct hart_refusal *r;

		set_kind(KIND_MAX);
		assert_null(fake_refusal(&config));
		config.stuck.csr = cases[i].csr;
		config.stuck.ones = cases[i].ones;
		config.stuck.zeros = cases[i].zeros;
		r = fake_refusal(&config);
		if (!r)
			fail_msg("CSR 0x%x, | 0x%lx & ~0x%lx, is not refused", cases[i].csr, cases[i].ones,
				 cases[i].zeros);
		assert_true(!cases[i].name == !r->csr);
		if (cases[i].name)
			assert_string_equal(r->csr, cases[i].name);
		assert_true(!r->csr || r->want != r->got);
	}
}

/* Bits that a hart may lack: a guest loses something, and no other guest does. */
static void test_lacking(void **state)
{
	static const struct {
		unsigned csr;
		uint64_t zeros;
	} cases[] = {
		{ CSR_HEDELEG, 1 << 18 | 1 << 19 }, { CSR_HEDELEG, 1 << CAUSE_ILLEGAL }, { CSR_HCOUNTEREN, 7 },
		{ CSR_HENVCFG, ENVCFG_CBZE }, { CSR_HSTATEEN0, ~0ull }, { CSR_HGATP, 0x3fffull << 44 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		set_kind(KIND_MAX);
		config.stuck.csr = cases[i].csr;
		config.stuck.zeros = cases[i].zeros;
		boot();
		assert_int_equal(hw()->place, PLACE_GUEST);
	}
}

static void assert_refused(const char *why)
{
	const struct hart_refusal *r = fake_refusal(&config);

	assert_non_null(r);
	if (!strstr(r->why, why))
		fail_msg("%s", r->why);
}

static void test_lies(void **state)
{
	(void)state;
	set_kind(KIND_QEMU);
	config.untranslated = true;	/* hgatp reads back, and does nothing */
	assert_refused("all of memory");
	set_kind(KIND_CVA6);
	config.no_time = true;
	assert_refused("`time`");
	set_kind(KIND_CVA6);
	config.sstc = true;		/* henvcfg has no STCE */
	assert_refused("Sstc");
	set_kind(KIND_QEMU);
	config.hidden_cbom = true;
	assert_refused("CBO.CLEAN");
}

/* A mode of hgatp that a hart drops: it keeps what was there before, another VMID with it. */
static void test_gstage_mode(void **state)
{
	const struct hart_refusal *r;

	(void)state;
	for (unsigned kind = 0; kind < NR_FAKE_KINDS; kind++) {
		set_kind(kind);
		config.gstage_levels = 4;
		r = fake_refusal(&config);
		assert_true((kind == KIND_CVA6) == (r != NULL));
		if (r)
			assert_string_equal(r->csr, "hgatp");
	}
}

/* A guest writes to all it can reach; of that its next life finds nothing, and it had found nothing before. */
static void test_reset(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4 * NR_FAKE_KINDS; i++) {
		struct fake_csrs first;

		set_kind(i / 4);
		config.stateen = i & 1;		/* with Smstateen it could not reach all of it */
		config.vector = true;
		config.finx = i & 2;
		config.fp = !config.finx;
		boot();
		first = *csr();
		memset(csr()->sstateen, 0xff, sizeof(csr()->sstateen));
		csr()->senvcfg = csr()->scounteren = csr()->vsiselect = csr()->vsctrctl = csr()->sctrstatus = ~0ull;
		csr()->scontext = csr()->jvt = csr()->ssp = csr()->fcsr = csr()->vsscratch = csr()->vscause = ~0ull;
		csr()->vstval = csr()->vsepc = csr()->vstvec = csr()->vsatp = csr()->vsstatus = ~0ull;
		csr()->sstatus |= SSTATUS_SPELP;
		csr()->hie = 0x444;
		csr()->hvip = VSSIP;
		sbi(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT, SBI_SRST_REASON_NONE, 0);
		fake_settle();
		assert_int_equal(fake_vm(A)->starts, 2);
		first.scause = csr()->scause;	/* of the hypervisor's own */
		first.stval = csr()->stval;
		first.htval = csr()->htval;
		first.htinst = csr()->htinst;
		first.ssip = csr()->ssip;
		first.sscratch = csr()->sscratch;
		if (config.sstc)
			assert_int_equal(csr()->vstimecmp, UINT64_MAX);
		if (config.finx)
			assert_int_equal(csr()->fcsr, 0);
		first.fcsr = csr()->fcsr;
		if (!config.stateen)
			memcpy(first.sstateen, csr()->sstateen, sizeof(first.sstateen));
		if (i / 4 != KIND_MAX) {	/* it has none of these */
			first.vsiselect = csr()->vsiselect;
			first.vsctrctl = csr()->vsctrctl;
			first.sctrstatus = csr()->sctrstatus;
			first.scontext = csr()->scontext;
			first.jvt = csr()->jvt;
			first.ssp = csr()->ssp;
		} else {
			assert_int_equal(hw()->fences[FENCE_CTR], 2);
		}
		assert_memory_equal(&first, csr(), sizeof(first));
		assert_int_equal(hw()->fp_clears, config.fp ? 2 : 0);
		assert_int_equal(hw()->vector_clears, 2);
	}
}

/* What memory itself holds under the caches when a guest starts, the first time and the second. */
static void test_caches(void **state)
{
	(void)state;
	set_kind(KIND_QEMU);
	boot();
	assert_int_equal(fake_dram()[0], 0xdd);
	config.cbom = true;
	config.policy[B].in_place = true;
	config.policy[C].keep_ram = true;
	boot();
	for (unsigned life = 0; life < 2; life++) {
		assert_memory_equal(fake_dram(), fake_ram(), FAKE_RAM_SIZE);
		assert_int_equal(fake_dram()[0], fake_image(A, IMAGE_KERNEL)[0]);
		memset(fake_ram_at(A, BOOT_PC), 0x77, 4 * PAGE_SIZE);
		fake_dram_power_on();
		fake_ram_close();
		assert_int_equal(fake_dram()[4 * PAGE_SIZE], 0xdd);
		sbi(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT, SBI_SRST_REASON_NONE, 0);
		fake_settle();
		assert_memory_equal(fake_dram(), fake_ram_at(A, BOOT_PC), 4 * PAGE_SIZE);
		assert_int_equal(fake_dram()[4 * PAGE_SIZE], 0xdd);	/* another VM's, which did not start */
		boot();
	}
	assert_true(hw()->fences[FENCE_CLEAN] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_environment, setup),
		cmocka_unit_test_setup(test_fences, setup),
		cmocka_unit_test_setup(test_refused, setup),
		cmocka_unit_test_setup(test_lacking, setup),
		cmocka_unit_test_setup(test_lies, setup),
		cmocka_unit_test_setup(test_gstage_mode, setup),
		cmocka_unit_test_setup(test_reset, setup),
		cmocka_unit_test_setup(test_caches, setup),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
