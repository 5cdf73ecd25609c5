/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A physical hart: its stack and its mailbox. tp points at the hart while the
 * hypervisor runs on it. Other harts touch the mailbox only.
 */
#ifndef HYP_RISCV_HART_H
#define HYP_RISCV_HART_H

#include "hyp/base/types.h"
#include "hyp/riscv/context.h"
#include "hyp/riscv/csr.h"

struct vcpu;

/* Why a hart cannot be used: it reads back the wrong value, or lacks something (csr NULL). */
struct hart_refusal {
	const char *why;	/* what that would mean; NULL: the hart is fine */
	const char *csr;
	uint64_t want, got;
};

struct hart {
	uint64_t stack_top;
	uint64_t scratch;
	uint64_t frame[32];	/* registers at a trap of the hypervisor itself; [0] = pc */
	uint64_t id;		/* hart id of the SBI */
	uint32_t index;		/* into plan.harts */
	uint32_t mailbox;	/* MAIL_*; atomic, the only field that other harts write */
	struct vcpu *vcpu;	/* NULL on a spare hart */
	hpa_t setssip;		/* a write of 1 raises its sip.SSIP (ACLINT SSWI); 0: the firmware has to */
	uint64_t panics;	/* atomic; more than one: a trap while it tells of a trap */
	struct hart_refusal refusal;	/* why it cannot run guests; set before it counts as arrived */
};

_Static_assert(offsetof(struct hart, stack_top) == HART_STACK_TOP, "switch.S");
_Static_assert(offsetof(struct hart, scratch) == HART_SCRATCH, "switch.S");
_Static_assert(offsetof(struct hart, frame) == HART_FRAME, "switch.S");
_Static_assert(offsetof(struct hart, id) == HART_ID, "switch.S");
_Static_assert(offsetof(struct hart, mailbox) == HART_MAILBOX, "switch.S");
_Static_assert(offsetof(struct hart, vcpu) == HART_VCPU, "switch.S");
_Static_assert(offsetof(struct hart, setssip) == HART_SETSSIP, "switch.S");
_Static_assert(offsetof(struct hart, panics) == HART_PANICS, "switch.S");
_Static_assert(sizeof(struct hart) == HART_SIZE, "switch.S");
_Static_assert(HART_AT_BOOT == MAX_HARTS, "switch.S");

static inline struct hart *this_hart(void)
{
	return thread_pointer();
}

/* Traps go to trap_entry, interrupts are off, sscratch = 0. Before anything else on a hart. */
void hart_init_traps(void);

/* True if the hart is in HS-mode with the hypervisor extension; otherwise *why says what it lacks. */
bool hart_is_hypervisor(const char **why);

/* The hart of that index into plan.harts, or HART_AT_BOOT. */
struct hart *hart_get(uint32_t index);

/* Leaves a request for n harts and interrupts them: by their SSWI registers, or those that have none by one firmware
 * call. What was written before is seen by who takes it. */
void hart_send(struct hart *const *to, uint32_t n, uint32_t mail);

/* The same for one hart. */
void hart_send_one(struct hart *to, uint32_t mail);

/* Takes all requests of the calling hart, with the acquire that pairs with hart_send(). */
uint32_t hart_take_mail(void);

#endif
