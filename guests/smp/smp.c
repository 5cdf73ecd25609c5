/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The multi-hart stress guest: IPI ping-pong between all pairs, start races, remote fences from
 * all harts at once, timers on all harts at once. Runs on any number of harts; with one it does
 * what is left. bootargs: smp.rounds=N scales everything (default 100).
 */
#include "guests/lib/check.h"
#include "guests/lib/console.h"
#include "guests/lib/dt.h"
#include "guests/lib/mmu.h"
#include "guests/lib/timer.h"

static uint64_t rounds;

/* A meeting point for `n` harts; each arrival of the last one opens it. */
struct barrier {
	uint32_t arrived;
	uint32_t generation;
};
static struct barrier barrier;

static bool meet(struct barrier *b, unsigned int n)
{
	uint32_t gen = __atomic_load_n(&b->generation, __ATOMIC_ACQUIRE);

	if (__atomic_add_fetch(&b->arrived, 1, __ATOMIC_ACQ_REL) == n) {
		b->arrived = 0;
		__atomic_store_n(&b->generation, gen + 1, __ATOMIC_RELEASE);
		return true;
	}
	return WAIT_UNTIL(__atomic_load_n(&b->generation, __ATOMIC_ACQUIRE) != gen, LONG_MS);
}

static void on_siblings(void (*fn)(void *))
{
	for (unsigned int i = 1; i < ncpus; i++) {
		long err = smp_run(&cpus[i], fn, NULL);

		EXPECT(err == 0, "start of hart %lu: %ld", cpus[i].hartid, err);
	}
}

static void join_siblings(void)
{
	for (unsigned int i = 1; i < ncpus; i++)
		EXPECT(smp_join(&cpus[i]), "hart %lu does not stop", cpus[i].hartid);
}

static void on_all(void (*fn)(void *))
{
	on_siblings(fn);
	fn(NULL);
	join_siblings();
}

static void ipi(const struct cpu *c)
{
	struct sbiret r = sbi_call(EID_IPI, 0, 1, c->hartid, 0, 0, 0);

	EXPECT(r.error == 0, "IPI to hart %lu: %ld", c->hartid, r.error);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void t_start(void)
{
	for (uint64_t k = 0; k < rounds; k++) {
		uint32_t runs[MAX_CPUS];

		for (unsigned int i = 0; i < ncpus; i++)
			runs[i] = cpus[i].runs;
		on_siblings(nothing);
		join_siblings();
		for (unsigned int i = 1; i < ncpus; i++)
			EXPECT(READ_ONCE(cpus[i].runs) == runs[i] + 1, "hart %lu ran %u times",
			       cpus[i].hartid, cpus[i].runs - runs[i]);
	}
}

/*
 * Ping-pong: the ball of a pair is in exactly one hand; a hand sends it back by IPI only, so a
 * lost IPI stops the game.
 */
static struct {
	unsigned int a, b;
	volatile uint64_t hits[2];	/* as seen by a and b */
} game;

static void play(unsigned int me, struct cpu *other)
{
	struct cpu *c = this_cpu();
	uint64_t start = c->soft_count;

	csr_write(sie, 1UL << IRQ_SOFT);
	if (!EXPECT(meet(&barrier, 2), "hart %lu waits for its partner", c->hartid))
		return;
	irq_enable();
	for (uint64_t k = 0; k < rounds; k++) {
		if (me == 0)
			ipi(other);
		if (!EXPECT(WAIT_UNTIL(c->soft_count - start > k, LONG_MS),
			    "hart %lu: IPI %lu from hart %lu is lost", c->hartid, k, other->hartid))
			break;
		if (me == 1)
			ipi(other);
	}
	irq_disable();
	csr_write(sie, 0);
	game.hits[me] = c->soft_count - start;
}

static void play_b(void *arg)
{
	(void)arg;
	play(1, &cpus[game.a]);
}

static void play_a(void *arg)
{
	(void)arg;
	play(0, &cpus[game.b]);
}

static void t_pingpong(void)
{
	if (ncpus < 2) {
		check_skip("one hart");
		return;
	}
	for (unsigned int a = 0; a < ncpus; a++) {
		for (unsigned int b = a + 1; b < ncpus; b++) {
			game.a = a;
			game.b = b;
			game.hits[0] = game.hits[1] = 0;
			mb();
			EXPECT(smp_run(&cpus[b], play_b, NULL) == 0, "start");
			if (a == 0)
				play_a(NULL);
			else
				EXPECT(smp_run(&cpus[a], play_a, NULL) == 0, "start");
			EXPECT(smp_join(&cpus[b]), "hart %lu does not stop", cpus[b].hartid);
			if (a)
				EXPECT(smp_join(&cpus[a]), "hart %lu does not stop",
				       cpus[a].hartid);
			EXPECT(game.hits[0] == rounds && game.hits[1] == rounds,
			       "pair %u-%u: %lu and %lu IPIs for %lu sent each way", a, b,
			       game.hits[0], game.hits[1], rounds);
		}
	}
}

/* All harts send to all at the same time; every hart sees at least the last of each sender. */
static volatile uint64_t flags[MAX_CPUS][MAX_CPUS];

static void storm_seen(struct cpu *c)
{
	for (unsigned int i = 0; i < ncpus; i++)
		flags[c->index][i] = 0;
}

static void ipi_storm(void *arg)
{
	struct cpu *c = this_cpu();

	(void)arg;
	csr_write(sie, 1UL << IRQ_SOFT);
	irq_enable();
	if (!EXPECT(meet(&barrier, ncpus), "hart %lu waits at the start", c->hartid))
		return;
	for (uint64_t k = 0; k < rounds; k++) {
		for (unsigned int i = 0; i < ncpus; i++) {
			flags[i][c->index] = 1;
			mb();
			ipi(&cpus[i]);
			if (!EXPECT(WAIT_UNTIL(!flags[i][c->index], LONG_MS),
				    "hart %lu does not see round %lu of hart %lu", cpus[i].hartid,
				    k, c->hartid))
				return;
		}
	}
	EXPECT(meet(&barrier, ncpus), "hart %lu waits at the end", c->hartid);
	irq_disable();
}

static void t_ipi_storm(void)
{
	irq_handlers.soft = storm_seen;
	on_all(ipi_storm);
	irq_handlers.soft = NULL;
}

/* Several harts start one stopped hart at the same moment: exactly one succeeds. */
static struct {
	uint32_t ok, already, other;
	volatile bool go, hold;
} race;

static void hold_on(void *arg)
{
	(void)arg;
	while (race.hold)
		cpu_relax();
}

static void try_start(void)
{
	struct cpu *target = &cpus[ncpus - 1];
	long err;

	while (!race.go)
		cpu_relax();
	err = sbi_call(EID_HSM, HSM_START, target->hartid, (uint64_t)secondary_entry,
		       (uint64_t)target, 0, 0).error;
	__atomic_fetch_add(err == 0 ? &race.ok :
			   err == SBI_ALREADY_AVAILABLE ? &race.already : &race.other, 1,
			   __ATOMIC_RELAXED);
}

static void racer(void *arg)
{
	(void)arg;
	meet(&barrier, ncpus - 1);
	try_start();
}

static void t_race(void)
{
	struct cpu *target = &cpus[ncpus - 1];

	if (ncpus < 3) {
		check_skip("fewer than three harts");
		return;
	}
	for (uint64_t k = 0; k < rounds; k++) {
		uint32_t runs = target->runs;

		race.ok = race.already = race.other = 0;
		race.go = false;
		race.hold = true;
		target->fn = hold_on;
		mb();
		for (unsigned int i = 1; i < ncpus - 1; i++)
			EXPECT(smp_run(&cpus[i], racer, NULL) == 0, "start of a racer");
		EXPECT(meet(&barrier, ncpus - 1), "racers do not come");
		race.go = true;
		try_start();
		for (unsigned int i = 1; i < ncpus - 1; i++)
			EXPECT(smp_join(&cpus[i]), "a racer does not stop");
		race.hold = false;
		EXPECT(smp_join(target), "the target does not stop");
		EXPECT(race.ok == 1, "round %lu: %u starts succeeded", k, race.ok);
		EXPECT_SPEC(race.already == ncpus - 2,
			    "round %lu: %u already available, %u other answers", k, race.already,
			    race.other);
		EXPECT(READ_ONCE(target->runs) == runs + 1, "round %lu: the target ran %u times", k,
		       target->runs - runs);
	}
}

/* Remote fences of all kinds from all harts to all harts at once. */
static void fence_storm(void *arg)
{
	static const uint64_t ranges[][2] = {
		{ 0, ~0ULL }, { 0, 0 }, { 0x80200000, 4096 }, { 0x80200000, 1ULL << 62 },
	};

	(void)arg;
	if (!EXPECT(meet(&barrier, ncpus), "hart %lu waits at the start", this_cpu()->hartid))
		return;
	for (uint64_t k = 0; k < rounds; k++) {
		struct sbiret r = sbi_call(EID_RFNC, k % 3, k & 1 ? 0 : (1ULL << ncpus) - 1,
					   k & 1 ? ~0ULL : 0, ranges[k % 4][0], ranges[k % 4][1],
					   k % 8);

		EXPECT(r.error == 0, "fid %lu: %ld", k % 3, r.error);
	}
	/* Whoever is done must stay there for the others: a stopped hart is no target. */
	EXPECT(meet(&barrier, ncpus), "hart %lu waits at the end", this_cpu()->hartid);
}

static void t_fence_storm(void)
{
	on_all(fence_storm);
}

/*
 * A page shared by all moves to and fro while all read it: after its fence, the mover must see
 * no reader with the old page.
 */
static uint64_t pages[2][512] __attribute__((aligned(4096)));
static volatile uint64_t want_gen, seen_gen[MAX_CPUS];
static volatile bool quit;

static void page_reader(void *arg)
{
	struct cpu *c = this_cpu();

	(void)arg;
	mmu_on(c->index + 1);
	while (!quit) {
		uint64_t gen = want_gen, got;

		mb();
		got = *(volatile uint64_t *)MMU_PAGE(0);
		/* The mover waits for this answer: the page cannot have moved on meanwhile. */
		if (gen == seen_gen[c->index])
			continue;
		EXPECT(got == (gen & 1), "hart %lu reads the old page in round %lu", c->hartid,
		       gen);
		mb();
		seen_gen[c->index] = gen;
	}
	mmu_off();
}

static void t_shootdown(void)
{
	if (ncpus < 2) {
		check_skip("one hart");
		return;
	}
	pages[0][0] = 0;
	pages[1][0] = 1;
	want_gen = 0;
	for (unsigned int i = 0; i < ncpus; i++)
		seen_gen[i] = 0;
	quit = false;
	mmu_build();
	mmu_set(0, (uint64_t)pages[0], PTE_RW);
	on_siblings(page_reader);
	for (uint64_t k = 1; k <= rounds; k++) {
		struct sbiret r;

		mmu_set(0, (uint64_t)pages[k & 1], PTE_RW);
		r = sbi_call(EID_RFNC, RFNC_SFENCE, 0, ~0ULL, MMU_PAGE(0), PAGE_SIZE, 0);
		EXPECT(r.error == 0, "fence: %ld", r.error);
		mb();
		want_gen = k;
		for (unsigned int i = 1; i < ncpus; i++)
			EXPECT(WAIT_UNTIL(seen_gen[i] == k, LONG_MS),
			       "hart %lu does not see round %lu", cpus[i].hartid, k);
	}
	quit = true;
	join_siblings();
}

/* Periodic timers on all harts at the same time: each gets all of its own, none early. */
static void tick(struct cpu *c)
{
	(void)c;
	timer_set(TIME_NEVER);
}

static void run_timer(void *arg)
{
	struct cpu *c = this_cpu();
	uint64_t start = c->timer_count;

	(void)arg;
	if (!EXPECT(meet(&barrier, ncpus), "hart %lu waits at the start", c->hartid))
		return;
	csr_write(sie, 1UL << IRQ_TIMER);
	irq_enable();
	for (uint64_t k = 0; k < rounds; k++) {
		uint64_t when = time_now() + ms_to_ticks(1) + c->index * 97;

		timer_set(when);
		if (!EXPECT(WAIT_UNTIL(c->timer_count - start > k, LONG_MS),
			    "hart %lu: tick %lu never comes", c->hartid, k))
			break;
		EXPECT(time_now() >= when, "hart %lu: tick %lu is early", c->hartid, k);
	}
	irq_disable();
	csr_write(sie, 0);
	EXPECT(c->timer_count - start == rounds, "hart %lu: %lu ticks for %lu deadlines", c->hartid,
	       c->timer_count - start, rounds);
}

static void t_timers(void)
{
	irq_handlers.timer = tick;
	on_all(run_timer);
	irq_handlers.timer = NULL;
}

void guest_main(void)
{
	static const struct test tests[] = {
		{ "smp.start", t_start }, { "smp.pingpong", t_pingpong },
		{ "smp.ipi-storm", t_ipi_storm }, { "smp.race", t_race },
		{ "smp.fence-storm", t_fence_storm }, { "smp.shootdown", t_shootdown },
		{ "smp.timers", t_timers },
	};

	rounds = arg_u64("smp.rounds", 100);
	line("smp: %u harts, %lu rounds%s", ncpus, rounds, sbi.opensbi ? ", native" : "");
	check_run(tests, ARRAY_SIZE(tests));
	check_summary();
}
