/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts by the APLIC and interrupt files (RISC-V AIA 1.0): what they cost, natively and in a partition. The
 * operations are in aia_ops.S, with the contract of ops.h.
 */
#ifndef GUESTS_BENCH_AIA_H
#define GUESTS_BENCH_AIA_H

#include <stdbool.h>

#include "guests/bench/ops.h"

#define AIA_ID	5u	/* the identity that all of them use */

/* What the handlers need; sscratch points to it. */
struct aia_frame {
	uint64_t count;		/* interrupts served */
	uint64_t calm;		/* address of a register of the device: a 1 calms its line */
	uint64_t setipnum;	/* address of setipnum_le */
	uint64_t source;
};

/* To the first instruction of quick_trap. */
op_fn op_msi_entry, op_edge_entry;
/* Store to a file, or of a device's register, to the interrupted code again: by file_trap, edge_trap, level_trap. */
op_fn op_msi_resume, op_edge_resume, op_level_resume;
/* Registers of the APLIC. */
op_fn op_aplic_read, op_aplic_read_slow, op_aplic_read_first, op_aplic_write, op_aplic_enable, op_aplic_target;
op_fn op_aplic_eoi;
/* A store to the file of a sibling, as op_ipi_sibling. */
op_fn op_ipi_file;

/* False: this machine has no interrupt files. */
bool aia_find(void);
void bench_aia(void);
void bench_aia_sibling(void);

extern char file_trap[], edge_trap[], level_trap[], sibling_file_trap[];

#endif
