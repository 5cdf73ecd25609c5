/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile neighbour: completes, at its own PLIC contexts, every source that is none of its own, again and again, on
 * all its harts, and says so: `completer: N rounds` each second.
 */
#include "guests/lib/check.h"
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/dt.h"
#include "guests/lib/plic.h"
#include "guests/lib/timer.h"

#define ROUNDS	20	/* between two looks at the time */

static void complete_all(void)
{
	for (uint32_t id = 1; id < 64; id++)
		plic_complete(this_cpu()->plic_ctx, id);
}

static void work(void *arg)
{
	(void)arg;
	for (;;)
		complete_all();
}

void guest_main(void)
{
	uint64_t rounds = 0, next = 0;

	for (unsigned int i = 1; i < ncpus; i++)
		if (smp_run(&cpus[i], work, NULL) != 0)
			line("FAIL completer: no sibling");
	for (;;) {
		for (unsigned int i = 0; i < ROUNDS; i++)
			complete_all();
		rounds += ROUNDS;
		if (time_now() < next)
			continue;
		line("completer: %lu rounds", rounds);
		next = time_now() + ms_to_ticks(1000);
	}
}
