/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtio console over MMIO; see virtio_console.h. One device; the console's lock covers it.
 */
#include "drivers/virtio_console.h"

#include "hyp/riscv/mmio.h"

#define REG_MAGIC		0x000
#define REG_DEVICE_ID		0x008
#define REG_FEATURES		0x010
#define REG_FEATURES_SEL	0x014
#define REG_STATUS		0x070
#define REG_EMERG_WR		0x108	/* in the configuration space */
#define MAGIC			0x74726976	/* "virt" */
#define DEVICE_CONSOLE		3
#define F_EMERG_WRITE		(1u << 2)

static hpa_t device;

static uint32_t read_reg(uint32_t reg)
{
	return mmio_read32(hpa(device.v + reg));
}

enum err virtio_console_init(hpa_t base)
{
	device = base;
	if (read_reg(REG_MAGIC) != MAGIC || read_reg(REG_DEVICE_ID) != DEVICE_CONSOLE)
		return ERR_NOTFOUND;
	mmio_write32(hpa(base.v + REG_STATUS), 0);	/* reset; the register works before DRIVER_OK */
	mmio_write32(hpa(base.v + REG_FEATURES_SEL), 0);
	return read_reg(REG_FEATURES) & F_EMERG_WRITE ? OK : ERR_UNSUPPORTED;
}

void virtio_console_write(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		mmio_write32(hpa(device.v + REG_EMERG_WR), (unsigned char)text[i]);
}
