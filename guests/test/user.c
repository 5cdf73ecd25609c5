/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * U-mode of the guest: its traps come to the guest's S-mode, with SPP = 0, whatever they are;
 * the SBI is not callable from there; interrupts are taken and U-mode continues.
 */
#include "guests/test/test.h"

#define HLV_W INSN_HLV_W(REG_A1, REG_A0)

static const struct tf *run_user(struct tf *in, uint32_t insn)
{
	return lab_run_at(in, insn, lab_code(), lab_code(), true);
}

static void expect_trap(const char *what, uint32_t insn, uint64_t cause, uint64_t tval)
{
	uint64_t code = lab_code();
	const struct tf *r;
	struct tf in;

	lab_fill(&in);
	in.x[REG_A0] = find_hole();
	r = run_user(&in, insn);
	EXPECT(r->cause == cause && r->epc == code, "%s: cause %lu epc +%ld", what, r->cause,
	       r->epc - code);
	EXPECT(cause == CAUSE_ILLEGAL ? right_stval(insn, r->tval) :
	       cause == CAUSE_BREAKPOINT ? r->tval == 0 || r->tval == code : r->tval == tval,
	       "%s: stval 0x%lx", what, r->tval);
	EXPECT(!(r->status & SSTATUS_SPP), "%s: SPP is 1", what);
	EXPECT(lab_regs_kept(&in, r, 0), "%s changes registers", what);
}

static void t_ecall(void)
{
	expect_trap("ecall", INSN_ECALL, CAUSE_ECALL_U, 0);
}

static void t_ebreak(void)
{
	expect_trap("ebreak", INSN_EBREAK, CAUSE_BREAKPOINT, 0);
	expect_trap("c.ebreak", INSN_C_EBREAK, CAUSE_BREAKPOINT, 0);
}

static void t_illegal(void)
{
	expect_trap("csrr sstatus", enc_csrr(0x100, REG_A1), CAUSE_ILLEGAL, 0);
	expect_trap("csrr hstatus", enc_csrr(0x600, REG_A1), CAUSE_ILLEGAL, 0);
	expect_trap("csrr vsstatus", enc_csrr(0x200, REG_A1), CAUSE_ILLEGAL, 0);
	expect_trap("sret", INSN_SRET, CAUSE_ILLEGAL, 0);
	expect_trap("mret", INSN_MRET, CAUSE_ILLEGAL, 0);
	expect_trap("sfence.vma", INSN_SFENCE_VMA, CAUSE_ILLEGAL, 0);
	expect_trap("hfence.vvma", INSN_HFENCE_VVMA, CAUSE_ILLEGAL, 0);
	expect_trap("hlv.w", HLV_W, CAUSE_ILLEGAL, 0);
	expect_trap("all zeros", 0, CAUSE_ILLEGAL, 0);
}

/* wfi in U-mode: illegal, or done within a bounded time; nothing else. */
static void t_wfi(void)
{
	const struct tf *r;
	struct tf in;

	/* An enabled timer bounds the wait where U-mode may wait at all. */
	lab_fill(&in);
	timer_set(time_now() + ms_to_ticks(5));
	csr_write(sie, 1UL << IRQ_TIMER);
	irq_enable();
	r = run_user(&in, INSN_WFI);
	irq_disable();
	timer_set(TIME_NEVER);
	EXPECT((r->cause == CAUSE_ILLEGAL && r->epc == lab_code()) ||
	       lab_completed(r, lab_code(), INSN_WFI), "cause %lu", r->cause);
}

static void t_access(void)
{
	uint64_t hole = find_hole();

	expect_trap("load", enc_load(W_D, REG_A1, REG_A0, 0), CAUSE_LOAD_ACCESS, hole);
	expect_trap("store", enc_store(W_D, REG_A1, REG_A0, 0), CAUSE_STORE_ACCESS, hole);
}

/* U-mode may use a device its S-mode lets it use: emulation works from there too. */
static void t_mmio(void)
{
	uint32_t s = own_source();
	const struct tf *r;
	struct tf in;

	if (!plic.base) {
		check_skip("no PLIC");
		return;
	}
	if (s)
		plic_write(PLIC_PRIORITY(s), 5);
	lab_fill(&in);
	in.x[REG_A0] = plic.base + PLIC_PRIORITY(s);
	r = run_user(&in, enc_load(W_W, REG_A1, REG_A0, 0));
	EXPECT(r->cause == CAUSE_BREAKPOINT && r->x[REG_A1] == (s ? 5 : 0),
	       "cause %lu value 0x%lx", r->cause, r->x[REG_A1]);
	if (s)
		plic_write(PLIC_PRIORITY(s), 0);
}

/* A timer interrupt in the middle of a U-mode loop; the loop ends when its counter is 0. */
static void t_interrupt(void)
{
	static const uint32_t loop[] = {
		0xfff50513,	/* addi a0, a0, -1 */
		0xfe051ee3,	/* bnez a0, -4 */
	};
	struct cpu *c = this_cpu();
	uint64_t code = lab_code(), n = c->timer_count;
	volatile uint32_t *p = (volatile uint32_t *)code;
	uint64_t end = time_now() + ms_to_ticks(LONG_MS);
	const struct tf *r;
	struct tf in;

	p[0] = loop[0];
	p[1] = loop[1];
	p[2] = INSN_ECALL;
	while (c->timer_count == n && time_now() < end) {
		lab_fill(&in);
		in.x[REG_A0] = 2000000;
		in.epc = code;
		timer_set(time_now() + ms_to_ticks(1));
		csr_write(sie, 1UL << IRQ_TIMER);
		irq_enable();
		r = excursion(&in, true);
		irq_disable();
		in.x[REG_A0] = 0;
		EXPECT(r->cause == CAUSE_ECALL_U && r->epc == code + 8, "cause %lu epc +%ld",
		       r->cause, r->epc - code);
		EXPECT(lab_regs_kept(&in, r, 0), "the interrupt changes registers");
	}
	timer_set(TIME_NEVER);
	EXPECT(c->timer_count != n, "no interrupt in U-mode");
}

/* Cycles, time and instructions, before scounteren is written: as firmware leaves it for a kernel. */
static void t_counters(void)
{
	const struct tf *r;
	struct tf in;

	for (uint32_t csr = 0xc00; csr < 0xc03; csr++) {
		lab_fill(&in);
		r = run_user(&in, enc_csrr(csr, REG_A1));
		EXPECT(r->cause == CAUSE_BREAKPOINT, "counter 0x%x: cause %lu", csr, r->cause);
	}
}

void tests_user(void)
{
	RUN({ "user.ecall", t_ecall }, { "user.ebreak", t_ebreak }, { "user.illegal", t_illegal },
	    { "user.wfi", t_wfi }, { "user.access", t_access }, { "user.mmio", t_mmio },
	    { "user.interrupt", t_interrupt }, { "user.counters", t_counters });
}
