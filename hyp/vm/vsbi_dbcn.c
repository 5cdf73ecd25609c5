/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SBI 3.0, Debug Console Extension, and the legacy console calls, on the VM's console. A call does a
 * bounded piece of work and says how much (the specification allows partial writes and reads).
 */
#include "hyp/vm/guestmem.h"
#include "hyp/vm/vsbi.h"

#define CHUNK	128u

static long write_text(struct vcpu *v, uint64_t size, gpa_t from, uint64_t *written)
{
	char text[CHUNK];
	uint64_t n = size < CHUNK ? size : CHUNK;

	if (guestmem_read(v->vm, text, from, n) != OK)
		return SBI_ERR_INVALID_PARAM;
	console_write(&v->vm->console, v->vm->plan->name, text, n);
	*written = n;
	return SBI_SUCCESS;
}

enum verdict vsbi_dbcn(struct vcpu *v, struct vsbi_call *c)
{
	uint64_t size = c->arg[0];
	gpa_t buffer = gpa(c->arg[1]);
	char byte = (char)c->arg[0];

	switch (c->fid) {
	case SBI_DBCN_WRITE:
	case SBI_DBCN_READ:
		c->error = SBI_SUCCESS;
		if (!size)
			break;
		if (c->arg[2] || !guestmem_valid(v->vm, buffer, size))
			c->error = SBI_ERR_INVALID_PARAM;
		else if (c->fid == SBI_DBCN_WRITE)
			c->error = write_text(v, size, buffer, &c->value);
		break;	/* there is no input for guests: a read gives 0 bytes */
	case SBI_DBCN_WRITE_BYTE:
		console_write(&v->vm->console, v->vm->plan->name, &byte, 1);
		c->error = SBI_SUCCESS;
		break;
	default:
		break;
	}
	return VERDICT_RESUME;
}

enum verdict vsbi_legacy_putchar(struct vcpu *v, struct vsbi_call *c)
{
	char byte = (char)c->arg[0];

	console_write(&v->vm->console, v->vm->plan->name, &byte, 1);
	c->error = SBI_SUCCESS;
	return VERDICT_RESUME;
}

enum verdict vsbi_legacy_getchar(struct vcpu *v, struct vsbi_call *c)
{
	(void)v;
	c->error = -1;	/* nothing typed */
	return VERDICT_RESUME;
}
