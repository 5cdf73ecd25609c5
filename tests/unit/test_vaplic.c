/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyp/vdev/vaplic.c and drivers/aplic.c on a model of a host's APLIC (RISC-V AIA 1.0, chapter 4): a guest's registers
 * reach its own sources, harts and interrupt files, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/aplic.h"
#include "hyp/riscv/imsic.h"
#include "hyp/riscv/mmio.h"
#include "hyp/vdev/vaplic.h"
#include "tests/unit/rng.h"

#define BASE		0xd000000ull
#define FILE(hart)	(0x28000000ull + 0x4000 * (hart) + 0x1000)	/* guest file 1 */
#define NR		96u
#define VIRTUAL		50u	/* not the VM's in the host */

static struct plan plan;
static struct vaplic v;

/* The host's: the registers of each source. */
static struct {
	uint32_t domain, config[1024], target[1024];
	uint8_t enabled[1024], pending[1024], wire[1024];
	uint64_t file;		/* the last message of the hypervisor, */
	uint32_t id, messages;	/* and how many */
} hw;

static bool is_foreign(uint32_t source) { return plan.intcs[0].source_owner[source] != 0; }

/* While a guest of VM 0 runs, no other's source may change. */
static bool guarded;

static void touch(uint32_t source)
{
	assert_true(source >= 1 && source <= NR);
	assert_false(guarded && (is_foreign(source) || source == VIRTUAL));
}

static uint32_t word(const uint8_t *of, uint32_t offset)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < 32; i++)
		bits |= (uint32_t)of[8 * (offset & 0x7f) + i] << i;
	return bits;
}

uint64_t fake_mmio_read(uint64_t addr, unsigned size)
{
	uint32_t at = (uint32_t)(addr - BASE);

	assert_true(size == 4 && addr >= BASE && at < APLIC_END);
	switch (at & ~0x7fu) {
	case APLIC_SETIP: return word(hw.pending, at);
	case APLIC_CLRIP: return word(hw.wire, at);
	case APLIC_SETIE: return word(hw.enabled, at);
	}
	if (at && at < 0x1000)
		return hw.config[at / 4];
	assert_true(at > APLIC_TARGET);
	return hw.target[(at - APLIC_TARGET) / 4];
}

void fake_mmio_write(uint64_t addr, unsigned size, uint64_t value)
{
	uint32_t at = (uint32_t)(addr - BASE), n = (uint32_t)value, i;

	assert_int_equal(size, 4);
	if (addr - FILE(0) < 0x40000) {
		for (i = 1; i < 3 && addr != FILE(i); i++)	/* of harts 1 and 2, the VM's */
			;
		assert_true(i < 3);
		hw.file = addr;
		hw.id = n;
		hw.messages++;
		return;
	}
	if (at == 0) {
		assert_false(guarded);
		hw.domain = n;
	} else if (at < 0x1000) {
		touch(at / 4);
		if (n && !hw.config[at / 4])
			hw.target[at / 4] = 11u << 18 | 5;	/* UNSPECIFIED: a file of others */
		hw.config[at / 4] = n;
		if (!n)
			hw.enabled[at / 4] = hw.pending[at / 4] = 0;
	} else if (at == APLIC_SETIENUM || at == APLIC_CLRIENUM) {
		touch(n);
		hw.enabled[n] = at == APLIC_SETIENUM && hw.config[n];
	} else if (at == APLIC_SETIPNUM || at == APLIC_CLRIPNUM) {
		touch(n);
		hw.pending[n] = at == APLIC_SETIPNUM;
	} else {
		assert_true(at > APLIC_TARGET && at < APLIC_END);
		touch((at - APLIC_TARGET) / 4);
		hw.target[(at - APLIC_TARGET) / 4] = n;
	}
}

static uint32_t own_open, own_pends;	/* of the calling hart's file of S-level */

void imsic_open_own(uint32_t ids, uint32_t id)
{
	assert_int_equal(ids, 255);
	own_open = id;
}

uint32_t imsic_claim_own(void)
{
	uint32_t id = own_pends;

	own_pends = 0;
	return id;
}

static void start(void)
{
	memset(&plan, 0, sizeof(plan));
	memset(&hw, 0, sizeof(hw));
	memset(&v, 0, sizeof(v));
	guarded = false;
	plan.nr_intcs = 1;
	plan.file_ids = 255;
	plan.intcs[1].kind = INTC_APLIC + 1;	/* behind the list, where no loop may look */
	plan.intcs[0] = (struct plan_intc){ .kind = INTC_APLIC, .base = hpa(BASE), .size = 0x8000, .ndev = NR };
	memset(plan.intcs[0].source_owner, NO_OWNER, sizeof(plan.intcs[0].source_owner));
	for (uint32_t i = 1; i <= NR; i += 3)
		plan.intcs[0].source_owner[i] = 0;
	plan.intcs[0].source_owner[2] = 1;
	plan.nr_vms = 2;
	plan.vms[0].nr_vcpus = 2;
	plan.vms[0].vcpu_hart[0] = 2;	/* in the other order */
	plan.vms[0].vcpu_hart[1] = 1;
	plan.vms[0].nr_vplics = 1;
	plan.nr_harts = 4;
	for (uint32_t i = 0; i < 4; i++) {
		plan.harts[i].plic_context[0] = (int16_t)(i + 8);	/* the index in target registers */
		plan.harts[i].file = hpa(FILE(i));
		plan.vms[1].vcpu_hart[i] = 3;
	}
	intc_init(&plan);
	assert_int_equal(hw.domain, 0x104);
	vaplic_create(&v, &plan, 0, 0);
	assert_int_equal(vaplic_add_virtual(&v, 0), ERR_RANGE);
	assert_int_equal(vaplic_add_virtual(&v, NR + 1), ERR_RANGE);
	assert_int_equal(vaplic_add_virtual(&v, VIRTUAL), OK);
	guarded = true;
	vaplic_ops.reset(&v);
}

static uint32_t rd(uint32_t at)
{
	uint64_t value = 1;

	assert_int_equal(vaplic_read(&v, at, &value), 0);
	assert_true(value == (uint64_t)(int64_t)(int32_t)value);
	return (uint32_t)value;
}

static void wr(uint32_t at, uint32_t value)
{
	assert_int_equal(vaplic_write(&v, at, value), 0);
}

#define HART2	(10u << 18)	/* vcpu 0 */
#define HART1	(9u << 18)	/* vcpu 1 */
#define CONFIG(source)	(4 * (source))
#define TARGET(source)	(0x3000 + 4 * (source))

/* As Linux's driver does it. */
static void test_physical(void **state)
{
	(void)state;
	start();
	assert_int_equal(rd(APLIC_DOMAINCFG), 0x80000004);
	wr(CONFIG(4), 6);
	assert_int_equal(hw.target[4], HART2 | 1 << 12);	/* not where it was */
	assert_int_equal(rd(TARGET(4)), HART2 | 1 << 12);
	wr(TARGET(4), HART2 | 1 << 12 | 77);
	wr(CONFIG(4), 4);
	wr(CONFIG(4), 2);		/* reserved: no effect */
	wr(CONFIG(4), 3);
	assert_int_equal(hw.config[4], 4);
	wr(CONFIG(4), 6);
	assert_int_equal(hw.target[4], HART2 | 1 << 12 | 77);	/* it was active */
	wr(APLIC_SETIENUM, 4);
	assert_int_equal(rd(APLIC_SETIE), 1 << 4);
	assert_false(hw.enabled[4]);	/* not before messages are on */
	wr(APLIC_DOMAINCFG, 0x104);
	assert_int_equal(rd(APLIC_DOMAINCFG), 0x80000104);
	assert_true(hw.enabled[4]);
	assert_int_equal(hw.config[4], 6);
	assert_int_equal(rd(CONFIG(4)), 6);
	assert_int_equal(hw.target[4], HART2 | 1 << 12 | 77);
	assert_int_equal(rd(TARGET(4)), HART2 | 1 << 12 | 77);
	/* The file of S-level that a hart has without Bulkhead is the guest's own. */
	wr(TARGET(4), HART1 | 78);
	assert_int_equal(hw.target[4], HART1 | 1 << 12 | 78);
	/* Foreign harts, other files: no effect. */
	wr(TARGET(4), 8u << 18 | 1 << 12 | 5);
	wr(TARGET(4), 11u << 18 | 1 << 12 | 5);
	wr(TARGET(4), HART2 | 2 << 12 | 5);
	wr(TARGET(4), HART2 | 63 << 12 | 5);
	wr(TARGET(4), 0xfffc0000 | 1 << 12 | 5);
	assert_int_equal(hw.target[4], HART1 | 1 << 12 | 78);
	wr(APLIC_SETIPNUM_LE, 4);
	assert_true(hw.pending[4]);
	assert_int_equal(rd(APLIC_SETIP), 1 << 4);
	wr(APLIC_CLRIPNUM, 4);
	assert_false(hw.pending[4]);
	wr(APLIC_SETIPNUM_BE, 4u << 24);
	assert_true(hw.pending[4]);
	wr(APLIC_CLRIP, UINT32_MAX);
	assert_false(hw.pending[4]);
	hw.wire[4] = hw.wire[2] = hw.wire[5] = 1;
	assert_int_equal(rd(APLIC_CLRIP), 1 << 4);
	wr(APLIC_DOMAINCFG, 4);
	assert_false(hw.enabled[4]);
	assert_int_equal(hw.domain, 0x104);	/* others go on */
	wr(APLIC_DOMAINCFG, 0x104);
	assert_true(hw.enabled[4]);
	wr(APLIC_CLRIE, 1 << 4);
	assert_false(hw.enabled[4]);
	wr(APLIC_SETIE, UINT32_MAX);	/* 4 alone is active */
	assert_int_equal(rd(APLIC_SETIE), 1 << 4);
	wr(CONFIG(4), 0x406);		/* delegated, but there is no child */
	assert_int_equal(hw.config[4], 0);
	assert_int_equal(rd(APLIC_SETIE), 0);
	wr(CONFIG(4), 4);
	wr(APLIC_SETIENUM, 4);
	vaplic_ops.reset(&v);
	assert_int_equal(hw.config[4] | hw.enabled[4], 0);
	assert_int_equal(rd(APLIC_SETIE) | rd(CONFIG(4)), 0);
	assert_int_equal(hw.messages, 0);
}

/* What is pending in the hardware of others is not seen, and no register of theirs changes (the model checks it). */
static void test_foreign(void **state)
{
	uint32_t at;

	(void)state;
	start();
	for (uint32_t i = 1; i <= NR; i++) {
		if (!is_foreign(i))
			continue;
		hw.config[i] = 6;
		hw.target[i] = 0x1234;
		hw.pending[i] = hw.wire[i] = hw.enabled[i] = 1;
		assert_int_equal(rd(CONFIG(i)) | rd(TARGET(i)), 0);
	}
	for (uint32_t i = 0; i < 32; i++)
		assert_int_equal(rd(APLIC_SETIP + 4 * i) | rd(APLIC_CLRIP + 4 * i) | rd(APLIC_SETIE + 4 * i), 0);
	rng_seed(20261129);
	for (uint32_t i = 0; i < 300000; i++) {
		at = rng_below(0x8000) & ~3u;
		wr(at, rng_below(3) ? rng_below(1100) : rng_below(2) ? rng_below(64) << 18 | rng_below(4) << 12 | 7 :
		   (uint32_t)(rng_below(65536) << 16 | rng_below(65536)));
		(void)rd(rng_below(0x8000) & ~3u);
	}
	for (uint32_t i = 1; i <= NR; i++) {
		uint32_t hart = hw.target[i] >> 18;

		if (is_foreign(i))
			assert_true(hw.target[i] == 0x1234 && hw.pending[i] && hw.enabled[i] && hw.config[i] == 6);
		else if (hw.target[i])
			assert_true((hart == 9 || hart == 10) && (hw.target[i] >> 12 & 63) == 1);
	}
}

static void level(bool up)
{
	assert_int_equal(vaplic_ops.set_level(&v, VIRTUAL, up), 0);
}

static void test_virtual(void **state)
{
	(void)state;
	start();
	level(true);
	assert_int_equal(rd(APLIC_SETIP + 4), 0);	/* inactive */
	level(false);
	wr(CONFIG(VIRTUAL), 6);
	wr(TARGET(VIRTUAL), HART2 | 1 << 12 | 9);
	level(true);
	assert_int_equal(rd(APLIC_SETIP + 4), 1u << (VIRTUAL - 32));
	assert_int_equal(rd(APLIC_CLRIP + 4), 1u << (VIRTUAL - 32));
	level(false);
	assert_int_equal(rd(APLIC_SETIP + 4), 0);	/* a level */
	level(true);
	wr(APLIC_SETIENUM, VIRTUAL);
	assert_int_equal(hw.messages, 0);
	wr(APLIC_DOMAINCFG, 0x104);
	assert_int_equal(hw.messages, 1);
	assert_int_equal(hw.file, FILE(2));
	assert_int_equal(hw.id, 9);
	assert_int_equal(rd(APLIC_SETIP + 4), 0);	/* sent */
	wr(APLIC_SETIPNUM_LE, VIRTUAL);			/* end of interrupt, the line still up */
	assert_int_equal(hw.messages, 2);
	level(false);
	wr(APLIC_SETIPNUM_LE, VIRTUAL);			/* down */
	assert_int_equal(hw.messages, 2);
	wr(TARGET(VIRTUAL), HART1 | 1 << 12 | 10);
	wr(TARGET(VIRTUAL), 11u << 18 | 1 << 12 | 10);
	level(true);
	assert_int_equal(hw.messages, 3);
	assert_int_equal(hw.file, FILE(1));
	level(true);
	assert_int_equal(hw.messages, 3);
	/* Edges: each rise, and what is set by number at any time; falls if that is the mode. */
	wr(CONFIG(VIRTUAL), 4);
	level(false);
	level(true);
	assert_int_equal(hw.messages, 4);
	wr(APLIC_SETIPNUM, VIRTUAL);
	assert_int_equal(hw.messages, 5);
	wr(CONFIG(VIRTUAL), 5);
	level(false);
	assert_int_equal(hw.messages, 6);
	wr(APLIC_CLRIENUM, VIRTUAL);
	level(true);
	level(false);
	assert_int_equal(hw.messages, 6);
	wr(APLIC_SETIENUM, VIRTUAL);
	assert_int_equal(hw.messages, 7);
	/* Detached: by number alone. Reserved modes do not change it. */
	wr(CONFIG(VIRTUAL), 1);
	wr(CONFIG(VIRTUAL), 2);
	assert_int_equal(rd(CONFIG(VIRTUAL)), 1);
	level(true);
	assert_int_equal(hw.messages, 7);
	wr(APLIC_SETIP + 4, UINT32_MAX);
	assert_int_equal(hw.messages, 8);
	/* Not a source of the hypervisor: a physical one, and a foreign one. */
	assert_int_equal(vaplic_ops.set_level(&v, 4, true) | vaplic_ops.set_level(&v, 2, true), 0);
	assert_int_equal(hw.messages, 8);
	vaplic_ops.reset(&v);
	assert_int_equal(rd(CONFIG(VIRTUAL)) | rd(TARGET(VIRTUAL)) | rd(APLIC_SETIE + 4), 0);
}

static void test_genmsi(void **state)
{
	(void)state;
	start();
	wr(APLIC_GENMSI, HART1 | 0x7ff);
	assert_int_equal(hw.messages, 1);
	assert_int_equal(hw.file, FILE(1));
	assert_int_equal(hw.id, 0x7ff);
	assert_int_equal(rd(APLIC_GENMSI), HART1 | 0x7ff);
	wr(APLIC_GENMSI, 8u << 18 | 3);
	wr(APLIC_GENMSI, 11u << 18 | 3);
	wr(APLIC_GENMSI, UINT32_MAX);
	assert_int_equal(hw.messages, 1);
	assert_int_equal(rd(APLIC_GENMSI), 0xfffc07ff);
}

/* A source of the hypervisor: to the file of S-level of its hart, and again while a level is up. */
static void test_own(void **state)
{
	static const struct { uint32_t flags, mode; } kinds[] = { { 1, 4 }, { 2, 5 }, { 4, 6 }, { 8, 7 } };
	const struct intc_ops *ops;

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t own = i & 1 ? 40 : 64;

		start();
		guarded = false;
		own_open = 0;
		ops = intc_ops(0);
		ops->route(0, 3, own, kinds[i].flags);
		assert_int_equal(own_open, APLIC_OWN_ID);
		assert_int_equal(hw.config[own], kinds[i].mode);
		assert_int_equal(hw.target[own], 11u << 18 | APLIC_OWN_ID);	/* file 0 */
		assert_true(hw.enabled[own]);
		assert_int_equal(ops->claim(0, 3), 0);
		own_pends = APLIC_OWN_ID + 1;
		assert_int_equal(ops->claim(0, 3), 0);
		own_pends = APLIC_OWN_ID;
		assert_int_equal(ops->claim(0, 3), own);
		hw.wire[own] = 0;	/* rectified: of any mode */
		ops->complete(0, 3, own);
		assert_false(hw.pending[own]);
		hw.wire[own] = 1;
		ops->complete(0, 3, own);
		assert_int_equal(hw.pending[own], kinds[i].flags >= 4);
		ops->mask(0, 3, own);
		assert_false(hw.enabled[own]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_physical),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_virtual),
		cmocka_unit_test(test_genmsi),
		cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests_name("vaplic", tests, NULL, NULL);
}
