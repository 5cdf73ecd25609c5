/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/plan: each reason to refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/plan_cases.h"

struct refusal {
	const char *host, *guests;
	enum problem_code code;
	const char *path, *prop, *words;
};

static const struct refusal refusals[] = {
	{ "virt", "a { memory = \"1M\"; kernel = \"rt\"; };", PROBLEM_NO_HARTS, "/a", "harts", "<1>" },
	{ "virt", "a { harts = <7>; memory = \"1M\"; kernel = \"rt\"; };", PROBLEM_UNKNOWN_HART, "/a",
	  "harts", "hart 7; it has 0 1 2 3" },
	{ "virt", A() "b { harts = <2 0>; memory = \"1M\"; kernel = \"rt\"; };", PROBLEM_HART_TAKEN, "/b",
	  "harts", "hart 0 is also claimed by guest a" },
	{ "shared-pages", "a { harts = <4>; memory = \"1M\"; kernel = \"rt\"; };", PROBLEM_HART_NO_H, "/a",
	  "harts", "hart 4" },
	{ "shared-pages", "a { harts = <0 3>; memory = \"1M\"; kernel = \"rt\"; };",
	  PROBLEM_HARTS_DIFFER, "/a", "harts", "only one of them has v" },
	{ "virt", "a { harts = <0>; kernel = \"rt\"; };", PROBLEM_NO_MEMORY, "/a", "memory", "512M" },
	{ "virt", "a { harts = <0>; memory = \"1M at 0x70000000\"; kernel = \"rt\"; };",
	  PROBLEM_MEMORY_NOT_RAM, "/a", "memory", "1M at 0x70000000" },
	{ "virt", "a { harts = <0>; memory = \"1M at 0xbff80000\"; kernel = \"rt\"; };",
	  PROBLEM_MEMORY_NOT_RAM, "/a", "memory", "not wholly" },
	{ "shared-pages", "a { harts = <0>; memory = \"1M at 0xc000000000\"; kernel = \"rt\"; };",
	  PROBLEM_MEMORY_OVERLAP, "/a", "memory", "/reserved-memory/uncached@c000000000" },
	{ "shared-pages", "a { harts = <0>; memory = \"1M at 0x80000000\"; kernel = \"rt\"; };",
	  PROBLEM_MEMORY_OVERLAP, "/a", "memory", "a memory reservation" },
	{ "virt", "a { harts = <0>; memory = \"1M at 0x80000000\"; kernel = \"rt\"; };",
	  PROBLEM_MEMORY_OVERLAP, "/a", "memory", "mmode_resv0" },
	{ "virt", "a { harts = <0>; memory = \"1M at 0x80500000\"; kernel = \"rt\"; };",
	  PROBLEM_MEMORY_OVERLAP, "/a", "memory", "the hypervisor" },
	{ "three-contexts", "a { harts = <0>; memory = \"1M at 0x80000000\"; kernel = \"rt\"; };",
	  PROBLEM_MEMORY_OVERLAP, "/a", "memory", "the firmware" },
	{ "virt", "a { harts = <0>; memory = \"1M at 0x90000000\"; kernel = \"rt\"; };"
	  "b { harts = <1>; memory = \"4K at 0x900ff000\"; kernel = \"rt\"; };",
	  PROBLEM_MEMORY_OVERLAP, "/b", "memory", "guest a" },
	{ "virt", "a { harts = <0>; memory = \"1G\"; kernel = \"rt\"; };", PROBLEM_MEMORY_NO_ROOM, "/a",
	  "memory", "1G" },
	{ "virt", "a { harts = <0>; memory = \"16M\", \"1M as 0x80700000\"; kernel = \"rt\"; };",
	  PROBLEM_GUEST_OVERLAP, "/a", "memory", "memory and by memory" },
	{ "virt", "a { harts = <0>; memory = \"16M as 0xb800000\"; kernel = \"rt\"; };",
	  PROBLEM_GUEST_OVERLAP, "/a", "memory", "/soc/plic@c000000" },
	{ "virt", "a { harts = <0>; memory = \"16M as 0xf800000\"; kernel = \"rt\"; devices = \"serial0\";};",
	  PROBLEM_GUEST_OVERLAP, "/a", "memory", "/soc/serial@10000000" },
	{ "shared-pages", "a { harts = <3>; memory = \"1M as 0x20000000000\"; kernel = \"rt\"; };",
	  PROBLEM_ADDRESS_TOO_HIGH, "/a", "memory", "Sv39x4" },
	{ "virt", "a { harts = <0>; memory = \"1M as 0x4000000000000\"; kernel = \"rt\"; };",
	  PROBLEM_ADDRESS_TOO_HIGH, "/a", "memory", "Sv48x4" },
	{ "virt", "a { harts = <0>; memory = \"256M at 0x90001000 as 0x40000000\"; kernel = \"rt\"; };",
	  PROBLEM_TOO_FRAGMENTED, "/a", "memory", "multiples of 2M" },
	{ "virt", A(DEVICE("/soc/serial@1000000")), PROBLEM_UNKNOWN_DEVICE, "/a", "devices",
	  "did you mean \"/soc/serial@10000000\"" },
	{ "virt", A(DEVICE("/zzz")), PROBLEM_UNKNOWN_DEVICE, "/a", "devices", "full path" },
	{ "virt", A(DEVICE("serial0")) B(DEVICE("/soc/serial@10000000")), PROBLEM_DEVICE_TAKEN, "/b",
	  "devices", "/soc/serial@10000000 is also claimed by guest a" },
	{ "virt", A("devices = \"/soc/i2c@10070000\", \"/soc/gpio@10060000\";")
	  B(DEVICE("/soc/i2c@10070000/sensor@48")),
	  PROBLEM_DEVICE_TAKEN, "/b", "devices", "guest a" },
	{ "virt", A("devices = \"serial0\", \"/soc/serial@10000000\";"), PROBLEM_DUPLICATE, "/a",
	  "devices", "listed twice" },
	{ "virt", A(DEVICE("/")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "whole machine" },
	{ "virt", A(DEVICE("/soc")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "because of /soc/test" },
	{ "virt", A(DEVICE("/cpus/cpu@1")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "\"harts\"" },
	{ "virt", A(DEVICE("/memory@80000000")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "\"memory\"" },
	{ "virt", A(DEVICE("/reserved-memory/pool")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "no guest" },
	{ "virt", A(DEVICE("/chosen")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "not a device" },
	{ "virt", A(DEVICE("/soc/plic@c000000")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "virtual PLIC" },
	{ "virt", A(DEVICE("/soc/clint@2000000")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "timer" },
	{ "virt", A(DEVICE("/soc/test@100000")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "whole machine" },
	{ "virt", A(DEVICE("/poweroff")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "whole machine" },
	{ "virt", A(DEVICE("/pmu")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "counters" },
	{ "virt", A(DEVICE("/soc/off@10080000")), PROBLEM_DEVICE_REFUSED, "/a", "devices", "disabled" },
	{ "virt", "console = \"serial0\";" A(DEVICE("serial0")), PROBLEM_DEVICE_REFUSED, "/a", "devices",
	  "hypervisor's console" },
	{ "virt", A(DEVICE("/soc/i2c@10070000/sensor@48")), PROBLEM_DEVICE_REGISTERS, "/a", "devices",
	  "controller" },
	{ "three-contexts", A("trust-dma;" DEVICE("/soc/outside@70000000")), PROBLEM_DEVICE_REGISTERS, "/a", "devices",
	  "outside of the \"ranges\"" },
	{ "shared-pages", A("devices = \"/soc/serial@50900000\", \"/soc/serial@50900800\";")
	  B(DEVICE("/soc/serial@50901000")), PROBLEM_IRQ_TAKEN, "/b", "devices",
	  "interrupt 100 of /soc/interrupt-controller@c000000" },
	{ "shared-pages", "console = \"/soc/serial@50900000\";" A(DEVICE("/soc/serial@50901000")),
	  PROBLEM_IRQ_TAKEN, "/a", "devices", "the hypervisor" },
	{ "virt", A(DEVICE("/soc/virtio_mmio@10001000")), PROBLEM_DMA_UNTRUSTED, "/a", "devices",
	  "trust-dma" },
	{ "virt", "a { harts = <0>; memory = \"16M as 0x40000000\"; kernel = \"rt\"; trust-dma;"
	  " devices = \"/soc/virtio_mmio@10001000\"; };", PROBLEM_DMA_REMAPPED, "/a", "devices", "\"as\"" },
	{ "sockets", A("trust-dma;" DEVICE("/soc/virtio_mmio@10001000")), PROBLEM_IRQ_UNROUTABLE, "/a",
	  "devices", "no S-mode context" },
	{ "virt", "a { harts = <0>; memory = \"1M\"; };", PROBLEM_NO_KERNEL, "/a", "kernel", "NAME" },
	{ "virt", "a { harts = <0>; memory = \"1M\"; kernel = \"x\"; };", PROBLEM_IMAGE_MISSING, "/a",
	  "kernel", "-i x=FILE" },
	{ "virt", A("initrd = \"y\";"), PROBLEM_IMAGE_MISSING, "/a", "initrd", "\"y\"" },
	{ "virt", "a { harts = <0>; memory = \"22M\"; kernel = \"linux\"; };", PROBLEM_IMAGE_NO_ROOM, "/a",
	  "kernel", "24M in memory" },
	{ "virt", "a { harts = <0>; memory = \"68K\"; kernel = \"rt\"; };", PROBLEM_IMAGE_NO_ROOM, "/a",
	  "kernel", "68K" },
	{ "virt", "a { harts = <0>; memory = \"1M\"; kernel = \"rt\"; initrd = \"initrd\"; };",
	  PROBLEM_IMAGE_NO_ROOM, "/a", "initrd", "1M in memory" },
	{ "virt", A("entry = \"0x80000000\";"), PROBLEM_BAD_ENTRY, "/a", "entry", "not in" },
	{ "virt", "a { harts = <0>; memory = \"64M\"; kernel = \"linux\"; entry = \"0x80700000\"; };",
	  PROBLEM_BAD_ENTRY, "/a", "entry", "multiple of 2M" },
	{ "virt", "console = \"/nowhere\";" A(), PROBLEM_BAD_CONSOLE, "/", "console", "not in" },
	{ "virt", "console = \"rtc0\";" A(), PROBLEM_BAD_CONSOLE, "/", "console", "no UART" },
	{ "virt", "console = \"/soc/off@10080000\";" A(), PROBLEM_BAD_CONSOLE, "/", "console", "disabled" },
};

/* Each is refused for this one reason. */
static void test_refused(void **state)
{
	const struct problem *p;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(refusals); i++) {
		const struct refusal *c = &refusals[i];

		test_plan_make(&t, tree_file(c->host), c->guests);
		p = kept_find(&t.kept, c->code, c->path, c->prop);
		if (t.result != ERR_INVALID || !p || !strstr(p->text, c->words) ||
		    t.kept.r.count != 1) {
			kept_print(&t.kept);
			fail_msg("case %u, %s, %s", i, problem_name(c->code), c->guests);
		}
	}
}

/* Reasons that need another machine. */
static void test_refused_hosts(void **state)
{
	static const struct {
		const char *old, *new, *guests, *words;
		enum problem_code code;
	} cases[] = {
		{ "interrupts = <10>", "interrupts = <96>", A(DEVICE("serial0")), "riscv,ndev",
		  PROBLEM_IRQ_UNROUTABLE },
		{ "interrupts = <10>", "interrupts = <0>", A(DEVICE("serial0")), "interrupt id is 0",
		  PROBLEM_IRQ_UNROUTABLE },
		{ "interrupts = <10>", "interrupts-extended = <&intc0 5>", A(DEVICE("serial0")),
		  "no other kind", PROBLEM_IRQ_UNROUTABLE },
		{ "interrupts = <10>", "interrupts-extended = <77 5>", A(DEVICE("serial0")),
		  "not in the host's", PROBLEM_IRQ_UNROUTABLE },
		{ "clock-names = \"baudclk\"", "interrupt-map = <0>", A(DEVICE("serial0")),
		  "interrupt-map", PROBLEM_IRQ_UNROUTABLE },
		{ "clock-names = \"baudclk\"", "device_type = \"pci\"", A(DEVICE("serial0")), "PCI",
		  PROBLEM_DEVICE_REFUSED },
		{ "reg = <0 0x10000000 0 0x100>", "reg = <0 0x90000000 0 0x100>", A(DEVICE("serial0")),
		  "lie in RAM", PROBLEM_DEVICE_REGISTERS },
		{ "reg = <0 0x10000000 0 0x100>", "reg = <0xffffffff 0xfffff000 0 0x1000>",
		  A(DEVICE("serial0")), "(/soc/serial@10000000)", PROBLEM_ADDRESS_TOO_HIGH },
		{ "reg = <0 0x10000000 0 0x100>", "reg = <0 0x10000000 0 0>", A(DEVICE("serial0")),
		  "has a size of 0", PROBLEM_DEVICE_REGISTERS },
		{ "reg = <0 0x10000000 0 0x100>", "reg = <0 0xc5fff80 0 0x100>",
		  "console = \"/soc/virtio_mmio@10008000\";" A(DEVICE("serial0")), "the hypervisor",
		  PROBLEM_REGISTERS_SHARED },
		{ "reg = <0 0x80000000 0 0x40000000>", "reg = <0 0x90000000 0 0x30000000>", A(),
		  "not RAM", PROBLEM_BAD_HOST },
		{ "reg = <0 0xc000000 0 0x600000>", "reg = <0 0xc000000 0 0x201000>", A(), "two contexts",
		  PROBLEM_LIMIT },
		{ "reg = <0 0x10000000 0 0x100>", "reg = <0 0x10000000 0x1000 0x100>",
		  "console = \"serial0\";" A(), "lie in RAM", PROBLEM_BAD_CONSOLE },
		{ "compatible = \"ns16550a\";", "compatible = \"ns16550a\"; reg-shift = <9>;",
		  "console = \"serial0\";" A(), "reg-shift", PROBLEM_BAD_CONSOLE },
	};
	bool found;
	unsigned j;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		test_plan_make(&t, tree_edit("virt", cases[i].old, cases[i].new, NULL), cases[i].guests);
		for (found = false, j = 0; j < t.kept.nr; j++)
			found |= t.kept.problems[j].code == cases[i].code &&
				 strstr(t.kept.problems[j].text, cases[i].words);
		if (!found || !t.result) {
			kept_print(&t.kept);
			fail_msg("case %u: %s", i, cases[i].new);
		}
	}
}

/* An interrupt of a controller that the guest has, too, goes through. */
static void test_cascade(void **state)
{
	(void)state;
	plan_good(tree_file("virt"),
		  A("devices = \"/soc/i2c@10070000\", \"/soc/gpio@10060000\";"));
	assert_int_equal(t.plan.vms[0].nr_irqs, 3);
	test_plan_make(&t, tree_file("virt"), A(DEVICE("/soc/i2c@10070000")));
	assert_non_null(kept_find(&t.kept, PROBLEM_IRQ_UNROUTABLE, "/a", "devices"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_hosts),
		cmocka_unit_test(test_cascade),
	};

	return cmocka_run_group_tests_name("plan_refused", tests, NULL, plan_end);
}
