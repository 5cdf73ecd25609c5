/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtio console over MMIO; see virtio_console.h. One device; the console's lock covers it.
 */
#include "drivers/virtio_console.h"

#include "drivers/virtio.h"
#include "hyp/riscv/mmio.h"

#define EMERG_WR		(VIRTIO_CONFIG + 8)
#define DEVICE_CONSOLE		3
#define F_EMERG_WRITE		(1u << 2)

static hpa_t device;

static uint32_t read_reg(uint32_t reg)
{
	return mmio_read32(hpa(device.v + reg));
}

__boot enum err virtio_console_init(hpa_t base)
{
	device = base;
	if (read_reg(VIRTIO_MAGIC_VALUE) != VIRTIO_MAGIC || read_reg(VIRTIO_DEVICE_ID) != DEVICE_CONSOLE)
		return ERR_NOTFOUND;
	virtio_reset((const void *)(uintptr_t)base.v);	/* the register works before DRIVER_OK */
	mmio_write32(hpa(base.v + VIRTIO_FEATURES_SEL), 0);
	return read_reg(VIRTIO_FEATURES) & F_EMERG_WRITE ? OK : ERR_UNSUPPORTED;
}

static size_t put(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		mmio_write32(hpa(device.v + EMERG_WR), (unsigned char)text[i]);
	return len;
}

const struct console_device virtio_console = { put, NULL, NULL, false };
