/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The instruction laboratory: run one made-up instruction with all registers prepared, and see
 * how it ended. An instruction that completes ends at the ebreak behind it (lab_completed()).
 * Encodings: RISC-V unprivileged specification, "RV32/64G Instruction Set Listings" and "C".
 */
#ifndef GUESTS_LIB_LAB_H
#define GUESTS_LIB_LAB_H

#include <stdbool.h>
#include <stdint.h>
#include "guests/lib/cpu.h"

#define REG_RA	1
#define REG_SP	2
#define REG_A0	10
#define REG_A1	11

/* Address of this hart's code buffer, 64-byte aligned; lab_run() puts the instruction there. */
uint64_t lab_code(void);

/* Give x1..x31 values that differ for each register. */
void lab_fill(struct tf *regs);

/* Run `insn` (length from its low bits) in S-mode. */
const struct tf *lab_run(struct tf *regs, uint32_t insn);
/* The same with the code at `at`, which must be writable; executed at `exec` (an alias). */
const struct tf *lab_run_at(struct tf *regs, uint32_t insn, uint64_t at, uint64_t exec, bool user);

static inline unsigned int insn_length(uint32_t insn)
{
	return (insn & 3) == 3 ? 4 : 2;
}

/* The instruction at `exec` ran and its ebreak trapped. */
static inline bool lab_completed(const struct tf *r, uint64_t exec, uint32_t insn)
{
	return r->cause == CAUSE_BREAKPOINT && r->epc == exec + insn_length(insn);
}

/* x1..x31 of `r` are those of `in`, register `except` left out (0: none). */
bool lab_regs_kept(const struct tf *in, const struct tf *r, unsigned int except);

/* Widths of loads and stores, as funct3. */
enum { W_B, W_H, W_W, W_D, W_BU, W_HU, W_WU };

static inline uint32_t enc_load(unsigned int w, unsigned int rd, unsigned int rs1, int imm)
{
	return ((uint32_t)imm & 0xfff) << 20 | rs1 << 15 | w << 12 | rd << 7 | 0x03;
}

static inline uint32_t enc_store(unsigned int w, unsigned int rs2, unsigned int rs1, int imm)
{
	uint32_t u = (uint32_t)imm & 0xfff;

	return (u >> 5) << 25 | rs2 << 20 | rs1 << 15 | w << 12 | (u & 31) << 7 | 0x23;
}

/* FP loads and stores: w is W_W or W_D. */
static inline uint32_t enc_fload(unsigned int w, unsigned int rd, unsigned int rs1)
{
	return rs1 << 15 | w << 12 | rd << 7 | 0x07;
}

static inline uint32_t enc_fstore(unsigned int w, unsigned int rs2, unsigned int rs1)
{
	return rs2 << 20 | rs1 << 15 | w << 12 | 0x27;
}

enum { AMO_ADD = 0, AMO_SWAP = 1, AMO_LR = 2, AMO_SC = 3, AMO_OR = 8, AMO_AND = 12 };

static inline uint32_t enc_amo(unsigned int op, unsigned int w, unsigned int rd, unsigned int rs2,
			       unsigned int rs1)
{
	return op << 27 | rs2 << 20 | rs1 << 15 | w << 12 | rd << 7 | 0x2f;
}

/* csrrs rd, csr, x0 */
static inline uint32_t enc_csrr(unsigned int csr, unsigned int rd)
{
	return csr << 20 | 2U << 12 | rd << 7 | 0x73;
}

/* csrrw x0, csr, rs1 */
static inline uint32_t enc_csrw(unsigned int csr, unsigned int rs1)
{
	return csr << 20 | rs1 << 15 | 1U << 12 | 0x73;
}

/* c.lw c.ld c.sw c.sd: registers 8..15; offsets multiples of 4 or 8. */
static inline uint32_t enc_cl_w(unsigned int f3, unsigned int r, unsigned int rs1, unsigned int off)
{
	return f3 << 13 | (off >> 3 & 7) << 10 | (rs1 - 8) << 7 | (off >> 2 & 1) << 6 |
	       (off >> 6 & 1) << 5 | (r - 8) << 2;
}

static inline uint32_t enc_cl_d(unsigned int f3, unsigned int r, unsigned int rs1, unsigned int off)
{
	return f3 << 13 | (off >> 3 & 7) << 10 | (rs1 - 8) << 7 | (off >> 6 & 3) << 5 |
	       (r - 8) << 2;
}

static inline uint32_t enc_c_lwsp(unsigned int rd, unsigned int off)
{
	return 2U << 13 | (off >> 5 & 1) << 12 | rd << 7 | (off >> 2 & 7) << 4 |
	       (off >> 6 & 3) << 2 | 2;
}

static inline uint32_t enc_c_ldsp(unsigned int rd, unsigned int off)
{
	return 3U << 13 | (off >> 5 & 1) << 12 | rd << 7 | (off >> 3 & 3) << 5 |
	       (off >> 6 & 7) << 2 | 2;
}

static inline uint32_t enc_c_swsp(unsigned int rs2, unsigned int off)
{
	return 6U << 13 | (off >> 2 & 15) << 9 | (off >> 6 & 3) << 7 | rs2 << 2 | 2;
}

static inline uint32_t enc_c_sdsp(unsigned int rs2, unsigned int off)
{
	return 7U << 13 | (off >> 3 & 7) << 10 | (off >> 6 & 7) << 7 | rs2 << 2 | 2;
}

#define INSN_EBREAK	0x00100073U
#define INSN_C_EBREAK	0x9002U
#define INSN_ECALL	0x00000073U
#define INSN_WFI	0x10500073U
#define INSN_SRET	0x10200073U
#define INSN_MRET	0x30200073U
#define INSN_SFENCE_VMA	0x12000073U
#define INSN_HFENCE_VVMA 0x22000073U
#define INSN_HFENCE_GVMA 0x62000073U
#define INSN_HLV_W(rd, rs1)	(0x34U << 25 | (rs1) << 15 | 4U << 12 | (rd) << 7 | 0x73)
#define INSN_HLVX_HU(rd, rs1)	(0x32U << 25 | 3U << 20 | (rs1) << 15 | 4U << 12 | (rd) << 7 | 0x73)
#define INSN_HSV_W(rs2, rs1)	(0x35U << 25 | (rs2) << 20 | (rs1) << 15 | 4U << 12 | 0x73)
#define INSN_NOP	0x00000013U
#define INSN_C_NOP	0x0001U

#endif
