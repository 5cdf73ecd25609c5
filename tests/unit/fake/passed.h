/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest does whose contexts of the PLIC are passed to it. Included after <cmocka.h>. */
#ifndef TESTS_UNIT_FAKE_PASSED_H
#define TESTS_UNIT_FAKE_PASSED_H

#include "hyp/vdev/vplic_int.h"
#include "tests/unit/fake/vuart.h"

#define WIRE	7
#define OTHER	9
#define FOREIGN	21	/* b's */
#define ENABLE	(FAKE_PLIC + 0x2080)
#define CLAIM	(CONTEXT + 4)
#define C_SW_A1_A0	0xc10cu	/* c.sw a1, 0(a0) */

static inline int setup_mapped(void **state)
{
	setup(state);
	config.plic = PLIC_MAPPED;
	boot();
	return 0;
}

static inline uint32_t context_of(unsigned hart)
{
	return (uint32_t)fake.plan.harts[hart].plic_context[0];
}

static inline struct vplic *plic(void) { return &fake_vm(A)->devs.vintcs[0].plic; }

static inline void arm(uint32_t id, uint32_t priority)
{
	guest_sw(FAKE_PLIC + 4 * id, priority);
	guest_sw(ENABLE, guest_lw(ENABLE) | 1u << id);
	fake_csr_to(self, CSR_VSIE, SEIE);
}

static inline void raise(uint32_t id)
{
	naive_set_level(&fake.plic, id, true);
	fake_interrupt(self);
}

static inline bool is_armed(void)
{
	bool armed = csr()->hstatus & HSTATUS_ARMED;

	assert_int_equal(armed, !(csr()->sie & SEIE));
	return armed;
}

/* A store of a1 with nothing above its word, as short as it may be served. Returns the exits that C had to serve. */
static inline uint32_t store(uint64_t at, uint32_t insn, uint64_t v, uint64_t htinst)
{
	uint64_t length = htinst ? (htinst & 2) + 2 : (insn & 3) == 3 ? 4 : 2;

	code_at(BOOT_PC + 0x200, insn);
	hw()->x[10] = at;
	hw()->x[11] = v;
	fake_count_from_here();
	exit_with(CAUSE_STORE_GUEST_PAGE, at, at, htinst);
	assert_int_equal(hw()->x[0], BOOT_PC + 0x200 + length);
	return fake.nr_lines;
}

#define EACH_MODE(test) \
	cmocka_unit_test_setup(test, setup_vuart), cmocka_unit_test_setup(test, setup_mapped)

#define RECEIVED	1	/* IER: ERBFI */

static inline void arm_virtual(uint32_t priority)
{
	out(FCR, 0);
	out(IER, RECEIVED);
	arm(FAKE_VUART_IRQ, priority);
}

#endif
