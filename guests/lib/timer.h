/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time and the supervisor timer: stimecmp where this hart's ISA has Sstc, else SBI TIME. */
#ifndef GUESTS_LIB_TIMER_H
#define GUESTS_LIB_TIMER_H

#include "guests/lib/cpu.h"
#include "guests/lib/dt.h"
#include "guests/lib/sbi.h"

#define TIME_NEVER	(~0ULL)

/* The time at the guest's first instructions on its boot hart (start.S). */
extern uint64_t boot_time;

static inline uint64_t time_now(void)
{
	return csr_read(time);
}

static inline void timer_set(uint64_t when)
{
	if (this_cpu()->sstc)
		csr_write(0x14d, when);
	else
		sbi_call(EID_TIME, 0, when, 0, 0, 0, 0);
}

static inline uint64_t ms_to_ticks(uint64_t ms)
{
	return ms * machine.timebase / 1000;
}

static inline uint64_t ticks_to_ns(uint64_t t)
{
	return t / machine.timebase * 1000000000 +
	       t % machine.timebase * 1000000000 / machine.timebase;
}

/* The limit is far above any usual time: the machine under the emulator may be very busy. */
#define LONG_MS	60000

#define WAIT_UNTIL(cond, ms) ({ \
	uint64_t __end = time_now() + ms_to_ticks(ms); \
	bool __ok; \
	while (!(__ok = (cond)) && time_now() < __end) \
		cpu_relax(); \
	__ok || (cond); })

static inline void delay_ms(uint64_t ms)
{
	uint64_t end = time_now() + ms_to_ticks(ms);

	while (time_now() < end)
		cpu_relax();
}

#endif
