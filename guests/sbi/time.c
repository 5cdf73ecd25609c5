/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timer by set_timer and, where the ISA has Sstc, by stimecmp, in turns: what was written last counts. Edges:
 * past, -1, and values that a signed or a 32-bit comparison would take for past.
 */
#include "guests/sbi/sbi.h"

static bool fires(uint64_t ms)
{
	struct cpu *c = this_cpu();
	uint64_t n = c->timer_count;
	bool fired;

	csr_set(sie, 1UL << IRQ_TIMER);
	irq_enable();
	fired = WAIT_UNTIL(c->timer_count != n, ms);
	irq_disable();
	csr_clear(sie, 1UL << IRQ_TIMER);
	return fired;
}

static void set(bool by_csr, uint64_t when)
{
	if (by_csr)
		csr_write(CSR_STIMECMP, when);
	else
		EXPECT(CALL(EID_TIME, 0, when).error == 0, "set_timer to 0x%lx", when);
}

static void t_edges(void)
{
	static const uint64_t never[] = { ~0UL, ~0UL - 1, 1UL << 63, (1UL << 63) - 1, 0xffffffff00000000UL };
	unsigned int ways = this_cpu()->sstc ? 2 : 1;

	for (unsigned int i = 0; i < 4 * ARRAY_SIZE(never); i++) {
		for (unsigned int by = 0; by < ways; by++) {
			set(by, i & 1 ? 0 : time_now());
			set(i & 2 ? by : by % ways, never[i / 4]);
			EXPECT(!fires(2), "0x%lx fires", never[i / 4]);
			set(by, i & 1 ? time_now() - 1 : 1);
			EXPECT(fires(LONG_MS), "a deadline of the past does not fire");
			set(by, ~0UL);
		}
	}
}

/* The last one of two counts, whichever way each was set. */
static void t_together(void)
{
	if (!this_cpu()->sstc) {
		check_skip("no Sstc in the ISA");
		return;
	}
	for (unsigned int i = 0; i < 40; i++) {
		bool first = i & 1;

		set(first, time_now());
		set(!first, ~0UL);
		EXPECT(!fires(2), "way %u: the older deadline fires", first);
		set(first, ~0UL);
		set(!first, time_now() + ms_to_ticks(1));
		EXPECT(fires(LONG_MS), "way %u: the newer deadline does not fire", first);
		EXPECT(csr_read(CSR_STIMECMP) <= time_now(), "stimecmp 0x%lx", csr_read(CSR_STIMECMP));
		set(first, ~0UL);
		EXPECT(csr_read(CSR_STIMECMP) == ~0UL, "stimecmp 0x%lx", csr_read(CSR_STIMECMP));
	}
}

void tests_time(void)
{
	static const struct test t[] = { { "sbi.time-edges", t_edges }, { "sbi.time-together", t_together } };

	check_run(t, ARRAY_SIZE(t));
}
