/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Remote fences by mail (hyp/vm/remote_fence.{h,c}, fence_mail in hyp/riscv/switch_fast.inc) between harts of a VM.
 * docs/proofs.md says what is proved; mutations are BUG_*. Each hart sends fences, as many as FENCES, and takes its
 * mail when it is in the guest, parked, or waits for the lock. HSM: the last hart stops, and another starts it. END:
 * the VM ends at any time. LOST: M-mode does not return the last hart. THREE harts instead of two, of which ROLES lets
 * only the first send, and only the second start the third. TARGET: the last does not send, and the others send once.
 * Every access to what harts share is a step of its own.
 */
#ifdef THREE
#define HARTS	3
#else
#define HARTS	2
#endif
#ifdef TARGET
#define FENCES	1
#else
#define FENCES	2
#endif

#define FENCE	1
#define STATE	2
#define bit_of(h)	(1 << (h))
#define LAST		(HARTS - 1)
#ifdef ROLES
#define MAY_SEND	(h == 0)
#define MAY_START	(h == 1)
#else
#define MAY_START	(h != LAST)
#ifdef TARGET
#define MAY_SEND	(h != LAST)
#else
#define MAY_SEND	1
#endif
#endif

byte mailbox[HARTS];
bit ssip[HARTS];
bit lock;			/* vm->fence.lock */
byte owing;
byte awake = bit_of(HARTS) - 1;
bit ending;
bit start_pending[HARTS];
bit in_guest[HARTS] = 1;
bit stale[HARTS * HARTS];	/* [h * HARTS + j]: hart j may use what it read before the last change by hart h */
bit fenced[HARTS] = 1;		/* hart h has had its last change fenced */

inline send_mail(j, what)
{
	mailbox[j] = mailbox[j] | what;
	ssip[j] = 1
}

/* On hart h. */
inline fence()
{
	atomic {
		for (i : 0 .. HARTS - 1) {
			stale[i * HARTS + h] = 0
		}
		i = 0
	}
}

inline serve()
{
	if
	:: owing & bit_of(h) ->
#ifdef BUG_LEAVES_FIRST
		owing = owing & ~bit_of(h);
		fence()
#else
		fence();
		owing = owing & ~bit_of(h)
#endif
	:: else
	fi
}

/* hart_take_mail(): SSIP first. */
inline take_mail()
{
#ifdef BUG_SSIP_LAST
	atomic { mail = mailbox[h]; mailbox[h] = 0 };
	ssip[h] = 0
#else
	ssip[h] = 0;
	atomic { mail = mailbox[h]; mailbox[h] = 0 }
#endif
}

/* take_mail() of remote_fence.c, which leaves STATE in the mailbox. */
inline serve_own_mail()
{
	atomic { mail = mailbox[h] & FENCE; mailbox[h] = mailbox[h] & ~FENCE };
	if
	:: mail -> serve()
	:: else
	fi
}

/*
 * The VM ends: take_mail() of remote_fence.c is false. The mail may have come before its interrupt, so this hart makes
 * the interrupt itself: it must not return to the guest, whose fence was not done.
 */
inline give_up()
{
#ifndef BUG_RETURNS
	ssip[h] = 1;
#endif
	gave = 1
}

inline send_fence()
{
	atomic {		/* the guest changes a page table */
		fenced[h] = 0;
		for (i : 0 .. HARTS - 1) {
			stale[h * HARTS + i] = (i != h)
		}
		i = 0
	}
#ifdef BUG_ACTIVE_EARLY
	to = early & ~bit_of(h);
#endif
	do
	:: atomic { lock == 0 -> lock = 1 }; got = 1; break
#ifndef BUG_DEAF_AT_LOCK
	:: mailbox[h] & FENCE -> serve_own_mail()
#endif
	:: ending && mailbox[h] & STATE -> give_up(); break
	od;
	do
	:: !got || owing == 0 -> break
	:: got && mailbox[h] & FENCE -> serve_own_mail()
	:: got && ending && mailbox[h] & STATE -> give_up(); got = 0; lock = 0
	od;
	if
	:: got ->
#ifndef BUG_ACTIVE_EARLY
		to = awake & ~bit_of(h);
#endif
#ifndef BUG_MAIL_FIRST
		owing = to;
#endif
		for (i : 0 .. HARTS - 1) {
			if
			:: to & bit_of(i) -> send_mail(i, FENCE)
			:: else
			fi
		}
		i = 0;
#ifdef BUG_MAIL_FIRST
		owing = to;
#endif
		/* This hart owes nothing: those that held the lock before have waited for that. */
		do
		:: owing == 0 -> break
#ifndef BUG_NO_END
		:: ending && mailbox[h] & STATE ->
			give_up();
#ifdef BUG_CLEARS
			owing = 0;
#endif
			break
#endif
		od;
		lock = 0
	:: else
	fi;
	/* Back to the guest: none of its harts uses what was there before, or an interrupt comes first. */
	atomic {
		if
		:: !gave ->
			fenced[h] = 1;
			for (i : 0 .. HARTS - 1) {
				assert(!(in_guest[i] && stale[h * HARTS + i]))
			}
		:: else -> assert(ssip[h])
		fi;
		i = 0; got = 0; gave = 0; to = 0
	}
}

proctype hart(byte h)
{
	byte left = (MAY_SEND -> FENCES : 0), i, mail, to;
	bit got, gave;
#ifdef BUG_ACTIVE_EARLY
	byte early;
#endif
#ifdef HSM
	byte stops = 1;
#endif

end_guest:
	do
	:: ssip[h] ->			/* an interrupt, before any other step of the guest */
		take_mail();
		if
		:: mail & FENCE -> serve()
		:: else
		fi;
		mail = 0;
		if
		:: ending -> break
		:: else
		fi
	:: !ssip[h] && left ->
		left--;
#ifdef BUG_ACTIVE_EARLY
		early = awake;
#endif
		send_fence()
#ifdef HSM
	:: !ssip[h] && stops && !ending && h == LAST ->
		stops--;
		break
	:: !ssip[h] && !ending && !(awake & bit_of(LAST)) && MAY_START ->
		d_step { start_pending[LAST] = 1; awake = awake | bit_of(LAST) };	/* under vm->lock */
		send_mail(LAST, STATE)
#endif
#ifdef LOST
	:: h == LAST ->
		in_guest[h] = 0;
end_lost:	false
#endif
	od;

	/* vm_vcpu_left(), and park(). */
	in_guest[h] = 0;
	awake = awake & ~bit_of(h);
end_parked:
	do
	:: ssip[h] ->
		take_mail();
#ifndef BUG_DEAF_PARKED
		if
		:: mail & FENCE -> serve()
		:: else
		fi;
#endif
		mail = 0;
		if
		:: start_pending[h] && !ending ->
			start_pending[h] = 0;
#ifndef BUG_STALE_START
			fence();
#endif
			atomic {
				in_guest[h] = 1;
				for (i : 0 .. HARTS - 1) {
					assert(!(fenced[i] && stale[i * HARTS + h]))
				}
				i = 0
			}
			goto end_guest
		:: else
		fi
	od
}

#ifdef END
proctype monitor()
{
	byte i;

	ending = 1;
	for (i : 0 .. HARTS - 1) {
		send_mail(i, STATE)
	}
}
#endif

init {
	byte n;

	atomic {
#ifdef END
		run monitor();
#endif
		for (n : 0 .. HARTS - 1) {
			run hart(n)
		}
	}
}
