/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead diff: the changes between two plans for one machine: harts, RAM, devices, interrupts, and
 * settings of guests. Owners are compared by name, so the order of guests does not matter.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/plan/plan_int.h"
#include "tools/tool.h"

static struct plan old_plan;
static struct ram_owners old_owners, new_owners;
static bool as_json;
static uint32_t changes;

/* One change. kind, what: the thing that changes; from, to: its old and new owner or value. */
static void change(const char *kind, const char *from, const char *to, const char *what, ...)
	__printf(4, 5);

static void change(const char *kind, const char *from, const char *to, const char *what, ...)
{
	char text[256];
	va_list ap;

	if (!strcmp(from, to))
		return;
	va_start(ap, what);
	vsnprintf(text, sizeof(text), what, ap);
	va_end(ap);
	changes++;
	if (!as_json) {
		printf("%s %s: %s -> %s\n", kind, text, from, to);
		return;
	}
	json_open(NULL, '{');
	json_text("kind", kind);
	json_text("what", text);
	json_text("from", from);
	json_text("to", to);
	json_close('}');
}

static const char *owner(const struct plan *plan, uint8_t who)
{
	if (who == OWNER_HYP)
		return "hypervisor";
	return who < plan->nr_vms ? plan->vms[who].name : "no guest";
}

static const struct plan_vm *guest(const struct plan *plan, const char *name)
{
	for (uint32_t i = 0; i < plan->nr_vms; i++) {
		if (!strcmp(plan->vms[i].name, name))
			return &plan->vms[i];
	}
	return NULL;
}

static void compare_guests(void)
{
	for (uint32_t i = 0; i < old_plan.nr_vms; i++) {
		if (!guest(&tool_plan, old_plan.vms[i].name))
			change("guest", "there", "gone", "%s", old_plan.vms[i].name);
	}
	for (uint32_t i = 0; i < tool_plan.nr_vms; i++) {
		if (!guest(&old_plan, tool_plan.vms[i].name))
			change("guest", "none", "new", "%s", tool_plan.vms[i].name);
	}
}

static void hart_use(const struct plan *plan, uint32_t i, char *buf, size_t size)
{
	const struct plan_hart *h = &plan->harts[i];

	if (h->vm == NO_OWNER && plan->console.drive == CONSOLE_OWN_HART && plan->console.hart == i)
		snprintf(buf, size, "hypervisor, for its console");
	else if (h->vm == NO_OWNER)
		snprintf(buf, size, "no guest");
	else
		snprintf(buf, size, "%s, its hart %u", plan->vms[h->vm].name, h->vcpu);
}

static void compare_harts(void)
{
	char from[64], to[64];

	for (uint32_t i = 0; i < tool_plan.nr_harts; i++) {
		hart_use(&old_plan, i, from, sizeof(from));
		hart_use(&tool_plan, i, to, sizeof(to));
		change("hart", from, to, "%lu", tool_plan.harts[i].id);
	}
}

/* Owner of RAM, and where a guest sees it if that is elsewhere. */
static void ram_use(const struct plan *plan, const struct ram_part *s, uint64_t at, char *buf,
		    size_t size)
{
	const struct plan_region *m;

	snprintf(buf, size, "%s", ram_owner_name(s, plan));
	if (s->owner != RAM_VM)
		return;
	m = &plan->vms[s->vm].regions[s->region];
	if (m->gpa.v != m->hpa.v)
		snprintf(buf, size, "%s at 0x%lx", plan->vms[s->vm].name, at - m->hpa.v + m->gpa.v);
}

static void ram_change(const struct ram_part *a, const struct ram_part *b, uint64_t first, uint64_t last)
{
	char from[64], to[64], size[24];

	ram_use(&old_plan, a, first, from, sizeof(from));
	ram_use(&tool_plan, b, first, to, sizeof(to));
	change("memory", from, to, "0x%010lx-0x%010lx %s", first, last,
	       size_text(last - first + 1, size, sizeof(size)));
}

/* Both lists cover the same RAM without gaps: compares them side by side. */
static void compare_ram(void)
{
	uint64_t first, last, end_a, end_b;
	uint32_t a = 0, b = 0;

	ram_owners_find(&old_owners, &old_plan, &tool_host);
	ram_owners_find(&new_owners, &tool_plan, &tool_host);
	while (a < old_owners.count && b < new_owners.count) {
		const struct ram_part *sa = &old_owners.list[a], *sb = &new_owners.list[b];

		first = sa->range.base > sb->range.base ? sa->range.base : sb->range.base;
		end_a = range_last(sa->range);
		end_b = range_last(sb->range);
		last = end_a < end_b ? end_a : end_b;
		ram_change(sa, sb, first, last);
		a += end_a == last;
		b += end_b == last;
	}
}

static const char *device_owner(const struct plan *plan, uint16_t node)
{
	for (uint32_t i = 0; i < plan->nr_vms; i++) {
		for (uint32_t d = 0; d < plan->vms[i].nr_devices; d++) {
			if (plan->vms[i].devices[d].node == node)
				return plan->vms[i].name;
		}
	}
	return "no guest";
}

static void compare_devices_of(const struct plan *plan, bool only_new)
{
	for (uint32_t i = 0; i < plan->nr_vms; i++) {
		for (uint32_t d = 0; d < plan->vms[i].nr_devices; d++) {
			const struct plan_device *dev = &plan->vms[i].devices[d];
			const char *from = device_owner(&old_plan, dev->node);

			if (!only_new || !strcmp(from, "no guest"))
				change("device", from, device_owner(&tool_plan, dev->node), "%s",
				       dev->path);
		}
	}
}

static void compare_irqs(void)
{
	for (uint32_t plic = 0; plic < tool_plan.nr_intcs; plic++) {
		const struct plan_intc *a = &old_plan.intcs[plic], *b = &tool_plan.intcs[plic];

		for (uint32_t id = 1; id <= b->ndev; id++)
			change("interrupt", owner(&old_plan, a->source_owner[id]),
			       owner(&tool_plan, b->source_owner[id]), "%u of %s", id, b->path);
	}
}

static void number_change(const char *name, const char *what, const char *format, uint64_t from,
			  uint64_t to)
{
	char a[32], b[32];

	snprintf(a, sizeof(a), format, from);
	snprintf(b, sizeof(b), format, to);
	change("guest", a, b, "%s %s", name, what);
}

static void compare_policy(const char *name, const struct plan_policy *a,
			   const struct plan_policy *b)
{
	static const char *const unmapped[] = { "inject", "ignore", "stop" };
	static const char *const crash[] = { "stop", "restart" };

	change("guest", unmapped[a->unmapped], unmapped[b->unmapped], "%s unmapped", name);
	change("guest", crash[a->on_crash], crash[b->on_crash], "%s on-crash", name);
	change("guest", plic_mode_name(a->plic_mode), plic_mode_name(b->plic_mode), "%s plic-mode", name);
	change("guest", a->in_place ? "in-place" : "copy", b->in_place ? "in-place" : "copy", "%s images", name);
	change("guest", a->keep_ram ? "keep" : "clear", b->keep_ram ? "keep" : "clear",
	       "%s ram-at-boot", name);
	change("guest", a->getchar_waits ? "wait" : "poll", b->getchar_waits ? "wait" : "poll", "%s sbi-getchar", name);
	number_change(name, "restart-limit", "%lu", a->restart_limit, b->restart_limit);
	number_change(name, "watchdog-ms", "%lu", a->watchdog_ms, b->watchdog_ms);
}

static void uart_text(const struct plan_vm *v, char *buf, size_t size)
{
	if (v->vuart.size)
		snprintf(buf, size, "uart at 0x%lx, interrupt %u", v->vuart.base.v, v->vuart.irq);
	else
		snprintf(buf, size, "sbi");
}

/* "frames read-only, log": the memories that a guest shares. */
static void shares_text(const struct plan *plan, const struct plan_vm *v, char *buf, size_t size)
{
	size_t at = 0;

	snprintf(buf, size, "none");
	for (uint32_t i = 0; i < v->nr_shares; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s%s%s", i ? ", " : "",
				       plan->shared[v->shares[i].shared].name,
				       v->shares[i].read_only ? " read-only" : "");
}

static void compare_shares(const struct plan_vm *a, const struct plan_vm *b)
{
	char from[MAX_SHARED * (VM_NAME_LEN + 12)], to[sizeof(from)];

	shares_text(&old_plan, a, from, sizeof(from));
	shares_text(&tool_plan, b, to, sizeof(to));
	change("guest", from, to, "%s shares", b->name);
}

/* "lan, dmz": the networks that a guest has a card of. */
static void nets_text(const struct plan *plan, const struct plan_vm *v, char *buf, size_t size)
{
	size_t at = 0;

	snprintf(buf, size, "none");
	for (uint32_t i = 0; i < v->nr_cards; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s%s", i ? ", " : "", plan->nets[v->cards[i].net].name);
}

static void compare_nets(const struct plan_vm *a, const struct plan_vm *b)
{
	char from[MAX_CARDS * (VM_NAME_LEN + 2)], to[sizeof(from)];

	nets_text(&old_plan, a, from, sizeof(from));
	nets_text(&tool_plan, b, to, sizeof(to));
	change("guest", from, to, "%s net", b->name);
}

static void compare_consoles(const struct plan_vm *a, const struct plan_vm *b)
{
	char from[64], to[64];

	uart_text(a, from, sizeof(from));
	uart_text(b, to, sizeof(to));
	change("guest", from, to, "%s console", b->name);
}

static void console_driver(const struct plan *plan, char *buf, size_t size)
{
	const struct plan_console *c = &plan->console;

	if (c->drive == CONSOLE_DIRECT)
		snprintf(buf, size, "the hart that writes");
	else
		snprintf(buf, size, "hart %lu", plan->harts[c->hart].id);
}

static void compare_console(void)
{
	const struct plan_console *a = &old_plan.console, *b = &tool_plan.console;
	char from[64], to[64];

	change("console", a->path[0] ? a->path : "SBI", b->path[0] ? b->path : "SBI",
	       "of the hypervisor");
	console_driver(&old_plan, from, sizeof(from));
	console_driver(&tool_plan, to, sizeof(to));
	change("console", from, to, "is driven by");
	change("console", a->colour ? "colour" : "plain", b->colour ? "colour" : "plain", "style");
	change("console", a->monitor ? "on" : "off", b->monitor ? "on" : "off", "monitor");
}

static void compare_settings(void)
{
	for (uint32_t i = 0; i < tool_plan.nr_vms; i++) {
		const struct plan_vm *b = &tool_plan.vms[i], *a = guest(&old_plan, b->name);

		if (!a)
			continue;
		for (uint32_t role = 0; role < NR_IMAGE_ROLES; role++)
			change("guest", a->images[role].name[0] ? a->images[role].name : "none",
			       b->images[role].name[0] ? b->images[role].name : "none", "%s %s",
			       b->name, config_image_props[role]);
		change("guest", a->bootargs, b->bootargs, "%s bootargs", b->name);
		number_change(b->name, "entry", "0x%lx", a->entry.v, b->entry.v);
		number_change(b->name, "device tree", "0x%lx", a->dtb.v, b->dtb.v);
		change("guest", a->trust_dma ? "yes" : "no", b->trust_dma ? "yes" : "no",
		       "%s trust-dma", b->name);
		change("guest", a->trust_control ? "yes" : "no", b->trust_control ? "yes" : "no",
		       "%s trust-control", b->name);
		compare_consoles(a, b);
		compare_shares(a, b);
		compare_nets(a, b);
		compare_policy(b->name, &a->policy, &b->policy);
	}
}

static void compare(void)
{
	compare_guests();
	compare_harts();
	compare_ram();
	compare_devices_of(&old_plan, false);
	compare_devices_of(&tool_plan, true);
	compare_irqs();
	compare_settings();
	compare_console();
	change("machine", old_plan.keep_machine ? "keep" : "shutdown",
	       tool_plan.keep_machine ? "keep" : "shutdown", "when all guests ended");
}

struct diff_arguments {
	struct plan_args plan_args;
	const char *parts[2];
};

enum { KEY_JSON = 700 };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct diff_arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->plan_args;
		return 0;
	case KEY_JSON:
		as_json = true;
		return 0;
	}
	return parse_paths(key, arg, state,
			   (const char **[]){ &a->plan_args.host_path, &a->parts[0], &a->parts[1] }, 3);
}

/* Makes a plan. Ends the program if it has problems: it cannot be compared then. */
static void plan_one(const struct plan_args *given, const char *parts)
{
	struct plan_args s = *given;

	s.config_path = parts;
	if (make_plan(&s))
		exit(EXIT_USAGE);
}

int cmd_diff(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "json", KEY_JSON, NULL, 0, "As JSON on standard output", 0 },
		{ 0 }
	};
	static const struct argp argp = { options, parse, "HOST A B",
		"Show what changes on the machine HOST when configuration B replaces A.\v"
		"Exit code 0 if nothing changes, 1 if something changes, 2 for usage, files, or a "
		"configuration that has problems.", plan_args_children, NULL, NULL };
	static struct diff_arguments a = { .plan_args.silent = true };

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	plan_one(&a.plan_args, a.parts[0]);
	old_plan = tool_plan;
	plan_one(&a.plan_args, a.parts[1]);
	if (as_json) {
		json_open(NULL, '{');
		json_open("changes", '[');
	}
	compare();
	if (as_json) {
		json_close(']');
		json_bool("same", !changes);
		json_close('}');
	}
	return changes ? 1 : EXIT_OK;
}
