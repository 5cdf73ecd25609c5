/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOMMUs: which the hypervisor drives, and which device is behind which, by what id (the bindings riscv,iommu, iommu
 * and pci-iommu). What the tree does not put behind an IOMMU of the plan, in all of its nodes that may do DMA, is not
 * confined. docs/iommu.md.
 */
#include "hyp/base/str.h"
#include "hyp/plan/iommu_map.h"
#include "hyp/plan/plan_int.h"

void plan_iommus(struct planner *pl)
{
	struct plan *plan = pl->plan;
	struct range reg;

	plan->nr_iommus = 0;
	for (uint32_t node = 1; node < pl->host->nr_nodes; node++) {
		struct plan_iommu *u = &plan->iommus[plan->nr_iommus];
		char path[HOST_PATH_SIZE];

		if (host_is_disabled(pl->host, node) || !iommu_is_driven(pl->host, node) ||
		    host_node_reg(pl->host, node, 0, &reg) != OK)
			continue;
		host_path(pl->host, node, path, sizeof(path));
		if (plan->nr_iommus == MAX_IOMMUS || strlen(path) >= sizeof(u->path)) {
			problem_report(pl->r, PROBLEM_LIMIT, false, path, "",
				       "more than %d IOMMUs, or a path of more than %d letters; this build has room for "
				       "no more", MAX_IOMMUS, PLAN_PATH_SIZE - 1);
			return;
		}
		*u = (struct plan_iommu){ .node = node, .base = hpa(reg.base) };
		memcpy(u->path, path, strlen(path) + 1);
		plan->nr_iommus++;
		plan_own_regs(pl, node, OWNER_HYP);
	}
}

static int find_iommu(const struct plan *plan, uint16_t node)
{
	for (uint32_t i = 0; i < plan->nr_iommus; i++) {
		if (plan->iommus[i].node == node)
			return (int)i;
	}
	return -1;
}

/* Ids of the guest's last device. */
static bool add_ids(struct planner *pl, uint32_t vm, uint16_t iommu, uint32_t first, uint32_t count)
{
	struct plan_vm *v = &pl->plan->vms[vm];
	int index = find_iommu(pl->plan, iommu);

	if (index < 0 || first >= IOMMU_IDS || count > IOMMU_IDS - first)
		return false;
	if (v->nr_dma_ids == MAX_VM_DMA_IDS) {
		vm_problem(pl, vm, PROBLEM_LIMIT, "devices",
			   "its devices have more than %d ranges of ids at IOMMUs; this build has room for no more",
			   MAX_VM_DMA_IDS);
		return false;
	}
	v->dma_ids[v->nr_dma_ids++] = (struct plan_dma_ids){ .iommu = (uint8_t)index,
		.device = (uint8_t)(v->nr_devices - 1), .first = first, .count = count };
	return true;
}

/* A PCI host bridge, which pci_bridge_refusal() has let pass. */
static bool confine_bridge(struct planner *pl, uint32_t vm, uint16_t node)
{
	struct iommu_map_entry e;
	struct dt_prop p;
	bool any = false;

	if (!host_find_prop(pl->host, node, "iommu-map", &p))
		return false;
	for (uint32_t at = 0; iommu_map_next(pl->host, &p, &at, &e); any = true) {
		if (!add_ids(pl, vm, e.iommu, e.first, e.count))
			return false;
	}
	return any;
}

/* Any other device: all of its "iommus". */
static bool confine_node(struct planner *pl, uint32_t vm, uint16_t node)
{
	struct dt_prop p;

	if (!host_find_prop(pl->host, node, "iommus", &p) || !p.size || p.size % 8)
		return false;
	for (uint32_t at = 0; at < p.size; at += 8) {
		uint16_t iommu = host_find_phandle(pl->host, dt_u32(p.data + at));

		if (iommu == NO_NODE || host_is_disabled(pl->host, iommu) ||
		    !add_ids(pl, vm, iommu, dt_u32(p.data + at + 4), 1))
			return false;
	}
	return true;
}

bool plan_confine(struct planner *pl, uint32_t vm)
{
	struct plan_vm *v = &pl->plan->vms[vm];
	uint16_t top = v->devices[v->nr_devices - 1].node, node = top;
	uint32_t before = v->nr_dma_ids;

	while (node < pl->host->nodes[top].end) {
		bool bridge = host_is_pci_bridge(pl->host, node);

		if (device_may_dma(pl->host, node) &&
		    !(bridge ? confine_bridge(pl, vm, node) : confine_node(pl, vm, node))) {
			v->nr_dma_ids = before;
			return false;
		}
		/* What is below a bridge is a function of its bus. */
		node = bridge ? pl->host->nodes[node].end : node + 1;
	}
	return true;
}

/*
 * The most pages that a range of ids needs beside the root (RISC-V IOMMU 1.0, "Device Directory Table"). With extended
 * contexts, which are the larger ones, a page has 64 of them: one at each end of the range, and one between that all
 * ids there share. Tables above them, of 2^15 ids each.
 */
static uint32_t tables_of(const struct plan_dma_ids *ids)
{
	uint32_t last = ids->first + ids->count - 1;

	return (ids->first >> 6 == last >> 6 ? 1 : 3) + (last >> 15) - (ids->first >> 15) + 1;
}

static bool meet(const struct plan_dma_ids *a, const struct plan_dma_ids *b)
{
	return a->iommu == b->iommu && a->first < b->first + b->count && b->first < a->first + a->count;
}

/* No earlier guest has one of these ids. */
static void check_ids(struct planner *pl, uint32_t vm, const struct plan_dma_ids *ids)
{
	const struct plan_vm *v = &pl->plan->vms[vm];

	for (uint32_t i = 0; i < vm; i++) {
		const struct plan_vm *o = &pl->plan->vms[i];

		for (uint32_t j = 0; j < o->nr_dma_ids; j++) {
			if (!meet(ids, &o->dma_ids[j]))
				continue;
			vm_problem(pl, vm, PROBLEM_DEVICE_TAKEN, "devices",
				   "%s and %s of guest %s have the same id at %s, which cannot distinguish them; assign "
				   "them to one guest", v->devices[ids->device].path,
				   o->devices[o->dma_ids[j].device].path, o->name, pl->plan->iommus[ids->iommu].path);
			return;
		}
	}
}

void plan_check_ids(struct planner *pl)
{
	uint32_t tables = pl->plan->nr_iommus;
	uint32_t vm = 0;

	for (; vm < pl->plan->nr_vms; vm++) {
		const struct plan_vm *v = &pl->plan->vms[vm];

		for (uint32_t i = 0; i < v->nr_dma_ids; i++) {
			const struct plan_dma_ids *ids = &v->dma_ids[i];
			struct plan_iommu *u = &pl->plan->iommus[ids->iommu];

			check_ids(pl, vm, ids);
			tables += tables_of(ids);
			if (ids->first + ids->count - 1 > u->last_id)
				u->last_id = ids->first + ids->count - 1;
		}
		if (tables > IOMMU_TABLES) {
			vm_problem(pl, vm, PROBLEM_LIMIT, "devices",
				   "the tables of its devices' ids need more than %d pages at the IOMMUs; this build has "
				   "room for no more", IOMMU_TABLES);
			return;
		}
	}
}
