/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Basic types of the hypervisor. Host-physical and guest-physical addresses are one-field
 * structs, so that the compiler refuses to mix them.
 */
#ifndef HYP_BASE_TYPES_H
#define HYP_BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct { uint64_t v; } hpa_t;	/* host-physical address */
typedef struct { uint64_t v; } gpa_t;	/* guest-physical address */

static inline hpa_t hpa(uint64_t v) { return (hpa_t){ v }; }
static inline gpa_t gpa(uint64_t v) { return (gpa_t){ v }; }

#define __must_check	__attribute__((warn_unused_result))
#define __printf(f, a)	__attribute__((format(printf, f, a)))
#define __noreturn	__attribute__((noreturn))
#define __boot		__attribute__((section(".text.boot")))	/* runs before any guest; then its code is not mapped */
#define __noinline	__attribute__((noinline))	/* a rare path: its stack frame must not slow the usual one */
#define ARRAY_LEN(a)	(sizeof(a) / sizeof((a)[0]))

#define PAGE_SIZE	4096ul
#define KIB		1024ull
#define MIB		(1024 * KIB)
#define GIB		(1024 * MIB)

/*
 * Compile-time capacities. The planner refuses a machine or configuration that exceeds one,
 * with the name of the limit; nothing is cut off silently.
 */
#define MAX_HARTS	64	/* harts of the host, one bit each in a uint64_t */
#define MAX_VMS		8	/* guests */
#define MAX_INTCS	4	/* interrupt controllers of the host */
#define MAX_IOMMUS	4	/* IOMMUs that the hypervisor drives */
#define IOMMU_TABLES	24	/* pages of the device directories of all of them */
#define MAX_IRQS	1024	/* interrupt ids of one PLIC; 0 is none (PLIC spec, 1.0.0) */
#define GSTAGE_TABLES_MAX 64	/* page tables of one guest below the root */
#define VM_NAME_LEN	24	/* with the terminating 0 */
#define IMAGE_NAME_LEN	32	/* with the terminating 0 */

/* Rights of a mapping in the G-stage. */
#define RIGHT_R		1u
#define RIGHT_W		2u
#define RIGHT_X		4u

#endif
