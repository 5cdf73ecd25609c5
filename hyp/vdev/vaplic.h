/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The emulated APLIC of a VM: the registers of the RISC-V AIA 1.0, chapter 4, of a domain in MSI delivery mode, for the
 * sources that the VM owns. Foreign sources read as 0 and ignore writes.
 *
 * A physical source is passed on: what the guest writes to its registers goes to the host's APLIC, which sends the
 * source's messages to the guest's own interrupt files, without the hypervisor. Only the hart and the file that a
 * target register names are checked. The guest sees the host's layout of files, so they need no translation. domaincfg
 * is the guest's own: while it has messages off, its sources are disabled in the host.
 *
 * A virtual source (vaplic_set_level) and genmsi have no twin: the hypervisor stores the identity to the file.
 *
 * Lock: vaplic.lock protects all fields but the constant ones. sourcecfg and target of a physical source are read, and
 * target and setipnum_le written, without it: nothing of them is here. No vcpu has a line: files interrupt vcpus
 * themselves, so that all functions return no changed vcpus.
 */
#ifndef HYP_VDEV_VAPLIC_H
#define HYP_VDEV_VAPLIC_H

#include "hyp/base/err.h"
#include "hyp/plan/plan.h"
#include "hyp/riscv/lock.h"
#include "hyp/vdev/vintc.h"

#define VAPLIC_WORDS	(MAX_IRQS / 32)

struct vaplic {
	struct lock lock;

	/* Constant after vaplic_create() and vaplic_add_virtual(). */
	uint32_t aplic;			/* index of the host's into plan.intcs */
	const struct plan_vplic *window;
	hpa_t host;			/* registers of the host's */
	uint32_t nr_sources;		/* highest number */
	uint32_t nr_vcpus;
	const uint8_t *vcpu_hart;	/* the plan's */
	uint32_t owned[VAPLIC_WORDS];	/* sources of this VM, */
	uint32_t physical[VAPLIC_WORDS];	/* and those of them that the host's APLIC has */
	int16_t index[MAX_HARTS];	/* of each vcpu's hart in target registers */
	hpa_t file[MAX_HARTS];		/* page of its interrupt file, in the hypervisor's address space too */

	/* lock protects: */
	bool on;			/* domaincfg.IE */
	uint32_t enabled[VAPLIC_WORDS];	/* as the guest has written it; in the host, if `on` */
	uint32_t genmsi;
	/* of virtual sources: */
	uint32_t level[VAPLIC_WORDS];	/* the wire, before it is rectified */
	uint32_t pending[VAPLIC_WORDS];
	uint32_t config[VAPLIC_WORDS * 32];	/* sourcecfg */
	uint32_t target[VAPLIC_WORDS * 32];
};

/* Binds v, zeroed, to controller number index of that VM, after intc_init(). Once at boot; vaplic_reset() must follow
 * before use. */
void vaplic_create(struct vaplic *v, const struct plan *plan, uint32_t vm, uint32_t index);

/* Makes source a virtual one, whatever the plan says of the host's source with that number. ERR_RANGE if it is not from
 * 1 to the number of sources. At boot, after vaplic_create(). */
enum err vaplic_add_virtual(struct vaplic *v, uint32_t source) __must_check;

/* Offset: bytes from the window's base, below its size, a multiple of 4. *value: the word as LW gives it, with its
 * sign. Registers that do not exist read as 0 and ignore writes. Both return 0. */
uint64_t vaplic_read(void *vaplic, uint64_t offset, uint64_t *value);
uint64_t vaplic_write(void *vaplic, uint64_t offset, uint32_t value);

/* The APLIC as a guest's interrupt controller. */
extern const struct vintc_ops vaplic_ops;

#endif
