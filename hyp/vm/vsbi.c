/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Table of SBI extensions and the calling convention; see vsbi.h. Source: SBI 3.0, "Binary Encoding" and
 * "Hart list parameter". Called on the vcpu's hart only; no lock.
 */
#include "hyp/vm/vsbi.h"

struct extension {
	uint32_t eid;
	bool legacy;	/* a1 is left alone; a0 alone is the result */
	enum verdict (*call)(struct vcpu *v, struct vsbi_call *c);
};

static const struct extension extensions[] = {
	{ SBI_EXT_TIME, false, vsbi_time },
	{ SBI_EXT_IPI, false, vsbi_ipi },
	{ SBI_EXT_RFENCE, false, vsbi_rfence },
	{ SBI_EXT_BASE, false, vsbi_base },
	{ SBI_EXT_HSM, false, vsbi_hsm },
	{ SBI_EXT_SRST, false, vsbi_srst },
	{ SBI_EXT_DBCN, false, vsbi_dbcn },
	{ VSBI_EXT_VENDOR, false, vsbi_vendor },
	{ SBI_EXT_LEGACY_SET_TIMER, true, vsbi_legacy_set_timer },
	{ SBI_EXT_LEGACY_PUTCHAR, true, vsbi_legacy_putchar },
	{ SBI_EXT_LEGACY_GETCHAR, true, vsbi_legacy_getchar },
	{ SBI_EXT_LEGACY_SHUTDOWN, true, vsbi_legacy_shutdown },
};

static const struct extension *find(uint64_t eid)
{
	for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
		if (extensions[i].eid == eid)
			return &extensions[i];
	return NULL;
}

bool vsbi_has(uint64_t eid)
{
	return find(eid) != NULL;
}

enum verdict vsbi_call(struct vcpu *v)
{
	uint64_t *x = v->ctx.x;
	const struct extension *e = find(x[17]);
	struct vsbi_call c = {
		.fid = x[16],
		.arg = { x[10], x[11], x[12], x[13], x[14], x[15] },
		.error = SBI_ERR_NOT_SUPPORTED,
	};
	enum verdict verdict = e ? e->call(v, &c) : VERDICT_RESUME;

	x[0] += 4;
	x[10] = (uint64_t)c.error;
	if (!e || !e->legacy)
		x[11] = c.value;
	return verdict;
}

long vsbi_hart_mask(const struct vm *vm, uint64_t mask, uint64_t base, uint64_t *vcpus)
{
	uint32_t n = vm->plan->nr_vcpus;
	uint64_t all = n == 64 ? UINT64_MAX : (1ull << n) - 1;

	if (base == UINT64_MAX) {
		*vcpus = all;
		return SBI_SUCCESS;
	}
	*vcpus = 0;
	if (!mask)
		return SBI_SUCCESS;
	if (base >= n || (mask & ~(all >> base)))
		return SBI_ERR_INVALID_PARAM;
	*vcpus = mask << base;
	return SBI_SUCCESS;
}
