/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host's device tree as hyp/plan/host_dt.c parses it. Included after <cmocka.h>. */
#ifndef TESTS_UNIT_LIB_PARSED_HOST_H
#define TESTS_UNIT_LIB_PARSED_HOST_H

#include "tests/unit/lib/trees.h"
#include "tests/unit/rng.h"

static struct host host;
static struct kept kept;

static inline enum err parse_as(struct tree *t, bool assume_h)
{
	memset(&host, 0xa5, sizeof(host));
	kept_reset(&kept);
	return host_parse(&host, t->data, t->size, assume_h, &kept.r);
}

static inline void parse_good(struct tree *t)
{
	enum err e = parse_as(t, false);

	if (e)
		kept_print(&kept);
	assert_int_equal(e, OK);
	assert_int_equal(kept.nr, 0);
	for (uint32_t i = 0; i < host.nr_regs; i++) {	/* memory is not what a device has */
		uint16_t node = (uint16_t)host.regs[i].node;

		assert_false(host.nodes[node].flags & NODE_MEMORY);
		assert_false(host.reserved_memory != NO_NODE && host_is_within(&host, node, host.reserved_memory));
	}
}

static inline uint16_t find(const char *path)
{
	return host_find(&host, path, strlen(path));
}

static inline void assert_range(struct range r, uint64_t base, uint64_t size)
{
	assert_int_equal(r.base, base);
	assert_int_equal(r.size, size);
}

#endif
