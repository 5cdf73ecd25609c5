/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Minimum, median and maximum of samples; see stats.h. Nothing is printed while samples come. */
#include "guests/bench/stats.h"
#include "guests/lib/console.h"

#define MAX_SAMPLES	256

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

void stats_end(void)
{
	if (!count) {
		line("FAIL bench: %s: no samples", name);
		return;
	}
	line("bench: %s count %u min %ld median %ld max %ld", name, count, (long)samples[0],
	     (long)samples[count / 2], (long)samples[count - 1]);
}
