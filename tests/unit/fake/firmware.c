/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware below the fake machine: it trusts its arguments, as firmware does, so every call is checked
 * against what the hypervisor may say on behalf of the VM whose hart calls. Also the last words: a panic.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/base/panic.h"
#include "hyp/riscv/ecall.h"
#include "hyp/riscv/sbi_defs.h"
#include "tests/unit/fake/machine.h"

#define MAX_PAGES_FENCED	64

void fake_fail(const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "fake machine: hart %d: ", fake.running);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "\nconsole:\n%.*s\n", (int)fake.console_len, fake.console);
	abort();
}

void panic(const char *reason)
{
	fake_fail("PANIC: %s", reason);
}

void panic_assert(const char *expression, const char *file, int line)
{
	fake_fail("PANIC: %s:%d: not true: %s", file, line, expression);
}

void fake_say(const char *text, unsigned long len)
{
	if (len > 512)
		fake_fail("%lu bytes in one write", len);
	for (unsigned long i = 0; i < len; i++) {
		fake.nr_lines += text[i] == '\n';
		if (fake.console_len < FAKE_CONSOLE)
			fake.console[fake.console_len++] = text[i];
	}
}

/* The harts of a mask, as bits of indices; each must be of the VM that calls, or for an IPI of one that it may ring
 * at. */
static uint64_t harts_of(unsigned long mask, unsigned long base, bool ipi)
{
	unsigned vm = fake_vm_of((unsigned)fake.running);
	uint64_t set = 0;

	if (!mask)
		fake_fail("an empty hart mask");
	for (unsigned bit = 0; bit < 64; bit++) {
		unsigned hart = 0;

		if (!(mask >> bit & 1))
			continue;
		while (hart < FAKE_HARTS && fake.plan.harts[hart].id != base + bit)
			hart++;
		if (hart == FAKE_HARTS || base + bit < base)
			fake_fail("the firmware is given hart id %lu, which does not exist", base + bit);
		if (fake_vm_of(hart) != vm && !(fake.config.uart && fake.running == FAKE_UART_HART) &&
		    !(ipi && fake_may_ring(hart)))
			fake_fail("the firmware is given hart %u, which is another VM's", hart);
		set |= 1ull << hart;
	}
	return set;
}

static void ipi(const unsigned long *arg)
{
	uint64_t set = harts_of(arg[0], arg[1], true);

	for (unsigned hart = 0; hart < FAKE_HARTS; hart++)
		if (set >> hart & 1)
			fake.hw[hart].csr.ssip = 1ull << IRQ_SSI;
}

static void rfence(unsigned long fid, const unsigned long *arg)
{
	bool all = !arg[2] && arg[3] == -1ul;

	harts_of(arg[0], arg[1], false);
	if (fid == SBI_RFENCE_FENCE_I)
		return;
	if (fid != SBI_RFENCE_HFENCE_VVMA && fid != SBI_RFENCE_HFENCE_VVMA_ASID)
		fake_fail("fence %lu does nothing for a guest", fid);
	if (!all && (arg[2] % PAGE_SIZE || !arg[3] || arg[3] > (MAX_PAGES_FENCED + 1) * PAGE_SIZE))
		fake_fail("a fence of 0x%lx + 0x%lx", arg[2], arg[3]);
	if (arg[4] > 0xffff)
		fake_fail("an ASID of 0x%lx", arg[4]);
}

static void reset(const unsigned long *arg)
{
	for (unsigned vm = 0; vm < FAKE_VMS; vm++)
		if (fake_vm(vm)->state != VM_STOPPED && fake_vm(vm)->state != VM_STUCK)
			fake_fail("the machine is shut down while VM %u lives", vm);
	if (fake.config.keep_machine || arg[0] != SBI_SRST_SHUTDOWN)
		fake_fail("the machine is shut down against its plan");
	fake.shut_down = true;
}

static struct sbiret console_write(const unsigned long *arg)
{
	unsigned long n = fake.console_takes && fake.console_takes < arg[0] ? fake.console_takes : arg[0];

	if (fake.console_fails && !--fake.console_fails)
		return (struct sbiret){ fake.console_ret.error, fake.console_ret.value };
	fake_say((const char *)arg[1], n);
	return (struct sbiret){ SBI_SUCCESS, (long)n };
}

struct sbiret firmware_ecall(unsigned long eid, unsigned long fid, const unsigned long arg[5])
{
	struct sbiret ret = { SBI_SUCCESS, 0 };

	if (fake.nr_calls < FAKE_CALLS) {
		struct fake_call *c = &fake.calls[fake.nr_calls];

		*c = (struct fake_call){ .hart = (unsigned)fake.running, .eid = eid, .fid = fid };
		memcpy(c->arg, arg, sizeof(c->arg));
	}
	fake.nr_calls++;
	if (eid == SBI_EXT_BASE && fid == SBI_BASE_PROBE)
		ret.value = arg[0] != SBI_EXT_DBCN || fake.config.dbcn;
	else if (eid == SBI_EXT_BASE && fid >= SBI_BASE_MVENDORID && fid <= SBI_BASE_MIMPID)
		ret.value = (long)(0x5000 + fid);
	else if (eid == SBI_EXT_TIME && !fid && !fake.config.sstc)
		fake.hw[fake.running].firmware_timer = arg[0];
	else if (eid == SBI_EXT_IPI && !fid)
		ipi(arg);
	else if (eid == SBI_EXT_RFENCE && fake.no_fences)
		ret.error = SBI_ERR_NOT_SUPPORTED;
	else if (eid == SBI_EXT_RFENCE)
		rfence(fid, arg);
	else if (eid == SBI_EXT_DBCN && fid == SBI_DBCN_WRITE && fake.config.dbcn && !arg[2])
		ret = console_write(arg);
	else if (eid == SBI_EXT_LEGACY_PUTCHAR && !fake.config.dbcn && arg[0] < 256)
		fake_say(&(const char){ (char)arg[0] }, 1);
	else if (eid == SBI_EXT_SRST && !fid)
		reset(arg);
	else if (eid == SBI_EXT_LEGACY_SHUTDOWN)
		reset((const unsigned long [5]){ SBI_SRST_SHUTDOWN });
	else
		fake_fail("call 0x%lx, %lu to the firmware", eid, fid);
	return ret;
}
