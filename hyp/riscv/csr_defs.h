/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers and fields of the CSRs that the hypervisor uses, for C and assembly. Source: privileged
 * ISA 1.13, "CSR Listing", "Supervisor-Level ISA" and "Hypervisor Extension".
 */
#ifndef HYP_RISCV_CSR_DEFS_H
#define HYP_RISCV_CSR_DEFS_H

#define CSR_FCSR	0x003
#define CSR_SEED	0x015
#define CSR_SSTATUS	0x100
#define CSR_SIE		0x104
#define CSR_STVEC	0x105
#define CSR_SCOUNTEREN	0x106
#define CSR_SENVCFG	0x10a
#define CSR_SSTATEEN0	0x10c
#define CSR_SSCRATCH	0x140
#define CSR_SEPC	0x141
#define CSR_SCAUSE	0x142
#define CSR_STVAL	0x143
#define CSR_SIP		0x144
#define CSR_STIMECMP	0x14d
#define CSR_SCTRCTL	0x14e
#define CSR_SISELECT	0x150
#define CSR_SIREG	0x151
#define CSR_STOPEI	0x15c
#define CSR_SATP	0x180
#define CSR_VSSTATUS	0x200
#define CSR_VSIE	0x204
#define CSR_VSTVEC	0x205
#define CSR_VSSCRATCH	0x240
#define CSR_VSEPC	0x241
#define CSR_VSCAUSE	0x242
#define CSR_VSTVAL	0x243
#define CSR_VSIP	0x244
#define CSR_VSTIMECMP	0x24d
#define CSR_VSISELECT	0x250
#define CSR_VSIREG	0x251
#define CSR_VSATP	0x280
#define CSR_HSTATUS	0x600
#define CSR_HEDELEG	0x602
#define CSR_HIDELEG	0x603
#define CSR_HIE		0x604
#define CSR_HTIMEDELTA	0x605
#define CSR_HCOUNTEREN	0x606
#define CSR_HGEIE	0x607
#define CSR_HVIEN	0x608
#define CSR_HVICTL	0x609
#define CSR_HENVCFG	0x60a
#define CSR_HSTATEEN0	0x60c
#define CSR_HSTATEEN1	0x60d
#define CSR_HSTATEEN2	0x60e
#define CSR_HSTATEEN3	0x60f
#define CSR_HTVAL	0x643
#define CSR_HIP		0x644
#define CSR_HVIP	0x645
#define CSR_HVIPRIO1	0x646
#define CSR_HVIPRIO2	0x647
#define CSR_HTINST	0x64a
#define CSR_HGATP	0x680
#define CSR_HGEIP	0xe12
#define CSR_TIME	0xc01

#define SSTATUS_SIE	(1 << 1)
#define SSTATUS_SPIE	(1 << 5)
#define SSTATUS_SPP	(1 << 8)
#define SSTATUS_VS	(3 << 9)
#define SSTATUS_FS	(3 << 13)
#define SSTATUS_SUM	(1 << 18)
#define SSTATUS_MXR	(1 << 19)
#define SSTATUS_SPELP	(1 << 23)	/* Zicfilp */
#define SSTATUS_SDT	(1 << 24)	/* Ssdbltrp */

#define HSTATUS_GVA	(1 << 6)
#define HSTATUS_SPV	(1 << 7)
#define HSTATUS_SPVP	(1 << 8)
#define HSTATUS_VGEIN_SHIFT	12	/* the guest interrupt file of VS-mode */
#define HSTATUS_VTVM	(1 << 20)
#define HSTATUS_VTW	(1 << 21)
#define HSTATUS_VTSR	(1 << 22)
/* While external interrupts are ARMED for the guest; docs/architecture.md, "An interrupt in two exits". */
#define HSTATUS_ARMED	(HSTATUS_VTW | HSTATUS_VTSR)
#define HSTATUS_VSXL_64	(2ul << 32)
#define VSSTATUS_UXL_64	(2ul << 32)

/* Interrupt numbers; bits of sip, sie, hip, hie, hvip, hideleg. */
#define IRQ_SSI		1
#define IRQ_VSSI	2
#define IRQ_STI		5
#define IRQ_VSTI	6
#define IRQ_SEI		9
#define IRQ_VSEI	10
#define IRQ_SGEI	12
#define SCAUSE_INTERRUPT	(1ul << 63)

/* Exception causes. */
#define CAUSE_FETCH_MISALIGNED		0
#define CAUSE_FETCH_ACCESS		1
#define CAUSE_ILLEGAL			2
#define CAUSE_BREAKPOINT		3
#define CAUSE_LOAD_MISALIGNED		4
#define CAUSE_LOAD_ACCESS		5
#define CAUSE_STORE_MISALIGNED		6
#define CAUSE_STORE_ACCESS		7
#define CAUSE_ECALL_U			8
#define CAUSE_ECALL_S			9
#define CAUSE_ECALL_VS			10
#define CAUSE_FETCH_PAGE		12
#define CAUSE_LOAD_PAGE			13
#define CAUSE_STORE_PAGE		15
#define CAUSE_SOFTWARE_CHECK		18
#define CAUSE_HARDWARE_ERROR		19
#define CAUSE_FETCH_GUEST_PAGE		20
#define CAUSE_LOAD_GUEST_PAGE		21
#define CAUSE_VIRTUAL_INSTRUCTION	22
#define CAUSE_STORE_GUEST_PAGE		23

/* Counter enables: CY, TM, IR. */
#define COUNTEREN_CY	(1 << 0)
#define COUNTEREN_TM	(1 << 1)
#define COUNTEREN_IR	(1 << 2)

#define ENVCFG_FIOM	(1ul << 0)
#define ENVCFG_CBIE_FLUSH	(1ul << 4)	/* CBO.INVAL writes back what is dirty */
#define ENVCFG_CBIE	(3ul << 4)
#define ENVCFG_CBCFE	(1ul << 6)
#define ENVCFG_CBZE	(1ul << 7)
#define ENVCFG_ADUE	(1ul << 61)
#define ENVCFG_PBMTE	(1ul << 62)
#define ENVCFG_STCE	(1ul << 63)

#define STATEEN0_FCSR	(1ul << 1)	/* without F: Zfinx */
#define STATEEN0_JVT	(1ul << 2)
#define STATEEN0_IMSIC	(1ul << 58)
#define STATEEN0_AIA	(1ul << 59)
#define STATEEN0_CSRIND	(1ul << 60)	/* siselect, sireg */
#define STATEEN0_ENVCFG	(1ul << 62)
#define STATEEN0_SE0	(1ul << 63)

/* seed (Zkr): with ES16 bits 15 to 0 hold a sample; BIST and WAIT: try again later; DEAD: the source has failed. */
#define SEED_OPST	(3ul << 30)
#define SEED_BIST	(0ul << 30)
#define SEED_WAIT	(1ul << 30)
#define SEED_ES16	(2ul << 30)
#define SEED_DEAD	(3ul << 30)

#define HGATP_MODE_SV39X4	8ul
#define HGATP_MODE_SV48X4	9ul
#define HGATP_MODE_SHIFT	60
#define HGATP_VMID_SHIFT	44
#define HGATP_VMID_MASK		0x3ffful

#endif
