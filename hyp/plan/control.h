/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a node of the host controls the machine: by its own kind, and by the nodes that depend on it.
 */
#ifndef HYP_PLAN_CONTROL_H
#define HYP_PLAN_CONTROL_H

#include "hyp/plan/host_dt.h"

/* True if control_of() reads properties of that name. No errors. */
bool control_name(const char *name);

/* The kind of the node, as "a watchdog", if it controls more of the machine than itself, or NULL. No errors. */
const char *control_of(const struct host *host, uint16_t node);

#endif
