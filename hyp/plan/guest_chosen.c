/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /chosen and /aliases of a guest's device tree (Devicetree Specification 0.4, 3.3 and 3.6).
 */
#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/plan/guest_int.h"

void guest_vuart_path(const struct guest_tree *t, char *path, size_t size)
{
	fmt_str(path, size, "/serial@%lx", t->vm->vuart.base.v);
}

/* The path of the guest's stdout, with the host's options (baud rate) if it is the host's, too. */
static void write_stdout(struct guest_tree *t)
{
	char path[HOST_PATH_SIZE + 32];
	const struct host *host = t->host;
	struct dt_prop p;
	uint32_t at = 0;
	const char *s;
	size_t n = 0;

	host_path(host, t->vm->stdout_node, path, HOST_PATH_SIZE);
	if (host->chosen != NO_NODE && host_find_prop(host, host->chosen, "stdout-path", &p) &&
	    (s = dt_string(&p, &at))) {
		while (s[n] && s[n] != ':')
			n++;
		at = strlen(path);
		if (host_find(host, s, n) == t->vm->stdout_node)
			fmt_str(path + at, sizeof(path) - at, "%s", s + n);
	}
	dt_write_string(&t->w, "stdout-path", path);
}

/* Room for what hyp/vm/entropy.c writes at each start of the guest. Linux takes kaslr-seed for its address. */
static void write_seeds(struct guest_tree *t)
{
	static const uint8_t zeroes[RNG_SEED_SIZE];

	dt_write_prop(&t->w, "rng-seed", zeroes, RNG_SEED_SIZE);
	dt_write_prop(&t->w, "kaslr-seed", zeroes, KASLR_SEED_SIZE);
}

/* Linux switches off what nothing of its own uses, when it has booted: others may use it (docs/providers.md). */
static void write_bootargs(struct guest_tree *t)
{
	static const char clocks[] = " clk_ignore_unused", domains[] = " pd_ignore_unused";
	const struct plan_vm *v = t->vm;
	size_t size = strlen(v->bootargs) + 1, c = v->holds_clocks ? sizeof(clocks) - 1 : 0;
	size_t d = v->holds_domains ? sizeof(domains) - 1 : 0;
	uint8_t *out;

	if (size + c + d == 1)
		return;
	out = dt_write_room(&t->w, "bootargs", size + c + d);
	if (!out)
		return;
	memcpy(out, v->bootargs, size);
	memcpy(out + size - 1, clocks, c);
	memcpy(out + size - 1 + c, domains, d);
	out[size - 1 + c + d] = 0;
	if (c || d)
		problem_note(t->r, true, v->config_path, "bootargs",
			     "guest %s gets \"%s%s\" in addition: others use what "
			     "its devices supply", v->name, c ? clocks + 1 : "", d ? domains + !c : "");
}

void guest_write_chosen(struct guest_tree *t)
{
	const struct plan_image *initrd = &t->vm->images[IMAGE_INITRD];
	char path[32];

	dt_write_begin(&t->w, "chosen");
	write_bootargs(t);
	if (initrd->name[0]) {
		dt_write_u64(&t->w, "linux,initrd-start", initrd->target.v);
		dt_write_u64(&t->w, "linux,initrd-end", initrd->target.v + initrd->size);
	}
	if (t->vm->vuart.size) {
		guest_vuart_path(t, path, sizeof(path));
		dt_write_string(&t->w, "stdout-path", path);
	} else if (t->vm->owns_console) {
		write_stdout(t);
	}
	if (t->plan->entropy)
		write_seeds(t);
	dt_write_end(&t->w);
}

void guest_write_aliases(struct guest_tree *t)
{
	const struct host *host = t->host;
	bool has_serial0 = !t->vm->vuart.size;
	struct dt_prop p;
	char path[32];
	uint16_t node;
	uint32_t at;

	if (host->aliases == NO_NODE && has_serial0)
		return;
	dt_write_begin(&t->w, "aliases");
	at = host->aliases == NO_NODE ? 0 : host->nodes[host->aliases].props;
	while (at && dt_next_prop(&host->dt, &at, &p)) {
		if (!dt_is_strings(&p) || p.data[0] != '/')
			continue;
		node = host_find(host, (const char *)p.data, strlen((const char *)p.data));
		if (!guest_has(t, node))
			continue;
		dt_write_prop(&t->w, p.name, p.data, p.size);
		has_serial0 |= !strcmp(p.name, "serial0");
	}
	if (!has_serial0) {
		guest_vuart_path(t, path, sizeof(path));
		dt_write_string(&t->w, "serial0", path);
	}
	dt_write_end(&t->w);
}
