/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Creation and life of VMs; see vm.h. What a VM is made of comes from the plan alone. vm->lock is held
 * for a few instructions at a time and only by harts of that VM; loading, printing and sending happen
 * outside of it. The last hart to leave an ending VM has it for itself until the next VM_STARTING.
 */
#include "hyp/vm/vm.h"

#include <libfdt.h>

#include "hyp/base/fmt.h"
#include "hyp/base/panic.h"
#include "hyp/base/str.h"
#include "hyp/plan/package.h"
#include "drivers/plic.h"
#include "drivers/virtio.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/fence.h"
#include "hyp/riscv/sbi_call.h"
#include "hyp/riscv/sstage.h"
#include "hyp/vm/console.h"
#include "hyp/vm/guestmem.h"
#include "hyp/vm/vcpu.h"

static struct vm vms[MAX_VMS] __attribute__((section(".noinit")));
static struct vcpu vcpus[MAX_HARTS] __attribute__((section(".noinit")));	/* by hart index; those in use are zeroed */
static bool keep_machine;
static uint64_t timebase_hz;
static uint32_t vms_alive;		/* atomic: VMs that have not ended for good */
static struct gstage gstages[MAX_VMS] __attribute__((section(".noinit")));
static uint8_t dtbs[MAX_VMS][GUEST_DTB_MAX] __attribute__((section(".noinit"), aligned(8)));

/* What the harts have and what the guest's device tree therefore says (hyp/plan/isa.c keeps both alike). */
static uint64_t envcfg_of(const struct plan_vm *p, const struct plan *plan)
{
	uint32_t f = plan->harts[p->vcpu_hart[0]].features;
	uint64_t envcfg = 0;

	envcfg |= f & HART_ZICBOM ? ENVCFG_CBIE | ENVCFG_CBCFE : 0;
	envcfg |= f & HART_ZICBOZ ? ENVCFG_CBZE : 0;
	envcfg |= f & HART_SVADU ? ENVCFG_ADUE : 0;
	envcfg |= f & HART_SVPBMT ? ENVCFG_PBMTE : 0;
	return envcfg;
}

static enum err create_gstage(struct vm *vm, struct gstage *g)
{
	gstage_init(g, vm->plan->gstage_levels);
	for (uint32_t i = 0; i < vm->plan->nr_regions; i++) {
		const struct plan_region *r = &vm->plan->regions[i];
		enum err e = gstage_map(g, r->gpa, r->hpa, r->size, r->rights);

		if (e != OK)
			return e;
	}
	vm->hgatp = gstage_hgatp(g, vm->index + 1);
	return OK;
}

/* Maps the page of each context of one PLIC, or only says whether that is possible (g = NULL). */
static bool map_contexts(const struct plan *plan, const struct vm *vm, const struct plan_vplic *w,
			 struct gstage *g)
{
	for (uint32_t i = 0; i < vm->plan->nr_vcpus; i++) {
		int16_t context = plan->harts[vm->plan->vcpu_hart[i]].plic_context[w->plic];
		uint64_t at = w->base.v + PLIC_CONTEXT_BASE + PLIC_CONTEXT_STRIDE * (2 * i + 1);
		hpa_t page;

		if (context == NO_CONTEXT)
			continue;	/* stays emulated: nothing ever pends there */
		if (!plic_context_page(w->plic, (uint32_t)context, &page))
			return false;
		if (g)
			ASSERT(gstage_map(g, gpa(at), page, PAGE_SIZE, RIGHT_R | RIGHT_W) == OK);
	}
	return true;
}

/* Creates the PLICs that the VM sees; mapped, if that is wanted and possible for all of them. */
static void create_vplics(const struct plan *plan, struct vm *vm, struct gstage *g)
{
	vm->plic_mapped = vm->plan->nr_vplics > 0 && !vm->plan->policy.plic_emulated;
	for (uint32_t i = 0; i < vm->plan->nr_vplics; i++) {
		const struct plan_vplic *w = &vm->plan->vplics[i];

		vplic_create(&vm->vplics[i], plan, vm->index, i);
		vm->plic_mapped &= map_contexts(plan, vm, w, NULL);
	}
	for (uint32_t i = 0; i < vm->plan->nr_vplics && vm->plic_mapped; i++) {
		map_contexts(plan, vm, &vm->plan->vplics[i], g);
		vplic_set_mapped(&vm->vplics[i]);
	}
}

static void create_vuart(struct vm *vm)
{
	const struct plan_vuart *u = &vm->plan->vuart;

	if (!u->size)
		return;
	if (u->irq)	/* the plan has checked both */
		ASSERT(!vm->plic_mapped && vplic_add_virtual(&vm->vplics[u->vplic], u->irq) == OK);
	vuart_create(&vm->vuart, u, vm->index, &vm->vplics[u->vplic]);
}

static void create_vcpus(struct vm *vm)
{
	for (uint32_t i = 0; i < vm->plan->nr_vcpus; i++) {
		uint32_t hart = vm->plan->vcpu_hart[i];
		struct vcpu *v = &vcpus[hart];

		memset(v, 0, sizeof(*v));
		v->vm = vm;
		v->index = i;
		v->hart = hart_get(hart);
		v->hart->vcpu = v;
		v->hsm = SBI_HSM_STATE_STOPPED;
		vm->vcpus[i] = v;
	}
}

enum err vm_create_all(const struct plan *plan, const struct host *host, struct reporter *r)
{
	vms_alive = plan->nr_vms;
	keep_machine = plan->keep_machine;
	timebase_hz = plan->timebase_hz;
	for (uint32_t i = 0; i < MAX_HARTS; i++)
		vcpus[i].vm = NULL;	/* a spare hart's: see vm_vcpu_of_hart() */
	for (uint32_t i = 0; i < plan->nr_vms; i++) {
		struct vm *vm = &vms[i];
		enum err e;

		memset(vm, 0, offsetof(struct vm, vplics));	/* vplic_create() sets the rest */
		vm->plan = &plan->vms[i];
		if (!vm->plan->policy.in_place)
			crc32_init();	/* see load() */
		vm->index = i;
		vm->envcfg = envcfg_of(vm->plan, plan);
		vm->complaints.room = COMPLAINTS_BURST;
		vm->lives.room = LIVES_BURST;
		vm->told = true;
		vm->watchdog_ticks = vm->plan->policy.watchdog_ms * plan->timebase_hz / 1000;
		ASSERT(create_gstage(vm, &gstages[i]) == OK);	/* the plan has counted the tables */
		create_vcpus(vm);
		create_vplics(plan, vm, &gstages[i]);
		create_vuart(vm);
		e = guest_dt_build(dtbs[i], sizeof(dtbs[i]), plan, host, i, r);
		if (e != OK)
			return e;
		vm->dtb = dtbs[i];
		vm->dtb_size = fdt_totalsize(dtbs[i]);
		vm->state = VM_STARTING;
		vm->alive = true;
	}
	return OK;
}

struct vm *vm_get(uint32_t index)
{
	return &vms[index];
}

struct vcpu *vm_vcpu_of_hart(uint32_t hart_index)
{
	return vcpus[hart_index].vm ? &vcpus[hart_index] : NULL;
}

/* Something that the guest finds in its RAM at the start. */
struct extent {
	gpa_t target;
	const void *source;	/* NULL: it is there already */
	uint64_t size;
};

/* The extent with the lowest address in [from, end), NULL if there is none. */
static const struct extent *next_extent(const struct extent *e, uint32_t n, uint64_t from, uint64_t end)
{
	const struct extent *best = NULL;

	for (uint32_t i = 0; i < n; i++)
		if (e[i].size && e[i].target.v >= from && e[i].target.v < end &&
		    (!best || e[i].target.v < best->target.v))
			best = &e[i];
	return best;
}

/*
 * Writes each byte of a RAM region once: an extent's, or 0 unless the gaps are to be kept. The plan keeps
 * extents inside one region.
 */
static void fill_region(const struct plan_region *r, const struct extent *e, uint32_t n, bool keep_gaps)
{
	uint64_t at = r->gpa.v, end = r->gpa.v + r->size;

	while (at < end) {
		const struct extent *x = next_extent(e, n, at, end);
		uint64_t gap_end = x ? x->target.v : end;

		if (!keep_gaps)
			guestmem_clear(hpa(r->hpa.v + (at - r->gpa.v)), gap_end - at);
		at = gap_end;
		if (x) {
			if (x->source)
				guestmem_fill(hpa(r->hpa.v + (at - r->gpa.v)), x->source, x->size);
			at += x->size;
		}
	}
}

static enum err load(struct vm *vm)
{
	struct extent e[NR_IMAGE_ROLES + 1];
	bool keep = vm->plan->policy.keep_ram && !vm->starts;
	uint32_t n = 0;

	for (uint32_t i = 0; i < NR_IMAGE_ROLES; i++) {
		const struct plan_image *image = &vm->plan->images[i];
		const void *source = (const void *)(uintptr_t)image->source.v;

		if (!image->size)
			continue;
		if (vm->plan->policy.in_place) {
			source = NULL;	/* nor is it read */
		} else if (crc32_ieee(0, source, image->size) != image->crc32) {
			console_log("ERROR: vm %s: image %s does not have its checksum", vm->plan->name,
				    image->name);
			return ERR_INVALID;
		}
		e[n++] = (struct extent){ image->target, source, image->size };
	}
	e[n++] = (struct extent){ vm->plan->dtb, vm->dtb, vm->dtb_size };
	for (uint32_t i = 0; i < vm->plan->nr_regions; i++)
		if (vm->plan->regions[i].kind == REGION_RAM)
			fill_region(&vm->plan->regions[i], e, n, keep);
	return OK;
}

const char *vm_end_name(enum vm_end end)
{
	switch (end) {
	case VM_END_SHUTDOWN: return "shutdown";
	case VM_END_REBOOT: return "reboot";
	case VM_END_IDLE: return "all its harts stopped";
	case VM_END_LOAD: return "it could not be loaded";
	case VM_END_STOP: return "by the monitor";
	case VM_END_RESTART: return "by the monitor";
	case VM_END_FAILED: return "it reports a failure";
	case VM_END_UNMAPPED: return "access to what it does not have";
	case VM_END_WATCHDOG: return "watchdog";
	}
	return "?";
}

const char *vm_exit_name(uint32_t kind)
{
	static const char *const names[NR_EXITS] = {
		"set_timer", "self-ipi", "external", "timer", "ipi", "ecall", "interrupt", "mmio", "other",
	};

	return names[kind];
}

/* One line a hart for the owner of the guest: why it left the guest, all starts together. */
static void print_exits(const struct vm *vm, uint32_t vcpu)
{
	char text[CONSOLE_LINE];
	size_t n = 0;

	for (unsigned kind = 0; kind < NR_EXITS; kind++) {
		uint64_t count = vm->vcpus[vcpu]->ctx.exits[kind];

		if (count)
			n += fmt_str(text + n, sizeof(text) - n, " %s %lu", vm_exit_name(kind), count);
	}
	console_log("vm %s: vcpu %u: exits%s", vm->plan->name, vcpu, n ? text : " none");
}

/*
 * The VM has stopped, of that end; the monitor may be starting it again right now. If it has ended for good, it does
 * not count as alive any more, and the last one takes the machine with it, if the plan says so.
 */
static void vm_gone(struct vm *vm, enum vm_end end, bool for_good)
{
	for (uint32_t i = 0; i < vm->plan->nr_vcpus; i++)
		print_exits(vm, i);
	console_log("vm %s: stopped (%s)", vm->plan->name, vm_end_name(end));
	if (!for_good || __atomic_sub_fetch(&vms_alive, 1, __ATOMIC_ACQ_REL))
		return;
	if (keep_machine) {
		console_log("all guests ended; the machine stays on");
		return;
	}
	console_log("all guests ended, shutting the machine down");
	console_finish();
	sbi_system_reset(SBI_SRST_SHUTDOWN, SBI_SRST_REASON_NONE);
	console_log("the firmware cannot shut down; the machine is idle");
}

/* Whether an ended VM starts again: a reboot if it has originals of its images, a crash by its policy. */
static bool starts_again(struct vm *vm)
{
	if (vm->end == VM_END_REBOOT && vm->plan->policy.in_place) {
		console_log("vm %s: cannot start again: it used its images in place", vm->plan->name);
		return false;
	}
	if (vm->end == VM_END_REBOOT || vm->end == VM_END_RESTART)
		return true;
	if (vm->end < VM_END_FAILED || vm->plan->policy.on_crash != ON_CRASH_RESTART)
		return false;
	if (vm->crashes == vm->plan->policy.restart_limit) {
		console_log("vm %s: crashed %u times, which is the limit", vm->plan->name, vm->crashes + 1);
		return false;
	}
	vm->crashes++;
	return true;
}

/* Devices that the guest had must not write to its memory any more, nor interrupt. */
static void quiesce(struct vm *vm)
{
	for (uint32_t i = 0; i < vm->plan->nr_resets; i++)
		virtio_reset(sstage_window(vm->plan->resets[i]));
	sstage_close_window();
	/* The UART first: silent, it cannot raise its line any more, even if something is typed right now. */
	vuart_reset(&vm->vuart);
	for (uint32_t i = 0; i < vm->plan->nr_vplics; i++)
		vplic_reset(&vm->vplics[i]);
}

/* Under vm->lock: the VM is STOPPED now, whatever it was. True if it has ended for good and counted before. */
static bool rest(struct vm *vm)
{
	bool for_good = vm->alive && (vm->end != VM_END_STOP || vm->plan->policy.in_place);

	vm->state = VM_STOPPED;
	vm->alive &= !for_good;
	return for_good;
}

/* Under vm->lock. */
static bool take_right(struct limit *l, uint32_t burst, uint32_t seconds)
{
	uint64_t now = csr_read(CSR_TIME);

	if (now - l->since >= seconds * timebase_hz) {
		l->since = now;
		l->room = burst;
	}
	if (!l->room) {
		l->dropped++;
		return false;
	}
	l->room--;
	return true;
}

/* Under vm->lock. */
static uint32_t take_dropped(struct limit *l)
{
	uint32_t dropped = l->dropped;

	l->dropped = 0;
	return dropped;
}

/* Only the last hart of an ending VM comes here: nobody else touches the VM now. */
static void conclude(struct vm *vm)
{
	bool again = starts_again(vm), for_good = false, told;
	uint32_t untold = 0;
	enum vm_end end;

	console_end(vm->index);
	quiesce(vm);
	lock_acquire(&vm->lock);
	if (vm->asked != ASK_NOTHING) {
		again = vm->asked == ASK_RESTART;
		vm->end = again ? VM_END_RESTART : VM_END_STOP;
		vm->asked = ASK_NOTHING;
	}
	end = vm->end;
	if (again)
		vm->state = VM_STARTING;
	else
		for_good = rest(vm);
	told = vm->told;
	if (told || !again)
		untold = take_dropped(&vm->lives);
	lock_release(&vm->lock);
	if (untold)
		console_log("vm %s: %u more restarts left out", vm->plan->name, untold);
	if (!again) {
		vm_gone(vm, end, for_good);
		return;
	}
	if (told)
		console_log("vm %s: restarts (%s)", vm->plan->name, vm_end_name(end));
	vcpu_send_mask(vm, 1, MAIL_STATE);
}

/* Whether it is this call that ended the VM: another hart may have been faster. *told: whether the log may tell why. */
static bool end_running(struct vcpu *v, enum vm_end end, bool *told)
{
	struct vm *vm = v->vm;
	uint64_t others = 0;
	bool first;

	lock_acquire(&vm->lock);
	first = vm->state == VM_RUNNING;
	if (first) {
		vm->state = VM_STOPPING;
		vm->end = end;
		vm->told = take_right(&vm->lives, LIVES_BURST, LIVES_SECONDS);
		others = vm->active & ~(1ull << v->index);
	}
	*told = vm->told;
	lock_release(&vm->lock);
	vcpu_send_mask(vm, others, MAIL_STATE);
	return first;
}

enum verdict vm_end(struct vcpu *v, enum vm_end end)
{
	bool told;

	end_running(v, end, &told);
	return VERDICT_LEAVE;
}

/* Under vm->lock: a VM that has stopped is to start. */
static void revive(struct vm *vm)
{
	vm->state = VM_STARTING;
	vm->told = true;
	vm->crashes = 0;
	if (!vm->alive)
		__atomic_fetch_add(&vms_alive, 1, __ATOMIC_ACQ_REL);
	vm->alive = true;
}

/* Under vm->lock: what becomes of a VM, and which of its vcpus are to be told. */
static const char *ask_locked(struct vm *vm, enum vm_ask ask, uint64_t *tell)
{
	switch (vm->state) {
	case VM_RUNNING:
		if (ask == ASK_START)
			return "it runs already";
		vm->state = VM_STOPPING;
		vm->end = ask == ASK_STOP ? VM_END_STOP : VM_END_RESTART;
		vm->told = true;
		*tell = vm->active;
		return NULL;
	case VM_STARTING:
		if (ask != ASK_STOP && vm->asked != ASK_STOP)
			return "it is starting already";
		vm->asked = ask == ASK_STOP ? ASK_STOP : ASK_NOTHING;	/* the last word counts */
		return NULL;
	case VM_STOPPING:
		vm->asked = ask == ASK_STOP ? ASK_STOP : ASK_RESTART;
		vm->told = true;
		return NULL;
	case VM_STOPPED:
		if (ask == ASK_STOP)
			return "it has stopped already";
		revive(vm);
		*tell = 1;
		return NULL;
	}
	return "its state makes no sense";
}

const char *vm_ask(struct vm *vm, enum vm_ask ask)
{
	uint64_t tell = 0;
	const char *why;

	if (ask != ASK_STOP && vm->plan->policy.in_place)
		return "it uses its images in place, and so cannot start again";
	lock_acquire(&vm->lock);
	why = ask_locked(vm, ask, &tell);
	lock_release(&vm->lock);
	vcpu_send_mask(vm, tell, MAIL_STATE);
	return why;
}

enum verdict vm_crash(struct vcpu *v, enum vm_end end)
{
	const struct plan_policy *policy = &v->vm->plan->policy;
	/* Only the last hart of the VM counts crashes, and this one has not left it. */
	bool last = policy->on_crash != ON_CRASH_RESTART || v->vm->crashes == policy->restart_limit, told;

	/* Two harts may crash at once: one of them has ended the VM, and tells so before it leaves. */
	if (end_running(v, end, &told) && (told || last))
		console_log("vm %s: vcpu %u: crash: %s, pc 0x%lx", v->vm->plan->name, v->index, vm_end_name(end),
			    v->ctx.x[0]);
	return VERDICT_LEAVE;
}

void vm_complain(struct vcpu *v, const char *cause, uint64_t address)
{
	struct vm *vm = v->vm;
	uint32_t dropped = 0;
	bool may;

	lock_acquire(&vm->lock);
	may = take_right(&vm->complaints, COMPLAINTS_BURST, COMPLAINTS_SECONDS);
	if (may)
		dropped = take_dropped(&vm->complaints);
	lock_release(&vm->lock);
	if (!may)
		return;
	if (dropped)
		console_log("vm %s: %u more such lines left out", vm->plan->name, dropped);
	console_log("vm %s: vcpu %u: %s, pc 0x%lx, address 0x%lx", vm->plan->name, v->index, cause, v->ctx.x[0],
		    address);
}

bool vm_ending(struct vm *vm)
{
	bool ending;

	lock_acquire(&vm->lock);
	ending = vm->state == VM_STOPPING;
	lock_release(&vm->lock);
	return ending;
}

void vm_vcpu_left(struct vcpu *v)
{
	struct vm *vm = v->vm;
	bool last;

	lock_acquire(&vm->lock);
	v->hsm = SBI_HSM_STATE_STOPPED;
	vm->active &= ~(1ull << v->index);
	last = !vm->active;
	if (last && vm->state == VM_RUNNING) {
		vm->state = VM_STOPPING;
		vm->end = VM_END_IDLE;
		vm->told = true;
	}
	lock_release(&vm->lock);
	if (last)
		conclude(vm);
}

static void start_vm(struct vcpu *v)
{
	struct vm *vm = v->vm;
	bool ok, for_good = false, told;
	enum vm_end end;

	if (!vm->starts)
		quiesce(vm);	/* a boot loader may have used the devices */
	ok = load(vm) == OK;

	fence_i();
	lock_acquire(&vm->lock);
	vm->starts++;
	vm->kicked = 0;
	vm->started_at = csr_read(CSR_TIME);
	vm->end = end = vm->asked == ASK_STOP ? VM_END_STOP : VM_END_LOAD;	/* asked while it was loaded */
	ok &= vm->asked != ASK_STOP;
	vm->asked = ASK_NOTHING;
	if (!ok)
		for_good = rest(vm);
	if (ok) {
		vm->state = VM_RUNNING;
		v->hsm = SBI_HSM_STATE_START_PENDING;
		v->start_pc = vm->plan->entry.v;
		v->start_opaque = vm->plan->dtb.v;
		vm->active = 1;
	}
	told = vm->told;
	lock_release(&vm->lock);
	if (!ok)
		vm_gone(vm, end, for_good);
	else if (told)
		console_log("vm %s: started", vm->plan->name);
}

void vm_attend(struct vcpu *v)
{
	struct vm *vm = v->vm;
	bool load_it, step_back;

	lock_acquire(&vm->lock);
	load_it = vm->state == VM_STARTING && v->index == 0;
	step_back = vm->state == VM_STOPPING && (vm->active >> v->index & 1);
	lock_release(&vm->lock);
	if (load_it)
		start_vm(v);
	else if (step_back)
		vm_vcpu_left(v);
}
