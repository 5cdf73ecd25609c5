/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How VMs start, end, and start again, with two others that notice nothing, on the fake machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/riscv/paging.h"
#include "tests/unit/fake/exits.h"

#define STATUS	(0x70 / 4)	/* of a virtio device */

static struct fake_hw neighbours[FAKE_HARTS];
static uint8_t neighbours_ram[3 * PAGE_SIZE];	/* of B and C */

static void watch_neighbours(void)
{
	memcpy(neighbours, fake.hw, sizeof(neighbours));
	memcpy(neighbours_ram, fake_ram() + 4 * PAGE_SIZE, sizeof(neighbours_ram));
	fake_ram_close();
}

static void assert_neighbours_kept(void)
{
	for (unsigned h = 0; h < FAKE_HARTS; h++)
		if (fake_vm_of(h) != A)
			assert_memory_equal(&neighbours[h], &fake.hw[h], sizeof(neighbours[h]));
	assert_memory_equal(neighbours_ram, fake_ram() + 4 * PAGE_SIZE, sizeof(neighbours_ram));
	fake_ram_close();
	assert_int_equal(fake_vm(B)->state, VM_RUNNING);
	assert_int_equal(fake_vm(C)->state, VM_RUNNING);
}

static void start_all(void)
{
	for (unsigned v = 1; v < 3; v++)
		assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, v, BOOT_PC, 0), SBI_SUCCESS);
	fake_settle();
	for (unsigned v = 0; v < 3; v++)
		assert_int_equal(fake.hw[fake_hart_of(A, v)].place, PLACE_GUEST);
}

/* The byte that A must find at that address after a start. */
static uint8_t fresh_byte(uint64_t offset)
{
	if (offset < FAKE_KERNEL_SIZE)
		return fake_image(A, IMAGE_KERNEL)[offset];
	if (offset - (PAGE_SIZE + 17) < FAKE_INITRD_SIZE)
		return fake_image(A, IMAGE_INITRD)[offset - (PAGE_SIZE + 17)];
	if (offset - FAKE_DTB_AT < 8)
		return ((const uint8_t []){ 0xd0, 0x0d, 0xfe, 0xed, 0, 0, 0, FAKE_DTB_SIZE })[offset - FAKE_DTB_AT];
	return offset - FAKE_DTB_AT < FAKE_DTB_SIZE ? 0xd0 : 0;
}

static void assert_fresh(void)
{
	for (uint64_t offset = 0; offset < 5 * PAGE_SIZE; offset += offset < 2 * PAGE_SIZE ? 1 : 7)
		assert_int_equal(*fake_ram_at(A, BOOT_PC + offset), fresh_byte(offset));
	fake_ram_close();
	assert_int_equal(hw()->place, PLACE_GUEST);
	assert_int_equal(hw()->x[0], BOOT_PC);
	assert_int_equal(hw()->x[10], 0);
	assert_int_equal(hw()->x[11], BOOT_PC + FAKE_DTB_AT);
	assert_int_equal(csr()->hie | csr()->vsatp | csr()->vstvec | csr()->vsstatus | csr()->hvip, 0);
	assert_int_equal(csr()->vstimecmp, UINT64_MAX);
	assert_int_equal(csr()->scounteren, 7);
	assert_int_equal(fake.virtio[A][STATUS], 0);
}

/* A guest that has left its marks everywhere. */
static void make_a_mess(void)
{
	for (unsigned page = 0; page < 5; page++)
		memset(fake_ram_at(A, BOOT_PC + page * PAGE_SIZE), 0xee, PAGE_SIZE);
	fake_ram_close();
	fake.virtio[A][STATUS] = 0xf;
	guest_sw(FAKE_PLIC + 4 * 7, 3);
	guest_sw(FAKE_PLIC + 0x2080, 0xfffe);
	naive_set_level(&fake.plic, 7, true);
	naive_claim(&fake.plic, (uint32_t)fake.plan.harts[self].plic_context[0]);
	for (unsigned v = 0; v < 3; v++) {
		struct fake_csrs *c = &fake.hw[fake_hart_of(A, v)].csr;

		c->vsatp = 8ull << 60 | 5;
		c->vstvec = 0x80001000;
		c->vsstatus = SSTATUS_SIE | SSTATUS_FS;
		c->vstimecmp = 5;
		c->scounteren = 8;
	}
}

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

/* ---- the watchdog ---- */

static void pass(uint64_t ticks)
{
	fake.time += ticks;
	fake_settle();
}

/* With a timer that is served, or without any, a guest lives on. */
static void test_watchdog_sleeps(void **state)
{
	(void)state;
	for (unsigned sstc = 0; sstc < 2; sstc++) {
		config.sstc = sstc;
		config.policy[A].watchdog_ms = 10;
		boot();
		for (unsigned i = 0; i < 20; i++)
			pass(6000);
		for (unsigned i = 0; i < 20; i++) {
			assert_int_equal(sbi(SBI_EXT_TIME, 0, fake.time + 3000, 0, 0), SBI_SUCCESS);
			pass(6000);
		}
		assert_int_equal(fake_vm(A)->state, VM_RUNNING);
	}
}

/* Its time is what the plan says, to the tick. */
static void test_watchdog_time(void **state)
{
	static const uint32_t times[] = { 1, 10, 999, 3600000 };	/* ms */

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(times); i++) {
		config.policy[A].watchdog_ms = times[i];
		config.policy[B].watchdog_ms = 7;
		boot();
		assert_int_equal(fake_vm(A)->watchdog_ticks, times[i] * (FAKE_HZ / 1000));
		assert_int_equal(fake_vm(B)->watchdog_ticks, 7 * (FAKE_HZ / 1000));
		assert_int_equal(fake_vm(C)->watchdog_ticks, 0);
	}
}

static void test_watchdog_bites(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		config.sstc = i & 1;
		config.policy[A] = (struct plan_policy){ .on_crash = ON_CRASH_RESTART, .restart_limit = 1,
							 .watchdog_ms = 10 };
		boot();
		if (i & 2)
			assert_int_equal(sbi(0x0a424b48, 0, 0, 0, 0), SBI_SUCCESS);
		else
			assert_int_equal(sbi(SBI_EXT_TIME, 0, fake.time + 1, 0, 0), SBI_SUCCESS);
		pass(5001);
		assert_int_equal(fake_vm(A)->crashes, 0);
		pass(5001);
		pass(5001);
		assert_int_equal(fake_vm(A)->crashes, 1);
		assert_true(fake_said("crash: watchdog"));
		assert_int_equal(fake_vm(A)->state, VM_RUNNING);
		for (unsigned k = 0; k < 10; k++)
			pass(6000);	/* it owes nothing after its restart */
		assert_int_equal(fake_vm(A)->crashes, 1);
	}
}

/* Of harts whose watchdogs fire at once, one is logged. */
static void test_watchdog_bites_twice(void **state)
{
	(void)state;
	config.policy[A].watchdog_ms = 10;
	boot();
	start_all();
	for (unsigned v = 0; v < 3; v++) {
		self = fake_hart_of(A, v);
		assert_int_equal(sbi(SBI_EXT_TIME, 0, fake.time + 1, 0, 0), SBI_SUCCESS);
	}
	fake_count_from_here();
	pass(15001);
	assert_int_equal(fake_vm(A)->state, VM_STOPPED);
	assert_int_equal(fake_said("vm a: vcpu 0: crash: watchdog") + fake_said("vm a: vcpu 1: crash: watchdog") +
			 fake_said("vm a: vcpu 2: crash: watchdog"), 1);
}

/* ---- a hart that M-mode does not give back ---- */

#define LOOK	(FAKE_HZ * STUCK_SECONDS / STUCK_CHECKS)

static void hang(unsigned vcpu)
{
	fake.hung |= 1ull << fake_hart_of(A, vcpu);
}

static void assert_quiet(void)
{
	assert_int_equal(fake.virtio[A][STATUS], 0);
	for (unsigned id = 1; id <= 15; id++) {
		assert_int_equal(fake.plic.priority[id], 0);
		assert_false(fake.plic.claimed[id]);
	}
}

/* All but one look are in vain, and then it is stuck. */
static void wait_until_stuck(void)
{
	for (unsigned i = 1; i < STUCK_CHECKS; i++) {
		pass(LOOK);
		assert_int_equal(fake_vm(A)->state, VM_STOPPING);
	}
	pass(LOOK);
	assert_int_equal(fake_vm(A)->state, VM_STUCK);
}

/* A sibling asks for an end, of any kind; who has left looks for those that have not. */
static void test_stuck(void **state)
{
	static const struct { uint64_t type, reason; } ends[] = { { 0, 0 }, { 1, 0 }, { 2, 0 }, { 0, 1 } };
	uint8_t ram;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(ends); i++) {
		config.policy[A] = (struct plan_policy){ .on_crash = ON_CRASH_RESTART, .restart_limit = 9 };
		boot();
		start_all();
		make_a_mess();
		watch_neighbours();
		hang(1);
		fake_count_from_here();
		sbi(SBI_EXT_SRST, 0, ends[i].type, ends[i].reason, 0);
		wait_until_stuck();
		assert_true(fake_said("vm a: STUCK: vcpu 1 on hart 7 has not left the guest for 10 s: "));
		assert_true(fake_said("vm a: it cannot start again until the machine is reset; "));
		assert_false(fake_said("vcpu 0 on hart") || fake_said("vcpu 2 on hart") || fake_said("restarts"));
		assert_quiet();
		for (unsigned v = 0; v < 3; v += 2) {
			assert_int_equal(fake.hw[fake_hart_of(A, v)].place, PLACE_WFI);
			assert_int_equal(fake.hw[fake_hart_of(A, v)].csr.sie, 1ull << IRQ_SSI);
		}
		for (enum vm_ask ask = ASK_START; ask <= ASK_RESTART; ask++)
			assert_non_null(strstr(vm_ask(fake_vm(A), ask), "it is stuck"));
		assert_neighbours_kept();

		/* It comes back after all: to nothing. */
		ram = *fake_ram_at(A, BOOT_PC);
		fake_count_from_here();
		fake.hung = 0;
		fake_settle();
		pass(100 * LOOK);
		assert_true(fake_said("vm a: vcpu 1 has come back; the VM stays stuck\n"));
		assert_int_equal(fake.hw[fake_hart_of(A, 1)].place, PLACE_WFI);
		assert_int_equal(fake_vm(A)->state, VM_STUCK);
		assert_int_equal(*fake_ram_at(A, BOOT_PC), ram);
		fake_ram_close();
		assert_int_equal(fake_vm(A)->starts, 1);
		assert_neighbours_kept();
	}
}

/* One that comes in time, though late, is as good as any; nor is a jump of the clock its fault. */
static void test_not_stuck(void **state)
{
	(void)state;
	start_all();
	hang(2);
	sbi(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT, 0, 0);
	for (unsigned i = 1; i < STUCK_CHECKS; i++)
		pass(i == 3 ? 1000 * LOOK : LOOK);
	fake_settle();
	assert_int_equal(fake_vm(A)->state, VM_STOPPING);
	fake.hung = 0;
	fake_settle();
	assert_fresh();
	assert_int_equal(fake_vm(A)->starts, 2);
	assert_false(fake_said("STUCK"));
	pass(100 * LOOK);
	assert_int_equal(fake_vm(A)->state, VM_RUNNING);
}

/* Without Sstc the firmware's timer wakes the hart that checks; several may be lost, and each is named. */
static void test_two_stuck_without_sstc(void **state)
{
	(void)state;
	config.sstc = false;
	boot();
	start_all();
	hang(0);
	hang(2);
	self = fake_hart_of(A, 1);
	sbi(SBI_EXT_SRST, 0, 0, 0, 0);
	wait_until_stuck();
	assert_true(fake_said("STUCK: vcpu 0 on hart 3 ") && fake_said("STUCK: vcpu 2 on hart 70 "));
	fake.hung = 1ull << fake_hart_of(A, 0);		/* one of them comes back, and concludes nothing */
	fake_settle();
	assert_int_equal(fake_vm(A)->state, VM_STUCK);
	assert_true(vm_is_lost(fake_vm(A), 0));
	assert_false(vm_is_lost(fake_vm(A), 1) || vm_is_lost(fake_vm(A), 2));
}

/* A stuck VM has ended: the machine does not wait for it. */
static void test_last_one_is_stuck(void **state)
{
	(void)state;
	for (unsigned last = 0; last < 2; last++) {
		boot();
		start_all();
		hang(1);
		sbi(SBI_EXT_SRST, 0, 0, 0, 0);
		for (unsigned vm = B; vm <= C; vm++) {
			if (last && vm == B)
				wait_until_stuck();
			self = fake_hart_of(vm, 0);
			sbi(SBI_EXT_LEGACY_SHUTDOWN, 0, 0, 0, 0);
			fake_settle();
		}
		if (!last) {
			assert_false(fake.shut_down);
			wait_until_stuck();
		}
		assert_true(fake.shut_down);
	}
}

/* No command is given, but the watchdog of a sibling misses it. */
static void test_watchdog_misses(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6; i++) {	/* each sibling */
		config.sstc = i & 1;
		config.policy[A] = (struct plan_policy){ .on_crash = ON_CRASH_RESTART, .restart_limit = 9,
							 .watchdog_ms = 100 };
		boot();
		start_all();
		for (unsigned k = 0; k < 100; k++)
			pass(50001);
		fake.time += 100 * FAKE_HZ;	/* a jump of the clock */
		for (unsigned k = 0; k < 100; k++)
			pass(50001);
		assert_int_equal(fake_vm(A)->state, VM_RUNNING);
		hang(i / 2);
		for (unsigned k = 0; k < 20; k++)
			pass(50001);
		assert_int_equal(fake_vm(A)->state, VM_RUNNING);
		for (unsigned k = 0; k < 10; k++)
			pass(50001);
		assert_int_equal(fake_vm(A)->state, VM_STOPPING);
		assert_true(fake_said(": crash: watchdog"));
		for (unsigned k = 0; k < STUCK_CHECKS; k++)
			pass(LOOK);
		assert_int_equal(fake_vm(A)->state, VM_STUCK);
	}
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

/* ---- what the G-stage maps ---- */

static uint64_t walk(unsigned vm, uint64_t at, uint64_t *pte)
{
	return fake_walk(fake_vm(vm)->hgatp, at, pte);
}

static void test_gstage(void **state)
{
	static const uint64_t nothing[] = { 0, BOOT_PC - PAGE_SIZE, BOOT_PC + 5 * PAGE_SIZE, FAKE_PLIC,
					    FAKE_PLIC + 0x200000,
					    FAKE_RAM_HPA, 0x10001000, (1ull << 41) - PAGE_SIZE, FAKE_STALE };
	uint64_t pte, context;

	(void)state;
	for (unsigned page = 0; page < 5; page++)
		assert_int_equal(walk(A, BOOT_PC + page * PAGE_SIZE, &pte),
				 FAKE_RAM_HPA + (page == 4 ? 7 : page) * PAGE_SIZE);
	assert_int_equal(pte & 0x1e, 0x1e);	/* R W X U */
	for (unsigned i = 0; i < ARRAY_LEN(nothing); i++)
		assert_int_equal(walk(A, nothing[i], &pte), 0);
	assert_int_equal(walk(A, 0x10000000, &pte), 0x10000000);
	assert_int_equal(pte & 0x1e, 0x16);	/* never X */
	for (unsigned v = 0; v < 3; v++) {	/* each vcpu's page of the PLIC is its hart's */
		context = (uint64_t)fake.plan.harts[fake_hart_of(A, v)].plic_context[0];
		assert_int_equal(walk(A, FAKE_PLIC + 0x201000 + 0x2000 * v, &pte),
				 FAKE_PLIC + 0x200000 + 0x1000 * context);
		assert_int_equal(pte & 0x1e, 0x12);	/* it reads it */
	}
	config.plic = PLIC_MAPPED;
	boot();
	for (unsigned v = 0; v < 3; v++) {
		walk(A, FAKE_PLIC + 0x201000 + 0x2000 * v, &pte);
		assert_int_equal(pte & 0x1e, 0x16);
	}
	config.plic = PLIC_EMULATED;
	boot();
	assert_int_equal(walk(A, FAKE_PLIC + 0x201000, &pte), 0);
}

/* Of the window of its PLIC each VM has the pages of its own vcpus' contexts, and no other. */
static void test_contexts(void **state)
{
	uint64_t pte;

	(void)state;
	for (unsigned mapped = 0; mapped < 2; mapped++) {
		config.plic = mapped ? PLIC_MAPPED : PLIC_GUARDED;
		boot();
		for (unsigned vm = 0; vm < FAKE_VMS; vm++)
			for (uint64_t at = 0; at < FAKE_PLIC_SIZE; at += PAGE_SIZE) {
				uint64_t i = (at - 0x201000) / 0x2000;
				bool own = at % 0x2000 == 0x1000 && i < fake.plan.vms[vm].nr_vcpus;
				uint64_t context = own ? (uint64_t)fake.plan.harts[fake_hart_of(vm, (unsigned)i)]
							 .plic_context[0] : 0;

				assert_int_equal(walk(vm, FAKE_PLIC + at, &pte),
						 own ? FAKE_PLIC + 0x200000 + 0x1000 * context : 0);
			}
	}
}

/* A hart that no VM has, whatever was in memory of it: no vcpu. */
static void test_spare_harts(void **state)
{
	struct reporter reporter = { 0 };

	(void)state;
	fake.plan.vms[A].nr_vcpus = 1;
	assert_int_equal(vm_create_all(&fake.plan, NULL, &reporter), OK);
	for (unsigned hart = 0; hart < MAX_HARTS; hart++)
		assert_true((vm_vcpu_of_hart(hart) != NULL) ==
			    (hart < FAKE_HARTS && hart != 0 && hart != 4));
	fake.plan.nr_vms = C;
	assert_int_equal(vm_create_all(&fake.plan, NULL, &reporter), OK);
	assert_null(vm_vcpu_of_hart(fake_hart_of(C, 0)));
}

/* A context that the host's PLIC has no page for: the VM of that hart claims in the emulated one, and only that VM. */
static void test_context_without_page(void **state)
{
	struct reporter reporter = { 0 };

	(void)state;
	for (unsigned hart = 0; hart < FAKE_HARTS; hart++) {
		boot();
		fake.plan.harts[hart].plic_context[0] = 4000;
		assert_int_equal(vm_create_all(&fake.plan, NULL, &reporter), OK);
		for (unsigned vm = 0; vm < FAKE_VMS; vm++)
			assert_int_equal(fake_vm(vm)->devs.plic_mode,
					 vm == fake_vm_of(hart) ? PLIC_EMULATED : PLIC_GUARDED);
	}
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
		cmocka_unit_test_setup(test_stuck, setup),
		cmocka_unit_test_setup(test_not_stuck, setup),
		cmocka_unit_test_setup(test_two_stuck_without_sstc, setup),
		cmocka_unit_test_setup(test_last_one_is_stuck, setup),
		cmocka_unit_test_setup(test_watchdog_misses, setup),
		cmocka_unit_test_setup(test_restart_counts_anew, setup),
		cmocka_unit_test_setup(test_watchdog_sleeps, setup),
		cmocka_unit_test_setup(test_watchdog_time, setup),
		cmocka_unit_test_setup(test_watchdog_bites, setup),
		cmocka_unit_test_setup(test_watchdog_bites_twice, setup),
		cmocka_unit_test_setup(test_ipi_before_start, setup),
		cmocka_unit_test_setup(test_gstage, setup),
		cmocka_unit_test_setup(test_spare_harts, setup),
		cmocka_unit_test_setup(test_contexts, setup),
		cmocka_unit_test_setup(test_context_without_page, setup),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
