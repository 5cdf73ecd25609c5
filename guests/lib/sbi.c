/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SBI calls by ecall from S-mode, what the implementation says about itself, and power-off.
 * SBI specification 3.0, chapters "Binary Encoding", "Base Extension" and "System Reset".
 */
#include "guests/lib/sbi.h"
#include "guests/lib/cpu.h"

struct sbi_info sbi;
uint64_t sbi_shutdown_reason;

struct sbiret sbi_call(uint64_t eid, uint64_t fid, uint64_t x0, uint64_t x1, uint64_t x2,
		       uint64_t x3, uint64_t x4)
{
	register uint64_t a0 __asm__("a0") = x0;
	register uint64_t a1 __asm__("a1") = x1;
	register uint64_t a2 __asm__("a2") = x2;
	register uint64_t a3 __asm__("a3") = x3;
	register uint64_t a4 __asm__("a4") = x4;
	register uint64_t a6 __asm__("a6") = fid;
	register uint64_t a7 __asm__("a7") = eid;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1)
			 : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7) : "memory");
	return (struct sbiret){ .error = (long)a0, .value = (long)a1 };
}

bool sbi_probe(uint64_t eid)
{
	struct sbiret r = sbi_call(EID_BASE, BASE_PROBE, eid, 0, 0, 0, 0);

	return r.error == SBI_OK && r.value != 0;
}

void sbi_init(void)
{
	sbi.spec = (uint64_t)sbi_call(EID_BASE, BASE_SPEC, 0, 0, 0, 0, 0).value;
	sbi.impl_id = (uint64_t)sbi_call(EID_BASE, BASE_IMPL_ID, 0, 0, 0, 0, 0).value;
	sbi.impl_version = (uint64_t)sbi_call(EID_BASE, BASE_IMPL_VER, 0, 0, 0, 0, 0).value;
	sbi.dbcn = sbi_probe(EID_DBCN);
	sbi.opensbi = sbi.impl_id == IMPL_OPENSBI;
}

void sbi_shutdown(void)
{
	sbi_call(EID_SRST, 0, 0, sbi_shutdown_reason, 0, 0, 0);
	sbi_call(EID_LEGACY_SHUTDOWN, 0, 0, 0, 0, 0, 0);
	irq_disable();
	csr_write(sie, 0);
	for (;;)
		wfi();
}
