/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DMA of a VM's devices that an IOMMU confines: when it is allowed, and what they did wrong; docs/iommu.md. */
#ifndef HYP_VM_DMA_H
#define HYP_VM_DMA_H

#include "hyp/vm/vm.h"

/* The VM starts: its devices reach its memory. The caller has the VM for itself, and has loaded it. */
void dma_open(struct vm *vm);

/* The VM has ended, or has not begun: its devices reach nothing. The caller has the VM for itself. Sets vm->dma_closed:
 * false, after a line in the log, if an IOMMU may let them pass still. */
void dma_close(struct vm *vm);

/*
 * Takes faults that the IOMMUs have recorded, with a bound: it counts them and logs some. Any hart, with no lock; the
 * one that drives the console calls it again and again, and each VM at its end. Returns when to call it next, in ticks;
 * UINT64_MAX: never, there is no IOMMU.
 */
uint64_t dma_watch(void);

#endif
