/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What guests do to their PLICs in unit tests of hyp/vdev/vplic.c: the two VMs of plic_machine.h, and
 * accesses by the VM "worker", each with a check of the mask that the call returned.
 */
#ifndef TESTS_UNIT_FAKE_PLIC_GUEST_H
#define TESTS_UNIT_FAKE_PLIC_GUEST_H

#include "tests/unit/fake/plic_machine.h"

#define PRIORITY(id)		(4 * (id))
#define PENDING(word)		(0x1000 + 4 * (word))
#define ENABLE(vcpu, word)	(0x2000 + 0x80 * (2 * (vcpu) + 1) + 4 * (word))
#define THRESHOLD(vcpu)		(0x200000 + 0x1000 * (2 * (vcpu) + 1))
#define CLAIM(vcpu)		(THRESHOLD(vcpu) + 4)
#define BIT(n)			(1u << (n))

static struct vplic vplics[2];
static uint64_t last_changed;

static void create_vplics(void)
{
	for (uint32_t vm = 0; vm < 2; vm++) {
		memset(&vplics[vm], 0xa5, sizeof(vplics[vm]));
		vplic_create(&vplics[vm], &plan, vm, 0);
	}
}

static void reset_vplic(int vm)
{
	in_reset = true;
	vplic_reset(&vplics[vm]);
	in_reset = false;
}

static uint64_t lines(int vm)
{
	uint64_t mask = 0;

	for (uint32_t vcpu = 0; vcpu < plan.vms[vm].nr_vcpus; vcpu++)
		mask |= (uint64_t)vplic_line(&vplics[vm], vcpu) << vcpu;
	return mask;
}

/* Around each call: the returned mask is the difference of the lines, and the lock is free again. */
static void after(uint64_t old, uint64_t changed)
{
	assert_int_equal(vplics[worker].lock.held, 0);
	assert_int_equal(changed, old ^ lines(worker));
	last_changed = changed;
}

static uint32_t rd(uint64_t offset)
{
	uint64_t old = lines(worker), value = ~0ull;

	after(old, vplic_read(&vplics[worker], offset, &value));
	assert_int_equal(value, (uint64_t)(int32_t)value);
	return (uint32_t)value;
}

static void wr(uint64_t offset, uint32_t value)
{
	uint64_t old = lines(worker);

	after(old, vplic_write(&vplics[worker], offset, value));
}

static void physical(uint32_t vcpu)
{
	uint64_t old = lines(worker);

	after(old, vplic_physical(&vplics[worker], vcpu));
}

static inline void set_level(uint32_t id, bool level)
{
	uint64_t old = lines(worker);

	after(old, vplic_set_level(&vplics[worker], id, level));
}

static inline bool host_eip(uint32_t vcpu)
{
	return naive_eip(&hw, (uint32_t)vplics[worker].context[vcpu]);
}

/* The wire goes up, and every hart of the VM that gets the interrupt takes it. */
static inline void raise(uint32_t id)
{
	naive_set_level(&hw, id, true);
	for (uint32_t vcpu = 0; vcpu < vplics[worker].nr_vcpus; vcpu++)
		if (vplics[worker].context[vcpu] != NO_CONTEXT && host_eip(vcpu))
			physical(vcpu);
}

static inline void pulse(uint32_t id)
{
	raise(id);
	naive_set_level(&hw, id, false);
}

static inline void arm(uint32_t vcpu, uint32_t id, uint32_t priority)
{
	wr(PRIORITY(id), priority);
	wr(ENABLE(vcpu, id / 32), rd(ENABLE(vcpu, id / 32)) | BIT(id % 32));
}

#endif
