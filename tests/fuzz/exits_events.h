/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guests do in fuzz_exits.c: each takes its values from the input. hart: of the fake machine. */
#ifndef TESTS_FUZZ_EXITS_EVENTS_H
#define TESTS_FUZZ_EXITS_EVENTS_H

#include "tests/fuzz/exits_spec.h"

/* Before the first event on a new machine. */
void event_begin(void);

struct spec_event event_of(unsigned hart);

/* Events that are prepared in the hart's registers, and do not happen yet: an SBI call, with any values or as a guest
 * makes it that means it; and the guest's sw a1, 0(a0) or lw a1, 0(a0) on a register of its PLIC. */
struct spec_event event_ecall(unsigned hart, bool proper);
struct spec_event event_plic_access(unsigned hart, uint64_t offset, bool store);

/* Events that happen, and are checked. */
void do_ecall(unsigned hart, bool proper);
void do_trapped(unsigned hart);		/* SRET, WFI or another one that is trapped while an interrupt is pending */
void do_exception(unsigned hart);
void do_serve(unsigned hart);		/* what pends on a hart is taken, or the hart wakes for no reason */
void do_vuart(unsigned hart);		/* a lbu or sb on a register of the virtual UART */

/* A driver at work, so that the input need not find out how: enables, claims and completes. */
void do_plic(unsigned hart);

/* The pages of its own context, or of a sibling's: anything that can be done there. */
void do_context(unsigned hart);

/* What happens without an exit. */
void do_act(unsigned hart);		/* the guest changes its registers */
void do_write_ram(unsigned hart);	/* or its RAM: text for its console, say */
void do_type(unsigned hart);		/* the console's hart passes a byte on to the guest */

#endif
