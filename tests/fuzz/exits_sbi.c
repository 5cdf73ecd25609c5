/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SBI, version 3.0, as docs/sbi.md promises it to guests; see exits_spec.h. */
#include <string.h>

#include "hyp/riscv/csr_defs.h"
#include "hyp/riscv/sbi_defs.h"
#include "tests/fuzz/exits_sbi.h"

#define VENDOR	0x0a424b48ull

static struct spec_vm *vm_now(void) { return &spec_vms[spec_now.vm]; }
static struct fake_hw *hw_now(void) { return &fake.hw[spec_now.hart]; }
static uint64_t arg(unsigned i) { return spec_was[spec_now.hart].x[10 + i]; }
static unsigned nr_vcpus(void) { return fake.plan.vms[spec_now.vm].nr_vcpus; }

static uint64_t siblings;	/* that have to be interrupted, as harts */
static uint64_t hvip, vstimecmp;
static bool legacy;

/* The call returns: a0, and a1 if it is no error. Other registers are preserved. */
static void returns(long error, uint64_t value)
{
	struct fake_hw want = spec_was[spec_now.hart];

	want.x[0] += 4;
	want.x[10] = (uint64_t)error;
	if (!legacy)
		want.x[11] = error ? hw_now()->x[11] : value;
	SPEC(!memcmp(want.x, hw_now()->x, sizeof(want.x)));
	want.csr.hvip = hvip;
	want.csr.vstimecmp = vstimecmp;
	spec_check_csrs(&want);
	SPEC(!(hw_now()->csr.hvip & 1ull << IRQ_VSEI) == !(spec_was[spec_now.hart].csr.hvip & 1ull << IRQ_VSEI));
	SPEC(hw_now()->csr.sstatus & SSTATUS_SPP);
	spec_continues(siblings, false);
}

/* "Hart list parameter". False: it names a hart that is not there. */
static bool hart_list(uint64_t mask, uint64_t base, uint64_t *vcpus)
{
	*vcpus = 0;
	for (unsigned v = 0; v < nr_vcpus(); v++)
		if (base == UINT64_MAX || (v >= base && mask >> (v - base) & 1))
			*vcpus |= 1ull << v;
	if (base == UINT64_MAX)
		return true;
	return __builtin_popcountll(mask) == __builtin_popcountll(*vcpus);
}

static bool is_ram(uint64_t at, uint64_t size)
{
	bool ram = size <= FAKE_RAM_SIZE && at + (size - 1) >= at;

	for (uint64_t i = 0; ram && i < size; i += PAGE_SIZE)
		ram = fake_ram_at(spec_now.vm, at + i) != NULL;
	ram = ram && fake_ram_at(spec_now.vm, at + (size - 1));
	fake_ram_close();
	return ram;
}

static bool is_entry(uint64_t at)
{
	return !(at & 1) && is_ram(at, 2);
}

static void base(uint64_t fid)
{
	static const uint64_t provided[] = {
		0, 1, 2, 8, 0x10, 0x54494d45, 0x735049, 0x52464e43, 0x48534d, 0x53525354, 0x4442434e, VENDOR,
	};
	uint64_t found = 0;

	for (size_t i = 0; i < ARRAY_LEN(provided); i++)
		found |= provided[i] == arg(0);
	switch (fid) {
	case 0: returns(SBI_SUCCESS, 3ull << 24); return;
	case 1: returns(SBI_SUCCESS, 0x424b48); return;
	case 2: returns(SBI_SUCCESS, hw_now()->x[11]); return;
	case 3: returns(SBI_SUCCESS, found); return;
	case 4: case 5: case 6: returns(SBI_SUCCESS, 0x5000 + fid); return;
	default: returns(SBI_ERR_NOT_SUPPORTED, 0);
	}
}

static void set_timer(void)
{
	if (fake.config.sstc) {
		vstimecmp = arg(0);
	} else {
		vm_now()->vcpu[spec_now.vcpu].deadline = arg(0);
		hvip &= ~(1ull << IRQ_VSTI);
		SPEC(arg(0) == UINT64_MAX || (hw_now()->firmware_timer <= arg(0) &&
					      hw_now()->csr.sie & 1ull << IRQ_STI));
	}
	returns(SBI_SUCCESS, 0);
}

static void send_ipi(void)
{
	uint64_t vcpus, self = 1ull << spec_now.vcpu;

	if (!hart_list(arg(0), arg(1), &vcpus)) {
		returns(SBI_ERR_INVALID_PARAM, 0);
		return;
	}
	if (vcpus & self)
		hvip |= 1ull << IRQ_VSSI;
	for (unsigned v = 0; v < nr_vcpus(); v++)
		if (vcpus & ~self & 1ull << v)
			vm_now()->vcpu[v].mail_ipi = true;
	siblings = spec_harts(vcpus & ~self);
	returns(SBI_SUCCESS, 0);
}

/* The harts that the firmware was asked to fence, and whether each fence was as large as the guest's. */
static uint64_t fenced(uint64_t fid)
{
	uint64_t harts = 0, first = arg(2), last = arg(2) + arg(3) - 1;
	bool all = !arg(3) || arg(3) == UINT64_MAX || last < first;

	for (uint32_t i = 0; i < fake.nr_calls && i < FAKE_CALLS; i++) {
		const struct fake_call *c = &fake.calls[i];

		if (c->eid != SBI_EXT_RFENCE)
			continue;
		for (unsigned h = 0; h < FAKE_HARTS; h++)
			if (fake.plan.harts[h].id - c->arg[1] < 64 &&
			    c->arg[0] >> (fake.plan.harts[h].id - c->arg[1]) & 1)
				harts |= 1ull << h;
		SPEC((c->fid == SBI_RFENCE_FENCE_I) == (fid == 0));
		SPEC(fid != 1 || c->fid == SBI_RFENCE_HFENCE_VVMA);
		SPEC(fid == 0 || c->arg[3] == UINT64_MAX ||
		     (!all && c->arg[2] <= first && c->arg[2] + c->arg[3] - 1 >= last));
		SPEC(c->fid != SBI_RFENCE_HFENCE_VVMA_ASID || c->arg[4] == (arg(4) & 0xffff));
	}
	return harts;
}

static uint32_t own_fences(void)
{
	uint32_t n = 0;

	for (unsigned kind = 0; kind < NR_FENCES; kind++)
		n += kind == FENCE_IPI || kind == FENCE_SIP ? 0 :
		     hw_now()->fences[kind] - spec_was[spec_now.hart].fences[kind];
	return n;
}

/* All harts of the VM have an SSWI register: its fences need no firmware. */
static bool fences_by_mail(void)
{
	for (unsigned v = 0; v < nr_vcpus(); v++)
		if (!hart_get(fake_hart_of(spec_now.vm, v))->setssip.v)
			return false;
	return true;
}

/* Each of these harts has fenced, at least what the call names. */
static bool have_fenced(uint64_t harts, uint64_t fid)
{
	bool code = fid == 0;

	for (unsigned h = 0; h < FAKE_HARTS; h++) {
		const uint32_t *now = fake.hw[h].fences, *then = spec_was[h].fences;
		bool part = now[FENCE_VVMA_VA] != then[FENCE_VVMA_VA] ||
			    now[FENCE_VVMA_VA_ASID] != then[FENCE_VVMA_VA_ASID] ||
			    now[FENCE_VVMA_ASID] != then[FENCE_VVMA_ASID];

		if (harts >> h & 1 && code && now[FENCE_CODE] == then[FENCE_CODE])
			return false;
		if (harts >> h & 1 && !code && !part && now[FENCE_VVMA_ALL] == then[FENCE_VVMA_ALL])
			return false;
	}
	return true;
}

static void rfence(uint64_t fid)
{
	uint64_t vcpus, self = 1ull << spec_now.vcpu, others;

	if (fid > 2) {
		returns(SBI_ERR_NOT_SUPPORTED, 0);
		return;
	}
	if (!hart_list(arg(0), arg(1), &vcpus)) {
		SPEC(!own_fences() && !fenced(fid));
		returns(SBI_ERR_INVALID_PARAM, 0);
		return;
	}
	others = vcpus & ~self & vm_now()->active;
	SPEC(!(vcpus & self) == !own_fences());
	if (fences_by_mail()) {
		SPEC(!fenced(fid) && have_fenced(spec_harts(others), fid));
		siblings = spec_harts(others);
		spec_mail_fences(siblings);
	} else {
		SPEC((fenced(fid) & spec_harts(others)) == spec_harts(others));
	}
	returns(SBI_SUCCESS, 0);
}

static void hart_start(void)
{
	struct spec_vcpu *v = &vm_now()->vcpu[arg(0) < 3 ? arg(0) : 0];

	if (arg(0) >= nr_vcpus()) {
		returns(SBI_ERR_INVALID_PARAM, 0);
	} else if (!is_entry(arg(1))) {
		returns(SBI_ERR_INVALID_ADDRESS, 0);
	} else if (vm_now()->state != VM_RUNNING) {
		returns(SBI_ERR_FAILED, 0);
	} else if (v->hsm != SBI_HSM_STATE_STOPPED) {
		returns(SBI_ERR_ALREADY_AVAILABLE, 0);
	} else {
		v->hsm = SBI_HSM_STATE_START_PENDING;
		v->pc = arg(1);
		v->opaque = arg(2);
		vm_now()->active |= 1ull << arg(0);
		siblings = spec_harts(1ull << arg(0));
		returns(SBI_SUCCESS, 0);
	}
}

/* An interrupt that the guest has enabled was pending at the call. */
static bool was_interrupted(void)
{
	const struct fake_csrs *c = &spec_was[spec_now.hart].csr;
	uint64_t timer = fake.config.sstc && fake.time >= c->vstimecmp ? 1ull << IRQ_VSTI : 0;
	bool stale = c->hstatus & HSTATUS_ARMED && !(fake_sip(spec_now.hart) & 1ull << IRQ_SEI) &&
		     !vm_vcpu_of_hart(spec_now.hart)->virtual_line;
	uint64_t hvip = c->hvip & ~(stale ? 1ull << IRQ_VSEI : 0);	/* what has been served ends no suspension */

	return (hvip | timer) & c->hie;
}

static void hart_suspend(void)
{
	struct spec_vcpu *v = &vm_now()->vcpu[spec_now.vcpu];
	bool pending = was_interrupted();
	uint32_t type = (uint32_t)arg(0);

	if (type != 0 && type != 0x80000000) {
		returns(SBI_ERR_INVALID_PARAM, 0);
		return;
	}
	if (type && !is_entry(arg(1))) {
		returns(SBI_ERR_INVALID_ADDRESS, 0);
		return;
	}
	v->nonretentive = type != 0;
	v->pc = arg(1);
	v->opaque = arg(2);
	if (pending && !type) {
		returns(SBI_SUCCESS, 0);
		return;
	}
	spec_suspended(!pending);
}

static void hsm(uint64_t fid)
{
	switch (fid) {
	case 0:
		hart_start();
		return;
	case 1:
		spec_stops();
		return;
	case 2:
		if (arg(0) < nr_vcpus())
			returns(SBI_SUCCESS, vm_now()->vcpu[arg(0)].hsm);
		else
			returns(SBI_ERR_INVALID_PARAM, 0);
		return;
	case 3:
		hart_suspend();
		return;
	default:
		returns(SBI_ERR_NOT_SUPPORTED, 0);
	}
}

static void system_reset(void)
{
	uint32_t type = (uint32_t)arg(0), reason = (uint32_t)arg(1);

	if (type > 2 || reason > 1)
		returns(SBI_ERR_INVALID_PARAM, 0);
	else if (type)
		spec_ends(VM_END_REBOOT);
	else
		spec_ends(reason ? VM_END_FAILED : VM_END_SHUTDOWN);
}

/* What was typed for this VM, in order; SPEC_TYPED says how. */
static void check_typed(uint64_t at, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		uint8_t byte = *fake_ram_at(spec_now.vm, at + i);

		SPEC(byte >> 6 == spec_now.vm);
		SPEC(!i || byte == SPEC_TYPED(spec_now.vm, *fake_ram_at(spec_now.vm, at + i - 1) + 1u));
	}
	spec_ram_written(spec_now.vm, at, n);
}

static void debug_console(uint64_t fid)
{
	uint64_t n = hw_now()->x[11];

	if (fid > 2) {
		returns(SBI_ERR_NOT_SUPPORTED, 0);
	} else if (fid == 2 || !arg(0)) {
		returns(SBI_SUCCESS, 0);
	} else if (arg(2) || !is_ram(arg(1), arg(0))) {
		returns(SBI_ERR_INVALID_PARAM, 0);
	} else {	/* a part of it, but some */
		SPEC(n <= arg(0) && n <= 128 && (fid == 1 || n > 0));
		if (fid == 1)
			check_typed(arg(1), n);
		returns(SBI_SUCCESS, n);
	}
}

static void vendor(uint64_t fid)
{
	uint64_t n = hw_now()->x[11];

	if (fid > 1) {
		returns(SBI_ERR_NOT_SUPPORTED, 0);
	} else if (fid && (arg(0) >= nr_vcpus() || arg(1) >= NR_EXITS)) {
		returns(SBI_ERR_INVALID_PARAM, 0);
	} else {
		SPEC(n <= (fid ? vm_now()->vcpu[arg(0)].events : 0));
		returns(SBI_SUCCESS, n);
	}
}

/* The legacy getchar with sbi-getchar = "wait". A byte that was typed before comes without a wait. */
static void waiting_getchar(void)
{
	struct spec_vcpu *v = &vm_now()->vcpu[spec_now.vcpu];
	bool pending = was_interrupted();

	if (hw_now()->place == PLACE_GUEST && (hw_now()->x[10] || pending)) {
		SPEC(!hw_now()->x[10] || hw_now()->x[10] == SPEC_TYPED(spec_now.vm, hw_now()->x[10]));
		returns((long)hw_now()->x[10], 0);
		return;
	}
	v->reading = true;
	v->pc = spec_was[spec_now.hart].x[0] + 4;
	v->opaque = arg(1);
	spec_suspended(!pending);
}

static void read_key(void)
{
	long a0 = (long)hw_now()->x[10];

	if (fake.plan.vms[spec_now.vm].policy.getchar_waits)
		waiting_getchar();
	else
		returns(a0 < 0 ? -1 : (long)SPEC_TYPED(spec_now.vm, a0), 0);
}

static void call(uint64_t eid, uint64_t fid)
{
	legacy = eid <= 8;
	switch (eid) {
	case 0: set_timer(); return;
	case 1: returns(SBI_SUCCESS, 0); return;
	case 2: read_key(); return;
	case 8: spec_ends(VM_END_SHUTDOWN); return;
	case 0x10: base(fid); return;
	case VENDOR: vendor(fid); return;
	case 0x48534d: hsm(fid); return;
	case 0x4442434e: debug_console(fid); return;
	case 0x52464e43: rfence(fid); return;
	}
	legacy = false;
	if (!fid && eid == 0x54494d45)
		set_timer();
	else if (!fid && eid == 0x735049)
		send_ipi();
	else if (!fid && eid == 0x53525354)
		system_reset();
	else
		returns(SBI_ERR_NOT_SUPPORTED, 0);
}

void spec_ecall(void)
{
	const struct fake_hw *was = &spec_was[spec_now.hart];

	siblings = 0;
	hvip = was->csr.hvip;
	vstimecmp = was->csr.vstimecmp;
	call(was->x[17], was->x[16]);
}
