/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's log; see log.h. */
#include "hyp/console/log.h"

#include "hyp/base/fmt.h"
#include "hyp/base/ring.h"
#include "hyp/riscv/lock.h"
#include "hyp/console/console.h"

#define TEXT_SIZE	16384u	/* the last lines */
#define NR_RECORDS	64u	/* that wait */

struct record {
	const char *format;
	log_write_fn *write;	/* or NULL; then the values are: what it is about, the next line, the number of lines */
	uint64_t values[LOG_VALUES];
	uint32_t behind[MAX_VMS];
};

static struct {
	struct lock lock;
	/* lock protects: */
	uint32_t head;		/* bytes ever written */
	char text[TEXT_SIZE];
} history __attribute__((section(".noinit")));	/* log_init() */

static struct {
	struct lock lock;
	/* lock protects: */
	uint32_t head;		/* records ever written; also read without the lock */
	uint32_t tail;		/* and formatted; written under the log's lock, too */
	uint32_t left_out;	/* lines that found no room, and that was not reported yet */
	struct record ring[NR_RECORDS];	/* that of the tail is the reader's, under the log's lock */
} records __attribute__((section(".noinit")));	/* log_init() */

__boot void log_init(void)
{
	history.lock = records.lock = (struct lock){ 0 };
	history.head = records.head = records.tail = records.left_out = 0;
}

static void add_record(const char *format, log_write_fn *write, uint32_t n, const uint64_t *values)
{
	struct record *r;

	lock_acquire(&records.lock);
	if (records.head - records.tail == NR_RECORDS) {
		records.left_out++;
	} else {
		r = &records.ring[records.head % NR_RECORDS];
		r->format = format;
		r->write = write;
		for (uint32_t i = 0; i < n; i++)
			r->values[i] = values[i];
		console_written(r->behind);
		__atomic_store_n(&records.head, records.head + 1, __ATOMIC_RELEASE);
	}
	lock_release(&records.lock);
}

void log_record(const char *format, uint32_t n, const uint64_t *values)
{
	add_record(format, NULL, n, values);
}

void log_lines(log_write_fn *write, uint64_t about, uint64_t n)
{
	const uint64_t values[] = { about, 0, n };

	if (n)
		add_record(NULL, write, ARRAY_LEN(values), values);
}

/* The reader's: the oldest record, or NULL. */
static struct record *oldest(void)
{
	if (__atomic_load_n(&records.head, __ATOMIC_ACQUIRE) == __atomic_load_n(&records.tail, __ATOMIC_RELAXED))
		return NULL;
	return &records.ring[records.tail % NR_RECORDS];
}

const uint32_t *log_behind(void)
{
	const struct record *r = oldest();

	return r ? r->behind : NULL;
}

bool log_has_text(uint32_t at)
{
	return __atomic_load_n(&history.head, __ATOMIC_ACQUIRE) != at;
}

/* Under the log's lock. text has room for one byte more. */
static void append(char *text, uint32_t n)
{
	text[n++] = '\n';
	ring_copy_in(history.text, TEXT_SIZE, history.head, text, n);
	__atomic_store_n(&history.head, history.head + n, __ATOMIC_RELEASE);
}

/* Under the log's lock. Returns how many lines were left out behind the oldest record, which goes. */
static uint32_t drop_oldest(void)
{
	uint32_t left_out = 0;

	lock_acquire(&records.lock);
	__atomic_store_n(&records.tail, records.tail + 1, __ATOMIC_RELAXED);
	if (records.head == records.tail) {
		left_out = records.left_out;
		records.left_out = 0;
	}
	lock_release(&records.lock);
	return left_out;
}

/* Under the log's lock: the next line of the oldest record becomes text. False: there is no record. */
static bool format_one(void)
{
	char text[CONSOLE_LINE + 1];
	struct record *r = oldest();
	uint32_t left_out;

	if (!r)
		return false;
	if (r->write) {
		append(text, (uint32_t)r->write(text, CONSOLE_LINE, r->values[0], r->values[1]));
		if (++r->values[1] < r->values[2])
			return true;
	} else {
		append(text, (uint32_t)fmt_values(text, CONSOLE_LINE, r->format, r->values));
	}
	left_out = drop_oldest();
	if (left_out)
		append(text, (uint32_t)fmt_str(text, CONSOLE_LINE, "%u more lines of the log are left out", left_out));
	return true;
}

/* What comes in meanwhile is the next reader's. */
static void format_all(void)
{
	uint32_t end = __atomic_load_n(&records.head, __ATOMIC_ACQUIRE);

	while (records.tail != end && format_one())
		;
}

void log_text(const char *text)
{
	char line[CONSOLE_LINE + 1];
	uint32_t n = (uint32_t)strnlen(text, CONSOLE_LINE - 1);

	memcpy(line, text, n);
	lock_acquire(&history.lock);
	format_all();
	append(line, n);
	lock_release(&history.lock);
}

uint32_t log_read(uint32_t *at, char *to, uint32_t n, uint32_t *lost)
{
	uint32_t left;

	*lost = 0;
	if (!log_has_text(*at) && !oldest())
		return 0;
	lock_acquire(&history.lock);
	if (history.head == *at)
		format_one();
	left = history.head - *at;
	if (left > TEXT_SIZE) {
		*lost = left - TEXT_SIZE;
		*at += *lost;
		left = TEXT_SIZE;
	}
	n = n < left ? n : left;
	ring_copy_out(to, history.text, TEXT_SIZE, *at, n);
	*at += n;
	lock_release(&history.lock);
	return n;
}

uint32_t log_end(void)
{
	uint32_t head;

	lock_acquire(&history.lock);
	format_all();
	head = history.head;
	lock_release(&history.lock);
	return head;
}

uint32_t log_start(void)
{
	uint32_t head = log_end();

	return head > TEXT_SIZE ? head - TEXT_SIZE : 0;
}
