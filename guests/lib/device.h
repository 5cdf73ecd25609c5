/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices whose level interrupt the guest can raise and calm at will. raise() makes one event;
 * the line stays up until calm(). raised() asks the device itself, and does not calm it unless
 * calm() follows.
 */
#ifndef GUESTS_LIB_DEVICE_H
#define GUESTS_LIB_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

struct device;

struct device_ops {
	const char *compatible;
	void (*raise)(const struct device *d);
	void (*calm)(const struct device *d);
	bool (*raised)(const struct device *d);
};

struct device {
	const char *name;
	const struct device_ops *ops;
	uint64_t base;		/* 0: not in the tree */
	uint32_t source;
	uint32_t shift;		/* of register offsets (ns16550) */
};

void device_init(void);
/* "rtc", "uart", or "uart2", the second one in the tree; NULL if it has none. */
const struct device *device_find(const char *name);

#endif
