/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's device tree: only its own harts, numbered from 0, without the
 * hypervisor extension; sane PLIC contexts; references that resolve; the stated entry state.
 */
#include <libfdt.h>
#include <string.h>
#include "guests/test/test.h"

static void t_cpus(void)
{
	unsigned int seen = 0;

	EXPECT_OURS(cpus[0].hartid == 0, "the boot hart is %lu", cpus[0].hartid);
	for (unsigned int i = 0; i < ncpus; i++) {
		EXPECT(cpus[i].hartid < ncpus, "hart id %lu of %u harts", cpus[i].hartid, ncpus);
		for (unsigned int k = 0; k < i; k++)
			EXPECT(cpus[k].hartid != cpus[i].hartid, "hart id %lu twice",
			       cpus[i].hartid);
		seen++;
	}
	EXPECT(seen >= 1, "no harts");
}

/* "h" as a single letter, and the multi-letter extensions that only a hypervisor can use. */
static void t_isa(void)
{
	static const char *const hyper[] = {
		"h", "sha", "shcounterenw", "shgatpa", "shtvala", "shvsatpa", "shvstvala",
		"shvstvecd", "shlcofideleg",
	};

	for (unsigned int i = 0; i < ncpus; i++) {
		for (unsigned int k = 0; k < ARRAY_SIZE(hyper); k++)
			EXPECT_OURS(!dt_isa_has(i, hyper[k]), "hart %lu has %s", cpus[i].hartid,
				    hyper[k]);
		EXPECT(dt_isa_has(i, "i") && dt_isa_has(i, "m") && dt_isa_has(i, "a") &&
		       dt_isa_has(i, "c"), "hart %lu: base ISA missing in \"%s\"",
		       cpus[i].hartid, cpus[i].isa);
		EXPECT(fdt_getprop(machine.fdt, cpus[i].node, "mmu-type", NULL) != NULL,
		       "hart %lu has no mmu-type", cpus[i].hartid);
	}
}

static void t_memory(void)
{
	for (unsigned int i = 0; i < machine.nram; i++) {
		const struct range *r = &machine.ram[i];

		EXPECT(r->size && !(r->base & 0xfff) && !(r->size & 0xfff),
		       "RAM 0x%lx + 0x%lx", r->base, r->size);
		for (unsigned int k = 0; k < i; k++)
			EXPECT(!ranges_overlap(r->base, r->size, machine.ram[k].base,
					       machine.ram[k].size), "RAM ranges overlap");
	}
	EXPECT(dt_in_ram((uint64_t)image_start, (uint64_t)(image_end - image_start)),
	       "the image is not in RAM");
	EXPECT(dt_in_ram((uint64_t)machine.fdt, fdt_totalsize(machine.fdt)),
	       "the tree is not in RAM");
	EXPECT(!ranges_overlap((uint64_t)image_start, (uint64_t)(image_end - image_start),
			       (uint64_t)machine.fdt, fdt_totalsize(machine.fdt)),
	       "image and tree overlap");
}

/* Two contexts a hart, 2h inert and 2h+1 for S-mode: what small systems hard-code. */
static void t_plic_node(void)
{
	if (!plic.base) {
		check_skip("the tree has no PLIC");
		return;
	}
	EXPECT(plic.ndev >= 1 && plic.ndev <= 1023, "riscv,ndev %u", plic.ndev);
	EXPECT(plic.ncontexts == 2 * ncpus, "%u contexts for %u harts", plic.ncontexts, ncpus);
	EXPECT(plic.size >= PLIC_THRESHOLD(plic.ncontexts), "reg size 0x%lx", plic.size);
	for (unsigned int i = 0; i < ncpus; i++)
		EXPECT(cpus[i].plic_ctx == (int)(2 * cpus[i].hartid + 1), "hart %lu: context %d",
		       cpus[i].hartid, cpus[i].plic_ctx);
}

static void check_phandle(int node, const char *prop, uint32_t ph)
{
	if (ph == 0xffffffff || ph == 0)
		return;
	EXPECT(fdt_node_offset_by_phandle(machine.fdt, ph) >= 0, "%s: %s has dangling phandle 0x%x",
	       fdt_get_name(machine.fdt, node, NULL), prop, ph);
}

static void t_phandles(void)
{
	const void *fdt = machine.fdt;
	int len;

	for (int node = 0; node >= 0; node = fdt_next_node(fdt, node, NULL)) {
		const fdt32_t *p = fdt_getprop(fdt, node, "interrupts-extended", &len);

		check_phandle(node, "interrupt-parent", dt_cell(node, "interrupt-parent", 0, 0));
		if (p && len >= 8)
			check_phandle(node, "interrupts-extended", fdt32_to_cpu(p[0]));
		if (fdt_getprop(fdt, node, "clocks", &len))
			check_phandle(node, "clocks", dt_cell(node, "clocks", 0, 0));
		if (fdt_getprop(fdt, node, "iommus", &len))
			check_phandle(node, "iommus", dt_cell(node, "iommus", 0, 0));
	}
}

static void check_path(const char *what, const char *path)
{
	char buf[128];
	const char *colon = strchr(path, ':');
	size_t n = colon ? (size_t)(colon - path) : strlen(path);

	if (n >= sizeof(buf))
		return;
	memcpy(buf, path, n);
	buf[n] = '\0';
	EXPECT(fdt_path_offset(machine.fdt, buf) >= 0, "%s = \"%s\" does not resolve", what, buf);
}

static void t_paths(void)
{
	const void *fdt = machine.fdt;
	int node = fdt_path_offset(fdt, "/aliases"), prop;
	int chosen = fdt_path_offset(fdt, "/chosen");
	const char *s = fdt_getprop(fdt, chosen, "stdout-path", NULL);

	EXPECT(chosen >= 0, "no /chosen");
	if (s)
		check_path("stdout-path", s);
	if (node < 0)
		return;
	fdt_for_each_property_offset(prop, fdt, node) {
		const char *name;

		s = fdt_getprop_by_offset(fdt, prop, &name, NULL);
		if (s)
			check_path(name, s);
	}
}

/* What of the entry state can still be seen here. */
static void t_entry(void)
{
	EXPECT(csr_read(satp) == 0, "satp 0x%lx", csr_read(satp));
	EXPECT(!(csr_read(sstatus) & SSTATUS_SIE), "SIE is set");
	EXPECT(!((uint64_t)machine.fdt & 7), "tree at 0x%lx", (uint64_t)machine.fdt);
	EXPECT(!((uint64_t)image_start & 0x1fffff), "image at 0x%lx", (uint64_t)image_start);
}

void tests_dt(void)
{
	RUN({ "dt.cpus", t_cpus }, { "dt.isa", t_isa }, { "dt.memory", t_memory },
	    { "dt.plic", t_plic_node }, { "dt.phandles", t_phandles }, { "dt.paths", t_paths },
	    { "dt.entry", t_entry });
}
