/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/plan: the printed plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/plan_cases.h"
#include "tests/unit/rng.h"

static char printed[8192];

static void collect(void *arg, const char *text)
{
	(void)arg;
	assert_null(strchr(text, '\n'));
	strcat(strcat(printed, text), "\n");
}

static void test_print(void **state)
{
	static const char expected[] =
		"machine      4 harts, timebase 10000000 Hz, 1 PLIC\n"
		"hypervisor   0x0080200000-0x00805fffff     4M\n"
		"firmware     0x0080080000-0x00801fffff  1536K assumed: below the image, not reserved\n"
		"console      /soc/virtio_mmio@10008000 (virtio)\n"
		"  hart       none: a hart that has written polls until all is shown; see "
		"console-hart\nentropy      rng-seed of the device tree\n"
		"guest        linux (trusted with DMA)\n"
		"  harts      1 2 as 0 to 1, timer by Sstc, Sv39x4\n"
		"  memory     0x0080600000-0x00a05fffff   512M\n"
		"  device     /soc/serial@10000000, irq 10\n"
		"             0x0010000000-0x0010000fff     4K\n"
		"  device     /soc/virtio_mmio@10001000, DMA, irq 1\n"
		"             0x0010001000-0x0010001fff     4K\n"
		"  plic       0x000c000000-0x000c5fffff     6M for /soc/plic@c000000, guarded\n"
		"  kernel     0x0080600000 \"linux\", 20971520 bytes\n"
		"  initrd     0x00a0300000 \"initrd\", 1048576 bytes\n"
		"  entry      0x0080600000, device tree at 0x00a0400000\n"
		"  bootargs   console=ttyS0\n"
		"guest        m\n"
		"  harts      3 as 0, timer by Sstc, Sv39x4\n"
		"  memory     0x0040000000-0x0040ffffff    16M at host 0x00a0600000\n"
		"  plic       0x000c000000-0x000c5fffff     6M for /soc/plic@c000000, emulated\n"
		"  kernel     0x0040000000 \"rt\", 5000 bytes\n"
		"  entry      0x0040000000, device tree at 0x0040e00000\n"
		"  policy     getchar waits, an unmapped access is ignored, watchdog 50 ms,\n"
		"             restarts after a crash, 7 times\n"
		"  bootargs   ?[2Jevil\n"	/* nothing steers the terminal */
		"spare harts  0\n"
		"free RAM     0x00a1600000-0x00bfffffff   490M\n";

	(void)state;
	plan_good(tree_file("virt"), "console = \"/soc/virtio_mmio@10008000\";" LINUX_NODE
		  "m { harts = <3>; memory = \"16M as 0x40000000\"; kernel = \"rt\";"
		  " bootargs = \"\\x1b[2Jevil\"; plic-mode = \"emulated\"; sbi-getchar = \"wait\"; unmapped = \"ignore\";"
		  " on-crash = \"restart\"; restart-limit = <7>; watchdog-ms = <50>; };");
	printed[0] = 0;
	plan_print(&t.plan, collect, NULL);
	assert_string_equal(printed, expected);
}

static char *line_with(const char *label)
{
	char *at = strstr(printed, label);

	assert_non_null(at);
	return at;
}

/* What a configuration sets beside the default is printed. */
static void test_print_settings(void **state)
{
	(void)state;
	plan_good(tree_file("virt"), "console = \"/soc/virtio_mmio@10008000\"; console-style = \"colour\";"
		  "when-all-ended = \"keep\";"
		  "m { harts = <3>; memory = \"16M\"; kernel = \"rt\"; ram-at-boot = \"keep\"; };");
	printed[0] = 0;
	plan_print(&t.plan, collect, NULL);
	line_with("\nconsole      /soc/virtio_mmio@10008000 (virtio), in colour\n");
	line_with("\nat the end   the machine stays when all guests have ended\n");
	line_with("\n  memory     0x0080600000-0x00815fffff    16M, not cleared at boot\n");
	plan_good(tree_edit("virt", RTC_IS("compatible = \"google,goldfish-rtc\"; #clock-cells = <0>;"), NULL),
		  "firmware = \"512K at 0x80000000\";" A("trust-dma; trust-control; devices = \"" RTC "\","
		  " \"/soc/virtio_mmio@10001000\", \"serial0\";") B("trust-control;"));
	printed[0] = 0;
	plan_print(&t.plan, collect, NULL);
	line_with("\nfirmware     0x0080000000-0x008007ffff   512K as configured\n");
	line_with("\nguest        a (trusted with DMA and machine control)\n");
	line_with("\n  device     " RTC ", machine control, irq 11\n");
	line_with("\n  device     /soc/virtio_mmio@10001000, DMA, irq 1\n");
	line_with("\n  device     /soc/serial@10000000, irq 10\n");
	line_with("\nguest        b (trusted with machine control)\n");
	plan_good(tree_file("virt"), "firmware = \"reserved\";" A());
	printed[0] = 0;
	plan_print(&t.plan, collect, NULL);
	line_with("\nfirmware     only what the machine's tree reserves, as configured\n");
}

/* What stands behind the label, and below it, one line after the other; each line within its columns. */
static void joined(const char *label, char *out)
{
	const char *line = line_with(label), *next;

	for (*out = 0; ; line = next + 1) {
		next = strchr(line, '\n');
		assert_non_null(next);
		assert_true(next - line > 12 && next - line <= 101);	/* a comma at the end may stand out */
		strncat(out, line + 12, next - line - 12);
		if (strncmp(next + 1, "            ", 12))
			return;
	}
}

static void test_print_bootargs(void **state)
{
	static char text[700], config[1000], out[1000];
	size_t n;

	(void)state;
	for (size_t words = 0; words < 120; words++) {
		for (size_t i = n = 0; i < words && n < 500; i++)
			n += snprintf(text + n, sizeof(text) - n, "%s%.*s", i ? rng_below(9) ? " " : "  " : "",
				     (int)(1 + rng_below(rng_below(6) ? 20 : 160)),
				     "a,b=cdefghijklmnopqrstuvwxyz,ABCDEFGHIJKLMNOPQRSTUVWXYZ,0123456789,a,b=cdefghijkl"
				     "mnopqrstuvwxyz,ABCDEFGHIJKLMNOPQRSTUVWXYZ,0123456789,abcdefghijklmnopqrstuvw");
		if (!n)
			continue;
		snprintf(config, sizeof(config), "m { harts = <3>; memory = \"16M\"; kernel = \"rt\"; "
			"bootargs = \"%s\"; };", text);
		plan_good(tree_file("virt"), config);
		printed[0] = 0;
		plan_print(&t.plan, collect, NULL);
		joined("  bootargs  ", out);
		assert_int_equal(out[0], ' ');
		assert_string_equal(out + 1, text);
	}
	line_with("bootargs   ");
}

/* As many harts and interrupts as there may be: none is cut off. */
static void test_print_many(void **state)
{
	static struct plan plan;
	static char out[8192];
	struct plan_vm *v = &plan.vms[0];
	char number[32];

	(void)state;
	plan.nr_vms = 1;
	plan.nr_intcs = 2;
	plan.nr_harts = v->nr_vcpus = MAX_HARTS;
	v->bootargs = "";
	v->nr_devices = 1;
	strcpy(v->devices[0].path, "/soc/gpio@10000");
	v->nr_irqs = MAX_VM_IRQS;
	for (uint32_t i = 0; i < MAX_HARTS; i++) {
		plan.harts[i].id = 100000 + i;
		v->vcpu_hart[i] = (uint8_t)i;
	}
	for (uint32_t i = 0; i < MAX_VM_IRQS; i++)
		v->irqs[i] = (struct plan_irq){ .intc = 1, .id = (uint16_t)(i + 500) };
	printed[0] = 0;
	plan_print(&plan, collect, NULL);
	joined("  harts     ", out);
	for (uint32_t i = 0; i < MAX_HARTS; i++) {
		snprintf(number, sizeof(number), " %u", 100000 + i);
		assert_non_null(strstr(out, number));
	}
	assert_non_null(strstr(out, " as 0 to 63, timer by SBI, Sv39x4"));
	joined("  device    ", out);
	for (uint32_t i = 0; i < MAX_VM_IRQS; i++) {
		snprintf(number, sizeof(number), " %u of PLIC 1", i + 500);
		assert_non_null(strstr(out, number));
	}
}

/* What a guest has without a device in the host, on a machine of two PLICs, and of one. */
static void test_print_virtual(void **state)
{
	static struct plan plan;
	struct plan_vm *v = &plan.vms[0];

	(void)state;
	plan.nr_vms = plan.nr_harts = v->nr_vcpus = plan.nr_nets = plan.nr_shared = 1;
	plan.nr_intcs = v->nr_vplics = 2;
	v->vplics[1].plic = 1;
	v->bootargs = "";
	plan.console = (struct plan_console){ .kind = CONSOLE_NS16550, .drive = CONSOLE_OWN_HART, .intc = 1,
						.irq = 11 };
	v->vuart = (struct plan_vuart){ .base = gpa(0x10000000), .size = 0x100, .vplic = 1, .irq = 12 };
	strcpy(plan.shared[0].name, "s");
	plan.shared[0].size = 0x2000;
	v->nr_shares = 1;
	v->shares[0] = (struct plan_share){ .base = gpa(0x20000000), .doorbell = gpa(0x20002000), .vplic = 1,
					     .irq = 13 };
	strcpy(plan.nets[0].name, "n");
	v->nr_cards = 2;
	v->cards[0] = (struct plan_card){ .base = gpa(0x30000000), .vplic = 1, .irq = 14, .mac = { 2, 0, 0, 0, 0, 1 } };
	v->cards[1] = (struct plan_card){ .base = gpa(0x30001000), .mac = { 2, 0, 0, 0, 0, 2 } };
	printed[0] = 0;
	plan_print(&plan, collect, NULL);
	line_with("the console's own, by interrupt 11 of PLIC 1\n");
	line_with("  console    0x0010000000-0x00100000ff  0x100 virtual ns16550a, irq 12 of PLIC 1\n");
	line_with("  shared     0x0020000000-0x0020001fff     8K s, doorbell 0x0020002000, irq 13 of PLIC 1\n");
	line_with("  net        0x0030000000-0x0030000fff     4K n, virtio-mmio, 02:00:00:00:00:01, irq 14 of PLIC 1\n");
	line_with("  net        0x0030001000-0x0030001fff     4K n, virtio-mmio, 02:00:00:00:00:02, no interrupt\n");
	plan.nr_intcs = 1;
	printed[0] = 0;
	plan_print(&plan, collect, NULL);
	line_with("the console's own, by interrupt 11\n");
	line_with("virtual ns16550a, irq 12\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_print_settings),
		cmocka_unit_test(test_print_bootargs),
		cmocka_unit_test(test_print_many),
		cmocka_unit_test(test_print_virtual),
	};

	return cmocka_run_group_tests_name("plan_print", tests, NULL, plan_end);
}
