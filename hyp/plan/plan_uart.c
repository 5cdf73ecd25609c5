/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hart that drives the hypervisor's console, and the virtual UARTs of guests: their address, the UART of the host
 * that they imitate, and their interrupt. A guest's address space and interrupt ids are its own, so it may see a
 * virtual UART at the address of a UART of the host that another owner uses.
 */
#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/plan/plan_int.h"

#define WINDOW		0x100u		/* bytes of a virtual UART's registers, and nothing behind them */
#define CLOCK_HZ	3686400u	/* if the host's UART has none; the virtual UART has no timing */

/* ---- the hart of the console ---- */

static bool can_be_served(const struct planner *pl, uint32_t hart, int intc, const struct host_irq *irq)
{
	if (intc < 0 || !irq->id || irq->id > pl->plan->intcs[intc].ndev ||
	    pl->plan->harts[hart].plic_context[intc] == NO_CONTEXT)
		return false;
	return pl->plan->intcs[intc].kind == INTC_PLIC || irq->flags == IRQ_EDGE_RISE || irq->flags == IRQ_EDGE_FALL ||
	       irq->flags == IRQ_LEVEL_HIGH || irq->flags == IRQ_LEVEL_LOW;
}

/* The controller of the console's interrupt that reaches the hart; -1: there is none. */
static int find_console_irq(struct planner *pl, uint32_t hart, struct host_irq *irq)
{
	struct host_irq_cursor cursor = { 0 };

	while (host_next_irq(pl->host, pl->console_node, &cursor, irq) == OK) {
		int p = irq->parent == NO_NODE ? -1 : host_find_plic_node(pl->host, irq->parent);

		if (can_be_served(pl, hart, p, irq))
			return p;
	}
	return -1;
}

static void use_hart(struct planner *pl, uint32_t hart)
{
	struct plan_console *c = &pl->plan->console;
	struct host_irq irq;
	int intc;

	c->hart = (uint8_t)hart;
	c->drive = pl->plan->harts[hart].vm == NO_OWNER ? CONSOLE_OWN_HART : CONSOLE_GUEST_HART;
	intc = c->drive == CONSOLE_OWN_HART && c->kind == CONSOLE_NS16550 ? find_console_irq(pl, hart, &irq) : -1;
	if (intc < 0)
		return;
	c->intc = (uint8_t)intc;
	c->irq = (uint16_t)irq.id;
	c->irq_flags = (uint8_t)irq.flags;
}

/* A UART has input, which needs a hart. Without console-hart: the first spare hart that its interrupt reaches. */
static void choose_hart(struct planner *pl)
{
	struct host_irq irq;

	if (pl->plan->console.kind != CONSOLE_NS16550)
		return;
	for (uint32_t i = 0; i < pl->plan->nr_harts; i++) {
		if (pl->plan->harts[i].vm == NO_OWNER && find_console_irq(pl, i, &irq) >= 0) {
			use_hart(pl, i);
			return;
		}
	}
}

void plan_console_hart(struct planner *pl)
{
	const struct config *config = pl->config;
	int hart;

	pl->plan->console.colour = config->colour;
	pl->plan->console.monitor = !config->no_monitor;
	if (!config->has_console_hart) {
		choose_hart(pl);
		return;
	}
	hart = host_find_hart(pl->host, config->console_hart);
	if (!config->console)
		problem_report(pl->r, PROBLEM_BAD_CONSOLE, true, "/", "console-hart",
			       "the firmware's console needs no hart; name the device in \"console\"");
	else if (hart < 0)
		plan_unknown_hart(pl, "/", "console-hart", config->console_hart);
	else if (pl->console_node != NO_NODE)
		use_hart(pl, (uint32_t)hart);
}

/* ---- virtual UARTs ---- */

static bool is_guests(const struct planner *pl, const struct plan_vm *v, uint16_t node)
{
	for (uint32_t i = 0; i < v->nr_devices; i++) {
		if (host_is_within(pl->host, node, v->devices[i].node))
			return true;
	}
	return false;
}

/* Whether a guest's UART can imitate that of the host; *reg: its registers, whose window must lie in one page. */
static bool can_imitate(const struct planner *pl, const struct plan_vm *v, uint16_t node, struct range *reg)
{
	return device_is_ns16550(pl->host, node) && !is_guests(pl, v, node) &&
	       host_node_reg(pl->host, node, 0, reg) == OK && reg->base % PAGE_SIZE <= PAGE_SIZE - WINDOW;
}

/* The host's UART at the configured address; otherwise the console, or the first UART. */
static uint16_t find_uart(const struct planner *pl, uint32_t vm, struct range *reg)
{
	const struct config_vm *c = &pl->config->vms[vm];
	const struct plan_vm *v = &pl->plan->vms[vm];

	if (!c->has_uart_address && pl->console_node != NO_NODE &&
	    can_imitate(pl, v, pl->console_node, reg))
		return pl->console_node;
	for (uint32_t i = 0; i < pl->host->nr_nodes; i++) {
		if (can_imitate(pl, v, i, reg) &&
		    (!c->has_uart_address || reg->base == c->uart_address))
			return i;
	}
	return NO_NODE;
}

/* That PLIC among the guest's; -1: it has none of that number, or nothing could refer to it. */
static int index_of_vplic(const struct planner *pl, const struct plan_vm *v, int plic)
{
	for (uint32_t i = 0; i < v->nr_vplics; i++) {
		if (v->vplics[i].plic == plic && pl->plan->intcs[plic].phandle)
			return (int)i;
	}
	return -1;
}

/* The interrupt of the host's UART, if the guest can have a virtual one of that number. */
static bool take_irq(const struct planner *pl, struct plan_vm *v, uint16_t node)
{
	struct host_irq_cursor cursor = { 0 };
	struct host_irq irq;
	int plic, i;

	while (node != NO_NODE && host_next_irq(pl->host, node, &cursor, &irq) == OK) {
		plic = irq.parent == NO_NODE ? -1 : host_find_plic_node(pl->host, irq.parent);
		i = plic < 0 ? -1 : index_of_vplic(pl, v, plic);
		if (i < 0 || !irq.id || irq.id > v->vplics[i].ndev || !plan_irq_is_free(v, plic, irq.id))
			continue;
		v->vuart.vplic = (uint8_t)i;
		v->vuart.irq = (uint16_t)irq.id;
		return true;
	}
	return false;
}

/* For drivers with a built-in layout of the board's UART. */
static void copy_layout(const struct planner *pl, struct plan_vuart *u, uint16_t node)
{
	uint32_t shift = host_prop_u32(pl->host, node, "reg-shift", 0);
	uint32_t width = host_prop_u32(pl->host, node, "reg-io-width", 1);

	u->reg_shift = shift <= 3 ? (uint8_t)shift : 0;
	u->reg_io_width = width == 2 || width == 4 ? (uint8_t)width : 1;
	u->clock_hz = host_prop_u32(pl->host, node, "clock-frequency", CLOCK_HZ);
}

static void plan_vuart(struct planner *pl, uint32_t vm)
{
	const struct config_vm *c = &pl->config->vms[vm];
	struct plan_vm *v = &pl->plan->vms[vm];
	struct range reg;
	uint16_t node = find_uart(pl, vm, &reg);

	if (node == NO_NODE && !c->has_uart_address) {
		vm_problem(pl, vm, PROBLEM_BAD_CONSOLE, "console",
			   "the machine has no UART like ns16550a whose address the guest could see; "
			   "choose one by \"console-address\"");
		return;
	}
	v->vuart.base = gpa(c->has_uart_address ? c->uart_address : reg.base);
	v->vuart.size = WINDOW;
	copy_layout(pl, &v->vuart, node);
	if (!take_irq(pl, v, node))
		plan_virtual_irq(pl, v, &v->vuart.vplic, &v->vuart.irq);
	/* The host's PLIC lacks this source: a completion of it must trap. */
	if (v->policy.plic_mode == PLIC_MAPPED)
		v->policy.plic_mode = PLIC_GUARDED;
}

void plan_vuarts(struct planner *pl)
{
	for (uint32_t vm = 0; vm < pl->plan->nr_vms; vm++) {
		const struct config_vm *c = &pl->config->vms[vm];

		if (c->uart)
			plan_vuart(pl, vm);
		else if (c->has_uart_address)
			vm_problem(pl, vm, PROBLEM_BAD_CONSOLE, "console-address",
				   "the guest has no UART to put there; add console = \"uart\"");
	}
}
