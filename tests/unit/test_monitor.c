/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor, as a person at the UART sees it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/terminal/answer.h"
#include "hyp/terminal/monitor_cmd.h"
#include "hyp/vm/dump.h"
#include "tests/unit/fake/terminal.h"

/* Its prompt, with what was typed, comes back behind what Ctrl-] has to say. */
static void test_monitor_steps_aside(void **state)
{
	(void)state;
	type("gue");
	assert_terminal("gue");
	type("\x1d?");
	assert_shown("\n[monitor] Ctrl-] and then  1 to 3:");
	assert_shown("[monitor]     3 c\n[monitor] > gue");
	fake_count_from_here();
	type("\x1d" "b");
	assert_terminal("\n[monitor] input to: b");
	type("\x03");
	assert_terminal("\n[monitor] > gue");
	type("\x1d" "absent\r");
	assert_terminal("\n[monitor] input to: absent\n"
			"[monitor] there is no guest \"absent\"; Ctrl-] ? names them\n[monitor] > gue");
	type("\x1d%");
	assert_terminal("\n[monitor] Ctrl-] ? is for help\n[monitor] > gue");
	type("sts\r");
	assert_shown("sts\n[monitor] 1 a            running");
	polls(400);
	fake_count_from_here();
	type("\x1d" "b\r");
	assert_terminal("\n[monitor] input to: b\n[monitor] input goes to b (Ctrl-] ? is for help)\n");
	type("\x1dm");
	assert_shown("[monitor] help lists the commands\n[monitor] > ");
	fake_count_from_here();
	type("\x1d" "1");
	assert_terminal("\n[monitor] input goes to a (Ctrl-] ? is for help)\n");
}

/* Registers do not come into the line with the name. */
static void test_dump_waits_for_name(void **state)
{
	(void)state;
	fake_type("dump a\r\x1d" "b");
	polls(400);
	assert_terminal("dump a\n[monitor] > \n[monitor] input to: b");
	type("\r");
	polls(400);
	assert_shown("\n[monitor] input goes to b (Ctrl-] ? is for help)\n");
	assert_shown("[monitor] a vcpu 0 on hart 3: started, ");
}

static void keep_line(void *arg, const char *text)
{
	(void)arg;
	monitor_keep_line(text);
}

static void test_monitor_guests(void **state)
{
	static const char *const names[] = { "help", "guests", "stats", "irq", "mem", "plan", "log", "start", "stop",
					     "restart", "dump", "reboot" };

	(void)state;
	plan_print(&fake.plan, keep_line, NULL);	/* as a boot does */
	command("guests");
	assert_shown("guests\n[monitor] 1 a            running  harts 3 7 70       20 KiB  restarts 0  up ");
	assert_shown("[monitor] 3 c            running  harts 0             4 KiB  restarts 0  up ");
	command("help");
	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		assert_shown(names[i]);
	command("plan");
	assert_shown("[monitor] guest        b\n");
	command("log");
	assert_shown("[monitor] vm a: started\n");
	command("stats b");
	assert_shown("[monitor] b vcpu 0: exits none\n[monitor] b vcpu 1: exits none\n");
	assert_null(strstr(terminal(), " 0 set"));
	assert_null(strstr(terminal(), "a vcpu"));
	assert_shown("b: console: 0 bytes pending, 0 dropped, 0 bytes of input lost\n");
	command("stats");
	assert_shown("[monitor] a vcpu 2: exits");
	self = fake_hart_of(A, 0);
	sbi(0x10, 0, 0, 0, 0);
	command("stats a");
	assert_shown("[monitor] a vcpu 0: exits ecall 1\n");
}

static int setup_networks(void **state)
{
	setup(state);
	config.uart = config.net = true;
	start(&config);
	type("\x1dm");
	return 0;
}

static void test_monitor_networks(void **state)
{
	(void)state;
	fake_vm(B)->devs.cards[0].counts = (struct vnet_counts){ .sent = 1, .received = 2, .foreign = 3, .bad = 4,
								 .lost = 5 };
	command("stats b");
	assert_shown("[monitor] b: network n: frames sent 1, received 2, lost 5, of a foreign source 3, malformed 4\n");
	command("stats c");
	assert_null(strstr(terminal(), "network"));
}

static void test_monitor_errors(void **state)
{
	(void)state;
	command("");
	assert_terminal("\n[monitor] > ");
	command("  frob  ");
	assert_shown("no such command: frob; help lists them\n");
	command("stop");
	assert_shown("which guest? guests lists them\n");
	command("stop absent");
	assert_shown("there is no guest \"absent\"; guests lists them\n");
	command("stop a b");
	assert_shown("stop takes one guest\n");
	command("guests a");
	assert_shown("guests takes nothing more\n");
	command("start b");
	assert_shown("b: it runs already\n");
	assert_int_equal(fake_vm(B)->state, VM_RUNNING);
}

/* Enter is CR, LF, or both in this order; each other CR or LF is one more. */
static void test_enter(void **state)
{
	static const struct {
		const char *typed;
		unsigned prompts;
	} cases[] = {
		{ "\r", 1 }, { "\n", 1 }, { "\r\n", 1 }, { "\n\r", 2 }, { "\r\r", 2 }, { "\n\n", 2 },
		{ "\r\n\n", 2 }, { "\r\n\r\n", 2 }, { "\rx\n", 2 }, { "x\n", 1 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned n = 0;

		type("\x15");		/* whatever was last, it was no CR */
		fake_count_from_here();
		type(cases[i].typed);
		polls(400);
		for (const char *at = terminal(); (at = strstr(at, "\n[monitor] > ")); at++)
			n++;
		if (n != cases[i].prompts)
			fail_msg("case %u: %u prompts:\n%s", i, n, terminal());
	}
}

static void test_monitor_edits(void **state)
{
	(void)state;
	command("garbage\x15" "lop\x7f\x7f\x7flog");
	assert_shown("[monitor] vm a: started\n");
	command("stop a b\x17\x17\x17help");
	assert_shown("registers of its vcpus\n");
	command("elp\x01h\x05");
	assert_shown("registers of its vcpus\n");
	command("guets\x1b[D\x1b[D" "s\x1b[C\x1b[C\x1b[3~");
	assert_shown("running");
	command("\x1b[A");		/* the last one again */
	assert_shown("running");
	command("\x1b[A\x1b[A\x1b[B\x03" "frob");
	assert_shown("no such command: frob");
	command("\x10\x10");
	assert_shown("running");
	assert_int_equal(fake_vm(A)->state, VM_RUNNING);
	for (unsigned i = 0; i < 200; i++)	/* longer than any line */
		fake_type("x");
	polls(60);
	command("");
	assert_shown("no such command: xxx");
}

/* It starts, stops and restarts, whatever the guest does just then. */
static void test_monitor_life(void **state)
{
	(void)state;
	self = fake_hart_of(A, 0);
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_SUCCESS);
	fake_settle();
	say(A, "unfinished");
	command("stop a");
	assert_int_equal(fake_vm(A)->state, VM_STOPPED);
	assert_shown("[a] unfinished\n");
	assert_shown("[bulkhead] vm a: stopped (by the monitor)\n");
	for (unsigned v = 0; v < 3; v++)
		assert_int_equal(fake.hw[fake_hart_of(A, v)].place, PLACE_WFI);
	command("guests");
	assert_shown("stopped  harts 3 7 70       20 KiB  restarts 0  (by the monitor)\n");
	command("stop a");
	assert_shown("a: it has stopped already\n");
	command("start a");
	assert_int_equal(fake_vm(A)->state, VM_RUNNING);
	assert_int_equal(fake_vm(A)->starts, 2);
	assert_int_equal(fake.hw[fake_hart_of(A, 0)].place, PLACE_GUEST);
	assert_int_equal(fake.hw[fake_hart_of(A, 0)].x[0], BOOT_PC);
	command("restart 1");
	assert_int_equal(fake_vm(A)->starts, 3);
	assert_shown("[bulkhead] vm a: restarts (by the monitor)\n");
	/* the guest of the console's own hart */
	command("restart c");
	assert_int_equal(fake_vm(C)->starts, 2);
	command("stop c");
	assert_int_equal(fake_vm(C)->state, VM_STOPPED);
	command("start c");
	assert_int_equal(fake_vm(C)->state, VM_RUNNING);
	assert_int_equal(fake_vm(B)->starts, 1);
	/* the machine stays while a person may start a guest again */
	command("stop a");
	command("stop b");
	command("stop c");
	assert_false(fake.shut_down);
	command("start b");
	assert_int_equal(fake_vm(B)->state, VM_RUNNING);
}

/* One that has ended without a restart can be started; the machine is shut down when all have, once. */
static void test_monitor_starts_ended(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		self = fake_hart_of(B, 0);
		sbi(SBI_EXT_SRST, 0, 0, 0, 0);
		fake_settle();
		assert_int_equal(fake_vm(B)->state, VM_STOPPED);
		command("start b");
		assert_int_equal(fake_vm(B)->state, VM_RUNNING);
	}
	self = fake_hart_of(A, 0);
	sbi(SBI_EXT_SRST, 0, 0, 0, 0);
	self = fake_hart_of(B, 0);
	sbi(SBI_EXT_SRST, 0, 0, 0, 0);
	fake_settle();
	assert_false(fake.shut_down);
	self = fake_hart_of(C, 0);
	sbi(SBI_EXT_SRST, 0, 0, 0, 0);
	fake_settle();
	assert_true(fake.shut_down);
}

/* No sibling is there to see that the VM's hart does not come: the hart that drives the console does. The monitor
 * continues. */
static void test_monitor_stuck(void **state)
{
	(void)state;
	fake.hung = 1ull << fake_hart_of(B, 0);
	command("dump b");		/* of which it never answers its part, which must not keep others from theirs */
	command("dump b");
	assert_shown("[monitor] the last dump is not complete yet: a hart of its guest is busy\n");
	command("stop b");		/* 4 seconds */
	assert_int_equal(fake_vm(B)->state, VM_STOPPING);
	polls(1200);
	assert_int_equal(fake_vm(B)->state, VM_STUCK);
	assert_shown("[bulkhead] vm b: STUCK: vcpu 0 on hart 256 has not left the guest for 10 s: ");
	command("guests");
	assert_shown("2 b            stuck    harts 256 64        8 KiB  restarts 0  (by the monitor)\n"
		     "[monitor]   vcpu 0 on hart 256 does not come back: only a reset of the machine helps\n");
	command("start b");
	assert_shown("[monitor] b: it is stuck: a hart of it does not come back, and until the machine is reset it ");
	command("restart b");
	assert_shown("[monitor] b: it is stuck: ");
	command("stop b");
	assert_shown("[monitor] b: it is stuck: ");
	command("dump b");
	assert_shown("[monitor] b vcpu 1 on hart 64: stopped");
	command("dump a");
	assert_shown("[monitor] a vcpu 0 on hart 3: started");
	command("restart a");
	assert_int_equal(fake_vm(A)->starts, 2);
	fake.hung = 0;
	polls(10);
	assert_int_equal(fake.hw[fake_hart_of(B, 0)].place, PLACE_WFI);
	assert_int_equal(fake_vm(B)->state, VM_STUCK);
	command("stop a");
	command("stop c");
	assert_false(fake.shut_down);		/* these can start again */
}

/* What is typed while a guest is not there is dropped, and does not reach the next life. */
static void test_typed_between_lives(void **state)
{
	uint8_t got[8];

	(void)state;
	command("stop a");
	type("\x1d" "1halt\r\x1dm");
	command("start a");
	assert_int_equal(fake_vm(A)->state, VM_RUNNING);
	self = fake_hart_of(A, 0);
	assert_int_equal(sbi(2, 0, 0, 0, 0), -1);	/* getchar */
	type("\x1d" "1x");
	assert_int_equal(sbi(2, 0, 0, 0, 0), 'x');
	assert_int_equal(console_read(A, got, sizeof(got)), 0);
}

static const char *ask(struct vm *vm, enum vm_ask what)
{
	const char *why;

	fake.running = FAKE_UART_HART;
	why = vm_ask(vm, what);
	fake.running = -1;
	return why;
}

/* Only a start or restart that is done forgets the crashes before it. */
static void test_ask_forgets_crashes(void **state)
{
	struct vm *vm = fake_vm(A);

	(void)state;
	vm->crashes = 2;
	assert_non_null(ask(vm, ASK_START));		/* it runs */
	assert_int_equal(vm->crashes, 2);
	assert_null(ask(vm, ASK_STOP));
	polls(50);
	assert_int_equal(vm->state, VM_STOPPED);
	assert_int_equal(vm->crashes, 2);
	assert_null(ask(vm, ASK_START));
	assert_int_equal(vm->crashes, 0);
}

/* vm_ask() in each state that a VM can be in, without letting it settle. */
static void test_ask_races(void **state)
{
	struct vm *vm = fake_vm(A);

	(void)state;
	self = fake_hart_of(A, 0);
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_SUCCESS);
	fake_settle();
	/* stopping for a reboot of its own: stopped without a restart, or restarted once */
	sbi(SBI_EXT_SRST, 0, SBI_SRST_COLD_REBOOT, 0, 0);
	assert_int_equal(vm->state, VM_STOPPING);
	fake.running = FAKE_UART_HART;
	assert_null(vm_ask(vm, ASK_STOP));
	fake.running = -1;
	fake_settle();
	assert_int_equal(vm->state, VM_STOPPED);
	assert_int_equal(vm->end, VM_END_STOP);
	/* starting: not loaded yet */
	fake.running = FAKE_UART_HART;
	assert_null(vm_ask(vm, ASK_START));
	assert_int_equal(vm->state, VM_STARTING);
	assert_non_null(vm_ask(vm, ASK_START));
	assert_non_null(vm_ask(vm, ASK_RESTART));
	assert_null(vm_ask(vm, ASK_STOP));
	assert_null(vm_ask(vm, ASK_START));		/* the last word counts */
	assert_non_null(vm_ask(vm, ASK_START));
	assert_null(vm_ask(vm, ASK_STOP));
	fake.running = -1;
	fake_settle();
	assert_int_equal(vm->state, VM_STOPPED);
	fake.running = FAKE_UART_HART;
	assert_null(vm_ask(vm, ASK_RESTART));
	fake.running = -1;
	fake_settle();
	assert_int_equal(vm->state, VM_RUNNING);
	/* stopping for a shutdown: started again */
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_SUCCESS);
	fake_settle();
	sbi(SBI_EXT_SRST, 0, SBI_SRST_SHUTDOWN, 0, 0);
	fake.running = FAKE_UART_HART;
	assert_null(vm_ask(vm, ASK_STOP));
	assert_null(vm_ask(vm, ASK_START));
	fake.running = -1;
	fake_settle();
	assert_int_equal(vm->state, VM_RUNNING);
	/* a vcpu that is about to start when the VM ends steps back */
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 2, BOOT_PC, 0), SBI_SUCCESS);
	fake.running = FAKE_UART_HART;
	assert_null(vm_ask(vm, ASK_RESTART));
	fake.running = -1;
	fake_settle();
	assert_int_equal(vm->state, VM_RUNNING);
	assert_int_equal(vm->active, 1);
}

static void test_dump(void **state)
{
	(void)state;
	self = fake_hart_of(A, 0);
	hw()->x[0] = 0x80001234;
	hw()->x[31] = 0xfeedface;
	csr()->vsepc = 0x5678;
	command("dump a");
	assert_shown("[monitor] a vcpu 0 on hart 3: started, VS-mode, pc 0000000080001234\n");
	assert_shown("x31 00000000feedface");
	assert_shown("vsepc 5678");
	assert_shown("[monitor] a vcpu 2 on hart 70: stopped, ");
	assert_int_equal(hw()->x[0], 0x80001234);	/* it noticed nothing */
	command("dump b");
	assert_shown("[monitor] b vcpu 1 on hart 64: stopped, ");
}

/* The monitor asks between the vcpu's two looks at its mailbox. */
static void ask_for_dump(void)
{
	if (fake.running != (int)fake_hart_of(A, 1))
		return;
	fake_before_lock = NULL;
	assert_true(dump_ask(fake_vm(A)));
}

/* What is asked of a vcpu just when it starts does not end with the IPIs of its earlier life. */
static void test_dump_of_a_starting_vcpu(void **state)
{
	(void)state;
	self = fake_hart_of(A, 0);
	assert_int_equal(sbi(SBI_EXT_HSM, SBI_HSM_START, 1, BOOT_PC, 0), SBI_SUCCESS);
	fake_before_lock = ask_for_dump;
	fake_settle();
	assert_null(fake_before_lock);
	polls(400);
	assert_shown("[monitor] a vcpu 1 on hart 7: started, ");
	command("dump a");
	assert_shown("[monitor] a vcpu 1 on hart 7: started, ");
}

static unsigned count(const char *what)
{
	unsigned n = 0;

	for (const char *at = terminal(); (at = strstr(at, what)); at++)
		n++;
	return n;
}

/* What is pasted waits until there is room for answers. */
static void test_pasted_commands(void **state)
{
	(void)state;
	fake.uart_room = 0;
	for (unsigned i = 0; i < 40; i++)
		fake_type("help\r");
	polls(100);
	assert_in_range(fake.typed - fake.taken, 1, 39 * 5);
	fake.uart_room = UINT32_MAX;
	polls(20000);
	assert_int_equal(fake.taken, fake.typed);
	assert_int_equal(count("registers of its vcpus\n"), 40);
	assert_int_equal(count("the rest is left out"), 0);
}

/* An answer for which there is no room at all. */
static void test_long_answer(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		answer_print("line %u of an answer\n", i);
	answer_end("> ");
	polls(3000);
	type("help\r");
	polls(400);
	assert_shown("[monitor] line 700 of an answer\n");
	assert_shown("[monitor] (the rest is left out: it is too long)\n[monitor] > ");
	assert_shown("registers of its vcpus\n");
	assert_int_equal(count("the rest is left out"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_monitor_steps_aside, setup_monitor),
		cmocka_unit_test_setup(test_dump_waits_for_name, setup_monitor),
		cmocka_unit_test_setup(test_monitor_guests, setup_monitor),
		cmocka_unit_test_setup(test_monitor_networks, setup_networks),
		cmocka_unit_test_setup(test_monitor_errors, setup_monitor),
		cmocka_unit_test_setup(test_enter, setup_monitor),
		cmocka_unit_test_setup(test_monitor_edits, setup_monitor),
		cmocka_unit_test_setup(test_monitor_life, setup_monitor),
		cmocka_unit_test_setup(test_monitor_starts_ended, setup_monitor),
		cmocka_unit_test_setup(test_ask_forgets_crashes, setup_monitor),
		cmocka_unit_test_setup(test_ask_races, setup_monitor),
		cmocka_unit_test_setup(test_monitor_stuck, setup_monitor),
		cmocka_unit_test_setup(test_typed_between_lives, setup_monitor),
		cmocka_unit_test_setup(test_dump, setup_monitor),
		cmocka_unit_test_setup(test_dump_of_a_starting_vcpu, setup_monitor),
		cmocka_unit_test_setup(test_pasted_commands, setup_monitor),
		cmocka_unit_test_setup(test_long_answer, setup_monitor),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
