/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must be true of whatever hyp/plan accepts: for fuzz_host_dt.c, fuzz_config.c and fuzz_guest_dt.c. Written from
 * docs/config.md and without a look at the planner; it ends the program at the first thing that does not hold. Also
 * the ways in which their inputs, which are device trees, are mutated.
 */
#ifndef TESTS_FUZZ_PLAN_SPEC_H
#define TESTS_FUZZ_PLAN_SPEC_H

#include "tests/unit/lib/trees.h"

#define MAX_TREE	(64 * KIB)	/* of an input */

/* Images that configurations may name, as "linux" and "rt"; made on the first call. */
const struct package *spec_package(void);

/*
 * Plans, and checks the plan and all guests' trees if it was accepted. host was parsed from a tree that is still there.
 * True if it was accepted.
 */
bool spec_try(const struct host *host, const struct config *config);

/* The firmware plans a configuration with faults, too, to report all of them at once; the result is not used. */
void spec_plan_faulty(const struct host *host, const struct config *config);

/* Parses with a count of problems, which must agree with the result. */
bool spec_parse_host(struct host *host, const uint8_t *data, size_t size, bool assume_h);
bool spec_parse_config(struct config *config, const uint8_t *data, size_t size);

/* A tree in at most max bytes at data, changed in one or two places; gives its new size. */
size_t mutate_tree(uint8_t *data, size_t size, size_t max, unsigned seed);

/* 8-byte aligned copy of an input, to be freed. */
uint8_t *aligned_copy(const uint8_t *data, size_t size);

/* Guests' trees against the plan; plan_tree.c. */
void spec_check_tree(const struct host *host, const struct plan *plan, unsigned vm, const void *dtb);

#define MUST(condition)									\
	do {										\
		if (!(condition)) {							\
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);	\
			abort();							\
		}									\
	} while (0)

#endif
