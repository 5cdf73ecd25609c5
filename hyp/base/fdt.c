/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading of device trees, and thin helpers over libfdt (Devicetree Specification 0.4, chapter 5). The trees come from
 * firmware and from users: dt_open() judges the whole, and next_tag() each token, name and length as it is
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
	 * What libfdt assumes (FDT_ASSUME_MASK of the Makefile): fdt_check_header() has found all blocks within the
	 * tree, and this is version 17. It also reads cells without a check of their alignment.
	 */
	if (fdt_totalsize(blob) > max || fdt_version(blob) < VERSION || fdt_last_comp_version(blob) > VERSION ||
	    fdt_off_dt_struct(blob) % 4 || fdt_off_mem_rsvmap(blob) % 8)
		return ERR_INVALID;
	dt->blob = blob;
	dt->size = fdt_totalsize(blob);
	dt->structure = fdt_off_dt_struct(blob);
	dt->structure_size = fdt_size_dt_struct(blob);
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

#define BROKEN		FDT_NOP		/* of next_tag(), which passes no NOP on */
#define AS_STORED(tag)	((uint32_t)(tag) << 24)	/* big-endian; tags are less than 256 */

/* Where a name ends that begins at that offset of the structure block; behind the block: it does not end. */
static uint32_t name_end(const struct dt *dt, uint32_t at)
{
	const uint8_t *block = dt->blob + dt->structure;

	while (at < dt->structure_size && block[at])
		at++;
	return at + 1;
}

/* The same for a property; at: behind its token. */
static uint32_t prop_end(const struct dt *dt, uint32_t at)
{
	uint32_t left = dt->structure_size - at, size;

	if (left < 8)
		return UINT32_MAX;
	size = dt_u32(dt->blob + dt->structure + at);
	return size > left - 8 ? UINT32_MAX : at + 8 + size;
}

/*
 * The token at *at, NOPs skipped; *start is then its offset in the structure block. A boot asks some hundred times, so
 * this is not libfdt's fdt_next_tag(), with whose answers tests/unit/test_fdt.c compares it.
 */
static uint32_t next_tag(const struct dt *dt, uint32_t *at, uint32_t *start)
{
	uint32_t next = *at - dt->structure, tag;

	do {
		*start = next;
		if (dt->structure_size < 4 || next > dt->structure_size - 4)
			return BROKEN;
		/* The block begins at a multiple of 4, as dt_open() has found. */
		tag = *(const fdt32_t *)(const void *)(dt->blob + dt->structure + next);
		next += 4;
		if (tag == AS_STORED(FDT_BEGIN_NODE))
			next = name_end(dt, next);
		else if (tag == AS_STORED(FDT_PROP))
			next = prop_end(dt, next);
		else if (tag != AS_STORED(FDT_END_NODE) && tag != AS_STORED(FDT_NOP) && tag != AS_STORED(FDT_END))
			return BROKEN;
		if (next > dt->structure_size)
			return BROKEN;
		next = (next + 3) & ~3u;
	} while (tag == AS_STORED(FDT_NOP));
	*at = dt->structure + next;
	return tag >> 24;
}

static inline void read_prop(const struct dt *dt, uint32_t offset, struct dt_prop *prop)
{
	const struct fdt_property *p = (const void *)(dt->blob + offset);

	prop->data = (const uint8_t *)p->data;
	prop->size = dt_u32((const uint8_t *)&p->len);
	prop->name_offset = dt_u32((const uint8_t *)&p->nameoff);
	prop->name = prop->name_offset < dt->strings_size ? dt->strings + prop->name_offset : NULL;
}

struct dt_prop dt_prop_at(const struct dt *dt, uint32_t offset)
{
	struct dt_prop prop;

	read_prop(dt, offset, &prop);
	return prop;
}

enum dt_token dt_next(const struct dt *dt, uint32_t *at, struct dt_item *item)
{
	uint32_t start;

	switch (next_tag(dt, at, &start)) {
	case FDT_BEGIN_NODE:
		item->name = (const char *)dt->blob + dt->structure + start + FDT_TAGSIZE;
		return DT_BEGIN_NODE;
	case FDT_END_NODE:
		return DT_END_NODE;
	case FDT_PROP:
		read_prop(dt, dt->structure + start, &item->prop);
		return item->prop.name ? DT_PROP : DT_BROKEN;
	case FDT_END:
		return DT_END;
	default:
		return DT_BROKEN;
	}
}

bool dt_next_prop(const struct dt *dt, uint32_t *at, struct dt_prop *prop)
{
	uint32_t start;

	if (next_tag(dt, at, &start) != FDT_PROP)
		return false;
	read_prop(dt, dt->structure + start, prop);
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
	for (uint32_t i = 0; i < prop->size; i++) {
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
	/* To search for each name among those already written would be most of the work. */
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

	for (uint32_t i = 0; p && i < count; i++)
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
