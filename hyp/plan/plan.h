/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan: the owner of each hart, range of memory, device and interrupt. It is made once at boot (or
 * by the host command) from the host's device tree and the configuration, has a fixed size,
 * and is read-only afterwards: at run time a guest's values are checked against it.
 *
 * Harts are named by index into plan.harts, which holds every usable hart of the host in the order
 * of the device tree. Interrupts are named by (index into plan.intcs, id).
 */
#ifndef HYP_PLAN_PLAN_H
#define HYP_PLAN_PLAN_H

#include "hyp/base/err.h"
#include "hyp/base/range.h"
#include "hyp/base/types.h"
#include "hyp/plan/problem.h"

#define NO_OWNER	0xff	/* of a hart or an interrupt source: no owner */
#define OWNER_HYP	0xfe	/* in source_owner: the hypervisor's own device */
#define NO_CONTEXT	(-1)
#define MAX_VM_REGIONS	(48 + MAX_HARTS)	/* memory and device mappings, and interrupt files, of one guest */
#define MAX_VM_DEVICES	32
#define MAX_VM_WINDOWS	8	/* sub-page windows of one guest */
#define MAX_WINDOW_REGIONS	8	/* regions of REGION_WINDOWS of all guests */
#define MAX_VM_IRQS	128	/* interrupts of all devices of one guest */
#define MAX_SHARED	8	/* shared memories of the machine, and of one guest */
#define MAX_NETS	8	/* networks between guests */
#define MAX_CARDS	4	/* virtual network cards of one guest */
#define MAX_VM_CLOCKS	32	/* rates that the configuration gives for clocks of one guest */
#define MAX_VM_DMA_IDS	16	/* ranges of device ids of one guest */
#define MAX_FREE	64	/* free ranges of RAM that are stored */
#define MAX_FIRMWARE	16	/* pieces of the firmware's memory that nothing reserves */
#define PLAN_PATH_SIZE	96	/* node path with the 0; longer ones are refused */

enum region_kind {
	/* the guest's own memory: RWX. Rewritten before each start, but for keep_ram at the first one */
	REGION_RAM,
	REGION_DEVICE,	/* registers of a passed-through device: RW, never X */
	REGION_SHARED,	/* memory that other guests have, too: R or RW, never X; written by no start of the guest */
	REGION_FILE,	/* a guest interrupt file of one of its harts: RW, one page, at the host's address */
	/* pages that a passed-through device shares with another owner: not mapped; the guest has windows there */
	REGION_WINDOWS,
};

struct plan_region {
	gpa_t gpa;
	hpa_t hpa;
	uint64_t size;		/* bytes; gpa, hpa and size are multiples of 4 KiB */
	uint8_t rights;		/* RIGHT_* */
	uint8_t kind;		/* enum region_kind */
	/* REGION_DEVICE, REGION_WINDOWS: index into plan_vm.devices; REGION_SHARED: index into plan_vm.shares;
	 * REGION_FILE: vcpu */
	uint8_t device;
};

/*
 * A sub-page window: those registers of a passed-through device that lie in a page with registers of another owner.
 * Each access is an exit, which the hypervisor makes for the guest, in the same width.
 */
struct plan_window {
	gpa_t base;		/* the host's address; in one page or several, all of REGION_WINDOWS */
	uint64_t size;		/* bytes, not 0; of no other owner */
	uint8_t device;		/* index into plan_vm.devices */
};

/* A passed-through device: a node of the host with everything below it. */
struct plan_device {
	char path[PLAN_PATH_SIZE];	/* of the host's node */
	uint16_t node;			/* index into host->nodes */
	bool dma;			/* it may do DMA */
	bool confined;			/* dma: and IOMMUs of the plan limit it to the guest's memory */
	/* it controls the machine: what it is, or the property that says so; NULL: it does not */
	const char *control;
	uint16_t control_node;		/* that node, index into host->nodes: the device, or below it */
	/* the node with that property, which depends on it; NO_NODE: control is its kind */
	uint16_t control_by;
};

/* The ids that an IOMMU knows a confined device by: of a PCI function, its number in the tree's iommu-map. */
struct plan_dma_ids {
	uint8_t iommu;		/* index into plan.iommus */
	uint8_t device;		/* index into plan_vm.devices */
	uint32_t first, count;	/* count is not 0; below 2^24 */
};

/* The rate of a clock whose provider the guest does not have, as the configuration gives it. */
#define ALL_CLOCKS	0xffffu
struct plan_clock {
	uint16_t node;		/* with the property "clocks", index into host->nodes */
	uint16_t index;		/* of the clock there, from 0; or ALL_CLOCKS */
	uint32_t hz;		/* not 0 */
};

/* An interrupt of a passed-through device. */
struct plan_irq {
	uint8_t intc;		/* index into plan.intcs */
	uint8_t device;		/* index into plan_vm.devices */
	uint16_t id;		/* 1 to ndev */
};

/* Bits of plan_hart.features: what the hart has, by its device-tree node. The firmware may find by
 * probing that a CSR does not exist after all; see hyp/riscv/hart.c. */
#define HART_H		(1u << 0)
#define HART_SSTC	(1u << 1)
#define HART_FD		(1u << 2)	/* F or D */
#define HART_V		(1u << 3)
#define HART_SVADU	(1u << 4)
#define HART_SVPBMT	(1u << 5)	/* only with HART_ZICBOM: see host_cpus.c */
#define HART_ZICBOM	(1u << 6)	/* and its block size is known */
#define HART_ZICBOZ	(1u << 7)
#define HART_SMSTATEEN	(1u << 8)
#define HART_SVADE	(1u << 9)
#define HART_ZICBOP	(1u << 10)
#define HART_ZKR	(1u << 11)
#define HART_ZBC	(1u << 12)
#define HART_SSAIA	(1u << 13)	/* and it has a guest interrupt file: see host_aia.c */

struct plan_hart {
	uint64_t id;		/* hart id, as in mhartid and the SBI */
	uint32_t features;	/* HART_* */
	uint16_t cbom_block;	/* bytes of a cache block, a power of 2; 0 without HART_ZICBOM */
	uint8_t mmu_levels;	/* 3, 4 or 5: of mmu-type, Sv39, Sv48, Sv57; 0 if not said */
	uint8_t vm;		/* index of the owner, NO_OWNER for a spare hart */
	uint8_t vcpu;		/* index within the owner */
	/* S-mode context of each PLIC, index in target registers of each APLIC, or NO_CONTEXT */
	int16_t plic_context[MAX_INTCS];
	hpa_t file;		/* page of its first guest interrupt file, number GUEST_FILE; 0: none */
	hpa_t setssip;		/* its register in an ACLINT SSWI device, by which any hart interrupts it; 0: none */
};

enum intc_kind {
	INTC_PLIC,
	INTC_APLIC,	/* sends messages to interrupt files (AIA, "MSI Delivery Mode") */
};

/* An IOMMU that the hypervisor drives: it blocks each device that no guest has. */
struct plan_iommu {
	char path[PLAN_PATH_SIZE];	/* of the host's node */
	uint16_t node;		/* index into host->nodes */
	hpa_t base;		/* of its registers, one page */
	uint32_t last_id;	/* the highest id of a guest's device; 0: or there is none */
};

#define GUEST_FILE	1u	/* the guest interrupt file of each hart that its guest has: the hart has no other */

/* An interrupt controller of the host. */
struct plan_intc {
	uint8_t kind;		/* enum intc_kind */
	char path[PLAN_PATH_SIZE];	/* of the host's node */
	hpa_t base;
	uint64_t size;
	uint32_t ndev;		/* highest interrupt id, below MAX_IRQS */
	uint32_t phandle;
	uint8_t source_owner[MAX_IRQS];	/* VM index, OWNER_HYP or NO_OWNER */
};

/* The PLIC or APLIC that a guest sees: one for each of the host that it needs. Of a PLIC, context 2 * vcpu is an inert
 * M-mode one, 2 * vcpu + 1 the S-mode one, as on QEMU's virt, whatever the host's layout. */
struct plan_vplic {
	uint8_t plic;		/* index into plan.intcs */
	gpa_t base;		/* the host's address, unless guest RAM was placed over it: refused */
	uint64_t size;
	uint32_t ndev;
	bool setipnum;		/* of an APLIC: the page of setipnum_le and setipnum_be is the guest's own */
};

enum image_role { IMAGE_KERNEL, IMAGE_INITRD, NR_IMAGE_ROLES };

struct plan_image {
	char name[IMAGE_NAME_LEN];	/* "" if the guest has none in this role */
	hpa_t source;		/* where the original lies in host memory; read-only, unless it is used in place */
	gpa_t target;		/* where the guest gets its copy; in place: the same address */
	uint64_t size;		/* bytes */
	uint32_t crc32;		/* IEEE 802.3, of the original */
};

/* What happens to a guest that has crashed: it reported a failure (SRST, system failure), its watchdog expired, or it
 * made an unmapped access with unmapped = "stop". */
enum crash_policy { ON_CRASH_STOP, ON_CRASH_RESTART };

/* The effect of an unmapped access by a load or store; a fetch always faults. */
enum unmapped_policy {
	UNMAPPED_INJECT,	/* an access fault in the guest */
	UNMAPPED_IGNORE,	/* reads return 0, writes have no effect */
	UNMAPPED_STOP,		/* the guest has crashed */
};

#define MAX_VM_RESETS	16	/* virtio-mmio devices of one guest */
#define MAX_VM_BRIDGES	8	/* PCI host bridges of one guest */

/* A PCI host bridge of a guest, with all that is behind it: silent before the guest's RAM is written. */
struct plan_bridge {
	hpa_t ecam;		/* configuration space: 1 MiB for each bus, at a multiple of 1 MiB */
	uint8_t device;		/* index into plan_vm.devices */
	uint8_t first_bus;	/* its number, for people */
	uint16_t nr_buses;	/* 1 to 256: as many as configuration space, and "bus-range", hold. For people */
	uint16_t ecam_buses;	/* 1 to 256: as many as the guest reaches, whatever "bus-range" says */
};

/* How a guest reaches the context pages of its PLICs; docs/architecture.md. */
enum plic_mode {
	PLIC_GUARDED,		/* it reads them in the hardware; what it writes is checked */
	PLIC_MAPPED,		/* it reads and writes them in the hardware */
	PLIC_EMULATED,		/* each access is a trap */
};

/* "guarded", "mapped", "emulated". */
static inline const char *plic_mode_name(enum plic_mode mode)
{
	return mode == PLIC_GUARDED ? "guarded" : mode == PLIC_MAPPED ? "mapped" : "emulated";
}

/* What happens to a guest at crashes, and how it gets its interrupts; docs/config.md. */
struct plan_policy {
	uint8_t on_crash;	/* enum crash_policy; default ON_CRASH_STOP */
	uint8_t unmapped;	/* enum unmapped_policy; default UNMAPPED_INJECT */
	bool keep_ram;		/* ram-at-boot = "keep"; default "clear" */
	bool in_place;		/* images = "in-place"; default "copy" */
	uint8_t plic_mode;	/* enum plic_mode; default PLIC_GUARDED */
	bool getchar_waits;	/* sbi-getchar = "wait"; default "poll" */
	uint32_t restart_limit;	/* crashes after which it is restarted at most; default 3 */
	uint32_t watchdog_ms;	/* 0: none; see docs/safety.md */
};

/* The virtual ns16550a of a guest. Its interrupt is a source that the host's PLIC does not have. */
struct plan_vuart {
	gpa_t base;
	uint64_t size;		/* bytes of its window; 0: the guest has none */
	uint8_t reg_shift, reg_io_width;	/* as of the host's UART that it stands for; otherwise 0, 1 */
	uint8_t vplic;		/* index into plan_vm.vplics */
	uint16_t irq;		/* there; 0: none, the guest has to poll */
	uint32_t clock_hz;	/* clock-frequency in the guest's tree */
};

/* Memory that several guests have; docs/links.md. */
struct plan_shared {
	char name[VM_NAME_LEN];
	hpa_t hpa;
	uint64_t size;		/* bytes; a multiple of 4 KiB */
	uint32_t nr_peers;	/* 0: no guest has it, and no memory is taken */
	uint8_t peers[MAX_VMS];	/* its guests, index into plan.vms, ascending; a peer's number is its index here */
};

/* What a guest has of a shared memory: a region of kind REGION_SHARED, and a doorbell. */
struct plan_share {
	uint8_t shared;		/* index into plan.shared */
	uint8_t peer;		/* the guest's number there */
	bool read_only;
	uint8_t vplic;		/* of the doorbell's interrupt: index into plan_vm.vplics */
	uint16_t irq;		/* there; 0: none, the guest has to poll */
	gpa_t base;		/* of the memory, as the guest sees it */
	gpa_t doorbell;		/* of the doorbell's page */
};

/* A virtual network: the guests that list its name. */
struct plan_net {
	char name[VM_NAME_LEN];
	uint32_t nr_ports;
	struct {
		uint8_t vm, card;	/* index into plan.vms, and into its cards */
	} ports[MAX_VMS];
};

/* A virtual network card: a virtio-mmio device. */
struct plan_card {
	uint8_t net, port;	/* index into plan.nets, and into its ports */
	uint8_t vplic;		/* index into plan_vm.vplics */
	uint16_t irq;		/* there; not 0 */
	gpa_t base;		/* of the page with its registers */
	uint8_t mac[6];		/* locally administered, unicast; unique in its network */
};

#define PLIC_PRIORITIES	8	/* of a guest's PLIC: 0 (never) to 7 */

struct plan_vm {
	char name[VM_NAME_LEN];
	char config_path[VM_NAME_LEN + 1];	/* node path in the configuration: "/" name */
	uint32_t nr_vcpus;
	uint8_t vcpu_hart[MAX_HARTS];	/* vcpu index to index into plan.harts; guest hart id = vcpu index */
	uint32_t nr_regions;
	struct plan_region regions[MAX_VM_REGIONS];	/* sorted by gpa, no two overlap */
	uint32_t nr_windows;
	struct plan_window windows[MAX_VM_WINDOWS];	/* no two overlap */
	uint32_t nr_devices;
	struct plan_device devices[MAX_VM_DEVICES];
	uint32_t nr_dma_ids;	/* no two guests have the same id of one IOMMU */
	struct plan_dma_ids dma_ids[MAX_VM_DMA_IDS];
	uint32_t nr_clocks;
	struct plan_clock clocks[MAX_VM_CLOCKS];
	/* its devices have reset lines of providers that it does not have: a page of its RAM stands in */
	bool needs_resets;
	/* needs_resets: that page, at the end of the region with the device tree; not RAM in its tree */
	gpa_t reset_page;
	bool holds_clocks, holds_domains;	/* its devices supply clocks, or power domains, that others use */
	uint32_t nr_irqs;
	struct plan_irq irqs[MAX_VM_IRQS];	/* sorted by device, PLIC and id; no interrupt twice */
	uint32_t nr_vplics;
	struct plan_vplic vplics[MAX_INTCS];
	struct plan_image images[NR_IMAGE_ROLES];
	gpa_t entry;		/* where vcpu 0 starts */
	gpa_t dtb;		/* where its device tree goes; GUEST_DTB_MAX bytes of its RAM are reserved for it */
	uint8_t gstage_levels;	/* 3 = Sv39x4, 4 = Sv48x4 */
	bool files;		/* each of its harts has a guest interrupt file, which it uses itself */
	bool sstc;		/* all its harts have Sstc: the guest may use stimecmp */
	bool owns_console;	/* a passed-through device is its stdout; otherwise SBI console only */
	uint16_t stdout_node;	/* that device, index into host->nodes */
	bool trust_dma, trust_control;
	struct plan_policy policy;
	uint32_t nr_resets;	/* passed-through virtio-mmio devices, */
	hpa_t resets[MAX_VM_RESETS];	/* their registers: reset before the guest's RAM is written */
	uint32_t nr_bridges;
	struct plan_bridge bridges[MAX_VM_BRIDGES];
	struct plan_vuart vuart;	/* console = "uart" */
	uint32_t nr_shares;
	struct plan_share shares[MAX_SHARED];
	uint32_t nr_cards;
	struct plan_card cards[MAX_CARDS];
	const char *bootargs;	/* in the configuration tree, which stays in memory; "" if none */
};

#define GUEST_DTB_MAX	(64 * KIB)
/* Bytes of these that are free at the end of the tree: boot loaders such as U-Boot extend a tree in place. */
#define GUEST_DTB_SLACK	(8 * KIB)

/* Bits of plan.entropy: what guests' seeds are derived from. */
#define ENTROPY_TREE	(1u << 0)	/* /chosen/rng-seed of the host's device tree */
#define ENTROPY_ZKR	(1u << 1)	/* the seed CSR */

/* Octets of /chosen/rng-seed and kaslr-seed in a guest's device tree. */
#define RNG_SEED_SIZE	64u
#define KASLR_SEED_SIZE	8u

/* The second cell of an APLIC's interrupt specifiers: what the wire does for a request. */
#define IRQ_EDGE_RISE	1u
#define IRQ_EDGE_FALL	2u
#define IRQ_LEVEL_HIGH	4u
#define IRQ_LEVEL_LOW	8u

struct plan_console {
	enum { CONSOLE_SBI, CONSOLE_NS16550, CONSOLE_VIRTIO } kind;
	char path[PLAN_PATH_SIZE];
	hpa_t base;
	uint64_t size;
	uint32_t reg_shift, reg_io_width;	/* ns16550: DT properties reg-shift (default 0), reg-io-width (1) */
	enum {
		CONSOLE_DIRECT,		/* the hart that writes polls until all is shown; there is no input */
		CONSOLE_OWN_HART,	/* a hart that is in no guest, by interrupts */
		CONSOLE_GUEST_HART,	/* a guest's hart, by its timer */
	} drive;
	uint8_t hart;		/* that hart, index into harts; not with CONSOLE_DIRECT */
	uint8_t intc;		/* CONSOLE_OWN_HART: index into intcs of its interrupt */
	uint16_t irq;		/* 0: none that reaches the hart; it looks by its timer */
	uint8_t irq_flags;	/* of an APLIC's source: IRQ_* */
	bool colour;		/* console-style = "colour" */
	bool monitor;		/* there is one */
};

/* Memory that counts as the firmware's, beside what the host's tree reserves. */
struct plan_firmware {
	struct range range;	/* host-physical; no guest gets it */
	/* by the configuration; otherwise it is RAM below the image that nothing reserves */
	bool stated;
};

/*
 * Memory that the hypervisor needs while guests run, in bytes; all 0 if the size of its image is not known. What is not
 * its image follows from the configuration and is handed out by hyp/riscv/work.h. WORK_*: one of each; whoever takes it
 * checks that it suffices.
 */
#define WORK_STACK	16384u
#define WORK_VM		2688u	/* a VM, */
#define WORK_VPLIC	21504u	/* with each of its PLICs */
#define WORK_VCPU	768u
#define WORK_CARD	320u	/* a virtual network card */
#define WORK_CONSOLE	16768u	/* of a guest */
#define SSTAGE_TABLES_MAX 80u	/* the hypervisor's own page tables; 16 for MAX_WINDOW_REGIONS, two each */

struct plan_work {
	uint64_t image;		/* with the package */
	uint64_t tables;	/* page tables, of guests and its own */
	uint32_t own_tables;	/* of these the hypervisor's, below the root: their number */
	uint64_t stacks;	/* of harts that run, each with a page that is not mapped */
	uint64_t guests;	/* VMs, vcpus, emulated PLICs and network cards */
	uint64_t consoles;
	uint64_t trees;		/* the guests' device trees, as large as such trees usually are */
};

struct plan {
	uint64_t timebase_hz;
	uint32_t nr_harts;
	struct plan_hart harts[MAX_HARTS];
	uint32_t nr_intcs;
	struct plan_intc intcs[MAX_INTCS];
	uint32_t nr_iommus;
	struct plan_iommu iommus[MAX_IOMMUS];
	uint32_t file_ids;	/* highest id of guest interrupt files, 64 * n - 1; 0: the machine has none */
	uint32_t nr_vms;
	struct plan_vm vms[MAX_VMS];
	struct plan_console console;	/* of the hypervisor */
	bool keep_machine;	/* when the last guest has ended: stay, do not shut down */
	uint32_t entropy;	/* ENTROPY_*; 0: guests get no seeds */
	struct range loaded;	/* where the firmware put the hypervisor and its package; free once they have moved */
	struct range hyp;	/* their memory while guests run, not larger; no guest gets it but images in place */
	struct plan_work work;
	bool firmware_reserved;	/* firmware = "reserved": the tree reserves all that the firmware has */
	uint32_t nr_firmware;
	struct plan_firmware firmware[MAX_FIRMWARE];
	uint32_t nr_shared;
	struct plan_shared shared[MAX_SHARED];
	uint32_t nr_nets;
	struct plan_net nets[MAX_NETS];
	uint32_t nr_free;
	struct range free[MAX_FREE];	/* RAM without an owner, sorted; whole 2 MiB only */
};

/* The end of what the hypervisor's own page tables map (sstage.h): it never moves to a place that ends above. */
#define PLAN_HYP_END	0x3fc0000000ul

struct host;		/* host_dt.h */
struct config;		/* config_dt.h */
struct package;		/* package.h */

/*
 * The place for the hypervisor, host-physical. If its base differs from that of loaded, where the hypervisor is now
 * (with its package), it must move before plan_make(). host and config have been parsed with OK. plan is work space.
 * Reports nothing: if the configuration requests an impossible place, the result is loaded, and plan_make() reports it.
 */
struct range plan_place(struct plan *plan, const struct host *host, const struct config *config, struct range loaded);

/* The host's device tree, as the firmware copies it, is not larger. */
#define BOOT_DTB_MAX	(1 * MIB)

/*
 * Bytes that a boot needs behind the image, whatever the machine, for this configuration; it may have problems. The
 * last plan_scratch_size() of them are for what no guest needs: struct host, struct config, and the host's tree.
 */
uint64_t plan_boot_memory(const struct config *config);
uint64_t plan_scratch_size(void);

/* Whether that hart runs once all guests have started: it is a guest's, or the console's own. */
static inline bool plan_hart_runs(const struct plan *plan, uint32_t hart)
{
	return plan->harts[hart].vm != NO_OWNER ||
	       (plan->console.drive == CONSOLE_OWN_HART && plan->console.hart == hart);
}

/* Levels of the hypervisor's own page tables: 3, unless something lies beyond what these reach and all harts have 4. */
uint32_t plan_sstage_levels(const struct plan *plan);

/*
 * Resolves and checks everything. loaded: where the hypervisor was loaded, host-physical, package included; package:
 * open, with the images, and with the address that it was loaded at. plan->hyp is the result of plan_place(). RAM below
 * loaded that the host's tree does not reserve is the firmware's, unless the configuration says otherwise. host has
 * been parsed with OK, config with problems or without; both must not change while the plan is used: paths are copied,
 * bootargs are not. plan need not be zeroed before. Not re-entrant: one call at a time.
 * OK: the plan may be executed. ERR_INVALID: this call has reported at least one problem, and the plan is incomplete:
 * it may only be planned again. No other errors.
 */
enum err plan_make(struct plan *plan, const struct host *host, const struct config *config,
		   const struct package *package, struct range loaded, struct reporter *r) __must_check;

/*
 * The pieces of plan->hyp that no guest has: between them lie images that guests use in place. *piece: the part at or
 * behind address `at` of the first piece that ends behind it. Host-physical, whole pages. False if there is none;
 * *piece is undefined then.
 */
bool plan_hyp_piece(const struct plan *plan, uint64_t at, struct range *piece);

/*
 * Canonical text of a plan that was made with OK, line by line without newlines; the firmware and the host command
 * print the same. line is called with arg and a text of printable ASCII, terminated, of less than 240 letters, which is
 * valid during the call only. No errors.
 */
void plan_print(const struct plan *plan, void (*line)(void *arg, const char *text), void *arg);

/*
 * Number of 4 KiB tables below the root that the G-stage of a VM needs with the largest leaves its
 * regions allow, with as many more as mapped contexts of its PLICs may need; the plan refuses what exceeds
 * GSTAGE_TABLES_MAX. Its regions are sorted by guest address.
 */
uint32_t plan_gstage_tables(const struct plan_vm *vm);

/*
 * Writes the device tree of VM number vm into buf (8-byte aligned, size bytes, of which GUEST_DTB_MAX are used at
 * most). The last GUEST_DTB_SLACK bytes of the size in its header are free and 0. It has the guest's own harts, RAM,
 * devices, PLICs and chosen only. plan: made with OK, of this host. Notes report references that are left out. Not
 * re-entrant. ERR_RANGE: the plan has no such VM; nothing is reported. ERR_NOSPACE: the tree is larger than the buffer
 * or GUEST_DTB_MAX (reported). ERR_INVALID: an address of the guest does not fit the tree's cells (reported); the tree
 * in buf must not be used.
 */
enum err guest_dt_build(void *buf, size_t size, const struct plan *plan, const struct host *host,
			uint32_t vm, struct reporter *r) __must_check;

/*
 * Where the value of a property of /chosen lies in a tree that guest_dt_build() has made: its offset in octets, 0 if it
 * is not there or has another size. Seeds are 0 in the tree until the guest starts.
 */
uint32_t guest_dt_chosen(const void *dtb, const char *name, uint32_t size);

#endif
