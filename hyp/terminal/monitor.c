/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's prompt; see monitor.h. Lock: mux.lock is held, but in monitor_reboot_asked(). */
#include "hyp/terminal/monitor.h"

#include "hyp/terminal/answer.h"
#include "hyp/terminal/edit.h"
#include "hyp/terminal/monitor_cmd.h"
#include "hyp/terminal/mux.h"

#define PROMPT		"> "
#define DUMP_ROOM	4096u	/* bytes; more than one answer takes */

static const struct plan *plan;
static struct edit edit = { .show = answer_put };
static uint32_t reboot;		/* atomic */

__boot void monitor_init(const struct plan *p)
{
	plan = p;
	edit = (struct edit){ .show = answer_put };
	reboot = 0;
}

static void prompt(void)
{
	edit_begin(&edit);
	answer_end(PROMPT);
}

void monitor_enter(void)
{
	if (!plan->console.monitor)
		return;
	answer_print("help lists the commands\n");
	prompt();
}

void monitor_leave(void)
{
	answer_print("\n");
}

void monitor_come_back(void)
{
	answer_print(PROMPT);
	edit_show(&edit);
}

void monitor_typed(uint8_t byte)
{
	if (!plan->console.monitor || !edit_key(&edit, byte))
		return;
	answer_print("\n");
	if (monitor_command(plan, edit.text))
		__atomic_store_n(&reboot, 1u, __ATOMIC_RELEASE);
	prompt();
}

/* An answer comes between the lines, but not into the one in which a guest is being named. */
void monitor_tick(void)
{
	bool at_prompt = mux_focus() == MUX_MONITOR;

	if (!monitor_has_dump() || mux_asks() || answer_room() < DUMP_ROOM)
		return;
	if (at_prompt)
		monitor_leave();
	monitor_show_dump();
	if (at_prompt)
		monitor_come_back();
}

bool monitor_reboot_asked(void)
{
	return __atomic_exchange_n(&reboot, 0u, __ATOMIC_ACQ_REL);
}
