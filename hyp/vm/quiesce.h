/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The devices of a VM that has ended, or has not begun: they must not write to its memory any more, nor interrupt.
 */
#ifndef HYP_VM_QUIESCE_H
#define HYP_VM_QUIESCE_H

#include "hyp/vm/vm.h"

/*
 * Stops the DMA of the VM's virtio devices and PCI buses, and disables its interrupts. The caller has the VM for
 * itself, or no hart of it runs any more. Sets vm->dma_closed. Takes 0.1 to 0.3 s for each PCI host bridge. No errors:
 * what does not answer is left as it is.
 */
void quiesce(struct vm *vm);

#endif
