/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How VMs start, end, and start again, with two others that notice nothing, on the fake machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/riscv/paging.h"
#include "tests/unit/fake/lives.h"

static void test_first_start(void **state)
{
	(void)state;
	assert_fresh();
	assert_int_equal(fake.hw[fake_hart_of(A, 1)].place, PLACE_WFI);
	assert_int_equal(fake.hw[fake_hart_of(C, 0)].x[0], (1ull << 41) - PAGE_SIZE);
}

/* Any hart may ask, whatever the others do. */
static void test_reboot(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		self = fake_hart_of(A, 0);
		start_all();
		make_a_mess();
		watch_neighbours();
		fake.hw[fake_hart_of(A, 2)].csr.hie = 0;	/* suspended, for ever */
		fake.hw[fake_hart_of(A, 2)].csr.vstimecmp = UINT64_MAX;
		self = fake_hart_of(A, 2);
		sbi(SBI_EXT_HSM, SBI_HSM_SUSPEND, 0, 0, 0);
		self = fake_hart_of(A, i % 2);
		sbi(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT + i / 3, i % 2, 0);
		fake_settle();
		self = fake_hart_of(A, 0);
		assert_fresh();
		assert_false(fake.plic.claimed[7]);
		assert_int_equal(fake.plic.priority[7], 0);
		assert_int_equal(fake.hw[fake_hart_of(A, 1)].place, PLACE_WFI);
		assert_int_equal(fake.hw[fake_hart_of(A, 2)].place, PLACE_WFI);
		assert_int_equal(fake_vm(A)->starts, i + 2);
		assert_neighbours_kept();
	}
	assert_int_equal(fake_vm(A)->crashes, 0);
}

static void test_shutdown(void **state)
{
	(void)state;
	start_all();
	watch_neighbours();
	sbi(SBI_EXT_SRST, 0, SBI_SRST_SHUTDOWN, 0, 0);
	assert_int_equal(fake_vm(A)->state, VM_STOPPING);
	self = fake_hart_of(A, 1);	/* has not noticed yet */
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 0, BOOT_PC, 0), SBI_ERR_FAILED);
	fake_settle();
	assert_int_equal(fake_vm(A)->state, VM_STOPPED);
	assert_true(fake_said("vm a: vcpu 0: exits") && fake_said("vm a: vcpu 1: exits"));
	assert_true(fake_said("vm a: vcpu 2: exits") && !fake_said("vm a: vcpu 3: exits"));
	for (unsigned v = 0; v < 3; v++) {
		fake_wake(fake_hart_of(A, v));	/* for no reason */
		assert_int_equal(fake.hw[fake_hart_of(A, v)].place, PLACE_WFI);
	}
	assert_true(fake_said("vm a: stopped (shutdown)\n"));
	assert_neighbours_kept();
}

static void test_srst_arguments(void **state)
{
	static const struct { uint64_t type, reason; } bad[] = {
		{ 3, 0 }, { 0xefffffff, 0 }, { 0xf0000000, 0 }, { 0xffffffff, 0 }, { 0, 2 }, { 0, 0xdfffffff },
		{ 1, 0xe0000000 }, { 0x1234500000003, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(sbi(SBI_EXT_SRST, 0, bad[i].type, bad[i].reason, 0), SBI_ERR_INVALID_PARAM);
	assert_int_equal(fake_vm(A)->state, VM_RUNNING);
	sbi(SBI_EXT_SRST, 0, 0xabc00000000, 0xabc00000000, 0);	/* upper bits do not count */
	assert_int_equal(fake_vm(A)->state, VM_STOPPED);
}

static void test_all_stopped(void **state)
{
	(void)state;
	start_all();
	for (unsigned v = 0; v < 3; v++) {
		assert_int_equal(fake_vm(A)->state, VM_RUNNING);
		self = fake_hart_of(A, v);
		sbi(SBI_EXT_HSM, SBI_HSM_STOP, 0, 0, 0);
	}
	assert_true(fake_said("vm a: stopped (all its harts stopped)\n"));
	assert_int_equal(fake_vm(A)->state, VM_STOPPED);
}

/* The VM ends while a sibling is about to start: it never does. */
static void test_start_and_end(void **state)
{
	(void)state;
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_SUCCESS);
	sbi(SBI_EXT_SRST, 0, SBI_SRST_WARM_REBOOT, 0, 0);
	assert_int_equal(fake_vm(A)->state, VM_STOPPING);
	fake_settle();
	assert_fresh();
	assert_int_equal(fake.hw[fake_hart_of(A, 1)].place, PLACE_WFI);
}

static void test_crash_limit(void **state)
{
	(void)state;
	config.policy[A] = (struct plan_policy){ .on_crash = ON_CRASH_RESTART, .restart_limit = 2 };
	boot();
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(hw()->place, PLACE_GUEST);
		fake_count_from_here();
		watch_neighbours();
		sbi(SBI_EXT_SRST, 0, SBI_SRST_SHUTDOWN, SBI_SRST_REASON_FAILURE, 0);
		fake_settle();
		assert_true(fake_said("crash: it reports a failure"));
		assert_neighbours_kept();
	}
	assert_true(fake_said("vm a: crashed 3 times, which is the limit\n"));
	assert_int_equal(fake_vm(A)->state, VM_STOPPED);
}

/* A guest that does nothing but reboot: LIVES_BURST lives are logged, then a number, once in LIVES_SECONDS. */
static void test_endless_reboots(void **state)
{
	unsigned logged = 0;

	(void)state;
	boot();
	for (unsigned i = 0; i < LIVES_BURST + 25; i++) {
		fake_count_from_here();
		sbi(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT, SBI_SRST_REASON_NONE, 0);
		fake_settle();
		assert_int_equal(fake_vm(A)->state, VM_RUNNING);
		assert_int_equal(fake_said("vm a: started\n"), fake_said("vm a: restarts (reboot)\n"));
		logged += fake_said("vm a: restarts (reboot)\n");
	}
	assert_int_equal(logged, LIVES_BURST);
	fake.time += LIVES_SECONDS * FAKE_HZ;
	fake_count_from_here();
	sbi(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT, SBI_SRST_REASON_NONE, 0);
	fake_settle();
	assert_true(fake_said("vm a: 25 more restarts left out\n"));
	assert_true(fake_said("vm a: restarts (reboot)\n") && fake_said("vm a: started\n"));
}

/* An image that has changed is not started. */
static void test_broken_image(void **state)
{
	uint8_t *image;

	(void)state;
	fake_create(&config);
	image = (uint8_t *)(uintptr_t)fake.plan.vms[A].images[IMAGE_INITRD].source.v;
	image[100] ^= 1;
	fake_count_from_here();
	fake_settle();
	image[100] ^= 1;
	assert_int_equal(fake_vm(A)->state, VM_STOPPED);
	assert_true(fake_said("ERROR: vm a: image image: wrong checksum\n"));
	assert_int_equal(fake_vm(B)->state, VM_RUNNING);
	assert_int_equal(hw()->place, PLACE_WFI);
}

/* The same RAM by the instructions of Zicboz and Zbc, whatever the size of blocks; a size that makes no sense is
 * none. */
static void test_start_by_blocks(void **state)
{
	static const uint32_t sizes[] = { 16, 64, 256, 2048, 8 };

	(void)state;
	config.clmul = true;
	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		uint32_t gaps;

		config.zero_block = sizes[i];
		fake_create(&config);
		fake.nr_zeroed = 0;
		fake_settle();
		self = fake_hart_of(A, 0);
		assert_fresh();
		gaps = fake.nr_zeroed;
		assert_int_equal(gaps > 0, sizes[i] >= 16);
		assert_true(gaps * sizes[i] <= FAKE_RAM_SIZE);
		assert_true(sizes[i] < 16 || gaps * sizes[i] > FAKE_RAM_SIZE / 3);
		make_a_mess();
		sbi(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT, 0, 0);
		fake_settle();
		assert_fresh();
	}
}

/* Images in place: neither written nor summed, nor is the guest started a second time. */
static void test_in_place(void **state)
{
	uint8_t want[FAKE_KERNEL_SIZE];
	uint64_t at;

	(void)state;
	memset(want, 0x5a, sizeof(want));
	config.policy[A].in_place = true;
	fake_create(&config);
	fake.plan.vms[A].images[IMAGE_KERNEL].crc32 ^= 1;
	at = fake.plan.vms[A].entry.v;
	memset(fake_ram_at(A, at), 0x5a, FAKE_KERNEL_SIZE + 8);
	fake_ram_close();
	fake_count_from_here();
	fake_settle();
	assert_int_equal(fake_vm(A)->state, VM_RUNNING);
	assert_memory_equal(fake_ram_at(A, at), want, sizeof(want));
	assert_int_equal(*fake_ram_at(A, at + FAKE_KERNEL_SIZE), 0);	/* what is behind it is */
	fake_ram_close();
	sbi(SBI_EXT_SRST, 0, SBI_SRST_WARM_REBOOT, 0, 0);
	fake_settle();
	assert_int_equal(fake_vm(A)->state, VM_STOPPED);
	assert_true(fake_said("vm a: cannot start again: it used its images in place\n"));
	assert_true(fake_said("vm a: stopped (reboot)\n"));
	assert_non_null(vm_ask(fake_vm(A), ASK_START));
	assert_non_null(vm_ask(fake_vm(A), ASK_RESTART));
	fake_settle();
	assert_int_equal(fake_vm(A)->state, VM_STOPPED);
	assert_int_equal(fake_vm(B)->state, VM_RUNNING);
}

static void end_all(void)
{
	for (unsigned vm = 0; vm < FAKE_VMS; vm++) {
		assert_false(fake.shut_down);
		self = fake_hart_of(vm, 0);
		sbi(SBI_EXT_LEGACY_SHUTDOWN, 0, 0, 0, 0);
		fake_settle();
	}
}

static void test_last_one(void **state)
{
	(void)state;
	end_all();
	assert_true(fake.shut_down);
	config.keep_machine = true;
	boot();
	end_all();
	assert_false(fake.shut_down);
	assert_true(fake_said("all guests ended; the machine stays on\n"));
}

/* A restart by a person is a new beginning for the count of crashes, as a start is. */
static void test_restart_counts_anew(void **state)
{
	(void)state;
	config.policy[A] = (struct plan_policy){ .on_crash = ON_CRASH_RESTART, .restart_limit = 2 };
	boot();
	for (unsigned i = 0; i < 8; i++) {
		sbi(SBI_EXT_SRST, 0, SBI_SRST_SHUTDOWN, SBI_SRST_REASON_FAILURE, 0);
		fake_settle();
		assert_int_equal(fake_vm(A)->crashes, i % 2 + 1);
		if (i % 2 == 0)
			continue;
		fake.running = (int)self;
		assert_null(vm_ask(fake_vm(A), ASK_RESTART));
		fake.running = -1;
		fake_settle();
		assert_int_equal(fake_vm(A)->state, VM_RUNNING);
		assert_int_equal(fake_vm(A)->crashes, 0);
	}
}

/* ---- mail ---- */

/* A sibling's IPI, whenever the hart is about to look at states: the last chance before it starts. */
static void send_ipi_to_stopped(void)
{
	struct hart *to = hart_get(fake_hart_of(A, 1));

	if (fake.running == (int)fake_hart_of(A, 1) && fake_vcpu(A, 1)->hsm != SBI_HSM_STATE_STARTED) {
		to->mailbox |= MAIL_IPI;
		fake.hw[fake.running].csr.ssip = 1ull << IRQ_SSI;
	}
}

/* An IPI to a vcpu that is stopped is not there when it starts, however late it comes. */
static void test_ipi_before_start(void **state)
{
	(void)state;
	fake_before_lock = send_ipi_to_stopped;
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_SUCCESS);
	while (fake.hw[fake_hart_of(A, 1)].place != PLACE_GUEST)
		assert_true(fake_interrupt(fake_hart_of(A, 1)));
	fake_before_lock = NULL;
	fake_settle();
	assert_int_equal(fake.hw[fake_hart_of(A, 1)].csr.hvip, 0);
	assert_int_equal(sbi(SBI_EXT_IPI, 0, 2, 0, 0), SBI_SUCCESS);
	fake_settle();
	assert_int_equal(fake.hw[fake_hart_of(A, 1)].csr.hvip, VSSIP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_first_start, setup),
		cmocka_unit_test_setup(test_reboot, setup),
		cmocka_unit_test_setup(test_shutdown, setup),
		cmocka_unit_test_setup(test_srst_arguments, setup),
		cmocka_unit_test_setup(test_all_stopped, setup),
		cmocka_unit_test_setup(test_start_and_end, setup),
		cmocka_unit_test_setup(test_crash_limit, setup),
		cmocka_unit_test_setup(test_endless_reboots, setup),
		cmocka_unit_test_setup(test_start_by_blocks, setup),
		cmocka_unit_test_setup(test_in_place, setup),
		cmocka_unit_test_setup(test_broken_image, setup),
		cmocka_unit_test_setup(test_last_one, setup),
		cmocka_unit_test_setup(test_restart_counts_anew, setup),
		cmocka_unit_test_setup(test_ipi_before_start, setup),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
