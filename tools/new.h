/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two files of `bulkhead new` share: the devices of the machine, and what is written.
 */
#ifndef TOOLS_NEW_H
#define TOOLS_NEW_H

#include <stdio.h>

#include "hyp/plan/plan_int.h"
#include "tools/tool.h"

enum verdict { DEVICE_GOOD, DEVICE_DMA, DEVICE_CONTROL, DEVICE_NOT };

struct candidate {
	uint16_t node;
	enum verdict verdict;
	bool dma;		/* it needs trust-dma, be it of DEVICE_DMA or of DEVICE_CONTROL */
	uint64_t base;		/* of its first registers */
	char why[3 * HOST_PATH_SIZE];	/* of DEVICE_CONTROL and DEVICE_NOT */
};

/* cmd_new.c: where the configuration goes; and the first problem of the last attempt. */
extern FILE *out;
extern struct problem first_problem;

/* A plan of what tool_config has now, without images; OK, or the first problem in first_problem. */
enum err attempt(void);

/* new_devices.c: all of tool_host, UARTs first; each has been tried alone. */
extern struct candidate candidates[HOST_MAX_NODES];
extern uint32_t nr_candidates;
void find_candidates(void);

/* Text of the host's tree as a part of a comment: nothing in it ends the line. */
void print_safe(const char *text);

/* The parts of a guest's node, and of the root's, that are about devices. */
void print_devices(void);
void print_rates(void);
void print_refused(void);

#endif
