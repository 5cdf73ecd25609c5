/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The emulated PLIC of a VM: every register of the RISC-V PLIC specification 1.0.0 within the VM's
 * window, for the sources that the VM owns. Foreign sources read as 0 and ignore writes.
 *
 * Way of a level interrupt: the physical source is claimed on the hart where it arrives
 * (vplic_physical), becomes pending here, is claimed and completed by the guest, and only then
 * completed physically, on the context that claimed it. The guest's enables and priorities are
 * mirrored to the physical PLIC, so a masked source does not trap. A source that arrives again while the
 * guest has it claimed (some PLICs let another context complete it) is a new request: its pending bit in
 * the host is used up. It becomes pending at the guest's completion, instead of the physical one. A virtual
 * source (vplic_set_level) has no physical twin.
 *
 * A context completes a source that it has enabled, as the specification says, or that it has claimed: a
 * guest that moves a source to another context in flight may complete it where it began.
 *
 * Contexts are 2 * vcpu (M-mode: reads 0, ignores writes, never raises) and 2 * vcpu + 1 (S-mode),
 * whatever the host's layout. Thresholds act as the specification says: they hold back the line, but
 * not a claim.
 *
 * In the modes "guarded" and "mapped" contexts are passed to the guest, and what is said above of physical sources
 * happens in the hardware: here are the priorities and enables, and the virtual sources. See vplic_passed.c.
 *
 * Lock: vplic.lock protects all fields but the constant ones. Every function that can change what a
 * vcpu's external interrupt line shows returns the set of vcpus (bit = vcpu index) whose line changed;
 * the caller notifies these vcpus, without the lock.
 */
#ifndef HYP_VDEV_VPLIC_H
#define HYP_VDEV_VPLIC_H

#include "drivers/plic.h"
#include "hyp/base/err.h"
#include "hyp/base/types.h"
#include "hyp/plan/plan.h"
#include "hyp/riscv/lock.h"
#include "hyp/vdev/vintc.h"

#define VPLIC_PRIORITIES	PLIC_PRIORITIES	/* WARL, three bits are writable */
#define VPLIC_WORDS		(MAX_IRQS / 32)

/*
 * How a claim and the interrupt lines are found without a scan over sources: a source is ready if it is
 * pending, not claimed and its priority p is not 0; it then has its bit in ready[p]. For each vcpu,
 * summary[vcpu][p] has bit w set if a source of word w is ready with priority p and enabled for that
 * vcpu, and levels[vcpu] has bit p set if summary[vcpu][p] is not 0.
 */
struct vplic {
	struct lock lock;			/* the first: it costs least to reach */
	uint64_t lines;				/* bit = vcpu; written under the lock, read without */

	/* Constant after vplic_create() and vplic_add_virtual(). */
	uint32_t physical[VPLIC_WORDS];		/* sources of this VM that the host's PLIC has */
	uint32_t plic;				/* index of the host's PLIC */
	struct plic_regs host;
	uint32_t some_physical;			/* a source with a physical twin; 0: there is none */
	uint32_t ndev;				/* highest id of the guest's */
	uint32_t host_ndev;			/* highest id of the host's */
	uint32_t nr_vcpus;
	uint32_t nr_physical;			/* bits in physical */
	/* enum plic_mode; not PLIC_EMULATED: contexts are passed, see vplic_passed.c */
	uint8_t mode;
	const struct plan_vplic *window;
	const uint8_t *vcpu_hart;		/* the plan's: the hart of each vcpu, index into plan.harts */
	int16_t context[MAX_HARTS];		/* host context of each vcpu's hart, or NO_CONTEXT */
	uint32_t owned[VPLIC_WORDS];		/* those, and the virtual ones */

	/* lock protects: */
	uint32_t spurious;			/* claims from the host of sources that are not the VM's */
	/* vcpus whose enables in the host are 0 in place of a threshold of 7; passed */
	uint64_t masked;
	/* completions of sources that are not the VM's, where they are checked */
	uint32_t foreign;
	uint64_t next_lines;			/* of the running operation; then stored in lines */
	uint8_t levels[MAX_HARTS];
	uint8_t threshold[MAX_HARTS];		/* passed: the hardware's counts */
	uint32_t pending[VPLIC_WORDS];
	uint8_t priority[MAX_IRQS];
	uint32_t level[VPLIC_WORDS];		/* of virtual sources */
	uint32_t claimed[VPLIC_WORDS];		/* claimed by the guest, not yet completed */
	uint32_t again[VPLIC_WORDS];		/* of those, claimed from the host once more: a new request */
	uint32_t ready[VPLIC_PRIORITIES][VPLIC_WORDS];
	uint8_t ready_levels[VPLIC_WORDS];	/* bit p: ready[p][w] is not 0 */
	uint32_t summary[MAX_HARTS][VPLIC_PRIORITIES];
	uint8_t taker[MAX_IRQS];		/* vcpu whose hart claimed a physical source last, if in flight */
	uint8_t claimer[MAX_IRQS];		/* vcpu from whose context the guest claimed a source, if claimed */
	uint32_t enable[VPLIC_WORDS][MAX_HARTS];
	/* of each source, since power-on; read by the monitor without the lock */
	uint32_t claims[MAX_IRQS];

	/* Where contexts are passed; the last two are constant. */
	uint8_t seen[MAX_HARTS];		/* levels, as the vcpu's own hart has acted on them */
	/* of the context pages in the G-stage; NULL: that page is never mapped */
	uint64_t *entry[MAX_HARTS];
	uint64_t leaf[MAX_HARTS];		/* what it holds while nothing virtual pends there */
	/* htval of its first word, if stores to it are passed on; or CTX_GUARD_NONE */
	uint64_t guard[MAX_HARTS];
};

/* Binds v to window number index of that VM, after intc_init(); sets every byte of v, and all sources
 * that the plan assigns to the VM are physical. Once at boot; vplic_reset() must follow before use. */
void vplic_create(struct vplic *v, const struct plan *plan, uint32_t vm, uint32_t index);

/*
 * Contexts are passed: the guest reads, or reads and writes, their pages in the hardware (docs/architecture.md, "An
 * interrupt in two exits"). So physical interrupts never become pending here: vplic_physical() and vplic_line() are
 * not to be used, and for the pages vplic_passed_read(), vplic_passed_write() and vplic_look(). At boot, after
 * vplic_create(). mode: PLIC_GUARDED or PLIC_MAPPED.
 */
void vplic_set_passed(struct vplic *v, enum plic_mode mode);

/* The page of that vcpu's context is mapped by *entry of the G-stage, which holds leaf then. At boot, likewise. */
void vplic_set_page(struct vplic *v, uint32_t vcpu, uint64_t *entry, uint64_t leaf);

/* Makes id a virtual source of this VM, whatever the plan says of the host's source with that number.
 * ERR_RANGE if not 1 <= id <= ndev. At boot, after vplic_create(), before the first vplic_reset(). */
enum err vplic_add_virtual(struct vplic *v, uint32_t id) __must_check;

/* State of power-on, for a first start and each restart: nothing pending, enabled or claimed, all
 * priorities and thresholds 0, levels of virtual sources low; the physical sources are masked, what was
 * claimed physically and not yet completed is completed, and what the host's PLIC has latched is
 * dropped (a line that is still up becomes pending again). Only while no vcpu of the VM runs. */
void vplic_reset(void *vplic);

/* offset: bytes from the window's base, below its size, a multiple of 4; the caller has checked both. Both return
 * the vcpus whose line changed. Reads and writes of registers that do not exist: 0 and ignored. *value: the word as
 * LW returns it, with its sign. Called by switch.S too, which has not saved all registers: see context.h. */
uint64_t vplic_read(void *vplic, uint64_t offset, uint64_t *value);
uint64_t vplic_write(void *vplic, uint64_t offset, uint32_t value);

/* The same where contexts are passed: for what is trapped all the same. Both return the vcpus whose line may have
 * changed: their own harts call vplic_look(). */
uint64_t vplic_passed_read(void *vplic, uint64_t offset, uint64_t *value);
uint64_t vplic_passed_write(void *vplic, uint64_t offset, uint32_t value);

/*
 * On the vcpu's own hart, where contexts are passed: maps its page, or takes it away while a virtual source pends
 * there; masks by enables what its threshold of 7 has to mask. Before the guest runs, and whenever something may have
 * changed.
 */
struct vintc_look vplic_look(void *vplic, uint32_t vcpu);

/* What has been written to the host's PLIC has arrived there when this returns. Passed contexts. */
void vplic_flush(const void *vplic, uint32_t vcpu);

/* A physical external interrupt on this vcpu's hart: claims until nothing is left, at most once per
 * source. Returns the changed vcpus. */
uint64_t vplic_physical(void *vplic, uint32_t vcpu);

/* The line of a virtual source of this VM; others are ignored. Level-triggered: a request that the
 * level made stays pending until it is claimed, even if the level falls ("Interrupt Gateways"). */
uint64_t vplic_set_level(void *vplic, uint32_t id, bool level);

/* Whether the external interrupt line of that vcpu is up now: what hvip.VSEIP must be. Lock-free. */
bool vplic_line(const void *vplic, uint32_t vcpu);

/* The PLIC as a guest's interrupt controller. */
extern const struct vintc_ops vplic_ops;

#endif
