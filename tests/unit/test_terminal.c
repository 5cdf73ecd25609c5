/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyp/terminal/terminal.c: the console's own hart: what wakes it, what it does in which order, and what it waits for
 * next; and one service of the console, by the hart that polls it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/terminal/terminal.c"

#define NEVER		UINT64_MAX
#define SOON		1000u		/* what console_next_poll() says with output that waits */
#define LATER		5000u		/* and without */
#define HART		2u
#define IRQ		10u
#define INPUT		"a line that is longer than one service takes"

enum step { MAIL, KICK, CLAIM, LOCK, TICK, MOVE, UNLOCK, COMPLETE, WATCH, MASK };

static struct {
	jmp_buf out;
	struct plan plan;
	struct console_device device;
	uint64_t sie, sip, stimecmp, firmware_timer, watch, next_watch;
	bool driven, panicked, locked, pending;
	bool enabled;			/* the interrupt, in its controller */
	uint32_t foreign;		/* if not 0: the source that a claim returns */
	bool taken;			/* mux.lock, by another hart */
	uint32_t moves;			/* mux_move() says so often that there is more */
	uint32_t notify, sent;		/* vcpus by hart number, as bits */
	uint32_t typed, room;
	uint32_t resets;
	bool reboot;
	enum step steps[64];
	uint32_t nr_steps;
} t;

static void step(enum step s)
{
	assert_true(t.nr_steps < 64);
	t.steps[t.nr_steps++] = s;
}

static int get(void)
{
	assert_true(t.locked);
	return t.typed < sizeof(INPUT) - 1 ? INPUT[t.typed] : -1;
}

static size_t put(const char *text, size_t len) { (void)text; return len; }

/* CSRs of the hart, and what waits ends the test's round. */
uint64_t fake_csr_read(unsigned csr)
{
	assert_int_equal(csr, CSR_SIP);
	return t.sip;
}

void fake_csr_write(unsigned csr, uint64_t value)
{
	*(csr == CSR_SIE ? &t.sie : csr == CSR_STIMECMP ? &t.stimecmp : NULL) = value;
}

void fake_csr_set(unsigned csr, uint64_t bits) { assert_int_equal(csr, CSR_SIE); t.sie |= bits; }
void fake_csr_clear(unsigned csr, uint64_t bits) { assert_int_equal(csr, CSR_SIE); t.sie &= ~bits; }
uint64_t fake_csr_swap(unsigned csr, uint64_t value) { (void)csr, (void)value; fail(); return 0; }
void *fake_thread_pointer(void) { fail(); return NULL; }

/* Ends the test's round, or it continues with another time to check. */
void fake_wait_for_interrupt(void)
{
	if (t.watch == t.next_watch)
		longjmp(t.out, 1);
	t.watch = t.next_watch;
}

void sbi_set_timer(uint64_t at) { t.firmware_timer = at; }

/* The rooms below and beside. */
void console_init(void) { }
void console_use(const struct plan *p) { assert_ptr_equal(p, &t.plan); }
const struct console_device *console_device(void) { return &t.device; }
void console_set_driven(void) { t.driven = true; }
void console_take_kick(void) { step(KICK); }
bool console_has_panicked(void) { return t.panicked; }
uint64_t console_next_poll(bool pending) { return pending ? SOON : LATER; }
uint64_t console_poll_again(bool pending) { return console_next_poll(pending); }
void console_logged(void) { }
void log_record(const char *format, uint32_t n, const uint64_t *values) { (void)format, (void)n, (void)values; }
void mux_init(const struct console_device *d) { assert_ptr_equal(d, &t.device); }
void mux_use(const struct plan *p, const struct console_device *d) { assert_true(p == &t.plan && d == &t.device); }
bool mux_has_input(void) { return t.device.get; }
bool mux_try_lock(void) { assert_false(t.locked); t.locked = !t.taken; step(LOCK); return t.locked; }
void mux_unlock(void) { assert_true(t.locked); t.locked = false; step(UNLOCK); }
void keys_init(const struct plan *p) { (void)p; }
void keys_typed(uint8_t byte) { assert_int_equal(byte, INPUT[t.typed]); t.typed++; t.room -= t.room > 0; }
void monitor_init(const struct plan *p) { (void)p; }
void monitor_tick(void) { assert_true(t.locked); step(TICK); }
bool monitor_reboot_asked(void) { return t.reboot; }
bool answer_has_room(void) { return t.room; }
uint32_t hart_take_mail(void) { step(MAIL); return 0; }
struct hart *hart_get(uint32_t index)
{
	static struct hart harts[MAX_HARTS];
	harts[index].index = index;
	return &harts[index];
}
uint64_t vm_watch_all(void) { step(WATCH); return t.watch; }

bool mux_move(bool *pending, uint32_t *notify)
{
	assert_true(t.locked);
	step(MOVE);
	*pending = t.pending;
	*notify = t.notify;
	t.notify = 0;
	return t.moves && t.moves--;
}

void hart_send_one(struct hart *to, uint32_t mail)
{
	assert_int_equal(mail, MAIL_CONSOLE);
	assert_false(t.locked);
	t.sent |= 1u << to->index;
}

void machine_reset(uint32_t type, uint32_t reason)
{
	assert_true(type == SBI_SRST_COLD_REBOOT && reason == SBI_SRST_REASON_NONE);
	t.resets++;
	t.reboot = false;
}

/* The host's interrupt controller, by its face. */
static void route(uint32_t intc, uint32_t hart, uint32_t source, uint32_t flags)
{
	assert_true(intc == 1 && hart == HART && source == IRQ && flags == IRQ_LEVEL_LOW);
	t.enabled = true;
}

static uint32_t claim(uint32_t intc, uint32_t hart)
{
	assert_true(intc == 1 && hart == HART);
	step(CLAIM);
	return t.foreign ? t.foreign : IRQ;
}

static void complete(uint32_t intc, uint32_t hart, uint32_t source)
{
	assert_true(intc == 1 && hart == HART && source == (t.foreign ? t.foreign : IRQ));
	step(COMPLETE);
}

static void mask(uint32_t intc, uint32_t hart, uint32_t source)
{
	assert_true(intc == 1 && hart == HART && source != IRQ && source == t.foreign);
	step(MASK);
}

const struct intc_ops *intc_ops(uint32_t intc)
{
	static const struct intc_ops ops = { .route = route, .claim = claim, .complete = complete, .mask = mask };

	(void)intc;
	return &ops;
}

static int prepare(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	t.device = (struct console_device){ put, get, NULL, true };
	t.watch = t.next_watch = NEVER;
	t.typed = sizeof(INPUT) - 1;
	t.room = UINT32_MAX;
	t.sie = t.stimecmp = t.firmware_timer = 77;
	t.plan.console.hart = HART;
	t.plan.console.intc = 1;
	t.plan.console.drive = CONSOLE_GUEST_HART;
	t.plan.console.irq = IRQ;
	t.plan.console.irq_flags = IRQ_LEVEL_LOW;
	t.plan.harts[HART].features = HART_SSTC;
	for (uint32_t i = 0; i < MAX_VMS; i++)
		t.plan.vms[i].vcpu_hart[0] = (uint8_t)(i + 5);
	terminal_init();
	terminal_use(&t.plan);
	return 0;
}

/* Until it waits. */
static void round_of_hart(void)
{
	t.nr_steps = 0;
	if (!setjmp(t.out))
		terminal_hart_run();
}

static void expect_steps(const char *steps)
{
	char got[65] = "";

	for (uint32_t i = 0; i < t.nr_steps; i++)
		got[i] = "mkcLtoUdwM"[t.steps[i]];
	assert_string_equal(got, steps);
}

/* By an interrupt it claims, serves until nothing more can be done, and completes; mail and kick first, not to lose
 * any. */
static void test_interrupt(void **state)
{
	(void)state;
	t.sip = 1ul << IRQ_SEI;
	t.moves = 2;
	round_of_hart();
	expect_steps("mkcLtoULtoULtoUdw");
	assert_true(t.driven && t.enabled);
	assert_int_equal(t.sie, 1ul << IRQ_SSI | 1ul << IRQ_SEI);
	t.sip = ~(1ul << IRQ_SEI);
	round_of_hart();
	expect_steps("mkLtoUw");
}

/* A source that was never routed to this hart: it would interrupt again and again. */
static void test_foreign_interrupt(void **state)
{
	(void)state;
	t.sip = 1ul << IRQ_SEI;
	t.foreign = IRQ + 1;
	round_of_hart();
	expect_steps("mkcLtoUdMw");
}

/* Which timer it sets: the next look at VMs that end, or its next poll, where the device has no interrupt; or none. */
static void test_timer(void **state)
{
	static const uint64_t watches[] = { NEVER, LATER + 1, LATER - 1, SOON + 1, SOON - 1 };

	(void)state;
	for (uint32_t i = 0; i < 5 * 2 * 2 * 3; i++) {
		bool sstc = i & 1, pending = i & 2;
		uint32_t kind = i / 4 % 3;	/* 0: by interrupt; 1: polls; 2: no input */
		uint64_t watch = watches[i / 12], poll = pending ? SOON : LATER,
			at = kind == 1 && poll < watch ? poll : watch;
		uint64_t sei = kind ? 0 : 1ul << IRQ_SEI;

		prepare(NULL);
		t.watch = t.next_watch = watch;
		t.pending = pending;
		t.plan.harts[HART].features = sstc ? HART_SSTC : 0;
		t.plan.console.irq = kind ? 0 : IRQ;
		t.device.get = kind == 2 ? NULL : get;
		t.sip = ~0ul;
		round_of_hart();
		expect_steps(kind ? "mkLtoUw" : "mkcLtoUdw");
		assert_int_equal(t.sie, 1ul << IRQ_SSI | sei | (at == NEVER ? 0 : 1ul << IRQ_STI));
		assert_int_equal(t.stimecmp, sstc && at != NEVER ? at : 77);
		assert_int_equal(t.firmware_timer, !sstc && at != NEVER ? at : 77);
		assert_int_equal(t.enabled, !kind);
	}
}

/* A timer that is not needed any more does not wake it again and again; the next one does. */
static void test_timer_off(void **state)
{
	(void)state;
	for (unsigned sstc = 0; sstc < 2; sstc++) {
		t.plan.harts[HART].features = sstc ? HART_SSTC : 0;
		t.watch = LATER;
		t.next_watch = NEVER;
		round_of_hart();
		assert_int_equal(t.sie, 1ul << IRQ_SSI | 1ul << IRQ_SEI);
		t.next_watch = SOON;
		round_of_hart();
		assert_int_equal(t.sie, 1ul << IRQ_SSI | 1ul << IRQ_SEI | 1ul << IRQ_STI);
		assert_int_equal(sstc ? t.stimecmp : t.firmware_timer, SOON);
	}
}

/* Of what is typed a bounded piece at a time, and none without room for the answer; guests hear of it by mail. */
static void test_input(void **state)
{
	(void)state;
	t.typed = 0;
	t.notify = 1u << 0 | 1u << 2;
	assert_int_equal(terminal_poll(), LATER);
	assert_int_equal(t.typed, 16);
	assert_int_equal(t.sent, 1u << 5 | 1u << 7);
	t.room = 3;
	t.pending = true;
	assert_int_equal(terminal_poll(), SOON);
	assert_int_equal(t.typed, 19);
	terminal_poll();
	assert_int_equal(t.typed, 19);
	t.room = UINT32_MAX;
	t.moves = 1;
	round_of_hart();
	assert_int_equal(t.typed, sizeof(INPUT) - 1);
	t.device.get = NULL;
	terminal_poll();
	t.nr_steps = 0;
	terminal_poll();
	expect_steps("kLtoUw");
	t.taken = true;			/* by another hart: later */
	t.nr_steps = 0;
	assert_int_equal(terminal_poll(), SOON);
	expect_steps("kLw");
	t.plan.console.drive = CONSOLE_DIRECT;
	t.taken = false;
	t.nr_steps = 0;
	terminal_poll();
	expect_steps("kLtoU");
}

/* A hart that polls comes back for its output, or for the next check of a VM. */
static void test_poll_for_a_watch(void **state)
{
	(void)state;
	for (uint64_t watch = SOON - 1; watch <= LATER + 1; watch++) {
		t.nr_steps = 0;
		t.watch = watch;
		t.pending = watch % 2;
		assert_int_equal(terminal_poll(), t.pending && watch > SOON ? SOON : watch < LATER ? watch : LATER);
	}
}

static void test_ends(void **state)
{
	(void)state;
	t.reboot = true;
	terminal_poll();
	assert_int_equal(t.resets, 1);
	terminal_poll();
	assert_int_equal(t.resets, 1);
	t.panicked = t.reboot = true;	/* no other hart writes then; the hart that panics stops the machine */
	t.nr_steps = 0;
	t.typed = 0;
	assert_int_equal(terminal_poll(), LATER);
	expect_steps("kw");
	assert_true(t.typed == 0 && t.resets == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_interrupt, prepare),
		cmocka_unit_test_setup(test_foreign_interrupt, prepare),
		cmocka_unit_test_setup(test_timer, prepare),
		cmocka_unit_test_setup(test_timer_off, prepare),
		cmocka_unit_test_setup(test_input, prepare),
		cmocka_unit_test_setup(test_poll_for_a_watch, prepare),
		cmocka_unit_test_setup(test_ends, prepare),
	};

	return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}
