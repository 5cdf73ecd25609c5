/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See quiesce.h. No lock: the caller has the VM for itself. */
#include "hyp/vm/quiesce.h"

#include "drivers/pci.h"
#include "drivers/virtio.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/sstage.h"
#include "hyp/vm/dma.h"

#define BUSY_MS		100	/* for a function whose own DMA is in progress to complete it */
#define RESET_MS	2	/* a reset behind a bridge: 1 ms at least (PCI Express 6.0, 6.6.1, "Trst") */
#define AFTER_RESET_MS	100	/* before the next access to a function (6.6.1, 6.6.2) */

static void wait_until(uint64_t time)
{
	while (csr_read(CSR_TIME) < time)
		;
}

static hpa_t bus_of(const struct plan_bridge *b, uint32_t bus)
{
	return hpa((uintptr_t)sstage_window(hpa(b->ecam.v + bus * PCI_BUS_SIZE)));
}

static bool has_functions(const uint64_t *used, uint32_t bus)
{
	return used[bus / 64] >> bus % 64 & 1;
}

static bool is_busy(const struct plan_bridge *b, const uint64_t *used)
{
	for (uint32_t i = 0; i < b->ecam_buses; i++)
		if (has_functions(used, i) && pci_is_busy(bus_of(b, i)))
			return true;
	return false;
}

/*
 * All buses that the guest reaches, from the first: when the bridges on that one are silent, nothing behind them writes
 * to memory, whatever numbers the guest has given to the buses there. A bus that is behind none of them, a second root,
 * is stopped like the first. What is behind a bridge is in reset, and absent, from the hold to the release on the bus
 * of that bridge. So the release begins at the last bus, and no function is accessed between its reset and the end.
 */
static void quiesce_bridge(const struct plan_bridge *b, uint64_t ms)
{
	uint64_t used[PCI_BUSES / 64] = { 0 };
	uint64_t end;

	for (uint32_t i = 0; i < b->ecam_buses; i++)
		used[i / 64] |= (uint64_t)pci_silence(bus_of(b, i)) << i % 64;
	end = csr_read(CSR_TIME) + BUSY_MS * ms;
	while (is_busy(b, used) && csr_read(CSR_TIME) < end)
		;
	for (uint32_t i = 0; i < b->ecam_buses; i++)
		if (has_functions(used, i))
			pci_hold_behind(bus_of(b, i));
	wait_until(csr_read(CSR_TIME) + RESET_MS * ms);
	for (uint32_t i = b->ecam_buses; i > 0; i--) {
		if (!has_functions(used, i - 1))
			continue;
		pci_release_behind(bus_of(b, i - 1));
		pci_reset_functions(bus_of(b, i - 1));
	}
	wait_until(csr_read(CSR_TIME) + AFTER_RESET_MS * ms);
}

void quiesce(struct vm *vm)
{
	for (uint32_t i = 0; i < vm->plan->nr_resets; i++)
		virtio_reset(sstage_window(vm->plan->resets[i]));
	for (uint32_t i = 0; i < vm->plan->nr_bridges; i++)
		quiesce_bridge(&vm->plan->bridges[i], vm->ms_ticks);
	sstage_close_window();
	dma_close(vm);		/* after the devices: what they have begun is complete, or blocked */
	vdevs_reset(&vm->devs);
}
