/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON (RFC 8259) to standard output, one value a line. Addresses are strings of hexadecimal
 * digits: many readers hold only 53 bits of a number.
 */
#include <stdio.h>

#include "tools/tool.h"

static unsigned depth;
static bool begun;	/* the object or array is not empty */

static void text(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		unsigned char c = *s;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < ' ' || c > '~')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void start(const char *key)
{
	if (depth)
		fputs(begun ? ",\n" : "\n", stdout);
	for (unsigned i = 0; i < depth; i++)
		fputs("  ", stdout);
	if (key) {
		text(key);
		fputs(": ", stdout);
	}
	begun = true;
}

void json_open(const char *key, char bracket)
{
	start(key);
	putchar(bracket);
	depth++;
	begun = false;
}

void json_close(char bracket)
{
	depth--;
	if (begun)
		putchar('\n');
	for (unsigned i = 0; begun && i < depth; i++)
		fputs("  ", stdout);
	putchar(bracket);
	begun = true;
	if (!depth)
		putchar('\n');
}

void json_text(const char *key, const char *value)
{
	start(key);
	if (value)
		text(value);
	else
		fputs("null", stdout);
}

void json_number(const char *key, uint64_t value)
{
	start(key);
	printf("%lu", value);
}

void json_address(const char *key, uint64_t value)
{
	start(key);
	printf("\"0x%lx\"", value);
}

void json_bool(const char *key, bool value)
{
	start(key);
	fputs(value ? "true" : "false", stdout);
}
