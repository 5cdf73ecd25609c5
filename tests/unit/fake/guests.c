/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan of the fake machine: who has which hart, page and interrupt. See machine.h for a picture. */
#include <stdio.h>
#include <string.h>

#include "hyp/plan/package.h"
#include "tests/unit/fake/machine.h"

static uint8_t images[FAKE_VMS][NR_IMAGE_ROLES][FAKE_INITRD_SIZE];

static const uint64_t hart_ids[FAKE_HARTS] = { 7, 0x100, 3, 64, 70, 0 };
static const int16_t hart_contexts[FAKE_HARTS] = { 8, 1, 5, 3, 13, 11 };
static const struct {
	const char *name;
	uint32_t nr_vcpus;
	uint8_t hart[3];
	uint64_t gpa;
	uint64_t pages, first_page;
} guests[FAKE_VMS] = {
	{ "a", 3, { 2, 0, 4 }, 0x80000000, 4, 0 },
	{ "b", 2, { 1, 3 }, 0x80000000, 2, 4 },
	{ "c", 1, { 5 }, (1ull << 41) - PAGE_SIZE, 1, 6 },
};

static void add_region(struct plan_vm *p, uint64_t at, uint64_t to, uint64_t pages, uint8_t kind)
{
	p->regions[p->nr_regions++] = (struct plan_region){
		.gpa = gpa(at), .hpa = hpa(to), .size = pages * PAGE_SIZE, .kind = kind,
		.rights = kind == REGION_RAM ? RIGHT_R | RIGHT_W | RIGHT_X :
			  kind == REGION_DEVICE ? RIGHT_R | RIGHT_W : 0,
	};
}

static void add_image(struct plan_vm *p, unsigned vm, unsigned role, uint64_t target, uint64_t size)
{
	static uint32_t sums[FAKE_VMS][NR_IMAGE_ROLES];
	uint8_t *bytes = images[vm][role];

	if (!bytes[0]) {	/* they stay the same */
		for (uint64_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)(1 + (i * 7 + vm * 31 + role * 101) % 255);
		sums[vm][role] = crc32_ieee(0, bytes, size);
	}
	p->images[role] = (struct plan_image){
		.name = "image", .source = hpa((uintptr_t)bytes), .target = gpa(target), .size = size,
		.crc32 = sums[vm][role],
	};
}

/* Behind each list of the plan, where no code may read: what is not this VM's. */
static void add_stale(struct plan_vm *p, unsigned vm)
{
	add_region(p, FAKE_STALE, FAKE_RAM_HPA, FAKE_RAM_PAGES, REGION_RAM);
	p->nr_regions--;
	p->vcpu_hart[p->nr_vcpus] = guests[(vm + 1) % FAKE_VMS].hart[0];
	p->windows[p->nr_windows] = (struct plan_window){ gpa(FAKE_STALE + PAGE_SIZE), PAGE_SIZE, 0 };
	p->resets[p->nr_resets] = hpa(0x10001000 + 0x1000 * ((vm + 1) % FAKE_VMS));
}

static void add_share(struct plan_vm *p, unsigned vm)
{
	add_region(p, FAKE_SHARED, FAKE_SHARED_HPA, 1, REGION_SHARED);
	p->regions[p->nr_regions - 1].rights = vm == 0 ? RIGHT_R | RIGHT_W : RIGHT_R;
	p->shares[p->nr_shares++] = (struct plan_share){
		.peer = (uint8_t)(1 - vm), .read_only = vm == 1, .irq = FAKE_DOORBELL_IRQ, .base = gpa(FAKE_SHARED),
		.doorbell = gpa(FAKE_DOORBELL) };
}

static void plan_guest(unsigned vm, const struct fake_config *config)
{
	struct plan_vm *p = &fake.plan.vms[vm];
	uint64_t at = guests[vm].gpa;

	snprintf(p->name, sizeof(p->name), "%s", guests[vm].name);
	p->nr_vcpus = guests[vm].nr_vcpus;
	for (uint32_t i = 0; i < p->nr_vcpus; i++) {
		p->vcpu_hart[i] = guests[vm].hart[i];
		fake.plan.harts[guests[vm].hart[i]].vm = (uint8_t)vm;
		fake.plan.harts[guests[vm].hart[i]].vcpu = (uint8_t)i;
	}
	if (vm != 1)	/* RAM may be the first region, or the last */
		add_region(p, 0x10000000, 0x10000000 + 0x100000 * vm, 1, REGION_DEVICE);
	add_region(p, at, FAKE_RAM_HPA + guests[vm].first_page * PAGE_SIZE, guests[vm].pages, REGION_RAM);
	if (vm == 1)
		add_region(p, 0x10000000, 0x10000000 + 0x100000 * vm, 1, REGION_DEVICE);
	if (vm == 0)
		add_region(p, at + 4 * PAGE_SIZE, FAKE_RAM_HPA + 7 * PAGE_SIZE, 1, REGION_RAM);
	p->nr_vplics = 1;
	p->vplics[0] = (struct plan_vplic){ .base = gpa(FAKE_PLIC), .size = FAKE_PLIC_SIZE,
					    .ndev = FAKE_NDEV };
	p->entry = gpa(at);
	p->dtb = gpa(at + FAKE_DTB_AT);
	p->gstage_levels = config->gstage_levels ? (uint8_t)config->gstage_levels : 3;
	p->sstc = config->sstc;
	p->bootargs = "";
	p->policy = config->policy[vm];
	p->policy.plic_mode = (uint8_t)config->plic;
	if (config->vuart && vm == 0)
		p->vuart = (struct plan_vuart){ .base = gpa(FAKE_VUART), .size = 0x100, .reg_io_width = 1,
						.irq = FAKE_VUART_IRQ, .clock_hz = 3686400 };
	if (config->shared && vm < 2)
		add_share(p, vm);
	add_region(p, FAKE_WINDOWS, FAKE_WINDOWS, 1, REGION_WINDOWS);
	p->nr_windows = 1;
	p->windows[0] = (struct plan_window){ gpa(FAKE_WINDOWS + 0x100 * vm), FAKE_WINDOW, 0 };
	if (config->net && vm < 2)
		p->cards[p->nr_cards++] = (struct plan_card){ .port = (uint8_t)(1 - vm), .irq = FAKE_CARD_IRQ,
			.base = gpa(FAKE_CARD), .mac = { 2, 0x62, 0, 0, 0, (uint8_t)(0xa + vm) } };
	p->nr_resets = 1;
	p->resets[0] = hpa(0x10001000 + 0x1000 * vm);
	add_stale(p, vm);
	add_image(p, vm, IMAGE_KERNEL, at, FAKE_KERNEL_SIZE);
	if (vm == 0)
		add_image(p, vm, IMAGE_INITRD, at + PAGE_SIZE + 17, FAKE_INITRD_SIZE);
}

void fake_make_plan(void)
{
	const struct fake_config *config = &fake.config;
	struct plan *p = &fake.plan;

	memset(p, 0, sizeof(*p));
	p->timebase_hz = FAKE_HZ;
	p->nr_harts = FAKE_HARTS;
	p->nr_intcs = 1;
	p->intcs[0].base = hpa(FAKE_PLIC);
	p->intcs[0].size = FAKE_PLIC_SIZE;
	p->intcs[0].ndev = FAKE_NDEV;
	memset(p->intcs[0].source_owner, NO_OWNER, sizeof(p->intcs[0].source_owner));
	for (uint32_t id = 1; id <= 40; id++)
		p->intcs[0].source_owner[id] = id <= 15 ? 0 : id <= 30 ? 1 : 2;
	p->intcs[0].source_owner[41] = OWNER_HYP;
	for (unsigned i = 0; i < FAKE_HARTS; i++) {
		p->harts[i].id = hart_ids[i];
		p->harts[i].features = HART_H | (config->sstc ? HART_SSTC : 0) | HART_ZICBOZ;
		p->harts[i].plic_context[0] = hart_contexts[i];
		if (config->cbom || config->hidden_cbom) {
			p->harts[i].features |= HART_ZICBOM | HART_SVPBMT;
			p->harts[i].cbom_block = FAKE_BLOCK;
		}
		if (config->sswi && i != 4)
			p->harts[i].setssip = hpa(FAKE_SSWI + 4 * i);
	}
	if (config->no_context)
		p->harts[4].plic_context[0] = NO_CONTEXT;
	if (config->uart)
		p->console = (struct plan_console){ .kind = CONSOLE_NS16550, .base = hpa(FAKE_UART), .size = 0x100,
						    .reg_io_width = 1, .drive = CONSOLE_GUEST_HART,
						    .hart = FAKE_UART_HART };
	p->console.monitor = !config->no_monitor;
	p->console.colour = config->colour;
	p->nr_vms = FAKE_VMS;
	p->keep_machine = config->keep_machine;
	p->entropy = config->entropy;
	if (config->shared) {	/* b is peer 0 */
		p->nr_shared = 1;
		p->shared[0] = (struct plan_shared){ .name = "m", .hpa = hpa(FAKE_SHARED_HPA), .size = PAGE_SIZE,
						     .nr_peers = 2, .peers = { 1, 0 } };
	}
	if (config->net) {	/* b has port 0 */
		p->nr_nets = 1;
		p->nets[0] = (struct plan_net){ .name = "n", .nr_ports = 2, .ports = { { 1, 0 }, { 0, 0 } } };
	}
	for (unsigned vm = 0; vm < FAKE_VMS; vm++)
		plan_guest(vm, config);
}

bool fake_may_ring(unsigned hart)
{
	return (fake.config.shared || fake.config.net) && fake_vm_of((unsigned)fake.running) < 2 &&
	       fake_vm_of(hart) < 2;
}

struct fake_config fake_default_config(void)
{
	struct fake_config c = { .sstc = true, .plic = PLIC_GUARDED, .fp = true, .envcfg = true, .stateen = true,
				 .dbcn = true };

	for (unsigned vm = 0; vm < FAKE_VMS; vm++)
		c.policy[vm].restart_limit = 3;
	return c;
}

/* In place of hyp/plan/guest_dt.c: a header that says its size, and bytes that are easy to recognise. */
enum err guest_dt_build(void *buf, size_t size, const struct plan *plan, const struct host *host, uint32_t vm,
			struct reporter *r)
{
	uint8_t *b = buf;

	(void)plan, (void)host, (void)r;
	if (size < FAKE_DTB_SIZE)
		return ERR_NOSPACE;
	for (uint32_t i = 0; i < FAKE_DTB_SIZE; i++)
		b[i] = (uint8_t)(0xd0 + vm);
	memcpy(b, (const uint8_t []){ 0xd0, 0x0d, 0xfe, 0xed, 0, 0, 0, FAKE_DTB_SIZE }, 8);
	return OK;
}

uint32_t guest_dt_chosen(const void *dtb, const char *name, uint32_t size)
{
	bool rng = !strcmp(name, "rng-seed");

	(void)dtb;
	if (size != (rng ? RNG_SEED_SIZE : KASLR_SEED_SIZE))
		fake_fail("%s of %u octets", name, size);
	return !fake.config.entropy ? 0 : rng ? FAKE_RNG_SEED : FAKE_KASLR_SEED;
}

const uint8_t *fake_image(unsigned vm, unsigned role) { return images[vm][role]; }
