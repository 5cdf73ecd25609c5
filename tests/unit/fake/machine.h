/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine for hyp/vm and its neighbours on the host: six harts, three VMs, a PLIC, a little RAM, a firmware. Every
 * hart runs vcpu_run() as it is, as a coroutine that comes back where the hart would run its guest or wait: what
 * happens then is said by the test, which sets up a trap and calls fake_trap(), or wakes a hart that waits with
 * fake_wake(). Whatever the real machine would not survive (a CSR that is not there, memory behind no window, a
 * foreign register of the PLIC, a call to the firmware with a number that it must not get) ends the test.
 *
 *	VM	vcpus 0, 1, .. on harts	RAM (guest)				interrupts
 *	a	2, 0, 4			80000000 + 4 pages, 80004000 + 1 page	1 to 15
 *	b	1, 3			80000000 + 2 pages			16 to 30
 *	c	5			the last page below 2^41		31 to 40
 *
 * All RAM is contiguous in the host's: a (4 pages, around a border of 2 MiB), b, c, a's last page.
 */
#ifndef TESTS_UNIT_FAKE_MACHINE_H
#define TESTS_UNIT_FAKE_MACHINE_H

#include "hyp/riscv/fence.h"
#include "hyp/vm/complain.h"
#include "hyp/vm/vm_create.h"
#include "hyp/vm/vm_life.h"
#include "hyp/vm/vm_stuck.h"
#include "tests/unit/fake/naive_plic.h"

#define FAKE_HARTS	6
#define FAKE_VMS	3
#define FAKE_PLIC	0x0c000000ull	/* the host's, and each guest's */
#define FAKE_PLIC_SIZE	0x400000ull
#define FAKE_NDEV	45
#define FAKE_HZ		1000000ull
#define FAKE_RAM_PAGES	8
#define FAKE_RAM_SIZE	(FAKE_RAM_PAGES * PAGE_SIZE)
#define FAKE_RAM_HPA	0x901fe000ull
#define FAKE_KERNEL_SIZE 300u		/* at offset 0 of the RAM; a's initrd lies around the border */
#define FAKE_INITRD_SIZE 5000u
#define FAKE_DTB_AT	0xc00u		/* offset of the device tree in the first RAM region */
#define FAKE_DTB_SIZE	96u
#define FAKE_RNG_SEED	11u		/* offsets of the seeds in it, if there are any */
#define FAKE_KASLR_SEED	80u
#define FAKE_CONSOLE	65536
#define FAKE_BLOCK	64u		/* bytes that a CBO works on */
#define FAKE_CALLS	256
#define FAKE_UART	0x10050000ull	/* of the host */
#define FAKE_UART_HART	5u
#define FAKE_TYPED	512
#define FAKE_VUART	0x10002000ull	/* where a sees it, */
#define FAKE_WINDOWS	0x10003000ull	/* a page in which VM n has the registers from n * 0x100 on, */
#define FAKE_WINDOW	0xfcu		/* so many bytes; */
#define FAKE_REFUSED	0xf0u		/* the bus refuses each access to the word there */
#define FAKE_STALE	0x88000000ull	/* of an entry behind the regions of each VM: all RAM; no code may read it */
#define FAKE_SSWI	0x02f00000ull	/* register n is of the hart with index n */
#define FAKE_SHARED	0x90000000ull	/* memory of b and a, in each, in the host at */
#define FAKE_SHARED_HPA	0xa0000000ull
#define FAKE_DOORBELL	0x10003000ull	/* in each, */
#define FAKE_DOORBELL_IRQ 33u		/* and its interrupt: in the host that is c's */
#define FAKE_CARD	0x10004000ull	/* virtual network cards of b and a, */
#define FAKE_CARD_IRQ	34u		/* and their interrupt: in the host that is c's */
#define FAKE_VUART_IRQ	20u		/* and its interrupt: in the host that is b's */

/* Kinds of harts, by what their CSRs keep of what is written to them. */
enum fake_kind {
	KIND_QEMU,	/* QEMU 7.2's rv64: hgatp keeps any mode */
	KIND_MAX,	/* with AIA, Ssctr, Sdtrig, Zcmt and Zicfiss, few VMIDs, and each bit of henvcfg */
	KIND_CVA6,	/* without htimedelta, henvcfg has FIOM alone, hgatp ignores a mode that it lacks */
	NR_FAKE_KINDS
};

struct fake_config {
	enum fake_kind kind;
	/* A hart that is not as it has to be: what these bits of a CSR read as, whatever is written. csr 0: none. */
	struct { unsigned csr; uint64_t ones, zeros; } stuck;
	uint32_t gstage_levels;		/* of all VMs; 0: 3, which is Sv39x4 */
	bool untranslated;		/* its G-stage shows all of memory */
	bool no_time, finx, no_zcd;	/* no time CSR; fcsr without f registers; no C.FSDSP */
	bool cbom;			/* Zicbom, with blocks of FAKE_BLOCK bytes, which the plan says */
	bool hidden_cbom;		/* of which only the plan knows */
	bool sstc, fp, vector, envcfg, stateen, dbcn, keep_machine;
	enum plic_mode plic;		/* of all VMs */
	bool loose_plic;		/* the host's PLIC is like QEMU's: naive_plic.h, any_completes and latches */
	bool vuart;			/* a has a virtual UART at FAKE_VUART; not together with PLIC_MAPPED */
	bool shared;			/* a and b share memory; b may only read it; not together with PLIC_MAPPED */
	bool net;			/* a and b have a network; not together with PLIC_MAPPED */
	bool uart;			/* the console is a UART that hart 5, c's, polls; otherwise the firmware's */
	bool no_monitor, colour;
	bool sswi;			/* all harts but 4 have a register in an ACLINT SSWI device */
	bool no_context;		/* hart 4 has no context of the PLIC */
	uint32_t entropy;		/* ENTROPY_* of the plan */
	bool zkr;			/* harts have the seed CSR */
	bool clmul;			/* Zbc */
	uint32_t zero_block;		/* of cbo.zero; 0: none */
	struct plan_policy policy[FAKE_VMS];
};

struct fake_csrs {
	uint64_t sstatus, sie, ssip, stvec, scounteren, senvcfg, sstateen[4], sscratch, sepc, scause, stval;
	uint64_t fcsr, jvt, ssp, sctrctl, sctrstatus, scontext, vsiselect, vsctrctl;
	uint64_t stimecmp, satp;
	uint64_t vsstatus, vstvec, vsscratch, vsepc, vscause, vstval, vstimecmp, vsatp;
	uint64_t hstatus, hedeleg, hideleg, hie, htimedelta, hcounteren, hgeie, henvcfg, hstateen[4], htval;
	uint64_t hvip, htinst, hgatp, hvien, hvictl, hviprio1, hviprio2;
};

/* _LOCK: waits for one that a suspended hart holds */
enum fake_place { PLACE_OFF, PLACE_GUEST, PLACE_WFI, PLACE_LOCK };

/* All that belongs to one hart; flat, so that two states can be compared. */
struct fake_hw {
	struct fake_csrs csr;
	uint64_t x[32];		/* the guest's registers while it runs; [0] is the pc */
	uint64_t firmware_timer;
	uint32_t place;		/* enum fake_place */
	uint32_t fences[NR_FENCES];
	uint64_t fence_va, fence_asid;	/* of the last one that has them */
	uint32_t fp_clears, vector_clears;
	bool gvma_stale, vvma_stale;	/* hgatp, vsatp were written: no guest may run before the fence */
	uint64_t tlb_page, tlb_pte;	/* one translation of the G-stage, until a fence; tlb_pte 0: none */
};

struct fake_code {	/* what guest instructions can be fetched: parcels of 16 bits from base on */
	uint64_t base;
	uint32_t n;
	uint16_t parcel[4];
};

struct fake_call {	/* to the firmware */
	unsigned hart;
	unsigned long eid, fid, arg[5];
};

struct fake_machine {
	struct fake_config config;
	struct plan plan;
	struct fake_hw hw[FAKE_HARTS];
	struct naive_plic plic;
	uint32_t virtio[FAKE_VMS][0x40];	/* registers of a device of each VM; reset before a restart */
	struct fake_code code;			/* of the hart that traps next */
	uint64_t time;
	int running;				/* hart in the hypervisor, -1: none */
	bool shut_down;				/* by the hypervisor, through the firmware */
	bool window_open;			/* of the hart that runs */
	uint64_t hung;				/* harts that M-mode does not give back, as bits */
	uint32_t relaxes;			/* polls in loops that wait for another hart */
	bool no_fences;				/* the firmware refuses remote fences */
	uint32_t console_takes;			/* bytes that the firmware's console takes in one call; 0: all */
	uint32_t console_fails;			/* how many calls until one that says console_ret; 0: none does */
	struct { long error, value; } console_ret;
	bool tree_read_only;			/* the firmware's device tree cannot be written */
	enum { SEED_WORKS, SEED_NEVER_READY, SEED_DIES } seed;	/* the entropy source of all harts */
	uint32_t nr_seeds;			/* how often it was read */
	uint32_t nr_zeroed;			/* blocks cleared by cbo.zero */
	/* Work since fake_count_from_here(). */
	uint32_t nr_calls, nr_mmio, nr_csr, nr_lines, nr_windows, nr_fetches;
	struct fake_call calls[FAKE_CALLS];	/* the first ones of them */
	uint32_t uart_room;			/* bytes that the UART takes before its transmitter is busy */
	uint32_t typed, taken;			/* what waits in its receiver */
	uint32_t late;				/* of it, what comes only once LSR has been read */
	bool phantom;				/* IIR shows a time-out though there is nothing, until RBR is read */
	uint8_t keys[FAKE_TYPED];
	uint8_t window_page[0x1000];			/* the page at FAKE_WINDOWS */
	uint32_t console_len;
	char console[FAKE_CONSOLE];		/* what does not fit is dropped */
};

extern struct fake_machine fake;
extern uint64_t fake_runs;	/* how often a hart has run in the hypervisor, of all machines */

/* Boots far enough to learn whether the harts are fit; NULL, or the first refusal. fake_boot() wants NULL. */
const struct hart_refusal *fake_refusal(const struct fake_config *config);

/* Defaults: Sstc, FP, all CSRs, PLIC guarded, policies as in plan.h, no watchdog. */
struct fake_config fake_default_config(void);

/* Builds plan and VMs and runs each hart until its guest starts or it waits. May be called again and again. */
void fake_boot(const struct fake_config *config);

/* The same without running any hart: fake_wake() for each is to follow. */
void fake_create(const struct fake_config *config);

/* A guest's trap into the hypervisor: sets scause, stval, htval, htinst as given, user: from VU-mode, and runs the
 * hart until its guest continues or it waits. */
struct fake_exit { uint64_t cause, tval, htval, htinst; bool user; };
void fake_trap(unsigned hart, const struct fake_exit *e);

/* The hart comes out of its WFI (or on at all), and runs on in the same way. */
void fake_wake(unsigned hart);

/* Between machine.c and machine_asm.c: the hart that runs stops here, until fake_trap(), fake_wake() or another one. */
void fake_stop_at(enum fake_place place);

/* Takes what is pending and enabled for the hypervisor: a trap of the guest, or a wake. False if nothing is. */
bool fake_interrupt(unsigned hart);

/* fake_interrupt() on all harts until nothing is pending; harts that are off are woken too. */
void fake_settle(void);

/*
 * A sibling that acts inside of an exit. The next hart that runs is suspended right before its access number at (from
 * 0) to what others can change, or read: each load and store of hyp/vm, hyp/riscv/hart.c and drivers/plic.c outside of
 * its stack, windows on guests' RAM, fetches of instructions, devices, locks. Then act(arg) runs once, as if between
 * two exits: it may change all that a guest can, and let other harts run. One of them that wants a lock which the
 * suspended hart holds waits at PLACE_LOCK and continues when that hart has left, or waits for it.
 */
void fake_sibling(uint32_t at, void (*act)(void *arg), void *arg);

/* For act(): what the suspended hart will fetch from now on. */
void fake_rewrite(const struct fake_code *code);

/* Whether act() has been called; and it will not be any more. */
bool fake_sibling_acted(void);

/* The host address that the tables in hgatp give, and the entry; 0 if there is none. The second as this hart has it:
 * what it has translated stays until it is fenced. */
uint64_t fake_walk(uint64_t hgatp, uint64_t gpa, uint64_t *pte);
uint64_t fake_translate(unsigned hart, uint64_t gpa, uint64_t *pte);

/* Of the running guest's word in its PLIC's window: where a load or a store of it goes in the host's PLIC without a
 * trap, as an offset there; 0: it traps. */
uint64_t fake_plic_passes(unsigned hart, uint64_t offset, bool store);

/* Whether guests reach contexts in the hardware. */
static inline bool fake_passes(const struct fake_config *c) { return c->plic != PLIC_EMULATED; }

/* sip, hip as the hart shows them now. */
uint64_t fake_sip(unsigned hart);
uint64_t fake_hip(unsigned hart);

/* CSRs of a hart by number, for the guest or the test. */
uint64_t fake_csr_of(unsigned hart, unsigned csr);
void fake_csr_to(unsigned hart, unsigned csr, uint64_t value);

/* Reads a CSR that may not exist: ERR_FAULT. */
enum err fake_csr_probe(unsigned csr, uint64_t *out);

/* Owners: VM of a hart, hart of a vcpu, VM of an interrupt source (NO_OWNER). */
unsigned fake_vm_of(unsigned hart);
unsigned fake_hart_of(unsigned vm, unsigned vcpu);
struct vcpu *fake_vcpu(unsigned vm, unsigned vcpu);
struct vm *fake_vm(unsigned vm);

/* Whether the hart in the hypervisor may interrupt that one, which another VM has: their VMs share memory or a
 * network. */
bool fake_may_ring(unsigned hart);

/* RAM: the test's own view on the bytes; the hypervisor has none but through its window. */
uint8_t *fake_ram(void);			/* FAKE_RAM_SIZE bytes; opens it all until the next trap */
uint8_t *fake_ram_at(unsigned vm, uint64_t gpa);	/* NULL if the VM has none there */
const uint8_t *fake_image(unsigned vm, unsigned role);
void fake_ram_close(void);

/* What memory itself holds of all RAM: what was written back to it by CBO.CLEAN, otherwise what it held at power-on. */
const uint8_t *fake_dram(void);
void fake_dram_power_on(void);

void fake_count_from_here(void);
/*
 * On the console, since fake_count_from_here(). Where no hart drives the console, what was written waits for a hart's
 * poll: fake_show() shows it at once; of this work only the lines are counted.
 */
bool fake_said(const char *text);
unsigned fake_count_text(const char *text);
void fake_show(void);

/* Something is typed on the console's UART. */
void fake_type(const char *text);

/* The machine's console gets this text. */
void fake_say(const char *text, unsigned long len);

/* Ends the test. */
void fake_fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* For the parts of the machine among themselves. */
struct fake_suspended {
	int running, locks;
	uint64_t window;
	struct fake_code code;
	struct fake_suspended *outer;
};
void fake_suspend(struct fake_suspended *s);
void fake_go_on(const struct fake_suspended *s);
bool fake_on_stack(const void *at);
uint64_t fake_window_at(void);		/* what the window shows; 0: it is closed */
void fake_window_again(uint64_t at);
void fake_plic_power_on(void);
void fake_make_plan(void);	/* from fake.config */

#endif
