/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole image, as `bulkhead pack` writes it: a page with a Linux-style header, which begins with a jump to the
 * core; at PACKAGE_OFFSET the package; behind it, at a multiple of 4 KiB, the core. The core's memory that is in no
 * file lies behind its last byte, so it is behind the whole file.
 *
 * The package: the configuration and the guests' images. The firmware reads it in place. Little-endian; the
 * header is followed by the entries; each payload starts at a multiple of 4 KiB. An image that a guest uses in place
 * starts where it has to lie if the whole image is loaded at a multiple of 2 MiB, and all the memory that it
 * needs lies before the next payload; for a Linux kernel these are whole blocks of 2 MiB.
 *
 * Neither a payload nor the core, with its memory, covers bytes [PACKAGE_HOLE, PACKAGE_HOLE + PACKAGE_HOLE_SIZE) of the
 * *whole* image: OpenSBI's fw_jump of the generic platform puts the device tree there (32 MiB after the payload,
 * FW_JUMP_FDT_OFFSET).
 */
#ifndef HYP_PLAN_PACKAGE_H
#define HYP_PLAN_PACKAGE_H

#include "hyp/base/crc32.h"
#include "hyp/base/err.h"
#include "hyp/base/types.h"

#define PACKAGE_OFFSET	4096ull	/* of the package in the whole image, bytes */
#define PACKAGE_MAGIC	0x31474b5044484b42ull	/* "BKHDPKG1" */
#define PACKAGE_VERSION	1
#define PACKAGE_MAX	32
#define PACKAGE_CONFIG	"config"	/* name of the entry that holds the partition DTB; the first */
#define PACKAGE_HOLE		0x02000000ull
#define PACKAGE_HOLE_SIZE	0x00200000ull

struct package_entry {
	char name[IMAGE_NAME_LEN];
	uint64_t offset;	/* from the package header; multiple of 4 KiB */
	uint64_t size;		/* bytes */
	uint32_t crc32;		/* IEEE 802.3 (as zlib's crc32) of the payload */
	uint32_t reserved;	/* 0 */
};

struct package_header {
	uint64_t magic;
	uint32_t version;
	uint32_t nr_entries;
	uint64_t total_size;	/* header, entries, payloads and padding; multiple of 4 KiB */
	uint32_t header_crc32;	/* of header and entries with this field 0 */
	uint32_t reserved;	/* 0 */
	struct package_entry entries[];
};

/* A checked view of a package in memory. address is where the header lies, or will lie, in host memory. */
struct package {
	hpa_t address;
	const struct package_header *header;	/* NULL: there is none */
	uint64_t image;		/* bytes of the whole image, with what any configuration needs; 0: not known */
	uint32_t unknown;	/* bit i: the file of entry i is not known yet; only in the host command */
};

/*
 * Checks magic, version, sizes, overlap and header_crc32 within max bytes at data (8-byte aligned), which must not
 * change while p is used. Payloads' checksums are not checked, and no entry is unknown. ERR_INVALID: not a package; p
 * is closed.
 */
enum err package_open(struct package *p, const void *data, uint64_t max, hpa_t address) __must_check;

/*
 * Why package_open() refuses the data, as text that follows "the package"; never NULL. max as there; data may be
 * anything, 8-byte aligned.
 */
const char *package_fault(const void *data, uint64_t max);

/* The entry of that name, the first if there were two; NULL if there is none, or p is closed. */
const struct package_entry *package_find(const struct package *p, const char *name);

/* Bytes from the start of a payload, of an entry of p, to the next payload or the end of the package. */
uint64_t package_room(const struct package *p, const struct package_entry *e);

/* The payload of an entry of p: e->size bytes, page-aligned in the package. */
const void *package_data(const struct package *p, const struct package_entry *e);

#endif
