/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many sources of lines on one terminal; see mux.h. All text goes through a stage, from which the device takes what
 * it can. Lock: mux.lock.
 */
#include "hyp/terminal/mux.h"

#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/console/console.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/lock.h"
#include "hyp/terminal/answer.h"
#include "hyp/terminal/line.h"
#include "hyp/terminal/raw.h"
#include "hyp/terminal/stage.h"

_Static_assert(CONSOLE_LINE == LINE_SIZE, "both are the longest line");

#define TURN_BUDGET	256u	/* bytes of one source before the next one has its turn */
/* bytes of all sources in one poll from a guest's hart: twice what a UART takes at once */
#define POLL_BUDGET	32u

struct source {
	const char *name;
	uint8_t colour;		/* SGR parameter */
	bool linked;		/* has text to offer at all */
	uint32_t at;		/* MUX_LOG: the first byte of the log that was not read yet */
	uint32_t reported;	/* dropped bytes that the log has reported, */
	uint64_t reported_at;	/* and when; ticks */
	uint32_t next, n;	/* of chunk */
	uint8_t chunk[64];
	struct line line;
};

static struct {
	struct lock lock;
	/* lock protects: */
	const struct console_device *device;
	bool colour;
	bool keys;		/* something can be typed */
	struct source sources[MUX_SOURCES];
	uint32_t turn;		/* round-robin: the source that is served */
	uint32_t focus;
	bool solo;		/* of the guests, only the one in focus is shown */
	bool raw;		/* the guest in focus has the terminal alone; all other text waits */
	struct raw filter;	/* of that guest's text */
	enum { ASKS_NOTHING, ASKS, ANSWERED } ask;	/* ANSWERED until the monitor's line has ended */
	uint32_t on_screen;	/* the source whose unfinished line the terminal shows, or NO_SOURCE */
	uint32_t notify;
	uint32_t budget;	/* bytes of all sources that one service moves */
	uint32_t left;		/* bytes of the turn in progress */
} mux __attribute__((section(".noinit")));	/* mux_init() */

#define NO_SOURCE	MUX_SOURCES

static uint64_t second;		/* ticks; constant after mux_use() */

/* ---- lines ---- */

static void add_mark(const struct source *s)
{
	char text[VM_NAME_LEN + 24];

	if (mux.colour)
		fmt_str(text, sizeof(text), "\x1b[%um[%s]\x1b[0m ", s->colour, s->name);
	else
		fmt_str(text, sizeof(text), "[%s] ", s->name);
	stage_add_text(text);
}

/* The source whose unfinished line is shown as it grows, or NO_SOURCE. */
static uint32_t visible_source(void)
{
	return mux.ask == ASKS_NOTHING ? mux.focus : MUX_MONITOR;
}

/* Moves the terminal's cursor to the start of an empty line. */
static void leave_line(void)
{
	if (mux.on_screen == NO_SOURCE)
		return;
	stage_add_text(mux.colour ? "\r\x1b[0m\x1b[K" : "\n");
	mux.on_screen = NO_SOURCE;
}

/* Shows a line that is not finished, with the cursor where the source has it. */
static void show(uint32_t i)
{
	struct source *s = &mux.sources[i];

	leave_line();
	add_mark(s);
	stage_add(s->line.text, s->line.len);
	for (uint32_t back = s->line.len; back > s->line.col; back--)
		stage_add_byte('\b');
	mux.on_screen = i;
}

/* Its lines are read, so that its ring has room and its next line begins where one begins, but not shown. */
static bool is_hidden(uint32_t i)
{
	return mux.solo && i < MAX_VMS && i != mux.focus;
}

static void end_line(uint32_t i)
{
	struct source *s = &mux.sources[i];

	if (is_hidden(i)) {
		line_begin(&s->line);
		return;
	}
	if (mux.on_screen != i) {
		leave_line();
		add_mark(s);
		stage_add(s->line.text, s->line.len);
	} else if (mux.colour && s->line.coloured) {
		stage_add_text("\x1b[0m");
	}
	stage_add("\n", 1);
	mux.on_screen = NO_SOURCE;
	if (i == MUX_MONITOR && mux.ask == ANSWERED)
		mux.ask = ASKS_NOTHING;
	line_begin(&s->line);
}

/* One byte of a source. True if a line has ended. */
static bool feed(uint32_t i, uint8_t byte)
{
	struct source *s = &mux.sources[i];
	char out[LINE_OUT];
	uint32_t n;
	enum line_event event = line_feed(&s->line, byte, out, &n);

	if (event == LINE_FULL) {
		end_line(i);
		event = line_feed(&s->line, byte, out, &n);
	}
	if (event == LINE_END) {
		end_line(i);
		return true;
	}
	if (mux.on_screen != i && (i != visible_source() || !s->line.len))
		return false;
	if (mux.on_screen != i) {
		show(i);
	} else {
		if (event == LINE_RETURN) {
			stage_add_text("\r");
			add_mark(s);
		}
		if (n && (out[0] != '\x1b' || mux.colour))
			stage_add(out, n);
	}
	return false;
}

/*
 * At most max (not 0) of the next bytes of a source that has text: plain ones all at once. Returns how many; *ended is
 * set to whether a line has ended, if it was not a plain one.
 */
static uint32_t step(uint32_t i, uint32_t max, bool *ended)
{
	struct source *s = &mux.sources[i];
	const uint8_t *from = s->chunk + s->next;
	uint32_t n = s->n - s->next;

	n = line_take(&s->line, from, n < max ? n : max);
	if (!n) {
		s->next++;
		*ended = feed(i, *from);
		return 1;
	}
	s->next += n;
	if (mux.on_screen == i)
		stage_add((const char *)from, n);
	else if (i == visible_source())
		show(i);
	return n;
}

/* ---- sources ---- */

/*
 * How many of n bytes that a guest has written may be shown: the log's next line comes behind what was written before
 * it, and before the rest. The caller has read n before.
 */
static uint32_t before_log(uint32_t vm, uint32_t n)
{
	const struct source *log = &mux.sources[MUX_LOG];
	const uint32_t *behind = log_behind();
	int32_t left;

	if (log->next < log->n || log_has_text(log->at))
		return 0;
	left = behind ? (int32_t)(behind[vm] - console_fetched(vm)) : INT32_MAX;
	return left < 0 ? 0 : (uint32_t)left < n ? (uint32_t)left : n;
}

/* Whether a guest has text that comes before the log's next line. */
static bool log_waits(void)
{
	const uint32_t *behind = log_has_text(mux.sources[MUX_LOG].at) ? NULL : log_behind();

	for (uint32_t i = 0; behind && i < MAX_VMS; i++)
		if (mux.sources[i].linked && (mux.sources[i].next < mux.sources[i].n ||
					      (int32_t)(behind[i] - console_fetched(i)) > 0))
			return true;
	return false;
}

static bool refill(uint32_t i)
{
	struct source *s = &mux.sources[i];
	uint32_t lost = 0;

	s->next = 0;
	if (i == MUX_LOG && log_waits()) {
		s->n = 0;
	} else if (i == MUX_LOG) {
		s->n = log_read(&s->at, (char *)s->chunk, sizeof(s->chunk), &lost);
		if (lost) {	/* the device is that slow; what was just read comes next time */
			s->at -= s->n;
			s->n = (uint32_t)fmt_str((char *)s->chunk, sizeof(s->chunk),
						 "\n%u bytes of the log are not shown\n", lost);
		}
	} else if (i == MUX_MONITOR) {
		s->n = answer_take(s->chunk, sizeof(s->chunk));
	} else {
		s->n = mux.raw ? console_waiting(i) : before_log(i, console_waiting(i));
		s->n = console_fetch(i, s->chunk, s->n < sizeof(s->chunk) ? s->n : sizeof(s->chunk));
	}
	return s->n != 0;
}

static bool has_text(uint32_t i)
{
	struct source *s = &mux.sources[i];

	return s->linked && (s->next < s->n || refill(i));
}

/* At most once a second for each guest, a line about bytes that its ring had no room for. */
static void report_dropped(uint32_t i)
{
	struct source *s = &mux.sources[i];
	uint32_t dropped = i < MAX_VMS && s->linked ? console_dropped(i) : 0;
	uint64_t now;

	if (dropped == s->reported)
		return;
	now = csr_read(CSR_TIME);
	if (s->reported_at && now - s->reported_at < second)
		return;
	console_log("vm %s: %u bytes of its console output dropped", s->name, dropped - s->reported);
	s->reported = dropped;
	s->reported_at = now;
}

enum turn { TURN_EMPTY, TURN_OVER, TURN_GOES_ON };

/*
 * Continues the turn of a source: one line of it, or what there is, or TURN_BUDGET bytes of a longer one. Empty:
 * there was nothing. The turn continues next time if *budget has ended before it.
 */
static enum turn take_turn(uint32_t i, uint32_t *budget)
{
	bool ended = false;
	uint32_t n;

	report_dropped(i);
	if (!has_text(i))
		return TURN_EMPTY;
	while (!ended && mux.left && stage_make_room() && has_text(i)) {
		if (!*budget)
			return TURN_GOES_ON;
		n = step(i, mux.left < *budget ? mux.left : *budget, &ended);
		mux.left -= n;
		*budget -= n;
	}
	return TURN_OVER;
}

/* What the guest that has the terminal alone has written. */
static void fill_raw(void)
{
	struct source *s = &mux.sources[mux.focus];
	char out[RAW_OUT];

	for (uint32_t budget = mux.budget; budget && stage_make_room() && has_text(mux.focus); budget--) {
		uint32_t n = raw_feed(&mux.filter, s->chunk[s->next++], out);

		stage_add_bytes(out, n);
	}
}

/* Moves lines to the stage as long as there is room, the source in focus last of all showing what it has begun. */
static void fill(void)
{
	uint32_t idle = 0, budget = mux.budget;

	if (mux.raw) {
		fill_raw();
		return;
	}
	for (uint32_t n = 0; n < 2 * MUX_SOURCES && idle < MUX_SOURCES && stage_make_room(); n++) {
		enum turn turn = take_turn(mux.turn, &budget);

		if (turn == TURN_GOES_ON)
			return;
		idle = turn == TURN_EMPTY ? idle + 1 : 0;
		mux.turn = (mux.turn + 1) % MUX_SOURCES;
		mux.left = TURN_BUDGET;
	}
	if (idle == MUX_SOURCES && mux.on_screen == NO_SOURCE && visible_source() != NO_SOURCE &&
	    mux.sources[visible_source()].line.len && stage_make_room())
		show(visible_source());
}

static bool anything_waits(void)
{
	if (mux.raw)
		return has_text(mux.focus);
	for (uint32_t i = 0; i < MUX_SOURCES; i++)
		if (has_text(i))
			return true;
	return false;
}

/* ---- turns of several harts ---- */

/* One line, or TURN_BUDGET bytes of a longer one. True if there is more. */
static bool drain_turn(uint32_t source)
{
	uint32_t left = TURN_BUDGET;
	bool ended = false;

	while (!ended && left && has_text(source))
		left -= step(source, left, &ended);
	stage_push_all();
	return has_text(source);
}

void mux_drain(uint32_t source)
{
	lock_acquire(&mux.lock);
	while (drain_turn(source))
		;
	lock_release(&mux.lock);
}

bool mux_try_lock(void)
{
	return lock_try(&mux.lock);
}

void mux_unlock(void)
{
	lock_release(&mux.lock);
}

bool mux_move(bool *pending, uint32_t *notify)
{
	bool taken, more;

	fill();
	taken = stage_push();
	more = anything_waits();
	*pending = stage_is_pending() || more;
	if (mux.device->interrupts)
		mux.device->interrupts(mux_has_input(), stage_is_pending());
	*notify = mux.notify;
	mux.notify = 0;
	return taken && *pending;
}

void mux_finish(uint64_t deadline)
{
	lock_acquire(&mux.lock);
	mux_set_raw(false);
	while (csr_read(CSR_TIME) < deadline && (stage_is_pending() || anything_waits())) {
		fill();
		stage_push();
	}
	leave_line();
	while (csr_read(CSR_TIME) < deadline && stage_is_pending())
		stage_push();
	lock_release(&mux.lock);
}

bool mux_has_input(void)
{
	return mux.keys;
}

/* ---- the monitor's side ---- */

void mux_ask(void)
{
	mux.ask = ASKS;
}

/* It stays live until the mux comes to the end of that line. */
void mux_answered(void)
{
	answer_put("\n", 1);
	mux.ask = ANSWERED;
}

bool mux_asks(void)
{
	return mux.ask == ASKS;
}

uint32_t mux_focus(void)
{
	return mux.focus;
}

/* A guest's prompt stays visible; the end of the monitor's line is being written. */
void mux_set_focus(uint32_t source)
{
	if (mux.on_screen == mux.focus && mux.on_screen < MAX_VMS && source != mux.focus) {
		stage_add("\n", 1);
		mux.on_screen = NO_SOURCE;
	}
	mux.focus = source;
}

bool mux_toggle_solo(void)
{
	mux.solo = !mux.solo;
	return mux.solo;
}

bool mux_is_raw(void)
{
	return mux.raw;
}

bool mux_set_raw(bool on)
{
	if (on == mux.raw || !mux.colour || mux.focus >= MAX_VMS)
		return on == mux.raw;
	leave_line();
	line_begin(&mux.sources[mux.focus].line);
	if (on)
		add_mark(&mux.sources[MUX_MONITOR]);
	stage_add_text(on ? "only the guest in focus has the terminal now: Ctrl-] ! ends that\n" : RAW_RESET);
	for (const char *c = on ? "" : raw_unfinished(&mux.filter); *c; c++)
		feed(mux.focus, (uint8_t)*c);
	raw_begin(&mux.filter);
	mux.raw = on;
	return true;
}

void mux_type(uint32_t vm, uint8_t byte)
{
	if (console_type(vm, byte))
		mux.notify |= 1u << vm;
}

/* ---- boot ---- */

static __boot void link_source(uint32_t i, const char *name, uint8_t colour)
{
	mux.sources[i].name = name;
	mux.sources[i].colour = colour;
	mux.sources[i].linked = true;
}

__boot void mux_init(const struct console_device *d)
{
	memset(&mux, 0, sizeof(mux));
	stage_init(d);
	answer_init();
	mux.device = d;
	mux.focus = mux.on_screen = NO_SOURCE;
	mux.budget = UINT32_MAX;
	mux.left = TURN_BUDGET;
	link_source(MUX_LOG, "bulkhead", 36);
}

__boot void mux_use(const struct plan *plan, const struct console_device *d)
{
	static const uint8_t colours[MAX_VMS] = { 32, 33, 35, 34, 92, 93, 95, 94 };

	mux.device = d;
	stage_set_device(d);
	mux.colour = plan->console.colour;
	mux.keys = d->get && plan->console.drive != CONSOLE_DIRECT;
	mux.budget = plan->console.drive == CONSOLE_OWN_HART ? UINT32_MAX : POLL_BUDGET;
	second = plan->timebase_hz;
	for (uint32_t i = 0; i < plan->nr_vms; i++)
		link_source(i, plan->vms[i].name, colours[i]);
	link_source(MUX_MONITOR, "monitor", 36);
	if (mux.keys)
		mux.focus = 0;
}
