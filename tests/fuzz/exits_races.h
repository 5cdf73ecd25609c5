/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exits in fuzz_exits.c during which a sibling of the hart acts, at any access to shared memory. */
#ifndef TESTS_FUZZ_EXITS_RACES_H
#define TESTS_FUZZ_EXITS_RACES_H

#include "tests/fuzz/exits_spec.h"

/* An instruction that is rewritten, or unmapped, while the exit reads it: it is read once. */
void race_for_code(unsigned hart);

/* A sibling has an exit of its own inside of one. What both have done is not specified, but which VM they may change.
 * True: it happened, so the specification does not know the VM's state any more, and the input must end. */
bool race_of_exits(unsigned hart);

#endif
