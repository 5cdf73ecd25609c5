/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices: finds the node that a configuration names, and refuses what no guest can have. */
#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/plan/plan_int.h"

const char *plan_owner_name(const struct planner *pl, uint8_t owner, char *buf, size_t size)
{
	if (owner == OWNER_HYP)
		fmt_str(buf, size, "the hypervisor");
	else if (owner < pl->plan->nr_vms)
		fmt_str(buf, size, "guest %s", pl->plan->vms[owner].name);
	else
		fmt_str(buf, size, "no guest");
	return buf;
}

void plan_own_regs(struct planner *pl, uint16_t node, uint8_t owner)
{
	for (uint32_t i = 0; i < pl->host->nr_regs; i++) {
		if (host_is_within(pl->host, pl->host->regs[i].node, node))
			pl->reg_owner[i] = owner;
	}
}

void plan_unknown_node(struct planner *pl, enum problem_code code, const char *at, const char *prop, const char *name)
{
	char path[HOST_PATH_SIZE];
	uint16_t near = host_suggest(pl->host, name);

	if (near != NO_NODE)
		problem_report(pl->r, code, true, at, prop,
			       "\"%s\" is not in the host's device tree; did you mean \"%s\"?", name,
			       host_path(pl->host, near, path, sizeof(path)));
	else
		problem_report(pl->r, code, true, at, prop,
			       "\"%s\" is not in the host's device tree; name a node by its full path, "
			       "as \"/soc/serial@10000000\"", name);
}

static void console_problem(struct planner *pl, const char *text)
{
	problem_report(pl->r, PROBLEM_BAD_CONSOLE, true, "/", "console", "\"%s\" %s",
		       pl->config->console, text);
}

static void use_console(struct planner *pl, uint16_t node, struct range reg)
{
	struct plan_console *c = &pl->plan->console;

	c->kind = device_is_ns16550(pl->host, node) ? CONSOLE_NS16550 : CONSOLE_VIRTIO;
	host_path(pl->host, node, c->path, sizeof(c->path));
	c->base = hpa(reg.base);
	c->size = reg.size;
	c->reg_shift = host_prop_u32(pl->host, node, "reg-shift", 0);
	c->reg_io_width = host_prop_u32(pl->host, node, "reg-io-width", 1);
	pl->console_node = node;
	plan_own_regs(pl, node, OWNER_HYP);
	if (c->reg_shift > 3 || (c->reg_io_width != 1 && c->reg_io_width != 2 &&
				 c->reg_io_width != 4))
		console_problem(pl, "has a reg-shift or reg-io-width that makes no sense");
}

/* Whether the range shares a page with a PLIC or SSWI device, which only the hypervisor may map. */
static bool meets_interrupts(const struct planner *pl, struct range reg)
{
	if (host_meets_plic(pl->host, range_pages(reg)) || host_meets_file(pl->host, range_pages(reg)))
		return true;
	for (uint32_t i = 0; i < pl->host->nr_harts; i++) {
		if (pl->host->harts[i].setssip &&
		    range_contains(range_pages(reg), pl->host->harts[i].setssip, 4))
			return true;
	}
	return false;
}

void plan_console(struct planner *pl)
{
	const char *path = pl->config->console;
	struct range reg;
	uint16_t node;

	pl->console_node = NO_NODE;
	memset(&pl->plan->console, 0, sizeof(pl->plan->console));
	for (uint32_t i = 0; i < pl->host->nr_plics; i++)
		plan_own_regs(pl, pl->host->plics[i].node, OWNER_HYP);
	if (pl->host->imsic.node != NO_NODE)
		plan_own_regs(pl, pl->host->imsic.node, OWNER_HYP);
	if (!path)
		return;
	node = host_find(pl->host, path, strlen(path));
	if (node == NO_NODE)
		plan_unknown_node(pl, PROBLEM_BAD_CONSOLE, "/", "console", path);
	else if (host_is_disabled(pl->host, node))
		console_problem(pl, "is disabled in the host's device tree");
	else if (!device_is_ns16550(pl->host, node) &&
		 !host_is_compatible(pl->host, node, "virtio,mmio"))
		console_problem(pl, "is no UART that the hypervisor can drive; take one like "
				    "ns16550a or virtio,mmio, or none for the firmware's");
	else if (host_node_reg(pl->host, node, 0, &reg))
		console_problem(pl, "has no registers that can be used");
	else if (host_meets_ram(pl->host, reg))
		console_problem(pl, "has registers that lie in RAM");
	else if (meets_interrupts(pl, reg))
		console_problem(pl, "has registers in a page of an interrupt controller or of an ACLINT SSWI device");
	else
		use_console(pl, node, reg);
}

/* The guest that has the node, a parent of it or a node below it; NO_OWNER if none has. */
static uint8_t node_owner(const struct planner *pl, uint16_t node)
{
	for (uint32_t vm = 0; vm < pl->plan->nr_vms; vm++) {
		const struct plan_vm *v = &pl->plan->vms[vm];

		for (uint32_t i = 0; i < v->nr_devices; i++) {
			if (host_is_within(pl->host, node, v->devices[i].node) ||
			    host_is_within(pl->host, v->devices[i].node, node))
				return vm;
		}
	}
	return NO_OWNER;
}

/* True if registers of the one node, or below it, lie in a page with some of the other's. */
static bool share_page(const struct planner *pl, uint16_t a, uint16_t b)
{
	uint32_t n = pl->host->nr_regs;

	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t j = 0; host_is_within(pl->host, pl->host->regs[i].node, a) && j < n; j++) {
			if (host_is_within(pl->host, pl->host->regs[j].node, b) &&
			    range_overlaps(range_pages(pl->host->regs[i].range),
					   range_pages(pl->host->regs[j].range)))
				return true;
		}
	}
	return false;
}

/*
 * A disabled device is not usable, but its registers may share the page of an enabled one: the configuration lists it
 * to confirm that the guest may access them.
 */
static bool shares_enabled_page(struct planner *pl, uint32_t vm, uint16_t node, const char *path)
{
	const struct config_vm *c = &pl->config->vms[vm];
	char other[HOST_PATH_SIZE];
	uint16_t near;

	for (uint32_t i = 0; i < c->nr_devices; i++) {
		near = host_find(pl->host, c->devices[i], strlen(c->devices[i]));
		if (near == NO_NODE || host_is_disabled(pl->host, near) || !share_page(pl, node, near))
			continue;
		problem_note(pl->r, true, pl->plan->vms[vm].config_path, "devices",
			     "%s is disabled, and stays so: the guest gets its registers with those of %s", path,
			     host_path(pl->host, near, other, sizeof(other)));
		return true;
	}
	return false;
}

/* A device is refused if one of the nodes below it is refused. */
static bool may_pass_through(struct planner *pl, uint32_t vm, uint16_t node, const char *path)
{
	char inner[HOST_PATH_SIZE], owner[VM_NAME_LEN + 16];
	struct range reg;
	const char *why;
	uint8_t taken;

	for (uint32_t i = node; i < pl->host->nodes[node].end; i++) {
		why = i == pl->console_node ?
		      "it is the hypervisor's console; assign another one, or change "
		      "\"console\" of the root" : device_refusal(pl->host, i);
		if (!why)
			continue;
		vm_problem(pl, vm, PROBLEM_DEVICE_REFUSED, "devices", "%s cannot be passed through%s%s: %s",
			   path, i == node ? "" : " because of ",
			   i == node ? "" : host_path(pl->host, i, inner, sizeof(inner)), why);
		return false;
	}
	taken = node_owner(pl, node);
	if (taken == vm)
		vm_problem(pl, vm, PROBLEM_DUPLICATE, "devices",
			   "%s is listed twice, by itself or with something around it", path);
	else if (taken != NO_OWNER)
		vm_problem(pl, vm, PROBLEM_DEVICE_TAKEN, "devices",
			   "%s is also claimed by %s; assign it to one guest", path,
			   plan_owner_name(pl, taken, owner, sizeof(owner)));
	if (taken != NO_OWNER)
		return false;
	if (host_is_disabled(pl->host, node) && !shares_enabled_page(pl, vm, node, path)) {
		vm_problem(pl, vm, PROBLEM_DEVICE_REFUSED, "devices",
			   "%s cannot be passed through: it is disabled in the host's device tree, and shares no page with an "
			   "enabled device of this guest", path);
		return false;
	}
	if (pl->host->nodes[node].reg && host_node_reg(pl->host, node, 0, &reg) == ERR_NOTFOUND) {
		vm_problem(pl, vm, PROBLEM_DEVICE_REGISTERS, "devices",
			   "%s is not in the CPU's address space; assign the controller that it is "
			   "behind", path);
		return false;
	}
	return true;
}

/* A region of the guest that it sees at another address than the host; NULL: it has none. */
static const struct config_memory *remapped(const struct config_vm *c)
{
	for (uint32_t i = 0; i < c->nr_memory; i++) {
		if (c->memory[i].mapped && !(c->memory[i].fixed && c->memory[i].at == c->memory[i].as))
			return &c->memory[i];
	}
	return NULL;
}

/* The device that was added last. */
static void check_dma(struct planner *pl, uint32_t vm, uint16_t node, const char *path)
{
	struct plan_device *d = &pl->plan->vms[vm].devices[pl->plan->vms[vm].nr_devices - 1];
	const struct config_vm *c = &pl->config->vms[vm];
	const struct config_memory *m = remapped(c);

	for (uint32_t i = node; i < pl->host->nodes[node].end && !d->dma; i++)
		d->dma = device_may_dma(pl->host, i);
	if (d->dma)
		d->confined = plan_confine(pl, vm);
	if (!d->dma || d->confined)
		return;
	if (!c->trust_dma)
		vm_problem(pl, vm, PROBLEM_DMA_UNTRUSTED, "devices",
			   "%s may do DMA, and no IOMMU limits it to the guest's memory; add "
			   "\"trust-dma;\" if the guest may be trusted with all memory", path);
	if (m)
		vm_problem(pl, vm, PROBLEM_DMA_REMAPPED, "devices",
			   "%s may do DMA, which needs guest addresses equal to host addresses; %s", path,
			   host_has_ram(pl->host, (struct range){ m->as, m->size })
				   ? "in \"memory\" write \"at\" for \"as\" if the guest is linked for that address, "
				     "or leave "
				     "\"as\" out"
				   : "leave out \"as\" in \"memory\": the machine has no RAM there, so the guest has "
				     "to be linked "
				     "for another address");
}

/* trust-dma of a guest whose devices are all confined says more than is needed. */
static void note_trust(struct planner *pl, uint32_t vm)
{
	const struct plan_vm *v = &pl->plan->vms[vm];
	bool confined = false, other = false;

	for (uint32_t i = 0; i < v->nr_devices; i++) {
		confined |= v->devices[i].confined;
		other |= v->devices[i].dma && !v->devices[i].confined;
	}
	if (v->trust_dma && confined && !other)
		problem_note(pl->r, true, v->config_path, "trust-dma",
			     "not needed: an IOMMU limits each device of this guest to the guest's memory");
}

/* A virtio device is reset before the guest's memory gets new content: it may still write there. */
static void note_reset(struct planner *pl, uint32_t vm, uint16_t node)
{
	struct plan_vm *v = &pl->plan->vms[vm];
	struct range reg;

	if (!host_is_compatible(pl->host, node, "virtio,mmio") ||
	    host_node_reg(pl->host, node, 0, &reg))
		return;
	if (v->nr_resets == MAX_VM_RESETS)
		vm_problem(pl, vm, PROBLEM_LIMIT, "devices",
			   "more than %u virtio devices; this build has room for no more",
			   MAX_VM_RESETS);
	else
		v->resets[v->nr_resets++] = hpa(reg.base);
}

/* The device of /chosen stdout-path, without the options behind ':'; NO_NODE if there is none. */
static uint16_t host_stdout(const struct host *host)
{
	struct dt_prop p;
	const char *s;
	uint32_t at = 0;
	size_t n = 0;

	if (host->chosen == NO_NODE || !host_find_prop(host, host->chosen, "stdout-path", &p) ||
	    !(s = dt_string(&p, &at)))
		return NO_NODE;
	while (s[n] && s[n] != ':')
		n++;
	return host_find(host, s, n);
}

/* A guest's stdout is the host's if it has that device, otherwise its first UART. */
static void choose_stdout(struct planner *pl, uint32_t vm, uint16_t usual)
{
	struct plan_vm *v = &pl->plan->vms[vm];
	char path[HOST_PATH_SIZE];

	for (uint32_t i = 0; i < v->nr_devices; i++) {
		for (uint16_t node = v->devices[i].node; node < pl->host->nodes[v->devices[i].node].end;
		     node++) {
			if (!host_is_disabled(pl->host, node) &&
			    (node == usual || (v->stdout_node == NO_NODE && device_is_uart(pl->host, node))))
				v->stdout_node = node;
		}
	}
	v->owns_console = v->stdout_node != NO_NODE;
	/* The firmware's UART is its own console too: both would write. */
	if (v->owns_console && v->stdout_node == usual && !pl->config->console)
		problem_note(pl->r, true, v->config_path, "devices",
			     "%s is the firmware's console, which the hypervisor writes to as "
			     "well; \"console\" of the root gives it another one",
			     host_path(pl->host, usual, path, sizeof(path)));
}

static void add_device(struct planner *pl, uint32_t vm, const char *name)
{
	struct plan_vm *v = &pl->plan->vms[vm];
	uint16_t node = host_find(pl->host, name, strlen(name));
	struct plan_device *d = &v->devices[v->nr_devices];
	char path[HOST_PATH_SIZE];

	if (node == NO_NODE) {
		plan_unknown_node(pl, PROBLEM_UNKNOWN_DEVICE, v->config_path, "devices", name);
		return;
	}
	host_path(pl->host, node, path, sizeof(path));
	if (!may_pass_through(pl, vm, node, path))
		return;
	if (strlen(path) >= sizeof(d->path)) {
		vm_problem(pl, vm, PROBLEM_LIMIT, "devices",
			   "%s: the path is longer than %d letters", path, PLAN_PATH_SIZE - 1);
		return;
	}
	memcpy(d->path, path, strlen(path) + 1);
	d->node = node;
	d->dma = d->confined = false;
	d->control = NULL;
	v->nr_devices++;
	plan_own_regs(pl, node, vm);
	for (uint16_t i = node; i < pl->host->nodes[node].end; i++)
		note_reset(pl, vm, i);
	check_dma(pl, vm, node, path);
}

void plan_devices(struct planner *pl)
{
	uint16_t usual = host_stdout(pl->host);

	for (uint32_t vm = 0; vm < pl->plan->nr_vms; vm++) {
		for (uint32_t i = 0; i < pl->config->vms[vm].nr_devices; i++)
			add_device(pl, vm, pl->config->vms[vm].devices[i]);
		choose_stdout(pl, vm, usual);
		note_trust(pl, vm);
	}
	plan_pages(pl);
}
