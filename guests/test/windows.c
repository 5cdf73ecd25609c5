/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers in a page that has registers of another owner, too, for a guest whose ns16550 lies there. Only with
 * test.window=<address> (decimal), its base; the window has WINDOW bytes. Every load and store in every width reaches
 * the device's scratch register, with every register; the rest of the page gives an access fault.
 */
#include "guests/test/test.h"

#define WINDOW	0xfcu		/* no multiple of 8: a doubleword may begin in it and end behind it */
#define SCRATCH	7
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

static bool faults(struct tf *in, uint32_t insn, uint64_t cause, uint64_t at)
{
	const struct tf *r = lab_run(in, insn);

	return EXPECT(r->cause == cause && r->epc == lab_code() && r->tval == at && lab_regs_kept(in, r, 0),
		      "0x%x at 0x%lx: cause %lu stval 0x%lx", insn, at, r->cause, r->tval);
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
		RUN({ "window.bytes", t_bytes }, { "window.others", t_others }, { "window.forms", t_forms });
}
