/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a guest's device tree from the host's: its own harts, RAM and devices with the buses
 * around them, its virtual PLICs, and chosen. Phandles are those of the host's tree, so that
 * copied references need no change. The order is the host's.
 */
#include <libfdt.h>

#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/plan/guest_int.h"
#include "hyp/plan/isa.h"

#define IRQ_S_EXTERNAL	9u
#define NO_IRQ		0xffffffffu	/* a context that interrupts no hart (PLIC binding) */
/* octets of an ISA string that is read once for all harts; longer ones for each */
#define ISA_KEPT	1024u

/* Large, and used once for each guest, one after the other. */
static struct guest_tree tree;

static bool name_is_one_of(const char *name, const char *const *list, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (name[0] == list[i][0] && !strcmp(name, list[i]))
			return true;
	}
	return false;
}

static void copy(struct guest_tree *t, const struct dt_prop *p)
{
	dt_write_prop(&t->w, p->name, p->data, p->size);
}

/* The properties of a bus, or the root, that its children depend on. */
static void copy_bus(struct guest_tree *t, uint16_t node)
{
	static const char *const names[] = {
		"compatible", "model", "#address-cells", "#size-cells", "ranges", "dma-ranges",
		"dma-coherent", "dma-noncoherent", "interrupt-parent", "phandle",
	};
	uint32_t at = t->host->nodes[node].props;
	struct dt_prop p;

	guest_begin_refs(t, node);
	while (dt_next_prop(&t->host->dt, &at, &p)) {
		if (name_is_one_of(p.name, names, ARRAY_LEN(names)))
			guest_copy(t, node, &p);
	}
}

static void copy_device(struct guest_tree *t, uint16_t node)
{
	uint32_t at = t->host->nodes[node].props;
	struct dt_prop p;

	guest_begin_refs(t, node);
	while (dt_next_prop(&t->host->dt, &at, &p)) {
		if (strcmp(p.name, "numa-node-id"))
			guest_copy(t, node, &p);
	}
}

uint32_t guest_put_cells(uint32_t *out, uint64_t value, uint32_t cells)
{
	if (cells == 2)
		*out++ = value >> 32;
	*out = (uint32_t)value;
	return cells;
}

/* Two contexts a hart, of which the M-mode one interrupts no hart: the layout of plan_vplic. */
static void write_contexts(struct guest_tree *t, const struct dt_prop *p,
			   const struct plan_vplic *plic)
{
	uint8_t *out = dt_write_room(&t->w, p->name, 16 * t->vm->nr_vcpus);
	uint32_t hart;
	bool served;

	for (uint32_t i = 0; out && i < t->vm->nr_vcpus; i++, out += 16) {
		hart = t->vm->vcpu_hart[i];
		served = t->plan->harts[hart].plic_context[plic->plic] != NO_CONTEXT;
		dt_put_u32(out, t->host->harts[hart].intc_phandle);
		dt_put_u32(out + 4, NO_IRQ);
		dt_put_u32(out + 8, t->host->harts[hart].intc_phandle);
		dt_put_u32(out + 12, served ? IRQ_S_EXTERNAL : NO_IRQ);
	}
}

/* The highest priority of the guest's PLIC; the host's may have more. */
static void write_max_priority(struct guest_tree *t, const struct dt_prop *p)
{
	uint32_t max = dt_u32(p->data);

	if (max > PLIC_PRIORITIES - 1)
		max = PLIC_PRIORITIES - 1;
	dt_write_cells(&t->w, p->name, &max, 1);
}

static void copy_plic(struct guest_tree *t, uint16_t node, const struct plan_vplic *plic)
{
	uint32_t at = t->host->nodes[node].props;
	struct dt_prop p;

	guest_begin_refs(t, node);
	while (dt_next_prop(&t->host->dt, &at, &p)) {
		if (!strcmp(p.name, "interrupts-extended"))
			write_contexts(t, &p, plic);
		else if (!strcmp(p.name, "riscv,max-priority") && p.size == 4)
			write_max_priority(t, &p);
		else if (strcmp(p.name, "numa-node-id"))
			guest_copy(t, node, &p);
	}
}

/* Devices and siblings write to the guest's own files, where the host has them. */
static void write_files(struct guest_tree *t, uint16_t node)
{
	const struct host_node *bus = &t->host->nodes[t->host->nodes[node].parent];
	uint32_t n, cells[4];
	uint8_t *reg = dt_write_room(&t->w, "reg", 4 * (bus->address_cells + bus->size_cells) * t->vm->nr_vcpus);
	uint8_t *extended;

	for (uint32_t i = 0; reg && i < t->vm->nr_vcpus; i++) {
		n = guest_put_cells(cells, t->plan->harts[t->vm->vcpu_hart[i]].file.v, bus->address_cells);
		n += guest_put_cells(cells + n, PAGE_SIZE, bus->size_cells);
		for (uint32_t hart = 0; hart < n; hart++, reg += 4)
			dt_put_u32(reg, cells[hart]);
	}
	extended = dt_write_room(&t->w, "interrupts-extended", 8 * t->vm->nr_vcpus);
	for (uint32_t i = 0; extended && i < t->vm->nr_vcpus; i++, extended += 8) {
		dt_put_u32(extended, t->host->harts[t->vm->vcpu_hart[i]].intc_phandle);
		dt_put_u32(extended + 4, IRQ_S_EXTERNAL);
	}
}

/* The layout of addresses stays the host's, but its defaults count the host's harts. */
static void copy_imsic(struct guest_tree *t, uint16_t node)
{
	static const char *const anew[] = {
		"reg", "interrupts-extended", "numa-node-id", "riscv,num-ids", "riscv,num-guest-ids",
		"riscv,hart-index-bits",
	};
	uint32_t at = t->host->nodes[node].props, ids = t->host->imsic.nr_ids, bits = t->host->imsic.hart_bits;
	struct dt_prop p;

	guest_begin_refs(t, node);
	while (dt_next_prop(&t->host->dt, &at, &p)) {
		if (!name_is_one_of(p.name, anew, ARRAY_LEN(anew)))
			guest_copy(t, node, &p);
	}
	dt_write_cells(&t->w, "riscv,num-ids", &ids, 1);
	dt_write_cells(&t->w, "riscv,hart-index-bits", &bits, 1);
	write_files(t, node);
}

static void copy_aplic(struct guest_tree *t, uint16_t node)
{
	static const char *const left_out[] = {
		"interrupts-extended", "numa-node-id", "riscv,children", "riscv,delegate", "riscv,delegation",
	};
	uint32_t at = t->host->nodes[node].props;
	struct dt_prop p;

	guest_begin_refs(t, node);
	while (dt_next_prop(&t->host->dt, &at, &p)) {
		if (!name_is_one_of(p.name, left_out, ARRAY_LEN(left_out)))
			guest_copy(t, node, &p);
	}
}

static const struct plan_vplic *vplic_of_node(const struct guest_tree *t, uint16_t node)
{
	for (uint32_t i = 0; i < t->vm->nr_vplics; i++) {
		if (t->host->plics[t->vm->vplics[i].plic].node == node)
			return &t->vm->vplics[i];
	}
	return NULL;
}

/* All marked nodes below the root. A node that is not marked has nothing marked below it. */
static void write_devices(struct guest_tree *t)
{
	uint16_t ends[DT_MAX_DEPTH];
	const struct plan_vplic *plic;
	uint32_t depth = 0, i = 1;

	while (i < t->host->nr_nodes) {
		for (; depth && ends[depth - 1] <= i; depth--)
			dt_write_end(&t->w);
		if (t->mark[i] == MARK_NONE) {
			i = t->host->nodes[i].end;
			continue;
		}
		dt_write_begin(&t->w, host_name(t->host, i));
		ends[depth++] = t->host->nodes[i].end;
		plic = vplic_of_node(t, i);
		if (plic && t->plan->intcs[plic->plic].kind == INTC_APLIC)
			copy_aplic(t, i);
		else if (plic)
			copy_plic(t, i, plic);
		else if (t->vm->files && i == t->host->imsic.node)
			copy_imsic(t, i);
		else if (t->mark[i] == MARK_BUS)
			copy_bus(t, i);
		else
			copy_device(t, i);
		i++;
	}
	for (; depth; depth--)
		dt_write_end(&t->w);
}

/* HART_* that the guest's harts offer to it. */
static uint32_t granted_features(const struct guest_tree *t)
{
	uint32_t features = t->plan->harts[t->vm->vcpu_hart[0]].features;

	features &= t->vm->sstc ? ~0u : ~HART_SSTC;
	return t->vm->files ? features : features & ~HART_SSAIA;
}

/* Copies the names that a guest may see, if out is not NULL, and returns their size. */
static uint32_t strip_isa_extensions(uint8_t *out, const struct dt_prop *p, uint32_t features)
{
	uint32_t at = 0, size = 0;
	const char *s;

	while ((s = dt_string(p, &at))) {
		struct isa_token token = { s, strlen(s) };

		if (!token.size || isa_hidden(&token, features))
			continue;
		if (out)
			memcpy(out + size, s, token.size + 1);
		size += token.size + 1;
	}
	return size;
}

/* Copies riscv,isa or riscv,isa-extensions to out, if that is not NULL, without hidden extensions; returns the size. */
static uint32_t strip(uint8_t *out, const struct dt_prop *p, uint32_t features)
{
	if (!strcmp(p->name, "riscv,isa-extensions"))
		return strip_isa_extensions(out, p, features);
	return isa_strip((char *)out, (const char *)p->data, features) + 1;
}

/*
 * To read an ISA string takes tens of thousands of instructions, and most harts have the same one: the last result is
 * used again if the string is the same, for all guests. One for each of the two properties.
 */
static struct stripped {
	uint32_t from_size, size;	/* 0: nothing yet */
	uint32_t granted;
	uint8_t from[ISA_KEPT], to[ISA_KEPT];
} stripped[2];

static void write_isa(struct guest_tree *t, const struct dt_prop *p)
{
	struct stripped *last = &stripped[!strcmp(p->name, "riscv,isa")];
	uint32_t features = granted_features(t);
	uint8_t *out;

	if (last == &stripped[1] && !dt_is_strings(p))
		return;
	if (p->size > ISA_KEPT) {
		out = dt_write_room(&t->w, p->name, strip(NULL, p, features));
		if (out)
			strip(out, p, features);
		return;
	}
	if (last->from_size != p->size || last->granted != features || memcmp(last->from, p->data, p->size)) {
		last->from_size = p->size;
		last->granted = features;
		memcpy(last->from, p->data, p->size);
		last->size = strip(last->to, p, features);
	}
	dt_write_prop(&t->w, p->name, last->to, last->size);
}

/*
 * Of a hart's references none is left, nor what makes no sense without: its clocks, operating points and cooling belong
 * to the whole machine.
 */
static bool is_machines(struct guest_tree *t, const struct dt_prop *p)
{
	static const char *const names[] = { "numa-node-id", "operating-points", "clock-latency", "#cooling-cells" };
	size_t size = strlen(p->name);

	return guest_kind(t, p) != NO_REFERENCE || name_is_one_of(p->name, names, ARRAY_LEN(names)) ||
	       !strncmp(p->name, "assigned-clock", 14) || (size > 6 && !strcmp(p->name + size - 6, "-names"));
}

static void copy_cpu(struct guest_tree *t, uint16_t node, uint32_t vcpu)
{
	uint32_t at = t->host->nodes[node].props, cells;
	struct dt_prop p;
	uint8_t *out;

	while (dt_next_prop(&t->host->dt, &at, &p)) {
		if (!strcmp(p.name, "reg")) {
			cells = t->host->nodes[t->host->cpus].address_cells;
			out = dt_write_room(&t->w, p.name, 4 * cells);
			if (out)
				memset(out, 0, 4 * cells);
			if (out)
				dt_put_u32(out + 4 * (cells - 1), vcpu);
		} else if (!strcmp(p.name, "riscv,isa") || !strcmp(p.name, "riscv,isa-extensions")) {
			write_isa(t, &p);
		} else if (!is_machines(t, &p)) {
			copy(t, &p);
		}
	}
}

static void write_cpu(struct guest_tree *t, uint32_t vcpu)
{
	const struct host_hart *hart = &t->host->harts[t->vm->vcpu_hart[vcpu]];
	uint32_t at = t->host->nodes[hart->intc].props;
	struct dt_prop p;
	char name[16];

	fmt_str(name, sizeof(name), "cpu@%x", vcpu);
	dt_write_begin(&t->w, name);
	copy_cpu(t, hart->node, vcpu);
	dt_write_begin(&t->w, host_name(t->host, hart->intc));
	while (dt_next_prop(&t->host->dt, &at, &p))
		copy(t, &p);
	dt_write_end(&t->w);
	dt_write_end(&t->w);
}

static void write_cpus(struct guest_tree *t)
{
	static const char *const names[] = {
		"#address-cells", "#size-cells", "timebase-frequency", "compatible",
	};
	uint32_t at = t->host->nodes[t->host->cpus].props;
	struct dt_prop p;

	dt_write_begin(&t->w, "cpus");
	while (dt_next_prop(&t->host->dt, &at, &p)) {
		if (name_is_one_of(p.name, names, ARRAY_LEN(names)))
			copy(t, &p);
	}
	for (uint32_t i = 0; i < t->vm->nr_vcpus; i++)
		write_cpu(t, i);
	dt_write_end(&t->w);
}

static void write_memory(struct guest_tree *t)
{
	uint32_t address = t->host->nodes[0].address_cells, size = t->host->nodes[0].size_cells;
	uint32_t n, cells[4];
	uint64_t usable;
	char name[32];

	for (uint32_t i = 0; i < t->vm->nr_regions; i++) {
		const struct plan_region *m = &t->vm->regions[i];

		if (m->kind != REGION_RAM)
			continue;
		usable = m->size;
		if (t->vm->needs_resets && m->gpa.v + m->size - PAGE_SIZE == t->vm->reset_page.v)
			usable -= PAGE_SIZE;
		if ((address < 2 && (m->gpa.v + m->size - 1) >> 32) ||
		    (size < 2 && m->size >> 32)) {
			problem_report(t->r, PROBLEM_ADDRESS_TOO_HIGH, true, t->vm->config_path,
				       "memory", "0x%lx does not fit the 32-bit addresses of the "
				       "host's device tree", m->gpa.v + m->size - 1);
			continue;
		}
		fmt_str(name, sizeof(name), "memory@%lx", m->gpa.v);
		dt_write_begin(&t->w, name);
		dt_write_string(&t->w, "device_type", "memory");
		n = guest_put_cells(cells, m->gpa.v, address);
		n += guest_put_cells(cells + n, usable, size);
		dt_write_cells(&t->w, "reg", cells, n);
		dt_write_end(&t->w);
	}
}

void guest_write_virtual_irq(struct guest_tree *t, uint32_t vplic, uint32_t irq)
{
	const struct host_plic *host = &t->host->plics[t->vm->vplics[vplic].plic];
	uint32_t cells[3] = { host->phandle, irq, 4 };	/* 4: level, high; where there is a cell for it */

	dt_write_cells(&t->w, "interrupts-extended", cells,
		       t->host->nodes[host->node].interrupt_cells == 2 ? 3 : 2);
}

static void write_vuart(struct guest_tree *t)
{
	uint32_t address = t->host->nodes[0].address_cells, size = t->host->nodes[0].size_cells, n;
	const struct plan_vuart *u = &t->vm->vuart;
	uint32_t cells[4], shift = u->reg_shift, width = u->reg_io_width;
	char path[32];

	if (!u->size)
		return;
	if (address < 2 && (u->base.v + u->size - 1) >> 32) {
		problem_report(t->r, PROBLEM_ADDRESS_TOO_HIGH, true, t->vm->config_path, "console-address",
			       "0x%lx does not fit the 32-bit addresses of the host's device tree", u->base.v);
		return;
	}
	guest_vuart_path(t, path, sizeof(path));
	dt_write_begin(&t->w, path + 1);
	dt_write_string(&t->w, "compatible", "ns16550a");
	n = guest_put_cells(cells, u->base.v, address);
	n += guest_put_cells(cells + n, u->size, size);
	dt_write_cells(&t->w, "reg", cells, n);
	dt_write_cells(&t->w, "clock-frequency", &u->clock_hz, 1);
	if (shift)
		dt_write_cells(&t->w, "reg-shift", &shift, 1);
	if (width > 1)
		dt_write_cells(&t->w, "reg-io-width", &width, 1);
	if (u->irq)
		guest_write_virtual_irq(t, u->vplic, u->irq);
	dt_write_end(&t->w);
}

enum err guest_dt_build(void *buf, size_t size, const struct plan *plan, const struct host *host,
			uint32_t vm, struct reporter *r)
{
	struct guest_tree *t = &tree;
	unsigned before = r->count;

	if (vm >= plan->nr_vms)
		return ERR_RANGE;
	t->plan = plan;
	t->vm = &plan->vms[vm];
	t->host = host;
	t->r = r;
	guest_no_standins(t);
	guest_mark(t);
	size = size < GUEST_DTB_MAX ? size : GUEST_DTB_MAX;
	dt_write_start(&t->w, buf, size > GUEST_DTB_SLACK ? size - GUEST_DTB_SLACK : 0);
	dt_write_begin(&t->w, "");
	copy_bus(t, 0);
	guest_write_chosen(t);
	guest_write_aliases(t);
	write_memory(t);
	write_cpus(t);
	write_devices(t);
	write_vuart(t);
	guest_write_shares(t);
	guest_write_cards(t);
	guest_write_standins(t);
	dt_write_end(&t->w);
	if (dt_write_finish(&t->w, GUEST_DTB_SLACK)) {
		problem_report(r, PROBLEM_DTB_NO_ROOM, true, t->vm->config_path, "devices",
			       "the guest's device tree is larger than %d bytes; assign fewer "
			       "devices", (int)(GUEST_DTB_MAX - GUEST_DTB_SLACK));
		return ERR_NOSPACE;
	}
	return r->count == before ? OK : ERR_INVALID;
}

uint32_t guest_dt_chosen(const void *dtb, const char *name, uint32_t size)
{
	int length, node = fdt_path_offset(dtb, "/chosen");
	const uint8_t *value = node < 0 ? NULL : fdt_getprop(dtb, node, name, &length);

	return value && (uint32_t)length == size ? (uint32_t)(value - (const uint8_t *)dtb) : 0;
}
