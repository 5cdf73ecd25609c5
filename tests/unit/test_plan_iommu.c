/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/plan: IOMMUs, and the devices behind them. The oracle asks the tree again, id by id, for each plan here. */
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
#define DISK	"/soc/virtio_mmio@10001000"
#define IOMMU_AS(compatible, more)	"iommu: iommu@3010000 { compatible = \"" compatible "\"; #iommu-cells = <1>; " \
					more " }; "
#define IOMMU	IOMMU_AS("riscv,iommu", "reg = <0 0x3010000 0 0x1000>;")
#define SECOND	"second: iommu@3020000 { compatible = \"riscv,iommu\"; #iommu-cells = <1>; reg = <0 0x3020000 0 0x1000>; }; "
#define BRIDGE(map)	"pci@30000000 { device_type = \"pci\"; compatible = \"pci-host-ecam-generic\"; "	\
			"#address-cells = <3>; #size-cells = <2>; reg = <0 0x30000000 0 0x10000000>; "		\
			"ranges = <0x2000000 0 0x40000000 0 0x40000000 0 0x40000000>; " map " }; "
#define HOST(text)	tree_edit("virt", "rtc@101000 {", text "rtc@101000 {", NULL)
#define WITH(map)	HOST(IOMMU SECOND BRIDGE(map))
#define RTC_BEHIND(text)	tree_edit("virt", "rtc@101000 {", IOMMU SECOND "rtc@101000 { " text,	\
					  RTC_IS("compatible = \"v,dma\";"), NULL)
#define COMBINED(text)	"combined@102000 { compatible = \"v,dma\"; #address-cells = <2>; #size-cells = <2>; ranges; "	\
			"reg = <0 0x102000 0 0x1000>; iommus = <&iommu 1>; part@103000 { reg = <0 0x103000 0 0x1000>; "	\
			text " }; }; "
#define ALL	"iommu-map = <0 &iommu 0 0x10000>;"

static bool has_ids(const struct plan_vm *v, uint8_t iommu, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < v->nr_dma_ids; i++)
		if (v->dma_ids[i].iommu == iommu && v->dma_ids[i].first == first && v->dma_ids[i].count == count)
			return true;
	return false;
}

static void test_bridge(void **state)
{
	const struct plan_vm *v = &t.plan.vms[0];

	(void)state;
	plan_good(WITH(ALL), A(DEVICE(PCI)));
	assert_int_equal(t.plan.nr_iommus, 2);
	assert_int_equal(t.plan.iommus[0].base.v, 0x3010000);
	assert_int_equal(t.plan.iommus[0].last_id, 0xffff);
	assert_int_equal(t.plan.iommus[1].last_id, 0);
	assert_true(v->devices[0].dma && v->devices[0].confined && !v->trust_dma);
	assert_true(v->nr_dma_ids == 1 && has_ids(v, 0, 0, 0x10000));
	/* QEMU 10: an entry of length 0, and the last function left out. */
	plan_good(WITH("iommu-map = <0 &iommu 0 0>, <0 &iommu 0 0xffff>;"), A(DEVICE(PCI)));
	assert_true(v->nr_dma_ids == 1 && has_ids(v, 0, 0, 0x10000));
	/* Two IOMMUs, in any order; ids that differ from requester ids; an entry of one that is not there. */
	plan_good(WITH("iommu-map = <0x8000 &second 0x123456 0x8000>, <0 0x7777 0 0x100>, <0 &iommu 0x10000 0x8000>;"),
		  A(DEVICE(PCI)));
	assert_true(v->nr_dma_ids == 2 && has_ids(v, 1, 0x123456, 0x8000) && has_ids(v, 0, 0x10000, 0x8000));
	plan_good(WITH("bus-range = <16 31>; iommu-map-mask = <0xffff>;" ALL), A(DEVICE(PCI)));
	/* "as" and DMA go together. */
	plan_good(WITH(ALL), "a { harts = <0>; memory = \"16M as 0x20000000\"; kernel = \"rt\"; " DEVICE(PCI) " };");
	/* An IOMMU that is switched off stands for none. */
	plan_good(HOST(IOMMU_AS("riscv,iommu", "reg = <0 0x3010000 0 0x1000>; status = \"disabled\";") BRIDGE(ALL)),
		  A("trust-dma;" DEVICE(PCI)));
	assert_true(!v->devices[0].confined && !v->nr_dma_ids && !t.plan.nr_iommus);
}

static void refused(struct tree host, const char *guests, enum problem_code code, const char *words)
{
	const struct problem *p;

	test_plan_make(&t, host, guests);
	p = kept_find(&t.kept, code, "/a", "devices");
	p = p ? p : kept_find(&t.kept, code, "/b", "devices");
	if (!p || !strstr(p->text, words)) {
		kept_print(&t.kept);
		fail_msg("not refused: %s", words);
	}
}

static void test_refused_bridges(void **state)
{
	static const struct { const char *map, *words; } cases[] = {
		{ "iommu-map = <0 &iommu 0 0x10000>, <0>;", "is cut off" },
		{ "iommu-map-mask = <0xfff8>;" ALL, "one id" },
		{ "iommu-map = <0 &iommu 0 8>, <9 &iommu 9 0xfff7>;", "leaves out functions" },
		{ "iommu-map = <0 &iommu 0 0xfffe>;", "leaves out functions" },
		{ "iommu-map = <1 &iommu 1 0xffff>;", "leaves out functions" },
		/* The guest gives other numbers to the buses, and would have the ids of other devices. */
		{ "bus-range = <0 1>; iommu-map = <0 &iommu 0 0x200>;", "leaves out functions" },
		{ "iommu-map-mask = <0xffff 0>;" ALL, "one id" },
		{ "iommu-map = <0 &iommu 0 0xffff>, <0xffff &second 0 1>;", "makes no sense" },
		{ "iommu-map = <0 &iommu 0 0x10001>;", "makes no sense" },
		{ "iommu-map = <0x10000 &iommu 0 1>;", "makes no sense" },
		{ "iommu-map = <0 &iommu 0xff0001 0x10000>;", "makes no sense" },
		{ "iommu-map = <0 &iommu 0xffffffff 2>;", "makes no sense" },
		{ "iommu-map = <0 &iommu 0 0xffffffff>;", "makes no sense" },
		{ "iommu-map = <0 &iommu 0 0x10000>, <0x80 &second 0 1>;", "makes no sense" },
		{ "iommu-map = <0x80 &second 0 1>, <0 &iommu 0 0x10000>;", "makes no sense" },
		{ "iommu-map = <0 &iommu 0 0x8000>, <0x8000 &plic 0 0x8000>;", "cannot drive" },
	};
	static const char *const iommus[] = {
		IOMMU_AS("riscv,pci-iommu", "reg = <0 0x3010000 0 0x1000>;"), IOMMU_AS("riscv,iommu", ""),
		IOMMU_AS("riscv,iommu", "reg = <0 0x3010000 0 0x800>;"),
		IOMMU_AS("riscv,iommu", "reg = <0 0x3010800 0 0x1000>;"),
		IOMMU_AS("riscv,iommu", "reg = <0 0x80000000 0 0x1000>;"),
	};
	char text[1200];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(text, sizeof(text), IOMMU SECOND BRIDGE("%s") "rtc@101000 {", cases[i].map);
		refused(tree_edit("virt", "rtc@101000 {", text, NULL), A("trust-dma;" DEVICE(PCI)),
			PROBLEM_DEVICE_REFUSED, cases[i].words);
	}
	for (unsigned i = 0; i < ARRAY_LEN(iommus); i++) {
		snprintf(text, sizeof(text), "%s" BRIDGE(ALL) "rtc@101000 {", iommus[i]);
		refused(tree_edit("virt", "rtc@101000 {", text, NULL), A("trust-dma;" DEVICE(PCI)),
			PROBLEM_DEVICE_REFUSED, "cannot drive");
	}
	refused(WITH(ALL), A("trust-dma;" DEVICE("/soc/iommu@3010000")), PROBLEM_DEVICE_REFUSED, "controls the IOMMUs");
	refused(HOST(IOMMU "part@3010800 { compatible = \"v,part\"; reg = <0 0x3010800 0 0x100>; }; "),
		A("trust-dma;" DEVICE("/soc/part@3010800")), PROBLEM_REGISTERS_SHARED, "which the hypervisor has");
}

/* A device that is no bridge: all of its "iommus". */
static void test_platform(void **state)
{
	const struct plan_vm *v = &t.plan.vms[0];

	(void)state;
	plan_good(RTC_BEHIND("iommus = <&iommu 0x13>;"), A(DEVICE(RTC)));
	assert_true(v->devices[0].confined && v->nr_dma_ids == 1 && has_ids(v, 0, 0x13, 1));
	plan_good(RTC_BEHIND("iommus = <&iommu 0x13>, <&second 0xffffff>;"), A(DEVICE(RTC)));
	assert_true(v->nr_dma_ids == 2 && has_ids(v, 1, 0xffffff, 1));
	refused(RTC_BEHIND("iommus = <&iommu 0x13>, <&plic 1>;"), A(DEVICE(RTC)), PROBLEM_DMA_UNTRUSTED, "no IOMMU");
	refused(RTC_BEHIND("iommus = <&iommu 0x1000000>;"), A(DEVICE(RTC)), PROBLEM_DMA_UNTRUSTED, "no IOMMU");
	refused(RTC_BEHIND("iommus = <&iommu>;"), A(DEVICE(RTC)), PROBLEM_DMA_UNTRUSTED, "no IOMMU");
	refused(RTC_BEHIND("iommus;"), A(DEVICE(RTC)), PROBLEM_DMA_UNTRUSTED, "no IOMMU");
	/* A part of it is behind none. */
	refused(HOST(IOMMU COMBINED("")), A(DEVICE("/soc/combined@102000")), PROBLEM_DMA_UNTRUSTED, "no IOMMU");
	plan_good(HOST(IOMMU COMBINED("iommus = <&iommu 2>;")), A(DEVICE("/soc/combined@102000")));
	assert_true(v->nr_dma_ids == 2 && has_ids(v, 0, 1, 1) && has_ids(v, 0, 2, 1));
	test_plan_make(&t, RTC_BEHIND("iommus = <&iommu 1>, <&plic 1>;"), A("trust-dma;" DEVICE(RTC)));
	assert_true(!v->devices[0].confined && !v->nr_dma_ids);
}

static void test_same_ids(void **state)
{
	(void)state;
	refused(tree_edit("virt", "rtc@101000 {", IOMMU SECOND BRIDGE(ALL) "rtc@101000 { iommus = <&iommu 0xffff>;",
			  RTC_IS("compatible = \"v,dma\";"), NULL), A(DEVICE(PCI)) B(DEVICE(RTC)),
		PROBLEM_DEVICE_TAKEN, "the same id");
	plan_good(tree_edit("virt", "rtc@101000 {", IOMMU SECOND BRIDGE(ALL) "rtc@101000 { iommus = <&iommu 0x10000>;",
			    RTC_IS("compatible = \"v,dma\";"), NULL), A(DEVICE(PCI)) B(DEVICE(RTC)));
	plan_good(tree_edit("virt", "rtc@101000 {", IOMMU SECOND BRIDGE(ALL) "rtc@101000 { iommus = <&second 0xffff>;",
			    RTC_IS("compatible = \"v,dma\";"), NULL), A(DEVICE(PCI)) B(DEVICE(RTC)));
	/* One guest may have both. */
	plan_good(tree_edit("virt", "rtc@101000 {", IOMMU SECOND BRIDGE(ALL) "rtc@101000 { iommus = <&iommu 0xffff>;",
			    RTC_IS("compatible = \"v,dma\";"), NULL), A("devices = \"" PCI "\", \"" RTC "\";"));
}

/* trust-dma beside confined devices: still needed for others, and otherwise a note. */
static void test_trust(void **state)
{
	(void)state;
	plan_good(WITH(ALL), A("trust-dma;" DEVICE(PCI)));
	assert_non_null(kept_find(&t.kept, PROBLEM_NOTE, "/a", "trust-dma"));
	assert_true(t.plan.vms[0].devices[0].confined);
	plan_good(WITH(ALL), A("trust-dma; devices = \"" PCI "\", \"" DISK "\";"));
	assert_null(kept_find(&t.kept, PROBLEM_NOTE, "/a", "trust-dma"));
	refused(WITH(ALL), A("devices = \"" PCI "\", \"" DISK "\";"), PROBLEM_DMA_UNTRUSTED, DISK);
	refused(WITH(ALL), "a { harts = <0>; memory = \"16M as 0x20000000\"; kernel = \"rt\"; trust-dma; devices = \"" PCI
		"\", \"" DISK "\"; };", PROBLEM_DMA_REMAPPED, DISK);
}

/* dma-ranges limits the addresses that the guest uses, not those where its memory lies. */
static void test_windows(void **state)
{
	const char *limit = "iommu-map = <0 &iommu 0 0x10000>; dma-ranges = <0x2000000 0 0x20000000 0 0x20000000 0 0x1000000>;";
	char text[900];

	(void)state;
	snprintf(text, sizeof(text), IOMMU BRIDGE("%s") "rtc@101000 {", limit);
	plan_good(tree_edit("virt", "rtc@101000 {", text, NULL),
		  "a { harts = <0>; memory = \"16M as 0x20000000\"; kernel = \"rt\"; " DEVICE(PCI) " };");
	test_plan_make(&t, tree_edit("virt", "rtc@101000 {", text, NULL),
		       "a { harts = <0>; memory = \"16M as 0x21000000\"; kernel = \"rt\"; " DEVICE(PCI) " };");
	assert_non_null(kept_find(&t.kept, PROBLEM_DMA_WINDOW, "/a", "memory"));
}

static void test_limits(void **state)
{
	static char text[4000], list[600];
	size_t n = 0, m = 0;

	(void)state;
	for (unsigned i = 0; i < MAX_IOMMUS + 1; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "iommu@31%x0000 { compatible = \"riscv,iommu\"; "
				      "#iommu-cells = <1>; phandle = <%u>; reg = <0 0x31%x0000 0 0x1000>; }; ", i,
				      900 + i, i);
	snprintf(text + n, sizeof(text) - n, "rtc@101000 {");
	test_plan_make(&t, tree_edit("virt", "rtc@101000 {", text, NULL), A(""));
	assert_non_null(kept_find(&t.kept, PROBLEM_LIMIT, "/soc/iommu@3140000", ""));
	for (unsigned i = 0; i < MAX_VM_DMA_IDS + 1; i++)
		m += (size_t)snprintf(list + m, sizeof(list) - m, "%s<&iommu %u>", i ? ", " : "iommus = ", i);
	snprintf(list + m, sizeof(list) - m, ";");
	snprintf(text, sizeof(text), IOMMU "rtc@101000 { %s", list);
	refused(tree_edit("virt", "rtc@101000 {", text, RTC_IS("compatible = \"v,dma\";"), NULL), A(DEVICE(RTC)),
		PROBLEM_LIMIT, "16 ranges of ids");
	/* Ids with pages of their own: 11 have room, beside the root. */
	for (unsigned many = 11; many <= 12; many++) {
		m = 0;
		for (unsigned i = 0; i < many; i++)
			m += (size_t)snprintf(list + m, sizeof(list) - m, "%s<&iommu 0x%x>%s", i ? ", " : "iommus = ",
					      i << 15, i == many - 1 ? ";" : "");
		snprintf(text, sizeof(text), IOMMU "rtc@101000 { %s", list);
		test_plan_make(&t, tree_edit("virt", "rtc@101000 {", text, RTC_IS("compatible = \"v,dma\";"), NULL),
			       A(DEVICE(RTC)));
		assert_int_equal(!kept_find(&t.kept, PROBLEM_LIMIT, "/a", "devices"), many == 11);
	}
}

static void keep_line(void *arg, const char *line)
{
	char *text = arg;

	strncat(text, line, 3999 - strlen(text));
	strncat(text, "\n", 3999 - strlen(text));
}

/* The plan shows which IOMMU confines what; a guest's tree does not have it. */
static void test_shown(void **state)
{
	static uint8_t dtb[GUEST_DTB_MAX] __attribute__((aligned(8)));
	static char text[4000];
	int node;

	(void)state;
	plan_good(WITH(ALL), A(DEVICE(PCI)));
	plan_print(&t.plan, keep_line, text);
	assert_non_null(strstr(text, "iommu        0x0003010000 /soc/iommu@3010000: it blocks what no guest has\n"));
	assert_non_null(strstr(text, "device     " PCI ", confined DMA, PCI buses 0 to 255"));
	assert_non_null(strstr(text, " ids 0x0 to 0xffff of /soc/iommu@3010000\n"));
	assert_int_equal(guest_dt_build(dtb, sizeof(dtb), &t.plan, &t.host, 0, &t.kept.r), OK);
	node = fdt_path_offset(dtb, PCI);
	assert_true(node > 0);
	assert_null(fdt_getprop(dtb, node, "iommu-map", NULL));
	assert_true(fdt_path_offset(dtb, "/soc/iommu@3010000") < 0);
	assert_null(kept_find(&t.kept, PROBLEM_NOTE, PCI, "iommu-map"));
	plan_good(RTC_BEHIND("iommus = <&iommu 0x13>;"), A(DEVICE(RTC)));
	assert_int_equal(guest_dt_build(dtb, sizeof(dtb), &t.plan, &t.host, 0, &t.kept.r), OK);
	node = fdt_path_offset(dtb, RTC);
	assert_true(node > 0);
	assert_null(fdt_getprop(dtb, node, "iommus", NULL));
	assert_null(kept_find(&t.kept, PROBLEM_NOTE, RTC, "iommus"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bridge),
		cmocka_unit_test(test_refused_bridges),
		cmocka_unit_test(test_platform),
		cmocka_unit_test(test_same_ids),
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_shown),
	};

	return cmocka_run_group_tests_name("plan_iommu", tests, NULL, plan_end);
}
