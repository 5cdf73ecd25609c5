/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CSRs that this hart has, whichever: each one that can be written reads 0 at the start of a life, and is written
 * at its end. Tried by instruction, since a device tree does not name them all.
 */
#include "guests/lib/cpu.h"
#include "guests/lib/lab.h"
#include "guests/restart/restart.h"

#define SEED		0x015

/* Those that the guest itself has used by now, or cannot write at will: the rest of the program checks them. */
static bool is_checked_elsewhere(unsigned int csr)
{
	switch (csr) {
	case 0x100: case 0x104: case 0x105: case 0x106:		/* sstatus, sie, stvec, scounteren */
	case 0x140: case 0x141: case 0x142: case 0x143: case 0x144:	/* sscratch, sepc, scause, stval, sip */
	case 0x14d: case 0x180:		/* stimecmp, satp */
	case SEED:
		return true;
	}
	return csr >= 0x151 && csr <= 0x157;	/* sireg and its likes: what siselect says */
}

/* A CSR that VS-mode may read and write; those of a third privilege are not tried. */
static bool is_tried(unsigned int csr)
{
	return (csr >> 8 & 3) <= 1 && csr >> 10 != 3 && !is_checked_elsewhere(csr);
}

static bool completes(struct tf *in, uint32_t insn, uint64_t *a1)
{
	const struct tf *r = lab_run(in, insn);

	*a1 = r->x[REG_A1];
	return lab_completed(r, lab_code(), insn);
}

unsigned int csrs_check(void (*wrong)(unsigned int csr, uint64_t value))
{
	unsigned int found = 0;
	uint64_t value;
	struct tf in;

	csr_set(sstatus, SSTATUS_FS | SSTATUS_VS);
	for (unsigned int csr = 0; csr < 4096; csr++) {
		lab_fill(&in);
		if (!is_tried(csr) || !completes(&in, enc_csrr(csr, REG_A1), &value))
			continue;
		found++;
		if (value)
			wrong(csr, value);
	}
	return found;
}

void csrs_dirty(void)
{
	uint64_t value;
	struct tf in;

	csr_set(sstatus, SSTATUS_FS | SSTATUS_VS);
	for (unsigned int csr = 0; csr < 4096; csr++) {
		lab_fill(&in);
		in.x[REG_A1] = ~0UL;
		if (is_tried(csr))
			completes(&in, enc_csrw(csr, REG_A1), &value);
	}
}
