/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's commands. Lock: mux.lock is held. */
#ifndef HYP_TERMINAL_MONITOR_CMD_H
#define HYP_TERMINAL_MONITOR_CMD_H

#include "hyp/plan/plan.h"

/* Executes one line (it is changed). True: reboot. */
bool monitor_command(const struct plan *plan, char *line);

/* Whether an answer to `dump` has come; shows one. */
bool monitor_has_dump(void);
void monitor_show_dump(void);

/* One line of the plan's text, for the command that shows it. At boot; nothing else takes work space in between. */
void monitor_keep_line(const char *text);

#endif
