/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One case after the other on the calling hart; others do the same at the same time. For each there is one right
 * outcome: the value, or an exception with exact cause, sepc and stval and all registers as they were.
 */
#include "guests/lib/console.h"
#include "guests/lib/dt.h"
#include "guests/lib/mmu.h"
#include "guests/matrix/matrix.h"

#define MEMORY		0x8182838485868788UL	/* what own RAM holds before a case */
#define VALUE		0x1122334455667788UL	/* what a1 holds */
#define ANY_CAUSE	64
#define NO_TRAP		31
#define BLOCK		64UL	/* of a CBO, for which the fault may report the start */

/* Pages of the window, for each hart. */
#define PAGES_A_HART	4
enum { PAGE_TARGET, PAGE_CODE };

uint64_t cases[MAX_CPUS], wrong[MAX_CPUS], causes[MAX_CPUS][32];

struct test_case {
	const struct target *target;
	const struct op *op;
	enum view view;
	bool user;
	uint64_t at;		/* where the target is: host of the bytes, guest-physical */
	uint64_t address;	/* as the instruction says it */
	uint64_t exec;		/* address of the instruction */
};

static const char *const views[] = { "bare", "paged", "denied", "absent" };

static void complain(const struct test_case *c, const char *what, const char *why, const struct tf *r)
{
	static uint8_t shown[MAX_CPUS][MAX_OPS + 1];	/* of one operation not everything, so that all come up */
	unsigned int op = c->op ? (unsigned int)(c->op - ops) : MAX_OPS;

	wrong[this_cpu()->index]++;
	if (shown[this_cpu()->index][op] < 3 && ++shown[this_cpu()->index][op])
		line("FAIL matrix: %s %u at %s, %s, %s: %s: cause %lu sepc 0x%lx stval 0x%lx a1 0x%lx, "
		     "address 0x%lx, code 0x%lx", what, c->op ? c->op->width : 0, c->target->name,
		     c->user ? "U" : "S", views[c->view], why, r->cause, r->epc, r->tval, r->x[REG_A1],
		     c->address, c->exec);
}

void count_case(const struct tf *r, bool completed)
{
	unsigned int i = this_cpu()->index;

	cases[i]++;
	causes[i][completed ? NO_TRAP : r->cause & 31]++;
}

/* ---- what is right ---- */

static bool stores(const struct op *op)
{
	return op->kind == OP_STORE || op->kind == OP_AMO || op->kind == OP_SC || op->kind == OP_FSTORE ||
	       op->kind == OP_VSTORE || op->kind == OP_CBO;
}

/* The hardware answers. */
static bool in_hardware(const struct test_case *c)
{
	return c->target->kind == TARGET_DEVICE ||
	       (c->target->kind == TARGET_GUARDED && (!stores(c->op) || c->op->kind == OP_CBO));
}

/* The exception of a case that must not complete; 0: it must; ANY_CAUSE: it may do either. */
static uint64_t right_cause(const struct test_case *c)
{
	const struct op *op = c->op;

	if (op->kind == OP_ILLEGAL)
		return CAUSE_ILLEGAL;
	if (c->view == VIEW_DENIED || c->view == VIEW_ABSENT)
		return stores(op) ? CAUSE_STORE_PAGE : CAUSE_LOAD_PAGE;
	if (in_hardware(c))
		return ANY_CAUSE;
	switch (c->target->kind) {
	case TARGET_RAM:
		return 0;
	case TARGET_GUARDED:
	case TARGET_PLIC:
	case TARGET_ZERO:
		if ((op->kind == OP_LOAD || op->kind == OP_STORE) && op->width == 4)
			return 0;
		break;
	default:
		break;
	}
	return stores(op) ? CAUSE_STORE_ACCESS : CAUSE_LOAD_ACCESS;
}

static bool right_fault(const struct test_case *c, const struct tf *r, uint64_t want)
{
	if (r->epc != c->exec)
		return false;
	if (want == CAUSE_ILLEGAL)
		/* QEMU 10 and 11 report an older instruction for MRET. */
		return r->cause == want && (r->tval == 0 || r->tval == c->op->insn || c->op->insn == INSN_MRET);
	if (r->tval != c->address && !(c->op->kind == OP_CBO && r->tval == (c->address & ~(BLOCK - 1))))
		return false;
	if (want == ANY_CAUSE)
		return r->cause == (stores(c->op) ? CAUSE_STORE_ACCESS : CAUSE_LOAD_ACCESS) ||
		       (c->op->kind == OP_AMO && r->cause == CAUSE_LOAD_ACCESS);	/* QEMU 7.2 */
	/* QEMU 7.2 reports page faults of AMOs in the guest's own translation as those of loads. */
	return r->cause == want || (want == CAUSE_STORE_PAGE && r->cause == CAUSE_LOAD_PAGE &&
				    (c->op->kind == OP_AMO || c->op->kind == OP_SC));
}

static uint64_t low_bytes(uint64_t v, unsigned int width)
{
	return width == 8 ? v : v & ((1UL << 8 * width) - 1);
}

static uint64_t loaded(const struct op *op, uint64_t memory)
{
	unsigned int unused = 64 - 8 * op->width;
	bool is_signed = op->is_signed || op->kind == OP_LR || op->kind == OP_AMO;

	if (is_signed)
		return (uint64_t)((int64_t)(memory << unused) >> unused);
	return memory << unused >> unused;
}

/* Register and memory after a case on own RAM. */
static bool right_value(const struct test_case *c, const struct tf *r)
{
	const struct op *op = c->op;
	uint64_t memory = *(volatile uint64_t *)c->at, want = MEMORY, kept;

	kept = MEMORY & ~low_bytes(~0UL, op->width);
	switch (op->kind) {
	case OP_LOAD:
	case OP_LR:
		return memory == want && r->x[REG_A1] == loaded(op, MEMORY);
	case OP_STORE:
	case OP_FSTORE:
	case OP_VSTORE:
		return memory == (kept | low_bytes(VALUE, op->width));
	case OP_AMO:
		want = kept | low_bytes(amo_result(op, MEMORY, VALUE), op->width);
		return memory == want && r->x[12] == loaded(op, MEMORY);
	case OP_SC:	/* without a reservation of this address */
		return r->x[12] ? memory == MEMORY : memory == (kept | low_bytes(VALUE, op->width));
	case OP_CBO:
		return true;
	default:
		return memory == want;
	}
}

static unsigned int changed_register(const struct op *op)
{
	switch (op->kind) {
	case OP_LOAD:
	case OP_LR:
		return REG_A1;
	case OP_AMO:
	case OP_SC:
		return 12;
	default:
		return 0;
	}
}

static void judge(const struct test_case *c, const struct tf *in, const struct tf *r)
{
	const struct op *op = c->op;
	uint64_t want = right_cause(c);
	bool completed = lab_completed(r, c->exec, op->insn);

	count_case(r, completed);
	if (completed && op->kind == OP_SC && want != 0 && r->x[12] != 0)
		want = 0;	/* it may fail before it looks at the address */
	if (!completed && (want == 0 || !right_fault(c, r, want)))
		complain(c, op->name, "wrong exception", r);
	else if (completed && want != 0 && want != ANY_CAUSE)
		complain(c, op->name, "completes", r);
	else if (!lab_regs_kept(in, r, completed ? changed_register(op) : 0))
		complain(c, op->name, "changes other registers", r);
	else if (completed && c->target->kind == TARGET_RAM && !right_value(c, r))
		complain(c, op->name, "wrong value", r);
	else if (completed && c->target->kind == TARGET_ZERO && op->kind == OP_LOAD && r->x[REG_A1])
		complain(c, op->name, "not 0", r);
}

/* ---- how it is tried ---- */

static void set_float(uint64_t v)
{
	struct tf in;

	lab_fill(&in);
	in.x[REG_A1] = v;
	lab_run(&in, 0xf2000053U | REG_A1 << 15 | REG_A1 << 7);	/* fmv.d.x f11, a1 */
}

static void set_vector(uint64_t v)
{
	struct tf in;

	lab_fill(&in);
	in.x[REG_A1] = v;
	lab_run(&in, 0xc180f057U);			/* vsetivli zero, 1, e64, m1, tu, mu */
	lab_run(&in, 0x5e004057U | REG_A1 << 15 | 8 << 7);	/* vmv.v.x v8, a1 */
	lab_run(&in, 0xc000f057U);			/* vsetivli zero, 1, e8, m1 */
}

static void try_op(struct test_case *c)
{
	struct tf in;

	if (c->target->kind == TARGET_RAM)
		*(volatile uint64_t *)c->at = MEMORY;
	if (c->op->kind == OP_FSTORE)
		set_float(VALUE);
	if (c->op->kind == OP_VSTORE)
		set_vector(VALUE);
	lab_fill(&in);
	in.x[REG_A0] = in.x[REG_SP] = c->address;
	in.x[REG_A1] = VALUE;
	judge(c, &in, lab_run_at(&in, c->op->insn, lab_code(), c->exec, c->user));
}

/* Jump there. */
static void try_fetch(struct test_case *c)
{
	uint64_t want = CAUSE_FETCH_ACCESS;
	const struct tf *r;
	struct tf in;

	lab_fill(&in);
	in.epc = c->address;
	if (c->view == VIEW_DENIED || c->view == VIEW_ABSENT)
		want = CAUSE_FETCH_PAGE;
	else if (c->target->kind == TARGET_RAM)
		want = CAUSE_BREAKPOINT;
	if (c->target->kind == TARGET_RAM)
		*(volatile uint16_t *)c->at = INSN_C_EBREAK;
	r = excursion(&in, c->user);
	count_case(r, false);
	if (r->cause != want || r->epc != c->address ||
	    (r->tval != c->address && !(want == CAUSE_BREAKPOINT && !r->tval)))
		complain(c, "fetch", "wrong exception", r);
	else if (!lab_regs_kept(&in, r, 0))
		complain(c, "fetch", "changes registers", r);
}

/* A misaligned access is one of the two exceptions, or done, where there is something. */
static void try_misaligned(struct test_case *c)
{
	uint64_t aligned = c->address, first;
	bool ok;

	for (unsigned int offset = 1; offset < c->op->width; offset += offset == 1 ? 1 : 2) {
		uint64_t low = stores(c->op) ? CAUSE_STORE_MISALIGNED : CAUSE_LOAD_MISALIGNED;
		const struct tf *r;
		struct tf in;

		lab_fill(&in);
		c->address = aligned + offset;
		in.x[REG_A0] = in.x[REG_SP] = c->address;
		r = lab_run_at(&in, c->op->insn, lab_code(), c->exec, c->user);
		count_case(r, lab_completed(r, c->exec, c->op->insn));
		/* For a mapped device QEMU reports the aligned half that failed. */
		first = in_hardware(c) ? aligned : c->address;
		ok = (r->cause == low || r->cause == low + 1) && r->epc == c->exec &&
		     r->tval >= first && r->tval - c->address + 8 < c->op->width + 8 &&
		     lab_regs_kept(&in, r, 0);
		ok |= (c->target->kind == TARGET_RAM || in_hardware(c)) &&
		      lab_completed(r, c->exec, c->op->insn);
		if (!ok)
			complain(c, c->op->name, "misaligned", r);
	}
	c->address = aligned;
}

static bool integer(const struct op *op)
{
	return op->kind == OP_LOAD || op->kind == OP_STORE;
}

/* False: the target cannot be seen so. */
static bool set_view(struct test_case *c)
{
	unsigned int page = this_cpu()->index * PAGES_A_HART;
	bool target_user = c->view == VIEW_DENIED ? !c->user : c->user;
	uint64_t code = lab_code();

	c->at = target_address(c->target);
	c->address = c->at;
	c->exec = code;
	if (c->view == VIEW_BARE)
		return true;
	if (c->at >> 56)
		return false;	/* no page-table entry leads there */
	mmu_set(page + PAGE_TARGET, c->at & ~0xfffUL,
		c->view == VIEW_ABSENT ? 0 : PTE_RWX | (target_user ? PTE_U : 0));
	mmu_set(page + PAGE_CODE, code & ~0xfffUL, PTE_RWX | PTE_U);
	mmu_fence();
	c->address = MMU_PAGE(page + PAGE_TARGET) + (c->at & 0xfff);
	if (c->user)
		c->exec = MMU_PAGE(page + PAGE_CODE) + (code & 0xfff);
	return true;
}

static void try_target(struct test_case *c)
{
	if (!set_view(c))
		return;
	for (unsigned int i = 0; i < nops; i++) {
		c->op = &ops[i];
		try_op(c);
		if (integer(c->op) && c->op->width > 1 && c->view <= VIEW_PAGED)
			try_misaligned(c);
	}
	c->op = NULL;
	try_fetch(c);
}

/* Traps that need no address. */
static void try_traps(void)
{
	static const struct {
		uint32_t insn;
		uint64_t cause;
		bool user_only;
	} list[] = {
		{ INSN_EBREAK, CAUSE_BREAKPOINT, false }, { INSN_C_EBREAK, CAUSE_BREAKPOINT, false },
		{ INSN_ECALL, CAUSE_ECALL_U, true }, { INSN_SRET, CAUSE_ILLEGAL, true },
		{ INSN_SFENCE_VMA, CAUSE_ILLEGAL, true },
	};
	static const struct target none = { .name = "nothing" };
	unsigned int user;

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(list); i++) {
		struct test_case c = { .target = &none, .exec = lab_code() };
		const struct tf *r;
		struct tf in;

		user = i & 1;
		c.user = user;
		if (list[i / 2].user_only && !user)
			continue;
		lab_fill(&in);
		r = lab_run_at(&in, list[i / 2].insn, lab_code(), c.exec, c.user);
		count_case(r, false);
		if (r->cause != list[i / 2].cause || r->epc != c.exec || !lab_regs_kept(&in, r, 0) ||
		    !(r->status & SSTATUS_SPP) != c.user)
			complain(&c, "trap", "wrong", r);
	}
}

void run_matrix(void *unused)
{
	struct test_case c = { 0 };

	(void)unused;
	csr_set(sstatus, SSTATUS_FS | SSTATUS_VS);
	if (dt_isa_has(0, "zicbom") || dt_isa_has(0, "zicboz"))
		csr_write(0x10a, 0xf0);	/* senvcfg: cache-block operations in U-mode */
	for (unsigned int i = 0; i < 8 * ntargets; i++) {
		c.target = &targets[i / 8];
		c.user = i & 1;
		c.view = (enum view)(i / 2 % 4);
		if (c.view == VIEW_BARE)
			mmu_off();
		else
			mmu_on(this_cpu()->index + 1);
		try_target(&c);
	}
	mmu_off();
	try_csrs(false);
	try_csrs(true);
	try_traps();
}
