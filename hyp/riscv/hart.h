/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A physical hart: its stack, its set-up for guests, and its mailbox. tp points at the hart while the
 * hypervisor runs on it. Other harts touch the mailbox only.
 */
#ifndef HYP_RISCV_HART_H
#define HYP_RISCV_HART_H

#include "hyp/base/types.h"
#include "hyp/riscv/context.h"
#include "hyp/riscv/csr.h"

struct vcpu;

struct hart {
	uint64_t stack_top;
	uint64_t scratch;
	uint64_t frame[32];	/* registers at a trap of the hypervisor itself; [0] = pc */
	uint64_t id;		/* hart id of the SBI */
	uint32_t index;		/* into plan.harts */
	uint32_t mailbox;	/* MAIL_*; atomic, the only field that other harts write */
	struct vcpu *vcpu;	/* NULL on a spare hart */
	hpa_t setssip;		/* a write of 1 raises its sip.SSIP (ACLINT SSWI); 0: the firmware has to */
};

_Static_assert(offsetof(struct hart, stack_top) == HART_STACK_TOP, "switch.S");
_Static_assert(offsetof(struct hart, scratch) == HART_SCRATCH, "switch.S");
_Static_assert(offsetof(struct hart, frame) == HART_FRAME, "switch.S");
_Static_assert(offsetof(struct hart, id) == HART_ID, "switch.S");
_Static_assert(offsetof(struct hart, mailbox) == HART_MAILBOX, "switch.S");
_Static_assert(offsetof(struct hart, vcpu) == HART_VCPU, "switch.S");
_Static_assert(offsetof(struct hart, setssip) == HART_SETSSIP, "switch.S");

/* What this kind of hart really has, found by probing, not by trusting the device tree. */
struct hart_features {
	bool fp, doubles, vector, henvcfg, hstateen, sstc, senvcfg;
};

/* All that a guest's own kernel handles. What M-mode firmware sees first (illegal instruction, access
 * faults, misaligned) is redirected by it to VS-mode only if the bit is set here. */
#define GUEST_EXCEPTIONS						\
	(1ul << CAUSE_FETCH_MISALIGNED | 1ul << CAUSE_FETCH_ACCESS |	\
	 1ul << CAUSE_ILLEGAL | 1ul << CAUSE_BREAKPOINT |		\
	 1ul << CAUSE_LOAD_MISALIGNED | 1ul << CAUSE_LOAD_ACCESS |	\
	 1ul << CAUSE_STORE_MISALIGNED | 1ul << CAUSE_STORE_ACCESS |	\
	 1ul << CAUSE_ECALL_U | 1ul << CAUSE_FETCH_PAGE |		\
	 1ul << CAUSE_LOAD_PAGE | 1ul << CAUSE_STORE_PAGE |		\
	 1ul << CAUSE_SOFTWARE_CHECK | 1ul << CAUSE_HARDWARE_ERROR)

static inline struct hart *this_hart(void)
{
	return thread_pointer();
}

/* Traps go to trap_entry, interrupts are off, sscratch = 0. Before anything else on a hart. */
void hart_init_traps(void);

/* True if the hart is in HS-mode with the hypervisor extension; otherwise *why says what it lacks. */
bool hart_is_hypervisor(const char **why);

/* Probes the calling hart. Only before any guest ran on it: see fault 1 of OpenSBI 1.1 in switch.S. */
struct hart_features hart_probe(void);

/*
 * Sets up delegation and the environment CSRs for guests. sstc, and the enables in envcfg (ENVCFG_*
 * bits): what the plan gives to this VM. Fields that the hart lacks read back as 0 and are left so.
 */
void hart_init_guest(const struct hart_features *f, bool sstc, uint64_t envcfg);

/* The hart of that index into plan.harts. */
struct hart *hart_get(uint32_t index);

/* Leaves a request for n harts and interrupts them: by their SSWI registers, or those that have none by one firmware
 * call. What was written before is seen by who takes it. */
void hart_send(struct hart *const *to, uint32_t n, uint32_t mail);

/* The same for one hart. */
void hart_send_one(struct hart *to, uint32_t mail);

/* Takes all requests of the calling hart, with the acquire that pairs with hart_send(). */
uint32_t hart_take_mail(void);

#endif
