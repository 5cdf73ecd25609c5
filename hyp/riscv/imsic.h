/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interrupt files of the calling hart: the one of S-level, for the hypervisor's own interrupt on a hart that is in
 * no guest, and the guest file of the hart's guest. Source: RISC-V AIA 1.0, 3.8 ("Interrupt File Registers") and 6.1 to
 * 6.3.
 */
#ifndef HYP_RISCV_IMSIC_H
#define HYP_RISCV_IMSIC_H

#include "hyp/base/types.h"

/* Whether the hart has that guest interrupt file. hgeie is 0 afterwards. */
bool imsic_has_file(uint32_t file);

/* The file of S-level signals nothing to the hart from now on. */
void imsic_close_own(void);

/* The file of S-level signals that identity alone from now on. ids: highest identity that may have been in use. */
void imsic_open_own(uint32_t ids, uint32_t id);

/* The identity that the file of S-level signals, which does not pend any more; 0: none. */
uint32_t imsic_claim_own(void);

/* State of a new file: nothing delivered, enabled or pending, no threshold. hstatus.VGEIN selects the file. ids: its
 * highest identity, 64 * n - 1. */
void imsic_clear_file(uint32_t ids);

/* While the hart waits for its suspended guest: whether the file that hstatus.VGEIN selects has something for it, and
 * whether that ends a WFI of HS-mode. */
bool imsic_pends(uint32_t file);
void imsic_wake(uint32_t file, bool on);

#endif
