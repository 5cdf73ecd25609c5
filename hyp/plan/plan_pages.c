/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of devices: maps them page by page at the host's addresses. A page that is mapped gives access to all of
 * it, so all registers of the host in that page, used or not, must belong to the same guest. Where they do not, the
 * page is not mapped: the guest has a window on its own registers there, and each access to them is an exit.
 */
#include "hyp/base/fmt.h"
#include "hyp/plan/plan_int.h"

/* The union of two ranges that overlap or touch. */
static struct range join(struct range a, struct range b)
{
	uint64_t last = range_last(a) > range_last(b) ? range_last(a) : range_last(b);
	uint64_t base = a.base < b.base ? a.base : b.base;

	return (struct range){ base, last - base + 1 };
}

/* Joins the pages with those of the guest's devices that they overlap, and appends the result. A page of one kind is
 * never one of the other: it depends on whose registers are in it. */
static bool map_pages(struct planner *pl, uint32_t vm, uint32_t device, enum region_kind kind, struct range pages)
{
	struct plan_vm *v = &pl->plan->vms[vm];
	uint32_t i = 0;

	while (i < v->nr_regions) {
		struct plan_region *m = &v->regions[i];
		struct range other = { m->hpa.v, m->size };

		if (!range_overlaps(other, pages)) {
			i++;
			continue;
		}
		pages = join(pages, other);
		*m = v->regions[--v->nr_regions];
		i = 0;
	}
	return plan_add_region(pl, vm, "devices", (struct plan_region){
		.gpa = gpa(pages.base), .hpa = hpa(pages.base), .size = pages.size,
		.rights = kind == REGION_DEVICE ? RIGHT_R | RIGHT_W : 0, .kind = kind, .device = device });
}

static uint32_t count_window_regions(const struct plan *plan)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < plan->nr_vms; i++)
		for (uint32_t j = 0; j < plan->vms[i].nr_regions; j++)
			n += plan->vms[i].regions[j].kind == REGION_WINDOWS;
	return n;
}

/* A window on registers in pages of REGION_WINDOWS, joined with those that it overlaps. */
static bool add_window(struct planner *pl, uint32_t vm, uint32_t device, struct range regs)
{
	struct plan_vm *v = &pl->plan->vms[vm];
	uint32_t i = 0;

	if (range_last(regs) >= PLAN_HYP_END) {
		vm_problem(pl, vm, PROBLEM_DEVICE_REGISTERS, "devices",
			   "%s: its registers at 0x%lx share a page with another owner's, and lie beyond 0x%lx, where "
			   "the hypervisor's own page tables end: it cannot make the accesses for the guest", v->devices[device].path, regs.base,
			   PLAN_HYP_END);
		return false;
	}
	if (!map_pages(pl, vm, device, REGION_WINDOWS, range_pages(regs)))
		return false;
	while (i < v->nr_windows) {
		struct plan_window *w = &v->windows[i];
		struct range other = { w->base.v, w->size };

		if (!range_overlaps(other, regs)) {
			i++;
			continue;
		}
		regs = join(regs, other);
		*w = v->windows[--v->nr_windows];
		i = 0;
	}
	if (v->nr_windows == MAX_VM_WINDOWS || count_window_regions(pl->plan) > MAX_WINDOW_REGIONS) {
		vm_problem(pl, vm, PROBLEM_LIMIT, "devices",
			   "its devices need more than %d windows in pages that they share with other devices, or "
			   "those of all guests more than %d such pages; this build has room for no more",
			   MAX_VM_WINDOWS, MAX_WINDOW_REGIONS);
		return false;
	}
	v->windows[v->nr_windows++] = (struct plan_window){ gpa(regs.base), regs.size, device };
	return true;
}

/* The remedy for registers that another owner has, too. */
static const char *same_remedy(const struct planner *pl, uint16_t other, uint8_t owner)
{
	if (owner < pl->plan->nr_vms)
		return "assign both to one guest";
	if (other == pl->console_node)
		return "change \"console\" of the root, or leave the device out";
	if (owner == OWNER_HYP || device_refusal(pl->host, other))
		return "no guest can have that one, so leave the device out";
	return host_is_disabled(pl->host, other) ? "add that one to \"devices\", too: it is disabled, and stays so" :
	       "add that one to \"devices\", too";
}

/*
 * Whether no other owner has any of these registers. Registers without an owner count as well. Each pair of guests is
 * reported once.
 */
static bool has_alone(struct planner *pl, uint32_t vm, uint16_t node, struct range regs)
{
	char mine[HOST_PATH_SIZE], theirs[HOST_PATH_SIZE], owner[VM_NAME_LEN + 16];
	const struct host *host = pl->host;
	bool alone = true;

	for (uint32_t j = 0; j < host->nr_regs; j++) {
		struct range other = host->regs[j].range;
		uint8_t o = pl->reg_owner[j];

		if (o == vm || !range_overlaps(regs, other))
			continue;
		alone = false;
		if (o < vm)	/* reported at that guest */
			continue;
		vm_problem(pl, vm, PROBLEM_REGISTERS_SHARED, "devices",
			   "%s has registers at 0x%lx that are also those of %s, which %s has; %s",
			   host_path(host, node, mine, sizeof(mine)), regs.base > other.base ? regs.base : other.base,
			   host_path(host, host->regs[j].node, theirs, sizeof(theirs)),
			   plan_owner_name(pl, o, owner, sizeof(owner)), same_remedy(pl, host->regs[j].node, o));
	}
	return alone;
}

/*
 * The first pages of `pages`, from address at, that have registers of another owner, too: *by, an index into
 * host->regs, says whose. False if there are no more.
 */
static bool next_shared(const struct planner *pl, uint32_t vm, struct range pages, uint64_t at, struct range *shared,
			uint32_t *by)
{
	bool found = false;

	for (uint32_t j = 0; j < pl->host->nr_regs; j++) {
		struct range other = range_pages(pl->host->regs[j].range);
		uint64_t base = other.base > at ? other.base : at;
		uint64_t last = range_last(other) < range_last(pages) ? range_last(other) : range_last(pages);

		if (pl->reg_owner[j] == vm || base > last || (found && base >= shared->base))
			continue;
		*shared = (struct range){ base, last - base + 1 };
		*by = j;
		found = true;
	}
	return found;
}

static void note_window(struct planner *pl, uint32_t vm, uint16_t node, uint64_t page, uint32_t by)
{
	char mine[HOST_PATH_SIZE], theirs[HOST_PATH_SIZE], owner[VM_NAME_LEN + 16];

	problem_note(pl->r, true, pl->plan->vms[vm].config_path, "devices",
		     "%s shares the 4 KiB page at 0x%lx with %s, which %s has: each access to its registers there is an exit", host_path(pl->host, node, mine, sizeof(mine)), page,
		     host_path(pl->host, pl->host->regs[by].node, theirs, sizeof(theirs)),
		     plan_owner_name(pl, pl->reg_owner[by], owner, sizeof(owner)));
}

static struct range common(struct range a, struct range b)
{
	uint64_t base = a.base > b.base ? a.base : b.base;
	uint64_t last = range_last(a) < range_last(b) ? range_last(a) : range_last(b);

	return (struct range){ base, last - base + 1 };
}

/* One range of registers: pages of the guest alone are mapped, and the others get a window each. */
static bool map_regs(struct planner *pl, uint32_t vm, uint32_t device, uint16_t node, struct range regs)
{
	struct range pages = range_pages(regs), shared = { 0 };
	uint64_t at = pages.base, left;
	uint32_t by = 0;

	while (next_shared(pl, vm, pages, at, &shared, &by)) {
		if (shared.base > at &&
		    !map_pages(pl, vm, device, REGION_DEVICE, (struct range){ at, shared.base - at }))
			return false;
		if (!add_window(pl, vm, device, common(regs, shared)))
			return false;
		note_window(pl, vm, node, shared.base, by);
		if (range_last(shared) == range_last(pages))
			return true;
		at = range_last(shared) + 1;
	}
	left = range_last(pages) - at + 1;
	return map_pages(pl, vm, device, REGION_DEVICE, (struct range){ at, left });
}

static bool touches_ram(const struct planner *pl, struct range pages)
{
	return host_meets_ram(pl->host, pages) || range_overlaps(pl->plan->hyp, pages);
}

static bool map_registers(struct planner *pl, uint32_t vm, uint32_t device, uint16_t node, struct range reg)
{
	struct range pages = range_pages(reg);

	if (range_valid(pages) && !touches_ram(pl, pages))
		return !has_alone(pl, vm, node, reg) || map_regs(pl, vm, device, node, reg);
	vm_problem(pl, vm, PROBLEM_DEVICE_REGISTERS, "devices",
		   "%s: its registers at 0x%lx lie in RAM or at the end of the "
		   "address space", pl->plan->vms[vm].devices[device].path, reg.base);
	return false;
}

/* get(): host_node_reg() or host_pci_window(), for what the property prop has. */
static bool map_all(struct planner *pl, uint32_t vm, uint32_t device, uint16_t node, const char *prop,
		    enum err (*get)(const struct host *, uint16_t, uint32_t, struct range *))
{
	struct range reg;
	uint32_t i;
	enum err e;

	for (i = 0; (e = get(pl->host, node, i, &reg)) == OK; i++) {
		if (!map_registers(pl, vm, device, node, reg))
			return false;
	}
	if (e == ERR_NOTFOUND)
		return true;
	vm_problem(pl, vm, PROBLEM_DEVICE_REGISTERS, "devices",
		   "%s: its \"%s\" number %u %s", pl->plan->vms[vm].devices[device].path, prop, i, host_reg_fault(e));
	return false;
}

/* False: a problem, after which the device's other nodes are not mapped. */
static bool map_node(struct planner *pl, uint32_t vm, uint32_t device, uint16_t node)
{
	if (!map_all(pl, vm, device, node, "reg", host_node_reg))
		return false;
	if (!host_is_pci_bridge(pl->host, node))
		return true;
	if (!map_all(pl, vm, device, node, "ranges", host_pci_window))
		return false;
	plan_add_bridge(pl, vm, device, node);
	return true;
}

void plan_pages(struct planner *pl)
{
	for (uint32_t vm = 0; vm < pl->plan->nr_vms; vm++) {
		const struct plan_vm *v = &pl->plan->vms[vm];

		for (uint32_t d = 0; d < v->nr_devices; d++) {
			for (uint32_t node = v->devices[d].node; node < pl->host->nodes[v->devices[d].node].end; node++)
				if (!map_node(pl, vm, d, node))
					break;
		}
	}
}
