/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs single made-up instructions by excursion (cpu.h). Each hart has its own code buffer, on a page of its own:
 * QEMU's translations of a page that another hart writes to at the same time may be stale for an instruction.
 */
#include "guests/lib/lab.h"

static uint16_t code[MAX_CPUS][2048] __attribute__((aligned(4096)));

uint64_t lab_code(void)
{
	return (uint64_t)code[this_cpu()->index];
}

void lab_fill(struct tf *regs)
{
	for (unsigned int i = 0; i < 32; i++)
		regs->x[i] = 0xa5a5000000000000ULL | (uint64_t)i << 40 | 0x9e370000U | i;
}

const struct tf *lab_run_at(struct tf *regs, uint32_t insn, uint64_t at, uint64_t exec, bool user)
{
	volatile uint16_t *p = (volatile uint16_t *)at;

	*p++ = (uint16_t)insn;
	if (insn_length(insn) == 4)
		*p++ = (uint16_t)(insn >> 16);
	*p = INSN_C_EBREAK;
	regs->epc = exec;
	return excursion(regs, user);
}

const struct tf *lab_run(struct tf *regs, uint32_t insn)
{
	return lab_run_at(regs, insn, lab_code(), lab_code(), false);
}

bool lab_regs_kept(const struct tf *in, const struct tf *r, unsigned int except)
{
	for (unsigned int i = 1; i < 32; i++) {
		if (i != except && in->x[i] != r->x[i])
			return false;
	}
	return true;
}
