/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RAM: what was not given as an image reads zero; first and last bytes and a probe every 2 MiB
 * can be written and read back; nothing outside is there.
 */
#include "guests/test/test.h"

/* Do `fn` for each stretch of RAM that nothing occupies. */
static void for_free_ram(void (*fn)(uint64_t base, uint64_t end))
{
	for (unsigned int i = 0; i < machine.nram; i++) {
		uint64_t at = machine.ram[i].base, end = at + machine.ram[i].size;

		while (at < end) {
			const struct range *next = NULL;

			for (unsigned int k = 0; k < machine.nreserved; k++) {
				const struct range *r = &machine.reserved[k];

				if (r->base + r->size > at && r->base < end &&
				    (!next || r->base < next->base))
					next = r;
			}
			if (!next) {
				fn(at, end);
				break;
			}
			if (next->base > at)
				fn(at, next->base);
			at = next->base + next->size;
		}
	}
}

static uint64_t dirty_bytes, dirty_at, scanned;

static void scan_zero(uint64_t base, uint64_t end)
{
	uint64_t *p = (uint64_t *)((base + 7) & ~7ULL);
	uint64_t *e = (uint64_t *)(end & ~7ULL);

	for (; p + 8 <= e; p += 8) {
		if (!(p[0] | p[1] | p[2] | p[3] | p[4] | p[5] | p[6] | p[7]))
			continue;
		if (!dirty_bytes)
			dirty_at = (uint64_t)p;
		dirty_bytes += 64;
	}
	scanned += end - base;
}

static void t_zero(void)
{
	dirty_bytes = scanned = 0;
	for_free_ram(scan_zero);
	line("test: %lu MiB of RAM read", scanned >> 20);
	EXPECT_OURS(!dirty_bytes, "%lu bytes are not zero, first at 0x%lx", dirty_bytes, dirty_at);
	EXPECT(scanned, "no free RAM found");
}

/* What it writes stays: after a reset mem.zero must not find it. */
static bool byte_works(uint64_t at)
{
	volatile uint64_t *p = (volatile uint64_t *)at;
	uint64_t probe = at * 0x9e3779b97f4a7c15ULL | 1;

	*p = probe;
	mb();
	return *p == probe;
}

static unsigned int broken, probed;

static void probe_range(uint64_t base, uint64_t end)
{
	base = (base + 7) & ~7ULL;
	end &= ~7ULL;
	for (uint64_t at = base; at < end; at = (at + 0x200000) & ~0x1fffffULL) {
		broken += !byte_works(at);
		probed++;
	}
	if (end > base)
		broken += !byte_works(end - 8);
}

static void t_write(void)
{
	broken = probed = 0;
	for_free_ram(probe_range);
	EXPECT(!broken, "%u of %u places do not keep what is written", broken, probed);
}

/* Different addresses are different memory: no aliasing inside RAM. */
static uint64_t alias_pass, alias_bad;

static void alias_range(uint64_t base, uint64_t end)
{
	for (uint64_t at = (base + 0x1fffff) & ~0x1fffffULL; at + 8 <= end; at += 0x200000) {
		volatile uint64_t *p = (volatile uint64_t *)at;

		if (alias_pass == 0)
			*p = at ^ 0x5a5a5a5a5a5a5a5aULL;
		else if (*p != (at ^ 0x5a5a5a5a5a5a5a5aULL))
			alias_bad++;
	}
}

static void t_alias(void)
{
	alias_bad = 0;
	for (alias_pass = 0; alias_pass < 2; alias_pass++)
		for_free_ram(alias_range);
	EXPECT(!alias_bad, "%lu places changed by writes elsewhere", alias_bad);
}

/* The first and the last byte of each RAM range answer, whoever occupies them. */
static void t_ends(void)
{
	struct tf regs;

	for (unsigned int i = 0; i < machine.nram; i++) {
		const struct range *r = &machine.ram[i];
		uint64_t ends[2] = { r->base, r->base + r->size - 1 };

		for (unsigned int k = 0; k < 2; k++) {
			const struct tf *out;

			lab_fill(&regs);
			regs.x[REG_A0] = ends[k];
			out = lab_run(&regs, enc_load(W_BU, REG_A1, REG_A0, 0));
			EXPECT_OURS(out->cause == CAUSE_BREAKPOINT, "RAM at 0x%lx: cause %lu",
				    ends[k], out->cause);
		}
	}
}

static void initrd_sum(void)
{
	const uint8_t *p = (const uint8_t *)machine.initrd.base;
	uint64_t sum = 0;

	for (uint64_t i = 0; i < machine.initrd.size; i++)
		sum = sum * 31 + p[i];
	line("test: initrd 0x%lx + %lu sum %lx", machine.initrd.base, machine.initrd.size, sum);
}

static void t_initrd(void)
{
	if (!machine.initrd.size) {
		check_skip("the tree has no initrd");
		return;
	}
	if (EXPECT(dt_in_ram(machine.initrd.base, machine.initrd.size),
		   "initrd 0x%lx + 0x%lx is not in RAM", machine.initrd.base, machine.initrd.size))
		initrd_sum();
}

void tests_mem(void)
{
	RUN({ "mem.zero", t_zero }, { "mem.write", t_write }, { "mem.alias", t_alias },
	    { "mem.ends", t_ends }, { "mem.initrd", t_initrd });
}
