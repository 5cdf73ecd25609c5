/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's device tree as libfdt reads it, against the plan: its harts, its RAM, and no registers of another owner.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "tests/fuzz/plan_spec.h"

static const struct host *host;
static const struct plan *plan;
static const struct plan_vm *vm;
static const void *tree;

static uint64_t cells(const uint8_t *p, int n)
{
	uint64_t v = 0;

	while (n--) {
		v = v << 32 | (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
		p += 4;
	}
	return v;
}

static bool starts(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* A page at the end of a region can stand in for reset lines: it is the guest's RAM, but not in its tree. */
static bool ends_in_resets(const struct plan_region *m)
{
	return vm->needs_resets && m->kind == REGION_RAM && m->size > 0x1000 &&
	       m->gpa.v + (m->size - 0x1000) == vm->reset_page.v;
}

static void check_memory(void)
{
	int node, size, address = (int)host->nodes[0].address_cells, length = (int)host->nodes[0].size_cells;
	unsigned ram = 0, found = 0, i;

	for (i = 0; i < vm->nr_regions; i++)
		ram += vm->regions[i].kind == REGION_RAM;
	fdt_for_each_subnode(node, tree, 0) {
		const char *type = fdt_getprop(tree, node, "device_type", &size);
		const uint8_t *reg;

		if (!type || size != 7 || memcmp(type, "memory", 7))
			continue;
		reg = fdt_getprop(tree, node, "reg", &size);
		MUST(reg && size == 4 * (address + length));
		for (i = 0; i < vm->nr_regions; i++) {
			const struct plan_region *m = &vm->regions[i];

			if (m->kind == REGION_RAM && m->gpa.v == cells(reg, address) &&
			    m->size - (ends_in_resets(m) ? 0x1000 : 0) == cells(reg + 4 * address, length))
				break;
		}
		MUST(i < vm->nr_regions);
		found++;
	}
	MUST(found == ram);
}

static void check_cpus(void)
{
	int node, size, cpus = fdt_path_offset(tree, "/cpus");
	unsigned found = 0;

	MUST(cpus > 0);
	fdt_for_each_subnode(node, tree, cpus) {
		const uint8_t *reg = fdt_getprop(tree, node, "reg", &size);

		MUST(starts(fdt_get_name(tree, node, NULL), "cpu@"));
		MUST(reg && (size == 4 || size == 8) && cells(reg, size / 4) == found);
		MUST(!fdt_getprop(tree, node, "numa-node-id", NULL));
		found++;
	}
	MUST(found == vm->nr_vcpus);
}

static uint64_t chosen_u64(int chosen, const char *name)
{
	int size;
	const uint8_t *p = fdt_getprop(tree, chosen, name, &size);

	MUST(p && size == 8);
	return cells(p, 2);
}

/* Room for seeds if there is something to derive them from; nothing of the host's. */
static void check_seeds(int chosen)
{
	static const uint8_t zeroes[64];
	int size = 0;
	const void *rng = fdt_getprop(tree, chosen, "rng-seed", &size);

	MUST(!rng == !plan->entropy);
	MUST(!rng || (size == sizeof(zeroes) && !memcmp(rng, zeroes, sizeof(zeroes))));
	MUST(!rng == !fdt_getprop(tree, chosen, "kaslr-seed", NULL));
	MUST(!rng || !chosen_u64(chosen, "kaslr-seed"));
}

/* Those of the configuration, and two words if Linux would otherwise switch off what others use. */
static void check_bootargs(int chosen)
{
	const char *text = fdt_getprop(tree, chosen, "bootargs", NULL);
	size_t n = strlen(vm->bootargs);

	if (!n && !vm->holds_clocks && !vm->holds_domains) {
		MUST(!text);
		return;
	}
	MUST(text && !strncmp(text, vm->bootargs, n));
	if (vm->holds_clocks && vm->holds_domains)
		MUST(!strcmp(text + n, " clk_ignore_unused pd_ignore_unused"));
	else if (vm->holds_clocks)
		MUST(!strcmp(text + n, " clk_ignore_unused"));
	else if (vm->holds_domains)
		MUST(!strcmp(text + n, " pd_ignore_unused"));
	else
		MUST(!text[n]);
}

static void check_chosen(void)
{
	int chosen = fdt_path_offset(tree, "/chosen");
	const struct plan_image *initrd = &vm->images[IMAGE_INITRD];

	MUST(chosen > 0);
	check_seeds(chosen);
	check_bootargs(chosen);
	if (initrd->name[0]) {
		MUST(chosen_u64(chosen, "linux,initrd-start") == initrd->target.v);
		MUST(chosen_u64(chosen, "linux,initrd-end") == initrd->target.v + initrd->size);
	} else {
		MUST(!fdt_getprop(tree, chosen, "linux,initrd-start", NULL));
	}
}

/* The node of the host is the guest's, or its PLIC, or has no registers in memory. */
static bool may_have(uint16_t node)
{
	struct range reg;

	for (unsigned i = 0; i < vm->nr_devices; i++)
		if (host_is_within(host, node, vm->devices[i].node))
			return true;
	for (unsigned i = 0; i < vm->nr_vplics; i++)
		if (host->plics[vm->vplics[i].plic].node == node)
			return true;
	if (vm->files && node == host->imsic.node)
		return true;
	return host_node_reg(host, node, 0, &reg) == ERR_NOTFOUND;
}

/* Several nodes of a damaged tree can have the same path: one of them must do. */
static void check_path(const char *path)
{
	char buf[HOST_PATH_SIZE];
	bool any = false, may = false;

	for (unsigned i = 0; i < host->nr_nodes && !may; i++) {
		if (strcmp(host_path(host, i, buf, sizeof(buf)), path))
			continue;
		any = true;
		may = may_have(i);
	}
	if (!any || !may)
		fprintf(stderr, "%s: %s: %s\n", vm->name, path, any ? "not the guest's" : "not of the host");
	MUST(any && may);
}

/* The virtual UART, which no node of the host stands for; it may have the name of one. */
static bool is_vuart(const char *path, int node)
{
	char want[32];
	int size, address = (int)host->nodes[0].address_cells;
	const uint8_t *reg = fdt_getprop(tree, node, "reg", &size);

	snprintf(want, sizeof(want), "/serial@%lx", vm->vuart.base.v);
	return vm->vuart.size && !strcmp(path, want) && size == 4 * (address + (int)host->nodes[0].size_cells) &&
	       cells(reg, address) == vm->vuart.base.v;
}

/* What stands in for reset lines: a page of the guest's own RAM, the last one of a region. */
static bool is_reset_standin(const char *path, int node)
{
	char want[40];
	int size, address = (int)host->nodes[0].address_cells, length = (int)host->nodes[0].size_cells;
	const uint8_t *reg = fdt_getprop(tree, node, "reg", &size);
	unsigned found = 0;

	for (unsigned i = 0; i < vm->nr_regions; i++)
		found += ends_in_resets(&vm->regions[i]);
	snprintf(want, sizeof(want), "/reset-controller@%lx", vm->reset_page.v);
	return found == 1 && !strcmp(path, want) && size == 4 * (address + length) &&
	       cells(reg, address) == vm->reset_page.v && cells(reg + 4 * address, length) <= 0x1000;
}

/* A shared memory and its doorbell, as the plan has them. */
static bool is_share(const char *path, int node)
{
	int size, address = (int)host->nodes[0].address_cells, length = (int)host->nodes[0].size_cells;
	const uint8_t *reg = fdt_getprop(tree, node, "reg", &size);
	unsigned found = 0;
	char want[48];

	for (unsigned i = 0; i < vm->nr_shares; i++) {
		const struct plan_share *s = &vm->shares[i];

		snprintf(want, sizeof(want), "/shared-memory@%lx", s->base.v);
		found += !strcmp(path, want) && size == 8 * (address + length) && cells(reg, address) == s->base.v &&
			 cells(reg + 4 * address, length) == plan->shared[s->shared].size &&
			 cells(reg + 4 * (address + length), address) == s->doorbell.v &&
			 cells(reg + 8 * address + 4 * length, length) == PAGE_SIZE;
	}
	return found == 1;
}

static bool is_card(const char *path, int node)
{
	int size, address = (int)host->nodes[0].address_cells, length = (int)host->nodes[0].size_cells;
	const uint8_t *reg = fdt_getprop(tree, node, "reg", &size);
	unsigned found = 0;
	char want[48];

	for (unsigned i = 0; i < vm->nr_cards; i++) {
		snprintf(want, sizeof(want), "/virtio@%lx", vm->cards[i].base.v);
		found += !strcmp(path, want) && size == 4 * (address + length) &&
			 cells(reg, address) == vm->cards[i].base.v && cells(reg + 4 * address, length) == PAGE_SIZE;
	}
	return found == 1;
}

/*
 * With "reg" it is the guest's own; a bus around what it owns has none. libfdt's fdt_get_path() takes a '/' in a name
 * of a damaged tree for the end of one.
 */
static void check_nodes(void)
{
	static char path[GUEST_DTB_MAX];
	size_t ends[DT_MAX_DEPTH + 2] = { 0 };
	int depth = 0;

	for (int node = fdt_next_node(tree, 0, &depth); node >= 0 && depth > 0;
	     node = fdt_next_node(tree, node, &depth)) {
		MUST(depth <= DT_MAX_DEPTH);
		ends[depth] = ends[depth - 1] + (size_t)snprintf(path + ends[depth - 1],
								 sizeof(path) - ends[depth - 1], "/%s",
								 fdt_get_name(tree, node, NULL));
		if (!fdt_getprop(tree, node, "reg", NULL) || strlen(path) >= HOST_PATH_SIZE ||
		    starts(path, "/memory@") || starts(path, "/cpus/") || is_vuart(path, node) ||
		    is_reset_standin(path, node) || is_share(path, node) || is_card(path, node))
			continue;
		check_path(path);
	}
}

/* Every token, name and value can be read, up to the end and not beyond it. */
static void check_whole(void)
{
	int node, prop, size, depth = 0;
	const char *name;

	MUST(!fdt_check_header(tree) && fdt_totalsize(tree) <= GUEST_DTB_MAX && !fdt_num_mem_rsv(tree));
	for (node = 0; node >= 0 && depth >= 0; node = fdt_next_node(tree, node, &depth)) {
		MUST(fdt_get_name(tree, node, &size));
		fdt_for_each_property_offset(prop, tree, node)
			MUST(fdt_getprop_by_offset(tree, prop, &name, &size) && size >= 0);
		MUST(prop == -FDT_ERR_NOTFOUND);
	}
	MUST(node == -FDT_ERR_NOTFOUND || depth < 0);
}

void spec_check_tree(const struct host *of, const struct plan *by, unsigned number, const void *dtb)
{
	host = of;
	plan = by;
	vm = &plan->vms[number];
	tree = dtb;
	check_whole();
	check_memory();
	check_cpus();
	check_chosen();
	check_nodes();
}
