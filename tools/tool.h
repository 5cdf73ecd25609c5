/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface between the files of `bulkhead`: exit codes, reading trees and files, reporting
 * problems, and making the plan as the firmware will.
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
struct blob annotated_source(const char *path);	/* a .dts as dtc -TT prints it */
void write_file(const char *path, const void *data, size_t size);	/* whole or not at all */
void write_as_source(const char *path, const struct blob *dtb);	/* NULL or "-": standard output */
void *need_memory(size_t size);			/* zeroed, 8-byte aligned */

/* host.c: RAM that --memory adds to the machine's tree. */
#define MAX_BANKS	8
struct banks {
	uint32_t count;
	struct config_memory list[MAX_BANKS];
};

void banks_add(struct banks *banks, const char *text);	/* "2G at 0x80000000"; dies if it is anything else */

/* A machine's tree with that RAM; dies if it is a configuration. other: PARTS, for the message, or NULL. */
struct blob read_host_tree(const char *path, const char *other, const struct banks *banks);
struct blob read_config_tree(const char *path);		/* dies if it is a machine's */

/* images.c: NAME=FILE arguments, and packages made of them. */
struct images {
	uint32_t count;
	char names[PACKAGE_MAX][IMAGE_NAME_LEN];
	const char *files[PACKAGE_MAX];		/* NULL: assumed empty */
	bool silent;				/* no note about images that are unpacked */
};

void images_add(struct images *images, const char *name_and_file);

/* A package of the configuration and the images; base: its offset in the whole image. */
struct blob make_package(const struct blob *config, const struct config *parsed, const struct images *images,
			 uint64_t base);

/* For struct package: which entries of such a package stand for images that are assumed empty. */
uint32_t images_unknown(const struct images *images);

/* unpack.c: an image as it is packed: a kernel that is only compressed by gzip is unpacked. Dies on failure. */
struct blob read_image(const char *path, bool kernel, bool silent);

/* The names of the images that a configuration uses, each once; the rest of list stays. */
void images_used(const struct config *config, void (*each)(void *arg, const char *name), void *arg);

/*
 * Where a payload of size bytes goes: at the next multiple of align behind after, or behind the hole (package.h) if it
 * would cover it. Counted from where base bytes of the whole image lie.
 */
uint64_t payload_offset(uint64_t after, uint64_t size, uint64_t base, uint64_t align);

/* Where the core goes in the whole image, behind a package of that size; core_memory: at run time. Bytes. */
uint64_t core_place(uint64_t package_size, uint64_t core_memory);

/* images.c: the Linux-style header of the hypervisor's image. The others only if there is a valid one; in bytes. */
#define CORE_HEADER_SIZE	64
#define CORE_OFFSET_AT		40	/* in the header: image_core_offset of boot/entry.S */
#define CORE_PLACE_END		(1ull << 31)	/* the jump in front reaches no further */
bool core_header_valid(const struct blob *image);
uint64_t core_text_offset(const struct blob *image);	/* from a multiple of 2 MiB */
uint64_t core_image_size(const struct blob *image);	/* in memory: of the whole image, or of the core alone */
uint64_t core_offset(const struct blob *image);		/* of the core in a whole image; 0: it is the core alone */

/*
 * The header in front of the whole image, which needs that much memory and whose core is at that place; and the core's
 * own image_core_offset.
 */
void core_set_header(uint8_t *header, const struct blob *core, uint64_t at, uint64_t memory);
void core_set_offset(struct blob *core, uint64_t at);

/*
 * cmd_flash.c. FW_PAYLOAD_FDT_OFFSET of the firmware as it is built (Makefile), and what replaces it: where the tree is
 * copied to behind an image of that size at that offset, in bytes from the firmware's start.
 */
#define FLASH_FDT_OFFSET	0x21a5000u
uint64_t flash_tree_offset(uint64_t payload, uint64_t image_size);

/* plan_args.c: what plan, check and dtb have in common. */
#define MAX_IMAGES_DIRS		4
struct plan_args {
	/* arguments */
	const char *host_path, *config_path, *image_path, *core_path;
	const char *images_dirs[MAX_IMAGES_DIRS];	/* the first that has an image counts */
	uint32_t nr_images_dirs;
	struct images images;
	struct banks banks;
	uint64_t load;
	bool has_load, assume_h;
	bool json;		/* problems are stored for report_json() */
	const char *output;	/* of commands that write a file; NULL or "-": standard output */
	bool silent;		/* no note about images that are assumed to be empty */
	/* what follows from them */
	struct blob host_blob, config_blob, package_blob;
	struct package package;
	struct reporter reporter;
};

/*
 * Where firmware would load an image of that size, in bytes, with that text_offset: at the lowest RAM address plus the
 * offset, or the next place behind it that nothing reserves. tool_host has been parsed.
 */
uint64_t assumed_place(uint64_t text_offset, uint64_t size);

/*
 * For a parser of argp: stores the command's n arguments in *paths[0] and on, or shows its usage if there are fewer or
 * more. ARGP_ERR_UNKNOWN for all other keys.
 */
error_t parse_paths(int key, char *arg, struct argp_state *state, const char **const *paths, unsigned n);

extern const struct argp plan_args_argp;	/* options, as a child of a command's argp */
extern struct host tool_host;
extern struct config tool_config;
extern struct plan tool_plan;

/* Reads everything and makes the plan, reporting problems; OK if there were none. */
enum err make_plan(struct plan_args *s);

/* Parses HOST PARTS, and PARTS again if more, of a command's arguments. */
error_t parse_plan_args(int key, char *arg, struct argp_state *state);
extern const struct argp_child plan_args_children[];

/* source_position.c: the file and line of a property (or "": of a node itself), or of what is around it. */
struct places;
struct places *places_of(const char *source);
const char *places_find(const struct places *p, const char *node, const char *prop, unsigned *line);

/* report.c: problems to standard error, or stored and then written as a member of a JSON object. */
struct reporter report_begin(const char *host, const char *config, bool json);
void report_json(void);
void report_summary(unsigned count);	/* "3 problems" */

/* json.c: members of objects have a key, those of arrays NULL. */
void json_open(const char *key, char bracket);
void json_close(char bracket);
void json_text(const char *key, const char *value);	/* NULL: null */
void json_number(const char *key, uint64_t value);
void json_address(const char *key, uint64_t value);
void json_bool(const char *key, bool value);

/* plan_json.c: the plan as a member of a JSON object. */
void plan_json(const struct plan *plan);

/* irqs.c: the interrupts of PLICs that a node and all below it have, each once, in the order of the tree. */
struct irq_walk {
	const struct host *host;
	uint16_t node, end;
	struct host_irq_cursor cursor;
	struct host_irq irq;	/* the one found, */
	int plic;		/* and its PLIC, index into host->plics */
	bool seen[MAX_INTCS][MAX_IRQS];
};

void irq_walk_begin(struct irq_walk *w, const struct host *host, uint16_t top);
bool irq_walk_next(struct irq_walk *w);		/* false: there is no further one */

/* groups.c: devices of tool_host that belong together. */
#define MAX_GROUP	16
struct group {
	uint32_t count;
	uint16_t nodes[MAX_GROUP];	/* the device that was asked for, then what comes with it */
};

/* What a device cannot be given without; with_providers: and what it refers to that has no stand-in. MAX_GROUP at
 * most. */
void group_find(struct group *g, uint16_t device, bool with_providers);

/* ram_owners.c: the owner of each part of the RAM, from the first address to the last; free parts, too. */
enum ram_owner { RAM_FREE, RAM_VM, RAM_HYP, RAM_FIRMWARE, RAM_RESERVED, RAM_SHARED };

struct ram_part {
	struct range range;
	enum ram_owner owner;
	uint32_t vm;		/* RAM_VM: index of the guest, */
	uint32_t region;	/* and of the region in it; RAM_SHARED: index into plan->shared */
	uint32_t bank;		/* index into host->ram */
};

struct ram_owners {
	uint32_t count;
	struct ram_part list[2048];
};

void ram_owners_find(struct ram_owners *owners, const struct plan *plan, const struct host *host);
const char *ram_owner_name(const struct ram_part *part, const struct plan *plan);

/* cmd_plan.c: the index of the guest in tool_plan; dies if there is none of that name. */
uint32_t find_guest(const char *name);

/* Commands: argv[0] is "bulkhead NAME". They return an exit code. */
int cmd_images(int argc, char **argv);
int cmd_pack(int argc, char **argv);
int cmd_flash(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_dtb(int argc, char **argv);
int cmd_map(int argc, char **argv);
int cmd_new(int argc, char **argv);
int cmd_drivers(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_diff(int argc, char **argv);

#endif
