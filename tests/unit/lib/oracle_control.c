/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Part of the oracle; see trees.h. */
#include <string.h>

#include "tests/unit/lib/oracle_int.h"

/* ---- machine control: facts of the tree that need no list of kinds ---- */

static bool ends_in(const char *name, const char *end)
{
	return strlen(name) >= strlen(end) && !strcmp(name + strlen(name) - strlen(end), end);
}

static bool is_provider(const struct host *host, unsigned node)
{
	static const char *const props[] = { "#clock-cells", "#reset-cells", "#power-domain-cells", "regulator-name" };
	struct dt_prop p;

	for (unsigned i = 0; i < ARRAY_LEN(props); i++)
		if (host_find_prop(host, node, props[i], &p))
			return true;
	return host_is_compatible(host, node, "syscon") || host_is_compatible(host, node, "snps,dw-wdt");
}

/* Properties whose first cell is the phandle of what the node depends on. */
static bool depends(const char *name)
{
	static const char *const names[] = { "regmap", "syscon", "clocks", "resets", "power-domains", "pinctrl-0",
					     "gpios", "gpio", "nvmem-cells", "next-level-cache", "mboxes" };

	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return (ends_in(name, "-supply") && name[0] != '-') || (ends_in(name, "-gpios") && name[0] != '-');
}

static bool has_registers(const struct host *host, const struct plan_device *d)
{
	for (unsigned i = 0; i < host->nr_regs; i++)
		if (host->regs[i].node >= d->node && host->regs[i].node < host->nodes[d->node].end)
			return true;
	return false;
}

/* The node that leads to the device, if that is not the guest's: "" for itself, being a provider. NULL: none. */
static const char *controller(const struct host *host, const struct plan_vm *v, const struct plan_device *d, bool *off)
{
	const char *found = NULL;
	unsigned target;
	struct dt_prop p;

	*off = false;
	for (unsigned node = 0; node < host->nr_nodes; node++) {
		if (node >= d->node && node < host->nodes[d->node].end && is_provider(host, node))
			found = "";
		for (uint32_t at = host->nodes[node].props; dt_next_prop(&host->dt, &at, &p);) {
			if (!depends(p.name) || p.size < 4 || !dt_u32(p.data))
				continue;
			target = host_find_phandle(host, dt_u32(p.data));
			if (target < d->node || target >= host->nodes[d->node].end)
				continue;
			if (!owns(host, v, node))
				found = p.name;
			*off |= !strcmp(p.name, "regmap") && (host_is_compatible(host, node, "syscon-poweroff") ||
							      host_is_compatible(host, node, "syscon-reboot"));
		}
	}
	return found;
}

const char *oracle_check_control(const struct host *host, const struct plan_vm *v)
{
	const char *by;
	bool off;

	for (unsigned i = 0; i < v->nr_devices; i++) {
		if (!has_registers(host, &v->devices[i]))
			continue;
		by = controller(host, v, &v->devices[i], &off);
		FAIL_IF(off, "%s: %s switches the machine off", v->name, v->devices[i].path);
		FAIL_IF(by && !v->trust_control, "%s: has %s, which controls the machine: %s", v->name,
			v->devices[i].path, by);
		FAIL_IF(by && !v->devices[i].control, "%s: %s is not reported as machine control", v->name,
			v->devices[i].path);
	}
	return NULL;
}
