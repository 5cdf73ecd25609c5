/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Minimum, median and maximum of samples; see stats.h. Nothing is printed while samples come. */
#include "guests/bench/stats.h"
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/timer.h"

#define MAX_SAMPLES	256
#define SHOWN_MS	100

static const char *name;
static uint64_t samples[MAX_SAMPLES];
static unsigned int count;

void stats_begin(const char *of)
{
	name = of;
	count = 0;
}

/* Kept sorted: the work is done between the measurements, never in one. */
void stats_add(uint64_t value)
{
	unsigned int i;

	if (count == MAX_SAMPLES)
		return;
	for (i = count++; i > 0 && (int64_t)samples[i - 1] > (int64_t)value; i--)
		samples[i] = samples[i - 1];
	samples[i] = value;
}

/* Until the console has shown all: a hart of the hypervisor's, or this one in between, moves 32 bytes a millisecond. */
static void wait_until_shown(void)
{
	uint64_t end = time_now() + ms_to_ticks(SHOWN_MS);

	csr_write(sie, 1UL << IRQ_TIMER);	/* it wakes, and is not taken: sstatus.SIE is 0 */
	timer_set(end);
	while (time_now() < end)
		wfi();
	timer_set(TIME_NEVER);
	csr_write(sie, 0);
}

void stats_end(void)
{
	if (!count) {
		line("FAIL bench: %s: no samples", name);
		return;
	}
	line("bench: %s count %u min %ld median %ld max %ld", name, count, (long)samples[0],
	     (long)samples[count / 2], (long)samples[count - 1]);
	wait_until_shown();
}
