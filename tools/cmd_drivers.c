/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead drivers: what each device of a guest has of its node in the host's tree, what it has lost, what it has got
 * as a stand-in, and whether all that its binding requires is there (docs/providers.md). required.def has the bindings.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "hyp/plan/plan_int.h"
#include "hyp/plan/refs.h"
#include "tools/tool.h"

static const struct {
	const char *needs;	/* properties, separated by blanks */
	const char *names;	/* compatible strings, each with a blank behind it */
} bindings[] = {
#define REQUIRED(needs, names)	{ needs, names },
#include "tools/required.def"
#undef REQUIRED
};

static char guest_dtb[GUEST_DTB_MAX] __attribute__((aligned(8)));
static bool json;

static bool lists(const char *names, const char *name)
{
	size_t size = strlen(name);
	const char *at = names;

	while (size && (at = strstr(at, name))) {
		if ((at == names || at[-1] == ' ') && at[size] == ' ')
			return true;
		at += size;
	}
	return false;
}

/* What the binding of the node's first compatible string that is known requires; NULL: none is known. */
static const char *needs_of(uint16_t node)
{
	struct dt_prop p = host_prop(&tool_host, tool_host.nodes[node].compatible);
	uint32_t at = 0;
	const char *s;

	while ((s = dt_string(&p, &at))) {
		for (uint32_t i = 0; i < ARRAY_LEN(bindings); i++) {
			if (lists(bindings[i].names, s))
				return bindings[i].needs;
		}
	}
	return NULL;
}

static bool host_has(uint16_t node, const char *prop)
{
	struct dt_prop p;

	return host_find_prop(&tool_host, node, prop, &p);
}

/* What is required, stands in the host's node, and is not in the guest's, each with a blank before it. */
static void find_missing(uint16_t node, int there, const char *needs, char *out, size_t size)
{
	char name[64];
	size_t n, at = 0;

	out[0] = 0;
	while (*needs) {
		n = strcspn(needs, " ");
		snprintf(name, sizeof(name), "%.*s", (int)n, needs);
		if (host_has(node, name) && !fdt_getprop(guest_dtb, there, name, NULL))
			at += (size_t)snprintf(out + at, at < size ? size - at : 0, " %s", name);
		needs += n + (needs[n] == ' ');
	}
}

/* Without a binding, each reference of the host's node counts as required. */
static void find_lost(uint16_t node, int there, char *out, size_t size)
{
	uint32_t at = tool_host.nodes[node].props;
	struct dt_prop p;
	size_t n = 0;

	out[0] = 0;
	while (dt_next_prop(&tool_host.dt, &at, &p)) {
		if (refs_find(p.name) != NO_REFERENCE && !fdt_getprop(guest_dtb, there, p.name, NULL))
			n += (size_t)snprintf(out + n, n < size ? size - n : 0, " %s", p.name);
	}
}

static void line(const char *prop, const char *text)
{
	if (!json)
		printf("    %-20s %s\n", prop, text);
}

/* Each clock that is another one than in the host's node, with its rate. */
static bool print_clocks(const struct dt_prop *host, const uint8_t *guest, uint32_t size)
{
	struct reference ref = refs_kind(refs_find("clocks"));
	struct ref_entry e = { 0 };
	bool all_known = true;
	const uint8_t *hz;
	char text[96];
	uint32_t at = 0;
	int clock;

	for (uint32_t i = 0; refs_next(&tool_host, &ref, host, &e) && at + 4 <= size; i++) {
		if (!memcmp(guest + at, host->data + e.at, 4)) {
			at += e.end - e.at;
			continue;
		}
		clock = fdt_node_offset_by_phandle(guest_dtb, dt_u32(guest + at));
		hz = clock < 0 ? NULL : fdt_getprop(guest_dtb, clock, "clock-frequency", NULL);

		all_known &= hz && dt_u32(hz);
		snprintf(text, sizeof(text), hz && dt_u32(hz) ? "clock %u: stand-in, %u Hz" :
			 "clock %u: stand-in, rate not known: see \"clock-rates\"", i, hz ? dt_u32(hz) : 0);
		line("clocks", text);
		at += 4;
	}
	return all_known;
}

/* What became of each property; false if a clock's rate is not known. */
static bool print_properties(uint16_t node, int there)
{
	uint32_t at = tool_host.nodes[node].props;
	bool rates = true;
	struct dt_prop p;
	const void *value;
	int size;

	while (dt_next_prop(&tool_host.dt, &at, &p)) {
		value = fdt_getprop(guest_dtb, there, p.name, &size);
		if (!value && strcmp(p.name, "numa-node-id"))
			line(p.name, "left out");
		else if (value && ((uint32_t)size != p.size || memcmp(value, p.data, p.size))) {
			if (!strcmp(p.name, "clocks"))
				rates &= print_clocks(&p, value, (uint32_t)size);
			else
				line(p.name, "in part");
		}
	}
	return rates;
}

/* False if something that the binding requires is missing. */
static bool print_device(uint16_t node, const char *path)
{
	struct dt_prop p = host_prop(&tool_host, tool_host.nodes[node].compatible);
	int there = fdt_path_offset(guest_dtb, path);
	const char *needs = needs_of(node);
	char missing[512], text[600];
	uint32_t at = 0;
	bool rates;

	if (needs)
		find_missing(node, there, needs, missing, sizeof(missing));
	else
		find_lost(node, there, missing, sizeof(missing));
	if (!json)
		printf("%s: %s\n", path, dt_string(&p, &at));
	snprintf(text, sizeof(text), "%s%s%s", missing[0] ? "lacks" : "all that is required is there", missing,
		 needs ? "" : "; binding not known, references of the host's node count");
	line("binding", text);
	rates = print_properties(node, there);
	if (json) {
		json_open(NULL, '{');
		json_text("path", path);
		json_text("compatible", dt_string(&p, &at));
		json_bool("binding-known", needs);
		json_text("missing", missing[0] ? missing + 1 : "");
		json_bool("rates-known", rates);
		json_close('}');
	}
	return !missing[0];
}

static uint32_t print_guest(const struct plan_vm *v)
{
	char path[DT_MAX_DEPTH * 64];
	uint32_t lacking = 0;

	for (uint32_t i = 0; i < v->nr_devices; i++) {
		for (uint32_t node = v->devices[i].node; node < tool_host.nodes[v->devices[i].node].end; node++) {
			host_path(&tool_host, node, path, sizeof(path));
			if (!tool_host.nodes[node].compatible || host_is_disabled(&tool_host, node) ||
			    fdt_path_offset(guest_dtb, path) < 0)
				continue;
			lacking += !print_device(node, path);
		}
	}
	return lacking;
}

struct drivers_arguments {
	struct plan_args plan_args;
	const char *guest;
};

enum { KEY_JSON = 700 };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct drivers_arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->plan_args;
		return 0;
	case KEY_JSON:
		json = true;
		return 0;
	}
	return parse_paths(key, arg, state,
			   (const char **[]){ &a->plan_args.host_path, &a->plan_args.config_path, &a->guest }, 3);
}

int cmd_drivers(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "json", KEY_JSON, NULL, 0, "As JSON on standard output", 0 },
		{ 0 }
	};
	static const struct argp argp = {
		options,
		parse,
		"HOST PARTS GUEST",
		"Show for each device of GUEST what its node has lost of the host's, what it has got as a stand-in, "
		"and "
		"whether all that its binding requires is there.\v"
		"Exit code 1 if something that is required is missing. docs/providers.md describes stand-ins.",
		plan_args_children,
		NULL,
		NULL
	};
	struct drivers_arguments a = { .plan_args.silent = true };
	struct reporter quiet = { 0 };
	uint32_t vm, lacking;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (make_plan(&a.plan_args))
		return EXIT_PROBLEMS;
	vm = find_guest(a.guest);
	if (guest_dt_build(guest_dtb, sizeof(guest_dtb), &tool_plan, &tool_host, vm, &quiet))
		die("no device tree can be made for guest %s; bulkhead check shows why", a.guest);
	if (json) {
		json_open(NULL, '{');
		json_open("devices", '[');
	}
	lacking = print_guest(&tool_plan.vms[vm]);
	if (json) {
		json_close(']');
		json_close('}');
	}
	return lacking ? EXIT_PROBLEMS : EXIT_OK;
}
