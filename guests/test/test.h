/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The groups of tests of this guest (one file each), and what several of them share. */
#ifndef GUESTS_TEST_TEST_H
#define GUESTS_TEST_TEST_H

#include "guests/lib/check.h"
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/dt.h"
#include "guests/lib/lab.h"
#include "guests/lib/mmu.h"
#include "guests/lib/plic.h"
#include "guests/lib/timer.h"

void tests_dt(void);
void tests_mem(void);
void tests_base(void);
void tests_time(void);
void tests_ipi(void);
void tests_rfence(void);
void tests_hsm(void);
void tests_console(void);
void tests_fp(void);
void tests_plic(void);
void tests_mmio(void);
void tests_windows(void);
void tests_fault(void);
void tests_insn(void);
void tests_user(void);
void tests_paging(void);

/* An address that is neither RAM nor a device's, page aligned; 0 if none was found. */
uint64_t find_hole(void);

/* A source that a device of this guest has (with no one using it now); 0: none. */
uint32_t own_source(void);

/* Accesses that begin in RAM and end in that page, with registers of a device: faults, and nothing has changed. */
void check_straddle(uint64_t device);

/* Siblings that wait for IPIs: start all (false and a FAIL if one does not come up), stop all. */
bool workers_start(void);
void workers_stop(void);

#define RUN(...) do { \
	static const struct test t[] = { __VA_ARGS__ }; \
	check_run(t, ARRAY_SIZE(t)); \
} while (0)

/*
 * What stval may be at an illegal instruction: its bits, or 0. QEMU leaves those of an earlier one there for
 * hlv.w of U-mode (7.2 and later) and mret (10.0), natively as well.
 */
static inline bool right_stval(uint32_t insn, uint64_t stval)
{
	return stval == 0 || stval == insn || insn == INSN_MRET || insn == INSN_HLV_W(REG_A1, REG_A0);
}

#endif
