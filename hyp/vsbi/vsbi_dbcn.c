/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SBI 3.0, Debug Console Extension, and the legacy console calls, on the VM's console. A call does a
 * bounded piece of work and says how much (the specification allows partial writes and reads).
 */
#include "hyp/console/console.h"
#include "hyp/vm/guestmem.h"
#include "hyp/vsbi/vsbi.h"

#define CHUNK	128u

static struct sbiret write_text(struct vcpu *v, uint64_t size, gpa_t from)
{
	char text[CHUNK];
	uint64_t n = size < CHUNK ? size : CHUNK;

	if (guestmem_read(v->vm, text, from, n) != OK)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	console_write(v->vm->index, text, n);
	return vsbi_value(n);
}

/* The caller has checked that all of it is the guest's memory. */
static struct sbiret read_text(struct vcpu *v, uint64_t size, gpa_t to)
{
	char text[CHUNK];
	uint32_t n = console_read(v->vm->index, text, size < CHUNK ? (uint32_t)size : CHUNK);

	if (n && guestmem_write(v->vm, to, text, n) != OK)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	return vsbi_value(n);
}

static void write_byte(struct vcpu *v, uint64_t value)
{
	char byte = (char)value;

	console_write(v->vm->index, &byte, 1);
}

struct sbiret vsbi_dbcn(struct vcpu *v, const uint64_t *a, uint64_t fid)
{
	uint64_t size = a[0];
	gpa_t buffer = gpa(a[1]);

	switch (fid) {
	case SBI_DBCN_WRITE:
	case SBI_DBCN_READ:
		if (!size)
			return vsbi_value(0);
		if (a[2] || !guestmem_valid(v->vm, buffer, size))
			return vsbi_error(SBI_ERR_INVALID_PARAM);
		if (fid == SBI_DBCN_READ)
			return read_text(v, size, buffer);
		return write_text(v, size, buffer);
	case SBI_DBCN_WRITE_BYTE:
		write_byte(v, a[0]);
		return vsbi_value(0);
	default:
		return vsbi_error(SBI_ERR_NOT_SUPPORTED);
	}
}

struct sbiret vsbi_legacy_putchar(struct vcpu *v, const uint64_t *a, uint64_t fid)
{
	(void)fid;
	write_byte(v, a[0]);
	return vsbi_legacy(0, a);
}

struct sbiret vsbi_legacy_getchar(struct vcpu *v, const uint64_t *a, uint64_t fid)
{
	uint8_t byte;

	(void)fid;
	if (console_read(v->vm->index, &byte, 1))
		return vsbi_legacy(byte, a);
	if (v->vm->plan->policy.getchar_waits)
		v->ctx.verdict = VERDICT_GETCHAR;	/* which sets a0 */
	return vsbi_legacy(-1, a);
}
