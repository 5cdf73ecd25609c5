/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Seeds for guests; see entropy.h. Everything is derived by BLAKE2s, in one direction: host -> pool -> a VM's secret ->
 * a start's secret -> seeds, and from a start's secret the VM's next one, so that a secret does not reveal the
 * seeds before it. Source of the seed CSR: cryptography extensions, scalar, "Entropy Source" (Zkr).
 * No lock: the pool is the boot hart's, before other harts run; a VM's secret is touched by the hart that loads the VM.
 */
#include "hyp/vm/entropy.h"

#include "hyp/base/blake2s.h"
#include "hyp/base/panic.h"
#include "hyp/base/str.h"
#include "hyp/console/console.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/fault.h"
#include "hyp/vm/guestmem.h"

/* The seed CSR returns 16 bits at each read, with at least 8 bits of entropy: 512 bits for a secret of 256. */
#define SAMPLES		32u
#define MAX_POLLS	(SAMPLES * 64u)	/* the source may make us wait, and may be testing itself: not for ever */

/* What a hash is of, as its first octet behind the secret: no two uses have the same input. */
enum use { USE_RNG_SEED, USE_KASLR_SEED, USE_ZKR, USE_VM, USE_START, USE_OUT_LOW, USE_OUT_HIGH, USE_OUT_KASLR,
	   USE_NEXT };

static uint8_t pool[BLAKE2S_SIZE];

/* *out may be the secret itself. */
static void derive(uint8_t out[BLAKE2S_SIZE], const uint8_t secret[BLAKE2S_SIZE], enum use use, const void *data,
		   size_t size)
{
	struct blake2s b;
	uint8_t tag = (uint8_t)use;

	blake2s_start(&b);
	blake2s_add(&b, secret, BLAKE2S_SIZE);
	blake2s_add(&b, &tag, 1);
	blake2s_add(&b, data, size);
	blake2s_end(&b, out);
}

/* False if the source is dead or has not returned all samples in time. */
static bool read_seed_csr(uint16_t samples[SAMPLES])
{
	uint32_t n = 0;

	for (uint32_t polls = 0; n < SAMPLES && polls < MAX_POLLS; polls++) {
		uint64_t seed = csr_swap(CSR_SEED, 0);	/* the only way to read it; the value written means nothing */

		if ((seed & SEED_OPST) == SEED_DEAD)
			return false;
		if ((seed & SEED_OPST) == SEED_ES16)
			samples[n++] = (uint16_t)seed;
	}
	return n == SAMPLES;
}

static __boot bool is_erased(const uint8_t *at, uint32_t size)
{
	const struct dt_prop p = { .data = at, .size = size };

	return guard_erase((void *)(uintptr_t)at, size) == OK && dt_is_zero(&p);
}

struct copies {
	void *const *tree;
	uint32_t count;
};

/*
 * Takes a property of the host's /chosen into the pool and erases it, in all copies of the tree. False if it is there
 * and cannot be erased.
 */
static __boot bool take(struct host *host, const struct copies *others, const char *name, enum use use)
{
	struct dt_prop p;
	bool erased;

	if (host->chosen == NO_NODE || !host_find_prop(host, host->chosen, name, &p))
		return true;
	derive(pool, pool, use, p.data, p.size);
	erased = is_erased(p.data, p.size);
	for (uint32_t i = 0; i < others->count; i++)
		erased &= is_erased((uint8_t *)others->tree[i] + (p.data - host->dt.blob), p.size);
	if (erased)
		return true;
	console_log("the firmware's device tree cannot be written: its %s is not used", name);
	return false;
}

__boot void entropy_gather(struct host *host, void *const *others, uint32_t count, bool zkr)
{
	const struct copies copies = { others, count };
	uint16_t samples[SAMPLES];

	erase(pool, sizeof(pool));
	if (!take(host, &copies, "rng-seed", USE_RNG_SEED))
		host->entropy &= ~ENTROPY_TREE;
	(void)!take(host, &copies, "kaslr-seed", USE_KASLR_SEED);	/* too short to count */
	if (!zkr || !read_seed_csr(samples))
		host->entropy &= ~ENTROPY_ZKR;
	if (host->entropy & ENTROPY_ZKR)
		derive(pool, pool, USE_ZKR, samples, sizeof(samples));
	erase(samples, sizeof(samples));
}

__boot void entropy_create(struct vm *vm)
{
	derive(vm->secret, pool, USE_VM, &vm->index, sizeof(vm->index));
}

__boot void entropy_finish(void)
{
	erase(pool, sizeof(pool));
}

/* What of a start no other start has, into the VM's secret, which becomes the start's. */
static void mix_start(struct vm *vm)
{
	struct { uint64_t time; uint32_t starts; uint16_t samples[SAMPLES]; } in;
	size_t size = offsetof(__typeof__(in), samples);

	in.time = csr_read(CSR_TIME);
	in.starts = vm->starts;
	if (vm->vcpus[0]->features.seed && read_seed_csr(in.samples))
		size += sizeof(in.samples);
	derive(vm->secret, vm->secret, USE_START, &in, size);
	erase(&in, sizeof(in));
}

void entropy_write_seeds(struct vm *vm)
{
	uint8_t out[2 * BLAKE2S_SIZE];
	uint64_t tree = vm->plan->dtb.v;

	if (!vm->rng_seed)
		return;
	mix_start(vm);
	_Static_assert(sizeof(out) == RNG_SEED_SIZE && KASLR_SEED_SIZE <= BLAKE2S_SIZE, "what is derived at a time");
	derive(out, vm->secret, USE_OUT_LOW, NULL, 0);
	derive(out + BLAKE2S_SIZE, vm->secret, USE_OUT_HIGH, NULL, 0);
	ASSERT(guestmem_write(vm, gpa(tree + vm->rng_seed), out, RNG_SEED_SIZE) == OK);
	derive(out, vm->secret, USE_OUT_KASLR, NULL, 0);
	ASSERT(guestmem_write(vm, gpa(tree + vm->kaslr_seed), out, KASLR_SEED_SIZE) == OK);
	erase(out, sizeof(out));
	derive(vm->secret, vm->secret, USE_NEXT, NULL, 0);
}
