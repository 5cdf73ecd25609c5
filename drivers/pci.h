/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes the functions of a PCI bus silent: no DMA, no interrupt. For the time between two lives of the guest that has
 * the bus. Source: PCI Express Base Specification 6.0, 7.5.1 and 7.5.3 (registers), 6.6.1 and 6.6.2 (resets).
 *
 * All functions take the address at which 1 MiB of ECAM, of one bus, can be accessed. What a guest has left in the
 * registers bounds no loop. A function counts as absent while the bus refuses accesses to it: with a link that the
 * guest has switched off, some host bridges answer with a bus error. A bridge passes on no DMA of what is behind it
 * while its own bus mastering is off.
 */
#ifndef DRIVERS_PCI_H
#define DRIVERS_PCI_H

#include "hyp/base/pci_map.h"
#include "hyp/base/types.h"

/* Bus mastering, decoding and wired interrupts of each function off; virtual functions, too. What a function had sent
 * before has arrived in memory. False: the bus has no function. */
bool pci_silence(hpa_t bus);

/* True if a function still waits for an answer to DMA of its own: reset it then only after that, or after 100 ms. */
bool pci_is_busy(hpa_t bus);

/* Holds all that is behind the bridges in reset, or ends that, after 1 ms at least. */
void pci_hold_behind(hpa_t bus);
void pci_release_behind(hpa_t bus);

/* Resets each function that can be reset alone (FLR). After this, and after pci_release_behind(), no access to what was
 * reset for 100 ms. */
void pci_reset_functions(hpa_t bus);

#endif
