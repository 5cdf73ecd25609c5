/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead doctor: what a machine lacks, or will cost, by its device tree alone: before there is a configuration.
 */
#include <stdio.h>
#include <string.h>

#include "hyp/plan/iommu_map.h"
#include "hyp/plan/plan_int.h"
#include "hyp/plan/refs.h"
#include "tools/tool.h"

static bool fit = true;

/* lack: something cannot work; cost: it works, at a price; note: good to know. */
#define LACK(...)	(fit = false, printf("lack: " __VA_ARGS__), putchar('\n'))
#define COST(...)	(printf("cost: " __VA_ARGS__), putchar('\n'))
#define NOTE(...)	(printf("note: " __VA_ARGS__), putchar('\n'))

static uint32_t harts_with(uint32_t features)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < tool_host.nr_harts; i++)
		n += (tool_host.harts[i].features & features) == features;
	return n;
}

static const char *path_of(uint16_t node)
{
	static char paths[2][HOST_PATH_SIZE];
	static unsigned turn;
	char *path = paths[turn++ % 2];

	host_path(&tool_host, node, path, HOST_PATH_SIZE);
	for (char *p = path; *p; p++)
		*p = *p < ' ' || *p > '~' ? '?' : *p;
	return path;
}

static void check_harts(void)
{
	uint32_t all = tool_host.nr_harts, h = harts_with(HART_H), sstc = harts_with(HART_SSTC), differ = 0;

	NOTE("%u harts that run Linux, %lu Hz time base", all, tool_host.timebase_hz);
	if (!h)
		LACK("no hart has h in its ISA string; if the hardware has it, add --assume-h: a boot probes for it");
	else if (h < all)
		COST("only %u of %u harts have the hypervisor extension; the others can be in no guest", h, all);
	if (sstc < all)
		COST("%u of %u harts have no Sstc: each timer of a guest there is a call of the firmware", all - sstc,
		     all);
	for (uint32_t i = 1; i < all; i++)
		differ += tool_host.harts[i].features != tool_host.harts[0].features;
	if (differ)
		COST("%u harts differ from the first in what they have; a guest's harts must be alike", differ);
	if (!harts_with(HART_ZICBOM))
		COST("no hart has Zicbom with riscv,cbom-block-size: a guest cannot write back caches for DMA that is "
		     "not coherent, and gets no Svpbmt");
	if (!tool_host.entropy && !harts_with(HART_ZKR))
		COST("no rng-seed in /chosen and no Zkr: guests get no seeds for their random numbers");
}

static void check_interrupts(void)
{
	uint32_t node, files = 0, i;
	struct dt_prop p;

	for (i = 0; i < tool_host.nr_harts; i++)
		files += tool_host.imsic.file[i] != 0;
	if (!tool_host.nr_plics)
		LACK("no PLIC, and no APLIC that sends messages to interrupt files: devices with wired interrupts cannot "
		     "be passed through");
	if (tool_host.imsic.node != NO_NODE && files < tool_host.nr_harts)
		LACK("%s: %u of %u harts have no guest interrupt file (riscv,guest-index-bits, and ssaia in the ISA "
		     "string): their guests get no interrupts of devices", path_of(tool_host.imsic.node),
		     tool_host.nr_harts - files, tool_host.nr_harts);
	for (node = 0; node < tool_host.nr_nodes; node++) {
		if (!host_is_disabled(&tool_host, node) && host_is_compatible(&tool_host, node, "riscv,aplic") &&
		    host_find_prop(&tool_host, node, "interrupts-extended", &p) && tool_host.imsic.node == NO_NODE)
			LACK("%s: an APLIC without an IMSIC, which is not supported yet", path_of(node));
	}
}

static void check_dma(void)
{
	bool iommu = false;
	struct dt_prop p;

	for (uint32_t node = 1; node < tool_host.nr_nodes; node++) {
		if (host_is_disabled(&tool_host, node))
			continue;
		if (host_find_prop(&tool_host, node, "#iommu-cells", &p)) {
			iommu = true;
			if (iommu_is_driven(&tool_host, node))
				NOTE("%s: an IOMMU, which confines the devices behind it", path_of(node));
			else
				NOTE("%s: an IOMMU of a kind that is not used; riscv,iommu is", path_of(node));
		}
		if (host_is_pci_bridge(&tool_host, node) && pci_bridge_refusal(&tool_host, node))
			LACK("%s: cannot be passed through: %s", path_of(node), pci_bridge_refusal(&tool_host, node));
		if (host_find_prop(&tool_host, node, "dma-ranges", &p) && p.size)
			COST("%s: dma-ranges: its devices may reach a part of RAM only; give their guest memory there "
			     "by \"at\"",
			     path_of(node));
	}
	if (!iommu)
		COST("no IOMMU: a guest with a device that does DMA is trusted with all memory (trust-dma)");
}

static void check_memory(void)
{
	struct config none = { .nr_vms = 0 };
	struct reporter quiet = { 0 };
	struct package no_package = { 0 };
	struct range hyp = { assumed_place(2 * MIB, 4 * MIB), 4 * MIB };

	if (plan_make(&tool_plan, &tool_host, &none, &no_package, hyp, &quiet))
		return;
	for (uint32_t i = 0; i < tool_plan.nr_firmware; i++)
		COST("0x%lx-0x%lx: nothing reserves this RAM below the hypervisor; it is assumed to be the firmware's, "
		     "unless \"firmware\" names what is", tool_plan.firmware[i].range.base,
		     range_last(tool_plan.firmware[i].range));
}

static bool is_usable_uart(uint16_t node)
{
	struct range reg;

	return device_is_uart(&tool_host, node) && !host_is_disabled(&tool_host, node) &&
	       !host_node_reg(&tool_host, node, 0, &reg);
}

/* A clock of it has a provider with registers, or is behind one that has. */
static bool has_clock_of_others(uint16_t node, uint32_t depth)
{
	struct reference ref = refs_kind(refs_find("clocks"));
	struct ref_entry e = { 0 };
	struct dt_prop p;

	while (depth && host_find_prop(&tool_host, node, "clocks", &p) && refs_next(&tool_host, &ref, &p, &e)) {
		if (e.target != NO_NODE && (tool_host.nodes[e.target].reg || has_clock_of_others(e.target, depth - 1)))
			return true;
	}
	return false;
}

static void check_uart(uint16_t node)
{
	struct range reg, other;

	if (host_node_reg(&tool_host, node, 0, &reg))
		return;
	for (uint32_t i = 0; i < tool_host.nr_regs; i++) {
		other = tool_host.regs[i].range;
		if (tool_host.regs[i].node == node || !range_overlaps(range_pages(reg), range_pages(other)))
			continue;
		COST("%s shares a page with %s: each access to its registers is an exit, unless one guest gets both",
		     path_of(node), path_of(tool_host.regs[i].node));
		break;
	}
	if (!host_prop_u32(&tool_host, node, "clock-frequency", 0) && has_clock_of_others(node, 4))
		NOTE("%s: its clock may need a rate in \"clock-rates\" (docs/providers.md)", path_of(node));
}

static void check_uarts(void)
{
	uint32_t found = 0;

	for (uint32_t node = 0; node < tool_host.nr_nodes; node++) {
		if (!is_usable_uart(node))
			continue;
		found++;
		check_uart(node);
	}
	if (!found)
		COST("no UART of a known kind: guests have the SBI's console, or a virtual UART");
}

struct doctor_arguments {
	const char *host;
	struct banks banks;
	bool assume_h;
};

enum { KEY_ASSUME = 600, KEY_MEMORY };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct doctor_arguments *a = state->input;

	switch (key) {
	case KEY_ASSUME:
		a->assume_h = true;
		return 0;
	case KEY_MEMORY:
		banks_add(&a->banks, arg);
		return 0;
	}
	return parse_paths(key, arg, state, (const char **[]){ &a->host }, 1);
}

int cmd_doctor(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "assume-h", KEY_ASSUME, NULL, 0, "The harts have the hypervisor extension even "
		  "if no node of theirs says so", 0 },
		{ "memory", KEY_MEMORY, "\"SIZE at ADDRESS\"", 0, "The machine has this RAM, too: for trees that "
		  "leave it to the boot loader to say", 0 },
		{ 0 }
	};
	static const struct argp argp = {
		options,
		parse,
		"HOST",
		"Report what the machine HOST lacks, and what it will cost, by its device tree.\v"
		"lack: something does not work; cost: it works, at a price; note: good to know. Exit code 1 if there "
		"is "
		"any lack.",
		NULL,
		NULL,
		NULL
	};
	struct doctor_arguments a = { 0 };
	struct reporter r;
	struct blob b;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	b = read_host_tree(a.host, NULL, &a.banks);
	r = report_begin(a.host, a.host, false);
	if (host_parse(&tool_host, b.data, b.size, a.assume_h, &r))
		return EXIT_PROBLEMS;
	check_harts();
	check_interrupts();
	check_memory();
	check_dma();
	check_uarts();
	return fit ? EXIT_OK : EXIT_PROBLEMS;
}
