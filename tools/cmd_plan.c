/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead check, plan and dtb: make the plan, and report its problems, print it, or write a guest's
 * device tree. check makes all guests' trees too, as a boot does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/tool.h"

enum { KEY_DTS = 512, KEY_JSON };

static char guest_dtb[GUEST_DTB_MAX] __attribute__((aligned(8)));

error_t parse_plan_args(int key, char *arg, struct argp_state *state)
{
	struct plan_args *s = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = s;
		return 0;
	case KEY_JSON:
		s->json = true;
		return 0;
	}
	return parse_paths(key, arg, state, (const char **[]){ &s->host_path, &s->config_path }, 2);
}

const struct argp_child plan_args_children[] = { { &plan_args_argp, 0, NULL, 0 }, { 0 } };

static const struct argp_option json_option[] = {
	{ "json", KEY_JSON, NULL, 0, "As JSON on standard output, problems included", 0 },
	{ 0 }
};

static void build_all(struct plan_args *s)
{
	for (uint32_t vm = 0; vm < tool_plan.nr_vms; vm++) {
		if (guest_dt_build(guest_dtb, sizeof(guest_dtb), &tool_plan, &tool_host, vm,
				   &s->reporter))
			continue;	/* reported */
	}
}

int cmd_check(int argc, char **argv)
{
	static const struct argp argp = { json_option, parse_plan_args, "HOST PARTS",
		"Report every problem of the configuration PARTS on the machine HOST.\v"
		"Problems and notes go to standard error, one a line: FILE:LINE: NODE: PROPERTY: "
		"what is wrong [code]. Exit code 1 if there is any problem.", plan_args_children,
		NULL, NULL };
	struct plan_args s = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &s);
	if (!make_plan(&s))
		build_all(&s);
	if (s.json) {
		json_open(NULL, '{');
		json_bool("ok", !s.reporter.count);
		report_json();
		json_close('}');
	}
	report_summary(s.reporter.count);
	return s.reporter.count ? EXIT_PROBLEMS : EXIT_OK;
}

static void print_line(void *arg, const char *text)
{
	(void)arg;
	puts(text);
}

int cmd_plan(int argc, char **argv)
{
	static const struct argp argp = { json_option, parse_plan_args, "HOST PARTS",
		"Print the plan of the configuration PARTS on the machine HOST, as the firmware "
		"prints it at boot.", plan_args_children, NULL, NULL };
	struct plan_args s = { 0 };
	enum err e;

	argp_parse(&argp, argc, argv, 0, NULL, &s);
	e = make_plan(&s);
	if (s.json) {
		json_open(NULL, '{');
		json_bool("ok", !e);
		report_json();
		if (!e)
			plan_json(&tool_plan);
		json_close('}');
	} else if (!e) {
		plan_print(&tool_plan, print_line, NULL);
	}
	return e ? EXIT_PROBLEMS : EXIT_OK;
}

struct dtb_arguments {
	struct plan_args plan_args;
	const char *guest, *output;
	bool source;
};

static error_t parse_dtb(int key, char *arg, struct argp_state *state)
{
	struct dtb_arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->plan_args;
		return 0;
	case 'o':
		a->output = arg;
		return 0;
	case KEY_DTS:
		a->source = true;
		return 0;
	case ARGP_KEY_END:
		if (state->arg_num == 3 && !a->output && !a->source)
			argp_error(state, "-o FILE is needed, or --dts");
		break;
	}
	return parse_paths(key, arg, state,
			   (const char **[]){ &a->plan_args.host_path, &a->plan_args.config_path, &a->guest }, 3);
}

uint32_t find_guest(const char *name)
{
	for (uint32_t i = 0; i < tool_plan.nr_vms; i++) {
		if (!strcmp(tool_plan.vms[i].name, name))
			return i;
	}
	die("there is no guest \"%s\" in the configuration", name);
}

int cmd_dtb(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "output", 'o', "FILE", 0, "Write to FILE", 0 },
		{ "dts", KEY_DTS, NULL, 0, "As text (through dtc); without -o to standard output",
		  0 },
		{ 0 }
	};
	static const struct argp argp = { options, parse_dtb, "HOST PARTS GUEST",
		"Write the device tree that GUEST will get.", plan_args_children, NULL, NULL };
	struct dtb_arguments a = { 0 };
	struct blob b = { (uint8_t *)guest_dtb, 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (make_plan(&a.plan_args) ||
	    guest_dt_build(guest_dtb, sizeof(guest_dtb), &tool_plan, &tool_host,
			   find_guest(a.guest), &a.plan_args.reporter))
		return EXIT_PROBLEMS;
	b.size = dt_u32(b.data + 4);
	if (a.source)
		write_as_source(a.output, &b);
	else
		write_file(a.output, b.data, b.size);
	return EXIT_OK;
}
