/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device tree of a guest as hyp/plan/guest_dt.c builds it, and what it must have. Included after <cmocka.h>. */
#ifndef TESTS_UNIT_LIB_BUILT_TREE_H
#define TESTS_UNIT_LIB_BUILT_TREE_H

#include "hyp/plan/isa.h"
#include "tests/unit/lib/trees.h"
#include "tests/unit/rng.h"

static struct test_plan t;
static uint8_t dtb[GUEST_DTB_MAX] __attribute__((aligned(8)));

/* Every node and property can be walked, no node has two properties of one name, and no reference dangles. */
static inline void check_sound(void)
{
	static const char *const references[] = { "interrupt-parent", "clocks", "resets", "cpu", "dmas" };
	int node, prop, size, nodes = 0;
	const void *value;
	const char *name;

	assert_int_equal(fdt_check_header(dtb), 0);
	assert_true(fdt_totalsize(dtb) <= sizeof(dtb));
	for (node = 0; node >= 0; node = fdt_next_node(dtb, node, NULL)) {
		nodes++;
		assert_non_null(fdt_get_name(dtb, node, NULL));
		fdt_for_each_property_offset(prop, dtb, node) {
			value = fdt_getprop_by_offset(dtb, prop, &name, &size);
			assert_non_null(value);
			assert_ptr_equal(value, fdt_getprop(dtb, node, name, NULL));
			for (int i = 0; i < (int)ARRAY_LEN(references); i++)
				if (!strcmp(name, references[i]))
					assert_true(fdt_node_offset_by_phandle(dtb,
						fdt32_to_cpu(*(const fdt32_t *)value)) > 0);
		}
	}
	assert_int_equal(node, -FDT_ERR_NOTFOUND);
	assert_true(nodes > 5);
}

static inline void build(struct tree host, const char *guests, unsigned vm)
{
	enum err e;

	test_plan_make(&t, host, guests);
	if (t.result)
		kept_print(&t.kept);
	assert_int_equal(t.result, OK);
	kept_reset(&t.kept);
	memset(dtb, 0xa5, sizeof(dtb));
	e = guest_dt_build(dtb, sizeof(dtb), &t.plan, &t.host, vm, &t.kept.r);
	if (e)
		kept_print(&t.kept);
	assert_int_equal(e, OK);
	check_sound();
}

static inline int node(const char *path)
{
	return fdt_path_offset(dtb, path);
}

static inline void has_not(const char *path)
{
	if (node(path) >= 0)
		fail_msg("the guest has %s", path);
}

static inline void has_no_prop(const char *path, const char *prop)
{
	assert_true(node(path) >= 0);
	if (fdt_getprop(dtb, node(path), prop, NULL))
		fail_msg("%s has %s", path, prop);
}

static inline void check_string(const char *path, const char *prop, const char *expected)
{
	int size = 0;
	const char *s = fdt_getprop(dtb, node(path), prop, &size);

	if (!s)
		fail_msg("%s has no %s", path, prop);
	assert_int_equal(size, strlen(expected) + 1);
	assert_string_equal(s, expected);
}

static inline void check_cells(const char *path, const char *prop, unsigned count, const uint32_t *expected)
{
	int size = 0;
	const fdt32_t *cells = fdt_getprop(dtb, node(path), prop, &size);

	if (!cells)
		fail_msg("%s has no %s", path, prop);
	assert_int_equal(size, 4 * count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(fdt32_to_cpu(cells[i]), expected[i]);
}

#define CELLS(path, prop, ...) \
	check_cells(path, prop, ARRAY_LEN(((const uint32_t[]){ __VA_ARGS__ })), \
		    (const uint32_t[]){ __VA_ARGS__ })

static inline uint32_t phandle(const char *path)
{
	return fdt_get_phandle(dtb, node(path));
}

static inline int end(void **state)
{
	(void)state;
	test_plan_free(&t);
	return 0;
}

#define LINUX_NODE									\
	"linux { harts = <3 1>; memory = \"512M\"; trust-dma; kernel = \"linux\";"	\
	" devices = \"serial0\", \"/soc/virtio_mmio@10001000\"; initrd = \"initrd\";"	\
	" bootargs = \"console=ttyS0\"; };"

#endif
