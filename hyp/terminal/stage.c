/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stage in front of the terminal's device; see stage.h. */
#include "hyp/terminal/stage.h"

#include "hyp/base/str.h"

#define STAGE_SIZE	4096u
#define STAGE_ROOM	1600u	/* stage_make_room() */

static struct {
	const struct console_device *device;
	uint32_t from, len;	/* of bytes */
	char bytes[STAGE_SIZE];
} stage __attribute__((section(".noinit")));	/* stage_init() */

void stage_init(const struct console_device *d)
{
	stage.device = d;
	stage.from = stage.len = 0;
}

void stage_set_device(const struct console_device *d)
{
	stage.device = d;
}

static uint32_t room(void)
{
	return STAGE_SIZE - stage.len;
}

void stage_add_byte(char c)
{
	if (stage.len < STAGE_SIZE)
		stage.bytes[stage.len++] = c;
}

void stage_add_bytes(const char *bytes, uint32_t n)
{
	n = n < room() ? n : room();
	memcpy(stage.bytes + stage.len, bytes, n);
	stage.len += n;
}

void stage_add(const char *text, uint32_t n)
{
	if (!stage.device->crlf) {
		stage_add_bytes(text, n);
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			stage_add_byte('\r');
		stage_add_byte(text[i]);
	}
}

void stage_add_text(const char *text)
{
	stage_add(text, (uint32_t)strlen(text));
}

bool stage_push(void)
{
	uint32_t n = (uint32_t)stage.device->put(stage.bytes + stage.from, stage.len - stage.from);

	stage.from += n;
	if (stage.from == stage.len)
		stage.from = stage.len = 0;
	return n || !stage.len;
}

void stage_push_all(void)
{
	console_device_write(stage.device, stage.bytes + stage.from, stage.len - stage.from);
	stage.from = stage.len = 0;
}

bool stage_make_room(void)
{
	if (room() >= STAGE_ROOM)
		return true;
	if (!stage.from)
		return false;
	memmove(stage.bytes, stage.bytes + stage.from, stage.len - stage.from);
	stage.len -= stage.from;
	stage.from = 0;
	return room() >= STAGE_ROOM;
}

bool stage_is_pending(void)
{
	return stage.len != 0;
}
