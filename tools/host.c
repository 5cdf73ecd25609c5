/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the machine's tree. --memory adds RAM to a tree without, as boot loaders do. Also messages for arguments HOST
 * and PARTS in the wrong order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "hyp/base/fdt.h"
#include "tools/tool.h"

#define NODE_ROOM	256	/* bytes that a node of memory adds to a tree at most */

void banks_add(struct banks *banks, const char *text)
{
	struct config_memory *m = &banks->list[banks->count];
	const char *why;

	if (banks->count == MAX_BANKS)
		die("more than %d times --memory", MAX_BANKS);
	if (config_parse_memory(m, text, &why))
		die("--memory \"%s\": %s", text, why);
	if (!m->fixed || m->mapped)
		die("--memory \"%s\": where the RAM is belongs to it, as in --memory \"2G at 0x80000000\"", text);
	banks->count++;
}

static bool is_configuration(const struct blob *b)
{
	struct dt_prop p;
	struct dt_item item;
	struct dt dt;
	uint32_t at;

	if (dt_open(&dt, b->data, b->size))
		return false;
	at = dt.structure;
	return dt_next(&dt, &at, &item) == DT_BEGIN_NODE && dt_find_prop(&dt, at, "compatible", &p) &&
	       dt_has_string(&p, CONFIG_COMPATIBLE);
}

/* A configuration has no such node. */
static bool is_machine(const struct blob *b)
{
	struct dt dt;

	return !dt_open(&dt, b->data, b->size) && !is_configuration(b) && fdt_path_offset(b->data, "/cpus") >= 0;
}

struct blob read_config_tree(const char *path)
{
	struct blob b = read_tree(path);

	if (is_machine(&b))
		die("%s is the device tree of a machine, not a configuration; \"bulkhead new %s -o parts.dts\" writes "
		    "a "
		    "configuration to start from",
		    path, path);
	return b;
}

static void put_cells(uint8_t *p, int cells, uint64_t value)
{
	if (cells == 2)
		dt_put_u32(p, value >> 32);
	dt_put_u32(p + 4 * (cells - 1), (uint32_t)value);
}

static int add_bank(void *tree, const struct config_memory *m)
{
	int node, address = fdt_address_cells(tree, 0), size = fdt_size_cells(tree, 0), e;
	uint8_t reg[16];
	char name[32];

	if (address < 1 || address > 2 || size < 1 || size > 2 || (address == 1 && (m->at + m->size - 1) >> 32) ||
	    (size == 1 && m->size >> 32))
		die("--memory: the cells of the tree's root have no room for 0x%lx bytes at 0x%lx", m->size, m->at);
	put_cells(reg, address, m->at);
	put_cells(reg + 4 * address, size, m->size);
	snprintf(name, sizeof(name), "memory@%lx", m->at);
	node = fdt_add_subnode(tree, 0, name);
	if (node == -FDT_ERR_EXISTS)
		die("--memory: the tree has a node /%s; change its reg: fdtput -t x HOST.dtb /%s reg ...", name, name);
	e = node < 0 ? node : fdt_setprop_string(tree, node, "device_type", "memory");
	return e ? e : fdt_setprop(tree, node, "reg", reg, 4 * (address + size));
}

static void add_banks(struct blob *b, const struct banks *banks, const char *path)
{
	struct blob more = { need_memory(b->size + banks->count * NODE_ROOM), b->size + banks->count * NODE_ROOM };
	int e = fdt_open_into(b->data, more.data, (int)more.size);

	for (uint32_t i = 0; !e && i < banks->count; i++)
		e = add_bank(more.data, &banks->list[i]);
	if (e)
		die("%s: --memory cannot be added: %s", path, fdt_strerror(e));
	free(b->data);
	*b = more;
}

struct blob read_host_tree(const char *path, const char *other, const struct banks *banks)
{
	struct blob b = read_tree(path), second = { 0 };
	struct dt dt;

	if (is_configuration(&b)) {
		if (other)
			second = read_tree(other);
		if (other && !is_configuration(&second))
			die("HOST and PARTS are in the wrong order: %s is a configuration. Write first the "
			    "machine's tree, then the configuration: %s %s", path, other, path);
		die("%s is a configuration; HOST is the device tree of a machine: /sys/firmware/fdt of a running "
		    "board, "
		    "or what qemu-system-riscv64 -M virt,dumpdtb=FILE writes",
		    path);
	}
	if (banks->count && !dt_open(&dt, b.data, b.size))
		add_banks(&b, banks, path);
	return b;
}
