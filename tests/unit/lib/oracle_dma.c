/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must be true of devices that do DMA; see oracle.c. A device that is confined has all its ids at IOMMUs of the
 * plan, asked of the tree id by id, and no other guest has one of them. Others need trust, and host addresses.
 */
#include "hyp/plan/plan_int.h"
#include "tests/unit/lib/oracle_int.h"

static bool is_on(const struct host *host, uint16_t node)
{
	return node != NO_NODE && !host_is_disabled(host, node);
}

static int iommu_of(const struct host *host, const struct plan *plan, uint16_t node)
{
	for (unsigned i = 0; is_on(host, node) && i < plan->nr_iommus; i++)
		if (plan->iommus[i].node == node)
			return (int)i;
	return -1;
}

static bool has_id(const struct plan_vm *v, int iommu, uint32_t id)
{
	for (unsigned i = 0; i < v->nr_dma_ids; i++)
		if (v->dma_ids[i].iommu == iommu && id >= v->dma_ids[i].first &&
		    id - v->dma_ids[i].first < v->dma_ids[i].count)
			return true;
	return false;
}

/* Only this guest has the id. */
static bool has_alone(const struct plan *plan, const struct plan_vm *v, int iommu, uint32_t id)
{
	if (iommu < 0 || !has_id(v, iommu, id) || id > plan->iommus[iommu].last_id)
		return false;
	for (unsigned i = 0; i < plan->nr_vms; i++)
		if (&plan->vms[i] != v && has_id(&plan->vms[i], iommu, id))
			return false;
	return true;
}

/* The id of a function at an IOMMU; false: it has none. */
static bool id_of(const struct host *host, const struct dt_prop *map, uint32_t rid, uint16_t *iommu, uint32_t *id)
{
	for (uint32_t at = 0; at + 16 <= map->size; at += 16) {
		uint32_t offset = rid - dt_u32(map->data + at);

		*iommu = host_find_phandle(host, dt_u32(map->data + at + 4));
		*id = dt_u32(map->data + at + 8) + offset;
		if (is_on(host, *iommu) && offset < dt_u32(map->data + at + 12))
			return true;
	}
	return false;
}

/* Each function that can be; the last one of all is left out by QEMU 10's tree, and follows the one before. */
static bool bridge_is_confined(const struct host *host, const struct plan *plan, const struct plan_vm *v, uint16_t node)
{
	uint32_t id = 0, before = 0;
	uint16_t iommu = NO_NODE;
	struct dt_prop map;

	if (!host_find_prop(host, node, "iommu-map", &map))
		return false;
	for (uint32_t rid = 0; rid <= 0xffff; rid++, before = id) {
		if (!id_of(host, &map, rid, &iommu, &id)) {
			if (rid != 0xffff || !id_of(host, &map, rid - 1, &iommu, &id))
				return false;
			id = before + 1;
		}
		if (!has_alone(plan, v, iommu_of(host, plan, iommu), id))
			return false;
	}
	return true;
}

static bool node_is_confined(const struct host *host, const struct plan *plan, const struct plan_vm *v, uint16_t node)
{
	struct dt_prop p;
	uint32_t at = 0;

	if (!host_find_prop(host, node, "iommus", &p))
		return false;
	for (; at + 8 <= p.size; at += 8)
		if (!has_alone(plan, v, iommu_of(host, plan, host_find_phandle(host, dt_u32(p.data + at))),
			       dt_u32(p.data + at + 4)))
			return false;
	return p.size && at == p.size;
}

/* Below a host bridge. */
static bool is_function(const struct host *host, uint16_t node)
{
	for (uint16_t n = host->nodes[node].parent; n != NO_NODE; n = host->nodes[n].parent)
		if (host_is_pci_bridge(host, n))
			return true;
	return false;
}

static bool is_confined(const struct host *host, const struct plan *plan, const struct plan_vm *v, uint16_t device)
{
	for (uint16_t node = device; node < host->nodes[device].end; node++) {
		if (!device_may_dma(host, node) || is_function(host, node))
			continue;
		if (!(host_is_pci_bridge(host, node) ? bridge_is_confined(host, plan, v, node) :
						       node_is_confined(host, plan, v, node)))
			return false;
	}
	return true;
}

const char *oracle_check_dma(const struct host *host, const struct plan *plan, const struct plan_vm *v)
{
	bool loose = false;

	for (unsigned i = 0; i < plan->nr_iommus; i++)
		for (unsigned r = 0; r < v->nr_regions; r++)
			FAIL_IF(v->regions[r].kind != REGION_WINDOWS &&
				meet(v->regions[r].hpa.v, v->regions[r].size, plan->iommus[i].base.v, PAGE_SIZE),
				"%s: reaches an IOMMU", v->name);
	for (unsigned i = 0; i < v->nr_devices; i++) {
		const struct plan_device *d = &v->devices[i];

		FAIL_IF(d->confined && !d->dma, "%s: %s is confined without DMA", v->name, d->path);
		FAIL_IF(d->confined && !is_confined(host, plan, v, d->node), "%s: %s is not confined", v->name,
			d->path);
		loose |= d->dma && !d->confined;
	}
	for (unsigned i = 0; i < v->nr_dma_ids; i++)
		FAIL_IF(v->dma_ids[i].device >= v->nr_devices || !v->devices[v->dma_ids[i].device].confined,
			"%s: ids of no confined device", v->name);
	FAIL_IF(loose && !v->trust_dma, "%s: DMA without trust", v->name);
	for (unsigned r = 0; loose && r < v->nr_regions; r++)
		FAIL_IF(v->regions[r].kind == REGION_RAM && v->regions[r].gpa.v != v->regions[r].hpa.v,
			"%s: DMA at other addresses", v->name);
	return NULL;
}
