/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must be true of the registers of each guest's devices; see oracle.c. */
#include "tests/unit/lib/oracle_int.h"

/* Only pages of its own device that have registers of another owner, too; never mapped, so without rights. */
static const char *check_window_pages(const struct host *host, const struct plan_vm *v, const struct plan_region *m)
{
	FAIL_IF(m->gpa.v != m->hpa.v, "%s: a shared page is remapped", v->name);
	FAIL_IF(m->rights, "%s: rights of a shared page", v->name);
	FAIL_IF(m->device >= v->nr_devices, "%s: a shared page of no device", v->name);
	for (unsigned i = 0; i < host->nr_ram; i++)
		FAIL_IF(meet(m->hpa.v, m->size, host->ram[i].base, host->ram[i].size), "%s: RAM as a device", v->name);
	for (uint64_t page = m->hpa.v; page - m->hpa.v < m->size; page += PAGE_SIZE) {
		bool own = false, other = false;

		for (unsigned i = 0; i < host->nr_regs; i++) {
			if (!meet(page, PAGE_SIZE, host->regs[i].range.base, host->regs[i].range.size))
				continue;
			if (owns(host, v, host->regs[i].node))
				own = true;
			else
				other = true;
		}
		FAIL_IF(!own || !other, "%s: the page 0x%lx is not shared", v->name, page);
	}
	return NULL;
}

/* A window shows registers of the guest's devices, all of it, and no others, in pages that are not mapped. */
static const char *check_window(const struct host *host, const struct plan *plan, const struct plan_vm *v,
				const struct plan_window *w)
{
	uint64_t last = w->base.v + (w->size - 1);

	FAIL_IF(!w->size || last < w->base.v || last >= PLAN_HYP_END, "%s: size of a window", v->name);
	FAIL_IF(w->device >= v->nr_devices, "%s: a window of no device", v->name);
	for (unsigned i = 0; i < host->nr_regs; i++)
		FAIL_IF(!owns(host, v, host->regs[i].node) &&
			meet(w->base.v, w->size, host->regs[i].range.base, host->regs[i].range.size),
			"%s: a window reaches %s", v->name, host_name(host, host->regs[i].node));
	FAIL_IF(meet(w->base.v, w->size, plan->console.base.v, plan->console.size), "%s: has the console", v->name);
	for (uint64_t at = w->base.v; at >= w->base.v && at <= last;) {
		uint64_t next = at;

		for (unsigned i = 0; i < host->nr_regs; i++)
			if (owns(host, v, host->regs[i].node) && at >= host->regs[i].range.base &&
			    at - host->regs[i].range.base < host->regs[i].range.size &&
			    host->regs[i].range.base + host->regs[i].range.size > next)
				next = host->regs[i].range.base + host->regs[i].range.size;
		FAIL_IF(next == at, "%s: a window on nothing at 0x%lx", v->name, at);
		at = next;
	}
	for (unsigned i = 0; i < v->nr_regions; i++)
		FAIL_IF(v->regions[i].kind != REGION_WINDOWS &&
			meet(w->base.v, w->size, v->regions[i].gpa.v, v->regions[i].size),
			"%s: a window in a mapped page", v->name);
	return NULL;
}

static const char *check_device(const struct host *host, const struct plan *plan,
				const struct plan_vm *v, const struct plan_region *m)
{
	bool own, any = false;

	FAIL_IF(m->gpa.v != m->hpa.v, "%s: a device is remapped", v->name);
	FAIL_IF(m->rights != (RIGHT_R | RIGHT_W), "%s: rights of a device", v->name);
	FAIL_IF(m->device >= v->nr_devices, "%s: registers of no device", v->name);
	FAIL_IF(meet(m->hpa.v, m->size, plan->console.base.v, plan->console.size),
		"%s: has the console", v->name);
	for (unsigned i = 0; i < host->nr_ram; i++)
		FAIL_IF(meet(m->hpa.v, m->size, host->ram[i].base, host->ram[i].size),
			"%s: RAM as a device", v->name);
	for (unsigned i = 0; i < host->nr_regs; i++) {
		own = owns(host, v, host->regs[i].node);
		any |= own && meet(m->hpa.v, m->size, host->regs[i].range.base, host->regs[i].range.size);
		FAIL_IF(!own && meet(m->hpa.v, m->size, host->regs[i].range.base,
				     host->regs[i].range.size), "%s: reaches %s", v->name,
			host_name(host, host->regs[i].node));
	}
	FAIL_IF(!any, "%s: pages with nothing in them", v->name);
	return NULL;
}

/* A device's registers are mapped to their last byte, or the guest would fault in the middle of one. */
static const char *check_complete(const struct host *host, const struct plan_vm *v)
{
	uint64_t last, next;

	for (unsigned i = 0; i < host->nr_regs; i++) {
		last = host->regs[i].range.base + (host->regs[i].range.size - 1);
		if (!owns(host, v, host->regs[i].node))
			continue;
		for (uint64_t at = host->regs[i].range.base; at <= last && at >= host->regs[i].range.base; at = next) {
			next = at;
			for (unsigned j = 0; j < v->nr_regions; j++)
				if (v->regions[j].kind == REGION_DEVICE &&
				    at - v->regions[j].gpa.v < v->regions[j].size)
					next = v->regions[j].gpa.v + v->regions[j].size;
			for (unsigned j = 0; j < v->nr_windows; j++)
				if (at - v->windows[j].base.v < v->windows[j].size)
					next = v->windows[j].base.v + v->windows[j].size;
			FAIL_IF(next == at, "%s: registers at 0x%lx are not there", v->name, at);
		}
	}
	return NULL;
}

const char *oracle_check_devices(const struct host *host, const struct plan *plan, const struct plan_vm *v)
{
	const char *wrong = NULL;

	for (unsigned i = 0; !wrong && i < v->nr_regions; i++) {
		if (v->regions[i].kind == REGION_DEVICE)
			wrong = check_device(host, plan, v, &v->regions[i]);
		else if (v->regions[i].kind == REGION_WINDOWS)
			wrong = check_window_pages(host, v, &v->regions[i]);
	}
	for (unsigned i = 0; !wrong && i < v->nr_windows; i++)
		wrong = check_window(host, plan, v, &v->windows[i]);
	return wrong ? wrong : check_complete(host, v);
}
