/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hyp/plan/host_dt.c: what is refused, and that no damaged tree does harm (AddressSanitizer watches; the tree ends
 * where its memory ends).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/rng.h"
#include "tests/unit/lib/parsed_host.h"

static void test_refused(void **state)
{
	static const struct {
		const char *host, *old, *new, *path, *prop;
		enum problem_code code;
	} cases[] = {
		{ "virt", "device_type = \"memory\";\n\t\treg = <0 0x80000000 0 0x40000000>;", "",
		  "/", "", PROBLEM_BAD_HOST },
		{ "virt", "reg = <0 0x80000000 0 0x40000000>", "reg = <0 0x80000000 0 0>",
		  "/", "", PROBLEM_BAD_HOST },
		{ "virt", "reg = <0 0x80000000 0 0x40000000>", "reg = <0 0x80000000 0>",
		  "/memory@80000000", "reg", PROBLEM_BAD_HOST },
		{ "virt", "reg = <0 0x80000000 0 0x40000000>",
		  "reg = <0xffffffff 0x80000000 0 0x80000001>", "/memory@80000000", "reg",
		  PROBLEM_BAD_HOST },
		{ "virt", "reg = <0 0x80000000 0 0x40000000>",
		  "reg = <0x1000000 0 0 0x40000000>", "/memory@80000000", "reg", PROBLEM_BAD_HOST },
		{ "virt", "reg = <0x1>;", "reg = <0x0>;", "/cpus/cpu@1", "reg", PROBLEM_BAD_HOST },
		{ "virt", "reg = <0x1>;", "reg = <0x0 0x1>;", "/cpus/cpu@1", "reg", PROBLEM_BAD_HOST },
		{ "virt", "riscv,isa = \"rv64", "riscv,isa = \"rv128", "/cpus/cpu@0", "riscv,isa",
		  PROBLEM_BAD_HOST },
		{ "virt", "timebase-frequency = <10000000>;", "", "/cpus", "timebase-frequency",
		  PROBLEM_BAD_HOST },
		{ "virt", "reg = <0 0xc000000 0 0x600000>", "reg = <0 0xc000000 0 0x4001000>",
		  "/soc/plic@c000000", "reg", PROBLEM_BAD_HOST },
		{ "virt", "reg = <0 0xc000000 0 0x600000>", "reg = <0 0x7fc00000 0 0x600000>",
		  "/soc/plic@c000000", "reg", PROBLEM_BAD_HOST },
		{ "virt", "riscv,ndev = <0x5f>", "riscv,ndev = <1024>", "/soc/plic@c000000", "riscv,ndev",
		  PROBLEM_BAD_HOST },
		{ "virt", "riscv,ndev = <0x5f>", "riscv,ndev = <0>", "/soc/plic@c000000", "riscv,ndev",
		  PROBLEM_BAD_HOST },
		{ "virt", "interrupts-extended = <&intc0 0xffffffff>,", "interrupts-extended = <99 1>,",
		  "/soc/plic@c000000", "interrupts-extended", PROBLEM_BAD_HOST },
		{ "virt", "<&intc3 9>;\n\t\t\tinterrupt-controller",
		  "<&intc3>;\n\t\t\tinterrupt-controller", "/soc/plic@c000000", "interrupts-extended",
		  PROBLEM_BAD_HOST },
		{ "virt", "#address-cells = <2>;", "#address-cells = <3>;", "/", "#address-cells",
		  PROBLEM_BAD_HOST },
		{ "virt", "#address-cells = <2>;", "#address-cells = <0>;", "/", "#address-cells",
		  PROBLEM_BAD_HOST },
		{ "virt", "reg = <0 0x80000000 0 0x80000>", "reg = <0 0x80000000 0>",
		  "/reserved-memory/mmode_resv0@80000000", "reg", PROBLEM_BAD_HOST },
		{ "virt", "/dts-v1/;", "/dts-v1/;\n/memreserve/ 0xffffffffffff0000 0x20000;", "/", "",
		  PROBLEM_BAD_HOST },
		{ "virt", "\tcpus {", "\tcpu5 {", "/", "", PROBLEM_BAD_HOST },
		{ "virt", "#interrupt-cells = <1>;", "", "/cpus/cpu@0", "", PROBLEM_BAD_HOST },
	};
	struct tree t;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		t = tree_edit(cases[i].host, cases[i].old, cases[i].new, NULL);
		assert_int_not_equal(parse_as(&t, false), OK);
		if (!kept_find(&kept, cases[i].code, cases[i].path, cases[i].prop)) {
			kept_print(&kept);
			fail_msg("case %u: %s", i, cases[i].new);
		}
		tree_free(&t);
	}
}

#define MEMORY	"memory@80000000 {\n\t\tdevice_type = \"memory\";\n\t\treg = <0 0x80000000 0 0x40000000>;"
#define BANK(name, reg)	"memory@" name " { device_type = \"memory\"; reg = <" reg ">; };\n\t"
#define RESERVED "mmode_resv0@80000000 {\n\t\t\treg = <0 0x80000000 0 0x80000>;"

/* What is merely empty, unsorted or stated twice is no reason to refuse a machine. */
static void test_odd(void **state)
{
	static const struct {
		const char *old, *new;
		uint32_t nr_ram, nr_reserved;
		uint64_t base, size;		/* of the first bank */
		unsigned notes;
	} cases[] = {
		/* a socket without memory, before, behind and within */
		{ MEMORY, BANK("40000000", "0 0x40000000 0 0") MEMORY, 1, 1, 0x80000000, GIB, 0 },
		{ MEMORY, BANK("100000000", "1 0 0 0") MEMORY, 1, 1, 0x80000000, GIB, 0 },
		{ MEMORY, "memory@90000000 { device_type = \"memory\"; };\n\t" MEMORY, 1, 1, 0x80000000, GIB, 0 },
		{ MEMORY, "memory@90000000 { device_type = \"memory\"; reg; };\n\t" MEMORY, 1, 1, 0x80000000, GIB, 0 },
		{ MEMORY, BANK("90000000", "1 0 0 0 1 0 0 0x1000 2 0 0 0") MEMORY, 2, 1, 0x80000000, GIB, 0 },
		/* disabled, unsorted, adjacent on both sides, overlapping, twice the same */
		{ MEMORY, "memory@1 { device_type = \"memory\"; status = \"disabled\"; reg = <0 1 0>; };\n\t" MEMORY,
		  1, 1, 0x80000000, GIB, 0 },
		{ MEMORY, BANK("200000000", "2 0 0 0x1000 0 0x70000000 0 0x1000 1 0 0 0x1000") MEMORY,
		  4, 1, 0x70000000, 0x1000, 0 },
		{ MEMORY, BANK("c0000000", "0 0xc0000000 0 0x1000 0 0x7ffff000 0 0x1000") MEMORY,
		  1, 1, 0x7ffff000, GIB + 0x2000, 0 },
		{ MEMORY, BANK("b0000000", "0 0xb0000000 0 0x20000000") MEMORY, 1, 1, 0x80000000, GIB + 256 * MIB, 1 },
		{ MEMORY, BANK("80000001", "0 0x80000000 0 0x40000000 2 0 0 0x1000") "memory@2 {"
		  "device_type = \"memory\"; reg = <0 0x80000000 0 0x1000>; };\n\t" MEMORY, 2, 1, 0x80000000, GIB, 2 },
		/* a bank that joins all the others */
		{ MEMORY, BANK("0", "0 0x70000000 0 0x1000 0 0x72000000 0 0x1000 0 0xc8000000 0 0x1000"
		  " 0 0x70000800 0 0x58000000") MEMORY, 1, 1, 0x70000000, 0x58001000, 4 },
		/* reserved: nothing, nowhere yet, and where "ranges" is forgotten */
		{ RESERVED, "mmode_resv0@80000000 {\n\t\t\treg = <0 0x80000000 0 0>;", 1, 0, 0x80000000, GIB, 0 },
		{ RESERVED, "mmode_resv0@80000000 {\n\t\t\treg;", 1, 0, 0x80000000, GIB, 0 },
		{ RESERVED, "a { reg = <0 0x90000000 0 0 0 0x91000000 0 0x1000>; }; " RESERVED, 1, 2, 0x80000000, GIB,
		  0 },
		{ "\t\tranges;\n\n\t\tmmode_resv0", "\t\tmmode_resv0", 1, 1, 0x80000000, GIB, 0 },
		{ "/dts-v1/;", "/dts-v1/;\n/memreserve/ 0x80000000 0;\n/memreserve/ 0x90000000 0x1000;",
		  1, 2, 0x80000000, GIB, 0 },
	};
	struct tree t;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		t = tree_edit("virt", cases[i].old, cases[i].new, NULL);
		if (parse_as(&t, false) || host.nr_ram != cases[i].nr_ram || host.nr_reserved != cases[i].nr_reserved ||
		    host.ram[0].base != cases[i].base || host.ram[0].size != cases[i].size ||
		    kept.nr != cases[i].notes) {
			kept_print(&kept);
			fail_msg("case %u: %u banks, %u reserved", i, host.nr_ram, host.nr_reserved);
		}
		tree_free(&t);
	}
}

/* Banks that join are no more than one, however many there are; apart from each other they have a limit. */
static void test_many_banks(void **state)
{
	static char text[HOST_MAX_RAM * 80], word[80];
	struct tree t;

	(void)state;
	for (unsigned step = 1; step <= 2; step++) {
		text[0] = 0;
		for (unsigned i = 2 * HOST_MAX_RAM; i--;) {	/* from the highest down */
			snprintf(word, sizeof(word), " 0 0x%x 0 0x1000", 0x80000000 + i * step * 0x1000);
			strcat(text, word);
		}
		t = tree_edit("virt", " 0 0x80000000 0 0x40000000" + 1, text, NULL);
		assert_int_equal(parse_as(&t, false), step == 1 ? OK : ERR_INVALID);
		if (step == 1)
			assert_range(host.ram[0], 0x80000000, 2 * HOST_MAX_RAM * 0x1000);
		else
			assert_non_null(kept_find(&kept, PROBLEM_LIMIT, "/memory@80000000", ""));
		tree_free(&t);
	}
}

/* Each cause has its own words: what a person mends is another thing each time. */
static void test_causes(void **state)
{
	static uint8_t room[1 << 16] __attribute__((aligned(8)));
	static const struct {
		unsigned at;
		uint8_t value;
		const char *word;
	} header[] = {
		{ 0, 0x7f, "d0 0d fe ed" }, { 5, 0xff, "cut off" }, { 23, 16, "version" }, { 27, 18, "version" },
		{ 9, 0xff, "blocks" },
	};
	struct tree t = tree_file("virt");

	(void)state;
	assert_true(t.size < sizeof(room) - 8);
	for (unsigned i = 0; i < ARRAY_LEN(header); i++) {
		memcpy(room, t.data, t.size);
		room[header[i].at] = header[i].value;
		assert_non_null(strstr(dt_fault(room, t.size), header[i].word));
	}
	assert_non_null(strstr(dt_fault(NULL, 0), "address is 0"));
	assert_non_null(strstr(dt_fault(t.data, 16), "d0 0d fe ed"));
	for (unsigned i = 1; i < 8; i++) {	/* copied by the firmware, which asks for its size */
		memmove(room + i, t.data, t.size);
		assert_non_null(strstr(dt_fault(room + i, t.size), "multiple of 8"));
		assert_int_equal(dt_size(room + i, t.size), t.size);
		assert_int_equal(dt_size(room + i, t.size - 1), 0);
	}
	assert_int_equal(dt_size(NULL, 100), 0);
	assert_int_equal(dt_size(t.data, 39), 0);
	tree_free(&t);
}

static char *append(char *text, size_t room, const char *more)
{
	strncat(text, more, room - strlen(text) - 1);
	return text;
}

static void test_limits(void **state)
{
	size_t room = 1 << 20;
	char *text = calloc(1, room), word[160];
	struct tree t;

	(void)state;
	assert_non_null(text);
	/* nested deeper than any real tree */
	append(text, room, "/dts-v1/; / {");
	for (unsigned i = 0; i < DT_MAX_DEPTH; i++)
		append(text, room, " a {");
	for (unsigned i = 0; i < DT_MAX_DEPTH; i++)
		append(text, room, " };");
	t = tree_text(append(text, room, " };"));
	assert_int_equal(parse_as(&t, false), ERR_INVALID);
	tree_free(&t);

	/* more nodes than there is room for */
	strcpy(text, "/dts-v1/; / {");
	for (unsigned i = 0; i < HOST_MAX_NODES; i++) {
		snprintf(word, sizeof(word), "n%u{};", i);
		strcpy(text + strlen(text), word);
	}
	t = tree_text(append(text, room, " };"));
	assert_int_equal(parse_as(&t, false), ERR_NOSPACE);
	assert_non_null(kept_find(&kept, PROBLEM_BAD_HOST, "/", ""));
	tree_free(&t);

	/* more harts than there is room for: named, not cut off */
	strcpy(text, "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; "
		     "memory { device_type = \"memory\"; reg = <0 0 1 0>; }; "
		     "cpus { #address-cells = <1>; #size-cells = <0>; timebase-frequency = <1>;");
	for (unsigned i = 0; i <= MAX_HARTS; i++) {
		snprintf(word, sizeof(word), "c%u { device_type = \"cpu\"; reg = <%u>; riscv,isa = \"rv64gch\";"
			 "i%u: i { interrupt-controller; #interrupt-cells = <1>; phandle = <%u>; }; };",
			 i, i, i, i + 1);
		append(text, room, word);
	}
	t = tree_text(append(text, room, " }; };"));
	assert_int_equal(parse_as(&t, false), ERR_INVALID);
	assert_non_null(kept_find(&kept, PROBLEM_LIMIT, "/cpus", ""));
	tree_free(&t);
	free(text);
}

static void test_not_a_tree(void **state)
{
	struct tree t = tree_file("virt"), cut;

	(void)state;
	for (size_t size = 0; size < t.size; size += size < 64 ? 1 : 97) {
		cut = tree_copy(t.data, size);
		assert_int_not_equal(parse_as(&cut, false), OK);
		tree_free(&cut);
	}
	t.data[0] ^= 1;
	assert_int_equal(parse_as(&t, false), ERR_INVALID);
	tree_free(&t);
	assert_int_equal(host_parse(&host, NULL, 0, false, &kept.r), ERR_INVALID);
}

/* Whatever was read is consistent, or it was refused. */
static void check_consistent(void)
{
	struct host_irq_cursor cursor;
	struct host_irq irq;
	struct range reg;
	char path[40];

	for (unsigned i = 0; i < host.nr_ram; i++) {
		assert_true(range_valid(host.ram[i]));
		assert_true(!i || range_last(host.ram[i - 1]) < host.ram[i].base);
	}
	for (unsigned i = 0; i < host.nr_nodes; i++) {
		assert_true(host.nodes[i].end > i && host.nodes[i].end <= host.nr_nodes);
		assert_true(!i || host.nodes[i].parent < i);
		assert_true(strlen(host_path(&host, i, path, sizeof(path))) < sizeof(path));
		for (unsigned j = 0; host_node_reg(&host, i, j, &reg) != ERR_NOTFOUND; j++)
			assert_true(j < host.dt.size);
		cursor = (struct host_irq_cursor){ 0 };
		for (unsigned j = 0; host_next_irq(&host, i, &cursor, &irq) == OK; j++)
			assert_true(j < host.dt.size);
		host_is_disabled(&host, i);
	}
}

static void test_damaged(void **state)
{
	static const char *const names[] = { "virt", "sockets", "three-contexts", "shared-pages" };
	unsigned accepted = 0;

	(void)state;
	rng_seed(20240501);
	for (unsigned n = 0; n < ARRAY_LEN(names); n++) {
		struct tree good = tree_file(names[n]);

		for (unsigned i = 0; i < 6000; i++) {
			struct tree t = tree_copy(good.data, good.size);

			for (unsigned k = rng_below(4) + 1; k; k--) {
				uint32_t at = rng_below(t.size), v = rng_below(6);

				at = rng_below(8) ? at : rng_below(64);	/* the header more often */
				t.data[at] = v == 0 ? 0 : v == 1 ? 0xff : v == 2 ? t.data[at] + 1 :
					     v == 3 ? t.data[at] - 1 : (uint8_t)rng();
			}
			if (parse_as(&t, rng_below(2)) == OK) {
				accepted++;
				check_consistent();
			} else {
				assert_true(kept.r.count > 0);
			}
			tree_free(&t);
		}
		tree_free(&good);
	}
	assert_true(accepted > 1000);	/* otherwise the damage is too great to be a test */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_many_banks),
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_not_a_tree),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests_name("host_bad", tests, NULL, NULL);
}
