/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See restart.h. */
	.text
	.balign	4
	.globl	trap_for_ever
trap_for_ever:
	.word	0
