/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers and memory regions as people write them in a configuration (docs/config.md).
 */
#include "hyp/base/str.h"
#include "hyp/plan/config_dt.h"

static bool hex_digit(char c, uint64_t *digit)
{
	if (c >= '0' && c <= '9')
		*digit = c - '0';
	else if ((c | 32) >= 'a' && (c | 32) <= 'f')
		*digit = (c | 32) - 'a' + 10;
	else
		return false;
	return true;
}

bool config_parse_number(const char **at, uint64_t *value)
{
	uint64_t base = 10, digit, v = 0;
	const char *p = *at, *start;

	if (p[0] == '0' && (p[1] | 32) == 'x') {
		base = 16;
		p += 2;
	}
	for (start = p; hex_digit(*p, &digit) && digit < base; p++) {
		if (v > (UINT64_MAX - digit) / base)
			return false;
		v = v * base + digit;
	}
	*at = p;
	*value = v;
	return p != start;
}

static void skip_spaces(const char **at)
{
	while (**at == ' ' || **at == '\t')
		(*at)++;
}

static bool take_word(const char **at, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*at, word, n) || ((*at)[n] != ' ' && (*at)[n] != '\t'))
		return false;
	*at += n;
	skip_spaces(at);
	return true;
}

/* The unit at *at, in bytes. 0 if it is none that we accept, with *why: people write sizes in many ways. */
static uint64_t read_unit(const char **at, const char **why)
{
	static const char *const others[] = { "k", "m", "g", "T", "t", " K", " M", " G", " k", " m", " g" };
	char unit = **at;
	uint32_t i;

	*why = "the size needs a unit: K, M or G, as in 512M";
	for (i = 0; i < ARRAY_LEN(others); i++) {
		if (!strncmp(*at, others[i], strlen(others[i])))
			*why = "the unit is K, M or G, in capitals and right behind the number, as in 512M or 2048G";
	}
	if (unit != 'K' && unit != 'M' && unit != 'G')
		return 0;
	(*at)++;
	if (**at == 'B' || **at == 'b' || **at == 'i') {
		*why = "the unit is K, M or G without a B: 16M is 16 times 1024 times 1024 bytes";
		return 0;
	}
	return unit == 'K' ? KIB : unit == 'M' ? MIB : GIB;
}

static const char *read_size(const char **at, uint64_t *size)
{
	const char *why;
	uint64_t unit;

	if (!config_parse_number(at, size))
		return "must begin with a size such as 512M";
	unit = read_unit(at, &why);
	if (!unit)
		return why;
	if (*size > UINT64_MAX / unit)
		return "the size is too large";
	*size *= unit;
	if (!*size)
		return "the size is 0";
	if (*size % PAGE_SIZE)
		return "the size must be a multiple of 4K";
	skip_spaces(at);
	return NULL;
}

static const char *read_address(const char **at, uint64_t size, uint64_t *address)
{
	if (!config_parse_number(at, address) || (**at && **at != ' ' && **at != '\t'))
		return "\"at\" and \"as\" need an address such as 0x80000000";
	if (*address % PAGE_SIZE)
		return "the address must be a multiple of 4K";
	if (*address + (size - 1) < *address)
		return "the region wraps around the end of the address space";
	skip_spaces(at);
	return NULL;
}

enum err config_parse_memory(struct config_memory *m, const char *text, const char **why)
{
	*m = (struct config_memory){ 0 };
	skip_spaces(&text);
	*why = read_size(&text, &m->size);
	if (!*why && take_word(&text, "at")) {
		m->fixed = true;
		*why = read_address(&text, m->size, &m->at);
	}
	if (!*why && take_word(&text, "as")) {
		m->mapped = true;
		*why = read_address(&text, m->size, &m->as);
	}
	if (!*why && *text)
		*why = "must be \"SIZE\", \"SIZE at HOST-ADDRESS\", \"SIZE as GUEST-ADDRESS\" or "
		       "\"SIZE at HOST-ADDRESS as GUEST-ADDRESS\"";
	return *why ? ERR_INVALID : OK;
}

#define NAME_WHY "a name has lower-case letters, digits and '-', begins with a letter and has at most 23 of them"

/* The name at *at, which moves behind it and the spaces there. */
static const char *read_name(const char **at, char name[VM_NAME_LEN])
{
	const char *s = *at;
	size_t n = 0;

	while ((*s >= 'a' && *s <= 'z') || (n && ((*s >= '0' && *s <= '9') || *s == '-'))) {
		if (n == VM_NAME_LEN - 1)
			return NAME_WHY;
		name[n++] = *s++;
	}
	name[n] = 0;
	if (!n || (*s && *s != ' ' && *s != '\t'))
		return NAME_WHY;
	*at = s;
	skip_spaces(at);
	return NULL;
}

enum err config_parse_shared(struct config_shared *s, const char *text, const char **why)
{
	*s = (struct config_shared){ 0 };
	skip_spaces(&text);
	*why = read_name(&text, s->name);
	if (!*why && !*text)
		*why = "the memory needs a size behind its name, as in \"frames 4M\"";
	if (!*why)
		*why = read_size(&text, &s->size);
	if (!*why && *text)
		*why = "must be \"NAME SIZE\", as in \"frames 4M\"";
	return *why ? ERR_INVALID : OK;
}

enum err config_parse_share(struct config_share *s, const char *text, const char **why)
{
	*s = (struct config_share){ 0 };
	skip_spaces(&text);
	*why = read_name(&text, s->name);
	if (!*why && *text) {
		s->read_only = !strncmp(text, "read-only", 9);
		text += s->read_only ? 9 : 0;
		skip_spaces(&text);
	}
	if (!*why && *text)
		*why = "must be \"NAME\" or \"NAME read-only\"";
	return *why ? ERR_INVALID : OK;
}

enum err config_parse_card(struct config_card *c, const char *text, const char **why)
{
	*c = (struct config_card){ 0 };
	skip_spaces(&text);
	*why = read_name(&text, c->name);
	if (!*why && *text)
		*why = "must be the name of a network, as in \"lan\"";
	return *why ? ERR_INVALID : OK;
}

bool config_parse_rate(const char *text, uint32_t *hz)
{
	uint64_t value, unit = 1;

	if (!config_parse_number(&text, &value))
		return false;
	if (*text == 'k')
		unit = 1000;
	else if (*text == 'M')
		unit = 1000000;
	else if (*text == 'G')
		unit = 1000000000;
	text += unit > 1;
	if (*text || !value || value > UINT32_MAX / unit)
		return false;
	*hz = (uint32_t)(value * unit);
	return true;
}
