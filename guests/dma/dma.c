/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile driver: it makes a device of its PCI bus read and write memory that is not this guest's. The device is
 * QEMU's "edu" (docs/specs/edu.rst there), whose DMA engine copies up to 4 KiB between memory and its buffer, 0.1 s
 * after it was asked to.
 *
 * dma.targets=ADDRESS,...: bus addresses (decimal) to read from and to write to. dma.lives=COUNT: then it leaves a copy
 * to its own memory in progress and reboots, and checks in each life that nothing was written there.
 */
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/dt.h"
#include "guests/lib/sbi.h"
#include "guests/lib/timer.h"

#define EDU_ID		0x11e81234u
#define PCI_COMMAND	0x04
#define PCI_BAR0	0x10
#define COMMAND_ON	6u		/* memory decoding, bus master */
#define MEMORY_32	0x02000000u	/* of an entry of "ranges" */
#define BAR_SIZE	0x100000u

#define EDU_SOURCE	0x80
#define EDU_TARGET	0x88
#define EDU_COUNT	0x90
#define EDU_COMMAND	0x98
#define EDU_BUFFER	0x40000u	/* as DMA names its buffer */
#define EDU_RUN		1u
#define EDU_TO_MEMORY	2u

#define WORDS		8u
#define PATTERN		0x1122334455667788UL

static uint64_t registers;
static volatile uint64_t own[WORDS] __attribute__((aligned(64)));
/* Behind the image, where a start clears the memory. */
static volatile uint64_t *late;

static void start(uint64_t source, uint64_t target, uint64_t command)
{
	mb();
	*(volatile uint64_t *)(registers + EDU_SOURCE) = source;
	*(volatile uint64_t *)(registers + EDU_TARGET) = target;
	*(volatile uint64_t *)(registers + EDU_COUNT) = 8 * WORDS;
	*(volatile uint64_t *)(registers + EDU_COMMAND) = command | EDU_RUN;
}

static bool is_running(void)
{
	return *(volatile uint64_t *)(registers + EDU_COMMAND) & EDU_RUN;
}

static void copy(uint64_t source, uint64_t target, uint64_t command)
{
	start(source, target, command);
	if (!WAIT_UNTIL(!is_running(), LONG_MS))
		line("FAIL dma: the device does not finish");
	mb();
}

static void from_memory(uint64_t at) { copy(at, EDU_BUFFER, 0); }
static void to_memory(uint64_t at) { copy(EDU_BUFFER, at, EDU_TO_MEMORY); }

static void fill(uint64_t value)
{
	for (unsigned int i = 0; i < WORDS; i++)
		own[i] = value + i;
}

/* The device reads and writes this guest's memory, at the guest's addresses. */
static void check_own(void)
{
	bool ok = true;

	fill(PATTERN);
	from_memory((uint64_t)own);
	fill(0);
	to_memory((uint64_t)own);
	for (unsigned int i = 0; i < WORDS; i++)
		ok &= own[i] == PATTERN + i;
	line(ok ? "dma: own memory ok" : "FAIL dma: own memory");
}

/* What the device has read there; then it writes the pattern there. */
static void attack(uint64_t target)
{
	fill(PATTERN);
	from_memory((uint64_t)own);
	from_memory(target);
	fill(PATTERN);
	to_memory((uint64_t)own);
	line("dma: 0x%lx: read 0x%lx", target, own[0]);
	fill(PATTERN);
	from_memory((uint64_t)own);
	to_memory(target);
	line("dma: 0x%lx: written", target);
}

static void attack_all(const char *list)
{
	uint64_t target = 0;

	for (; list; list++) {
		if (*list >= '0' && *list <= '9') {
			target = 10 * target + (uint64_t)(*list - '0');
			continue;
		}
		attack(target);
		target = 0;
		if (*list != ',')
			return;
	}
}

/* The window for BARs of 32 bits, as the CPU and the bus see it: the machine has one. */
static uint64_t find_window(int bridge)
{
	for (unsigned int i = 0; dt_cell(bridge, "ranges", i, ~0u) != ~0u; i += 7)
		if ((dt_cell(bridge, "ranges", i, 0) & 0x03000000u) == MEMORY_32)
			return dt_cell(bridge, "ranges", i + 4, 0);
	return 0;
}

static bool find_device(void)
{
	int bridge = dt_compatible(-1, "pci-host-ecam-generic");
	struct range ecam;
	uint64_t window;

	if (bridge < 0 || !dt_reg(bridge, 0, &ecam))
		return false;
	window = find_window(bridge);
	for (unsigned int device = 0; device < 32; device++) {
		uint64_t at = ecam.base + (device << 15);

		if (*(volatile uint32_t *)at != EDU_ID)
			continue;
		*(volatile uint32_t *)(at + PCI_BAR0) = (uint32_t)window;
		*(volatile uint16_t *)(at + PCI_COMMAND) = COMMAND_ON;
		registers = window;
		return window != 0;
	}
	return false;
}

static void check_late(void)
{
	for (unsigned int i = 0; i < WORDS; i++)
		if (late[i])
			line("FAIL dma: a copy of the life before has come: 0x%lx", late[i]);
}

void guest_main(void)
{
	const char *targets;

	late = (volatile uint64_t *)(((uint64_t)image_end + 0xffff) & ~0xffffUL);
	check_late();
	if (!find_device()) {
		line("FAIL dma: no such device");
		return;
	}
	check_own();
	targets = arg_str("dma.targets");
	if (targets)
		attack_all(targets);
	if (arg_u64("dma.lives", 0)) {
		delay_ms(50);
		check_late();
		line("dma: a copy is in progress");
		start(EDU_BUFFER, (uint64_t)late, EDU_TO_MEMORY);
		sbi_call(EID_SRST, 0, 1, 0, 0, 0, 0);
	}
	line("dma: done");
}
