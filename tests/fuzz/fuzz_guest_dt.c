/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The input is a configuration's tree and, at the multiple of 8 behind it, a host's: both change, so that guests' trees
 * are made of odd hosts by odd wishes. Plans and trees are held against plan_spec.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "tests/fuzz/plan_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

static struct host host;
static struct config config;

/* Where the host's tree begins; 0 if there are no two. */
static size_t second(const uint8_t *data, size_t size)
{
	uint32_t n;

	if (size < 2 * sizeof(struct fdt_header))
		return 0;
	n = dt_u32(data + 4);
	return n < sizeof(struct fdt_header) || n > size - 8 ? 0 : align_up(n, 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = second(data, size);
	uint8_t *parts, *machine;

	if (!at || at >= size)
		return 0;
	parts = aligned_copy(data, at);
	machine = aligned_copy(data + at, size - at);
	if (spec_parse_config(&config, parts, at) && spec_parse_host(&host, machine, size - at, true))
		spec_try(&host, &config);
	free(parts);
	free(machine);
	return 0;
}

/* Either tree is mutated by itself, and they are put together again. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	static uint8_t parts[MAX_TREE] __attribute__((aligned(8))), machine[MAX_TREE] __attribute__((aligned(8)));
	size_t at = second(data, size), rest, n;

	if (!at || at >= size || at > MAX_TREE || size - at > MAX_TREE)
		return mutate_tree(data, size, max, seed);
	n = dt_u32(data + 4);
	rest = size - at;
	memcpy(parts, data, n);
	memcpy(machine, data + at, rest);
	if (seed & 1)
		n = mutate_tree(parts, n, sizeof(parts), seed >> 1);
	else
		rest = mutate_tree(machine, rest, sizeof(machine), seed >> 1);
	at = align_up(n, 8);
	if (at + rest > max)
		return size;
	memset(data + n, 0, at - n);
	memcpy(data, parts, n);
	memcpy(data + at, machine, rest);
	return at + rest;
}
