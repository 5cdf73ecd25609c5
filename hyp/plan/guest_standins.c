/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stand-ins for what a guest has no provider of. Clocks: fixed ones, one for each rate, with the rate that the firmware
 * left running. Reset lines: bits of a page of the guest's own RAM, which nothing reads. docs/providers.md has the
 * rules. Sources: the bindings fixed-clock.yaml and clock.yaml; snps,dw-high-reset, whose registers are a bit for each
 * line.
 */
#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/plan/guest_int.h"
#include "hyp/plan/plan_int.h"

/* The property, if it is one number; 0 otherwise. */
static uint32_t number(const struct host *host, uint16_t node, const char *name)
{
	struct dt_prop p;

	return host_find_prop(host, node, name, &p) && p.size == 4 ? dt_u32(p.data) : 0;
}

/* As the configuration says; what names one clock comes before what names all. */
static bool configured(const struct plan_vm *v, uint16_t node, uint32_t index, uint32_t *hz)
{
	bool found = false;

	for (uint32_t i = 0; i < v->nr_clocks; i++) {
		const struct plan_clock *c = &v->clocks[i];

		if (c->node != node || (c->index != index && (c->index != ALL_CLOCKS || found)))
			continue;
		*hz = c->hz;
		found = true;
		if (c->index == index)
			return true;
	}
	return found;
}

/* The rate that a node assigns to exactly this clock, the phandle and cells of an entry; 0: none. */
static uint32_t assigned_by(const struct host *host, uint16_t node, const uint8_t *clock, uint32_t size)
{
	struct reference ref = refs_kind(refs_find("assigned-clocks"));
	struct dt_prop p, rates;
	struct ref_entry e = { 0 };

	if (!host_find_prop(host, node, "assigned-clock-rates", &rates) ||
	    !host_find_prop(host, node, "assigned-clocks", &p))
		return 0;
	for (uint32_t i = 0; refs_next(host, &ref, &p, &e) && 4 * i + 4 <= rates.size; i++) {
		if (e.end - e.at == size && !memcmp(p.data + e.at, clock, size) && dt_u32(rates.data + 4 * i))
			return dt_u32(rates.data + 4 * i);
	}
	return 0;
}

static uint32_t assigned(const struct host *host, const uint8_t *clock, uint32_t size)
{
	uint32_t hz = 0;

	for (uint32_t node = 0; node < host->nr_nodes && !hz; node++) {
		if (host->nodes[node].flags & NODE_CONTROL && !host_is_disabled(host, node))
			hz = assigned_by(host, node, clock, size);
	}
	return hz;
}

static uint32_t rate(struct guest_tree *t, uint16_t node, const struct dt_prop *p, const struct ref_entry *e,
		     uint32_t index)
{
	const struct host *host = t->host;
	uint32_t hz = 0;

	if (configured(t->vm, node, index, &hz))
		return hz;
	if (!e->at && e->end == p->size && device_is_uart(host, node))
		hz = number(host, node, "clock-frequency");
	if (!hz && e->target != NO_NODE)
		hz = assigned(host, p->data + e->at, e->end - e->at);
	if (!hz && e->target != NO_NODE && !number(host, e->target, "#clock-cells"))
		hz = number(host, e->target, "clock-frequency");
	return hz;
}

/* "clock 1 (baudclk)" */
static void clock_text(const struct host *host, uint16_t node, uint32_t index, char *buf, size_t size)
{
	uint32_t at = 0;
	const char *name = NULL;
	struct dt_prop p;

	if (host_find_prop(host, node, "clock-names", &p) && dt_is_strings(&p)) {
		for (uint32_t i = 0; i <= index; i++)
			name = dt_string(&p, &at);
	}
	if (name)
		fmt_str(buf, size, "clock %u (%s)", index, name);
	else
		fmt_str(buf, size, "clock %u", index);
}

static void unknown_rate(struct guest_tree *t, uint16_t node, uint32_t index)
{
	char path[HOST_PATH_SIZE], clock[64];

	clock_text(t->host, node, index, clock, sizeof(clock));
	host_path(t->host, node, path, sizeof(path));
	problem_note(t->r, false, path, "clocks", "the rate of %s is not known, so guest %s gets 0 Hz; read it in "
		     "/sys/kernel/debug/clk/clk_summary of the board, and add it to \"clock-rates\" "
		     "(docs/providers.md)",
		     clock, t->vm->name);
}

/* Above all phandles of the host's tree. */
static uint32_t first_free_phandle(const struct host *host)
{
	uint32_t last = 0;

	for (uint32_t i = 0; i < host->nr_nodes; i++) {
		if (host->nodes[i].phandle > last && host->nodes[i].phandle < UINT32_MAX - MAX_STANDINS)
			last = host->nodes[i].phandle;
	}
	return last + 1;
}

void guest_no_standins(struct guest_tree *t)
{
	t->nr_standins = t->nr_resets = 0;
	t->next_phandle = t->reset_phandle = 0;
}

static uint32_t new_phandle(struct guest_tree *t)
{
	if (!t->next_phandle)
		t->next_phandle = first_free_phandle(t->host);
	return t->next_phandle++;
}

static void too_many(struct guest_tree *t, uint16_t node, const char *prop, unsigned limit)
{
	char path[HOST_PATH_SIZE];

	problem_note(t->r, false, host_path(t->host, node, path, sizeof(path)), prop,
		     "no stand-in for an entry: guest %s "
		     "has %u already; this build has room for no more", t->vm->name, limit);
}

static uint32_t clock_standin(struct guest_tree *t, uint16_t node, const struct dt_prop *p, const struct ref_entry *e,
			      uint32_t index)
{
	uint32_t hz = rate(t, node, p, e, index), i;

	if (!hz)
		unknown_rate(t, node, index);
	for (i = 0; i < t->nr_standins; i++) {
		if (t->standins[i].hz == hz)
			return t->standins[i].phandle;
	}
	if (t->nr_standins == MAX_STANDINS) {
		too_many(t, node, p->name, MAX_STANDINS);
		return 0;
	}
	t->standins[t->nr_standins++] = (struct standin){ hz, new_phandle(t) };
	return t->standins[i].phandle;
}

/* The same line has the same number for all its users: Linux counts the users of a line. */
static uint32_t reset_standin(struct guest_tree *t, uint16_t node, const struct dt_prop *p, const struct ref_entry *e)
{
	struct reset_line line = { p->data + e->at, e->end - e->at };
	uint32_t i;

	for (i = 0; i < t->nr_resets; i++) {
		if (t->resets[i].size == line.size && !memcmp(t->resets[i].entry, line.entry, line.size))
			return i;
	}
	if (t->nr_resets == MAX_RESETS) {
		too_many(t, node, p->name, MAX_RESETS);
		return MAX_RESETS;
	}
	if (!t->reset_phandle)
		t->reset_phandle = new_phandle(t);
	t->resets[t->nr_resets++] = line;
	return i;
}

uint32_t guest_standin_cells(const struct guest_tree *t, const char *prop)
{
	if (!strcmp(prop, "clocks"))
		return 1;
	return t->vm->needs_resets && !strcmp(prop, "resets") ? 2 : 0;
}

void guest_standin(struct guest_tree *t, uint16_t node, const struct dt_prop *p, const struct ref_entry *e,
		   uint32_t index, uint8_t *out)
{
	uint32_t line;

	if (guest_standin_cells(t, p->name) == 1) {
		dt_put_u32(out, e->target == NO_NODE ? 0 : clock_standin(t, node, p, e, index));
		return;
	}
	line = e->target == NO_NODE ? MAX_RESETS : reset_standin(t, node, p, e);
	dt_put_u32(out, line < MAX_RESETS ? t->reset_phandle : 0);
	dt_put_u32(out + 4, line < MAX_RESETS ? line : 0);
}

static void write_resets(struct guest_tree *t)
{
	uint32_t address = t->host->nodes[0].address_cells, size = t->host->nodes[0].size_cells, n = 0;
	const uint32_t one = 1;
	uint32_t cells[4];
	char name[48];

	if (!t->reset_phandle)
		return;
	if (address == 2)
		cells[n++] = t->vm->reset_page.v >> 32;
	cells[n++] = (uint32_t)t->vm->reset_page.v;
	if (size == 2)
		cells[n++] = 0;
	cells[n++] = PAGE_SIZE;
	fmt_str(name, sizeof(name), "reset-controller@%lx", t->vm->reset_page.v);
	dt_write_begin(&t->w, name);
	dt_write_string(&t->w, "compatible", "snps,dw-high-reset");
	dt_write_cells(&t->w, "reg", cells, n);
	dt_write_cells(&t->w, "#reset-cells", &one, 1);
	dt_write_cells(&t->w, "phandle", &t->reset_phandle, 1);
	dt_write_end(&t->w);
}

void guest_write_standins(struct guest_tree *t)
{
	const uint32_t cells = 0;
	char name[32];

	write_resets(t);
	for (uint32_t i = 0; i < t->nr_standins; i++) {
		fmt_str(name, sizeof(name), "bulkhead-clock-%u", t->standins[i].hz);
		dt_write_begin(&t->w, name);
		dt_write_string(&t->w, "compatible", "fixed-clock");
		dt_write_cells(&t->w, "#clock-cells", &cells, 1);
		dt_write_cells(&t->w, "clock-frequency", &t->standins[i].hz, 1);
		dt_write_cells(&t->w, "phandle", &t->standins[i].phandle, 1);
		dt_write_end(&t->w);
	}
}
