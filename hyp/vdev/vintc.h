/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The face of a guest's interrupt controller to the rest of the hypervisor: one constant table of functions for each
 * kind. The PLIC (vplic.h) is the first kind. Registers of a controller are not part of it: they are a device (vdev.h).
 *
 * A set of vcpus is a mask (bit = vcpu index). "Changed" vcpus are those whose external interrupt line may have
 * changed: the caller makes their harts look (external_changed() in hyp/vm), without a lock of the controller.
 */
#ifndef HYP_VDEV_VINTC_H
#define HYP_VDEV_VINTC_H

#include "hyp/riscv/context.h"

/* What a vcpu's own hart finds, if the guest claims in the hardware (plic-mode "guarded", "mapped"). */
struct vintc_look {
	bool line;	/* a virtual source interrupts the vcpu */
	uint64_t guard;	/* for ctx.guard: CTX_GUARD_NONE if no store of the guest may be passed on by guarded.S */
};

struct vintc_ops {
	/* At vcpu_run(), for the first controller of a VM, the only one if alone: what switch.S has to know
	 * (ctx.intc_*). */
	void (*init_context)(void *state, struct guest_context *ctx, uint32_t vcpu, bool alone);

	/* Raises (true) or lowers the line of a virtual source. Returns the changed vcpus. */
	uint64_t (*set_level)(void *state, uint32_t source, bool level);

	/* An external interrupt is pending on the hart of that vcpu, which calls this: takes it. Returns the changed
	 * vcpus. */
	uint64_t (*take)(void *state, uint32_t vcpu);

	/* Whether the vcpu's external interrupt line is up: what hvip.VSEIP must be. */
	bool (*line)(const void *state, uint32_t vcpu);

	/* The two below are used in place of take() and line() if the guest claims in the hardware; on the vcpu's own
	 * hart. */
	struct vintc_look (*look)(void *state, uint32_t vcpu);
	/* What was written to the host's controller has arrived there when this returns. */
	void (*flush)(const void *state, uint32_t vcpu);

	/* State of power-on, and the VM's sources in the host's controller masked with nothing in flight. No vcpu
	 * runs. */
	void (*reset)(void *state);
};

struct vintc {
	const struct vintc_ops *ops;
	void *state;
};

#endif
