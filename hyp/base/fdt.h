/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flattened device trees (Devicetree Specification 0.4, chapter 5), version 17: thin helpers over
 * libfdt's checked tokens, strings and sequential writer, in the form that hyp/plan uses: one
 * walk, token by token. Names begin with dt_, as libfdt uses fdt_.
 */
#ifndef HYP_BASE_FDT_H
#define HYP_BASE_FDT_H

#include "hyp/base/err.h"
#include "hyp/base/types.h"

#define DT_MAX_DEPTH	32	/* nesting of nodes, the root included */

/* A checked view of a tree in memory; the memory must not change while the view is used. */
struct dt {
	const uint8_t *blob;
	uint32_t size;			/* bytes, of the whole blob */
	uint32_t structure;		/* offset of the structure block, */
	uint32_t structure_size;	/* and its bytes */
	const char *strings;		/* the strings block, */
	uint32_t strings_size;		/* up to its last 0: a name that begins in it also ends in it */
};

struct dt_prop {
	const char *name;
	const uint8_t *data;		/* size bytes, of no particular alignment */
	uint32_t size;
	uint32_t name_offset;		/* of name in the strings block */
};

enum dt_token {
	DT_BEGIN_NODE,	/* name is set */
	DT_END_NODE,
	DT_PROP,	/* prop is set */
	DT_END,		/* of the tree */
	DT_BROKEN,	/* a bad token, or something that leaves its block */
};

struct dt_item {
	const char *name;
	struct dt_prop prop;
};

/* Big-endian values, as everything in a tree is. */
static inline uint32_t dt_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t dt_u64(const uint8_t *p)
{
	return (uint64_t)dt_u32(p) << 32 | dt_u32(p + 4);
}

/* A number of cells (0 to 2) 32-bit cells. */
static inline uint64_t dt_cells(const uint8_t *p, uint32_t cells)
{
	return cells == 2 ? dt_u64(p) : cells ? dt_u32(p) : 0;
}

/*
 * Opens a tree within max bytes at blob (8-byte aligned). ERR_INVALID: not a tree of version 17, or larger than max;
 * dt_fault() returns the cause as text.
 */
enum err dt_open(struct dt *dt, const void *blob, uint64_t max) __must_check;

/* Why dt_open() refuses the data at blob; never NULL. The data may be anything, and blob may be NULL. */
const char *dt_fault(const void *blob, uint64_t max);

/* The size in the header at blob (of any alignment), in bytes; 0: there is no such tree within max. */
uint64_t dt_size(const void *blob, uint64_t max);

/* The token at offset *at of the blob (start with dt->structure); moves *at behind it. */
enum dt_token dt_next(const struct dt *dt, uint32_t *at, struct dt_item *item);

/*
 * The next property from *at, which stands behind the name of a node or behind a property of it;
 * false at the end of the node's own properties.
 */
bool dt_next_prop(const struct dt *dt, uint32_t *at, struct dt_prop *prop);

/* The property of that name among those from offset at; false if there is none. */
bool dt_find_prop(const struct dt *dt, uint32_t at, const char *name, struct dt_prop *prop);

/* Memory reservation number index (from 0), in bytes, unchecked: it may wrap; false behind the last. */
bool dt_reservation(const struct dt *dt, uint32_t index, uint64_t *base, uint64_t *size);

/*
 * The string of a stringlist property at *at (start with 0), which moves behind it; NULL at the end
 * or if the rest has no terminating 0.
 */
const char *dt_string(const struct dt_prop *prop, uint32_t *at);

/* True if the property is one string or several, each terminated. */
bool dt_is_strings(const struct dt_prop *prop);

/* True if all octets of the property are 0, or it has none. */
bool dt_is_zero(const struct dt_prop *prop);

/* True if one of the strings of the property is text. */
bool dt_has_string(const struct dt_prop *prop, const char *text);

/* The property whose token, which dt_next() or dt_next_prop() has passed, lies at this offset. */
struct dt_prop dt_prop_at(const struct dt *dt, uint32_t offset);

/*
 * Writes a tree, by libfdt's sequential writer. After the first thing that does not fit the writer
 * ignores all calls; dt_write_finish() returns the error.
 */
struct dt_writer {
	uint8_t *buf;
	bool failed;
};

/* Into size bytes at buf, 8-byte aligned; no reservations. */
void dt_write_start(struct dt_writer *w, void *buf, size_t size);

/*
 * Nodes, each begun and ended, the root's name being ""; and properties, which come before the nodes in their node:
 * size bytes, a string with its 0, count cells from the CPU's byte order, two cells. The caller writes no name twice in
 * one node: this is not checked.
 */
void dt_write_begin(struct dt_writer *w, const char *name);
void dt_write_end(struct dt_writer *w);
void dt_write_prop(struct dt_writer *w, const char *name, const void *data, uint32_t size);
void dt_write_string(struct dt_writer *w, const char *name, const char *text);
void dt_write_cells(struct dt_writer *w, const char *name, const uint32_t *cells, uint32_t count);
void dt_write_u64(struct dt_writer *w, const char *name, uint64_t value);

/* Room for a property of size bytes, which the caller fills; NULL if it does not fit. */
uint8_t *dt_write_room(struct dt_writer *w, const char *name, uint32_t size);

/*
 * Ends the tree, with slack bytes of 0 behind all blocks, which the size in its header includes. The buffer must have
 * them in addition to the size that the writer was started with. ERR_NOSPACE if anything did not fit.
 */
enum err dt_write_finish(struct dt_writer *w, uint32_t slack) __must_check;

static inline void dt_put_u32(uint8_t *p, uint32_t v)
{
	p[0] = v >> 24;
	p[1] = v >> 16;
	p[2] = v >> 8;
	p[3] = v;
}

#endif
