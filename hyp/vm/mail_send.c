/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mail to other harts; see mail.h. */
#include "hyp/vm/mail.h"

static __noinline void send_many(struct vm *vm, uint64_t mask, uint32_t mail)
{
	struct hart *to[MAX_HARTS];
	uint32_t n = 0;

	for (; mask; mask &= mask - 1)
		to[n++] = vm->vcpus[__builtin_ctzll(mask)]->hart;
	if (n)
		hart_send(to, n, mail);
}

void mail_send(struct vm *vm, uint64_t mask, uint32_t mail)
{
	if (mask & (mask - 1) || !mask)
		send_many(vm, mask, mail);
	else
		hart_send_one(vm->vcpus[__builtin_ctzll(mask)]->hart, mail);
}
