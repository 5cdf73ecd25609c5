/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads keys by the legacy getchar. Bootarg keys.hart=N: which hart reads, 0 by default. What it prints: "keys: 61"
 * for each byte, and for "?" how many calls have returned 0, and how many -1. On "t" a timer interrupt is set, 100 ms
 * ahead, which the hart enables in sie, but never takes.
 */
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/dt.h"
#include "guests/lib/sbi.h"
#include "guests/lib/timer.h"

#define STIE	(1ul << 5)

static void act(long key, uint64_t zeros, uint64_t empty)
{
	if (key == '?')
		line("keys: zeros=%lu empty=%lu", zeros, empty);
	else
		line("keys: %lx", (unsigned long)key);
	if (key == 't') {
		csr_set(sie, STIE);
		timer_set(time_now() + ms_to_ticks(100));
	}
}

static void read_keys(void *arg)
{
	uint64_t zeros = 0, empty = 0;

	(void)arg;
	irq_disable();
	timer_set(TIME_NEVER);
	line("keys: hart %lu reads", this_cpu()->hartid);
	for (;;) {
		long key = sbi_call(EID_LEGACY_GETCHAR, 0, 0, 0, 0, 0, 0).error;

		if (!key) {		/* an interrupt ended the wait; that one is over */
			zeros++;
			timer_set(TIME_NEVER);
		} else if (key < 0) {
			empty++;
		} else {
			act(key, zeros, empty);
		}
	}
}

void guest_main(void)
{
	uint64_t hart = arg_u64("keys.hart", 0);

	if (hart && hart < ncpus)
		smp_run(&cpus[hart], read_keys, NULL);
	else
		read_keys(NULL);
	for (;;)
		wfi();
}
