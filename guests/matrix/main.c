/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the matrix on all harts at once, prints what was tried, and ends.
 * bootargs: matrix.rounds=N, and those of targets.c.
 */
#include "guests/lib/console.h"
#include "guests/lib/dt.h"
#include "guests/lib/mmu.h"
#include "guests/lib/timer.h"
#include "guests/matrix/matrix.h"

static void run_everywhere(void)
{
	for (unsigned int i = 1; i < ncpus; i++) {
		if (smp_run(&cpus[i], run_matrix, NULL))
			line("FAIL matrix: hart %lu does not start", cpus[i].hartid);
	}
	run_matrix(NULL);
	for (unsigned int i = 1; i < ncpus; i++) {
		if (!smp_join(&cpus[i]))
			line("FAIL matrix: hart %lu does not stop", cpus[i].hartid);
	}
}

static void report(void)
{
	uint64_t total = 0, bad = 0, seen[32] = { 0 };
	char text[200];
	size_t n = 0;

	for (unsigned int i = 0; i < ncpus; i++) {
		total += cases[i];
		bad += wrong[i];
		for (unsigned int k = 0; k < 32; k++)
			seen[k] += causes[i][k];
	}
	text[0] = '\0';
	for (unsigned int k = 0; k < 31; k++) {
		if (seen[k])
			n += formatf(text + n, sizeof(text) - n, " %u:%lu", k, seen[k]);
	}
	line("matrix: exceptions by cause%s", text);
	line("matrix: completed %lu", seen[31]);
	line("matrix: %u operations, %u targets, %u harts, %lu cases, %lu wrong", nops, ntargets, ncpus, total,
	     bad);
}

void guest_main(void)
{
	uint64_t rounds = arg_u64("matrix.rounds", 1);

	ops_init();
	targets_init();
	mmu_build();
	while (rounds--)
		run_everywhere();
	report();
}
