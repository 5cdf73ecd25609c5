/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands of `bulkhead` share: exit codes, reading trees and files, reporting problems,
 * and making the plan as the firmware will.
 */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include <argp.h>

#include "hyp/plan/config_dt.h"
#include "hyp/plan/host_dt.h"
#include "hyp/plan/package.h"
#include "hyp/plan/plan.h"

enum { EXIT_OK = 0, EXIT_PROBLEMS = 1, EXIT_USAGE = 2 };

/* A file in memory, 8-byte aligned. */
struct blob {
	uint8_t *data;
	size_t size;
};

/* Ends the program with EXIT_USAGE after a message. */
__noreturn void die(const char *format, ...) __printf(1, 2);

/* input.c. All of these die on failure. */
struct blob read_file(const char *path);
struct blob read_tree(const char *path);	/* a .dtb, or a .dts through dtc */
void write_file(const char *path, const void *data, size_t size);	/* whole or not at all */
void write_as_source(const char *path, const struct blob *dtb);	/* NULL or "-": standard output */
void *need_memory(size_t size);			/* zeroed, 8-byte aligned */

/* images.c: NAME=FILE arguments, and packages made of them. */
struct images {
	uint32_t count;
	char names[PACKAGE_MAX][IMAGE_NAME_LEN];
	const char *files[PACKAGE_MAX];		/* NULL: assumed empty */
};

void images_add(struct images *images, const char *name_and_file);

/* A package of the configuration and the images; base: its offset in the whole image. */
struct blob make_package(const struct blob *config, const struct images *images, uint64_t base);

/* The names of the images that a configuration uses, each once; the rest of list stays. */
void images_used(const struct config *config, void (*each)(void *arg, const char *name), void *arg);

/* header.c: the Linux-style header of the hypervisor's image. */
#define CORE_HEADER_SIZE	64
bool core_header_valid(const struct blob *image);
uint64_t core_text_offset(const struct blob *image);
uint64_t core_image_size(const struct blob *image);	/* in memory, package included */
void core_set_image_size(struct blob *image, uint64_t size);

/* situation.c: what plan, check and dtb have in common. */
struct situation {
	/* arguments */
	const char *host_path, *config_path, *image_path, *images_dir;
	struct images images;
	uint64_t load;
	bool has_load, assume_h;
	/* what follows from them */
	struct blob host_blob, config_blob, package_blob;
	struct package package;
	struct reporter reporter;
};

extern const struct argp situation_argp;	/* options, as a child of a command's argp */
extern struct host tool_host;
extern struct config tool_config;
extern struct plan tool_plan;

/*
 * Reads everything and makes the plan, reporting problems on standard error; OK if there were
 * none.
 */
enum err make_plan(struct situation *s);

/* Prints what is wrong in a tree to standard error. */
void print_problem(struct reporter *r, const struct problem *p);

/* Commands: argv[0] is "bulkhead NAME". They return an exit code. */
int cmd_images(int argc, char **argv);
int cmd_pack(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_dtb(int argc, char **argv);

#endif
