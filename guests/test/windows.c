/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers in a page that has registers of another owner, too, for a guest whose ns16550 lies there. Only with
 * test.window=<address> (decimal), its base; the window has WINDOW bytes. Every load and store in every width reaches
 * the device's scratch register, with every register; the rest of the page gives an access fault.
 */
#include "guests/test/test.h"

#define WINDOW	0xfcu		/* no multiple of 8: a doubleword may begin in it and end behind it */
#define THR	0	/* of 8 bits while DLAB is set, which has no other effect here */
#define LCR	3
#define DLAB	0x80u
#define SCRATCH	7
#define REFUSES_WINDOW	0x22u	/* of the other device, if there is one */
#define PAGE	4096ul

static uint64_t base;

static uint8_t scratch(void)
{
	return *(volatile uint8_t *)(base + SCRATCH);
}

static void set_scratch(uint8_t v)
{
	*(volatile uint8_t *)(base + SCRATCH) = v;
}

static void t_bytes(void)
{
	const struct tf *r;
	unsigned int at;
	uint32_t insn;
	struct tf in;

	for (unsigned int reg = 0; reg < 32; reg++) {
		at = reg == 31 ? 1 : reg + 1;
		set_scratch((uint8_t)(0x80 + reg));
		for (unsigned int w = W_B; w <= W_BU; w += W_BU - W_B) {
			lab_fill(&in);
			in.x[at] = base;
			insn = enc_load(w, reg, at, SCRATCH);
			r = lab_run(&in, insn);
			EXPECT(lab_completed(r, lab_code(), insn) && lab_regs_kept(&in, r, reg), "load to x%u", reg);
			EXPECT(!reg || r->x[reg] == (w == W_B ? 0xffffffffffffff80ul : 0x80) + reg, "x%u: 0x%lx", reg,
			       r->x[reg]);
		}
		lab_fill(&in);
		in.x[at] = base;
		in.x[reg] = 0x5500 + reg;
		insn = enc_store(W_B, reg, at, SCRATCH);
		r = lab_run(&in, insn);
		EXPECT(lab_completed(r, lab_code(), insn) && lab_regs_kept(&in, r, 0), "store of x%u", reg);
		EXPECT(scratch() == reg, "store of x%u: 0x%x", reg, scratch());
	}
}

/* Each width at the page's first register, where an access that is misaligned may have begun on the page before. */
static void t_widths(void)
{
	const struct { uint32_t insn; unsigned int reg, imm; } loads[] = {
		{ enc_load(W_H, REG_A1, REG_A0, 0), REG_A1, 0 }, { enc_load(W_W, 25, REG_A0, 4), 25, 4 },
		{ enc_load(W_D, 3, REG_A0, 8), 3, 8 }, { enc_load(W_HU, REG_A1, REG_A0, 2), REG_A1, 2 },
		{ enc_load(W_WU, 31, REG_A0, -4), 31, -4U }, { enc_cl_w(2, REG_A1, REG_A0, 0), REG_A1, 0 },
		{ enc_cl_w(2, 8, REG_A0, 4), 8, 4 }, { enc_cl_d(3, 9, REG_A0, 8), 9, 8 },
	}, stores[] = {
		{ enc_store(W_H, 18, REG_A0, 0), 18, 0 }, { enc_store(W_W, REG_A1, REG_A0, 4), REG_A1, 4 },
		{ enc_store(W_D, 28, REG_A0, -8), 28, -8U }, { enc_cl_w(6, REG_A1, REG_A0, 4), REG_A1, 4 },
		{ enc_cl_d(7, 9, REG_A0, 8), 9, 8 },
	};
	volatile uint8_t *uart = (volatile uint8_t *)base;
	uint8_t lcr = uart[LCR];
	const struct tf *r;
	struct tf in;

	uart[LCR] = lcr | DLAB;
	for (unsigned int i = 0; i < ARRAY_SIZE(loads); i++) {
		lab_fill(&in);
		in.x[REG_A0] = base - (uint64_t)(int)loads[i].imm;
		uart[THR] = (uint8_t)(0xa0 + i);
		r = lab_run(&in, loads[i].insn);
		EXPECT(lab_completed(r, lab_code(), loads[i].insn) && lab_regs_kept(&in, r, loads[i].reg) &&
		       r->x[loads[i].reg] == 0xa0 + i, "0x%x: 0x%lx", loads[i].insn, r->x[loads[i].reg]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(stores); i++) {
		lab_fill(&in);
		in.x[REG_A0] = base - (uint64_t)(int)stores[i].imm;
		in.x[stores[i].reg] = 0x50 + i;
		r = lab_run(&in, stores[i].insn);
		EXPECT(lab_completed(r, lab_code(), stores[i].insn) && lab_regs_kept(&in, r, 0) &&
		       uart[THR] == 0x50 + i, "0x%x: 0x%x", stores[i].insn, uart[THR]);
	}
	uart[LCR] = lcr;
}

static bool faults(struct tf *in, uint32_t insn, uint64_t cause, uint64_t at)
{
	const struct tf *r = lab_run(in, insn);

	return EXPECT(r->cause == cause && r->epc == lab_code() && r->tval == at && lab_regs_kept(in, r, 0),
		      "0x%x at 0x%lx: cause %lu stval 0x%lx", insn, at, r->cause, r->tval);
}

/*
 * A device that refuses an octet, behind a word that it gives: the fault is the guest's, of its privilege. The device
 * would give the word that begins in the window's last two octets.
 */
static void t_refused(void)
{
	uint64_t at = arg_u64("test.refuses", 0);
	const struct tf *r;
	struct tf in;

	if (!at) {
		check_skip("test.refuses is not given");
		return;
	}
	lab_fill(&in);
	for (unsigned int user = 0; user < 2; user++) {
		in.x[REG_A0] = at + REFUSES_WINDOW - 2;
		faults(&in, enc_load(W_W, REG_A1, REG_A0, 0), CAUSE_LOAD_ACCESS, in.x[REG_A0]);
		faults(&in, enc_store(W_W, REG_A1, REG_A0, 0), CAUSE_STORE_ACCESS, in.x[REG_A0]);
		in.x[REG_A0] = at;
		EXPECT(lab_run(&in, enc_load(W_W, REG_A1, REG_A0, 0))->cause == CAUSE_BREAKPOINT, "the word");
		r = lab_run_at(&in, enc_load(W_BU, REG_A1, REG_A0, 0), lab_code(), lab_code(), user);
		EXPECT(r->cause == CAUSE_LOAD_ACCESS && r->tval == at && r->epc == lab_code() &&
		       user == !(r->status & SSTATUS_SPP) && lab_regs_kept(&in, r, 0),
		       "load: cause %lu stval 0x%lx status 0x%lx", r->cause, r->tval, r->status);
		r = lab_run_at(&in, enc_store(W_B, 31, REG_A0, 0), lab_code(), lab_code(), user);
		EXPECT(r->cause == CAUSE_STORE_ACCESS && r->tval == at && r->epc == lab_code() &&
		       user == !(r->status & SSTATUS_SPP) && lab_regs_kept(&in, r, 0),
		       "store: cause %lu stval 0x%lx status 0x%lx", r->cause, r->tval, r->status);
	}
}

static void t_straddle(void)
{
	set_scratch(0x5a);	/* the next access in this window is the short one */
	check_straddle(base);
	EXPECT(scratch() == 0x5a, "it has changed: 0x%x", scratch());
}

/* The page, but for the window: every width at every place. */
static void t_others(void)
{
	uint64_t page = base & -PAGE;
	struct tf in;

	set_scratch(0x5a);
	lab_fill(&in);
	for (unsigned int w = W_B; w <= W_D; w++) {
		for (uint64_t at = page; at < page + PAGE; at += 1u << w) {
			if (at >= base && at + (1u << w) <= base + WINDOW)
				continue;
			in.x[REG_A0] = at;
			if (!faults(&in, enc_load(w, REG_A1, REG_A0, 0), CAUSE_LOAD_ACCESS, at) ||
			    !faults(&in, enc_store(w, REG_A1, REG_A0, 0), CAUSE_STORE_ACCESS, at))
				return;
		}
	}
	EXPECT(scratch() == 0x5a, "it has changed: 0x%x", scratch());
}

/* Forms that no device gets. */
static void t_forms(void)
{
	struct tf in;

	set_scratch(0x5a);
	lab_fill(&in);
	in.x[REG_A0] = base + 4;
	faults(&in, enc_amo(AMO_ADD, W_W, 12, REG_A1, REG_A0), CAUSE_STORE_ACCESS, base + 4);
	EXPECT(scratch() == 0x5a, "it has changed: 0x%x", scratch());
}

void tests_windows(void)
{
	base = arg_u64("test.window", 0);
	if (base)
		RUN({ "window.bytes", t_bytes }, { "window.widths", t_widths }, { "window.refused", t_refused },
		    { "window.straddle", t_straddle }, { "window.others", t_others }, { "window.forms", t_forms });
}
