/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random instructions and CSR accesses. A third of the instructions are noise, the others have an opcode that
 * exists. Only ecall is left out: calls are call.c's, which knows those that end the guest without a restart.
 */
#include "guests/lib/lab.h"
#include "guests/random/random.h"

#define BLOCK 24	/* words */

static uint32_t rnd_instruction(void)
{
	/* The SYSTEM, memory and AMO opcodes more often than the others. */
	static const uint8_t opcodes[] = {
		0x03, 0x03, 0x03, 0x23, 0x23, 0x23, 0x2f, 0x2f, 0x73, 0x73, 0x73, 0x07, 0x27, 0x0f, 0x13, 0x17,
		0x1b, 0x33, 0x37, 0x3b, 0x43, 0x47, 0x4b, 0x4f, 0x53, 0x57, 0x63, 0x67, 0x6f, 0x0b,
	};
	/* hlv, hlvx, hsv, hfence, sfence, sinval, sret, mret, wfi, wrs: with their registers at random. */
	static const uint8_t funct7[] = {
		0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x11, 0x31, 0x09, 0x0b, 0x0c, 0x13, 0x33, 0x08, 0x18,
	};
	uint32_t noise = (uint32_t)rnd();

	switch (rnd_below(8)) {
	case 0:
	case 1:
		return noise;			/* mostly compressed ones */
	case 2:
		return noise | 3;
	case 3:
		return (noise & 0x01ff8f80) | (uint32_t)funct7[rnd_below(ARRAY_SIZE(funct7))] << 25 |
		       (one_in(2) ? 4U << 12 : 0) | 0x73;
	case 4:	/* any load or store with an address that was chosen for it, offset 0 */
		return (noise & 0xf800f07fU & ~0x7fU) | (uint32_t)(REG_A0 + rnd_below(8)) << 15 |
		       opcodes[rnd_below(8)] | (noise & 0xf80);
	default:
		return (noise & ~0x7fU) | opcodes[rnd_below(ARRAY_SIZE(opcodes))];
	}
}

static void fill_registers(struct tf *in)
{
	for (unsigned int i = 1; i < 32; i++)
		in->x[i] = rnd_value();
}

/* No ecall at any halfword: a jump may go to the middle of a word. */
static void remove_ecalls(volatile uint16_t *code, unsigned int halves)
{
	for (unsigned int i = 0; i + 1 < halves; i++) {
		if (code[i] == (INSN_ECALL & 0xffff) && code[i + 1] == INSN_ECALL >> 16)
			code[i] = INSN_C_NOP;
	}
}

void random_block(void)
{
	struct counts *n = &counts[this_cpu()->index];
	uint64_t at = sandbox() + (rnd_below(SANDBOX_SIZE - 4 * BLOCK - 4) & ~1UL), from = at;
	volatile uint16_t *p = (volatile uint16_t *)at;
	const struct tf *r;
	unsigned int i;
	struct tf in;

	for (i = 0; i < 2 * BLOCK; i += 2) {
		uint32_t insn = rnd_instruction();

		p[i] = (uint16_t)insn;
		p[i + 1] = (uint16_t)(insn >> 16);
	}
	p[i] = INSN_C_EBREAK;
	remove_ecalls(p, 2 * BLOCK);
	fill_registers(&in);
	/* Start somewhere in it: what traps at once should not hide what follows. */
	for (i = 0; i < BLOCK; i++) {
		in.epc = from;
		r = run_bounded(&in, one_in(2), one_in(2));
		n->blocks++;
		n->traps += r->cause != CAUSE_BREAKPOINT;
		/* Each 4 bytes that were passed count as one; a jump out of the block as one. */
		n->instructions += r->epc >= from && r->epc <= at + 4 * BLOCK ? (r->epc - from) / 4 + 1 : 1;
		if (r->epc < from || r->epc >= at + 4 * BLOCK)
			break;
		from = r->epc + insn_length(*(volatile uint16_t *)r->epc);
		if (from >= at + 4 * BLOCK)
			break;
	}
}

/* One access in any of the six forms; what the guest needs to go on is put back by the code behind it. */
void random_csr(void)
{
	static const uint16_t likely[] = {
		0x100, 0x104, 0x105, 0x106, 0x10a, 0x140, 0x141, 0x142, 0x143, 0x144, 0x14d, 0x180, 0x001, 0x002,
		0x003, 0x008, 0xc00, 0xc01, 0xc02, 0xc20, 0x5a8, 0xda0, 0x150, 0x15c,
	};
	uint32_t csr = one_in(2) ? likely[rnd_below(ARRAY_SIZE(likely))] : (uint32_t)rnd_below(4096);
	uint32_t form = (uint32_t)(1 + rnd_below(3) + (one_in(4) ? 4 : 0));
	uint32_t insn = csr << 20 | (uint32_t)(REG_A0 + rnd_below(4)) << 15 | form << 12 |
			(uint32_t)(REG_A0 + rnd_below(4)) << 7 | 0x73;
	volatile uint32_t *p = (volatile uint32_t *)(sandbox() + 64);
	struct tf in;

	if (csr == 0x180 && !one_in(16))
		return;		/* satp: the next fetch fails, mostly, and so does its handler */
	fill_registers(&in);
	in.x[18] = csr_read(stvec);
	in.x[19] = csr_read(sscratch);
	in.x[20] = csr_read(sie);
	in.x[21] = csr_read(sstatus);
	p[0] = insn;
	p[1] = enc_csrw(0x105, 18);
	p[2] = enc_csrw(0x140, 19);
	p[3] = enc_csrw(0x104, 20);
	p[4] = enc_csrw(0x100, 21);
	p[5] = INSN_EBREAK;
	in.epc = (uint64_t)p;
	run_bounded(&in, one_in(4), false);
	counts[this_cpu()->index].csrs++;
}
