/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI functions by ECAM; see pci.h. */
#include "drivers/pci.h"

#include "hyp/riscv/mmio_try.h"

#define FUNCTION_SIZE	4096u
#define NR_DEVICES	32u
#define NR_FUNCTIONS	8u	/* of one device */

#define PCI_VENDOR	0x00	/* 0xffff: there is no such function */
#define PCI_COMMAND	0x04
#define COMMAND_INTX_OFF	(1u << 10)
#define PCI_STATUS	0x06
#define STATUS_LIST		(1u << 4)
#define PCI_HEADER_TYPE	0x0e
#define HEADER_MULTI		0x80	/* a flag beside the type */
#define HEADER_BRIDGE		1u
#define PCI_CAPABILITIES	0x34
#define PCI_BRIDGE_CONTROL	0x3e
#define BRIDGE_RESET		(1u << 6)

#define CAP_EXPRESS	0x10
#define EXPRESS_DEVCAP		0x04
#define DEVCAP_FLR		(1u << 28)
#define EXPRESS_DEVCTL		0x08
#define DEVCTL_FLR		(1u << 15)
#define EXPRESS_DEVSTA		0x0a
#define DEVSTA_PENDING		(1u << 5)
#define CAP_AF		0x13	/* the same for what is no PCI Express function */
#define AF_CAP			0x03
#define AF_CAP_FLR		(1u << 1)
#define AF_CONTROL		0x04
#define AF_STATUS		0x05

#define EXTENDED_FIRST	0x100u
#define CAP_SRIOV	0x10
#define SRIOV_CONTROL		0x08

/* As many capabilities as there is room for, of 4 bytes at least. */
#define MAX_CAPABILITIES	((0x100 - 0x40) / 4)
#define MAX_EXTENDED		((FUNCTION_SIZE - EXTENDED_FIRST) / 4)

static uint32_t get(hpa_t f, uint32_t reg, uint32_t size) { return (uint32_t)mmio_try_read(hpa(f.v + reg), size); }
static uint32_t get8(hpa_t f, uint32_t reg) { return get(f, reg, 1); }
static uint32_t get16(hpa_t f, uint32_t reg) { return get(f, reg, 2); }
static uint32_t get32(hpa_t f, uint32_t reg) { return get(f, reg, 4); }
static void set16(hpa_t f, uint32_t reg, uint32_t value) { mmio_try_write(hpa(f.v + reg), 2, value); }

static bool exists(hpa_t f)
{
	return get16(f, PCI_VENDOR) != 0xffff;
}

static bool is_bridge(hpa_t f)
{
	return (get8(f, PCI_HEADER_TYPE) & ~HEADER_MULTI) == HEADER_BRIDGE;
}

/* Its offset; 0: the function has none. */
static uint32_t find_capability(hpa_t f, uint32_t id)
{
	uint32_t at;

	if (!(get16(f, PCI_STATUS) & STATUS_LIST))
		return 0;
	at = get8(f, PCI_CAPABILITIES) & 0xfc;
	for (uint32_t i = 0; at >= 0x40 && i < MAX_CAPABILITIES; i++) {
		if (get8(f, at) == id)
			return at;
		at = get8(f, at + 1) & 0xfc;
	}
	return 0;
}

static uint32_t find_extended(hpa_t f, uint32_t id)
{
	uint32_t at = EXTENDED_FIRST, header;

	for (uint32_t i = 0; at >= EXTENDED_FIRST && i < MAX_EXTENDED; i++) {
		header = get32(f, at);
		if (!header || header == UINT32_MAX)
			return 0;
		if ((header & 0xffff) == id)
			return at;
		at = header >> 20 & 0xffc;
	}
	return 0;
}

/* Virtual functions answer to no scan of their own: their physical function takes them away. */
static void silence(hpa_t f)
{
	uint32_t sriov = find_capability(f, CAP_EXPRESS) ? find_extended(f, CAP_SRIOV) : 0;

	set16(f, PCI_COMMAND, COMMAND_INTX_OFF);
	if (sriov)
		set16(f, sriov + SRIOV_CONTROL, 0);
	(void)get16(f, PCI_COMMAND);	/* the answer pushes earlier writes of the function to memory */
}

static bool is_busy(hpa_t f)
{
	uint32_t at = find_capability(f, CAP_EXPRESS);

	if (at)
		return get16(f, at + EXPRESS_DEVSTA) & DEVSTA_PENDING;
	at = find_capability(f, CAP_AF);
	return at && get8(f, at + AF_STATUS) & 1;
}

static void hold_behind(hpa_t f)
{
	if (is_bridge(f))
		set16(f, PCI_BRIDGE_CONTROL, get16(f, PCI_BRIDGE_CONTROL) | BRIDGE_RESET);
}

static void release_behind(hpa_t f)
{
	if (is_bridge(f))
		set16(f, PCI_BRIDGE_CONTROL, get16(f, PCI_BRIDGE_CONTROL) & ~BRIDGE_RESET);
}

static void reset_function(hpa_t f)
{
	uint32_t at = find_capability(f, CAP_EXPRESS);

	if (is_bridge(f))
		return;
	if (at && get32(f, at + EXPRESS_DEVCAP) & DEVCAP_FLR) {
		set16(f, at + EXPRESS_DEVCTL, get16(f, at + EXPRESS_DEVCTL) | DEVCTL_FLR);
		return;
	}
	at = find_capability(f, CAP_AF);
	if (at && get8(f, at + AF_CAP) & AF_CAP_FLR)
		mmio_try_write(hpa(f.v + at + AF_CONTROL), 1, 1);
}

/*
 * All that answers: function 0 may be absent, or say that it is alone, where there are others all the same (with ARI
 * the number of the device is a part of that of the function). Function 0, whose reset can take the others along,
 * comes last of a device. Returns how many there were.
 */
static uint32_t each(hpa_t bus, void (*act)(hpa_t function))
{
	uint32_t found = 0;

	for (uint32_t d = 0; d < NR_DEVICES; d++) {
		for (uint32_t i = NR_FUNCTIONS; i > 0; i--) {
			hpa_t f = hpa(bus.v + (d * NR_FUNCTIONS + i - 1) * FUNCTION_SIZE);

			if (!exists(f))
				continue;
			act(f);
			found++;
		}
	}
	return found;
}

bool pci_silence(hpa_t bus)
{
	return each(bus, silence);
}

void pci_hold_behind(hpa_t bus)
{
	each(bus, hold_behind);
}

void pci_release_behind(hpa_t bus)
{
	each(bus, release_behind);
}

void pci_reset_functions(hpa_t bus)
{
	each(bus, reset_function);
}

bool pci_is_busy(hpa_t bus)
{
	for (uint32_t i = 0; i < NR_DEVICES * NR_FUNCTIONS; i++) {
		hpa_t f = hpa(bus.v + i * FUNCTION_SIZE);

		if (exists(f) && is_busy(f))
			return true;
	}
	return false;
}
