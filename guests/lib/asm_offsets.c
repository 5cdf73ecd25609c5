/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What start.S needs of structures. See hyp/base/asm_define.h. */
#include "guests/lib/cpu.h"
#include "hyp/base/asm_define.h"

_Static_assert(offsetof(struct cpu, tf) == 0, "tp is used as the frame");

void asm_offsets(void)
{
	ASM_OFFSET(TF_REGS, struct tf, x);
	ASM_OFFSET(TF_EPC, struct tf, epc);
	ASM_OFFSET(TF_STATUS, struct tf, status);
	ASM_OFFSET(TF_CAUSE, struct tf, cause);
	ASM_OFFSET(TF_TVAL, struct tf, tval);
	ASM_OFFSET(CPU_TRAP_SP, struct cpu, trap_sp);
	ASM_OFFSET(CPU_IN_TRAP, struct cpu, in_trap);
	ASM_OFFSET(CPU_SCRATCH, struct cpu, scratch);
	ASM_OFFSET(CPU_EXC_SP, struct cpu, exc_sp);
	ASM_OFFSET(CPU_STACK_TOP, struct cpu, stack_top);
	ASM_OFFSET(BOOT_GPRS, struct boot_state, gprs);
	ASM_OFFSET(BOOT_SSTATUS, struct boot_state, sstatus);
	ASM_OFFSET(BOOT_SIE, struct boot_state, sie);
	ASM_OFFSET(BOOT_SIP, struct boot_state, sip);
	ASM_OFFSET(BOOT_STVEC, struct boot_state, stvec);
	ASM_OFFSET(BOOT_SSCRATCH, struct boot_state, sscratch);
	ASM_OFFSET(BOOT_TRAP, struct boot_state, trap);
	ASM_OFFSET(BOOT_SATP, struct boot_state, satp);
	ASM_OFFSET(BOOT_BSS, struct boot_state, bss);
	ASM_DEFINE(BOOT_STATE_SIZE, sizeof(struct boot_state));
}
