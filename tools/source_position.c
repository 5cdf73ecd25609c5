/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in its sources a node or a property stands. dtc knows: it prints a tree with the place of
 * each line (-T -T), includes and preprocessed sources (# line marks) included. Here that text is
 * read back into a table of paths. A compiled tree has no lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/tool.h"

struct place {
	char *node;		/* path, "/" for the root */
	char *prop;		/* "" for the node itself */
	char *file;
	unsigned line;
};

struct places {
	size_t count, room;
	struct place *list;
};

static char *copy(const char *text, size_t size)
{
	char *s = need_memory(size + 1);

	memcpy(s, text, size);
	return s;
}

static void add(struct places *p, const char *node, const char *prop, size_t prop_size,
		const char *comment)
{
	const char *colon = comment ? strchr(comment, ':') : NULL;
	struct place *place;

	if (!colon)
		return;
	if (p->count == p->room) {
		p->room = p->room ? 2 * p->room : 64;
		p->list = realloc(p->list, p->room * sizeof(*p->list));
		if (!p->list)
			die("no memory for the places of a tree");
	}
	place = &p->list[p->count++];
	place->node = copy(node[0] ? node : "/", node[0] ? strlen(node) : 1);
	place->prop = copy(prop, prop_size);
	place->file = copy(comment, colon - comment);
	place->line = strtoul(colon + 1, NULL, 10);
}

/* "LABEL: " in front of a name, as often as there is one. */
static const char *skip_labels(const char *text)
{
	const char *colon;

	while ((colon = strstr(text, ": ")) && colon < text + strcspn(text, " ={;\""))
		text = colon + 2;
	return text;
}

/* Cuts the comment with FILE:LINE:... off a line and returns what is in it; NULL: there is none. */
static const char *cut_comment(char *line)
{
	char *at = NULL, *next = line;

	while ((next = strstr(next, " /* ")))
		at = next++;
	if (!at || !strstr(at, " */"))
		return NULL;
	*at = 0;
	return at + 4;
}

/* One line of dtc's output; path is that of the node around it and changes with it. */
static void read_line(struct places *p, char *line, char *path, size_t room)
{
	const char *comment = cut_comment(line), *text = line + strspn(line, "\t ");
	size_t n = strlen(text), at = strlen(path);

	text = skip_labels(text);
	n = strlen(text);
	if (text[0] == '}') {
		*(strrchr(path, '/') ? strrchr(path, '/') : path) = 0;
	} else if (n > 1 && text[n - 1] == '{' && text[0] == '/') {
		path[0] = 0;
		add(p, path, "", 0, comment);
	} else if (n > 2 && text[n - 1] == '{') {
		snprintf(path + at, room - at, "/%.*s", (int)(n - 2), text);
		add(p, path, "", 0, comment);
	} else if (n > 1 && text[n - 1] == ';' && text[0] != '/') {
		add(p, path, text, strcspn(text, " =;"), comment);
	}
}

struct places *places_of(const char *source)
{
	struct blob text = annotated_source(source);
	struct places *p = need_memory(sizeof(*p));
	char path[4096] = "", *end = (char *)text.data + text.size, *next;

	for (char *line = (char *)text.data; line < end; line = next) {
		next = memchr(line, '\n', end - line);
		if (!next)
			break;
		*next++ = 0;
		read_line(p, line, path, sizeof(path));
	}
	free(text.data);
	return p;
}

static const struct place *look_up(const struct places *p, const char *node, const char *prop)
{
	for (size_t i = 0; i < p->count; i++) {
		if (!strcmp(p->list[i].node, node) && !strcmp(p->list[i].prop, prop))
			return &p->list[i];
	}
	return NULL;
}

/* The property, or else its node, or else what is around that. */
const char *places_find(const struct places *p, const char *node, const char *prop, unsigned *line)
{
	const struct place *found = look_up(p, node, prop);
	char path[4096], *slash;

	snprintf(path, sizeof(path), "%s", node);
	while (!found) {
		found = look_up(p, path, "");
		slash = strrchr(path, '/');
		if (found || !slash || !path[1])
			break;
		*(slash == path ? slash + 1 : slash) = 0;
	}
	if (!found)
		return NULL;
	*line = found->line;
	return found->file;
}
