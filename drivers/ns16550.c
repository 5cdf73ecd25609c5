/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 16550-compatible UART; see ns16550.h. One device; the console's lock covers it.
 */
#include "drivers/ns16550.h"

#include "hyp/riscv/mmio.h"

#define REG_THR		0
#define REG_IER		1
#define REG_LSR		5
#define LSR_THRE	(1u << 5)

/* Polls for room in the transmitter before a byte is given up: a UART that is stuck must not stop us.
 * At 9,600 baud a byte takes about 1 ms; this is longer on any hart slower than 10 GHz. */
#define POLL_LIMIT	10000000u

static hpa_t uart;
static uint32_t shift, width;

static uint32_t read_reg(uint32_t reg)
{
	hpa_t at = hpa(uart.v + ((uint64_t)reg << shift));

	return width == 4 ? mmio_read32(at) : mmio_read8(at);
}

static void write_reg(uint32_t reg, uint8_t value)
{
	hpa_t at = hpa(uart.v + ((uint64_t)reg << shift));

	if (width == 4)
		mmio_write32(at, value);
	else
		mmio_write8(at, value);
}

static void put(char c)
{
	for (uint32_t i = 0; i < POLL_LIMIT; i++)
		if (read_reg(REG_LSR) & LSR_THRE)
			break;
	write_reg(REG_THR, (uint8_t)c);
}

void ns16550_init(hpa_t base, uint32_t reg_shift, uint32_t io_width)
{
	uart = base;
	shift = reg_shift;
	width = io_width;
	write_reg(REG_IER, 0);	/* polled: no interrupt may come from it */
}

void ns16550_write(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			put('\r');
		put(text[i]);
	}
}
