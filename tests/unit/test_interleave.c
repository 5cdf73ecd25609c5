/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a sibling does at each access of an exit: it rewrites what the exit reads, or has an exit of its own. See
 * fake_sibling() in fake/machine.h. An exit that reads what a guest can change reads it once, so it ends as if the
 * sibling had acted before it, or after it; two exits end as if one of them had come first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fake/exits.h"

#define MAX_POINTS	2000u
/* a pair of exits is tried in one mode, at one of so many accesses; all with BULKHEAD_LONG=1 */
#define STRIDE		11u

static uint32_t nr_runs;

/* ---- what an exit leaves ---- */

static uint64_t hash;

static void add(const void *at, size_t size)
{
	const uint8_t *b = at;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ b[i]) * 0x100000001b3ull;
}

#define ADD(x)	add(&(x), sizeof(x))

static void add_hart(unsigned hart)
{
	const struct fake_hw *h = &fake.hw[hart];
	const struct fake_csrs *c = &h->csr;

	ADD(h->place);
	ADD(vm_vcpu_of_hart(hart)->hsm);
	if (h->place != PLACE_GUEST)
		return;
	ADD(h->x);
	ADD(c->vsstatus), ADD(c->vstvec), ADD(c->vsepc), ADD(c->vscause), ADD(c->vstval), ADD(c->vstimecmp),
	ADD(c->vsatp);
	ADD(c->hvip), ADD(c->sie), ADD(c->hie), ADD(c->hstatus);
}

/* Lines of the two VMs may be printed in either order: their sum does not show it. */
static void add_console(void)
{
	uint64_t sum = 0, line = 5381;

	for (uint32_t i = 0; i < fake.console_len; i++) {
		line = line * 33 + (uint8_t)fake.console[i];
		if (fake.console[i] == '\n') {
			sum += line;
			line = 5381;
		}
	}
	ADD(sum);
}

static uint64_t outcome(void)
{
	const struct vplic *p = &fake_vm(A)->devs.vintcs[0].plic;

	hash = 0xcbf29ce484222325ull;
	for (unsigned hart = 0; hart < FAKE_HARTS; hart++)
		add_hart(hart);
	for (unsigned vm = 0; vm < FAKE_VMS; vm++)
		ADD(fake_vm(vm)->state), ADD(fake_vm(vm)->active);
	ADD(p->priority), ADD(p->enable), ADD(p->pending), ADD(p->claimed), ADD(p->lines), ADD(p->level);
	if (config.plic == PLIC_EMULATED)	/* otherwise the host's PLIC has them */
		ADD(p->threshold);
	ADD(fake.plic.priority), ADD(fake.plic.pending), ADD(fake.plic.claimed), ADD(fake.plic.enable),
		ADD(fake.plic.threshold);
	add(fake_ram(), FAKE_RAM_SIZE);
	fake_ram_close();
	add_console();
	return hash;
}

/* ---- code that changes ---- */

static const struct fake_code codes[] = {
	{ BOOT_PC, 2, { 0x2583, 0x0005 } },			/* lw a1, 0(a0) */
	{ BOOT_PC, 2, { 0x2603, 0x0005 } },			/* lw a2, 0(a0) */
	{ BOOT_PC, 2, { 0x3583, 0x0005 } },			/* ld a1, 0(a0) */
	{ BOOT_PC, 2, { 0x2023, 0x00b5 } },			/* sw a1, 0(a0) */
	{ BOOT_PC, 2, { 0x2023, 0x00c5 } },			/* sw a2, 0(a0) */
	{ BOOT_PC, 2, { 0x2683, 0x0045 } },			/* lw a3, 4(a0) */
	{ BOOT_PC, 2, { 0x410c, 0x0001 } },				/* c.lw a1, 0(a0) */
	{ BOOT_PC, 2, { 0xc10c, 0x0001 } },				/* c.sw a1, 0(a0) */
	{ BOOT_PC, 2, { 0x0073, 0x1020 } },			/* sret */
	{ BOOT_PC, 2, { 0x0073, 0x1050 } },			/* wfi */
	{ BOOT_PC, 0, { 0 } },					/* none: unmapped */
};

struct exit_kind { uint64_t cause, at; bool armed; };

static void begin(const struct exit_kind *k, const struct fake_code *code)
{
	boot();
	if (k->armed) {
		guest_sw(FAKE_PLIC + 4 * 3, 4);
		guest_sw(FAKE_PLIC + 0x2080, 8);
		naive_set_level(&fake.plic, 3, true);
		fake_settle();
	}
	fake_count_from_here();
	hw()->x[0] = BOOT_PC;
	for (unsigned i = 10; i < 16; i++)
		hw()->x[i] = i;
	hw()->x[10] = k->at;
	csr()->vsstatus = 0x120;
	csr()->vsepc = BOOT_PC + 0x800;
	fake.code = *code;
}

static void trap(const struct exit_kind *k)
{
	fake_trap(self, &(struct fake_exit){ k->cause, k->at, k->at >> 2, 0, false });
	nr_runs++;
}

static void rewrite(void *code)
{
	fake_rewrite(code);
}

/* The first half of the one and the second of the other, as far as they are there. */
static struct fake_code halves(const struct fake_code *low, const struct fake_code *high)
{
	struct fake_code c = *low;

	c.parcel[1] = high->parcel[1];
	c.n = !low->n ? 0 : high->n < 2 ? 1 : 2;
	return c;
}

static void check_rewritten(const struct exit_kind *k, const struct fake_code *from, const struct fake_code *to)
{
	const struct fake_code each[4] = { *from, *to, halves(from, to), halves(to, from) };
	uint64_t allowed[4];
	uint32_t at, i;

	for (i = 0; i < 4; i++) {
		begin(k, &each[i]);
		trap(k);
		allowed[i] = outcome();
	}
	for (at = 0; at < MAX_POINTS; at++) {
		begin(k, from);
		fake_sibling(at, rewrite, (void *)(uintptr_t)to);
		trap(k);
		if (!fake_sibling_acted())
			break;
		for (i = 0; i < 4 && allowed[i] != outcome(); i++)
			;
		if (i == 4)
			fail_msg("cause %lu at 0x%lx: 0x%x becomes 0x%x at access %u: as neither", k->cause, k->at,
				 from->parcel[0] | from->parcel[1] << 16, to->parcel[0] | to->parcel[1] << 16, at);
	}
	assert_in_range(at, 1, MAX_POINTS - 1);
}

static void test_code_changes(void **state)
{
	bool all = getenv("BULKHEAD_LONG");
	static const struct exit_kind kinds[] = {
		{ CAUSE_LOAD_GUEST_PAGE, FAKE_PLIC + 8, false }, { CAUSE_STORE_GUEST_PAGE, FAKE_PLIC + 8, false },
		{ CAUSE_STORE_GUEST_PAGE, FAKE_PLIC + 0x201000, false },
		{ CAUSE_STORE_GUEST_PAGE, FAKE_PLIC + 0x201004, false },
		{ CAUSE_LOAD_GUEST_PAGE, 0x30000000, false }, { CAUSE_VIRTUAL_INSTRUCTION, 0, true },
	};

	(void)state;
	for (unsigned mode = 0; mode < 2; mode++) {
		config = fake_default_config();
		config.plic = mode ? PLIC_EMULATED : PLIC_GUARDED;
		config.policy[A].unmapped = UNMAPPED_IGNORE;
		for (unsigned k = 0; k < ARRAY_LEN(kinds); k++)
			for (unsigned i = 0; i < ARRAY_LEN(codes); i++)
				for (unsigned j = 0; j < ARRAY_LEN(codes); j++)
					if (i != j && !(kinds[k].armed && mode) && (all || (i + j + k) % 2 == mode))
						check_rewritten(&kinds[k], &codes[i], &codes[j]);
	}
	print_message("%u exits\n", nr_runs);
}

/* ---- memory that changes ---- */

#define TEXT_AT		(BOOT_PC + 0x1000)
#define TEXT_SIZE	100u

static void write_text(char c)
{
	memset(fake_ram_at(A, TEXT_AT), c, TEXT_SIZE);
	fake_ram_close();
}

static void write_new(void *unused)
{
	(void)unused;
	write_text('b');
}

/* The console gets the old text or the new one, and never some of both. */
static void test_text_changes(void **state)
{
	char want[2][TEXT_SIZE + 1];
	uint32_t at;

	(void)state;
	memset(want, 0, sizeof(want));
	memset(want[0], 'a', TEXT_SIZE);
	memset(want[1], 'b', TEXT_SIZE);
	for (at = 0; at < MAX_POINTS; at++) {
		boot();
		write_text('a');
		fake_sibling(at, write_new, NULL);
		assert_int_equal(sbi(SBI_EXT_DBCN, SBI_DBCN_WRITE, TEXT_SIZE, TEXT_AT, 0), 0);
		if (!fake_sibling_acted())
			break;
		assert_int_equal(value(), TEXT_SIZE);
		assert_int_equal(sbi(SBI_EXT_DBCN, SBI_DBCN_WRITE_BYTE, '\n', 0, 0), 0);
		if (!fake_said(want[0]) && !fake_said(want[1]))
			fail_msg("access %u: some of both", at);
	}
	assert_in_range(at, 10, MAX_POINTS - 1);
}

/* ---- two exits ---- */

static uint64_t own_context(void)
{
	return 0x1000 * (2 * (uint64_t)fake.plan.harts[self].vcpu + 1);
}

static void plic_store(uint64_t offset, uint32_t v)
{
	code_at(BOOT_PC + 0x200, SW_A1_A0);
	hw()->x[10] = FAKE_PLIC + offset;
	hw()->x[11] = v;
	exit_with(CAUSE_STORE_GUEST_PAGE, FAKE_PLIC + offset, FAKE_PLIC + offset, 0);
}

static void plic_load(uint64_t offset)
{
	code_at(BOOT_PC + 0x100, LW_A1_A0);
	hw()->x[10] = FAKE_PLIC + offset;
	exit_with(CAUSE_LOAD_GUEST_PAGE, FAKE_PLIC + offset, FAKE_PLIC + offset, 0);
}

static void call(uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2)
{
	const uint64_t arg[3] = { a0, a1, a2 };

	memcpy(&hw()->x[10], arg, sizeof(arg));
	hw()->x[16] = fid;
	hw()->x[17] = eid;
	fake_trap(self, &(struct fake_exit){ .cause = CAUSE_ECALL_VS });
}

static uint64_t other(void)
{
	return fake.plan.harts[self].vcpu ? 0 : 1;
}

static void priority(void) { plic_store(4 * 3, 2); }
static void priority_0(void) { plic_store(4 * 3, 0); }
static void enable(void) { plic_store(0x2000 + 0x80 * (own_context() / 0x1000), 0xfffffff8); }
static void disable(void) { plic_store(0x2000 + 0x80 * (own_context() / 0x1000), 0); }
static void others_enable(void) { plic_store(0x2000 + 0x80 * (2 * other() + 1), 8); }
static void mask(void) { plic_store(0x200000 + own_context(), 7); }
static void unmask(void) { plic_store(0x200000 + own_context(), 0); }
static void others_threshold(void) { plic_store(0x200000 + 0x1000 * (2 * other() + 1), 7); }
static void unmask_other(void) { plic_store(0x200000 + 0x1000 * (2 * other() + 1), 0); }
static void claim(void) { plic_load(0x200004 + own_context()); }
static void others_claim(void) { plic_load(0x200004 + 0x1000 * (2 * other() + 1)); }
static void complete(void) { plic_store(0x200004 + own_context(), 3); }
static void pending(void) { plic_load(0x1000); }
static void ipi(void) { call(SBI_EXT_IPI, 0, 1ull << other(), 0, 0); }
static void fence(void) { call(SBI_EXT_RFENCE, 1, 7, 0, 0); }
static void start(void) { call(SBI_EXT_HSM, SBI_HSM_START, 2, BOOT_PC, 0); }
static void start_other(void) { call(SBI_EXT_HSM, SBI_HSM_START, other(), BOOT_PC, 0); }
static void status(void) { call(SBI_EXT_HSM, SBI_HSM_STATUS, other(), 0, 0); }
static void stop(void) { call(SBI_EXT_HSM, SBI_HSM_STOP, 0, 0, 0); }
static void sleep_until(void) { call(SBI_EXT_HSM, SBI_HSM_SUSPEND, 0, 0, 0); }
static void timer(void) { call(SBI_EXT_TIME, 0, 5, 0, 0); }
static void print(void) { call(SBI_EXT_DBCN, SBI_DBCN_WRITE, 20, TEXT_AT + 0x100, 0); }
static void reboot(void) { call(SBI_EXT_SRST, 0, 1, 0, 0); }
static void power_off(void) { call(SBI_EXT_SRST, 0, 0, 0, 0); }
static void crash(void) { call(SBI_EXT_SRST, 0, 0, 1, 0); }
static void uart(void)
{
	code_at(BOOT_PC + 0x300, 0x00b50023);	/* sb a1, 0(a0) */
	hw()->x[10] = FAKE_VUART + 1;
	hw()->x[11] = 2;
	exit_with(CAUSE_STORE_GUEST_PAGE, FAKE_VUART + 1, FAKE_VUART + 1, 0);
}
static void external(void) { fake_interrupt(self); }
static void soft(void)
{
	if (csr()->ssip)
		fake_trap(self, &(struct fake_exit){ .cause = SCAUSE_INTERRUPT | IRQ_SSI });
}

#define WAY(f)	{ #f, f }
static const struct way { const char *name; void (*go)(void); } ways[] = {
	WAY(priority), WAY(priority_0), WAY(enable), WAY(disable), WAY(others_enable), WAY(mask), WAY(unmask),
	WAY(others_threshold), WAY(claim), WAY(others_claim), WAY(complete), WAY(pending), WAY(ipi), WAY(fence),
	WAY(start),
	WAY(start_other), WAY(status), WAY(stop), WAY(sleep_until), WAY(timer), WAY(print), WAY(reboot), WAY(power_off),
	WAY(crash), WAY(uart), WAY(external), WAY(soft),
};

/* Two vcpus run, a source pends that both have enabled, vcpu 0 has mail of two kinds, and the third vcpu is stopped. */
static void begin_two(void)
{
	boot();
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), 0);
	fake_settle();
	for (unsigned vcpu = 0; vcpu < 2; vcpu++) {
		self = fake_hart_of(A, vcpu);
		plic_store(4 * 3, 4);
		plic_store(0x2000 + 0x80 * (own_context() / 0x1000), 8);
		memset(fake_ram_at(A, TEXT_AT + 0x100), 'x', 19);
		*fake_ram_at(A, TEXT_AT + 0x113) = '\n';
		fake_ram_close();
	}
	naive_set_level(&fake.plic, 3, true);
	others_threshold();
	unmask_other();
	ipi();
	fake_count_from_here();
}

/* Another hart of A acts, if it is in its guest. */
static void go(unsigned vcpu, const struct way *w)
{
	unsigned was = self;

	self = fake_hart_of(A, vcpu);
	if (hw()->place == PLACE_GUEST)
		w->go();
	self = was;
	nr_runs++;
}

static void go_sibling(void *way)
{
	go(1, way);
}

static uint64_t one_after_the_other(const struct way *first, const struct way *second, bool first_is_0)
{
	begin_two();
	go(first_is_0 ? 0 : 1, first);
	go(first_is_0 ? 1 : 0, second);
	fake_settle();
	return outcome();
}

static uint32_t nr_neither;

static void check_pair(const struct way *a, const struct way *b, uint32_t first, uint32_t stride)
{
	uint64_t allowed[2] = { one_after_the_other(a, b, true), one_after_the_other(b, a, false) };
	uint32_t at;

	for (at = first; at < MAX_POINTS; at += stride) {
		begin_two();
		fake_sibling(at, go_sibling, (void *)(uintptr_t)b);
		go(0, a);
		if (!fake_sibling_acted())
			break;
		fake_settle();
		if (outcome() != allowed[0] && outcome() != allowed[1]) {
			print_message("mode %u: %s, at access %u of it %s\n", config.plic, a->name, at, b->name);
			nr_neither++;
			break;
		}
	}
	assert_in_range(at, 0, MAX_POINTS - 1);
}

static void test_exits_in_exits(void **state)
{
	uint32_t stride = getenv("BULKHEAD_LONG") ? 1 : STRIDE, n = 0;

	(void)state;
	for (unsigned mode = 0; mode < 3; mode++) {
		config = fake_default_config();
		config.plic = (const uint8_t []){ PLIC_GUARDED, PLIC_EMULATED, PLIC_MAPPED }[mode];
		config.vuart = config.plic != PLIC_MAPPED;
		config.policy[A].on_crash = ON_CRASH_RESTART;
		for (unsigned i = 0; i < ARRAY_LEN(ways); i++)
			for (unsigned j = 0; j < ARRAY_LEN(ways); j++)
				if (i == j && (stride == 1 || i % 3 == mode))	/* they meet most often */
					check_pair(&ways[i], &ways[j], 0, 1);
				else if (stride == 1 || (i + j) % 3 == mode)
					check_pair(&ways[i], &ways[j], n++ % stride, stride);
	}
	print_message("%u exits\n", nr_runs);
	assert_int_equal(nr_neither, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_code_changes, setup), cmocka_unit_test_setup(test_text_changes, setup),
		cmocka_unit_test_setup(test_exits_in_exits, setup),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
