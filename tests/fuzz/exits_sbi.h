/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What exits_spec.c, exits_sbi.c and exits_faults.c, the parts of one specification, ask of each other. */
#ifndef TESTS_FUZZ_EXITS_SBI_H
#define TESTS_FUZZ_EXITS_SBI_H

#include "tests/fuzz/exits_spec.h"

uint64_t spec_harts(uint64_t vcpus);	/* the harts of vcpus of the acting VM */

/* How an event may end; each checks all that is common to such ends. */
void spec_continues(uint64_t siblings, bool may_be_more);	/* in the guest */
void spec_stops(void);			/* the vcpu has stopped itself, or has seen that its VM ends */
void spec_ends(enum vm_end end);	/* it has ended its VM */
void spec_suspended(bool anything);	/* it is suspended or reads, or continues as something was pending */

void spec_check_csrs(const struct fake_hw *want);	/* the guest's CSRs, hvip.VSEIP excepted */
void spec_check_kept(void);		/* the guest's registers and CSRs, hvip excepted */

#endif
