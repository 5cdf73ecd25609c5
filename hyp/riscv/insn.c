/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoding of plain integer loads and stores, compressed forms included, for emulated devices, and whether any other
 * instruction is a store. Pure.
 * Of the address only the bits that show its alignment are decoded: the trap reports the address.
 * guestmem.c fetches the instruction; the caller checks that it fits the trap's cause.
 * Source: unprivileged ISA, chapters RV64I, "A", "C", "Zc*", "CMO" and Zalasr; privileged ISA, hypervisor chapter.
 */
#include "hyp/riscv/insn.h"

#define OPCODE_LOAD	0x03u
#define OPCODE_MISC_MEM	0x0fu
#define OPCODE_STORE	0x23u
#define OPCODE_STORE_FP	0x27u
#define OPCODE_AMO	0x2fu
#define AMO_LR		2u	/* funct5 */
#define AMO_LOAD_ACQUIRE 6u
#define CM_PUSH		0x18u	/* bits 12 to 8 */

/* Fields that a transformed load or store has as zero; the 5 bits of rs1 hold Addr.Offset instead. */
#define LOAD_ZEROES	0xfff00000u	/* imm[11:0] */
#define STORE_ZEROES	0xfe000f80u	/* imm[11:5], imm[4:0] */

static inline uint32_t field(uint32_t insn, unsigned low, unsigned bits)
{
	return (insn >> low) & ((1u << bits) - 1);
}

static enum err load(struct insn_access *out, unsigned size, bool sign_extend, uint32_t reg)
{
	*out = (struct insn_access){
		.size = (uint8_t)size, .sign_extend = sign_extend, .reg = (uint8_t)reg,
	};
	return OK;
}

static enum err store(struct insn_access *out, unsigned size, uint32_t reg)
{
	*out = (struct insn_access){ .size = (uint8_t)size, .store = true, .reg = (uint8_t)reg };
	return OK;
}

static enum err decode32(uint32_t insn, struct insn_access *out)
{
	uint32_t funct3 = field(insn, 12, 3);
	enum err e = ERR_UNSUPPORTED;

	/* funct3[1:0] is log2 of the size; funct3[2] makes a load unsigned, and there is no LDU. */
	if (field(insn, 0, 7) == OPCODE_LOAD && funct3 != 7)
		e = load(out, 1u << (funct3 & 3), funct3 < 4, field(insn, 7, 5));
	else if (field(insn, 0, 7) == OPCODE_STORE && funct3 < 4)
		e = store(out, 1u << funct3, field(insn, 20, 5));
	if (e != OK)
		return e;
	out->length = 4;
	out->base = (uint8_t)field(insn, 15, 5);
	out->low = (uint8_t)field(insn, out->store ? 7 : 20, 3);
	return OK;
}

/* Zcb, quadrant 0 with funct3 100. */
static enum err decode_zcb(uint32_t insn, uint32_t reg, struct insn_access *out)
{
	bool bit6 = field(insn, 6, 1);

	switch (field(insn, 10, 3)) {
	case 0:
		return load(out, 1, false, reg);	/* C.LBU */
	case 1:
		return load(out, 2, bit6, reg);		/* C.LHU, C.LH */
	case 2:
		return store(out, 1, reg);		/* C.SB */
	case 3:
		return bit6 ? ERR_UNSUPPORTED : store(out, 2, reg);	/* C.SH */
	default:
		return ERR_UNSUPPORTED;
	}
}

static enum err decode_quadrant0(uint32_t insn, struct insn_access *out)
{
	uint32_t reg = 8 + field(insn, 2, 3);	/* rd' or rs2' */

	switch (field(insn, 13, 3)) {
	case 2:
		return load(out, 4, true, reg);		/* C.LW */
	case 3:
		return load(out, 8, true, reg);		/* C.LD */
	case 4:
		return decode_zcb(insn, reg, out);
	case 6:
		return store(out, 4, reg);		/* C.SW */
	case 7:
		return store(out, 8, reg);		/* C.SD */
	default:
		return ERR_UNSUPPORTED;
	}
}

/* The stack-pointer forms; rd = x0 is reserved for the loads. */
static enum err decode_quadrant2(uint32_t insn, struct insn_access *out)
{
	uint32_t rd = field(insn, 7, 5), rs2 = field(insn, 2, 5);

	switch (field(insn, 13, 3)) {
	case 2:
		return rd ? load(out, 4, true, rd) : ERR_UNSUPPORTED;	/* C.LWSP */
	case 3:
		return rd ? load(out, 8, true, rd) : ERR_UNSUPPORTED;	/* C.LDSP */
	case 6:
		return store(out, 4, rs2);		/* C.SWSP */
	case 7:
		return store(out, 8, rs2);		/* C.SDSP */
	default:
		return ERR_UNSUPPORTED;
	}
}

enum err insn_decode(uint32_t insn, struct insn_access *out)
{
	enum err e;

	switch (insn & 3) {
	case 3:
		return decode32(insn, out);
	case 0:
		e = decode_quadrant0(insn, out);
		break;
	case 2:
		e = decode_quadrant2(insn, out);
		break;
	default:
		return ERR_UNSUPPORTED;
	}
	if (e != OK)
		return e;
	out->length = 2;
	out->base = (uint8_t)(insn & 2 ? 2 : 8 + field(insn, 7, 3));	/* sp, or rs1' */
	return OK;
}

enum err insn_decode_htinst(uint64_t htinst, struct insn_access *out)
{
	uint32_t insn = (uint32_t)htinst | 2;	/* what the original would be at full length */
	enum err e;

	if (!(htinst & 1) || htinst >> 32)
		return ERR_NOTFOUND;
	e = decode32(insn, out);
	if (e != OK)
		return e;
	/* A machine that leaves the immediate in did not transform as specified: its other bits are not trusted,
	 * and the instruction is fetched. */
	if (insn & (out->store ? STORE_ZEROES : LOAD_ZEROES))
		return ERR_NOTFOUND;
	if (!(htinst & 2))
		out->length = 2;
	return OK;
}

/* Compressed ones; Zcb's C.SB and C.SH are the last of funct3 = 4. */
static bool is_short_store(uint32_t insn, bool zcd)
{
	uint32_t funct3 = field(insn, 13, 3);

	if ((insn & 3) == 0)
		return funct3 >= 5 || (funct3 == 4 && field(insn, 11, 2) == 1);
	if ((insn & 3) != 2)
		return false;
	if (funct3 == 5)	/* C.FSDSP, or of Zcmp and Zcmt only CM.PUSH */
		return zcd || field(insn, 8, 5) == CM_PUSH;
	return funct3 >= 6;
}

bool insn_is_store(uint32_t insn, bool zcd)
{
	uint32_t funct5 = field(insn, 27, 5);

	if ((insn & 3) != 3)
		return is_short_store(insn, zcd);
	switch (field(insn, 0, 7)) {
	case OPCODE_STORE:
	case OPCODE_STORE_FP:	/* vector stores, too */
		return true;
	case OPCODE_AMO:
		return funct5 != AMO_LR && funct5 != AMO_LOAD_ACQUIRE;
	case OPCODE_MISC_MEM:	/* CBO; fences access nothing */
		return field(insn, 12, 3) == 2;
	default:
		return false;
	}
}

uint64_t insn_load_value(const struct insn_access *a, uint64_t raw)
{
	unsigned unused = 64 - 8 * a->size;

	if (a->sign_extend)
		return (uint64_t)((int64_t)(raw << unused) >> unused);
	return raw << unused >> unused;
}
