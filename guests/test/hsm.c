/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SBI HSM: status, start and its refusals, the state a hart starts in, stop and start again many
 * times, suspend. SBI specification 3.0, chapter "Hart State Management Extension".
 */
#include "guests/test/raw.h"
#include "guests/test/test.h"

static struct sbiret hsm(uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2)
{
	return sbi_call(EID_HSM, fid, a0, a1, a2, 0, 0);
}

static void t_status(void)
{
	static const uint64_t nobody[] = { 64, 4096, 1ULL << 32, 1ULL << 63, ~0ULL };
	struct sbiret r;

	for (unsigned int i = 0; i < ncpus; i++) {
		r = hsm(HSM_STATUS, cpus[i].hartid, 0, 0);
		EXPECT(r.error == 0 && r.value == (i ? HSM_STOPPED : HSM_STARTED),
		       "hart %lu: error %ld status %ld", cpus[i].hartid, r.error, r.value);
	}
	r = hsm(HSM_STATUS, ncpus, 0, 0);
	EXPECT(r.error == SBI_INVALID_PARAM, "hart %u: %ld", ncpus, r.error);
	for (unsigned int i = 0; i < ARRAY_SIZE(nobody); i++) {
		r = hsm(HSM_STATUS, nobody[i], 0, 0);
		EXPECT_SPEC(r.error == SBI_INVALID_PARAM, "hart 0x%lx: %ld", nobody[i], r.error);
	}
}

static void t_start_refused(void)
{
	static const uint64_t nobody[] = { 64, 4096, 1ULL << 32, 1ULL << 63, ~0ULL };
	uint64_t entry = (uint64_t)raw_entry, beyond;
	struct sbiret r;

	r = hsm(HSM_START, this_cpu()->hartid, entry, 0);
	EXPECT(r.error == SBI_ALREADY_AVAILABLE, "self: %ld", r.error);
	r = hsm(HSM_START, ncpus, entry, 0);
	EXPECT(r.error == SBI_INVALID_PARAM, "hart %u: %ld", ncpus, r.error);
	for (unsigned int i = 0; i < ARRAY_SIZE(nobody); i++) {
		/* OpenSBI cuts ids to 32 bits, and would start that hart unless it is this one. */
		if (sbi.opensbi && nobody[i] >> 32)
			continue;
		r = hsm(HSM_START, nobody[i], entry, 0);
		EXPECT_SPEC(r.error == SBI_INVALID_PARAM, "hart 0x%lx: %ld", nobody[i], r.error);
	}
	if (ncpus < 2)
		return;
	if (sbi.opensbi) {
		check_note("bad start addresses are not tried: OpenSBI may take them");
		return;
	}
	beyond = machine.ram[machine.nram - 1].base + machine.ram[machine.nram - 1].size;
	{
		const uint64_t bad[] = { 0, 0x1000, plic.base, find_hole(), beyond, ~0ULL - 1,
					 1ULL << 41, 1ULL << 63, entry | 1ULL << 56 };

		for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
			r = hsm(HSM_START, cpus[1].hartid, bad[i], 0);
			EXPECT(r.error == SBI_INVALID_ADDRESS, "address 0x%lx: %ld", bad[i],
			       r.error);
			r = hsm(HSM_STATUS, cpus[1].hartid, 0, 0);
			EXPECT(r.value == HSM_STOPPED, "address 0x%lx: status %ld", bad[i],
			       r.value);
		}
	}
}

/* The registers a hart starts with; opaque is 64 bits wide. */
static void t_entry(void)
{
	static const uint64_t opaques[] = { 0, 0x123456789abcdef0, ~0ULL };

	if (ncpus < 2) {
		check_skip("one hart");
		return;
	}
	for (unsigned int i = 1; i < ncpus; i++) {
		for (unsigned int k = 0; k < ARRAY_SIZE(opaques); k++) {
			struct sbiret r;

			raw_state = (struct raw_state){ .satp = 1 };
			mb();
			r = hsm(HSM_START, cpus[i].hartid, (uint64_t)raw_entry, opaques[k]);
			if (!EXPECT(r.error == 0, "start: %ld", r.error) ||
			    !EXPECT(smp_join(&cpus[i]), "does not stop"))
				return;
			EXPECT(READ_ONCE(raw_state.done), "stopped before it ran");
			EXPECT(raw_state.a0 == cpus[i].hartid, "a0 0x%lx", raw_state.a0);
			EXPECT(raw_state.a1 == opaques[k], "a1 0x%lx", raw_state.a1);
			EXPECT(raw_state.satp == 0, "satp 0x%lx", raw_state.satp);
			EXPECT(!(raw_state.sstatus & SSTATUS_SIE), "SIE is set");
			EXPECT(!(raw_state.sip & 2), "SSIP is pending");
		}
	}
}

static void spin_until_released(void *arg)
{
	while (!READ_ONCE(*(bool *)arg))
		cpu_relax();
}

static void t_already(void)
{
	bool go = false;
	struct sbiret r;
	uint32_t runs;

	if (ncpus < 2) {
		check_skip("one hart");
		return;
	}
	runs = cpus[1].runs;
	r.error = smp_run(&cpus[1], spin_until_released, &go);
	EXPECT(r.error == 0, "start: %ld", r.error);
	r = hsm(HSM_START, cpus[1].hartid, (uint64_t)raw_entry, 0);
	EXPECT_SPEC(r.error == SBI_ALREADY_AVAILABLE, "start pending or started: %ld", r.error);
	EXPECT(WAIT_UNTIL(READ_ONCE(cpus[1].runs) != runs, LONG_MS), "does not come up");
	r = hsm(HSM_START, cpus[1].hartid, (uint64_t)raw_entry, 0);
	EXPECT(r.error == SBI_ALREADY_AVAILABLE, "started: %ld", r.error);
	r = hsm(HSM_STATUS, cpus[1].hartid, 0, 0);
	EXPECT(r.error == 0 && r.value == HSM_STARTED, "status: %ld %ld", r.error, r.value);
	WRITE_ONCE(go, true);
	EXPECT(smp_join(&cpus[1]), "does not stop");
}

static void nothing(void *arg)
{
	(void)arg;
}

static void t_again(void)
{
	if (ncpus < 2) {
		check_skip("one hart");
		return;
	}
	for (unsigned int k = 0; k < 200; k++) {
		for (unsigned int i = 1; i < ncpus; i++) {
			uint32_t runs = cpus[i].runs;
			long err = smp_run(&cpus[i], nothing, NULL);

			if (!EXPECT(err == 0, "start %u: %ld", k, err) ||
			    !EXPECT(smp_join(&cpus[i]), "stop %u: hart %lu does not stop", k,
				    cpus[i].hartid))
				return;
			EXPECT(READ_ONCE(cpus[i].runs) == runs + 1, "start %u: %u runs", k,
			       cpus[i].runs - runs);
		}
	}
}

/* The boot hart is like any other: it stops, and a sibling sees that and starts it again. */
static volatile long revive_status, revive_start;

static void revive_boot_hart(void *arg)
{
	struct cpu *boot = arg;

	if (WAIT_UNTIL(hsm(HSM_STATUS, boot->hartid, 0, 0).value == HSM_STOPPED, LONG_MS))
		revive_status = HSM_STOPPED;
	revive_start = hsm(HSM_START, boot->hartid, (uint64_t)raw_back, (uint64_t)boot).error;
}

static void t_boot_hart(void)
{
	if (ncpus < 2) {
		check_skip("one hart");
		return;
	}
	for (unsigned int i = 0; i < 20; i++) {
		revive_status = revive_start = -1;
		mb();
		if (!EXPECT(smp_run(&cpus[1], revive_boot_hart, &cpus[0]) == 0, "start"))
			return;
		raw_stop(this_cpu());
		EXPECT(smp_join(&cpus[1]), "the sibling does not stop");
		EXPECT(revive_status == HSM_STOPPED && revive_start == 0, "status %ld, start %ld",
		       revive_status, revive_start);
	}
}

/* Retentive: returns where it was called, when an enabled interrupt is pending; SIE stays 0. */
static void t_suspend(void)
{
	irq_disable();
	for (unsigned int i = 0; i < 10; i++) {
		uint64_t when = time_now() + ms_to_ticks(2), early;
		struct sbiret r;

		timer_set(when);
		csr_write(sie, 1UL << IRQ_TIMER);
		r = hsm(HSM_SUSPEND, 0, 0, 0);
		early = time_now();
		EXPECT(r.error == 0, "suspend: %ld", r.error);
		EXPECT_SPEC(early >= when, "back %lu ticks early", when - early);
		csr_write(sie, 0);
	}
	timer_set(TIME_NEVER);
	csr_write(sie, 1UL << IRQ_SOFT);
	csr_set(sip, 2);
	EXPECT(hsm(HSM_SUSPEND, 0, 0, 0).error == 0, "suspend with SSIP pending");
	csr_clear(sip, 2);
	csr_write(sie, 0);
}

static void t_suspend_refused(void)
{
	static const uint64_t types[] = { 1, 0x0fffffff, 0x80000001, 0x8fffffff };
	static const uint64_t platform[] = { 0x10000000, 0x7fffffff, 0x90000000, 0xffffffff };
	long err;

	csr_write(sie, 1UL << IRQ_SOFT);
	csr_set(sip, 2);
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		err = hsm(HSM_SUSPEND, types[i], (uint64_t)raw_resume, 0).error;
		EXPECT(err == SBI_INVALID_PARAM, "type 0x%lx: %ld", types[i], err);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(platform); i++) {
		err = hsm(HSM_SUSPEND, platform[i], (uint64_t)raw_resume, 0).error;
		EXPECT_SPEC(err == SBI_INVALID_PARAM || err == SBI_NOT_SUPPORTED,
			    "type 0x%lx: %ld", platform[i], err);
	}
	if (!sbi.opensbi) {
		err = hsm(HSM_SUSPEND, 0x80000000, find_hole(), 0).error;
		EXPECT(err == SBI_INVALID_ADDRESS, "resume address in a hole: %ld", err);
	}
	csr_clear(sip, 2);
	csr_write(sie, 0);
}

static void suspend_self(void *arg)
{
	csr_write(sie, 1UL << IRQ_SOFT);
	*(volatile long *)arg = hsm(HSM_SUSPEND, 0, 0, 0).error;
}

/* A sibling sees the suspended hart as SUSPENDED, cannot start it, and wakes it by IPI. */
static void t_suspend_sibling(void)
{
	volatile long result = 1234;
	struct sbiret r;

	if (ncpus < 2) {
		check_skip("one hart");
		return;
	}
	r.error = smp_run(&cpus[1], suspend_self, (void *)&result);
	EXPECT(r.error == 0, "start: %ld", r.error);
	EXPECT(WAIT_UNTIL(hsm(HSM_STATUS, cpus[1].hartid, 0, 0).value == HSM_SUSPENDED, LONG_MS),
	       "status is %ld", hsm(HSM_STATUS, cpus[1].hartid, 0, 0).value);
	r = hsm(HSM_START, cpus[1].hartid, (uint64_t)raw_entry, 0);
	EXPECT_SPEC(r.error == SBI_ALREADY_AVAILABLE, "start of a suspended hart: %ld", r.error);
	EXPECT(result == 1234, "suspend is back without an IPI: %ld", result);
	sbi_call(EID_IPI, 0, 1, cpus[1].hartid, 0, 0, 0);
	EXPECT(smp_join(&cpus[1]), "does not wake up");
	EXPECT(result == 0, "suspend gave %ld", result);
}

/* Non-retentive: the hart comes back at raw_resume (raw.S), which stops it. */
static volatile uint64_t nonret_done;

static void suspend_nonret(void *arg)
{
	struct sbiret r;

	timer_set(time_now() + ms_to_ticks(2));
	csr_write(sie, 1UL << IRQ_TIMER);
	r = hsm(HSM_SUSPEND, 0x80000000, (uint64_t)raw_resume, 0xfeedface12345678);
	*(volatile long *)arg = r.error;
	nonret_done = 1;
}

static void t_suspend_nonret(void)
{
	volatile long result = 1234;

	if (ncpus < 2) {
		check_skip("one hart");
		return;
	}
	raw_state = (struct raw_state){ .satp = 1 };
	nonret_done = 0;
	mb();
	EXPECT(smp_run(&cpus[1], suspend_nonret, (void *)&result) == 0, "start");
	EXPECT(smp_join(&cpus[1]), "does not come back");
	if (nonret_done) {
		EXPECT_SPEC(result == SBI_NOT_SUPPORTED, "suspend gave %ld", result);
		check_note("no non-retentive suspend: %ld", result);
		return;
	}
	EXPECT(raw_state.done, "resumed, but not at the resume address");
	EXPECT(raw_state.a0 == cpus[1].hartid && raw_state.a1 == 0xfeedface12345678,
	       "a0 0x%lx a1 0x%lx", raw_state.a0, raw_state.a1);
	EXPECT(raw_state.satp == 0 && !(raw_state.sstatus & SSTATUS_SIE),
	       "satp 0x%lx sstatus 0x%lx", raw_state.satp, raw_state.sstatus);
}

void tests_hsm(void)
{
	RUN({ "hsm.status", t_status }, { "hsm.start-refused", t_start_refused },
	    { "hsm.entry", t_entry }, { "hsm.already", t_already }, { "hsm.again", t_again },
	    { "hsm.boot-hart", t_boot_hart },
	    { "hsm.suspend", t_suspend }, { "hsm.suspend-refused", t_suspend_refused },
	    { "hsm.suspend-sibling", t_suspend_sibling },
	    { "hsm.suspend-nonret", t_suspend_nonret });
}
