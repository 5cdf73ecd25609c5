/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration space of a PCI host bridge by ECAM (PCI Express Base Specification, "Enhanced Configuration Access
 * Mechanism"). */
#ifndef HYP_BASE_PCI_MAP_H
#define HYP_BASE_PCI_MAP_H

#include "hyp/base/types.h"

#define PCI_BUS_SIZE	MIB
#define PCI_BUSES	256u	/* at most, of one host bridge */

#endif
