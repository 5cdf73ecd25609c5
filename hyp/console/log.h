/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's log: its last lines, as text, and the lines that are not formatted yet. The hart that logs a line
 * leaves a record of it: the format and its arguments. The hart that reads the log formats it. So a line that a guest
 * causes costs its exit some 100 instructions, however long the line is.
 *
 * Locks: the log's, of readers and of log_text(); the one of the records, of any hart, held for a copy of one record.
 * The first is taken before the second.
 */
#ifndef HYP_CONSOLE_LOG_H
#define HYP_CONSOLE_LOG_H

#include "hyp/plan/plan.h"

#define LOG_VALUES	6	/* arguments that a line can have */

/* The log is empty. At boot. */
void log_init(void);

/*
 * One line, without newline, of a format of fmt.h and n arguments, each as 64 bits. The format and the strings that it
 * names are never changed: they are read later. If too many records wait, the line is left out and counted. Any hart.
 */
void log_record(const char *format, uint32_t n, const uint64_t *values);

/*
 * n lines as one record, none if n is 0. When it is read, write formats line i of them, without newline, and returns
 * its length; about is passed on. It is called with the log's lock held.
 */
typedef size_t log_write_fn(char *text, size_t size, uint64_t about, uint64_t i);
void log_lines(log_write_fn *write, uint64_t about, uint64_t n);

/* One line, without newline, that is text already. Not in an exit: it formats all records. */
void log_text(const char *text);

/*
 * The order of the log and the guests' output. NULL: no record is pending. Otherwise the oldest one's list, by guest,
 * of the bytes that it had ever written to its console when that line was logged. The caller is the only reader.
 */
const uint32_t *log_behind(void);

/* Whether text behind that place is formatted and not read. */
bool log_has_text(uint32_t at);

/*
 * Up to n bytes of the log from *at on, which moves; *lost: bytes that were overwritten before. It formats at most one
 * line.
 */
uint32_t log_read(uint32_t *at, char *to, uint32_t n, uint32_t *lost);

/* The oldest place that the log still has, and the one behind its last byte. Formats all records. */
uint32_t log_start(void);
uint32_t log_end(void);

/* Checks the arguments of log_line() at compile time. */
static inline void __printf(1, 2) log_check(const char *format, ...) { (void)format; }

/* log_record() of arguments of any integer type, and strings. */
#define LOG_0(...)
#define LOG_1(x)	(uint64_t)(x)
#define LOG_2(x, ...)	(uint64_t)(x), LOG_1(__VA_ARGS__)
#define LOG_3(x, ...)	(uint64_t)(x), LOG_2(__VA_ARGS__)
#define LOG_4(x, ...)	(uint64_t)(x), LOG_3(__VA_ARGS__)
#define LOG_5(x, ...)	(uint64_t)(x), LOG_4(__VA_ARGS__)
#define LOG_6(x, ...)	(uint64_t)(x), LOG_5(__VA_ARGS__)
#define LOG_PICK(_0, _1, _2, _3, _4, _5, _6, name, ...)	name
#define LOG_CAST(...) \
	LOG_PICK(_0 __VA_OPT__(,) __VA_ARGS__, LOG_6, LOG_5, LOG_4, LOG_3, LOG_2, LOG_1, LOG_0)(__VA_ARGS__)

#define log_line(format, ...) do { \
	const uint64_t log_values[LOG_VALUES] = { LOG_CAST(__VA_ARGS__) }; \
	if (0) \
		log_check(format __VA_OPT__(,) __VA_ARGS__); \
	log_record(format, LOG_PICK(_0 __VA_OPT__(,) __VA_ARGS__, 6, 5, 4, 3, 2, 1, 0), log_values); \
} while (0)

#endif
