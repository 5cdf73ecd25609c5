/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DMA behind IOMMUs; see dma.h. The counts of a VM are atomic: any hart counts, one of the VM begins anew. */
#include "hyp/vm/dma.h"

#include "drivers/iommu.h"
#include "hyp/console/console.h"
#include "hyp/riscv/csr.h"
#include "hyp/vm/complain.h"

#define TAKE	128u	/* faults of one IOMMU at a time: as many as its queue has */
#define STORM	1000u	/* faults in one life, after which a VM's devices record no more; and how often this is tried */
#define PERIOD_MS	100u

static struct lock watching;		/* one hart takes faults; others do not wait for it */
static struct vm *known[MAX_VMS];	/* atomic: the VMs that have devices behind IOMMUs */
static struct rate_limit strangers;	/* of devices that no guest has; watching */

void dma_open(struct vm *vm)
{
	__atomic_store_n(&vm->dma_faults_now, 0, __ATOMIC_RELAXED);
	iommu_open(vm->index, vm->hgatp);
}

void dma_close(struct vm *vm)
{
	__atomic_store_n(&known[vm->index], vm, __ATOMIC_RELEASE);
	dma_watch();	/* no hart may drive the console */
	if (__atomic_load_n(&vm->dma_faults_now, __ATOMIC_RELAXED))
		console_log("vm %s: %u accesses of its devices were refused by an IOMMU", vm->plan->name,
			    __atomic_load_n(&vm->dma_faults_now, __ATOMIC_RELAXED));
	__atomic_store_n(&vm->dma_faults_now, 0, __ATOMIC_RELAXED);
	vm->dma_closed = iommu_close(vm->index) == OK;
	if (!vm->dma_closed)
		console_log("ERROR: vm %s: an IOMMU does not carry out commands: the VM cannot start again",
			    vm->plan->name);
}

static void report_stranger(const struct iommu_fault *f)
{
	if (!strangers.interval)
		rate_limit_init(&strangers, COMPLAINTS_BURST, COMPLAINTS_SECONDS * 1000 * iommu_ms_ticks());
	if (rate_limit_take(&strangers))
		console_log("DMA of device 0x%x, which no guest has: %s", f->id, iommu_cause_name(f->cause));
}

static void report(struct vm *vm, const struct iommu_fault *f)
{
	__atomic_fetch_add(&vm->dma_faults, 1, __ATOMIC_RELAXED);
	if (__atomic_add_fetch(&vm->dma_faults_now, 1, __ATOMIC_RELAXED) % STORM == 0 && iommu_silence(vm->index))
		console_log("vm %s: %u faults of its devices: they are not recorded until it starts again",
			    vm->plan->name, STORM);
	else
		complain_dma(vm, f->id, f->address, iommu_cause_name(f->cause));
}

static void take(uint32_t iommu)
{
	struct iommu_fault f;

	for (uint32_t n = 0; n < TAKE && iommu_take_fault(iommu, &f); n++) {
		struct vm *vm = f.vm < MAX_VMS ? __atomic_load_n(&known[f.vm], __ATOMIC_ACQUIRE) : NULL;

		if (vm)
			report(vm, &f);
		else
			report_stranger(&f);
	}
}

uint64_t dma_watch(void)
{
	if (iommu_count() && lock_try(&watching)) {
		for (uint32_t i = 0; i < iommu_count(); i++)
			take(i);
		lock_release(&watching);
	}
	return iommu_count() ? csr_read(CSR_TIME) + PERIOD_MS * iommu_ms_ticks() : UINT64_MAX;
}
