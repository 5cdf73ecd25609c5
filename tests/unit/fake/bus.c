/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fake machine's hypervisor can reach in memory: the host's PLIC, with a guard that knows whose each
 * register is, registers of virtio devices, and guests' RAM through one window at a time. RAM outside of the window,
 * and all of another VM's, is poisoned for AddressSanitizer.
 */
#include <stdio.h>
#include <string.h>

#include <sanitizer/asan_interface.h>

#include "hyp/riscv/fault.h"
#include "hyp/riscv/lock.h"
#include "hyp/riscv/mmio.h"
#include "hyp/riscv/sstage.h"
#include "tests/unit/fake/machine.h"

#define VIRTIO_HPA(vm)	(0x10001000ull + 0x1000 * (vm))

void trap_entry(void);

static uint8_t ram[FAKE_RAM_SIZE] __attribute__((aligned(4096)));
static uint64_t window_at;

/* ---- RAM ---- */

void fake_ram_close(void)
{
	__asan_poison_memory_region(ram, sizeof(ram));
}

uint8_t *fake_ram(void)
{
	__asan_unpoison_memory_region(ram, sizeof(ram));
	return ram;
}

uint8_t *fake_ram_at(unsigned vm, uint64_t address)
{
	const struct plan_vm *p = &fake.plan.vms[vm];

	for (uint32_t i = 0; i < p->nr_regions; i++) {
		const struct plan_region *r = &p->regions[i];

		if (r->kind == REGION_RAM && address >= r->gpa.v && address - r->gpa.v < r->size)
			return fake_ram() + (r->hpa.v - FAKE_RAM_HPA) + (address - r->gpa.v);
	}
	return NULL;
}

/* What the VM has in the block of 2 MiB that holds address. */
static void open_block(const struct plan_vm *p, uint64_t address)
{
	uint64_t block = address & ~(SSTAGE_WINDOW_SIZE - 1);

	for (uint32_t i = 0; i < p->nr_regions; i++) {
		const struct plan_region *r = &p->regions[i];
		uint64_t from = r->hpa.v, to = from + r->size;

		if (from < block)
			from = block;
		if (to > block + SSTAGE_WINDOW_SIZE)
			to = block + SSTAGE_WINDOW_SIZE;
		if (r->kind == REGION_RAM && from < to)
			__asan_unpoison_memory_region(ram + (from - FAKE_RAM_HPA), to - from);
	}
}

static bool is_ram_of(const struct plan_vm *p, uint64_t address)
{
	for (uint32_t i = 0; i < p->nr_regions; i++)
		if (p->regions[i].kind == REGION_RAM && address >= p->regions[i].hpa.v &&
		    address - p->regions[i].hpa.v < p->regions[i].size)
			return true;
	return false;
}

/* The VM on whose behalf code runs, -1 at boot: all is allowed. The hart that drives the console silences a stuck VM's
 * devices for it. */
static int worker(void)
{
	if (fake.running < 0)
		return -1;
	for (unsigned vm = 0; vm < FAKE_VMS && fake.config.uart && fake.running == FAKE_UART_HART; vm++)
		if (fake_vm(vm)->state == VM_STUCK && fake_vm(vm)->alive)
			return (int)vm;
	return (int)fake_vm_of((unsigned)fake.running);
}

/* The VM whose RAM the hart in the hypervisor may see at that address: its own, or one of its network. */
static unsigned window_of(uint64_t address)
{
	unsigned vm = (unsigned)worker(), other = 1 - vm;

	if (fake.config.net && vm < 2 && !is_ram_of(&fake.plan.vms[vm], address) &&
	    is_ram_of(&fake.plan.vms[other], address))
		return other;
	return vm;
}

void *sstage_window(hpa_t address)
{
	unsigned vm = window_of(address.v);

	fake.nr_windows++;
	fake_ram_close();
	fake.window_open = true;
	window_at = address.v;
	if (address.v == VIRTIO_HPA(vm))
		return fake.virtio[vm];
	if (!is_ram_of(&fake.plan.vms[vm], address.v))
		fake_fail("a window on 0x%lx, which is not VM %u's", address.v, vm);
	open_block(&fake.plan.vms[vm], address.v);
	fake_access(NULL);
	return ram + (address.v - FAKE_RAM_HPA);
}

void sstage_close_window(void)
{
	fake_access(NULL);
	fake_ram_close();
	fake.window_open = false;
}

uint64_t fake_window_at(void)
{
	return fake.window_open ? window_at : 0;
}

void fake_window_again(uint64_t at)
{
	fake.window_open = true;
	window_at = at;
	if (at != VIRTIO_HPA((unsigned)worker()))
		open_block(&fake.plan.vms[window_of(at)], at);
}

/* ---- caches ---- */

static uint8_t dram[FAKE_RAM_SIZE];

const uint8_t *fake_dram(void)
{
	return dram;
}

void fake_dram_power_on(void)
{
	memset(dram, 0xdd, sizeof(dram));
}

void cache_clean(const void *at)
{
	uintptr_t offset = (uintptr_t)at - (uintptr_t)ram;

	if (!fake.config.cbom || offset >= FAKE_RAM_SIZE)
		fake_fail("CBO.CLEAN at %p", at);
	offset &= ~(uintptr_t)(FAKE_BLOCK - 1);
	memcpy(dram + offset, ram + offset, FAKE_BLOCK);	/* AddressSanitizer: through the window */
}

/* ---- instructions ---- */

static bool is_empty_gstage(uint64_t hgatp)
{
	const uint64_t *root = (const uint64_t *)(hgatp << 20 >> 8);
	uint64_t any = 0;

	for (unsigned i = 0; i < GSTAGE_ROOT_ENTRIES; i++)
		any |= root[i];
	return hgatp >> HGATP_MODE_SHIFT && !any;
}

enum err guard_fetch16(uint64_t *out, uint64_t gva)
{
	struct fake_csrs *c = &fake.hw[fake.running].csr;
	uint64_t i;

	fake.nr_fetches++;
	fake_access(NULL);
	i = (gva - fake.code.base) / 2;
	if (gva == (uintptr_t)trap_entry) {	/* the trial of an empty G-stage */
		if (fake.hw[fake.running].gvma_stale || c->vsatp || !is_empty_gstage(c->hgatp))
			fake_fail("a G-stage that is not in force is tried");
		*out = 0;
		return fake.config.untranslated ? OK : ERR_FAULT;
	}
	if (i < fake.code.n && !(gva & 1)) {
		*out = fake.code.parcel[i];
		return OK;
	}
	c->scause = CAUSE_LOAD_GUEST_PAGE;
	c->stval = gva;
	c->htval = 0xbadbadbad;
	c->htinst = 0;
	c->sstatus |= SSTATUS_SPP;	/* it came from HS-mode */
	return ERR_FAULT;
}

/* ---- devices ---- */

void fake_plic_power_on(void)
{
	struct naive_plic *n = &fake.plic;

	memset(n, 0, sizeof(*n));
	n->nr_contexts = NAIVE_CONTEXTS;
	n->priority_mask = 7;
	n->any_completes = n->latches = fake.config.loose_plic;
	for (uint32_t id = 1; id <= FAKE_NDEV; id++)
		n->exists[id] = true;
}

static bool owns_source(uint64_t id)
{
	return worker() < 0 || (id <= FAKE_NDEV && fake.plan.intcs[0].source_owner[id] == worker());
}

static bool owns_context(uint64_t context)
{
	for (unsigned hart = 0; hart < FAKE_HARTS; hart++)
		if (fake.plan.harts[hart].plic_context[0] == (int16_t)context)
			return worker() < 0 || (int)fake_vm_of(hart) == worker();
	return false;
}

static void guard_enables(uint64_t offset, uint32_t value)
{
	uint64_t context = (offset - 0x2000) / 0x80, word = offset % 0x80 / 4;
	uint32_t flipped = value ^ naive_word(fake.plic.enable[context], word);

	if (!owns_context(context))
		fake_fail("enables of context %lu", context);
	for (uint32_t i = 0; i < 32; i++)
		if (flipped >> i & 1 && word * 32 + i <= FAKE_NDEV && !owns_source(word * 32 + i))
			fake_fail("enable of source %lu", word * 32 + i);
}

static void guard_write(uint64_t offset, uint32_t value)
{
	if (offset < 0x1000) {
		if (!owns_source(offset / 4))
			fake_fail("priority of source %lu", offset / 4);
	} else if (offset >= 0x200000) {
		if (!owns_context((offset - 0x200000) / 0x1000))
			fake_fail("context register 0x%lx", offset);
		if (offset % 0x1000 == 4 && !owns_source(value))
			fake_fail("completion of source %u", value);
	} else if (offset >= 0x2000) {
		guard_enables(offset, value);
	} else {
		fake_fail("a write to the pending register 0x%lx", offset);
	}
}

/* A register of a virtio device by the address that sstage_window() gave; NULL if it is none of the VM's. */
static uint32_t *virtio_register(uint64_t addr)
{
	int vm = worker();
	uint64_t base = vm < 0 ? 0 : (uintptr_t)fake.virtio[vm];

	return vm >= 0 && addr >= base && addr < base + sizeof(fake.virtio[0]) && !(addr & 3) ?
	       &fake.virtio[vm][(addr - base) / 4] : NULL;
}

/* ---- the console's UART: FIFOs, as far as the driver uses them ---- */

void fake_type(const char *text)
{
	for (; *text && fake.typed < FAKE_TYPED; text++)
		fake.keys[fake.typed++] = (uint8_t)*text;
}

static bool is_uart(uint64_t addr)
{
	return fake.config.uart && addr - FAKE_UART < 8;
}

static uint64_t uart_read(uint64_t reg)
{
	bool byte = fake.taken < fake.typed - fake.late;

	switch (reg) {
	case 0:
		if (!byte && !fake.phantom)
			fake_fail("a read of an empty receiver");
		fake.phantom = false;
		return byte ? fake.keys[fake.taken++] : 0;
	case 2:
		return byte || fake.phantom ? 0xcc : 0xc1;
	case 5:
		fake.late = 0;
		return (fake.uart_room ? 0x60u : 0u) | (byte ? 1u : 0u);
	default:
		fake_fail("a read of UART register %lu", reg);
	}
}

static void uart_write(uint64_t reg, uint8_t value)
{
	char c = (char)value;

	if (reg == 0) {
		if (!fake.uart_room)
			fake_fail("the transmitter overruns");
		fake.uart_room--;
		fake_say(&c, 1);
	} else if (reg > 2) {
		fake_fail("a write to UART register %lu", reg);
	}
}

/* ---- SSWI ---- */

static bool is_sswi(uint64_t addr)
{
	return fake.config.sswi && addr - FAKE_SSWI < 4 * FAKE_HARTS;
}

static void sswi_write(uint64_t addr, uint64_t value)
{
	unsigned hart = (unsigned)(addr - FAKE_SSWI) / 4;

	if (value != 1 || addr & 3 || !fake.plan.harts[hart].setssip.v)
		fake_fail("a write of %lu to SSWI register %u", value, hart);
	if (worker() >= 0 && (int)fake_vm_of(hart) != worker() && !fake_may_ring(hart) &&
	    !(fake.config.uart && fake.running == FAKE_UART_HART))
		fake_fail("hart %u, which is another VM's, is interrupted", hart);
	fake.hw[hart].csr.ssip = 1ull << IRQ_SSI;
}

/* ---- a page with registers of all VMs ---- */

static uint8_t *window_register(hpa_t at, uint32_t size)
{
	uint64_t offset = at.v - FAKE_WINDOWS;
	int vm = worker();

	fake.nr_mmio++;
	fake_access(NULL);
	if (vm < 0 || at.v % size || offset - 0x100u * (unsigned)vm > FAKE_WINDOW - size)
		fake_fail("%u bytes at 0x%lx for VM %d", size, at.v, vm);
	if ((offset & 0xff) / 8 != FAKE_REFUSED / 8)
		return fake.window_page + offset;
	fake.hw[fake.running].csr.scause = CAUSE_LOAD_ACCESS;	/* the trap of the hypervisor */
	fake.hw[fake.running].csr.stval = at.v;
	fake.hw[fake.running].csr.htval = fake.hw[fake.running].csr.htinst = 0;
	fake.hw[fake.running].csr.sstatus |= SSTATUS_SPP;
	return NULL;
}

static bool is_window(hpa_t at)
{
	return at.v - FAKE_WINDOWS < sizeof(fake.window_page);
}

enum err guard_device_read(hpa_t at, uint32_t size, uint64_t *value)
{
	const uint8_t *p;

	if (!is_window(at)) {
		*value = fake_mmio_read(at.v, size);
		return OK;
	}
	p = window_register(at, size);
	*value = 0xbadbadbadbadbadb;
	if (!p)
		return ERR_FAULT;
	memcpy(value, p, size);		/* the rest is not its business */
	return OK;
}

enum err guard_device_write(hpa_t at, uint32_t size, uint64_t value)
{
	uint8_t *p;

	if (!is_window(at)) {
		fake_mmio_write(at.v, size, value);
		return OK;
	}
	p = window_register(at, size);
	if (!p)
		return ERR_FAULT;
	memcpy(p, &value, size);
	return OK;
}

uint64_t fake_mmio_read(uint64_t addr, unsigned size)
{
	uint64_t offset = addr - FAKE_PLIC;
	uint32_t *virtio = virtio_register(addr);

	fake.nr_mmio++;
	fake_access(NULL);
	if (virtio && size == 4)
		return *virtio;
	if (is_uart(addr) && size == 1)
		return uart_read(addr - FAKE_UART);
	if (size != 4 || addr & 3 || offset >= FAKE_PLIC_SIZE)
		fake_fail("a read of %u bytes at 0x%lx", size, addr);
	if (offset >= 0x200000 && !owns_context((offset - 0x200000) / 0x1000))
		fake_fail("context register 0x%lx read", offset);
	return naive_read(&fake.plic, offset);
}

void fake_mmio_write(uint64_t addr, unsigned size, uint64_t value)
{
	uint64_t offset = addr - FAKE_PLIC;
	uint32_t *virtio = virtio_register(addr);

	fake.nr_mmio++;
	fake_access(NULL);
	if (virtio && size == 4) {
		*virtio = (uint32_t)value;
		return;
	}
	if (is_uart(addr) && size == 1) {
		uart_write(addr - FAKE_UART, (uint8_t)value);
		return;
	}
	if (is_sswi(addr) && size == 4) {
		sswi_write(addr, value);
		return;
	}
	if (size != 4 || addr & 3 || offset >= FAKE_PLIC_SIZE)
		fake_fail("a write of %u bytes at 0x%lx", size, addr);
	guard_write(offset, (uint32_t)value);
	naive_write(&fake.plic, offset, (uint32_t)value);
}
