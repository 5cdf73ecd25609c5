/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sibling that acts between two accesses of one exit; see machine.h and access.c.
 */
#include "tests/unit/fake/machine.h"

static struct {
	void (*act)(void *arg);
	void *arg;
	uint32_t left;
	bool acted;
} sibling;

static void on_access(const void *at)
{
	void (*act)(void *arg) = sibling.act;
	struct fake_suspended s;

	if (!act || fake.running < 0 || fake_on_stack(at) || sibling.left--)
		return;
	sibling.act = NULL;
	sibling.acted = true;
	fake_suspend(&s);
	act(sibling.arg);
	fake_go_on(&s);
}

void fake_sibling(uint32_t at, void (*act)(void *arg), void *arg)
{
	sibling.act = act;
	sibling.arg = arg;
	sibling.left = at;
	sibling.acted = false;
	fake_on_access = on_access;
}

bool fake_sibling_acted(void)
{
	sibling.act = NULL;
	return sibling.acted;
}
