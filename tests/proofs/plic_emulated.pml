/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way of a level interrupt through the emulated PLIC (hyp/vdev/vplic.{h,c}; hyp/vm/{vcpu,irq}.c) between the
 * host's PLIC with two level-triggered sources and a guest with two harts. docs/proofs.md says what is proved; options
 * and mutations (BUG_*) as in plic_two_exits.pml. THR thresholds change, PRIO priorities change, ENABLE sources move
 * between the harts, in flight or not, HOSTILE a third party completes what is in flight in the host's PLIC, LATCH the
 * host's PLIC is like QEMU's: pending is set when a level rises, and only then, in flight or not, TWO both devices
 * raise their levels (otherwise the first one only).
 */
#define HARTS	2
#define SOURCES	2

/* ---- devices and the host's PLIC ---- */

bit level[SOURCES];
bit pending[SOURCES];		/* in the host's PLIC */
bit flight[SOURCES];		/* there: claimed, and not completed */
bit stopped, judged;

/* ---- the guest's PLIC, all under its lock ---- */

bit vpending[SOURCES];
bit vclaimed[SOURCES];
bit again[SOURCES];		/* claimed from the host once more, meanwhile */
byte claimer[SOURCES];
byte prio[SOURCES] = 1;
bit enable[4];			/* [hart * SOURCES + source]; mirrored to the host's */
byte threshold[HARTS];		/* here only: the host's are 0 */

#define host_has(h, s)	(pending[s] && !flight[s] && enable[(h) * SOURCES + (s)] && prio[s])
#define eip(h)		(host_has(h, 0) || host_has(h, 1))
#define ready(h, s)	(vpending[s] && enable[(h) * SOURCES + (s)] && prio[s])
#define up(h, s)	(ready(h, s) && prio[s] > threshold[h])
#define line(h)		(up(h, 0) || up(h, 1))

bit vseip[HARTS];		/* hvip.VSEIP */
bit mail[HARTS];		/* MAIL_EXTERNAL */

/* The own line at once, the sibling's by mail. */
inline notify(h)
{
	vseip[h] = line(h);
#ifndef BUG_NO_MAIL
	if
	:: vseip[1 - h] != line(1 - h) -> mail[1 - h] = 1
	:: else
	fi
#endif
}

inline gateway(s)
{
	if
#ifndef LATCH
	:: level[s] && !flight[s] -> pending[s] = 1
#endif
	:: else
	fi
}

inline arrives(h, s)
{
	if
	:: host_has(h, s) ->
		pending[s] = 0;
		flight[s] = 1;
		if
		:: vclaimed[s] ->
#ifndef BUG_AGAIN_DROPPED
			again[s] = 1
#else
			skip
#endif
		:: else -> vpending[s] = 1
		fi
	:: else
	fi
}

inline claim(h, got)
{
	got = 0;
	if
	:: ready(h, 0) -> got = 1
	:: else
	fi;
	if
	:: ready(h, 1) && (!got || prio[1] > prio[0]) -> got = 2
	:: else
	fi;
	if
	:: got ->
		assert(!vclaimed[got - 1]);
		vpending[got - 1] = 0;
		vclaimed[got - 1] = 1;
		claimer[got - 1] = h
	:: else
	fi;
	notify(h)
}

#ifdef BUG_ENABLED_ONLY
#define may_complete(h, s)	(vclaimed[s] && enable[(h) * SOURCES + (s)])
#else
#define may_complete(h, s)	(vclaimed[s] && (enable[(h) * SOURCES + (s)] || claimer[s] == h))
#endif

inline complete(h, s)
{
	if
	:: may_complete(h, s) ->
		vclaimed[s] = 0;
		if
		:: again[s] ->
			again[s] = 0;
			vpending[s] = 1		/* in flight in the host, as the last claim has left it */
		:: else ->
#ifndef BUG_NOT_COMPLETED
			flight[s] = 0;
#endif
			gateway(s)
		fi
	:: else
	fi;
	notify(h)
}

/* ---- the guest's program ---- */

mtype = { MAIN, WAIT, CLAIM, SERVE, COMPLETE };
mtype pc[HARTS] = MAIN;
bit vsie[HARTS];
bit handles[HARTS];		/* by an interrupt; otherwise by polling */
byte id[HARTS];
#define vs_irq(h)	(vseip[h] && vsie[h])

inline change(h)
{
	if
#ifdef ENABLE
	:: enable[s] = !enable[s]
	:: enable[SOURCES + s] = !enable[SOURCES + s]
	:: enable[s] = !enable[s];
	   enable[SOURCES + s] = !enable[s]
#endif
#ifdef PRIO
	:: prio[s] = 0
	:: prio[s] = 1
	:: prio[s] = 2
#endif
#ifdef THR
	:: threshold[h] = 0
	:: threshold[h] = 1
#endif
	:: skip
	fi;
	notify(h)
}

proctype hart(byte h)
{
	byte s;

	do
	/* Exits: before the next instruction. */
	:: atomic { eip(h) ->
		arrives(h, 0);
		arrives(h, 1);
		notify(h)
	}
	:: atomic { mail[h] -> mail[h] = 0; vseip[h] = line(h) }
	:: atomic { vs_irq(h) && (pc[h] == MAIN || pc[h] == WAIT) -> vsie[h] = 0; handles[h] = 1; pc[h] = CLAIM }
	:: atomic { pc[h] == MAIN && !vs_irq(h) && !stopped ->
		if
		:: s = 0; change(h)
#ifdef TWO
		:: s = 1; change(h); s = 0
#endif
		:: vsie[h] = !vsie[h]
		:: pc[h] = WAIT
		:: !vsie[h] -> pc[h] = CLAIM
		fi
	}
	:: atomic { pc[h] == MAIN && !vs_irq(h) && stopped -> vsie[h] = 1; pc[h] = WAIT }
	:: atomic { pc[h] == WAIT && !vs_irq(h) && (vseip[h] || !stopped || !vsie[h]) -> pc[h] = MAIN }
	:: atomic { pc[h] == CLAIM ->
		claim(h, id[h]);
		if
		:: id[h] -> pc[h] = SERVE
		:: else -> pc[h] = MAIN; vsie[h] = vsie[h] || handles[h]; handles[h] = 0
		fi
	}
	:: atomic { pc[h] == SERVE ->
#ifndef HOSTILE
		assert(level[id[h] - 1]);	/* each event is delivered once */
#endif
		level[id[h] - 1] = 0;
		pc[h] = COMPLETE
	}
	:: atomic { pc[h] == COMPLETE ->
		s = id[h] - 1;
		complete(h, s);
		s = 0;
		id[h] = 0;
		if
		:: pc[h] = CLAIM
		:: pc[h] = MAIN; vsie[h] = vsie[h] || handles[h]; handles[h] = 0
		fi
	}
	od
}

/* ---- the surroundings ---- */

#ifdef LATCH
#define rise(s)	level[s] = 1; pending[s] = 1
#else
#define rise(s)	level[s] = 1; gateway(s)
#endif

proctype devices()
{
	do
	:: atomic { !stopped && !level[0] -> rise(0) }
#ifdef TWO
	:: atomic { !stopped && !level[1] -> rise(1) }
#endif
	:: atomic { !stopped -> stopped = 1; break }
	od
}

#ifdef HOSTILE
proctype hostile()
{
	do
	:: atomic { !stopped && flight[0] -> flight[0] = 0; gateway(0) }
#ifdef TWO
	:: atomic { !stopped && flight[1] -> flight[1] = 0; gateway(1) }
#endif
	:: stopped -> break
	od
}
#endif

#define held(s)	(!level[s] || (pending[s] && !flight[s]) || vpending[s])

/* Nothing moves any more: nothing that a hart has enabled is left. */
proctype judge()
{
	timeout ->
	assert(stopped);
	assert(pc[0] == WAIT && pc[1] == WAIT);
	assert(!line(0) && !line(1) && !eip(0) && !eip(1));
	assert(!vclaimed[0] && !vclaimed[1] && !again[0] && !again[1]);
	assert(held(0) && held(1));
	assert((!flight[0] || vpending[0]) && (!flight[1] || vpending[1]));
	judged = 1
}

init
{
	atomic {
		enable[0] = 1; enable[1] = 1; enable[2] = 1; enable[3] = 1;
		run devices();
#ifdef HOSTILE
		run hostile();
#endif
		run hart(0);
		run hart(1);
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
