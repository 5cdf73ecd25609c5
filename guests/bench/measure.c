/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See measure.h. */
#include "guests/bench/measure.h"

#include "guests/bench/stats.h"
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/timer.h"

void measure(const char *name, op_fn *op, const struct op_args *args)
{
	stats_begin(name);
	for (unsigned int i = 0; i < ROUNDS; i++)
		stats_add(op(args));
	stats_end();
}

void vector(const char *entry, const void *scratch)
{
	csr_write(sscratch, scratch);
	csr_write(stvec, entry);
}

void vector_back(void)
{
	csr_write(sie, 0);
	vector(trap_entry, this_cpu());
}

/* ---- two harts ---- */

static volatile uint32_t served;	/* interrupts, of the present service */
static volatile bool ready;

static void serve(void *arg)
{
	const struct service *s = arg;
	struct op_args args = { .addr = (uint64_t)&served, .value = s->count };

	if (s->open)
		s->open();
	vector(s->entry, this_cpu());
	csr_write(sie, 1UL << s->irq);
	ready = true;
	op_sibling_serve(&args);
	vector_back();
}

bool sibling_serves(const struct service *s)
{
	served = 0;
	ready = false;
	if (smp_run(&cpus[1], serve, (void *)s)) {
		line("FAIL bench: the sibling does not start");
		return false;
	}
	return WAIT_UNTIL(ready, LONG_MS);
}

void measure_sibling(const char *name, op_fn *op, const struct op_args *args)
{
	struct op_args a = *args;

	a.addr = (uint64_t)&served;
	stats_begin(name);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		a.value = served;
		stats_add(op(&a));
	}
	stats_end();
}

void sibling_ends(void)
{
	if (!smp_join(&cpus[1]))
		line("FAIL bench: the sibling does not stop");
}
