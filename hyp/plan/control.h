/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What makes a node of the host one that controls the machine: by what it is, and by who depends on it.
 */
#ifndef HYP_PLAN_CONTROL_H
#define HYP_PLAN_CONTROL_H

#include "hyp/plan/host_dt.h"

/* True if device_control() or references that act on their node ask for properties of that name. No errors. */
bool control_name(const char *name);

/* What the node is, as "a watchdog", if that controls more of the machine than itself, or NULL. No errors. */
const char *control_of(const struct host *host, uint16_t node);

#endif
