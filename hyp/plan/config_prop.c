/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The properties of a configuration (docs/config.md). One table for the root and one for guests: each row is a property
 * and what its value may be. A property that is in no table is refused with the nearest name, so that a misspelt one is
 * never ignored.
 */
#include "hyp/base/fdt.h"
#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/plan/config_int.h"
#include "hyp/plan/package.h"

#define WATCHDOG_MIN_MS	1u
#define WATCHDOG_MAX_MS	3600000u	/* an hour */
#define MAX_WORDS	3

/* A property that read() reads; or, if read is NULL, one of words, or without words one that is there or not. */
struct property {
	const char *name;
	void (*read)(struct reading *c, const struct dt_prop *p);
	const char *words[MAX_WORDS];
	uint16_t at, size;		/* of the member that is set: to the index of the word, or to true */
};

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
	uint32_t i;
	uint64_t id;

	if (!p->size || p->size % 4) {
		bad_value(c, p, "must be a list of hart ids, as in <1 2>");
		return;
	}
	for (uint32_t at = 0; at < p->size; at += 4) {
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

bool config_is_list(const struct dt_prop *p)
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

	if (!config_is_list(p)) {
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

	if (!config_is_list(p)) {
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

	if (!config_is_list(p)) {
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
			       "\"%s\" must have a rate in Hz behind it, from 1 to 4294967295, as in \"%s\", \"200M\"",
			       clock, clock);
	}
}

static void read_image(struct reading *c, const struct dt_prop *p, enum image_role role)
{
	const char *name = read_string(c, p, "linux");

	if (!name)
		return;
	if (strlen(name) >= IMAGE_NAME_LEN)
		problem_report(c->r, PROBLEM_BAD_VALUE, true, c->path, p->name,
			       "\"%s\" cannot be an image's name: it is longer than %d letters", name,
			       IMAGE_NAME_LEN - 1);
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

/* Writes a value to the property's member, which is a bool, a uint8_t or an enum. */
static void set_member(struct reading *c, const struct property *known, uint32_t value)
{
	uint8_t *to = (c->vm ? (uint8_t *)c->vm : (uint8_t *)c->config) + known->at;

	if (known->size == 1)
		*to = (uint8_t)value;
	else
		*(uint32_t *)to = value;
}

/* The property's one string is one of its words: the member is the index. */
static void read_word(struct reading *c, const struct dt_prop *p, const struct property *known)
{
	uint32_t at = 0;
	const char *s = dt_string(p, &at);
	char list[64] = "";
	size_t n = 0;

	for (uint32_t i = 0; i < MAX_WORDS && known->words[i]; i++) {
		if (s && at == p->size && !strcmp(s, known->words[i])) {
			set_member(c, known, i);
			return;
		}
		n += fmt_str(list + n, sizeof(list) - n, "%s\"%s\"", i ? " or " : "", known->words[i]);
	}
	problem_report(c->r, PROBLEM_BAD_VALUE, true, c->path, p->name, "must be %s", list);
}

static void read_flag(struct reading *c, const struct dt_prop *p, const struct property *known)
{
	if (p->size)
		problem_report(c->r, PROBLEM_BAD_VALUE, true, c->path, p->name, "has no value: write \"%s;\"", p->name);
	else
		set_member(c, known, 1);
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
	if (!config_is_list(p)) {
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

#define MEMBER(type, member)	.at = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define ROOT_WORDS(member, ...)	MEMBER(struct config, member), .words = { __VA_ARGS__ }
#define VM_WORDS(member, ...)	MEMBER(struct config_vm, member), .words = { __VA_ARGS__ }
#define VM_FLAG(member)		MEMBER(struct config_vm, member)

static const struct property root_props[] = {
	{ "compatible", .read = read_compatible },
	{ "console", .read = read_console },
	{ "console-hart", .read = read_console_hart },
	{ "console-style", ROOT_WORDS(colour, "plain", "colour") },
	{ "monitor", ROOT_WORDS(no_monitor, "on", "off") },
	{ "when-all-ended", ROOT_WORDS(keep_machine, "shutdown", "keep") },
	{ "firmware", .read = read_firmware },
	{ "hypervisor-at", .read = read_hypervisor_at },
	{ "shared", .read = config_read_shared },
};

static const struct property vm_props[] = {
	{ "harts", .read = read_harts },
	{ "memory", .read = read_memory },
	{ "devices", .read = read_devices },
	{ "clock-rates", .read = read_clock_rates },
	{ "kernel", .read = read_kernel },
	{ "initrd", .read = read_initrd },
	{ "bootargs", .read = read_bootargs },
	{ "entry", .read = read_entry },
	{ "trust-dma", VM_FLAG(trust_dma) },
	{ "trust-control", VM_FLAG(trust_control) },
	{ "plic-mode", VM_WORDS(policy.plic_mode, "guarded", "mapped", "emulated") },	/* enum plic_mode */
	{ "images", VM_WORDS(policy.in_place, "copy", "in-place") },
	{ "ram-at-boot", VM_WORDS(policy.keep_ram, "clear", "keep") },
	{ "unmapped", VM_WORDS(policy.unmapped, "inject", "ignore", "stop") },	/* enum unmapped_policy */
	{ "on-crash", VM_WORDS(policy.on_crash, "stop", "restart") },	/* enum crash_policy */
	{ "restart-limit", .read = read_restart_limit },
	{ "watchdog-ms", .read = read_watchdog },
	{ "console", VM_WORDS(uart, "sbi", "uart") },
	{ "console-address", .read = read_console_address },
	{ "sbi-getchar", VM_WORDS(policy.getchar_waits, "poll", "wait") },
	{ "shares", .read = config_read_shares },
	{ "net", .read = config_read_net },
};

/* Edit distance (insert, delete, replace) of two short names; 99 for long ones. */
static unsigned distance(const char *a, const char *b)
{
	uint8_t row[33], diagonal, above, best;
	size_t na = strlen(a), nb = strlen(b);

	if (na > 32 || nb > 32)
		return 99;
	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
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

/* Whether the name is a property of the other kind of node: then no similar name is proposed. */
static bool is_misplaced(const struct reading *c, const char *name)
{
	const struct property *others = c->vm ? root_props : vm_props;
	uint32_t count = c->vm ? ARRAY_LEN(root_props) : ARRAY_LEN(vm_props);

	for (uint32_t i = 0; i < count; i++) {
		if (!strcmp(others[i].name, name))
			return true;
	}
	return false;
}

static void unknown_property(struct reading *c, const struct dt_prop *p,
			     const struct property *known, uint32_t count)
{
	const char *near = NULL;
	unsigned best = 4, d;

	for (uint32_t i = 0; i < count && !is_misplaced(c, p->name); i++) {
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

static void read_known(struct reading *c, const struct dt_prop *p, const struct property *known)
{
	if (known->read)
		known->read(c, p);
	else if (known->words[0])
		read_word(c, p, known);
	else
		read_flag(c, p, known);
}

void config_read_property(struct reading *c, const struct dt_prop *p)
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
			       "listed twice; list each property once");
	else
		read_known(c, p, &known[i]);
	if (i < count)
		c->seen |= 1u << i;
	if (c->vm && c->r->count != before)
		c->vm->faulty = true;
}
