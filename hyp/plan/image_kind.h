/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an image is, by its first bytes. A kernel is entered at its first byte, so it has to be a flat binary; what
 * builds make beside that (ELF, compressed files, files for a boot loader) would be run as if it were code.
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

/* By the first bytes of the size bytes at data, which are 8-byte aligned or of any other kind than a device tree. */
enum image_kind image_kind(const uint8_t *data, uint64_t size);

/* "an ELF file"; never NULL. */
const char *image_kind_name(enum image_kind kind);

/*
 * Reports each image of the configuration that is in the package and cannot be what it is used as: a kernel that is no
 * flat binary, or an image of no bytes. A note: an initrd in which Linux finds no file system, beside a kernel like
 * Linux.
 */
void image_check_kinds(const struct config *config, const struct package *package, struct reporter *r);

#endif
