/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kind of an image, by its first bytes. A kernel is entered at its first byte, so it must be a flat binary. Other
 * outputs of builds (ELF, compressed files, files for a boot loader) would be run as if they were code.
 */
#ifndef HYP_PLAN_IMAGE_KIND_H
#define HYP_PLAN_IMAGE_KIND_H

#include "hyp/base/types.h"
#include "hyp/plan/config_dt.h"
#include "hyp/plan/package.h"
#include "hyp/plan/problem.h"

enum image_kind {
	IMAGE_FLAT,		/* none of the others: perhaps code */
	IMAGE_LINUX,		/* with the header of a RISC-V kernel, thus flat */
	IMAGE_EMPTY,
	IMAGE_ELF,
	IMAGE_ELF_FOREIGN,	/* of another machine than 64-bit RISC-V */
	IMAGE_ARM64,
	IMAGE_GZIP,
	IMAGE_BZIP2,
	IMAGE_XZ,
	IMAGE_LZMA,
	IMAGE_ZSTD,
	IMAGE_LZ4,
	IMAGE_LZOP,
	IMAGE_ZBOOT,		/* EFI zboot: a compressed kernel behind an EFI program */
	IMAGE_PE,		/* an EFI program without the header of a kernel */
	IMAGE_UIMAGE,
	IMAGE_FIT,
	IMAGE_DTB,
	IMAGE_CPIO,
	IMAGE_TEXT,
	NR_IMAGE_KINDS
};

/* The kind of the size bytes at data. An image of kind IMAGE_DTB or IMAGE_FIT must be 8-byte aligned. */
enum image_kind image_kind(const uint8_t *data, uint64_t size);

/* "an ELF file"; never NULL. */
const char *image_kind_name(enum image_kind kind);

/*
 * Reports each image in the package that cannot be used in its role: a kernel that is not a flat binary, or an image of
 * 0 bytes. A note: an initrd in which Linux finds no file system, with a kernel that has Linux's header.
 */
void image_check_kinds(const struct config *config, const struct package *package, struct reporter *r);

#endif
