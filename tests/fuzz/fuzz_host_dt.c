/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The input is a host's device tree. If it can be read, guests are made up that want some of its harts and devices,
 * and what the planner makes of that is held against plan_spec.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/plan_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

static struct host host;
static struct config config;
static uint32_t choice;

static uint32_t pick(uint32_t n)
{
	choice = choice * 1664525 + 1013904223;
	return n ? (choice >> 8) % n : 0;
}

/* Mostly something with registers; node 0 now and then. */
static void want_devices(struct config_vm *v, char (*paths)[HOST_PATH_SIZE])
{
	uint32_t n = pick(4);
	uint16_t node;

	for (uint32_t i = 0; i < n; i++) {
		node = host.nr_regs && pick(8) ? host.regs[pick(host.nr_regs)].node : pick(host.nr_nodes);
		host_path(&host, node, paths[i], HOST_PATH_SIZE);
		v->devices[v->nr_devices++] = paths[i];
	}
}

/* Memory of several guests, and which of them has which. */
static void want_shared(void)
{
	config.nr_shared = pick(3);
	for (uint32_t i = 0; i < config.nr_shared; i++) {
		snprintf(config.shared[i].name, VM_NAME_LEN, "m%u", i);
		config.shared[i].size = (pick(3) + 1) << (12 + pick(17));
	}
	for (uint32_t vm = 0; vm < config.nr_vms; vm++)
		for (uint32_t i = 0; i < config.nr_shared; i++) {
			struct config_share *s = &config.vms[vm].shares[config.vms[vm].nr_shares];

			if (!pick(3))
				continue;
			snprintf(s->name, VM_NAME_LEN, "m%u", i);
			s->read_only = !pick(3);
			config.vms[vm].nr_shares++;
		}
}

static void want_nets(void)
{
	for (uint32_t vm = 0; vm < config.nr_vms; vm++)
		for (uint32_t i = 0; i < 2; i++)
			if (!pick(3))
				snprintf(config.vms[vm].cards[config.vms[vm].nr_cards++].name, VM_NAME_LEN, "n%u", i);
}

static void want(void)
{
	static char paths[MAX_VMS][4][HOST_PATH_SIZE];
	uint32_t next = 0, harts;

	memset(&config, 0, sizeof(config));
	config.nr_vms = pick(3) + 1;
	for (uint32_t vm = 0; vm < config.nr_vms; vm++) {
		struct config_vm *v = &config.vms[vm];

		snprintf(v->name, sizeof(v->name), "guest-%u", vm);
		v->bootargs = pick(2) ? "" : "console=ttyS0";
		v->trust_dma = pick(4);
		v->trust_control = !pick(3);
		v->policy.restart_limit = 3;
		v->uart = !pick(3);
		v->has_uart_address = v->uart && !pick(2);
		v->uart_address = (uint64_t)pick(1024) << (12 + pick(20));
		harts = pick(2) + 1;
		for (uint32_t i = 0; i < harts && host.nr_harts; i++)
			v->harts[v->nr_harts++] = host.harts[next++ % host.nr_harts].id;
		for (uint32_t i = pick(2) + 1; i; i--)
			v->memory[v->nr_memory++] = (struct config_memory){ .size = (pick(3) + 1) << (12 + pick(17)) };
		if (!pick(4)) {
			v->memory[0].mapped = true;
			v->memory[0].as = (uint64_t)pick(64) << (12 + pick(20));
		}
		v->images[IMAGE_KERNEL] = "rt";
		v->images[IMAGE_INITRD] = pick(2) ? NULL : "smp";
		want_devices(v, paths[vm]);
	}
	want_shared();
	want_nets();
	config.hyp_place = pick(3);
	config.hyp_address = (host.nr_ram ? host.ram[pick(host.nr_ram)].base : 0) + ((uint64_t)pick(1024) << 21);
	config.has_firmware = !pick(4);
	for (uint32_t i = config.has_firmware ? pick(3) : 0; i; i--)
		config.firmware[config.nr_firmware++] = (struct range){
			(host.nr_ram ? host.ram[0].base : 0) + ((uint64_t)pick(1024) << 12),
				(pick(3) + 1) << (12 + pick(12)) };
	if (!pick(3) && host.nr_regs) {
		static char path[HOST_PATH_SIZE];

		config.console = host_path(&host, host.regs[pick(host.nr_regs)].node, path, sizeof(path));
		config.has_console_hart = !pick(2);
		config.console_hart = host.nr_harts ? host.harts[pick(host.nr_harts)].id : 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *tree = aligned_copy(data, size);

	choice = crc32_ieee(0, data, size);
	if (spec_parse_host(&host, tree, size, choice & 1)) {
		for (uint32_t i = 0; i < 4; i++) {
			want();
			spec_try(&host, &config);
		}
	}
	free(tree);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate_tree(data, size, max, seed);
}
