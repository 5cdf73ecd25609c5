/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/plan: PCI host bridges, and interrupts by an interrupt-map. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <libfdt.h>

#include "tests/unit/lib/plan_cases.h"

#define PCI	"/soc/pci@30000000"
#define MAP	"<0 0 0 1 &plic 32>, <0 0 0 2 &plic 33>, <0x800 0 0 1 &plic 33>, <0x800 0 0 2 &plic 32>"
#define RANGES	"<0x1000000 0 0 0 0x3000000 0 0x10000>, <0x2000000 0 0x40000000 0 0x40000000 0 0x40000000>"
#define BRIDGE_AS(compatible, reg, ranges, map, more)						\
	"pci@30000000 { device_type = \"pci\"; compatible = \"" compatible "\"; #address-cells = <3>; "	\
	"#size-cells = <2>; #interrupt-cells = <1>; reg = <" reg ">; ranges = " ranges "; "		\
	"interrupt-map-mask = <0x1800 0 0 7>; interrupt-map = " map "; " more " }; rtc@101000 {"
#define BRIDGE(more)	BRIDGE_AS("pci-host-ecam-generic", "0 0x30000000 0 0x10000000", RANGES, MAP, more)
#define UNTYPED(name, compatible)								\
	name " { compatible = \"" compatible "\"; #address-cells = <3>; #size-cells = <2>; "		\
	"reg = <0 0x30000000 0 0x100000>; ranges = " RANGES "; }; rtc@101000 {"
#define WITH(bridge)	tree_edit("virt", "rtc@101000 {", bridge, NULL)
#define GUEST		A("trust-dma;" DEVICE(PCI))

static bool has_region(const struct plan_vm *v, uint64_t base, uint64_t size)
{
	for (uint32_t i = 0; i < v->nr_regions; i++)
		if (v->regions[i].kind == REGION_DEVICE && v->regions[i].gpa.v == base && v->regions[i].size == size)
			return true;
	return false;
}

static void test_bridge(void **state)
{
	const struct plan_vm *v = &t.plan.vms[0];

	(void)state;
	plan_good(WITH(BRIDGE("")), GUEST);
	assert_true(v->devices[0].dma);
	assert_int_equal(v->nr_regions, 4);
	assert_true(has_region(v, 0x30000000, 0x10000000));
	assert_true(has_region(v, 0x3000000, 0x10000));
	assert_true(has_region(v, 0x40000000, 0x40000000));
	assert_int_equal(v->nr_bridges, 1);
	assert_int_equal(v->bridges[0].ecam.v, 0x30000000);
	assert_int_equal(v->bridges[0].first_bus, 0);
	assert_int_equal(v->bridges[0].nr_buses, 256);
	assert_int_equal(v->nr_irqs, 2);	/* each once */
	assert_int_equal(v->irqs[0].id, 32);
	assert_int_equal(v->irqs[1].id, 33);
	assert_int_equal(t.plan.intcs[0].source_owner[33], 0);

	/* Buses: those of the range, and no more than there is configuration space for. */
	plan_good(WITH(BRIDGE("bus-range = <16 31>;")), GUEST);
	assert_int_equal(v->bridges[0].first_bus, 16);
	assert_int_equal(v->bridges[0].nr_buses, 16);
	assert_int_equal(v->bridges[0].ecam_buses, 256);	/* the guest reaches all of it */
	plan_good(WITH(BRIDGE_AS("pci-host-ecam-generic", "0 0x30000000 0 0x01400000", RANGES, MAP, "")), GUEST);
	assert_int_equal(v->bridges[0].nr_buses, 20);
	assert_int_equal(v->bridges[0].ecam_buses, 20);
	/* What is below the bridge comes with it, and another bridge there is no host bridge. */
	plan_good(WITH(BRIDGE("bridge@0,0 { device_type = \"pci\"; reg = <0 0 0 0 0>; #address-cells = <3>; "
			      "#size-cells = <2>; ranges; device@0,0 { reg = <0x10000 0 0 0 0>; "
			      "interrupts = <1>; }; };")),
		  GUEST);
	assert_int_equal(v->nr_bridges, 1);
	assert_int_equal(v->nr_irqs, 2);
	/* Without a device_type: by its name, or by its compatible. */
	plan_good(tree_edit("virt", "rtc@101000 {", UNTYPED("pcie@30000000", "pci-host-ecam-generic"), NULL),
		  A("trust-dma;" DEVICE("/soc/pcie@30000000")));
	assert_int_equal(v->nr_bridges, 1);
	assert_int_equal(v->bridges[0].ecam_buses, 1);
	plan_good(tree_edit("virt", "rtc@101000 {", UNTYPED("bus@30000000", "pci-host-ecam-generic"), NULL),
		  A("trust-dma;" DEVICE("/soc/bus@30000000")));
	assert_int_equal(v->nr_bridges, 1);
	/* Behind an IOMMU that is switched off. */
	plan_good(WITH(BRIDGE("iommu-map = <0 &iommu 0 0x10000>; }; iommu: iommu@3010000 { #iommu-cells = <1>; "
			      "status = \"disabled\"; reg = <0 0x3010000 0 0x1000>;")), GUEST);
}

struct refusal {
	const char *bridge;
	enum problem_code code;
	const char *words;
};

static void test_refused(void **state)
{
	static const char *const guests[] = { GUEST, A(DEVICE(PCI)) };
	static const struct refusal cases[] = {
		{ BRIDGE_AS("v,pcie", "0 0x30000000 0 0x10000000", RANGES, MAP, ""), PROBLEM_DEVICE_REFUSED,
		  "pci-host-ecam-generic" },
		{ BRIDGE_AS("pci-host-cam-generic", "0 0x30000000 0 0x1000000", RANGES, MAP, ""),
		  PROBLEM_DEVICE_REFUSED, "a kind whose devices the hypervisor cannot stop" },
		{ BRIDGE("bus-range = <2 1>;"), PROBLEM_DEVICE_REFUSED, "bus-range" },
		{ BRIDGE("bus-range = <0 256>;"), PROBLEM_DEVICE_REFUSED, "bus-range" },
		{ BRIDGE("bus-range = <0>;"), PROBLEM_DEVICE_REFUSED, "bus-range" },
		{ BRIDGE("iommu-map = <0 &plic 0 0x10000>;"), PROBLEM_DEVICE_REFUSED, "IOMMU" },
		{ BRIDGE("iommu-map = <0 77 0 0x10000>, <0 77>;"), PROBLEM_DEVICE_REFUSED, "iommu-map is cut off" },
		{ BRIDGE_AS("pci-host-ecam-generic", "0 0x30080000 0 0x1000000", RANGES, MAP, ""),
		  PROBLEM_DEVICE_REFUSED, "1 MiB" },
		{ BRIDGE_AS("pci-host-ecam-generic", "0 0x30000000 0 0x80000", RANGES, MAP, ""),
		  PROBLEM_DEVICE_REFUSED, "1 MiB" },
		{ BRIDGE_AS("pci-host-ecam-generic", "0 0x30000000 0 0x1480000", RANGES, MAP, ""),
		  PROBLEM_DEVICE_REFUSED, "1 MiB" },
		{ BRIDGE_AS("pci-host-ecam-generic", "0 0x20000000 0 0x10100000", RANGES, MAP, ""),
		  PROBLEM_DEVICE_REFUSED, "256 at most" },
		{ BRIDGE_AS("pci-host-ecam-generic", "0 0x30000000 0 0x100000 0 0x31000000 0 0x1000", RANGES, MAP, ""),
		  PROBLEM_DEVICE_REFUSED, "beside its configuration space" },
		{ BRIDGE_AS("pci-host-ecam-generic", "0 0x30000000 0 0x100000",
			    RANGES ", <0 0 0x31000000 0 0x31000000 0 0x100000>", MAP, ""),
		  PROBLEM_DEVICE_REFUSED, "(ranges) is configuration space" },
		{ BRIDGE("status = \"disabled\";"), PROBLEM_DEVICE_REFUSED, "disabled" },
		{ BRIDGE_AS("pci-host-ecam-generic", "0 0x30000000 0 0x100000", "<0x2000000 0 0>", MAP, ""),
		  PROBLEM_DEVICE_REGISTERS, "\"ranges\" number 0 is cut off" },
		{ BRIDGE_AS("pci-host-ecam-generic", "0 0x30000000 0 0x100000", "[02]", MAP, ""),
		  PROBLEM_DEVICE_REGISTERS, "\"ranges\" number 0 is cut off" },
		{ BRIDGE_AS("pci-host-ecam-generic", "0 0x30000000 0 0x100000",
			    "<0x2000000 0 0 0 0x40000000 0 0>", MAP, ""), PROBLEM_DEVICE_REGISTERS, "a size of 0" },
		{ BRIDGE_AS("pci-host-ecam-generic", "0 0x30000000 0 0x100000",
			    "<0x2000000 0 0 0xffffffff 0xfffff000 0 0x2000>", MAP, ""), PROBLEM_DEVICE_REGISTERS,
		  "wraps around" },
		{ BRIDGE_AS("pci-host-ecam-generic", "0 0x30000000 0 0x100000",
			    "<0x2000000 0 0x80000000 0 0x80000000 0 0x1000>", MAP, ""), PROBLEM_DEVICE_REGISTERS,
		  "lie in RAM" },
		{ BRIDGE_AS("pci-host-ecam-generic", "0 0x30000000 0 0x100000",
			    "<0x2000000 0 0 0 0x10000000 0 0x1000>", MAP, ""), PROBLEM_REGISTERS_SHARED,
		  "/soc/serial@10000000" },
		{ BRIDGE_AS("pci-host-ecam-generic", "0 0x30000000 0 0x100000", RANGES, "<0 0 0 1 &plic>", ""),
		  PROBLEM_IRQ_UNROUTABLE, "interrupt-map is cut off" },
		{ BRIDGE_AS("pci-host-ecam-generic", "0 0x30000000 0 0x100000", RANGES, MAP ", <0 0 0>", ""),
		  PROBLEM_IRQ_UNROUTABLE, "interrupt-map is cut off" },
		{ BRIDGE_AS("pci-host-ecam-generic", "0 0x30000000 0 0x100000", RANGES, "<0 0 0 1 77 32>", ""),
		  PROBLEM_IRQ_UNROUTABLE, "a controller of its interrupt-map" },
		{ BRIDGE_AS("pci-host-ecam-generic", "0 0x30000000 0 0x100000", RANGES, "<0 0 0 1 &uart_clock 32>",
			    ""), PROBLEM_IRQ_UNROUTABLE, "interrupt-map is cut off" },
		{ BRIDGE_AS("pci-host-ecam-generic", "0 0x30000000 0 0x100000", RANGES, "<0 0 0 1 &plic 500>", ""),
		  PROBLEM_IRQ_UNROUTABLE, "riscv,ndev" },
		{ BRIDGE_AS("pci-host-ecam-generic", "0 0x30000000 0 0x100000", RANGES, "<0 0 0 1 &gpio 3 1>", ""),
		  PROBLEM_IRQ_UNROUTABLE, "add that one" },
		{ BRIDGE("dma-ranges = <0x2000000 0 0x80000000 0 0x80000000 0 0x400000>;"), PROBLEM_MEMORY_NO_ROOM,
		  "" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const struct problem *p;

		test_plan_make(&t, WITH(cases[i].bridge), guests[0]);
		p = kept_find(&t.kept, cases[i].code, "/a", cases[i].code == PROBLEM_MEMORY_NO_ROOM ? "memory" :
			      "devices");
		if (!p || !strstr(p->text, cases[i].words)) {
			kept_print(&t.kept);
			fail_msg("case %u", i);
		}
	}
	test_plan_make(&t, WITH(BRIDGE("")), guests[1]);
	assert_non_null(kept_find(&t.kept, PROBLEM_DMA_UNTRUSTED, "/a", "devices"));
	test_plan_make(&t, WITH(BRIDGE("")), GUEST B(DEVICE("serial0")) "c { harts = <2>; memory = \"1M\"; trust-dma; "
		       "kernel = \"rt\"; devices = \"" PCI "\"; };");
	assert_non_null(kept_find(&t.kept, PROBLEM_DEVICE_TAKEN, "/c", "devices"));
	/* A source that two devices share. */
	test_plan_make(&t, WITH(BRIDGE_AS("pci-host-ecam-generic", "0 0x30000000 0 0x100000", RANGES,
					  "<0 0 0 1 &plic 10>", "")), GUEST B(DEVICE("serial0")));
	assert_non_null(kept_find(&t.kept, PROBLEM_IRQ_TAKEN, "/b", "devices"));
	/* A disabled one below a device, or beside an enabled one with the same registers. */
	test_plan_make(&t, WITH("bus@30000000 { #address-cells = <2>; #size-cells = <2>; ranges; "
				"reg = <0 0x2f000000 0 0x1000>; "
				BRIDGE("status = \"disabled\";") " reg = <0 0x2f001000 0 0x1000>; }; }; rtc@101000 {"),
		       A("trust-dma;" DEVICE("/soc/bus@30000000")));
	assert_non_null(kept_find(&t.kept, PROBLEM_DEVICE_REFUSED, "/a", "devices"));
	test_plan_make(&t, WITH("ep@30000000 { reg = <0 0x30000000 0 0x10000000>; }; "
				BRIDGE("status = \"disabled\";")),
		       A("trust-dma; devices = \"/soc/ep@30000000\", \"" PCI "\";"));
	assert_non_null(kept_find(&t.kept, PROBLEM_DEVICE_REFUSED, "/a", "devices"));
	/* Of another kind, without a device_type. */
	test_plan_make(&t, tree_edit("virt", "rtc@101000 {", UNTYPED("pcie@30000000", "v,pcie"), NULL),
		       A("trust-dma;" DEVICE("/soc/pcie@30000000")));
	assert_non_null(kept_find(&t.kept, PROBLEM_DEVICE_REFUSED, "/a", "devices"));
	/* A device below a bridge is no device of its own. */
	test_plan_make(&t, WITH(BRIDGE("nic@0,0 { reg = <0 0 0 0 0>; };")), A("trust-dma;" DEVICE(PCI "/nic@0,0")));
	assert_non_null(kept_find(&t.kept, PROBLEM_DEVICE_REGISTERS, "/a", "devices"));
}

static void test_too_many(void **state)
{
	static char bridges[6000], guest[1200];
	size_t n = 0, m = 0;

	(void)state;
	m += (size_t)snprintf(guest, sizeof(guest), "a { harts = <0>; memory = \"16M\"; kernel = \"rt\"; trust-dma; "
			      "devices = ");
	for (unsigned i = 0; i < MAX_VM_BRIDGES + 1; i++) {
		n += (size_t)snprintf(bridges + n, sizeof(bridges) - n, "pci@3%x000000 { device_type = \"pci\"; "
				      "compatible = \"pci-host-ecam-generic\"; reg = <0 0x3%x000000 0 0x100000>; "
				      "#address-cells = <3>; #size-cells = <2>; };", i, i);
		m += (size_t)snprintf(guest + m, sizeof(guest) - m, "%s\"/soc/pci@3%x000000\"", i ? ", " : "", i);
	}
	snprintf(bridges + n, sizeof(bridges) - n, "rtc@101000 {");
	snprintf(guest + m, sizeof(guest) - m, "; };");
	test_plan_make(&t, WITH(bridges), guest);
	assert_int_equal(t.kept.r.count, 1);
	assert_non_null(strstr(kept_find(&t.kept, PROBLEM_LIMIT, "/a", "devices")->text, "8 PCI host bridges"));
}

/* The guest's tree: the bridge as the host has it, but for controllers that the guest does not have. */
static void test_tree(void **state)
{
	static uint8_t dtb[GUEST_DTB_MAX] __attribute__((aligned(8)));
	int node, size;

	(void)state;
	plan_good(WITH(BRIDGE("dma-coherent; linux,pci-domain = <3>; msi-map = <0 &msi 0 0x10000>; "
			      "msi-parent = <&msi>; }; msi: msi@3020000 { reg = <0 0x3020000 0 0x1000>; msi-controller; #msi-cells = <0>;")),
		  GUEST);
	assert_int_equal(guest_dt_build(dtb, sizeof(dtb), &t.plan, &t.host, 0, &t.kept.r), OK);
	node = fdt_path_offset(dtb, PCI);
	assert_true(node > 0);
	assert_non_null(fdt_getprop(dtb, node, "dma-coherent", NULL));
	assert_non_null(fdt_getprop(dtb, node, "linux,pci-domain", NULL));
	assert_non_null(fdt_getprop(dtb, node, "ranges", &size));
	assert_int_equal(size, 2 * 4 * 7);
	assert_non_null(fdt_getprop(dtb, node, "interrupt-map", &size));
	assert_int_equal(size, 4 * 4 * 6);
	assert_null(fdt_getprop(dtb, node, "msi-map", NULL));
	assert_null(fdt_getprop(dtb, node, "msi-parent", NULL));
	assert_true(fdt_node_offset_by_phandle(dtb, fdt32_to_cpu(((const fdt32_t *)fdt_getprop(dtb, node,
		"interrupt-map", NULL))[4])) == fdt_path_offset(dtb, "/soc/plic@c000000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bridge),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_tree),
	};

	return cmocka_run_group_tests_name("plan_pci", tests, NULL, plan_end);
}
