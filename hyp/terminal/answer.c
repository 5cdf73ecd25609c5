/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's answers; see answer.h. */
#include "hyp/terminal/answer.h"

#include "hyp/base/fmt.h"
#include "hyp/base/ring.h"
#include "hyp/base/str.h"
#include "hyp/terminal/line.h"

#define ANSWER_RING	16384u
#define ANSWER_ROOM	12288u	/* of it, for one command's answer */
#define RESERVE		64u	/* for the end of an answer that had no room: CUT, the prompt */
#define CUT		"(the rest is left out: it is too long)\n"

static struct ring ring;
static bool cut;		/* some of the answer has had no room */
static uint8_t bytes[ANSWER_RING] __attribute__((section(".noinit")));

__boot void answer_init(void)
{
	ring = (struct ring){ .data = bytes, .size = ANSWER_RING };
	cut = false;
}

uint32_t answer_room(void)
{
	return ANSWER_RING - ring_used(&ring);
}

bool answer_has_room(void)
{
	return answer_room() >= ANSWER_ROOM;
}

void answer_put(const char *text, uint32_t len)
{
	if (len + RESERVE > answer_room())
		cut = true;
	if (!cut)
		ring_put(&ring, text, len);
}

/* The bytes that answer_put() reserves are enough for this. */
void answer_end(const char *prompt)
{
	if (cut)
		ring_put(&ring, CUT, sizeof(CUT) - 1);
	ring_put(&ring, prompt, (uint32_t)strlen(prompt));
	cut = false;
}

void answer_print(const char *format, ...)
{
	char text[LINE_SIZE];
	va_list ap;

	va_start(ap, format);
	answer_put(text, (uint32_t)fmt_vstr(text, sizeof(text), format, ap));
	va_end(ap);
}

uint32_t answer_take(void *to, uint32_t n)
{
	return ring_get(&ring, to, n);
}
