/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface between the files that read the host's device tree, in the order in which host_parse()
 * calls them.
 */
#ifndef HYP_PLAN_HOST_INT_H
#define HYP_PLAN_HOST_INT_H

#include "hyp/base/str.h"
#include "hyp/plan/host_dt.h"

/* A problem of the tree, and one of its size. */
static inline void bad_node(const struct host *host, uint16_t node, const char *prop,
			    const char *text, struct reporter *r)
{
	char path[HOST_PATH_SIZE];

	problem_report(r, PROBLEM_BAD_HOST, false, host_path(host, node, path, sizeof(path)), prop,
		       "%s", text);
}

static inline void too_many(const struct host *host, uint16_t node, const char *what,
			    unsigned limit, struct reporter *r)
{
	char path[HOST_PATH_SIZE];

	problem_report(r, PROBLEM_LIMIT, false, host_path(host, node, path, sizeof(path)), "",
		       "the machine has more than %u %s; this build has room for no more", limit,
		       what);
}

/* 0 if the property is not one cell. */
static inline uint32_t prop_u32(const struct dt_prop *p)
{
	return p->size == 4 ? dt_u32(p->data) : 0;
}

static inline bool prop_is(const struct dt_prop *p, const char *text)
{
	uint32_t size = strlen(text) + 1;

	return p->size == size && !memcmp(p->data, text, size);
}

#define PCI_ADDRESS_CELLS	3u	/* of an address on a PCI bus: space, and 64 bits */

/*
 * host_index.c: the one walk over the tree. *why: the cause of an error. ERR_INVALID: the tree is broken, or nested
 * deeper than DT_MAX_DEPTH; ERR_NOSPACE: more than HOST_MAX_NODES nodes.
 */
enum err host_index(struct host *host, const char **why) __must_check;

/*
 * host_dt.c: entry[]: the entry of interrupts-extended that leads to interrupt irq of each hart, in the order of
 * host->harts; NO_CONTEXT: none. Returns the number of all entries before the end or a malformed one, which is
 * reported.
 */
uint32_t host_read_entries(const struct host *host, uint16_t device, uint32_t irq, int16_t *entry, struct reporter *r);

/* host_aia.c: an IMSIC's node; only the first one of S-level counts. Faults are reported. */
void host_read_imsic(struct host *host, uint16_t node, struct reporter *r);

/* host_aia.c: whether an APLIC sends messages to the IMSIC of S-level, after host_read_imsic(). */
bool host_is_aplic(const struct host *host, uint16_t node);

/*
 * host_aia.c: all but range, node and phandle of an APLIC, whose range is read. *why: a fault of the property *prop, or
 * left as it is.
 */
void host_read_aplic(const struct host *host, uint16_t node, struct host_plic *aplic, const char **prop,
		     const char **why);

/* host_aia.c: the index of that hart in target registers of APLICs; NO_CONTEXT: it has no guest file. */
int16_t host_file_position(const struct host *host, uint32_t hart);

/* host_nexus.c: host_next_irq() for interrupt-map alone, with its errors: ERR_NOTFOUND, ERR_INVALID, ERR_RANGE. */
enum err host_next_mapped_irq(const struct host *host, uint16_t node, struct host_irq_cursor *cursor,
			      struct host_irq *irq) __must_check;

/* host_cpus.c: harts, with what they can do, and the timebase; assume_h as of host_parse(). Faults are reported. */
void host_read_cpus(struct host *host, bool assume_h, struct reporter *r);

#endif
