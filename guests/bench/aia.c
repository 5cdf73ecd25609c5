/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts by the APLIC and interrupt files; see aia.h. The device is the goldfish RTC, as in bench.c. */
#include "guests/bench/aia.h"

#include "guests/bench/measure.h"
#include "guests/bench/stats.h"
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/dt.h"
#include "guests/lib/timer.h"

#define SISELECT	0x150
#define SIREG		0x151
#define STOPEI		0x15c
#define EIDELIVERY	0x70
#define EITHRESHOLD	0x72
#define EIE0		0xc0

#define DOMAINCFG	0x0000
#define SOURCECFG(n)	(4 * (n))
#define MODE_EDGE_RISE	4u
#define MODE_LEVEL_HIGH	6u
#define SETIENUM	0x1edc
#define CLRIENUM	0x1fdc
#define SETIPNUM_LE	0x2000
#define TARGET(n)	(0x3000 + 4 * (n))

static uint64_t aplic, rtc, page[MAX_CPUS];
static uint32_t source, hart_index[MAX_CPUS];
static struct aia_frame frame;

static void put32(uint64_t address, uint32_t value) { *(volatile uint32_t *)address = value; }

/* The IMSIC of S-level: natively there is another one. Its entries are one page each, or one for all harts. */
static int find_files(void)
{
	uint32_t shift, bits;
	struct range r;
	int node = -1;

	do {
		node = dt_compatible(node, "riscv,imsics");
		if (node < 0)
			return -1;
	} while (dt_cell(node, "interrupts-extended", 1, 0) != IRQ_EXT);
	shift = 12 + dt_cell(node, "riscv,guest-index-bits", 0, 0);
	bits = dt_cell(node, "riscv,hart-index-bits", 0, 8);
	for (unsigned int i = 0; i < ncpus; i++) {
		if (dt_reg(node, i, &r))
			page[i] = r.base;
		else if (dt_reg(node, 0, &r))
			page[i] = r.base + ((uint64_t)i << shift);
		hart_index[i] = (uint32_t)(page[i] >> shift) & ((1u << bits) - 1);
	}
	return node;
}

bool aia_find(void)
{
	int files = find_files(), node = -1, device = dt_compatible(-1, "google,goldfish-rtc");
	struct range r;

	if (files < 0 || device < 0 || !dt_reg(device, 0, &r))
		return false;
	rtc = r.base;
	source = dt_cell(device, "interrupts", 0, 0);
	do
		node = dt_compatible(node, "riscv,aplic");
	while (node >= 0 && dt_cell(node, "msi-parent", 0, 0) != dt_cell(files, "phandle", 0, 1));
	if (node < 0 || !dt_reg(node, 0, &r))
		return false;
	aplic = r.base;
	return source != 0;
}

static void put_file(uint64_t reg, uint64_t value)
{
	csr_write(SISELECT, reg);
	csr_write(SIREG, value);
}

static void open_file(void)
{
	put_file(EIE0, 1UL << AIA_ID);
	put_file(EITHRESHOLD, 0);
	put_file(EIDELIVERY, 1);
}

static void source_on(uint32_t mode)
{
	put32(rtc + RTC_CLEAR_INTERRUPT, 1);
	put32(rtc + RTC_ALARM_HIGH, 0);
	put32(rtc + RTC_IRQ_ENABLED, 1);
	put32(aplic + CLRIENUM, source);
	put32(aplic + SOURCECFG(source), 0);
	put32(aplic + DOMAINCFG, 0x104);
	put32(aplic + SOURCECFG(source), mode);
	put32(aplic + TARGET(source), hart_index[0] << 18 | AIA_ID);
	put32(aplic + SETIENUM, source);
}

static void measure_entry(const char *name, op_fn *op, const struct op_args *args)
{
	stats_begin(name);
	vector(quick_trap, this_cpu());
	for (unsigned int i = 0; i < ROUNDS; i++) {
		csr_write(sie, 1UL << IRQ_EXT);
		stats_add(op(args));
		put32(rtc + RTC_CLEAR_INTERRUPT, 1);
		csr_write(STOPEI, 0);
	}
	vector_back();
	stats_end();
}

static void measure_resume(const char *name, op_fn *op, const struct op_args *args, const char *handler)
{
	frame = (struct aia_frame){ .calm = rtc + RTC_CLEAR_INTERRUPT, .setipnum = aplic + SETIPNUM_LE,
				    .source = source };
	stats_begin(name);
	vector(handler, &frame);
	csr_write(sie, 1UL << IRQ_EXT);
	for (unsigned int i = 0; i < ROUNDS; i++)
		stats_add(op(args));
	vector_back();
	stats_end();
	if (frame.count != ROUNDS)
		line("FAIL bench: %s: %lu interrupts for %u events", name, frame.count, ROUNDS);
}

static void measure_register(const char *name, op_fn *op, uint64_t offset, uint32_t odd, uint32_t even)
{
	struct op_args args = { .addr = aplic + offset };

	stats_begin(name);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		args.value = i & 1 ? odd : even;
		stats_add(op(&args));
	}
	stats_end();
}

static void bench_registers(void)
{
	uint32_t target = hart_index[0] << 18 | AIA_ID;

	source_on(MODE_LEVEL_HIGH);
	measure_register("aplic_read", op_aplic_read, SOURCECFG(source), 0, 0);
	measure_register("aplic_read_first", op_aplic_read_first, DOMAINCFG, 0, 0);
	measure_register("aplic_read_slow", op_aplic_read_slow, TARGET(source), 0, 0);
	measure_register("aplic_write", op_aplic_write, SOURCECFG(source), MODE_LEVEL_HIGH, MODE_EDGE_RISE);
	measure_register("aplic_target", op_aplic_target, TARGET(source), target, target + 1);
	measure_register("aplic_enable", op_aplic_enable, SETIENUM, source, source);
	measure_register("aplic_eoi", op_aplic_eoi, SETIPNUM_LE, source, source);
}

void bench_aia(void)
{
	struct op_args message = { .addr = page[0], .value = AIA_ID };
	struct op_args device = { .addr = rtc + RTC_ALARM_LOW, .value = 1 };

	open_file();
	measure_entry("msi_entry", op_msi_entry, &message);
	measure_resume("msi_resume", op_msi_resume, &message, file_trap);
	source_on(MODE_EDGE_RISE);
	measure_entry("edge_entry", op_edge_entry, &device);
	measure_resume("edge_resume", op_edge_resume, &device, edge_trap);
	source_on(MODE_LEVEL_HIGH);
	measure_resume("level_resume", op_level_resume, &device, level_trap);
	bench_registers();
}

/* ---- two harts ---- */

void bench_aia_sibling(void)
{
	static const struct service service = { open_file, sibling_file_trap, IRQ_EXT, ROUNDS };
	struct op_args args = { .a = { page[1] } };

	if (!sibling_serves(&service))
		return;
	measure_sibling("ipi_file", op_ipi_file, &args);
	sibling_ends();
}
