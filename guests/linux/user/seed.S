/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program of the Linux guest: makes the kernel's random numbers ready (RNDADDENTROPY on /dev/random), with a seed of
 * no value. For measurements only: numbers that are not ready cost many times more (demo.mode=load). Debian's busybox
 * is built without seedrng, and what is written to /dev/random counts for nothing.
 */
#define RNDADDENTROPY	0x40085203
#define O_WRONLY	1
#define AT_FDCWD	-100

	.text
	.globl	_start
_start:
	li	a0, AT_FDCWD
	lla	a1, name
	li	a2, O_WRONLY
	li	a7, 56		/* openat */
	ecall
	bltz	a0, 1f
	li	a1, RNDADDENTROPY
	lla	a2, pool
	li	a7, 29		/* ioctl */
	ecall
1:	snez	a0, a0
	li	a7, 93		/* exit */
	ecall

	.balign	4
pool:	.word	256, 32		/* bits, bytes */
	.zero	32
name:	.string	"/dev/random"
