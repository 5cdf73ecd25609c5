/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ctrl-] and what follows; see keys.h. What we say goes to the monitor's source; a name that is
 * typed stands on that source's unfinished line, which the mux shows as it does a prompt.
 * Lock: mux.lock is held.
 */
#include "hyp/terminal/keys.h"

#include "hyp/base/str.h"
#include "hyp/terminal/answer.h"
#include "hyp/terminal/monitor.h"
#include "hyp/terminal/mux.h"
#include "hyp/vm/vm_create.h"

#define PREFIX	0x1d	/* Ctrl-] */
#define ESC	0x1b
#define CTRL_C	0x03
#define CTRL_U	0x15
#define DEL	0x7f
#define ERASE	"\b\x1b[K"

static const struct plan *plan;
static enum { TYPING, PREFIXED, NAMING } state;
static char name[VM_NAME_LEN];
static uint32_t name_len;
static bool absence_shown;	/* that the guest in focus is stopped, since something was typed for it */

__boot void keys_init(const struct plan *p)
{
	plan = p;
	state = TYPING;
	name_len = 0;
	absence_shown = false;
}

static void help(void)
{
	answer_print("Ctrl-] and then  1 to %u: input goes to that guest;  a name and Enter: the same;\n",
		     plan->nr_vms);
	if (plan->console.monitor) {
		answer_print("  Space, a name and Enter: the same for a name that begins with m;\n");
		answer_print("  m: to the monitor;  Ctrl-]: sends Ctrl-] itself;  ?: this help;\n");
	} else {
		answer_print("  Ctrl-]: sends Ctrl-] itself;  ?: this help;\n");
	}
	answer_print("  .: shows only the guest in focus; again: all guests\n");
	answer_print("  !: the guest in focus has the terminal alone, for vi or top; again: ends that\n");
	for (uint32_t i = 0; i < plan->nr_vms; i++)
		answer_print("  %c %u %s\n", i == mux_focus() ? '*' : ' ', i + 1, plan->vms[i].name);
}

/* What we say has lines of its own: the monitor's prompt is left for it, and shown again behind. */
static void leave_prompt(void)
{
	if (mux_focus() == MUX_MONITOR)
		monitor_leave();
}

static void show_prompt(void)
{
	if (mux_focus() == MUX_MONITOR)
		monitor_come_back();
}

static void hint(const char *text)
{
	answer_print("%sCtrl-] ? is for help\n", text);
	show_prompt();
}

/* Input goes to that source from now on, and a line says so. The prompt was left. */
static void switch_to(uint32_t source)
{
	mux_set_focus(source);
	absence_shown = false;
	answer_print("input goes to %s (Ctrl-] ? is for help)\n",
		  source == MUX_MONITOR ? "the monitor" : plan->vms[source].name);
	if (source == MUX_MONITOR)
		monitor_enter();
}

static void switch_by_name(void)
{
	name[name_len] = 0;
	for (uint32_t i = 0; i < plan->nr_vms; i++)
		if (!strcmp(name, plan->vms[i].name)) {
			switch_to(i);
			return;
		}
	answer_print("there is no guest \"%s\"; Ctrl-] ? names them\n", name);
	show_prompt();
}

/* Input for a guest that is stopped has no reader: it is discarded, and a line reports that, once. */
static void type(uint32_t guest, uint8_t byte)
{
	struct vm *vm = vm_get(guest);
	enum vm_state now;

	lock_acquire(&vm->lock);
	now = vm->state;
	lock_release(&vm->lock);
	if (now != VM_STOPPED && now != VM_STUCK) {
		absence_shown = false;
		mux_type(guest, byte);
		return;
	}
	mux_set_raw(false);
	if (!absence_shown)
		answer_print("%s is %s: input is discarded\n", plan->vms[guest].name,
			     now == VM_STUCK ? "stuck" : "stopped");
	absence_shown = true;
}

static void pass(uint8_t byte)
{
	if (mux_focus() == MUX_MONITOR)
		monitor_typed(byte);
	else
		type(mux_focus(), byte);
}

static bool is_name(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-';
}

/* As long as a name can be; more is not taken, and not shown. */
static void add_to_name(uint8_t byte)
{
	if (name_len + 1 == sizeof(name))
		return;
	name[name_len++] = (char)byte;
	answer_put((const char *)&byte, 1);
}

static void shorten_name(uint32_t to)
{
	for (; name_len > to; name_len--)
		answer_put(ERASE, sizeof(ERASE) - 1);
}

static void ask_for_name(void)
{
	state = NAMING;
	name_len = 0;
	mux_ask();
	answer_print("input to: ");
}

/* The byte behind the prefix. */
static void prefixed(uint8_t byte)
{
	state = TYPING;
	if (byte == PREFIX) {
		pass(byte);
		return;
	}
	if (byte == ESC || byte == CTRL_C)
		return;
	if (mux_is_raw()) {
		mux_set_raw(false);
		answer_print("%s no longer has the terminal alone\n", plan->vms[mux_focus()].name);
		if (byte == '!')
			return;
	}
	leave_prompt();
	if (byte == '?') {
		help();
		show_prompt();
	} else if (byte >= '1' && byte < '1' + plan->nr_vms) {
		switch_to(byte - '1');
	} else if (byte == 'm' && plan->console.monitor) {
		switch_to(MUX_MONITOR);
	} else if (byte == '.') {
		answer_print(mux_toggle_solo() ? "only the guest in focus is shown (Ctrl-] . shows all again)\n" :
						 "all guests are shown\n");
		show_prompt();
	} else if (byte == '!') {
		if (!mux_set_raw(true))
			hint(mux_focus() == MUX_MONITOR ? "the monitor cannot have the terminal alone; " :
			     "needs console-style = \"colour\"; ");
	} else if (byte == ' ') {
		ask_for_name();
	} else if (byte >= 'a' && byte <= 'z') {
		ask_for_name();
		add_to_name(byte);
	} else {
		hint("");
	}
}

/* A byte that is of no name ends it: none but those of names is ever shown. */
static void end_name(uint8_t byte)
{
	state = byte == PREFIX ? PREFIXED : TYPING;
	mux_answered();
	if (byte == '\r' || byte == '\n')
		switch_by_name();
	else if (byte == PREFIX || byte == ESC || byte == CTRL_C)
		show_prompt();
	else
		hint("no guest's name; ");
}

static void naming(uint8_t byte)
{
	if (byte == '\b' || byte == DEL)
		shorten_name(name_len ? name_len - 1 : 0);
	else if (byte == CTRL_U)
		shorten_name(0);
	else if (is_name(byte))
		add_to_name(byte);
	else
		end_name(byte);
}

void keys_typed(uint8_t byte)
{
	switch (state) {
	case TYPING:
		if (byte == PREFIX)
			state = PREFIXED;
		else
			pass(byte);
		return;
	case PREFIXED:
		prefixed(byte);
		return;
	case NAMING:
		naming(byte);
		return;
	}
}
