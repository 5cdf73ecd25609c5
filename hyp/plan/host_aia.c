/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Advanced Interrupt Architecture in the host's tree: the S-level IMSIC with its guest interrupt files, and the
 * APLICs whose sources an operating system has (RISC-V AIA 1.0, chapters 3 and 4; the bindings riscv,imsics and
 * riscv,aplic). The interrupt that a node raises shows whether it is of M-level, not order or address.
 */
#include "hyp/plan/host_int.h"

#define IRQ_S_EXTERNAL	9u
#define APLIC_MIN_SIZE	0x4000u		/* up to the last target register */
#define APLIC_MAX_SIZE	(64 * MIB)
#define MAX_GUEST_BITS	6u		/* 63 guest files of a hart, as many as hgeip has bits */
#define MAX_POSITION_BITS	14u	/* of a hart in a target register, group included */
#define MAX_IDS		2047u

/*
 * Registers of files are one page each: that of S-level, then those of guests, for each hart at a multiple of stride.
 * The page of entry number index of interrupts-extended, through the entries of reg; false: it is in none of
 * them.
 */
static bool find_page(const struct host *host, uint16_t node, uint64_t stride, uint32_t index, uint64_t *page)
{
	struct range reg;

	for (uint32_t i = 0; host_node_reg(host, node, i, &reg) == OK; i++) {
		uint64_t n = (reg.size - 1) / stride + 1;

		if (index < n) {
			*page = reg.base + index * stride;
			/* with its first guest file, which is the next page */
			return range_contains(reg, *page, 2 * PAGE_SIZE);
		}
		index -= (uint32_t)n;
	}
	return false;
}

static uint32_t bits_for(uint32_t count)
{
	uint32_t bits = 0;

	while (bits < 31 && 1u << bits < count)
		bits++;
	return bits;
}

static uint32_t field(uint64_t address, uint32_t shift, uint32_t bits)
{
	return bits ? (uint32_t)(address >> shift) & ((1u << bits) - 1) : 0;
}

/* Where a file's address has its hart's number: what target registers of APLICs in MSI mode name a hart by. */
static uint32_t position(const struct host_imsic *m, uint64_t page)
{
	return field(page, m->group_shift, m->group_bits) << m->hart_bits |
	       field(page, 12 + m->guest_bits, m->hart_bits);
}

static bool is_taken(const struct host *host, uint32_t hart, uint64_t page)
{
	for (uint32_t i = 0; i < hart; i++) {
		if (host->imsic.file[i] &&
		    (host->imsic.file[i] == page || position(&host->imsic, host->imsic.file[i]) ==
						    position(&host->imsic, page)))
			return true;
	}
	return false;
}

static const char *read_sizes(struct host *host, uint16_t node, uint32_t nr_entries)
{
	struct host_imsic *m = &host->imsic;
	uint32_t guest = host_prop_u32(host, node, "riscv,guest-index-bits", 0);
	uint32_t hart = host_prop_u32(host, node, "riscv,hart-index-bits", bits_for(nr_entries));
	uint32_t group = host_prop_u32(host, node, "riscv,group-index-bits", 0);
	uint32_t shift = host_prop_u32(host, node, "riscv,group-index-shift", 24);

	m->nr_ids = host_prop_u32(host, node, "riscv,num-ids", 0);
	m->nr_ids = host_prop_u32(host, node, "riscv,num-guest-ids", m->nr_ids);
	if (m->nr_ids < 63 || m->nr_ids > MAX_IDS || (m->nr_ids & 63) != 63)
		return "riscv,num-ids is not 64 * n - 1, from 63 to 2047";
	if (guest > MAX_GUEST_BITS || hart > MAX_POSITION_BITS || group > MAX_POSITION_BITS - hart || shift > 55 ||
	    (group && shift < 12 + guest + hart))
		return "riscv,guest-index-bits, hart-index-bits and group-index-bits make no sense";
	m->guest_bits = guest;
	m->hart_bits = hart;
	m->group_bits = group;
	m->group_shift = shift;
	return NULL;
}

void host_read_imsic(struct host *host, uint16_t node, struct reporter *r)
{
	struct host_imsic *m = &host->imsic;
	int16_t entry[MAX_HARTS];
	uint32_t i, count, found = 0;
	const char *why;

	if (m->node != NO_NODE || !host->nodes[node].interrupts_extended)
		return;
	count = host_read_entries(host, node, IRQ_S_EXTERNAL, entry, r);
	for (i = 0; i < host->nr_harts; i++)
		found += entry[i] != NO_CONTEXT;
	if (!found)
		return;		/* of M-level */
	why = read_sizes(host, node, count);
	if (why) {
		bad_node(host, node, "", why, r);
		return;
	}
	m->node = node;
	m->phandle = host->nodes[node].phandle;
	for (i = 0; i < host->nr_harts && m->guest_bits; i++) {
		uint64_t page = 0, stride = (uint64_t)PAGE_SIZE << m->guest_bits;

		if (entry[i] == NO_CONTEXT || !find_page(host, node, stride, (uint32_t)entry[i], &page))
			continue;
		if (page % stride || host_meets_ram(host, (struct range){ page, stride }) || is_taken(host, i, page)) {
			bad_node(host, node, "reg",
				 "interrupt files lie in RAM, at no multiple of their size, or two harts have the same", r);
			return;
		}
		m->file[i] = page;
	}
}

int16_t host_file_position(const struct host *host, uint32_t hart)
{
	return host->imsic.file[hart] ? (int16_t)position(&host->imsic, host->imsic.file[hart]) : NO_CONTEXT;
}

/* It sends messages to the IMSIC of S-level. */
bool host_is_aplic(const struct host *host, uint16_t node)
{
	return host->imsic.node != NO_NODE && host->imsic.phandle && host_is_compatible(host, node, "riscv,aplic") &&
	       host_prop_u32(host, node, "msi-parent", 0) == host->imsic.phandle;
}

void host_read_aplic(const struct host *host, uint16_t node, struct host_plic *aplic, const char **prop,
		     const char **why)
{
	aplic->kind = INTC_APLIC;
	aplic->nr_contexts = 0;
	for (uint32_t i = 0; i < host->nr_harts; i++)
		aplic->context[i] = host_file_position(host, i);
	aplic->ndev = host_prop_u32(host, node, "riscv,num-sources", 0);
	*prop = "riscv,num-sources";
	if (!aplic->ndev || aplic->ndev >= MAX_IRQS)
		*why = "is not from 1 to 1023: how many sources the APLIC has";
	else if (aplic->range.size < APLIC_MIN_SIZE || aplic->range.size > APLIC_MAX_SIZE) {
		*prop = "reg";
		*why = "not from 16 KiB to 64 MiB, as an APLIC has";
	}
}

bool host_meets_file(const struct host *host, struct range range)
{
	for (uint32_t i = 0; i < host->nr_harts; i++) {
		if (host->imsic.file[i] &&
		    range_overlaps((struct range){ host->imsic.file[i] + PAGE_SIZE, PAGE_SIZE }, range))
			return true;
	}
	return false;
}
