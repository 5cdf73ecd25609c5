/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest of the fake machine, a, does to its virtual UART. Included after <cmocka.h>. */
#ifndef TESTS_UNIT_FAKE_VUART_H
#define TESTS_UNIT_FAKE_VUART_H

#include "hyp/console/console.h"
#include "tests/unit/fake/exits.h"

enum { RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR, THR = RBR, FCR = IIR, DLL = RBR, DLM = IER };

#define LBU_A1_A0	0x00054583u
#define LB_A1_A0	0x00050583u
#define SB_A1_A0	0x00b50023u
#define IDLE		0x60u		/* LSR: the transmitter is empty */
#define CONTEXT		(FAKE_PLIC + 0x201000)

static bool wide;	/* the registers are words */

static inline uint8_t in(unsigned reg)
{
	if (wide) {
		uint32_t word = guest_lw(FAKE_VUART + 4 * reg);

		assert_true(word < 256);
		return (uint8_t)word;
	}
	code_at(BOOT_PC + 0x100, LBU_A1_A0);
	exit_with(CAUSE_LOAD_GUEST_PAGE, 0xffffffc000000000ull | (FAKE_VUART + reg), FAKE_VUART + reg, 0);
	assert_int_equal(hw()->x[0], BOOT_PC + 0x104);
	assert_true(hw()->x[11] < 256);
	return (uint8_t)hw()->x[11];
}

static inline void out(unsigned reg, uint8_t value)
{
	if (wide) {
		guest_sw(FAKE_VUART + 4 * reg, 0xffffff00u | value);
		return;
	}
	code_at(BOOT_PC + 0x200, SB_A1_A0);
	hw()->x[11] = 0x1234567800ull | value;
	exit_with(CAUSE_STORE_GUEST_PAGE, 0xffffffc000000000ull | (FAKE_VUART + reg), FAKE_VUART + reg, 0);
	assert_int_equal(hw()->x[0], BOOT_PC + 0x204);
}

static inline int setup_mode(void **state, enum plic_mode mode, bool four_bytes)
{
	setup(state);
	config.plic = mode;
	config.vuart = true;
	boot();
	/* reg-shift = <2>, reg-io-width = <4> */
	fake.plan.vms[A].vuart.reg_shift = four_bytes ? 2 : 0;
	fake.plan.vms[A].vuart.reg_io_width = four_bytes ? 4 : 1;
	wide = four_bytes;
	return 0;
}

static inline int setup_vuart(void **state) { return setup_mode(state, PLIC_GUARDED, false); }
static inline int setup_emulated(void **state) { return setup_mode(state, PLIC_EMULATED, false); }
static inline int setup_wide(void **state) { return setup_mode(state, PLIC_GUARDED, true); }
static inline int setup_wide_emulated(void **state) { return setup_mode(state, PLIC_EMULATED, true); }

/* A test in each mode that a virtual source may have. */
#define VUART_TEST(test) cmocka_unit_test_setup(test, setup_vuart), cmocka_unit_test_setup(test, setup_emulated)
#define VUART_TEST_WIDE(test) \
	cmocka_unit_test_setup(test, setup_wide), cmocka_unit_test_setup(test, setup_wide_emulated)

/* What the console's hart does for something that was typed. */
static inline void type(const char *text)
{
	unsigned first = fake_hart_of(A, 0);

	for (; *text; text++)
		console_type(A, (uint8_t)*text);
	hart_get(first)->mailbox |= MAIL_CONSOLE;
	fake.hw[first].csr.ssip = 1ull << IRQ_SSI;
	fake_settle();
}

static inline void enable_plic(void)
{
	guest_sw(FAKE_PLIC + 4 * FAKE_VUART_IRQ, 1);
	guest_sw(FAKE_PLIC + 0x2080, 1u << FAKE_VUART_IRQ);
	guest_sw(CONTEXT, 0);
}

static inline bool interrupted(void) { return csr()->hvip & VSEIP; }

#endif
