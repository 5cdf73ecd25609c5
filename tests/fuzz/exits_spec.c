/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts, ends and interrupts; see exits_spec.h. */
#include <string.h>

#include "hyp/riscv/csr_defs.h"
#include "hyp/riscv/sbi_defs.h"
#include "tests/fuzz/exits_sbi.h"

struct spec_vm spec_vms[FAKE_VMS];
struct spec_event spec_now;

static bool served;	/* a PLIC's interrupt perhaps, of which siblings have to be notified */

static struct spec_vm *vm_now(void) { return &spec_vms[spec_now.vm]; }
static struct spec_vcpu *vcpu_now(void) { return &vm_now()->vcpu[spec_now.vcpu]; }
static struct fake_hw *hw_now(void) { return &fake.hw[spec_now.hart]; }
static const struct fake_hw *hw_was(void) { return &spec_was[spec_now.hart]; }

void spec_power_on(void)
{
	memset(spec_vms, 0, sizeof(spec_vms));
	spec_forget_seeds();
	for (unsigned vm = 0; vm < FAKE_VMS; vm++) {
		spec_vms[vm].state = VM_STARTING;
		for (unsigned v = 0; v < 3; v++)
			spec_vms[vm].vcpu[v].hsm = SBI_HSM_STATE_STOPPED;
	}
}

void spec_before(const struct spec_event *e)
{
	spec_now = *e;
	served = false;
	spec_vms[e->vm].vcpu[e->vcpu].events++;
	spec_snapshot();
	fake_count_from_here();
}

/* What all events have in common. siblings: harts that had to be interrupted, as bits. */
static void finish(uint64_t siblings, bool may_be_more, bool loaded, bool ended)
{
	spec_check_siblings(siblings, may_be_more);
	spec_check_others(loaded);
	spec_check_text();
	spec_check_bounds(ended || loaded);
}

/* ---- starts and ends ---- */

/* SBI HSM: a0 is the hart id, a1 opaque, everything else 0, no translation, no interrupts. */
static void check_entry(uint64_t pc, uint64_t opaque)
{
	const struct fake_hw *hw = hw_now();

	SPEC(hw->place == PLACE_GUEST);
	for (unsigned i = 1; i < 32; i++)
		SPEC(hw->x[i] == (i == 10 ? spec_now.vcpu : i == 11 ? opaque : 0));
	SPEC(hw->x[0] == pc);
	SPEC(hw->csr.vsatp == 0 && hw->csr.vsstatus == 0);
	SPEC(hw->csr.sstatus & SSTATUS_SPP && hw->csr.hstatus & HSTATUS_SPVP && hw->csr.hstatus & HSTATUS_SPV);
	SPEC(!(hw->csr.sstatus & SSTATUS_SIE));
}

/* What VS-mode may do, and what the optional units keep of an earlier guest. */
static void check_environment(const struct fake_csrs *c)
{
	bool all = fake.config.kind == KIND_MAX, few = fake.config.kind == KIND_CVA6;
	/* CBZE; with Zicbom CBIE = 01, CBCFE and, for Svpbmt, PBMTE; STCE. */
	uint64_t envcfg = few ? 0 : 0x80 | (fake.config.cbom ? 0x4000000000000050 : 0) |
		(uint64_t)fake.config.sstc << 63;

	SPEC(c->hedeleg == (few ? 0xb1fb : 0xcb1fb) && c->hideleg == 0x444 && c->hcounteren == 7);
	SPEC(c->hgeie == 0 && (few || c->htimedelta == 0));
	SPEC(!fake.config.envcfg || c->henvcfg == envcfg);
	SPEC(!fake.config.stateen || c->hstateen[0] == (few ? 0 : 0xc000000000000000 | (all ? 4 : 0)));
	SPEC(!fake.config.stateen || !(c->hstateen[1] | c->hstateen[2] | c->hstateen[3]));
	SPEC(!all || !(c->hvien | c->hvictl | c->hviprio1 | c->hviprio2 | c->sctrctl));
	SPEC(!all || !(c->vsiselect | c->vsctrctl | c->sctrstatus | c->scontext | c->jvt | c->ssp));
	SPEC(!all || hw_now()->fences[FENCE_CTR] > hw_was()->fences[FENCE_CTR]);
}

/* Of a vcpu that starts, nothing of an earlier life is left. */
static void check_start(uint64_t pc, uint64_t opaque)
{
	const struct fake_hw *hw = hw_now();
	const struct fake_csrs *c = &hw->csr;

	check_entry(pc, opaque);
	SPEC(!c->hie && !c->vstvec && !c->vsscratch && !c->vsepc && !c->vscause && !c->vstval);
	SPEC(c->scounteren == 7);
	SPEC(!(c->hvip & ~(1ull << IRQ_VSEI)) && !(c->hstatus & HSTATUS_ARMED));
	SPEC(!fake.config.sstc || c->vstimecmp == UINT64_MAX);
	SPEC(!fake.config.envcfg || !c->senvcfg);
	SPEC(!fake.config.stateen || !(c->sstateen[0] | c->sstateen[1] | c->sstateen[2] | c->sstateen[3]));
	SPEC(!fake.config.fp || hw->fp_clears == hw_was()->fp_clears + 1);
	SPEC(!fake.config.vector || hw->vector_clears == hw_was()->vector_clears + 1);
	SPEC(c->hgatp >> 44 == (8ull << 16 | (spec_now.vm + 1)));
	check_environment(c);
	SPEC(hw->fences[FENCE_VVMA_ALL] > hw_was()->fences[FENCE_VVMA_ALL]);
	SPEC(hw->fences[FENCE_CODE] > hw_was()->fences[FENCE_CODE] && hw->fences[FENCE_GVMA_ALL]);
	vcpu_now()->hsm = SBI_HSM_STATE_STARTED;
	vcpu_now()->deadline = UINT64_MAX;
	vcpu_now()->nonretentive = false;
}

/* Vcpu 0's hart loads a VM that is starting, and starts. */
static void loads(void)
{
	const struct plan_vm *p = &fake.plan.vms[spec_now.vm];
	struct spec_vm *m = vm_now();

	m->state = VM_RUNNING;
	m->active = 1;
	m->starts++;
	spec_check_fresh_ram(spec_now.vm);
	spec_check_quiet(spec_now.vm);
	check_start(p->entry.v, p->dtb.v);
}

static bool is_crash(enum vm_end end)
{
	return end == VM_END_FAILED || end == VM_END_UNMAPPED || end == VM_END_WATCHDOG;
}

static bool survives_crash(const struct spec_vm *m)
{
	const struct plan_policy *policy = &fake.plan.vms[spec_now.vm].policy;

	return policy->on_crash == ON_CRASH_RESTART && m->crashes < policy->restart_limit;
}

static bool starts_again(struct spec_vm *m)
{
	if (m->end == VM_END_REBOOT)
		return true;
	if (!is_crash(m->end) || !survives_crash(m))
		return false;
	m->crashes++;
	return true;
}

static bool all_ended(void)
{
	for (unsigned vm = 0; vm < FAKE_VMS; vm++)
		if (spec_vms[vm].state != VM_STOPPED && spec_vms[vm].state != VM_STUCK)
			return false;
	return true;
}

/* The VM waits for a hart of it in vain: it is given up, though not before the hart has had its time. */
static void check_given_up(struct spec_vm *m)
{
	if (fake_vm(spec_now.vm)->state != VM_STUCK || m->state == VM_STUCK)
		return;
	SPEC(m->state == VM_STOPPING && m->active);
	SPEC(fake.time - m->ended_at >= STUCK_SECONDS * FAKE_HZ);
	SPEC(fake_said(": STUCK: vcpu "));
	spec_check_quiet(spec_now.vm);
	m->state = VM_STUCK;
	SPEC(fake.shut_down == (all_ended() && !fake.config.keep_machine));
}

/* A parked hart looks, now and then, for those that have not left yet; or it shows what waits on the console. */
static void check_parked(void)
{
	bool polls = !fake.config.uart && vm_vcpu_of_hart(spec_now.hart)->timer.poll != UINT64_MAX, looks;
	struct spec_vm *m = vm_now();

	SPEC(hw_now()->place == PLACE_WFI);
	check_given_up(m);
	looks = m->state == VM_STOPPING && m->active;
	SPEC(hw_now()->csr.hie == 0);
	SPEC(hw_now()->csr.sie == (1ull << IRQ_SSI | (looks || polls ? 1ull << IRQ_STI : 0)));
}

/* Of what follows an end: logged, unless the rate limit drops it. */
static void check_new_life(struct spec_vm *m, bool loaded)
{
	bool logged = fake_said(": restarts (");

	if (loaded)
		SPEC(fake_said(": started\n") == logged);
	if (logged)
		m->logged_at[m->logged++ % LIVES_BURST] = fake.time;
	else
		SPEC(m->logged >= LIVES_BURST &&
		     m->ended_at - m->logged_at[m->logged % LIVES_BURST] <= LIVES_SECONDS * FAKE_HZ);
}

/* The hart has left its guest, to park. Returns harts that had to be interrupted. */
static uint64_t leaves(bool *loaded)
{
	struct spec_vm *m = vm_now();

	*loaded = false;
	vcpu_now()->hsm = SBI_HSM_STATE_STOPPED;
	vcpu_now()->mail_ipi = vcpu_now()->reading = false;
	m->active &= ~(1ull << spec_now.vcpu);
	if (m->active || m->state == VM_STUCK) {
		SPEC(m->state != VM_STUCK || fake_said(" has come back; the VM stays stuck\n"));
		check_parked();
		return 0;
	}
	if (m->state == VM_RUNNING)
		m->end = VM_END_IDLE;
	spec_check_quiet(spec_now.vm);
	if (!starts_again(m)) {
		m->state = VM_STOPPED;
		check_parked();
		SPEC(fake_said(": stopped ("));
		SPEC(fake.shut_down == (all_ended() && !fake.config.keep_machine));
		return 0;
	}
	m->state = VM_STARTING;
	*loaded = spec_now.vcpu == 0;
	check_new_life(m, *loaded);
	if (*loaded)
		loads();
	else
		check_parked();
	return *loaded ? 0 : 1ull << fake_hart_of(spec_now.vm, 0);
}

/* A sibling waits for input: the VM's first hart may notify it of what was typed. */
static bool sibling_reads(void)
{
	for (unsigned v = 1; v < fake.plan.vms[spec_now.vm].nr_vcpus && !spec_now.vcpu; v++)
		if (vm_now()->vcpu[v].reading)
			return true;
	return false;
}

uint64_t spec_harts(uint64_t vcpus)
{
	uint64_t harts = 0;

	for (unsigned v = 0; v < fake.plan.vms[spec_now.vm].nr_vcpus; v++)
		if (vcpus >> v & 1)
			harts |= 1ull << fake_hart_of(spec_now.vm, v);
	return harts;
}

void spec_stops(void)
{
	bool loaded;
	uint64_t notified = leaves(&loaded);

	finish(notified, served || sibling_reads(), loaded, true);
}

void spec_ends(enum vm_end end)
{
	struct spec_vm *m = vm_now();
	uint64_t notified = 0;
	bool loaded;

	if (m->state == VM_RUNNING) {
		m->state = VM_STOPPING;
		m->end = end;
		m->ended_at = fake.time;
		SPEC(!is_crash(end) || survives_crash(m) || fake_said(": crash: "));
		notified = spec_harts(m->active & ~(1ull << spec_now.vcpu));
	}
	notified |= leaves(&loaded);
	finish(notified, served || sibling_reads(), loaded, true);
}

void spec_continues(uint64_t siblings, bool may_be_more)
{
	SPEC(hw_now()->place == PLACE_GUEST);
	finish(siblings, may_be_more, false, false);
}

void spec_started(unsigned hart)
{
	(void)hart;
	if (spec_now.vcpu == 0)
		loads();
	else
		check_parked();
	finish(0, false, spec_now.vcpu == 0, true);
}

/* ---- interrupts ---- */

static bool is_ending(void)
{
	return vm_now()->state == VM_STOPPING || vm_now()->state == VM_STUCK;
}

/* A source whose interrupts the hypervisor delivers may have come, and siblings may have it enabled. */
static bool may_notify(void)
{
	return !fake_passes(&fake.config) || fake.config.vuart || sibling_reads();
}

static bool was_notified(void)
{
	return hw_was()->csr.ssip != 0;
}

/* The guest's registers, and what it has in CSRs, but hvip. */
void spec_check_kept(void)
{
	struct fake_hw want = *hw_was();

	memcpy(want.x, hw_now()->x, sizeof(want.x));
	want.csr.hvip = hw_now()->csr.hvip;
	spec_check_csrs(&want);
	for (unsigned i = 0; i < 32; i++)
		SPEC(hw_now()->x[i] == hw_was()->x[i]);
}

/* What the guest has in CSRs is as in want. */
void spec_check_csrs(const struct fake_hw *want)
{
	const struct fake_csrs *w = &want->csr, *c = &hw_now()->csr;

	SPEC(c->vsstatus == w->vsstatus && c->vstvec == w->vstvec && c->vsscratch == w->vsscratch);
	SPEC(c->vsepc == w->vsepc && c->vscause == w->vscause && c->vstval == w->vstval);
	SPEC(c->vsatp == w->vsatp && c->vstimecmp == w->vstimecmp && c->hie == w->hie);
	SPEC(c->senvcfg == w->senvcfg && !memcmp(c->sstateen, w->sstateen, sizeof(c->sstateen)) &&
	     c->scounteren == w->scounteren);
	SPEC(c->hedeleg == w->hedeleg && c->hideleg == w->hideleg && c->hgatp == w->hgatp);
	SPEC(c->henvcfg == w->henvcfg && !memcmp(c->hstateen, w->hstateen, sizeof(c->hstateen)) &&
	     c->hcounteren == w->hcounteren);
	SPEC((c->hvip ^ w->hvip) & ~(1ull << IRQ_VSEI) ? 0 : 1);
}

/* Mail and the timer of HS-mode become the guest's: those of the cause must, others that pend may. */
static void check_virtual(uint64_t cause)
{
	struct spec_vcpu *v = vcpu_now();
	uint64_t got = hw_now()->csr.hvip & ~hw_was()->csr.hvip & ~(1ull << IRQ_VSEI);
	bool due = !fake.config.sstc && fake.time >= v->deadline, taken = was_notified() && !hw_now()->csr.ssip;

	SPEC(!(hw_was()->csr.hvip & ~hw_now()->csr.hvip & ~(1ull << IRQ_VSEI)));
	SPEC(cause != IRQ_SSI || taken);
	if (taken && v->mail_ipi)
		SPEC(hw_now()->csr.hvip & 1ull << IRQ_VSSI);
	else
		SPEC(!(got & 1ull << IRQ_VSSI));
	SPEC(due || !(got & 1ull << IRQ_VSTI));
	SPEC(cause != IRQ_STI || !due || hw_now()->csr.hvip & 1ull << IRQ_VSTI);
	if (due && hw_now()->csr.hvip & 1ull << IRQ_VSTI)
		v->deadline = UINT64_MAX;
	if (taken)
		v->mail_ipi = false;
}

/* Nothing else ends a VM at an interrupt, or while the hart is suspended. */
static bool watchdog_bites(void)
{
	const struct vm *vm = fake_vm(spec_now.vm);
	bool bites = vm_now()->state == VM_RUNNING && (vm->state != VM_RUNNING || vm->starts != vm_now()->starts);

	SPEC(!bites || fake.plan.vms[spec_now.vm].policy.watchdog_ms);
	return bites;
}

void spec_interrupt(void)
{
	served = may_notify();
	if (watchdog_bites()) {
		spec_ends(VM_END_WATCHDOG);
		return;
	}
	if (spec_now.exit.cause == (SCAUSE_INTERRUPT | IRQ_SEI) && fake_passes(&fake.config)) {
		SPEC(hw_now()->csr.hvip & 1ull << IRQ_VSEI && hw_now()->csr.hstatus & HSTATUS_ARMED);
		spec_check_kept();
		spec_continues(0, false);
		return;
	}
	if (is_ending() && was_notified() && !hw_now()->csr.ssip) {
		spec_stops();
		return;
	}
	/* A hart that takes an interrupt which a sibling has enabled, too, may have to notify the sibling. */
	check_virtual(spec_now.exit.cause & 63);
	spec_check_kept();
	spec_continues(0, may_notify());
}

/* ---- waiting ---- */

static uint64_t wakes(const struct fake_hw *hw, unsigned hart)
{
	return fake_hip(hart) & hw->csr.hie;
}

/* A getchar that waited has returned: a byte that was typed for this VM, or 0 for an interrupt, as a WFI ends. */
static void check_read(void)
{
	const struct fake_hw *hw = hw_now();
	struct spec_vcpu *v = vcpu_now();

	SPEC(hw->place == PLACE_GUEST && hw->x[0] == v->pc && hw->x[11] == v->opaque);
	SPEC(hw->x[10] == SPEC_TYPED(spec_now.vm, hw->x[10]) || (!hw->x[10] && wakes(hw, spec_now.hart)));
	v->reading = false;
	spec_continues(0, may_notify());
}

/* The vcpu is suspended or reads, or did a moment ago. anything: it has served interrupts in between. */
void spec_suspended(bool anything)
{
	const struct fake_hw *hw = hw_now();
	struct spec_vcpu *v = vcpu_now();

	served = anything && may_notify();
	if (watchdog_bites()) {
		spec_ends(VM_END_WATCHDOG);
		return;
	}
	if (anything && is_ending() && was_notified()) {
		spec_stops();
		return;
	}
	if (anything && was_notified())
		v->mail_ipi = false;
	if (!fake.config.sstc && fake.hw[spec_now.hart].csr.hvip & 1ull << IRQ_VSTI)
		v->deadline = v->deadline <= fake.time ? UINT64_MAX : v->deadline;
	if (hw->place == PLACE_WFI) {
		SPEC(!wakes(hw, spec_now.hart));
		v->hsm = v->reading ? SBI_HSM_STATE_STARTED : SBI_HSM_STATE_SUSPENDED;
		SPEC(vm_vcpu_of_hart(spec_now.hart)->hsm == v->hsm);
		finish(0, may_notify(), false, false);
		return;
	}
	if (v->reading) {
		check_read();
		return;
	}
	SPEC(wakes(hw, spec_now.hart));
	v->hsm = SBI_HSM_STATE_STARTED;
	if (v->nonretentive)
		check_entry(v->pc, v->opaque);
	v->nonretentive = false;
	spec_continues(0, may_notify());
}

void spec_wake(void)
{
	struct spec_vm *m = vm_now();
	struct spec_vcpu *v = vcpu_now();

	if (v->hsm == SBI_HSM_STATE_SUSPENDED || v->reading) {
		spec_suspended(true);
		return;
	}
	v->mail_ipi = false;
	if (m->state == VM_STARTING && spec_now.vcpu == 0) {
		loads();
		finish(0, false, true, true);
	} else if (is_ending() && v->hsm == SBI_HSM_STATE_START_PENDING) {
		spec_stops();
	} else if (m->state == VM_RUNNING && v->hsm == SBI_HSM_STATE_START_PENDING) {
		check_start(v->pc, v->opaque);
		spec_continues(0, sibling_reads());
	} else {
		check_parked();
		finish(0, sibling_reads(), false, m->state == VM_STUCK);
	}
}
