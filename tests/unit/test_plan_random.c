/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hyp/plan: page tables against a table builder, and random configurations against the oracle (lib/oracle.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/lib/plan_cases.h"
#include "tests/unit/rng.h"

struct table_set {
	uint64_t keys[8192];
	unsigned count;
};

static void table_add(struct table_set *s, unsigned level, uint64_t index)
{
	uint64_t key = (uint64_t)level << 60 | index;

	for (unsigned i = 0; i < s->count; i++)
		if (s->keys[i] == key)
			return;
	assert_true(s->count < ARRAY_LEN(s->keys));
	s->keys[s->count++] = key;
}

static unsigned count_tables(const struct plan_vm *v)
{
	static struct table_set s;

	s.count = 0;
	for (unsigned i = 0; i < v->nr_regions; i++) {
		uint64_t g = v->regions[i].gpa.v, h = v->regions[i].hpa.v, left = v->regions[i].size, n;

		for (; left; g += n, h += n, left -= n) {
			n = left >= GIB && !((g | h) % GIB) ? GIB :
			    left >= 2 * MIB && !((g | h) % (2 * MIB)) ? 2 * MIB : PAGE_SIZE;
			if (v->gstage_levels == 4)
				table_add(&s, 3, g >> 39);
			if (n < GIB)
				table_add(&s, 2, g >> 30);
			if (n < 2 * MIB)
				table_add(&s, 1, g >> 21);
		}
	}
	return s.count;
}

static void test_tables(void **state)
{
	static const uint64_t steps[] = { PAGE_SIZE, 64 * KIB, 2 * MIB, 512 * MIB, GIB };
	struct plan_vm v;

	(void)state;
	rng_seed(5);
	for (unsigned i = 0; i < 1500; i++) {
		uint64_t g = (uint64_t)rng_below(8) * GIB, h;

		memset(&v, 0, sizeof(v));
		v.gstage_levels = 3 + rng_below(2);
		for (unsigned k = rng_below(6) + 1; k; k--) {
			struct plan_region *m = &v.regions[v.nr_regions++];
			uint64_t step = steps[rng_below(ARRAY_LEN(steps))];

			h = (uint64_t)rng_below(1 << 10) * steps[rng_below(ARRAY_LEN(steps))];
			if (rng_below(2))	/* congruent: large leaves are possible */
				h = g + (uint64_t)rng_below(4) * GIB;
			m->gpa = gpa(g);
			m->hpa = hpa(h);
			m->size = step * (rng_below(3) + 1);
			if ((g ^ h) % (2 * MIB) && m->size > 64 * MIB)
				m->size = 64 * MIB;	/* keeps the slow count short */
			g += m->size + steps[rng_below(ARRAY_LEN(steps))] * rng_below(3);
			g = align_up(g, PAGE_SIZE);
		}
		assert_int_equal(plan_gstage_tables(&v), count_tables(&v));
	}
}

static const char *const some_devices[] = {
	"serial0", "/soc/serial@10000000", "/soc/virtio_mmio@10001000", "/soc/virtio_mmio@10002000",
	"/soc/rtc@101000", "/soc/gpio@10060000", "/soc/i2c@10070000", "/soc", "/soc/plic@c000000",
	"/soc/serial@50900000", "/soc/serial@50900800", "/soc/serial@50901000",
	"/soc/dma-controller@50430000", "/soc/serial@300000", "/soc/far@80000000",
};

static uint64_t some_address(void)
{
	static const uint64_t bases[] = {
		0x80000000, 0x80200000, 0x80600000, 0x90000000, 0xbff00000, 0xc0000000, 0x100000000,
		0x10000000, 0xc000000, 0x0, 0x2000000000, 0x20000000000,
	};

	return bases[rng_below(ARRAY_LEN(bases))] +
	       (rng_below(3) ? 0 : (uint64_t)rng_below(16) * (rng_below(2) ? PAGE_SIZE : MIB));
}

static void random_guest(struct config_vm *v, unsigned index)
{
	static const char *const images[] = {
		"rt", "rt", "rt", "rt", "rt", "rt", "rt", "rt", "linux", "initrd", "none",
	};

	memset(v, 0, sizeof(*v));
	snprintf(v->name, sizeof(v->name), "g%u", index);
	v->bootargs = "";
	for (unsigned i = 0; i < 4; i++)		/* mostly harts of its own */
		if (rng_below(40) == 0 || (i % 3 == index && rng_below(16)))
			v->harts[v->nr_harts++] = i;
	for (unsigned n = rng_below(16) ? 1 + rng_below(2) : rng_below(4); n; n--) {
		struct config_memory *m = &v->memory[v->nr_memory++];

		m->size = (rng_below(64) + 1) * (rng_below(4) ? MIB : 64 * KIB);
		m->fixed = !rng_below(8);
		m->at = m->fixed ? some_address() : 0;
		m->mapped = !rng_below(8);
		m->as = m->mapped ? some_address() : 0;
	}
	for (unsigned n = rng_below(2) + !rng_below(4); n; n--)
		v->devices[v->nr_devices++] = some_devices[rng_below(ARRAY_LEN(some_devices))];
	v->images[IMAGE_KERNEL] = images[rng_below(ARRAY_LEN(images))];
	v->images[IMAGE_INITRD] = rng_below(3) ? NULL : images[rng_below(ARRAY_LEN(images))];
	v->trust_dma = rng_below(8) != 0;
	v->trust_control = rng_below(4) == 0;
	v->has_entry = !rng_below(16);
	v->entry = v->has_entry ? some_address() : 0;
}

static void test_random(void **state)
{
	static const char *const hosts[] = { "virt", "sockets", "three-contexts", "shared-pages" };
	static uint8_t dtb[GUEST_DTB_MAX] __attribute__((aligned(8)));
	unsigned accepted = 0;
	const char *wrong;
	struct range loaded = test_hyp;
	enum err e;

	(void)state;
	rng_seed(11);
	for (unsigned h = 0; h < ARRAY_LEN(hosts); h++) {
		test_plan_make(&t, tree_file(hosts[h]), A());
		for (unsigned i = 0; i < 10000; i++) {
			t.config.nr_vms = rng_below(3) + 1;
			t.config.console = rng_below(8) ? NULL :
					   some_devices[rng_below(ARRAY_LEN(some_devices))];
			for (unsigned k = 0; k < t.config.nr_vms; k++)
				random_guest(&t.config.vms[k], k);
			t.config.has_firmware = !rng_below(3);
			t.config.nr_firmware = t.config.has_firmware ? rng_below(3) : 0;
			for (unsigned k = 0; k < t.config.nr_firmware; k++)
				t.config.firmware[k] = (struct range){ some_address(), (1 + rng_below(16)) * 64 * KIB };
			t.config.hyp_place = rng_below(3);
			t.config.hyp_address = some_address();
			loaded.base = rng_below(3) ? test_hyp.base : some_address();
			t.package.address.v = loaded.base + (TEST_PACKAGE_ADDRESS - test_hyp.base);
			kept_reset(&t.kept);
			e = plan_make(&t.plan, &t.host, &t.config, &t.package, loaded, &t.kept.r);
			assert_int_equal(e == OK, t.kept.r.count == 0);
			if (e)
				continue;
			accepted++;
			wrong = oracle_check(&t.host, &t.config, &t.plan);
			if (wrong)
				fail_msg("%s: %s", hosts[h], wrong);
			for (unsigned k = 0; k < t.plan.nr_vms; k++)
				assert_int_equal(guest_dt_build(dtb, sizeof(dtb), &t.plan, &t.host, k,
								&t.kept.r), OK);
		}
	}
	print_message("%u of 40000 accepted\n", accepted);
	assert_true(accepted > 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("plan_random", tests, NULL, plan_end);
}
