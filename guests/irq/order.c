/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two sources that are pending at once: the order of their claims. */
#include "guests/irq/irq.h"

#include "guests/lib/check.h"
#include "guests/lib/device.h"
#include "guests/lib/plic.h"
#include "guests/lib/timer.h"

void irq_order(void)
{
	const struct device *a = device_find("rtc"), *b = device_find("uart");
	int ctx = this_cpu()->plic_ctx;

	if (!plic.base || !a || !b) {
		check_skip("needs two devices");
		return;
	}
	for (unsigned int k = 0; k < 3; k++) {
		uint32_t pa = k == 0 ? 2 : 1, pb = k == 1 ? 2 : 1, first, second;
		uint32_t low = a->source < b->source ? a->source : b->source;
		uint32_t want = k == 0 ? a->source : k == 1 ? b->source : low;

		plic_write(PLIC_PRIORITY(a->source), pa);
		plic_write(PLIC_PRIORITY(b->source), pb);
		plic_enable(ctx, a->source, true);
		plic_enable(ctx, b->source, true);
		a->ops->raise(a);
		b->ops->raise(b);
		EXPECT(WAIT_UNTIL(plic_pending(a->source) && plic_pending(b->source), LONG_MS),
		       "both are not pending");
		first = plic_claim(ctx);
		second = plic_claim(ctx);
		EXPECT(first == want && second == a->source + b->source - want,
		       "priorities %u and %u: claims %u then %u", pa, pb, first, second);
		EXPECT(plic_claim(ctx) == 0, "a third claim");
		a->ops->calm(a);
		b->ops->calm(b);
		plic_complete(ctx, second);
		plic_complete(ctx, first);
		EXPECT(plic_claim(ctx) == 0, "a claim after both are done");
		plic_enable(ctx, a->source, false);
		plic_enable(ctx, b->source, false);
	}
}
