/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions that trap: hypervisor and machine CSRs and instructions are illegal instructions
 * in a guest that has no H, never a virtual instruction (22); ebreak and misaligned accesses.
 */
#include "guests/test/test.h"

/* `native_too`: natively the same, though S-mode there has H. */
static void expect_illegal(const char *what, uint32_t insn, bool native_too)
{
	uint64_t code = lab_code();
	const struct tf *r;
	struct tf in;
	bool ok;

	lab_fill(&in);
	r = lab_run(&in, insn);
	ok = r->cause == CAUSE_ILLEGAL && r->epc == code && right_stval(insn, r->tval);
	check_expect(ok, native_too || !sbi.opensbi, __FILE__, __LINE__,
		     "%s: cause %lu epc +%ld stval 0x%lx", what, r->cause, r->epc - code, r->tval);
	if (ok)
		EXPECT(lab_regs_kept(&in, r, 0), "%s changes registers", what);
}

static void t_hyper_csrs(void)
{
	static const uint16_t csrs[] = {
		0x600, 0x602, 0x603, 0x604, 0x605, 0x606, 0x607, 0x60a, 0x60c, 0x643, 0x644, 0x645,
		0x64a, 0x680, 0x200, 0x204, 0x205, 0x240, 0x241, 0x242, 0x243, 0x244, 0x24d, 0x280,
		0xe12,
	};
	char name[24];

	if (sbi.opensbi) {
		check_skip("natively S-mode has H");
		return;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(csrs); i++) {
		formatf(name, sizeof(name), "csrr 0x%x", csrs[i]);
		expect_illegal(name, enc_csrr(csrs[i], REG_A0), false);
		formatf(name, sizeof(name), "csrw 0x%x", csrs[i]);
		expect_illegal(name, enc_csrw(csrs[i], REG_A0), false);
	}
}

static void t_machine_csrs(void)
{
	static const uint16_t csrs[] = { 0x300, 0x301, 0x304, 0x305, 0x340, 0x341, 0x342, 0x343,
					 0x344, 0x3a0, 0x3b0, 0xb00, 0xf11, 0xf14 };
	char name[24];

	for (unsigned int i = 0; i < ARRAY_SIZE(csrs); i++) {
		formatf(name, sizeof(name), "csrr 0x%x", csrs[i]);
		expect_illegal(name, enc_csrr(csrs[i], REG_A0), true);
	}
	expect_illegal("csrr of no register", enc_csrr(0x5ff, REG_A0), true);
	expect_illegal("csrw to a read-only register", enc_csrw(0xc01, REG_A0), true);
}

static void t_hyper_insns(void)
{
	if (sbi.opensbi) {
		check_skip("natively S-mode has H");
		return;
	}
	expect_illegal("hlv.w", INSN_HLV_W(REG_A0, REG_A1), false);
	expect_illegal("hlvx.hu", INSN_HLVX_HU(REG_A0, REG_A1), false);
	expect_illegal("hsv.w", INSN_HSV_W(REG_A0, REG_A1), false);
	expect_illegal("hfence.vvma", INSN_HFENCE_VVMA, false);
	expect_illegal("hfence.gvma", INSN_HFENCE_GVMA, false);
}

static void t_illegal(void)
{
	expect_illegal("mret", INSN_MRET, true);
	expect_illegal("all zeros", 0x0000, true);
	expect_illegal("all ones", 0xffffffff, true);
	expect_illegal("custom-0", 0x0000000b, true);
	expect_illegal("reserved load width", enc_load(7, REG_A0, REG_A1, 0), true);
	expect_illegal("c.lwsp to x0", enc_c_lwsp(0, 0), true);
}

/* These work in a guest as they do on the bare machine. */
static void expect_works(const char *what, uint32_t insn)
{
	const struct tf *r;
	struct tf in;

	lab_fill(&in);
	in.x[REG_A0] = 0;
	in.x[REG_A1] = 0;
	r = lab_run(&in, insn);
	EXPECT(lab_completed(r, lab_code(), insn), "%s: cause %lu", what, r->cause);
}

static void t_works(void)
{
	expect_works("csrr time", enc_csrr(0xc01, REG_A0));
	expect_works("csrr cycle", enc_csrr(0xc00, REG_A0));
	expect_works("csrr instret", enc_csrr(0xc02, REG_A0));
	expect_works("csrr satp", enc_csrr(0x180, REG_A0));
	expect_works("csrr senvcfg", enc_csrr(0x10a, REG_A0));
	expect_works("csrr scounteren", enc_csrr(0x106, REG_A0));
	expect_works("sfence.vma", INSN_SFENCE_VMA);
	expect_works("fence.tso", 0x8330000f);
	expect_works("fence.i", 0x0000100f);
	expect_works("pause", 0x0100000f);
	csr_write(sie, 1UL << IRQ_SOFT);
	csr_set(sip, 2);
	expect_works("wfi", INSN_WFI);
	csr_clear(sip, 2);
	csr_write(sie, 0);
}

static void t_ebreak(void)
{
	const struct tf *r;
	struct tf in;

	lab_fill(&in);
	r = lab_run(&in, INSN_EBREAK);
	EXPECT(r->cause == CAUSE_BREAKPOINT && r->epc == lab_code(), "ebreak: cause %lu epc +%ld",
	       r->cause, r->epc - lab_code());
	EXPECT(lab_regs_kept(&in, r, 0), "ebreak changes registers");
	r = lab_run(&in, INSN_C_EBREAK);
	EXPECT(r->cause == CAUSE_BREAKPOINT && r->epc == lab_code(), "c.ebreak: cause %lu epc +%ld",
	       r->cause, r->epc - lab_code());
	EXPECT((r->status & SSTATUS_SPP) != 0, "ebreak from S-mode: SPP is 0");
}

/*
 * Misaligned in RAM: works or traps as misaligned, never anything else; AMOs must trap. QEMU
 * makes a load and a store of an AMO when it emulates only one hart, so cause 4 can be, too.
 */
static void t_misaligned(void)
{
	static uint64_t data[3] = { 0x1122334455667788, 0x99aabbccddeeff00, 0 };
	const struct tf *r;
	struct tf in;

	for (unsigned int k = 1; k < 8; k++) {
		uint64_t want = data[0] >> 8 * k | data[1] << (64 - 8 * k);

		lab_fill(&in);
		in.x[REG_A0] = (uint64_t)data + k;
		r = lab_run(&in, enc_load(W_D, REG_A1, REG_A0, 0));
		EXPECT((r->cause == CAUSE_BREAKPOINT && r->x[REG_A1] == want) ||
		       (r->cause == CAUSE_LOAD_MISALIGNED && r->tval == in.x[REG_A0]),
		       "ld at +%u: cause %lu value 0x%lx", k, r->cause, r->x[REG_A1]);
		r = lab_run(&in, enc_amo(AMO_ADD, W_D, 12, 0, REG_A0));
		EXPECT((r->cause == CAUSE_STORE_MISALIGNED || r->cause == CAUSE_STORE_ACCESS ||
			r->cause == CAUSE_LOAD_MISALIGNED) && r->epc == lab_code() &&
		       r->tval == in.x[REG_A0],
		       "amoadd.d at +%u: cause %lu stval 0x%lx", k, r->cause, r->tval);
	}
}

void tests_insn(void)
{
	RUN({ "insn.hyper-csrs", t_hyper_csrs }, { "insn.machine-csrs", t_machine_csrs },
	    { "insn.hyper", t_hyper_insns }, { "insn.illegal", t_illegal },
	    { "insn.works", t_works }, { "insn.ebreak", t_ebreak },
	    { "insn.misaligned", t_misaligned });
}
