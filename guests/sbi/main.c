/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SBI as a guest sees it, call by call: what guests/test does not try of the specification's demands (SBI 3.0).
 * Needs three harts. Every call also proves that no other register is changed.
 */
#include "guests/sbi/sbi.h"

uint64_t calls;

struct sbiret checked_call(uint64_t eid, uint64_t fid, const uint64_t *args)
{
	uint64_t code = lab_code();
	const struct tf *r;
	struct tf in;
	bool ok;

	lab_fill(&in);
	for (unsigned int i = 0; i < 6; i++)
		in.x[REG_A0 + i] = args[i];
	in.x[16] = fid;
	in.x[17] = eid;
	r = lab_run(&in, INSN_ECALL);
	ok = lab_completed(r, code, INSN_ECALL);
	EXPECT(ok, "0x%lx fid 0x%lx: cause %lu", eid, fid, r->cause);
	in.x[REG_A0] = r->x[REG_A0];
	in.x[REG_A1] = r->x[REG_A1];
	EXPECT(lab_regs_kept(&in, r, 0), "0x%lx fid 0x%lx changes registers", eid, fid);
	__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
	return (struct sbiret){ .error = (long)r->x[REG_A0], .value = (long)r->x[REG_A1] };
}

void guest_main(void)
{
	tests_table();
	tests_time();
	tests_hsm();
	line("sbi: %lu calls", calls);
	check_summary();
}
