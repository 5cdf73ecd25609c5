/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes a hart's features, sets the hart up for a guest, and resets what a guest leaves in it. The device tree is not
 * trusted: features are probed, and a CSR that protects something is read back.
 */
#ifndef HYP_RISCV_GUEST_ENV_H
#define HYP_RISCV_GUEST_ENV_H

#include "hyp/base/types.h"
#include "hyp/riscv/hart.h"

#define GUEST_CSR(name, number, value)		GUEST_CSR_##name,
#define GUEST_CSR_OPTIONAL(name, number, value)	GUEST_CSR_##name,
enum guest_csr {
#include "hyp/riscv/guest_csrs.def"
	NR_GUEST_CSRS
};
#undef GUEST_CSR
#undef GUEST_CSR_OPTIONAL

/* The features of a hart, as probed. */
struct hart_features {
	bool fp;		/* f0 to f31, */
	bool doubles;		/* which are 64 bits wide, */
	bool zcd;		/* C.FSDSP; without it Zcmp may use its encodings */
	bool finx;		/* or fcsr without them: Zfinx, Zdinx */
	bool vector, henvcfg, sstc;
	uint8_t hstateen;	/* bit n: hstateen<n> exists */
	bool cbom;		/* CBO.CLEAN can be executed in HS-mode */
	bool clmul;		/* Zbc */
	uint32_t zero_block;	/* octets that CBO.ZERO clears; 0: HS-mode does not have it */
	bool htimedelta;	/* without it the guest's time is always the host's */
	bool aia;		/* hvien, hvictl */
	bool seed;		/* the seed CSR (Zkr, and mseccfg.SSEED) */
	bool time;		/* the time CSR, or firmware that emulates it */
	uint32_t csrs;		/* bit = enum guest_csr: exists */
};

/* The environment of a VM; the same on each of its harts. */
struct guest_env {
	uint64_t hgatp;		/* its G-stage */
	uint64_t envcfg;	/* ENVCFG_* that it may use, but STCE */
	bool sstc, cbom;	/* the plan requires them */
	uint32_t file;		/* number of the guest interrupt file that it uses; 0: none */
};

/* The exceptions that a guest's own kernel handles. M-mode firmware that gets one redirects it to VS-mode or, where
 * hedeleg lacks the bit, to the hypervisor. */
#define GUEST_EXCEPTIONS						\
	(1ul << CAUSE_FETCH_MISALIGNED | 1ul << CAUSE_FETCH_ACCESS |	\
	 1ul << CAUSE_ILLEGAL | 1ul << CAUSE_BREAKPOINT |		\
	 1ul << CAUSE_LOAD_MISALIGNED | 1ul << CAUSE_LOAD_ACCESS |	\
	 1ul << CAUSE_STORE_MISALIGNED | 1ul << CAUSE_STORE_ACCESS |	\
	 1ul << CAUSE_ECALL_U | 1ul << CAUSE_FETCH_PAGE |		\
	 1ul << CAUSE_LOAD_PAGE | 1ul << CAUSE_STORE_PAGE |		\
	 1ul << CAUSE_SOFTWARE_CHECK | 1ul << CAUSE_HARDWARE_ERROR)

/*
 * Those that are delegated to VS-mode. Not the illegal instruction: QEMU 7.2 mistakes exception cause 2 for the
 * interrupt VSSI and changes it to 1. Where the firmware delegates it, this costs an exit, and no code in M-mode.
 * Misaligned accesses are delegated: M-mode firmware that only redirects them writes vscause itself. QEMU 11.1 cannot
 * redirect to HS-mode at all, as software cannot write mstatus.MPV there.
 */
#define DELEGATED_EXCEPTIONS	(GUEST_EXCEPTIONS & ~(1ul << CAUSE_ILLEGAL))

/* Probes the calling hart, by accesses that may trap. Call it only before any guest has run on the hart: OpenSBI 1.1
 * may leave an earlier guest's hstatus.SPV set at a trap from HS-mode (guest_run in switch.S). */
struct hart_features guest_env_probe(void);

/*
 * Sets the calling hart up for a guest: delegation, environment, G-stage. Every CSR on which isolation or the
 * hypervisor's own safety depends is read back, and an empty G-stage is tested. False, with the reason, if the hart
 * does not fulfil a requirement: no guest may run on it. Call it before any guest has run on the hart.
 */
bool guest_env_init(const struct hart_features *f, const struct guest_env *env, struct hart_refusal *r);

/* Resets the CSRs of guest_csrs.def and the registers of the floating-point and vector units. Leaves sstatus.FS and VS
 * on where the units exist. Call it before each start of a guest. */
void guest_env_reset(const struct hart_features *f);

#endif
