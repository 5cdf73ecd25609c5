/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a configuration (docs/config.md): its tree and its guests. config_prop.c reads the properties. Values that are
 * lists become arrays, strings stay in the tree.
 */
#include "hyp/base/fdt.h"
#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/plan/config_int.h"

#define RESTART_LIMIT	3	/* default of restart-limit */

const char *const config_image_props[NR_IMAGE_ROLES] = { "kernel", "initrd" };

static bool name_valid(const char *name)
{
	if (!*name || *name < 'a' || *name > 'z' || strlen(name) >= VM_NAME_LEN)
		return false;
	for (const char *p = name; *p; p++) {
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= '0' && *p <= '9') && *p != '-')
			return false;
	}
	return true;
}

static void start_vm(struct reading *c, const char *name)
{
	struct config *config = c->config;
	struct config_vm *vm = &config->vms[config->nr_vms];

	fmt_str(c->path, sizeof(c->path), "/%s", name);
	if (!name_valid(name))
		problem_report(c->r, PROBLEM_BAD_NAME, true, c->path, "",
			       "a guest's name has lower-case letters, digits and '-', begins with "
			       "a letter and has at most %d of them", VM_NAME_LEN - 1);
	if (!strcmp(name, "bulkhead") || !strcmp(name, "monitor"))
		problem_report(c->r, PROBLEM_BAD_NAME, true, c->path, "",
			       "lines of the hypervisor are marked with this name; choose another one");
	for (uint32_t i = 0; i < config->nr_vms; i++) {
		if (!strcmp(config->vms[i].name, name))
			problem_report(c->r, PROBLEM_DUPLICATE, true, c->path, "",
				       "two guests have this name; rename one");
	}
	memset(vm, 0, sizeof(*vm));
	fmt_str(vm->name, sizeof(vm->name), "%s", name);
	vm->bootargs = "";
	vm->policy.restart_limit = RESTART_LIMIT;
	c->vm = vm;
	c->seen = 0;
	config->nr_vms++;
}

static void broken(struct reading *c, const char *why)
{
	problem_report(c->r, PROBLEM_BAD_CONFIG, true, "/", "", "%s", why);
	c->broken = true;
}

/* A subnode of a guest: none is known. */
static void unknown_node(struct reading *c, const char *name)
{
	problem_report(c->r, PROBLEM_UNKNOWN_NODE, true, c->path, "",
		       "no such subnode \"%s\"; a guest's node has properties only", name);
}

/* False if the rest of the tree is not worth reading. */
static bool begin_node(struct reading *c, const char *name)
{
	c->depth++;
	if (c->depth == 1 && c->started) {
		broken(c, "the tree is broken: it has two roots; compile it anew by dtc");
		return false;
	}
	c->started = true;
	if (c->depth == 2 && c->config->nr_vms == MAX_VMS) {
		problem_report(c->r, PROBLEM_LIMIT, true, "/", "",
			       "more than %d guests; this build has room for no more", MAX_VMS);
		return false;
	}
	if (c->depth == 2)
		start_vm(c, name);
	else if (c->depth == 3)
		unknown_node(c, name);
	return true;
}

static void read_tree(struct reading *c, const struct dt *dt)
{
	uint32_t at = dt->structure;
	struct dt_item item;

	for (;;) {
		switch (dt_next(dt, &at, &item)) {
		case DT_BEGIN_NODE:
			if (!begin_node(c, item.name))
				return;
			break;
		case DT_PROP:
			if (c->depth == 1 && c->vm)
				broken(c, "a property of the root stands behind a guest; put the root's properties "
					  "first");
			else if (c->depth == 1 || c->depth == 2)
				config_read_property(c, &item.prop);
			break;
		case DT_END_NODE:
			if (!c->depth) {
				broken(c, "the tree is broken: a node ends that did not begin; compile it anew by dtc");
				return;
			}
			c->depth--;
			break;
		case DT_END:
			if (c->depth)
				broken(c, "the tree is broken: it ends in the middle of a node; compile it anew by "
					  "dtc");
			if (!c->compatible)
				broken(c, "not a configuration: the root needs compatible = \""
					  CONFIG_COMPATIBLE "\"");
			return;
		case DT_BROKEN:
			broken(c,
			       "the tree is broken: its structure block is cut off, or has what is no token; compile "
			       "it anew by dtc");
			return;
		}
	}
}

enum err config_parse(struct config *config, const void *dtb, uint64_t max, struct reporter *r)
{
	struct reading c = { .config = config, .path = "/", .r = r };
	unsigned before = r->count;
	struct dt dt;

	config->console = NULL;
	config->has_console_hart = config->colour = config->no_monitor = false;
	config->keep_machine = config->has_firmware = false;
	config->nr_firmware = config->nr_shared = config->nr_vms = 0;
	config->hyp_place = HYP_TOP;
	config->hyp_address = 0;
	if (dt_open(&dt, dtb, max)) {
		broken(&c, dt_fault(dtb, max));
		return ERR_INVALID;
	}
	read_tree(&c, &dt);
	if (c.broken)
		config->nr_vms = 0;
	if (r->count == before && !config->nr_vms)
		problem_report(r, PROBLEM_NO_GUESTS, true, "/", "",
			       "no guests: add a node for each, as linux { harts = <1>; ... };");
	return r->count == before ? OK : ERR_INVALID;
}
