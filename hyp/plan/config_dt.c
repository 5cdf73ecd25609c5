/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a configuration (docs/config.md). One table says which properties there are and who reads
 * each; what is in no table is refused with the nearest name, so that a slip of the pen never goes
 * unnoticed. Values that are lists become arrays, strings stay in the tree.
 */
#include "hyp/base/fdt.h"
#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/plan/config_dt.h"
#include "hyp/plan/package.h"

#define RESTART_LIMIT	3	/* default of restart-limit */
#define WATCHDOG_MIN_MS	1u
#define WATCHDOG_MAX_MS	3600000u	/* an hour */

struct reading {
	struct config *config;
	struct config_vm *vm;		/* NULL: the root */
	char path[128];			/* of the node, however long its name is */
	struct reporter *r;
	uint32_t depth;			/* 1 in the root, 2 in a guest, more in what is refused */
	uint32_t seen;			/* properties of this node, by index in its table */
	bool started, compatible, broken;
};

struct property {
	const char *name;
	void (*read)(struct reading *c, const struct dt_prop *p);
};

const char *const config_image_props[NR_IMAGE_ROLES] = { "kernel", "initrd" };

static void bad_value(struct reading *c, const struct dt_prop *p, const char *text)
{
	problem_report(c->r, PROBLEM_BAD_VALUE, true, c->path, p->name, "%s", text);
}

/* The property's one string, or NULL and a problem with an example. */
static const char *read_string(struct reading *c, const struct dt_prop *p, const char *example)
{
	uint32_t at = 0;
	const char *s = dt_string(p, &at);

	if (s && at == p->size && *s)
		return s;
	problem_report(c->r, PROBLEM_BAD_VALUE, true, c->path, p->name,
		       "must be one string that is not empty, as in \"%s\"", example);
	return NULL;
}

static void too_many(struct reading *c, const struct dt_prop *p, unsigned limit)
{
	problem_report(c->r, PROBLEM_LIMIT, true, c->path, p->name,
		       "more than %u entries; this build has room for no more", limit);
}

static void read_harts(struct reading *c, const struct dt_prop *p)
{
	struct config_vm *vm = c->vm;
	uint32_t at, i;
	uint64_t id;

	if (!p->size || p->size % 4) {
		bad_value(c, p, "must be a list of hart ids, as in <1 2>");
		return;
	}
	for (at = 0; at < p->size; at += 4) {
		id = dt_u32(p->data + at);
		for (i = 0; i < vm->nr_harts && vm->harts[i] != id; i++)
			;
		if (i < vm->nr_harts) {
			problem_report(c->r, PROBLEM_DUPLICATE, true, c->path, p->name,
				       "hart %lu is listed twice; list each hart once", id);
			continue;
		}
		if (vm->nr_harts == MAX_HARTS) {
			too_many(c, p, MAX_HARTS);
			return;
		}
		vm->harts[vm->nr_harts++] = id;
	}
}

/* Strings, none of them empty: numbers have zero bytes in them and are not taken for strings. */
static bool is_list(const struct dt_prop *p)
{
	uint32_t at = 0;
	const char *s;

	while ((s = dt_string(p, &at))) {
		if (!*s)
			return false;
	}
	return dt_is_strings(p);
}

static void read_memory(struct reading *c, const struct dt_prop *p)
{
	struct config_vm *vm = c->vm;
	uint32_t at = 0;
	const char *text, *why;

	if (!is_list(p)) {
		bad_value(c, p, "must be one string a region, as in \"512M\"");
		return;
	}
	while ((text = dt_string(p, &at))) {
		if (vm->nr_memory == CONFIG_MAX_MEMORY) {
			too_many(c, p, CONFIG_MAX_MEMORY);
			return;
		}
		if (config_parse_memory(&vm->memory[vm->nr_memory], text, &why))
			problem_report(c->r, PROBLEM_BAD_VALUE, true, c->path, p->name,
				       "\"%s\": %s", text, why);
		else
			vm->nr_memory++;
	}
}

static void read_devices(struct reading *c, const struct dt_prop *p)
{
	struct config_vm *vm = c->vm;
	uint32_t at = 0, i;
	const char *path;

	if (!is_list(p)) {
		bad_value(c, p, "must be a list of node paths of the host, as in "
				"\"/soc/serial@10000000\"");
		return;
	}
	while ((path = dt_string(p, &at))) {
		for (i = 0; i < vm->nr_devices && strcmp(vm->devices[i], path); i++)
			;
		if (i < vm->nr_devices) {
			problem_report(c->r, PROBLEM_DUPLICATE, true, c->path, p->name,
				       "\"%s\" is listed twice; list each device once", path);
			continue;
		}
		if (vm->nr_devices == CONFIG_MAX_DEVICES) {
			too_many(c, p, CONFIG_MAX_DEVICES);
			return;
		}
		vm->devices[vm->nr_devices++] = path;
	}
}

/* Pairs of strings: a clock, and its rate. */
static void read_clock_rates(struct reading *c, const struct dt_prop *p)
{
	struct config_vm *vm = c->vm;
	const char *clock, *text;
	struct config_clock *new;
	uint32_t at = 0;

	if (!is_list(p)) {
		bad_value(c, p, "must be pairs of strings, as in \"/soc/serial@10000000\", \"200M\"");
		return;
	}
	while ((clock = dt_string(p, &at))) {
		text = dt_string(p, &at);
		if (vm->nr_clocks == MAX_VM_CLOCKS) {
			too_many(c, p, MAX_VM_CLOCKS);
			return;
		}
		new = &vm->clocks[vm->nr_clocks];
		if (text && config_parse_rate(text, &new->hz)) {
			new->clock = clock;
			vm->nr_clocks++;
			continue;
		}
		problem_report(c->r, PROBLEM_BAD_VALUE, true, c->path, p->name,
			       "\"%s\" must have a rate in Hz behind it, from 1 to 4294967295, as in \"%s\", \"200M\"", clock, clock);
	}
}

static void read_image(struct reading *c, const struct dt_prop *p, enum image_role role)
{
	const char *name = read_string(c, p, "linux");

	if (!name)
		return;
	if (strlen(name) >= IMAGE_NAME_LEN)
		problem_report(c->r, PROBLEM_BAD_VALUE, true, c->path, p->name,
			       "\"%s\" cannot be an image's name: it is longer than %d letters", name, IMAGE_NAME_LEN - 1);
	else if (!strcmp(name, PACKAGE_CONFIG))
		bad_value(c, p, "\"config\" cannot be an image's name: it is the configuration's own in a package");
	else
		c->vm->images[role] = name;
}

static void read_kernel(struct reading *c, const struct dt_prop *p)
{
	read_image(c, p, IMAGE_KERNEL);
}

static void read_initrd(struct reading *c, const struct dt_prop *p)
{
	read_image(c, p, IMAGE_INITRD);
}

static void read_bootargs(struct reading *c, const struct dt_prop *p)
{
	uint32_t at = 0;
	const char *s = dt_string(p, &at);

	if (!s || at != p->size)
		bad_value(c, p, "must be one string");
	else
		c->vm->bootargs = s;
}

/* The address that a text is, a multiple of align; false and a problem if it is none. */
static bool read_guest_address(struct reading *c, const struct dt_prop *p, const char *text, uint64_t align,
			       uint64_t *address)
{
	const char *s = text;

	if (!config_parse_number(&s, address) || *s)
		problem_report(c->r, PROBLEM_BAD_VALUE, true, c->path, p->name,
			       "\"%s\" is no guest address such as \"0x80200000\"", text);
	else if (*address % align)
		problem_report(c->r, PROBLEM_BAD_VALUE, true, c->path, p->name,
			       "%s is no multiple of %s", text, align == PAGE_SIZE ? "4K" : "4");
	else
		return true;
	return false;
}

static void read_entry(struct reading *c, const struct dt_prop *p)
{
	const char *s = read_string(c, p, "0x80200000");

	if (s && read_guest_address(c, p, s, 4, &c->vm->entry))
		c->vm->has_entry = true;
}

static void read_trust_dma(struct reading *c, const struct dt_prop *p)
{
	if (p->size)
		bad_value(c, p, "has no value: write \"trust-dma;\"");
	else
		c->vm->trust_dma = true;
}

static void read_trust_control(struct reading *c, const struct dt_prop *p)
{
	if (p->size)
		bad_value(c, p, "has no value: write \"trust-control;\"");
	else
		c->vm->trust_control = true;
}

/* The index of the property's one string in a list of words, or -1 and a problem. */
static int read_word(struct reading *c, const struct dt_prop *p, const char *const *words, int count)
{
	uint32_t at = 0;
	const char *s = dt_string(p, &at);
	char list[64] = "";
	size_t n = 0;

	for (int i = 0; i < count; i++) {
		if (s && at == p->size && !strcmp(s, words[i]))
			return i;
		n += fmt_str(list + n, sizeof(list) - n, "%s\"%s\"", i ? " or " : "", words[i]);
	}
	problem_report(c->r, PROBLEM_BAD_VALUE, true, c->path, p->name, "must be %s", list);
	return -1;
}

static void read_on_crash(struct reading *c, const struct dt_prop *p)
{
	static const char *const words[] = { "stop", "restart" };	/* enum crash_policy */
	int word = read_word(c, p, words, ARRAY_LEN(words));

	if (word >= 0)
		c->vm->policy.on_crash = word;
}

static void read_unmapped(struct reading *c, const struct dt_prop *p)
{
	static const char *const words[] = { "inject", "ignore", "stop" };	/* enum unmapped_policy */
	int word = read_word(c, p, words, ARRAY_LEN(words));

	if (word >= 0)
		c->vm->policy.unmapped = word;
}

static void read_plic_mode(struct reading *c, const struct dt_prop *p)
{
	static const char *const words[] = { "guarded", "mapped", "emulated" };	/* enum plic_mode */
	int word = read_word(c, p, words, ARRAY_LEN(words));

	if (word >= 0)
		c->vm->policy.plic_mode = (uint8_t)word;
}

static void read_images(struct reading *c, const struct dt_prop *p)
{
	static const char *const words[] = { "copy", "in-place" };
	int word = read_word(c, p, words, ARRAY_LEN(words));

	if (word >= 0)
		c->vm->policy.in_place = word;
}

static void read_ram_at_boot(struct reading *c, const struct dt_prop *p)
{
	static const char *const words[] = { "clear", "keep" };
	int word = read_word(c, p, words, ARRAY_LEN(words));

	if (word >= 0)
		c->vm->policy.keep_ram = word;
}

static void read_when_all_ended(struct reading *c, const struct dt_prop *p)
{
	static const char *const words[] = { "shutdown", "keep" };
	int word = read_word(c, p, words, ARRAY_LEN(words));

	if (word >= 0)
		c->config->keep_machine = word;
}

static void read_restart_limit(struct reading *c, const struct dt_prop *p)
{
	if (p->size == 4)
		c->vm->policy.restart_limit = dt_u32(p->data);
	else
		bad_value(c, p, "must be one number, as in <3>");
}

static void read_watchdog(struct reading *c, const struct dt_prop *p)
{
	uint32_t ms = p->size == 4 ? dt_u32(p->data) : 0;

	if (ms < WATCHDOG_MIN_MS || ms > WATCHDOG_MAX_MS)
		problem_report(c->r, PROBLEM_BAD_VALUE, true, c->path, p->name,
			       "must be milliseconds from %u to %u, as in <1000>", WATCHDOG_MIN_MS,
			       WATCHDOG_MAX_MS);
	else
		c->vm->policy.watchdog_ms = ms;
}

static void read_console(struct reading *c, const struct dt_prop *p)
{
	c->config->console = read_string(c, p, "/soc/serial@10000000");
}

static void read_console_hart(struct reading *c, const struct dt_prop *p)
{
	if (p->size != 4) {
		bad_value(c, p, "must be one hart id, as in <0>");
		return;
	}
	c->config->has_console_hart = true;
	c->config->console_hart = dt_u32(p->data);
}

static void read_console_style(struct reading *c, const struct dt_prop *p)
{
	static const char *const words[] = { "plain", "colour" };
	int word = read_word(c, p, words, ARRAY_LEN(words));

	if (word >= 0)
		c->config->colour = word;
}

static void read_monitor(struct reading *c, const struct dt_prop *p)
{
	static const char *const words[] = { "on", "off" };
	int word = read_word(c, p, words, ARRAY_LEN(words));

	if (word >= 0)
		c->config->no_monitor = word;
}

static void read_vm_console(struct reading *c, const struct dt_prop *p)
{
	static const char *const words[] = { "sbi", "uart" };
	int word = read_word(c, p, words, ARRAY_LEN(words));

	if (word >= 0)
		c->vm->uart = word;
}

static void read_console_address(struct reading *c, const struct dt_prop *p)
{
	const char *s = read_string(c, p, "0x10000000");

	if (s && read_guest_address(c, p, s, PAGE_SIZE, &c->vm->uart_address))
		c->vm->has_uart_address = true;
}

/* "reserved", or "SIZE at ADDRESS" for each piece of the firmware's memory. */
static void read_firmware(struct reading *c, const struct dt_prop *p)
{
	struct config *config = c->config;
	struct config_memory m;
	const char *text, *why;
	uint32_t at = 0;

	config->has_firmware = true;
	if (!is_list(p)) {
		bad_value(c, p, "must be \"reserved\", or one string a range, as in \"512K at 0x80000000\"");
		return;
	}
	while ((text = dt_string(p, &at))) {
		if (!strcmp(text, "reserved") && at == p->size && !config->nr_firmware)
			return;
		if (config->nr_firmware == CONFIG_MAX_FIRMWARE) {
			too_many(c, p, CONFIG_MAX_FIRMWARE);
			return;
		}
		if (!config_parse_memory(&m, text, &why) && (!m.fixed || m.mapped))
			why = "must be \"reserved\" alone, or \"SIZE at HOST-ADDRESS\"";
		if (why)
			problem_report(c->r, PROBLEM_BAD_VALUE, true, c->path, p->name, "\"%s\": %s", text, why);
		else
			config->firmware[config->nr_firmware++] = (struct range){ m.at, m.size };
	}
}

static void read_hypervisor_at(struct reading *c, const struct dt_prop *p)
{
	const char *s = read_string(c, p, "top");

	if (!s)
		return;
	if (!strcmp(s, "top"))
		c->config->hyp_place = HYP_TOP;
	else if (!strcmp(s, "loaded"))
		c->config->hyp_place = HYP_LOADED;
	else if (!config_parse_number(&s, &c->config->hyp_address) || *s || c->config->hyp_address % PAGE_SIZE)
		bad_value(c, p, "must be \"top\", \"loaded\", or a host address that is a multiple of 4K, as in "
				"\"0x90000000\"");
	else
		c->config->hyp_place = HYP_FIXED;
}

static void read_compatible(struct reading *c, const struct dt_prop *p)
{
	c->compatible = true;
	if (!dt_has_string(p, CONFIG_COMPATIBLE))
		bad_value(c, p, "must be \"" CONFIG_COMPATIBLE "\"");
}

static const struct property root_props[] = {
	{ "compatible", read_compatible },
	{ "console", read_console },
	{ "console-hart", read_console_hart },
	{ "console-style", read_console_style },
	{ "monitor", read_monitor },
	{ "when-all-ended", read_when_all_ended },
	{ "firmware", read_firmware },
	{ "hypervisor-at", read_hypervisor_at },
};

static const struct property vm_props[] = {
	{ "harts", read_harts },
	{ "memory", read_memory },
	{ "devices", read_devices },
	{ "clock-rates", read_clock_rates },
	{ "kernel", read_kernel },
	{ "initrd", read_initrd },
	{ "bootargs", read_bootargs },
	{ "entry", read_entry },
	{ "trust-dma", read_trust_dma },
	{ "trust-control", read_trust_control },
	{ "plic-mode", read_plic_mode },
	{ "images", read_images },
	{ "ram-at-boot", read_ram_at_boot },
	{ "unmapped", read_unmapped },
	{ "on-crash", read_on_crash },
	{ "restart-limit", read_restart_limit },
	{ "watchdog-ms", read_watchdog },
	{ "console", read_vm_console },
	{ "console-address", read_console_address },
};

/* Edit distance (insert, delete, replace) of two short names; 99 for long ones. */
static unsigned distance(const char *a, const char *b)
{
	uint8_t row[33], diagonal, above, best;
	size_t i, j, na = strlen(a), nb = strlen(b);

	if (na > 32 || nb > 32)
		return 99;
	for (j = 0; j <= nb; j++)
		row[j] = j;
	for (i = 1; i <= na; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= nb; j++) {
			above = row[j];
			best = diagonal + (a[i - 1] != b[j - 1]);
			best = above + 1 < best ? above + 1 : best;
			best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[nb];
}

static void unknown_property(struct reading *c, const struct dt_prop *p,
			     const struct property *known, uint32_t count)
{
	const char *near = NULL;
	unsigned best = 4, d;
	uint32_t i;

	for (i = 0; i < count; i++) {
		d = distance(p->name, known[i].name);
		if (d < best) {
			best = d;
			near = known[i].name;
		}
	}
	if (near)
		problem_report(c->r, PROBLEM_UNKNOWN_PROPERTY, true, c->path, p->name,
			       "no such property; did you mean \"%s\"?", near);
	else
		problem_report(c->r, PROBLEM_UNKNOWN_PROPERTY, true, c->path, p->name,
			       "no such property %s; see docs/config.md",
			       c->vm ? "of a guest" : "of the root");
}

static void read_property(struct reading *c, const struct dt_prop *p)
{
	const struct property *known = c->vm ? vm_props : root_props;
	uint32_t i, count = c->vm ? ARRAY_LEN(vm_props) : ARRAY_LEN(root_props);
	unsigned before = c->r->count;

	for (i = 0; i < count && strcmp(p->name, known[i].name); i++)
		;
	if (i == count)
		unknown_property(c, p, known, count);
	else if (c->seen & 1u << i)
		problem_report(c->r, PROBLEM_DUPLICATE, true, c->path, p->name,
			       "given twice; give each property once");
	else
		known[i].read(c, p);
	if (i < count)
		c->seen |= 1u << i;
	if (c->vm && c->r->count != before)
		c->vm->faulty = true;
}

static bool name_valid(const char *name)
{
	const char *p;

	if (!*name || *name < 'a' || *name > 'z' || strlen(name) >= VM_NAME_LEN)
		return false;
	for (p = name; *p; p++) {
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= '0' && *p <= '9') && *p != '-')
			return false;
	}
	return true;
}

static void start_vm(struct reading *c, const char *name)
{
	struct config *config = c->config;
	struct config_vm *vm = &config->vms[config->nr_vms];
	uint32_t i;

	fmt_str(c->path, sizeof(c->path), "/%s", name);
	if (!name_valid(name))
		problem_report(c->r, PROBLEM_BAD_NAME, true, c->path, "",
			       "a guest's name has lower-case letters, digits and '-', begins with "
			       "a letter and has at most %d of them", VM_NAME_LEN - 1);
	if (!strcmp(name, "bulkhead") || !strcmp(name, "monitor"))
		problem_report(c->r, PROBLEM_BAD_NAME, true, c->path, "",
			       "lines of the hypervisor are marked with this name; choose another one");
	for (i = 0; i < config->nr_vms; i++) {
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
				broken(c, "a property of the root stands behind a guest; put the root's properties first");
			else if (c->depth == 1 || c->depth == 2)
				read_property(c, &item.prop);
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
				broken(c, "the tree is broken: it ends in the middle of a node; compile it anew by dtc");
			if (!c->compatible)
				broken(c, "not a configuration: the root needs compatible = \""
					  CONFIG_COMPATIBLE "\"");
			return;
		case DT_BROKEN:
			broken(c, "the tree is broken: its structure block is cut off, or has what is no token; compile it anew by "
				  "dtc");
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
	config->nr_firmware = config->nr_vms = 0;
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
