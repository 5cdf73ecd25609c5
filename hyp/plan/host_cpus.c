/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The harts of the host, by its /cpus node (the binding riscv/cpus.yaml): those that are enabled
 * and can run a supervisor, with their ISA, MMU and interrupt controller.
 */
#include "hyp/plan/host_int.h"
#include "hyp/plan/isa.h"

/* Plausible sizes in bytes: a page is a whole number of blocks. */
#define CBOM_BLOCK_MIN	8u
#define CBOM_BLOCK_MAX	4096u

static uint32_t read_features(const struct host *host, uint16_t node, struct reporter *r)
{
	struct isa_token token;
	const char *at, *start;
	struct dt_prop p;
	uint32_t features = 0, pos = 0;

	if (host_find_prop(host, node, "riscv,isa-extensions", &p)) {
		while ((at = dt_string(&p, &pos))) {
			token = (struct isa_token){ at, strlen(at) };
			if (token.size)
				features |= isa_feature(&token);
		}
		return features;
	}
	if (!host_find_prop(host, node, "riscv,isa", &p)) {
		bad_node(host, node, "riscv,isa", "is missing, and riscv,isa-extensions as well: the hart's ISA is "
			 "unknown", r);
		return 0;
	}
	if (!dt_is_strings(&p) || !(at = isa_extensions((const char *)p.data))) {
		bad_node(host, node, "riscv,isa", "no ISA string: it must begin with rv64", r);
		return 0;
	}
	while (isa_next(&at, &start, &token))
		features |= isa_feature(&token);
	return features;
}

/*
 * CBO.CLEAN needs the size of a block. Without it a guest's RAM cannot be written back once it is cleared, and then a
 * guest must not map it uncached (docs/safety.md, "Caches").
 */
static uint16_t read_cbom_block(const struct host *host, uint16_t node, uint32_t *features)
{
	struct dt_prop p;
	uint64_t size = 0;

	if (*features & HART_ZICBOM && host_find_prop(host, node, "riscv,cbom-block-size", &p) && p.size == 4)
		size = dt_cells(p.data, 1);
	if (size >= CBOM_BLOCK_MIN && size <= CBOM_BLOCK_MAX && !(size & (size - 1)))
		return (uint16_t)size;
	*features &= ~(uint32_t)(HART_ZICBOM | HART_SVPBMT);
	return 0;
}

/* 3, 4, 5 for Sv39, Sv48, Sv57; 0 if not said; -1: the hart has no MMU. */
static int read_mmu(const struct host *host, uint16_t node)
{
	struct dt_prop p;

	if (!host_find_prop(host, node, "mmu-type", &p))
		return 0;
	if (prop_is(&p, "riscv,sv39"))
		return 3;
	if (prop_is(&p, "riscv,sv48"))
		return 4;
	if (prop_is(&p, "riscv,sv57"))
		return 5;
	return prop_is(&p, "riscv,none") || prop_is(&p, "riscv,sv32") ? -1 : 0;
}

/* XLEN is 32, by either of the properties that say it. */
static bool is_rv32(const struct host *host, uint16_t node)
{
	struct dt_prop p;

	if (!host_find_prop(host, node, "riscv,isa-base", &p) && !host_find_prop(host, node, "riscv,isa", &p))
		return false;
	return p.size >= 5 && (p.data[0] | 0x20) == 'r' && (p.data[1] | 0x20) == 'v' && !memcmp(p.data + 2, "32", 2);
}

/* Why the hart cannot run a guest, whatever else it has; NULL: it can. It is left out as a disabled one is. */
static const char *unfit(const struct host *host, uint16_t node)
{
	if (is_rv32(host, node))
		return "it is an RV32 hart";
	return read_mmu(host, node) < 0 ? "it has no MMU of Sv39 or larger" : NULL;
}

static void find_intc(const struct host *host, struct host_hart *hart, struct reporter *r)
{
	uint16_t near = 0;

	hart->intc = NO_NODE;
	hart->intc_phandle = 0;
	for (uint16_t i = hart->node + 1; i < host->nodes[hart->node].end; i = host->nodes[i].end) {
		near = host->nodes[i].flags & NODE_INTC ? i : near;
		if (host->nodes[i].flags & NODE_INTC && host->nodes[i].phandle &&
		    host->nodes[i].interrupt_cells == 1) {
			hart->intc = i;
			hart->intc_phandle = host->nodes[i].phandle;
			return;
		}
	}
	bad_node(host, hart->node, "", !near ? "the hart has no interrupt controller below it" :
		 host->nodes[near].phandle ? "the hart's interrupt controller must have #interrupt-cells = <1>" :
		 "the hart's interrupt controller has no phandle, so that nothing can refer to it", r);
}

/*
 * The features of two harts with the same property values are the same, and reading them is slow.
 */
static bool same_isa(const struct host *host, uint16_t a, uint16_t b)
{
	static const char *const names[] = { "riscv,isa-extensions", "riscv,isa" };
	struct dt_prop pa, pb;
	bool has;

	for (uint32_t i = 0; i < ARRAY_LEN(names); i++) {
		has = host_find_prop(host, a, names[i], &pa);
		if (has != host_find_prop(host, b, names[i], &pb))
			return false;
		if (has)
			return pa.size == pb.size && !memcmp(pa.data, pb.data, pa.size);
	}
	return false;
}

const char *host_hart_fault(const struct host *host, uint64_t id)
{
	uint16_t node = host->cpus;
	const char *why;
	struct dt_prop reg;

	if (host_find_hart(host, id) >= 0)
		return NULL;
	for (node++; node < host->nodes[host->cpus].end; node = host->nodes[node].end) {
		if (!(host->nodes[node].flags & NODE_CPU) || !host->nodes[node].reg)
			continue;
		reg = host_prop(host, host->nodes[node].reg);
		if ((reg.size != 4 && reg.size != 8) || dt_cells(reg.data, reg.size / 4) != id)
			continue;
		if (host->nodes[node].flags & NODE_DISABLED)
			return "its node is disabled";
		why = unfit(host, node);
		return why ? why : "its node is malformed";
	}
	return NULL;
}

static void add_hart(struct host *host, uint16_t node, uint64_t id, struct reporter *r)
{
	struct host_hart *hart = &host->harts[host->nr_harts];

	if (unfit(host, node))
		return;
	if (host_find_hart(host, id) >= 0) {
		bad_node(host, node, "reg", "two cpus have the same hart id", r);
		return;
	}
	if (host->nr_harts == MAX_HARTS) {
		too_many(host, host->cpus, "harts", MAX_HARTS, r);
		return;
	}
	hart->id = id;
	hart->node = node;
	hart->mmu_levels = read_mmu(host, node);
	hart->setssip = 0;
	if (host->nr_harts && same_isa(host, hart[-1].node, node))
		hart->isa = hart[-1].isa;
	else
		hart->isa = read_features(host, node, r);
	hart->features = hart->isa;
	hart->cbom_block = read_cbom_block(host, node, &hart->features);
	find_intc(host, hart, r);
	host->nr_harts++;
}

static void read_timebase(struct host *host, uint16_t node)
{
	struct dt_prop p;

	if (host->timebase_hz || !host_find_prop(host, node, "timebase-frequency", &p))
		return;
	if (p.size == 4 || p.size == 8)
		host->timebase_hz = dt_cells(p.data, p.size / 4);
}

/* If the tree lists H for no hart, it leaves H out, and all harts get it. If it lists some, only these have it. */
static void assume_hypervisor(struct host *host)
{
	for (uint32_t i = 0; i < host->nr_harts; i++) {
		if (host->harts[i].features & HART_H)
			return;
	}
	for (uint32_t i = 0; i < host->nr_harts; i++)
		host->harts[i].features |= HART_H;
}

/* Why the tree has no hart that can be used. */
static const char *why_no_hart(const struct host *host)
{
	uint32_t cpus = 0, disabled = 0, rv32 = 0;

	for (uint16_t node = host->cpus + 1; node < host->nodes[host->cpus].end; node = host->nodes[node].end) {
		bool off = host->nodes[node].flags & NODE_DISABLED;

		if (!(host->nodes[node].flags & NODE_CPU))
			continue;
		cpus++;
		disabled += off;
		rv32 += !off && is_rv32(host, node);
	}
	if (!cpus)
		return "no cpu node: a hart's has device_type = \"cpu\"";
	if (disabled == cpus)
		return "all harts are disabled";
	if (rv32 + disabled == cpus)
		return "no usable hart: each is an RV32 hart, or disabled";
	return rv32 ? "no usable hart: each is an RV32 hart, disabled, or has no MMU of Sv39 or larger" :
		      "no usable hart: each is disabled, or has no MMU of Sv39 or larger";
}

void host_read_cpus(struct host *host, bool assume_h, struct reporter *r)
{
	uint32_t cells;
	unsigned before = r->count;
	struct dt_prop reg;

	if (host->cpus == NO_NODE) {
		bad_node(host, 0, "", "no /cpus node", r);
		return;
	}
	read_timebase(host, host->cpus);
	cells = host->nodes[host->cpus].address_cells;
	for (uint16_t node = host->cpus + 1; node < host->nodes[host->cpus].end;
	     node = host->nodes[node].end) {
		if (!(host->nodes[node].flags & NODE_CPU))
			continue;
		read_timebase(host, node);
		if (host->nodes[node].flags & NODE_DISABLED)
			continue;
		if (host->nodes[node].reg)
			reg = host_prop(host, host->nodes[node].reg);
		if (!host->nodes[node].reg || (cells != 1 && cells != 2) || reg.size != 4 * cells)
			bad_node(host, node, "reg", !host->nodes[node].reg ? "is missing: the hart id" :
				 "not one hart id: its length does not fit #address-cells of /cpus", r);
		else
			add_hart(host, node, dt_cells(reg.data, cells), r);
	}
	if (!host->nr_harts && r->count == before)
		bad_node(host, host->cpus, "", why_no_hart(host), r);
	if (assume_h)
		assume_hypervisor(host);
	if (!host->timebase_hz)
		bad_node(host, host->cpus, "timebase-frequency",
			 "is missing, or no number of Hz: how fast the timer counts. "
			 "Add it: fdtput -t i HOST.dtb /cpus timebase-frequency HZ", r);
}
