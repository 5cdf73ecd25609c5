/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HSM: what siblings see of a hart in each state, both kinds of suspend with upper bits set, opaque values of 64
 * bits, and races: two harts that start a third, and a start against a stop.
 */
#include "guests/sbi/sbi.h"

#define ROUNDS 300

static volatile uint64_t resumed, resumed_a0, resumed_satp, entered;

static long status(const struct cpu *c)
{
	struct sbiret r = sbi_call(EID_HSM, HSM_STATUS, c->hartid, 0, 0, 0, 0);

	return r.error ? r.error : r.value;
}

static bool becomes(const struct cpu *c, long want)
{
	return WAIT_UNTIL(status(c) == want, LONG_MS);
}

/* ---- suspend ---- */

static volatile uint64_t suspend_type;
static volatile long suspend_result;

static void suspends(void *arg)
{
	csr_write(sie, 1UL << IRQ_SOFT);
	suspend_result = sbi_call(EID_HSM, HSM_SUSPEND, suspend_type, (uint64_t)secondary_entry, (uint64_t)arg,
				  0, 0).error;
	entered++;
}

/* Retentive: it is SUSPENDED, cannot be started, wakes by an IPI, and continues behind the call. */
static void t_retentive(void)
{
	for (unsigned int i = 0; i < 20; i++) {
		struct cpu *c = &cpus[1 + i % 2];

		entered = 0;
		suspend_result = 99;
		suspend_type = SUSPEND_RETENTIVE | (i & 2 ? UPPER : 0);
		EXPECT(smp_run(c, suspends, c) == 0, "start");
		EXPECT(becomes(c, HSM_SUSPENDED), "status %ld", status(c));
		EXPECT(CALL(EID_HSM, HSM_START, c->hartid, (uint64_t)secondary_entry).error ==
		       SBI_ALREADY_AVAILABLE, "start of a suspended hart");
		EXPECT(!entered, "it is back by itself");
		EXPECT(CALL(EID_IPI, 0, 1, c->hartid).error == 0, "ipi");
		EXPECT(smp_join(c), "it does not wake");
		EXPECT(entered == 1 && suspend_result == 0, "result %ld", suspend_result);
	}
}

static void resumes(void *arg)
{
	(void)arg;
	resumed++;
	resumed_a0 = this_cpu()->hartid;
	resumed_satp = csr_read(satp);
}

static void suspends_nonretentive(void *arg)
{
	struct cpu *c = arg;

	c->fn = resumes;	/* secondary_entry with opaque = c runs it */
	csr_write(sie, 1UL << IRQ_SOFT);
	sbi_call(EID_HSM, HSM_SUSPEND, suspend_type, (uint64_t)secondary_entry, (uint64_t)c, 0, 0);
	entered++;
}

static void t_nonretentive(void)
{
	for (unsigned int i = 0; i < 20; i++) {
		struct cpu *c = &cpus[1 + i % 2];

		resumed = entered = 0;
		suspend_type = SUSPEND_NONRETENTIVE | (i & 2 ? UPPER : 0);
		EXPECT(smp_run(c, suspends_nonretentive, c) == 0, "start");
		EXPECT(becomes(c, HSM_SUSPENDED), "status %ld", status(c));
		EXPECT(CALL(EID_HSM, HSM_START, c->hartid, (uint64_t)secondary_entry).error ==
		       SBI_ALREADY_AVAILABLE, "start of a suspended hart");
		EXPECT(CALL(EID_IPI, 0, 1UL << c->hartid, 0).error == 0, "ipi");
		EXPECT(smp_join(c), "it does not wake");
		EXPECT(resumed == 1 && !entered && resumed_a0 == c->hartid && !resumed_satp,
		       "resumed %lu, behind the call %lu, a0 %lu, satp 0x%lx", resumed, entered, resumed_a0,
		       resumed_satp);
	}
}

static void t_suspend_refused(void)
{
	static const uint64_t types[] = { 1, 2, 0x0fffffff, 0x10000000, 0x7fffffff, 0x80000001, 0x8fffffff,
					  0x90000000, 0xffffffff };
	uint64_t end = machine.ram[0].base + machine.ram[0].size;
	const uint64_t bad[] = { 0, 0x1000, end, plic.base, 1UL << 41, 1UL << 63, ~0UL - 1,
				 (uint64_t)secondary_entry | 1UL << 56 };

	csr_write(sie, 1UL << IRQ_SOFT);
	csr_set(sip, 2);	/* should one be taken, it ends at once */
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		for (unsigned int k = 0; k < 2; k++) {
			long err = CALL(EID_HSM, HSM_SUSPEND, types[i] | (k ? UPPER : 0),
					(uint64_t)secondary_entry).error;

			EXPECT(err == SBI_INVALID_PARAM || err == SBI_NOT_SUPPORTED, "type 0x%lx: %ld", types[i],
			       err);
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT(CALL(EID_HSM, HSM_SUSPEND, SUSPEND_NONRETENTIVE, bad[i]).error == SBI_INVALID_ADDRESS,
		       "resume at 0x%lx", bad[i]);
	EXPECT(CALL(EID_HSM, HSM_SUSPEND, UPPER, ~0UL, ~0UL).error == 0, "retentive, with upper bits");
	csr_clear(sip, 2);
	csr_write(sie, 0);
}

static void t_ids(void)
{
	static const uint64_t nobody[] = { 8, 63, 64, 1UL << 31, 1UL << 32, 1UL << 63, ~0UL };

	for (unsigned int i = 0; i < ARRAY_SIZE(nobody); i++) {
		EXPECT(CALL(EID_HSM, HSM_STATUS, nobody[i]).error == SBI_INVALID_PARAM, "0x%lx", nobody[i]);
		EXPECT(CALL(EID_HSM, HSM_START, nobody[i], (uint64_t)secondary_entry).error ==
		       SBI_INVALID_PARAM, "0x%lx", nobody[i]);
	}
	for (unsigned int i = 0; i < ncpus; i++) {	/* a hart id is a register, not 32 bits of it */
		EXPECT(CALL(EID_HSM, HSM_STATUS, i | 1UL << 32).error == SBI_INVALID_PARAM, "2^32 + %u", i);
		EXPECT(CALL(EID_HSM, HSM_START, i | 1UL << 32, (uint64_t)secondary_entry).error ==
		       SBI_INVALID_PARAM, "2^32 + %u", i);
	}
}

/* ---- races ---- */

static volatile uint64_t round_now, round_done;
static volatile long rival_error;

static void counts_itself(void *arg)
{
	(void)arg;
	__atomic_fetch_add(&entered, 1, __ATOMIC_RELAXED);
}

static long start(struct cpu *c)
{
	return sbi_call(EID_HSM, HSM_START, c->hartid, (uint64_t)secondary_entry, (uint64_t)c, 0, 0).error;
}

static void rival(void *arg)
{
	(void)arg;
	for (uint64_t i = 1; i <= ROUNDS; i++) {
		while (round_now < i)
			cpu_relax();
		rival_error = start(&cpus[2]);
		mb();
		round_done = i;
	}
}

/* Two harts start a third: one of them starts it, the other gets an error, and it runs once. */
static void t_two_starters(void)
{
	unsigned int mine = 0;

	cpus[2].fn = counts_itself;
	round_now = round_done = 0;
	EXPECT(smp_run(&cpus[1], rival, NULL) == 0, "start");
	for (unsigned int i = 1; i <= ROUNDS; i++) {
		long err;

		entered = 0;
		mb();
		round_now = i;
		err = start(&cpus[2]);
		if (!EXPECT(WAIT_UNTIL(round_done == i, LONG_MS), "the rival hangs"))
			return;
		EXPECT(smp_join(&cpus[2]), "round %u: it does not stop", i);
		mine += err == 0;
		/* It may have run and stopped between the two: then both have started it, one after the other. */
		EXPECT((err == 0 || err == SBI_ALREADY_AVAILABLE) &&
		       (rival_error == 0 || rival_error == SBI_ALREADY_AVAILABLE), "%ld and %ld", err,
		       rival_error);
		EXPECT(entered == (uint64_t)(err == 0) + (rival_error == 0) && entered > 0,
		       "%ld and %ld, and it ran %lu times", err, rival_error, entered);
	}
	EXPECT(smp_join(&cpus[1]), "the rival does not stop");
	check_note("%u of %u were ours", mine, ROUNDS);
}

/* A start as soon as the hart is seen to have stopped, and before: never lost, never twice. */
static void t_start_stop(void)
{
	unsigned int early = 0;

	entered = 0;
	for (unsigned int i = 1; i <= ROUNDS; i++) {
		long err;

		cpus[1].fn = counts_itself;
		do {
			long s = status(&cpus[1]);

			EXPECT(s >= HSM_STARTED && s <= HSM_STOP_PENDING, "status %ld", s);
			err = start(&cpus[1]);
			early += err != 0;
			EXPECT(err == 0 || err == SBI_ALREADY_AVAILABLE, "start: %ld", err);
		} while (err);
	}
	EXPECT(smp_join(&cpus[1]), "it does not stop");
	EXPECT(entered == ROUNDS, "%lu runs of %u starts", entered, ROUNDS);
	check_note("%u starts came too early", early);
}

void tests_hsm(void)
{
	static const struct test t[] = {
		{ "sbi.retentive", t_retentive }, { "sbi.nonretentive", t_nonretentive },
		{ "sbi.suspend-refused", t_suspend_refused }, { "sbi.ids", t_ids },
		{ "sbi.two-starters", t_two_starters }, { "sbi.start-stop", t_start_stop },
	};

	if (ncpus < 3) {
		line("FAIL sbi: three harts are needed");
		return;
	}
	check_run(t, ARRAY_SIZE(t));
}
