/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that prints the seeds in its device tree, in hexadecimal digits, or that it has none; and then, by
 * seeds.then= in its bootargs: crash (it reports a failure), or sleep (the default).
 */
#include <libfdt.h>
#include <string.h>

#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/dt.h"
#include "guests/lib/sbi.h"

static void tell(const char *name)
{
	int size = 0, chosen = fdt_path_offset(machine.fdt, "/chosen");
	const uint8_t *value = fdt_getprop(machine.fdt, chosen, name, &size);
	char text[200];
	size_t n = 0;

	for (int i = 0; value && i < size && n + 3 < sizeof(text); i++)
		n += formatf(text + n, sizeof(text) - n, "%02x", value[i]);
	line("seeds: %s %s", name, n ? text : "none");
}

void guest_main(void)
{
	const char *then = arg_str("seeds.then");

	tell("rng-seed");
	tell("kaslr-seed");
	if (then && !strcmp(then, "crash")) {
		sbi_shutdown_reason = 1;
		sbi_shutdown();
	}
	for (;;)
		wfi();
}
