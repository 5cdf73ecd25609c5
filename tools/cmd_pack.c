/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead images and pack: the images that a configuration needs, and the image that is booted: a header, the package,
 * and the hypervisor's core (hyp/plan/package.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/plan/image_kind.h"
#include "tools/tool.h"

static const char *parts_path;

static void print_parts_problem(struct reporter *r, const struct problem *p)
{
	char text[600];

	(void)r;
	problem_format(text, sizeof(text), p);
	fprintf(stderr, "%s: %s\n", parts_path, text);
}

/* The configuration, if it can be read at all; its problems go to report. */
static enum err read_config(struct blob *b,
			    void (*report)(struct reporter *, const struct problem *))
{
	struct reporter r = { report, 0 };

	*b = read_config_tree(parts_path);
	return config_parse(&tool_config, b->data, b->size, &r);
}

static error_t parse_images(int key, char *arg, struct argp_state *state)
{
	return parse_paths(key, arg, state, (const char **[]){ &parts_path }, 1);
}

static void print_name(void *arg, const char *name)
{
	(void)arg;
	puts(name);
}

int cmd_images(int argc, char **argv)
{
	static const struct argp argp = { NULL, parse_images, "PARTS",
		"List the names of the images that the configuration PARTS uses, one a line.\v"
		"This command does not check the configuration: see check.",
		NULL, NULL, NULL };
	struct blob config;

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	if (read_config(&config, NULL) && !tool_config.nr_vms)
		die("%s: no configuration; see bulkhead check", parts_path);
	images_used(&tool_config, print_name, NULL);
	return EXIT_OK;
}

struct pack_arguments {
	const char *core, *output;
	struct images images;
	bool anyway;
};

static error_t parse_pack(int key, char *arg, struct argp_state *state)
{
	struct pack_arguments *a = state->input;

	switch (key) {
	case 'i':
		images_add(&a->images, arg);
		return 0;
	case 'o':
		a->output = arg;
		return 0;
	case 'f':
		a->anyway = true;
		return 0;
	case ARGP_KEY_END:
		if (!a->output)
			argp_usage(state);
		break;
	}
	return parse_paths(key, arg, state, (const char **[]){ &a->core, &parts_path }, 2);
}

struct missing {
	const struct images *images;
	bool any;
};

static void check_given(void *arg, const char *name)
{
	struct missing *m = arg;

	for (uint32_t i = 0; i < m->images->count; i++) {
		if (!strcmp(m->images->names[i], name))
			return;
	}
	fprintf(stderr, "bulkhead: %s needs the image \"%s\"; add -i %s=FILE\n", parts_path, name,
		name);
	m->any = true;
}

/* False, with a message for each image, if an image cannot be used in its role. */
static bool check_images(const struct blob *package_blob)
{
	struct reporter r = { print_parts_problem, 0 };
	struct package package;

	if (package_open(&package, package_blob->data, package_blob->size, hpa(0)))
		die("internal error: the package cannot be read");
	image_check_kinds(&tool_config, &package, &r);
	return !r.count;
}

/* False if there were problems, and nothing is written. */
static bool write_packed(const struct pack_arguments *a, const struct blob *config)
{
	struct blob core = read_file(a->core), package, out;
	uint64_t size, memory, at;

	if (!core_header_valid(&core))
		die("%s: not the hypervisor's core: it has no image header", a->core);
	size = core_image_size(&core);
	if (size % PAGE_SIZE || size < core.size || size > PACKAGE_HOLE)
		die("%s: the size in its header, 0x%lx, is not possible", a->core, size);
	package = make_package(config, &tool_config, &a->images, PACKAGE_OFFSET);
	if (!check_images(&package) && !a->anyway)
		return false;
	memory = size + plan_boot_memory(&tool_config);
	at = core_place(package.size, memory);
	if (at + memory > CORE_PLACE_END)
		die("%s: the images are too large: together with the hypervisor they may have 2 GiB", parts_path);
	out = (struct blob){ need_memory(at + core.size), at + core.size };
	core_set_header(out.data, &core, at, at + memory);
	memcpy(out.data + PACKAGE_OFFSET, package.data, package.size);
	core_set_offset(&core, at);
	memcpy(out.data + at, core.data, core.size);
	write_file(a->output, out.data, out.size);
	return true;
}

int cmd_pack(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ NULL, 'i', "NAME=FILE", 0, "Put FILE in as the image NAME", 0 },
		{ "output", 'o', "FILE", 0, "Write the whole image to FILE", 0 },
		{ "force", 'f', NULL, 0, "Pack a configuration that has problems, or without its "
		  "images: it will be refused at boot", 0 },
		{ 0 }
	};
	static const struct argp argp = { options, parse_pack, "CORE PARTS",
		"Make an image of the hypervisor's core, the configuration PARTS and images.", NULL, NULL,
		NULL };
	struct pack_arguments a = { 0 };
	struct missing missing = { &a.images, false };
	struct blob config;
	enum err e;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	e = read_config(&config, print_parts_problem);
	if (!e)
		images_used(&tool_config, check_given, &missing);
	if ((e || missing.any) && !a.anyway)
		return EXIT_PROBLEMS;
	return write_packed(&a, &config) ? EXIT_OK : EXIT_PROBLEMS;
}
