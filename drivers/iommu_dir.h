/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device directories of the IOMMUs: the context of each device id of a guest (RISC-V IOMMU 1.0, "Device Directory
 * Table", "Device-context fields"). Memory only; the caller holds the IOMMU's lock and invalidates what is cached. Ids
 * of one guest share pages of contexts, as their contexts are equal.
 */
#ifndef DRIVERS_IOMMU_DIR_H
#define DRIVERS_IOMMU_DIR_H

#include "hyp/plan/plan.h"

/* The id of a VM's address space, as its VMID in hgatp. */
static inline uint16_t iommu_gscid(uint8_t vm) { return (uint16_t)(vm + 1); }

/* No directory uses a page yet. */
void iommu_dir_init(void);

/*
 * The value of ddtp for the directory of an IOMMU: it has the ids of all guests, and all of them are blocked. extended:
 * contexts have 64 bytes, not 32. The plan has counted the pages (IOMMU_TABLES).
 */
uint64_t iommu_dir_create(const struct plan *plan, uint32_t iommu, bool extended);

/* The address behind the last page that a directory may use, host-physical. */
uint64_t iommu_dir_end(void);

/* The VM's contexts become valid, with that second stage; become invalid; or record no faults while they are valid. */
void iommu_dir_open(uint32_t iommu, uint32_t vm, uint64_t iohgatp);
void iommu_dir_close(uint32_t iommu, uint32_t vm);
void iommu_dir_silence(uint32_t iommu, uint32_t vm);

/* Whose context the id has, valid or not: a VM, or NO_OWNER. */
uint8_t iommu_dir_owner(uint32_t iommu, uint32_t id);

#endif
