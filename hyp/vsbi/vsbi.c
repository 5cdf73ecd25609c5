/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Table of SBI extensions and the calling convention; see vsbi.h. Source: SBI 3.0, "Binary Encoding". Called on the
 * vcpu's hart only; no lock.
 */
#include "hyp/vsbi/vsbi.h"

struct extension {
	uint32_t eid;
	struct sbiret (*call)(struct vcpu *v, const uint64_t *a, uint64_t fid);
};

/* Found in one step. Two extensions in one slot do not compile (-Woverride-init): choose other numbers here. */
#define SLOTS		32
#define SLOT(eid)	(((eid) ^ (eid) >> 5) % SLOTS)
#define EXTENSION(eid, call) [SLOT(eid)] = { eid, call }

static const struct extension extensions[SLOTS] = {
	EXTENSION(SBI_EXT_BASE, vsbi_base),
	EXTENSION(SBI_EXT_TIME, vsbi_time),
	EXTENSION(SBI_EXT_IPI, vsbi_ipi),
	EXTENSION(SBI_EXT_RFENCE, vsbi_rfence),
	EXTENSION(SBI_EXT_HSM, vsbi_hsm),
	EXTENSION(SBI_EXT_SRST, vsbi_srst),
	EXTENSION(SBI_EXT_DBCN, vsbi_dbcn),
	EXTENSION(VSBI_EXT_VENDOR, vsbi_vendor),
	EXTENSION(SBI_EXT_LEGACY_SET_TIMER, vsbi_legacy_set_timer),
	EXTENSION(SBI_EXT_LEGACY_PUTCHAR, vsbi_legacy_putchar),
	EXTENSION(SBI_EXT_LEGACY_GETCHAR, vsbi_legacy_getchar),
	EXTENSION(SBI_EXT_LEGACY_SHUTDOWN, vsbi_legacy_shutdown),
};

static const struct extension *find(uint64_t eid)
{
	const struct extension *e = &extensions[SLOT(eid)];

	return e->eid == eid ? e : NULL;	/* an empty slot says 0, which has a slot of its own */
}

bool vsbi_has(uint64_t eid)
{
	return find(eid) != NULL;
}

struct sbiret vsbi_call(struct guest_context *ctx)
{
	const uint64_t *x = ctx->x;
	const struct extension *e = find(x[17]);

	if (!e)
		return vsbi_error(SBI_ERR_NOT_SUPPORTED);
	return e->call((struct vcpu *)ctx, &x[10], x[16]);
}
