/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Seeds for guests' random-number generators: /chosen/rng-seed and kaslr-seed of a guest's device tree, other ones for
 * each guest at each of its starts. docs/architecture.md, "Seeds".
 */
#ifndef HYP_VM_ENTROPY_H
#define HYP_VM_ENTROPY_H

#include "hyp/plan/host_dt.h"
#include "hyp/vm/vm.h"

/*
 * Once, on the boot hart, after host_parse() and before plan_make(): takes the host's seeds out of its device tree,
 * where they are erased, and reads the seed CSR if zkr: the hart has it (guest_env_probe()). others: count other copies
 * of the tree that host has, in the same layout: the seeds are erased there, too. What host->entropy names and cannot
 * be used is removed from it. Nothing that stays in memory shows the host's own bytes.
 */
void entropy_gather(struct host *host, void *const *others, uint32_t count, bool zkr);

/* Once for each VM, on the boot hart: the secret from which all seeds of the VM are derived. */
void entropy_create(struct vm *vm);

/* After the last one: what entropy_gather() has stored is erased. */
void entropy_finish(void);

/*
 * New seeds into the device tree in the VM's RAM, if it has places for them. On the hart of vcpu 0, while none of the
 * VM's harts runs its guest. Afterwards only the guest has them.
 */
void entropy_write_seeds(struct vm *vm);

#endif
