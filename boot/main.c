/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of events at boot, and nothing else: hart, console, device trees, plan; then refuse, or
 * create the VMs, start their harts, and become one of them. Nothing is parsed or allocated afterwards.
 */
#include "boot/boot.h"
#include "boot/join.h"
#include "boot/memory.h"
#include "boot/move.h"

#include <libfdt.h>

#include "drivers/intc.h"
#include "drivers/iommu.h"
#include "hyp/base/fmt.h"
#include "hyp/base/panic.h"
#include "hyp/base/version.h"
#include "hyp/riscv/work.h"
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
#include "hyp/console/machine.h"
#include "hyp/terminal/monitor_cmd.h"
#include "hyp/vm/vcpu.h"
#include "hyp/vm/vm_create.h"

static struct hart_features features;
static struct plan plan __attribute__((section(".noinit")));

/* Firmware sets up a hart's interrupt controllers when it starts the hart: OpenSBI masks its PLIC context
 * by the threshold. So no guest starts before all harts have arrived. */
#define ARRIVAL_SECONDS	30

/* What only a boot needs. It lies at the end of the memory that the loader was asked for, where no guest's page and no
 * page of the running hypervisor is. */
static struct scratch {
	struct host host;
	struct config config;
	struct kept_tree tree;
} *scratch;

static __noreturn void refuse_package(const void *package, uint64_t max)
{
	char text[128];

	fmt_str(text, sizeof(text), "the package %s", package_fault(package, max));
	boot_refuse(text);
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
	monitor_keep_line(text);
}

static void check_hart(void)
{
	const char *why;

	if (!hart_is_hypervisor(&why))
		boot_refuse(why);
	if (!sbi_probe(SBI_EXT_HSM) || !sbi_probe(SBI_EXT_IPI) || !sbi_probe(SBI_EXT_RFENCE))
		boot_refuse("the firmware lacks an SBI extension that is needed (HSM, IPI, RFENCE)");
	features = guest_env_probe();
	if (!features.time)
		boot_refuse("the time CSR cannot be read: neither the hart nor the firmware implements it");
}

/* Finds the package before the core, and its entry with the configuration. Returns the range of the whole image. */
static struct range open_package(struct package *package, const struct package_entry **config_entry, uint64_t loaded)
{
	uint64_t max = image_core_offset > PACKAGE_OFFSET ? image_core_offset - PACKAGE_OFFSET : 0;
	const void *data = (const void *)(image_base() + PACKAGE_OFFSET);

	if (package_open(package, data, max, hpa(loaded + PACKAGE_OFFSET)) != OK)
		refuse_package(data, max);
	*config_entry = package_find(package, PACKAGE_CONFIG);
	if (!*config_entry)
		boot_refuse("the package has no configuration");
	package->image = (uintptr_t)__image_end - image_base();
	if (image_memory() < package->image + plan_scratch_size())
		boot_refuse("the image's header asks for too little memory; pack the image anew");
	ASSERT(sizeof(*scratch) <= plan_scratch_size());
	scratch = (struct scratch *)(image_base() + image_memory() - plan_scratch_size());
	return (struct range){ loaded, image_memory() };
}

/* The memory behind the image that is not scratch is for what the plan counts. */
static void open_work(void)
{
	uint64_t size = image_memory() - plan_scratch_size() - ((uintptr_t)__image_end - image_base());

	if (plan_boot_memory(&scratch->config) != size + plan_scratch_size())
		boot_refuse("the image's header does not ask for the memory of this configuration; pack the image anew");
	work_give(__image_end, size);
}

/* Removes features that the boot hart lacks from all harts of the tree: guests' trees would list them. */
static void remove_missing_features(void)
{
	struct host *host = &scratch->host;

	for (uint32_t i = 0; i < host->nr_harts; i++) {
		host->harts[i].features &= features.sstc ? ~0u : ~HART_SSTC;
		host->harts[i].features &= features.aia ? ~0u : ~HART_SSAIA;
		if (features.cbom)
			continue;
		host->harts[i].features &= ~(HART_ZICBOM | HART_SVPBMT);
		host->harts[i].cbom_block = 0;
	}
}

/* Moves the image to the place that the configuration requires and starts again there. Returns if that is here. */
static void move_if_required(struct range here, uint64_t hartid)
{
	struct range there = plan_place(&plan, &scratch->host, &scratch->config, here);

	if (there.base == here.base)
		return;
	console_log("moving from 0x%lx to 0x%lx, out of the guests' way", here.base, there.base);
	if (!move_fits(there))
		boot_refuse("there is no memory at that place, though the device tree lists it: correct the tree, or write "
		       "hypervisor-at = \"loaded\"");
	move_image(there.base, hartid);
}

/* At the image's final place. Seeds are erased in all copies of the tree: the one in use, and the one before a move. */
static void gather_entropy(uint64_t loaded)
{
	void *copies[] = { (void *)scratch->host.tree.base, move_tree_of(loaded) };

	entropy_gather(&scratch->host, copies, ARRAY_LEN(copies), features.seed);
}

/* Parses everything and makes the plan, or refuses. Called again after the image has moved. */
static void make_plan(const void *host_dtb, uint64_t loaded, uint64_t hartid)
{
	bool moved = loaded != image_base(), host_ok, config_ok;
	struct reporter reporter = { moved ? NULL : report, 0 };	/* a moved image has reported these problems */
	const struct package_entry *entry;
	struct package package;
	struct range tree, image = open_package(&package, &entry, loaded);

	host_dtb = move_copy_tree(&scratch->tree, host_dtb, moved, &tree);
	host_ok = host_parse(&scratch->host, host_dtb, MAX_DTB, true, &reporter) == OK;
	scratch->host.tree = tree;
	remove_missing_features();
	config_ok = config_parse(&scratch->config, package_data(&package, entry), entry->size, &reporter) == OK;
	if (!host_ok)
		boot_refuse("this machine's device tree cannot be used");
	if (config_ok && !moved)
		move_if_required(image, hartid);
	gather_entropy(loaded);
	reporter.report = report;
	/* A configuration with problems is planned, too, so that all problems are reported at once. */
	if (plan_make(&plan, &scratch->host, &scratch->config, &package, image, &reporter) != OK || !config_ok)
		boot_refuse("the configuration does not fit this machine");
	ASSERT(plan.hyp.base == image_base());
	open_work();
}

/* Afterwards no device behind an IOMMU reaches memory. */
static void take_iommus(void)
{
	uint32_t iommu = 0;
	const char *why = iommu_init(&plan, &iommu);
	char text[2 * PLAN_PATH_SIZE];

	if (!why)
		return;
	fmt_str(text, sizeof(text), "%s, which has to confine devices, %s", plan.iommus[iommu].path, why);
	boot_refuse(text);
}

/* Clears the package at its old place if a guest's RAM is not cleared: it must not find other guests' images there. */
static void clear_old_image(void)
{
	bool keep = false;

	for (uint32_t i = 0; i < plan.nr_vms; i++)
		keep |= plan.vms[i].policy.keep_ram;
	if (keep && plan.hyp.base != plan.loaded.base)
		move_clear(plan.loaded.base);
}

static void start_hart(const struct hart *h)
{
	if (sbi_hart_start(h->id, hpa((uintptr_t)secondary_entry), (uintptr_t)h) != OK)
		boot_refuse("the firmware does not start a hart of the plan");
}

/* The hart goes to the image's first instruction if it loses a race in OpenSBI before 1.2: the firmware marks it as
 * started before it stores the address. There the hart stops (entry.S), so it is started again. */
static void await_hart(const struct hart *h, uint64_t deadline)
{
	while (!__atomic_load_n(&h->arrived, __ATOMIC_ACQUIRE)) {
		if (csr_read(CSR_TIME) > deadline)
			boot_refuse("the firmware started a hart that does not arrive");
		if (sbi_hart_is_stopped(h->id))
			start_hart(h);
	}
}

static bool is_started(const struct hart *h, const struct hart *self)
{
	return h != self && plan_hart_runs(&plan, h->index);
}

static void start_harts(const struct hart *self)
{
	uint64_t deadline;

	join_use(&plan);
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

/* Large device trees have taken more than the plan has counted: they lie in the unused space behind it. */
static void grow_for_trees(void)
{
	uint64_t left, end = align_up((uintptr_t)work_rest(&left), PAGE_SIZE);

	if (end <= range_last(plan.hyp))
		return;
	plan.hyp.size = end - plan.hyp.base;
	console_log("device trees are larger than planned: the hypervisor has up to 0x%lx", end - 1);
}

static struct hart *find_self(uint64_t hartid)
{
	for (uint32_t i = 0; i < plan.nr_harts; i++)
		if (plan.harts[i].id == hartid)
			return hart_get(i);
	return NULL;
}

void boot_main(uint64_t hartid, const void *host_dtb, uint64_t loaded)
{
	struct reporter reporter = { report, 0 };
	struct hart *self;

	self = hart_get(HART_AT_BOOT);	/* until the plan shows which one this is */
	self->id = hartid;
	self->stack_top = (uintptr_t)boot_stack_top;	/* for a panic */
	__asm__ volatile("mv tp, %0" : : "r"(self));
	hart_init_traps();
	terminal_init();
	if (loaded == image_base())
		console_log("Bulkhead " VERSION_TEXT " on hart %lu, image at 0x%lx, its code at 0x%lx", hartid, loaded,
			    (uintptr_t)__image_start);
	check_hart();
	make_plan(host_dtb, loaded, hartid);
	terminal_use(&plan);
	plan_print(&plan, print_plan_line, NULL);
	intc_init(&plan);
	memory_take(&plan);
	take_iommus();
	if (vm_create_all(&plan, &scratch->host, &reporter) != OK)
		boot_refuse("a guest's device tree cannot be made");
	grow_for_trees();
	if (memory_map_self(&plan) != OK)
		boot_refuse("the hypervisor's memory or devices lie beyond what the harts' page tables reach");
	self = find_self(hartid);
	if (!self)
		boot_refuse("the device tree does not list the hart that boots");
	start_harts(self);
	clear_old_image();	/* not earlier: see await_hart() */
	__asm__ volatile("mv tp, %0" : : "r"(self));
	if (!self->stack_top)	/* a spare hart's */
		self->stack_top = (uintptr_t)boot_stack_top;
	boot_switch_stack(self->stack_top, join_boot_hart);
}
