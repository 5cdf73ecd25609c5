/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fake machine's harts as coroutines; machine_asm.c has their way out of a guest and back. See machine.h. */
#include "tests/unit/fake/machine.h"

#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

#include "drivers/plic.h"
#include "hyp/riscv/cbo_insn.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/fault.h"
#include "hyp/riscv/lock.h"
#include "hyp/riscv/mmio.h"
#include "hyp/riscv/sbi_call.h"
#include "hyp/terminal/mux.h"
#include "hyp/terminal/terminal.h"
#include "hyp/vm/remote_fence.h"
#include "hyp/vm/vcpu.h"
#include "hyp/riscv/work.h"

#define STACK_SIZE	(64 * 1024)

struct fake_machine fake;
uint64_t fake_runs;

static struct coroutine {
	ucontext_t self;
	void *asan;		/* what AddressSanitizer keeps of it */
	uint8_t *stack;
	const void *from;	/* the stack that it was resumed from */
	size_t from_size;
	ucontext_t *back;
	const uint32_t *lock;	/* PLACE_LOCK: the one that it waits for, and how many it holds */
	int locks;
} coroutines[FAKE_HARTS];
static uint8_t stacks[FAKE_HARTS][STACK_SIZE] __attribute__((aligned(16)));
static uint8_t fake_work[1 << 20] __attribute__((aligned(4096)));

void trap_entry(void);
__attribute__((aligned(4))) void trap_entry(void) { fake_fail("trap_entry is an address here"); }

/* ---- who is who ---- */

unsigned fake_vm_of(unsigned hart) { return fake.plan.harts[hart].vm; }
unsigned fake_hart_of(unsigned vm, unsigned vcpu) { return fake.plan.vms[vm].vcpu_hart[vcpu]; }
struct vcpu *fake_vcpu(unsigned vm, unsigned vcpu) { return vm_vcpu_of_hart(fake_hart_of(vm, vcpu)); }
struct vm *fake_vm(unsigned vm) { return fake_vcpu(vm, 0)->vm; }

void *fake_thread_pointer(void)
{
	if (fake.running < 0)
		fake_fail("no hart is in the hypervisor");
	return hart_get((uint32_t)fake.running);
}

static void count_from_zero(void)
{
	fake.nr_calls = fake.nr_mmio = fake.nr_csr = fake.nr_lines = fake.nr_windows = fake.nr_fetches = 0;
	fake.console_len = 0;
}

void fake_show(void)
{
	uint32_t calls = fake.nr_calls, csr = fake.nr_csr;

	if (fake.config.uart || fake.running >= 0)
		return;
	fake.running = 0;
	mux_finish(UINT64_MAX);
	fake.running = -1;
	fake.nr_calls = calls;
	fake.nr_csr = csr;
}

void fake_count_from_here(void)
{
	fake_show();
	count_from_zero();
}

unsigned fake_count_text(const char *text)
{
	size_t len = strlen(text);
	unsigned n = 0;

	fake_show();
	for (size_t i = 0; i + len <= fake.console_len; i++)
		n += !memcmp(fake.console + i, text, len);
	return n;
}

bool fake_said(const char *text)
{
	return fake_count_text(text) != 0;
}

/* ---- coroutines ---- */

/* To where the hart was resumed from, which is the test, or what a sibling does; returns when the hart is to run on. */
static void leave_hart(enum fake_place place)
{
	struct coroutine *c = &coroutines[fake.running];

	if (fake.window_open)
		fake_fail("a window on a guest's memory is left open");
	fake.hw[fake.running].place = place;
	__sanitizer_start_switch_fiber(&c->asan, c->from, c->from_size);
	swapcontext(&c->self, c->back);
	__sanitizer_finish_switch_fiber(c->asan, &c->from, &c->from_size);
}

void fake_stop_at(enum fake_place place)
{
	if (fake_locks_held)
		fake_fail("%d locks are held outside of the hypervisor", fake_locks_held);
	leave_hart(place);
}

static void hart_main(void)
{
	struct coroutine *c = &coroutines[fake.running];

	__sanitizer_finish_switch_fiber(NULL, &c->from, &c->from_size);
	hart_init_traps();
	vcpu_prepare(vm_vcpu_of_hart((uint32_t)fake.running));
	fake_stop_at(PLACE_WFI);	/* until all harts are here: boot/main.c */
	vcpu_run(vm_vcpu_of_hart((uint32_t)fake.running));
}

static void run_one(unsigned hart)
{
	struct coroutine *c = &coroutines[hart];
	ucontext_t here;
	void *asan;

	if (fake.running >= 0)
		fake_fail("one at a time");
	fake_ram_close();
	fake.running = (int)hart;
	c->back = &here;
	__sanitizer_start_switch_fiber(&asan, c->stack, STACK_SIZE);
	swapcontext(&here, &c->self);
	__sanitizer_finish_switch_fiber(asan, NULL, NULL);
	fake.running = -1;
}

/* ---- harts that are suspended inside of the hypervisor ---- */

static uint32_t nr_suspended;
static struct fake_suspended *suspended;	/* the last one */

void fake_rewrite(const struct fake_code *code)
{
	if (!suspended)
		fake_fail("no hart is suspended");
	suspended->code = *code;
}

void fake_suspend(struct fake_suspended *s)
{
	*s = (struct fake_suspended){ fake.running, fake_locks_held, fake_window_at(), fake.code, suspended };
	suspended = s;
	fake.running = -1;
	fake.window_open = false;
	fake_locks_held = 0;
	fake_ram_close();
	nr_suspended++;
}

void fake_go_on(const struct fake_suspended *s)
{
	fake.running = s->running;
	fake_locks_held = s->locks;
	fake_ram_close();
	if (s->window)
		fake_window_again(s->window);
	fake.code = s->code;
	suspended = s->outer;
	nr_suspended--;
}

bool fake_on_stack(const void *at)
{
	return (uintptr_t)at - (uintptr_t)stacks < sizeof(stacks);
}

/* A hart that can go on with the lock that it waits for. */
static bool run_waiter(void)
{
	for (unsigned hart = 0; hart < FAKE_HARTS; hart++) {
		struct coroutine *c = &coroutines[hart];

		if (fake.hw[hart].place != PLACE_LOCK || *c->lock)
			continue;
		run_one(hart);
		return true;
	}
	return false;
}

static void lock_wait(const uint32_t *held)
{
	struct coroutine *c = &coroutines[fake.running];
	struct fake_suspended s;

	while (*held) {
		fake_suspend(&s);
		if (!run_waiter() && nr_suspended == 1)
			fake_fail("a deadlock");
		fake_go_on(&s);
		if (!*held)
			return;
		if (!nr_suspended)
			continue;
		c->lock = held;
		c->locks = fake_locks_held;
		fake_locks_held = 0;
		leave_hart(PLACE_LOCK);
		fake_locks_held = c->locks;
	}
}

static void run(unsigned hart)
{
	fake_runs++;
	run_one(hart);
	while (!nr_suspended && run_waiter())
		;
}

static void make_coroutine(unsigned hart)
{
	struct coroutine *c = &coroutines[hart];

	c->stack = stacks[hart];
	__asan_unpoison_memory_region(c->stack, STACK_SIZE);	/* of an earlier machine */
	getcontext(&c->self);
	c->self.uc_stack.ss_sp = c->stack;
	c->self.uc_stack.ss_size = STACK_SIZE;
	c->self.uc_link = NULL;
	makecontext(&c->self, hart_main, 0);
}

/* ---- the G-stage ---- */

uint64_t fake_walk(uint64_t hgatp, uint64_t gpa, uint64_t *pte)
{
	const uint64_t *table = (const uint64_t *)(uintptr_t)((hgatp & ((1ull << 44) - 1)) << 12);

	for (int level = 2; level >= 0; level--) {
		uint64_t index = gpa >> (12 + 9 * level);

		*pte = table[level == 2 ? index : index % 512];
		if (!(*pte & 1))
			return 0;
		if (*pte & 0xe)
			return ((*pte >> 10) << 12) + gpa % (1ull << (12 + 9 * level));
		table = (const uint64_t *)(uintptr_t)((*pte >> 10) << 12);
	}
	return 0;
}

/* Of pages of 4 KiB. */
uint64_t fake_translate(unsigned hart, uint64_t gpa, uint64_t *pte)
{
	struct fake_hw *hw = &fake.hw[hart];

	if (!hw->tlb_pte || hw->tlb_page != gpa / PAGE_SIZE) {
		if (!fake_walk(hw->csr.hgatp, gpa, pte))
			return 0;
		hw->tlb_page = gpa / PAGE_SIZE;
		hw->tlb_pte = *pte;
	}
	*pte = hw->tlb_pte;
	return ((*pte >> 10) << 12) + gpa % PAGE_SIZE;
}

uint64_t fake_plic_passes(unsigned hart, uint64_t offset, bool store)
{
	uint64_t pte, at;

	if (offset < 0x200000)
		return 0;
	at = fake_translate(hart, FAKE_PLIC + offset, &pte);
	return at && pte & (store ? 4 : 2) ? at - FAKE_PLIC : 0;
}

/* ---- what the test does ---- */

void fake_wait_for_interrupt(void)
{
	fake_stop_at(PLACE_WFI);
}

void fake_trap(unsigned hart, const struct fake_exit *e)
{
	struct fake_csrs *c = &fake.hw[hart].csr;

	if (fake.hw[hart].place != PLACE_GUEST || fake.hung >> hart & 1)
		fake_fail("hart %u is not in its guest", hart);
	c->scause = e->cause;
	c->stval = e->tval;
	c->htval = e->htval;
	c->htinst = e->htinst;
	c->sstatus = (c->sstatus & ~(uint64_t)(SSTATUS_SPP | SSTATUS_SIE)) | (e->user ? 0 : SSTATUS_SPP);
	c->hstatus = (c->hstatus & ~(uint64_t)HSTATUS_SPVP) | HSTATUS_SPV | (e->user ? 0 : HSTATUS_SPVP);
	run(hart);
}

void fake_wake(unsigned hart)
{
	if (fake.hw[hart].place == PLACE_GUEST || fake.hw[hart].place == PLACE_LOCK)
		fake_fail("hart %u does not wait", hart);
	run(hart);
}

bool fake_interrupt(unsigned hart)
{
	struct fake_hw *hw = &fake.hw[hart];
	uint64_t pending = fake.hung >> hart & 1 ? 0 : fake_sip(hart) & hw->csr.sie;
	unsigned irq = pending & 1ull << IRQ_SEI ? IRQ_SEI : pending & 1ull << IRQ_SSI ? IRQ_SSI : IRQ_STI;

	if (!pending && hw->place == PLACE_GUEST)
		return false;
	if (hw->place == PLACE_LOCK)
		return false;
	if (hw->place != PLACE_GUEST) {
		if (!pending && !(fake_hip(hart) & hw->csr.hie))
			return false;
		run(hart);
		return true;
	}
	fake_trap(hart, &(struct fake_exit){ .cause = SCAUSE_INTERRUPT | irq,
					     .user = !(hw->csr.sstatus & SSTATUS_SPP) });
	return true;
}

void fake_settle(void)
{
	bool again = true;

	for (unsigned round = 0; again; round++) {
		if (round == 100)
			fake_fail("the interrupts never end");
		again = false;
		for (unsigned hart = 0; hart < FAKE_HARTS; hart++) {
			if (fake.hw[hart].place == PLACE_OFF) {
				fake_wake(hart);
				again = true;
			} else {
				again |= fake_interrupt(hart);
			}
		}
	}
}

void fake_fence(enum fake_fence kind, uint64_t va, uint64_t asid)
{
	struct fake_hw *hw = &fake.hw[fake.running];

	hw->fences[kind]++;
	if (kind == FENCE_VVMA_VA || kind == FENCE_VVMA_VA_ASID)
		hw->fence_va = va;
	if (kind == FENCE_VVMA_ASID || kind == FENCE_VVMA_VA_ASID)
		hw->fence_asid = asid;
	if (kind == FENCE_GVMA_ALL)
		hw->tlb_pte = 0;
	hw->gvma_stale &= kind != FENCE_GVMA_ALL;
	hw->vvma_stale &= kind != FENCE_VVMA_ALL;
	if (kind == FENCE_CTR && fake.config.kind != KIND_MAX)
		fake_fail("SCTRCLR");
}

/* Power-on leaves nothing in a good state. */
static void power_on(unsigned hart)
{
	struct fake_hw *hw = &fake.hw[hart];

	memset(hw, 0x5a, sizeof(*hw));
	memset(hw->fences, 0, sizeof(hw->fences));
	hw->csr.sstatus = SSTATUS_SUM;
	hw->csr.ssip = 0;
	hw->csr.stimecmp = UINT64_MAX;	/* as OpenSBI leaves it */
	hw->csr.hvip = 0x400;
	hw->csr.hie = hw->csr.hideleg = 0;
	hw->csr.hstatus = 0;
	hw->gvma_stale = hw->vvma_stale = true;
	hw->fp_clears = hw->vector_clears = 0;
	hw->tlb_pte = 0;
	hw->firmware_timer = UINT64_MAX;
	hw->place = PLACE_OFF;
}

/* A hart waits in the hypervisor: its siblings take their mail, unless M-mode has them. */
static void siblings_fence(void)
{
	int waits = fake.running;

	if (fake.relaxes++ > 1000)
		fake_fail("it waits without end");
	for (unsigned hart = 0; hart < FAKE_HARTS; hart++) {
		struct hart *h = hart_get(hart);

		if ((int)hart == waits || !(h->mailbox & MAIL_FENCE) || fake.hung >> hart & 1)
			continue;
		h->mailbox &= ~(uint32_t)MAIL_FENCE;
		fake.running = (int)hart;
		remote_fence_serve(h->vcpu);
		fake.running = waits;
	}
}

void fake_create(const struct fake_config *config)
{
	struct reporter reporter = { 0 };

	fake.config = *config;
	fake.time = 1000;
	fake.running = -1;
	fake.shut_down = fake.window_open = fake.no_fences = false;
	fake.hung = 0;
	fake.console_takes = fake.console_fails = 0;
	fake.tree_read_only = false;
	fake.seed = SEED_WORKS;
	fake.relaxes = 0;
	fake_relax = siblings_fence;
	fake.code.n = 0;
	fake.uart_room = UINT32_MAX;
	fake.typed = fake.taken = fake.late = 0;
	fake.phantom = false;
	fake_locks_held = 0;
	nr_suspended = 0;
	suspended = NULL;
	fake_sibling_acted();
	fake_lock_wait = lock_wait;
	fake_make_plan();
	fake_plic_power_on();
	memset(fake_ram(), 0xa5, FAKE_RAM_SIZE);
	fake_dram_power_on();
	for (unsigned hart = 0; hart < FAKE_HARTS; hart++) {
		if (vm_vcpu_of_hart(hart))
			memset(vm_vcpu_of_hart(hart), 0, sizeof(struct vcpu));
		memset(hart_get(hart), 0, sizeof(struct hart));
		power_on(hart);
		make_coroutine(hart);
	}
	for (unsigned vm = 0; vm < FAKE_VMS; vm++) {
		memset(fake.virtio[vm], 0, sizeof(fake.virtio[vm]));
		fake.virtio[vm][0] = 0x74726976;
		fake.virtio[vm][0x70 / 4] = 0xf;	/* a boot loader has used it */
	}
	count_from_zero();
	work_give(fake_work, sizeof(fake_work));
	terminal_init();
	terminal_use(&fake.plan);
	intc_init(&fake.plan);
	if (vm_create_all(&fake.plan, NULL, &reporter) != OK)
		fake_fail("vm_create_all()");
	for (unsigned hart = 0; hart < FAKE_HARTS; hart++) {
		hart_get(hart)->id = fake.plan.harts[hart].id;
		hart_get(hart)->index = hart;
		hart_get(hart)->setssip = fake.plan.harts[hart].setssip;
		run(hart);	/* as far as boot/main.c lets it before it judges all of them */
		fake.hw[hart].place = PLACE_OFF;
	}
	count_from_zero();
}

const struct hart_refusal *fake_refusal(const struct fake_config *config)
{
	fake_create(config);
	for (unsigned hart = 0; hart < FAKE_HARTS; hart++)
		if (hart_get(hart)->refusal.why)
			return &hart_get(hart)->refusal;
	return NULL;
}

void fake_boot(const struct fake_config *config)
{
	const struct hart_refusal *r = fake_refusal(config);

	if (r)
		fake_fail("refused: %s: %s", r->why, r->csr ? r->csr : "");
	fake_settle();
}
