/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Write and compare all floating-point and vector registers. The rest of the guest is built
 * without F, D and V; callers set sstatus.FS and VS first.
 */
#define REGISTERS \
	0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31

	.text
	.option push
	.option arch, +d

/* void fp_write(uint64_t base): f<i> = base + i, fcsr = 0x6f (flags 15, rounding 3) */
	.globl fp_write
fp_write:
	.irp	n, REGISTERS
	addi	t0, a0, \n
	fmv.d.x	f\n, t0
	.endr
	li	t0, 0x6f
	fscsr	t0
	ret

/* uint64_t fp_wrong(uint64_t base): a bit for each register that fp_write(base) left else */
	.globl fp_wrong
fp_wrong:
	mv	t2, zero
	.irp	n, REGISTERS
	addi	t0, a0, \n
	fmv.x.d	t1, f\n
	xor	t0, t0, t1
	snez	t0, t0
	slli	t0, t0, \n
	or	t2, t2, t0
	.endr
	frcsr	t0
	xori	t0, t0, 0x6f
	snez	t0, t0
	slli	t0, t0, 32
	or	a0, t2, t0
	ret

/* uint64_t fp_bits(void) */
	.globl fp_bits
fp_bits:
	frcsr	a0
	.irp	n, REGISTERS
	fmv.x.d	t0, f\n
	or	a0, a0, t0
	.endr
	ret
	.option pop

	.option push
	.option arch, +v

/* void vec_write(uint64_t base): every element of v<i> = base + i; vl = 3, vxrm = 2, vxsat = 1 */
	.globl vec_write
vec_write:
	vsetvli	t0, zero, e64, m1, ta, ma
	.irp	n, REGISTERS
	addi	t0, a0, \n
	vmv.v.x	v\n, t0
	.endr
	csrwi	vcsr, 5
	vsetivli zero, 3, e16, m2, tu, mu
	ret

/*
 * uint64_t vec_wrong(uint64_t base, uint64_t *buf): as fp_wrong; buf holds one register. Bit 32:
 * vl, vtype or vcsr is not what vec_write() left.
 */
	.globl vec_wrong
vec_wrong:
	mv	t2, zero
	csrr	t0, vl
	xori	t0, t0, 3
	csrr	t1, vtype
	xori	t1, t1, 0x09		/* e16, m2, tu, mu */
	or	t0, t0, t1
	csrr	t1, vcsr
	xori	t1, t1, 5
	or	t0, t0, t1
	snez	t0, t0
	slli	t2, t0, 32
	vsetvli	t3, zero, e64, m1, ta, ma
	.irp	n, REGISTERS
	vse64.v	v\n, (a1)
	addi	t4, a0, \n
	mv	t5, a1
	mv	t6, t3
	mv	t1, zero
1:	ld	t0, (t5)
	xor	t0, t0, t4
	or	t1, t1, t0
	addi	t5, t5, 8
	addi	t6, t6, -1
	bnez	t6, 1b
	snez	t1, t1
	slli	t1, t1, \n
	or	t2, t2, t1
	.endr
	mv	a0, t2
	ret
	.option pop
