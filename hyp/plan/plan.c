/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The planner: runs the steps of plan_int.h in order, checks harts and the guests' address spaces,
 * and counts page tables. It decides everything on which the run time depends. No lock: it runs once,
 * on the boot hart, or on the host.
 */
#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/plan/plan_int.h"

#define SV39X4_END	(1ull << 41)
#define SV48X4_END	(1ull << 50)

/* Work in progress; too large for a stack. The planner is not re-entrant. */
static struct planner work;

static void copy_harts(struct planner *pl)
{
	const struct host *host = pl->host;
	struct plan *plan = pl->plan;

	plan->timebase_hz = host->timebase_hz;
	plan->nr_harts = host->nr_harts;
	for (uint32_t i = 0; i < host->nr_harts; i++) {
		struct plan_hart *h = &plan->harts[i];

		*h = (struct plan_hart){ .id = host->harts[i].id, .vm = NO_OWNER,
					 .features = host->harts[i].features,
					 .cbom_block = host->harts[i].cbom_block,
					 .mmu_levels = host->harts[i].mmu_levels,
					 .setssip = hpa(host->harts[i].setssip) };
		if (h->features & HART_SSAIA)
			h->file = hpa(host->imsic.file[i] + GUEST_FILE * PAGE_SIZE);
		for (uint32_t p = 0; p < MAX_INTCS; p++)
			h->plic_context[p] = p >= host->nr_plics || (host->plics[p].kind == INTC_APLIC && !h->file.v) ?
					     NO_CONTEXT : host->plics[p].context[i];
	}
}

static void copy_intcs(struct planner *pl)
{
	const struct host *host = pl->host;
	struct plan *plan = pl->plan;

	plan->nr_intcs = host->nr_plics;
	plan->file_ids = host->imsic.node == NO_NODE ? 0 : host->imsic.nr_ids;
	for (uint32_t i = 0; i < host->nr_plics; i++) {
		struct plan_intc *p = &plan->intcs[i];

		p->kind = host->plics[i].kind;
		host_path(host, host->plics[i].node, p->path, sizeof(p->path));
		p->base = hpa(host->plics[i].range.base);
		p->size = host->plics[i].range.size;
		p->ndev = host->plics[i].ndev;
		p->phandle = host->plics[i].phandle;
		memset(p->source_owner, NO_OWNER, sizeof(p->source_owner));
	}
}

static void start_vms(struct planner *pl)
{
	struct plan *plan = pl->plan;

	plan->nr_vms = pl->config->nr_vms;
	plan->keep_machine = pl->config->keep_machine;
	plan->entropy = pl->host->entropy;
	for (uint32_t i = 0; i < plan->nr_vms; i++) {
		const struct config_vm *c = &pl->config->vms[i];
		struct plan_vm *v = &plan->vms[i];

		memset(v, 0, sizeof(*v));
		memcpy(v->name, c->name, sizeof(v->name));
		fmt_str(v->config_path, sizeof(v->config_path), "/%s", c->name);
		v->bootargs = c->bootargs;
		v->trust_dma = c->trust_dma;
		v->trust_control = c->trust_control;
		v->policy = c->policy;
		v->gstage_levels = 3;
		v->stdout_node = NO_NODE;
		pl->first_ram[i] = NO_OWNER;
	}
}

#define HART_LIST	96

/* " 0 1 2": the ids of the harts with all these features, as many as fit; returns buf, "" if there are none. */
static const char *hart_list(const struct host *host, uint32_t features, char buf[HART_LIST])
{
	size_t at = 0;

	buf[0] = 0;
	for (uint32_t i = 0; i < host->nr_harts; i++) {
		if ((host->harts[i].features & features) != features)
			continue;
		if (at + 24 >= HART_LIST) {
			fmt_str(buf + at, HART_LIST - at, " ...");
			break;
		}
		at += fmt_str(buf + at, HART_LIST - at, " %lu", host->harts[i].id);
	}
	return buf;
}

void plan_unknown_hart(struct planner *pl, const char *path, const char *prop, uint64_t id)
{
	const char *why = host_hart_fault(pl->host, id);
	char list[HART_LIST];

	hart_list(pl->host, 0, list);
	if (why)
		problem_report(pl->r, PROBLEM_UNKNOWN_HART, true, path, prop,
			       "the machine has no usable hart %lu, as %s; it has%s", id, why, list);
	else
		problem_report(pl->r, PROBLEM_UNKNOWN_HART, true, path, prop,
			       "the machine has no hart %lu; it has%s", id, list);
}

/*
 * If the tree lists H for no hart, host_parse() was called without assume_h: this is the host command, as the firmware
 * has probed the boot hart before.
 */
static void report_no_h(struct planner *pl, uint32_t vm, uint64_t id)
{
	char list[HART_LIST];

	if (hart_list(pl->host, HART_H, list)[0])
		vm_problem(pl, vm, PROBLEM_HART_NO_H, "harts",
			   "hart %lu has no hypervisor extension (no h in its ISA string); these have it:%s",
			   id, list);
	else
		vm_problem(pl, vm, PROBLEM_HART_NO_H, "harts",
			   "hart %lu has no hypervisor extension (no h in its ISA string), nor has any other; "
			   "if the tree only leaves it out (a boot probes for it), add the option "
			   "--assume-h", id);
}

static void add_hart(struct planner *pl, uint32_t vm, uint64_t id)
{
	struct plan_vm *v = &pl->plan->vms[vm];
	int index = host_find_hart(pl->host, id);
	struct plan_hart *h;

	if (index < 0) {
		plan_unknown_hart(pl, v->config_path, "harts", id);
		return;
	}
	h = &pl->plan->harts[index];
	if (h->vm != NO_OWNER) {
		vm_problem(pl, vm, PROBLEM_HART_TAKEN, "harts",
			   "hart %lu is also claimed by guest %s; assign it to one guest", id,
			   pl->plan->vms[h->vm].name);
		return;
	}
	if (!(h->features & HART_H))
		report_no_h(pl, vm, id);
	h->vm = vm;
	h->vcpu = v->nr_vcpus;
	v->vcpu_hart[v->nr_vcpus++] = index;
}

static const char *feature_name(uint32_t bit)
{
	static const char *const names[] = {
		"h", "sstc", "f or d", "v", "svadu", "svpbmt", "zicbom", "zicboz", "smstateen",
		"svade", "zicbop", "zkr", "zbc", "guest interrupt files (ssaia)",
	};

	return bit < ARRAY_LEN(names) ? names[bit] : "?";
}

/* A guest's harts must be alike: its software moves between them. */
static void compare_harts(struct planner *pl, uint32_t vm)
{
	struct plan_vm *v = &pl->plan->vms[vm];
	const struct plan_hart *first = &pl->plan->harts[v->vcpu_hart[0]], *h;
	uint32_t differ;

	v->sstc = v->nr_vcpus && first->features & HART_SSTC;
	v->files = v->nr_vcpus && first->file.v;
	for (uint32_t i = 1; i < v->nr_vcpus; i++) {
		h = &pl->plan->harts[v->vcpu_hart[i]];
		v->sstc &= !!(h->features & HART_SSTC);
		v->files &= !!h->file.v;
		differ = h->features ^ first->features;
		if (differ)
			vm_problem(pl, vm, PROBLEM_HARTS_DIFFER, "harts",
				   "harts %lu and %lu are not alike: only one of them has %s; "
				   "assign harts of one kind", first->id, h->id,
				   feature_name(__builtin_ctz(differ)));
		else if (h->cbom_block != first->cbom_block)
			vm_problem(pl, vm, PROBLEM_HARTS_DIFFER, "harts",
				   "harts %lu and %lu are not alike: their riscv,cbom-block-size differs; "
				   "assign harts of one kind", first->id, h->id);
		else if (h->mmu_levels != first->mmu_levels)
			vm_problem(pl, vm, PROBLEM_HARTS_DIFFER, "harts",
				   "harts %lu and %lu are not alike: their mmu-type differs; "
				   "assign harts of one kind", first->id, h->id);
	}
}

static void plan_harts(struct planner *pl)
{
	for (uint32_t vm = 0; vm < pl->plan->nr_vms; vm++) {
		const struct config_vm *c = &pl->config->vms[vm];

		for (uint32_t i = 0; i < c->nr_harts; i++)
			add_hart(pl, vm, c->harts[i]);
		if (!c->nr_harts && !c->faulty)
			vm_problem(pl, vm, PROBLEM_NO_HARTS, "harts",
				   "the guest has no harts; add harts = <1>");
		compare_harts(pl, vm);
	}
}

static void sort_regions(struct plan_vm *v)
{
	uint32_t j;

	for (uint32_t i = 1; i < v->nr_regions; i++) {
		struct plan_region m = v->regions[i];

		for (j = i; j && v->regions[j - 1].gpa.v > m.gpa.v; j--)
			v->regions[j] = v->regions[j - 1];
		v->regions[j] = m;
	}
}

static const char *region_name(const struct plan_vm *v, const struct plan_region *m)
{
	switch (m->kind) {
	case REGION_SHARED:
		return "shared memory";
	case REGION_FILE:
		return "an interrupt file";
	case REGION_DEVICE:
	case REGION_WINDOWS:
		return v->devices[m->device].path;
	default:
		return "memory";
	}
}

static void overlap(struct planner *pl, uint32_t vm, uint64_t at, const char *a, const char *b)
{
	vm_problem(pl, vm, PROBLEM_GUEST_OVERLAP, "memory",
		   "guest address 0x%lx is used twice: by %s and by %s; choose another \"as\" "
		   "address", at, a, b);
}

/* The page of a virtual UART has to be empty: what is mapped there would hide it. */
static void check_vuart(struct planner *pl, uint32_t vm)
{
	const struct plan_vm *v = &pl->plan->vms[vm];
	struct range page = { align_down(v->vuart.base.v, PAGE_SIZE), PAGE_SIZE };
	const char *other = NULL;

	if (!v->vuart.size)
		return;
	for (uint32_t i = 0; i < v->nr_regions && !other; i++) {
		if (range_overlaps((struct range){ v->regions[i].gpa.v, v->regions[i].size }, page))
			other = region_name(v, &v->regions[i]);
	}
	for (uint32_t i = 0; i < v->nr_vplics && !other; i++) {
		if (range_overlaps((struct range){ v->vplics[i].base.v, v->vplics[i].size }, page))
			other = pl->plan->intcs[v->vplics[i].plic].path;
	}
	if (other)
		vm_problem(pl, vm, PROBLEM_GUEST_OVERLAP, "console",
			   "its UART at guest address 0x%lx lies in a page of %s; choose another "
			   "place by \"console-address\"", v->vuart.base.v, other);
}

/* A guest's regions and virtual PLICs must not overlap in its own address space. */
static void check_space(struct planner *pl, uint32_t vm)
{
	const struct plan_vm *v = &pl->plan->vms[vm];
	const struct plan_region *m, *prev;

	for (uint32_t i = 0; i < v->nr_regions; i++) {
		struct range here = { v->regions[i].gpa.v, v->regions[i].size };

		m = &v->regions[i];
		prev = m - 1;
		if (i && range_last((struct range){ prev->gpa.v, prev->size }) >= m->gpa.v)
			overlap(pl, vm, m->gpa.v, region_name(v, prev), region_name(v, m));
		for (uint32_t p = 0; p < v->nr_vplics; p++) {
			struct range plic = { v->vplics[p].base.v, v->vplics[p].size };

			if (range_overlaps(here, plic))
				overlap(pl, vm, here.base > plic.base ? here.base : plic.base,
					region_name(v, m), pl->plan->intcs[v->vplics[p].plic].path);
		}
	}
}

/* The guest's last address, and what is there. */
static uint64_t highest(const struct planner *pl, const struct plan_vm *v, const char **what)
{
	uint64_t last = 0, end;

	*what = "memory";
	for (uint32_t i = 0; i < v->nr_regions; i++) {
		end = v->regions[i].gpa.v + (v->regions[i].size - 1);
		if (end > last)
			*what = region_name(v, &v->regions[i]);
		last = end > last ? end : last;
	}
	for (uint32_t i = 0; i < v->nr_vplics; i++) {
		end = v->vplics[i].base.v + (v->vplics[i].size - 1);
		if (end > last)
			*what = pl->plan->intcs[v->vplics[i].plic].path;
		last = end > last ? end : last;
	}
	return last;
}

static void choose_gstage(struct planner *pl, uint32_t vm)
{
	struct plan_vm *v = &pl->plan->vms[vm];
	const char *what;
	uint64_t last = highest(pl, v, &what);
	uint32_t levels = v->nr_vcpus ? pl->plan->harts[v->vcpu_hart[0]].mmu_levels : 4;

	if (last >= SV39X4_END)
		v->gstage_levels = 4;
	if (last >= SV48X4_END || (last >= SV39X4_END && levels < 4)) {
		vm_problem(pl, vm, PROBLEM_ADDRESS_TOO_HIGH, "memory",
			   "guest address 0x%lx (%s) is beyond what its harts can translate (%s); "
			   "choose lower \"as\" addresses and no such devices", last, what,
			   levels < 4 ? "Sv39x4" : "Sv48x4");
		return;
	}
	if (plan_gstage_tables(v) > GSTAGE_TABLES_MAX)
		vm_problem(pl, vm, PROBLEM_TOO_FRAGMENTED, "memory",
			   "its mappings need %u page tables, and %d is the limit; choose \"at\" "
			   "and \"as\" addresses that are multiples of 2M", plan_gstage_tables(v),
			   GSTAGE_TABLES_MAX);
}

/* Blocks of 2^shift bytes that [first, last] touches, but for the one that was counted before. */
static uint32_t new_blocks(uint64_t first, uint64_t last, uint32_t shift, uint64_t *counted)
{
	uint64_t a = first >> shift, b = last >> shift;

	if (a == *counted)
		a++;
	*counted = b;
	return a > b ? 0 : b - a + 1 > UINT32_MAX / 4 ? UINT32_MAX / 4 : (uint32_t)(b - a + 1);
}

/*
 * Blocks of 2^shift bytes in which a region needs smaller leaves: all of them if guest and host
 * addresses differ modulo the block, otherwise those at its ends that it covers in part.
 */
static uint32_t split_blocks(const struct plan_region *m, uint32_t shift, uint64_t *counted)
{
	uint64_t mask = (1ull << shift) - 1, first = m->gpa.v, last = first + (m->size - 1);
	uint32_t n = 0;

	if ((m->gpa.v ^ m->hpa.v) & mask)
		return new_blocks(first, last, shift, counted);
	if (first >> shift == last >> shift)
		return (m->size - 1) == mask ? 0 : new_blocks(first, last, shift, counted);
	if (first & mask)
		n += new_blocks(first, first, shift, counted);
	if (~last & mask)
		n += new_blocks(last, last, shift, counted);
	return n;
}

uint32_t plan_gstage_tables(const struct plan_vm *vm)
{
	uint64_t at512g = UINT64_MAX, at1g = UINT64_MAX, at2m = UINT64_MAX;
	uint32_t n = 0;

	for (uint32_t i = 0; i < vm->nr_regions; i++) {
		const struct plan_region *m = &vm->regions[i];

		if (vm->gstage_levels == 4)
			n += new_blocks(m->gpa.v, m->gpa.v + (m->size - 1), 39, &at512g);
		n += split_blocks(m, 30, &at1g);
		n += split_blocks(m, 21, &at2m);
	}
	/* The contexts of a PLIC, page by page: in two blocks of 2 MiB at most, that no region touches. */
	return n + vm->nr_vplics * vm->gstage_levels;
}

struct range plan_place(struct plan *plan, const struct host *host, const struct config *config, struct range loaded)
{
	struct reporter silent = { 0 };
	struct planner *pl = &work;

	pl->plan = plan;
	pl->host = host;
	pl->config = config;
	pl->r = &silent;
	plan->hyp = plan->loaded = loaded;
	plan->nr_vms = plan->nr_shared = plan->nr_nets = 0;	/* nothing is placed yet */
	plan_firmware(pl);
	plan_self(pl);
	return silent.count ? loaded : plan->hyp;
}

enum err plan_make(struct plan *plan, const struct host *host, const struct config *config,
		   const struct package *package, struct range loaded, struct reporter *r)
{
	struct planner *pl = &work;
	unsigned before = r->count;

	pl->plan = plan;
	pl->host = host;
	pl->config = config;
	pl->package = package;
	pl->r = r;
	plan->hyp = plan->loaded = loaded;
	plan->nr_shared = plan->nr_nets = 0;
	memset(pl->reg_owner, NO_OWNER, host->nr_regs);

	copy_harts(pl);
	copy_intcs(pl);
	start_vms(pl);
	plan_firmware(pl);
	plan_self(pl);
	plan_console(pl);
	plan_harts(pl);
	plan_iommus(pl);
	plan_devices(pl);
	plan_check_ids(pl);
	plan_control(pl);
	plan_standins(pl);
	plan_irqs(pl);
	plan_console_hart(pl);
	plan_memory(pl);
	plan_vplics(pl);
	plan_files(pl);
	plan_vuarts(pl);
	plan_images(pl);
	plan_shared(pl);
	plan_nets(pl);
	plan_setipnum(pl);
	for (uint32_t vm = 0; vm < plan->nr_vms; vm++) {
		sort_regions(&plan->vms[vm]);
		check_space(pl, vm);
		check_vuart(pl, vm);
		choose_gstage(pl, vm);
	}
	plan_work(pl);
	plan_free_memory(pl);
	return r->count == before ? OK : ERR_INVALID;
}
