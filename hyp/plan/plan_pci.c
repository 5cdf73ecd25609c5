/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI host bridges. A guest gets a bridge whole, with all that is behind it: configuration space, windows and
 * interrupts. The hypervisor makes the bus silent between two lives of a guest, and for this it has to know how
 * configuration space is accessed: by ECAM (PCI Express Base Specification, "Enhanced Configuration Access Mechanism";
 * the binding host-generic-pci). docs/interrupts.md.
 */
#include "hyp/base/pci_map.h"
#include "hyp/plan/iommu_map.h"
#include "hyp/plan/plan_int.h"

/* The first and the last number of "bus-range", from 0 to 255 by default; false: it makes no sense. */
static bool bus_range(const struct host *host, uint16_t node, uint32_t *first, uint32_t *last)
{
	struct dt_prop p;

	*first = 0;
	*last = PCI_BUSES - 1;
	if (!host_find_prop(host, node, "bus-range", &p))
		return true;
	if (p.size != 8)
		return false;
	*first = dt_u32(p.data);
	*last = dt_u32(p.data + 4);
	return *first <= *last && *last < PCI_BUSES;
}

const char *pci_bridge_refusal(const struct host *host, uint16_t node)
{
	uint32_t first, last;
	struct range ecam, other;

	if (host_is_disabled(host, node))
		return "it is a PCI host bridge that is disabled in the host's device tree: the hypervisor must stop "
		       "its devices, and its registers may not answer";
	if (!host_is_compatible(host, node, "pci-host-ecam-generic"))
		return "it is a PCI host bridge of a kind whose devices the hypervisor cannot stop; it can for "
		       "pci-host-ecam-generic";
	if (!bus_range(host, node, &first, &last))
		return "its bus-range is not two numbers from 0 to 255 in order";
	if (host_node_reg(host, node, 0, &ecam) != OK || ecam.base % PCI_BUS_SIZE || ecam.size % PCI_BUS_SIZE ||
	    ecam.size > PCI_BUSES * PCI_BUS_SIZE)
		return "its configuration space (reg) is not 1 MiB for each bus, of 256 at most, at a multiple of 1 MiB";
	if (host_node_reg(host, node, 1, &other) != ERR_NOTFOUND)
		return "it has registers (reg) beside its configuration space, which the hypervisor does not know";
	if (host_pci_has_config_window(host, node))
		return "one of its windows (ranges) is configuration space, in which the hypervisor does not stop devices";
	return iommu_map_fault(host, node);
}

void plan_add_bridge(struct planner *pl, uint32_t vm, uint32_t device, uint16_t node)
{
	struct plan_vm *v = &pl->plan->vms[vm];
	uint32_t first, last, buses;
	struct range ecam;

	if (v->nr_bridges == MAX_VM_BRIDGES) {
		vm_problem(pl, vm, PROBLEM_LIMIT, "devices",
			   "more than %u PCI host bridges; this build has room for no more", MAX_VM_BRIDGES);
		return;
	}
	if (!bus_range(pl->host, node, &first, &last) || host_node_reg(pl->host, node, 0, &ecam) != OK)
		return;		/* pci_bridge_refusal() has said so */
	buses = last - first + 1;
	if (ecam.size / PCI_BUS_SIZE < buses)
		buses = (uint32_t)(ecam.size / PCI_BUS_SIZE);
	v->bridges[v->nr_bridges++] = (struct plan_bridge){
		.ecam = hpa(ecam.base), .device = (uint8_t)device, .first_bus = first, .nr_buses = buses,
		.ecam_buses = (uint16_t)(ecam.size / PCI_BUS_SIZE) };
}
