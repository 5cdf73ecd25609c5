/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Remote fences by mail, on the fake machine: hyp/vm/remote_fence.h. Those by the firmware are in test_exits_sbi.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hyp/riscv/lock.h"
#include "tests/unit/fake/exits.h"

#define ALL	UINT64_MAX

static unsigned one;	/* the hart of the sibling: vcpu 1 of b */

static void start(void)
{
	config.sswi = true;
	boot();
	self = fake_hart_of(B, 0);
	one = fake_hart_of(B, 1);
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_SUCCESS);
	fake_settle();
	fake_count_from_here();
}

static struct vm_fence *start_with_request(void)
{
	struct vm_fence *q;

	start();
	q = &fake_vm(B)->fence;
	q->f = (struct fence){ .kind = FENCE_ALL };
	return q;
}

static void mail_to(unsigned hart, uint32_t mail)
{
	hart_get(hart)->mailbox |= mail;
	fake.hw[hart].csr.ssip |= 1ull << IRQ_SSI;
	fake_settle();
	assert_int_equal(hart_get(hart)->mailbox, 0);
}

/*
 * By SSWI, a sibling fences before the caller continues, whatever form its mask has, and without the firmware. A vcpu
 * that is stopped gets nothing. All harts of b have a register.
 */
static void test_rfence_by_mail(void **state)
{
	static const struct { uint64_t mask, base; } forms[] = { { 2, 0 }, { 1, 1 }, { 3, 0 }, { 0, ALL } };

	(void)state;
	config.sswi = true;
	boot();
	self = fake_hart_of(B, 0);
	one = fake_hart_of(B, 1);
	fake_count_from_here();
	for (unsigned i = 0; i < ARRAY_LEN(forms); i++)		/* all are stopped */
		assert_int_equal(sbi(SBI_EXT_RFENCE, 1, forms[i].mask, forms[i].base, 0), SBI_SUCCESS);
	assert_int_equal(fake.nr_mmio, 0);
	start();
	for (unsigned i = 0; i < 5 * ARRAY_LEN(forms); i++) {
		static const struct {
			unsigned fid;
			uint64_t start, size;
			enum fake_fence kind;
			uint32_t n;
		} fences[] = {
			{ 0, 0, 0, FENCE_CODE, 1 }, { 1, 0, ALL, FENCE_VVMA_ALL, 1 }, { 2, 0, 0, FENCE_VVMA_ASID, 1 },
			{ 1, 0x5000, 0x3000, FENCE_VVMA_VA, 3 }, { 2, 0x7000, 0x1000, FENCE_VVMA_VA_ASID, 1 },
		};
		unsigned form = i % ARRAY_LEN(forms), f = i / ARRAY_LEN(forms);
		uint32_t before = fake.hw[one].fences[fences[f].kind];

		fake_count_from_here();
		assert_int_equal(sbi5(SBI_EXT_RFENCE, fences[f].fid, forms[form].mask, forms[form].base,
				      fences[f].start, fences[f].size, 0x12345), SBI_SUCCESS);
		assert_int_equal(fake.nr_calls, 0);
		assert_int_equal(fake.hw[one].fences[fences[f].kind] - before, fences[f].n);
		assert_int_equal(fake_vm(B)->fence.owing, 0);
		fake_settle();		/* the interrupt finds nothing more to do */
		assert_int_equal(fake.hw[one].fences[fences[f].kind] - before, fences[f].n);
		assert_int_equal(fake.hw[one].csr.hvip & VSSIP, 0);
	}
}

/* M-mode has the sibling, and the VM ends: the caller does not wait without end, and does not return to the guest. */
static void test_rfence_of_lost(void **state)
{
	(void)state;
	start();
	fake.hung = 1ull << fake_hart_of(B, 1);
	fake.running = (int)self;
	assert_null(vm_ask(fake_vm(B), ASK_STOP));
	fake.running = -1;
	hw()->csr.ssip = 0;		/* the mail has arrived, and its interrupt has not */
	assert_int_equal(sbi(SBI_EXT_RFENCE, 1, 2, 0, 0), SBI_SUCCESS);
	assert_int_equal(fake_vm(B)->fence.owing, 2);
	assert_int_equal(fake_vm(B)->fence.lock.held, 0);
	assert_int_equal(hw()->csr.ssip, 1 << IRQ_SSI);		/* before the guest's next instruction */
	/* No other request begins before that hart has left the set. */
	assert_int_equal(sbi5(SBI_EXT_RFENCE, 1, 2, 0, 0x5000, 0x1000, 0), SBI_SUCCESS);
	assert_int_equal(fake_vm(B)->fence.owing, 2);
	assert_int_equal(fake_vm(B)->fence.f.kind, FENCE_ALL);
	fake.hung = 0;
	fake_settle();
	assert_int_equal(fake_vm(B)->fence.owing, 0);
}

/* Mail may be late, and it may come with other mail. */
static void test_other_mail(void **state)
{
	struct vm_fence *q = start_with_request();
	uint32_t before;

	(void)state;
	before = fake.hw[one].fences[FENCE_VVMA_ALL];
	mail_to(one, MAIL_FENCE);		/* it owes nothing */
	assert_int_equal(fake.hw[one].fences[FENCE_VVMA_ALL], before);
	assert_int_equal(fake.hw[one].csr.hvip & VSSIP, 0);
	q->owing = 2;
	mail_to(one, MAIL_FENCE | MAIL_IPI);
	assert_int_equal(fake.hw[one].fences[FENCE_VVMA_ALL], before + 1);
	assert_int_equal(q->owing, 0);
	assert_true(fake.hw[one].csr.hvip & VSSIP);
}

static unsigned waits;

/* The other hart has the request: it waits for this one, and then it is ready. */
static void other_hart_waits(void)
{
	struct vm_fence *q = &fake_vm(B)->fence;

	if (++waits == 1) {
		assert_int_equal(q->owing, 1);
		return;
	}
	if (waits == 2) {
		assert_int_equal(q->owing, 0);
		q->lock.held = 0;
		return;
	}
	hart_get(one)->mailbox = 0;
	q->owing = 0;
}

/* Two harts fence each other: the one that comes later serves the other one while it waits. */
static void test_both_at_once(void **state)
{
	struct vm_fence *q = start_with_request();
	uint32_t before;

	(void)state;
	q->owing = 1;
	q->lock.held = 1;
	hart_get(self)->mailbox = MAIL_FENCE;
	before = hw()->fences[FENCE_VVMA_ALL];
	waits = 0;
	fake_relax = other_hart_waits;
	assert_int_equal(sbi5(SBI_EXT_RFENCE, 1, 2, 0, 0x5000, 0x1000, 0), SBI_SUCCESS);
	assert_true(waits >= 3);
	assert_int_equal(hw()->fences[FENCE_VVMA_ALL], before + 1);
	assert_int_equal(q->f.kind, FENCE_PAGE);
	assert_int_equal(q->f.start, 0x5000);
	assert_int_equal(q->lock.held, 0);
	assert_int_equal(fake.nr_calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_rfence_by_mail, setup),
		cmocka_unit_test_setup(test_rfence_of_lost, setup),
		cmocka_unit_test_setup(test_other_mail, setup),
		cmocka_unit_test_setup(test_both_at_once, setup),
	};

	return cmocka_run_group_tests_name("remote_fence", tests, NULL, teardown);
}
