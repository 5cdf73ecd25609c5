/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers and queues of IOMMUs; see iommu.h. The directory of device contexts is in iommu_dir.c. Source: RISC-V
 * IOMMU Architecture Specification 1.0, "In-memory queues", "Memory-mapped register interface" and "Software
 * guidelines".
 */
#include "drivers/iommu.h"

#include "drivers/iommu_dir.h"
#include "hyp/base/str.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/csr_defs.h"
#include "hyp/riscv/lock.h"
#include "hyp/riscv/mmio.h"
#include "hyp/riscv/work.h"

#define REG_CAPABILITIES	0x00
#define CAP_VERSION		0xffu
#define CAP_VERSION_1_0		0x10u
#define CAP_SV39X4		(1ull << 17)
#define CAP_SV48X4		(1ull << 18)
#define CAP_MSI_FLAT		(1ull << 22)
#define CAP_PAS(c)		((c) >> 32 & 0x3f)
#define REG_FCTL		0x08
#define FCTL_BE			1u
#define FCTL_GXL		4u
#define REG_DDTP		0x10
#define DDTP_OFF		0u
#define DDTP_MODE		0xfu
#define DDTP_BUSY		(1u << 4)
#define REG_CQB			0x18
#define REG_CQT			0x24
#define REG_FQB			0x28
#define REG_FQH			0x30
#define REG_FQT			0x34
#define REG_CQCSR		0x48
#define REG_FQCSR		0x4c
#define REG_PQCSR		0x50
#define QUEUE_ON		1u		/* cqen, fqen, pqen */
#define QUEUE_MF		(1u << 8)	/* cqmf, fqmf */
#define CQ_TIMEOUT		(1u << 9)	/* cmd_to */
#define CQ_ILLEGAL		(1u << 10)	/* cmd_ill */
#define FQ_OVERFLOW		(1u << 9)	/* fqof */
#define QUEUE_IS_ON		(1u << 16)	/* cqon, fqon, pqon */
#define QUEUE_BUSY		(1u << 17)
#define CQ_ERRORS		(QUEUE_MF | CQ_TIMEOUT | CQ_ILLEGAL)

#define BASE(at, log2)		((uint64_t)(uintptr_t)(at) >> 12 << 10 | ((log2) - 1))

#define INVAL_VMA		1ull
#define INVAL_GVMA		(1ull | 1ull << 7)
#define INVAL_GV		(1ull << 33)
#define INVAL_GSCID		44
#define INVAL_DDT		3ull
#define FENCE_C			2ull
#define FENCE_AV		(1ull << 10)
#define FENCE_PR		(1ull << 12)
#define FENCE_PW		(1ull << 13)
#define FENCE_DATA		32

#define CQ_LOG2		8u			/* commands, of 16 bytes: a page */
#define FQ_LOG2		7u			/* faults, of 32 bytes: a page */

#define WAIT_MS		5u	/* for one change of a register, or for a few commands */

struct queues {
	uint64_t commands[1u << CQ_LOG2][2];
	uint64_t faults[1u << FQ_LOG2][4];
};

static struct queues *queues;	/* of all IOMMUs */

static struct iommu {
	hpa_t regs;
	bool on;
	uint32_t tail;			/* of commands */
	uint32_t fence;			/* number of the last one */
	uint32_t done;			/* the IOMMU writes it: the last fence that is complete */
	struct lock lock;
} iommus[MAX_IOMMUS];

static const struct plan *plan;	/* constant after iommu_init(), as all below */
static uint32_t nr_iommus;
static uint64_t ms_ticks;

static uint32_t get(const struct iommu *u, uint32_t reg) { return mmio_read32(hpa(u->regs.v + reg)); }
static void set(const struct iommu *u, uint32_t reg, uint32_t value) { mmio_write32(hpa(u->regs.v + reg), value); }

/* Until the bits of mask are as in value; false: the time is over. */
static bool wait_for(const struct iommu *u, uint32_t reg, uint32_t mask, uint32_t value)
{
	uint64_t end = csr_read(CSR_TIME) + WAIT_MS * ms_ticks;

	while ((get(u, reg) & mask) != value) {
		if (csr_read(CSR_TIME) > end)
			return false;
	}
	return true;
}

/* ---- queues ---- */

static bool switch_queue(const struct iommu *u, uint32_t reg, bool on)
{
	set(u, reg, on ? QUEUE_ON : 0);
	return wait_for(u, reg, QUEUE_BUSY | QUEUE_IS_ON, on ? QUEUE_IS_ON : 0);
}

/* A command queue that is switched on begins at 0, without errors. */
static bool start_commands(struct iommu *u)
{
	if (!switch_queue(u, REG_CQCSR, false))
		return false;
	mmio_write64(hpa(u->regs.v + REG_CQB), BASE(queues[u - iommus].commands, CQ_LOG2));
	set(u, REG_CQT, 0);
	u->tail = 0;
	return switch_queue(u, REG_CQCSR, true);
}

static __boot bool start_faults(const struct iommu *u)
{
	if (!switch_queue(u, REG_FQCSR, false))
		return false;
	mmio_write64(hpa(u->regs.v + REG_FQB), BASE(queues[u - iommus].faults, FQ_LOG2));
	set(u, REG_FQH, 0);
	return switch_queue(u, REG_FQCSR, true);
}

static void command(struct iommu *u, uint64_t first, uint64_t second)
{
	uint64_t *c = queues[u - iommus].commands[u->tail];

	c[0] = first;
	c[1] = second;
	u->tail = (u->tail + 1) % (1u << CQ_LOG2);
}

/* Until the IOMMU has done the commands before the fence that comes last. The head of the queue only shows what it has
 * fetched. */
static bool finish(struct iommu *u)
{
	uint64_t end = csr_read(CSR_TIME) + WAIT_MS * ms_ticks;

	u->fence++;
	command(u, FENCE_C | FENCE_AV | FENCE_PR | FENCE_PW | (uint64_t)u->fence << FENCE_DATA,
		(uint64_t)(uintptr_t)&u->done >> 2);
	set(u, REG_CQT, u->tail);
	while (__atomic_load_n(&u->done, __ATOMIC_ACQUIRE) != u->fence) {
		if (get(u, REG_CQCSR) & CQ_ERRORS || csr_read(CSR_TIME) > end)
			return false;
	}
	return true;
}

/*
 * After a change of contexts, and of the tables that they name: the order of "Changing device directory table entry".
 * vm: whose tables; NO_OWNER: those of all. A queue that has stopped is tried again once.
 */
static bool invalidate(struct iommu *u, uint8_t vm)
{
	uint64_t gscid = vm == NO_OWNER ? 0 : INVAL_GV | (uint64_t)iommu_gscid(vm) << INVAL_GSCID;

	for (uint32_t tries = 0; tries < 2; tries++) {
		if (tries && !start_commands(u))
			return false;
		command(u, INVAL_DDT, 0);
		command(u, INVAL_VMA | gscid, 0);
		command(u, INVAL_GVMA | gscid, 0);
		if (finish(u))
			return true;
	}
	return false;
}

/* ---- at boot ---- */

static __boot bool set_ddtp(const struct iommu *u, uint64_t value)
{
	mmio_write64(hpa(u->regs.v + REG_DDTP), value);
	return wait_for(u, REG_DDTP, DDTP_BUSY, 0) && mmio_read64(hpa(u->regs.v + REG_DDTP)) == value;
}

/* The modes of the second stage that guests with devices behind it have. */
static __boot uint64_t needed_modes(uint32_t index)
{
	uint64_t modes = 0;

	for (uint32_t i = 0; i < plan->nr_vms; i++) {
		const struct plan_vm *v = &plan->vms[i];

		for (uint32_t j = 0; j < v->nr_dma_ids; j++)
			if (v->dma_ids[j].iommu == index)
				modes |= v->gstage_levels == 4 ? CAP_SV48X4 : CAP_SV39X4;
	}
	return modes;
}

static __boot const char *lacks(const struct iommu *u, uint32_t index, uint64_t capabilities)
{
	uint64_t modes = needed_modes(index), last = (uintptr_t)&queues[nr_iommus];

	if ((capabilities & CAP_VERSION) != CAP_VERSION_1_0)
		return "is not of version 1.0";
	if ((capabilities & modes) != modes)
		return "lacks Sv39x4 or Sv48x4, by which a guest's harts translate";
	if (last < iommu_dir_end())
		last = iommu_dir_end();
	if ((last - 1) >> CAP_PAS(capabilities))
		return "does not reach the hypervisor's memory";
	set(u, REG_FCTL, 0);
	if (get(u, REG_FCTL) & (FCTL_BE | FCTL_GXL))
		return "is big-endian, or its second stage is for 32 bits";
	return NULL;
}

/* Off first: another mode of a directory that a boot loader has left could not be changed. */
static __boot const char *take_over(struct iommu *u, uint32_t index)
{
	uint64_t capabilities = mmio_read64(hpa(u->regs.v + REG_CAPABILITIES));
	const char *why = lacks(u, index, capabilities);
	uint64_t ddtp;

	if (why)
		return why;
	if (!set_ddtp(u, DDTP_OFF))
		return "cannot be switched off";
	/* Page requests come from devices with ATS, which no context allows: nothing reads that queue. */
	if (!start_commands(u) || !start_faults(u) || !switch_queue(u, REG_PQCSR, false))
		return "does not switch its queues on and off";
	ddtp = iommu_dir_create(plan, index, capabilities & CAP_MSI_FLAT);
	if (!set_ddtp(u, ddtp))
		return "does not accept a device directory of that many levels";
	return invalidate(u, NO_OWNER) ? NULL : "does not carry out commands";
}

__boot const char *iommu_init(const struct plan *p, uint32_t *iommu)
{
	plan = p;
	nr_iommus = p->nr_iommus;
	ms_ticks = p->timebase_hz / 1000 + 1;
	if (!nr_iommus)
		return NULL;
	queues = work_take(nr_iommus * sizeof(*queues), PAGE_SIZE);
	memset(queues, 0, nr_iommus * sizeof(*queues));
	iommu_dir_init();
	for (uint32_t i = 0; i < nr_iommus; i++) {
		struct iommu *u = &iommus[i];
		const char *why;

		u->regs = p->iommus[i].base;
		why = take_over(u, i);
		u->on = !why;
		*iommu = i;
		if (why && needed_modes(i))	/* a guest has devices behind it */
			return why;
	}
	return NULL;
}

uint32_t iommu_count(void)
{
	return nr_iommus;
}

uint64_t iommu_ms_ticks(void)
{
	return ms_ticks;
}

/* ---- VMs ---- */

static bool has_ids(uint32_t vm, uint32_t iommu)
{
	for (uint32_t i = 0; i < plan->vms[vm].nr_dma_ids; i++)
		if (plan->vms[vm].dma_ids[i].iommu == iommu)
			return true;
	return false;
}

void iommu_open(uint32_t vm, uint64_t hgatp)
{
	for (uint32_t i = 0; i < nr_iommus; i++) {
		if (!has_ids(vm, i))
			continue;
		lock_acquire(&iommus[i].lock);
		iommu_dir_open(i, vm, hgatp);
		lock_release(&iommus[i].lock);
	}
}

enum err iommu_close(uint32_t vm)
{
	bool ok = true;

	for (uint32_t i = 0; i < nr_iommus; i++) {
		if (!has_ids(vm, i))
			continue;
		lock_acquire(&iommus[i].lock);
		iommu_dir_close(i, vm);
		ok &= invalidate(&iommus[i], (uint8_t)vm);
		lock_release(&iommus[i].lock);
	}
	return ok ? OK : ERR_FAULT;
}

bool iommu_silence(uint32_t vm)
{
	bool ok = true;

	for (uint32_t i = 0; i < nr_iommus; i++) {
		if (!has_ids(vm, i))
			continue;
		if (!lock_try(&iommus[i].lock))
			return false;
		iommu_dir_silence(i, vm);
		ok &= invalidate(&iommus[i], (uint8_t)vm);
		lock_release(&iommus[i].lock);
	}
	return ok;
}

/* ---- faults ---- */

/* An overflow, or an access to the queue that failed, stops the records until the bit is cleared. */
static void record_again(const struct iommu *u)
{
	uint32_t stopped = get(u, REG_FQCSR) & (QUEUE_MF | FQ_OVERFLOW);

	if (stopped)
		set(u, REG_FQCSR, QUEUE_ON | stopped);
}

bool iommu_take_fault(uint32_t iommu, struct iommu_fault *fault)
{
	struct iommu *u = &iommus[iommu];
	const uint64_t *record;
	uint32_t head;
	bool any;

	if (!u->on || !lock_try(&u->lock))
		return false;
	head = get(u, REG_FQH) % (1u << FQ_LOG2);
	any = head != get(u, REG_FQT) % (1u << FQ_LOG2);
	if (any) {
		record = queues[iommu].faults[head];
		fault->cause = record[0] & 0xfff;
		fault->id = record[0] >> 40;
		fault->address = record[2];
		fault->vm = iommu_dir_owner(iommu, fault->id);
		set(u, REG_FQH, (head + 1) % (1u << FQ_LOG2));
	} else {
		record_again(u);
	}
	lock_release(&u->lock);
	return any;
}

const char *iommu_cause_name(uint32_t cause)
{
	switch (cause) {
	case 1: return "an instruction access fault";
	case 5: return "a read access fault";
	case 7: return "a write access fault";
	case 20: return "an instruction read outside of its guest's memory";
	case 21: return "a read outside of its guest's memory";
	case 23: return "a write outside of its guest's memory";
	case 256: return "all DMA is off";
	case 257: return "its context cannot be read";
	case 258: return "it is blocked";
	case 259: return "its context is misconfigured";
	case 260: return "a kind of access that is not allowed";
	default: return "another fault";
	}
}
