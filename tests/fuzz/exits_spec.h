/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an exit may do, written down from the specifications (SBI 3.0, privileged ISA, docs/sbi.md, docs/config.md) and
 * without a look at the code: for fuzz_exits.c. Each spec_*() is called after the machine of tests/unit/fake has
 * done something, compares what it finds with what had to happen, and ends the program at the first difference.
 */
#ifndef TESTS_FUZZ_EXITS_SPEC_H
#define TESTS_FUZZ_EXITS_SPEC_H

#include <setjmp.h>

#include "tests/unit/fake/machine.h"

/* A plain load or store that the driver has put at the pc; for others kind is OP_OTHER. */
struct spec_op {
	enum { OP_LOAD, OP_STORE, OP_OTHER } kind;
	uint8_t size, reg, length;
	bool sign;
	uint8_t before;		/* of its bytes, on the page before the one that faulted */
};

/* One event: before it happens, spec_before(). */
struct spec_event {
	unsigned hart, vm, vcpu;
	struct fake_exit exit;
	struct spec_op op;
	bool known;		/* the operation: fetched, or by htinst */
	bool fetched;		/* an instruction can be fetched at the pc; it is */
	uint32_t insn;
};

void spec_power_on(void);
void spec_before(const struct spec_event *e);

void spec_started(unsigned hart);	/* it has been woken for the first time */
void spec_ecall(void);
void spec_exception(void);
void spec_interrupt(void);		/* in the guest */
void spec_wake(void);			/* of a hart that waits */

/* ---- between the files of the specification ---- */

struct spec_vcpu {
	uint32_t hsm;
	uint64_t pc, opaque;		/* of a start, or of a resume */
	bool nonretentive, mail_ipi;
	bool reading;			/* it waits in the legacy getchar; pc and opaque: what pc and a1 will be */
	uint64_t deadline;		/* without Sstc */
	uint64_t events;		/* no fewer than exits */
};

struct spec_vm {
	enum vm_state state;
	enum vm_end end;
	uint64_t active;
	uint32_t crashes, starts, log_lines;
	/* the last ends that were logged, of those that began a new life */
	uint64_t ended_at, logged_at[LIVES_BURST];
	unsigned logged;
	struct spec_vcpu vcpu[3];
};

extern struct spec_vm spec_vms[FAKE_VMS];
extern struct spec_event spec_now;		/* the event */
extern struct fake_hw spec_was[FAKE_HARTS];	/* harts before it */
extern uint8_t spec_window_page[sizeof(fake.window_page)];	/* the shared page before it */

/* All that is not the VM's is as before; and so is its own RAM, unless loaded. */
void spec_check_others(bool loaded);
void spec_check_text(void);
void spec_check_bounds(bool ended);
void spec_check_fresh_ram(unsigned vm);
void spec_forget_seeds(void);		/* of the machine before */
void spec_check_quiet(unsigned vm);
void spec_snapshot(void);
/* A hart of the VM that is not the acting one: as before, but that it may have been interrupted (bits of harts). */
void spec_check_siblings(uint64_t interrupted, bool may_be_more);

/* The next of these checks is to accept that the harts (bits) have fenced. */
void spec_mail_fences(uint64_t harts);

/* The hypervisor had to write these bytes of the VM's RAM; what they are has been checked. */
void spec_ram_written(unsigned vm, uint64_t at, uint64_t n);

/* What is typed for a VM shows the VM it is for, and in which order it came. */
#define SPEC_TYPED(vm, n)	((uint8_t)((vm) << 6 | ((n) & 63)))

/* While spec_trying, the first difference leads to spec_trial. */
extern bool spec_trying;
extern jmp_buf spec_trial;

/* Says what the event was, and ends the test. */
void spec_fail(const char *expression, const char *file, int line) __attribute__((noreturn));

#define SPEC(e) ((e) ? (void)0 : spec_fail(#e, __FILE__, __LINE__))

#endif
