/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of guests/pliccheck on the naive PLIC of the unit tests, on the host: plic_model SOURCE SOURCE SEED
 * STEPS prints what the guest prints. Built by tests/boot/test_plic_model.py.
 */
#include <stdio.h>
#include <stdlib.h>

#include "guests/pliccheck/script.h"

static struct naive_plic plic;
static struct script script;

static uint32_t read_register(uint64_t offset)
{
	return naive_read(&plic, offset);
}

static void write_register(uint64_t offset, uint32_t value)
{
	naive_write(&plic, offset, value);
}

static void set_level(unsigned int device, bool up)
{
	naive_set_level(&plic, script.source[device], up);
}

static uint32_t eip(void)
{
	return naive_eip(&plic, 0) | (uint32_t)naive_eip(&plic, 1) << 1;
}

static const struct script_ops ops = { read_register, write_register, set_level, eip };

int main(int argc, char **argv)
{
	uint32_t first, second, steps;

	if (argc != 5)
		return 2;
	first = (uint32_t)strtoul(argv[1], NULL, 0);
	second = (uint32_t)strtoul(argv[2], NULL, 0);
	steps = (uint32_t)strtoul(argv[4], NULL, 0);
	script_begin(&script, &ops, first, second, strtoull(argv[3], NULL, 0));
	plic = script.model;
	for (uint32_t i = 0; i < steps; i++) {
		uint32_t what, result = script_step(&script, &what);

		if (i % 8 == 0)
			printf("%splic: %u:", i ? "\n" : "", i);
		printf(" %x/%x/%x", what, result, eip());
	}
	printf("\nplic: end, %u left out\n", script.skipped);
	return 0;
}
