/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stand-ins for providers need of the plan: "clock-rates" of a guest, which clock of which node each rate is for;
 * and whether a guest has reset lines of others. What becomes of them in the guest's tree is guest_standins.c's.
 */
#include "hyp/base/str.h"
#include "hyp/plan/plan_int.h"
#include "hyp/plan/refs.h"

static bool has_node(const struct planner *pl, uint32_t vm, uint16_t node)
{
	const struct plan_vm *v = &pl->plan->vms[vm];

	for (uint32_t i = 0; i < v->nr_devices; i++) {
		if (host_is_within(pl->host, node, v->devices[i].node))
			return true;
	}
	return false;
}

static uint32_t count_clocks(const struct host *host, uint16_t node)
{
	struct reference ref = refs_kind(refs_find("clocks"));
	struct ref_entry e = { 0 };
	struct dt_prop p;
	uint32_t n = 0;

	while (host_find_prop(host, node, "clocks", &p) && refs_next(host, &ref, &p, &e))
		n++;
	return n;
}

/* The clock that a name of clock-names, or a number, stands for; ALL_CLOCKS if the node has no such clock. */
static uint32_t find_clock(const struct host *host, uint16_t node, const char *text)
{
	uint32_t at = 0, count = count_clocks(host, node);
	struct dt_prop p;
	uint64_t number;
	const char *s;

	if (host_find_prop(host, node, "clock-names", &p)) {
		for (uint32_t i = 0; (s = dt_string(&p, &at)) && i < count; i++) {
			if (!strcmp(s, text))
				return i;
		}
	}
	return config_parse_number(&text, &number) && !*text && number < count ? number : ALL_CLOCKS;
}

static void add_clock(struct planner *pl, uint32_t vm, const struct config_clock *c)
{
	struct plan_vm *v = &pl->plan->vms[vm];
	uint32_t index = ALL_CLOCKS;
	uint16_t node;
	size_t n = 0;

	while (c->clock[n] && c->clock[n] != ':')
		n++;
	node = host_find(pl->host, c->clock, n);
	if (node == NO_NODE) {
		plan_unknown_node(pl, PROBLEM_UNKNOWN_DEVICE, v->config_path, "clock-rates", c->clock);
		return;
	}
	if (!has_node(pl, vm, node)) {
		vm_problem(pl, vm, PROBLEM_BAD_VALUE, "clock-rates",
			   "\"%s\" is in none of the guest's devices; add it to "
			   "\"devices\", or remove its rate", c->clock);
		return;
	}
	if (c->clock[n])
		index = find_clock(pl->host, node, c->clock + n + 1);
	if (!count_clocks(pl->host, node) || (c->clock[n] && index == ALL_CLOCKS)) {
		vm_problem(pl, vm, PROBLEM_BAD_VALUE, "clock-rates",
			   "\"%s\": the node has no such clock; behind ':' stands a "
			   "name of its \"clock-names\", or a number from 0", c->clock);
		return;
	}
	v->clocks[v->nr_clocks++] = (struct plan_clock){ node, (uint16_t)index, c->hz };
}

/* A reset line of something that the guest does not have. */
static bool has_foreign_reset(const struct planner *pl, uint32_t vm, uint16_t node)
{
	struct reference ref = refs_kind(refs_find("resets"));
	struct ref_entry e = { 0 };
	struct dt_prop p;

	while (host_find_prop(pl->host, node, "resets", &p) && refs_next(pl->host, &ref, &p, &e)) {
		if (e.target != NO_NODE && !has_node(pl, vm, e.target))
			return true;
	}
	return false;
}

static void find_resets(struct planner *pl, uint32_t vm)
{
	struct plan_vm *v = &pl->plan->vms[vm];

	for (uint32_t i = 0; i < v->nr_devices; i++) {
		for (uint32_t node = v->devices[i].node; node < pl->host->nodes[v->devices[i].node].end; node++) {
			if (pl->host->nodes[node].flags & NODE_CONTROL)
				v->needs_resets |= has_foreign_reset(pl, vm, node);
		}
	}
}

void plan_standins(struct planner *pl)
{
	for (uint32_t vm = 0; vm < pl->plan->nr_vms; vm++) {
		for (uint32_t i = 0; i < pl->config->vms[vm].nr_clocks; i++)
			add_clock(pl, vm, &pl->config->vms[vm].clocks[i]);
		find_resets(pl, vm);
	}
}
