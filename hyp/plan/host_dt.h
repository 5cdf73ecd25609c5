/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host machine as its device tree describes it: harts, RAM, reserved memory, interrupt controllers,
 * and an index of all nodes with the registers of each device as the CPU sees them. Only the tree itself
 * is checked here; plan.c decides what each guest may have.
 *
 * Nodes are named by index in the order of the tree: node 0 is the root, the subtree of node i is
 * [i, nodes[i].end). One walk over the tree fills the index; later queries use the index.
 */
#ifndef HYP_PLAN_HOST_DT_H
#define HYP_PLAN_HOST_DT_H

#include "hyp/base/err.h"
#include "hyp/base/fdt.h"
#include "hyp/base/range.h"
#include "hyp/base/types.h"
#include "hyp/plan/plan.h"
#include "hyp/plan/problem.h"

#define HOST_MAX_NODES		2048
#define HOST_MAX_REGS		1024	/* register ranges of all devices */
#define HOST_MAX_RAM		32	/* banks, adjacent ones merged */
#define HOST_MAX_RESERVED	64
#define HOST_SEED_MIN		16	/* octets: an rng-seed that is shorter is none */
#define HOST_PATH_SIZE		128	/* longest node path that is printed in full, with the 0 */
#define NO_NODE			0xffffu

/* Bits of host_node.flags. */
#define NODE_DISABLED		(1u << 0)	/* status says so, on the node itself */
#define NODE_INTC		(1u << 1)	/* interrupt-controller */
#define NODE_CPU		(1u << 2)	/* device_type = "cpu" */
#define NODE_MEMORY		(1u << 3)	/* device_type = "memory" */
#define NODE_PCI		(1u << 4)	/* a PCI bus: device_type = "pci", or as host_index.c finds it */
#define NODE_NEXUS		(1u << 5)	/* interrupt-map */
#define NODE_UP_INTC		(1u << 6)	/* interrupts go to a controller above it */
#define NODE_CONTROL		(1u << 7)	/* a property of a name that control_name() knows */

/* Offsets are into the structure block's blob, 0 where the node has no such property. */
struct host_node {
	uint32_t name;			/* offset of the name */
	uint32_t props;			/* offset of the first property */
	uint32_t reg, ranges, compatible, interrupts, interrupts_extended;	/* of the tokens */
	uint32_t phandle;		/* 0: none */
	uint32_t interrupt_parent;	/* phandle, own or inherited; 0: none */
	uint16_t parent;		/* the root's is NO_NODE */
	uint16_t end;			/* index behind the subtree */
	uint8_t address_cells, size_cells;	/* of its children; 2 and 1 if not said */
	uint8_t interrupt_cells;
	uint8_t flags;			/* NODE_* */
};

struct host_hart {
	uint64_t id;
	uint32_t isa;			/* HART_*, of the ISA string alone */
	uint32_t features;		/* HART_* that can be relied on */
	uint32_t intc_phandle;		/* of its riscv,cpu-intc; 0: none */
	uint64_t setssip;		/* host-physical, of its register in an ACLINT SSWI device; 0: none */
	uint16_t node;
	uint16_t intc;			/* node, or NO_NODE */
	uint16_t cbom_block;		/* bytes; 0 without HART_ZICBOM */
	uint8_t mmu_levels;
};

/* Registers of a device, in host-physical addresses. */
struct host_reg {
	struct range range;
	uint16_t node;
};

struct host_reserved {
	struct range range;
	uint16_t node;			/* NO_NODE: an entry of the memory reservation block */
};

/* An interrupt controller of wires: a PLIC, or an APLIC that sends messages to the IMSIC. */
struct host_plic {
	struct range range;
	uint32_t phandle;
	uint32_t ndev;			/* highest id, below MAX_IRQS */
	uint32_t nr_contexts;		/* of a PLIC */
	uint16_t node;
	uint8_t kind;			/* enum intc_kind */
	/* S-mode context of host->harts[i]; for an APLIC, the hart's index in target registers; or NO_CONTEXT */
	int16_t context[MAX_HARTS];
};

/* The interrupt files of S-level. */
struct host_imsic {
	uint16_t node;			/* NO_NODE: there are none */
	uint32_t phandle;
	uint32_t nr_ids;		/* of a guest file: 64 * n - 1 */
	uint8_t guest_bits, hart_bits, group_bits, group_shift;	/* of the layout of addresses (AIA, 3.6) */
	uint64_t file[MAX_HARTS];	/* host-physical, page of S-level of host->harts[i]; 0: no guest file for it */
};

/* Which property a name is, so that each name is compared with others only once. */
struct host_name {
	uint32_t offset;		/* in the strings block */
	uint32_t kind;			/* of host_dt.c */
};

#define HOST_NAMES	128		/* a power of two */

struct host {
	struct dt dt;
	struct range tree;	/* the firmware's original, which it reads until all harts have started; host-physical.
				 * host_parse() leaves size 0, not known; its caller may set it */
	uint64_t timebase_hz;
	uint32_t nr_nodes, nr_harts, nr_ram, nr_reserved, nr_regs, nr_plics;
	uint16_t cpus, chosen, aliases, reserved_memory;	/* nodes, or NO_NODE */
	uint32_t entropy;				/* ENTROPY_*: the sources that the tree has */
	struct range ram[HOST_MAX_RAM];			/* sorted, apart from each other */
	struct host_reserved reserved[HOST_MAX_RESERVED];
	struct host_hart harts[MAX_HARTS];		/* usable ones, in the order of the tree */
	struct host_plic plics[MAX_INTCS];
	struct host_imsic imsic;
	struct host_reg regs[HOST_MAX_REGS];		/* by node, in the order of the tree */
	struct host_name names[HOST_NAMES];		/* while parsing only */
	struct host_node nodes[HOST_MAX_NODES];
};

/*
 * Reads the device tree in max bytes at dtb (8-byte aligned), which must stay in place and
 * unchanged as long as host is used. assume_h: if the tree lists H for no hart, all harts have it (the firmware
 * has probed the boot hart). Each fault of the tree is reported; OK if there was none. host need not be zeroed
 * before. ERR_INVALID, ERR_NOSPACE (more nodes than HOST_MAX_NODES): host has what could be read, and no plan
 * may be made of it.
 */
enum err host_parse(struct host *host, const void *dtb, uint64_t max, bool assume_h,
		    struct reporter *r) __must_check;

/* The property whose token lies at a non-zero offset that host_node holds. */
struct dt_prop host_prop(const struct host *host, uint32_t offset);

/*
 * The property of that name of the node itself, as in the tree: nothing is inherited, and any size is possible, also
 * 0. False if there is none; *prop is undefined then.
 */
bool host_find_prop(const struct host *host, uint16_t node, const char *name,
		    struct dt_prop *prop);

/* The property's one cell; none if the node, which may be NO_NODE, has no such property or it has another size. */
uint32_t host_prop_u32(const struct host *host, uint16_t node, const char *name, uint32_t none);

/* True if one of the node's compatible strings is exactly this one. */
bool host_is_compatible(const struct host *host, uint16_t node, const char *compatible);

/* "serial@10000000", terminated, in the tree. It may have any bytes: the caller makes them printable before it prints
 * them. */
const char *host_name(const struct host *host, uint16_t node);

/* "/soc/serial@10000000" into buf of size bytes (at least 5), cut with "..." if longer; returns buf. */
const char *host_path(const struct host *host, uint16_t node, char *buf, size_t size);

/* The node of a path or of an alias, size bytes of it; NO_NODE if there is none. */
uint16_t host_find(const struct host *host, const char *path, size_t size);

/* The node that a wrong path may have meant; NO_NODE if none is similar. */
uint16_t host_suggest(const struct host *host, const char *path);

/* The node with that phandle, the first if there are two; NO_NODE if there is none, and for 0. */
uint16_t host_find_phandle(const struct host *host, uint32_t phandle);

/* Index of the hart with this id, or of the PLIC with this phandle or node; -1 if there is none. */
int host_find_hart(const struct host *host, uint64_t id);
int host_find_plic(const struct host *host, uint32_t phandle);
int host_find_plic_node(const struct host *host, uint16_t node);

/* Why a hart of the tree is not among host->harts, as text; NULL if it is, or the tree has no such hart. */
const char *host_hart_fault(const struct host *host, uint64_t id);

/* True if any of the host-physical range, which is valid, is RAM of the host. */
bool host_meets_ram(const struct host *host, struct range range);

/* True if all of the host-physical range is RAM of the host. */
bool host_has_ram(const struct host *host, struct range range);

/* True if any of the host-physical range, which is valid, is in a page of a PLIC. */
bool host_meets_plic(const struct host *host, struct range range);

/* True if any of the host-physical range, which is valid, is in a guest interrupt file that a guest can have. */
bool host_meets_file(const struct host *host, struct range range);

/* True if the node or one of its parents is disabled. */
bool host_is_disabled(const struct host *host, uint16_t node);

/* True if inner is outer or lies below it. */
static inline bool host_is_within(const struct host *host, uint16_t inner, uint16_t outer)
{
	return inner >= outer && inner < host->nodes[outer].end;
}

/*
 * Registers number index (from 0) of a node as the CPU sees them, host-physical, through the ranges of its parents.
 * ERR_NOTFOUND: after the last one, or if the node's registers are not memory-mapped; ERR_NOSPACE: their size is 0;
 * ERR_INVALID: the property is cut off; ERR_RANGE: a parent's "ranges" does not have them; ERR_UNSUPPORTED: they wrap
 * around.
 */
enum err host_node_reg(const struct host *host, uint16_t node, uint32_t index,
		       struct range *range) __must_check;

/* The same in the addresses of the node's own bus, before any "ranges": never ERR_RANGE. */
enum err host_bus_reg(const struct host *host, uint16_t node, uint32_t index, struct range *range) __must_check;

/* From the addresses of that bus to the CPU's: OK, or ERR_NOTFOUND, ERR_RANGE and ERR_UNSUPPORTED as above. */
enum err host_bus_to_cpu(const struct host *host, uint16_t bus, struct range *range) __must_check;

/* True if the node is the host bridge of a PCI bus; bridges on that bus are none. */
static inline bool host_is_pci_bridge(const struct host *host, uint16_t node)
{
	uint16_t parent = host->nodes[node].parent;

	return host->nodes[node].flags & NODE_PCI && (parent == NO_NODE || !(host->nodes[parent].flags & NODE_PCI));
}

/*
 * Window number index (from 0) of a PCI host bridge, as the CPU sees it, host-physical: an entry of its "ranges".
 * Errors as of host_node_reg(); ERR_NOTFOUND also for a node that is none.
 */
enum err host_pci_window(const struct host *host, uint16_t node, uint32_t index, struct range *range) __must_check;

/* True if one of its windows is configuration space. */
bool host_pci_has_config_window(const struct host *host, uint16_t node);

/* The cause of an error of host_node_reg() (e), as text that follows the registers' name. */
const char *host_reg_fault(enum err e);

/*
 * One interrupt of a node: its controller, and the first two cells of the specifier (0 if it has none).
 */
struct host_irq {
	uint32_t parent_phandle;
	uint16_t parent;		/* NO_NODE: the phandle names no node */
	uint32_t id;
	uint32_t flags;			/* IRQ_*, if the controller is an APLIC */
};

/* Walks the interrupts of a node; start with {0}. */
struct host_irq_cursor {
	uint32_t at, map_at;	/* offsets in its interrupts, and in its interrupt-map */
};

/*
 * The next one into *irq: the node's own, then those that its interrupt-map leads to, for all its children; the same
 * one may come several times there. ERR_NOTFOUND: after the last one. ERR_INVALID: the property is cut off; ERR_RANGE:
 * no node is the controller. The walk ends at an error; what has failed is the map if cursor->map_at is not 0.
 */
enum err host_next_irq(const struct host *host, uint16_t node, struct host_irq_cursor *cursor,
		       struct host_irq *irq) __must_check;

#endif
