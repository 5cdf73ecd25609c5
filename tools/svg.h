/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A picture that grows downwards: shapes and texts in pixels, styled by the classes of svg.c, with
 * colours for light and dark. All texts are escaped here.
 */
#ifndef TOOLS_SVG_H
#define TOOLS_SVG_H

#include "hyp/base/types.h"

#define SVG_WIDTH	1000
#define SVG_MARGIN	36
#define SVG_INNER	(SVG_WIDTH - 2 * SVG_MARGIN)

void svg_begin(void);

/* The whole picture as text, which the caller frees, with its title and a description of it. */
char *svg_end(int height, const char *title, const char *description, size_t *size);

/* A rectangle with rounded corners; tip: its tooltip, or NULL. */
void svg_box(double x, double y, double w, double h, const char *style, const char *tip);
void svg_line(double x1, double y1, double x2, double y2);

enum anchor { ANCHOR_START, ANCHOR_MIDDLE, ANCHOR_END };
void svg_text(double x, double y, enum anchor anchor, const char *style, const char *format, ...)
	__printf(5, 6);

/* Upwards, in the middle of a box that is too narrow for it. */
void svg_text_up(double x, double y, const char *style, const char *text);

/* The approximate width of a text of so many letters, in pixels. */
double svg_text_width(size_t letters, double font_size);

#endif
