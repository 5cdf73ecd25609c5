/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ISA strings of a cpu node: riscv,isa ("rv64imafdch_zicsr_sstc") and the entries of
 * riscv,isa-extensions: what a hart has, and what of it a guest may see.
 */
#ifndef HYP_PLAN_ISA_H
#define HYP_PLAN_ISA_H

#include "hyp/base/types.h"

/* One extension of an ISA string: letters of it, not terminated. */
struct isa_token {
	const char *text;
	uint32_t size;
};

/*
 * The next extension of a riscv,isa string; *at starts with text and moves. A single letter counts
 * as one extension; versions ("2p1") are not part of the token. False at the end. *start and *at
 * then bound what belongs to the token, version and leading '_' included.
 */
bool isa_next(const char **at, const char **start, struct isa_token *token);

/* Behind "rv64"; NULL if the string starts otherwise. */
const char *isa_extensions(const char *isa);

/* HART_* of one extension name, any case; 0 for any other extension. */
uint32_t isa_feature(const struct isa_token *token);

/* True if a guest must not see the extension. granted: HART_* of the guest; Sstc, Zicbom and Svpbmt are hidden
 * without. */
bool isa_hidden(const struct isa_token *token, uint32_t granted);

/*
 * Copies the string without what a guest must not see, and returns its length. out has room for
 * strlen(isa) + 1, or is NULL to get the length only.
 */
uint32_t isa_strip(char *out, const char *isa, uint32_t granted);

#endif
