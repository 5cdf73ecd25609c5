/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls from the hypervisor to the firmware below it. Callers check each value of a guest first:
 * firmware does not validate (OpenSBI up to 1.9 hangs in DBCN on an address that is not RAM and
 * truncates hart ids to 32 bits). Source: RISC-V SBI specification 3.0.
 */
#ifndef HYP_RISCV_SBI_CALL_H
#define HYP_RISCV_SBI_CALL_H

#include "hyp/base/err.h"
#include "hyp/base/types.h"
#include "hyp/riscv/ecall.h"
#include "hyp/riscv/sbi_defs.h"

struct sbiret sbi_ecall(unsigned long eid, unsigned long fid, unsigned long a0, unsigned long a1,
			unsigned long a2, unsigned long a3, unsigned long a4);

/*
 * A call that takes a hart mask in a0 (bits) and a1 (base), for n hart ids in any order: one firmware call
 * for each window of 64 ids, so usually one in all. n <= MAX_HARTS. Makes all calls, also after an error. Returns
 * SBI_SUCCESS or the last error.
 */
long sbi_ecall_harts(unsigned long eid, unsigned long fid, const uint64_t *ids, uint32_t n,
		     unsigned long a2, unsigned long a3, unsigned long a4);

/* True if the firmware answers probe_extension for eid with anything but 0. */
bool sbi_probe(unsigned long eid);

/* absolute: in ticks of the time CSR; -1 for never. */
void sbi_set_timer(uint64_t absolute);

enum err sbi_hart_start(uint64_t hartid, hpa_t entry, uint64_t opaque) __must_check;

/* False if the hart has another state, or if the firmware does not give it. */
bool sbi_hart_is_stopped(uint64_t hartid);

/* Stops the calling hart; returns only if the firmware refused. */
void sbi_hart_stop(void);

/* type, reason: SBI_SRST_*; returns only if the firmware refused or has no SRST. */
void sbi_system_reset(uint32_t type, uint32_t reason);

/* Writes text to the firmware's console, through DBCN or the legacy call: the one that sbi_console_init() found. */
void sbi_console_init(void);
void sbi_console_write(const char *text, size_t len);

#endif
