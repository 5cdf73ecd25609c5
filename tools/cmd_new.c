/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead new: a configuration to start from, with all harts and devices of a machine. Each device
 * is tried in a plan, so the listed ones work; the others are listed with the planner's reason.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/new.h"

#define START_MEMORY	(64 * MIB)

FILE *out;
struct problem first_problem;

static void remember(struct reporter *r, const struct problem *p)
{
	if (p->code != PROBLEM_NOTE && r->count == 1)
		first_problem = *p;
}

enum err attempt(void)
{
	static struct images none;
	static struct blob config, package_blob;
	struct reporter r = { remember, 0 };
	struct package package;
	struct range hyp = { assumed_place(2 * MIB, 4 * MIB), 4 * MIB };

	if (!package_blob.data) {
		snprintf(none.names[0], IMAGE_NAME_LEN, "image");
		none.count = 1;
		config = (struct blob){ need_memory(8), 8 };
		package_blob = make_package(&config, &tool_config, &none, 2 * MIB);
	}
	if (package_open(&package, package_blob.data, package_blob.size, hpa(hyp.base + 2 * MIB)))
		die("internal error: no package");
	package.unknown = images_unknown(&none);
	return plan_make(&tool_plan, &tool_host, &tool_config, &package, hyp, &r);
}

/* One guest with all harts that are like the first one, up to a number of them. */
static void start_guest(uint32_t harts)
{
	struct config_vm *vm = &tool_config.vms[0];

	memset(&tool_config, 0, sizeof(tool_config));
	tool_config.nr_vms = 1;
	snprintf(vm->name, sizeof(vm->name), "one");
	vm->bootargs = "";
	vm->images[IMAGE_KERNEL] = "image";
	vm->nr_memory = 1;
	vm->memory[0].size = START_MEMORY;
	for (uint32_t i = 0; i < tool_host.nr_harts && vm->nr_harts < harts; i++) {
		if (tool_host.harts[i].features == tool_host.harts[0].features &&
		    tool_host.harts[i].mmu_levels == tool_host.harts[0].mmu_levels)
			vm->harts[vm->nr_harts++] = tool_host.harts[i].id;
	}
}

/* As much memory as the planner can place, a power of two from 64 MiB down. */
static void choose_memory(void)
{
	for (uint64_t size = START_MEMORY; size > 64 * KIB; size /= 2) {
		tool_config.vms[0].memory[0].size = size;
		if (!attempt())
			return;
	}
	die("no guest fits this machine: %s: %s", first_problem.path, first_problem.text);
}

/* ---- the file ---- */

static void print_harts_of(const struct config_vm *vm)
{
	for (uint32_t i = 0; i < vm->nr_harts; i++)
		fprintf(out, "%s%lu", i ? " " : "", vm->harts[i]);
}

static void print_machine(void)
{
	char a[24];

	fputs("// Harts:", out);
	for (uint32_t i = 0; i < tool_host.nr_harts; i++)
		fprintf(out, " %lu", tool_host.harts[i].id);
	fputs("\n// RAM:\n", out);
	for (uint32_t i = 0; i < tool_host.nr_ram; i++)
		fprintf(out, "//   0x%010lx-0x%010lx %s\n", tool_host.ram[i].base,
			range_last(tool_host.ram[i]),
			size_text(tool_host.ram[i].size, a, sizeof(a)));
	tool_config.nr_vms = 0;
	if (attempt())
		die("internal error: %s", first_problem.text);
	tool_config.nr_vms = 1;
	fputs("// Free for guests, with the hypervisor at its usual place:\n", out);
	for (uint32_t i = 0; i < tool_plan.nr_free; i++)
		fprintf(out, "//   0x%010lx-0x%010lx %s\n", tool_plan.free[i].base,
			range_last(tool_plan.free[i]),
			size_text(tool_plan.free[i].size, a, sizeof(a)));
}

static void print_console(void)
{
	char path[HOST_PATH_SIZE];

	fputs("\n\t/*\n\t * The hypervisor's own console. Without this it is the firmware's"
	      " console; no\n\t * guest can have the device that is named here. A UART serves"
	      " all guests (docs/console.md).\n\t */\n", out);
	for (uint32_t i = 0; i < nr_candidates; i++) {
		uint16_t node = candidates[i].node;

		if (candidates[i].verdict == DEVICE_NOT ||
		    (!device_is_ns16550(&tool_host, node) &&
		     !host_is_compatible(&tool_host, node, "virtio,mmio")))
			continue;
		fputs("\t// console = \"", out);
		print_safe(host_path(&tool_host, node, path, sizeof(path)));
		fputs("\";\n", out);
	}
}

/* The memory that is assumed to be the firmware's, as a comment for a person who knows more. */
static void print_firmware(void)
{
	char size[24];

	if (!tool_plan.nr_firmware)
		return;
	fputs("\n\t/*\n\t * RAM below the hypervisor that nothing reserves is assumed to be the firmware's. If you know "
	      "what the\n\t * firmware has, name that, and the rest is free; or \"reserved\", if it reserves all that "
	      "it has.\n\t */\n", out);
	for (uint32_t i = 0; i < tool_plan.nr_firmware && i < CONFIG_MAX_FIRMWARE; i++)
		fprintf(out, i ? ", \"%s at 0x%lx\"" : "\t// firmware = \"%s at 0x%lx\"",
			size_text(tool_plan.firmware[i].range.size, size, sizeof(size)),
			tool_plan.firmware[i].range.base);
	fputs(";\n", out);
}

/* The harts that the first guest does not have, as many as are alike. */
static void print_second(void)
{
	const struct config_vm *vm = &tool_config.vms[0];
	const struct host_hart *like = NULL, *h;
	uint32_t j;

	for (uint32_t i = 0; i < tool_host.nr_harts; i++) {
		h = &tool_host.harts[i];
		for (j = 0; j < vm->nr_harts && vm->harts[j] != h->id; j++)
			;
		if (j < vm->nr_harts || (like && (like->features != h->features ||
						  like->mmu_levels != h->mmu_levels)))
			continue;
		fprintf(out, like ? " %lu" : "\n\t// two {\n\t//\tharts = <%lu", h->id);
		like = h;
	}
	if (like)
		fputs(">;\n\t//\tmemory = \"4M\";\n\t//\tkernel = \"image\";\n\t//\t// shares = \"frames\";"
		      "\n\t// };\n", out);
}

/* options: those that check needs to accept the configuration. */
static void print_config(const char *host_path, const char *options)
{
	char machine[96] = "?", size[24];
	struct dt_prop p;

	if (host_find_prop(&tool_host, 0, "model", &p) && dt_is_strings(&p))
		snprintf(machine, sizeof(machine), "%.90s", (const char *)p.data);
	fputs("// A configuration to start from, for ", out);
	print_safe(machine);
	fputs(" (", out);
	print_safe(host_path);
	fprintf(out, ").\n// docs/config.md describes the properties; `bulkhead check%s` reports"
		" problems.\n//\n", options);
	print_machine();
	fputs("/dts-v1/;\n\n/ {\n\tcompatible = \"bulkhead,partitions-v1\";\n", out);
	print_console();
	print_firmware();
	fputs("\n\t/* Memory that several guests have, each with shares = \"frames\" or \"frames read-only\" "
	      "(docs/links.md). */\n\t// shared = \"frames 1M\";\n", out);
	fputs("\n\t/* Each node is a guest, its name is the guest's. */\n", out);
	fputs("\tone {\n\t\tharts = <", out);
	print_harts_of(&tool_config.vms[0]);
	fprintf(out, ">;\t\t/* the guest sees them as 0, 1, ... */\n\t\tmemory = \"%s\";\n"
		"\t\tkernel = \"image\";\t/* images/image, or -i image=FILE */\n"
		"\t\t// initrd = \"ramdisk\";\n\t\t// bootargs = \"console=ttyS0\";\n"
		"\t\t// console = \"uart\";\t/* a virtual ns16550a on the hypervisor's console: for Linux,\n"
		"\t\t//\t\t\t   unless a UART is among its devices */\n"
		"\t\t// shares = \"frames\";\t/* a memory that the root lists in \"shared\" */\n"
		"\t\t// net = \"lan\";\t/* a virtual network card, with all guests that list \"lan\" */\n",
		size_text(tool_config.vms[0].memory[0].size, size, sizeof(size)));
	print_devices();
	print_rates();
	fputs("\t};\n", out);
	print_second();
	print_refused();
	fputs("};\n", out);
}

struct new_arguments {
	const char *host, *output;
	struct banks banks;
	bool assume_h;
};

enum { KEY_ASSUME = 600, KEY_MEMORY };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct new_arguments *a = state->input;

	switch (key) {
	case 'o':
		a->output = arg;
		return 0;
	case KEY_ASSUME:
		a->assume_h = true;
		return 0;
	case KEY_MEMORY:
		banks_add(&a->banks, arg);
		return 0;
	}
	return parse_paths(key, arg, state, (const char **[]){ &a->host }, 1);
}

/* The tree says of some hart that it has the hypervisor extension. */
static bool has_h(void)
{
	for (uint32_t i = 0; i < tool_host.nr_harts; i++) {
		if (tool_host.harts[i].features & HART_H)
			return true;
	}
	return false;
}

int cmd_new(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "output", 'o', "FILE", 0, "Write to FILE; default: standard output", 0 },
		{ "assume-h", KEY_ASSUME, NULL, 0, "The harts have the hypervisor extension even "
		  "if no node of theirs says so", 0 },
		{ "memory", KEY_MEMORY, "\"SIZE at ADDRESS\"", 0, "The machine has this RAM, too: for trees that "
		  "leave it to the boot loader to say", 0 },
		{ 0 }
	};
	static const struct argp argp = { options, parse, "HOST",
		"Write a configuration to start from for the machine HOST: one guest that passes "
		"check, and all other harts and devices as comments.", NULL, NULL, NULL };
	struct new_arguments a = { 0 };
	struct reporter r;
	bool assumed;
	struct blob b;
	char *text;
	size_t size;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	b = read_host_tree(a.host, NULL, &a.banks);
	r = report_begin(a.host, a.host, false);
	if (host_parse(&tool_host, b.data, b.size, false, &r))
		return EXIT_PROBLEMS;
	assumed = a.assume_h && !has_h();
	if (assumed && host_parse(&tool_host, b.data, b.size, true, &r))
		return EXIT_PROBLEMS;
	out = open_memstream(&text, &size);
	if (!out)
		die("no memory for a configuration");
	start_guest(tool_host.nr_harts < 2 ? 1 : tool_host.nr_harts / 2);
	choose_memory();
	find_candidates();
	print_config(a.host, assumed ? " --assume-h" : "");
	fclose(out);
	if (a.output && strcmp(a.output, "-"))
		write_file(a.output, text, size);
	else
		fwrite(text, 1, size, stdout);
	free(text);
	return EXIT_OK;
}
