/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual ns16550A as drivers use it: their accesses in their order, with what each read gives on a
 * PC16550D. What they do is from their sources, RT-Thread's at 0f401f17 (board) and 02c28292 (8250),
 * NuttX's at 02c329a1, U-Boot's at 0b3b102f.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake/vuart_driver.h"

/* ---- Linux: drivers/tty/serial/8250/8250_port.c ---- */

/* autoconfig() and autoconfig_16550a(). */
static void test_linux_autoconfig(void **state)
{
	uint8_t iir1, iir2;

	(void)state;
	out(IER, 0);
	assert_int_equal(in(IER) & 0x0f, 0);
	out(IER, 0x0f);
	assert_int_equal(in(IER) & 0x0f, 0x0f);
	out(IER, 0);
	out(MCR, 0x10 | 0x0a);
	assert_int_equal(in(MSR) & 0xf0, 0x90);
	out(MCR, 0x08);
	out(LCR, 0xbf);		/* an EFR would be at FCR, an extended register set elsewhere */
	out(FCR, 0);
	out(LCR, 0);
	out(FCR, 0x01);
	assert_int_equal(in(IIR) >> 6, 3);	/* 16550A */
	out(LCR, 0x80);
	assert_int_not_equal(in(FCR), 0);	/* no EFR of a 16650 */
	out(LCR, 0);
	out(FCR, 0x01);
	iir1 = in(IIR) >> 5;
	out(FCR, 0);
	out(LCR, 0xbf);
	out(FCR, 0x21);		/* 64-byte FIFO of a 16750: behind DLAB */
	iir2 = in(IIR) >> 5;
	out(LCR, 0);
	assert_int_equal(iir1, 6);
	assert_int_equal(iir2, 6);	/* no 16750 */
	out(FCR, 0x01);
	out(IER, 0x40);		/* the UUE bit of an XScale */
	assert_int_equal(in(IER) & 0x40, 0);
	/* size_fifo(): 256 bytes through the loop-back */
	out(LCR, 0);
	out(FCR, 0x07);
	out(MCR, 0x10);
	out(LCR, 0x80);
	out(DLL, 1);
	out(DLM, 0);
	out(LCR, 0x03);
	for (unsigned i = 0; i < 256; i++)
		out(THR, (uint8_t)i);
	for (unsigned i = 0; i < 16; i++) {
		assert_true(in(LSR) & 1);
		assert_int_equal(in(RBR), i);
	}
	assert_false(in(LSR) & 1);
	assert_int_equal(fake.console_len, 0);
}

/* serial8250_do_startup(): the interrupt of the transmitter comes again when it is enabled again. */
static void test_linux_thre_test(void **state)
{
	(void)state;
	out(IER, 0x02);
	assert_int_equal(in(IIR), 0x02);
	out(IER, 0);
	out(IER, 0x02);
	assert_int_equal(in(IIR), 0x02);	/* no UART_BUG_TXEN, no UART_BUG_THRE */
	assert_int_equal(in(IIR), 0x01);
	assert_true(in(LSR) & IDLE);
}

/* serial8250_do_startup() and serial8250_do_set_termios(). */
static void linux_opens(void)
{
	out(FCR, 0x01);
	out(FCR, 0x07);
	out(FCR, 0);
	expect(LSR, IDLE);
	expect(RBR, 0);
	expect(IIR, 0x01);
	expect(MSR, 0xb0);
	out(LCR, 0x03);
	out(MCR, 0x08);
	out(IER, 0x05);
	expect(LSR, IDLE);
	expect(RBR, 0);
	expect(IIR, 0x01);
	expect(MSR, 0xb0);
	out(IER, 0x05);
	set_divisor(0x03, 2);
	out(FCR, 0x01);
	out(FCR, 0x81);		/* a trigger at 8 */
	out(MCR, 0x0b);
}

/* serial8250_interrupt(): LSR is read once and then behind each byte, the modem's lines each time. */
static void test_linux_receives(void **state)
{
	(void)state;
	linux_opens();
	enable_plic();
	assert_false(interrupted());
	type("ls\n");
	claim();
	expect(IIR, 0xcc);
	receives("ls\n");
	expect(MSR, 0xb0);
	expect(IIR, 0xc1);
	complete();
	type(LONG);
	claim();
	expect(IIR, 0xc4);
	receives(LONG);
	expect(MSR, 0xb0);
	expect(IIR, 0xc1);
	complete();
}

/* serial8250_start_tx(), and serial8250_tx_chars() in the handler: a FIFO at once. */
static void test_linux_sends(void **state)
{
	const char *text = LONG "\n";

	(void)state;
	linux_opens();
	enable_plic();
	out(IER, 0x07);
	claim();
	while (*text) {
		expect(IIR, 0xc2);
		expect(LSR, IDLE);
		expect(MSR, 0xb0);
		for (unsigned i = 0; i < 16 && *text; i++)
			out(THR, (uint8_t)*text++);
	}
	out(IER, 0x05);
	expect(IIR, 0xc1);
	complete();
	assert_true(fake_said("[a] " LONG "\n"));
}

/* ---- xv6: kernel/uart.c ---- */

static void xv6_init(void)
{
	out(IER, 0);
	out(LCR, 0x80);
	out(0, 3);
	out(1, 0);
	out(LCR, 3);
	out(FCR, 7);
	out(IER, 3);
}

/* uartinit() asks for both interrupts; the first is that nothing is being sent. */
static void test_xv6_receives(void **state)
{
	(void)state;
	xv6_init();
	enable_plic();
	claim();
	expect(IIR, 0xc2);
	receives("");
	complete();
	type("x");		/* its trigger is one byte */
	claim();
	expect(IIR, 0xc4);
	receives("x");
	complete();
	type(LONG);
	claim();
	expect(IIR, 0xc4);
	receives(LONG);
	complete();
}

/* uartputc() and uartstart(): a byte for each interrupt; when there is no more, IIR takes the last one back. */
static void test_xv6_sends(void **state)
{
	(void)state;
	xv6_init();
	enable_plic();
	send('$');
	for (const char *rest = " \n"; *rest; rest++) {
		claim();
		receives("");
		send(*rest);
		guest_sw(CONTEXT + 4, FAKE_VUART_IRQ);
	}
	claim();
	receives("");
	expect(LSR, IDLE);
	expect(IIR, 0xc2);
	complete();
	assert_true(fake_said("[a] $ \n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VUART_TEST(test_linux_autoconfig),
		VUART_TEST(test_linux_thre_test),
		VUART_TEST(test_linux_receives),
		VUART_TEST(test_linux_sends),
		VUART_TEST(test_xv6_receives),
		VUART_TEST(test_xv6_sends),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
