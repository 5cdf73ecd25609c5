/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual ns16550A as a guest sees it, register by register, on the fake machine; test_vuart_drivers.c has what
 * drivers do. Source: PC16550D.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/console/console.h"
#include "tests/unit/fake/vuart.h"

/* ---- registers ---- */

static void test_power_on(void **state)
{
	static const uint8_t want[] = { 0, 0, 0x01, 0, 0, IDLE, 0xb0, 0 };

	(void)state;
	for (unsigned reg = 0; reg < 8; reg++)
		assert_int_equal(in(reg), want[reg]);
}

static void test_plain_registers(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 256; v++) {
		out(SCR, (uint8_t)v);
		out(LCR, (uint8_t)v & 0x7f);
		out(MCR, (uint8_t)v);
		out(IER, (uint8_t)v);
		assert_int_equal(in(SCR), v);
		assert_int_equal(in(LCR), v & 0x7f);
		assert_int_equal(in(MCR), v & 0x1f);
		assert_int_equal(in(IER), v & 0x0f);
	}
}

/* The divisor is behind DLAB, and what is beside it is not touched. */
static void test_divisor(void **state)
{
	(void)state;
	out(IER, 5);
	out(LCR, 0x83);
	out(DLL, 0x18);
	out(DLM, 0x21);
	assert_int_equal(in(DLL), 0x18);
	assert_int_equal(in(DLM), 0x21);
	assert_int_equal(in(LSR), IDLE);
	out(LCR, 0x03);
	assert_int_equal(in(IER), 5);
	assert_int_equal(in(RBR), 0);
	out(LCR, 0x80);
	assert_int_equal(in(DLL), 0x18);
	assert_int_equal(in(DLM), 0x21);
	assert_int_equal(fake.console_len, 0);
}

/* Registers are bytes. Others than bytes, and behind the eighth register, nothing. */
static void test_accesses(void **state)
{
	static const uint32_t loads[] = { 0x00051583 /* lh */, 0x00052583 /* lw */, 0x00053583 /* ld */ };
	static const uint32_t stores[] = { 0x00b51023, 0x00b52023, 0x00b53023 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		code_at(BOOT_PC, loads[i]);
		exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_VUART, FAKE_VUART, 0);
		assert_fault(CAUSE_LOAD_ACCESS, FAKE_VUART, BOOT_PC);
		code_at(BOOT_PC, stores[i]);
		exit_with(CAUSE_STORE_GUEST_PAGE, FAKE_VUART, FAKE_VUART, 0);
		assert_fault(CAUSE_STORE_ACCESS, FAKE_VUART, BOOT_PC);
	}
	for (unsigned reg = 8; reg < 256; reg += 31) {
		out(reg, 0xff);
		assert_int_equal(in(reg), 0);
	}
	code_at(BOOT_PC, LBU_A1_A0);
	exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_VUART + 0x100, FAKE_VUART + 0x100, 0);
	assert_fault(CAUSE_LOAD_ACCESS, FAKE_VUART + 0x100, BOOT_PC);
	out(SCR, 0x80);
	code_at(BOOT_PC + 0x100, LB_A1_A0);
	exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_VUART + SCR, FAKE_VUART + SCR, 0);
	assert_int_equal(hw()->x[11], (uint64_t)-128);
	/* sb zero: slot 0 of the registers holds the pc */
	code_at(BOOT_PC, 0x00050023);
	exit_with(CAUSE_STORE_GUEST_PAGE, FAKE_VUART + SCR, FAKE_VUART + SCR, 0);
	assert_int_equal(in(SCR), 0);
}

/* Registers as words, by words or bytes: beside its lowest byte a register reads as 0. */
static void test_wide_accesses(void **state)
{
	(void)state;
	out(SCR, 0x5a);
	assert_int_equal(in(SCR), 0x5a);
	for (unsigned offset = 0; offset < 0x100; offset++) {
		code_at(BOOT_PC + 0x100, LBU_A1_A0);
		exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_VUART + offset, FAKE_VUART + offset, 0);
		assert_int_equal(hw()->x[0], BOOT_PC + 0x104);
		assert_int_equal(hw()->x[11], offset == 4 * IIR ? 0x01 : offset == 4 * LSR ? IDLE :
				 offset == 4 * MSR ? 0xb0 : offset == 4 * SCR ? 0x5a : 0);
	}
	for (unsigned offset = 4 * SCR + 1; offset < 0x100; offset++) {
		code_at(BOOT_PC + 0x200, SB_A1_A0);
		hw()->x[11] = 0xff;
		exit_with(CAUSE_STORE_GUEST_PAGE, FAKE_VUART + offset, FAKE_VUART + offset, 0);
	}
	assert_int_equal(in(SCR), 0x5a);
	code_at(BOOT_PC, 0x00051583 /* lh */);
	exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_VUART, FAKE_VUART, 0);
	assert_fault(CAUSE_LOAD_ACCESS, FAKE_VUART, BOOT_PC);
	code_at(BOOT_PC, LW_A1_A0);
	exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_VUART + 2, FAKE_VUART + 2, 0);
	assert_fault(CAUSE_LOAD_ACCESS, FAKE_VUART + 2, BOOT_PC);
}

/* The others have no UART there. */
static void test_only_a(void **state)
{
	(void)state;
	self = fake_hart_of(B, 0);
	code_at(BOOT_PC, LBU_A1_A0);
	exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_VUART, FAKE_VUART, 0);
	assert_fault(CAUSE_LOAD_ACCESS, FAKE_VUART, BOOT_PC);
}

static void test_text(void **state)
{
	(void)state;
	for (const char *c = "hello\r\n[b] world\n"; *c; c++) {
		assert_true(in(LSR) & IDLE);
		out(THR, (uint8_t)*c);
	}
	assert_true(fake_said("[a] hello\n[a] [b] world\n"));
}

/* ---- the receiver ---- */

static void test_receive_polled(void **state)
{
	(void)state;
	type("ab");
	assert_int_equal(in(LSR), IDLE | 1);
	assert_int_equal(in(RBR), 'a');
	assert_int_equal(in(RBR), 'b');
	assert_int_equal(in(LSR), IDLE);
	assert_int_equal(in(RBR), 0);
	assert_false(interrupted());
}

/* 256 in the ring, and what has room in the FIFO; then bytes are lost, which is an overrun, reported once. */
static void test_overrun(void **state)
{
	unsigned n = 0;

	(void)state;
	out(FCR, 1);
	for (unsigned i = 0; i < 300; i++)
		console_type(A, (uint8_t)i);
	assert_int_equal(console_lost_input(A), 44);
	assert_int_equal(in(LSR), IDLE | 0x03);
	assert_int_equal(in(LSR), IDLE | 0x01);
	for (; in(LSR) & 1; n++)
		assert_int_equal(in(RBR), n & 0xff);
	assert_int_equal(n, 256);
}

static void test_loop_back_overrun(void **state)
{
	(void)state;
	out(MCR, 0x10);
	out(THR, 1);
	assert_int_equal(in(LSR), IDLE | 1);
	out(THR, 2);		/* without FIFOs the register is overwritten */
	assert_int_equal(in(LSR), IDLE | 3);
	assert_int_equal(in(RBR), 2);
	out(FCR, 1);
	for (unsigned i = 0; i < 17; i++)
		out(THR, (uint8_t)i);
	assert_int_equal(in(LSR), IDLE | 3);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(in(RBR), i);
	assert_int_equal(in(LSR), IDLE);
	/* what is typed meanwhile comes behind it */
	type("z");
	assert_int_equal(in(LSR), IDLE);
	out(MCR, 0);
	assert_int_equal(in(RBR), 'z');
}

static void test_break(void **state)
{
	(void)state;
	out(FCR, 1);
	out(IER, 4);
	out(LCR, 0x40);
	assert_int_equal(in(LSR), IDLE);
	out(LCR, 0);
	out(MCR, 0x10);
	out(LCR, 0x40);
	assert_int_equal(in(IIR), 0xc6);
	assert_int_equal(in(LSR), IDLE | 0x80 | 0x11);
	assert_int_equal(in(IIR), 0xc1);
	assert_int_equal(in(RBR), 0);
}

static void test_trigger(void **state)
{
	static const uint8_t levels[] = { 1, 4, 8, 14 };

	(void)state;
	out(IER, 1);
	for (unsigned t = 0; t < 4; t++) {
		out(FCR, (uint8_t)(t << 6 | 3));
		out(MCR, 0x10);
		for (unsigned n = 1; n <= 16; n++) {
			out(THR, (uint8_t)n);
			assert_int_equal(in(IIR), n >= levels[t] ? 0xc4 : 0xcc);	/* a time-out below it */
		}
		for (unsigned n = 16; n; n--) {
			assert_int_equal(in(IIR), n >= levels[t] ? 0xc4 : 0xcc);
			in(RBR);
		}
		assert_int_equal(in(IIR), 0xc1);
	}
	out(FCR, 0);
	out(THR, 1);
	assert_int_equal(in(IIR), 0x04);
}

static void test_fifo_control(void **state)
{
	(void)state;
	out(MCR, 0x10);
	out(FCR, 1);
	for (unsigned i = 0; i < 5; i++)
		out(THR, 'x');
	out(FCR, 1);		/* nothing changes */
	assert_true(in(LSR) & 1);
	out(FCR, 3);		/* the receiver is emptied */
	assert_false(in(LSR) & 1);
	out(THR, 'y');
	out(FCR, 0x02);		/* without FIFOs the others do not count; but turning them off empties */
	assert_false(in(LSR) & 1);
	assert_int_equal(in(IIR), 0x01);
	out(THR, 'z');
	out(FCR, 0x02);
	assert_int_equal(in(RBR), 'z');
}

/* ---- modem lines ---- */

static void test_modem(void **state)
{
	static const struct { uint8_t mcr, msr; } loop[] = {
		{ 0x10, 0x0b }, { 0x11, 0x22 }, { 0x12, 0x13 }, { 0x14, 0x41 }, { 0x18, 0x8c }, { 0x1f, 0xf3 },
		{ 0x10, 0x0f },
	};

	(void)state;
	assert_int_equal(in(MSR), 0xb0);
	out(IER, 8);
	for (unsigned i = 0; i < ARRAY_LEN(loop); i++) {
		out(MCR, loop[i].mcr);
		assert_int_equal(in(IIR), loop[i].msr & 0x0f ? 0 : 1);
		assert_int_equal(in(MSR), loop[i].msr);
		assert_int_equal(in(IIR), 1);
		assert_int_equal(in(MSR), loop[i].msr & 0xf0);
	}
	out(MCR, 0);
	assert_int_equal(in(MSR), 0xbb);
}

/* ---- interrupts ---- */

/* By priority, each until what is its own was done. */
static void test_priorities(void **state)
{
	(void)state;
	out(FCR, 1);
	out(MCR, 0x10);
	for (unsigned i = 0; i < 17; i++)
		out(THR, 'x');
	out(IER, 0x0f);
	assert_int_equal(in(IIR), 0xc6);
	in(LSR);
	assert_int_equal(in(IIR), 0xc4);
	out(FCR, 3);
	assert_int_equal(in(IIR), 0xc2);
	assert_int_equal(in(IIR), 0xc0);
	in(MSR);
	assert_int_equal(in(IIR), 0xc1);
}

/* A read of IIR takes the THRE interrupt back only if it is what was read. */
static void test_thre(void **state)
{
	(void)state;
	enable_plic();
	out(IER, 2);
	assert_true(interrupted());
	out(IER, 3);
	type("a");
	assert_int_equal(in(IIR), 0x04);
	in(RBR);
	assert_true(interrupted());
	assert_int_equal(in(IIR), 0x02);
	assert_int_equal(in(IIR), 0x01);
	out(IER, 3);		/* enabled already: nothing new */
	assert_int_equal(in(IIR), 0x01);
	out(THR, '\n');
	assert_int_equal(in(IIR), 0x02);
	out(IER, 1);
	out(THR, '\n');
	assert_int_equal(in(IIR), 0x01);
	out(IER, 3);
	assert_int_equal(in(IIR), 0x02);
}

/* Level-triggered: claimed and completed without being served, it comes again. */
static void test_level(void **state)
{
	(void)state;
	enable_plic();
	out(IER, 1);
	assert_false(interrupted());
	type("q");
	for (unsigned i = 0; i < 3; i++) {
		assert_true(interrupted());
		assert_int_equal(guest_lw(CONTEXT + 4), FAKE_VUART_IRQ);
		assert_false(interrupted());
		guest_sw(CONTEXT + 4, FAKE_VUART_IRQ);
	}
	assert_int_equal(guest_lw(CONTEXT + 4), FAKE_VUART_IRQ);
	assert_int_equal(in(RBR), 'q');
	guest_sw(CONTEXT + 4, FAKE_VUART_IRQ);
	assert_false(interrupted());
	assert_int_equal(guest_lw(CONTEXT + 4), 0);
}

/* A handler that takes one byte is called again for the next one, without FIFOs and with them. */
static void test_byte_by_byte(void **state)
{
	(void)state;
	enable_plic();
	out(IER, 1);
	for (unsigned fifo = 0; fifo < 2; fifo++) {
		out(FCR, (uint8_t)fifo);
		type("bytes behind a FIFO of sixteen");
		for (const char *c = "bytes behind a FIFO of sixteen"; *c; c++) {
			assert_true(interrupted());
			assert_int_equal(guest_lw(CONTEXT + 4), FAKE_VUART_IRQ);
			assert_int_equal(in(RBR), *c);
			guest_sw(CONTEXT + 4, FAKE_VUART_IRQ);
		}
		assert_false(interrupted());
	}
}

/* It is raised on whichever hart the guest has chosen. */
static void test_sibling(void **state)
{
	(void)state;
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_SUCCESS);
	fake_settle();
	self = fake_hart_of(A, 1);
	guest_sw(FAKE_PLIC + 4 * FAKE_VUART_IRQ, 1);
	guest_sw(FAKE_PLIC + 0x2180, 1u << FAKE_VUART_IRQ);
	out(IER, 1);
	type("s");
	assert_true(interrupted());
	assert_false(fake.hw[fake_hart_of(A, 0)].csr.hvip & VSEIP);
	/* and while the first hart is stopped */
	assert_int_equal(guest_lw(CONTEXT + 0x2004), FAKE_VUART_IRQ);
	assert_int_equal(in(RBR), 's');
	guest_sw(CONTEXT + 0x2004, FAKE_VUART_IRQ);
	assert_false(interrupted());
	self = fake_hart_of(A, 0);
	sbi(SBI_EXT_HSM, SBI_HSM_STOP, 0, 0, 0);
	assert_int_equal(hw()->place, PLACE_WFI);
	type("t");
	self = fake_hart_of(A, 1);
	assert_true(interrupted());
	assert_int_equal(in(RBR), 't');
}

/* ---- SBI, and a restart ---- */

static void test_sbi_reads(void **state)
{
	uint64_t at = BOOT_PC + PAGE_SIZE - 2;

	(void)state;
	self = fake_hart_of(B, 0);
	for (const char *c = "typed"; *c; c++)
		console_type(B, (uint8_t)*c);
	assert_int_equal(sbi(SBI_EXT_DBCN, SBI_DBCN_READ, 4, at, 0), SBI_SUCCESS);
	assert_int_equal(value(), 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(*fake_ram_at(B, at + i), "type"[i]);
	assert_int_equal(sbi(2, 0, 0, 0, 0), 'd');
	assert_int_equal(sbi(2, 0, 0, 0, 0), -1);
	assert_int_equal(sbi(SBI_EXT_DBCN, SBI_DBCN_READ, 4, at, 0), SBI_SUCCESS);
	assert_int_equal(value(), 0);
}

static void test_restart(void **state)
{
	static const uint8_t want[] = { 0, 0, 0x01, 0, 0, IDLE, 0xb0, 0 };

	(void)state;
	enable_plic();
	out(LCR, 0x83);
	out(DLL, 9);
	out(DLM, 9);
	out(LCR, 3);
	out(FCR, 0xc1);
	out(SCR, 0x55);
	out(MCR, 0x0b);
	type("left over, more than there is room for in the FIFO");
	out(IER, 0x0f);
	assert_true(interrupted());
	out(THR, 'u');
	sbi(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT, 0, 0);
	fake_settle();
	assert_true(fake_said("[a] u\n"));
	assert_int_equal(fake_vm(A)->starts, 2);
	assert_false(interrupted());
	for (unsigned reg = 0; reg < 8; reg++)
		assert_int_equal(in(reg), want[reg]);
	out(LCR, 0x80);
	assert_int_equal(in(DLL) | in(DLM), 0);
	enable_plic();
	assert_int_equal(guest_lw(CONTEXT + 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VUART_TEST(test_power_on),
		VUART_TEST(test_plain_registers),
		VUART_TEST(test_divisor),
		VUART_TEST(test_accesses),
		VUART_TEST_WIDE(test_wide_accesses),
		VUART_TEST(test_only_a),
		VUART_TEST(test_text),
		VUART_TEST(test_receive_polled),
		VUART_TEST(test_overrun),
		VUART_TEST(test_loop_back_overrun),
		VUART_TEST(test_break),
		VUART_TEST(test_trigger),
		VUART_TEST(test_fifo_control),
		VUART_TEST(test_modem),
		VUART_TEST(test_priorities),
		VUART_TEST(test_thre),
		VUART_TEST(test_level),
		VUART_TEST(test_byte_by_byte),
		VUART_TEST(test_sibling),
		VUART_TEST(test_sbi_reads),
		VUART_TEST(test_restart),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
