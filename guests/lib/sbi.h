/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Supervisor Binary Interface calls (SBI specification 2.0/3.0). Errors are the specification's
 * negative codes; `value` is meaningful when error is 0.
 */
#ifndef GUESTS_LIB_SBI_H
#define GUESTS_LIB_SBI_H

#include <stdbool.h>
#include <stdint.h>

#define SBI_OK			0
#define SBI_FAILED		(-1)
#define SBI_NOT_SUPPORTED	(-2)
#define SBI_INVALID_PARAM	(-3)
#define SBI_DENIED		(-4)
#define SBI_INVALID_ADDRESS	(-5)
#define SBI_ALREADY_AVAILABLE	(-6)

#define EID_LEGACY_SET_TIMER	0
#define EID_LEGACY_PUTCHAR	1
#define EID_LEGACY_GETCHAR	2
#define EID_LEGACY_SHUTDOWN	8
#define EID_BASE	0x10
#define EID_TIME	0x54494D45
#define EID_IPI		0x735049
#define EID_RFNC	0x52464E43
#define EID_HSM		0x48534D
#define EID_SRST	0x53525354
#define EID_DBCN	0x4442434E

#define BASE_SPEC	0
#define BASE_IMPL_ID	1
#define BASE_IMPL_VER	2
#define BASE_PROBE	3
#define HSM_START	0
#define HSM_STOP	1
#define HSM_STATUS	2
#define HSM_SUSPEND	3
#define RFNC_FENCE_I	0
#define RFNC_SFENCE	1
#define RFNC_SFENCE_ASID 2
#define DBCN_WRITE	0
#define DBCN_READ	1
#define DBCN_BYTE	2

#define HSM_STARTED	0
#define HSM_STOPPED	1
#define HSM_START_PENDING 2
#define HSM_STOP_PENDING 3
#define HSM_SUSPENDED	4

#define IMPL_OPENSBI	1

struct sbiret {
	long error;
	long value;
};

struct sbiret sbi_call(uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2,
		       uint64_t a3, uint64_t a4);

/* What sbi_init() found. `opensbi`: the guest runs natively, on OpenSBI. */
struct sbi_info {
	uint64_t spec;
	uint64_t impl_id;
	uint64_t impl_version;
	bool dbcn;
	bool opensbi;
};
extern struct sbi_info sbi;

void sbi_init(void);
bool sbi_probe(uint64_t eid);
/* What sbi_shutdown() says: 0 (the default) no reason, 1 system failure. */
extern uint64_t sbi_shutdown_reason;
/* Power off; does not return. The legacy shutdown is the fall-back. */
void sbi_shutdown(void) __attribute__((noreturn));

#endif
