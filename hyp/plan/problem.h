/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Problems of a host device tree or a configuration, as text for a person. Every refusal
 * goes through problem_report(). The planner continues after a problem as far as it can, so that all
 * of them are reported at once; nothing boots if there was any.
 */
#ifndef HYP_PLAN_PROBLEM_H
#define HYP_PLAN_PROBLEM_H

#include "hyp/base/types.h"

/* One code for each kind of refusal; the names in problem_name() are stable, for scripts. The codes
 * are defined in problem.def as PROBLEM(CODE, "stable-name"). */
enum problem_code {
#define PROBLEM(code, name) PROBLEM_##code,
#include "hyp/plan/problem.def"
#undef PROBLEM
	NR_PROBLEMS
};

struct problem {
	enum problem_code code;
	bool in_config;		/* the node is of the configuration; otherwise of the host's tree */
	char path[128];		/* node path, "/" if none; cut with "..." if longer */
	char prop[32];		/* property, "" if the node itself */
	char text[256];		/* what is wrong, the other party, the remedy; one line */
};

struct reporter {
	void (*report)(struct reporter *r, const struct problem *p);
	unsigned count;		/* problems so far, notes apart; zeroed by the owner */
};

/*
 * Counts a problem, and passes it to r->report unless that is NULL; p is valid during that call. in_config: path is a
 * node of the configuration, otherwise of the host's tree; prop: its property, "" for the node itself. What is too long
 * for struct problem is cut: path and prop visibly, with "...", the text at its end. Letters that are not printable
 * ASCII become '?': all three may come from a tree. The format is fmt_str()'s. No errors.
 */
void problem_report(struct reporter *r, enum problem_code code, bool in_config, const char *path,
		    const char *prop, const char *format, ...) __printf(6, 7);

/*
 * A note that a person should read although nothing is refused: reported with the code
 * PROBLEM_NOTE, and not counted. Otherwise as problem_report().
 */
void problem_note(struct reporter *r, bool in_config, const char *path, const char *prop,
		  const char *format, ...) __printf(5, 6);

/* The stable name, as "memory-overlap"; "unknown" for any other value. Never NULL. */
const char *problem_name(enum problem_code code);

/*
 * "PATH: PROP: TEXT [name]", a note as "PATH: PROP: note: TEXT": one line for consoles and logs.
 * Into size bytes (more than 0) at buf, terminated, cut if longer. Returns the length stored, without the 0.
 */
size_t problem_format(char *buf, size_t size, const struct problem *p);

#endif
