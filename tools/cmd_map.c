/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead map: the plan as a picture, from top to bottom: guests, harts, RAM, devices and
 * interrupts, each part in the colour of its owner, free parts in a dashed outline. Sizes of RAM
 * are drawn compressed, so that 2 MiB beside 2 GiB can still be seen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/plan/plan_int.h"
#include "tools/map.h"
#include "tools/svg.h"
#include "tools/tool.h"

#define COLUMNS	32	/* interrupt sources of a row */

static double heading(double y, const char *text, const char *note)
{
	svg_text(SVG_MARGIN, y + 32, ANCHOR_START, "head", "%s", text);
	svg_text(SVG_WIDTH - SVG_MARGIN, y + 32, ANCHOR_END, "dim small", "%s", note);
	return y + 46;
}

/* ---- guests ---- */

static void list_harts(const struct plan *plan, const struct plan_vm *v, char *buf, size_t size)
{
	size_t at = snprintf(buf, size, "hart%s", v->nr_vcpus == 1 ? "" : "s");
	uint32_t i;

	for (i = 0; i < v->nr_vcpus && at + 24 < size; i++)
		at += snprintf(buf + at, size - at, " %lu", plan->harts[v->vcpu_hart[i]].id);
	if (i < v->nr_vcpus)
		snprintf(buf + at, size - at, " ...");
}

static uint64_t ram_of(const struct plan_vm *v)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < v->nr_regions; i++)
		sum += v->regions[i].kind == REGION_RAM ? v->regions[i].size : 0;
	return sum;
}

static void draw_card(const struct plan *plan, uint32_t vm, double x, double y, double w)
{
	const struct plan_vm *v = &plan->vms[vm];
	char style[STYLE_SIZE], bar[STYLE_SIZE], harts[64], text[128], size[24];

	list_harts(plan, v, harts, sizeof(harts));
	snprintf(bar, sizeof(bar), "bar g%u", vm);
	svg_box(x, y, w, 84, map_guest_style(vm, style), NULL);
	svg_box(x, y, 6, 84, bar, NULL);
	svg_text(x + 18, y + 24, ANCHOR_START, "name", "%s", v->name);
	svg_text(x + w - 12, y + 24, ANCHOR_END, "dim small", "%s",
		 map_cut(v->images[IMAGE_KERNEL].name, w / 2, 11, text, sizeof(text)));
	svg_text(x + 18, y + 43, ANCHOR_START, "", "%s",
		 map_cut(harts, w - 24, 12, text, sizeof(text)));
	svg_text(x + 18, y + 60, ANCHOR_START, "", "%s of RAM",
		 size_text(ram_of(v), size, sizeof(size)));
	svg_text(x + 18, y + 76, ANCHOR_START, "dim small", "%u device%s, %u interrupt%s%s%s%s",
		 v->nr_devices, v->nr_devices == 1 ? "" : "s", v->nr_irqs,
		 v->nr_irqs == 1 ? "" : "s", v->trust_dma ? ", DMA" : v->nr_dma_ids ? ", confined DMA" : "",
		 v->trust_control ? ", control" : "", v->vuart.size ? ", virtual UART" : "");
}

static double draw_guests(const struct plan *plan, double y)
{
	uint32_t n = plan->nr_vms < 4 ? plan->nr_vms : 4;
	double w = (SVG_INNER - 12.0 * (n - 1)) / n;

	for (uint32_t i = 0; i < plan->nr_vms; i++)
		draw_card(plan, i, SVG_MARGIN + i % n * (w + 12), y + i / n * 96.0, w);
	return y + (plan->nr_vms + n - 1) / n * 96.0;
}

static double draw_legend(const struct plan *plan, double y)
{
	static const char *const items[][2] = {
		{ "hyp", "hypervisor" }, { "fw", "firmware" }, { "res", "reserved" },
		{ "free", "free" }, { "shared", "shared by guests" },
	};
	double x = SVG_MARGIN;

	for (uint32_t i = 0; i < ARRAY_LEN(items) - !plan->nr_shared; i++) {
		svg_box(x + 0.5, y + 6, 18, 12, items[i][0], NULL);
		svg_text(x + 26, y + 16, ANCHOR_START, "small dim", "%s", items[i][1]);
		x += 50 + svg_text_width(strlen(items[i][1]), 11);
	}
	return y + 18;
}

/* ---- shared memory ---- */

/* One row for each: its name and size, and its guests, in their colours, with a line between them. */
static double draw_shared(const struct plan *plan, double y)
{
	char style[STYLE_SIZE], size[24], text[64];

	for (uint32_t i = 0; i < plan->nr_shared; i++, y += 34) {
		const struct plan_shared *m = &plan->shared[i];
		double x = SVG_MARGIN + 250, w = 120;

		svg_box(SVG_MARGIN + 0.5, y + 4, 14, 13, "shared", NULL);
		svg_text(SVG_MARGIN + 24, y + 15, ANCHOR_START, "name", "%s", m->name);
		svg_text(SVG_MARGIN + 240, y + 15, ANCHOR_END, "mono dim", "%s",
			 size_text(m->size, size, sizeof(size)));
		if (m->nr_peers > 1)
			svg_line(x, y + 12, x + (m->nr_peers - 1) * (w + 12), y + 12);
		for (uint32_t j = 0; j < m->nr_peers; j++, x += w + 12) {
			svg_box(x, y, w, 24, map_guest_style(m->peers[j], style), NULL);
			svg_text(x + w / 2, y + 16, ANCHOR_MIDDLE, "small", "%s",
				 map_cut(plan->vms[m->peers[j]].name, w - 8, 11, text, sizeof(text)));
		}
	}
	return y;
}

/* ---- harts ---- */

static double draw_harts(const struct plan *plan, double y)
{
	uint32_t n = plan->nr_harts < 8 ? plan->nr_harts : 8;
	double w = (SVG_INNER - 8.0 * (n - 1)) / n, x, top;
	char style[STYLE_SIZE], name[64];

	for (uint32_t i = 0; i < plan->nr_harts; i++) {
		const struct plan_hart *h = &plan->harts[i];
		bool spare = h->vm >= plan->nr_vms;
		bool console = plan->console.drive == CONSOLE_OWN_HART && plan->console.hart == i;

		x = SVG_MARGIN + i % n * (w + 8);
		top = y + i / n * 58.0;
		svg_box(x, top, w, 50, console ? "hyp" : spare ? "free" : map_guest_style(h->vm, style), NULL);
		svg_text(x + w / 2, top + 21, ANCHOR_MIDDLE, "name", "hart %lu", h->id);
		if (console)
			svg_text(x + w / 2, top + 39, ANCHOR_MIDDLE, "small", "console");
		else if (spare)
			svg_text(x + w / 2, top + 39, ANCHOR_MIDDLE, "dim small", "spare");
		else
			svg_text(x + w / 2, top + 39, ANCHOR_MIDDLE, "small", "%s, its hart %u",
				 map_cut(plan->vms[h->vm].name, w - 76, 11, name, sizeof(name)),
				 h->vcpu);
	}
	return y + (plan->nr_harts + n - 1) / n * 58.0 - 8;
}

/* ---- devices ---- */

enum { DEVICE_FREE = 0xff, DEVICE_HYP = 0xfe, DEVICE_KEPT = 0xfd };

static uint8_t device_owner(const struct plan *plan, const struct host *host, uint16_t node)
{
	char path[HOST_PATH_SIZE];

	for (uint32_t vm = 0; vm < plan->nr_vms; vm++) {
		for (uint32_t d = 0; d < plan->vms[vm].nr_devices; d++) {
			uint16_t theirs = plan->vms[vm].devices[d].node;

			if (host_is_within(host, node, theirs) ||
			    host_is_within(host, theirs, node))
				return vm;
		}
	}
	if (host_find_plic_node(host, node) >= 0 ||
	    !strcmp(host_path(host, node, path, sizeof(path)), plan->console.path))
		return DEVICE_HYP;
	return device_refusal(host, node) ? DEVICE_KEPT : DEVICE_FREE;
}

static void device_irqs(const struct host *host, uint16_t top, char *buf, size_t size)
{
	struct irq_walk walk;
	const char *before = "";
	size_t at = 0;

	buf[0] = 0;
	for (irq_walk_begin(&walk, host, top); irq_walk_next(&walk) && at + 24 < size; before = " ") {
		at += snprintf(buf + at, size - at, "%s", before);
		if (host->nr_plics > 1)
			at += snprintf(buf + at, size - at, "%d:", walk.plic);
		at += snprintf(buf + at, size - at, "%u", walk.irq.id);
	}
}

struct device_row {
	const char *box;	/* style */
	bool mine;		/* a guest's */
	const char *name, *irqs, *owner;
	struct range reg;
};

static void draw_row(const struct device_row *r, double y)
{
	const char *number = r->mine ? "mono" : "mono dim";
	char text[HOST_PATH_SIZE];

	svg_box(SVG_MARGIN + 0.5, y + 4, 14, 13, r->box, NULL);
	svg_text(SVG_MARGIN + 24, y + 15, ANCHOR_START, r->mine ? "" : "dim", "%s",
		 map_cut(r->name, 380, 13, text, sizeof(text)));
	svg_text(SVG_MARGIN + 424, y + 15, ANCHOR_START, number, "0x%010lx-0x%010lx", r->reg.base, range_last(r->reg));
	svg_text(SVG_MARGIN + 640, y + 15, ANCHOR_START, number, "%s", map_cut(r->irqs, 150, 11.5, text, sizeof(text)));
	svg_text(SVG_WIDTH - SVG_MARGIN, y + 15, ANCHOR_END, r->mine ? "own" : "dim small", "%s", r->owner);
	svg_line(SVG_MARGIN, y + 22, SVG_WIDTH - SVG_MARGIN, y + 22);
}

static void draw_device(const struct plan *plan, const struct host *host, uint16_t node,
			struct range reg, double y)
{
	static const char *const names[] = { "kept", "hypervisor", "free" };
	uint8_t owner = device_owner(plan, host, node);
	char style[STYLE_SIZE], path[HOST_PATH_SIZE], irqs[128];
	bool mine = owner < plan->nr_vms;

	device_irqs(host, node, irqs, sizeof(irqs));
	draw_row(&(struct device_row){
		.box = mine ? map_guest_style(owner, style) : owner == DEVICE_HYP ? "hyp" :
		       owner == DEVICE_KEPT ? "fw" : "free",
		.mine = mine, .name = host_path(host, node, path, sizeof(path)), .irqs = irqs, .reg = reg,
		.owner = mine ? plan->vms[owner].name : names[owner - DEVICE_KEPT] }, y);
}

/* What the hypervisor emulates for a guest beside its interrupt controllers. */
static void draw_vuart(const struct plan_vm *v, uint32_t vm, double y)
{
	char style[STYLE_SIZE], irq[16];

	snprintf(irq, sizeof(irq), "%u", v->vuart.irq);
	draw_row(&(struct device_row){
		.box = map_guest_style(vm, style), .mine = true, .name = "virtual UART", .irqs = irq, .owner = v->name,
		.reg = { v->vuart.base.v, v->vuart.size } }, y);
}

/* The next device at or behind an address, by its first registers; NO_NODE if there is none. */
static uint16_t next_device(const struct host *host, uint64_t at, uint16_t after, struct range *reg)
{
	uint16_t found = NO_NODE, last = 0;
	struct range r;

	for (uint32_t i = 0; i < host->nr_regs; i++) {
		uint16_t node = host->regs[i].node;

		r = host->regs[i].range;
		if (node < last ||
		    (host->cpus != NO_NODE && host_is_within(host, node, host->cpus)))
			continue;	/* in a device that was seen */
		last = host->nodes[node].end;
		if (host_is_disabled(host, node) || r.base < at ||
		    (r.base == at && (after == NO_NODE ? false : node <= after)))
			continue;
		if (found != NO_NODE && r.base >= reg->base)
			continue;
		found = node;
		*reg = r;
	}
	return found;
}

static double draw_devices(const struct plan *plan, const struct host *host, double y)
{
	struct range reg = { 0 };
	uint16_t node = NO_NODE;

	svg_text(SVG_MARGIN + 24, y + 10, ANCHOR_START, "dim small", "node");
	svg_text(SVG_MARGIN + 424, y + 10, ANCHOR_START, "dim small", "first registers");
	svg_text(SVG_MARGIN + 640, y + 10, ANCHOR_START, "dim small", "interrupts");
	y += 16;
	for (uint32_t i = 0; i < HOST_MAX_REGS; i++, y += 23) {
		node = next_device(host, reg.base, node, &reg);
		if (node == NO_NODE)
			break;
		draw_device(plan, host, node, reg, y);
	}
	for (uint32_t vm = 0; vm < plan->nr_vms; vm++) {
		if (plan->vms[vm].vuart.size) {
			draw_vuart(&plan->vms[vm], vm, y);
			y += 23;
		}
	}
	return y;
}

/* ---- interrupts ---- */

static void mark_used(const struct host *host, uint32_t plic, bool *used)
{
	struct host_irq_cursor cursor;
	struct host_irq irq;

	memset(used, 0, MAX_IRQS * sizeof(*used));
	for (uint32_t node = 0; node < host->nr_nodes; node++) {
		cursor = (struct host_irq_cursor){ 0 };
		while (host_next_irq(host, node, &cursor, &irq) == OK) {
			if (irq.parent == host->plics[plic].node && irq.id < MAX_IRQS)
				used[irq.id] = true;
		}
	}
}

static void draw_source(const struct plan *plan, uint8_t owner, bool used, uint32_t id, double x, double y, double w)
{
	char style[STYLE_SIZE];

	svg_box(x, y, w, 18, owner < plan->nr_vms ? map_guest_style(owner, style) :
		owner == OWNER_HYP ? "hyp" : used ? "free" : "faint", NULL);
	if (used || owner != NO_OWNER)
		svg_text(x + w / 2, y + 13, ANCHOR_MIDDLE, owner == NO_OWNER ? "small dim" : "small", "%u", id);
}

static bool is_empty_row(const struct plan_intc *p, const bool *used, uint32_t row)
{
	for (uint32_t id = row * COLUMNS + 1; id <= (row + 1) * COLUMNS && id <= p->ndev; id++)
		if (used[id] || p->source_owner[id] != NO_OWNER)
			return false;
	return true;
}

/* Rows of sources; those without a device are one line of text. */
static double draw_plic(const struct plan *plan, const struct host *host, uint32_t plic, double y)
{
	const struct plan_intc *p = &plan->intcs[plic];
	const double w = (SVG_INNER + 4.0) / COLUMNS;
	uint32_t rows = (p->ndev + COLUMNS - 1) / COLUMNS, first, last, empty;
	bool used[MAX_IRQS];

	mark_used(host, plic, used);
	svg_text(SVG_MARGIN, y + 12, ANCHOR_START, "dim small", "%s: %u sources", p->path, p->ndev);
	y += 20;
	for (uint32_t row = 0; row < rows; row++, y += 22) {
		first = row * COLUMNS + 1;
		for (empty = row; empty < rows && is_empty_row(p, used, empty); empty++)
			;
		if (empty > row) {
			last = empty * COLUMNS < p->ndev ? empty * COLUMNS : p->ndev;
			svg_text(SVG_MARGIN, y + 13, ANCHOR_START, "dim small", "%u to %u: no device", first, last);
			row = empty - 1;
			continue;
		}
		last = first + COLUMNS <= p->ndev ? first + COLUMNS - 1 : p->ndev;
		for (uint32_t id = first; id <= last; id++)
			draw_source(plan, p->source_owner[id], used[id], id, SVG_MARGIN + (id - first) * w, y, w - 4);
	}
	return y + 8;
}

/* ---- the whole ---- */

static void machine_name(const struct host *host, char *buf, size_t size)
{
	struct dt_prop p;
	uint32_t at = 0;
	const char *s = NULL;

	if (host_find_prop(host, 0, "model", &p) || host_find_prop(host, 0, "compatible", &p))
		s = dt_string(&p, &at);
	snprintf(buf, size, "%.80s", s ? s : "a machine without a name");
}

static void draw(const struct plan_args *s, const struct plan *plan, const struct host *host)
{
	const char *slash = strrchr(s->config_path, '/');
	const char *name = slash ? slash + 1 : s->config_path;
	char machine[96], title[256], head[256], total[24], *text;
	uint64_t ram = 0;
	double y;
	size_t size;

	for (uint32_t i = 0; i < host->nr_ram; i++)
		ram += host->ram[i].size;
	machine_name(host, machine, sizeof(machine));
	snprintf(title, sizeof(title), "%.100s on %s", name, machine);
	svg_begin();
	svg_text(SVG_MARGIN, 50, ANCHOR_START, "title", "%s", map_cut(title, SVG_INNER, 23, head, sizeof(head)));
	svg_text(SVG_MARGIN, 73, ANCHOR_START, "dim", "%u hart%s, %s of RAM, timebase %g MHz", plan->nr_harts,
		 plan->nr_harts == 1 ? "" : "s", size_text(ram, total, sizeof(total)), plan->timebase_hz / 1e6);
	y = draw_guests(plan, 92);
	y = draw_legend(plan, y);
	y = draw_harts(plan, heading(y, "Harts", ""));
	y = heading(y, "Memory", "widths are compressed: the list has the sizes");
	y = map_draw_ram(plan, host, y);
	if (plan->nr_shared)
		y = draw_shared(plan, heading(y, "Shared memory", "RAM of several guests, with doorbells"));
	y = heading(y, "Devices", "kept: the hypervisor or the firmware has it");
	y = draw_devices(plan, host, y);
	y = heading(y, "Interrupts", "faint: no device uses it");
	for (uint32_t i = 0; i < plan->nr_intcs; i++)
		y = draw_plic(plan, host, i, y - (i ? 0 : 6));
	text = svg_end(y + 20, title, "Guests, harts, memory, devices and interrupts of a "
		       "partitioned machine, each in the colour of its owner; `bulkhead plan` has "
		       "the same as text.", &size);
	if (s->output && strcmp(s->output, "-"))
		write_file(s->output, text, size);
	else
		fwrite(text, 1, size, stdout);
	free(text);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct plan_args *s = state->input;

	if (key == 'o') {
		s->output = arg;
		return 0;
	}
	return parse_plan_args(key, arg, state);
}

int cmd_map(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "output", 'o', "FILE", 0, "Write to FILE; default: standard output", 0 },
		{ 0 }
	};
	static const struct argp argp = { options, parse, "HOST PARTS",
		"Draw the plan of the configuration PARTS on the machine HOST as SVG: harts, RAM, "
		"devices and interrupts in the colours of their owners, for light and dark pages.",
		plan_args_children, NULL, NULL };
	struct plan_args s = { .silent = true };

	argp_parse(&argp, argc, argv, 0, NULL, &s);
	if (make_plan(&s))
		return EXIT_PROBLEMS;
	draw(&s, &tool_plan, &tool_host);
	return EXIT_OK;
}
