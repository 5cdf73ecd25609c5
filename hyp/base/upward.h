/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All calls from a lower room to an upper one (docs/architecture.md, "Rooms"): one constant table, boot/upward.c, so
 * that each such call is found there. The only other one is panic() (panic.h), which does not return.
 */
#ifndef HYP_BASE_UPWARD_H
#define HYP_BASE_UPWARD_H

#include "hyp/base/types.h"

struct guest_context;
struct sbiret;

struct upward {
	/* hyp/vm: an ecall of a guest; the contract is guest_run()'s (hyp/riscv/context.h), on_ecall. */
	struct sbiret (*ecall)(struct guest_context *ctx);

	/* hyp/vm: a guest's hart that drives the console polls it; the time of its next poll, in ticks of the time
	 * CSR. */
	uint64_t (*poll_console)(void);

	/* hyp/console: the calling hart, a guest's, is to poll the console at that time (ticks of the time CSR). */
	void (*poll_at)(uint64_t at);

	/* hyp/console: no hart drives the console yet: shows what is pending of one source (console.h), and waits for
	 * the device. */
	void (*drain)(uint32_t source);

	/* hyp/console: the machine is about to stop: shows all that is pending, at most until then (ticks of the time
	 * CSR). */
	void (*finish)(uint64_t deadline);
};

extern const struct upward upward;

#endif
