/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the host's device tree: with the index of nodes (host_index.c) RAM, reserved memory, harts
 * (host_cpus.c), interrupt controllers and registers are read (Devicetree Specification 0.4,
 * chapter 3; the binding sifive,plic-1.0.0). Queries of the index are in host_query.c. The tree
 * is the firmware's, but it is not trusted: whatever is malformed is reported.
 */
#include "hyp/plan/host_int.h"

#define PLIC_MAX_SIZE	(64 * MIB)	/* PLIC specification 1.0.0, "Memory Map" */
#define IRQ_S_SOFTWARE	1u	/* in interrupts-extended of an SSWI: the S-mode software interrupt */
#define IRQ_S_EXTERNAL	9u	/* of a PLIC: the S-mode context */
#define SSWI_MAX	4095u	/* ACLINT specification 1.0-rc4, "SSWI Device": registers of one device */
#define PHYSICAL_MAX	((1ull << 56) - 1)	/* last address of RV64 (privileged ISA, Sv39) */

/* Banks that overlap both list the shared range as RAM. A boot loader that adds a bank to a tree with one causes
 * this. */
static void note_overlap(const struct host *host, uint16_t node, struct range bank, struct reporter *r)
{
	char path[HOST_PATH_SIZE];

	problem_note(r, false, host_path(host, node, path, sizeof(path)), "reg",
		     "0x%lx to 0x%lx overlaps other RAM of the tree; both are taken as one", bank.base,
		     range_last(bank));
}

/* Banks that touch or overlap become one (one node a NUMA domain is usual); the others stay sorted. */
static void add_ram(struct host *host, uint16_t node, struct range bank, struct reporter *r)
{
	uint32_t first = 0, end, kept;
	struct range joined = bank;

	if (range_last(bank) > PHYSICAL_MAX) {
		bad_node(host, node, "reg", "RAM above 2^56, the last physical address of RV64; correct the tree", r);
		return;
	}
	while (first < host->nr_ram && range_last(host->ram[first]) + 1 < bank.base)
		first++;
	for (end = first; end < host->nr_ram && host->ram[end].base <= range_last(bank) + 1; end++) {
		uint64_t last = range_last(joined), other = range_last(host->ram[end]);

		if (range_overlaps(host->ram[end], bank))
			note_overlap(host, node, bank, r);
		joined.base = host->ram[end].base < joined.base ? host->ram[end].base : joined.base;
		joined.size = (other > last ? other : last) - joined.base + 1;
	}
	if (first == end && host->nr_ram == HOST_MAX_RAM) {
		too_many(host, node, "RAM banks", HOST_MAX_RAM, r);
		return;
	}
	kept = host->nr_ram - end;
	memmove(&host->ram[first + 1], &host->ram[end], kept * sizeof(host->ram[0]));
	host->ram[first] = joined;
	host->nr_ram = first + 1 + kept;
}

/* Reports a fault of a property reg, by its cause. */
static void bad_reg(const struct host *host, uint16_t node, enum err e, struct reporter *r)
{
	char path[HOST_PATH_SIZE];

	problem_report(r, PROBLEM_BAD_HOST, false, host_path(host, node, path, sizeof(path)), "reg", "it %s",
		       host_reg_fault(e));
}

static void read_memory(struct host *host, uint16_t node, struct reporter *r)
{
	struct range bank;
	enum err e;

	if (host_is_disabled(host, node))
		return;
	/* A bank of size 0 is a socket without memory, or one that a boot loader has left empty. */
	for (uint32_t i = 0; (e = host_node_reg(host, node, i, &bank)) == OK || e == ERR_NOSPACE; i++) {
		if (e == OK)
			add_ram(host, node, bank, r);
	}
	if (e != ERR_NOTFOUND)
		bad_reg(host, node, e, r);
}

/* Trees as they come with a kernel often have none: the boot loader adds it. */
static void need_ram(const struct host *host, unsigned before, struct reporter *r)
{
	uint32_t nodes = 0;

	if (host->nr_ram || r->count != before)
		return;
	for (uint32_t node = 1; node < host->nr_nodes; node = host->nodes[node].end)
		nodes += !!(host->nodes[node].flags & NODE_MEMORY);
	bad_node(host, 0, "", nodes ? "all memory nodes are disabled or have a size of 0. The boot loader fills them "
		 "in: take /sys/firmware/fdt of the running board, or use the option --memory \"2G at 0x80000000\"" :
		 "there is no memory node. The boot loader adds it: take /sys/firmware/fdt of the running board, "
		 "or use the option --memory \"2G at 0x80000000\"", r);
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

/* The parent must have an empty "ranges". If that is missing, the addresses still count as the CPU's. */
static enum err reserved_reg(const struct host *host, uint16_t node, uint32_t index, struct range *range)
{
	return host->nodes[host->reserved_memory].ranges ? host_node_reg(host, node, index, range) :
	       host_bus_reg(host, node, index, range);
}

/* An empty reg counts as none. */
static bool has_reg(const struct host *host, uint16_t node)
{
	return host->nodes[node].reg && host_prop(host, host->nodes[node].reg).size;
}

/* A child without reg leaves the place to the operating system, and one of size 0 reserves nothing. */
static void read_reserved(struct host *host, struct reporter *r)
{
	struct range range;
	uint16_t top = host->reserved_memory;
	uint32_t i;
	enum err e;

	for (i = 0; dt_reservation(&host->dt, i, &range.base, &range.size); i++) {
		if (range_valid(range))
			add_reserved(host, NO_NODE, range, r);
		else if (range.size)
			bad_node(host, 0, "", "a memory reservation (/memreserve/) wraps around the end of the "
					      "addresses", r);
	}
	if (top == NO_NODE)
		return;
	for (uint16_t node = top + 1; node < host->nodes[top].end; node = host->nodes[node].end) {
		for (i = 0; (e = reserved_reg(host, node, i, &range)) == OK || e == ERR_NOSPACE; i++) {
			if (e == OK)
				add_reserved(host, node, range, r);
		}
		if (e != ERR_NOTFOUND || (!i && has_reg(host, node)))
			bad_reg(host, node, e, r);
	}
}

/* The hart whose interrupt controller has this phandle; entries come hart by hart, so try *last. */
static int hart_of_intc(const struct host *host, uint32_t phandle, uint32_t *last)
{
	if (*last < host->nr_harts && host->harts[*last].intc_phandle == phandle)
		return *last;
	for (uint32_t i = 0; i < host->nr_harts; i++) {
		if (host->harts[i].intc_phandle == phandle) {
			*last = i;
			return i;
		}
	}
	return -1;
}

/* Ends the list: the start of the next entry is unknown then, and an entry's position is its context. */
static void bad_entry(const struct host *host, uint16_t device, uint32_t entry, uint32_t phandle, uint16_t node,
		      struct reporter *r)
{
	char path[HOST_PATH_SIZE];

	problem_report(r, PROBLEM_BAD_HOST, false, host_path(host, device, path, sizeof(path)), "interrupts-extended",
		       node == NO_NODE ? "entry %u refers to phandle 0x%x, which no node has" :
		       host->nodes[node].interrupt_cells && host->nodes[node].interrupt_cells <= 2 ?
		       "entry %u (phandle 0x%x) is cut off" :
		       "entry %u refers to phandle 0x%x, which is no interrupt controller with 1 or 2 #interrupt-cells",
		       entry, phandle);
}

uint32_t host_read_entries(const struct host *host, uint16_t device, uint32_t irq, int16_t *entry, struct reporter *r)
{
	struct dt_prop p = host_prop(host, host->nodes[device].interrupts_extended);
	uint32_t at = 0, last = 0, count = 0, phandle, cells;
	uint16_t node;
	int hart;

	for (hart = 0; hart < MAX_HARTS; hart++)
		entry[hart] = NO_CONTEXT;
	while (at + 4 <= p.size) {
		phandle = dt_u32(p.data + at);
		hart = phandle ? hart_of_intc(host, phandle, &last) : -1;
		node = hart >= 0 ? host->harts[hart].intc : host_find_phandle(host, phandle);
		cells = node == NO_NODE ? 0 : host->nodes[node].interrupt_cells;
		if (!cells || cells > 2 || p.size - at < 4 + 4 * cells) {
			bad_entry(host, device, count, phandle, node, r);
			break;
		}
		if (hart >= 0 && dt_u32(p.data + at + 4) == irq)
			entry[hart] = count;
		count++;
		at += 4 + 4 * cells;
	}
	return count;
}

static const char *plic_place_fault(const struct host *host, struct range range)
{
	if (range.base % PAGE_SIZE)
		return "the PLIC begins at no multiple of 4K";
	if (range.size > PLIC_MAX_SIZE)
		return "larger than the 64 MiB that a PLIC can have";
	if (host_meets_ram(host, range))
		return "the PLIC lies in RAM";
	if (host_meets_file(host, range))
		return "in the registers of an IMSIC";
	return host_meets_plic(host, range) ? "in the registers of another PLIC" : NULL;
}

static void add_aplic(struct host *host, uint16_t node, struct reporter *r)
{
	struct host_plic *aplic = &host->plics[host->nr_plics];
	const char *prop = "reg", *why = NULL;
	enum err e;

	if (host->nr_plics == MAX_INTCS) {
		too_many(host, node, "interrupt controllers", MAX_INTCS, r);
		return;
	}
	aplic->node = node;
	aplic->phandle = host->nodes[node].phandle;
	e = host_node_reg(host, node, 0, &aplic->range);
	if (e) {
		bad_reg(host, node, e, r);
		return;
	}
	if (aplic->range.base % PAGE_SIZE || host_meets_ram(host, aplic->range) ||
	    host_meets_plic(host, aplic->range) || host_meets_file(host, aplic->range))
		why = "the APLIC begins at no multiple of 4K, or lies in RAM or in another controller";
	else
		host_read_aplic(host, node, aplic, &prop, &why);
	if (!why && !aplic->phandle) {
		prop = "phandle";
		why = "the APLIC has none, so that no device can refer to it";
	}
	if (why)
		bad_node(host, node, prop, why, r);
	else
		host->nr_plics++;
}

static void add_plic(struct host *host, uint16_t node, struct reporter *r)
{
	struct host_plic *plic = &host->plics[host->nr_plics];
	struct dt_prop ndev;
	const char *why;
	enum err e;

	if (host->nr_plics == MAX_INTCS) {
		too_many(host, node, "PLICs", MAX_INTCS, r);
		return;
	}
	plic->kind = INTC_PLIC;
	plic->node = node;
	plic->phandle = host->nodes[node].phandle;
	e = host_node_reg(host, node, 0, &plic->range);
	if (e) {
		bad_reg(host, node, e, r);
		return;
	}
	why = plic_place_fault(host, plic->range);
	if (why) {
		bad_node(host, node, "reg", why, r);
		return;
	}
	plic->ndev = host_find_prop(host, node, "riscv,ndev", &ndev) ? prop_u32(&ndev) : 0;
	if (!plic->ndev || plic->ndev >= MAX_IRQS) {
		bad_node(host, node, "riscv,ndev", plic->ndev ? "more than 1023, the last source that a PLIC can have" :
			 "is missing or 0: how many sources the PLIC has", r);
		return;
	}
	if (!plic->phandle) {
		bad_node(host, node, "phandle", "the PLIC has none, so that no device can refer to it", r);
		return;
	}
	if (!host->nodes[node].interrupts_extended) {
		bad_node(host, node, "interrupts-extended", "is missing: which harts the PLIC interrupts", r);
		return;
	}
	host->nr_plics++;
	plic->nr_contexts = host_read_entries(host, node, IRQ_S_EXTERNAL, plic->context, r);
}

static const char *sswi_place_fault(const struct host *host, struct range range, uint32_t count)
{
	if (range.base < PAGE_SIZE)
		return "the SSWI device lies in the page at 0, which is never mapped because of null pointers";
	if (range.base & 3)
		return "the SSWI device begins at no multiple of 4";
	if (host_meets_ram(host, range))
		return "the SSWI device lies in RAM";
	if (host_meets_plic(host, range) || (range_valid(range) && host_meets_file(host, range_pages(range))))
		return "the SSWI device lies in the registers of a PLIC, or of an APLIC or IMSIC";
	return count > SSWI_MAX || range.size < 4 * count ? "not 4 bytes for each entry of interrupts-extended" : NULL;
}

/*
 * ACLINT SSWI (the binding riscv,aclint-sswi): register n, of 32 bits, raises the software interrupt of entry n's
 * hart. T-Head's SSWI clears it in another way, so it is not used.
 */
static void add_sswi(struct host *host, uint16_t node, struct reporter *r)
{
	struct range range;
	int16_t entry[MAX_HARTS];
	uint32_t count;
	const char *why;
	enum err e;

	count = host_read_entries(host, node, IRQ_S_SOFTWARE, entry, r);
	e = host_node_reg(host, node, 0, &range);
	if (e) {
		bad_reg(host, node, e, r);
		return;
	}
	why = sswi_place_fault(host, range, count);
	if (why) {
		bad_node(host, node, "reg", why, r);
		return;
	}
	for (uint32_t i = 0; i < host->nr_harts; i++) {
		if (entry[i] != NO_CONTEXT)
			host->harts[i].setssip = range.base + 4 * (uint32_t)entry[i];
	}
}

static bool is_plic(const struct host *host, uint16_t node)
{
	static const char *const names[] = {
		"riscv,plic0", "sifive,plic-1.0.0", "thead,c900-plic", "andestech,nceplic100",
	};

	for (uint32_t i = 0; i < ARRAY_LEN(names); i++) {
		if (host_is_compatible(host, node, names[i]))
			return true;
	}
	return false;
}

static bool add_reg(struct host *host, uint16_t node, struct range range, struct reporter *r)
{
	if (host->nr_regs == HOST_MAX_REGS) {
		too_many(host, 0, "register ranges", HOST_MAX_REGS, r);
		return false;
	}
	host->regs[host->nr_regs++] = (struct host_reg){ range, node };
	return true;
}

/* All memory-mapped registers, and windows to PCI buses: two owners must not share a page of them. What is malformed is
 * reported if a configuration uses the device. */
static void read_regs(struct host *host, struct reporter *r)
{
	struct range range;
	enum err e;

	for (uint32_t node = 1; node < host->nr_nodes; node++) {
		if (!host->nodes[node].reg || host->nodes[node].flags & NODE_MEMORY)
			continue;
		if (host->reserved_memory != NO_NODE &&
		    host_is_within(host, node, host->reserved_memory))
			continue;
		for (uint32_t i = 0; (e = host_node_reg(host, node, i, &range)) != ERR_NOTFOUND; i++) {
			if (e == OK && !add_reg(host, node, range, r))
				return;
		}
		for (uint32_t i = 0;
		     (e = host_pci_window(host, node, i, &range)) != ERR_NOTFOUND && e != ERR_INVALID; i++) {
			if (e == OK && !add_reg(host, node, range, r))
				return;
		}
	}
}

static void find_tops(struct host *host)
{
	for (uint16_t node = 1; node < host->nodes[0].end; node = host->nodes[node].end) {
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

/* The tree's sources for guests' seeds. A seed of 0 has been used and erased by an earlier boot stage. */
static void read_entropy(struct host *host)
{
	uint32_t all = HART_ZKR;
	struct dt_prop seed;

	if (host->chosen != NO_NODE && host_find_prop(host, host->chosen, "rng-seed", &seed) &&
	    seed.size >= HOST_SEED_MIN && !dt_is_zero(&seed))
		host->entropy |= ENTROPY_TREE;
	for (uint32_t i = 0; i < host->nr_harts; i++)
		all &= host->harts[i].features;
	if (host->nr_harts && all)
		host->entropy |= ENTROPY_ZKR;
}

static void read_intcs(struct host *host, struct reporter *r)
{
	for (uint32_t node = 1; node < host->nr_nodes; node++) {
		if (host->nodes[node].flags & NODE_INTC && host_is_compatible(host, node, "riscv,imsics") &&
		    !host_is_disabled(host, node))
			host_read_imsic(host, node, r);
	}
	for (uint32_t i = 0; i < host->nr_harts; i++) {
		if (!host->imsic.file[i])
			host->harts[i].features &= ~HART_SSAIA;
		if (!(host->harts[i].features & HART_SSAIA))
			host->imsic.file[i] = 0;
	}
	for (uint32_t node = 1; node < host->nr_nodes; node++) {
		if (!(host->nodes[node].flags & NODE_INTC) || host_is_disabled(host, node))
			continue;
		if (is_plic(host, node))
			add_plic(host, node, r);
		else if (host_is_aplic(host, node))
			add_aplic(host, node, r);
	}
}

static void read_machine(struct host *host, bool assume_h, struct reporter *r)
{
	unsigned before = r->count;

	find_tops(host);
	if (host->nodes[0].address_cells > 2 || host->nodes[0].size_cells > 2 ||
	    !host->nodes[0].address_cells || !host->nodes[0].size_cells) {
		bad_node(host, 0, "#address-cells", "addresses and sizes must have 1 or 2 cells",
			 r);
		return;
	}
	for (uint32_t node = 1; node < host->nr_nodes; node = host->nodes[node].end) {
		if (host->nodes[node].flags & NODE_MEMORY)
			read_memory(host, node, r);
	}
	need_ram(host, before, r);
	read_reserved(host, r);
	host_read_cpus(host, assume_h, r);
	read_intcs(host, r);
	for (uint32_t node = 1; node < host->nr_nodes; node++) {
		if (host->nodes[node].interrupts_extended && host_is_compatible(host, node, "riscv,aclint-sswi") &&
		    !host_is_disabled(host, node))
			add_sswi(host, node, r);
	}
	read_regs(host, r);
	read_entropy(host);
}

enum err host_parse(struct host *host, const void *dtb, uint64_t max, bool assume_h,
		    struct reporter *r)
{
	unsigned before = r->count;
	const char *why;
	enum err e;

	host->tree = (struct range){ 0 };
	host->timebase_hz = 0;
	host->entropy = 0;
	host->nr_nodes = host->nr_harts = host->nr_ram = host->nr_reserved = 0;
	host->nr_regs = host->nr_plics = 0;
	host->imsic = (struct host_imsic){ .node = NO_NODE };
	host->cpus = host->chosen = host->aliases = host->reserved_memory = NO_NODE;
	memset(host->names, 0xff, sizeof(host->names));	/* no name lies there */
	e = dt_open(&host->dt, dtb, max);
	if (e == OK)
		e = host_index(host, &why);
	else
		why = dt_fault(dtb, max);
	if (e) {
		problem_report(r, PROBLEM_BAD_HOST, false, "/", "", "%s", why);
		return e;
	}
	read_machine(host, assume_h, r);
	return r->count == before ? OK : ERR_INVALID;
}
