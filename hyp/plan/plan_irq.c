/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts: each source of each PLIC belongs to one owner. An interrupt of a device must reach a
 * hart of the device's guest, by the contexts that the host's PLIC node lists. Also which PLICs a
 * guest sees.
 */
#include "hyp/base/fmt.h"
#include "hyp/base/plic_map.h"
#include "hyp/plan/plan_int.h"

static bool serves(const struct planner *pl, uint32_t plic, const struct plan_vm *v)
{
	for (uint32_t i = 0; i < v->nr_vcpus; i++) {
		if (pl->plan->harts[v->vcpu_hart[i]].plic_context[plic] != NO_CONTEXT)
			return true;
	}
	return !v->nr_vcpus;	/* a guest without harts is reported elsewhere */
}

static bool has_node(const struct planner *pl, const struct plan_vm *v, uint16_t node)
{
	for (uint32_t i = 0; i < v->nr_devices; i++) {
		if (host_is_within(pl->host, node, v->devices[i].node))
			return true;
	}
	return false;
}

static void unroutable(struct planner *pl, uint32_t vm, uint16_t node, const char *why)
{
	char path[HOST_PATH_SIZE];

	vm_problem(pl, vm, PROBLEM_IRQ_UNROUTABLE, "devices", "%s: %s",
		   host_path(pl->host, node, path, sizeof(path)), why);
}

/* Its interrupts go to a controller that is not a PLIC, and not the guest's. */
static void needs_controller(struct planner *pl, uint32_t vm, uint16_t node, uint16_t controller)
{
	char path[HOST_PATH_SIZE], other[HOST_PATH_SIZE];

	if (host_is_compatible(pl->host, controller, "riscv,aplic"))
		unroutable(pl, vm, node, "its interrupts go to an APLIC that sends no messages to an IMSIC of S-level; that "
					 "is not supported yet");
	else if (device_refusal(pl->host, controller))
		unroutable(pl, vm, node, "its interrupts do not go to a PLIC or APLIC, and no other kind of "
					 "controller is supported yet");
	else
		vm_problem(pl, vm, PROBLEM_IRQ_UNROUTABLE, "devices", "%s: its interrupts go to %s; add that one to "
			   "\"devices\", too", host_path(pl->host, node, path, sizeof(path)),
			   host_path(pl->host, controller, other, sizeof(other)));
}

static bool irq_listed(const struct plan_vm *v, uint32_t plic, uint32_t id)
{
	for (uint32_t i = 0; i < v->nr_irqs; i++) {
		if (v->irqs[i].intc == plic && v->irqs[i].id == id)
			return true;
	}
	return false;
}

static void add_irq(struct planner *pl, uint32_t vm, uint32_t device, uint16_t node, uint32_t plic,
		    uint32_t id)
{
	struct plan_vm *v = &pl->plan->vms[vm];
	uint8_t *owner = &pl->plan->intcs[plic].source_owner[id];
	char path[HOST_PATH_SIZE], other[VM_NAME_LEN + 16];

	if (*owner != NO_OWNER && *owner != vm) {
		vm_problem(pl, vm, PROBLEM_IRQ_TAKEN, "devices",
			   "%s: its interrupt %u of %s is also claimed by %s; assign the devices "
			   "that share it to one guest",
			   host_path(pl->host, node, path, sizeof(path)), id,
			   pl->plan->intcs[plic].path,
			   plan_owner_name(pl, *owner, other, sizeof(other)));
		return;
	}
	*owner = vm;
	if (irq_listed(v, plic, id))
		return;
	if (v->nr_irqs == MAX_VM_IRQS) {
		vm_problem(pl, vm, PROBLEM_LIMIT, "devices",
			   "more than %d interrupts; this build has room for no more", MAX_VM_IRQS);
		return;
	}
	v->irqs[v->nr_irqs++] = (struct plan_irq){ plic, device, id };
}

static void check_irq(struct planner *pl, uint32_t vm, uint32_t device, uint16_t node,
		      const struct host_irq *irq)
{
	const struct plan_vm *v = &pl->plan->vms[vm];
	int plic = host_find_plic_node(pl->host, irq->parent);

	if (plic < 0 && has_node(pl, v, irq->parent))
		return;		/* the controller is a device of the guest, too */
	else if (plic < 0)
		needs_controller(pl, vm, node, irq->parent);
	else if (!irq->id)
		unroutable(pl, vm, node, "its interrupt id is 0, which is no source of a PLIC or APLIC");
	else if (irq->id > pl->plan->intcs[plic].ndev)
		unroutable(pl, vm, node, pl->plan->intcs[plic].kind == INTC_APLIC ?
			   "its interrupt id is above riscv,num-sources of the APLIC, which has no such source" :
			   "its interrupt id is above riscv,ndev of the PLIC, which has no such source");
	else if (!serves(pl, plic, v) && pl->plan->intcs[plic].kind == INTC_APLIC)
		unroutable(pl, vm, node,
			   "no hart of this guest has a guest interrupt file (riscv,guest-index-bits of the IMSIC, and "
			   "ssaia in the ISA string), and APLICs send messages to those alone");
	else if (!serves(pl, plic, v))
		unroutable(pl, vm, node, "its PLIC has no S-mode context for a hart of this guest; "
					 "assign a hart that the PLIC serves");
	else
		add_irq(pl, vm, device, node, plic, irq->id);
}

static void node_irqs(struct planner *pl, uint32_t vm, uint32_t device, uint16_t node)
{
	struct host_irq_cursor cursor = { 0 };
	struct host_irq irq;
	enum err e;

	while ((e = host_next_irq(pl->host, node, &cursor, &irq)) == OK)
		check_irq(pl, vm, device, node, &irq);
	if (e == ERR_NOTFOUND)
		return;
	if (cursor.map_at && e == ERR_RANGE)
		unroutable(pl, vm, node, "a controller of its interrupt-map is not in the host's device tree");
	else if (cursor.map_at)
		unroutable(pl, vm, node, "its interrupt-map is cut off: its length does not fit the #address-cells and "
			   "#interrupt-cells of the node and the controllers");
	else
		unroutable(pl, vm, node, e == ERR_RANGE ? "its interrupt controller is not in the host's device tree" :
			   "its interrupts are cut off: their length does not fit the controller's #interrupt-cells");
}

/* The interrupts of the hypervisor's console belong to the hypervisor, also if it polls the device. */
static void console_irqs(struct planner *pl)
{
	struct host_irq_cursor cursor = { 0 };
	struct host_irq irq;
	int plic;

	if (pl->console_node == NO_NODE)
		return;
	while (host_next_irq(pl->host, pl->console_node, &cursor, &irq) == OK) {
		plic = irq.parent == NO_NODE ? -1 : host_find_plic_node(pl->host, irq.parent);
		if (plic >= 0 && irq.id && irq.id <= pl->plan->intcs[plic].ndev)
			pl->plan->intcs[plic].source_owner[irq.id] = OWNER_HYP;
	}
}

static void sort_irqs(struct plan_vm *v)
{
	uint32_t j;

	for (uint32_t i = 1; i < v->nr_irqs; i++) {
		struct plan_irq q = v->irqs[i];

		for (j = i; j && (v->irqs[j - 1].device > q.device ||
				  (v->irqs[j - 1].device == q.device &&
				   (v->irqs[j - 1].intc > q.intc ||
				    (v->irqs[j - 1].intc == q.intc && v->irqs[j - 1].id > q.id))));
		     j--)
			v->irqs[j] = v->irqs[j - 1];
		v->irqs[j] = q;
	}
}

void plan_irqs(struct planner *pl)
{
	uint16_t end;

	console_irqs(pl);
	for (uint32_t vm = 0; vm < pl->plan->nr_vms; vm++) {
		struct plan_vm *v = &pl->plan->vms[vm];

		for (uint32_t d = 0; d < v->nr_devices; d++) {
			if (host_is_disabled(pl->host, v->devices[d].node))
				continue;	/* only its registers are mapped; its interrupts stay off */
			end = pl->host->nodes[v->devices[d].node].end;
			for (uint16_t node = v->devices[d].node; node < end; node++)
				node_irqs(pl, vm, d, node);
		}
		sort_irqs(v);
	}
}

static void add_vplic(struct planner *pl, uint32_t vm, uint32_t plic)
{
	struct plan_vm *v = &pl->plan->vms[vm];
	const struct plan_intc *p = &pl->plan->intcs[plic];
	uint64_t need = PLIC_CONTEXT_BASE + 2ull * v->nr_vcpus * PLIC_CONTEXT_STRIDE;

	if (p->kind == INTC_PLIC && p->size < need)
		vm_problem(pl, vm, PROBLEM_LIMIT, "harts",
			   "%s is too small for two contexts for each of %u harts; assign "
			   "fewer harts", p->path, v->nr_vcpus);
	v->vplics[v->nr_vplics++] = (struct plan_vplic){
		.plic = plic, .base = gpa(p->base.v), .size = p->size,
		.ndev = p->ndev };
}

/* All PLICs that serve a hart of the guest, with or without devices. Linux enables no interrupt of any PLIC
 * before each of its harts has a context in some PLIC. */
void plan_vplics(struct planner *pl)
{
	for (uint32_t vm = 0; vm < pl->plan->nr_vms; vm++) {
		const struct plan_vm *v = &pl->plan->vms[vm];

		for (uint32_t plic = 0; v->nr_vcpus && plic < pl->plan->nr_intcs; plic++) {
			if (serves(pl, plic, v))
				add_vplic(pl, vm, plic);
		}
	}
}

bool plan_irq_is_free(const struct plan_vm *v, uint32_t plic, uint32_t id)
{
	if (irq_listed(v, plic, id))
		return false;
	if (v->vuart.irq == id && v->vplics[v->vuart.vplic].plic == plic)
		return false;
	for (uint32_t i = 0; i < v->nr_shares; i++) {
		if (v->shares[i].irq == id && v->vplics[v->shares[i].vplic].plic == plic)
			return false;
	}
	for (uint32_t i = 0; i < v->nr_cards; i++) {
		if (v->cards[i].irq == id && v->vplics[v->cards[i].vplic].plic == plic)
			return false;
	}
	return true;
}

bool plan_virtual_irq(const struct planner *pl, const struct plan_vm *v, uint8_t *vplic, uint16_t *irq)
{
	for (uint32_t i = 0; i < v->nr_vplics; i++) {
		for (uint32_t id = 1; id <= v->vplics[i].ndev; id++) {
			if (!pl->plan->intcs[v->vplics[i].plic].phandle ||
			    !plan_irq_is_free(v, v->vplics[i].plic, id))
				continue;
			*vplic = (uint8_t)i;
			*irq = (uint16_t)id;
			return true;
		}
	}
	return false;
}

/*
 * A write to setipnum_le of a source that is inactive, or is a level that is down, has no effect; of a level that is
 * up, it repeats a message that its owner has got. The hypervisor accepts that for the source of its console: it only
 * looks at the UART once more. Other guests have modes of their own, and an edge can be forged.
 */
static bool is_unharmed(const struct planner *pl, uint32_t vm, uint32_t aplic, uint32_t source)
{
	const struct plan_console *c = &pl->plan->console;
	uint8_t owner = pl->plan->intcs[aplic].source_owner[source];

	if (owner == OWNER_HYP)	/* of the console; inactive, but for the one that its hart takes */
		return c->drive != CONSOLE_OWN_HART || c->intc != aplic || c->irq != source ||
		       c->irq_flags >= IRQ_LEVEL_HIGH;
	return owner == vm || owner == NO_OWNER;
}

/* Virtual sources do not exist in the host's APLIC: a guest that has some writes setipnum to the emulated one. */
static bool has_virtual_irq(const struct plan_vm *v, uint32_t vplic)
{
	bool found = v->vuart.irq && v->vuart.vplic == vplic;

	for (uint32_t i = 0; i < v->nr_shares; i++)
		found |= v->shares[i].irq && v->shares[i].vplic == vplic;
	for (uint32_t i = 0; i < v->nr_cards; i++)
		found |= v->cards[i].vplic == vplic;
	return found;
}

void plan_setipnum(struct planner *pl)
{
	for (uint32_t vm = 0; vm < pl->plan->nr_vms; vm++) {
		struct plan_vm *v = &pl->plan->vms[vm];

		for (uint32_t i = 0; i < v->nr_vplics; i++) {
			const struct plan_intc *p = &pl->plan->intcs[v->vplics[i].plic];
			bool mine = false, all = p->kind == INTC_APLIC && !has_virtual_irq(v, i);

			for (uint32_t source = 1; all && source <= p->ndev; source++) {
				mine |= p->source_owner[source] == vm;
				all = is_unharmed(pl, vm, v->vplics[i].plic, source);
			}
			v->vplics[i].setipnum = all && mine;
		}
	}
}

/* The interrupt files of a guest's own harts, at the host's addresses: what devices, APLICs and siblings write to. */
void plan_files(struct planner *pl)
{
	for (uint32_t vm = 0; vm < pl->plan->nr_vms; vm++) {
		const struct plan_vm *v = &pl->plan->vms[vm];

		for (uint32_t i = 0; v->files && i < v->nr_vcpus; i++) {
			hpa_t file = pl->plan->harts[v->vcpu_hart[i]].file;

			if (!plan_add_region(pl, vm, "harts", (struct plan_region){
				.gpa = gpa(file.v), .hpa = file, .size = PAGE_SIZE, .rights = RIGHT_R | RIGHT_W,
				.kind = REGION_FILE, .device = i }))
				break;
		}
	}
}
