/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the host's device tree: one walk makes the index of nodes, then harts, RAM, reserved memory,
 * interrupt controllers and registers are read by it (Devicetree Specification 0.4, chapters 2 and 3;
 * the bindings riscv/cpus and sifive,plic-1.0.0). Questions to the index are in host_query.c. The
 * tree is the firmware's, but nothing in it is believed: whatever is malformed is reported.
 */
#include "hyp/base/str.h"
#include "hyp/plan/host_dt.h"
#include "hyp/plan/isa.h"

#define IRQ_S_EXTERNAL	9u		/* in interrupts-extended of a PLIC: the S-mode context */
#define PHYSICAL_MAX	((1ull << 56) - 1)	/* highest address of RV64, privileged ISA 10.3 */

static void bad_node(const struct host *host, uint16_t node, const char *prop, const char *text,
		     struct reporter *r)
{
	char path[HOST_PATH_SIZE];

	problem_report(r, PROBLEM_BAD_HOST, false, host_path(host, node, path, sizeof(path)), prop,
		       "%s", text);
}

static void too_many(const struct host *host, uint16_t node, const char *what, unsigned limit,
		     struct reporter *r)
{
	char path[HOST_PATH_SIZE];

	problem_report(r, PROBLEM_LIMIT, false, host_path(host, node, path, sizeof(path)), "",
		       "the machine has more than %u %s; this build has room for no more", limit, what);
}

static uint32_t prop_u32(const struct dt_prop *p)
{
	return p->size == 4 ? dt_u32(p->data) : 0;
}

static uint8_t prop_cells(const struct dt_prop *p)
{
	uint32_t cells = p->size == 4 ? dt_u32(p->data) : 0xff;

	return cells < 0xff ? cells : 0xff;
}

static bool prop_is(const struct dt_prop *p, const char *text)
{
	uint32_t size = strlen(text) + 1;

	return p->size == size && !memcmp(p->data, text, size);
}

enum kind {
	KIND_OTHER, KIND_REG, KIND_RANGES, KIND_COMPATIBLE, KIND_INTERRUPTS, KIND_INTERRUPTS_EXTENDED,
	KIND_INTERRUPT_CONTROLLER, KIND_INTERRUPT_MAP, KIND_INTERRUPT_PARENT, KIND_ADDRESS_CELLS,
	KIND_SIZE_CELLS, KIND_INTERRUPT_CELLS, KIND_PHANDLE, KIND_OLD_PHANDLE, KIND_STATUS,
	KIND_DEVICE_TYPE,
};

static enum kind name_kind(const char *name)
{
	static const char *const names[] = {
		[KIND_REG] = "reg",
		[KIND_RANGES] = "ranges",
		[KIND_COMPATIBLE] = "compatible",
		[KIND_INTERRUPTS] = "interrupts",
		[KIND_INTERRUPTS_EXTENDED] = "interrupts-extended",
		[KIND_INTERRUPT_CONTROLLER] = "interrupt-controller",
		[KIND_INTERRUPT_MAP] = "interrupt-map",
		[KIND_INTERRUPT_PARENT] = "interrupt-parent",
		[KIND_ADDRESS_CELLS] = "#address-cells",
		[KIND_SIZE_CELLS] = "#size-cells",
		[KIND_INTERRUPT_CELLS] = "#interrupt-cells",
		[KIND_PHANDLE] = "phandle",
		[KIND_OLD_PHANDLE] = "linux,phandle",
		[KIND_STATUS] = "status",
		[KIND_DEVICE_TYPE] = "device_type",
	};
	uint32_t i;

	for (i = 1; i < ARRAY_LEN(names); i++) {
		if (names[i][0] == name[0] && !strcmp(names[i], name))
			return i;
	}
	return KIND_OTHER;
}

/* A tree has few names and many properties: what a name is, is looked up by where it lies. */
static enum kind prop_kind(struct host *host, const struct dt_prop *p)
{
	struct host_name *known = &host->names[p->name_offset % HOST_NAMES];

	if (known->offset != p->name_offset)
		*known = (struct host_name){ p->name_offset, name_kind(p->name) };
	return known->kind;
}

static void read_device_type(struct host_node *node, const struct dt_prop *p)
{
	if (prop_is(p, "cpu"))
		node->flags |= NODE_CPU;
	else if (prop_is(p, "memory"))
		node->flags |= NODE_MEMORY;
	else if (prop_is(p, "pci"))
		node->flags |= NODE_PCI;
}

/* Keeps of a property what the index holds. */
static void index_prop(struct host *host, struct host_node *node, const struct dt_prop *p)
{
	uint32_t token = p->data - host->dt.blob - 12;

	switch (prop_kind(host, p)) {
	case KIND_OTHER:
		break;
	case KIND_REG:
		node->reg = token;
		break;
	case KIND_RANGES:
		node->ranges = token;
		break;
	case KIND_COMPATIBLE:
		node->compatible = token;
		break;
	case KIND_INTERRUPTS:
		node->interrupts = token;
		break;
	case KIND_INTERRUPTS_EXTENDED:
		node->interrupts_extended = token;
		break;
	case KIND_INTERRUPT_CONTROLLER:
		node->flags |= NODE_INTC;
		break;
	case KIND_INTERRUPT_MAP:
		node->flags |= NODE_NEXUS;
		break;
	case KIND_INTERRUPT_PARENT:
		node->interrupt_parent = prop_u32(p);
		node->flags &= ~NODE_UP_INTC;
		break;
	case KIND_ADDRESS_CELLS:
		node->address_cells = prop_cells(p);
		break;
	case KIND_SIZE_CELLS:
		node->size_cells = prop_cells(p);
		break;
	case KIND_INTERRUPT_CELLS:
		node->interrupt_cells = prop_cells(p);
		break;
	case KIND_PHANDLE:
		node->phandle = prop_u32(p);
		break;
	case KIND_OLD_PHANDLE:
		node->phandle = node->phandle ? node->phandle : prop_u32(p);
		break;
	case KIND_STATUS:
		if (!prop_is(p, "okay") && !prop_is(p, "ok"))
			node->flags |= NODE_DISABLED;
		break;
	case KIND_DEVICE_TYPE:
		read_device_type(node, p);
		break;
	}
}

static void start_node(struct host *host, uint16_t parent, uint32_t name, uint32_t props)
{
	struct host_node *n = &host->nodes[host->nr_nodes];

	memset(n, 0, sizeof(*n));
	n->name = name;
	n->props = props;
	n->parent = parent;
	n->address_cells = 2;
	n->size_cells = 1;
	if (parent != NO_NODE) {
		const struct host_node *p = &host->nodes[parent];

		n->interrupt_parent = p->interrupt_cells ? 0 : p->interrupt_parent;
		n->flags = p->interrupt_cells ? NODE_UP_INTC : p->flags & NODE_UP_INTC;
	}
}

/* The walk. What is wrong is told in *why. */
static enum err index_nodes(struct host *host, const char **why)
{
	uint32_t at = host->dt.structure, depth = 0;
	uint16_t node = NO_NODE, last = NO_NODE;
	struct dt_item item;

	for (;;) {
		switch (dt_next(&host->dt, &at, &item)) {
		case DT_BEGIN_NODE:
			*why = "nodes are nested too deeply, or stand outside of the root";
			if (depth == DT_MAX_DEPTH || (!depth && host->nr_nodes))
				return ERR_INVALID;
			*why = "the tree has too many nodes";
			if (host->nr_nodes == HOST_MAX_NODES)
				return ERR_NOSPACE;
			start_node(host, node, (const uint8_t *)item.name - host->dt.blob, at);
			node = last = host->nr_nodes++;
			depth++;
			break;
		case DT_PROP:
			*why = "a property stands outside of a node or behind a subnode";
			if (!depth || node != last)
				return ERR_INVALID;
			index_prop(host, &host->nodes[node], &item.prop);
			break;
		case DT_END_NODE:
			*why = "a node ends that did not begin";
			if (!depth)
				return ERR_INVALID;
			host->nodes[node].end = host->nr_nodes;
			node = host->nodes[node].parent;
			depth--;
			break;
		case DT_END:
			*why = "the tree ends in the middle of a node";
			return depth || !host->nr_nodes ? ERR_INVALID : OK;
		case DT_BROKEN:
			*why = "the structure block is broken";
			return ERR_INVALID;
		}
	}
}

static void add_ram(struct host *host, uint16_t node, struct range bank, struct reporter *r)
{
	uint32_t i = host->nr_ram;

	if (range_last(bank) > PHYSICAL_MAX) {
		bad_node(host, node, "reg", "RAM above the physical address space", r);
		return;
	}
	if (host->nr_ram == HOST_MAX_RAM) {
		too_many(host, node, "RAM banks", HOST_MAX_RAM, r);
		return;
	}
	for (; i && host->ram[i - 1].base > bank.base; i--)
		host->ram[i] = host->ram[i - 1];
	host->ram[i] = bank;
	host->nr_ram++;
}

static void read_memory(struct host *host, uint16_t node, struct reporter *r)
{
	struct range bank;
	uint32_t i;
	enum err e;

	if (host_is_disabled(host, node))
		return;
	for (i = 0; (e = host_node_reg(host, node, i, &bank)) == OK; i++)
		add_ram(host, node, bank, r);
	if (e != ERR_NOTFOUND)
		bad_node(host, node, "reg", "not a list of addresses and sizes", r);
}

/* Merges adjacent banks (one node a NUMA domain is usual). */
static void merge_ram(struct host *host, struct reporter *r)
{
	uint32_t i, n = 0;

	if (!host->nr_ram) {
		bad_node(host, 0, "", "no memory node: the machine has no RAM", r);
		return;
	}
	for (i = 1; i < host->nr_ram; i++) {
		struct range *prev = &host->ram[n], next = host->ram[i];

		if (range_overlaps(*prev, next)) {
			bad_node(host, 0, "", "two memory banks overlap", r);
			return;
		}
		if (range_last(*prev) + 1 == next.base)
			prev->size += next.size;
		else
			host->ram[++n] = next;
	}
	host->nr_ram = n + 1;
}

static void add_reserved(struct host *host, uint16_t node, struct range range, struct reporter *r)
{
	if (host->nr_reserved == HOST_MAX_RESERVED) {
		too_many(host, host->reserved_memory == NO_NODE ? 0 : host->reserved_memory,
			 "reserved ranges", HOST_MAX_RESERVED, r);
		return;
	}
	host->reserved[host->nr_reserved++] = (struct host_reserved){ range, node };
}

/* A child without reg asks an operating system to choose a place: nothing lies there yet. */
static void read_reserved(struct host *host, struct reporter *r)
{
	struct range range;
	uint16_t top = host->reserved_memory, node;
	uint32_t i;
	enum err e;

	for (i = 0; dt_reservation(&host->dt, i, &range.base, &range.size); i++) {
		if (range_valid(range))
			add_reserved(host, NO_NODE, range, r);
		else
			bad_node(host, 0, "", "a memory reservation is empty or wraps around", r);
	}
	if (top == NO_NODE)
		return;
	for (node = top + 1; node < host->nodes[top].end; node = host->nodes[node].end) {
		if (!host->nodes[node].reg)
			continue;
		for (i = 0; (e = host_node_reg(host, node, i, &range)) == OK; i++)
			add_reserved(host, node, range, r);
		if (e != ERR_NOTFOUND || !i)
			bad_node(host, node, "reg", "not a list of addresses and sizes", r);
	}
}

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
	if (!host_find_prop(host, node, "riscv,isa", &p) || !dt_is_strings(&p) ||
	    !(at = isa_extensions((const char *)p.data))) {
		bad_node(host, node, "riscv,isa", "missing or malformed ISA string", r);
		return 0;
	}
	while (isa_next(&at, &start, &token))
		features |= isa_feature(&token);
	return features;
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

static void find_intc(const struct host *host, struct host_hart *hart, struct reporter *r)
{
	uint16_t i;

	hart->intc = NO_NODE;
	hart->intc_phandle = 0;
	for (i = hart->node + 1; i < host->nodes[hart->node].end; i = host->nodes[i].end) {
		if (host->nodes[i].flags & NODE_INTC && host->nodes[i].phandle &&
		    host->nodes[i].interrupt_cells == 1) {
			hart->intc = i;
			hart->intc_phandle = host->nodes[i].phandle;
			return;
		}
	}
	bad_node(host, hart->node, "", "no interrupt controller with a phandle and one cell", r);
}

/* The features of two harts with the same property values are the same, and reading them is slow. */
static bool same_isa(const struct host *host, uint16_t a, uint16_t b)
{
	static const char *const names[] = { "riscv,isa-extensions", "riscv,isa" };
	struct dt_prop pa, pb;
	uint32_t i;
	bool has;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		has = host_find_prop(host, a, names[i], &pa);
		if (has != host_find_prop(host, b, names[i], &pb))
			return false;
		if (has)
			return pa.size == pb.size && !memcmp(pa.data, pb.data, pa.size);
	}
	return false;
}

static void add_hart(struct host *host, uint16_t node, uint64_t id, bool assume_h,
		     struct reporter *r)
{
	struct host_hart *hart = &host->harts[host->nr_harts];
	int levels = read_mmu(host, node);

	if (levels < 0)
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
	hart->mmu_levels = levels;
	if (host->nr_harts && same_isa(host, hart[-1].node, node))
		hart->features = hart[-1].features;
	else
		hart->features = read_features(host, node, r);
	if (assume_h)
		hart->features |= HART_H;
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

static void read_cpus(struct host *host, bool assume_h, struct reporter *r)
{
	uint32_t cells;
	struct dt_prop reg;
	uint16_t node;

	if (host->cpus == NO_NODE) {
		bad_node(host, 0, "", "no /cpus node", r);
		return;
	}
	read_timebase(host, host->cpus);
	cells = host->nodes[host->cpus].address_cells;
	for (node = host->cpus + 1; node < host->nodes[host->cpus].end;
	     node = host->nodes[node].end) {
		if (!(host->nodes[node].flags & NODE_CPU))
			continue;
		read_timebase(host, node);
		if (host->nodes[node].flags & NODE_DISABLED)
			continue;
		if (host->nodes[node].reg)
			reg = host_prop(host, host->nodes[node].reg);
		if (!host->nodes[node].reg || (cells != 1 && cells != 2) || reg.size != 4 * cells)
			bad_node(host, node, "reg", "not one hart id", r);
		else
			add_hart(host, node, dt_cells(reg.data, cells), assume_h, r);
	}
	if (!host->nr_harts)
		bad_node(host, host->cpus, "", "no usable hart", r);
	if (!host->timebase_hz)
		bad_node(host, host->cpus, "timebase-frequency", "missing or not a frequency", r);
}

/* The hart whose interrupt controller has this phandle; entries come hart by hart, so try *last. */
static int hart_of_intc(const struct host *host, uint32_t phandle, uint32_t *last)
{
	uint32_t i;

	if (*last < host->nr_harts && host->harts[*last].intc_phandle == phandle)
		return *last;
	for (i = 0; i < host->nr_harts; i++) {
		if (host->harts[i].intc_phandle == phandle) {
			*last = i;
			return i;
		}
	}
	return -1;
}

/* Context n is entry n of interrupts-extended, whatever it says; only S external ones are kept. */
static void read_contexts(struct host *host, struct host_plic *plic, struct reporter *r)
{
	const struct host_node *n = &host->nodes[plic->node];
	struct dt_prop p = host_prop(host, n->interrupts_extended);
	uint32_t at = 0, last = 0, phandle, cells;
	uint16_t node;
	int hart;

	while (at + 4 <= p.size) {
		phandle = dt_u32(p.data + at);
		hart = phandle ? hart_of_intc(host, phandle, &last) : -1;
		node = hart >= 0 ? host->harts[hart].intc : host_find_phandle(host, phandle);
		cells = node == NO_NODE ? 0 : host->nodes[node].interrupt_cells;
		if (!cells || cells > 2 || p.size - at < 4 + 4 * cells) {
			bad_node(host, plic->node, "interrupts-extended", "malformed", r);
			return;
		}
		if (hart >= 0 && dt_u32(p.data + at + 4) == IRQ_S_EXTERNAL)
			plic->context[hart] = plic->nr_contexts;
		plic->nr_contexts++;
		at += 4 + 4 * cells;
	}
}

static void add_plic(struct host *host, uint16_t node, struct reporter *r)
{
	struct host_plic *plic = &host->plics[host->nr_plics];
	struct dt_prop ndev;
	uint32_t i;

	if (host->nr_plics == MAX_PLICS) {
		too_many(host, node, "PLICs", MAX_PLICS, r);
		return;
	}
	plic->node = node;
	plic->phandle = host->nodes[node].phandle;
	plic->nr_contexts = 0;
	for (i = 0; i < MAX_HARTS; i++)
		plic->context[i] = NO_CONTEXT;
	if (host_node_reg(host, node, 0, &plic->range)) {
		bad_node(host, node, "reg", "missing or malformed", r);
		return;
	}
	plic->ndev = host_find_prop(host, node, "riscv,ndev", &ndev) ? prop_u32(&ndev) : 0;
	if (!plic->ndev || plic->ndev >= MAX_IRQS) {
		bad_node(host, node, "riscv,ndev", "missing or not from 1 to 1023", r);
		return;
	}
	if (!host->nodes[node].interrupts_extended || !plic->phandle) {
		bad_node(host, node, "interrupts-extended", "missing, or the node has no phandle", r);
		return;
	}
	host->nr_plics++;
	read_contexts(host, plic, r);
}

static bool is_plic(const struct host *host, uint16_t node)
{
	static const char *const names[] = {
		"riscv,plic0", "sifive,plic-1.0.0", "thead,c900-plic", "andestech,nceplic100",
	};
	uint32_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		if (host_is_compatible(host, node, names[i]))
			return true;
	}
	return false;
}

/* All memory-mapped registers: a page of them must not be given twice, not even in part. */
static void read_regs(struct host *host, struct reporter *r)
{
	uint32_t node, i;
	struct range range;
	enum err e;

	for (node = 1; node < host->nr_nodes; node++) {
		if (!host->nodes[node].reg || host->nodes[node].flags & NODE_MEMORY)
			continue;
		if (host->reserved_memory != NO_NODE &&
		    host_is_within(host, node, host->reserved_memory))
			continue;
		for (i = 0; (e = host_node_reg(host, node, i, &range)) != ERR_NOTFOUND; i++) {
			if (e != OK)
				continue;	/* told when somebody asks for the device */
			if (host->nr_regs == HOST_MAX_REGS) {
				too_many(host, 0, "register ranges", HOST_MAX_REGS, r);
				return;
			}
			host->regs[host->nr_regs++] = (struct host_reg){ range, node };
		}
	}
}

static void find_tops(struct host *host)
{
	uint16_t node;

	for (node = 1; node < host->nodes[0].end; node = host->nodes[node].end) {
		const char *name = host_name(host, node);

		if (!strcmp(name, "cpus"))
			host->cpus = node;
		else if (!strcmp(name, "chosen"))
			host->chosen = node;
		else if (!strcmp(name, "aliases"))
			host->aliases = node;
		else if (!strcmp(name, "reserved-memory"))
			host->reserved_memory = node;
		else if (!strncmp(name, "memory", 6) && (!name[6] || name[6] == '@'))
			host->nodes[node].flags |= NODE_MEMORY;
	}
}

static void read_machine(struct host *host, bool assume_h, struct reporter *r)
{
	uint32_t node;

	find_tops(host);
	if (host->nodes[0].address_cells > 2 || host->nodes[0].size_cells > 2 ||
	    !host->nodes[0].address_cells || !host->nodes[0].size_cells) {
		bad_node(host, 0, "#address-cells", "addresses and sizes must have 1 or 2 cells", r);
		return;
	}
	for (node = 1; node < host->nr_nodes; node = host->nodes[node].end) {
		if (host->nodes[node].flags & NODE_MEMORY)
			read_memory(host, node, r);
	}
	merge_ram(host, r);
	read_reserved(host, r);
	read_cpus(host, assume_h, r);
	for (node = 1; node < host->nr_nodes; node++) {
		if (host->nodes[node].flags & NODE_INTC && is_plic(host, node) &&
		    !host_is_disabled(host, node))
			add_plic(host, node, r);
	}
	read_regs(host, r);
}

enum err host_parse(struct host *host, const void *dtb, uint64_t max, bool assume_h,
		    struct reporter *r)
{
	unsigned before = r->count;
	const char *why = "not a flattened device tree of version 17";
	enum err e;

	host->timebase_hz = 0;
	host->nr_nodes = host->nr_harts = host->nr_ram = host->nr_reserved = 0;
	host->nr_regs = host->nr_plics = 0;
	host->cpus = host->chosen = host->aliases = host->reserved_memory = NO_NODE;
	memset(host->names, 0xff, sizeof(host->names));	/* no name lies there */
	e = dt_open(&host->dt, dtb, max);
	if (e == OK)
		e = index_nodes(host, &why);
	if (e) {
		problem_report(r, PROBLEM_BAD_HOST, false, "/", "", "%s", why);
		return e;
	}
	read_machine(host, assume_h, r);
	return r->count == before ? OK : ERR_INVALID;
}
