/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The samples of one operation at a time, and its line. */
#ifndef GUESTS_BENCH_STATS_H
#define GUESTS_BENCH_STATS_H

#include <stdint.h>

void stats_begin(const char *name);
/* At most 256 are kept. */
void stats_add(uint64_t value);
/* Prints `bench: NAME count N min A median B max C`, and waits until the console has shown it. */
void stats_end(void);

#endif
