/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The copy of the host's tree, and the image's move; see move.h and docs/architecture.md, "Out of the guests'
 * way". Boot hart only, before any other hart has been started and before translation is on.
 */
#include "boot/move.h"

#include "boot/boot.h"
#include "hyp/base/fdt.h"
#include "hyp/base/str.h"
#include "hyp/riscv/fault.h"

static struct kept_tree *tree;	/* in the scratch space: the only part of what is in no file that moves */

const void *move_copy_tree(struct kept_tree *to, const void *dtb, bool moved, struct range *at)
{
	tree = to;
	if (!moved) {
		tree->original = (struct range){ (uintptr_t)dtb, dt_size(dtb, MAX_DTB) };
		memcpy(tree->data, dtb, tree->original.size);
	}
	*at = tree->original;
	return tree->original.size ? tree->data : dtb;
}

void *move_tree_of(uint64_t loaded)
{
	return (void *)(loaded + ((uintptr_t)tree->data - image_base()));
}

/* The pieces that move: the image's file, and the tree. */
static void each_piece(uint64_t to, void (*piece)(uint64_t to, const void *from, uint64_t size))
{
	const uint64_t begin[] = { image_base(), (uintptr_t)tree };
	const uint64_t end[] = { (uintptr_t)__bss_start, (uintptr_t)(tree->data + tree->original.size) };

	for (uint32_t i = 0; i < ARRAY_LEN(begin); i++)
		piece(to + (begin[i] - begin[0]), (const void *)begin[i], end[i] - begin[i]);
}

static void copy_piece(uint64_t to, const void *from, uint64_t size)
{
	memcpy((void *)to, from, size);
}

static void clear_piece(uint64_t to, const void *from, uint64_t size)
{
	(void)from;
	memset((void *)to, 0, size);
}

bool move_fits(struct range there)
{
	for (uint64_t at = there.base; at <= range_last(there); at += PAGE_SIZE) {
		volatile uint8_t *byte = (volatile uint8_t *)at;

		if (guard_erase((void *)at, 1) != OK)
			return false;
		*byte = 0xa5;
		if (*byte != 0xa5)
			return false;
	}
	return true;
}

__noreturn void move_image(uint64_t to, uint64_t hartid)
{
	uint64_t again = to + ((uintptr_t)boot_again - image_base());

	each_piece(to, copy_piece);
	boot_enter_copy(hartid, NULL, image_base(), again);
}

void move_clear(uint64_t loaded)
{
	each_piece(loaded, clear_piece);
}
