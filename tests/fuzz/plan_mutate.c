/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes a device tree so that it stays one: values, sizes, names, and nodes that come, go and are doubled. An input
 * that libfdt does not take is left to libFuzzer's own mutations of bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "tests/fuzz/plan_spec.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

static uint64_t state;
static uint64_t room[(MAX_TREE + 4096) / 8];

static uint32_t pick(uint32_t n)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return n ? (uint32_t)(state >> 33) % n : 0;
}

static uint32_t number(void)
{
	static const uint32_t some[] = {
		0, 1, 2, 3, 4, 9, 0xb, 0x10, 0x400, 0x1000, 0x101000, 0x200000, 0x10000000, 0x40000000, 0x7fffffff,
		0x80000000, 0x80200000, 0x80600000, 0x90000000, 0xc0000000, 0xfffff000, 0xffffffff,
	};

	return pick(4) ? some[pick(ARRAY_LEN(some))] : pick(1u << 31);
}

static const char *text(void)
{
	static const char *const some[] = {
		"4K", "1M", "16M", "512M", "1G", "3G", "16M at 0x90000000", "2M at 0x80600000", "16M as 0x80000000",
		"4K at 0x80601000 as 0x0", "1G as 0x1ffc0000000", "32K at 0xfffff8000", "18446744073709551615K",
		"4K at 0xfffffffffffff000", "/soc/serial@10000000", "/soc/rtc@101000", "/soc/virtio_mmio@10001000",
		"/soc/virtio_mmio@10002000", "/soc", "/", "/cpus/cpu@0", "serial0", "serial1", "linux", "rt", "empty",
		"linux-initrd", "config", "", "okay", "disabled", "cpu", "memory", "pci", "simple-bus",
		"virtio,mmio", "ns16550a", "sifive,plic-1.0.0", "riscv,cpu-intc", "0x80200000", "0x80600000", "top",
		"loaded", "stop",
		"restart", "ignore", "inject", "guarded", "mapped", "emulated", "rv64imafdch_sstc", "rv64gc",
		"riscv,sv39",
		"riscv,none", "riscv,aclint-sswi", "clear", "keep", "copy", "in-place", "shutdown", "on", "off",
		"plain",
		"colour", "sbi", "uart", "m 4K", "n 512M", "m", "n read-only", "m as 0x0",
	};

	return some[pick(ARRAY_LEN(some))];
}

static const char *prop_name(void)
{
	static const char *const some[] = {
		"reg", "ranges", "interrupts", "interrupts-extended", "interrupt-parent", "interrupt-map",
		"interrupt-controller", "#address-cells", "#size-cells", "#interrupt-cells", "compatible", "status",
		"phandle", "device_type", "no-map", "dmas", "clocks", "harts", "memory", "devices", "kernel", "initrd",
		"entry", "bootargs", "trust-dma", "trust-control", "clock-rates", "firmware", "hypervisor-at", "regmap",
		"#clock-cells",
		"#reset-cells", "syscon", "resets", "pinctrl-0", "x-gpios", "console", "console-hart", "console-style",
		"monitor",
		"console-address", "sbi-getchar", "unmapped", "on-crash", "plic-mode", "watchdog-ms",
		"restart-limit", "when-all-ended", "riscv,ndev", "riscv,isa", "mmu-type", "timebase-frequency",
		"images", "ram-at-boot", "linux,phandle", "shared", "shares", "net",
	};

	return some[pick(ARRAY_LEN(some))];
}

static int any_node(const void *tree)
{
	int node, count = 0, wanted;

	for (node = 0; node >= 0; node = fdt_next_node(tree, node, NULL))
		count++;
	wanted = (int)pick((uint32_t)count);
	for (node = 0; wanted && node >= 0; wanted--)
		node = fdt_next_node(tree, node, NULL);
	return node;
}

static int any_prop(const void *tree)
{
	int node = any_node(tree), prop, count = 0, wanted;

	if (node < 0)
		return node;
	fdt_for_each_property_offset(prop, tree, node)
		count++;
	wanted = (int)pick((uint32_t)count);
	prop = fdt_first_property_offset(tree, node);
	while (wanted-- && prop >= 0)
		prop = fdt_next_property_offset(tree, prop);
	return prop;
}

static void change_value(void *tree)
{
	int size, prop = any_prop(tree);
	const void *value = prop < 0 ? NULL : fdt_getprop_by_offset(tree, prop, NULL, &size);
	uint8_t *bytes = (uint8_t *)(uintptr_t)value;
	uint32_t at, v;

	if (!value || !size)
		return;
	if (size % 4 || !pick(4)) {
		bytes[pick((uint32_t)size)] = (uint8_t)pick(256);
		return;
	}
	at = pick((uint32_t)size / 4) * 4;
	v = pick(3) ? number() : dt_u32(bytes + at) + (pick(2) ? 1u << pick(31) : -1u);
	dt_put_u32(bytes + at, v);
}

static void set_prop(void *tree)
{
	int node = any_node(tree);
	const char *name = prop_name(), *t = text();

	if (node < 0)
		return;
	switch (pick(4)) {
	case 0:
		fdt_setprop_u32(tree, node, name, number());
		break;
	case 1:
		fdt_setprop(tree, node, name, t, (int)strlen(t) + 1);
		break;
	case 2:
		fdt_appendprop(tree, node, name, t, (int)strlen(t) + 1);
		break;
	default:
		fdt_appendprop_u32(tree, node, name, number());
	}
}

static void delete_prop(void *tree)
{
	int node = any_node(tree), prop, size;
	const char *name;

	if (node < 0)
		return;
	prop = fdt_first_property_offset(tree, node);
	while (prop >= 0 && pick(4))
		prop = fdt_next_property_offset(tree, prop);
	if (prop >= 0 && fdt_getprop_by_offset(tree, prop, &name, &size))
		fdt_delprop(tree, node, name);
}

/* A node below the same parent with the properties of another. */
static void double_node(void *tree)
{
	int from = any_node(tree), parent = from > 0 ? fdt_parent_offset(tree, from) : -1, to, prop, size, n = 0;
	static uint8_t value[4096];
	char name[32];
	const char *prop_at;
	const void *data;

	if (parent < 0)
		return;
	snprintf(name, sizeof(name), pick(2) ? "n%u" : "n@%x", pick(1000));
	to = fdt_add_subnode(tree, parent, name);
	for (; to >= 0 && n < 32; n++) {
		from = fdt_subnode_offset(tree, parent, name);
		/* added as the first: the next was it, or near */
		from = from < 0 ? from : fdt_next_subnode(tree, from);
		if (from < 0)
			return;
		prop = fdt_first_property_offset(tree, from);
		for (int i = 0; i < n && prop >= 0; i++)
			prop = fdt_next_property_offset(tree, prop);
		data = prop < 0 ? NULL : fdt_getprop_by_offset(tree, prop, &prop_at, &size);
		if (!data || size > (int)sizeof(value) || strlen(prop_at) >= sizeof(name))
			return;
		memcpy(value, data, (size_t)size);
		snprintf(name + 16, sizeof(name) - 16, "%.15s", prop_at);
		fdt_setprop(tree, fdt_subnode_offset(tree, parent, name), name + 16, value, size);
	}
}

static void change(void *tree)
{
	int node;

	switch (pick(8)) {
	case 0:
	case 1:
		set_prop(tree);
		break;
	case 2:
		delete_prop(tree);
		break;
	case 3:
		node = any_node(tree);
		if (node > 0 && !pick(3))
			fdt_del_node(tree, node);
		break;
	case 4:
		double_node(tree);
		break;
	default:
		change_value(tree);
	}
}

/* libfdt's functions that write trust a tree's blocks to follow each other, and its tokens. */
static bool writable(const void *tree, size_t size)
{
	struct dt_item item;
	enum dt_token token;
	struct dt dt;
	uint32_t at;
	int depth = 0;

	if (dt_open(&dt, tree, size) || fdt_off_mem_rsvmap(tree) != 40 || fdt_num_mem_rsv(tree) < 0 ||
	    fdt_off_dt_struct(tree) != 40 + 16 * (uint32_t)(fdt_num_mem_rsv(tree) + 1) ||
	    fdt_off_dt_strings(tree) < fdt_off_dt_struct(tree) + fdt_size_dt_struct(tree))
		return false;
	at = dt.structure;
	do {
		token = dt_next(&dt, &at, &item);
		depth += token == DT_BEGIN_NODE ? 1 : token == DT_END_NODE ? -1 : 0;
	} while (token != DT_END && token != DT_BROKEN && depth > 0);
	return token == DT_END_NODE && !depth;
}

size_t mutate_tree(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	static uint64_t whole[MAX_TREE / 8];

	state = seed;
	max = max < MAX_TREE ? max : MAX_TREE;
	if (!pick(8) || size < sizeof(struct fdt_header) || size > MAX_TREE)
		return LLVMFuzzerMutate(data, size, max);
	memcpy(whole, data, size);
	if (!writable(whole, size) || fdt_open_into(whole, room, sizeof(room)))
		return LLVMFuzzerMutate(data, size, max);
	for (unsigned n = pick(3) + 1; n; n--)
		change(room);
	if (fdt_pack(room) || fdt_totalsize(room) > max)
		return LLVMFuzzerMutate(data, size, max);
	memcpy(data, room, fdt_totalsize(room));
	return fdt_totalsize(room);
}
