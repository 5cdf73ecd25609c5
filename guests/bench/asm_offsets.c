/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ops.S needs of structures. See hyp/base/asm_define.h. */
#include "guests/bench/aia.h"
#include "hyp/base/asm_define.h"

void asm_offsets(void)
{
	ASM_OFFSET(OP_ARGS, struct op_args, a);
	ASM_OFFSET(OP_ADDR, struct op_args, addr);
	ASM_OFFSET(OP_VALUE, struct op_args, value);

	ASM_OFFSET(IF_REGS, struct irq_frame, x);
	ASM_OFFSET(IF_EPC, struct irq_frame, epc);
	ASM_OFFSET(IF_STATUS, struct irq_frame, status);
	ASM_OFFSET(IF_CAUSE, struct irq_frame, cause);
	ASM_OFFSET(IF_TVAL, struct irq_frame, tval);
	ASM_OFFSET(IF_DEPTH, struct irq_frame, depth);
	ASM_OFFSET(IF_CLAIM, struct irq_frame, claim);
	ASM_OFFSET(IF_SOURCE, struct irq_frame, source);
	ASM_OFFSET(IF_CALM, struct irq_frame, calm);
	ASM_OFFSET(IF_COUNT, struct irq_frame, count);
	ASM_OFFSET(IF_STACK, struct irq_frame, stack);
	ASM_OFFSET(IF_HANDLER, struct irq_frame, handler);

	ASM_OFFSET(TIMER_OFFSET, struct timer_args, offset);
	ASM_OFFSET(TIMER_TICK_NS, struct timer_args, tick_ns);
	ASM_OFFSET(TIMER_PHASE, struct timer_args, phase);
	ASM_OFFSET(TIMER_DEADLINE, struct timer_args, deadline);
	ASM_OFFSET(TIMER_SSTC, struct timer_args, sstc);

	ASM_OFFSET(AIA_COUNT, struct aia_frame, count);
	ASM_OFFSET(AIA_CALM, struct aia_frame, calm);
	ASM_OFFSET(AIA_SETIPNUM, struct aia_frame, setipnum);
	ASM_OFFSET(AIA_SOURCE, struct aia_frame, source);
	ASM_DEFINE(AIA_IDENTITY, AIA_ID);
	ASM_DEFINE(TIMER_MAX_TICK_NS, TIMER_MAX_TICK_NS);
}
