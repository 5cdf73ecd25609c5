/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Thin helpers over libfdt (Devicetree Specification 0.4, chapter 5). The trees come from firmware
 * and from users: dt_open() judges the whole, and libfdt each token, name and length as it is
 * passed. What nodes and properties mean is left to hyp/plan. No lock: used by the boot hart, or on
 * the host.
 */
#include <libfdt.h>

#include "hyp/base/fdt.h"
#include "hyp/base/str.h"

#define VERSION		17u

enum err dt_open(struct dt *dt, const void *blob, uint64_t max)
{
	memset(dt, 0, sizeof(*dt));
	if (!blob || (uintptr_t)blob % 8 || max < sizeof(struct fdt_header) ||
	    fdt_check_header(blob))
		return ERR_INVALID;
	/*
	 * What libfdt is told to assume (Makefile): fdt_check_header() has found all blocks within the tree, and this
	 * is version 17. It also reads whole cells in place and asks nobody whether they are aligned.
	 */
	if (fdt_totalsize(blob) > max || fdt_version(blob) < VERSION || fdt_last_comp_version(blob) > VERSION ||
	    fdt_off_dt_struct(blob) % 4 || fdt_off_mem_rsvmap(blob) % 8)
		return ERR_INVALID;
	dt->blob = blob;
	dt->size = fdt_totalsize(blob);
	dt->structure = fdt_off_dt_struct(blob);
	/* Ended once here, so that fdt_get_string() need not look for the end of each name again. */
	dt->strings = (const char *)blob + fdt_off_dt_strings(blob);
	dt->strings_size = fdt_size_dt_strings(blob);
	while (dt->strings_size && dt->strings[dt->strings_size - 1])
		dt->strings_size--;
	return OK;
}

uint64_t dt_size(const void *blob, uint64_t max)
{
	uint32_t size;

	if (!blob || max < sizeof(struct fdt_header) || dt_u32(blob) != FDT_MAGIC)
		return 0;
	size = dt_u32((const uint8_t *)blob + 4);
	return size >= sizeof(struct fdt_header) && size <= max ? size : 0;
}

const char *dt_fault(const void *blob, uint64_t max)
{
	const uint8_t *header = blob;

	if (!blob)
		return "there is no device tree: its address is 0";
	if (max < sizeof(struct fdt_header) || dt_u32(header) != FDT_MAGIC)
		return "no flattened device tree: it does not begin with d0 0d fe ed";
	if (dt_u32(header + 4) > max)
		return "the device tree is cut off: the size in its header is larger than the data (at boot: than 1 "
		       "MiB)";
	if (dt_u32(header + 20) < VERSION || dt_u32(header + 24) > VERSION)
		return "the device tree is of another version than 17; write it anew by dtc";
	if ((uintptr_t)blob % 8)
		return "the device tree lies at no multiple of 8";
	return "the device tree's header is broken: its blocks do not lie within it";
}

/* libfdt's token at *at, NOPs skipped; *start is then its offset in the structure block. */
static uint32_t next_tag(const struct dt *dt, uint32_t *at, int *start)
{
	int next = (int)(*at - dt->structure);
	uint32_t tag;

	do {
		*start = next;
		tag = fdt_next_tag(dt->blob, *start, &next);
	} while (tag == FDT_NOP);
	if (next < 0)
		return FDT_NOP;		/* broken: no NOP is passed on otherwise */
	*at = dt->structure + (uint32_t)next;
	return tag;
}

struct dt_prop dt_prop_at(const struct dt *dt, uint32_t offset)
{
	const struct fdt_property *p = (const void *)(dt->blob + offset);
	struct dt_prop prop = { .data = (const uint8_t *)p->data, .size = fdt32_ld(&p->len),
				.name_offset = fdt32_ld(&p->nameoff) };

	prop.name = prop.name_offset < dt->strings_size ? dt->strings + prop.name_offset : NULL;
	return prop;
}

enum dt_token dt_next(const struct dt *dt, uint32_t *at, struct dt_item *item)
{
	int start;

	switch (next_tag(dt, at, &start)) {
	case FDT_BEGIN_NODE:
		item->name = (const char *)dt->blob + dt->structure + start + FDT_TAGSIZE;
		return DT_BEGIN_NODE;
	case FDT_END_NODE:
		return DT_END_NODE;
	case FDT_PROP:
		item->prop = dt_prop_at(dt, dt->structure + (uint32_t)start);
		return item->prop.name ? DT_PROP : DT_BROKEN;
	case FDT_END:
		return DT_END;
	default:
		return DT_BROKEN;
	}
}

bool dt_next_prop(const struct dt *dt, uint32_t *at, struct dt_prop *prop)
{
	int start;

	if (next_tag(dt, at, &start) != FDT_PROP)
		return false;
	*prop = dt_prop_at(dt, dt->structure + (uint32_t)start);
	return prop->name;
}

bool dt_find_prop(const struct dt *dt, uint32_t at, const char *name, struct dt_prop *prop)
{
	while (dt_next_prop(dt, &at, prop)) {
		if (!strcmp(prop->name, name))
			return true;
	}
	return false;
}

bool dt_reservation(const struct dt *dt, uint32_t index, uint64_t *base, uint64_t *size)
{
	return index < INT32_MAX && !fdt_get_mem_rsv(dt->blob, (int)index, base, size) &&
	       (*base || *size);
}

const char *dt_string(const struct dt_prop *prop, uint32_t *at)
{
	const uint8_t *start = prop->data + *at, *end;

	if (*at >= prop->size)
		return NULL;
	end = memchr(start, 0, prop->size - *at);
	if (!end)
		return NULL;
	*at += (uint32_t)(end - start) + 1;
	return (const char *)start;
}

bool dt_is_strings(const struct dt_prop *prop)
{
	return prop->size && !prop->data[prop->size - 1];
}

bool dt_is_zero(const struct dt_prop *prop)
{
	uint32_t i;

	for (i = 0; i < prop->size; i++) {
		if (prop->data[i])
			return false;
	}
	return true;
}

bool dt_has_string(const struct dt_prop *prop, const char *text)
{
	const uint8_t *s = prop->data, *end = s + prop->size;
	size_t n = strlen(text) + 1;

	while (s && (size_t)(end - s) >= n) {
		if (*s == (uint8_t)text[0] && !memcmp(s, text, n))
			return true;
		s = memchr(s, 0, (size_t)(end - s));
		s = s ? s + 1 : NULL;
	}
	return false;
}

void dt_write_start(struct dt_writer *w, void *buf, size_t size)
{
	*w = (struct dt_writer){ .buf = buf };
	/* Looking for each name among those already written would be most of the work. */
	w->failed = fdt_create_with_flags(buf, size > INT32_MAX ? INT32_MAX : (int)size,
					  FDT_CREATE_FLAG_NO_NAME_DEDUP) ||
		    fdt_finish_reservemap(buf);
}

void dt_write_begin(struct dt_writer *w, const char *name)
{
	w->failed = w->failed || fdt_begin_node(w->buf, name);
}

void dt_write_end(struct dt_writer *w)
{
	w->failed = w->failed || fdt_end_node(w->buf);
}

uint8_t *dt_write_room(struct dt_writer *w, const char *name, uint32_t size)
{
	void *data;

	/* libfdt 1.7 computes the room for a name that is larger than all the buffer as negative. */
	w->failed = w->failed || size > INT32_MAX / 2 ||
		    strlen(name) >= fdt_totalsize(w->buf) - fdt_size_dt_strings(w->buf) ||
		    fdt_property_placeholder(w->buf, name, (int)size, &data);
	return w->failed ? NULL : data;
}

void dt_write_prop(struct dt_writer *w, const char *name, const void *data, uint32_t size)
{
	uint8_t *p = dt_write_room(w, name, size);

	if (p && size)
		memcpy(p, data, size);
}

void dt_write_string(struct dt_writer *w, const char *name, const char *text)
{
	dt_write_prop(w, name, text, strlen(text) + 1);
}

void dt_write_cells(struct dt_writer *w, const char *name, const uint32_t *cells, uint32_t count)
{
	uint8_t *p = dt_write_room(w, name, 4 * count);
	uint32_t i;

	for (i = 0; p && i < count; i++)
		dt_put_u32(p + 4 * i, cells[i]);
}

void dt_write_u64(struct dt_writer *w, const char *name, uint64_t value)
{
	uint32_t cells[2] = { value >> 32, (uint32_t)value };

	dt_write_cells(w, name, cells, 2);
}

enum err dt_write_finish(struct dt_writer *w, uint32_t slack)
{
	uint32_t used;

	w->failed = w->failed || fdt_finish(w->buf);
	if (w->failed)
		return ERR_NOSPACE;
	used = fdt_totalsize(w->buf);
	memset(w->buf + used, 0, slack);
	fdt_set_totalsize(w->buf, used + slack);
	return OK;
}
