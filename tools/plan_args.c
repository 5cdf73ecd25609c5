/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The input of a plan, for all commands that make one: their options, and make_plan(), which makes the
 * plan as the firmware will. What the command line leaves open (images, the hypervisor's place) is
 * assumed, with a note.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hyp/base/range.h"
#include "tools/tool.h"

#define ASSUMED_TEXT_OFFSET	(2 * MIB)
#define ASSUMED_CORE_SIZE	(2 * MIB)
#define ASSUMED_SIZE		(4 * MIB)
#define TREE_GROWS		(64 * KIB)	/* more than what OpenSBI adds to the machine's tree */

struct host tool_host;
struct config tool_config;
struct plan tool_plan;

enum { KEY_IMAGE = 256, KEY_LOAD, KEY_IMAGES, KEY_CORE, KEY_ASSUME_H, KEY_MEMORY };

static const struct argp_option options[] = {
	{ "image", KEY_IMAGE, "FILE", 0, "Images and the hypervisor's size as in a packed image",
	  0 },
	{ "load", KEY_LOAD, "ADDRESS", 0, "Where the hypervisor is loaded; default: the lowest RAM "
	  "address plus the image's text_offset (2 MiB), or the next place that is not reserved", 0 },
	{ "core", KEY_CORE, "FILE", 0, "The hypervisor's core that configuration and images will "
	  "be packed with, for its size", 0 },
	{ "images", KEY_IMAGES, "DIR", 0, "Images are the files DIR/NAME; of several directories, the "
	  "first that has one", 0 },
	{ NULL, 'i', "NAME=FILE", 0, "The image NAME is FILE", 0 },
	{ "assume-h", KEY_ASSUME_H, NULL, 0, "The harts have the hypervisor extension even if "
	  "no node of theirs says so, as the firmware finds by probing", 0 },
	{ "memory", KEY_MEMORY, "\"SIZE at ADDRESS\"", 0, "The machine has this RAM, too: for trees that leave it to "
	  "the boot loader to say", 0 },
	{ 0 }
};

static uint64_t parse_address(struct argp_state *state, const char *text)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(text, &end, 0);
	if (errno || *end || end == text || v % PAGE_SIZE)
		argp_error(state, "\"%s\" is not an address that is a multiple of 4 KiB", text);
	return v;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct plan_args *s = state->input;

	switch (key) {
	case KEY_IMAGE:
		s->image_path = arg;
		return 0;
	case KEY_LOAD:
		s->load = parse_address(state, arg);
		s->has_load = true;
		return 0;
	case KEY_IMAGES:
		if (s->nr_images_dirs == MAX_IMAGES_DIRS)
			argp_error(state, "more than %d times --images", MAX_IMAGES_DIRS);
		s->images_dirs[s->nr_images_dirs++] = arg;
		return 0;
	case 'i':
		images_add(&s->images, arg);
		return 0;
	case KEY_CORE:
		s->core_path = arg;
		return 0;
	case KEY_MEMORY:
		banks_add(&s->banks, arg);
		return 0;
	case KEY_ASSUME_H:
		s->assume_h = true;
		return 0;
	case ARGP_KEY_END:
		if (s->image_path && (s->nr_images_dirs || s->images.count || s->core_path))
			argp_error(state, "--image cannot be used with --images, --core or -i");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp plan_args_argp = { options, parse, NULL, NULL, NULL, NULL, NULL };

error_t parse_paths(int key, char *arg, struct argp_state *state, const char **const *paths, unsigned n)
{
	switch (key) {
	case ARGP_KEY_ARG:
		if (state->arg_num >= n)
			argp_usage(state);
		*paths[state->arg_num] = arg;
		return 0;
	case ARGP_KEY_END:
		if (state->arg_num < n)
			argp_usage(state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* DIR/NAME in the first directory that has it, or NULL. */
static const char *find_image(const struct plan_args *s, const char *name)
{
	size_t size;
	char *path;

	for (uint32_t i = 0; i < s->nr_images_dirs; i++) {
		size = strlen(s->images_dirs[i]) + strlen(name) + 2;
		path = need_memory(size);
		snprintf(path, size, "%s/%s", s->images_dirs[i], name);
		if (!access(path, R_OK))
			return path;
		free(path);
	}
	return NULL;
}

/* Adds an image that the configuration names: DIR/NAME, or an empty one with a note. */
static void add_used(void *arg, const char *name)
{
	struct plan_args *s = arg;
	struct images *images = &s->images;

	for (uint32_t i = 0; i < images->count; i++) {
		if (!strcmp(images->names[i], name))
			return;
	}
	if (images->count == PACKAGE_MAX - 1)
		return;		/* reported as missing */
	if (s->nr_images_dirs) {
		images->files[images->count] = find_image(s, name);
		if (!images->files[images->count])
			return;	/* reported as missing */
	} else if (!s->silent) {
		fprintf(stderr, "bulkhead: note: image \"%s\" is assumed to be empty; name it by "
			"--image, --images or -i\n", name);
	}
	snprintf(images->names[images->count++], IMAGE_NAME_LEN, "%s", name);
}

/* The first reservation that meets the range, or NULL. */
static const struct host_reserved *reserved_in(struct range r)
{
	for (uint32_t i = 0; i < tool_host.nr_reserved; i++) {
		if (range_overlaps(tool_host.reserved[i].range, r))
			return &tool_host.reserved[i];
	}
	return NULL;
}

uint64_t assumed_place(uint64_t text_offset, uint64_t size)
{
	uint64_t usual = (tool_host.nr_ram ? tool_host.ram[0].base : 0) + text_offset;
	const struct host_reserved *r;
	struct range place;

	for (uint32_t i = 0; i < tool_host.nr_ram; i++) {
		place = (struct range){ tool_host.ram[i].base + text_offset, size };
		while (range_contains(tool_host.ram[i], place.base, size)) {
			r = reserved_in(place);
			if (!r)
				return place.base;
			place.base = align_up(range_last(r->range) + 1, 2 * MIB) + text_offset % (2 * MIB);
		}
	}
	return usual;	/* no free place: the planner reports the cause */
}

static void open_package(struct plan_args *s, const uint8_t *data, uint64_t size, uint64_t address)
{
	if (package_open(&s->package, data, size, hpa(address)))
		die("%s: the package %s", s->image_path ? s->image_path : "internal error", package_fault(data, size));
}

/* The package and the hypervisor's memory, from a packed image. */
static struct range use_image(struct plan_args *s)
{
	struct blob image = read_file(s->image_path), core;
	struct range hyp;

	if (!core_header_valid(&image))
		die("%s: not an image of the hypervisor", s->image_path);
	hyp.size = core_image_size(&image);
	hyp.base = s->has_load ? s->load : assumed_place(core_text_offset(&image), hyp.size);
	if (core_offset(&image) < PACKAGE_OFFSET || core_offset(&image) > image.size)
		die("%s: it has no package; make one by \"bulkhead pack\"", s->image_path);
	s->package_blob = image;
	open_package(s, image.data + PACKAGE_OFFSET, core_offset(&image) - PACKAGE_OFFSET, hyp.base + PACKAGE_OFFSET);
	core = (struct blob){ image.data + core_offset(&image), image.size - core_offset(&image) };
	if (!core_header_valid(&core))
		die("%s: its core is not where its header says; make it again by \"bulkhead pack\"", s->image_path);
	s->package.image = core_offset(&image) + core_image_size(&core);
	if (hyp.size != s->package.image + plan_boot_memory(&tool_config))
		die("%s: it was not packed with this configuration by this version; make it again by \"bulkhead pack\"",
		    s->image_path);
	return hyp;
}

/* The same from files, or from sizes that are assumed. */
static struct range use_files(struct plan_args *s)
{
	uint64_t offset = ASSUMED_TEXT_OFFSET, size = ASSUMED_CORE_SIZE, least = ASSUMED_SIZE, boot = 0, at;
	struct range hyp;
	struct blob core;

	if (s->core_path) {
		core = read_file(s->core_path);
		if (!core_header_valid(&core))
			die("%s: not the hypervisor's core: it has no image header", s->core_path);
		offset = core_text_offset(&core);
		size = core_image_size(&core);
		boot = plan_boot_memory(&tool_config);
		least = 0;
		free(core.data);
	}
	images_used(&tool_config, add_used, s);
	s->images.silent = s->silent;
	s->package_blob = make_package(&s->config_blob, &tool_config, &s->images, PACKAGE_OFFSET);
	at = core_place(s->package_blob.size, size + boot);
	hyp.size = at + size + boot;
	if (hyp.size < least)
		hyp.size = least;
	hyp.base = s->has_load ? s->load : assumed_place(offset, hyp.size);
	open_package(s, s->package_blob.data, s->package_blob.size, hyp.base + PACKAGE_OFFSET);
	s->package.unknown = images_unknown(&s->images);
	s->package.image = boot ? at + size : 0;
	return hyp;
}

/*
 * The range where the firmware of a flash image (cmd_flash.c) puts the tree, with what it adds: behind the image. Other
 * firmware may use another place. A machine needs this room in any case.
 */
static void find_tree(struct plan_args *s, struct range loaded)
{
	struct range tree = { flash_tree_offset(0, range_last(loaded) + 1),
			      dt_u32(s->host_blob.data + 4) + TREE_GROWS };
	const struct host *host = &tool_host;

	tool_host.tree = tree;
	if (s->has_load)	/* not by a flash image */
		return;
	for (uint32_t i = 0; i < host->nr_ram; i++) {
		if (!range_contains(host->ram[i], loaded.base, loaded.size) ||
		    range_contains(host->ram[i], tree.base, tree.size))
			continue;
		problem_report(&s->reporter, PROBLEM_MEMORY_NO_ROOM, true, "/", "",
			       "the firmware copies the machine's device tree behind the image, to 0x%lx to 0x%lx, and "
			       "RAM ends at 0x%lx; take smaller images", tree.base, range_last(tree),
			       range_last(host->ram[i]));
	}
	for (uint32_t i = 0; i < host->nr_reserved; i++) {
		if (range_overlaps(host->reserved[i].range, tree) && !range_overlaps(host->reserved[i].range, loaded))
			problem_report(&s->reporter, PROBLEM_MEMORY_OVERLAP, true, "/", "",
				       "the firmware copies the machine's device tree behind the image, to 0x%lx to "
				       "0x%lx, which is reserved from 0x%lx on; take other images", tree.base,
				       range_last(tree), host->reserved[i].range.base);
	}
}

enum err make_plan(struct plan_args *s)
{
	struct range hyp;
	bool host_ok, config_ok;
	enum err e;

	s->reporter = report_begin(s->host_path, s->config_path, s->json);
	s->host_blob = read_host_tree(s->host_path, s->config_path, &s->banks);
	s->config_blob = read_config_tree(s->config_path);
	host_ok = !host_parse(&tool_host, s->host_blob.data, s->host_blob.size, s->assume_h,
			      &s->reporter);
	config_ok = !config_parse(&tool_config, s->config_blob.data, s->config_blob.size,
				  &s->reporter);
	if (!host_ok)
		return ERR_INVALID;
	hyp = s->image_path ? use_image(s) : use_files(s);
	find_tree(s, hyp);
	e = plan_make(&tool_plan, &tool_host, &tool_config, &s->package, hyp, &s->reporter);
	return config_ok ? e : ERR_INVALID;
}
