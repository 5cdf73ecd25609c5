/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rate limit; see rate_limit.h. */
#include "hyp/vm/rate_limit.h"

#include "hyp/riscv/csr.h"

void rate_limit_init(struct rate_limit *l, uint32_t burst, uint64_t interval)
{
	*l = (struct rate_limit){ .burst = burst, .interval = interval, .left = burst };
}

bool rate_limit_take(struct rate_limit *l)
{
	uint64_t now = csr_read(CSR_TIME);

	if (now - l->since >= l->interval) {
		l->since = now;
		l->left = l->burst;
	}
	if (!l->left) {
		l->dropped++;
		return false;
	}
	l->left--;
	return true;
}

uint32_t rate_limit_take_dropped(struct rate_limit *l)
{
	uint32_t dropped = l->dropped;

	l->dropped = 0;
	return dropped;
}
