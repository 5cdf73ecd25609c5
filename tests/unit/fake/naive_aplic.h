/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain of an APLIC in MSI delivery mode, source by source as RISC-V AIA 1.0, chapter 4, describes it: no words of
 * bits, no code of the hypervisor. With a filter for target registers it is what one guest should see.
 */
#ifndef TESTS_UNIT_FAKE_NAIVE_APLIC_H
#define TESTS_UNIT_FAKE_NAIVE_APLIC_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define NAIVE_SOURCES	1024u

struct naive_aplic {
	/* Set by the user: */
	bool there[NAIVE_SOURCES];
	uint32_t (*activated)(void *user);	/* target of a source that becomes active: UNSPECIFIED, 4.5.2 */
	uint32_t (*target)(void *user, uint32_t old, uint32_t value);	/* it is WARL */
	void (*message)(void *user, uint32_t target);	/* bits as in target */
	void *user;
	/* State: */
	bool on, wire[NAIVE_SOURCES], pending[NAIVE_SOURCES], enabled[NAIVE_SOURCES];
	uint32_t mode[NAIVE_SOURCES], to[NAIVE_SOURCES], genmsi;
};

/* The rectified input value (4.5.2, table of source modes). */
static bool naive_aplic_input(const struct naive_aplic *a, uint32_t i)
{
	if (a->mode[i] == 4 || a->mode[i] == 6)
		return a->wire[i];
	return (a->mode[i] == 5 || a->mode[i] == 7) && !a->wire[i];
}

static void naive_aplic_forward(struct naive_aplic *a, uint32_t i)
{
	if (!a->on || !a->pending[i] || !a->enabled[i])
		return;
	a->pending[i] = false;
	a->message(a->user, a->to[i]);
}

/* 4.7: a rise pends; a level that is down does not. */
static void naive_aplic_settle(struct naive_aplic *a, uint32_t i, bool was)
{
	bool is = naive_aplic_input(a, i);

	if (is && !was)
		a->pending[i] = true;
	if (!is && a->mode[i] >= 6)
		a->pending[i] = false;
	naive_aplic_forward(a, i);
}

static inline void naive_aplic_wire(struct naive_aplic *a, uint32_t i, bool up)
{
	bool was = naive_aplic_input(a, i);

	a->wire[i] = up;
	naive_aplic_settle(a, i, was);
}

static void naive_aplic_sourcecfg(struct naive_aplic *a, uint32_t i, uint32_t value)
{
	uint32_t mode = value & 0x400 ? 0 : value & 7;
	bool was = naive_aplic_input(a, i);

	if (!a->there[i] || mode == 2 || mode == 3)
		return;
	if (!mode)
		a->pending[i] = a->enabled[i] = false;
	a->to[i] = !mode ? 0 : a->mode[i] ? a->to[i] : a->activated(a->user);
	a->mode[i] = mode;
	naive_aplic_settle(a, i, was);
}

enum naive_what { NAIVE_PEND, NAIVE_UNPEND, NAIVE_ENABLE, NAIVE_DISABLE };

static void naive_aplic_one(struct naive_aplic *a, uint32_t i, enum naive_what what)
{
	if (!i || i >= NAIVE_SOURCES || !a->there[i] || !a->mode[i])
		return;
	if (what == NAIVE_PEND)
		a->pending[i] |= a->mode[i] < 6 || naive_aplic_input(a, i);
	else if (what == NAIVE_UNPEND)
		a->pending[i] = false;
	else
		a->enabled[i] = what == NAIVE_ENABLE;
	naive_aplic_forward(a, i);
}

static void naive_aplic_word(struct naive_aplic *a, uint32_t first, uint32_t bits, enum naive_what what)
{
	for (uint32_t i = 0; i < 32; i++)
		if (bits >> i & 1)
			naive_aplic_one(a, first + i, what);
}

static void naive_aplic_number(struct naive_aplic *a, uint32_t at, uint32_t value)
{
	if (at == 0x1cdc || at == 0x2000)
		naive_aplic_one(a, value, NAIVE_PEND);
	else if (at == 0x2004)
		naive_aplic_one(a, __builtin_bswap32(value), NAIVE_PEND);
	else if (at == 0x1ddc)
		naive_aplic_one(a, value, NAIVE_UNPEND);
	else if (at == 0x1edc)
		naive_aplic_one(a, value, NAIVE_ENABLE);
	else if (at == 0x1fdc)
		naive_aplic_one(a, value, NAIVE_DISABLE);
}

static inline void naive_aplic_write(struct naive_aplic *a, uint32_t at, uint32_t value)
{
	if (at == 0) {
		a->on = value & 0x100;
		for (uint32_t i = 1; i < NAIVE_SOURCES; i++)
			naive_aplic_forward(a, i);
	} else if (at < 0x1000) {
		naive_aplic_sourcecfg(a, at / 4, value);
	} else if (at >= 0x1c00 && at < 0x2000 && at % 0x100 < 0x80) {
		naive_aplic_word(a, at % 0x80 * 8, value, (enum naive_what)(at / 0x100 - 0x1c));
	} else if (at == 0x3000) {
		a->genmsi = value & 0xfffc07ff;
		a->message(a->user, a->genmsi);
	} else if (at > 0x3000 && at < 0x4000 && a->mode[(at - 0x3000) / 4]) {
		a->to[(at - 0x3000) / 4] = a->target(a->user, a->to[(at - 0x3000) / 4], value);
	} else {
		naive_aplic_number(a, at, value);
	}
}

static inline uint32_t naive_aplic_read(const struct naive_aplic *a, uint32_t at)
{
	uint32_t bits = 0;

	if (at == 0)
		return 0x80000004 | (uint32_t)a->on << 8;
	if (at < 0x1000)
		return a->mode[at / 4];
	if (at >= 0x3000 && at < 0x4000)
		return at == 0x3000 ? a->genmsi : a->to[(at - 0x3000) / 4];
	if (at < 0x1c00 || at >= 0x1f00 || at % 0x100 >= 0x80)
		return 0;
	for (uint32_t i = 0, s = at % 0x80 * 8; i < 32; i++, s++)
		bits |= (uint32_t)(at < 0x1d00 ? a->pending[s] : at < 0x1e00 ? naive_aplic_input(a, s) :
				   a->enabled[s]) << i;
	return bits;
}

#endif
