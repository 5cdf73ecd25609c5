/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What assembly does on the fake machine, in C: hyp/riscv/switch.S, fault.S, vector_fp.S and cbo_insn.h; see
 * machine.h. */
#include <string.h>

#include "drivers/plic.h"
#include "hyp/riscv/cbo_insn.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/fault.h"
#include "hyp/riscv/sbi_call.h"
#include "hyp/riscv/sbi_defs.h"
#include "hyp/vm/remote_fence.h"
#include "hyp/vm/vcpu.h"
#include "tests/unit/fake/machine.h"

#define CANARY	0xca11ab1edeadbeefull

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
	unsigned long arg[5] = { hw->x[10], hw->x[11], hw->x[12], hw->x[13], hw->x[14] };
	struct vcpu *v = (struct vcpu *)ctx;

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
	fake_csr_clear(CSR_HVIP, 1ull << IRQ_VSTI);
	v->timer.deadline = arg[0];
	if (!(ctx->flags & CTX_FLAG_SBI_TIMER)) {
		v->timer.due = UINT64_MAX;
		arg[0] = arg[0] < v->timer.own ? arg[0] : v->timer.own;
	}
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
	if (mail == MAIL_FENCE && ctx->fence->f.kind < FENCE_PAGES) {
		remote_fence_serve((struct vcpu *)ctx);
		ctx->exits[EXIT_MAIL]++;
		return true;
	}
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
		fake_stop_at(PLACE_GUEST);
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
