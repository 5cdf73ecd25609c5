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
#include "hyp/vdev/vplic.h"
#include "hyp/vdev/vuart.h"

struct vm;

/* What a handler wants done after an exit; applied in one place, vcpu_run(). */
enum verdict {
	VERDICT_RESUME = 0,	/* continue at the context's pc */
	VERDICT_STOP,		/* the vcpu stops itself (HSM) */
	VERDICT_SUSPEND,	/* wait for an interrupt of the guest, then continue at the context's pc */
	VERDICT_LEAVE,		/* the VM ends; this hart leaves the guest */
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
	bool told_vector;		/* and the log has told of one in this life */
	bool virtual_line;		/* contexts are passed, and a virtual source interrupts; see vplic_look() */
	uint32_t fetch_faults;		/* how often in a row an instruction was gone; see vmmio.c */
	uint64_t fetch_exit;		/* number of the exit when it was so last */
	struct {
		uint64_t deadline;	/* that the guest waits for; without Sstc only */
		uint64_t due;		/* the one that has passed without a new one set; without Sstc only */
		uint64_t check;		/* when the watchdog looks next */
		uint64_t poll;		/* when this hart looks after the console next */
		uint64_t look;		/* when this parked hart looks next whether its siblings have left (vm_watch()) */
		uint64_t seen;		/* atomic: when the watchdog last looked here, UINT64_MAX while nothing is due */
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

/* So many times in so long a guest may be the cause of lines in the log, however much it misbehaves: those that complain
 * of it, and those that tell of a life (how it ends, and that another begins). */
#define COMPLAINTS_BURST	4u
#define COMPLAINTS_SECONDS	1u
#define LIVES_BURST		10u
#define LIVES_SECONDS		10u

/* A hart that has not left its ending guest for that long is lost. It comes within microseconds; a firmware's call that
 * waits for other harts, or an emulator whose host is busy, takes longer. */
#define STUCK_SECONDS		10u
#define STUCK_LOOKS		10u	/* and when to look, a second apart: where time jumps, the hart has not had these seconds */

struct limit {
	uint32_t room;		/* how often it may still be in this interval */
	uint32_t dropped;	/* how often it was not any more, and that has not been said */
	uint64_t since;		/* start of the interval, ticks */
};

struct vm {
	const struct plan_vm *plan;
	uint32_t index;
	struct vcpu *vcpus[MAX_HARTS];		/* by vcpu index, plan->nr_vcpus of them */
	uint64_t hgatp;
	const void *dtb;			/* the guest's device tree, as made at boot */
	uint32_t dtb_size;
	uint32_t rng_seed, kaslr_seed;		/* offsets of these in it; 0: the guest gets none */
	uint8_t secret[32];			/* entropy.c; of the hart that loads the VM */
	uint64_t envcfg;			/* ENVCFG_* that the guest may use */
	uint32_t clean_block;			/* bytes of a block of CBO.CLEAN; 0: its harts lack Zicbom */
	uint8_t plic_mode;			/* enum plic_mode, of all its PLICs, as far as the machine allows it */
	uint64_t watchdog_ticks;		/* 0: no watchdog */
	uint64_t look_ticks;			/* between two looks at an ending VM: vm_stuck.c */
	uint64_t kicked;			/* atomic: time of the last kick since the start, 0 if none */
	struct vuart vuart;			/* own lock; plan NULL: none */

	struct lock lock;
	/* lock protects: */
	enum vm_state state;
	enum vm_end end;			/* valid in VM_STOPPING, VM_STOPPED and VM_STUCK */
	uint64_t look_at;			/* ticks; valid in VM_STOPPING: when to look next, */
	uint32_t looks;				/* and how often that has been */
	uint64_t active;			/* vcpus that are not HSM-stopped or still have to leave the guest */
	uint32_t starts;			/* how often it was started */
	uint32_t crashes;			/* how often it was restarted for a crash */
	uint64_t started_at;			/* ticks, of the last start */
	enum vm_ask asked;			/* ASK_STOP, ASK_RESTART: to be seen to when it is up or down */
	bool alive;				/* counts in vms_alive */
	struct limit complaints, lives;
	bool told;				/* the end of this life may be told, and the start of the next */

	struct vplic vplics[MAX_PLICS];		/* own lock each; last: see vm_create_all() */
};

struct host;

/*
 * All VMs and vcpus from the plan; G-stage tables and guest device trees are built. Once, at boot. What goes
 * wrong here is reported and nothing may boot.
 */
enum err vm_create_all(const struct plan *plan, const struct host *host, struct reporter *r) __must_check;

/* Between vm_create.c, vm_load.c and vm.c. */
void vm_begin(const struct plan *plan);		/* there are its VMs, and none has ended */
/*
 * Writes each byte of the guest's RAM, or what is not to be kept of it. ERR_INVALID: an image has a wrong checksum, and
 * the guest must not run: part of its RAM is written.
 */
enum err vm_load(struct vm *vm) __must_check;

/* Between vm.c and vm_stuck.c. Under vm->lock: from now on, the VM is VM_STOPPING. */
void vm_watch_begin(struct vm *vm);
/* The VM has become VM_STUCK: its devices and interrupts are off from now on, and it does not count as alive. */
void vm_end_for_good(struct vm *vm);

/* The vcpu that is bound to this hart, NULL for a spare one. */
struct vcpu *vm_vcpu_of_hart(uint32_t hart_index);

/* Ends a running VM; the VM's harts notice it at once by an interrupt. Any hart of the VM. Returns what the
 * calling hart is to do: VERDICT_LEAVE. */
enum verdict vm_end(struct vcpu *v, enum vm_end end);

/* The same for a crash (VM_END_FAILED and behind), with a line that says so. */
enum verdict vm_crash(struct vcpu *v, enum vm_end end);

/* One line about what a guest did wrong, if it has not caused too many of late, and does not fault at its own trap
 * vector, which vm_trap_loop() tells once: guest, vcpu, cause, pc, address. */
void vm_complain(struct vcpu *v, const char *cause, uint64_t address);

/* The guest gets an exception at the very address that exceptions go to, from VS-mode: so it will again. */
void vm_trap_loop(struct vcpu *v, uint64_t vector);

/* Whether it reaches the context pages of its PLICs in the hardware. */
static inline bool vm_passes(const struct vm *vm)
{
	return vm->plic_mode != PLIC_EMULATED;
}

/* The VM of that number, below vm_count(). */
struct vm *vm_get(uint32_t index);
uint32_t vm_count(void);

/* "shutdown", "watchdog", ...: why a VM ended, for people. */
const char *vm_end_name(enum vm_end end);

/* "set_timer", "mmio", ...: a kind of exits, EXIT_*. */
const char *vm_exit_name(uint32_t kind);

/*
 * The monitor starts, stops or restarts a VM. Any hart. NULL if that is under way, otherwise why not. What the guest
 * does itself at the same time (reboot, crash, last hart stopped) comes to the same end.
 */
const char *vm_ask(struct vm *vm, enum vm_ask ask);

/* Whether the VM is on its way out, or stuck there: no hart of it may run its guest. */
bool vm_ending(struct vm *vm);

/*
 * Looks whether an ending VM waits for a hart in vain, and gives it up if so. Returns when to look next (ticks of the
 * time CSR), UINT64_MAX if nothing ends. Any hart that holds no lock: parked ones look at their own VM, who drives the
 * console at all, so whoever has ended a VM looks.
 */
uint64_t vm_watch(struct vm *vm);
uint64_t vm_watch_all(void);

/* Whether this is a vcpu that a stuck VM waits for in vain. */
bool vm_is_lost(struct vm *vm, uint32_t vcpu);

/* A parked hart of the VM looks after it: vcpu 0 loads a VM that is starting, and a vcpu that was about to
 * start when the VM ended steps back. */
void vm_attend(struct vcpu *v);

/* The calling hart has left the guest (HSM stop, or the VM ends); the last one of a VM concludes. */
void vm_vcpu_left(struct vcpu *v);

#endif
