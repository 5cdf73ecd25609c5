/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The legacy getchar: as the specification has it, and with sbi-getchar = "wait" (docs/sbi.md). Hart 5 has the UART. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake/terminal.h"

#define GETCHAR	2u

static int setup_wait(void **state)
{
	setup(state);
	config.uart = true;
	config.policy[A].getchar_waits = true;
	start(&config);
	return 0;
}

static int setup_vuart(void **state)
{
	setup(state);
	config.uart = config.vuart = true;
	config.policy[A].getchar_waits = true;
	start(&config);
	return 0;
}

static void on(unsigned vcpu)
{
	self = fake_hart_of(A, vcpu);
}

static long status(unsigned vcpu)
{
	on(0);
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_STATUS, vcpu, 0, 0), SBI_SUCCESS);
	return (long)value();
}

static void start_vcpu(unsigned vcpu)
{
	on(0);
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, vcpu, BOOT_PC, 0), SBI_SUCCESS);
	fake_settle();
}

/* A vcpu calls, and sleeps. */
static void waits(unsigned vcpu)
{
	on(vcpu);
	sbi(GETCHAR, 99, 5, 0x1234, 0);
	assert_int_equal(hw()->place, PLACE_WFI);
	polls(5);
	assert_int_equal(hw()->place, PLACE_WFI);
}

static void has_returned(unsigned vcpu, long a0)
{
	on(vcpu);
	assert_int_equal(hw()->place, PLACE_GUEST);
	assert_int_equal(hw()->x[10], a0);
	assert_int_equal(hw()->x[11], 0x1234);
	assert_int_equal(fake_vm(A)->readers >> vcpu & 1, 0);
}

static void test_poll(void **state)
{
	(void)state;
	assert_int_equal(sbi(GETCHAR, 0, 0, 0, 0), -1);
	assert_int_equal(hw()->place, PLACE_GUEST);
	type("x");
	on(0);
	assert_int_equal(sbi(GETCHAR, 0, 0, 0, 0), 'x');
}

static void test_wait(void **state)
{
	(void)state;
	type("ab");
	on(0);
	assert_int_equal(sbi(GETCHAR, 0, 0, 0x1234, 0), 'a');	/* typed before: at once */
	assert_int_equal(sbi(GETCHAR, 0, 0, 0x1234, 0), 'b');
	for (unsigned c = 1; c < 256; c += 50) {		/* with signs, too */
		char text[2] = { (char)c, 0 };

		waits(0);
		type(text);
		has_returned(0, (long)c);
		assert_int_equal(hw()->x[0] & 3, 0);
	}
	waits(0);
	type("xyz");
	has_returned(0, 'x');
	assert_int_equal(sbi(GETCHAR, 0, 0, 0x1234, 0), 'y');
	assert_int_equal(sbi(GETCHAR, 0, 0, 0x1234, 0), 'z');
	waits(0);
}

/* As a WFI: by what is enabled in sie, whatever sstatus.SIE is; before the call, too. It still pends afterwards. */
static void test_interrupted(void **state)
{
	(void)state;
	start_vcpu(1);
	for (unsigned sie = 0; sie < 2; sie++) {
		on(0);
		csr()->hie = 0;
		csr()->hvip = 0;
		csr()->vsstatus = sie ? SSTATUS_SIE : 0;
		waits(0);
		on(1);
		sbi(SBI_EXT_IPI, 0, 1, 0, 0);
		polls(2);
		on(0);
		assert_int_equal(hw()->place, PLACE_WFI);	/* it has not enabled that */
		csr()->hie = VSSIP;
		fake_wake(self);
		has_returned(0, 0);
		assert_true(csr()->hvip & VSSIP);
		assert_int_equal(sbi(GETCHAR, 0, 0, 0x1234, 0), 0);	/* it pends already */
		has_returned(0, 0);
	}
	type("k");
	on(0);
	assert_int_equal(sbi(GETCHAR, 0, 0, 0x1234, 0), 'k');	/* a byte goes first */
	csr()->hvip = 0;
	csr()->hie = 1ull << IRQ_VSTI;
	csr()->vstimecmp = fake.time + FAKE_HZ;
	waits(0);
	fake.time += FAKE_HZ;
	fake_wake(self);
	has_returned(0, 0);
}

/* The terminal's mail comes to vcpu 0, in whatever state that is. HSM shows a waiting hart as started. */
static void test_sibling(void **state)
{
	(void)state;
	start_vcpu(1);
	start_vcpu(2);
	waits(2);
	assert_int_equal(status(2), SBI_HSM_STATE_STARTED);
	type("a");
	has_returned(2, 'a');
	waits(2);
	on(0);
	sbi(SBI_EXT_HSM, SBI_HSM_SUSPEND, 0, 0, 0);
	type("b");
	has_returned(2, 'b');
	assert_int_equal(fake.hw[fake_hart_of(A, 0)].place, PLACE_WFI);
	fake.hw[fake_hart_of(A, 0)].csr.hie = VSSIP;
	on(1);
	sbi(SBI_EXT_IPI, 0, 1, 0, 0);
	fake_settle();
	waits(2);
	on(0);
	sbi(SBI_EXT_HSM, SBI_HSM_STOP, 0, 0, 0);
	type("c");
	has_returned(2, 'c');
}

/* One byte is of one of them, and the other waits for the next one. */
static void test_two_wait(void **state)
{
	unsigned first;

	(void)state;
	start_vcpu(1);
	waits(1);
	waits(0);
	type("a");
	first = fake.hw[fake_hart_of(A, 0)].place == PLACE_GUEST ? 0 : 1;
	has_returned(first, 'a');
	on(!first);
	assert_int_equal(hw()->place, PLACE_WFI);
	type("b");
	has_returned(!first, 'b');
}

/* A guest that waits can be stopped and started; its next life waits anew, and the byte of the last one is gone. */
static void test_lives(void **state)
{
	(void)state;
	waits(0);
	command("\x1dmstop a");
	assert_int_equal(fake_vm(A)->state, VM_STOPPED);
	assert_int_equal(fake_vm(A)->readers, 0);
	type("\x1d" "1lost\x1dm");
	command("start a");
	assert_int_equal(fake_vm(A)->state, VM_RUNNING);
	waits(0);
	command("restart a");
	polls(50);
	on(0);
	assert_int_equal(hw()->place, PLACE_GUEST);
	assert_int_equal(hw()->x[10], 0);	/* its hart id */
	waits(0);
	type("\x1d" "1x");
	has_returned(0, 'x');
}

/* Its UART takes input for itself only if the guest reads it, or lets it interrupt. */
static void test_beside_uart(void **state)
{
	(void)state;
	waits(0);
	type("a");
	has_returned(0, 'a');
	type("bc");
	on(0);
	assert_int_equal(sbi(GETCHAR, 0, 0, 0x1234, 0), 'b');
	assert_int_equal(sbi(GETCHAR, 0, 0, 0x1234, 0), 'c');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_poll, setup_uart),
		cmocka_unit_test_setup(test_wait, setup_wait),
		cmocka_unit_test_setup(test_interrupted, setup_wait),
		cmocka_unit_test_setup(test_sibling, setup_wait),
		cmocka_unit_test_setup(test_two_wait, setup_wait),
		cmocka_unit_test_setup(test_lives, setup_wait),
		cmocka_unit_test_setup(test_beside_uart, setup_vuart),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
