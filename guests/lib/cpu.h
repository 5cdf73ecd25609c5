/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The harts of a guest: one struct cpu each (in tp and sscratch), the trap frame, interrupts,
 * excursions into a prepared register state, and starting siblings through SBI HSM.
 * cpus[0] is always the hart that booted; the others follow in device tree order.
 * No nesting: trap handlers run on their own stack with SIE = 0, a trap in one is fatal.
 */
#ifndef GUESTS_LIB_CPU_H
#define GUESTS_LIB_CPU_H

#include <stdbool.h>
#include <stdint.h>
#include "guests/lib/csr.h"

#define MAX_CPUS	16
#define STACK_SIZE	16384
#define TRAP_STACK_SIZE	8192

#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))

struct tf {
	uint64_t x[32];		/* x[0] is not used */
	uint64_t epc;
	uint64_t status;
	uint64_t cause;
	uint64_t tval;
};

struct cpu {
	struct tf tf;		/* the frame of the trap being handled; start.S expects it first */
	uint64_t trap_sp;
	uint64_t in_trap;
	uint64_t scratch;
	uint64_t exc_sp;	/* not 0: an excursion is running */
	uint64_t stack_top;
	struct tf exc;		/* how the last excursion ended */
	uint64_t hartid;	/* as the device tree's cpu node says */
	uint32_t index;		/* place in cpus[] */
	int plic_ctx;		/* S-mode context of this hart in the guest's PLIC; -1: none */
	bool sstc;		/* the cpu's ISA has Sstc */
	const char *isa;	/* riscv,isa or "" */
	int node;		/* offset of the cpu node */
	void (*fn)(void *arg);	/* what smp_run() gave */
	void *arg;
	uint32_t runs;		/* times this hart has reached secondary_main() */
	volatile uint64_t soft_count, timer_count, ext_count;
};

extern struct cpu cpus[MAX_CPUS];
extern unsigned int ncpus;

static inline struct cpu *this_cpu(void)
{
	struct cpu *c;

	__asm__ volatile("mv %0, tp" : "=r"(c));
	return c;
}

static inline void irq_enable(void)
{
	csr_set(sstatus, SSTATUS_SIE);
}

static inline void irq_disable(void)
{
	csr_clear(sstatus, SSTATUS_SIE);
}

/* Disables interrupts; returns the former state for irq_restore(). */
static inline unsigned long irq_save(void)
{
	unsigned long old;

	__asm__ volatile("csrrci %0, sstatus, 2" : "=r"(old) : : "memory");
	return old & SSTATUS_SIE;
}

static inline void irq_restore(unsigned long old)
{
	csr_set(sstatus, old);
}

static inline void wfi(void)
{
	__asm__ volatile("wfi" : : : "memory");
}

static inline void mb(void)
{
	__asm__ volatile("fence iorw, iorw" : : : "memory");
}

static inline void cpu_relax(void)
{
	__asm__ volatile(".word 0x0100000f" : : : "memory");	/* pause */
}

/* What the boot hart and its memory were like at the first instruction. */
struct boot_state {
	uint64_t gprs;		/* all but a0 and a1, or'ed */
	uint64_t sstatus, sie, sip, stvec, sscratch;
	uint64_t trap;		/* sepc, scause and stval, or'ed */
	uint64_t satp;
	uint64_t bss;		/* every word that is not in the image, up to the end of bss, or'ed */
};
extern struct boot_state boot_state;

/*
 * What an interrupt does after its count in struct cpu went up; NULL: the default, which for
 * soft clears sip.SSIP and for timer and ext masks the source in sie.
 */
struct irq_handlers {
	void (*soft)(struct cpu *c);
	void (*timer)(struct cpu *c);
	void (*ext)(struct cpu *c);
};
extern struct irq_handlers irq_handlers;

/*
 * Run with the registers x1..x31 and epc of `in`, in U-mode if `user`, with interrupts as they
 * are now, until the first exception; its frame (registers, cause, epc, tval) is then in the
 * result. End code under test with an ebreak. sp and tp of `in` may be anything.
 */
const struct tf *excursion(const struct tf *in, bool user);

/* Report a trap that nothing expected, and power off. */
void trap_fatal(const struct tf *tf, const char *why) __attribute__((noreturn));

/* Start a stopped sibling: fn(arg) runs there, then the hart stops itself. SBI error code. */
long smp_run(struct cpu *c, void (*fn)(void *arg), void *arg);
/* Wait until the hart is stopped; false after a long time-out (one minute). */
bool smp_join(struct cpu *c);

extern char image_start[], image_end[];
extern char secondary_entry[], trap_entry[], excursion_return[];
void excursion_enter(void);

/* Every guest has one: called on the boot hart, with interrupts off, console and DT ready. */
void guest_main(void);

#endif
