/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the files asm_offsets.c: constants that the compiler knows and assembly needs. Each of these files is compiled to
 * assembly and never linked; the build turns its lines "->NAME VALUE" into asm_offsets.h of the same directory, below
 * build/ (scripts/compile.mk).
 *
 * So the constants cannot differ from the structures: the compiler that lays these out computes them, with the same
 * flags, and a change of any header that the file includes makes them anew. No test compares them. A constant that the
 * build does not find in the output is undefined where assembly uses it, which is an error of the link.
 */
#ifndef HYP_BASE_ASM_DEFINE_H
#define HYP_BASE_ASM_DEFINE_H

#include <stddef.h>

#define ASM_DEFINE(name, value)	__asm__ volatile("\n.ascii \"->" #name " %0\"" : : "i"(value))
#define ASM_OFFSET(name, type, member)	ASM_DEFINE(name, offsetof(type, member))

/* Contains the constants of one file; never called. */
void asm_offsets(void);

#endif
