/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The emulated PLIC of a VM: every register of the RISC-V PLIC specification 1.0.0 within the VM's
 * window, for the sources that the VM owns. Foreign sources read as 0 and ignore writes.
 *
 * Way of a level interrupt: the physical source is claimed on the hart where it arrives
 * (vplic_physical), becomes pending here, is claimed and completed by the guest, and only then
 * completed physically, on the context that claimed it. The guest's enables and priorities are
 * mirrored to the physical PLIC, so a masked source does not trap. A virtual source (vplic_set_level)
 * has no physical twin.
 *
 * Lock: vplic.lock protects all fields but the constant ones. Every function that can change what a
 * vcpu's external interrupt line shows returns the set of vcpus (bit = vcpu index) whose line changed;
 * the caller tells these vcpus, without the lock.
 */
#ifndef HYP_VM_VPLIC_H
#define HYP_VM_VPLIC_H

#include "hyp/base/types.h"
#include "hyp/plan/plan.h"
#include "hyp/riscv/lock.h"

#define VPLIC_PRIORITIES	8	/* 0 (never) to 7; WARL, three bits are kept */
#define VPLIC_WORDS		(MAX_IRQS / 32)

struct vplic;

/* Binds v to window number index of that VM. Once at boot. */
void vplic_create(struct vplic *v, const struct plan *plan, uint32_t vm, uint32_t index);

/* State of power-on, for a first start and each restart: nothing pending, enabled or claimed, all
 * priorities and thresholds 0; the physical sources are masked, and what was claimed physically and not
 * yet completed is completed. Only while no vcpu of the VM runs. */
void vplic_reset(struct vplic *v);

/* offset: bytes from the window's base, below its size, a multiple of 4; the caller has checked both.
 * Reads and writes of registers that do not exist: 0 and ignored. *changed: see above. */
uint32_t vplic_read(struct vplic *v, uint64_t offset, uint64_t *changed);
void vplic_write(struct vplic *v, uint64_t offset, uint32_t value, uint64_t *changed);

/* A physical external interrupt on this vcpu's hart: claims until nothing is left, at most once per
 * source. Returns the changed vcpus. */
uint64_t vplic_physical(struct vplic *v, uint32_t vcpu);

/* The line of a virtual source of this VM; level-triggered, 1 <= id <= ndev and owned by the VM. */
uint64_t vplic_set_level(struct vplic *v, uint32_t id, bool level);

/* Whether the external interrupt line of that vcpu is up now: what hvip.VSEIP must be. Lock-free. */
bool vplic_line(const struct vplic *v, uint32_t vcpu);

#endif
