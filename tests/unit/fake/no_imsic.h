/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests with a model of the bus, but none of CSRs: the hypervisor has no source of an APLIC there. */
#ifndef TESTS_UNIT_FAKE_NO_IMSIC_H
#define TESTS_UNIT_FAKE_NO_IMSIC_H

#include <stdlib.h>

#include "hyp/riscv/imsic.h"

void imsic_open_own(uint32_t ids, uint32_t id)
{
	(void)ids, (void)id;
	abort();
}

uint32_t imsic_claim_own(void)
{
	abort();
}

#endif
