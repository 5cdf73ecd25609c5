/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What raw.S needs of structures. See hyp/base/asm_define.h. */
#include "guests/test/raw.h"
#include "hyp/base/asm_define.h"

void asm_offsets(void)
{
	ASM_OFFSET(RAW_A0, struct raw_state, a0);
	ASM_OFFSET(RAW_A1, struct raw_state, a1);
	ASM_OFFSET(RAW_SATP, struct raw_state, satp);
	ASM_OFFSET(RAW_SSTATUS, struct raw_state, sstatus);
	ASM_OFFSET(RAW_SIE, struct raw_state, sie);
	ASM_OFFSET(RAW_SIP, struct raw_state, sip);
	ASM_OFFSET(RAW_DONE, struct raw_state, done);
	ASM_DEFINE(RAW_STATE_SIZE, sizeof(struct raw_state));
}
