/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of the machine; see machine.h. Source: SBI 3.0, "System Reset Extension". No lock. */
#include "hyp/console/machine.h"

#include "hyp/riscv/sbi_call.h"
#include "hyp/console/console.h"

void machine_reset(uint32_t type, uint32_t reason)
{
	const char *what = type == SBI_SRST_SHUTDOWN ? "shut down" : "reboot";

	if (!sbi_probe(SBI_EXT_SRST))
		console_log(
			"the firmware has no SRST extension: if the machine stays on now, it has to be switched off "
			"by hand");
	console_finish();
	sbi_system_reset(type, reason);
	console_log("the firmware cannot %s the machine; it is idle", what);
}
