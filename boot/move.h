/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's device tree in memory of our own, and the image's move to where the plan wants it. */
#ifndef BOOT_MOVE_H
#define BOOT_MOVE_H

#include "hyp/base/range.h"
#include "hyp/base/types.h"

/*
 * The tree that the firmware has passed on, copied to where it may be used as long as wanted: the original may lie in
 * ROM, at an address that is no multiple of 8, or where we move to. What is no tree, or larger than MAX_DTB, is given
 * back as it is. *at: where the original lies. After a move both are as before it, and dtb is not looked at.
 */
const void *move_keep_tree(const void *dtb, bool moved, struct range *at);

/* Where the image at loaded keeps the tree: before it moved, or this one. */
void *move_tree_of(uint64_t loaded);
#define MAX_DTB		(1 * MIB)

/*
 * Whether each page of there answers as memory. The range is RAM in the host's tree and belongs to nobody; a tree can
 * be wrong. Changes the first octet of each page.
 */
bool move_fits(struct range there);

/*
 * Copies the image with its package, which ends at package_end, and the kept tree to address to, and starts again there
 * by boot_again(). The two places do not overlap.
 */
__noreturn void move_image(uint64_t to, uint64_t package_end, uint64_t hartid);

/* Zeroes what was copied from where the image was loaded, for guests whose RAM is not cleared at boot. */
void move_clear(uint64_t loaded, uint64_t package_end);

#endif
