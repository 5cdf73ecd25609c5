/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 16550-compatible UART; see ns16550.h. One device; the console's lock covers it.
 */
#include "drivers/ns16550.h"

#include "hyp/riscv/mmio.h"

#define REG_RBR		0
#define REG_THR		0
#define REG_IER		1
#define REG_IIR		2
#define REG_FCR		2
#define REG_LSR		5
#define IER_ERBFI	(1u << 0)
#define IER_ETBEI	(1u << 1)
#define IIR_ID		0x0fu
#define IIR_TIMEOUT	0x0cu
#define IIR_FIFOS	0xc0u
#define FCR_ENABLE	(1u << 0)
#define LSR_DR		(1u << 0)
#define LSR_THRE	(1u << 5)
#define LSR_TEMT	(1u << 6)
#define FIFO_DEPTH	16u

/* Turning the FIFOs on drops what is in the transmitter: wait until the firmware's last bytes are sent, with a
 * bound. */
#define POLL_LIMIT	10000000u

static hpa_t uart;
static uint32_t shift, width, depth;

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

__boot void ns16550_init(hpa_t base, uint32_t reg_shift, uint32_t io_width)
{
	uart = base;
	shift = reg_shift;
	width = io_width;
	write_reg(REG_IER, 0);	/* no interrupts before interrupts() enables them */
	for (uint32_t i = 0; i < POLL_LIMIT && !(read_reg(REG_LSR) & LSR_TEMT); i++)
		;
	write_reg(REG_FCR, FCR_ENABLE);
	depth = (read_reg(REG_IIR) & IIR_FIFOS) == IIR_FIFOS ? FIFO_DEPTH : 1;
}

static size_t put(const char *text, size_t len)
{
	size_t n = len < depth ? len : depth;

	if (!(read_reg(REG_LSR) & LSR_THRE))
		return 0;
	for (size_t i = 0; i < n; i++)
		write_reg(REG_THR, (uint8_t)text[i]);
	return n;
}

static bool has_byte(void)
{
	return read_reg(REG_LSR) & LSR_DR;
}

static int get(void)
{
	if (!has_byte()) {
		if ((read_reg(REG_IIR) & IIR_ID) != IIR_TIMEOUT)
			return -1;
		/* The timeout may be of a byte that arrived after the first check. Some clones report it for an empty
		 * FIFO, and only a read of RBR clears it. */
		if (!has_byte()) {
			(void)read_reg(REG_RBR);
			return -1;
		}
	}
	return (int)(read_reg(REG_RBR) & 0xff);
}

static void interrupts(bool input, bool output)
{
	write_reg(REG_IER, (uint8_t)((input ? IER_ERBFI : 0) | (output ? IER_ETBEI : 0)));
}

const struct console_device ns16550_console = { put, get, interrupts, true };
