/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of events at boot, and nothing else: hart, console, device trees, plan; then refuse, or
 * create the VMs, start their harts, and become one of them. Nothing is parsed or allocated afterwards.
 */
#include "boot/boot.h"
#include "boot/memory.h"
#include "boot/move.h"

#include <libfdt.h>

#include "drivers/intc.h"
#include "hyp/base/fmt.h"
#include "hyp/base/panic.h"
#include "hyp/base/version.h"
#include "hyp/plan/config_dt.h"
#include "hyp/plan/host_dt.h"
#include "hyp/plan/package.h"
#include "hyp/plan/plan.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/guest_env.h"
#include "hyp/riscv/hart.h"
#include "hyp/riscv/sbi_call.h"
#include "hyp/riscv/sstage.h"
#include "hyp/console/console.h"
#include "hyp/terminal/terminal.h"
#include "hyp/vm/entropy.h"
#include "hyp/vm/shared.h"
#include "hyp/console/machine.h"
#include "hyp/vm/vcpu.h"
#include "hyp/vm/vm_create.h"

/* A larger value in a package's header is not a size: the header is damaged. */
#define MAX_PACKAGE	(4 * GIB)

static struct hart_features features;
static struct host host __attribute__((section(".noinit")));
static struct config config __attribute__((section(".noinit")));
static struct plan plan __attribute__((section(".noinit")));

/* Firmware sets up a hart's interrupt controllers when it starts the hart: OpenSBI masks its PLIC context
 * by the threshold. So no guest starts before all harts have arrived. */
#define ARRIVAL_SECONDS	30
static bool guests_may_start;	/* atomic: all harts have arrived and passed their checks */

static __noreturn void refuse(const char *reason)
{
	console_log("refused: %s; nothing is started", reason);
	machine_reset(SBI_SRST_SHUTDOWN, SBI_SRST_REASON_FAILURE);
	for (;;)
		wait_for_interrupt();
}

static __noreturn void refuse_package(const void *package)
{
	char text[128];

	fmt_str(text, sizeof(text), "the package %s", package_fault(package, MAX_PACKAGE));
	refuse(text);
}

static void report(struct reporter *r, const struct problem *p)
{
	char text[480];

	(void)r;	/* problem_report() counts */
	problem_format(text, sizeof(text), p);
	console_print(text);
}

static void print_plan_line(void *arg, const char *text)
{
	(void)arg;
	console_print(text);
}

static void check_hart(void)
{
	const char *why;

	if (!hart_is_hypervisor(&why))
		refuse(why);
	if (!sbi_probe(SBI_EXT_HSM) || !sbi_probe(SBI_EXT_IPI) || !sbi_probe(SBI_EXT_RFENCE))
		refuse("the firmware lacks an SBI extension that is needed (HSM, IPI, RFENCE)");
	features = guest_env_probe();
	if (!features.time)
		refuse("the time CSR cannot be read: neither the hart nor the firmware implements it");
}

/* Finds the package behind the image and its entry with the configuration. Returns the range of image and package. */
static struct range open_package(struct package *package, const struct package_entry **config_entry, uint64_t loaded)
{
	uint64_t size = (uintptr_t)__image_end - (uintptr_t)__image_start;

	if (package_open(package, __image_end, MAX_PACKAGE, hpa(loaded + size)) != OK)
		refuse_package(__image_end);
	*config_entry = package_find(package, PACKAGE_CONFIG);
	if (!*config_entry)
		refuse("the package has no configuration");
	return (struct range){ loaded, size + package->header->total_size };
}

/* Removes features that the boot hart lacks from all harts of the tree: guests' trees would list them. */
static void remove_missing_features(void)
{
	for (uint32_t i = 0; i < host.nr_harts; i++) {
		host.harts[i].features &= features.sstc ? ~0u : ~HART_SSTC;
		host.harts[i].features &= features.aia ? ~0u : ~HART_SSAIA;
		if (features.cbom)
			continue;
		host.harts[i].features &= ~(HART_ZICBOM | HART_SVPBMT);
		host.harts[i].cbom_block = 0;
	}
}

/* Moves the image to the place that the configuration requires and starts again there. Returns if that is here. */
static void move_if_required(struct range here, uint64_t hartid)
{
	struct range there = plan_place(&plan, &host, &config, here);

	if (there.base == here.base)
		return;
	console_log("moving from 0x%lx to 0x%lx, out of the guests' way", here.base, there.base);
	if (!move_fits(there))
		refuse("there is no memory at that place, though the device tree lists it: correct the tree, or write "
		       "hypervisor-at = \"loaded\"");
	move_image(there.base, range_last(here) + 1, hartid);
}

/* At the image's final place. Seeds are erased in all copies of the tree: the one in use, and the one before a move. */
static void gather_entropy(uint64_t loaded)
{
	void *copies[] = { (void *)host.tree.base, move_tree_of(loaded) };

	entropy_gather(&host, copies, ARRAY_LEN(copies), features.seed);
}

/* Parses everything and makes the plan, or refuses. Called again after the image has moved. */
static void make_plan(const void *host_dtb, uint64_t loaded, uint64_t hartid)
{
	bool moved = loaded != (uintptr_t)__image_start, host_ok, config_ok;
	struct reporter reporter = { moved ? NULL : report, 0 };	/* a moved image has reported these problems */
	const struct package_entry *entry;
	struct package package;
	struct range tree, image = open_package(&package, &entry, loaded);

	host_dtb = move_copy_tree(host_dtb, moved, &tree);
	host_ok = host_parse(&host, host_dtb, MAX_DTB, true, &reporter) == OK;
	host.tree = tree;
	remove_missing_features();
	config_ok = config_parse(&config, package_data(&package, entry), entry->size, &reporter) == OK;
	if (!host_ok)
		refuse("this machine's device tree cannot be used");
	if (config_ok && !moved)
		move_if_required(image, hartid);
	gather_entropy(loaded);
	reporter.report = report;
	/* A configuration with problems is planned, too, so that all problems are reported at once. */
	if (plan_make(&plan, &host, &config, &package, image, &reporter) != OK || !config_ok)
		refuse("the configuration does not fit this machine");
	ASSERT(plan.hyp.base == (uintptr_t)__image_start);
}

/* Clears the package at its old place if a guest's RAM is not cleared: it must not find other guests' images there. */
static void clear_old_image(void)
{
	bool keep = false;

	for (uint32_t i = 0; i < plan.nr_vms; i++)
		keep |= plan.vms[i].policy.keep_ram;
	if (keep && plan.hyp.base != plan.loaded.base)
		move_clear(plan.loaded.base, range_last(plan.hyp) + 1);
}

/* Whether the hart is a spare one that serves the console only. */
static bool drives_console(uint32_t hart_index)
{
	return plan.console.drive == CONSOLE_OWN_HART && plan.console.hart == hart_index;
}

/* Checks and sets up the calling hart, before any guest runs. */
static void prepare(struct hart *self)
{
	if (sstage_enable(&self->refusal) && self->vcpu)
		vcpu_prepare(self->vcpu);
}

static void start_hart(const struct hart *h)
{
	if (sbi_hart_start(h->id, hpa((uintptr_t)secondary_entry), (uintptr_t)h) != OK)
		refuse("the firmware does not start a hart of the plan");
}

/* The hart goes to the image's first instruction if it loses a race in OpenSBI before 1.2: the firmware marks it as
 * started before it stores the address. There the hart stops (entry.S), so it is started again. */
static void await_hart(const struct hart *h, uint64_t deadline)
{
	while (!__atomic_load_n(&h->arrived, __ATOMIC_ACQUIRE)) {
		if (csr_read(CSR_TIME) > deadline)
			refuse("the firmware started a hart that does not arrive");
		if (sbi_hart_is_stopped(h->id))
			start_hart(h);
	}
}

/* All harts of the plan have run prepare(): refuses if one of them cannot isolate its guest. */
static void check_harts(void)
{
	bool fit = true;

	for (uint32_t i = 0; i < plan.nr_harts; i++) {
		const struct hart *h = hart_get(i);
		const struct hart_refusal *r = &h->refusal;

		if (!r->why)
			continue;
		fit = false;
		if (r->csr)
			console_log("ERROR: hart %lu: %s reads back 0x%lx instead of 0x%lx: %s", h->id, r->csr,
				    r->got, r->want, r->why);
		else
			console_log("ERROR: hart %lu: %s", h->id, r->why);
	}
	if (!fit)
		refuse("a hart of the plan cannot be trusted with a guest");
	__atomic_store_n(&guests_may_start, true, __ATOMIC_RELEASE);
}

static bool is_started(const struct hart *h, const struct hart *self)
{
	return h != self && (h->vcpu || drives_console(h->index));
}

static void start_harts(const struct hart *self)
{
	uint64_t deadline;

	for (uint32_t i = 0; i < plan.nr_harts; i++) {
		struct hart *h = hart_get(i);

		h->id = plan.harts[i].id;
		h->index = i;
		h->setssip = plan.harts[i].setssip;
		h->stack_top = memory_stack_top(i);
		if (is_started(h, self))
			start_hart(h);
	}
	deadline = csr_read(CSR_TIME) + ARRIVAL_SECONDS * plan.timebase_hz;
	for (uint32_t i = 0; i < plan.nr_harts; i++)
		if (is_started(hart_get(i), self))
			await_hart(hart_get(i), deadline);
}

static struct hart *find_self(uint64_t hartid)
{
	for (uint32_t i = 0; i < plan.nr_harts; i++)
		if (plan.harts[i].id == hartid)
			return hart_get(i);
	return NULL;
}

static void boot_finish(void)
{
	struct hart *self = this_hart();

	prepare(self);
	if (!self->refusal.why)
		shared_clear(&plan);
	check_harts();
	if (self->vcpu)
		vcpu_run(self->vcpu);
	if (drives_console(self->index))
		terminal_hart_run();
	sbi_hart_stop();	/* a spare hart */
	for (;;)
		wait_for_interrupt();
}

void boot_main(uint64_t hartid, const void *host_dtb, uint64_t loaded)
{
	struct reporter reporter = { report, 0 };
	struct hart *self;

	self = hart_get(HART_AT_BOOT);	/* until the plan shows which one this is */
	self->id = hartid;
	self->stack_top = memory_stack_top(0);	/* for a panic */
	__asm__ volatile("mv tp, %0" : : "r"(self));
	hart_init_traps();
	terminal_init();
	if (loaded == (uintptr_t)__image_start)
		console_log("Bulkhead " VERSION_TEXT " on hart %lu, image at 0x%lx", hartid, loaded);
	check_hart();
	make_plan(host_dtb, loaded, hartid);
	terminal_use(&plan);
	plan_print(&plan, print_plan_line, NULL);
	intc_init(&plan);
	if (vm_create_all(&plan, &host, &reporter) != OK)
		refuse("a guest's device tree cannot be made");
	if (memory_map_self(&plan) != OK)
		refuse("the hypervisor's memory or devices lie beyond what the harts' page tables reach");
	self = find_self(hartid);
	if (!self)
		refuse("the device tree does not list the hart that boots");
	start_harts(self);
	clear_old_image();	/* not earlier: see await_hart() */
	__asm__ volatile("mv tp, %0" : : "r"(self));
	boot_switch_stack(self->stack_top, boot_finish);
}

void boot_secondary(void)
{
	hart_init_traps();
	prepare(this_hart());
	__atomic_store_n(&this_hart()->arrived, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&guests_may_start, __ATOMIC_ACQUIRE))
		;
	if (this_hart()->vcpu)
		vcpu_run(this_hart()->vcpu);
	terminal_hart_run();
}
