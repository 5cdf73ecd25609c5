/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest under which an instruction changes after it has trapped: firmware that emulates it fetches it again, and
 * finds another one. bootargs:
 *   race.first=N race.second=N	the two instructions, 32 bits or 16; a0 is the address of their access, a1 a value
 *   race.at=ADDRESS		a0; else an odd address in the guest's own RAM
 *   race.stale			one hart: the page tables change, and the translation of the fetch is not fenced;
 *				otherwise its sibling writes the one and the other by turns
 *   race.user			the instruction runs in U-mode
 *   race.ms=N			for so long (5000)
 *   race.ask=N			then the sibling asks for a reset of that SBI type, if the race has not ended by itself
 */
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/dt.h"
#include "guests/lib/lab.h"
#include "guests/lib/mmu.h"
#include "guests/lib/sbi.h"
#include "guests/lib/timer.h"

#define NOBODY_ASKS	99
#define STORE_PTE	enc_store(W_D, 12, 13, 0)	/* sd a2, (a3) */

static uint32_t first, second;
static uint64_t end;
static volatile uint64_t rounds;
static volatile bool over;

/* Two pages with the same layout: the store of a page-table entry, the instruction, an ebreak. */
static uint16_t pages[2][2048] __attribute__((aligned(4096)));
static uint64_t ram[4];

static void write_insn(uint16_t *at, uint32_t insn)
{
	WRITE_ONCE(at[0], (uint16_t)insn);
	if (insn_length(insn) == 4)
		WRITE_ONCE(at[1], (uint16_t)(insn >> 16));
}

static void fill(uint16_t *page, uint32_t insn)
{
	write_insn(page, STORE_PTE);
	write_insn(page + 2, insn);
	write_insn(page + 2 + insn_length(insn) / 2, INSN_EBREAK);
}

/* All 32 bits at once, so that the firmware finds the one or the other. */
static void rewrite(uint32_t insn)
{
	*(volatile uint32_t *)(pages[0] + 2) = insn;
	for (int i = 0; i < 50; i++)
		cpu_relax();
}

static void be_the_sibling(void *unused)
{
	uint64_t ask = arg_u64("race.ask", NOBODY_ASKS);

	(void)unused;
	while (!over) {
		rewrite(second);
		rewrite(first);
		if (ask == NOBODY_ASKS || time_now() < end)
			continue;
		line("race: the sibling asks for a reset of type %lu, after %lu rounds", ask, rounds);
		sbi_call(EID_SRST, 0, ask, 0, 0, 0, 0);
	}
}

/* Executes the instruction once, from that virtual address; returns how it ended. */
static uint64_t run_once(uint64_t pc, bool user)
{
	struct tf in;

	lab_fill(&in);
	in.x[10] = arg_u64("race.at", (uint64_t)ram + 1);
	in.x[11] = 0x55;
	in.x[2] = in.x[10] + 16;	/* cm.push writes below it */
	in.epc = pc;
	/* What the first instruction of a page stores where: the entry of the other page, which is readable. */
	in.x[12] = (uint64_t)pages[1] >> 12 << 10 | PTE_V | PTE_R | PTE_X | PTE_A;
	in.x[13] = (uint64_t)mmu_entry(0);
	return excursion(&in, user)->cause;
}

static void race(void)
{
	bool stale = arg_str("race.stale") != NULL, user = arg_str("race.user") != NULL;
	uint64_t causes = 0, next = 0;

	while (time_now() < end || arg_u64("race.ask", NOBODY_ASKS) != NOBODY_ASKS) {
		if (stale) {
			mmu_set(0, (uint64_t)pages[0], PTE_XONLY);
			mmu_fence();
		}
		__asm__ volatile("fence.i" : : : "memory");
		causes |= 1ULL << run_once(stale ? MMU_PAGE(0) : (uint64_t)(pages[0] + 2), user);
		rounds++;
		if (time_now() < next)
			continue;
		next = time_now() + ms_to_ticks(500);
		line("race: %lu rounds", rounds);
	}
	line("race: done, %lu rounds, causes 0x%lx", rounds, causes);
}

void guest_main(void)
{
	first = (uint32_t)arg_u64("race.first", 0);
	second = (uint32_t)arg_u64("race.second", 0);
	end = time_now() + ms_to_ticks(arg_u64("race.ms", 5000));
	fill(pages[0], first);
	fill(pages[1], second);
	line("race: begins");
	if (arg_str("race.stale")) {
		mmu_build();
		mmu_on(0);
	} else if (smp_run(&cpus[1], be_the_sibling, NULL)) {
		line("FAIL race: its sibling does not start");
	}
	race();
	over = true;
}
