/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints problems: for a person, one a line on standard error in the form of compilers,
 * FILE:LINE: NODE: PROPERTY: what is wrong [code]; or all of them as JSON, for a program. The words
 * are hyp/plan's, so that a boot prints the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/tool.h"

/* The files that the problems refer to; struct reporter has no place for them. */
static const char *host_file, *config_file;
static struct places *host_places, *config_places;
static bool quiet;

static struct problem *kept;
static size_t nr_kept;

static bool is_source(const char *path)
{
	size_t n = strlen(path);

	return n > 4 && !strcmp(path + n - 4, ".dts");
}

/* File and line of a problem; line 0: not known. */
static const char *locate(const struct problem *p, unsigned *line)
{
	const char *path = p->in_config ? config_file : host_file, *file;
	struct places **places = p->in_config ? &config_places : &host_places;

	*line = 0;
	if (!is_source(path))
		return path;
	if (!*places)
		*places = places_of(path);
	file = places_find(*places, p->path, p->prop, line);
	return file ? file : path;
}

static void print(const struct problem *p)
{
	char text[600];
	unsigned line;
	const char *file = locate(p, &line);

	problem_format(text, sizeof(text), p);
	fflush(stdout);
	if (line)
		fprintf(stderr, "%s:%u: %s\n", file, line, text);
	else
		fprintf(stderr, "%s: %s\n", file, text);
}

static void keep(struct reporter *r, const struct problem *p)
{
	(void)r;
	if (!quiet) {
		print(p);
		return;
	}
	kept = realloc(kept, (nr_kept + 1) * sizeof(*kept));
	if (!kept)
		die("no memory for problems");
	kept[nr_kept++] = *p;
}

struct reporter report_begin(const char *host, const char *config, bool json)
{
	host_file = host;
	config_file = config;
	config_places = NULL;
	quiet = json;
	return (struct reporter){ keep, 0 };
}

static void print_json(const struct problem *p)
{
	unsigned line;
	const char *file = locate(p, &line);

	json_open(NULL, '{');
	json_text("severity", p->code == PROBLEM_NOTE ? "note" : "error");
	json_text("code", problem_name(p->code));
	json_text("file", file);
	if (line)
		json_number("line", line);
	json_text("tree", p->in_config ? "config" : "host");
	json_text("node", p->path);
	json_text("property", p->prop[0] ? p->prop : NULL);
	json_text("message", p->text);
	json_close('}');
}

void report_json(void)
{
	json_open("problems", '[');
	for (size_t i = 0; i < nr_kept; i++)
		print_json(&kept[i]);
	json_close(']');
}

void report_summary(unsigned count)
{
	if (count && !quiet)
		fprintf(stderr, "%u problem%s\n", count, count == 1 ? "" : "s");
}
