/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks into a package (package.h has the format). Everything in its header and entries is checked
 * before anything is used; the payloads' own checksums are left to whoever copies them, since
 * summing hundreds of megabytes would double the boot time.
 */
#include "hyp/base/range.h"
#include "hyp/base/str.h"
#include "hyp/plan/package.h"

/* Four bits at a time: a table of 16 words is a fair trade for code size. */
uint32_t crc32_ieee(uint32_t crc, const void *data, size_t size)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const uint8_t *p = data, *end = p + size;

	for (crc = ~crc; p != end; p++) {
		crc ^= *p;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

static uint32_t header_crc(const struct package_header *h)
{
	struct package_header copy = *h;
	uint32_t crc;

	copy.header_crc32 = 0;
	crc = crc32_ieee(0, &copy, sizeof(copy));
	return crc32_ieee(crc, h->entries, h->nr_entries * sizeof(h->entries[0]));
}

static bool entry_valid(const struct package_header *h, uint32_t index)
{
	const struct package_entry *e = &h->entries[index], *prev = e - 1;
	uint64_t first = sizeof(*h) + h->nr_entries * sizeof(*e);

	if (!e->name[0] || !memchr(e->name, 0, sizeof(e->name)) || e->reserved)
		return false;
	if (e->offset % PAGE_SIZE || e->offset < first || e->offset > h->total_size ||
	    e->size > h->total_size - e->offset)
		return false;
	/* In order, so that none overlaps another. Both sums are below total_size. */
	return !index || e->offset >= prev->offset + prev->size;
}

enum err package_open(struct package *p, const void *data, uint64_t max, hpa_t address)
{
	const struct package_header *h = data;
	uint32_t i;

	*p = (struct package){ .address = address };
	if ((uintptr_t)data % 8 || max < sizeof(*h) || h->magic != PACKAGE_MAGIC ||
	    h->version != PACKAGE_VERSION)
		return ERR_INVALID;
	if (!h->nr_entries || h->nr_entries > PACKAGE_MAX || h->total_size > max || h->reserved ||
	    h->total_size % PAGE_SIZE ||
	    h->total_size < sizeof(*h) + h->nr_entries * sizeof(h->entries[0]) ||
	    header_crc(h) != h->header_crc32)
		return ERR_INVALID;
	for (i = 0; i < h->nr_entries; i++) {
		if (!entry_valid(h, i))
			return ERR_INVALID;
	}
	if (strcmp(h->entries[0].name, PACKAGE_CONFIG))
		return ERR_INVALID;
	p->header = h;
	return OK;
}

const struct package_entry *package_find(const struct package *p, const char *name)
{
	uint32_t i;

	for (i = 0; p->header && i < p->header->nr_entries; i++) {
		if (!strcmp(p->header->entries[i].name, name))
			return &p->header->entries[i];
	}
	return NULL;
}

const void *package_data(const struct package *p, const struct package_entry *e)
{
	return (const uint8_t *)p->header + e->offset;
}
