/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fills a struct problem and passes it to the reporter: the firmware's console, the host command, a
 * test. Formatting is the same everywhere.
 */
#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/plan/problem.h"

/* As much of text as fits, ending in "..." where something was cut. */
static void copy_cut(char *out, size_t size, const char *text)
{
	if (fmt_str(out, size, "%s", text) < strlen(text) && size > 3)
		memcpy(out + size - 4, "...", 3);
}

/* Names come from trees that are not trusted: control characters in them must not reach a terminal. */
static void make_printable(char *text)
{
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

static void hand_over(struct reporter *r, struct problem *p, const char *path, const char *prop,
		      const char *format, va_list ap)
{
	copy_cut(p->path, sizeof(p->path), path);
	copy_cut(p->prop, sizeof(p->prop), prop);
	fmt_vstr(p->text, sizeof(p->text), format, ap);
	make_printable(p->path);
	make_printable(p->prop);
	make_printable(p->text);
	if (r->report)
		r->report(r, p);
}

void problem_report(struct reporter *r, enum problem_code code, bool in_config, const char *path,
		    const char *prop, const char *format, ...)
{
	struct problem p = { .code = code, .in_config = in_config };
	va_list ap;

	r->count++;
	va_start(ap, format);
	hand_over(r, &p, path, prop, format, ap);
	va_end(ap);
}

void problem_note(struct reporter *r, bool in_config, const char *path, const char *prop,
		  const char *format, ...)
{
	struct problem p = { .code = PROBLEM_NOTE, .in_config = in_config };
	va_list ap;

	va_start(ap, format);
	hand_over(r, &p, path, prop, format, ap);
	va_end(ap);
}

const char *problem_name(enum problem_code code)
{
	static const char *const names[] = {
#define PROBLEM(code, name) [PROBLEM_##code] = name,
#include "hyp/plan/problem.def"
#undef PROBLEM
	};

	return code < NR_PROBLEMS ? names[code] : "unknown";
}

size_t problem_format(char *buf, size_t size, const struct problem *p)
{
	const char *colon = p->prop[0] ? ": " : "";

	if (p->code == PROBLEM_NOTE)
		return fmt_str(buf, size, "%s: %s%snote: %s", p->path, p->prop, colon, p->text);
	return fmt_str(buf, size, "%s: %s%s%s [%s]", p->path, p->prop, colon, p->text,
		       problem_name(p->code));
}
