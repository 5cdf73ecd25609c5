/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual ns16550A as drivers of RT-Thread, NuttX and U-Boot use it; see test_vuart_drivers.c. What they do is from
 * their sources, RT-Thread's at 0f401f17 (board) and 02c28292 (8250), NuttX's at 02c329a1, U-Boot's at 0b3b102f.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake/vuart_driver.h"

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
