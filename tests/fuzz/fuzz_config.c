/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The input is a configuration's device tree, which is tried on each machine of tests/hosts; plans are held against
 * plan_spec.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/plan_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

static const char *const names[] = { "virt", "p550", "dp1000", "virt-2s" };
static struct host hosts[ARRAY_LEN(names)];
static struct config config;

static void read_hosts(void)
{
	static struct tree trees[ARRAY_LEN(names)];
	char path[64];

	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "../../hosts/%s", names[i]);
		trees[i] = tree_file(path);
		MUST(spec_parse_host(&hosts[i], trees[i].data, trees[i].size, false));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *tree = aligned_copy(data, size);
	bool sound;

	if (!hosts[0].nr_nodes)
		read_hosts();
	sound = spec_parse_config(&config, tree, size);
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		if (sound)
			spec_try(&hosts[i], &config);
		else
			spec_plan_faulty(&hosts[i], &config);
	}
	free(tree);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate_tree(data, size, max, seed);
}
