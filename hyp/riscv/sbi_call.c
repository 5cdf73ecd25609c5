/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls to the firmware (SBI 3.0, and the legacy console for firmware without DBCN).
 */
#include "hyp/riscv/sbi_call.h"

static bool has_dbcn;

struct sbiret sbi_ecall(unsigned long eid, unsigned long fid, unsigned long arg0, unsigned long arg1,
			unsigned long arg2, unsigned long arg3, unsigned long arg4)
{
	const unsigned long arg[5] = { arg0, arg1, arg2, arg3, arg4 };

	return firmware_ecall(eid, fid, arg);
}

long sbi_ecall_harts(unsigned long eid, unsigned long fid, const uint64_t *ids, uint32_t n,
		     unsigned long a2, unsigned long a3, unsigned long a4)
{
	uint64_t done = 0;	/* bit = position in ids */
	long error = SBI_SUCCESS;

	if (n == 1)
		return sbi_ecall(eid, fid, 1, ids[0], a2, a3, a4).error;
	for (;;) {
		uint64_t base = UINT64_MAX, bits = 0;
		struct sbiret r;

		for (uint32_t i = 0; i < n; i++)
			if (!(done >> i & 1) && ids[i] < base)
				base = ids[i];
		if (base == UINT64_MAX)
			return error;
		for (uint32_t i = 0; i < n; i++)
			if (!(done >> i & 1) && ids[i] - base < 64) {
				bits |= 1ull << (ids[i] - base);
				done |= 1ull << i;
			}
		r = sbi_ecall(eid, fid, bits, base, a2, a3, a4);
		error = r.error ? r.error : error;
	}
}

bool sbi_probe(unsigned long eid)
{
	struct sbiret r = sbi_ecall(SBI_EXT_BASE, SBI_BASE_PROBE, eid, 0, 0, 0, 0);

	return r.error == SBI_SUCCESS && r.value != 0;
}

void sbi_set_timer(uint64_t absolute)
{
	sbi_ecall(SBI_EXT_TIME, 0, absolute, 0, 0, 0, 0);
}

__boot enum err sbi_hart_start(uint64_t hartid, hpa_t entry, uint64_t opaque)
{
	struct sbiret r = sbi_ecall(SBI_EXT_HSM, SBI_HSM_START, hartid, entry.v, opaque, 0, 0);

	return r.error == SBI_SUCCESS ? OK : ERR_FIRMWARE;
}

bool sbi_hart_is_stopped(uint64_t hartid)
{
	struct sbiret r = sbi_ecall(SBI_EXT_HSM, SBI_HSM_STATUS, hartid, 0, 0, 0, 0);

	return r.error == SBI_SUCCESS && r.value == SBI_HSM_STATE_STOPPED;
}

void sbi_hart_stop(void)
{
	sbi_ecall(SBI_EXT_HSM, SBI_HSM_STOP, 0, 0, 0, 0, 0);
}

void sbi_system_reset(uint32_t type, uint32_t reason)
{
	sbi_ecall(SBI_EXT_SRST, 0, type, reason, 0, 0, 0);
	if (type == SBI_SRST_SHUTDOWN)
		sbi_ecall(SBI_EXT_LEGACY_SHUTDOWN, 0, 0, 0, 0, 0, 0);
}

__boot void sbi_console_init(void)
{
	has_dbcn = sbi_probe(SBI_EXT_DBCN);
}

void sbi_console_write(const char *text, size_t len)
{
	if (!has_dbcn) {
		for (size_t i = 0; i < len; i++)
			sbi_ecall(SBI_EXT_LEGACY_PUTCHAR, 0, (unsigned char)text[i], 0, 0, 0, 0);
		return;
	}
	while (len) {	/* the firmware may take a part of it */
		struct sbiret r = sbi_ecall(SBI_EXT_DBCN, SBI_DBCN_WRITE, len, (uintptr_t)text, 0, 0, 0);

		if (r.error != SBI_SUCCESS || r.value <= 0 || (size_t)r.value > len)
			return;
		text += r.value;
		len -= (size_t)r.value;
	}
}
