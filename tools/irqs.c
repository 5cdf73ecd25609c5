/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interrupts of a device of the host's tree, for people: an interrupt-map has the same one many times. */
#include <string.h>

#include "tools/tool.h"

void irq_walk_begin(struct irq_walk *w, const struct host *host, uint16_t top)
{
	memset(w, 0, sizeof(*w));
	w->host = host;
	w->node = top;
	w->end = host->nodes[top].end;
}

bool irq_walk_next(struct irq_walk *w)
{
	while (w->node < w->end) {
		if (host_next_irq(w->host, w->node, &w->cursor, &w->irq) != OK) {
			w->node++;
			w->cursor = (struct host_irq_cursor){ 0 };
			continue;
		}
		w->plic = w->irq.parent == NO_NODE ? -1 : host_find_plic_node(w->host, w->irq.parent);
		if (w->plic < 0 || w->irq.id >= MAX_IRQS || w->seen[w->plic][w->irq.id])
			continue;
		w->seen[w->plic][w->irq.id] = true;
		return true;
	}
	return false;
}
