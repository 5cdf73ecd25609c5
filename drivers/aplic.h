/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's APLICs that send messages to interrupt files (RISC-V AIA 1.0, chapter 4, "MSI Delivery Mode"). For a
 * running guest, hyp/vdev/vaplic.c writes to the registers of its sources itself. No lock: what is written for one
 * source does not change another, so harts of different guests can write at once.
 */
#ifndef DRIVERS_APLIC_H
#define DRIVERS_APLIC_H

#include "drivers/intc.h"

#define APLIC_DOMAINCFG		0x0000u
#define APLIC_SOURCECFG		0x0000u	/* + 4 * source */
#define APLIC_SETIP		0x1c00u	/* + 4 * word, as those that follow */
#define APLIC_SETIPNUM		0x1cdcu
#define APLIC_CLRIP		0x1d00u	/* in_clrip: reads as the rectified inputs */
#define APLIC_CLRIPNUM		0x1ddcu
#define APLIC_SETIE		0x1e00u
#define APLIC_SETIENUM		0x1edcu
#define APLIC_CLRIE		0x1f00u
#define APLIC_CLRIENUM		0x1fdcu
#define APLIC_SETIPNUM_LE	0x2000u
#define APLIC_SETIPNUM_BE	0x2004u
#define APLIC_GENMSI		0x3000u
#define APLIC_TARGET		0x3000u	/* + 4 * source */
#define APLIC_END		0x4000u	/* of what MSI delivery mode has */

#define APLIC_DOMAIN_IE		0x100u
#define APLIC_DOMAIN_DM		0x004u
#define APLIC_DOMAIN_ONES	0x80000000u	/* bits 31 to 24 as read */
#define APLIC_SOURCE_MODE	7u		/* bits of sourcecfg but D: sources of this domain are not delegated */
#define APLIC_MODE_EDGE_RISE	4u
#define APLIC_MODE_EDGE_FALL	5u
#define APLIC_MODE_LEVEL_HIGH	6u
#define APLIC_MODE_LEVEL_LOW	7u
#define APLIC_OWN_ID		1u	/* of the hypervisor's source, in the file of S-level of its hart */
#define APLIC_TARGET_HART	18		/* shift of the hart's index */
#define APLIC_TARGET_GUEST	12		/* of the guest file's number */
#define APLIC_TARGET_ID		0x7ffu

/*
 * As an interrupt controller of the host (intc.h): init() makes all sources inactive and turns messages on; quiesce()
 * makes those of a VM inactive again. A source of the hypervisor sends identity APLIC_OWN_ID to the hart's file of
 * S-level.
 */
extern const struct intc_ops aplic_ops;

#endif
