/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ctrl-] and what follows; see keys.h. Lock: mux.lock is held. */
#include "hyp/vm/keys.h"

#include "hyp/base/str.h"
#include "hyp/vm/monitor.h"
#include "hyp/vm/mux.h"

#define PREFIX	0x1d	/* Ctrl-] */
#define ESC	0x1b
#define CTRL_C	0x03

static const struct plan *plan;
static enum { TYPING, PREFIXED, NAMING } state;
static char name[VM_NAME_LEN];
static uint32_t name_len;

void keys_init(const struct plan *p)
{
	plan = p;
	state = TYPING;
	name_len = 0;
}

static void help(void)
{
	mux_print("Ctrl-] and then  1 to %u: input goes to that guest;  a name and Enter: the same;\n", plan->nr_vms);
	if (plan->console.monitor)
		mux_print("  m: to the monitor;  Ctrl-]: sends Ctrl-] itself;  ?: this help\n");
	else
		mux_print("  Ctrl-]: sends Ctrl-] itself;  ?: this help\n");
	for (uint32_t i = 0; i < plan->nr_vms; i++)
		mux_print("  %c %u %s\n", i == mux_focus() ? '*' : ' ', i + 1, plan->vms[i].name);
}

void keys_switch(uint32_t source)
{
	if (mux_focus() == MUX_MONITOR)
		monitor_leave();
	mux_set_focus(source);
	mux_print("input goes to %s (Ctrl-] ? is for help)\n",
		  source == MUX_MONITOR ? "the monitor" : plan->vms[source].name);
	if (source == MUX_MONITOR)
		monitor_enter();
}

static void switch_by_name(void)
{
	name[name_len] = 0;
	for (uint32_t i = 0; i < plan->nr_vms; i++)
		if (!strcmp(name, plan->vms[i].name)) {
			keys_switch(i);
			return;
		}
	mux_print("there is no guest \"%s\"; Ctrl-] ? names them\n", name);
}

static void pass(uint8_t byte)
{
	if (mux_focus() == MUX_MONITOR)
		monitor_typed(byte);
	else
		mux_type(mux_focus(), byte);
}

static bool is_name(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-';
}

/* The byte behind the prefix. */
static void prefixed(uint8_t byte)
{
	state = TYPING;
	name_len = 0;
	if (byte == PREFIX)
		pass(byte);
	else if (byte == '?')
		help();
	else if (byte >= '1' && byte < '1' + plan->nr_vms)
		keys_switch(byte - '1');
	else if (byte == 'm' && plan->console.monitor)
		keys_switch(MUX_MONITOR);
	else if (byte == ' ')
		state = NAMING;
	else if (byte >= 'a' && byte <= 'z') {
		name[name_len++] = (char)byte;
		state = NAMING;
	} else if (byte != ESC && byte != CTRL_C)
		mux_print("Ctrl-] ? is for help\n");
}

static void naming(uint8_t byte)
{
	if (byte == '\r' || byte == '\n') {
		state = TYPING;
		switch_by_name();
	} else if (byte == '\b' || byte == 0x7f) {
		name_len -= name_len > 0;
	} else if (is_name(byte) && name_len + 1 < sizeof(name)) {
		name[name_len++] = (char)byte;
	} else {
		state = TYPING;
		mux_print("no guest's name; Ctrl-] ? is for help\n");
	}
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
