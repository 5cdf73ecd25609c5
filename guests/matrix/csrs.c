/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every CSR number, read and written, from S- and U-mode: what a guest has, what it may have, and what it must not
 * reach. The device tree says which extensions it was given. Source: privileged ISA, "CSR Listing", and the extensions
 * named below; docs/safety.md, "What a guest leaves in a hart".
 */
#include "guests/lib/console.h"
#include "guests/lib/dt.h"
#include "guests/matrix/matrix.h"

enum rule {
	NEVER,		/* an illegal instruction */
	MAY,		/* the tree need not name it; it is reset between guests */
	MUST,
};

/* Numbers from first to last: MUST if the tree has the extension (NULL: always), otherwise as `without` says. */
static const struct csr_rule {
	uint16_t first, last;
	const char *extension;
	enum rule with, without;
} rules[] = {
	{ 0x001, 0x003, "f", MUST, MAY },	/* fflags, frm, fcsr; Zfinx has them, too */
	{ 0x008, 0x00a, "v", MUST, NEVER },	/* vstart, vxsat, vxrm */
	{ 0x00f, 0x00f, "v", MUST, NEVER },	/* vcsr */
	{ 0x017, 0x017, "zcmt", MAY, NEVER },	/* jvt */
	{ 0x100, 0x100, NULL, MUST, NEVER },	/* sstatus */
	{ 0x104, 0x106, NULL, MUST, NEVER },	/* sie, stvec, scounteren */
	{ 0x10a, 0x10a, NULL, MAY, NEVER },	/* senvcfg: privileged ISA 1.12 */
	{ 0x10c, 0x10f, NULL, MAY, NEVER },	/* sstateen0 to 3: Smstateen, which is M-mode's name */
	{ 0x140, 0x144, NULL, MUST, NEVER },	/* sscratch, sepc, scause, stval, sip */
	{ 0x14d, 0x14d, "sstc", MUST, NEVER },	/* stimecmp */
	{ 0x14e, 0x14f, NULL, MAY, NEVER },	/* sctrctl, sctrstatus: Ssctr without Smstateen */
	{ 0x150, 0x153, NULL, MAY, NEVER },	/* siselect, sireg to sireg3: Sscsrind, AIA without Smstateen */
	{ 0x155, 0x157, NULL, MAY, NEVER },	/* sireg4 to sireg6 */
	{ 0x180, 0x180, NULL, MUST, NEVER },	/* satp */
	{ 0x5a8, 0x5a8, NULL, MAY, NEVER },	/* scontext: Sdtrig without Smstateen */
	{ 0xc00, 0xc02, NULL, MUST, NEVER },	/* cycle, time, instret */
	{ 0xc20, 0xc22, "v", MUST, NEVER },	/* vl, vtype, vlenb */
	{ 0xda0, 0xda0, NULL, MAY, NEVER },	/* scountovf: of counters that a guest does not have */
	{ 0xdb0, 0xdb0, NULL, MAY, NEVER },	/* stopi: AIA without Smstateen */
};

static enum rule rule_of(unsigned int csr, bool user)
{
	if (user && (csr >> 8 & 3))
		return NEVER;
	for (unsigned int i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct csr_rule *r = &rules[i];

		if (csr >= r->first && csr <= r->last)
			return !r->extension || dt_isa_has(0, r->extension) ? r->with : r->without;
	}
	return NEVER;
}

/* Those that this program lives by: they are written as they are. */
static bool is_in_use(unsigned int csr)
{
	return csr == 0x100 || (csr >= 0x104 && csr <= 0x106) || (csr >= 0x140 && csr <= 0x144) || csr == 0x14d ||
	       csr == 0x180;
}

/* One instruction on a1. Judged: it completes, or is an illegal one, and changes nothing else. */
static bool try_one(unsigned int csr, uint32_t insn, uint64_t *a1, bool user, enum rule rule)
{
	const struct tf *r;
	struct tf in;
	bool done, ok;

	lab_fill(&in);
	in.x[REG_A1] = *a1;
	r = lab_run_at(&in, insn, lab_code(), lab_code(), user);
	done = lab_completed(r, lab_code(), insn);
	count_case(r, done);
	ok = done ? rule != NEVER : rule != MUST && r->cause == CAUSE_ILLEGAL && r->epc == lab_code() &&
				    (!r->tval || r->tval == insn);
	if ((!ok || !lab_regs_kept(&in, r, done ? REG_A1 : 0)) && wrong[this_cpu()->index]++ < 20)
		line("FAIL matrix: CSR 0x%x, %s from %s: %s, cause %lu sepc 0x%lx stval 0x%lx", csr,
		     insn >> 12 & 2 ? "read" : "written", user ? "U" : "S", done ? "completes" : "traps",
		     r->cause, r->epc, r->tval);
	*a1 = r->x[REG_A1];
	return done;
}

/* csrrw a1, csr, a1 */
static uint32_t enc_swap(unsigned int csr)
{
	return enc_csrw(csr, REG_A1) | REG_A1 << 7;
}

static void try_number(unsigned int csr, bool user)
{
	enum rule rule = rule_of(csr, user), writes = csr >> 10 == 3 ? NEVER : rule;
	uint64_t old = 0, ones = ~0UL;
	bool there = try_one(csr, enc_csrr(csr, REG_A1), &old, user, rule);

	if (there && writes != NEVER)
		writes = MUST;		/* what can be read can be written */
	if (is_in_use(csr) && !user) {
		try_one(csr, enc_swap(csr), &old, user, writes);
		return;
	}
	if (try_one(csr, enc_swap(csr), &ones, user, there ? writes : rule == MUST ? writes : NEVER))
		try_one(csr, enc_swap(csr), &old, user, MUST);
}

void try_csrs(bool user)
{
	for (unsigned int csr = 0; csr < 4096; csr++)
		try_number(csr, user);
}
