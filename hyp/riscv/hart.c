/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A physical hart at boot, and the mailbox between harts. Source: SBI 3.0, IPI extension; RISC-V ACLINT
 * specification, "Supervisor-level Software Interrupt Device (SSWI)".
 * No lock: the mailbox is one atomic word.
 */
#include "hyp/riscv/hart.h"

#include "hyp/riscv/csr.h"
#include "hyp/riscv/fault.h"
#include "hyp/riscv/fence.h"
#include "hyp/riscv/mmio.h"
#include "hyp/riscv/sbi_call.h"

void trap_entry(void);	/* switch.S */

struct hart harts[NR_HART_STRUCTS];	/* tp of every hart points into it: switch.S checks that */

/* For the panic report of a hart that has lost its tp, and with it its stack. */
static uint8_t lost_stack[4096] __attribute__((aligned(16)));

void hart_init_traps(void)
{
	csr_clear(CSR_SSTATUS, SSTATUS_SIE);
	csr_write(CSR_SSCRATCH, 0);
	csr_write(CSR_STVEC, (uintptr_t)trap_entry);
	csr_write(CSR_SIE, 0);
	harts[HART_LOST].id = UINT64_MAX;
	harts[HART_LOST].stack_top = (uintptr_t)lost_stack + sizeof(lost_stack);
}

__boot bool hart_is_hypervisor(const char **why)
{
	uint64_t v;

	if (guard_read_mscratch(&v) == OK) {
		*why = "it runs in M-mode; load it as the payload of an SBI firmware such as OpenSBI";
		return false;
	}
	if (guard_read_hstatus(&v) != OK) {
		*why = "this hart has no hypervisor extension (H), or the firmware hides it";
		return false;
	}
	return true;
}

struct hart *hart_get(uint32_t index)
{
	return &harts[index];
}

void hart_send(struct hart *const *to, uint32_t n, uint32_t mail)
{
	uint64_t ids[MAX_HARTS];
	uint32_t nr_ids = 0;

	for (uint32_t i = 0; i < n; i++)
		__atomic_fetch_or(&to[i]->mailbox, mail, __ATOMIC_RELEASE);
	fence_before_ipi();	/* it must not overtake the mailbox */
	for (uint32_t i = 0; i < n; i++) {
		if (to[i]->setssip.v)
			mmio_write32(to[i]->setssip, 1);
		else
			ids[nr_ids++] = to[i]->id;
	}
	if (nr_ids)
		(void)sbi_ecall_harts(SBI_EXT_IPI, 0, ids, nr_ids, 0, 0, 0);	/* harts of the plan, which run */
}

void hart_send_one(struct hart *to, uint32_t mail)
{
	__atomic_fetch_or(&to->mailbox, mail, __ATOMIC_RELEASE);
	fence_before_ipi();
	if (to->setssip.v)
		mmio_write32(to->setssip, 1);
	else
		sbi_ecall(SBI_EXT_IPI, 0, 1, to->id, 0, 0, 0);
}

uint32_t hart_take_mail(void)
{
	/* SSIP first: a request that comes between the two raises it again. */
	csr_clear(CSR_SIP, 1ul << IRQ_SSI);
	fence_after_sip();
	return __atomic_exchange_n(&this_hart()->mailbox, 0, __ATOMIC_ACQUIRE);
}
