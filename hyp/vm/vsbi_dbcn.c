/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SBI 3.0, Debug Console Extension, and the legacy console calls, on the VM's console. A call does a
 * bounded piece of work and says how much (the specification allows partial writes and reads).
 */
#include "hyp/vm/guestmem.h"
#include "hyp/vm/vsbi.h"

#define CHUNK	128u

static struct sbiret write_text(struct vcpu *v, uint64_t size, gpa_t from)
{
	char text[CHUNK];
	uint64_t n = size < CHUNK ? size : CHUNK;

	if (guestmem_read(v->vm, text, from, n) != OK)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	console_write(&v->vm->console, v->vm->plan->name, text, n);
	return vsbi_value(n);
}

static void write_byte(struct vcpu *v, uint64_t value)
{
	char byte = (char)value;

	console_write(&v->vm->console, v->vm->plan->name, &byte, 1);
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
		if (fid == SBI_DBCN_READ)	/* there is no input for guests */
			return vsbi_value(0);
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
	(void)v;
	(void)fid;
	return vsbi_legacy(-1, a);	/* nothing typed */
}
