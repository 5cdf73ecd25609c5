/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the registers of a PLIC lie, in bytes from its base. Source: RISC-V PLIC Specification 1.0.0, "Memory Map". */
#ifndef HYP_BASE_PLIC_MAP_H
#define HYP_BASE_PLIC_MAP_H

#define PLIC_PRIORITY_BASE	0x0u		/* one word a source */
#define PLIC_PENDING_BASE	0x1000u		/* one bit a source */
#define PLIC_ENABLE_BASE	0x2000u		/* one bit a source ... */
#define PLIC_ENABLE_STRIDE	0x80u		/* ... for each context */
#define PLIC_CONTEXT_BASE	0x200000u	/* threshold, claim/complete ... */
#define PLIC_CONTEXT_STRIDE	0x1000u		/* ... for each context */
#define PLIC_CONTEXT_CLAIM	4u
#define PLIC_MAX_CONTEXTS	15872u

#endif
