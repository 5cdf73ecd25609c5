/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOMMUs in the host's tree, and which functions of a PCI bus are behind them (the bindings riscv,iommu and pci-iommu).
 */
#ifndef HYP_PLAN_IOMMU_MAP_H
#define HYP_PLAN_IOMMU_MAP_H

#include "hyp/plan/host_dt.h"

#define IOMMU_IDS	0x1000000u	/* device ids have 24 bits at most (RISC-V IOMMU 1.0) */

/* An entry of iommu-map: requester ids from rid on have the ids from first on. */
struct iommu_map_entry {
	uint32_t rid, first, count;	/* count is not 0 */
	uint16_t iommu;			/* node */
};

/* The hypervisor drives IOMMUs of that kind: riscv,iommu, with registers that it can use. */
bool iommu_is_driven(const struct host *host, uint16_t node);

/*
 * The entry of an iommu-map, of whole entries, at *at or behind, which moves on; start with 0. Entries of length 0, and
 * of IOMMUs that are not there or switched off, are left out. A range that ends before the last function of all,
 * ff:1f.7, has this one as well. False: there are no more.
 */
bool iommu_map_next(const struct host *host, const struct dt_prop *p, uint32_t *at, struct iommu_map_entry *e);

/* Why no guest can have a PCI host bridge that its tree puts behind an IOMMU, as text for a problem; NULL: it can,
 * confined by IOMMUs that the hypervisor drives, or the tree names no IOMMU that is enabled. */
const char *iommu_map_fault(const struct host *host, uint16_t node);

#endif
