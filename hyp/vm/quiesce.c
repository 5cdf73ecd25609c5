/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See quiesce.h. No lock: the caller has the VM for itself. */
#include "hyp/vm/quiesce.h"

#include "drivers/pci.h"
#include "drivers/virtio.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/sstage.h"

#define BUSY_MS		100	/* for a function whose own DMA is in progress to complete it */
#define RESET_MS	2	/* a reset behind a bridge: 1 ms at least (PCI Express 6.0, 6.6.1, "Trst") */
#define AFTER_RESET_MS	100	/* before the next access to a function (6.6.1, 6.6.2) */

static void wait_until(uint64_t time)
{
	while (csr_read(CSR_TIME) < time)
		;
}

/*
 * Bus by bus, from the first: when the bridges on that one are silent, nothing behind them writes to memory, whatever
 * numbers the guest has given to the buses there. The resets on the first bus reach all of it.
 */
static void quiesce_bridge(const struct plan_bridge *b, uint64_t ms)
{
	hpa_t first;
	uint64_t end;

	for (uint32_t i = 0; i < b->nr_buses; i++)
		pci_silence(hpa((uintptr_t)sstage_window(hpa(b->ecam.v + i * PCI_BUS_SIZE))));
	first = hpa((uintptr_t)sstage_window(b->ecam));
	end = csr_read(CSR_TIME) + BUSY_MS * ms;
	while (pci_is_busy(first) && csr_read(CSR_TIME) < end)
		;
	pci_hold_behind(first);
	wait_until(csr_read(CSR_TIME) + RESET_MS * ms);
	pci_release_behind(first);
	pci_reset_functions(first);
	wait_until(csr_read(CSR_TIME) + AFTER_RESET_MS * ms);
}

void quiesce(struct vm *vm)
{
	for (uint32_t i = 0; i < vm->plan->nr_resets; i++)
		virtio_reset(sstage_window(vm->plan->resets[i]));
	for (uint32_t i = 0; i < vm->plan->nr_bridges; i++)
		quiesce_bridge(&vm->plan->bridges[i], vm->ms_ticks);
	sstage_close_window();
	vdevs_reset(&vm->devs);
}
