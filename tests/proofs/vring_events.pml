/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notification against sleep on one virtqueue (docs/links.md, "Notifications and interrupts"; code: hyp/vdev/vring.c,
 * vnet_switch.c: vnet_transmit()): a driver makes buffers available and sleeps until they are used; a device uses them
 * and sleeps until it is notified. Memory is weak: a store lies in the hart's store buffer, and reaches the other hart
 * at any later time, in any order with other stores, unless a fence is between. docs/proofs.md says what is proved.
 *
 * Options: EVENTS VIRTIO_F_EVENT_IDX; without it the flag of the available ring, and all buffers are notified of.
 * RECEIVE the queue whose buffers the device uses when a frame comes: it is not notified.
 * BATCH an exit uses one buffer at most, and sends mail to its own hart for more. TWO the driver makes two buffers
 * available before it looks whether to notify. BUG_* are mutations, each of which must be found.
 */
#define BUFFERS	4	/* that are made available in all; indexes do not wrap, need_event() is of their differences */
#define NEVER	-100

/* What both harts see. */
short avail;		/* the driver's index */
short used;		/* the device's */
short avail_event;	/* of the device: notify of this one; */
short used_event;	/* of the driver: interrupt for this one */
bit no_interrupt;		/* of the driver: the flag NO_INTERRUPT, when there are no events */
bit ring[BUFFERS];	/* the entries of the available ring: written */
bit element[BUFFERS];	/* of the used ring */

/* What the harts have stored, and the other does not see yet. */
bit d_avail, d_event, d_no_interrupt, v_used, v_event;
bit d_ring[BUFFERS], v_element[BUFFERS];
short d_avail_to, d_event_to, v_used_to, v_event_to;
bit d_no_interrupt_to;

bit notified;		/* a trap: it is not lost, and orders nothing */
bit mail;
bit interrupt;

/* A hart sees its own stores. */
#define my_avail	(d_avail -> d_avail_to : avail)
#define my_used		(v_used -> v_used_to : used)

/* need_event(event, new, old) of the specification */
#define need(e, n, o)	((n) - (e) - 1 >= 0 && (n) - (e) - 1 < (n) - (o))

#define d_clear		(!d_avail && !d_event && !d_no_interrupt && d_ring_clear)
#define v_clear		(!v_used && !v_event && v_ring_clear)
#define d_ring_clear	(!d_ring[0] && !d_ring[1] && !d_ring[2] && !d_ring[3])
#define v_ring_clear	(!v_element[0] && !v_element[1] && !v_element[2] && !v_element[3])

/* Stores reach memory in any order and at any time. */
active proctype memory()
{
	byte i;
end:	do
	:: atomic { d_avail -> avail = d_avail_to; d_avail = 0 }
	:: atomic { d_event -> used_event = d_event_to; d_event = 0 }
	:: atomic { d_no_interrupt -> no_interrupt = d_no_interrupt_to; d_no_interrupt = 0 }
	:: atomic { v_used -> used = v_used_to; v_used = 0 }
	:: atomic { v_event -> avail_event = v_event_to; v_event = 0 }
	:: atomic { d_ring[0] -> ring[0] = 1; d_ring[0] = 0 }
	:: atomic { d_ring[1] -> ring[1] = 1; d_ring[1] = 0 }
	:: atomic { d_ring[2] -> ring[2] = 1; d_ring[2] = 0 }
	:: atomic { d_ring[3] -> ring[3] = 1; d_ring[3] = 0 }
	:: atomic { v_element[0] -> element[0] = 1; v_element[0] = 0 }
	:: atomic { v_element[1] -> element[1] = 1; v_element[1] = 0 }
	:: atomic { v_element[2] -> element[2] = 1; v_element[2] = 0 }
	:: atomic { v_element[3] -> element[3] = 1; v_element[3] = 0 }
	od
}

/* ---- the driver: Linux's virtio_ring.c, or any that follows the specification ---- */

short seen;		/* elements that it has taken */
short made;		/* its own index */

inline make_available()
{
	d_ring[made] = 1;
#ifndef BUG_DRIVER_NO_RELEASE
	d_ring_clear;
#endif
	atomic { made++; d_avail_to = made; d_avail = 1 }
}

inline kick(old)
{
	d_clear;		/* a full fence between index and avail_event: the driver's part */
#ifdef RECEIVE
	skip
#else
#ifdef EVENTS
	if
	:: need(avail_event, made, old) -> notified = 1
	:: else
	fi
#else
	notified = 1
#endif
#endif
}

inline ask_for_interrupt()
{
#ifdef EVENTS
	atomic { d_event_to = seen; d_event = 1 };
#else
	atomic { d_no_interrupt_to = 0; d_no_interrupt = 1 };
#endif
	d_clear
}

inline take()
{
	do
	:: atomic { seen < used -> assert(element[seen]); seen++ }
	:: atomic { seen == used -> break }
	od
}

active proctype driver()
{
	short old;

	do
	:: made < BUFFERS ->
		old = made;
		make_available();
#ifdef TWO
		if
		:: made < BUFFERS -> make_available()
		:: true
		fi;
#endif
		kick(old)
	:: true ->
		take();
		ask_for_interrupt();
		if
		:: seen < used
		:: seen == used ->
end_asleep:		if
			:: interrupt -> interrupt = 0
#ifndef EVENTS
			; atomic { d_no_interrupt_to = 1; d_no_interrupt = 1 }
#endif
			:: made < BUFFERS	/* there is more to make available */
			fi
		fi
	:: atomic { made == BUFFERS && seen == BUFFERS -> break }
	od
}

/* ---- the device: the hart that was notified ---- */

short next_available;

inline wants_interrupt(old)
{
#ifndef BUG_NO_FENCE_BEFORE_USED_EVENT
	v_clear;
#endif
#ifdef EVENTS
	if
#ifdef BUG_OLD_IS_NEW
	:: need(used_event, next_used, next_used) -> interrupt = 1
#else
	:: need(used_event, next_used, old) -> interrupt = 1
#endif
	:: else
	fi
#else
	if
	:: !no_interrupt -> interrupt = 1
	:: else
	fi
#endif
}

inline give_back()
{
	v_element[next_used] = 1;
#ifndef BUG_NO_RELEASE
	v_ring_clear;
#endif
	atomic { next_used++; v_used_to = next_used; v_used = 1 }
}

/* vring_missed() */
inline missed(more)
{
	more = 0;
#ifndef RECEIVE
#ifdef EVENTS
	atomic { v_event_to = next_available; v_event = 1 };
#ifndef BUG_NO_FENCE_AFTER_AVAIL_EVENT
	v_clear;
#endif
#endif
#ifndef BUG_NOT_READ_AGAIN
	more = avail != next_available
#endif
#endif
}

active proctype device()
{
	short next_used, old, before;
	bit more;

end_asleep:
	do
	:: atomic {
#ifdef RECEIVE
		avail != next_available ->
#else
		notified || mail ->
#endif
#ifdef BUG_NOTIFIED_CLEARED_LATE
		skip
#else
		notified = 0; mail = 0
#endif
		};
		old = next_used;
		do
		:: atomic { avail != next_available -> assert(ring[next_available]); next_available++ };
			give_back();
#ifdef BATCH
			break
#endif
		:: avail == next_available -> break
		od;
		missed(more);
#ifndef BUG_NO_MAIL_FOR_REST
		if
		:: more -> mail = 1
		:: else
		fi;
#endif
		if
		:: next_used != old -> wants_interrupt(old)
		:: else
		fi
#ifdef BUG_NOTIFIED_CLEARED_LATE
		; atomic { notified = 0; mail = more }
#endif
	od
}

/* ---- in the end ---- */

/* When nothing moves any more, all buffers came back, and the driver has seen it. */
active proctype judge()
{
end:	timeout ->
	assert(made == BUFFERS && seen == BUFFERS && next_available == BUFFERS)
}
