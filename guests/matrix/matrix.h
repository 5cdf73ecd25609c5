/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The matrix: every operation (ops.c) on every target (targets.c), from S- and U-mode, with and without the
 * guest's own translation. run.c does one case and says whether the outcome is the only right one.
 */
#ifndef GUESTS_MATRIX_MATRIX_H
#define GUESTS_MATRIX_MATRIX_H

#include <stdbool.h>
#include <stdint.h>
#include "guests/lib/cpu.h"
#include "guests/lib/lab.h"

enum op_kind {
	OP_LOAD, OP_STORE, OP_AMO, OP_LR, OP_SC, OP_FLOAD, OP_FSTORE, OP_VLOAD, OP_VSTORE,
	OP_CBO,		/* cache-block operations, where the ISA has them */
	OP_ILLEGAL,	/* whatever the address */
};

/* The address is in a0 and sp; the value to store, and the register that is loaded, is a1 (f11, v8). */
struct op {
	const char *name;
	enum op_kind kind;
	unsigned int width;	/* bytes */
	uint32_t insn;
	bool is_signed;		/* of a load */
	unsigned int amo;	/* AMO_* */
};

#define MAX_OPS 112
extern struct op ops[MAX_OPS];
extern unsigned int nops;
void ops_init(void);

/* What an AMO leaves in memory, width bytes of it. */
uint64_t amo_result(const struct op *op, uint64_t old, uint64_t operand);

enum target_kind {
	TARGET_RAM,	/* a buffer of the hart's own, 64 bytes */
	TARGET_NOTHING,	/* not the guest's: an access fault */
	TARGET_PLIC,	/* an emulated register: aligned 32-bit integer accesses, else an access fault */
	TARGET_ZERO,	/* one that is not the guest's: it reads 0 and ignores writes */
	TARGET_DEVICE,	/* mapped: what the hardware says, which is the value or an access fault */
	TARGET_GUARDED,	/* mapped read-only: loads as of TARGET_DEVICE, stores as of TARGET_PLIC */
};

struct target {
	char name[24];
	enum target_kind kind;
	uint64_t address;	/* guest-physical, 8 bytes aligned; of TARGET_RAM: see target_address() */
};

#define MAX_TARGETS 128
extern struct target targets[MAX_TARGETS];
extern unsigned int ntargets;
/* Reads bootargs: matrix.targets=NAME@HEX,... are TARGET_NOTHING; matrix.plic=mapped, emulated (guarded). */
void targets_init(void);
uint64_t target_address(const struct target *t);

/* How the address reaches the hart. */
enum view {
	VIEW_BARE,	/* satp = 0 */
	VIEW_PAGED,	/* by a page of the window, with the rights that the mode needs */
	VIEW_DENIED,	/* such a page of the other mode: a page fault */
	VIEW_ABSENT,	/* no page: a page fault */
};

/* All cases of the calling hart. */
void run_matrix(void *unused);

/* Every CSR number from one mode; csrs.c. */
void try_csrs(bool user);

/* Counts one case by its exception. */
void count_case(const struct tf *r, bool completed);

extern uint64_t cases[MAX_CPUS], wrong[MAX_CPUS];
extern uint64_t causes[MAX_CPUS][32];	/* how often each was seen; 31 is "no trap" */

#endif
