/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads ISA strings (RISC-V ISA manual, "ISA Extension Naming Conventions"; the bindings riscv,isa
 * and riscv,isa-extensions) and removes what a guest must not see: the hypervisor extension and its
 * parts, everything that only M-mode may use, and extensions that the hypervisor or the firmware
 * does not enable for guests (henvcfg, hstateen, mseccfg).
 */
#include "hyp/base/str.h"
#include "hyp/plan/isa.h"
#include "hyp/plan/plan.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool token_is(const struct isa_token *t, const char *name)
{
	uint32_t i;

	for (i = 0; i < t->size; i++) {
		if (lower(t->text[i]) != name[i])	/* a shorter name ends in a mismatch */
			return false;
	}
	return !name[i];
}

static bool starts_with(const struct isa_token *t, const char *prefix)
{
	for (uint32_t i = 0; prefix[i]; i++) {
		if (i == t->size || lower(t->text[i]) != prefix[i])
			return false;
	}
	return true;
}

const char *isa_extensions(const char *isa)
{
	if (lower(isa[0]) != 'r' || lower(isa[1]) != 'v')
		return NULL;
	return isa[2] == '6' && isa[3] == '4' ? isa + 4 : NULL;
}

/* "2p1" or "2" behind a single letter. */
static const char *skip_version(const char *p)
{
	while (is_digit(*p))
		p++;
	if (lower(*p) == 'p' && is_digit(p[1])) {
		for (p++; is_digit(*p); p++)
			;
	}
	return p;
}

/* Length of a name without a trailing "<digits>p<digits>"; names such as zvl128b keep theirs. */
static uint32_t name_size(const char *p, uint32_t size)
{
	uint32_t n = size;

	while (n && is_digit(p[n - 1]))
		n--;
	if (n == size || !n || lower(p[n - 1]) != 'p' || n < 2 || !is_digit(p[n - 2]))
		return size;
	for (n--; n && is_digit(p[n - 1]); n--)
		;
	return n;
}

/*
 * A multi-letter extension starts with z, s or x; an old QEMU wrote the modes s and u as letters.
 */
static bool is_multi(const char *p)
{
	char c = lower(*p);

	if (c == 's' && lower(p[1]) == 'u' && (!p[2] || p[2] == '_'))
		return false;
	return c == 'z' || c == 's' || c == 'x';
}

bool isa_next(const char **at, const char **start, struct isa_token *token)
{
	const char *p = *at, *end;

	*start = p;
	while (*p == '_')
		p++;
	if (!*p)
		return false;
	if (is_multi(p)) {
		for (end = p; *end && *end != '_'; end++)
			;
		token->size = name_size(p, end - p);
	} else {
		end = skip_version(p + 1);
		token->size = 1;
	}
	token->text = p;
	*at = end;
	return true;
}

/* A string of 60 extensions is usual, so the first letters exclude most of them. */
uint32_t isa_feature(const struct isa_token *t)
{
	static const struct {
		char name[12];
		uint32_t feature;
	} known[] = {
		{ "sstc", HART_SSTC },
		{ "svadu", HART_SVADU },
		{ "svade", HART_SVADE },
		{ "svpbmt", HART_SVPBMT },
		{ "smstateen", HART_SMSTATEEN },
		{ "zicbom", HART_ZICBOM },
		{ "zicboz", HART_ZICBOZ },
		{ "zicbop", HART_ZICBOP },
		{ "zkr", HART_ZKR },
		{ "zbc", HART_ZBC },
		{ "ssaia", HART_SSAIA },
	};

	if (t->size == 1) {
		switch (lower(t->text[0])) {
		case 'h':
			return HART_H;
		case 'f':
		case 'd':
		case 'g':
			return HART_FD;
		case 'v':
			return HART_V;
		}
		return 0;
	}
	if (lower(t->text[0]) != 's' && !starts_with(t, "zicbo") && !starts_with(t, "zk") &&
	    !starts_with(t, "zb"))
		return 0;
	for (uint32_t i = 0; i < ARRAY_LEN(known); i++) {
		if (token_is(t, known[i].name))
			return known[i].feature;
	}
	return 0;
}

static bool token_is_one_of(const struct isa_token *t, const char *const *list, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (token_is(t, list[i]))
			return true;
	}
	return false;
}

bool isa_hidden(const struct isa_token *t, uint32_t granted)
{
	const uint32_t in_question = HART_SSTC | HART_ZICBOM | HART_SVPBMT | HART_SSAIA;
	static const char *const of_s[] = {
		"sscofpmf",
		"sscsrind", "ssccfg", "ssctr",	/* need hstateen or the counters */
		"ssstateen",
		"ssdbltrp",	/* needs henvcfg.DTE */
		"ssqosid",
	};
	static const char *const of_z[] = {
		"zkr",		/* VS-mode cannot access the seed CSR */
		"zk",		/* a name for zkn, zkr and zkt: Linux reads the seed CSR for it */
		"zihpm",	/* hpmcounters stay with the firmware */
		"zicfilp", "zicfiss",	/* need henvcfg.LPE, SSE */
	};

	if (isa_feature(t) & in_question & ~granted)
		return true;
	switch (lower(t->text[0])) {
	case 'h':
		return t->size == 1;
	case 'z':
		return token_is_one_of(t, of_z, ARRAY_LEN(of_z));
	case 's':
		if (t->size == 1)
			return false;
		break;
	default:
		return false;
	}
	switch (lower(t->text[1])) {
	case 'h':		/* parts of the hypervisor extension */
	case 'm':		/* for M-mode only */
	case 'd':		/* external debug and triggers */
		return true;
	}
	return token_is_one_of(t, of_s, ARRAY_LEN(of_s));
}

uint32_t isa_strip(char *out, const char *isa, uint32_t granted)
{
	const char *at = isa_extensions(isa), *start;
	struct isa_token token;
	uint32_t size = at ? at - isa : 0;

	if (out)
		memcpy(out, isa, size);
	while (at && isa_next(&at, &start, &token)) {
		if (isa_hidden(&token, granted))
			continue;
		if (out)
			memcpy(out + size, start, at - start);
		size += at - start;
	}
	/* "..._" cannot remain: a token carries the '_' in front of it. */
	if (out)
		out[size] = 0;
	return size;
}
