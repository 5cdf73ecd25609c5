/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the guest's PLIC in its device tree. Register access is in plic.h. */
#include <libfdt.h>
#include "guests/lib/dt.h"
#include "guests/lib/plic.h"

struct plic plic;

void plic_init(void)
{
	int node = machine.plic_node;
	struct range r;
	int len;

	if (node < 0 || !dt_reg(node, 0, &r))
		return;
	plic.base = r.base;
	plic.size = r.size;
	plic.ndev = dt_cell(node, "riscv,ndev", 0, 0);
	if (fdt_getprop(machine.fdt, node, "interrupts-extended", &len))
		plic.ncontexts = (uint32_t)len / 8;
}
