/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Start-up of the boot hart in C, and siblings by SBI HSM (SBI specification 3.0, chapter "Hart
 * State Management"). A sibling runs one function and stops again, so each run is a fresh start.
 */
#include <stddef.h>
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/dt.h"
#include "guests/lib/plic.h"
#include "guests/lib/sbi.h"
#include "guests/lib/timer.h"

struct cpu cpus[MAX_CPUS];
unsigned int ncpus;

static char stacks[MAX_CPUS][STACK_SIZE] __attribute__((aligned(16)));
static char trap_stacks[MAX_CPUS][TRAP_STACK_SIZE] __attribute__((aligned(16)));

/* Called by start.S on its small stack; the result becomes tp. */
struct cpu *lib_init(uint64_t hartid, const void *fdt);
struct cpu *lib_init(uint64_t hartid, const void *fdt)
{
	const char *wrong;

	__asm__ volatile("mv tp, %0" : : "r"(&cpus[0]));
	cpus[0].hartid = hartid;
	for (unsigned int i = 0; i < MAX_CPUS; i++) {
		cpus[i].stack_top = (uint64_t)(stacks[i] + STACK_SIZE);
		cpus[i].trap_sp = (uint64_t)(trap_stacks[i] + TRAP_STACK_SIZE);
	}
	sbi_init();
	wrong = dt_init(fdt, hartid);
	if (wrong) {
		line("FAIL device tree at 0x%lx: %s", (uint64_t)fdt, wrong);
		sbi_shutdown();
	}
	plic_init();
	return &cpus[0];
}

void start_main(struct cpu *c) __attribute__((noreturn));
void start_main(struct cpu *c)
{
	timer_set(TIME_NEVER);
	c->runs = 1;
	guest_main();
	sbi_shutdown();
}

static void hart_stop(void)
{
	struct sbiret r;

	irq_disable();
	csr_write(sie, 0);
	r = sbi_call(EID_HSM, HSM_STOP, 0, 0, 0, 0, 0);
	line("FAIL smp: hart %lu: stop came back with %ld", this_cpu()->hartid, r.error);
	for (;;)
		wfi();
}

void secondary_main(struct cpu *c) __attribute__((noreturn));
void secondary_main(struct cpu *c)
{
	timer_set(TIME_NEVER);
	c->runs++;
	c->fn(c->arg);
	hart_stop();
	__builtin_unreachable();
}

long smp_run(struct cpu *c, void (*fn)(void *arg), void *arg)
{
	c->fn = fn;
	c->arg = arg;
	mb();
	return sbi_call(EID_HSM, HSM_START, c->hartid, (uint64_t)secondary_entry,
			(uint64_t)c, 0, 0).error;
}

static bool is_stopped(const struct cpu *c)
{
	struct sbiret r = sbi_call(EID_HSM, HSM_STATUS, c->hartid, 0, 0, 0, 0);

	return r.error == SBI_OK && r.value == HSM_STOPPED;
}

bool smp_join(struct cpu *c)
{
	return WAIT_UNTIL(is_stopped(c), LONG_MS);
}
