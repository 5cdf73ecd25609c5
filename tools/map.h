/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of `bulkhead map` share. */
#ifndef TOOLS_MAP_H
#define TOOLS_MAP_H

#include "tools/tool.h"

#define STYLE_SIZE	24
#define TIP_SIZE	400

/* The style of what belongs to the guest of that number, in buf: STYLE_SIZE bytes. */
const char *map_guest_style(uint32_t vm, char *buf);

/* Cuts a text to what fits into a width, with "..." at its end. Returns buf. */
const char *map_cut(const char *text, double width, double font_size, char *buf, size_t size);

/* map_ram.c: each bank of RAM as a bar and a list from y on. Returns where the next part of the picture begins. */
double map_draw_ram(const struct plan *plan, const struct host *host, double y);

#endif
