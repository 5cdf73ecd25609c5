/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images and their package (hyp/plan/package.h), and the header of the hypervisor's own
 * image (Linux, Documentation/arch/riscv/boot-image-header.rst), from which loaders read how much
 * memory image and package need.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/tool.h"

void images_add(struct images *images, const char *name_and_file)
{
	const char *equal = strchr(name_and_file, '=');
	size_t n = equal ? (size_t)(equal - name_and_file) : 0;

	if (!n || !equal[1])
		die("-i needs NAME=FILE, not \"%s\"", name_and_file);
	if (n >= IMAGE_NAME_LEN)
		die("the image's name in \"%s\" is longer than %d letters", name_and_file,
		    IMAGE_NAME_LEN - 1);
	if (images->count == PACKAGE_MAX - 1)
		die("more than %d images", PACKAGE_MAX - 1);
	memcpy(images->names[images->count], name_and_file, n);
	images->names[images->count][n] = 0;
	images->files[images->count] = equal + 1;
	if (!strcmp(images->names[images->count], PACKAGE_CONFIG))
		die("\"%s\" cannot be an image's name", PACKAGE_CONFIG);
	for (uint32_t i = 0; i < images->count; i++) {
		if (!strcmp(images->names[i], images->names[images->count]))
			die("image \"%s\" is given twice", images->names[i]);
	}
	images->count++;
}

void images_used(const struct config *config, void (*each)(void *arg, const char *name), void *arg)
{
	uint32_t j, n = config->nr_vms * NR_IMAGE_ROLES;
	const char *name;

	for (uint32_t i = 0; i < n; i++) {
		name = config->vms[i / NR_IMAGE_ROLES].images[i % NR_IMAGE_ROLES];
		for (j = 0; name && j < i; j++) {
			const struct config_vm *vm = &config->vms[j / NR_IMAGE_ROLES];
			const char *seen = vm->images[j % NR_IMAGE_ROLES];

			if (seen && !strcmp(seen, name))
				break;
		}
		if (name && j == i)
			each(arg, name);
	}
}

uint64_t payload_offset(uint64_t after, uint64_t size, uint64_t base, uint64_t align)
{
	uint64_t offset = align_up(base + after, align) - base;

	if (base + offset < PACKAGE_HOLE + PACKAGE_HOLE_SIZE && base + offset + size > PACKAGE_HOLE)
		offset = PACKAGE_HOLE + PACKAGE_HOLE_SIZE - base;
	return offset;
}

static bool is_in_place(const struct config *config, const char *name)
{
	for (uint32_t i = 0; i < config->nr_vms; i++) {
		for (uint32_t role = 0; role < NR_IMAGE_ROLES; role++) {
			const char *image = config->vms[i].images[role];

			if (config->vms[i].policy.in_place && image && !strcmp(image, name))
				return true;
		}
	}
	return false;
}

static bool is_kernel(const struct config *config, const char *name)
{
	for (uint32_t i = 0; i < config->nr_vms; i++) {
		if (config->vms[i].images[IMAGE_KERNEL] && !strcmp(config->vms[i].images[IMAGE_KERNEL], name))
			return true;
	}
	return false;
}

uint32_t images_unknown(const struct images *images)
{
	uint32_t unknown = 0;

	for (uint32_t i = 0; i < images->count; i++)
		unknown |= images->files[i] ? 0 : 2u << i;	/* entry 0 is the configuration */
	return unknown;
}

static void add_entry(struct package_header *h, const char *name, const struct blob *b,
		      uint64_t base, bool in_place)
{
	struct package_entry *e = &h->entries[h->nr_entries++];
	uint64_t size = b->size, align = PAGE_SIZE;

	if (in_place) {	/* with all the memory that a kernel's header requests */
		size = core_header_valid(b) && core_image_size(b) > size ? core_image_size(b) : size;
		if (size > GIB)
			die("image \"%s\": its header asks for 0x%lx bytes of memory", name, size);
		align = core_header_valid(b) ? 2 * MIB : PAGE_SIZE;
		size = align_up(size ? size : 1, align);
	}
	snprintf(e->name, sizeof(e->name), "%s", name);
	e->size = b->size;
	e->crc32 = crc32_ieee(0, b->data, b->size);
	e->offset = payload_offset(h->total_size, size, base, align);
	h->total_size = e->offset + size;
}

struct blob make_package(const struct blob *config, const struct config *parsed, const struct images *images,
			 uint64_t base)
{
	size_t head = sizeof(struct package_header) + PACKAGE_MAX * sizeof(struct package_entry);
	struct package_header *h = need_memory(head);
	struct blob payload[PACKAGE_MAX] = { *config }, out;

	crc32_init();
	h->magic = PACKAGE_MAGIC;
	h->version = PACKAGE_VERSION;
	h->total_size = sizeof(*h) + (images->count + 1) * sizeof(h->entries[0]);
	add_entry(h, PACKAGE_CONFIG, config, base, false);
	for (uint32_t i = 0; i < images->count; i++) {
		if (images->files[i])
			payload[i + 1] = read_image(images->files[i], is_kernel(parsed, images->names[i]),
						    images->silent);
		add_entry(h, images->names[i], &payload[i + 1], base, is_in_place(parsed, images->names[i]));
	}
	h->total_size = align_up(h->total_size, PAGE_SIZE);
	head = sizeof(*h) + h->nr_entries * sizeof(h->entries[0]);
	h->header_crc32 = crc32_ieee(0, h, head);
	out = (struct blob){ need_memory(h->total_size), h->total_size };
	memcpy(out.data, h, head);
	for (uint32_t i = 0; i < h->nr_entries; i++) {
		if (payload[i].size)
			memcpy(out.data + h->entries[i].offset, payload[i].data, payload[i].size);
		if (i)
			free(payload[i].data);
	}
	free(h);
	return out;
}

static uint64_t get_le64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

uint64_t core_place(uint64_t package_size, uint64_t core_memory)
{
	return payload_offset(PACKAGE_OFFSET + package_size, core_memory, 0, PAGE_SIZE);
}

bool core_header_valid(const struct blob *image)
{
	return image->size >= CORE_HEADER_SIZE && !memcmp(image->data + 0x38, "RSC\x05", 4);
}

uint64_t core_text_offset(const struct blob *image)
{
	return get_le64(image->data + 8);
}

uint64_t core_image_size(const struct blob *image)
{
	return get_le64(image->data + 16);
}

uint64_t core_offset(const struct blob *image)
{
	return get_le64(image->data + CORE_OFFSET_AT);
}

static void put_le(uint8_t *p, uint64_t v, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		p[i] = v >> 8 * i;
}

/* auipc t0, %hi(offset); jr %lo(offset)(t0): RISC-V ISA manual, "RV32I". The low part is extended by its sign. */
void core_set_header(uint8_t *header, const struct blob *core, uint64_t at, uint64_t memory)
{
	uint64_t high = (at + 0x800) >> 12, low = at & 0xfff;

	memcpy(header, core->data, CORE_HEADER_SIZE);
	put_le(header, high << 12 | 0x297, 4);
	put_le(header + 4, low << 20 | 0x28067, 4);
	put_le(header + 16, memory, 8);
	put_le(header + CORE_OFFSET_AT, at, 8);
}

void core_set_offset(struct blob *core, uint64_t at)
{
	put_le(core->data + CORE_OFFSET_AT, at, 8);
}
