/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all drivers of an ns16550A do. Included after <cmocka.h>. */
#ifndef TESTS_UNIT_FAKE_VUART_DRIVER_H
#define TESTS_UNIT_FAKE_VUART_DRIVER_H

#include "tests/unit/fake/vuart.h"

#define READY	(IDLE | 1u)	/* LSR: a byte is there, too */
#define LONG	"more than there is room for in a FIFO of sixteen bytes"

#define expect(reg, want) assert_int_equal(in(reg), want)

/* ---- what all of them do ---- */

/* A byte, when LSR says that there is room for it. */
static inline void send(char c)
{
	expect(LSR, IDLE);
	out(THR, (uint8_t)c);
}

static inline void sends(const char *text)
{
	for (; *text; text++)
		send(*text);
}

/* A byte, when LSR says that one is there, until there is none: all of this text comes. */
static inline void receives(const char *text)
{
	for (; *text; text++) {
		expect(LSR, READY);
		expect(RBR, (uint8_t)*text);
	}
	expect(LSR, IDLE);
}

static inline void claim(void)
{
	assert_true(interrupted());
	assert_int_equal(guest_lw(CONTEXT + 4), FAKE_VUART_IRQ);
}

/* The handler leaves; the UART has nothing more to say. */
static inline void complete(void)
{
	guest_sw(CONTEXT + 4, FAKE_VUART_IRQ);
	assert_false(interrupted());
}

static inline void set_divisor(uint8_t lcr, uint16_t divisor)
{
	out(LCR, lcr | 0x80);
	out(DLL, (uint8_t)divisor);
	out(DLM, (uint8_t)(divisor >> 8));
	out(LCR, lcr);
}

#endif
