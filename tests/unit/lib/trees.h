/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device trees for tests, compiled by dtc: files of tests/unit/dts, texts, and files with some
 * words changed. The memory is as large as the tree to the byte, so that AddressSanitizer sees one
 * too many. Whatever goes wrong ends the test program.
 */
#ifndef TESTS_UNIT_LIB_TREES_H
#define TESTS_UNIT_LIB_TREES_H

#include <stddef.h>
#include <stdint.h>

#include "hyp/plan/host_dt.h"
#include "hyp/plan/config_dt.h"
#include "hyp/plan/package.h"
#include "hyp/plan/plan.h"

struct tree {
	uint8_t *data;
	size_t size;
};

/* The tree of tests/unit/dts/NAME.dts. */
struct tree tree_file(const char *name);

/* The same with the text old, which must occur, replaced once; then further pairs, and NULL. */
struct tree tree_edit(const char *name, const char *old, const char *new, ...);

struct tree tree_text(const char *dts);

/* A configuration: the guests' nodes, with the root around them. */
struct tree tree_parts(const char *guests);

/* An exact copy of size bytes at data. */
struct tree tree_copy(const void *data, size_t size);
void tree_free(struct tree *t);

/* A reporter that stores what is reported. */
#define MAX_KEPT 64
struct kept {
	struct reporter r;
	unsigned nr;			/* kept, notes included */
	struct problem problems[MAX_KEPT];
};

void kept_reset(struct kept *k);

/* The problem with this code, path and property ("" for the node), or NULL. */
const struct problem *kept_find(const struct kept *k, enum problem_code code, const char *path,
				const char *prop);
void kept_print(const struct kept *k);

/* Images for packages: name, size, and memory size of a Linux header (0: none). */
struct test_image {
	const char *name;
	uint64_t size, linux_size;
};

/* A package at a fixed made-up address; data stays until tree_free(). */
#define TEST_PACKAGE_ADDRESS	0x80400000ull
struct tree test_package(const struct test_image *images, unsigned count);

/* Everything that a plan is made of, and the plan. One at a time. */
struct test_plan {
	struct tree host_tree, config_tree, package_tree;
	struct host host;
	struct config config;
	struct package package;
	struct plan plan;
	struct kept kept;
	enum err result;		/* of the first step that failed */
};

/*
 * Makes a plan of a host (whose tree it takes over) and guests' nodes, with the images "linux" (20
 * MiB, 24 MiB with bss), "initrd" (1 MiB) and "rt" (5000 bytes); the hypervisor is loaded at 0x80200000,
 * has 4 MiB, and stays there unless guests begins with a root's property hypervisor-at. What was in t before is freed.
 */
void test_plan_make(struct test_plan *t, struct tree host, const char *guests);
void test_plan_free(struct test_plan *t);
extern const struct range test_hyp;

/* Compares a plan with all that must be true of any plan; NULL, or what is not. */
const char *oracle_check(const struct host *host, const struct config *config, const struct plan *plan);

#endif
