/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operations that are measured (ops.S). Each reads the cycle counter right before and right after
 * what it measures, and returns the difference, that of two adjacent readings (1) taken off. Its symbols
 * op_NAME_begin and op_NAME_end stand on these readings: scripts/bench finds them in traces.
 */
#ifndef GUESTS_BENCH_OPS_H
#define GUESTS_BENCH_OPS_H

#include <stdint.h>

#define TIMER_MAX_TICK_NS	100

struct op_args {
	uint64_t a[8];		/* of an ecall: a0 to a7 */
	uint64_t addr;		/* of a 32-bit register access */
	uint64_t value;		/* what a store stores */
};

/* What full_trap needs and saves; sscratch points to it. */
struct irq_frame {
	uint64_t x[32];
	uint64_t epc;
	uint64_t status;
	uint64_t cause;
	uint64_t tval;
	uint64_t depth;		/* of handlers */
	uint64_t claim;		/* address of the PLIC's claim register */
	uint64_t source;	/* the only one that may come */
	uint64_t calm;		/* address of a register of the device: a 1 calms its line */
	uint64_t count;		/* interrupts served */
	uint64_t stack;
	void (*handler)(void);
};

struct timer_args {
	int64_t offset;		/* cycle counter + offset = nanoseconds since time 0 */
	uint64_t tick_ns;	/* at most TIMER_MAX_TICK_NS */
	uint64_t phase;		/* below tick_ns */
	uint64_t deadline;	/* ticks */
	uint64_t sstc;
};

typedef uint64_t op_fn(const struct op_args *args);

/* ecall, round trip. */
op_fn op_base, op_set_timer, op_fence_page, op_fence_all, op_unknown, op_dbcn, op_set_timer_text;
/* A load or store of a device register, round trip. */
op_fn op_priority_read, op_priority_write, op_enable_read, op_enable_write;
op_fn op_threshold_read, op_threshold_write, op_claim, op_complete, op_pending_read;
/* The same of the guest's own device, whose page may be another's, too. */
op_fn op_window_read, op_window_write, op_window_read_slow;
/* The same by s2, and by LWU; a character on an ns16550, which is two accesses; a load from nothing. */
op_fn op_read_slow, op_write_slow, op_read_lwu, op_uart_char, op_complaint;
/* To the first instruction of quick_trap; sie must have the one source. Interrupts are off afterwards. */
op_fn op_ipi_self, op_ext_entry;
/* Store, interrupt, all of full_trap, and back to the interrupted code. */
op_fn op_ext_resume;
/* An ecall that interrupts a sibling, then waits until the word at addr is not value any more. */
op_fn op_ipi_sibling, op_ipi_bit;
/* A fence on a sibling, in the two forms of its mask, and on all siblings. */
op_fn op_fence_sibling, op_fence_bit, op_fence_siblings;
/* Serves interrupts by sibling_trap, which adds 1 to the word at addr, until that is value. */
op_fn op_sibling_serve;

/* Sets the timer, by stimecmp or SBI; returns the cycle counter at the first instruction of quick_trap. */
uint64_t op_timer(const struct timer_args *args);
/* For irq_frame.handler: calms the device and counts. */
void serve_device(void);

/* The empty pair of readings. */
uint64_t op_empty(void);
/* Pairs of (time, cycle), read one instruction after the other at all phases: 2 * 128 values. */
void op_clocks(uint64_t *pairs);
/* An sret to the next instruction, interrupts off: what a hypervisor has deferred to it is done. */
void op_settle(void);

extern char quick_trap[], full_trap[], sibling_trap[];

#endif
