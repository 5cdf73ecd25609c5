/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands in for hyp/riscv/ecall.h in host builds: the firmware is tests/unit/fake/firmware.c. */
#ifndef HYP_RISCV_ECALL_H
#define HYP_RISCV_ECALL_H

struct sbiret {
	long error;
	long value;
};

struct sbiret firmware_ecall(unsigned long eid, unsigned long fid, const unsigned long arg[5]);

#endif
