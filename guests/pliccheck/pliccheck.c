/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random accesses to a PLIC with two devices behind it (script.h), natively on QEMU's PLIC or in a partition; what
 * each gives is printed, to be compared with the other and with the model.
 * Interrupts are on only while a step's result is looked at. Results are printed at the end: natively the console is
 * one of the devices. bootargs: check.seed=N (1), check.steps=N (4000).
 * Lines: `plic: sources A B`, `plic: STEP: WHAT/RESULT/EIP ...`, `plic: end, N left out`.
 */
#include <stddef.h>
#include "guests/lib/device.h"
#include "guests/lib/check.h"
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/dt.h"
#include "guests/lib/plic.h"
#include "guests/lib/timer.h"
#include "guests/pliccheck/script.h"

#define MAX_STEPS	20000
#define A_LINE		8

static struct {
	uint32_t what, result, eip;
} trace[MAX_STEPS];

static const struct device *devices[SCRIPT_DEVICES];
static struct script script;

/* The registers of the script are numbered by harts, those of the PLIC by contexts. */
static uint64_t real_offset(uint64_t offset)
{
	if (offset >= 0x200000)
		return 0x200000 + 0x1000 * (uint64_t)cpus[(offset - 0x200000) / 0x1000].plic_ctx + offset % 0x1000;
	if (offset >= 0x2000)
		return 0x2000 + 0x80 * (uint64_t)cpus[(offset - 0x2000) / 0x80].plic_ctx + offset % 0x80;
	return offset;
}

static uint32_t read_register(uint64_t offset)
{
	return plic_read(real_offset(offset));
}

static void write_register(uint64_t offset, uint32_t value)
{
	plic_write(real_offset(offset), value);
}

static void set_level(unsigned int device, bool up)
{
	if (up)
		devices[device]->ops->raise(devices[device]);
	else
		devices[device]->ops->calm(devices[device]);
}

/* ---- the sibling: says what its line is ---- */

static uint32_t asked, answered, answer;
static bool sibling_quit;

/*
 * Whether an external interrupt comes; the default handler masks it in sie again. (sip.SEIP reads as 0 in VS-mode on
 * QEMU 7.2 whatever hvip.VSEIP is.) An interrupt is taken between two blocks of code, so there are some.
 */
static __attribute__((noinline)) uint32_t own_eip(void)
{
	struct cpu *c = this_cpu();
	uint64_t before = c->ext_count;

	irq_enable();
	csr_set(sie, 1UL << IRQ_EXT);
	for (unsigned int i = 0; i < 4; i++)
		cpu_relax();
	irq_disable();
	csr_clear(sie, 1UL << IRQ_EXT);
	return c->ext_count != before;
}

static void sibling(void *arg)
{
	(void)arg;
	while (!READ_ONCE(sibling_quit)) {
		uint32_t question = __atomic_load_n(&asked, __ATOMIC_ACQUIRE);

		if (question == answered) {
			cpu_relax();
			continue;
		}
		answer = own_eip();
		__atomic_store_n(&answered, question, __ATOMIC_RELEASE);
	}
}

static uint32_t eip(void)
{
	bool ok;

	mb();
	__atomic_store_n(&asked, asked + 1, __ATOMIC_RELEASE);
	ok = WAIT_UNTIL(__atomic_load_n(&answered, __ATOMIC_ACQUIRE) == asked, LONG_MS);
	if (!ok)
		line("FAIL plic: the sibling does not answer");
	return own_eip() | answer << 1;
}

static const struct script_ops ops = { read_register, write_register, set_level, eip };

/* ---- the run ---- */

static void begin(void)
{
	sibling_quit = false;
	if (smp_run(&cpus[1], sibling, NULL) != 0)
		line("FAIL plic: no sibling");
	eip();
	for (unsigned int d = 0; d < SCRIPT_DEVICES; d++)
		write_register(AT_PRIORITY(devices[d]->source), 0);
	for (unsigned int h = 0; h < SCRIPT_HARTS; h++) {
		write_register(AT_ENABLE(h, devices[0]->source), 0);
		write_register(AT_THRESHOLD(h), 0);
	}
}

static void print(uint32_t steps)
{
	char text[LINE_MAX_LEN];

	for (uint32_t i = 0; i < steps; i += A_LINE) {
		size_t n = formatf(text, sizeof(text), "plic: %u:", i);

		for (uint32_t k = i; k < i + A_LINE && k < steps; k++)
			n += formatf(text + n, sizeof(text) - n, " %x/%x/%x", trace[k].what, trace[k].result,
				     trace[k].eip);
		line("%s", text);
		delay_ms(1);	/* what a console's ring has no room for is dropped */
	}
}

void guest_main(void)
{
	uint64_t steps = arg_u64("check.steps", 4000);

	device_init();
	devices[0] = device_find("rtc");
	devices[1] = device_find("uart");
	if (!plic.base || !devices[0] || !devices[1] || ncpus < SCRIPT_HARTS) {
		line("FAIL plic: needs a PLIC, two devices and two harts");
		return;
	}
	steps = steps < MAX_STEPS ? steps : MAX_STEPS;
	line("plic: sources %u %u", devices[0]->source, devices[1]->source);
	begin();
	script_begin(&script, &ops, devices[0]->source, devices[1]->source, arg_u64("check.seed", 1));
	for (uint32_t i = 0; i < steps; i++) {
		trace[i].result = script_step(&script, &trace[i].what);
		trace[i].eip = eip();
	}
	for (unsigned int d = 0; d < SCRIPT_DEVICES; d++)
		devices[d]->ops->calm(devices[d]);
	sibling_quit = true;
	if (!smp_join(&cpus[1]))
		line("FAIL plic: the sibling does not stop");
	print((uint32_t)steps);
	line("plic: end, %u left out", script.skipped);
}
