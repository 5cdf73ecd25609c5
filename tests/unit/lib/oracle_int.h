/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the oracle share. */
#ifndef TESTS_UNIT_LIB_ORACLE_INT_H
#define TESTS_UNIT_LIB_ORACLE_INT_H

#include <stdio.h>
#include <string.h>

#include "tests/unit/lib/trees.h"

extern char oracle_why[300];

/* Ends a check that fails. */
#define FAIL_IF(condition, ...)						\
	do {								\
		if (condition) {					\
			snprintf(oracle_why, sizeof(oracle_why), __VA_ARGS__);	\
			return oracle_why;					\
		}							\
	} while (0)

/* Closed intervals, so that an end at 2^64 needs no care. */
static inline bool meet(uint64_t a, uint64_t an, uint64_t b, uint64_t bn)
{
	return an && bn && a <= b + (bn - 1) && b <= a + (an - 1);
}

/* The node is in a device of the VM. */
static inline bool owns(const struct host *host, const struct plan_vm *v, unsigned node)
{
	for (unsigned n = node; n != NO_NODE; n = host->nodes[n].parent)
		for (unsigned i = 0; i < v->nr_devices; i++)
			if (v->devices[i].node == n)
				return true;
	return false;
}

/* oracle_dev.c: registers of its devices: what is mapped, what has windows, and that nothing is missing. */
const char *oracle_check_devices(const struct host *host, const struct plan *plan, const struct plan_vm *v);

/* oracle_control.c: devices that control the machine are those that the plan names. */
const char *oracle_check_control(const struct host *host, const struct plan_vm *v);

/* oracle_dma.c: which devices reach what by DMA. */
const char *oracle_check_dma(const struct host *host, const struct plan *plan, const struct plan_vm *v);

/* oracle.c: whether a part of that is the firmware's. */
bool oracle_has_firmware(const struct config *config, const struct plan *plan, uint64_t base, uint64_t size);

/* oracle_links.c: what is wrong, or NULL: with a shared memory, with what a guest has of it, with a guest's card. */
const char *oracle_shared(const struct host *host, const struct config *config, const struct plan *plan,
			  unsigned index);
const char *oracle_share(const struct plan *plan, const struct plan_vm *v, unsigned vm, unsigned index);
const char *oracle_card(const struct config *config, const struct plan *plan, const struct plan_vm *v, unsigned vm,
			unsigned index);

#endif
