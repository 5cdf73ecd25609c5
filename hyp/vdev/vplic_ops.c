/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PLIC as a guest's interrupt controller: what vintc.h and switch.S need of it. */
#include "hyp/vdev/vplic.h"

/* The page of the vcpu's own context in the host; 0 if it has none, or that is not passed. */
static uint64_t host_page(const struct vplic *v, uint32_t vcpu)
{
	hpa_t page;

	if (!v->entry[vcpu] || !plic_context_page(v->plic, (uint32_t)v->context[vcpu], &page))
		return 0;
	return page.v;
}

static void init_context(void *vplic, struct guest_context *ctx, uint32_t vcpu, bool alone)
{
	struct vplic *v = vplic;
	bool passed = v->mode != PLIC_EMULATED;

	ctx->intc = v;
	ctx->intc_base = v->window->base.v;
	ctx->intc_size = v->window->size;
	ctx->intc_read = passed ? vplic_passed_read : vplic_read;
	ctx->intc_write = passed ? vplic_passed_write : vplic_write;
	ctx->intc_take = alone && !passed ? vplic_physical : NULL;
	ctx->host_page = host_page(v, vcpu);
}

const struct vintc_ops vplic_ops = {
	.init_context = init_context,
	.set_level = vplic_set_level,
	.take = vplic_physical,
	.line = vplic_line,
	.look = vplic_look,
	.flush = vplic_flush,
	.reset = vplic_reset,
};
