/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all virtio devices over MMIO have in common. Source: virtio 1.2, 4.2.2 "MMIO Device Register Layout". */
#ifndef DRIVERS_VIRTIO_H
#define DRIVERS_VIRTIO_H

#include "hyp/base/types.h"
#include "hyp/riscv/mmio_try.h"

#define VIRTIO_MAGIC_VALUE	0x000
#define VIRTIO_DEVICE_ID	0x008
#define VIRTIO_FEATURES		0x010
#define VIRTIO_FEATURES_SEL	0x014
#define VIRTIO_STATUS		0x070
#define VIRTIO_CONFIG		0x100
#define VIRTIO_MAGIC		0x74726976	/* "virt" */

/* Resets the device behind these registers: it drops its queues and accesses memory no more (virtio 1.2,
 * 2.4). Does nothing if there is no virtio device, or the bus refuses the access. */
static inline void virtio_reset(const volatile void *registers)
{
	uint64_t base = (uintptr_t)registers;

	if (mmio_try_read(hpa(base + VIRTIO_MAGIC_VALUE), 4) != VIRTIO_MAGIC)
		return;
	mmio_try_write(hpa(base + VIRTIO_STATUS), 4, 0);
	/* The reset is done when the status reads as 0. A bound, as a faulty device must not stop the hypervisor. */
	for (uint32_t i = 0; i < 100000 && mmio_try_read(hpa(base + VIRTIO_STATUS), 4); i++)
		;
}

#endif
