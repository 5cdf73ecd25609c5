/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The RAM in the picture of `bulkhead map`: each bank as a bar, where sizes are compressed, and as a list. And what
 * other parts of the picture need, too: styles of guests, texts that are cut to a width.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hyp/plan/plan_int.h"
#include "tools/map.h"
#include "tools/svg.h"

#define BAR_HEIGHT	52

static struct ram_owners owners;

const char *map_guest_style(uint32_t vm, char *buf)
{
	snprintf(buf, STYLE_SIZE, "fill g%u", vm);
	return buf;
}

const char *map_cut(const char *text, double width, double font_size, char *buf, size_t size)
{
	size_t room = width / (font_size * 0.6), n = strlen(text);

	room = room < size - 1 ? room : size - 1;
	if (n <= room)
		snprintf(buf, size, "%s", text);
	else
		snprintf(buf, size, "%.*s...", (int)(room > 3 ? room - 3 : 0), text);
	return buf;
}

static const char *part_style(const struct ram_part *s, char *buf)
{
	static const char *const styles[] = {
		[RAM_FREE] = "free", [RAM_HYP] = "hyp", [RAM_FIRMWARE] = "fw",
		[RAM_RESERVED] = "res", [RAM_SHARED] = "shared",
	};

	return s->owner == RAM_VM ? map_guest_style(s->vm, buf) : styles[s->owner];
}

static double weight(const struct ram_part *s)
{
	return pow(s->range.size, 0.38);
}

static void part_tip(const struct plan *plan, const struct ram_part *s, char *buf)
{
	char size[24];
	int n = snprintf(buf, TIP_SIZE, "0x%lx-0x%lx %s, %s", s->range.base, range_last(s->range),
			 size_text(s->range.size, size, sizeof(size)), ram_owner_name(s, plan));
	const struct plan_region *m;

	if (s->owner != RAM_VM)
		return;
	m = &plan->vms[s->vm].regions[s->region];
	if (m->gpa.v != m->hpa.v)
		snprintf(buf + n, TIP_SIZE - n, ", which sees it at 0x%lx", m->gpa.v);
}

/* In a box of that width: the owner and the size, or the owner upwards, or nothing. */
static void label_part(const struct plan *plan, const struct ram_part *s, double x, double y, double w)
{
	const char *owner = ram_owner_name(s, plan);
	char name[64], size[24];

	size_text(s->range.size, size, sizeof(size));
	if (w > 44 && svg_text_width(strlen(size), 11) < w &&
	    (s->owner == RAM_VM || svg_text_width(strlen(owner), 13) < w)) {
		svg_text(x + w / 2, y + 23, ANCHOR_MIDDLE, s->owner == RAM_VM ? "name" : "", "%s",
			 map_cut(owner, w - 6, 13, name, sizeof(name)));
		svg_text(x + w / 2, y + 41, ANCHOR_MIDDLE, "small dim", "%s", size);
	} else if (w > 11) {
		svg_text_up(x + w / 2 + 3.5, y + BAR_HEIGHT / 2.0, s->owner == RAM_VM ? "tiny own" : "tiny",
			    map_cut(owner, BAR_HEIGHT, 9.5, name, sizeof(name)));
	}
}

/* The bar of one bank: first how wide each part is, at least a few pixels, then the drawing. */
static void draw_bar(const struct plan *plan, uint32_t first, uint32_t count, double y)
{
	const double least = 13, gap = 2;
	double room = SVG_INNER - count * (least + gap) + gap, sum = 0, x = SVG_MARGIN, w;
	double labelled = 0, width;
	char style[STYLE_SIZE], tip[TIP_SIZE], address[24];

	for (uint32_t i = 0; i < count; i++)
		sum += weight(&owners.list[first + i]);
	for (uint32_t i = 0; i < count; i++, x += w + gap) {
		const struct ram_part *s = &owners.list[first + i];

		w = least + (room > 0 ? room * weight(s) / sum : 0);
		part_tip(plan, s, tip);
		svg_box(x, y, w, BAR_HEIGHT, part_style(s, style), tip);
		label_part(plan, s, x, y, w);
		width = svg_text_width(snprintf(address, sizeof(address), "0x%lx", s->range.base), 11.5);
		if (x >= labelled && x + width <= SVG_WIDTH - SVG_MARGIN / 2.0) {
			svg_text(x, y + 67, ANCHOR_START, "mono dim", "%s", address);
			labelled = x + 12 + width;
		}
	}
}

/* The same as a list, in two columns: what the bar is too narrow for. */
static double draw_list(const struct plan *plan, uint32_t first, uint32_t count, double y)
{
	uint32_t half = (count + 1) / 2;
	char style[STYLE_SIZE], size[24], seen[64];
	double x, row;

	for (uint32_t i = 0; i < count; i++) {
		const struct ram_part *s = &owners.list[first + i];

		x = SVG_MARGIN + i / half * (SVG_INNER / 2 + 10.0);
		row = y + i % half * 20.0;
		svg_box(x + 0.5, row + 4, 14, 11, part_style(s, style), NULL);
		svg_text(x + 24, row + 14, ANCHOR_START, "mono", "0x%010lx-0x%010lx", s->range.base,
			 range_last(s->range));
		svg_text(x + 254, row + 14, ANCHOR_END, "mono dim", "%s",
			 size_text(s->range.size, size, sizeof(size)));
		seen[0] = 0;
		if (s->owner == RAM_VM) {
			const struct plan_region *m = &plan->vms[s->vm].regions[s->region];

			if (m->gpa.v != m->hpa.v)
				snprintf(seen, sizeof(seen), ", seen at 0x%lx", m->gpa.v);
		}
		svg_text(x + 266, row + 14, ANCHOR_START, "small", "%s%s", ram_owner_name(s, plan),
			 seen);
	}
	return y + half * 20.0;
}

double map_draw_ram(const struct plan *plan, const struct host *host, double y)
{
	uint32_t first = 0, count;

	ram_owners_find(&owners, plan, host);
	for (uint32_t bank = 0; bank < host->nr_ram; bank++, first += count) {
		for (count = 0; first + count < owners.count; count++) {
			if (owners.list[first + count].bank != bank)
				break;
		}
		draw_bar(plan, first, count, y);
		y = draw_list(plan, first, count, y + 76) + (bank + 1 < host->nr_ram ? 14 : 0);
	}
	return y;
}
