/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reader and writer of flattened device trees (Devicetree Specification 0.4, chapter 5). The trees
 * come from firmware and from users: no offset or size of theirs is believed. What nodes and
 * properties mean is left to hyp/plan. No lock: used by the boot hart, or on the host.
 */
#include <libfdt.h>

#include "hyp/base/fdt.h"
#include "hyp/base/str.h"

#define TOKEN_BEGIN_NODE	1u
#define TOKEN_END_NODE		2u
#define TOKEN_PROP		3u
#define TOKEN_NOP		4u
#define TOKEN_END		9u

#define HEADER_SIZE		40u
#define VERSION			17u
#define LAST_COMPATIBLE		16u

/* True if [offset, offset + size) lies in a blob of total bytes. */
static bool inside(uint32_t total, uint32_t offset, uint32_t size)
{
	return offset <= total && size <= total - offset;
}

static uint32_t align4(uint32_t v)
{
	return (v + 3) & ~3u;
}

enum err dt_open(struct dt *dt, const void *blob, uint64_t max)
{
	const uint8_t *p = blob;
	uint32_t structure_size;

	memset(dt, 0, sizeof(*dt));
	if (!blob || (uintptr_t)blob % 8 || max < HEADER_SIZE || fdt_check_header(blob))
		return ERR_INVALID;
	dt->blob = p;
	dt->size = dt_u32(p + 4);
	dt->structure = dt_u32(p + 8);
	dt->strings = dt_u32(p + 12);
	dt->reservations = dt_u32(p + 16);
	dt->strings_size = dt_u32(p + 32);
	structure_size = dt_u32(p + 36);
	if (dt_u32(p + 20) < VERSION || dt_u32(p + 24) > VERSION || dt->size > max ||
	    dt->size > INT32_MAX || dt->structure % 4 || dt->reservations % 8 ||
	    !inside(dt->size, dt->structure, structure_size) ||
	    !inside(dt->size, dt->strings, dt->strings_size) ||
	    !inside(dt->size, dt->reservations, 16))
		return ERR_INVALID;
	dt->structure_end = dt->structure + structure_size;
	while (dt->strings_size && p[dt->strings + dt->strings_size - 1])
		dt->strings_size--;
	return OK;
}

static enum dt_token next_name(const struct dt *dt, uint32_t *at, struct dt_item *item)
{
	const uint8_t *start = dt->blob + *at;
	uint32_t room = dt->structure_end - *at, size = 0;

	while (size < room && start[size])
		size++;
	if (size == room)
		return DT_BROKEN;
	item->name = (const char *)start;
	item->name_size = size;
	*at += align4(size + 1);
	return *at <= dt->structure_end ? DT_BEGIN_NODE : DT_BROKEN;
}

static enum dt_token next_value(const struct dt *dt, uint32_t *at, struct dt_prop *prop)
{
	const uint8_t *p = dt->blob + *at;

	if (!inside(dt->structure_end, *at, 8))
		return DT_BROKEN;
	prop->size = dt_u32(p);
	prop->name_offset = dt_u32(p + 4);
	*at += 8;
	if (prop->size > INT32_MAX || !inside(dt->structure_end, *at, align4(prop->size)) ||
	    prop->name_offset >= dt->strings_size)
		return DT_BROKEN;
	prop->data = p + 8;
	prop->name = (const char *)dt->blob + dt->strings + prop->name_offset;
	*at += align4(prop->size);
	return DT_PROP;
}

enum dt_token dt_next(const struct dt *dt, uint32_t *at, struct dt_item *item)
{
	uint32_t token;

	do {
		if (!inside(dt->structure_end, *at, 4))
			return DT_BROKEN;
		token = dt_u32(dt->blob + *at);
		*at += 4;
	} while (token == TOKEN_NOP);

	switch (token) {
	case TOKEN_BEGIN_NODE:
		return next_name(dt, at, item);
	case TOKEN_END_NODE:
		return DT_END_NODE;
	case TOKEN_PROP:
		return next_value(dt, at, &item->prop);
	case TOKEN_END:
		return DT_END;
	default:
		return DT_BROKEN;
	}
}

bool dt_next_prop(const struct dt *dt, uint32_t *at, struct dt_prop *prop)
{
	uint32_t token;

	do {
		if (!inside(dt->structure_end, *at, 4))
			return false;
		token = dt_u32(dt->blob + *at);
		*at += 4;
	} while (token == TOKEN_NOP);
	return token == TOKEN_PROP && next_value(dt, at, prop) == DT_PROP;
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
	uint32_t room = (dt->size - dt->reservations) / 16;
	const uint8_t *p = dt->blob + dt->reservations;

	if (index >= room)
		return false;
	*base = dt_u64(p + 16 * index);
	*size = dt_u64(p + 16 * index + 8);
	return *base || *size;
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

bool dt_has_string(const struct dt_prop *prop, const char *text)
{
	uint32_t at = 0;
	const char *s;

	while ((s = dt_string(prop, &at))) {
		if (!strcmp(s, text))
			return true;
	}
	return false;
}

/* size bytes at the end of the structure block, padded with 0 to whole cells; NULL if full. */
static uint8_t *grow(struct dt_writer *w, uint32_t size)
{
	uint8_t *p = w->buf + w->at;
	uint32_t whole = align4(size), i;

	if (w->failed || whole < size || !inside(w->size, w->at, whole)) {
		w->failed = true;
		return NULL;
	}
	for (i = size; i < whole; i++)
		p[i] = 0;
	w->at += whole;
	return p;
}

static void put_token(struct dt_writer *w, uint32_t token)
{
	uint8_t *p = grow(w, 4);

	if (p)
		dt_put_u32(p, token);
}

void dt_write_start(struct dt_writer *w, void *buf, size_t size, const struct dt *source,
		    const char *names, uint32_t names_size)
{
	*w = (struct dt_writer){ .buf = buf, .size = size > INT32_MAX ? INT32_MAX : size,
				 .source = source, .names = names, .names_size = names_size };
	if (w->size < HEADER_SIZE + 16) {
		w->failed = true;
		return;
	}
	memset(w->buf, 0, HEADER_SIZE + 16);	/* no memory reservations */
	w->at = HEADER_SIZE + 16;
}

void dt_write_begin(struct dt_writer *w, const char *name)
{
	uint32_t size = strlen(name) + 1;
	uint8_t *p;

	put_token(w, TOKEN_BEGIN_NODE);
	p = grow(w, size);
	if (p)
		memcpy(p, name, size);
}

void dt_write_end(struct dt_writer *w)
{
	put_token(w, TOKEN_END_NODE);
}

uint8_t *dt_write_room(struct dt_writer *w, uint32_t name_offset, uint32_t size)
{
	uint8_t *p = size > INT32_MAX - 12 ? NULL : grow(w, 12 + size);

	if (!p) {
		w->failed = true;
		return NULL;
	}
	dt_put_u32(p, TOKEN_PROP);
	dt_put_u32(p + 4, size);
	dt_put_u32(p + 8, name_offset);
	return p + 12;
}

void dt_write_copy(struct dt_writer *w, uint32_t name_offset, const void *data, uint32_t size)
{
	uint8_t *p = dt_write_room(w, name_offset, size);

	if (p && size)
		memcpy(p, data, size);
}

void dt_write_trim(struct dt_writer *w, uint8_t *data, uint32_t size)
{
	if (w->failed || size > dt_u32(data - 8))
		return;
	dt_put_u32(data - 8, size);
	w->at = data - w->buf;
	grow(w, size);
}

/* Where the further name lies in the strings block that dt_write_finish() writes. */
static uint32_t further_name(struct dt_writer *w, const char *name)
{
	uint32_t at = 0;

	while (at < w->names_size) {
		if (!strcmp(w->names + at, name))
			return w->source->strings_size + at;
		at += strlen(w->names + at) + 1;
	}
	w->failed = true;	/* our own mistake; the tree is not made then */
	return 0;
}

void dt_write_prop(struct dt_writer *w, const char *name, const void *data, uint32_t size)
{
	dt_write_copy(w, further_name(w, name), data, size);
}

void dt_write_string(struct dt_writer *w, const char *name, const char *text)
{
	dt_write_prop(w, name, text, strlen(text) + 1);
}

void dt_write_cells(struct dt_writer *w, const char *name, const uint32_t *cells, uint32_t count)
{
	uint8_t *p = dt_write_room(w, further_name(w, name), 4 * count);
	uint32_t i;

	for (i = 0; p && i < count; i++)
		dt_put_u32(p + 4 * i, cells[i]);
}

void dt_write_u64(struct dt_writer *w, const char *name, uint64_t value)
{
	uint32_t cells[2] = { value >> 32, (uint32_t)value };

	dt_write_cells(w, name, cells, 2);
}

enum err dt_write_finish(struct dt_writer *w)
{
	uint32_t structure_size, strings_size = w->source->strings_size + w->names_size;
	uint8_t *strings;

	put_token(w, TOKEN_END);
	structure_size = w->at - (HEADER_SIZE + 16);
	strings = grow(w, strings_size);
	if (!strings)
		return ERR_NOSPACE;
	memcpy(strings, w->source->blob + w->source->strings, w->source->strings_size);
	memcpy(strings + w->source->strings_size, w->names, w->names_size);

	dt_put_u32(w->buf, FDT_MAGIC);
	dt_put_u32(w->buf + 4, w->at);
	dt_put_u32(w->buf + 8, HEADER_SIZE + 16);
	dt_put_u32(w->buf + 12, HEADER_SIZE + 16 + structure_size);
	dt_put_u32(w->buf + 16, HEADER_SIZE);
	dt_put_u32(w->buf + 20, VERSION);
	dt_put_u32(w->buf + 24, LAST_COMPATIBLE);
	dt_put_u32(w->buf + 28, 0);	/* boot_cpuid_phys: the first vcpu */
	dt_put_u32(w->buf + 32, strings_size);
	dt_put_u32(w->buf + 36, structure_size);
	return OK;
}
