/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's IOMMUs (RISC-V IOMMU Architecture Specification 1.0): the memory-mapped ones of the plan. Every device id
 * is blocked but those of guests that run: these are translated by the G-stage of their guest. No interrupts: faults
 * are taken by iommu_take_fault().
 *
 * Locks: one for each IOMMU, held while its directory changes and until its commands are done, for 50 ms at most. Harts
 * that start or end a VM, and the hart that takes faults, which does not wait for it.
 *
 * vm: index into plan.vms; iommu: index into plan.iommus.
 */
#ifndef DRIVERS_IOMMU_H
#define DRIVERS_IOMMU_H

#include "hyp/plan/plan.h"

/*
 * Takes over all IOMMUs of the plan: afterwards they block every device. Once, at boot. Returns NULL, or why the IOMMU
 * number *iommu cannot be used, as text that follows its name. An IOMMU that cannot be used, and that no guest's device
 * is behind, is left off, or as it was.
 */
const char *iommu_init(const struct plan *plan, uint32_t *iommu);

/* IOMMUs of the plan, after iommu_init(); 0 before. */
uint32_t iommu_count(void);

/* A millisecond in ticks of the time CSR, rounded up; after iommu_init(). */
uint64_t iommu_ms_ticks(void);

/* The devices of the VM reach what hgatp, the value of that CSR for the VM, maps. Its tables do not change while the VM
 * runs, but for entries whose old value may be used as well. No errors: what becomes valid needs no command. */
void iommu_open(uint32_t vm, uint64_t hgatp);

/*
 * The devices of the VM are blocked. After OK no access of theirs to memory is in progress, and none follows.
 * ERR_FAULT: an IOMMU does not answer, and may use old translations still. Also for a VM whose devices are blocked
 * already.
 */
enum err iommu_close(uint32_t vm) __must_check;

/* Faults of the VM's devices are not recorded any more, until iommu_open(). False: an IOMMU is busy, or does not
 * answer. */
bool iommu_silence(uint32_t vm);

struct iommu_fault {
	uint32_t id;		/* of the device */
	uint32_t cause;		/* CAUSE of the fault record ("Fault/Event-Queue") */
	uint64_t address;	/* that the device used; 0 if the IOMMU does not report it */
	uint8_t vm;		/* whose device it is; NO_OWNER: no guest's */
};

/* The oldest recorded fault, which is removed. False: there is none, or the IOMMU is busy. A queue that was full
 * records again afterwards. One hart at a time. */
bool iommu_take_fault(uint32_t iommu, struct iommu_fault *fault);

/* What a cause means, as text. */
const char *iommu_cause_name(uint32_t cause);

#endif
