/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface between the files of the planner: the work in progress, and the steps in the order in which
 * plan_make() runs them. Each step reports what it finds and leaves the plan as complete as it
 * can, so that later steps can still check the rest.
 */
#ifndef HYP_PLAN_PLAN_INT_H
#define HYP_PLAN_PLAN_INT_H

#include "hyp/plan/config_dt.h"
#include "hyp/plan/host_dt.h"
#include "hyp/plan/package.h"
#include "hyp/plan/plan.h"

#define LEAF_2M		(2 * MIB)
#define LEAF_1G		GIB

struct planner {
	struct plan *plan;
	const struct host *host;
	const struct config *config;
	const struct package *package;
	struct reporter *r;
	uint16_t console_node;			/* NO_NODE: SBI console */
	uint8_t first_ram[MAX_VMS];		/* region of the first string, or NO_OWNER */
	bool refused[MAX_VMS][MAX_VM_DEVICES];	/* devices that plan_control() has refused altogether */
	uint8_t reg_owner[HOST_MAX_REGS];	/* VM, OWNER_HYP or NO_OWNER of host->regs[i] */
};

/* Reports a problem at a property of a guest. */
#define vm_problem(pl, vm, code, prop, ...)						\
	problem_report((pl)->r, code, true, (pl)->plan->vms[vm].config_path, prop, __VA_ARGS__)

/* plan.c: reports that the machine has no hart of that id, and which it has. path: of the configuration's node. */
void plan_unknown_hart(struct planner *pl, const char *path, const char *prop, uint64_t id);

/* plan_mem.c: places each guest's RAM; finds the free RAM; finds the firmware's memory that the tree does not
 * reserve. */
void plan_memory(struct planner *pl);
void plan_free_memory(struct planner *pl);
void plan_firmware(struct planner *pl);

/* plan_work.c: what memory it needs while guests run, and no more is its own; if its image's size is known. */
void plan_work(struct planner *pl);

/* plan_self.c: where the hypervisor goes; plan->loaded and plan->firmware are set. */
void plan_self(struct planner *pl);

/* Appends a region to a guest; false and a problem at the property prop if it has too many. */
bool plan_add_region(struct planner *pl, uint32_t vm, const char *prop, struct plan_region region);

/* plan_dev.c: the configuration's property prop, of the node at, names a node that is not there: which may have been
 * meant. */
void plan_unknown_node(struct planner *pl, enum problem_code code, const char *at, const char *prop, const char *name);

/* plan_dev.c: the registers of the node, and of what is below it, have that owner. */
void plan_own_regs(struct planner *pl, uint16_t node, uint8_t owner);

/* plan_dev.c: the hypervisor's console, and the guests' devices. */
void plan_console(struct planner *pl);
void plan_devices(struct planner *pl);

/* plan_pages.c: maps the registers of all guests' devices, page by page; windows for pages that have two owners. */
void plan_pages(struct planner *pl);

/* "guest linux", "the hypervisor" or "no guest"; owner: VM, OWNER_HYP or NO_OWNER. Cut at size; returns buf. */
const char *plan_owner_name(const struct planner *pl, uint8_t owner, char *buf, size_t size);

/* plan_control.c: which devices control the machine, and which guests may have them. */
void plan_control(struct planner *pl);

/* Why a device controls the machine, as text for a problem, as "it is a watchdog"; "" if it does not. Returns buf. */
const char *plan_control_text(const struct host *host, const struct plan_device *d, char *buf, size_t size);

/* plan_standins.c: the rates of clocks that the configuration gives, and whether a guest needs stand-ins for resets. */
void plan_standins(struct planner *pl);

/* plan_dma.c: a node of a guest's devices that does not reach all of that RAM (host-physical) by DMA; NO_NODE: none. */
uint16_t plan_dma_limit(const struct planner *pl, uint32_t vm, struct range ram);

/* plan_iommu.c: the IOMMUs that the hypervisor drives; before plan_devices(). */
void plan_iommus(struct planner *pl);

/*
 * The last device of the guest, which may do DMA. True if IOMMUs of the plan stand between memory and all of its nodes
 * that may do DMA: then the guest has their ids. Otherwise the guest gets no ids.
 */
bool plan_confine(struct planner *pl, uint32_t vm);

/* After plan_devices(): that no two guests have the same id, and that the directories have room. */
void plan_check_ids(struct planner *pl);

/* plan_pci.c: the bus of a PCI host bridge, which is that device of the guest (index into devices) or in it. */
void plan_add_bridge(struct planner *pl, uint32_t vm, uint32_t device, uint16_t node);

/* Why the hypervisor cannot make the bus of a PCI host bridge silent, as text for a problem, or NULL. */
const char *pci_bridge_refusal(const struct host *host, uint16_t node);

/* plan_irq.c: interrupts of devices, and the PLICs that guests see. */
void plan_irqs(struct planner *pl);
void plan_vplics(struct planner *pl);
void plan_files(struct planner *pl);
/* After all that has virtual sources: which guests write setipnum_le of their APLICs without an exit. */
void plan_setipnum(struct planner *pl);

/* plan_uart.c: the hart that drives the hypervisor's console, and the guests' virtual UARTs. */
void plan_console_hart(struct planner *pl);
void plan_vuarts(struct planner *pl);

/* plan_irq.c: the lowest interrupt of the guest's PLICs that neither a device nor anything virtual of the guest has;
 * false if there is none to which its tree could refer. */
bool plan_virtual_irq(const struct planner *pl, const struct plan_vm *v, uint8_t *vplic, uint16_t *irq);

/* Whether that interrupt is no device's and nothing virtual's of the guest. plic: index into plan.intcs. */
bool plan_irq_is_free(const struct plan_vm *v, uint32_t plic, uint32_t id);

/* plan_mem.c: the first free RAM of the host for size bytes, at a multiple of align; false if there is none. */
bool plan_find_ram(const struct planner *pl, uint64_t size, uint64_t align, uint64_t *base);

/* plan_shared.c: memory that several guests have, and their doorbells. After all other RAM, devices, PLICs, UARTs. */
void plan_shared(struct planner *pl);

/* plan_shared.c: the first page for a virtual device that neither the guest nor the host uses; false if there is
 * none. */
bool plan_find_window(const struct planner *pl, const struct plan_vm *v, gpa_t *at);

/* plan_net.c: networks between guests, and their cards. After plan_shared(). */
void plan_nets(struct planner *pl);

/* plan_image.c: where images and the device tree go. */
void plan_images(struct planner *pl);

/* device_class.c: the class of a node, by its compatible. Why no guest can have it, as text for a problem, or NULL. */
const char *device_refusal(const struct host *host, uint16_t node);

/* A UART of any known kind; one that drivers/ns16550.c can drive. */
bool device_is_uart(const struct host *host, uint16_t node);
bool device_is_ns16550(const struct host *host, uint16_t node);

/* It switches the machine off or on again, by its own registers or another's. */
bool device_switches_off(const struct host *host, uint16_t node);

/* True unless the node has no registers, or is of a kind that is known to do no DMA. */
bool device_may_dma(const struct host *host, uint16_t node);

/* Bytes as "512M", "1G", "12K", or in hexadecimal if they are no multiple of 1 KiB; 24 bytes suffice. Returns buf. */
const char *size_text(uint64_t size, char *buf, size_t room);

#endif
