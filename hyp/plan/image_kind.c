/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kinds of images; see image_kind.h. First bytes: the ELF gABI; RFC 1952 (gzip), RFC 8878 (Zstandard); the formats of
 * xz, lz4 and bzip2; PE/COFF; U-Boot's image.h (uImage) and FIT; Linux, Documentation/arch/riscv/boot-image-header.rst,
 * Documentation/arch/arm64/booting.rst and drivers/firmware/efi/libstub/zboot-header.S.
 */
#include "hyp/base/fdt.h"
#include "hyp/base/str.h"
#include "hyp/plan/image_kind.h"

#define ELF_CLASS_64		2
#define ELF_MACHINE_RISCV	243
#define TEXT_LENGTH		32u	/* no code of so many bytes is text by chance */

struct magic {
	uint8_t kind;
	uint8_t at, length;
	const char *bytes;
};

/* The first that fits counts: a Linux Image may also be an EFI program. */
static const struct magic magics[] = {
	{ IMAGE_LINUX, 0x38, 4, "RSC\x05" },
	{ IMAGE_ARM64, 0x38, 4, "ARM\x64" },
	{ IMAGE_ELF, 0, 4, "\x7f" "ELF" },
	{ IMAGE_GZIP, 0, 3, "\x1f\x8b\x08" },
	{ IMAGE_BZIP2, 4, 6, "1AY&SY" },
	{ IMAGE_XZ, 0, 6, "\xfd" "7zXZ\0" },
	{ IMAGE_LZMA, 0, 3, "\x5d\0\0" },
	{ IMAGE_ZSTD, 0, 4, "\x28\xb5\x2f\xfd" },
	{ IMAGE_LZ4, 0, 4, "\x04\x22\x4d\x18" },
	{ IMAGE_LZ4, 0, 4, "\x02\x21\x4c\x18" },
	{ IMAGE_LZOP, 0, 4, "\x89LZO" },
	{ IMAGE_ZBOOT, 4, 4, "zimg" },
	{ IMAGE_PE, 0, 2, "MZ" },
	{ IMAGE_UIMAGE, 0, 4, "\x27\x05\x19\x56" },
	{ IMAGE_DTB, 0, 4, "\xd0\x0d\xfe\xed" },
	{ IMAGE_CPIO, 0, 5, "07070" },
};

struct words {
	const char *name, *remedy;	/* remedy: how to get a kernel from it */
};

static const struct words words[NR_IMAGE_KINDS] = {
	[IMAGE_FLAT] = { "a flat binary", "" },
	[IMAGE_LINUX] = { "a Linux kernel", "" },
	[IMAGE_EMPTY] = { "empty", "put the kernel there" },
	[IMAGE_ELF] = { "an ELF file", "\"riscv64-linux-gnu-objcopy -O binary FILE FLAT\" makes one; of Linux take "
			"arch/riscv/boot/Image" },
	[IMAGE_ELF_FOREIGN] = { "an ELF file for another machine than 64-bit RISC-V", "build it for riscv64" },
	[IMAGE_ARM64] = { "a kernel for Arm", "take one for riscv64" },
	[IMAGE_GZIP] = { "compressed by gzip", "\"gunzip < FILE > FLAT\" unpacks it, as \"bulkhead pack\" does" },
	[IMAGE_BZIP2] = { "compressed by bzip2", "\"bunzip2 < FILE > FLAT\" unpacks it" },
	[IMAGE_XZ] = { "compressed by xz", "\"unxz < FILE > FLAT\" unpacks it" },
	[IMAGE_LZMA] = { "compressed by lzma", "\"unlzma < FILE > FLAT\" unpacks it" },
	[IMAGE_ZSTD] = { "compressed by zstd", "\"unzstd < FILE > FLAT\" unpacks it" },
	[IMAGE_LZ4] = { "compressed by lz4", "\"unlz4 < FILE > FLAT\" unpacks it" },
	[IMAGE_LZOP] = { "compressed by lzop", "\"lzop -d < FILE > FLAT\" unpacks it" },
	[IMAGE_ZBOOT] = { "an EFI zboot kernel, compressed and for EFI firmware",
			  "take arch/riscv/boot/Image of the same "
			  "build, or build without CONFIG_EFI_ZBOOT" },
	[IMAGE_PE] = { "an EFI program without a Linux header",
		       "take a kernel or boot loader that is started without EFI" },
	[IMAGE_UIMAGE] = { "a uImage, with U-Boot's header in front",
			   "\"tail -c +65 FILE > FLAT\" takes the header off" },
	[IMAGE_FIT] = { "a FIT image of several parts for U-Boot",
			"\"dumpimage -T flat_dt -p 0 -o FLAT FILE\" takes its "
			"first part out" },
	[IMAGE_DTB] = { "a device tree", "put the kernel there; the guest's tree is made at boot" },
	[IMAGE_CPIO] = { "a cpio archive", "it is an initrd: are \"kernel\" and \"initrd\" in each other's place?" },
	[IMAGE_TEXT] = { "a text", "put the kernel there" },
};

static bool is_text(const uint8_t *data, uint64_t size)
{
	uint64_t n = size < TEXT_LENGTH ? size : TEXT_LENGTH;

	for (uint64_t i = 0; i < n; i++) {
		if ((data[i] < ' ' || data[i] > '~') && data[i] != '\n' && data[i] != '\r' && data[i] != '\t')
			return false;
	}
	return n == TEXT_LENGTH || (n > 1 && data[0] == '#' && data[1] == '!');
}

/* A FIT image is a device tree with a node /images. */
static bool is_fit(const uint8_t *data, uint64_t size)
{
	struct dt_item item;
	uint32_t at, depth = 0;
	struct dt dt;

	if (dt_open(&dt, data, size))
		return false;
	at = dt.structure;
	for (;;) {
		switch (dt_next(&dt, &at, &item)) {
		case DT_BEGIN_NODE:
			if (++depth == 2 && !strcmp(item.name, "images"))
				return true;
			break;
		case DT_PROP:
			break;
		case DT_END_NODE:
			if (!depth)
				return false;
			depth--;
			break;
		default:
			return false;
		}
	}
}

/* "MZ" alone may be code; an EFI program has at 0x3c the offset of "PE". */
static bool is_pe(const uint8_t *data, uint64_t size)
{
	uint32_t at = size < 0x40 ? UINT32_MAX : data[0x3c] | data[0x3d] << 8 | data[0x3e] << 16 |
		(uint32_t)data[0x3f] << 24;

	return at <= size && size - at >= 4 && !memcmp(data + at, "PE\0\0", 4);
}

static enum image_kind refine(enum image_kind kind, const uint8_t *data, uint64_t size)
{
	if (kind == IMAGE_DTB)
		return is_fit(data, size) ? IMAGE_FIT : IMAGE_DTB;
	if (kind == IMAGE_ELF && (size < 20 || data[4] != ELF_CLASS_64 || data[18] != ELF_MACHINE_RISCV || data[19]))
		return IMAGE_ELF_FOREIGN;
	if (kind == IMAGE_PE && !is_pe(data, size))
		return IMAGE_FLAT;
	return kind;
}

enum image_kind image_kind(const uint8_t *data, uint64_t size)
{
	if (!size)
		return IMAGE_EMPTY;
	for (const struct magic *m = magics; m < magics + ARRAY_LEN(magics); m++) {
		if (size >= m->at + m->length && !memcmp(data + m->at, m->bytes, m->length))
			return refine(m->kind, data, size);
	}
	return is_text(data, size) ? IMAGE_TEXT : IMAGE_FLAT;
}

const char *image_kind_name(enum image_kind kind)
{
	return kind < NR_IMAGE_KINDS ? words[kind].name : "unknown";
}

/*
 * Whether Linux may unpack or mount it: all but certain other kinds. Other systems use the same kernel header with any
 * format of initrd.
 */
static bool linux_initrd(enum image_kind kind)
{
	switch (kind) {
	case IMAGE_ELF:
	case IMAGE_ELF_FOREIGN:
	case IMAGE_ARM64:
	case IMAGE_ZBOOT:
	case IMAGE_PE:
	case IMAGE_UIMAGE:
	case IMAGE_FIT:
	case IMAGE_DTB:
	case IMAGE_TEXT:
		return false;
	default:
		return true;
	}
}

static const struct package_entry *find(const struct package *package, const char *name, enum image_kind *kind)
{
	const struct package_entry *e = name ? package_find(package, name) : NULL;

	if (!e || package->unknown >> (e - package->header->entries) & 1)
		return NULL;
	*kind = image_kind(package_data(package, e), e->size);
	return e;
}

static void check_vm(const struct config_vm *vm, const struct package *package, struct reporter *r)
{
	const char *kernel = vm->images[IMAGE_KERNEL], *initrd = vm->images[IMAGE_INITRD];
	enum image_kind kind = IMAGE_FLAT, other;
	char path[VM_NAME_LEN + 1] = "/";

	memcpy(path + 1, vm->name, strlen(vm->name) + 1);
	if (find(package, kernel, &kind) && kind != IMAGE_FLAT && kind != IMAGE_LINUX)
		problem_report(r, PROBLEM_IMAGE_FORMAT, true, path, config_image_props[IMAGE_KERNEL],
			       "\"%s\" is %s, and a kernel is a flat binary; %s", kernel, words[kind].name,
			       words[kind].remedy);
	if (!find(package, initrd, &other))
		return;
	if (other == IMAGE_EMPTY)
		problem_report(r, PROBLEM_IMAGE_FORMAT, true, path, config_image_props[IMAGE_INITRD],
			       "\"%s\" is empty; put the initrd there, or leave \"initrd\" out", initrd);
	else if (kind == IMAGE_LINUX && !linux_initrd(other))
		problem_note(r, true, path, config_image_props[IMAGE_INITRD],
			     "\"%s\" is %s, in which Linux finds no file system; for Linux put a cpio archive there, "
			     "compressed or not", initrd, words[other].name);
}

void image_check_kinds(const struct config *config, const struct package *package, struct reporter *r)
{
	for (uint32_t i = 0; i < config->nr_vms; i++)
		check_vm(&config->vms[i], package, r);
}
