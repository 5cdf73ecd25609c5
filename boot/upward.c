/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lower rooms call of upper ones; see hyp/base/upward.h. */
#include "hyp/base/upward.h"

#include "hyp/terminal/mux.h"
#include "hyp/terminal/terminal.h"
#include "hyp/vm/vtimer.h"
#include "hyp/vsbi/vsbi.h"

const struct upward upward = {
	.ecall = vsbi_call,
	.poll_console = terminal_poll,
	.poll_at = vtimer_poll_at,
	.drain = mux_drain,
	.finish = mux_finish,
};
