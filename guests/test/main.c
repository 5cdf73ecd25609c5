/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The self-checking test guest: everything that a partition promises its guest, as seen from
 * inside. Runs with any number of harts, with or without devices of its own; natively it says
 * `note` where the bare machine or OpenSBI answers differently.
 * bootargs: test.only=<prefix> runs the tests whose names start so; test.end=cold|warm resets
 * instead of powering off, test.end=legacy powers off by the legacy call; test.window: windows.c.
 */
#include <string.h>
#include "guests/test/test.h"

static volatile bool workers_quit;

uint64_t find_hole(void)
{
	static const uint64_t candidates[] = {
		0x08000000, 0x18000000, 0x1f000000, 0x7f000000, 0x70000000,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(candidates); i++) {
		if (!dt_claims(candidates[i], 0x2000))
			return candidates[i];
	}
	return 0;
}

uint32_t own_source(void)
{
	for (uint32_t s = 1; plic.base && s <= plic.ndev; s++) {
		if (dt_owns_source(s))
			return s;
	}
	return 0;
}

static void worker(void *arg)
{
	(void)arg;
	csr_write(sie, 1UL << IRQ_SOFT);
	irq_enable();
	while (!workers_quit)
		wfi();
}

bool workers_start(void)
{
	bool ok = true;

	workers_quit = false;
	for (unsigned int i = 1; i < ncpus; i++) {
		uint32_t runs = cpus[i].runs;
		long err = smp_run(&cpus[i], worker, NULL);

		ok &= EXPECT(err == 0, "start of hart %lu: %ld", cpus[i].hartid, err);
		if (err == 0)
			ok &= EXPECT(WAIT_UNTIL(READ_ONCE(cpus[i].runs) != runs, LONG_MS),
				     "hart %lu does not come up", cpus[i].hartid);
	}
	return ok;
}

void workers_stop(void)
{
	workers_quit = true;
	mb();
	for (unsigned int i = 1; i < ncpus; i++) {
		sbi_call(EID_IPI, 0, 1, cpus[i].hartid, 0, 0, 0);
		EXPECT(smp_join(&cpus[i]), "hart %lu does not stop", cpus[i].hartid);
	}
}

/* How to end; a call that comes back is a failure. */
static void end(void)
{
	const char *how = arg_str("test.end");
	long err;

	if (!how)
		return;
	if (!strcmp(how, "legacy"))
		err = sbi_call(EID_LEGACY_SHUTDOWN, 0, 0, 0, 0, 0, 0).error;
	else
		err = sbi_call(EID_SRST, 0, !strcmp(how, "warm") ? 2 : 1, 0, 0, 0, 0).error;
	line("FAIL test.end: %s came back with %ld", how, err);
}

void guest_main(void)
{
	line("test: %u harts, SBI %lu.%lu, implementation %lu version 0x%lx%s", ncpus,
	     sbi.spec >> 24, sbi.spec & 0xffffff, sbi.impl_id, sbi.impl_version,
	     sbi.opensbi ? ", native" : "");
	line("test: RAM 0x%lx + 0x%lx, loaded at 0x%lx, tree at 0x%lx, timer by %s",
	     machine.ram[0].base, machine.ram[0].size, (uint64_t)image_start,
	     (uint64_t)machine.fdt, cpus[0].sstc ? "Sstc" : "SBI TIME");
	mmu_build();
	tests_mem();		/* first: it needs RAM unchanged */
	tests_dt();
	tests_base();
	tests_time();
	tests_console();
	tests_ipi();
	tests_hsm();
	tests_rfence();
	tests_fp();
	tests_plic();
	tests_mmio();
	tests_windows();
	tests_fault();
	tests_insn();
	tests_user();
	tests_paging();
	check_summary();
	end();
}
