/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one instruction that calls the firmware. Source: SBI 3.0, "Binary Encoding".
 * Host builds use tests/unit/fake/hyp/riscv/ecall.h instead.
 */
#ifndef HYP_RISCV_ECALL_H
#define HYP_RISCV_ECALL_H

struct sbiret {
	long error;	/* SBI_SUCCESS or a negative SBI_ERR_* */
	long value;
};

static inline struct sbiret firmware_ecall(unsigned long eid, unsigned long fid, const unsigned long arg[5])
{
	register unsigned long a0 __asm__("a0") = arg[0];
	register unsigned long a1 __asm__("a1") = arg[1];
	register unsigned long a2 __asm__("a2") = arg[2];
	register unsigned long a3 __asm__("a3") = arg[3];
	register unsigned long a4 __asm__("a4") = arg[4];
	register unsigned long a6 __asm__("a6") = fid;
	register unsigned long a7 __asm__("a7") = eid;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1)
			 : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7) : "memory");
	return (struct sbiret){ .error = (long)a0, .value = (long)a1 };
}

#endif
