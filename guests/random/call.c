/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random SBI calls: numbers that exist and others, parameters of all kinds. Left out are those that end the guest
 * without a restart: shutdown without a failure, and a stop of the boot hart.
 */
#include "guests/lib/lab.h"
#include "guests/lib/sbi.h"
#include "guests/lib/timer.h"
#include "guests/random/random.h"

static const uint32_t eids[] = {
	EID_BASE, EID_TIME, EID_IPI, EID_RFNC, EID_HSM, EID_SRST, EID_DBCN, EID_IPI, EID_RFNC, EID_HSM,
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x0a424b48, 0x504d55, 0x53555350, 0x43505043, 0x4e41434c, 0x535441,
	0x535345, 0x46574654, 0x44425452, 0x4d505859, 0x08000000, 0x09000000, 0x0a000000,
};

static uint64_t rnd_small(void)
{
	return one_in(4) ? rnd_value() : rnd_below(4);
}

static bool ends_for_good(uint64_t eid, uint64_t fid, const uint64_t *a)
{
	switch (eid) {
	case EID_LEGACY_SHUTDOWN:
		return true;
	case EID_SRST:	/* a crash and a reboot are welcome, but not all the time */
		return (uint32_t)a[0] <= 2 && (((uint32_t)a[0] == 0 && (uint32_t)a[1] == 0) || !one_in(64));
	case EID_HSM:
		return fid == HSM_STOP && (this_cpu()->index == 0 || !one_in(64));
	default:
		return false;
	}
}

/* Text would be much, and is bounded by the console's speed. */
static bool is_noisy(uint64_t eid)
{
	return (eid == EID_DBCN || eid == EID_LEGACY_PUTCHAR) && !one_in(256);
}

void random_call(void)
{
	uint64_t eid = one_in(32) ? rnd_value() : eids[rnd_below(ARRAY_SIZE(eids))];
	uint64_t fid = one_in(16) ? rnd_value() : rnd_below(9), a[5];

	for (unsigned int i = 0; i < 5; i++)
		a[i] = one_in(2) ? rnd_small() : rnd_value();
	if (eid == EID_HSM && fid == HSM_SUSPEND)
		a[0] = one_in(2) ? 0 : one_in(2) ? 0x80000000 : rnd_value();
	if (ends_for_good(eid, fid, a) || is_noisy(eid))
		return;
	/* Most suspends shall end. */
	if (!one_in(64)) {
		timer_set(time_now() + ms_to_ticks(1) / 2);
		csr_set(sie, 1UL << IRQ_TIMER);
	}
	counts[this_cpu()->index].calls++;
	sbi_call(eid, fid, a[0], a[1], a[2], a[3], a[4]);
}
