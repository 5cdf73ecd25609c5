/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The properties of a configuration that connect guests (docs/links.md): "shared" of the root, "shares" and "net" of a
 * guest. */
#include "hyp/base/fdt.h"
#include "hyp/base/str.h"
#include "hyp/plan/config_int.h"

static void bad_text(struct reading *c, const struct dt_prop *p, const char *text, const char *why)
{
	problem_report(c->r, PROBLEM_BAD_VALUE, true, c->path, p->name, "\"%s\": %s", text, why);
}

static void twice(struct reading *c, const struct dt_prop *p, const char *name, const char *what)
{
	problem_report(c->r, PROBLEM_DUPLICATE, true, c->path, p->name,
		       "\"%s\" is listed twice; list each %s once", name, what);
}

/* Whether there is no room for one more entry, which is reported. */
static bool is_full(struct reading *c, const struct dt_prop *p, uint32_t count, uint32_t most)
{
	if (count == most)
		problem_report(c->r, PROBLEM_LIMIT, true, c->path, p->name,
			       "more than %u entries; this build has room for no more", most);
	return count == most;
}

void config_read_shared(struct reading *c, const struct dt_prop *p)
{
	struct config *config = c->config;
	const char *text, *why;
	uint32_t at = 0, i;

	if (!config_is_list(p)) {
		problem_report(c->r, PROBLEM_BAD_VALUE, true, c->path, p->name,
			       "must be one string a memory, with name and size, as in \"frames 4M\"");
		return;
	}
	while ((text = dt_string(p, &at)) && !is_full(c, p, config->nr_shared, MAX_SHARED)) {
		struct config_shared *s = &config->shared[config->nr_shared];

		if (config_parse_shared(s, text, &why)) {
			bad_text(c, p, text, why);
			continue;
		}
		for (i = 0; strcmp(config->shared[i].name, s->name); i++)
			;	/* at the latest at itself */
		if (i < config->nr_shared)
			twice(c, p, s->name, "shared memory");
		else
			config->nr_shared++;
	}
}

void config_read_shares(struct reading *c, const struct dt_prop *p)
{
	struct config_vm *vm = c->vm;
	const char *text, *why;
	uint32_t at = 0, i;

	if (!config_is_list(p)) {
		problem_report(c->r, PROBLEM_BAD_VALUE, true, c->path, p->name,
			       "must be names of shared memories, as in \"frames\" or \"frames read-only\"");
		return;
	}
	while ((text = dt_string(p, &at)) && !is_full(c, p, vm->nr_shares, MAX_SHARED)) {
		struct config_share *s = &vm->shares[vm->nr_shares];

		if (config_parse_share(s, text, &why)) {
			bad_text(c, p, text, why);
			continue;
		}
		for (i = 0; strcmp(vm->shares[i].name, s->name); i++)
			;	/* at the latest at itself */
		if (i < vm->nr_shares)
			twice(c, p, s->name, "shared memory");
		else
			vm->nr_shares++;
	}
}

void config_read_net(struct reading *c, const struct dt_prop *p)
{
	struct config_vm *vm = c->vm;
	const char *text, *why;
	uint32_t at = 0, i;

	if (!config_is_list(p)) {
		problem_report(c->r, PROBLEM_BAD_VALUE, true, c->path, p->name,
			       "must be names of networks, as in \"lan\"");
		return;
	}
	while ((text = dt_string(p, &at)) && !is_full(c, p, vm->nr_cards, MAX_CARDS)) {
		struct config_card *card = &vm->cards[vm->nr_cards];

		if (config_parse_card(card, text, &why)) {
			bad_text(c, p, text, why);
			continue;
		}
		for (i = 0; strcmp(vm->cards[i].name, card->name); i++)
			;	/* at the latest at itself */
		if (i < vm->nr_cards)
			twice(c, p, card->name, "network");
		else
			vm->nr_cards++;
	}
}
