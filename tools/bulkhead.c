/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host command `bulkhead`: runs the firmware's planner on a workstation. The planner is
 * hyp/plan, the same files as in the firmware. This file only selects the command.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/base/version.h"
#include "tools/tool.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
};

static const struct command commands[] = {
	{ "check", cmd_check, "report every problem of a configuration on a machine" },
	{ "plan", cmd_plan, "print the plan, as the firmware prints it at boot" },
	{ "dtb", cmd_dtb, "write the device tree that a guest will get" },
	{ "map", cmd_map, "draw the plan as a picture (SVG)" },
	{ "drivers", cmd_drivers, "show what each device of a guest has lost, and got as a stand-in" },
	{ "doctor", cmd_doctor, "show what a machine lacks, or will cost" },
	{ "new", cmd_new, "write a configuration to start from, for a machine" },
	{ "diff", cmd_diff, "show what changes between two configurations" },
	{ "images", cmd_images, "list the images that a configuration uses" },
	{ "pack", cmd_pack, "put configuration and images behind the hypervisor's core" },
	{ "flash", cmd_flash, "put a packed image behind an OpenSBI: the flash image" },
};

static void usage(FILE *out)
{
	fprintf(out, "Usage: bulkhead COMMAND ARGUMENT...\n"
		     "Partitions of a RISC-V machine, planned and checked before they are"
		     " booted.\n\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].what);
	fprintf(out, "\nbulkhead COMMAND --help shows its options; bulkhead --version shows the version. HOST and"
		     " PARTS\nare device trees, .dtb or .dts (through dtc). Exit codes: 0 no problems, 1 there are "
		     "problems,\n2 usage or files.\n");
}

int main(int argc, char **argv)
{
	char name[64];

	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-?") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return EXIT_OK;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V") || !strcmp(argv[1], "version")) {
		puts("bulkhead " VERSION_TEXT);
		return EXIT_OK;
	}
	argp_err_exit_status = EXIT_USAGE;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		snprintf(name, sizeof(name), "bulkhead %s", commands[i].name);
		argv[1] = name;
		return commands[i].run(argc - 1, argv + 1);
	}
	fprintf(stderr, "bulkhead: there is no command \"%s\"\n\n", argv[1]);
	usage(stderr);
	return EXIT_USAGE;
}
