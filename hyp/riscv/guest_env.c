/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probing, set-up and reset of a hart's CSRs and registers for guests; see guest_env.h. Source: privileged ISA,
 * "Hypervisor and Virtual Supervisor CSRs"; Sstc; Smstateen; Ssctr; AIA, "Interrupts for Virtual Machines (VS Level)".
 * No lock: all state belongs to the calling hart.
 */
#include "hyp/riscv/guest_env.h"

#include "hyp/riscv/context.h"
#include "hyp/riscv/cbo.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/fault.h"
#include "hyp/riscv/fence.h"
#include "hyp/riscv/gstage.h"
#include "hyp/riscv/imsic.h"

#define GUEST_INTERRUPTS	(1ul << IRQ_VSSI | 1ul << IRQ_VSTI | 1ul << IRQ_VSEI)
#define HS_INTERRUPTS		(1ul << IRQ_SSI | 1ul << IRQ_STI | 1ul << IRQ_SEI)
#define GUEST_COUNTERS		(COUNTEREN_CY | COUNTEREN_TM | COUNTEREN_IR)
#define HGATP_VMIDS		(HGATP_VMID_MASK << HGATP_VMID_SHIFT)
#define NO_OPTION		0ul

void trap_entry(void);	/* switch.S */

/* A G-stage that maps nothing. */
static uint64_t empty_root[GSTAGE_ROOT_ENTRIES] __attribute__((aligned(16384)));

static __boot uint32_t probe_csrs(void)
{
	uint32_t found = 0;
	uint64_t v;

#define GUEST_CSR(name, number, value)		found |= 1u << GUEST_CSR_##name;
#define GUEST_CSR_OPTIONAL(name, number, value)	found |= (guard_read_##name(&v) == OK ? 1u : 0u) << GUEST_CSR_##name;
#include "hyp/riscv/guest_csrs.def"
#undef GUEST_CSR
#undef GUEST_CSR_OPTIONAL
	return found;
}

/*
 * f registers, or an fcsr without them: with Zfinx FS is hardwired to 0 but fcsr exists, and an instruction whose
 * encoding names f31 may write x31, as it does in QEMU.
 */
static __boot void probe_fp(struct hart_features *f)
{
	uint64_t v, f31_is_x31 = 0;
	bool fcsr;

	csr_set(CSR_SSTATUS, SSTATUS_FS);
	fcsr = guard_read_fcsr(&v) == OK;
	f->fp = fcsr && csr_read(CSR_SSTATUS) & SSTATUS_FS && guard_clear_f31(&f31_is_x31) == OK && !f31_is_x31;
	f->finx = fcsr && !f->fp;
	f->doubles = f->fp && guard_clear_f31_d(&f31_is_x31) == OK;
	f->zcd = f->doubles && guard_c_fsdsp() == OK;
}

__boot struct hart_features guest_env_probe(void)
{
	struct hart_features f = { 0 };
	uint64_t v;

	f.henvcfg = guard_read_henvcfg(&v) == OK;
	f.hstateen |= guard_read_hstateen0(&v) == OK ? 1 << 0 : 0;
	f.hstateen |= guard_read_hstateen1(&v) == OK ? 1 << 1 : 0;
	f.hstateen |= guard_read_hstateen2(&v) == OK ? 1 << 2 : 0;
	f.hstateen |= guard_read_hstateen3(&v) == OK ? 1 << 3 : 0;
	f.htimedelta = guard_read_htimedelta(&v) == OK;
	f.aia = guard_read_hvictl(&v) == OK;
	f.time = guard_read_time(&v) == OK;
	f.seed = guard_read_seed(&v) == OK;
	f.cbom = guard_clean(empty_root) == OK;
	f.clmul = guard_clmul() == OK;
	f.zero_block = cbo_probe_zero();
	probe_fp(&f);
	csr_set(CSR_SSTATUS, SSTATUS_VS);
	f.vector = guard_read_vlenb(&v) == OK;
	f.csrs = probe_csrs();
	if (f.henvcfg) {
		/* VS-mode has vstimecmp only if henvcfg.STCE can be set, which menvcfg.STCE decides. */
		csr_write(CSR_HENVCFG, ENVCFG_STCE);
		f.sstc = (csr_read(CSR_HENVCFG) & ENVCFG_STCE) && guard_read_vstimecmp(&v) == OK;
		csr_write(CSR_HENVCFG, 0);
	}
	return f;
}

static __boot bool lacks(struct hart_refusal *r, const char *why)
{
	*r = (struct hart_refusal){ .why = why };
	return false;
}

/* Whether got is what was written, apart from bits of `optional`, which a hart may lack. */
static __boot bool reads_back(struct hart_refusal *r, const char *csr, uint64_t got, uint64_t want, uint64_t optional,
		 const char *why)
{
	if (!(got & ~want) && !(want & ~got & ~optional))
		return true;
	*r = (struct hart_refusal){ why, csr, want, got };
	return false;
}

/* Writes a CSR and reads it back. The number of a CSR is a part of the instruction: hence a macro. */
#define PROTECT(r, csr, name, want, optional, why) ({			\
	uint64_t want_ = (want);					\
	csr_write(csr, want_);						\
	reads_back(r, name, csr_read(csr), want_, optional, why); })

/* Checks the bits of VS level only: in the other bits QEMU 11's hvip shows the pending interrupts of HS-mode. */
static bool clear_hvip(struct hart_refusal *r)
{
	csr_write(CSR_HVIP, 0);
	return reads_back(r, "hvip", csr_read(CSR_HVIP) & ~HS_INTERRUPTS, 0, NO_OPTION,
			  "a guest would find an interrupt that was not sent");
}

static __boot bool own_safety(struct hart_refusal *r)
{
	if (csr_read(CSR_STVEC) != (uintptr_t)trap_entry)
		return reads_back(r, "stvec", csr_read(CSR_STVEC), (uintptr_t)trap_entry, NO_OPTION,
				  "traps would not enter the hypervisor");
	csr_set(CSR_SSTATUS, SSTATUS_SDT);
	if (csr_read(CSR_SSTATUS) & SSTATUS_SDT) {
		csr_clear(CSR_SSTATUS, SSTATUS_SDT);
		return lacks(r, "the firmware has set menvcfg.DTE: a trap inside the hypervisor, which it handles, "
			     "would end in M-mode");
	}
	return true;
}

static __boot bool init_delegation(struct hart_refusal *r)
{
	/* Optional bits: an exception that is not delegated traps to the hypervisor, which passes it on. */
	return PROTECT(r, CSR_HEDELEG, "hedeleg", DELEGATED_EXCEPTIONS, DELEGATED_EXCEPTIONS,
		       "a guest would handle what is the hypervisor's") &&
	       PROTECT(r, CSR_HIDELEG, "hideleg", GUEST_INTERRUPTS, NO_OPTION,
		       "interrupts would go to the wrong mode") &&
	       PROTECT(r, CSR_HCOUNTEREN, "hcounteren", GUEST_COUNTERS, GUEST_COUNTERS,
		       "a guest would read the firmware's counters") &&
	       PROTECT(r, CSR_HGEIE, "hgeie", 0, NO_OPTION, "interrupts of guest files would arrive") &&
	       PROTECT(r, CSR_HIE, "hie", 0, NO_OPTION, "interrupts of VS level would arrive") &&
	       clear_hvip(r) &&
	       PROTECT(r, CSR_HSTATUS, "hstatus", HSTATUS_VSXL_64 | HSTATUS_ARMED, NO_OPTION,
		       "WFI and SRET of a guest could not be trapped") &&
	       PROTECT(r, CSR_HSTATUS, "hstatus", HSTATUS_VSXL_64, NO_OPTION,
		       "a guest would run in another mode than it should");
}

static __boot bool init_aia(const struct hart_features *f, struct hart_refusal *r)
{
	return !f->aia || (PROTECT(r, CSR_HVIEN, "hvien", 0, NO_OPTION, "a guest would get interrupts of the host") &&
			   PROTECT(r, CSR_HVICTL, "hvictl", 0, NO_OPTION,
				   "the guest's pending interrupts would not be those of hvip") &&
			   PROTECT(r, CSR_HVIPRIO1, "hviprio1", 0, NO_OPTION, "a guest's priorities would differ") &&
			   PROTECT(r, CSR_HVIPRIO2, "hviprio2", 0, NO_OPTION, "a guest's priorities would differ"));
}

/* The guest has its own interrupt file, and the hypervisor uses none. */
static __boot bool init_file(const struct hart_features *f, uint32_t file, struct hart_refusal *r)
{
	uint64_t hstatus = HSTATUS_VSXL_64 | (uint64_t)file << HSTATUS_VGEIN_SHIFT;

	if (!file)
		return true;
	if (!f->aia || !imsic_has_file(file))
		return lacks(r, "it has no guest interrupt file, which the device tree gives it (riscv,guest-index-bits)");
	imsic_close_own();
	return PROTECT(r, CSR_HSTATUS, "hstatus", hstatus, NO_OPTION, "a guest would have no interrupts");
}

static __boot bool init_stateen(const struct hart_features *f, uint32_t file, struct hart_refusal *r)
{
	static const char why[] = "a guest would reach state that is not reset";
	uint64_t open = STATEEN0_SE0 | STATEEN0_ENVCFG, needed = 0;

	if (file)
		needed = STATEEN0_IMSIC | STATEEN0_AIA | STATEEN0_CSRIND;

	open |= f->csrs >> GUEST_CSR_jvt & 1 ? STATEEN0_JVT : 0;
	open |= f->finx ? STATEEN0_FCSR : 0;
	if (f->hstateen & 1 << 0 && !PROTECT(r, CSR_HSTATEEN0, "hstateen0", open | needed, open, file ?
					     "the firmware does not let guests use their interrupt files, or it opens "
					     "more" : why))
		return false;
	if (f->hstateen & 1 << 1 && !PROTECT(r, CSR_HSTATEEN1, "hstateen1", 0, NO_OPTION, why))
		return false;
	if (f->hstateen & 1 << 2 && !PROTECT(r, CSR_HSTATEEN2, "hstateen2", 0, NO_OPTION, why))
		return false;
	return !(f->hstateen & 1 << 3) || PROTECT(r, CSR_HSTATEEN3, "hstateen3", 0, NO_OPTION, why);
}

static __boot bool init_environment(const struct hart_features *f, const struct guest_env *env, struct hart_refusal *r)
{
	uint64_t envcfg = (env->envcfg & ~ENVCFG_STCE) | (env->sstc ? ENVCFG_STCE : 0);

	/* The other bits are optional: without them (menvcfg) a guest lacks a feature, and isolation holds. */
	if (f->henvcfg && !PROTECT(r, CSR_HENVCFG, "henvcfg", envcfg, envcfg & ~ENVCFG_STCE,
				   "a guest could use features that the plan does not grant"))
		return false;
	if (f->htimedelta && !PROTECT(r, CSR_HTIMEDELTA, "htimedelta", 0, NO_OPTION,
				      "a guest's time would not be the machine's"))
		return false;
	if (f->sstc)	/* after htimedelta: writing that can latch VSTIP from vstimecmp = 0 */
		csr_write(CSR_VSTIMECMP, -1ul);
	if (f->csrs >> GUEST_CSR_vsctrctl & 1)
		csr_write(CSR_SCTRCTL, 0);	/* a guest could read the recorded branches of the hypervisor */
	return true;
}

static void set_hgatp(uint64_t hgatp)
{
	csr_write(CSR_HGATP, hgatp);
	hfence_gvma_all();
}

/* The VMID bits that the hart implements; the others read back as 0. */
static __boot uint64_t implemented_vmids(uint64_t hgatp)
{
	csr_write(CSR_HGATP, hgatp | HGATP_VMIDS);
	return csr_read(CSR_HGATP) & HGATP_VMIDS;
}

/* Reads code of the hypervisor with a guest's rights through a G-stage that maps nothing: this must fault. */
static __boot bool is_translated(uint64_t mode)
{
	uint64_t v;

	csr_write(CSR_VSATP, 0);
	hfence_vvma_all();
	set_hgatp(mode << HGATP_MODE_SHIFT | (uintptr_t)empty_root >> 12);
	return guard_fetch16(&v, (uintptr_t)trap_entry) != OK;
}

/*
 * hgatp.MODE is WARL, and mmu-type describes satp only. A hart that ignores the mode would show the guest all of
 * memory. So would a hart that stores any value and translates nothing: hence the test access. A hart runs one guest,
 * so it needs few VMIDs.
 */
static __boot bool init_gstage(const struct guest_env *env, struct hart_refusal *r)
{
	static const char why[] = "the hart lacks this G-stage mode, and a guest would see memory that is not its own";
	uint64_t hgatp = env->hgatp & ~(HGATP_VMIDS & ~implemented_vmids(env->hgatp));

	if (!PROTECT(r, CSR_HGATP, "hgatp", hgatp, NO_OPTION, why))
		return false;
	if (!is_translated(hgatp >> HGATP_MODE_SHIFT))
		return lacks(r, "its G-stage does not translate: a guest would see all of memory");
	set_hgatp(hgatp);
	return reads_back(r, "hgatp", csr_read(CSR_HGATP), hgatp, NO_OPTION, why);
}

__boot bool guest_env_init(const struct hart_features *f, const struct guest_env *env, struct hart_refusal *r)
{
	if (!f->time)
		return lacks(r, "`time` cannot be read: neither the hart nor the firmware implements it");
	if (env->sstc && !f->sstc)
		return lacks(r, "it lacks Sstc, which the boot hart has and the device tree lists for this hart");
	if (env->cbom && !f->cbom)
		return lacks(r, "it cannot execute CBO.CLEAN, which the boot hart can and the device tree lists for "
				"this hart");
	return own_safety(r) && init_delegation(r) && init_aia(f, r) && init_file(f, env->file, r) &&
	       init_stateen(f, env->file, r) && init_environment(f, env, r) && init_gstage(env, r);
}

void guest_env_reset(const struct hart_features *f)
{
#define GUEST_CSR_OPTIONAL(name, number, value)			\
	if (f->csrs >> GUEST_CSR_##name & 1)			\
		csr_write(number, value);
#define GUEST_CSR GUEST_CSR_OPTIONAL
#include "hyp/riscv/guest_csrs.def"
#undef GUEST_CSR
#undef GUEST_CSR_OPTIONAL
	if (f->csrs >> GUEST_CSR_vsctrctl & 1)
		control_transfer_clear();
	if (f->fp)
		fp_clear(f->doubles);
	if (f->finx)
		csr_write(CSR_FCSR, 0);
	if (f->vector)
		vector_clear();
}
