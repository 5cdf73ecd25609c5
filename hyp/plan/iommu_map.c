/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host's tree says of IOMMUs; see iommu_map.h. */
#include "hyp/plan/iommu_map.h"

#include "hyp/plan/plan_int.h"

#define NR_RIDS		0x10000u	/* a PCI requester id: bus, device, function */
#define MAP_ENTRY	16u		/* bytes of an entry of iommu-map with #iommu-cells = 1 */
#define LAST_RID	0xffffu

bool iommu_is_driven(const struct host *host, uint16_t node)
{
	struct range reg;

	return host_is_compatible(host, node, "riscv,iommu") && host_prop_u32(host, node, "#iommu-cells", 0) == 1 &&
	       host_node_reg(host, node, 0, &reg) == OK && reg.size >= PAGE_SIZE &&
	       reg.base % PAGE_SIZE == 0 && !host_meets_ram(host, reg);
}

bool iommu_map_next(const struct host *host, const struct dt_prop *p, uint32_t *at, struct iommu_map_entry *e)
{
	for (; *at < p->size; *at += MAP_ENTRY) {
		e->rid = dt_u32(p->data + *at);
		e->iommu = host_find_phandle(host, dt_u32(p->data + *at + 4));
		e->first = dt_u32(p->data + *at + 8);
		e->count = dt_u32(p->data + *at + 12);
		if (!e->count || e->iommu == NO_NODE || host_is_disabled(host, e->iommu))
			continue;
		if (e->rid + e->count == LAST_RID)	/* QEMU 10: its IOMMU serves the last function as well */
			e->count++;
		*at += MAP_ENTRY;
		return true;
	}
	return false;
}

/* The entry that has that requester id; false if none has. */
static bool find_rid(const struct host *host, const struct dt_prop *p, uint32_t rid, struct iommu_map_entry *e)
{
	uint32_t at = 0;

	while (iommu_map_next(host, p, &at, e)) {
		if (rid >= e->rid && rid - e->rid < e->count)
			return true;
	}
	return false;
}

/* All requester ids are in the map: the guest numbers the buses itself, whatever bus-range says. */
static bool covers_all(const struct host *host, const struct dt_prop *p)
{
	struct iommu_map_entry e;

	for (uint32_t rid = 0; rid < NR_RIDS; rid = e.rid + e.count) {
		if (!find_rid(host, p, rid, &e))
			return false;
	}
	return true;
}

/* Several functions have one id there, or the mask is not understood. */
static bool is_masked(const struct host *host, uint16_t node)
{
	struct dt_prop p;

	return host_find_prop(host, node, "iommu-map-mask", &p) &&
	       (p.size != 4 || (dt_u32(p.data) & LAST_RID) != LAST_RID);
}

static bool overlaps_earlier(const struct host *host, const struct dt_prop *p, uint32_t end,
			     const struct iommu_map_entry *e)
{
	struct iommu_map_entry other;

	for (uint32_t at = 0; iommu_map_next(host, p, &at, &other) && at < end; ) {
		if (e->rid < other.rid + other.count && other.rid < e->rid + e->count)
			return true;
	}
	return false;
}

const char *iommu_map_fault(const struct host *host, uint16_t node)
{
	struct iommu_map_entry e;
	struct dt_prop p;
	uint32_t at = 0;

	if (!host_find_prop(host, node, "iommu-map", &p))
		return NULL;
	if (p.size % MAP_ENTRY)
		return "its iommu-map is cut off, so that the IOMMU between it and memory is not known";
	if (!iommu_map_next(host, &p, &at, &e))
		return NULL;
	if (is_masked(host, node))
		return "its iommu-map-mask gives several functions one id of the IOMMU";
	at = 0;
	while (iommu_map_next(host, &p, &at, &e)) {
		if (!iommu_is_driven(host, e.iommu))
			return "an IOMMU stands between it and memory (iommu-map) that the hypervisor cannot drive; it "
			       "can drive riscv,iommu";
		if (e.rid >= NR_RIDS || e.count > NR_RIDS - e.rid || e.first >= IOMMU_IDS ||
		    e.count > IOMMU_IDS - e.first || overlaps_earlier(host, &p, at, &e))
			return "its iommu-map makes no sense: ids are too large, or a function has two";
	}
	return covers_all(host, &p) ? NULL :
	       "its iommu-map leaves out functions that it can have, as a guest numbers the buses itself";
}
