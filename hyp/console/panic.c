/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end, for our own bugs: registers are printed and the machine is stopped through the firmware. No
 * lock is taken: the hart that holds it may be this one.
 */
#include "hyp/base/panic.h"

#include "hyp/riscv/csr.h"
#include "hyp/riscv/hart.h"
#include "hyp/riscv/sbi_call.h"
#include "hyp/console/console.h"

void panic_trap(const uint64_t *frame);

static __noreturn void stop_machine(void)
{
	sbi_system_reset(SBI_SRST_SHUTDOWN, SBI_SRST_REASON_FAILURE);
	for (;;)
		wait_for_interrupt();
}

/* From switch.S: a trap in HS-mode outside of fault.S. frame: x0 (pc) to x31. */
void panic_trap(const uint64_t *frame)
{
	console_panic("\n[bulkhead] PANIC: hart %lu: trap in the hypervisor: cause 0x%lx at 0x%lx, stval 0x%lx",
		      this_hart()->id, csr_read(CSR_SCAUSE), frame[0], csr_read(CSR_STVAL));
	for (unsigned i = 0; i < 32; i += 4)
		console_panic("[bulkhead] x%-2u %016lx x%-2u %016lx x%-2u %016lx x%-2u %016lx", i, i ? frame[i] : 0,
			      i + 1, frame[i + 1], i + 2, frame[i + 2], i + 3, frame[i + 3]);
	stop_machine();
}

void panic(const char *reason)
{
	console_panic("\n[bulkhead] PANIC: hart %lu: %s", this_hart()->id, reason);
	stop_machine();
}

void panic_assert(const char *expression, const char *file, int line)
{
	console_panic("\n[bulkhead] PANIC: hart %lu: %s:%d: not true: %s", this_hart()->id, file, line,
		      expression);
	stop_machine();
}
