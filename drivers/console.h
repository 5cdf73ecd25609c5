/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interface of a device that can be the hypervisor's console. Bytes are not converted. One caller at a time. */
#ifndef DRIVERS_CONSOLE_H
#define DRIVERS_CONSOLE_H

#include "hyp/base/types.h"

struct console_device {
	/* Sends as many bytes as the device accepts without waiting; returns how many. */
	size_t (*put)(const char *text, size_t len);
	/* The next input byte, 0 to 255; -1: none is pending. NULL: the device has no input. */
	int (*get)(void);
	/* Enables the interrupts: input while a byte is pending, output while put() would accept a byte. NULL: the
	 * device has no interrupts, and put() accepts everything. */
	void (*interrupts)(bool input, bool output);
	bool crlf;	/* a line ends with CR LF */
};

/* Writes all bytes and waits for the device as needed. If the device is stuck, bytes are lost. */
void console_device_write(const struct console_device *d, const char *text, size_t len);

extern const struct console_device ns16550_console, virtio_console;

#endif
