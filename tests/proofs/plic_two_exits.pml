/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two-exit protocol of external interrupts (docs/architecture.md, "An interrupt in two exits"; code:
 * hyp/riscv/{switch,guarded}.S, hyp/vm/{vinsn,irq,vcpu}.c) between a stock PLIC with three level-triggered sources and
 * a guest with two harts. docs/proofs.md says what is proved, under which assumptions, and what is left out;
 * tests/proofs/prove runs this file once for each setting of the options, and once for each mutation.
 *
 * Options (what the guest does besides taking interrupts, polling, waiting, and returning to code with interrupts
 * on or off): NEST handlers that enable interrupts, THR thresholds change, PRIO priorities change, ENABLE enables
 * change (a source moves to the other hart), MASK sie.SEIE changes, HSM harts stop, start and suspend.
 * GUARDED: completions and thresholds trap and settle; without it they do not ("mapped"). HOSTILE: a third party
 * completes what is in flight, whoever's it is. ONE: there is one hart only. EXACT: the PLIC's line is never late. With
 * these two, CLEAN: an interrupt that is taken has something to claim; SEIP: in the end the guest polls sip.SEIP.
 * BUG_* are mutations, each of which must be found.
 */
#define HARTS	2
#define SOURCES	3

/* ---- the devices and the PLIC ---- */

bit level[SOURCES];		/* the wire of the device; an event raises it, its service calms it */
bit pending[SOURCES];		/* IP */
bit claimed[SOURCES];		/* the gateway waits for a completion */
byte prio[SOURCES] = 1;
bit enable[6];			/* [hart * SOURCES + source] */
byte threshold[HARTS];
bit wire[HARTS];		/* the PLIC's line as the hart sees it: late, by any time */

bit stopped;			/* no new events, no changes of registers any more: what is left must be served */

bit judged;			/* nothing moves any more, and all is well */

#define ready(h, s)	(pending[s] && enable[(h) * SOURCES + (s)])
#define above(h, s)	(ready(h, s) && prio[s] > threshold[h])
#define eip(h)		(above(h, 0) || above(h, 1) || above(h, 2))
/* sip.SEIP. Lines settle at last: when all else has stopped they are what the PLIC says. */
#ifdef EXACT
#define seip(h)		eip(h)
#else
#define seip(h)		((stopped && eip(h)) || (!stopped && wire[h]))
#endif

inline gateway(s)
{
	if
	:: level[s] && !claimed[s] -> pending[s] = 1
	:: else
	fi
}

/* Sets id[h] to the source + 1 that a claim gives, or to 0: the highest priority, then the lowest id. */
inline claim(h, got)
{
	got = 0;
	if
	:: ready(h, 0) && prio[0] -> got = 1
	:: else
	fi;
	if
	:: ready(h, 1) && prio[1] && (!got || prio[1] > prio[0]) -> got = 2
	:: else
	fi;
	if
	:: ready(h, 2) && prio[2] && (!got || prio[2] > prio[got - 1]) -> got = 3
	:: else
	fi;
	if
	:: got ->
		assert(!claimed[got - 1]);
		pending[got - 1] = 0;
		claimed[got - 1] = 1
	:: else
	fi
}

/* A PLIC ignores the completion of a source that the context has not enabled. */
inline complete(h, s)
{
	if
	:: enable[(h) * SOURCES + (s)] ->
		claimed[s] = 0;
		gateway(s)
	:: else
	fi
}

/* ---- a hart: the hypervisor's CSRs, and those of the guest ---- */

bit seie[HARTS] = 1;		/* sie.SEIE */
bit vseip[HARTS];		/* hvip.VSEIP */
bit vtsr[HARTS];		/* hstatus.VTSR and VTW */
bit vseie[HARTS] = 1;		/* the guest's sie.SEIE */
bit vsie[HARTS];		/* the guest's sstatus.SIE */

#define NORMAL(h)	(seie[h] && !vseip[h] && !vtsr[h])

#define hs_irq(h)	(seip(h) && seie[h])
#define vs_irq(h)	(vseip[h] && vseie[h] && vsie[h])

/* Exit 1: an external interrupt (switch_fast.inc: interrupt; irq.c: serve_external). */
inline exit_external(h)
{
#ifndef BUG_VSEIP_NOT_SET
	vseip[h] = 1;
#endif
#ifndef BUG_SEIE_STAYS
	seie[h] = 0;
#endif
#ifndef BUG_SRET_NOT_TRAPPED
	vtsr[h] = 1;
#endif
	skip
}

/* Exit 2, SEIP is down: as before (switch_fast.inc: not_ecall). */
inline rearm(h)
{
	vtsr[h] = 0;
#ifndef BUG_VSEIP_STAYS
	vseip[h] = 0;
#endif
#ifndef BUG_SEIE_FORGOTTEN
	seie[h] = 1;
#endif
	skip
}

#ifdef BUG_SEIP_NOT_CHECKED
#define may_rearm(h)	1
#else
#define may_rearm(h)	(!seip(h))
#endif

/* Behind a write to the PLIC that traps (guarded.S: settle; switch_plic.inc: plic_store). */
inline settle(h)
{
	if
	:: vtsr[h] && may_rearm(h) -> rearm(h)
	:: else
	fi
}

/* Completions and thresholds trap only if the page is guarded. */
inline settle_guarded(h)
{
#if defined(GUARDED) && !defined(BUG_NOT_SETTLED)
	settle(h)
#else
	skip
#endif
}

/* Priorities and enables always do. */
inline settle_store(h)
{
#ifndef BUG_STORE_NOT_SETTLED
	settle(h)
#else
	skip
#endif
}

#ifdef BUG_WFI_NOT_TRAPPED
#define wfi_traps(h)	0
#else
#define wfi_traps(h)	vtsr[h]
#endif

/* vcpu.c: suspend. What has been served already shall not end the next suspension. */
inline suspend(h)
{
	if
#ifndef BUG_SUSPEND_STALE
	:: vtsr[h] && may_rearm(h) -> rearm(h)
#endif
	:: else
	fi;
	pc[h] = SUSPEND
}

/* ---- the guest's program ---- */

mtype = { MAIN, WAIT, POLL, RETURN, SUSPEND, PARKED, CLAIM, SERVE, NESTED, COMPLETE, LEAVE };
mtype pc[HARTS] = MAIN;
byte depth[HARTS];		/* interrupts being handled; 0 in CLAIM to COMPLETE: by polling */
byte id[6];			/* [hart * 3 + depth]: what was claimed, source + 1 */
/* how it waits when all has stopped: 1 WFI, 2 polling, 3 suspend, 4 both, 5 polling SEIP */
byte final[HARTS];
#ifdef CLEAN
bit fresh[HARTS];		/* an interrupt was taken, and nothing claimed yet */
#endif
#define after_wait(h)	(final[h] == 2 -> CLAIM : MAIN)
#define mine(h)		id[(h) * 3 + depth[h]]

/* A new value for a register: any hart, any source; one write each. */
inline change(h)
{
	if
#ifdef ENABLE
	:: s = 0
	:: s = 1
	:: s = 2
	fi;
	if
	:: enable[s] = !enable[s]
#ifndef ONE
	:: enable[SOURCES + s] = !enable[SOURCES + s]
	:: enable[s] = !enable[s];
	   enable[SOURCES + s] = !enable[s]
#endif
	fi;
	s = 0;
	settle_store(h);
	if
#endif
#ifdef PRIO
	:: prio[0] = 0; settle_store(h)
	:: prio[0] = 2; settle_store(h)
	:: prio[2] = 1; settle_store(h)
	:: prio[2] = 2; settle_store(h)
#endif
#ifdef THR
	:: threshold[h] = 0; settle_guarded(h)
	:: threshold[h] = 1; settle_guarded(h)
#endif
	:: skip
	fi
}

/* sret: to where interrupts are enabled or not. done: it was executed, not only trapped. */
inline sret(h, to, done)
{
	done = 1;
	if
	:: vtsr[h] && may_rearm(h) ->
		rearm(h);
		done = 0			/* executed again, now for real */
	:: vtsr[h] && !may_rearm(h) ->
		vsie[h] = to			/* vinsn.c: emulate_sret */
#ifdef BUG_EMULATION_DROPS
		; vseip[h] = 0
#endif
	:: else ->
		vsie[h] = to
	fi
}

proctype hart(byte h)
{
	byte s;
	bit done;

	do
	/* Interrupts come before the next instruction. */
	:: atomic { pc[h] != PARKED && pc[h] != SUSPEND && hs_irq(h) ->
		exit_external(h);
		if	/* a WFI that an interrupt ended may be over, or be executed again */
		:: pc[h] == WAIT -> pc[h] = after_wait(h)
		:: skip
		fi
	}
	:: atomic { pc[h] != PARKED && pc[h] != SUSPEND && !hs_irq(h) && vs_irq(h) ->
		assert(depth[h] < 2);
#ifdef CLEAN
		fresh[h] = 1;
#endif
		depth[h]++;
		vsie[h] = 0;
		pc[h] = CLAIM
	}
	:: atomic { pc[h] == MAIN && !hs_irq(h) && !vs_irq(h) && !stopped ->
		if
		:: change(h)
		:: vsie[h] = !vsie[h]
		:: pc[h] = RETURN
		:: pc[h] = WAIT
		:: !vsie[h] -> pc[h] = CLAIM
#ifdef MASK
		:: vseie[h] = !vseie[h]
#endif
#ifdef HSM
		:: suspend(h)
		:: h == 1 ->	/* vcpu.c: park */
			pc[h] = PARKED;
			seie[h] = 0; vseip[h] = 0; vtsr[h] = 0;
			vsie[h] = 0
#endif
		fi
	}
	:: atomic { pc[h] == MAIN && !hs_irq(h) && !vs_irq(h) && stopped ->
		if
		:: !final[h] -> final[h] = 1
		:: !final[h] -> final[h] = 2
#ifdef HSM
		:: !final[h] -> final[h] = 3
		:: !final[h] -> final[h] = 4
#endif
#ifdef SEIP
		:: !final[h] -> final[h] = 5
		:: final[h] == 5 -> pc[h] = POLL
#endif
		:: final[h] && final[h] < 5 ->
			vseie[h] = 1;
			vsie[h] = final[h] % 2;
			if
			:: final[h] < 3 -> pc[h] = WAIT
			:: else -> suspend(h)
			fi
		fi
	}
#ifdef SEIP
	/* while (sip & SEIP) { claim, serve, complete }: what it sees is VSEIP. */
	:: atomic { pc[h] == POLL && !hs_irq(h) && vseip[h] -> vsie[h] = 0; pc[h] = CLAIM }
#endif
	:: atomic { pc[h] == RETURN && !hs_irq(h) && !vs_irq(h) ->
		if
		:: sret(h, 0, done)
		:: sret(h, 1, done)
		fi;
		if
		:: done -> pc[h] = MAIN
		:: else
		fi;
		done = 0
	}
	:: atomic { pc[h] == WAIT && !hs_irq(h) && !vs_irq(h) &&
			(wfi_traps(h) || (vseip[h] && vseie[h]) || !final[h]) ->
		if
		:: wfi_traps(h) && may_rearm(h) -> rearm(h)
		:: wfi_traps(h) && !may_rearm(h) -> pc[h] = after_wait(h)
		:: !wfi_traps(h) && vseip[h] && vseie[h] -> pc[h] = after_wait(h)
		:: !wfi_traps(h) && !final[h] -> pc[h] = MAIN	/* something else has ended it */
		fi
	}
#ifdef HSM
	/* vcpu.c: suspend. In the hypervisor no interrupt traps; it looks. */
	:: atomic { pc[h] == SUSPEND && ((vseip[h] && vseie[h]) || hs_irq(h) || !final[h]) ->
		if
		:: vseip[h] && vseie[h] ->
			pc[h] = (final[h] == 4 -> CLAIM : MAIN);
			if
			:: !final[h] ->		/* non-retentive: set_entry() */
				vsie[h] = 0
#ifdef BUG_RESUME_FORGETS
				; vtsr[h] = 0
#endif
			:: skip
			fi
		:: !(vseip[h] && vseie[h]) && hs_irq(h) -> exit_external(h)
		:: !final[h] && !(vseip[h] && vseie[h]) -> pc[h] = MAIN	/* its timer */
		fi
	}
	/* Started again, by a sibling: vcpu.c: reset. */
	:: atomic { pc[h] == PARKED ->
		seie[h] = 1; vseip[h] = 0; vtsr[h] = 0; vseie[h] = 1;
		pc[h] = MAIN
	}
#endif
	/* ---- the handler, or its like in a loop that polls ---- */
	:: atomic { pc[h] == CLAIM && !hs_irq(h) ->
		claim(h, mine(h));
#ifdef CLEAN
		assert(!fresh[h] || mine(h));
		fresh[h] = 0;
#endif
		if
		:: mine(h) -> pc[h] = SERVE
		:: else -> pc[h] = (depth[h] -> LEAVE : MAIN)
		fi
	}
	:: atomic { pc[h] == SERVE && !hs_irq(h) ->
#ifndef HOSTILE
		assert(level[mine(h) - 1]);	/* each event is delivered once */
#endif
		level[mine(h) - 1] = 0;
		if
#ifdef NEST
		:: depth[h] == 1 ->
			vsie[h] = 1;
			pc[h] = NESTED
#endif
		:: pc[h] = COMPLETE
		fi
	}
	:: atomic { pc[h] == NESTED && !hs_irq(h) && !vs_irq(h) ->
		vsie[h] = 0;
		pc[h] = COMPLETE
	}
	:: atomic { pc[h] == COMPLETE && !hs_irq(h) ->
		s = mine(h) - 1;
		mine(h) = 0;
		if
		:: enable[h * SOURCES + s] -> complete(h, s)
		:: enable[(1 - h) * SOURCES + s] -> complete((1 - h), s)
		:: !enable[h * SOURCES + s] ->	/* as Linux: under its lock it is enabled for that long */
			enable[h * SOURCES + s] = 1;
			complete(h, s);
			enable[h * SOURCES + s] = 0
		fi;
		settle_guarded(h);
		s = 0;
		if
		:: pc[h] = CLAIM
		:: pc[h] = (depth[h] -> LEAVE : MAIN)
		fi
	}
	:: atomic { pc[h] == LEAVE && !hs_irq(h) ->
		sret(h, 1, done);
		if
		:: done ->
			depth[h]--;
			pc[h] = (depth[h] -> NESTED : MAIN)
		:: else
		fi;
		done = 0
	}
	od
}

/* ---- the surroundings ---- */

proctype devices()
{
	do
	:: atomic { !stopped && !level[0] -> level[0] = 1; gateway(0) }
	:: atomic { !stopped && !level[1] -> level[1] = 1; gateway(1) }
	:: atomic { !stopped && !level[2] -> level[2] = 1; gateway(2) }
	:: atomic { !stopped && wire[0] != eip(0) -> wire[0] = eip(0) }
	:: atomic { !stopped && wire[1] != eip(1) -> wire[1] = eip(1) }
	:: atomic { !stopped -> stopped = 1; wire[0] = 0; wire[1] = 0; break }
	od
}

#ifdef HOSTILE
/* Another guest, on a PLIC that takes a completion from any context. */
proctype hostile()
{
	do
	:: atomic { !stopped && claimed[0] -> claimed[0] = 0; gateway(0) }
	:: atomic { !stopped && claimed[2] -> claimed[2] = 0; gateway(2) }
	:: stopped -> break
	od
}
#endif

#ifdef SEIP
#define rests(h)	(pc[h] == WAIT || pc[h] == SUSPEND || (pc[h] == POLL && !vseip[h]))
#else
#define rests(h)	(pc[h] == WAIT || pc[h] == SUSPEND)
#endif

#define held(s)		(!level[s] || pending[s] || claimed[s])

/* Nothing moves any more: nothing that a hart has enabled is left. Every hart waits. */
proctype judge()
{
	timeout ->
	assert(stopped);
	assert(rests(0));
#ifndef ONE
	assert(rests(1));
#endif
	assert(!eip(0) && !eip(1));
	assert(!claimed[0] && !claimed[1] && !claimed[2]);
	assert(held(0) && held(1) && held(2));
#ifndef OUTSIDE_ONLY	/* mutations must show in what the guest sees */
	assert(NORMAL(0));
#ifndef ONE
	assert(NORMAL(1));
#endif
#endif
	judged = 1
}

init
{
	atomic {
		enable[0] = 1; enable[1] = 1; enable[2] = 1;
#ifndef ONE
		enable[3] = 1; enable[4] = 1; enable[5] = 1;
#endif
		prio[2] = 2;
		run devices();
#ifdef HOSTILE
		run hostile();
#endif
		run hart(0);
#ifndef ONE
		run hart(1);
#endif
		run judge()
	}
}

/* Livelock: all has stopped, and still something moves for ever. */
never {
	do
	:: true
	:: stopped -> break
	od;
accept:
	do
	:: stopped && !judged
	od
}
