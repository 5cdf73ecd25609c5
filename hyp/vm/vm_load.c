/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The RAM of a guest that is to start: its images, its device tree, and zeroes; see vm_load.h. No lock: the caller has
 * the VM for itself.
 */
#include "hyp/vm/vm_load.h"

#include "hyp/console/console.h"
#include "hyp/vm/entropy.h"
#include "hyp/vm/guestmem.h"

/* Something that the guest finds in its RAM at the start. */
struct extent {
	gpa_t target;
	const void *source;	/* NULL: it is there already */
	uint64_t size;
	const struct plan_image *image;	/* with the checksum of source; NULL: none */
};

/* The extent with the lowest address in [from, end), NULL if there is none. */
static const struct extent *next_extent(const struct extent *e, uint32_t n, uint64_t from, uint64_t end)
{
	const struct extent *best = NULL;

	for (uint32_t i = 0; i < n; i++)
		if (e[i].size && e[i].target.v >= from && e[i].target.v < end &&
		    (!best || e[i].target.v < best->target.v))
			best = &e[i];
	return best;
}

/* Where the extent goes, and whether that is what the image was: summed as it is copied. */
static bool fill_extent(const struct vm *vm, const struct extent *x, hpa_t to)
{
	if (!x->source)
		return true;
	if (!x->image) {
		guestmem_fill(to, x->source, x->size);
		return true;
	}
	if (guestmem_fill_and_sum(to, x->source, x->size) == x->image->crc32)
		return true;
	console_log("ERROR: vm %s: image %s: wrong checksum", vm->plan->name, x->image->name);
	return false;
}

/*
 * Writes each byte of a RAM region once: an extent's, or 0 unless the plan preserves the gaps. The plan has
 * no extent that crosses a region's end. False, and the rest is as it was, if an image has a wrong checksum.
 */
static bool fill_region(const struct vm *vm, const struct plan_region *r, const struct extent *e, uint32_t n)
{
	bool keep_gaps = vm->plan->policy.keep_ram && !vm->starts;
	uint64_t at = r->gpa.v, end = r->gpa.v + r->size;

	while (at < end) {
		const struct extent *x = next_extent(e, n, at, end);
		uint64_t gap_end = x ? x->target.v : end;

		if (!keep_gaps)
			guestmem_clear(hpa(r->hpa.v + (at - r->gpa.v)), gap_end - at);
		at = gap_end;
		if (x) {
			if (!fill_extent(vm, x, hpa(r->hpa.v + (at - r->gpa.v))))
				return false;
			at += x->size;
		}
	}
	return true;
}

/* What was not written, too: images in place are where a boot loader's writes have got to. */
static void clean_ram(const struct vm *vm)
{
	for (uint32_t i = 0; i < vm->plan->nr_regions && vm->clean_block; i++)
		if (vm->plan->regions[i].kind == REGION_RAM)
			guestmem_clean(vm->plan->regions[i].hpa, vm->plan->regions[i].size, vm->clean_block);
}

enum err vm_load(struct vm *vm)
{
	struct extent e[NR_IMAGE_ROLES + 1];
	uint32_t n = 0;

	for (uint32_t i = 0; i < NR_IMAGE_ROLES; i++) {
		const struct plan_image *image = &vm->plan->images[i];
		const void *source = (const void *)(uintptr_t)image->source.v;

		if (!image->size)
			continue;
		if (vm->plan->policy.in_place)
			source = NULL;	/* neither read nor written */
		e[n++] = (struct extent){ image->target, source, image->size, image };
	}
	e[n++] = (struct extent){ vm->plan->dtb, vm->dtb, vm->dtb_size, NULL };
	for (uint32_t i = 0; i < vm->plan->nr_regions; i++)
		if (vm->plan->regions[i].kind == REGION_RAM && !fill_region(vm, &vm->plan->regions[i], e, n))
			return ERR_INVALID;
	entropy_write_seeds(vm);
	clean_ram(vm);
	return OK;
}
