/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The input of fuzz_exits.c, taken byte by byte; zeros when it is used up. */
#ifndef TESTS_FUZZ_EXITS_INPUT_H
#define TESTS_FUZZ_EXITS_INPUT_H

#include "tests/fuzz/exits_spec.h"

void input_begin(const uint8_t *data, size_t size);
bool input_left(void);

uint8_t input_u8(void);
uint64_t input_raw(unsigned bytes);
uint64_t input_value(void);	/* often one at which something could break */

/* Puts an instruction at the pc, or none, and says in e what is known of it. */
void input_code(struct spec_event *e, uint64_t pc);

/* htinst of a guest-page fault on it, as the hart could give it: nothing, what it executed, or a walk. */
void input_htinst(struct spec_event *e);
void input_address(struct spec_event *e, uint64_t *x);	/* before it; x: the registers of the hart */

#endif
