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

#define HART_AT_BOOT	MAX_HARTS	/* in harts[], behind those of a plan: the boot hart before there is one, */
#define HART_LOST	(MAX_HARTS + 1)	/* and one whose tp points to none */
#define NR_HART_STRUCTS	(MAX_HARTS + 2)

#define HART_STACK_SIZE	16384

/* Requests in a hart's mailbox; any hart may set bits, the owner takes all of them at once. */
#define MAIL_STATE	1	/* the VM's or vcpu's state changed: read it again */
#define MAIL_IPI	2	/* a sibling sent an IPI: raise VSSIP */
#define MAIL_EXTERNAL	4	/* the vPLIC's line of the vcpu may have changed */
#define MAIL_CONSOLE	8	/* input for the guest arrived; to the console hart: output is pending */
#define MAIL_DUMP	16	/* the monitor requests the vcpu's registers */
#define MAIL_LINK	32	/* a peer rang a doorbell of the guest, or its card has work */
#define MAIL_FENCE	64	/* a sibling waits for a fence: hyp/vm/remote_fence.h */

struct vcpu;

/* Why a hart cannot be used: a CSR reads back the wrong value, or the hart lacks something (csr NULL). */
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
	hpa_t setssip;		/* a write of 1 raises its sip.SSIP (ACLINT SSWI); 0: the firmware raises it */
	uint64_t panics;	/* atomic; more than one: a trap while it reports a trap */
	struct hart_refusal refusal;	/* why it cannot run guests; set before arrived */
	bool arrived;		/* atomic: a secondary hart has run its checks at boot */
};

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

/* Leaves a request for n harts and interrupts them: by their SSWI registers, and those without one by one firmware
 * call. A release: the hart that takes the request sees all earlier writes. */
void hart_send(struct hart *const *to, uint32_t n, uint32_t mail);

/* The same for one hart. */
void hart_send_one(struct hart *to, uint32_t mail);

/* Takes all requests of the calling hart, with the acquire that pairs with hart_send(). */
uint32_t hart_take_mail(void);

#endif
