/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operations: everything in the ISA that accesses memory by an address in a register. Encodings: RISC-V
 * unprivileged specification; HLV and HSV: hypervisor chapter; CBO: CMO extensions.
 */
#include "guests/lib/dt.h"
#include "guests/matrix/matrix.h"

#define AMO_XOR		4
#define AMO_MIN		16
#define AMO_MAX		20
#define AMO_MINU	24
#define AMO_MAXU	28

#define V_ACCESS(opcode, width)	(1U << 25 | REG_A0 << 15 | (width) << 12 | 8 << 7 | (opcode))
#define CBO(which)		((which) << 20 | REG_A0 << 15 | 2 << 12 | 0x0fU)
#define HLV(funct7, rs2)	((funct7) << 25 | (rs2) << 20 | REG_A0 << 15 | 4 << 12 | REG_A1 << 7 | 0x73U)
#define HSV(funct7)		((funct7) << 25 | REG_A1 << 20 | REG_A0 << 15 | 4 << 12 | 0x73U)
#define ZCB(which, bit6)	(4U << 13 | (which) << 10 | (REG_A0 - 8) << 7 | (bit6) << 6 | (REG_A1 - 8) << 2)

struct op ops[MAX_OPS];
unsigned int nops;

static struct op *add(const char *name, enum op_kind kind, unsigned int width, uint32_t insn)
{
	struct op *op = &ops[nops++];

	*op = (struct op){ .name = name, .kind = kind, .width = width, .insn = insn };
	return op;
}

static void add_integer(void)
{
	static const char *const loads[] = { "lb", "lh", "lw", "ld", "lbu", "lhu", "lwu" };
	static const char *const stores[] = { "sb", "sh", "sw", "sd" };

	for (unsigned int w = 0; w < 7; w++)
		add(loads[w], OP_LOAD, 1U << (w & 3), enc_load(w, REG_A1, REG_A0, 0))->is_signed = w < 3;
	for (unsigned int w = 0; w < 4; w++)
		add(stores[w], OP_STORE, 1U << w, enc_store(w, REG_A1, REG_A0, 0));
	add("c.lw", OP_LOAD, 4, enc_cl_w(2, REG_A1, REG_A0, 0))->is_signed = true;
	add("c.ld", OP_LOAD, 8, enc_cl_d(3, REG_A1, REG_A0, 0));
	add("c.sw", OP_STORE, 4, enc_cl_w(6, REG_A1, REG_A0, 0));
	add("c.sd", OP_STORE, 8, enc_cl_d(7, REG_A1, REG_A0, 0));
	add("c.lwsp", OP_LOAD, 4, enc_c_lwsp(REG_A1, 0))->is_signed = true;
	add("c.ldsp", OP_LOAD, 8, enc_c_ldsp(REG_A1, 0));
	add("c.swsp", OP_STORE, 4, enc_c_swsp(REG_A1, 0));
	add("c.sdsp", OP_STORE, 8, enc_c_sdsp(REG_A1, 0));
	if (!dt_isa_has(0, "zcb"))
		return;
	add("c.lbu", OP_LOAD, 1, ZCB(0U, 0U));
	add("c.lhu", OP_LOAD, 2, ZCB(1U, 0U));
	add("c.lh", OP_LOAD, 2, ZCB(1U, 1U))->is_signed = true;
	add("c.sb", OP_STORE, 1, ZCB(2U, 0U));
	add("c.sh", OP_STORE, 2, ZCB(3U, 0U));
}

static void add_atomic(void)
{
	static const struct {
		const char *name;
		unsigned int op;
	} amos[] = {
		{ "amoswap", AMO_SWAP }, { "amoadd", AMO_ADD }, { "amoxor", AMO_XOR },
		{ "amoand", AMO_AND }, { "amoor", AMO_OR }, { "amomin", AMO_MIN }, { "amomax", AMO_MAX },
		{ "amominu", AMO_MINU }, { "amomaxu", AMO_MAXU },
	};

	for (unsigned int w = W_W; w <= W_D; w++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(amos); i++)
			add(amos[i].name, OP_AMO, 1U << w, enc_amo(amos[i].op, w, 12, REG_A1, REG_A0))->amo =
				amos[i].op;
		add("lr", OP_LR, 1U << w, enc_amo(AMO_LR, w, REG_A1, 0, REG_A0));
		add("sc", OP_SC, 1U << w, enc_amo(AMO_SC, w, 12, REG_A1, REG_A0));
	}
}

static void add_float(void)
{
	if (!dt_isa_has(0, "d"))
		return;
	add("flw", OP_FLOAD, 4, enc_fload(W_W, REG_A1, REG_A0));
	add("fld", OP_FLOAD, 8, enc_fload(W_D, REG_A1, REG_A0));
	add("fsw", OP_FSTORE, 4, enc_fstore(W_W, REG_A1, REG_A0));
	add("fsd", OP_FSTORE, 8, enc_fstore(W_D, REG_A1, REG_A0));
	add("c.fld", OP_FLOAD, 8, enc_cl_d(1, REG_A1, REG_A0, 0));
	add("c.fsd", OP_FSTORE, 8, enc_cl_d(5, REG_A1, REG_A0, 0));
	add("c.fldsp", OP_FLOAD, 8, 1U << 13 | REG_A1 << 7 | 2);
	add("c.fsdsp", OP_FSTORE, 8, 5U << 13 | REG_A1 << 2 | 2);
}

static void add_vector(void)
{
	static const uint8_t widths[] = { 0, 5, 6, 7 };
	static const char *const loads[] = { "vle8", "vle16", "vle32", "vle64" };
	static const char *const stores[] = { "vse8", "vse16", "vse32", "vse64" };

	for (unsigned int i = 0; i < 4 && dt_isa_has(0, "v"); i++) {
		add(loads[i], OP_VLOAD, 1U << i, V_ACCESS(0x07, (uint32_t)widths[i]));
		add(stores[i], OP_VSTORE, 1U << i, V_ACCESS(0x27, (uint32_t)widths[i]));
	}
}

static void add_blocks(void)
{
	enum op_kind management = dt_isa_has(0, "zicbom") ? OP_CBO : OP_ILLEGAL;

	add("cbo.inval", management, 1, CBO(0U));
	add("cbo.clean", management, 1, CBO(1U));
	add("cbo.flush", management, 1, CBO(2U));
	add("cbo.zero", dt_isa_has(0, "zicboz") ? OP_CBO : OP_ILLEGAL, 1, CBO(4U));
}

static void add_illegal(void)
{
	const struct {
		const char *name;
		uint32_t insn;
	} list[] = {
		{ "hlv.b", HLV(0x30U, 0U) }, { "hlv.bu", HLV(0x30U, 1U) }, { "hlv.h", HLV(0x32U, 0U) },
		{ "hlv.hu", HLV(0x32U, 1U) }, { "hlvx.hu", HLV(0x32U, 3U) }, { "hlv.w", HLV(0x34U, 0U) },
		{ "hlv.wu", HLV(0x34U, 1U) }, { "hlvx.wu", HLV(0x34U, 3U) }, { "hlv.d", HLV(0x36U, 0U) },
		{ "hsv.b", HSV(0x31U) }, { "hsv.h", HSV(0x33U) }, { "hsv.w", HSV(0x35U) },
		{ "hsv.d", HSV(0x37U) },
		{ "hfence.vvma", INSN_HFENCE_VVMA | REG_A0 << 15 },
		{ "hfence.gvma", INSN_HFENCE_GVMA | REG_A0 << 15 },
		{ "hinval.vvma", 0x26000073U | REG_A0 << 15 }, { "hinval.gvma", 0x66000073U | REG_A0 << 15 },
		{ "mret", INSN_MRET }, { "zeros", 0 }, { "ones", 0xffffffff },
		{ "load of no width", enc_load(7, REG_A1, REG_A0, 0) },
		{ "store of no width", enc_store(7, REG_A1, REG_A0, 0) },
		{ "amo that is none", enc_amo(31, W_W, 12, REG_A1, REG_A0) },
		{ "custom-0", 0x0000000bU | REG_A0 << 15 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(list); i++)
		add(list[i].name, OP_ILLEGAL, 1, list[i].insn);
	if (!dt_isa_has(0, "zabha"))
		add("amo of a byte", OP_ILLEGAL, 1, enc_amo(AMO_ADD, W_B, 12, REG_A1, REG_A0));
}

void ops_init(void)
{
	add_integer();
	add_atomic();
	add_float();
	add_vector();
	add_blocks();
	add_illegal();
}

uint64_t amo_result(const struct op *op, uint64_t old, uint64_t operand)
{
	int64_t a = op->width == 4 ? (int32_t)old : (int64_t)old;
	int64_t b = op->width == 4 ? (int32_t)operand : (int64_t)operand;

	switch (op->amo) {
	case AMO_SWAP: return operand;
	case AMO_ADD: return old + operand;
	case AMO_XOR: return old ^ operand;
	case AMO_AND: return old & operand;
	case AMO_OR: return old | operand;
	case AMO_MIN: return a < b ? old : operand;
	case AMO_MAX: return a > b ? old : operand;
	case AMO_MINU: return (uint64_t)a < (uint64_t)b ? old : operand;
	default: return (uint64_t)a > (uint64_t)b ? old : operand;
	}
}
