/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest reads from its device tree. dt_init() fills `machine`; the rest looks up nodes.
 * Addresses are taken as they stand (all buses of our guests translate 1:1).
 */
#ifndef GUESTS_LIB_DT_H
#define GUESTS_LIB_DT_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_RANGES 16

struct range {
	uint64_t base;
	uint64_t size;
};

struct machine {
	const void *fdt;
	uint64_t timebase;		/* Hz */
	struct range ram[MAX_RANGES];
	unsigned int nram;
	struct range reserved[MAX_RANGES];	/* image, tree, initrd, reserved-memory */
	unsigned int nreserved;
	struct range initrd;		/* size 0: none */
	const char *bootargs;		/* "" if none */
	int plic_node;			/* -1: none */
};
extern struct machine machine;

/* Parse the tree and fill cpus[]; NULL, or what is wrong with the tree. */
const char *dt_init(const void *fdt, uint64_t boot_hart);

/* The i-th reg entry of a node; false if there is none. */
bool dt_reg(int node, unsigned int i, struct range *out);
/* The i-th cell of a property; `def` if there is none. */
uint32_t dt_cell(int node, const char *prop, unsigned int i, uint32_t def);
/* PLIC source of the i-th interrupt of a node; 0 if it has none there. */
uint32_t dt_plic_source(int node, unsigned int i);
/* First node after `from` (-1: from the start) with this compatible; negative: none. */
int dt_compatible(int from, const char *compatible);
/* Some node has interrupt `source` at the PLIC. */
bool dt_owns_source(uint32_t source);
/* [base, base+size) overlaps RAM or the reg of some device. */
bool dt_claims(uint64_t base, uint64_t size);

/* The ISA of cpus[i] has this extension, e.g. "sstc" or "v". */
bool dt_isa_has(unsigned int i, const char *ext);

/* [base, base+size) is wholly inside one RAM range. */
bool dt_in_ram(uint64_t base, uint64_t size);
/* The first reserved range that overlaps [base, base+size); NULL: it is free. */
const struct range *dt_reserved(uint64_t base, uint64_t size);

/* Value of `key=` in bootargs; the string lasts until the next call. NULL: not there. */
const char *arg_str(const char *key);
/* The same as a decimal number; `def` if absent or not one. */
uint64_t arg_u64(const char *key, uint64_t def);

static inline bool ranges_overlap(uint64_t a, uint64_t an, uint64_t b, uint64_t bn)
{
	return an && bn && a <= b + (bn - 1) && b <= a + (an - 1);
}

#endif
