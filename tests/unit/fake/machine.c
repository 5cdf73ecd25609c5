/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fake machine's harts as coroutines, and their way out of a guest and back, which is hyp/riscv/switch.S
 * in C. See machine.h.
 */
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
#include "hyp/terminal/terminal.h"
#include "hyp/vm/vcpu.h"

#define STACK_SIZE	(64 * 1024)
#define CANARY		0xca11ab1edeadbeefull

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

void fake_count_from_here(void)
{
	fake.nr_calls = fake.nr_mmio = fake.nr_csr = fake.nr_lines = fake.nr_windows = fake.nr_fetches = 0;
	fake.console_len = 0;
}

bool fake_said(const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i + n <= fake.console_len; i++)
		if (!memcmp(fake.console + i, text, n))
			return true;
	return false;
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

static void stop_at(enum fake_place place)
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
	stop_at(PLACE_WFI);	/* until all harts are here: boot/main.c */
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

/* ---- switch.S ---- */

static const uint8_t saved[] = { 3, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27 };

static bool is_saved(unsigned r)
{
	return memchr(saved, (int)r, sizeof(saved)) != NULL;
}

static void store_scratch(struct guest_context *ctx, const struct fake_hw *hw)
{
	for (unsigned r = 0; r < 32; r++)
		ctx->x[r] = is_saved(r) ? CANARY + r : hw->x[r];
}

static void load_scratch(struct fake_hw *hw, const struct guest_context *ctx)
{
	for (unsigned r = 0; r < 32; r++)
		if (!is_saved(r))
			hw->x[r] = ctx->x[r];
	for (unsigned i = 0; i < sizeof(saved); i++)
		if (ctx->x[saved[i]] != CANARY + saved[i])
			fake_fail("an ecall changed x%u", saved[i]);
}

static void leave(struct guest_context *ctx, struct fake_hw *hw)
{
	ctx->sstatus = hw->csr.sstatus;
	ctx->hstatus = hw->csr.hstatus | HSTATUS_VSXL_64;
	ctx->hstatus &= ~(uint64_t)HSTATUS_SPV;
	hw->csr.hstatus &= ~(uint64_t)HSTATUS_SPV;
}

static void enter(struct fake_hw *hw, const struct guest_context *ctx)
{
	if (hw->gvma_stale || hw->vvma_stale)
		fake_fail("a guest runs on old translations");
	hw->csr.sstatus = ctx->sstatus;
	fake_csr_write(CSR_HSTATUS, ctx->hstatus | HSTATUS_SPV);
	memcpy(hw->x, ctx->x, sizeof(hw->x));
}

/* An SBI call that needs no C has been served: a0 = a1 = 0. */
static bool ecall_done(struct fake_hw *hw, struct guest_context *ctx, unsigned kind)
{
	hw->x[0] += 4;
	hw->x[10] = hw->x[11] = 0;
	ctx->exits[kind]++;
	return true;
}

static bool ipi_one(struct fake_hw *hw, struct guest_context *ctx)
{
	struct hart *to;
	uint64_t index;
	uint32_t old;

	if (hw->x[10] & (hw->x[10] - 1) || (hw->x[10] != 1 && hw->x[11]))
		return false;
	index = hw->x[11] + (uint64_t)__builtin_ctzll(hw->x[10]);
	if (index >= ctx->nr_vcpus)
		return false;
	to = ctx->vcpus[index]->hart;
	fake_access(NULL);
	old = to->mailbox;
	to->mailbox |= MAIL_IPI;
	fake_access(NULL);
	if (!(old & MAIL_IPI)) {
		fence_before_ipi();
		if (to->setssip.v)
			mmio_write32(to->setssip, 1);
		else
			firmware_ecall(SBI_EXT_IPI, 0,
				       (const unsigned long [5]){ 1, to->id, hw->x[12], hw->x[13], hw->x[14] });
	}
	return ecall_done(hw, ctx, EXIT_ECALL);
}

static bool ecall_shortcut(struct fake_hw *hw, struct guest_context *ctx)
{
	const unsigned long arg[5] = { hw->x[10], hw->x[11], hw->x[12], hw->x[13], hw->x[14] };

	if (hw->x[16])
		return false;
	if (hw->x[17] == SBI_EXT_IPI) {
		if (hw->x[11] >= 64 || !hw->x[10])
			return false;
		if (ctx->self >> hw->x[11] != hw->x[10])
			return ipi_one(hw, ctx);
		fake_csr_set(CSR_HVIP, 1ull << IRQ_VSSI);
		return ecall_done(hw, ctx, EXIT_IPI_SELF);
	}
	if (hw->x[17] != SBI_EXT_TIME)
		return false;
	if (ctx->flags & CTX_FLAG_SSTC) {
		fake_csr_write(CSR_VSTIMECMP, hw->x[10]);
		return ecall_done(hw, ctx, EXIT_SET_TIMER);
	}
	if (!(ctx->flags & CTX_FLAG_SBI_TIMER))
		return false;
	fake_csr_clear(CSR_HVIP, 1ull << IRQ_VSTI);
	firmware_ecall(SBI_EXT_TIME, 0, arg);
	fake_csr_set(CSR_SIE, 1ull << IRQ_STI);
	return ecall_done(hw, ctx, EXIT_SET_TIMER);
}

static bool interrupt_shortcut(struct guest_context *ctx, unsigned irq)
{
	struct hart *hart = fake_thread_pointer();
	uint32_t mail;

	if (irq == IRQ_SEI && ctx->flags & CTX_FLAG_PLIC) {
		fake_csr_set(CSR_HVIP, 1ull << IRQ_VSEI);
		fake_csr_clear(CSR_SIE, 1ull << IRQ_SEI);
		fake_csr_set(CSR_HSTATUS, HSTATUS_ARMED);
		return true;
	}
	if (irq == IRQ_STI && ctx->flags & CTX_FLAG_SBI_TIMER) {
		fake_csr_set(CSR_HVIP, 1ull << IRQ_VSTI);
		fake_csr_clear(CSR_SIE, 1ull << IRQ_STI);
		ctx->exits[EXIT_TIMER]++;
		return true;
	}
	if (irq != IRQ_SSI)
		return false;
	fake_csr_clear(CSR_SIP, 1ull << IRQ_SSI);
	fake_access(NULL);
	mail = hart->mailbox;
	hart->mailbox = 0;
	fake_access(NULL);
	if (mail != MAIL_IPI) {
		hart->mailbox |= mail;
		fake_csr_set(CSR_SIP, 1ull << IRQ_SSI);
		return false;
	}
	fake_csr_set(CSR_HVIP, 1ull << IRQ_VSSI);
	ctx->exits[EXIT_MAIL]++;
	return true;
}

/* No external interrupt pends any more: the state before it. */
static bool settle(struct fake_hw *hw, struct guest_context *ctx)
{
	if (fake_csr_read(CSR_SIE) & 1ull << IRQ_SEI || fake_csr_read(CSR_SIP) & 1ull << IRQ_SEI)
		return false;
	if (!(hw->csr.hstatus & HSTATUS_ARMED) || !(ctx->flags & CTX_FLAG_SETTLE))
		fake_fail("SEIE is off, and not by an interrupt");
	fake_csr_clear(CSR_HSTATUS, HSTATUS_ARMED);
	fake_csr_clear(CSR_HVIP, 1ull << IRQ_VSEI);
	fake_csr_set(CSR_SIE, 1ull << IRQ_SEI);
	ctx->exits[EXIT_EXTERNAL]++;
	return true;
}

/* ra, sp, tp, t0, t1, a0 to a5: what is in the context when the PLIC is called. */
static bool is_few(unsigned r)
{
	return 0xfc76u >> r & 1;
}

/* LW, LWU (*wide), SW, C.LW, C.SW, written with the names of their fields. *low: of rs1 + imm, as far as it has to be
 * known. */
static bool plic_decode(struct fake_hw *hw, bool store, unsigned *reg, unsigned *length, unsigned *low, bool *wide)
{
	uint32_t insn, zeroes = store ? 0xfe000f80 : 0xfff00000;

	if (hw->csr.htinst) {
		insn = (uint32_t)hw->csr.htinst | 2;
		*length = hw->csr.htinst & 2 ? 4 : 2;
		*low = insn >> 15 & 31;
		if (!(hw->csr.htinst & 1) || hw->csr.htinst >> 32 || insn & zeroes)
			return false;
	} else {
		uint64_t first, high = 0;

		if (guard_fetch16(&first, hw->x[0]) != OK ||
		    ((first & 3) == 3 && guard_fetch16(&high, hw->x[0] + 2) != OK))
			return false;	/* switch.S puts the CSRs back: plic_shortcut() */
		insn = (uint32_t)(first | high << 16);
		*length = (first & 3) == 3 ? 4 : 2;
		if (*length == 2) {
			*reg = 8 + (insn >> 2 & 7);
			*low = hw->x[8 + (insn >> 7 & 7)] & 3;
			return (insn & 0xe003) == (store ? 0xc000 : 0x4000);
		}
		*low = ((insn >> 15 & 31 ? hw->x[insn >> 15 & 31] : 0) + (insn >> (store ? 7 : 20))) & 3;
	}
	*reg = store ? insn >> 20 & 31 : insn >> 7 & 31;
	*wide = !store && (insn & 0x707f) == 0x6003;
	return *wide || (insn & 0x707f) == (store ? 0x2023 : 0x2003);
}

static void lines_changed(struct guest_context *ctx, uint64_t changed)
{
	if (changed != ctx->self || !ctx->intc_take) {
		ctx->on_lines(ctx, changed);
		return;
	}
	fake_access(NULL);
	fake_csr_clear(CSR_HVIP, 1ull << IRQ_VSEI);
	if (((const struct vplic *)ctx->intc)->lines & changed)
		fake_csr_set(CSR_HVIP, 1ull << IRQ_VSEI);
}

/* guarded.S. word: 0 the threshold, 1 claim/complete, of its own context. */
static bool guarded_shortcut(struct fake_hw *hw, struct guest_context *ctx, uint64_t word)
{
	struct fake_csrs csr = hw->csr;
	unsigned reg, length, low;
	uint64_t value;
	bool wide;

	if ((csr.stval & 0xfff) != 4 * word)
		return false;
	if (!plic_decode(hw, true, &reg, &length, &low, &wide)) {
		hw->csr = csr;
		return false;
	}
	value = reg ? hw->x[reg] : 0;
	if (word && (value >= MAX_IRQS || !(((const struct vplic *)ctx->intc)->physical[value / 32] >> value % 32 & 1)))
		return false;
	if (!word && ((value & 7) == 7 || low))
		return false;
	fake_mmio_write(ctx->host_page + 4 * word, 4, word ? value : value & 7);
	hw->x[0] += length;
	if (!settle(hw, ctx))
		ctx->exits[EXIT_MMIO]++;
	return true;
}

static bool plic_shortcut(struct fake_hw *hw, struct guest_context *ctx)
{
	struct fake_csrs csr = hw->csr;
	bool store = csr.scause == CAUSE_STORE_GUEST_PAGE;
	uint64_t gpa = csr.htval << 2, changed, value = 0;
	unsigned reg, length, low;
	bool wide = false;

	if (store && csr.htval - ctx->guard <= 1)
		return guarded_shortcut(hw, ctx, csr.htval - ctx->guard);

	if ((gpa ^ csr.stval) & 0xfff || gpa - ctx->intc_base >= ctx->intc_size)
		return false;
	if (!plic_decode(hw, store, &reg, &length, &low, &wide) || (!(gpa & 0xfff) && low)) {
		hw->csr = csr;
		return false;
	}
	for (unsigned r = 1; r < 32; r++)
		ctx->x[r] = is_few(r) ? hw->x[r] : CANARY + r;
	ctx->exits[EXIT_MMIO]++;
	if (store)
		changed = ctx->intc_write(ctx->intc, gpa - ctx->intc_base, (uint32_t)hw->x[reg] * !!reg);
	else
		changed = ctx->intc_read(ctx->intc, gpa - ctx->intc_base, &value);
	for (unsigned r = 1; r < 32; r++)
		if (ctx->x[r] != (is_few(r) ? hw->x[r] : CANARY + r))
			fake_fail("the PLIC changed x%u", r);
	if (!store && reg)
		hw->x[reg] = wide ? (uint32_t)value : value;
	hw->x[0] += length;
	if (changed)
		lines_changed(ctx, changed);
	else if (store && !(fake_csr_read(CSR_SIE) & 1ull << IRQ_SEI) && ctx->flags & CTX_FLAG_SETTLE && ctx->host_page)
		settle(hw, ctx);
	return true;
}

static bool external_shortcut(struct guest_context *ctx)
{
	uint64_t changed;

	if (!ctx->intc_take ||
	    fake_csr_read(CSR_SIP) & fake_csr_read(CSR_SIE) & (1ull << IRQ_STI | 1ull << IRQ_SSI))
		return false;
	ctx->exits[EXIT_INTERRUPT]++;
	changed = ctx->intc_take(ctx->intc, ((struct vcpu *)ctx)->index);
	if (changed)
		lines_changed(ctx, changed);
	return true;
}

/* The ways that need no C, or little. True if the guest continues. */
static bool shortcut(struct fake_hw *hw, struct guest_context *ctx)
{
	uint64_t cause = hw->csr.scause;

	if (cause == (SCAUSE_INTERRUPT | IRQ_SEI) && !(ctx->flags & CTX_FLAG_PLIC))
		return external_shortcut(ctx);
	if (cause & SCAUSE_INTERRUPT)
		return interrupt_shortcut(ctx, (unsigned)(cause & 63));
	if (cause == CAUSE_ECALL_VS)
		return ecall_shortcut(hw, ctx);
	if (cause == CAUSE_LOAD_GUEST_PAGE || cause == CAUSE_STORE_GUEST_PAGE)
		return plic_shortcut(hw, ctx);
	return cause == CAUSE_VIRTUAL_INSTRUCTION && ctx->flags & CTX_FLAG_SETTLE && hw->csr.hstatus & HSTATUS_ARMED &&
	       settle(hw, ctx);
}

static int ecall_exit(struct fake_hw *hw, struct guest_context *ctx)
{
	struct sbiret r;
	int ret;

	store_scratch(ctx, hw);
	ctx->x[0] += 4;
	ctx->exits[EXIT_ECALL]++;
	r = ctx->on_ecall(ctx);
	load_scratch(hw, ctx);
	hw->x[10] = (uint64_t)r.error;
	hw->x[11] = (uint64_t)r.value;
	ret = (int)ctx->verdict;
	if (ret) {
		ctx->verdict = 0;
		memcpy(ctx->x, hw->x, sizeof(hw->x));
		leave(ctx, hw);
	}
	return ret;
}

int guest_run(struct guest_context *ctx)
{
	struct fake_hw *hw = &fake.hw[fake.running];
	int ret = 0;

	if (hw->csr.sscratch)
		fake_fail("sscratch is not 0 in the hypervisor");
	enter(hw, ctx);
	while (!ret) {
		stop_at(PLACE_GUEST);
		if (shortcut(hw, ctx))
			continue;
		if (hw->csr.scause == CAUSE_ECALL_VS) {
			ret = ecall_exit(hw, ctx);
			continue;
		}
		memcpy(ctx->x, hw->x, sizeof(hw->x));
		leave(ctx, hw);
		ret = ctx->on_exit(ctx);
		if (!ret)
			enter(hw, ctx);
	}
	return ret;
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
	stop_at(PLACE_WFI);
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

void fp_clear(bool doubles)
{
	if (!fake.config.fp || !doubles || fake.config.finx)
		fake_fail("there is no FPU");
	fake_csr_set(CSR_SSTATUS, SSTATUS_FS);
	fake.hw[fake.running].fp_clears++;
}

void vector_clear(void)
{
	if (!fake.config.vector)
		fake_fail("there is no vector unit");
	fake_csr_set(CSR_SSTATUS, SSTATUS_VS);
	fake.hw[fake.running].vector_clears++;
}

#define PROBE(name, number)	enum err guard_read_##name(uint64_t *out) { return fake_csr_probe(number, out); }
PROBE(hstatus, CSR_HSTATUS)
PROBE(henvcfg, CSR_HENVCFG)
PROBE(htimedelta, CSR_HTIMEDELTA)
PROBE(hvictl, CSR_HVICTL)
PROBE(hstateen0, CSR_HSTATEEN0)
PROBE(hstateen1, CSR_HSTATEEN1)
PROBE(hstateen2, CSR_HSTATEEN2)
PROBE(hstateen3, CSR_HSTATEEN3)
PROBE(vstimecmp, CSR_VSTIMECMP)
PROBE(mscratch, 0x340)
PROBE(time, CSR_TIME)
PROBE(vlenb, 0xc22)
PROBE(fcsr, CSR_FCSR)
#define GUEST_CSR(name, number, value)
#define GUEST_CSR_OPTIONAL(name, number, value)	PROBE(name, number)
#include "hyp/riscv/guest_csrs.def"

/* With Zfinx it is an integer register: QEMU's harts clear that. */
enum err guard_clear_f31(uint64_t *is_x31)
{
	*is_x31 = fake.config.finx;
	return fake.config.fp || fake.config.finx ? OK : ERR_FAULT;
}

enum err guard_read_seed(uint64_t *out)
{
	*out = 0;
	return fake.config.zkr ? OK : ERR_FAULT;
}

enum err guard_clear_f31_d(uint64_t *is_x31) { return guard_clear_f31(is_x31); }

enum err guard_c_fsdsp(void) { return fake.config.fp && !fake.config.no_zcd ? OK : ERR_FAULT; }

enum err guard_clean(const void *at)
{
	(void)at;
	return fake.config.cbom && !fake.config.hidden_cbom ? OK : ERR_FAULT;
}

enum err guard_clmul(void) { return fake.config.clmul ? OK : ERR_FAULT; }

void cbo_zero(void *p)
{
	if (!fake.config.zero_block)
		fake_fail("there is no cbo.zero");
	fake.nr_zeroed++;
	memset((void *)((uintptr_t)p & -(uintptr_t)fake.config.zero_block), 0, fake.config.zero_block);
}

enum err guard_cbo_zero(void *p)
{
	if (!fake.config.zero_block)
		return ERR_FAULT;
	cbo_zero(p);
	return OK;
}

enum err guard_erase(void *at, uint64_t size)
{
	if (fake.tree_read_only)
		return ERR_FAULT;
	memset(at, 0, size);
	return OK;
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
	fake_count_from_here();
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
	fake_count_from_here();
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
