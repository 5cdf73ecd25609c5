/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Self-checking tests. A test is a function; every expectation in it that does not hold prints
 * `FAIL <test>: <what> (file:line)`, and the test prints `ok <test>` only if all held. At the
 * end comes `done: N passed, N failed`.
 * Natively the firmware is OpenSBI, which is no oracle for edge cases: EXPECT_OURS and
 * EXPECT_SPEC then print `note <test>: ...` in place of a failure.
 */
#ifndef GUESTS_LIB_CHECK_H
#define GUESTS_LIB_CHECK_H

#include <stdbool.h>
#include "guests/lib/sbi.h"

struct test {
	const char *name;
	void (*fn)(void);
};

/* Run those tests whose name starts with bootargs' test.only (all, without it). */
void check_run(const struct test *tests, unsigned int n);
/* Print the counts. */
void check_summary(void);

bool check_expect(bool held, bool hard, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* The running test cannot be made here; prints `skip <test>: why`. */
void check_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void check_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Must hold everywhere. The value is the condition. */
#define EXPECT(cond, ...)	check_expect((cond), true, __FILE__, __LINE__, __VA_ARGS__)
/* Must hold in a partition; natively the machine itself may answer differently. */
#define EXPECT_OURS(cond, ...)	check_expect((cond), !sbi.opensbi, __FILE__, __LINE__, __VA_ARGS__)
/* The SBI specification asks for it; some OpenSBI versions return another error. */
#define EXPECT_SPEC(cond, ...)	EXPECT_OURS(cond, __VA_ARGS__)

#endif
