/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output that waits for the device; see console.h. */
#include "drivers/console.h"

/* Polls of the device before a byte is dropped: a stuck UART must not stop the hypervisor. At 9,600 baud a byte takes
 * about 1 ms; this is longer on any hart slower than 10 GHz. */
#define TRIES	10000000u

void console_device_write(const struct console_device *d, const char *text, size_t len)
{
	uint32_t tries = 0;

	while (len) {
		size_t n = d->put(text, len);

		if (n || tries++ < TRIES) {
			text += n;
			len -= n;
			tries = n ? 0 : tries;
			continue;
		}
		text++;
		len--;
		tries = TRIES;	/* the rest goes, or is lost, without further waiting */
	}
}
