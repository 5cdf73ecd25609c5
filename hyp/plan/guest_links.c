/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What connects guests, in a guest's device tree: nodes of shared memories with their doorbells (docs/links.md). */
#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/plan/guest_int.h"

/* The names of the guests that have the memory, by number. */
static void write_peers(struct guest_tree *t, const struct plan_shared *m)
{
	char names[MAX_VMS * VM_NAME_LEN];
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->nr_peers; i++)
		n += (uint32_t)fmt_str(names + n, sizeof(names) - n, "%s", t->plan->vms[m->peers[i]].name) + 1;
	dt_write_prop(&t->w, "bulkhead,peers", names, n);
}

/* Two ranges: the memory, and the doorbell. */
static void write_reg(struct guest_tree *t, const struct plan_share *s, uint64_t size)
{
	static const char names[] = "memory\0doorbell";
	uint32_t address_cells = t->host->nodes[0].address_cells, size_cells = t->host->nodes[0].size_cells;
	uint32_t cells[8], n;

	n = guest_put_cells(cells, s->base.v, address_cells);
	n += guest_put_cells(cells + n, size, size_cells);
	n += guest_put_cells(cells + n, s->doorbell.v, address_cells);
	n += guest_put_cells(cells + n, PAGE_SIZE, size_cells);
	dt_write_cells(&t->w, "reg", cells, n);
	dt_write_prop(&t->w, "reg-names", names, sizeof(names));
}

/* Whether the node's addresses fit the cells of the host's root, which are the guest's. */
static bool fits(struct guest_tree *t, const struct plan_share *s, uint64_t size)
{
	uint64_t last = s->base.v + (size - 1);

	last = last > s->doorbell.v ? last : s->doorbell.v;
	if ((t->host->nodes[0].address_cells == 2 || !(last >> 32)) &&
	    (t->host->nodes[0].size_cells == 2 || !(size >> 32)))
		return true;
	problem_report(t->r, PROBLEM_ADDRESS_TOO_HIGH, true, t->vm->config_path, "shares",
		       "0x%lx does not fit the 32-bit addresses of the host's device tree", last);
	return false;
}

/* A transport of virtio: the virtio,mmio binding, on a bus of its own at the root. */
void guest_write_cards(struct guest_tree *t)
{
	uint32_t address_cells = t->host->nodes[0].address_cells, size_cells = t->host->nodes[0].size_cells, n;

	for (uint32_t i = 0; i < t->vm->nr_cards; i++) {
		const struct plan_card *c = &t->vm->cards[i];
		uint32_t cells[4];
		char name[40];

		if (address_cells < 2 && c->base.v >> 32) {
			problem_report(t->r, PROBLEM_ADDRESS_TOO_HIGH, true, t->vm->config_path, "net",
				       "0x%lx does not fit the 32-bit addresses of the host's device tree", c->base.v);
			continue;
		}
		fmt_str(name, sizeof(name), "virtio@%lx", c->base.v);
		dt_write_begin(&t->w, name);
		dt_write_string(&t->w, "compatible", "virtio,mmio");
		dt_write_string(&t->w, "label", t->plan->nets[c->net].name);
		n = guest_put_cells(cells, c->base.v, address_cells);
		n += guest_put_cells(cells + n, PAGE_SIZE, size_cells);
		dt_write_cells(&t->w, "reg", cells, n);
		guest_write_virtual_irq(t, c->vplic, c->irq);
		dt_write_end(&t->w);
	}
}

void guest_write_shares(struct guest_tree *t)
{
	for (uint32_t i = 0; i < t->vm->nr_shares; i++) {
		const struct plan_share *s = &t->vm->shares[i];
		const struct plan_shared *m = &t->plan->shared[s->shared];
		char name[40];

		if (!fits(t, s, m->size))
			continue;
		fmt_str(name, sizeof(name), "shared-memory@%lx", s->base.v);
		dt_write_begin(&t->w, name);
		dt_write_string(&t->w, "compatible", "bulkhead,shared-memory-v1");
		dt_write_string(&t->w, "label", m->name);
		dt_write_string(&t->w, "linux,uio-name", m->name);
		write_reg(t, s, m->size);
		if (s->irq)
			guest_write_virtual_irq(t, s->vplic, s->irq);
		write_peers(t, m);
		if (s->read_only)
			dt_write_prop(&t->w, "bulkhead,read-only", NULL, 0);
		dt_write_end(&t->w);
	}
}
