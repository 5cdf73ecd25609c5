/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CSR access and the field values that S-mode guests use. Names as in the RISC-V privileged
 * specification, chapter "Supervisor-Level ISA". Usable from assembly for the constants.
 */
#ifndef GUESTS_LIB_CSR_H
#define GUESTS_LIB_CSR_H

#define SSTATUS_SIE	0x2
#define SSTATUS_SPIE	0x20
#define SSTATUS_SPP	0x100
#define SSTATUS_VS	0x600
#define SSTATUS_FS	0x6000
#define SSTATUS_SUM	0x40000
#define SSTATUS_MXR	0x80000

#define IRQ_SOFT	1
#define IRQ_TIMER	5
#define IRQ_EXT		9

#define CAUSE_INTERRUPT		(1ULL << 63)
#define CAUSE_FETCH_MISALIGNED	0
#define CAUSE_FETCH_ACCESS	1
#define CAUSE_ILLEGAL		2
#define CAUSE_BREAKPOINT	3
#define CAUSE_LOAD_MISALIGNED	4
#define CAUSE_LOAD_ACCESS	5
#define CAUSE_STORE_MISALIGNED	6
#define CAUSE_STORE_ACCESS	7
#define CAUSE_ECALL_U		8
#define CAUSE_ECALL_S		9
#define CAUSE_FETCH_PAGE	12
#define CAUSE_LOAD_PAGE		13
#define CAUSE_STORE_PAGE	15

#define CSR_STIMECMP	0x14d

#ifndef __ASSEMBLER__
#define _STR(x)	#x
#define STR(x)	_STR(x)

#define csr_read(csr) ({ \
	unsigned long __v; \
	__asm__ volatile("csrr %0, " STR(csr) : "=r"(__v) : : "memory"); \
	__v; })
#define csr_write(csr, val) \
	__asm__ volatile("csrw " STR(csr) ", %0" : : "rK"(val) : "memory")
#define csr_set(csr, val) \
	__asm__ volatile("csrs " STR(csr) ", %0" : : "rK"(val) : "memory")
#define csr_clear(csr, val) \
	__asm__ volatile("csrc " STR(csr) ", %0" : : "rK"(val) : "memory")
#define csr_swap(csr, val) ({ \
	unsigned long __v; \
	__asm__ volatile("csrrw %0, " STR(csr) ", %1" : "=r"(__v) : "rK"(val) : "memory"); \
	__v; })
#endif

#endif
