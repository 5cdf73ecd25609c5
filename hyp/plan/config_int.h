/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What config_dt.c, config_prop.c and config_links.c share. */
#ifndef HYP_PLAN_CONFIG_INT_H
#define HYP_PLAN_CONFIG_INT_H

#include "hyp/plan/config_dt.h"

struct dt_prop;

struct reading {
	struct config *config;
	struct config_vm *vm;		/* NULL: the root */
	char path[128];			/* of the node, however long its name is */
	struct reporter *r;
	uint32_t depth;			/* 1 in the root, 2 in a guest, more in what is refused */
	uint32_t seen;			/* properties of this node, by index in its table */
	bool started, compatible, broken;
};

/* Reads a property of the root or, if c->vm is set, of that guest. What is wrong with it is reported. */
void config_read_property(struct reading *c, const struct dt_prop *p);

/* Strings, none of them empty: numbers have zero bytes in them and are not taken for strings. */
bool config_is_list(const struct dt_prop *p);

/* config_links.c: "shared" of the root, "shares" and "net" of a guest. */
void config_read_shared(struct reading *c, const struct dt_prop *p);
void config_read_shares(struct reading *c, const struct dt_prop *p);
void config_read_net(struct reading *c, const struct dt_prop *p);

#endif
