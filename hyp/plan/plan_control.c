/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that control the machine. A device without DMA can still switch the machine off, or stop another's clock:
 * only a guest that is trusted with that gets it. A device is of that class by its own kind (control.h), or because a
 * node that the guest does not have depends on it: the guest then controls that node, too. A device is refused if a
 * node that switches the machine off uses it, as no guest can have such a node.
 */
#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/plan/control.h"
#include "hyp/plan/plan_int.h"
#include "hyp/plan/refs.h"

/* The guest's device that the node is, or is below; NULL if no guest has it. */
static struct plan_device *device_of(const struct planner *pl, uint16_t node, uint32_t *vm)
{
	for (*vm = 0; *vm < pl->plan->nr_vms; (*vm)++) {
		struct plan_vm *v = &pl->plan->vms[*vm];

		for (uint32_t i = 0; i < v->nr_devices; i++) {
			if (host_is_within(pl->host, node, v->devices[i].node))
				return &v->devices[i];
		}
	}
	return NULL;
}

/* Whether the device or a node below it has registers: without any it can do nothing by itself. */
static bool has_registers(const struct host *host, uint16_t device)
{
	struct range reg;

	for (uint32_t node = device; node < host->nodes[device].end; node++) {
		if (host_node_reg(host, node, 0, &reg) != ERR_NOTFOUND)
			return true;
	}
	return false;
}

static void controls(struct plan_device *d, uint16_t node, const char *what, uint16_t by)
{
	if (d->control)
		return;		/* one reason is enough */
	d->control = what;
	d->control_node = node;
	d->control_by = by;
}

/* By its own kind. */
static void classify(struct planner *pl, struct plan_device *d)
{
	const char *what;

	for (uint32_t node = d->node; node < pl->host->nodes[d->node].end && !d->control; node++) {
		what = control_of(pl->host, node);
		if (what)
			controls(d, node, what, NO_NODE);
	}
}

/* The node by refers to another node by a property on which it depends. */
static void depends(struct planner *pl, uint16_t by, const char *prop, const struct reference *ref, uint16_t target)
{
	char path[HOST_PATH_SIZE];
	struct plan_device *d;
	uint32_t vm, other;

	d = device_of(pl, target, &vm);
	if (d && !host_is_disabled(pl->host, by) && (!device_of(pl, by, &other) || other != vm)) {
		pl->plan->vms[vm].holds_clocks |= !strcmp(prop, "clocks");
		pl->plan->vms[vm].holds_domains |= !strcmp(prop, "power-domains");
	}
	if (!d || host_is_within(pl->host, by, d->node) || !has_registers(pl->host, d->node))
		return;
	if (ref->effect == REF_REGISTERS && device_switches_off(pl->host, by)) {
		bool *refused = &pl->refused[vm][d - pl->plan->vms[vm].devices];

		if (!*refused)
			vm_problem(pl, vm, PROBLEM_DEVICE_REFUSED, "devices",
				   "%s cannot be passed through: it switches the whole machine off, as %s uses it by \"%s\"; "
				   "guests power off by SBI",
				   d->path, host_path(pl->host, by, path, sizeof(path)), prop);
		*refused = true;
	} else if (!device_of(pl, by, &other) || other != vm) {
		controls(d, target, prop, by);
	}
}

static void follow(struct planner *pl, uint16_t node)
{
	uint32_t offset = pl->host->nodes[node].props, kind;
	struct reference ref;
	struct ref_entry e;
	struct dt_prop p;

	while (dt_next_prop(&pl->host->dt, &offset, &p)) {
		kind = refs_find(p.name);
		if (kind == NO_REFERENCE)
			continue;
		ref = refs_kind(kind);
		e = (struct ref_entry){ 0 };
		while (ref.effect != REF_PASSIVE && refs_next(pl->host, &ref, &p, &e)) {
			if (e.target != NO_NODE)
				depends(pl, node, p.name, &ref, e.target);
		}
	}
}

const char *plan_control_text(const struct host *host, const struct plan_device *d, char *buf, size_t size)
{
	char path[HOST_PATH_SIZE];
	size_t n = 0;

	buf[0] = 0;
	if (!d->control)
		return buf;
	if (d->control_by != NO_NODE)
		n = fmt_str(buf, size, "%s depends on ", host_path(host, d->control_by, path, sizeof(path)));
	if (d->control_node != d->node)
		n += fmt_str(buf + n, size - n, "%s in it", host_path(host, d->control_node, path, sizeof(path)));
	else
		n += fmt_str(buf + n, size - n, "it");
	if (d->control_by != NO_NODE)
		fmt_str(buf + n, size - n, " by \"%s\"", d->control);
	else
		fmt_str(buf + n, size - n, " is %s", d->control);
	return buf;
}

void plan_control(struct planner *pl)
{
	char why[2 * HOST_PATH_SIZE + 64];

	memset(pl->refused, 0, sizeof(pl->refused));
	for (uint32_t vm = 0; vm < pl->plan->nr_vms; vm++) {
		struct plan_vm *v = &pl->plan->vms[vm];

		for (uint32_t i = 0; i < v->nr_devices; i++) {
			if (has_registers(pl->host, v->devices[i].node))
				classify(pl, &v->devices[i]);
		}
	}
	for (uint32_t node = 0; node < pl->host->nr_nodes; node++) {
		if (pl->host->nodes[node].flags & NODE_CONTROL)
			follow(pl, node);
	}
	for (uint32_t vm = 0; vm < pl->plan->nr_vms; vm++) {
		const struct plan_vm *v = &pl->plan->vms[vm];

		for (uint32_t i = 0; i < v->nr_devices && !v->trust_control; i++) {
			if (v->devices[i].control && !pl->refused[vm][i])
				vm_problem(pl, vm, PROBLEM_CONTROL_UNTRUSTED, "devices",
					   "%s controls the machine: %s; add \"trust-control;\" if the guest may be "
					   "trusted with the machine", v->devices[i].path,
					   plan_control_text(pl->host, &v->devices[i], why, sizeof(why)));
		}
	}
}
