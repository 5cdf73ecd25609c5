/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration as written: what each guest requests. docs/config.md describes the binding.
 * Only the form is checked here; plan.c checks whether the machine has it. Strings
 * point into the configuration's tree.
 */
#ifndef HYP_PLAN_CONFIG_DT_H
#define HYP_PLAN_CONFIG_DT_H

#include "hyp/base/err.h"
#include "hyp/base/types.h"
#include "hyp/plan/plan.h"
#include "hyp/plan/problem.h"

#define CONFIG_COMPATIBLE	"bulkhead,partitions-v1"
#define CONFIG_MAX_MEMORY	16	/* regions of one guest */
#define CONFIG_MAX_DEVICES	MAX_VM_DEVICES
#define CONFIG_MAX_FIRMWARE	4	/* ranges of "firmware" */

struct config_memory {
	uint64_t size;		/* bytes, multiple of 4 KiB, not 0 */
	uint64_t at;		/* host address, if fixed */
	uint64_t as;		/* guest address, if mapped */
	bool fixed;
	bool mapped;
};

struct config_clock {
	/* a path or alias of the host, with ':' and a name or number of the clock behind it, or without */
	const char *clock;
	uint32_t hz;		/* not 0 */
};

/* Memory that several guests have. */
struct config_shared {
	char name[VM_NAME_LEN];
	uint64_t size;		/* bytes, multiple of 4 KiB, not 0 */
};

struct config_share {
	char name[VM_NAME_LEN];
	bool read_only;
};

/* A network that a guest has a card of. */
struct config_card {
	char name[VM_NAME_LEN];
};

struct config_vm {
	char name[VM_NAME_LEN];
	uint32_t nr_harts;
	uint64_t harts[MAX_HARTS];	/* host hart ids, no two the same */
	uint32_t nr_memory;
	struct config_memory memory[CONFIG_MAX_MEMORY];
	uint32_t nr_devices;
	const char *devices[CONFIG_MAX_DEVICES];	/* host node paths or aliases */
	uint32_t nr_clocks;
	struct config_clock clocks[MAX_VM_CLOCKS];
	const char *images[NR_IMAGE_ROLES];	/* names in the package; NULL: none */
	const char *bootargs;			/* "" if none */
	uint64_t entry;
	bool has_entry;
	bool trust_dma, trust_control;
	bool faulty;		/* a problem of it was reported: values may be missing */
	bool uart;				/* console = "uart" */
	uint64_t uart_address;			/* console-address */
	bool has_uart_address;
	uint32_t nr_shares;
	struct config_share shares[MAX_SHARED];
	uint32_t nr_cards;
	struct config_card cards[MAX_CARDS];
	struct plan_policy policy;
};

struct config {
	bool keep_machine;	/* when-all-ended = "keep" */
	const char *console;	/* host node path of the hypervisor's own console; NULL: SBI */
	bool has_console_hart;
	uint64_t console_hart;	/* host hart id */
	bool colour;		/* console-style = "colour" */
	bool no_monitor;	/* monitor = "off" */
	bool has_firmware;	/* "firmware" states the firmware's memory: these ranges, or what is reserved */
	uint32_t nr_firmware;
	struct range firmware[CONFIG_MAX_FIRMWARE];	/* host-physical, whole pages */
	enum { HYP_TOP, HYP_LOADED, HYP_FIXED } hyp_place;	/* hypervisor-at = "top", "loaded", or an address: */
	uint64_t hyp_address;	/* host-physical, multiple of 4 KiB */
	uint32_t nr_shared;
	struct config_shared shared[MAX_SHARED];
	uint32_t nr_vms;
	struct config_vm vms[MAX_VMS];
};

/*
 * Reads the configuration in max bytes at dtb (8-byte aligned), which must stay in place as long as
 * config and plans made of it are used. Each fault is reported; OK if there was none. ERR_INVALID:
 * config has what could be read, and plan_make() can still find further problems in it; it has no
 * guests if the tree is broken.
 */
enum err config_parse(struct config *config, const void *dtb, uint64_t max,
		      struct reporter *r) __must_check;

/*
 * "512M", "16M at 0x90000000 as 0x80000000"; *m is set anew. Sizes and addresses are multiples of 4 KiB, and no region
 * wraps. On ERR_INVALID *why is the cause, as text for a problem; otherwise it is NULL.
 */
enum err config_parse_memory(struct config_memory *m, const char *text,
			     const char **why) __must_check;

/* "frames 4M": a name and a size. ERR_INVALID: *why is the cause, as above. */
enum err config_parse_shared(struct config_shared *s, const char *text, const char **why) __must_check;

/* "frames", "frames read-only". ERR_INVALID: *why is the cause, as above. */
enum err config_parse_share(struct config_share *s, const char *text, const char **why) __must_check;

/* "lan": the name of a network. ERR_INVALID: *why is the cause, as above. */
enum err config_parse_card(struct config_card *c, const char *text, const char **why) __must_check;

/* "200M", "32768": Hz, with k, M or G in powers of 1000; false if it is anything else, 0, or does not fit. */
bool config_parse_rate(const char *text, uint32_t *hz) __must_check;

/* A decimal or 0x number of 64 bits at *at, which moves behind it; false if there is none or it overflows. */
bool config_parse_number(const char **at, uint64_t *value) __must_check;

/* The property names of images, by role: "kernel", "initrd". */
extern const char *const config_image_props[NR_IMAGE_ROLES];

#endif
