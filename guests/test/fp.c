/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating-point and vector state: usable on each hart, kept over exits of all kinds, and an
 * illegal instruction while sstatus.FS or VS is off.
 */
#include "guests/lib/fpregs.h"
#include "guests/test/test.h"

/* One vector register: enough for VLEN 65536. */
static uint64_t vec_buf[MAX_CPUS][1024];

static uint64_t hart_base(void)
{
	return 0x4000000000000000ULL + (this_cpu()->hartid << 32);
}

/* Exits of each kind that a guest makes without meaning to: calls, devices, interrupts. */
static void make_exits(void)
{
	struct cpu *c = this_cpu();
	uint64_t n = c->timer_count;

	csr_write(sie, 1UL << IRQ_TIMER | 1UL << IRQ_SOFT);
	irq_enable();
	for (unsigned int i = 0; i < 20; i++) {
		sbi_call(EID_BASE, BASE_SPEC, 0, 0, 0, 0, 0);
		sbi_call(EID_IPI, 0, 1, c->hartid, 0, 0, 0);
		sbi_call(EID_RFNC, RFNC_SFENCE, 1, c->hartid, 0, ~0ULL, 0);
		if (plic.base)
			plic_read(PLIC_PENDING(0));
	}
	timer_set(time_now() + ms_to_ticks(1));
	EXPECT(WAIT_UNTIL(c->timer_count != n, LONG_MS), "no timer interrupt");
	irq_disable();
	csr_write(sie, 0);
	timer_set(TIME_NEVER);
}

static void fp_on_hart(void *arg)
{
	uint64_t base = hart_base();

	(void)arg;
	csr_set(sstatus, SSTATUS_FS);
	for (unsigned int i = 0; i < 10; i++) {
		uint64_t wrong;

		fp_write(base + i * 64);
		wrong = fp_wrong(base + i * 64);
		EXPECT(!wrong, "hart %lu: registers 0x%lx wrong at once", this_cpu()->hartid,
		       wrong);
		make_exits();
		wrong = fp_wrong(base + i * 64);
		EXPECT(!wrong, "hart %lu: registers 0x%lx wrong after exits", this_cpu()->hartid,
		       wrong);
	}
	EXPECT((csr_read(sstatus) & SSTATUS_FS) == SSTATUS_FS, "FS is not dirty");
	csr_clear(sstatus, SSTATUS_FS);
}

static void vec_on_hart(void *arg)
{
	uint64_t base = hart_base(), *buf = vec_buf[this_cpu()->index];

	(void)arg;
	csr_set(sstatus, SSTATUS_VS | SSTATUS_FS);
	for (unsigned int i = 0; i < 10; i++) {
		uint64_t wrong;

		vec_write(base + i * 64);
		wrong = vec_wrong(base + i * 64, buf);
		EXPECT(!wrong, "hart %lu: registers 0x%lx wrong at once", this_cpu()->hartid,
		       wrong);
		vec_write(base + i * 64);
		make_exits();
		wrong = vec_wrong(base + i * 64, buf);
		EXPECT(!wrong, "hart %lu: registers 0x%lx wrong after exits", this_cpu()->hartid,
		       wrong);
	}
	csr_clear(sstatus, SSTATUS_VS | SSTATUS_FS);
}

/* All harts at the same time. */
static void on_all(void (*fn)(void *))
{
	for (unsigned int i = 1; i < ncpus; i++)
		EXPECT(smp_run(&cpus[i], fn, NULL) == 0, "start of hart %lu", cpus[i].hartid);
	fn(NULL);
	for (unsigned int i = 1; i < ncpus; i++)
		EXPECT(smp_join(&cpus[i]), "hart %lu does not stop", cpus[i].hartid);
}

static void t_fp(void)
{
	if (!dt_isa_has(0, "d")) {
		check_skip("no D in the ISA");
		return;
	}
	on_all(fp_on_hart);
}

static void t_vec(void)
{
	if (!dt_isa_has(0, "v")) {
		check_skip("no V in the ISA");
		return;
	}
	on_all(vec_on_hart);
}

static void expect_illegal(const char *what, uint32_t insn)
{
	const struct tf *r;
	struct tf in;

	lab_fill(&in);
	in.x[REG_A0] = (uint64_t)machine.ram;
	r = lab_run(&in, insn);
	EXPECT(r->cause == CAUSE_ILLEGAL && r->epc == lab_code(), "%s: cause %lu epc +%ld", what,
	       r->cause, r->epc - lab_code());
	EXPECT(r->tval == 0 || r->tval == insn, "%s: stval 0x%lx", what, r->tval);
}

static void t_off(void)
{
	csr_clear(sstatus, SSTATUS_FS | SSTATUS_VS);
	expect_illegal("fld with FS off", enc_fload(W_D, 1, REG_A0));
	expect_illegal("frcsr with FS off", enc_csrr(0x003, REG_A1));
	expect_illegal("vsetvli with VS off", 0x0d8572d7);
	expect_illegal("csrr vl with VS off", enc_csrr(0xc20, REG_A1));
	if (!dt_isa_has(0, "v")) {
		csr_set(sstatus, SSTATUS_VS);
		expect_illegal("csrr vl without V", enc_csrr(0xc20, REG_A1));
		csr_clear(sstatus, SSTATUS_VS);
	}
}

void tests_fp(void)
{
	RUN({ "fp.registers", t_fp }, { "fp.vector", t_vec }, { "fp.off", t_off });
}
