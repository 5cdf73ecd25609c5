/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Access to what the guest does not have: an access fault delivered to the guest, with the exact
 * sepc and stval, for load, store, AMO and fetch. Also the isolation sweep: nothing of the host
 * outside the guest's own tree answers.
 */
#include "guests/test/test.h"

static void expect_load_fault(uint64_t at)
{
	const struct tf *r;
	struct tf in;

	lab_fill(&in);
	in.x[REG_A0] = at;
	r = lab_run(&in, enc_load(W_D, REG_A1, REG_A0, 0));
	EXPECT(r->cause == CAUSE_LOAD_ACCESS && r->epc == lab_code() && r->tval == at,
	       "load at 0x%lx: cause %lu epc +%ld stval 0x%lx", at, r->cause,
	       r->epc - lab_code(), r->tval);
	EXPECT(lab_regs_kept(&in, r, 0), "load at 0x%lx changes registers", at);
}

static void expect_all_faults(uint64_t at)
{
	uint64_t code = lab_code();
	const struct tf *r;
	struct tf in;

	expect_load_fault(at);
	lab_fill(&in);
	in.x[REG_A0] = at;
	r = lab_run(&in, enc_load(W_BU, REG_A1, REG_A0, 1));
	EXPECT(r->cause == CAUSE_LOAD_ACCESS && r->tval == at + 1, "lbu at 0x%lx: cause %lu", at,
	       r->cause);
	r = lab_run(&in, enc_store(W_W, REG_A1, REG_A0, 4));
	EXPECT(r->cause == CAUSE_STORE_ACCESS && r->epc == code && r->tval == at + 4,
	       "store at 0x%lx: cause %lu epc +%ld stval 0x%lx", at, r->cause, r->epc - code,
	       r->tval);
	r = lab_run(&in, enc_amo(AMO_ADD, W_D, 12, REG_A1, REG_A0));
	/* QEMU 7.2 gives 5 for an AMO natively. */
	EXPECT_OURS(r->cause == CAUSE_STORE_ACCESS && r->epc == code && r->tval == at,
		    "amo at 0x%lx: cause %lu epc +%ld stval 0x%lx", at, r->cause, r->epc - code,
		    r->tval);
	r = lab_run(&in, enc_amo(AMO_LR, W_D, 12, 0, REG_A0));
	EXPECT(r->cause == CAUSE_LOAD_ACCESS && r->tval == at, "lr at 0x%lx: cause %lu", at,
	       r->cause);
	in.epc = at;
	r = excursion(&in, false);
	EXPECT(r->cause == CAUSE_FETCH_ACCESS && r->epc == at && r->tval == at,
	       "fetch at 0x%lx: cause %lu epc 0x%lx stval 0x%lx", at, r->cause, r->epc, r->tval);
	EXPECT(lab_regs_kept(&in, r, 0), "fetch at 0x%lx changes registers", at);
}

static void t_hole(void)
{
	const struct range *ram = &machine.ram[machine.nram - 1];
	uint64_t end = ram->base + ram->size, hole = find_hole();

	if (EXPECT(hole, "no hole found"))
		expect_all_faults(hole);
	if (!dt_claims(end, 4096))
		expect_all_faults(end);
	expect_all_faults(1ULL << 40);
}

/* Beyond what the second stage can translate: with vsatp off these are guest addresses. */
static void t_high(void)
{
	static const uint64_t high[] = { 1ULL << 41, (1ULL << 41) + 0x80200000, 1ULL << 50,
					 1ULL << 55, 1ULL << 63, ~0ULL - 0xfff };

	if (sbi.opensbi) {
		check_skip("what lies there natively is the machine's affair");
		return;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(high); i++)
		expect_all_faults(high[i]);
}

/* Devices of well-known machines that are not in this tree, and the hypervisor's own. */
static void t_foreign_devices(void)
{
	static const uint64_t devices[] = {
		0x100000, 0x101000, 0x2000000, 0x200bff8, 0x3000000, 0x4000000, 0x10000000,
		0x10001000, 0x10002000, 0x10003000, 0x10004000, 0x10005000, 0x10006000,
		0x10007000, 0x10008000, 0x10100000, 0x20000000, 0x22000000, 0x24000000,
		0x28000000, 0x30000000, 0x40000000,
	};
	unsigned int tried = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(devices); i++) {
		if (dt_claims(devices[i], 16) || sbi.opensbi)
			continue;
		expect_all_faults(devices[i]);
		tried++;
	}
	if (!tried)
		check_skip("all of them are in the tree, or this runs natively");
}

/* Walk the host's likely RAM: only our own answers. */
static void t_foreign_ram(void)
{
	uint64_t step, tried = 0;

	if (sbi.opensbi) {
		check_skip("natively there is no second stage");
		return;
	}
	for (uint64_t at = 0x80000000; at < 0x800000000ULL; at += step) {
		step = at < 0x180000000ULL ? 0x80000 : 0x1000000;
		if (dt_in_ram(at, 8) || dt_claims(at, 8))
			continue;
		expect_load_fault(at);
		tried++;
	}
	EXPECT(tried > 1000, "%lu places tried", tried);
}

/* The first and the last bytes outside each RAM range. */
static void t_ram_edges(void)
{
	if (sbi.opensbi) {
		check_skip("natively there is no second stage");
		return;
	}
	for (unsigned int i = 0; i < machine.nram; i++) {
		const struct range *r = &machine.ram[i];

		if (r->base >= 4096 && !dt_claims(r->base - 4096, 4096))
			expect_all_faults(r->base - 4096);
		if (!dt_claims(r->base + r->size, 4096))
			expect_all_faults(r->base + r->size);
	}
}

/* An access that begins in RAM and ends outside. */
static void t_straddle(void)
{
	const struct range *ram = &machine.ram[machine.nram - 1];
	uint64_t end = ram->base + ram->size;
	const struct tf *r;
	struct tf in;

	if (dt_reserved(end - 8, 8) || dt_claims(end, 16)) {
		check_skip("the last bytes of RAM are occupied");
		return;
	}
	lab_fill(&in);
	in.x[REG_A0] = end - 4;
	r = lab_run(&in, enc_load(W_D, REG_A1, REG_A0, 0));
	EXPECT((r->cause == CAUSE_LOAD_ACCESS || r->cause == CAUSE_LOAD_MISALIGNED) &&
	       r->epc == lab_code() && (r->tval == end - 4 || r->tval == end),
	       "load: cause %lu stval 0x%lx, end 0x%lx", r->cause, r->tval, end);
	r = lab_run(&in, enc_store(W_D, REG_A1, REG_A0, 0));
	EXPECT((r->cause == CAUSE_STORE_ACCESS || r->cause == CAUSE_STORE_MISALIGNED) &&
	       r->epc == lab_code() && (r->tval == end - 4 || r->tval == end),
	       "store: cause %lu stval 0x%lx, end 0x%lx", r->cause, r->tval, end);
	/* A 4-byte instruction of which only the first half is there; natively it ends QEMU 7.2. */
	if (sbi.opensbi)
		return;
	*(volatile uint16_t *)(end - 2) = (uint16_t)INSN_NOP;
	in.epc = end - 2;
	r = excursion(&in, false);
	EXPECT(r->cause == CAUSE_FETCH_ACCESS && r->epc == end - 2 &&
	       (r->tval == end || r->tval == end - 2),
	       "fetch: cause %lu epc 0x%lx stval 0x%lx, end 0x%lx", r->cause, r->epc, r->tval, end);
	*(volatile uint16_t *)(end - 2) = 0;
}

/* A device register is no code. */
static void t_fetch_device(void)
{
	const struct tf *r;
	struct tf in;

	if (!plic.base) {
		check_skip("no PLIC");
		return;
	}
	lab_fill(&in);
	in.epc = plic.base + 8;
	r = excursion(&in, false);
	EXPECT_OURS(r->cause == CAUSE_FETCH_ACCESS && r->epc == plic.base + 8 &&
		    r->tval == plic.base + 8,
		    "fetch from the PLIC: cause %lu epc 0x%lx stval 0x%lx",
		    r->cause, r->epc, r->tval);
}

/* Many in a row: the hypervisor has no counter of a guest's faults that could overflow. */
static void t_storm(void)
{
	uint64_t hole = find_hole();

	for (unsigned int i = 0; i < 5000; i++)
		expect_load_fault(hole + 8 * (i & 15));
}

void tests_fault(void)
{
	RUN({ "fault.hole", t_hole }, { "fault.high", t_high },
	    { "fault.foreign-devices", t_foreign_devices }, { "fault.foreign-ram", t_foreign_ram },
	    { "fault.ram-edges", t_ram_edges }, { "fault.straddle", t_straddle },
	    { "fault.fetch-device", t_fetch_device }, { "fault.storm", t_storm });
}
