/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A copy of the host's device tree in the image, and the image's move to its place in the plan. */
#ifndef BOOT_MOVE_H
#define BOOT_MOVE_H

#include "hyp/base/range.h"
#include "hyp/base/types.h"
#include "hyp/plan/plan.h"

#define MAX_DTB		BOOT_DTB_MAX

struct kept_tree {
	struct range original;
	uint8_t data[MAX_DTB] __attribute__((aligned(8)));
};

/*
 * Copies the firmware's device tree to our own memory: the original may lie in ROM, at an address that is no multiple
 * of 8, or where the image moves to. Returns the copy, or dtb if that is no tree or larger than MAX_DTB. to: where the
 * copy goes. *at: where the original lies. After a move (moved) dtb is not read: both results are those from before.
 */
const void *move_copy_tree(struct kept_tree *to, const void *dtb, bool moved, struct range *at);

/* The address of the tree's copy in the image at loaded: this image, or the one from before the move. */
void *move_tree_of(uint64_t loaded);

/*
 * Whether each page of there behaves as memory. The range is free RAM in the host's tree, but a tree can be
 * wrong. Changes the first octet of each page.
 */
bool move_fits(struct range there);

/*
 * Copies the whole image and the copied tree to address to, and starts again there by boot_again(). The two places do
 * not overlap.
 */
__noreturn void move_image(uint64_t to, uint64_t hartid);

/* Clears what was copied at the place where the image was loaded, for guests whose RAM is not cleared at boot. */
void move_clear(uint64_t loaded);

#endif
