/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans against brute force: who has each page, hart and interrupt, and page tables that are really built. The guests'
 * device trees are left to plan_tree.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/base/plic_map.h"
#include "hyp/riscv/gstage.h"
#include "tests/fuzz/plan_spec.h"

static struct plan plan;
static struct gstage gstage;
static uint64_t root[GSTAGE_ROOT_ENTRIES] __attribute__((aligned(16384)));
static uint64_t pool[GSTAGE_TABLES_MAX][PAGING_ENTRIES] __attribute__((aligned(4096)));
static unsigned problems;

static void count_problem(struct reporter *r, const struct problem *p)
{
	char text[600];

	(void)r;
	MUST(p->code < NR_PROBLEMS && p->text[0] && strlen(p->text) < sizeof(p->text));
	MUST(!strchr(p->text, '\n'));
	MUST(problem_format(text, sizeof(text), p) < sizeof(text));
	problems += p->code != PROBLEM_NOTE;
}

static struct reporter new_reporter(void)
{
	problems = 0;
	return (struct reporter){ count_problem, 0 };
}

/* What is accepted has no problem, what is refused has one, and none is lost on the way. */
static bool agrees(enum err e, const struct reporter *r)
{
	MUST(r->count == problems);
	MUST((e == OK) == (problems == 0));
	return e == OK;
}

const struct package *spec_package(void)
{
	static const struct test_image images[] = {
		{ "linux", 60000, 24 * MIB }, { "linux-initrd", 100000, 0 }, { "rt", 5000, 0 },
		{ "smp", 20000, 0 }, { "u-boot", 70000, 0 }, { "empty", 0, 0 },
	};
	static struct package package;
	static struct tree data;

	if (!data.data) {
		data = test_package(images, ARRAY_LEN(images));
		MUST(!package_open(&package, data.data, data.size, hpa(TEST_PACKAGE_ADDRESS)));
	}
	return &package;
}

uint8_t *aligned_copy(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);	/* exactly as large, for AddressSanitizer */

	MUST(copy && (uintptr_t)copy % 8 == 0);
	memcpy(copy, data, size);
	return copy;
}

bool spec_parse_host(struct host *host, const uint8_t *data, size_t size, bool assume_h)
{
	struct reporter r = new_reporter();
	enum err e = host_parse(host, data, size, assume_h, &r);

	return agrees(e, &r);
}

bool spec_parse_config(struct config *config, const uint8_t *data, size_t size)
{
	struct reporter r = new_reporter();
	enum err e = config_parse(config, data, size, &r);

	return agrees(e, &r);
}

static bool holds(uint64_t base, uint64_t size, uint64_t page)
{
	return size && page >= base && page - base < size;
}

/* How many have the host page: guests as RAM or registers, guests together, the hypervisor, its console, or no owner
 * (free). */
static unsigned owners(uint64_t page)
{
	unsigned n = 0;
	struct range piece;

	for (uint64_t at = 0; plan_hyp_piece(&plan, at, &piece); at = range_last(piece) + 1)
		n += holds(piece.base, piece.size, page);
	n += holds(plan.console.base.v, plan.console.size, page);
	for (unsigned i = 0; i < plan.nr_firmware; i++)
		n += holds(plan.firmware[i].range.base, plan.firmware[i].range.size, page);
	for (unsigned i = 0; i < plan.nr_free; i++)
		n += holds(plan.free[i].base, plan.free[i].size, page);
	for (unsigned i = 0; i < plan.nr_shared; i++)
		n += holds(plan.shared[i].hpa.v, plan.shared[i].size, page);
	for (unsigned i = 0; i < plan.nr_vms; i++)
		for (unsigned j = 0; j < plan.vms[i].nr_regions; j++)
			n += plan.vms[i].regions[j].kind != REGION_SHARED &&
			     plan.vms[i].regions[j].kind != REGION_WINDOWS &&
			     holds(plan.vms[i].regions[j].hpa.v, plan.vms[i].regions[j].size, page);
	return n;
}

/* If two of them share anything, they share the first page of one of them. */
static void check_pages(const struct host *host)
{
	for (unsigned i = 0; i < plan.nr_vms; i++) {
		for (unsigned j = 0; j < plan.vms[i].nr_regions; j++) {
			const struct plan_region *m = &plan.vms[i].regions[j];

			if (m->kind == REGION_WINDOWS)
				continue;	/* oracle.c; no guest has it whole */
			MUST(owners(m->hpa.v) == 1 && owners(m->hpa.v + (m->size - PAGE_SIZE)) == 1);
			for (unsigned k = 0; k < host->nr_plics; k++) {
				MUST(!holds(m->hpa.v, m->size, host->plics[k].range.base));
				MUST(!holds(host->plics[k].range.base, host->plics[k].range.size, m->hpa.v));
			}
			for (unsigned k = 0; m->kind != REGION_DEVICE && k < host->nr_reserved; k++) {
				MUST(!holds(m->hpa.v, m->size, host->reserved[k].range.base));
				MUST(!holds(host->reserved[k].range.base, host->reserved[k].range.size,
					    m->hpa.v));
			}
		}
	}
	for (unsigned i = 0; i < plan.nr_free; i++)
		MUST(owners(plan.free[i].base) == 1);
	if (plan.console.size)
		MUST(owners(plan.console.base.v) == 1);
	MUST(owners(plan.hyp.base) == 1 && owners(TEST_PACKAGE_ADDRESS - test_hyp.base + plan.hyp.base) == 1);
}

/* The hypervisor maps these for itself, and a page once: the PLICs, the console, and what interrupts harts. */
static void check_own_devices(void)
{
	for (unsigned i = 0; i < plan.nr_intcs; i++) {
		MUST(plan.intcs[i].base.v % PAGE_SIZE == 0);
		for (unsigned j = 0; j < plan.nr_intcs; j++)
			MUST(i == j || !holds(plan.intcs[i].base.v, plan.intcs[i].size, plan.intcs[j].base.v));
		for (unsigned j = 0; j < plan.nr_harts; j++)
			MUST(!plan.harts[j].setssip.v || !holds(plan.intcs[i].base.v, plan.intcs[i].size,
				plan.harts[j].setssip.v & ~(PAGE_SIZE - 1)));
		MUST(!plan.console.size || !holds(plan.intcs[i].base.v, plan.intcs[i].size, plan.console.base.v));
	}
	for (unsigned j = 0; plan.console.size && j < plan.nr_harts; j++)
		MUST(!plan.harts[j].setssip.v || !holds(plan.console.base.v & ~(PAGE_SIZE - 1),
			plan.console.base.v % PAGE_SIZE + plan.console.size, plan.harts[j].setssip.v));
}

static void check_harts(void)
{
	unsigned owned = 0, listed = 0;

	for (unsigned i = 0; i < plan.nr_harts; i++) {
		const struct plan_hart *h = &plan.harts[i];

		for (unsigned j = 0; j < i; j++)
			MUST(plan.harts[j].id != h->id);
		if (h->vm == NO_OWNER)
			continue;
		owned++;
		MUST(h->vm < plan.nr_vms && h->vcpu < plan.vms[h->vm].nr_vcpus);
		MUST(plan.vms[h->vm].vcpu_hart[h->vcpu] == i);
	}
	for (unsigned i = 0; i < plan.nr_vms; i++)
		listed += plan.vms[i].nr_vcpus;
	MUST(owned == listed);
}

static void check_irqs(void)
{
	unsigned i, n;

	for (unsigned p = 0; p < plan.nr_intcs; p++) {
		for (unsigned id = 0; id < MAX_IRQS; id++) {
			for (n = i = 0; i < plan.nr_vms; i++)
				for (unsigned j = 0; j < plan.vms[i].nr_irqs; j++)
					if (plan.vms[i].irqs[j].intc == p && plan.vms[i].irqs[j].id == id) {
						n++;
						MUST(plan.intcs[p].source_owner[id] == i);
					}
			MUST(n <= 1);
			MUST(n || plan.intcs[p].source_owner[id] == NO_OWNER ||
			     plan.intcs[p].source_owner[id] == OWNER_HYP);
		}
	}
}

/* A virtual UART: alone in its page, its interrupt no device's, and nothing of it in the hardware. */
static void check_vuarts(void)
{
	for (unsigned i = 0; i < plan.nr_vms; i++) {
		const struct plan_vm *v = &plan.vms[i];
		const struct plan_vuart *u = &v->vuart;

		if (!u->size)
			continue;
		MUST(u->base.v / PAGE_SIZE == (u->base.v + u->size - 1) / PAGE_SIZE);
		for (unsigned j = 0; j < v->nr_regions; j++)
			MUST(!holds(v->regions[j].gpa.v, v->regions[j].size, u->base.v));
		for (unsigned j = 0; j < v->nr_vplics; j++)
			MUST(!holds(v->vplics[j].base.v, v->vplics[j].size, u->base.v));
		MUST(u->reg_shift <= 3 && u->reg_io_width && u->reg_io_width <= 4);
		MUST(!u->irq || (u->vplic < v->nr_vplics && u->irq <= v->vplics[u->vplic].ndev));
		for (unsigned j = 0; u->irq && j < v->nr_irqs; j++)
			MUST(v->irqs[j].intc != v->vplics[u->vplic].plic || v->irqs[j].id != u->irq);
	}
}

static void check_console(void)
{
	const struct plan_console *c = &plan.console;

	if (c->drive == CONSOLE_DIRECT)
		return;
	MUST(c->hart < plan.nr_harts && c->kind != CONSOLE_SBI);
	MUST((c->drive == CONSOLE_OWN_HART) == (plan.harts[c->hart].vm == NO_OWNER));
	if (c->irq)
		MUST(c->drive == CONSOLE_OWN_HART && plan.intcs[c->intc].source_owner[c->irq] == OWNER_HYP &&
		     plan.harts[c->hart].plic_context[c->intc] != NO_CONTEXT);
}

/* The leaf for a guest page, by the privileged ISA; 0 if there is none. */
static uint64_t walk(const struct plan_vm *v, uint64_t page, uint64_t *to)
{
	const uint64_t *table = gstage.root;
	unsigned level = v->gstage_levels - 1, bits = 11;
	uint64_t entry, shift;

	for (;; level--, bits = 9) {
		shift = 12 + 9 * level;
		entry = table[page >> shift & ((1u << bits) - 1)];
		if (!(entry & 1))
			return 0;
		if (entry & 0xe)
			break;
		MUST(level);
		table = (const uint64_t *)(uintptr_t)((entry >> 10) << 12);
	}
	*to = (entry >> 10 << 12) + (page & ((1ull << shift) - 1));
	MUST(!((entry >> 10 << 12) & ((1ull << shift) - 1)));	/* no misaligned superpage */
	return entry;
}

static void check_page(const struct plan_vm *v, uint64_t page)
{
	uint64_t entry, to = 0;
	unsigned i;

	if (page >> (v->gstage_levels == 4 ? 50 : 41))
		return;
	entry = walk(v, page, &to);
	for (i = 0; i < v->nr_regions && (v->regions[i].kind == REGION_WINDOWS ||
					  !holds(v->regions[i].gpa.v, v->regions[i].size, page)); i++)
		;
	MUST(!entry == (i == v->nr_regions));
	if (!entry)
		return;
	MUST(to == v->regions[i].hpa.v + (page - v->regions[i].gpa.v));
	if (v->regions[i].kind == REGION_SHARED && v->shares[v->regions[i].device].read_only)
		MUST((entry & 0xe) == 0x2);						/* R, W, X */
	else
		MUST((entry & 0xe) == (v->regions[i].kind == REGION_RAM ? 0xeu : 0x6u));
	MUST(entry & 0x10);								/* U */
}

/* With the page of claim and threshold of each hart, which the hypervisor maps where it can (docs/architecture.md). */
static void check_table_count(const struct plan_vm *v)
{
	unsigned counted = plan_gstage_tables(v);
	uint64_t page;

	MUST(gstage.tables.pool_used <= counted && counted <= GSTAGE_TABLES_MAX);
	for (unsigned i = 0; i < v->nr_vplics; i++) {
		for (unsigned vcpu = 0; vcpu < v->nr_vcpus; vcpu++) {
			page = v->vplics[i].base.v + PLIC_CONTEXT_BASE + (2 * vcpu + 1) * PLIC_CONTEXT_STRIDE;
			if (page < v->vplics[i].base.v + v->vplics[i].size)
				MUST(!gstage_map(&gstage, gpa(page), hpa(page), PAGE_SIZE, RIGHT_R | RIGHT_W));
		}
	}
	MUST(gstage.tables.pool_used <= counted);
}

static void check_tables(const struct plan_vm *v)
{
	gstage_init(&gstage, v->gstage_levels, root, pool, GSTAGE_TABLES_MAX);
	for (unsigned i = 0; i < v->nr_regions; i++)
		MUST(v->regions[i].kind == REGION_WINDOWS ||
		     !gstage_map(&gstage, v->regions[i].gpa, v->regions[i].hpa, v->regions[i].size,
				 v->regions[i].rights));
	for (unsigned i = 0; i < v->nr_regions; i++) {
		const struct plan_region *m = &v->regions[i];

		check_page(v, m->gpa.v);
		check_page(v, m->gpa.v - PAGE_SIZE);
		check_page(v, m->gpa.v + (m->size / 2 & ~(PAGE_SIZE - 1)));
		check_page(v, m->gpa.v + m->size - PAGE_SIZE);
		check_page(v, m->gpa.v + m->size);
	}
	for (unsigned i = 0; i < v->nr_vplics; i++)
		check_page(v, v->vplics[i].base.v);
	check_table_count(v);
}

static void add_line(void *arg, const char *text)
{
	uint32_t *sum = arg;

	MUST(!strchr(text, '\n'));
	MUST(strlen(text) < 240);	/* what the firmware's console shows in one piece */
	*sum = crc32_ieee(*sum, text, strlen(text) + 1);
}

static uint32_t text_sum(void)
{
	uint32_t sum = 0;

	plan_print(&plan, add_line, &sum);
	return sum;
}

void spec_plan_faulty(const struct host *host, const struct config *config)
{
	struct reporter r = new_reporter();
	enum err e = plan_make(&plan, host, config, spec_package(), test_hyp, &r);

	agrees(e, &r);
}

bool spec_try(const struct host *host, const struct config *config)
{
	static uint64_t dtb[GUEST_DTB_MAX / 8];
	struct reporter r = new_reporter();
	enum err e = plan_make(&plan, host, config, spec_package(), test_hyp, &r);
	const char *wrong;
	uint32_t sum;

	if (!agrees(e, &r))
		return false;
	wrong = oracle_check(host, config, &plan);
	if (wrong) {
		fprintf(stderr, "oracle: %s\n", wrong);
		abort();
	}
	check_pages(host);
	check_own_devices();
	check_harts();
	check_irqs();
	check_vuarts();
	check_console();
	for (uint32_t vm = 0; vm < plan.nr_vms; vm++) {
		check_tables(&plan.vms[vm]);
		memset(dtb, 0xa5, sizeof(dtb));
		r = new_reporter();
		e = guest_dt_build(dtb, sizeof(dtb), &plan, host, vm, &r);
		if (agrees(e, &r))
			spec_check_tree(host, &plan, vm, dtb);
	}
	sum = text_sum();	/* the same again is the same */
	r = new_reporter();
	MUST(!plan_make(&plan, host, config, spec_package(), test_hyp, &r) && text_sum() == sum);
	return true;
}
