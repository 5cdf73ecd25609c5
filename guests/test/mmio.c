/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Emulated device accesses by every load and store form, with every register, with offsets, at
 * the end of a page, and the forms that a device does not take: those give an access fault with
 * exact sepc and stval and change nothing. The device is the PLIC: a priority of an own source
 * where there is one (it keeps values), else the enable word 0 (reads 0).
 */
#include "guests/test/test.h"

static uint64_t reg;		/* address of the register */
static bool keeps;		/* it keeps what is written, 0..7 */

static volatile uint32_t *reg_ptr(void)
{
	return (volatile uint32_t *)reg;
}

static bool setup(void)
{
	uint32_t s = own_source();

	if (!plic.base) {
		check_skip("no PLIC");
		return false;
	}
	keeps = s != 0;
	reg = plic.base + (s ? PLIC_PRIORITY(s) : PLIC_ENABLE(cpus[0].plic_ctx, 0));
	if (!keeps)
		check_note("no own source: only zeros can be read");
	return true;
}

static void set_reg(uint32_t v)
{
	*reg_ptr() = v;
}

static bool reg_is(uint32_t v)
{
	return *reg_ptr() == (keeps ? v : 0);
}

static void expect_load(const char *what, struct tf *in, uint32_t insn, unsigned int rd,
			uint64_t want)
{
	const struct tf *r = lab_run(in, insn);

	if (!EXPECT(lab_completed(r, lab_code(), insn), "%s x%u: cause %lu epc +%ld", what, rd,
		    r->cause, r->epc - lab_code()))
		return;
	EXPECT(!rd || r->x[rd] == want, "%s x%u: 0x%lx, not 0x%lx", what, rd, r->x[rd], want);
	EXPECT(lab_regs_kept(in, r, rd), "%s x%u changes other registers", what, rd);
}

static void t_loads(void)
{
	static const int offsets[] = { 0, 4, -4, 2044, -2048 };
	unsigned int rs1;
	struct tf in;

	if (!setup())
		return;
	set_reg(5);
	for (unsigned int w = W_W; w <= W_WU; w += W_WU - W_W) {
		for (unsigned int rd = 0; rd < 32; rd++) {
			rs1 = rd == 31 ? 1 : rd + 1;
			for (unsigned int k = 0; k < ARRAY_SIZE(offsets); k++) {
				lab_fill(&in);
				in.x[rs1] = reg - (uint64_t)(int64_t)offsets[k];
				expect_load(w == W_W ? "lw" : "lwu", &in,
					    enc_load(w, rd, rs1, offsets[k]), rd, keeps ? 5 : 0);
			}
			if (!rd)
				continue;
			lab_fill(&in);
			in.x[rd] = reg;
			expect_load("load over its base", &in, enc_load(w, rd, rd, 0), rd,
				    keeps ? 5 : 0);
		}
	}
	set_reg(0);
}

static void t_c_loads(void)
{
	struct tf in;

	if (!setup())
		return;
	set_reg(6);
	for (unsigned int rd = 8; rd < 16; rd++) {
		for (unsigned int off = 0; off <= 124; off += 4) {
			unsigned int rs1 = 8 + (rd + off / 4) % 8;

			lab_fill(&in);
			in.x[rs1] = reg - off;
			expect_load("c.lw", &in, enc_cl_w(2, rd, rs1, off), rd, keeps ? 6 : 0);
		}
	}
	for (unsigned int rd = 1; rd < 32; rd++) {
		for (unsigned int off = 0; off <= 252; off += rd == 2 ? 4 : 84) {
			lab_fill(&in);
			in.x[REG_SP] = reg - off;
			expect_load("c.lwsp", &in, enc_c_lwsp(rd, off), rd, keeps ? 6 : 0);
		}
	}
	set_reg(0);
}

static void expect_store(const char *what, struct tf *in, uint32_t insn, unsigned int rs2,
			 uint32_t want)
{
	const struct tf *r;

	set_reg(want ^ 7);
	r = lab_run(in, insn);
	if (!EXPECT(lab_completed(r, lab_code(), insn), "%s x%u: cause %lu epc +%ld", what, rs2,
		    r->cause, r->epc - lab_code()))
		return;
	EXPECT(lab_regs_kept(in, r, 0), "%s x%u changes registers", what, rs2);
	EXPECT(reg_is(want), "%s x%u: the register is 0x%x, not 0x%x", what, rs2, *reg_ptr(), want);
}

static void t_stores(void)
{
	static const int offsets[] = { 0, 4, -4, 2044, -2048 };
	unsigned int rs1;
	struct tf in;

	if (!setup())
		return;
	for (unsigned int rs2 = 0; rs2 < 32; rs2++) {
		rs1 = rs2 == 31 ? 1 : rs2 + 1;
		for (unsigned int k = 0; k < ARRAY_SIZE(offsets); k++) {
			uint32_t v = rs2 ? rs2 & 7 : 0;

			lab_fill(&in);
			in.x[rs2] = 0xffffffff00000000ULL | v;
			in.x[rs1] = reg - (uint64_t)(int64_t)offsets[k];
			expect_store("sw", &in, enc_store(W_W, rs2, rs1, offsets[k]), rs2, v);
		}
	}
	set_reg(0);
}

static void t_c_stores(void)
{
	struct tf in;

	if (!setup())
		return;
	for (unsigned int rs2 = 8; rs2 < 16; rs2++) {
		for (unsigned int off = 0; off <= 124; off += 4) {
			unsigned int rs1 = 8 + (rs2 - 7 + off / 4 % 7) % 8;

			lab_fill(&in);
			in.x[rs2] = rs2 & 7;
			in.x[rs1] = reg - off;
			if (rs1 != rs2)
				expect_store("c.sw", &in, enc_cl_w(6, rs2, rs1, off), rs2, rs2 & 7);
		}
	}
	for (unsigned int rs2 = 0; rs2 < 32; rs2++) {
		if (rs2 == REG_SP)
			continue;
		for (unsigned int off = 0; off <= 252; off += 84) {
			lab_fill(&in);
			in.x[rs2] = rs2 ? rs2 & 7 : 0;
			in.x[REG_SP] = reg - off;
			expect_store("c.swsp", &in, enc_c_swsp(rs2, off), rs2, rs2 & 7);
		}
	}
	set_reg(0);
}

/* Refused: cause a or b, exact sepc and stval, registers and device as before. */
static void expect_fault(const char *what, struct tf *in, uint32_t insn, uint64_t addr, uint64_t a,
			 uint64_t b, bool native_too)
{
	uint64_t code = lab_code();
	const struct tf *r;
	bool ok;

	set_reg(3);
	r = lab_run(in, insn);
	ok = (r->cause == a || r->cause == b) && r->epc == code && r->tval == addr;
	check_expect(ok, native_too || !sbi.opensbi, __FILE__, __LINE__,
		     "%s: cause %lu epc +%ld stval 0x%lx for 0x%lx", what, r->cause, r->epc - code,
		     r->tval, addr);
	if (!ok)
		return;
	EXPECT(lab_regs_kept(in, r, 0), "%s changes registers", what);
	EXPECT(reg_is(3), "%s changes the device: 0x%x", what, *reg_ptr());
}

static void t_widths(void)
{
	static const struct {
		const char *name;
		unsigned int w;
	} loads[] = {
		{ "lb", W_B }, { "lh", W_H }, { "ld", W_D }, { "lbu", W_BU }, { "lhu", W_HU },
	}, stores[] = { { "sb", W_B }, { "sh", W_H }, { "sd", W_D } };
	uint64_t even;
	struct tf in;

	if (!setup())
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(loads); i++) {
		even = loads[i].w == W_D ? reg & ~7ULL : reg;
		lab_fill(&in);
		in.x[REG_A0] = even - 8;
		expect_fault(loads[i].name, &in, enc_load(loads[i].w, REG_A1, REG_A0, 8), even,
			     CAUSE_LOAD_ACCESS, CAUSE_LOAD_ACCESS, true);
		expect_fault("load to x0", &in, enc_load(loads[i].w, 0, REG_A0, 8), even,
			     CAUSE_LOAD_ACCESS, CAUSE_LOAD_ACCESS, true);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(stores); i++) {
		even = stores[i].w == W_D ? reg & ~7ULL : reg;
		lab_fill(&in);
		in.x[REG_A0] = even - 8;
		expect_fault(stores[i].name, &in, enc_store(stores[i].w, REG_A1, REG_A0, 8), even,
			     CAUSE_STORE_ACCESS, CAUSE_STORE_ACCESS, true);
	}
	even = reg & ~7ULL;
	lab_fill(&in);
	in.x[REG_A0] = even - 8;
	in.x[REG_SP] = even - 8;
	expect_fault("c.ld", &in, enc_cl_d(3, REG_A1, REG_A0, 8), even, CAUSE_LOAD_ACCESS,
		     CAUSE_LOAD_ACCESS, true);
	expect_fault("c.sd", &in, enc_cl_d(7, REG_A1, REG_A0, 8), even, CAUSE_STORE_ACCESS,
		     CAUSE_STORE_ACCESS, true);
	expect_fault("c.ldsp", &in, enc_c_ldsp(REG_A1, 8), even, CAUSE_LOAD_ACCESS,
		     CAUSE_LOAD_ACCESS, true);
	expect_fault("c.sdsp", &in, enc_c_sdsp(REG_A1, 8), even, CAUSE_STORE_ACCESS,
		     CAUSE_STORE_ACCESS, true);
}

static void t_misaligned(void)
{
	struct tf in;

	if (!setup())
		return;
	for (unsigned int k = 1; k < 4; k++) {
		lab_fill(&in);
		in.x[REG_A0] = reg + k;
		expect_fault("misaligned lw", &in, enc_load(W_W, REG_A1, REG_A0, 0), reg + k,
			     CAUSE_LOAD_MISALIGNED, CAUSE_LOAD_ACCESS, false);
		expect_fault("misaligned sw", &in, enc_store(W_W, REG_A1, REG_A0, 0), reg + k,
			     CAUSE_STORE_MISALIGNED, CAUSE_STORE_ACCESS, false);
	}
}

static void t_atomic(void)
{
	static const struct {
		const char *name;
		unsigned int op;
	} ops[] = {
		{ "amoadd", AMO_ADD }, { "amoswap", AMO_SWAP }, { "amoor", AMO_OR },
		{ "amoand", AMO_AND },
	};
	const struct tf *r;
	struct tf in;

	if (!setup())
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++) {
		lab_fill(&in);
		in.x[REG_A0] = reg;
		expect_fault(ops[i].name, &in, enc_amo(ops[i].op, W_W, 12, REG_A1, REG_A0), reg,
			     CAUSE_STORE_ACCESS, CAUSE_STORE_ACCESS, false);
		expect_fault(ops[i].name, &in, enc_amo(ops[i].op, W_W, 0, REG_A1, REG_A0), reg,
			     CAUSE_STORE_ACCESS, CAUSE_STORE_ACCESS, false);
	}
	lab_fill(&in);
	in.x[REG_A0] = reg;
	expect_fault("lr.w", &in, enc_amo(AMO_LR, W_W, 12, 0, REG_A0), reg, CAUSE_LOAD_ACCESS,
		     CAUSE_LOAD_ACCESS, false);
	/* Without a reservation sc may fail before it looks at the address. */
	set_reg(3);
	r = lab_run(&in, enc_amo(AMO_SC, W_W, 12, REG_A1, REG_A0));
	EXPECT((r->cause == CAUSE_BREAKPOINT && r->x[12] != 0) ||
	       (r->cause == CAUSE_STORE_ACCESS && r->tval == reg), "sc.w: cause %lu result %lu",
	       r->cause, r->x[12]);
	EXPECT(reg_is(3), "sc.w changes the device");
}

static void t_float(void)
{
	struct tf in;

	if (!setup())
		return;
	if (!dt_isa_has(0, "d")) {
		check_skip("no D in the ISA");
		return;
	}
	csr_set(sstatus, SSTATUS_FS);
	lab_fill(&in);
	in.x[REG_A0] = reg;
	expect_fault("flw", &in, enc_fload(W_W, 1, REG_A0), reg, CAUSE_LOAD_ACCESS,
		     CAUSE_LOAD_ACCESS, false);
	expect_fault("fsw", &in, enc_fstore(W_W, 1, REG_A0), reg, CAUSE_STORE_ACCESS,
		     CAUSE_STORE_ACCESS, false);
	in.x[REG_A0] = reg & ~7ULL;
	in.x[REG_SP] = in.x[REG_A0];
	expect_fault("fld", &in, enc_fload(W_D, 1, REG_A0), reg & ~7ULL, CAUSE_LOAD_ACCESS,
		     CAUSE_LOAD_ACCESS, false);
	expect_fault("fsd", &in, enc_fstore(W_D, 1, REG_A0), reg & ~7ULL, CAUSE_STORE_ACCESS,
		     CAUSE_STORE_ACCESS, false);
	expect_fault("c.fld", &in, enc_cl_d(1, REG_A1, REG_A0, 0), reg & ~7ULL, CAUSE_LOAD_ACCESS,
		     CAUSE_LOAD_ACCESS, false);
	expect_fault("c.fsd", &in, enc_cl_d(5, REG_A1, REG_A0, 0), reg & ~7ULL, CAUSE_STORE_ACCESS,
		     CAUSE_STORE_ACCESS, false);
	expect_fault("c.fldsp", &in, 0x2582, reg & ~7ULL, CAUSE_LOAD_ACCESS, CAUSE_LOAD_ACCESS,
		     false);
	csr_clear(sstatus, SSTATUS_FS);
}

/* A pair in RAM's last halfwords: nothing behind the instruction may be read to decode it. */
static void t_page_end(void)
{
	const struct range *ram = &machine.ram[machine.nram - 1];
	uint64_t end = ram->base + ram->size;
	volatile uint16_t *p = (volatile uint16_t *)(end - 2);
	const struct tf *r;
	struct tf in;

	if (!setup())
		return;
	if (dt_reserved(end - 4, 4) || dt_claims(end, 16)) {
		check_skip("the last bytes of RAM are occupied");
		return;
	}
	set_reg(4);
	lab_fill(&in);
	*p = (uint16_t)enc_cl_w(2, REG_A1, REG_A0, 0);
	in.x[REG_A0] = reg;
	in.epc = end - 2;
	r = excursion(&in, false);
	EXPECT(r->cause == CAUSE_FETCH_ACCESS && r->epc == end && r->tval == end,
	       "c.lw in the last halfword: cause %lu epc 0x%lx stval 0x%lx, end 0x%lx", r->cause,
	       r->epc, r->tval, end);
	EXPECT(r->x[REG_A1] == (keeps ? 4 : 0), "c.lw in the last halfword reads 0x%lx",
	       r->x[REG_A1]);
	*p = 0;
	set_reg(0);
}

void tests_mmio(void)
{
	RUN({ "mmio.loads", t_loads }, { "mmio.c-loads", t_c_loads }, { "mmio.stores", t_stores },
	    { "mmio.c-stores", t_c_stores }, { "mmio.widths", t_widths },
	    { "mmio.misaligned", t_misaligned }, { "mmio.atomic", t_atomic },
	    { "mmio.float", t_float }, { "mmio.page-end", t_page_end });
}
