/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SBI BASE, unknown extensions and functions, and that a call changes no register but a0 and
 * a1. SBI specification 3.0, chapters "Binary Encoding" and "Base Extension".
 */
#include "guests/test/test.h"

struct ext {
	const char *name;
	uint64_t eid;
};

static const struct ext provided[] = {
	{ "BASE", EID_BASE }, { "TIME", EID_TIME }, { "IPI", EID_IPI }, { "RFNC", EID_RFNC },
	{ "HSM", EID_HSM }, { "SRST", EID_SRST }, { "DBCN", EID_DBCN },
	{ "legacy putchar", EID_LEGACY_PUTCHAR }, { "legacy getchar", EID_LEGACY_GETCHAR },
};

static const struct ext absent[] = {
	{ "PMU", 0x504D55 }, { "SUSP", 0x53555350 }, { "CPPC", 0x43505043 },
	{ "NACL", 0x4E41434C }, { "STA", 0x535441 }, { "SSE", 0x535345 },
	{ "FWFT", 0x46574654 }, { "DBTR", 0x44425452 }, { "MPXY", 0x4D505859 },
	{ "experimental", 0x08000000 }, { "vendor", 0x09000000 }, { "firmware", 0x0A000000 },
	{ "0x7fffffff", 0x7fffffff }, { "-1", ~0ULL }, { "0x12345678", 0x12345678 },
};

static void t_version(void)
{
	EXPECT(!(sbi.spec >> 31), "spec version 0x%lx has high bits", sbi.spec);
	EXPECT_OURS(sbi.spec >> 24 >= 2, "SBI %lu.%lu", sbi.spec >> 24, sbi.spec & 0xffffff);
	EXPECT_OURS(sbi.impl_id != IMPL_OPENSBI, "implementation id is OpenSBI's");
}

static void t_ids(void)
{
	for (uint64_t fid = 4; fid <= 6; fid++) {
		struct sbiret r = sbi_call(EID_BASE, fid, 0, 0, 0, 0, 0);

		EXPECT(r.error == 0, "machine id %lu: %ld", fid, r.error);
	}
	EXPECT(sbi_call(EID_BASE, 7, 0, 0, 0, 0, 0).error == SBI_NOT_SUPPORTED, "fid 7");
	EXPECT(sbi_call(EID_BASE, ~0ULL, 0, 0, 0, 0, 0).error == SBI_NOT_SUPPORTED, "fid -1");
}

static void t_probe(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(provided); i++)
		EXPECT_OURS(sbi_probe(provided[i].eid), "%s is not there", provided[i].name);
	for (unsigned int i = 0; i < ARRAY_SIZE(absent); i++) {
		struct sbiret r = sbi_call(EID_BASE, BASE_PROBE, absent[i].eid, 0, 0, 0, 0);

		EXPECT(r.error == 0, "probe %s: error %ld", absent[i].name, r.error);
		EXPECT_OURS(r.value == 0, "probe %s: %ld", absent[i].name, r.value);
	}
}

static void t_unknown(void)
{
	static const struct ext known[] = {
		{ "TIME", EID_TIME }, { "IPI", EID_IPI }, { "RFNC", EID_RFNC },
		{ "HSM", EID_HSM }, { "SRST", EID_SRST }, { "DBCN", EID_DBCN },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(absent); i++) {
		if (sbi_probe(absent[i].eid))
			continue;
		for (uint64_t fid = 0; fid < 9; fid++) {
			struct sbiret r = sbi_call(absent[i].eid, fid, 0, 0, 0, 0, 0);

			EXPECT(r.error == SBI_NOT_SUPPORTED, "%s fid %lu: %ld", absent[i].name,
			       fid, r.error);
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++) {
		struct sbiret r = sbi_call(known[i].eid, 100, 0, 0, 0, 0, 0);

		EXPECT(r.error == SBI_NOT_SUPPORTED, "%s fid 100: %ld", known[i].name, r.error);
	}
}

/* One ecall with all registers prepared: only a0 and a1 may change, and the trap CSRs not. */
static void check_registers(const char *what, uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1)
{
	uint64_t code = lab_code();
	const struct tf *r;
	struct tf in;
	bool kept;

	lab_fill(&in);
	in.x[10] = a0;
	in.x[11] = a1;
	in.x[12] = in.x[13] = in.x[14] = 0;
	in.x[16] = fid;
	in.x[17] = eid;
	r = lab_run(&in, INSN_ECALL);
	if (!EXPECT(lab_completed(r, code, INSN_ECALL), "%s: cause %lu at +%ld", what, r->cause,
		    r->epc - code))
		return;
	in.x[10] = r->x[10];
	in.x[11] = r->x[11];
	kept = lab_regs_kept(&in, r, 0);
	EXPECT(kept, "%s changes registers", what);
	EXPECT_SPEC(!(a1 == 0x5a5a && eid <= 2 && r->x[11] != 0x5a5a), "%s changes a1", what);
}

static void t_registers(void)
{
	static char text[] = "test: registers\n";

	check_registers("base", EID_BASE, BASE_SPEC, 0, 0);
	check_registers("probe", EID_BASE, BASE_PROBE, EID_TIME, 0);
	check_registers("unknown extension", 0x12345678, 0, 1, 2);
	check_registers("set_timer", EID_TIME, 0, TIME_NEVER, 0);
	check_registers("ipi", EID_IPI, 0, 0, 0);
	check_registers("fence.i", EID_RFNC, RFNC_FENCE_I, 0, ~0ULL);
	check_registers("sfence", EID_RFNC, RFNC_SFENCE, 0, ~0ULL);
	check_registers("hart status", EID_HSM, HSM_STATUS, this_cpu()->hartid, 0);
	check_registers("hart status of no hart", EID_HSM, HSM_STATUS, 0xdead, 0);
	check_registers("reset type", EID_SRST, 0, 0x77, 0);
	check_registers("legacy getchar", EID_LEGACY_GETCHAR, 0, 0, 0x5a5a);
	if (sbi.dbcn)
		check_registers("console", EID_DBCN, DBCN_WRITE, sizeof(text) - 1, (uint64_t)text);
}

static void t_csrs(void)
{
	unsigned long flags = irq_save(), cause, epc, tval, scratch, tvec, status;

	csr_write(scause, 0x1f);
	csr_write(sepc, 0x123456);
	csr_write(stval, 0xabcdef0123456789);
	status = csr_read(sstatus);
	sbi_call(EID_BASE, BASE_SPEC, 0, 0, 0, 0, 0);
	sbi_call(0x12345678, 0, 0, 0, 0, 0, 0);
	cause = csr_read(scause);
	epc = csr_read(sepc);
	tval = csr_read(stval);
	scratch = csr_read(sscratch);
	tvec = csr_read(stvec);
	EXPECT(cause == 0x1f && epc == 0x123456 && tval == 0xabcdef0123456789,
	       "scause 0x%lx sepc 0x%lx stval 0x%lx", cause, epc, tval);
	EXPECT(scratch == (uint64_t)this_cpu(), "sscratch 0x%lx", scratch);
	EXPECT(tvec == (uint64_t)trap_entry, "stvec 0x%lx", tvec);
	EXPECT(csr_read(sstatus) == status, "sstatus 0x%lx, was 0x%lx", csr_read(sstatus), status);
	irq_restore(flags);
}

/* Only what cannot reset anything: reserved types and reasons. */
static void t_srst(void)
{
	static const uint64_t types[] = { 3, 0x77, 0xEFFFFFFF };
	static const uint64_t reasons[] = { 2, 0xDFFFFFFF };

	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		struct sbiret r = sbi_call(EID_SRST, 0, types[i], 0, 0, 0, 0);

		EXPECT_SPEC(r.error == SBI_INVALID_PARAM, "type 0x%lx: %ld", types[i], r.error);
	}
	if (sbi.opensbi) {
		check_note("reserved reasons are not tried: OpenSBI may reset");
		return;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(reasons); i++) {
		struct sbiret r = sbi_call(EID_SRST, 0, 0, reasons[i], 0, 0, 0);

		EXPECT(r.error == SBI_INVALID_PARAM, "reason 0x%lx: %ld", reasons[i], r.error);
	}
}

void tests_base(void)
{
	RUN({ "base.version", t_version }, { "base.ids", t_ids }, { "base.probe", t_probe },
	    { "base.unknown", t_unknown }, { "base.registers", t_registers },
	    { "base.csrs", t_csrs }, { "srst.reserved", t_srst });
}
