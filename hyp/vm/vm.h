/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual machine and its vcpus. A VM is what the plan grants plus a little state; harts are 1:1, so
 * a vcpu is the VM's view of one physical hart and its VS-mode state lives in that hart's CSRs.
 *
 * Life of a VM: VM_STARTING (its first hart loads the images), VM_RUNNING, VM_STOPPING (all its harts
 * are on their way out of the guest), then VM_STOPPED or, for a reboot, VM_STARTING again; VM_STUCK, for
 * ever, if one of the harts never comes out.
 */
#ifndef HYP_VM_VM_H
#define HYP_VM_VM_H

#include "hyp/plan/plan.h"
#include "hyp/riscv/context.h"
#include "hyp/riscv/gstage.h"
#include "hyp/riscv/guest_env.h"
#include "hyp/riscv/hart.h"
#include "hyp/riscv/lock.h"
#include "hyp/vdev/vdev.h"
#include "hyp/vm/rate_limit.h"

struct vm;

/* What follows an exit, as its handler returns it; applied in one place, vcpu_run(). */
enum verdict {
	VERDICT_RESUME = 0,	/* continue at the context's pc */
	VERDICT_STOP,		/* the vcpu stops itself (HSM) */
	VERDICT_SUSPEND,	/* wait for an interrupt of the guest, then continue at the context's pc */
	VERDICT_LEAVE,		/* the VM ends; this hart leaves the guest */
	VERDICT_GETCHAR,	/* wait for input or an interrupt of the guest, then return from the legacy getchar */
};

struct vcpu {
	struct guest_context ctx;	/* first: sscratch points at it */
	struct vm *vm;
	struct hart *hart;
	uint32_t index;			/* within the VM: the hart id that the guest sees */
	/* vm->lock protects: */
	uint8_t hsm;			/* SBI_HSM_STATE_* */
	uint64_t start_pc;		/* of a START_PENDING vcpu, or a non-retentive suspend */
	uint64_t start_opaque;
	/* The vcpu's own hart alone: */
	struct hart_features features;	/* probed */
	bool resume_nonretentive;
	bool at_vector;			/* its last exception was one at its own trap vector */
	bool vector_reported;	/* and the log has a line about that in this life */
	bool virtual_line;		/* contexts are passed, and a virtual source interrupts; see vintc.h */
	uint32_t fetch_faults;		/* how often in a row an instruction was gone; see vmmio.c */
	uint64_t fetch_exit;		/* number of the exit when it was so last */
	struct {
		/* that the guest waits for; without Sstc only. switch.S sets it, and leaves it when it has passed */
		uint64_t deadline;
		uint64_t due;		/* the one that has passed without a new one set; without Sstc only */
		uint64_t own;		/* the first of the next three */
		uint64_t check;		/* next check of the watchdog */
		uint64_t poll;		/* next poll of the console by this hart */
		uint64_t watch;		/* next check of this parked hart whether its siblings have left (vm_watch()) */
		/* atomic: the watchdog's last check on this hart, UINT64_MAX while nothing is due */
		uint64_t seen;
	} timer;			/* in ticks; UINT64_MAX is never. See vtimer.c */
};

enum vm_state { VM_STOPPED, VM_STARTING, VM_RUNNING, VM_STOPPING, VM_STUCK };

/* Why a VM leaves VM_RUNNING. */
enum vm_end {
	VM_END_SHUTDOWN,	/* SBI SRST, or legacy shutdown */
	VM_END_REBOOT,		/* SBI SRST cold or warm */
	VM_END_IDLE,		/* all its harts are stopped by HSM */
	VM_END_LOAD,		/* an image has a wrong checksum */
	VM_END_STOP,		/* by the monitor */
	VM_END_RESTART,		/* likewise */
	/* Crashes: the guest's policy says what becomes of it. */
	VM_END_FAILED,		/* SBI SRST with reason "system failure" */
	VM_END_UNMAPPED,	/* it touched what it does not have, and unmapped = "stop" */
	VM_END_WATCHDOG,
};

/* What the monitor asks for. */
enum vm_ask { ASK_NOTHING, ASK_START, ASK_STOP, ASK_RESTART };

/* More pages than this are fenced as everything: that costs less, and no guest number bounds a loop. */
#define FENCE_MAX_PAGES	16u

/* Kinds of struct fence: HFENCE.VVMA of one page, all addresses or several pages, of all address spaces or one;
 * FENCE.I. switch_fast.inc depends on the order. */
enum { FENCE_PAGE, FENCE_ALL, FENCE_ALL_ASID, FENCE_PAGE_ASID, FENCE_CODE_ALL, FENCE_PAGES, FENCE_PAGES_ASID };

/* What is to be fenced. */
struct fence {
	uint64_t kind;		/* FENCE_* */
	uint64_t start, pages;	/* of pages: guest-virtual, FENCE_MAX_PAGES + 1 at most */
	uint64_t asid;		/* of one address space */
};

struct vm {
	const struct plan_vm *plan;
	uint32_t index;
	struct vcpu *vcpus[MAX_HARTS];		/* by vcpu index, plan->nr_vcpus of them */
	uint64_t all;				/* their set */
	uint64_t hgatp;
	const void *dtb;			/* the guest's device tree, as made at boot */
	uint32_t dtb_size;
	uint32_t rng_seed, kaslr_seed;		/* offsets of these in it; 0: the guest gets none */
	uint8_t secret[32];			/* entropy.c; of the hart that loads the VM */
	uint64_t envcfg;			/* ENVCFG_* that the guest may use */
	uint32_t clean_block;			/* bytes of a block of CBO.CLEAN; 0: its harts lack Zicbom */
	uint64_t watchdog_ticks;		/* 0: no watchdog */
	uint32_t file_ids;			/* highest identity of guest interrupt files */
	uint64_t ms_ticks;			/* of a millisecond, rounded up */
	uint64_t check_ticks;			/* between two checks of an ending VM: vm_stuck.c */
	/* behind IOMMUs, its devices are blocked, as dma_close() has seen; the hart alone that has the VM for itself */
	bool dma_closed;
	/* atomic: accesses of its devices that IOMMUs have refused: all, and since the last start */
	uint32_t dma_faults, dma_faults_now;
	uint64_t kicked;			/* atomic: time of the last kick since the start, 0 if none */
	uint64_t readers;			/* atomic: vcpus that wait for input (VERDICT_GETCHAR) */

	/* Of remote_fence.c and switch_fast.inc: one request at a time. */
	struct vm_fence {
		struct lock lock;		/* held by the sender */
		bool by_mail;			/* constant: all harts of the VM have an SSWI register */
		uint64_t owing;			/* atomic: vcpus that still owe the fence; they read: */
		struct fence f;
	} fence;

	struct lock lock;
	/* lock protects: */
	enum vm_state state;
	enum vm_end end;			/* valid in VM_STOPPING, VM_STOPPED and VM_STUCK */
	/* ticks; valid in VM_STOPPING: when to check next whether its harts have left, */
	uint64_t check_at;
	uint32_t checks;			/* and how often that has been */
	/* ticks; in VM_RUNNING with a watchdog: the last check from outside whether a hart is lost, */
	uint64_t looked_at;
	uint64_t look_from;			/* and before which time no hart counts as lost */
	/* vcpus that are not HSM-stopped or still have to leave the guest; remote_fence.c reads it without the lock */
	uint64_t active;
	uint32_t starts;			/* how often it was started */
	uint32_t crashes;			/* how often it was restarted for a crash */
	uint64_t started_at;			/* ticks, of the last start */
	enum vm_ask asked;			/* ASK_STOP, ASK_RESTART: to be seen to when it is up or down */
	bool alive;				/* counts in vms_alive */
	struct rate_limit complaints, lives;	/* complain.h, vm_life.h */
	/* the rate limit allows lines about the end of this life and the next start */
	bool log_life;

	struct vdevs devs;			/* own locks; last: see vm_create_all() */
};

#endif
