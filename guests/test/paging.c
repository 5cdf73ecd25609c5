/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's own translation on top of the partition's: page faults are the guest's own and
 * carry its virtual addresses; emulation follows aliases of code and device; page tables in
 * nowhere give access faults of the original kind, never a hang.
 */
#include "guests/test/test.h"

static uint64_t code_page[512] __attribute__((aligned(4096)));
static uint64_t data_page[512] __attribute__((aligned(4096)));

static const struct tf *run(struct tf *in, uint32_t insn, uint64_t exec, bool user)
{
	return lab_run_at(in, insn, (uint64_t)code_page + (exec & 0xfff), exec, user);
}

static void expect_fault(const char *what, const struct tf *r, uint64_t cause, uint64_t epc,
			 uint64_t tval)
{
	EXPECT(r->cause == cause && r->epc == epc && r->tval == tval,
	       "%s: cause %lu epc 0x%lx stval 0x%lx, not %lu 0x%lx 0x%lx", what, r->cause, r->epc,
	       r->tval, cause, epc, tval);
}

/* Window: 0 code (S), 1 data, 2 nothing, 3 read-only, 4 code (U), 5 device, 6 hole, 7 X only */
static void map_window(void)
{
	mmu_set(0, (uint64_t)code_page, PTE_RWX);
	mmu_set(1, (uint64_t)data_page, PTE_RW);
	mmu_set(2, 0, 0);
	mmu_set(3, (uint64_t)data_page, PTE_V | PTE_R | PTE_A);
	mmu_set(4, (uint64_t)code_page, PTE_RWX | PTE_U);
	mmu_set(5, plic.base, PTE_RW);
	mmu_set(6, find_hole(), PTE_RWX);
	mmu_set(7, (uint64_t)code_page, PTE_XONLY);
	mmu_fence();
}

static void t_faults(void)
{
	uint64_t code = MMU_PAGE(0);
	struct tf in;

	map_window();
	mmu_on(0);
	lab_fill(&in);
	in.x[REG_A0] = MMU_PAGE(2) + 0x18;
	expect_fault("load", run(&in, enc_load(W_D, REG_A1, REG_A0, 0), code, false),
		     CAUSE_LOAD_PAGE, code, MMU_PAGE(2) + 0x18);
	expect_fault("store", run(&in, enc_store(W_D, REG_A1, REG_A0, 0), code, false),
		     CAUSE_STORE_PAGE, code, MMU_PAGE(2) + 0x18);
	in.x[REG_A0] = MMU_PAGE(3);
	expect_fault("store to read-only", run(&in, enc_store(W_W, REG_A1, REG_A0, 0), code, false),
		     CAUSE_STORE_PAGE, code, MMU_PAGE(3));
	in.epc = MMU_PAGE(2) + 0x20;
	expect_fault("fetch", excursion(&in, false), CAUSE_FETCH_PAGE, in.epc, in.epc);
	in.epc = MMU_PAGE(1);
	expect_fault("fetch without X", excursion(&in, false), CAUSE_FETCH_PAGE, in.epc, in.epc);
	in.epc = MMU_PAGE(4);
	expect_fault("fetch from a U page", excursion(&in, false), CAUSE_FETCH_PAGE, in.epc,
		     in.epc);
	mmu_off();
}

static void t_user(void)
{
	uint64_t code = MMU_PAGE(4) + 0x40;
	struct tf in;

	map_window();
	mmu_on(0);
	lab_fill(&in);
	expect_fault("ecall from U", run(&in, INSN_ECALL, code, true), CAUSE_ECALL_U, code, 0);
	in.x[REG_A0] = MMU_PAGE(1);
	expect_fault("U reads an S page", run(&in, enc_load(W_W, REG_A1, REG_A0, 0), code, true),
		     CAUSE_LOAD_PAGE, code, MMU_PAGE(1));
	in.epc = MMU_PAGE(0);
	expect_fault("U fetches an S page", excursion(&in, true), CAUSE_FETCH_PAGE, in.epc, in.epc);
	mmu_off();
}

/* A device under another address, accessed from code under another address. */
static void check_alias(uint64_t code, uint32_t insn, uint32_t want)
{
	const struct tf *r;
	struct tf in;

	lab_fill(&in);
	in.x[REG_A0] = MMU_PAGE(5) + PLIC_PRIORITY(own_source());
	r = run(&in, insn, code, false);
	EXPECT(lab_completed(r, code, insn) && r->x[REG_A1] == want,
	       "code at 0x%lx: cause %lu epc 0x%lx value 0x%lx", code, r->cause, r->epc,
	       r->x[REG_A1]);
}

static void t_mmio(void)
{
	uint32_t s = own_source(), lw = enc_load(W_W, REG_A1, REG_A0, 0);
	uint32_t c_lw = enc_cl_w(2, REG_A1, REG_A0, 0), want = s ? 6 : 0;
	const struct tf *r;
	struct tf in;

	if (!plic.base) {
		check_skip("no PLIC");
		return;
	}
	map_window();
	if (s)
		plic_write(PLIC_PRIORITY(s), 6);
	mmu_on(0);
	check_alias(MMU_PAGE(0) + 0x80, lw, want);
	check_alias(MMU_PAGE(7) + 0x80, lw, want);
	check_alias(MMU_PAGE(7) + 0x80, c_lw, want);
	check_alias(MMU_PAGE(0) + 0xffa, c_lw, want);
	lab_fill(&in);
	in.x[REG_A0] = MMU_PAGE(5) + 1;
	r = run(&in, enc_load(W_B, REG_A1, REG_A0, 0), MMU_PAGE(0), false);
	expect_fault("lb from the device", r, CAUSE_LOAD_ACCESS, MMU_PAGE(0), MMU_PAGE(5) + 1);
	mmu_off();
	if (s)
		plic_write(PLIC_PRIORITY(s), 0);
}

/* A 4-byte instruction over the border of two pages that are not neighbours in memory. */
static void t_split(void)
{
	uint32_t insn = enc_load(W_W, REG_A1, REG_A0, 0), s = own_source();
	volatile uint16_t *first = (volatile uint16_t *)((uint64_t)code_page + 4094);
	volatile uint16_t *second = (volatile uint16_t *)data_page;
	const struct tf *r;
	struct tf in;

	if (!plic.base) {
		check_skip("no PLIC");
		return;
	}
	map_window();
	mmu_set(8, (uint64_t)code_page, PTE_XONLY);
	mmu_set(9, (uint64_t)data_page, PTE_XONLY);
	first[0] = (uint16_t)insn;
	second[0] = (uint16_t)(insn >> 16);
	second[1] = INSN_C_EBREAK;
	if (s)
		plic_write(PLIC_PRIORITY(s), 3);
	mmu_on(0);
	lab_fill(&in);
	in.x[REG_A0] = MMU_PAGE(5) + PLIC_PRIORITY(s);
	in.epc = MMU_PAGE(9) - 2;
	r = excursion(&in, false);
	EXPECT(r->cause == CAUSE_BREAKPOINT && r->epc == MMU_PAGE(9) + 2 &&
	       r->x[REG_A1] == (s ? 3 : 0), "cause %lu epc 0x%lx value 0x%lx", r->cause, r->epc,
	       r->x[REG_A1]);
	mmu_off();
	if (s)
		plic_write(PLIC_PRIORITY(s), 0);
}

/*
 * An access that begins in RAM and ends in the PLIC: neither may have it. Were the second page's address taken for that
 * of the access, a store would go to the register alone and be done. Natively a machine may split it.
 */
void check_straddle(uint64_t device)
{
	uint64_t code = MMU_PAGE(0), end = (uint64_t)data_page + 4096;
	const struct tf *r;
	struct tf in;

	map_window();
	mmu_set(8, (uint64_t)data_page, PTE_RW);
	mmu_set(9, device, PTE_RW);
	mmu_on(0);
	lab_fill(&in);
	*(volatile uint64_t *)(end - 8) = 0x1234567812345678;
	for (unsigned int before = 1; before < 8; before++) {
		const uint32_t stores[] = { enc_store(W_D, REG_A1, REG_A0, 0), enc_cl_d(7, REG_A1, REG_A0, 0),
					    enc_store(W_W, REG_A1, REG_A0, 0), enc_cl_w(6, REG_A1, REG_A0, 0) };
		const uint32_t loads[] = { enc_load(W_D, REG_A1, REG_A0, 0), enc_cl_d(3, REG_A1, REG_A0, 0),
					   enc_load(W_W, REG_A1, REG_A0, 0), enc_cl_w(2, REG_A1, REG_A0, 0) };

		in.x[REG_A0] = MMU_PAGE(9) - before;
		for (unsigned int i = 0; i < (before < 4 ? 4 : 2); i++) {
			r = run(&in, stores[i], code, false);
			EXPECT(r->cause == CAUSE_STORE_ACCESS || r->cause == CAUSE_STORE_MISALIGNED,
			       "store 0x%x: cause %lu", stores[i], r->cause);
			r = run(&in, loads[i], code, false);
			EXPECT(r->cause == CAUSE_LOAD_ACCESS || r->cause == CAUSE_LOAD_MISALIGNED,
			       "load 0x%x: cause %lu", loads[i], r->cause);
			EXPECT(lab_regs_kept(&in, r, 0), "load 0x%x: changes registers", loads[i]);
		}
	}
	EXPECT(*(volatile uint64_t *)(end - 8) == 0x1234567812345678, "the RAM before it has changed");
	mmu_off();
}

static void t_device_straddle(void)
{
	if (!plic.base)
		check_skip("no PLIC");
	else if (!sbi.opensbi)
		check_straddle(plic.base);
}

/* The guest's mapping is there, what it points at is not: access faults with virtual stval. */
static void t_hole(void)
{
	uint64_t code = MMU_PAGE(0), at = MMU_PAGE(6) + 0x28;
	struct tf in;

	map_window();
	mmu_on(0);
	lab_fill(&in);
	in.x[REG_A0] = at;
	expect_fault("load", run(&in, enc_load(W_D, REG_A1, REG_A0, 0), code, false),
		     CAUSE_LOAD_ACCESS, code, at);
	expect_fault("store", run(&in, enc_store(W_H, REG_A1, REG_A0, 0), code, false),
		     CAUSE_STORE_ACCESS, code, at);
	in.epc = at;
	expect_fault("fetch", excursion(&in, false), CAUSE_FETCH_ACCESS, at, at);
	mmu_off();
}

/* The walk itself goes to nowhere: access fault of the original kind. */
static void expect_walk_fault(const char *what, const struct tf *r, uint64_t cause, uint64_t epc,
			      uint64_t tval)
{
	EXPECT_OURS(r->cause == cause && r->epc == epc && r->tval == tval,
		    "%s: cause %lu epc 0x%lx stval 0x%lx, not %lu 0x%lx 0x%lx", what, r->cause,
		    r->epc, r->tval, cause, epc, tval);
}

static void check_walk(uint64_t table)
{
	uint64_t code = MMU_PAGE(0), at = MMU_WINDOW + 0x200000 + 0x5030;
	struct tf in;

	mmu_set_middle(table >> 12 << 10 | PTE_V);
	mmu_fence();
	lab_fill(&in);
	in.x[REG_A0] = at;
	expect_walk_fault("load", run(&in, enc_load(W_D, REG_A1, REG_A0, 0), code, false),
			  CAUSE_LOAD_ACCESS, code, at);
	expect_walk_fault("c.lw", run(&in, enc_cl_w(2, REG_A1, REG_A0, 0), code, false),
			  CAUSE_LOAD_ACCESS, code, at);
	expect_walk_fault("store", run(&in, enc_store(W_D, REG_A1, REG_A0, 0), code, false),
			  CAUSE_STORE_ACCESS, code, at);
	expect_walk_fault("amo", run(&in, enc_amo(AMO_ADD, W_D, 12, REG_A1, REG_A0), code, false),
			  CAUSE_STORE_ACCESS, code, at);
	in.epc = at;
	expect_walk_fault("fetch", excursion(&in, false), CAUSE_FETCH_ACCESS, at, at);
}

static void t_walk(void)
{
	map_window();
	mmu_on(0);
	check_walk(find_hole());
	if (plic.base && !sbi.opensbi)
		check_walk(plic.base);
	mmu_set_middle(0);
	mmu_off();
}

/*
 * U-mode unmaps its own page, without a fence, and then accesses the PLIC from there: whoever
 * emulates the access and fetches the instruction finds none. The trap of that must not be taken for U-mode's.
 */
static void check_lost_code(uint32_t insn, uint64_t offset)
{
	uint32_t store = enc_store(W_D, 12, 13, 0), *code = (uint32_t *)code_page;
	const struct tf *r;
	struct tf in;

	map_window();
	mmu_set(8, (uint64_t)mmu_entry(0) & ~0xfffULL, PTE_RW | PTE_U);
	mmu_set(9, plic.base + (offset & ~0xfffULL), PTE_RW | PTE_U);
	mmu_fence();
	WRITE_ONCE(code[0], store);
	WRITE_ONCE(code[1], insn);
	WRITE_ONCE(code[2], INSN_EBREAK);
	__asm__ volatile("fence.i" : : : "memory");
	lab_fill(&in);
	in.x[REG_A0] = MMU_PAGE(9) + (offset & 0xfff);
	in.x[REG_A1] = 0;
	in.x[12] = 0;
	in.x[13] = MMU_PAGE(8) + ((uint64_t)mmu_entry(4) & 0xfff);
	in.epc = MMU_PAGE(4);
	r = excursion(&in, true);
	EXPECT(r->cause == CAUSE_STORE_ACCESS || r->cause == CAUSE_LOAD_ACCESS || r->cause == CAUSE_FETCH_PAGE ||
	       r->cause == CAUSE_BREAKPOINT, "insn 0x%x: cause %lu", insn, r->cause);
	EXPECT(!(r->status & SSTATUS_SPP), "insn 0x%x: cause %lu of U-mode is reported as S-mode's", insn, r->cause);
	EXPECT(r->epc >= MMU_PAGE(4) + 4 && r->epc <= MMU_PAGE(4) + 8, "insn 0x%x: epc 0x%lx", insn, r->epc);
}

static void t_lost_code(void)
{
	uint32_t sw = enc_store(W_W, REG_A1, REG_A0, 0), lw = enc_load(W_W, REG_A1, REG_A0, 0);

	if (!plic.base || cpus[0].plic_ctx < 0) {
		check_skip("no PLIC");
		return;
	}
	mmu_on(0);
	check_lost_code(sw, PLIC_THRESHOLD(cpus[0].plic_ctx));
	check_lost_code(sw, PLIC_CLAIM(cpus[0].plic_ctx));
	check_lost_code(sw, PLIC_PRIORITY(own_source()));
	check_lost_code(lw, PLIC_PRIORITY(own_source()));
	mmu_off();
}

void tests_paging(void)
{
	RUN({ "paging.faults", t_faults }, { "paging.user", t_user }, { "paging.mmio", t_mmio },
	    { "paging.split", t_split }, { "paging.device-straddle", t_device_straddle },
	    { "paging.hole", t_hole }, { "paging.walk", t_walk },
	    { "paging.lost-code", t_lost_code });
}
