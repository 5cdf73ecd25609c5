/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's device tree through libfdt: RAM, what of it is occupied, harts and their ISA,
 * timebase, PLIC contexts (from interrupts-extended), bootargs. Devicetree Specification 0.4.
 */
#include <libfdt.h>
#include <stddef.h>
#include <string.h>
#include "guests/lib/cpu.h"
#include "guests/lib/dt.h"

struct machine machine = { .bootargs = "", .plic_node = -1 };

static uint64_t read_cells(const fdt32_t *p, int cells)
{
	uint64_t v = 0;

	while (cells--)
		v = v << 32 | fdt32_to_cpu(*p++);
	return v;
}

bool dt_reg(int node, unsigned int i, struct range *out)
{
	const void *fdt = machine.fdt;
	int parent = fdt_parent_offset(fdt, node);
	int ac = fdt_address_cells(fdt, parent);
	int sc = fdt_size_cells(fdt, parent);
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, "reg", &len);

	if (!p || ac < 1 || ac > 2 || sc < 0 || sc > 2 || len / 4 < (int)(i + 1) * (ac + sc))
		return false;
	p += i * (unsigned int)(ac + sc);
	out->base = read_cells(p, ac);
	out->size = read_cells(p + ac, sc);
	return true;
}

uint32_t dt_cell(int node, const char *prop, unsigned int i, uint32_t def)
{
	int len;
	const fdt32_t *p = fdt_getprop(machine.fdt, node, prop, &len);

	return p && len / 4 > (int)i ? fdt32_to_cpu(p[i]) : def;
}

/* The node's interrupt parent by the rule of the specification: own or inherited property. */
static int interrupt_parent(int node)
{
	for (; node >= 0; node = fdt_parent_offset(machine.fdt, node)) {
		uint32_t ph = dt_cell(node, "interrupt-parent", 0, 0);

		if (ph)
			return fdt_node_offset_by_phandle(machine.fdt, ph);
	}
	return -1;
}

uint32_t dt_plic_source(int node, unsigned int i)
{
	int len;
	const fdt32_t *p;

	if (machine.plic_node < 0)
		return 0;
	p = fdt_getprop(machine.fdt, node, "interrupts-extended", &len);
	if (p) {
		uint32_t plic = fdt_get_phandle(machine.fdt, machine.plic_node);

		if (node == machine.plic_node || len / 8 <= (int)i ||
		    fdt32_to_cpu(p[2 * i]) != plic)
			return 0;
		return fdt32_to_cpu(p[2 * i + 1]);
	}
	if (interrupt_parent(node) != machine.plic_node)
		return 0;
	return dt_cell(node, "interrupts", i, 0);
}

int dt_compatible(int from, const char *compatible)
{
	return fdt_node_offset_by_compatible(machine.fdt, from, compatible);
}

/* PCI's interrupt-map: its entries end in (PLIC phandle, source). */
static bool in_interrupt_map(int node, uint32_t source)
{
	uint32_t plic = fdt_get_phandle(machine.fdt, machine.plic_node);
	int len;
	const fdt32_t *p = fdt_getprop(machine.fdt, node, "interrupt-map", &len);

	for (int i = 0; p && i + 1 < len / 4; i++) {
		if (fdt32_to_cpu(p[i]) == plic && fdt32_to_cpu(p[i + 1]) == source)
			return true;
	}
	return false;
}

bool dt_owns_source(uint32_t source)
{
	const void *fdt = machine.fdt;

	for (int node = 0; node >= 0; node = fdt_next_node(fdt, node, NULL)) {
		uint32_t s;

		for (unsigned int i = 0; (s = dt_plic_source(node, i)) != 0; i++) {
			if (s == source)
				return true;
		}
		if (in_interrupt_map(node, source))
			return true;
	}
	return false;
}

/* PCI's windows are in `ranges`: 3 + 2 + 2 cells. */
static bool window_claims(int node, uint64_t base, uint64_t size)
{
	int len;
	const fdt32_t *p = fdt_getprop(machine.fdt, node, "ranges", &len);
	const char *type = fdt_getprop(machine.fdt, node, "device_type", NULL);

	if (!p || !type || strcmp(type, "pci"))
		return false;
	for (len /= 4; len >= 7; len -= 7, p += 7) {
		if (ranges_overlap(base, size, read_cells(p + 3, 2), read_cells(p + 5, 2)))
			return true;
	}
	return false;
}

bool dt_claims(uint64_t base, uint64_t size)
{
	const void *fdt = machine.fdt;
	int cpu_nodes = fdt_path_offset(fdt, "/cpus");
	struct range r;

	for (int node = 0; node >= 0; node = fdt_next_node(fdt, node, NULL)) {
		if (fdt_parent_offset(fdt, node) == cpu_nodes)
			continue;
		for (unsigned int i = 0; dt_reg(node, i, &r); i++) {
			if (ranges_overlap(base, size, r.base, r.size))
				return true;
		}
		if (window_claims(node, base, size))
			return true;
	}
	return false;
}

static bool isa_string_has(const char *isa, const char *ext)
{
	size_t n = strlen(ext);
	const char *p = isa;

	if (strncmp(p, "rv64", 4) && strncmp(p, "rv32", 4))
		return false;
	p += 4;
	if (n == 1) {
		for (; *p && *p != '_'; p++) {
			if (*p == *ext)
				return true;
		}
		return false;
	}
	while ((p = strchr(p, '_')) != NULL) {
		p++;
		if (!strncmp(p, ext, n) && (p[n] == '\0' || p[n] == '_'))
			return true;
	}
	return false;
}

bool dt_isa_has(unsigned int i, const char *ext)
{
	if (fdt_stringlist_search(machine.fdt, cpus[i].node, "riscv,isa-extensions", ext) >= 0)
		return true;
	return isa_string_has(cpus[i].isa, ext);
}

static void add_cpu(struct cpu *c, int node, uint64_t hartid)
{
	const char *isa = fdt_getprop(machine.fdt, node, "riscv,isa", NULL);

	c->hartid = hartid;
	c->index = (uint32_t)(c - cpus);
	c->node = node;
	c->isa = isa ? isa : "";
	c->plic_ctx = -1;
	c->sstc = dt_isa_has(c->index, "sstc");
}

static const char *find_cpus(uint64_t boot_hart)
{
	const void *fdt = machine.fdt;
	int parent = fdt_path_offset(fdt, "/cpus");
	unsigned int others = 1;
	bool boot_seen = false;
	int node;

	machine.timebase = dt_cell(parent, "timebase-frequency", 0, 0);
	if (!machine.timebase)
		return "no timebase-frequency";
	fdt_for_each_subnode(node, fdt, parent) {
		const char *type = fdt_getprop(fdt, node, "device_type", NULL);
		const char *status = fdt_getprop(fdt, node, "status", NULL);
		struct range r;

		if (!type || strcmp(type, "cpu") || !dt_reg(node, 0, &r))
			continue;
		if (status && strcmp(status, "okay") && strcmp(status, "ok"))
			continue;
		if (r.base == boot_hart) {
			add_cpu(&cpus[0], node, r.base);
			boot_seen = true;
		} else if (others < MAX_CPUS) {
			add_cpu(&cpus[others++], node, r.base);
		}
	}
	ncpus = others;
	return boot_seen ? NULL : "the boot hart has no cpu node";
}

/* Contexts count the entries of interrupts-extended, whatever they point at. */
static void find_plic(void)
{
	const void *fdt = machine.fdt;
	int node = dt_compatible(-1, "sifive,plic-1.0.0");
	int len;
	const fdt32_t *p;

	if (node < 0)
		node = dt_compatible(-1, "riscv,plic0");
	machine.plic_node = node < 0 ? -1 : node;
	if (node < 0)
		return;
	p = fdt_getprop(fdt, node, "interrupts-extended", &len);
	for (int i = 0; p && i < len / 8; i++) {
		int intc = fdt_node_offset_by_phandle(fdt, fdt32_to_cpu(p[2 * i]));

		if (intc < 0 || fdt32_to_cpu(p[2 * i + 1]) != IRQ_EXT)
			continue;
		for (unsigned int c = 0; c < ncpus; c++) {
			if (fdt_parent_offset(fdt, intc) == cpus[c].node)
				cpus[c].plic_ctx = i;
		}
	}
}

static void add_reserved(uint64_t base, uint64_t size)
{
	if (size && machine.nreserved < MAX_RANGES)
		machine.reserved[machine.nreserved++] = (struct range){ base, size };
}

static void find_memory(void)
{
	const void *fdt = machine.fdt;
	struct range r;
	int node;

	fdt_for_each_subnode(node, fdt, 0) {
		const char *type = fdt_getprop(fdt, node, "device_type", NULL);

		if (!type || strcmp(type, "memory"))
			continue;
		for (unsigned int i = 0; dt_reg(node, i, &r) && machine.nram < MAX_RANGES; i++)
			machine.ram[machine.nram++] = r;
	}
	for (unsigned int i = 0; i < (unsigned int)fdt_num_mem_rsv(fdt); i++) {
		if (fdt_get_mem_rsv(fdt, (int)i, &r.base, &r.size) == 0)
			add_reserved(r.base, r.size);
	}
	node = fdt_path_offset(fdt, "/reserved-memory");
	if (node >= 0) {
		int sub;

		fdt_for_each_subnode(sub, fdt, node) {
			for (unsigned int i = 0; dt_reg(sub, i, &r); i++)
				add_reserved(r.base, r.size);
		}
	}
}

static uint64_t chosen_u64(int chosen, const char *name)
{
	int len;
	const fdt32_t *p = fdt_getprop(machine.fdt, chosen, name, &len);

	return p ? read_cells(p, len >= 8 ? 2 : 1) : 0;
}

static void find_chosen(void)
{
	const void *fdt = machine.fdt;
	int chosen = fdt_path_offset(fdt, "/chosen");
	const char *args;

	if (chosen < 0)
		return;
	args = fdt_getprop(fdt, chosen, "bootargs", NULL);
	machine.bootargs = args ? args : "";
	machine.initrd.base = chosen_u64(chosen, "linux,initrd-start");
	machine.initrd.size = chosen_u64(chosen, "linux,initrd-end") - machine.initrd.base;
	add_reserved(machine.initrd.base, machine.initrd.size);
}

const char *dt_init(const void *fdt, uint64_t boot_hart)
{
	const char *wrong;

	if (fdt_check_header(fdt))
		return "bad header";
	machine.fdt = fdt;
	wrong = find_cpus(boot_hart);
	if (wrong)
		return wrong;
	add_reserved((uint64_t)image_start, (uint64_t)(image_end - image_start));
	add_reserved((uint64_t)fdt, fdt_totalsize(fdt));
	find_memory();
	find_chosen();
	find_plic();
	return machine.nram ? NULL : "no memory node";
}

bool dt_in_ram(uint64_t base, uint64_t size)
{
	for (unsigned int i = 0; i < machine.nram; i++) {
		const struct range *r = &machine.ram[i];

		if (base >= r->base && base - r->base < r->size &&
		    size <= r->size - (base - r->base))
			return true;
	}
	return false;
}

const struct range *dt_reserved(uint64_t base, uint64_t size)
{
	for (unsigned int i = 0; i < machine.nreserved; i++) {
		if (ranges_overlap(base, size, machine.reserved[i].base, machine.reserved[i].size))
			return &machine.reserved[i];
	}
	return NULL;
}

const char *arg_str(const char *key)
{
	static char value[512];
	size_t n = strlen(key);
	const char *p = machine.bootargs;

	while (*p) {
		while (*p == ' ')
			p++;
		if (!strncmp(p, key, n) && p[n] == '=') {
			size_t len = 0;

			for (p += n + 1; p[len] && p[len] != ' ' && len < sizeof(value) - 1; len++)
				value[len] = p[len];
			value[len] = '\0';
			return value;
		}
		while (*p && *p != ' ')
			p++;
	}
	return NULL;
}

uint64_t arg_u64(const char *key, uint64_t def)
{
	const char *s = arg_str(key);
	uint64_t v = 0;

	if (!s || *s < '0' || *s > '9')
		return def;
	for (; *s >= '0' && *s <= '9'; s++)
		v = v * 10 + (uint64_t)(*s - '0');
	return v;
}
