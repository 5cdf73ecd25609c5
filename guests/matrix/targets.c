/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The targets: the guest's own memory and registers, what does not exist, and what another owner has. The guest
 * cannot know the latter: the configuration names it (bootargs).
 */
#include <string.h>
#include "guests/lib/console.h"
#include "guests/lib/dt.h"
#include "guests/lib/plic.h"
#include "guests/matrix/matrix.h"

struct target targets[MAX_TARGETS];
unsigned int ntargets;

static uint64_t buffers[MAX_CPUS][512] __attribute__((aligned(4096)));

uint64_t target_address(const struct target *t)
{
	return t->kind == TARGET_RAM ? (uint64_t)buffers[this_cpu()->index] + t->address : t->address;
}

static void add(const char *name, enum target_kind kind, uint64_t address)
{
	struct target *t = &targets[ntargets];

	if (ntargets == MAX_TARGETS) {
		line("FAIL matrix: no room for target %s", name);
		return;
	}
	ntargets++;
	formatf(t->name, sizeof(t->name), "%s", name);
	t->kind = kind;
	t->address = address & ~7UL;
}

static void add_memory(void)
{
	add("RAM", TARGET_RAM, 0x40);
	add("the end of a page", TARGET_RAM, 4096 - 64);
	for (unsigned int i = 0; i < machine.nram; i++) {
		const struct range *r = &machine.ram[i];

		add("below RAM", TARGET_NOTHING, r->base - 8);
		add("above RAM", TARGET_NOTHING, r->base + r->size);
	}
	add("address 0", TARGET_NOTHING, 0);
	add("hole", TARGET_NOTHING, 0x7f000000);
	add("2^40", TARGET_NOTHING, 1UL << 40);
	add("2^41 - 8", TARGET_NOTHING, (1UL << 41) - 8);
	add("2^41", TARGET_NOTHING, 1UL << 41);
	add("2^41 + RAM", TARGET_NOTHING, (1UL << 41) + machine.ram[0].base);
	add("2^50 + RAM", TARGET_NOTHING, (1UL << 50) + machine.ram[0].base);
	add("2^63 + RAM", TARGET_NOTHING, (1UL << 63) + machine.ram[0].base);
	add("-4096", TARGET_NOTHING, ~0UL - 4095);
}

/* Each register block, of the guest and of others; sources are in 8-byte steps here. */
static void add_plic(void)
{
	const char *mode = arg_str("matrix.plic");
	enum target_kind page = !mode || !strcmp(mode, "guarded") ? TARGET_GUARDED :
				!strcmp(mode, "emulated") ? TARGET_PLIC : TARGET_DEVICE;

	if (!plic.base)
		return;
	for (uint32_t s = 0; s <= plic.ndev; s += 2) {
		bool own = dt_owns_source(s) || dt_owns_source(s + 1);

		if (s < 16 || s >= plic.ndev - 2)
			add(own ? "own priority" : "foreign priority", own ? TARGET_PLIC : TARGET_ZERO,
			    plic.base + PLIC_PRIORITY(s));
	}
	add("priority beyond", TARGET_ZERO, plic.base + 0xff8);
	add("pending", TARGET_PLIC, plic.base + PLIC_PENDING(0));
	add("pending beyond", TARGET_ZERO, plic.base + 0x1078);
	for (unsigned int i = 0; i <= 2 * ncpus + 4; i++)
		add(i & 1 && i < 2 * ncpus ? "enables" : "foreign enables",
		    i & 1 && i < 2 * ncpus ? TARGET_PLIC : TARGET_ZERO, plic.base + PLIC_ENABLE(i, 0));
	add("enables beyond", TARGET_ZERO, plic.base + PLIC_ENABLE(1, 992));
	add("last enables", TARGET_ZERO, plic.base + 0x1ffff8);
	for (unsigned int i = 0; i <= 2 * ncpus + 4; i++) {
		bool own = i & 1 && i < 2 * ncpus;

		add(own ? "context" : "foreign context", own ? page : TARGET_ZERO,
		    plic.base + PLIC_THRESHOLD(i));
		add(own ? "context, reserved" : "foreign context, reserved", own ? page : TARGET_ZERO,
		    plic.base + PLIC_THRESHOLD(i) + 0xff0);
	}
	add("end of the PLIC", TARGET_ZERO, plic.base + plic.size - 8);
	add("behind the PLIC", TARGET_NOTHING, plic.base + plic.size);
}

static uint64_t parse_hex(const char **s)
{
	uint64_t v = 0;

	for (*s += !strncmp(*s, "0x", 2) ? 2 : 0;; (*s)++) {
		char c = **s;

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (uint64_t)(c - 'a' + 10);
		else
			return v;
	}
}

static void add_named(void)
{
	const char *s = arg_str("matrix.targets");
	char name[24];

	while (s && *s) {
		unsigned int n = 0;

		while (*s && *s != '@') {
			if (n < sizeof(name) - 1)
				name[n++] = *s;
			s++;
		}
		name[n] = '\0';
		s += *s == '@';
		add(name, TARGET_NOTHING, parse_hex(&s));
		while (*s && *s++ != ',')
			;
	}
}

void targets_init(void)
{
	int uart = dt_compatible(-1, "ns16550a");
	struct range r;

	add_memory();
	add_plic();
	add_named();
	/* Mapped, but nothing answers there: the bus says so. */
	if (uart >= 0 && dt_reg(uart, 0, &r))
		add("own device", TARGET_DEVICE, r.base + 0x800);
}
