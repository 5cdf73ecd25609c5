/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An IOMMU, written from the RISC-V IOMMU Architecture Specification 1.0: registers, the command queue, and the walk of
 * its directory as a device's access makes it. It holds nothing in a cache but what an invalidation must remove: the
 * contexts that it has used. Memory is the test's, at its own addresses. Included after <cmocka.h>.
 */
#ifndef TESTS_UNIT_LIB_IOMMU_MODEL_H
#define TESTS_UNIT_LIB_IOMMU_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define MODEL_BASE(n)	(0x3010000ull + 0x10000 * (n))
#define MODELS		2u
#define NR_CACHED	8u

/* What an access of a device meets: 0 and *root, or the cause of the fault. */
enum { MODEL_OK = 0, MODEL_OFF = 256, MODEL_INVALID = 258, MODEL_MISCONFIGURED = 259, MODEL_DISALLOWED = 260 };

struct model {
	uint64_t capabilities, ddtp, cqb, fqb;
	uint32_t fctl, fctl_ones, cqh, cqt, fqh, fqt, cqcsr, fqcsr, pqcsr;
	unsigned max_levels;
	unsigned busy;			/* reads for which busy bits stay; UINT32_MAX: for ever */
	unsigned refuse;		/* commands that are found illegal */
	bool dead, no_fence, stuck_queue;	/* it does nothing; no fence; the queue does not go off */
	unsigned commands[8];		/* by opcode */
	uint64_t last[4];		/* the first doublewords of the last four */
	struct { bool valid; uint32_t id; uint64_t dc[8]; } cached[NR_CACHED];
} models[MODELS];
static uint64_t model_time;

static bool model_extended(const struct model *m) { return m->capabilities >> 22 & 1; }

static void model_reset(struct model *m, uint64_t capabilities)
{
	memset(m, 0, sizeof(*m));
	m->capabilities = capabilities;
	m->max_levels = 3;
}

static const uint64_t *model_page(uint64_t ppn_at_10)
{
	return (const uint64_t *)(uintptr_t)((ppn_at_10 >> 10 & 0xfffffffffffull) << 12);
}

/* The context that the directory in memory has for the id; NULL: *cause. */
static const uint64_t *model_find(const struct model *m, uint32_t id, unsigned *cause)
{
	unsigned levels = (m->ddtp & 15) - 1, bits = model_extended(m) ? 6 : 7, words = model_extended(m) ? 8 : 4;
	const uint64_t *table = model_page(m->ddtp);

	*cause = MODEL_OFF;
	if ((m->ddtp & 15) < 2)
		return NULL;
	*cause = MODEL_DISALLOWED;
	if (id >> (bits + 9 * (levels - 1)))
		return NULL;
	while (--levels) {
		uint64_t entry = table[id >> (bits + 9 * (levels - 1)) & 511];

		*cause = MODEL_INVALID;
		if (!(entry & 1))
			return NULL;
		*cause = MODEL_MISCONFIGURED;
		if (entry & ~(0xfffffffffffull << 10 | 1))
			return NULL;
		table = model_page(entry);
	}
	return table + (id & ((1u << bits) - 1)) * words;
}

/* "Device-context configuration checks", of what the driver uses. */
static unsigned model_check(const struct model *m, const uint64_t *dc)
{
	uint64_t mode = dc[1] >> 60;

	if (!(dc[0] & 1))
		return MODEL_INVALID;
	if (dc[0] & ~0x11ull || dc[2] || dc[3])
		return MODEL_MISCONFIGURED;
	if (!(mode == 8 && m->capabilities >> 17 & 1) && !(mode == 9 && m->capabilities >> 18 & 1))
		return MODEL_MISCONFIGURED;
	if (dc[1] & 3)		/* the root has 16 KiB */
		return MODEL_MISCONFIGURED;
	for (unsigned i = 4; model_extended(m) && i < 8; i++)
		if (dc[i])
			return MODEL_MISCONFIGURED;
	return MODEL_OK;
}

/* An access of that device; *dc: its context. A context that was used stays in the cache, whatever memory has. */
static unsigned model_access(struct model *m, uint32_t id, uint64_t dc[8])
{
	const uint64_t *found;
	unsigned cause;

	for (unsigned i = 0; i < NR_CACHED; i++) {
		if (m->cached[i].valid && m->cached[i].id == id) {
			memcpy(dc, m->cached[i].dc, sizeof(m->cached[i].dc));
			return MODEL_OK;
		}
	}
	found = model_find(m, id, &cause);
	if (!found)
		return cause;
	memset(dc, 0, 8 * sizeof(*dc));
	memcpy(dc, found, model_extended(m) ? 64 : 32);
	cause = model_check(m, dc);
	if (cause == MODEL_OK) {
		m->cached[id % NR_CACHED].valid = true;
		m->cached[id % NR_CACHED].id = id;
		memcpy(m->cached[id % NR_CACHED].dc, dc, sizeof(m->cached[0].dc));
	}
	return cause;
}

/* False: it is illegal. */
static bool model_command(struct model *m, uint64_t first, uint64_t second)
{
	unsigned opcode = first & 127, function = first >> 7 & 7;

	memmove(m->last, m->last + 1, 3 * sizeof(m->last[0]));
	m->last[3] = first;
	if (m->refuse && m->refuse--)
		return false;
	m->commands[opcode & 7]++;
	if (opcode == 1 && function <= 1)
		return !(first & ~(0xffffull << 44 | 1ull << 33 | 0x3ff));
	if (opcode == 3 && !function) {
		memset(m->cached, 0, sizeof(m->cached));
		return !(first >> 10);	/* of all devices */
	}
	if (opcode != 2 || function)
		return false;
	if (first >> 10 & 1 && !m->no_fence)
		*(uint32_t *)(uintptr_t)(second << 2) = (uint32_t)(first >> 32);
	return true;
}

static void model_run(struct model *m)
{
	uint32_t mask = (2u << (m->cqb & 31)) - 1;

	if (m->dead)
		return;
	while (m->cqcsr & 1u << 16 && !(m->cqcsr & 0x700) && m->cqh != (m->cqt & mask)) {
		const uint64_t *c = model_page(m->cqb) + 2 * m->cqh;

		if (model_command(m, c[0], c[1]))
			m->cqh = (m->cqh + 1) & mask;
		else
			m->cqcsr |= 1u << 10;
	}
}

/* A record of a fault, as a device causes it. */
static void model_fault(struct model *m, unsigned cause, uint32_t id, uint64_t address)
{
	uint32_t mask = (2u << (m->fqb & 31)) - 1;
	uint64_t *record = (uint64_t *)(uintptr_t)(model_page(m->fqb) + 4 * m->fqt);

	if (!(m->fqcsr & 1u << 16) || m->fqcsr & 0x300)
		return;
	if (((m->fqt + 1) & mask) == m->fqh) {
		m->fqcsr |= 1u << 9;
		return;
	}
	record[0] = (uint64_t)id << 40 | 3ull << 34 | cause;
	record[1] = 0;
	record[2] = address;
	record[3] = 0;
	m->fqt = (m->fqt + 1) & mask;
}

/* Bit 0 switches the queue, bits 8 to 10 are cleared by a 1; a queue begins at 0, without errors. */
static uint32_t model_csr(const struct model *m, uint32_t old, uint32_t value, uint32_t *index)
{
	uint32_t csr = old & ~(value & 0x700);

	if (value & 1 && !(old & 1u << 16)) {
		csr = 1u << 16;
		*index = 0;
	}
	if (!(value & 1) && !m->stuck_queue)
		csr &= ~(1u << 16);
	return (csr & ~1u) | (value & 1);
}

static void model_busy(struct model *m)
{
	if (m->busy != UINT32_MAX)
		m->busy = 3;
}

static void model_set_ddtp(struct model *m, uint64_t value)
{
	unsigned mode = value & 15, old = m->ddtp & 15;

	/* "ddtp": from one directory to another only by Off or Bare. */
	if (mode > m->max_levels + 1 || (mode >= 2 && old >= 2))
		return;
	m->ddtp = value;
	model_busy(m);
}

static struct model *model_at(uint64_t addr, uint64_t *reg)
{
	for (unsigned i = 0; i < MODELS; i++) {
		*reg = addr - MODEL_BASE(i);
		if (*reg < 0x1000)
			return &models[i];
	}
	fail_msg("no register at 0x%lx", addr);
	return NULL;
}

uint64_t fake_mmio_read(uint64_t addr, unsigned size)
{
	uint64_t reg;
	struct model *m = model_at(addr, &reg);
	bool busy = m->busy == UINT32_MAX || (m->busy && m->busy--);

	assert_true(reg % size == 0 && (size == 4 || size == 8));
	switch (reg) {
	case 0x00: return m->capabilities;
	case 0x08: return m->fctl | m->fctl_ones;
	case 0x10: return size == 8 ? m->ddtp | (busy ? 16 : 0) : (uint32_t)m->ddtp | (busy ? 16 : 0);
	case 0x20: return m->cqh;
	case 0x30: return m->fqh;
	case 0x34: return m->fqt;
	case 0x48: return m->cqcsr | (busy ? 1u << 17 : 0);
	case 0x4c: return m->fqcsr | (busy ? 1u << 17 : 0);
	case 0x50: return m->pqcsr;
	default: fail_msg("register 0x%lx is read", reg);
	}
	return 0;
}

void fake_mmio_write(uint64_t addr, unsigned size, uint64_t value)
{
	uint64_t reg;
	struct model *m = model_at(addr, &reg);

	assert_int_equal(size, reg == 0x10 || reg == 0x18 || reg == 0x28 ? 8 : 4);
	switch (reg) {
	case 0x08: m->fctl = value & 2; break;
	case 0x10: model_set_ddtp(m, value); break;
	case 0x18: assert_false(m->cqcsr & 1u << 16); m->cqb = value; break;
	case 0x24: m->cqt = (uint32_t)value; model_run(m); break;
	case 0x28: assert_false(m->fqcsr & 1u << 16); m->fqb = value; break;
	case 0x30: m->fqh = (uint32_t)value; break;
	case 0x48: m->cqcsr = model_csr(m, m->cqcsr, (uint32_t)value, &m->cqh); model_busy(m); break;
	case 0x4c: m->fqcsr = model_csr(m, m->fqcsr, (uint32_t)value, &m->fqt); model_busy(m); break;
	case 0x50: m->pqcsr = 0; break;
	default: fail_msg("register 0x%lx is written", reg);
	}
}

uint64_t fake_csr_read(unsigned csr)
{
	assert_int_equal(csr, CSR_TIME);
	return model_time += 100;
}

#endif
