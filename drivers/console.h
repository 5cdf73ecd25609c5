/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a device has to offer to be the hypervisor's console. Bytes go as they are; one caller at a time. */
#ifndef DRIVERS_CONSOLE_H
#define DRIVERS_CONSOLE_H

#include "hyp/base/types.h"

struct console_device {
	/* As many bytes as the device takes at once, without waiting; returns how many. */
	size_t (*put)(const char *text, size_t len);
	/* The next byte that was typed, -1: none. NULL: the device has no input. */
	int (*get)(void);
	/* Asks to be interrupted as long as something was typed, and as long as put() would take something. NULL:
	 * the device cannot, and put() takes everything. */
	void (*interrupts)(bool input, bool output);
	bool crlf;	/* a line ends with CR LF */
};

/* All of it, however long the device takes; a device that is stuck loses bytes. */
void console_device_write(const struct console_device *d, const char *text, size_t len);

extern const struct console_device ns16550_console, virtio_console;

#endif
