/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose state an exit may change, how much work it may be, and what may be printed; see exits_spec.h. */
#include <stdio.h>
#include <string.h>

#include "hyp/console/console.h"
#include "tests/fuzz/exits_spec.h"

#define VM_BYTES	(offsetof(struct vm, devs.vintcs) + sizeof(struct vplic))

static struct {
	struct hart harts[FAKE_HARTS];
	struct vcpu vcpus[FAKE_HARTS];
	uint8_t vms[FAKE_VMS][VM_BYTES];
	struct naive_plic plic;
	uint32_t virtio[FAKE_VMS][0x40];
	uint8_t ram[FAKE_RAM_SIZE];
} was;
struct fake_hw spec_was[FAKE_HARTS];
uint8_t spec_window_page[sizeof(fake.window_page)];
bool spec_trying;
jmp_buf spec_trial;

void spec_fail(const char *expression, const char *file, int line)
{
	const struct fake_exit *x = &spec_now.exit;
	const struct fake_hw *old = &spec_was[spec_now.hart], *now = &fake.hw[spec_now.hart];

	if (spec_trying)
		longjmp(spec_trial, 1);
	fprintf(stderr, "VM %u vcpu %u hart %u: cause 0x%lx tval 0x%lx htval 0x%lx htinst 0x%lx insn 0x%x%s\n",
		spec_now.vm, spec_now.vcpu, spec_now.hart, x->cause, x->tval, x->htval, x->htinst, spec_now.insn,
		x->user ? " user" : "");
	for (unsigned i = 0; i < 32; i++)
		fprintf(stderr, "x%-2u 0x%016lx 0x%016lx%s", i, old->x[i], now->x[i], i % 2 ? "\n" : "    ");
	fprintf(stderr, "vscause 0x%lx 0x%lx, place %u %u\n", old->csr.vscause, now->csr.vscause, old->place,
		now->place);
	fake_fail("%s:%d: not true: %s", file, line, expression);
}

void spec_snapshot(void)
{
	memcpy(spec_was, fake.hw, sizeof(spec_was));
	memcpy(spec_window_page, fake.window_page, sizeof(spec_window_page));
	for (unsigned h = 0; h < FAKE_HARTS; h++) {
		was.harts[h] = *hart_get(h);
		was.vcpus[h] = *vm_vcpu_of_hart(h);
	}
	for (unsigned vm = 0; vm < FAKE_VMS; vm++)
		memcpy(was.vms[vm], fake_vm(vm), VM_BYTES);
	was.plic = fake.plic;
	memcpy(was.virtio, fake.virtio, sizeof(was.virtio));
	memcpy(was.ram, fake_ram(), FAKE_RAM_SIZE);
	fake_ram_close();
}

void spec_ram_written(unsigned vm, uint64_t at, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		const uint8_t *now = fake_ram_at(vm, at + i);

		was.ram[now - fake_ram()] = *now;
	}
	fake_ram_close();
}

static bool is_context_of(unsigned vm, unsigned context)
{
	for (unsigned h = 0; h < FAKE_HARTS; h++)
		if (fake.plan.harts[h].plic_context[0] == (int16_t)context)
			return fake_vm_of(h) == vm;
	return false;
}

/* What is the VM's own in the PLIC becomes equal in both, and then all has to be. */
static void check_plic(unsigned vm)
{
	struct naive_plic now = fake.plic, *old = &was.plic;

	for (unsigned id = 1; id <= FAKE_NDEV; id++) {
		if (fake.plan.intcs[0].source_owner[id] != vm)
			continue;
		now.priority[id] = old->priority[id];
		now.pending[id] = old->pending[id];
		now.claimed[id] = old->claimed[id];
		now.claimer[id] = old->claimer[id];
		now.again[id] = old->again[id];
		for (unsigned c = 0; c < NAIVE_CONTEXTS; c++)
			if (is_context_of(vm, c))
				now.enable[c][id] = old->enable[c][id];
	}
	for (unsigned c = 0; c < NAIVE_CONTEXTS; c++)
		if (is_context_of(vm, c))
			now.threshold[c] = old->threshold[c];
	SPEC(!memcmp(&now, old, sizeof(now)));
}

static void check_ram(bool loaded)
{
	const uint8_t *now = fake_ram();
	unsigned vm = spec_now.vm;

	for (uint64_t page = 0; page < FAKE_RAM_PAGES; page++) {
		unsigned owner = page < 4 || page == 7 ? 0 : page < 6 ? 1 : 2;

		if (owner != vm || !loaded)
			SPEC(!memcmp(now + page * PAGE_SIZE, was.ram + page * PAGE_SIZE, PAGE_SIZE));
	}
	fake_ram_close();
}

void spec_check_others(bool loaded)
{
	for (unsigned h = 0; h < FAKE_HARTS; h++) {
		if (fake_vm_of(h) == spec_now.vm)
			continue;
		SPEC(!memcmp(&spec_was[h], &fake.hw[h], sizeof(struct fake_hw)));
		SPEC(!memcmp(&was.harts[h], hart_get(h), sizeof(struct hart)));
		SPEC(!memcmp(&was.vcpus[h], vm_vcpu_of_hart(h), sizeof(struct vcpu)));
	}
	for (unsigned vm = 0; vm < FAKE_VMS; vm++) {
		if (vm == spec_now.vm)
			continue;
		SPEC(!memcmp(was.vms[vm], fake_vm(vm), VM_BYTES));
		SPEC(!memcmp(was.virtio[vm], fake.virtio[vm], sizeof(was.virtio[vm])));
	}
	check_plic(spec_now.vm);
	check_ram(loaded);
}

static uint64_t may_fence;	/* harts that the event made fence, which was checked */

void spec_mail_fences(uint64_t harts)
{
	may_fence = harts;
}

void spec_check_siblings(uint64_t interrupted, bool may_be_more)
{
	uint64_t fenced = may_fence;

	may_fence = 0;
	for (unsigned h = 0; h < FAKE_HARTS; h++) {
		struct fake_hw want = spec_was[h];

		if (fake_vm_of(h) != spec_now.vm || h == spec_now.hart)
			continue;
		if (interrupted >> h & 1)
			want.csr.ssip = 1ull << IRQ_SSI;
		if (may_be_more)
			want.csr.ssip |= fake.hw[h].csr.ssip;
		if (fenced >> h & 1)
			memcpy(want.fences, fake.hw[h].fences, sizeof(want.fences));
		SPEC(!memcmp(&want, &fake.hw[h], sizeof(want)));
	}
}

/* Each line is the acting guest's, or the hypervisor's about it; or the last one of all. */
void spec_check_text(void)
{
	char own[16], about[24];
	const char *at = fake.console, *end;

	fake_show();
	end = at + fake.console_len;
	snprintf(own, sizeof(own), "[%s] ", fake.plan.vms[spec_now.vm].name);
	snprintf(about, sizeof(about), "[bulkhead] vm %s: ", fake.plan.vms[spec_now.vm].name);
	while (at < end) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));

		SPEC(eol && eol - at < CONSOLE_LINE + 64);
		for (const char *c = at; c < eol; c++)
			SPEC((unsigned char)*c >= ' ' ? *c != 0x7f : *c == '\t');
		if (!strncmp(at, about, strlen(about)))
			spec_vms[spec_now.vm].log_lines++;
		else if (strncmp(at, own, strlen(own)))
			SPEC((fake_vm(spec_now.vm)->state == VM_STOPPED || fake_vm(spec_now.vm)->state == VM_STUCK) &&
			     (!strncmp(at, "[bulkhead] all guests", 21) ||
			      !strncmp(at, "[bulkhead] the firmware", 23)));
		at = eol + 1;
	}
}

/* However hostile: so many lines, calls and accesses, and no more. */
void spec_check_bounds(bool ended)
{
	uint32_t chars = fake.config.dbcn ? 0 : fake.console_len;
	uint64_t seconds = fake.time / FAKE_HZ + 1;
	const struct spec_vm *m = &spec_vms[spec_now.vm];

	SPEC(fake.nr_lines <= 134);
	SPEC(fake.nr_calls <= fake.nr_lines + chars + 8);
	SPEC(fake.nr_fetches <= 4);
	SPEC(fake.nr_csr <= (ended ? 150u : 90u));
	SPEC(fake.nr_mmio <= (ended ? 1000u : 100u));
	SPEC(fake.nr_windows <= (ended ? 20u : 4u));
	for (unsigned i = 0; i < NR_FENCES; i++)
		SPEC(fake.hw[spec_now.hart].fences[i] - spec_was[spec_now.hart].fences[i] <= 65);
	/* COMPLAINTS_BURST a second and LIVES_BURST lives in LIVES_SECONDS (an end, a restart, a start), each with a
	 * line about those left out; and the last end. */
	SPEC(m->log_lines <=
	     2 * (COMPLAINTS_BURST + 1) * seconds + 4 * LIVES_BURST * (seconds / LIVES_SECONDS + 1) + 8);
}

/* Of size bytes at from, what lies in the region r that is pictured in want. */
static void paint(uint8_t *want, const struct plan_region *r, uint64_t at, const uint8_t *from, uint64_t size)
{
	uint64_t first = at > r->gpa.v ? at : r->gpa.v, end = r->gpa.v + r->size;

	if (end > at + size)
		end = at + size;
	if (first < end)
		memcpy(want + (first - r->gpa.v), from + (first - at), end - first);
}

static uint8_t last_seeds[FAKE_VMS][RNG_SEED_SIZE];

void spec_forget_seeds(void)
{
	memset(last_seeds, 0, sizeof(last_seeds));
}

/* Seeds, where there are any: not those that any guest had before. They are put into the tree that is expected. */
static void check_seeds(unsigned vm, uint8_t *tree)
{
	const uint8_t *found = (const uint8_t *)fake_ram_at(vm, fake.plan.vms[vm].dtb.v);

	if (!fake.plan.entropy)
		return;
	for (unsigned other = 0; other < FAKE_VMS; other++)
		SPEC(memcmp(found + FAKE_RNG_SEED, last_seeds[other], RNG_SEED_SIZE));
	memcpy(last_seeds[vm], found + FAKE_RNG_SEED, RNG_SEED_SIZE);
	memcpy(tree + FAKE_RNG_SEED, found + FAKE_RNG_SEED, RNG_SEED_SIZE);
	memcpy(tree + FAKE_KASLR_SEED, found + FAKE_KASLR_SEED, KASLR_SEED_SIZE);
}

/* Every byte is an image's, the device tree's, or 0. */
void spec_check_fresh_ram(unsigned vm)
{
	static uint8_t want[4 * PAGE_SIZE], tree[FAKE_DTB_SIZE];
	const struct plan_vm *p = &fake.plan.vms[vm];

	memset(tree, (int)(0xd0 + vm), sizeof(tree));
	memcpy(tree, (const uint8_t []){ 0xd0, 0x0d, 0xfe, 0xed, 0, 0, 0, FAKE_DTB_SIZE }, 8);
	check_seeds(vm, tree);
	for (uint32_t i = 0; i < p->nr_regions; i++) {
		const struct plan_region *r = &p->regions[i];

		if (r->kind != REGION_RAM)
			continue;
		memset(want, 0, sizeof(want));
		for (unsigned role = 0; role < NR_IMAGE_ROLES; role++)
			paint(want, r, p->images[role].target.v, fake_image(vm, role), p->images[role].size);
		paint(want, r, p->dtb.v, tree, sizeof(tree));
		SPEC(!memcmp(fake_ram_at(vm, r->gpa.v), want, r->size));
		/* And so it is for one who goes around the caches. */
		SPEC(!fake.config.cbom || !memcmp(fake_dram() + (r->hpa.v - FAKE_RAM_HPA), want, r->size));
	}
	fake_ram_close();
}

/* An ended guest's devices are silent: nothing enabled, claimed or latched, no DMA. */
void spec_check_quiet(unsigned vm)
{
	SPEC(fake.virtio[vm][0x70 / 4] == 0);
	for (unsigned c = 0; c < NAIVE_CONTEXTS; c++)
		SPEC(!is_context_of(vm, c) || !fake.plic.threshold[c]);
	for (unsigned id = 1; id <= FAKE_NDEV; id++) {
		if (fake.plan.intcs[0].source_owner[id] != vm)
			continue;
		SPEC(!fake.plic.priority[id] && !fake.plic.claimed[id]);
		SPEC(fake.plic.pending[id] == (fake.plic.level[id] && !fake.plic.latches));
		for (unsigned c = 0; c < NAIVE_CONTEXTS; c++)
			SPEC(!fake.plic.enable[c][id]);
	}
}
