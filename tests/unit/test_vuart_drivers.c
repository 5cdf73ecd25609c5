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

#include "tests/unit/fake/vuart.h"

#define READY	(IDLE | 1u)	/* LSR: a byte is there, too */
#define LONG	"more than there is room for in a FIFO of sixteen bytes"

#define expect(reg, want) assert_int_equal(in(reg), want)

/* ---- what all of them do ---- */

/* A byte, when LSR says that there is room for it. */
static void send(char c)
{
	expect(LSR, IDLE);
	out(THR, (uint8_t)c);
}

static void sends(const char *text)
{
	for (; *text; text++)
		send(*text);
}

/* A byte, when LSR says that one is there, until there is none: all of this text comes. */
static void receives(const char *text)
{
	for (; *text; text++) {
		expect(LSR, READY);
		expect(RBR, (uint8_t)*text);
	}
	expect(LSR, IDLE);
}

static void claim(void)
{
	assert_true(interrupted());
	assert_int_equal(guest_lw(CONTEXT + 4), FAKE_VUART_IRQ);
}

/* The handler leaves; the UART has nothing more to say. */
static void complete(void)
{
	guest_sw(CONTEXT + 4, FAKE_VUART_IRQ);
	assert_false(interrupted());
}

static void set_divisor(uint8_t lcr, uint16_t divisor)
{
	out(LCR, lcr | 0x80);
	out(DLL, (uint8_t)divisor);
	out(DLM, (uint8_t)(divisor >> 8));
	out(LCR, lcr);
}

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

/* ---- RT-Thread: bsp/qemu-virt64-riscv/driver/drv_uart.c ---- */

static void rt_thread_sets_int(uint8_t ier)
{
	expect(IER, ier);
	out(IER, ier | 0x01);
}

static void rt_thread_clears_int(uint8_t ier)
{
	expect(IER, ier);
	out(IER, ier & ~0x01u);
}

/* Typed while its interrupt is on: the handler reads until nothing is left. */
static void serves(const char *text)
{
	type(text);
	claim();
	receives(text);
	complete();
}

/* Typed while it is off, and read when it comes on. */
static void comes_when_opened(const char *text)
{
	type(text);
	assert_false(interrupted());
	rt_thread_sets_int(0);
	claim();
	receives(text);
	complete();
}

/* Input by interrupts, rt_hw_serial_isr() until getc has nothing; output polled. */
static void test_rt_thread(void **state)
{
	(void)state;
	out(IER, 0);
	out(LCR, 0x80);
	out(0, 1);		/* before DLAB is off again: the divisor of 115,200 baud */
	out(1, 0);
	out(LCR, 0x03);
	out(FCR, 0x07);
	sends("msh />");
	enable_plic();
	rt_thread_sets_int(0);
	assert_false(interrupted());
	serves("ls\r");
	sends("ls\r\n");
	serves(LONG);
	/* closed, and opened again: what came meanwhile is there at once */
	rt_thread_clears_int(1);
	comes_when_opened("q");
	assert_true(fake_said("[a] msh />ls\n"));
}

/* ---- RT-Thread: components/drivers/serial/device/8250/core.c ---- */

/* serial8250_ios(). It sets a bit of IER that a 16550A lacks, which stays 0. */
static void rt_thread_8250_configures(uint8_t ier, uint8_t lcr)
{
	expect(LSR, IDLE);
	expect(IER, ier);
	ier = (ier & ~0x01u) | 0x40;
	out(IER, ier);
	out(FCR, 0x07);
	out(MCR, 0x0f);
	expect(LCR, lcr);
	out(LCR, lcr | 0x80);
	out(DLL, 2);
	out(DLM, 0);
	expect(LCR, lcr | 0x80);
	out(LCR, lcr);
	expect(LCR, lcr);
	for (unsigned i = 0; i < 3; i++) {	/* word length, stop bit, parity, one after another */
		out(LCR, 0x03);
		if (i < 2)
			expect(LCR, 0x03);
	}
	out(IER, ier | 0x01);
}

/* Twice: by bytes, and by words (reg-shift 2, reg-io-width 4), as it goes by the device tree. */
static void test_rt_thread_8250(void **state)
{
	(void)state;
	rt_thread_8250_configures(0, 0);
	enable_plic();
	rt_thread_sets_int(1);
	assert_false(interrupted());
	sends("msh />");
	serves("version\r");
	sends("version\r\n");
	rt_thread_8250_configures(1, 0x03);	/* another baud rate, say */
	serves(LONG);
	expect(IER, 0x01);
	out(IER, 0x40);		/* CLR_INT */
	comes_when_opened("q");
	assert_true(fake_said("[a] msh />version\n"));
}

/* ---- NuttX: drivers/serial/uart_16550.c, and serial_io.c above it ---- */

/* u16550_setup(): FCR once without the FIFOs, and behind the divisor with them, and a trigger at 8. */
static void nuttx_sets_up(uint8_t ier, uint8_t mcr)
{
	out(FCR, 0x06);
	expect(IER, ier);
	out(LCR, 0x83);
	out(DLM, 0);
	out(DLL, 2);
	out(LCR, 0x03);
	out(FCR, 0x87);
	expect(MCR, mcr);
	out(MCR, mcr | 0x08);
}

/* uart_recvchars(): LSR is read for "is there one", and again with the byte. */
static void nuttx_recvchars(const char *text)
{
	for (; *text; text++) {
		expect(LSR, READY);
		expect(LSR, READY);
		expect(RBR, (uint8_t)*text);
	}
	expect(LSR, IDLE);
}

/* uart_xmitchars(): all that it has, and then no more of these interrupts. */
static void nuttx_xmitchars(const char *text)
{
	sends(text);
	out(IER, 0x01);
}

static void test_nuttx_polled(void **state)
{
	(void)state;
	nuttx_sets_up(0, 0);
	sends("ABC\r\nNuttShell\r\n");	/* up_putc() */
	expect(IIR, 0xc1);
	/* TCSETS does it again: the FIFO's bytes go when it is off, what came meanwhile when it is on again */
	type("0123456789abcdefgh");
	expect(LSR, READY);
	nuttx_sets_up(0, 0x08);
	nuttx_recvchars("h");
	/* TIOCSBRK and TIOCCBRK */
	expect(LCR, 0x03);
	out(LCR, 0x43);
	expect(LCR, 0x43);
	out(LCR, 0x03);
	expect(LSR, IDLE);
	assert_true(fake_said("[a] ABC\n[a] NuttShell\n"));
}

/* u16550_interrupt(): until IIR says that there is nothing. */
static void test_nuttx_receives(void **state)
{
	(void)state;
	nuttx_sets_up(0, 0);
	enable_plic();
	out(IER, 0x01);		/* rxint() */
	assert_false(interrupted());
	type("ls\n");
	claim();
	expect(IIR, 0xcc);
	nuttx_recvchars("ls\n");
	expect(IIR, 0xc1);
	complete();
	type("12345678");
	claim();
	expect(IIR, 0xc4);
	nuttx_recvchars("12345678");
	expect(IIR, 0xc1);
	complete();
	type(LONG);
	claim();
	expect(IIR, 0xc4);
	nuttx_recvchars(LONG);
	expect(IIR, 0xc1);
	complete();
	/* no room above: rxint() off, and on again */
	out(IER, 0);
	type("r");
	assert_false(interrupted());
	out(IER, 0x01);
	claim();
	expect(IIR, 0xcc);
	nuttx_recvchars("r");
	expect(IIR, 0xc1);
	complete();
	out(IER, 0);		/* u16550_shutdown() */
	type("s");
	assert_false(interrupted());
}

/* txint() sends at once all that there is; the interrupt that it has caused meanwhile finds nothing. */
static void test_nuttx_sends(void **state)
{
	(void)state;
	nuttx_sets_up(0, 0);
	enable_plic();
	out(IER, 0x01);
	out(IER, 0x03);
	nuttx_xmitchars("nsh> " LONG "\n");
	claim();
	expect(IIR, 0xc1);
	complete();
	assert_true(fake_said("[a] nsh> " LONG "\n"));
}

/* Its THRE pass: IIR takes that interrupt back, what is sent brings it again, and it goes with ETBEI. */
static void test_nuttx_thre(void **state)
{
	(void)state;
	nuttx_sets_up(0, 0);
	enable_plic();
	out(IER, 0x01);
	out(IER, 0x03);
	send('a');		/* and the rest of it is written above meanwhile */
	claim();
	expect(IIR, 0xc2);
	send('b');
	expect(IIR, 0xc2);
	nuttx_xmitchars("c\n");
	expect(IIR, 0xc1);
	complete();
	/* both: what was received comes first, and does not take THRE along */
	out(IER, 0x03);
	type("x");
	claim();
	expect(IIR, 0xcc);
	nuttx_recvchars("x");
	expect(IIR, 0xc2);
	nuttx_xmitchars("x\n");
	expect(IIR, 0xc1);
	complete();
	/* the other passes: LSR and MSR end theirs */
	out(IER, 0x0f);
	out(MCR, 0x18);
	for (unsigned i = 0; i < 17; i++)
		out(THR, 'l');
	out(MCR, 0x08);
	claim();
	expect(IIR, 0xc6);
	expect(LSR, READY | 0x02);
	expect(IIR, 0xc4);
	nuttx_recvchars("llllllllllllllll");
	expect(IIR, 0xc2);
	expect(IIR, 0xc0);
	expect(MSR, 0xb3);	/* DCD was up in the loop-back as well */
	expect(IIR, 0xc1);
	complete();
	assert_true(fake_said("[a] abc\n[a] x\n"));
}

/* ---- U-Boot: drivers/serial/ns16550.c, which has no interrupts ---- */

/* ns16550_setbrg() */
static void u_boot_setbrg(uint16_t divisor)
{
	expect(LCR, 0x03);
	set_divisor(0x03, divisor);
}

static void test_u_boot(void **state)
{
	(void)state;
	enable_plic();
	/* ns16550_init(), by the driver's probe without a divisor; then one for the baud rate */
	expect(LSR, IDLE);
	out(IER, 0);
	out(MCR, 0x03);
	out(FCR, 0x07);
	out(LCR, 0x03);
	u_boot_setbrg(2);
	sends("\r\n\nU-Boot\r\n=> ");
	/* tstc(), getc(); pending() for output */
	expect(LSR, IDLE);
	type("v");
	assert_false(interrupted());
	expect(LSR, READY);
	expect(LSR, READY);
	expect(RBR, 'v');
	expect(LSR, IDLE);
	send('v');
	type(LONG);
	receives(LONG);
	/* ns16550_reinit() */
	out(IER, 0);
	u_boot_setbrg(0);
	out(MCR, 0x03);
	out(FCR, 0x07);
	u_boot_setbrg(0x0102);
	sends("\n");
	assert_false(interrupted());
	assert_true(fake_said("[a] \n[a] \n[a] U-Boot\n[a] => v\n"));
}

/* Its debug UART, before there is a device tree: it can ask whether a divisor has been set. */
static void test_u_boot_debug(void **state)
{
	(void)state;
	out(IER, 0);
	out(MCR, 0x03);
	out(FCR, 0x07);
	set_divisor(0x03, 0x0102);
	out(LCR, 0x83);
	expect(DLL, 0x02);
	expect(DLM, 0x01);
	out(LCR, 0x03);
	sends("<debug_uart>\n");
	assert_true(fake_said("[a] <debug_uart>\n"));
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
		VUART_TEST(test_rt_thread),
		VUART_TEST(test_rt_thread_8250),
		VUART_TEST_WIDE(test_rt_thread_8250),
		VUART_TEST(test_nuttx_polled),
		VUART_TEST(test_nuttx_receives),
		VUART_TEST(test_nuttx_sends),
		VUART_TEST(test_nuttx_thre),
		VUART_TEST(test_u_boot),
		VUART_TEST(test_u_boot_debug),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
