/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two hostile guests on hyp/vdev/vaplic.c, which share the APLIC of one host. The input writes any registers with any
 * values, moves wires, and restarts guests. Beside them runs what each guest should see: an APLIC of its own with its
 * sources alone (naive_aplic.h). Each read and each message must be the same there, and no message may reach anything
 * but the interrupt files of the guest that caused it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "drivers/aplic.h"
#include "hyp/vdev/vaplic.h"
#include "tests/unit/fake/naive_aplic.h"
#include "tests/unit/fake/no_imsic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SPEC(c) \
	do { \
		if (!(c)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #c); \
			abort(); \
		} \
	} while (0)

#define BASE		0xd000000ull
#define FILES		0x28000000ull
#define HARTS		4u
#define VMS		2u
#define NR		44u
#define VIRTUAL		40u	/* without an owner in the host; both guests have a virtual source there */
#define INDEX(hart)	(8 + (hart))
#define FILE_OF(hart)	(FILES + 0x4000 * (hart) + 0x1000)

static const uint8_t *input, *input_end;
static struct plan plan;
static struct naive_aplic host;

static struct guest {
	struct vaplic v;
	struct naive_aplic spec;
	uint64_t sent, expected;	/* sums over the messages of a step, whose order is free */
} guests[VMS];

static uint32_t byte(void) { return input < input_end ? *input++ : 0; }
static uint32_t number(void) { return byte() | byte() << 8 | byte() << 16 | byte() << 24; }

/* ---- messages ---- */

static uint64_t weight(uint32_t hart, uint32_t id)
{
	return 1 + (uint64_t)hart * 2048 + id;
}

static void arrived(uint32_t hart, uint32_t id)
{
	SPEC(hart < HARTS);
	guests[plan.harts[hart].vm].sent += weight(hart, id);
}

/* The host's APLIC sends it. */
static void host_message(void *user, uint32_t target)
{
	(void)user;
	SPEC((target >> APLIC_TARGET_GUEST & 63) == GUEST_FILE);
	arrived((target >> APLIC_TARGET_HART) - INDEX(0), target & APLIC_TARGET_ID);
}

static bool is_own(const struct guest *g, uint32_t target)
{
	uint32_t hart = (target >> APLIC_TARGET_HART) - INDEX(0);

	return hart < HARTS && &guests[plan.harts[hart].vm] == g;
}

/* It may name foreign harts, by genmsi alone. */
static void spec_message(void *user, uint32_t target)
{
	struct guest *g = user;

	if (is_own(g, target))
		g->expected += weight((target >> APLIC_TARGET_HART) - INDEX(0), target & APLIC_TARGET_ID);
}

static uint32_t host_target(void *user, uint32_t old, uint32_t value)
{
	(void)user, (void)old;
	return value & 0xfffff7ff;
}

static uint32_t spec_target(void *user, uint32_t old, uint32_t value)
{
	uint32_t file = value >> APLIC_TARGET_GUEST & 63;

	if (!is_own(user, value) || file > GUEST_FILE)
		return old;
	return (value & ~(63u << APLIC_TARGET_GUEST) & 0xfffff7ff) | GUEST_FILE << APLIC_TARGET_GUEST;
}

/* The hardware may have anything there. */
static uint32_t host_activated(void *user)
{
	(void)user;
	return number() & 0xfffff7ff;
}

static uint32_t spec_activated(void *user)
{
	struct guest *g = user;

	return (uint32_t)INDEX(g->v.vcpu_hart[0]) << APLIC_TARGET_HART | GUEST_FILE << APLIC_TARGET_GUEST;
}

/* ---- the host's bus ---- */

uint64_t fake_mmio_read(uint64_t addr, unsigned size)
{
	SPEC(size == 4 && addr - BASE < APLIC_END);
	return naive_aplic_read(&host, (uint32_t)(addr - BASE));
}

void fake_mmio_write(uint64_t addr, unsigned size, uint64_t value)
{
	SPEC(size == 4);
	if (addr - FILES < 0x4000 * HARTS) {
		SPEC((addr - FILES) % 0x4000 == 0x1000);
		arrived((uint32_t)(addr - FILES) / 0x4000, (uint32_t)value);
	} else {
		SPEC(addr - BASE < APLIC_END);
		naive_aplic_write(&host, (uint32_t)(addr - BASE), (uint32_t)value);
	}
}

/* ---- the machine ---- */

static void make_plan(void)
{
	memset(&plan, 0, sizeof(plan));
	plan.nr_intcs = 1;
	plan.intcs[0] = (struct plan_intc){ .kind = INTC_APLIC, .base = hpa(BASE), .size = 0x8000, .ndev = NR };
	memset(plan.intcs[0].source_owner, NO_OWNER, sizeof(plan.intcs[0].source_owner));
	for (uint32_t i = 1; i <= NR; i++)
		if (i != VIRTUAL && i % 3 < VMS)
			plan.intcs[0].source_owner[i] = (uint8_t)(i % 3);
	plan.nr_vms = VMS;
	plan.nr_harts = HARTS;
	for (uint32_t hart = 0; hart < HARTS; hart++) {
		struct plan_vm *vm = &plan.vms[hart % VMS];

		plan.harts[hart].plic_context[0] = INDEX((int16_t)hart);
		plan.harts[hart].file = hpa(FILE_OF(hart));
		plan.harts[hart].vm = (uint8_t)(hart % VMS);
		vm->vcpu_hart[1 - hart / VMS] = (uint8_t)hart;	/* against the order of harts */
		vm->nr_vcpus++;
		vm->nr_vplics = 1;
	}
}

static void reset_spec(struct guest *g, uint32_t vm)
{
	bool wire[NAIVE_SOURCES];

	memcpy(wire, g->spec.wire, sizeof(wire));
	memset(&g->spec, 0, sizeof(g->spec));
	g->spec = (struct naive_aplic){ .activated = spec_activated, .target = spec_target, .message = spec_message,
					.user = g };
	for (uint32_t i = 1; i <= NR; i++)
		g->spec.there[i] = i == VIRTUAL || plan.intcs[0].source_owner[i] == vm;
	memcpy(g->spec.wire, wire, sizeof(wire));
	g->spec.wire[VIRTUAL] = false;
}

static void boot(void)
{
	make_plan();
	memset(&host, 0, sizeof(host));
	host = (struct naive_aplic){ .activated = host_activated, .target = host_target, .message = host_message };
	for (uint32_t i = 1; i <= NR; i++)
		host.there[i] = true;
	intc_init(&plan);
	memset(guests, 0, sizeof(guests));
	for (uint32_t vm = 0; vm < VMS; vm++) {
		vaplic_create(&guests[vm].v, &plan, vm, 0);
		SPEC(vaplic_add_virtual(&guests[vm].v, VIRTUAL) == OK);
		vaplic_ops.reset(&guests[vm].v);
		reset_spec(&guests[vm], vm);
	}
}

/* ---- steps ---- */

/* The virtual one often; also numbers that do not exist. */
static uint32_t any_source(void)
{
	uint32_t how = byte();

	return how < 80 ? VIRTUAL : how % (NR + 4);
}

static uint32_t any_offset(void)
{
	static const uint16_t numbers[] = { 0x1cdc, 0x1ddc, 0x1edc, 0x1fdc, 0x2000, 0x2004, 0x3000, 0 };
	uint32_t how = byte(), i = any_source();

	switch (how % 8) {
	case 0:
	case 1:
		return numbers[how / 8 % 8];
	case 2:
	case 3:
		return 4 * i;
	case 4:
	case 5:
		return 0x3000 + 4 * i;
	case 6:
		return 0x1c00 + how / 8 % 4 * 0x100 + i / 32 * 4;
	default:
		return number() % 0x10000 & ~3u;
	}
}

static uint32_t any_value(void)
{
	uint32_t how = byte();

	switch (how % 8) {
	case 0:
	case 1:
		return any_source();
	case 2:
		return byte() << 24;
	case 3:
	case 4:
		return INDEX(byte() % (HARTS + 1)) << APLIC_TARGET_HART | how / 8 % 4 << APLIC_TARGET_GUEST | byte();
	case 5:
		return how / 8 % 2 ? UINT32_MAX : 0x100;
	default:
		return how / 8 % 2 ? number() : how / 16;
	}
}

static void move_wire(void)
{
	uint32_t i = any_source(), vm = byte() % VMS;
	bool up = byte() & 1;

	if (i == VIRTUAL) {
		vaplic_ops.set_level(&guests[vm].v, i, up);
		naive_aplic_wire(&guests[vm].spec, i, up);
		return;
	}
	if (!host.there[i])
		return;
	naive_aplic_wire(&host, i, up);
	if (plan.intcs[0].source_owner[i] < VMS)
		naive_aplic_wire(&guests[plan.intcs[0].source_owner[i]].spec, i, up);
}

static void read_both(struct guest *g, uint32_t at)
{
	uint64_t value = 1;

	SPEC(!vaplic_read(&g->v, at, &value));
	SPEC(value == (uint64_t)(int64_t)(int32_t)naive_aplic_read(&g->spec, at));
}

/* All registers of all sources. */
static void read_all(struct guest *g)
{
	for (uint32_t i = 0; i < NR + 3; i++) {
		read_both(g, 4 * i);
		read_both(g, 0x3000 + 4 * i);
		read_both(g, 0x1c00 + i / 8 % 4 * 0x100 + i % 8 * 4);
	}
}

static void write_both(struct guest *g, uint32_t at, uint32_t value)
{
	SPEC(!vaplic_write(&g->v, at, value));
	naive_aplic_write(&g->spec, at, value);
	read_both(g, at);
}

/* All that a source needs to send messages, but for one bit. */
static void prepare(struct guest *g)
{
	uint32_t i = any_source(), how = byte();

	write_both(g, 4 * i, 4 + how % 4);
	write_both(g, 0x3000 + 4 * i, INDEX(how / 4 % HARTS) << APLIC_TARGET_HART | (1 + how / 16));
	write_both(g, APLIC_SETIENUM, i);
	write_both(g, APLIC_SETIPNUM, i);
}

static void step(void)
{
	uint32_t how = byte(), at;
	struct guest *g = &guests[how % VMS];

	switch (how / VMS % 16) {
	case 0:
		if (how < 64) {
			vaplic_ops.reset(&g->v);
			reset_spec(g, how % VMS);
		}
		break;
	case 1:
	case 2:
	case 3:
	case 4:
		move_wire();
		break;
	case 5:
	case 6:
		read_both(g, any_offset());
		break;
	case 7:
		prepare(g);
		break;
	case 8:
		write_both(g, APLIC_DOMAINCFG, how < 128 ? APLIC_DOMAIN_IE : 0);
		break;
	default:
		at = any_offset();
		write_both(g, at, any_value());
		break;
	}
	for (uint32_t vm = 0; vm < VMS; vm++) {
		SPEC(guests[vm].sent == guests[vm].expected);
		guests[vm].sent = guests[vm].expected = 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = data;
	input_end = data + size;
	boot();
	while (input < input_end)
		step();
	for (uint32_t vm = 0; vm < VMS; vm++)
		read_all(&guests[vm]);
	return 0;
}
