/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoding of the loads and stores that a guest may use on an emulated device, from htinst or from
 * the instruction itself. Pure: guestmem.c fetches the instruction.
 */
#ifndef HYP_RISCV_INSN_H
#define HYP_RISCV_INSN_H

#include "hyp/base/err.h"
#include "hyp/base/types.h"

struct insn_access {
	uint8_t size;		/* bytes: 1, 2, 4 or 8 */
	bool store;
	bool sign_extend;	/* of a load */
	uint8_t reg;		/* x0..x31: destination of a load, source of a store */
	uint8_t length;		/* of the instruction in bytes, 2 or 4: what sepc advances by */
	uint8_t base;		/* x0..x31 of the address; if transformed, Addr.Offset: not 0 if it is misaligned */
	uint8_t low;		/* the low three bits of the immediate, if size does not divide it anyway */
};

/*
 * Decodes a 16- or 32-bit instruction as it stands in memory (a compressed one in the low half).
 * OK for LB LH LW LD LBU LHU LWU SB SH SW SD, C.LW C.LD C.SW C.SD, C.LWSP C.LDSP C.SWSP C.SDSP and the
 * Zcb forms C.LBU C.LHU C.LH C.SB C.SH; ERR_UNSUPPORTED for all else (floating point, AMO, LR/SC, vector,
 * HLV/HSV, reserved encodings such as C.LWSP with rd = x0).
 * Source: the RISC-V unprivileged ISA, RV64I, "C" and "Zcb" chapters.
 */
enum err insn_decode(uint32_t insn, struct insn_access *out) __must_check;

/*
 * Decodes htinst of a guest-page fault on an explicit load or store: a transformed standard
 * instruction (bit 0 set, bits 63:32 zero; bit 1 clear means that the original was compressed: length 2).
 * ERR_NOTFOUND if htinst is 0 or a pseudo-instruction, so that the instruction must be fetched;
 * ERR_UNSUPPORTED for a transformed instruction that is no plain integer load or store.
 * Source: privileged ISA, hypervisor chapter, "Transformed Instruction or Pseudoinstruction for mtinst or htinst".
 */
enum err insn_decode_htinst(uint64_t htinst, struct insn_access *out) __must_check;

/*
 * Whether an instruction that accesses memory faults with the cause of a store or AMO: all but loads, LR, load-acquire
 * (Zalasr) and the pops of Zcmp do, cache-block operations included. zcd: the hart has C.FSDSP, and not Zcmp and Zcmt,
 * which use the same encodings.
 */
bool insn_is_store(uint32_t insn, bool zcd);

/* The 64-bit value for rd of a load. raw: what the device returned, in its low size bytes. */
uint64_t insn_load_value(const struct insn_access *a, uint64_t raw);

#endif
