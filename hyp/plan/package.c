/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a package (package.h has the format). Its header and entries are checked completely
 * before anything is used. The payloads' own checksums are checked when they are copied, as
 * a second pass over hundreds of megabytes would double the boot time.
 */
#include "hyp/base/range.h"
#include "hyp/base/str.h"
#include "hyp/plan/package.h"

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

	*p = (struct package){ .address = address };
	if ((uintptr_t)data % 8 || max < sizeof(*h) || h->magic != PACKAGE_MAGIC ||
	    h->version != PACKAGE_VERSION)
		return ERR_INVALID;
	if (!h->nr_entries || h->nr_entries > PACKAGE_MAX || h->total_size > max || h->reserved ||
	    h->total_size % PAGE_SIZE ||
	    h->total_size < sizeof(*h) + h->nr_entries * sizeof(h->entries[0]) ||
	    header_crc(h) != h->header_crc32)
		return ERR_INVALID;
	for (uint32_t i = 0; i < h->nr_entries; i++) {
		if (!entry_valid(h, i))
			return ERR_INVALID;
	}
	if (strcmp(h->entries[0].name, PACKAGE_CONFIG))
		return ERR_INVALID;
	p->header = h;
	return OK;
}

const char *package_fault(const void *data, uint64_t max)
{
	const struct package_header *h = data;

	if (max < sizeof(*h) || h->magic != PACKAGE_MAGIC)
		return "is not there: this is the hypervisor's core alone; \"bulkhead pack\" puts one before it";
	if (h->version != PACKAGE_VERSION)
		return "is of another version of Bulkhead; pack it anew with the tool of this one";
	if (h->total_size > max)
		return "is cut off: it is longer than what was loaded or read; load the whole image";
	if (!h->nr_entries || h->nr_entries > PACKAGE_MAX ||
	    h->total_size < sizeof(*h) + h->nr_entries * sizeof(h->entries[0]) || header_crc(h) != h->header_crc32)
		return "is damaged: its header has a wrong checksum; copy or load the image again";
	return "makes no sense, though its checksum is right; pack it anew";
}

const struct package_entry *package_find(const struct package *p, const char *name)
{
	for (uint32_t i = 0; p->header && i < p->header->nr_entries; i++) {
		if (!strcmp(p->header->entries[i].name, name))
			return &p->header->entries[i];
	}
	return NULL;
}

uint64_t package_room(const struct package *p, const struct package_entry *e)
{
	const struct package_header *h = p->header;

	return (e + 1 < h->entries + h->nr_entries ? e[1].offset : h->total_size) - e->offset;
}

const void *package_data(const struct package *p, const struct package_entry *e)
{
	return (const uint8_t *)p->header + e->offset;
}
