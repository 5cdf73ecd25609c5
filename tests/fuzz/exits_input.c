/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of the fuzzer's input as numbers and instructions; see exits_input.h. */
#include "tests/fuzz/exits_input.h"

static const uint8_t *input, *input_end;

void input_begin(const uint8_t *data, size_t size)
{
	input = data;
	input_end = data + size;
}

bool input_left(void)
{
	return input < input_end;
}

uint8_t input_u8(void)
{
	return input < input_end ? *input++ : 0;
}

uint64_t input_raw(unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | input_u8();
	return v;
}

/* Numbers at which something could break, some bytes away from them, or any. */
uint64_t input_value(void)
{
	static const uint64_t interesting[] = {
		0, 1, 2, 3, 7, 64, 0x100, UINT64_MAX, 1ull << 63, 1ull << 62, 1ull << 32, 0x80000000, 0xffffffff,
		0x80000000ull + 4 * PAGE_SIZE, 0x80000000ull + 5 * PAGE_SIZE, 0x80002000, 0x80001000,
		(1ull << 41) - PAGE_SIZE, 1ull << 41, FAKE_RAM_HPA, FAKE_RAM_HPA + 0x2000, FAKE_RAM_HPA + 0x4000,
		FAKE_PLIC, FAKE_PLIC + 0x1000, FAKE_PLIC + 0x2080, FAKE_PLIC + 0x200000, FAKE_PLIC + 0x201000,
		FAKE_PLIC + 0x201004, FAKE_PLIC + 0x203004, FAKE_PLIC + 0x205004, FAKE_PLIC + FAKE_PLIC_SIZE,
		0x10000000, FAKE_VUART, FAKE_VUART, FAKE_VUART + 0xff, FAKE_WINDOWS,
		FAKE_WINDOWS + FAKE_WINDOW - 4, FAKE_WINDOWS + FAKE_REFUSED, FAKE_WINDOWS + 0x100,
		FAKE_WINDOWS + 0x200, 0x10001070, 0x80000002, PAGE_SIZE, 128,
		65 * PAGE_SIZE, 1ull << 56,
	};
	uint8_t how = input_u8();

	if (how < 128)
		return interesting[how % ARRAY_LEN(interesting)];
	if (how < 192)
		return interesting[how % ARRAY_LEN(interesting)] + (uint64_t)(int64_t)(int8_t)input_u8();
	return input_raw(how < 224 ? 1 : how < 240 ? 4 : 8);
}

/* ---- instructions ---- */

/* Encodings by the unprivileged ISA: opcode, funct3 and what they mean. */
static const struct {
	uint32_t insn;
	struct spec_op op;
} plain[] = {
	{ 0x03 | 0 << 12, { OP_LOAD, 1, 0, 4, true, 0 } }, { 0x03 | 1 << 12, { OP_LOAD, 2, 0, 4, true, 0 } },
	{ 0x03 | 2 << 12, { OP_LOAD, 4, 0, 4, true, 0 } }, { 0x03 | 3 << 12, { OP_LOAD, 8, 0, 4, true, 0 } },
	{ 0x03 | 4 << 12, { OP_LOAD, 1, 0, 4, false, 0 } }, { 0x03 | 5 << 12, { OP_LOAD, 2, 0, 4, false, 0 } },
	{ 0x03 | 6 << 12, { OP_LOAD, 4, 0, 4, false, 0 } }, { 0x23 | 0 << 12, { OP_STORE, 1, 0, 4, false, 0 } },
	{ 0x23 | 1 << 12, { OP_STORE, 2, 0, 4, false, 0 } }, { 0x23 | 2 << 12, { OP_STORE, 4, 0, 4, false, 0 } },
	{ 0x23 | 3 << 12, { OP_STORE, 8, 0, 4, false, 0 } }, { 0x03 | 2 << 12, { OP_LOAD, 4, 0, 4, true, 0 } },
	{ 0x23 | 2 << 12, { OP_STORE, 4, 0, 4, false, 0 } },
};

/* C.LW and C.SW with register x8 + n. */
static uint32_t compressed(struct spec_event *e, bool store, unsigned n)
{
	e->op = (struct spec_op){ store ? OP_STORE : OP_LOAD, 4, (uint8_t)(8 + n), 2, !store, 0 };
	return (store ? 0xc000u : 0x4000u) | n << 2;
}

static uint32_t odd_instruction(uint8_t how)
{
	static const uint32_t odd[] = {
		0x10200073, 0x10500073, 0x00000073, 0x0000a02f /* AMO */, 0x1000a02f /* LR */, 0x0000a007 /* FLW */,
		0x0000a027, 0x6000f073, 0, 0xffffffff, 0x9002 /* C.EBREAK */, 0x00007003 /* reserved load */,
	};

	return odd[how % ARRAY_LEN(odd)];
}

/* Puts an instruction at the pc, or none. Sets what is known of it. */
void input_code(struct spec_event *e, uint64_t pc)
{
	uint8_t how = input_u8();

	e->op.kind = OP_OTHER;
	e->fetched = how < 240;
	if (how < 128) {
		uint8_t reg = input_u8() % 32;
		bool store;

		e->insn = plain[how % ARRAY_LEN(plain)].insn;
		e->op = plain[how % ARRAY_LEN(plain)].op;
		e->op.reg = reg;
		store = e->op.kind == OP_STORE;
		e->insn |= (uint32_t)reg << (store ? 20 : 7) | 10u << 15;
	} else if (how < 160) {
		e->insn = compressed(e, how & 1, how >> 1 & 7);
	} else {
		e->insn = odd_instruction(how);
	}
	if (!e->fetched)
		e->insn = 0;
	fake.code = (struct fake_code){ .base = pc, .n = !e->fetched ? 0 : (e->insn & 3) == 3 ? 2 : 1,
					.parcel = { (uint16_t)e->insn, (uint16_t)(e->insn >> 16) } };
	e->known = e->fetched;
}

/* The register with the address of the access, which begins at tval, or before it if that is the start of a page. */
void input_address(struct spec_event *e, uint64_t *x)
{
	unsigned base = e->op.length == 2 ? 8 : 10;

	if (e->op.kind == OP_OTHER)
		return;
	if (e->exit.tval % PAGE_SIZE == 0 && e->op.size > 1 && input_u8() & 1)
		e->op.before = (uint8_t)(1 + input_u8() % (e->op.size - 1));
	x[base] = e->exit.tval - e->op.before;
}

/* htinst as the hart could give it: nothing, what it executed, or a walk. */
void input_htinst(struct spec_event *e)
{
	uint8_t how = input_u8();

	if (how < 128)
		return;
	if (how < 200 && e->op.kind != OP_OTHER) {
		uint32_t insn = e->op.kind == OP_STORE ? 0x2023u | (uint32_t)e->op.reg << 20 :
							 0x2003u | (uint32_t)e->op.reg << 7;

		if (e->op.length == 4)
			insn = (e->insn & 0x707f) | (insn & ~0x707fu);
		insn |= (uint32_t)e->op.before << 15;	/* Addr.Offset */
		e->exit.htinst = e->op.length == 2 ? insn & ~2u : insn;
		e->known = true;
	} else if (how >= 240) {
		static const uint16_t walks[] = { 0x2000, 0x2020, 0x3000, 0x3020 };

		e->exit.htinst = walks[how % 4];
	}
}
