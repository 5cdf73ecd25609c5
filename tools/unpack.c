/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads images for a package. A kernel that is compressed by gzip, alone or in an EFI zboot image, is unpacked by
 * zlib.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "hyp/plan/image_kind.h"
#include "tools/tool.h"

#define MAX_KERNEL	GIB	/* unpacked; a larger file is a mistake or a decompression bomb */
#define BY_GZIP		(16 + MAX_WBITS)	/* of inflateInit2(): a gzip header is there */

static uint32_t get_le32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The compressed kernel in an EFI zboot image (Linux, zboot-header.S): offset, size and method are in its header. */
static bool zboot_payload(struct blob *b)
{
	uint32_t offset, size;

	if (b->size < 64 || strncmp((const char *)b->data + 24, "gzip", 8))
		return false;
	offset = get_le32(b->data + 8);
	size = get_le32(b->data + 12);
	if (offset > b->size || size > b->size - offset)
		return false;
	*b = (struct blob){ b->data + offset, size };
	return image_kind(b->data, b->size) == IMAGE_GZIP;
}

static void grow(struct blob *out, size_t room, const char *path)
{
	if (room > MAX_KERNEL)
		die("%s: it is more than 1 GiB when it is unpacked, which no kernel is", path);
	out->data = realloc(out->data, room);
	if (!out->data)
		die("%s: no memory for it", path);
}

/* All members of a gzip file; other data behind a member is ignored, as gunzip does. */
static struct blob inflate_all(const struct blob *in, const char *path)
{
	z_stream z = { .next_in = in->data, .avail_in = (uInt)in->size };
	struct blob out = { NULL, 0 };
	size_t room = 0;
	int e;

	if (in->size > UINT32_MAX || inflateInit2(&z, BY_GZIP) != Z_OK)
		die("%s: zlib cannot unpack it", path);
	for (;;) {
		if (out.size == room) {
			room = room ? 2 * room : 4 * MIB;
			grow(&out, room, path);
		}
		z.next_out = out.data + out.size;
		z.avail_out = (uInt)(room - out.size);
		e = inflate(&z, Z_NO_FLUSH);
		out.size = room - z.avail_out;
		if (e == Z_STREAM_END && z.avail_in > 2 && z.next_in[0] == 0x1f && z.next_in[1] == 0x8b)
			e = inflateReset(&z);
		if (e == Z_STREAM_END)
			break;
		if (e != Z_OK && !(e == Z_BUF_ERROR && z.avail_in))
			die("%s: its gzip data %s", path, e == Z_BUF_ERROR ? "ends too early: copy the file again" :
			    "is damaged: copy the file again");
	}
	inflateEnd(&z);
	return out;
}

struct blob read_image(const char *path, bool kernel, bool silent)
{
	struct blob file = read_file(path), packed = file, out;
	enum image_kind kind = image_kind(file.data, file.size);

	if (!kernel || (kind != IMAGE_GZIP && !(kind == IMAGE_ZBOOT && zboot_payload(&packed))))
		return file;
	out = inflate_all(&packed, path);
	if (!silent)
		fprintf(stderr, "bulkhead: note: %s is %s; it is unpacked, to %zu bytes\n", path, image_kind_name(kind),
			out.size);
	free(file.data);
	return out;
}
