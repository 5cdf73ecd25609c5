/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The devices of a machine, for `bulkhead new`: of which class each is, what it comes with, and why it cannot be given.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/new.h"

struct candidate candidates[HOST_MAX_NODES];
uint32_t nr_candidates;

/* Of which class it is says the plan of a guest that has it and is trusted with everything. */
static void judge(struct candidate *c)
{
	struct config_vm *vm = &tool_config.vms[0];
	const struct plan_device *d = &tool_plan.vms[0].devices[0];
	static char path[HOST_PATH_SIZE];

	vm->devices[0] = host_path(&tool_host, c->node, path, sizeof(path));
	vm->nr_devices = 1;
	vm->trust_dma = vm->trust_control = true;
	if (attempt()) {
		c->verdict = DEVICE_NOT;
		snprintf(c->why, sizeof(c->why), "%s", first_problem.text);
	} else {
		c->verdict = d->control ? DEVICE_CONTROL : d->dma ? DEVICE_DMA : DEVICE_GOOD;
		c->dma = d->dma && !d->confined;
		plan_control_text(&tool_host, d, c->why, sizeof(c->why));
	}
	vm->nr_devices = 0;
	vm->trust_dma = vm->trust_control = false;
}

/* UARTs first, as the one that a guest has by default; then by address. */
static int compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	bool ux = device_is_uart(&tool_host, x->node), uy = device_is_uart(&tool_host, y->node);

	if (ux != uy)
		return uy - ux;
	return x->base < y->base ? -1 : x->base > y->base;
}

/* What has registers that the CPU reaches is a device, with all that is below it. */
void find_candidates(void)
{
	uint32_t node = 1;
	struct range reg;

	while (node < tool_host.nr_nodes) {
		bool beside = node == tool_host.cpus || node == tool_host.reserved_memory ||
			      tool_host.nodes[node].flags & NODE_MEMORY;

		if (!beside && host_node_reg(&tool_host, node, 0, &reg)) {
			node++;
			continue;
		}
		if (!beside && !host_is_disabled(&tool_host, node)) {
			candidates[nr_candidates] = (struct candidate){ .node = node,
									.base = reg.base };
			judge(&candidates[nr_candidates++]);
		}
		node = tool_host.nodes[node].end;
	}
	qsort(candidates, nr_candidates, sizeof(candidates[0]), compare);
}

static const char *compatible(uint16_t node)
{
	struct dt_prop p;
	uint32_t at = 0;
	const char *s;

	if (!tool_host.nodes[node].compatible)
		return "?";
	p = host_prop(&tool_host, tool_host.nodes[node].compatible);
	s = dt_string(&p, &at);
	return s ? s : "?";
}

/* Text of the host's tree as a part of a comment: nothing in it ends the line. */
void print_safe(const char *text)
{
	for (; *text; text++)
		fputc(*text < ' ' || *text > '~' || *text == '\\' ? '?' : *text, out);
}

static void print_irqs(uint16_t top)
{
	struct irq_walk walk;
	const char *before = ", interrupt ";

	for (irq_walk_begin(&walk, &tool_host, top); irq_walk_next(&walk); before = " ")
		fprintf(out, "%s%u", before, walk.irq.id);
}

static void print_device(const struct candidate *c, const char *lead)
{
	char path[HOST_PATH_SIZE];

	fprintf(out, "%s\"", lead);
	print_safe(host_path(&tool_host, c->node, path, sizeof(path)));
	fputs("\"\t// ", out);
	print_safe(compatible(c->node));
	print_irqs(c->node);
	if (c->verdict == DEVICE_GOOD)
		fputs("; harmless: no DMA, and nothing else depends on it", out);
	if (c->verdict == DEVICE_DMA)
		fputs(c->dma ? "; may do DMA: needs trust-dma" : "; does DMA, which an IOMMU confines", out);
	if (c->verdict == DEVICE_CONTROL) {
		fputs("; machine control, as ", out);
		print_safe(c->why);
		fprintf(out, ": needs trust-control%s", c->dma ? " and trust-dma" : "");
	}
	fputc('\n', out);
}

/* The plan of one guest with all of a group, trusted with everything; OK if there is one. */
static enum err attempt_group(const struct group *g)
{
	static char paths[MAX_GROUP][HOST_PATH_SIZE];
	struct config_vm *vm = &tool_config.vms[0];
	enum err e;

	for (vm->nr_devices = 0; vm->nr_devices < g->count; vm->nr_devices++)
		vm->devices[vm->nr_devices] = host_path(&tool_host, g->nodes[vm->nr_devices], paths[vm->nr_devices],
							HOST_PATH_SIZE);
	vm->trust_dma = vm->trust_control = true;
	e = attempt();
	vm->nr_devices = 0;
	vm->trust_dma = vm->trust_control = false;
	return e;
}

/* What a device comes with: all, or if that cannot be given, what it cannot be given without. */
static bool find_group(uint16_t node, struct group *g)
{
	group_find(g, node, true);
	if (g->count > 1 && !attempt_group(g))
		return true;
	group_find(g, node, false);
	return g->count > 1 && !attempt_group(g);
}

static void print_group(const struct candidate *c)
{
	bool dma = false, control = false;
	char path[HOST_PATH_SIZE];
	struct group g;

	if (!find_group(c->node, &g))
		return;
	for (uint32_t i = 0; i < tool_plan.vms[0].nr_devices; i++) {
		dma |= tool_plan.vms[0].devices[i].dma && !tool_plan.vms[0].devices[i].confined;
		control |= tool_plan.vms[0].devices[i].control != NULL;
	}
	fputs("\t\t//\t with ", out);
	for (uint32_t i = 0; i < g.count; i++) {
		fputs(i ? ", \"" : "\"", out);
		print_safe(host_path(&tool_host, g.nodes[i], path, sizeof(path)));
		fputc('"', out);
	}
	fprintf(out, "\t// together%s%s%s\n", dma || control ? ": needs " : "", control ? "trust-control" : "",
		dma ? control ? " and trust-dma" : "trust-dma" : "");
}

/* The first that is harmless is given; the others stand ready behind it, what controls the machine last. */
void print_devices(void)
{
	bool given = false;

	fputs("\n\t\t/* Devices; a line that begins with // is not in effect. \"with\" lists what belongs together. "
	      "*/\n", out);
	for (uint32_t verdict = DEVICE_GOOD; verdict <= DEVICE_CONTROL; verdict++) {
		for (uint32_t i = 0; i < nr_candidates; i++) {
			if (candidates[i].verdict != verdict)
				continue;
			print_device(&candidates[i], given ? "\t\t//\t, " : verdict == DEVICE_GOOD ?
				     "\t\tdevices = " : "\t\t// devices = ");
			print_group(&candidates[i]);
			given |= verdict == DEVICE_GOOD;
		}
	}
	for (uint32_t i = 0; i < nr_candidates; i++) {
		if (candidates[i].verdict == DEVICE_NOT)
			print_group(&candidates[i]);
	}
	if (given)
		fputs("\t\t;\n", out);
	fputs("\n\t\t/* For devices that do DMA: the guest is then trusted with all memory. */\n"
	      "\t\t// trust-dma;\n"
	      "\n\t\t/* For machine control: the guest can then stop, or change, what all others depend on. */\n"
	      "\t\t// trust-control;\n", out);
}

/* Of the first device that is given. */
void print_rates(void)
{
	char path[HOST_PATH_SIZE];
	uint32_t i;

	for (i = 0; i < nr_candidates && candidates[i].verdict != DEVICE_GOOD; i++)
		;
	if (i == nr_candidates)
		return;
	fputs("\n\t\t/* For clocks whose rate is not known, as check reports; /sys/kernel/debug/clk/clk_summary of "
	      "the\n\t\t   running board has it (docs/providers.md). */\n\t\t// clock-rates = \"", out);
	print_safe(host_path(&tool_host, candidates[i].node, path, sizeof(path)));
	fputs("\", \"200M\";\n", out);
}

void print_refused(void)
{
	fputs("\n\t// What no guest can have, alone at least:\n", out);
	for (uint32_t i = 0; i < nr_candidates; i++) {
		if (candidates[i].verdict != DEVICE_NOT)
			continue;
		fputs("\t//   ", out);
		print_safe(candidates[i].why);
		fputc('\n', out);
	}
}
