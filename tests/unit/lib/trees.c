/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees, reporters and plans for tests; see trees.h. */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/lib/trees.h"

const struct range test_hyp = { 0x80200000, 4 * MIB };

static void __noreturn give_up(const char *what, const char *name)
{
	fprintf(stderr, "%s: %s\n", what, name);
	abort();
}

static char *read_all(FILE *f, size_t *size)
{
	size_t room = 1 << 16, n;
	char *p = malloc(room);

	*size = 0;
	while (p && (n = fread(p + *size, 1, room - *size - 1, f)) > 0) {
		*size += n;
		if (*size == room - 1)
			p = realloc(p, room *= 2);
	}
	if (!p)
		give_up("no memory", "reading");
	p[*size] = 0;
	return p;
}

/* The program lies in build/unit: sources are two directories up. */
static char *read_source(const char *name)
{
	char path[PATH_MAX + 64], *slash, *text;
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);
	size_t size;
	FILE *f;

	if (n < 0)
		give_up("readlink", "/proc/self/exe");
	path[n] = 0;
	for (int i = 0; i < 3 && (slash = strrchr(path, '/')); i++)
		*slash = 0;
	snprintf(path + strlen(path), sizeof(path) - strlen(path), "/tests/unit/dts/%s.dts", name);
	f = fopen(path, "r");
	if (!f)
		give_up("no such tree", path);
	text = read_all(f, &size);
	fclose(f);
	return text;
}

struct tree tree_copy(const void *data, size_t size)
{
	struct tree t = { malloc(size ? size : 1), size };

	if (!t.data)
		give_up("no memory", "tree");
	memcpy(t.data, data, size);
	return t;
}

void tree_free(struct tree *t)
{
	free(t->data);
	*t = (struct tree){ 0 };
}

struct tree tree_text(const char *dts)
{
	char path[] = "/tmp/bulkhead-unit-XXXXXX", command[128], *data;
	int fd = mkstemp(path);
	struct tree t;
	size_t size;
	FILE *f;

	if (fd < 0 || write(fd, dts, strlen(dts)) != (ssize_t)strlen(dts))
		give_up("cannot write", path);
	close(fd);
	snprintf(command, sizeof(command), "dtc -q -I dts -O dtb -o - %s", path);
	f = popen(command, "r");
	if (!f)
		give_up("cannot run", command);
	data = read_all(f, &size);
	if (pclose(f))
		give_up("dtc refuses", path);
	unlink(path);
	t = tree_copy(data, size);
	free(data);
	return t;
}

struct tree tree_file(const char *name)
{
	char *text = read_source(name);
	struct tree t = tree_text(text);

	free(text);
	return t;
}

static char *replace(char *text, const char *old, const char *new)
{
	char *at = strstr(text, old), *out;

	if (!at)
		give_up("not in the tree", old);
	out = malloc(strlen(text) + strlen(new) + 1);
	if (!out)
		give_up("no memory", old);
	sprintf(out, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
	free(text);
	return out;
}

struct tree tree_edit(const char *name, const char *old, const char *new, ...)
{
	char *text = replace(read_source(name), old, new);
	struct tree t;
	va_list ap;

	va_start(ap, new);
	while ((old = va_arg(ap, const char *)))
		text = replace(text, old, va_arg(ap, const char *));
	va_end(ap);
	t = tree_text(text);
	free(text);
	return t;
}

struct tree tree_parts(const char *guests)
{
	static const char format[] = "/dts-v1/;\n/ { compatible = \"bulkhead,partitions-v1\"; %s };\n";
	size_t size = sizeof(format) + strlen(guests);
	char *text = malloc(size);
	struct tree t;

	if (!text)
		give_up("no memory", guests);
	snprintf(text, size, format, guests);
	t = tree_text(text);
	free(text);
	return t;
}

static void keep(struct reporter *r, const struct problem *p)
{
	struct kept *k = (struct kept *)r;	/* its first member */

	if (k->nr < MAX_KEPT)
		k->problems[k->nr++] = *p;
}

void kept_reset(struct kept *k)
{
	k->r = (struct reporter){ keep, 0 };
	k->nr = 0;
}

const struct problem *kept_find(const struct kept *k, enum problem_code code, const char *path,
				const char *prop)
{
	for (unsigned i = 0; i < k->nr; i++) {
		const struct problem *p = &k->problems[i];

		if (p->code == code && !strcmp(p->path, path) && !strcmp(p->prop, prop))
			return p;
	}
	return NULL;
}

void kept_print(const struct kept *k)
{
	char text[600];

	for (unsigned i = 0; i < k->nr; i++) {
		problem_format(text, sizeof(text), &k->problems[i]);
		fprintf(stderr, "  %s\n", text);
	}
}

/* By the definition, a bit at a time: an oracle for crc32_ieee(). */
static uint32_t slow_crc(uint32_t crc, const uint8_t *p, size_t n)
{
	for (crc = ~crc; n--; p++) {
		crc ^= *p;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	return ~crc;
}

struct tree test_package(const struct test_image *images, unsigned count)
{
	uint64_t at = PAGE_SIZE;
	struct package_header *h;
	struct tree t;

	t.size = 2 * PAGE_SIZE;
	for (unsigned i = 0; i < count; i++)
		t.size += align_up(images[i].size, PAGE_SIZE);
	t.data = calloc(1, t.size);
	if (!t.data)
		give_up("no memory", "package");
	h = (struct package_header *)t.data;
	*h = (struct package_header){ .magic = PACKAGE_MAGIC, .version = PACKAGE_VERSION,
				      .nr_entries = count + 1, .total_size = t.size };
	h->entries[0] = (struct package_entry){ .name = PACKAGE_CONFIG, .offset = at, .size = 8 };
	at += PAGE_SIZE;
	for (unsigned i = 0; i < count; i++) {
		struct package_entry *e = &h->entries[i + 1];
		uint64_t header[8] = { 0, 0x200000, images[i].linux_size };

		snprintf(e->name, sizeof(e->name), "%s", images[i].name);
		e->offset = at;
		e->size = images[i].size;
		if (images[i].linux_size) {
			memcpy(t.data + at, header, sizeof(header));
			memcpy(t.data + at + 0x38, "RSC\x05", 4);
		}
		at += align_up(images[i].size, PAGE_SIZE);
	}
	h->header_crc32 = slow_crc(0, t.data, sizeof(*h) + (count + 1) * sizeof(h->entries[0]));
	return t;
}

void test_plan_free(struct test_plan *t)
{
	tree_free(&t->host_tree);
	tree_free(&t->config_tree);
	tree_free(&t->package_tree);
}

void test_plan_make(struct test_plan *t, struct tree host, const char *guests)
{
	static const struct test_image images[] = {
		{ "linux", 20 * MIB, 24 * MIB }, { "initrd", 1 * MIB, 0 }, { "rt", 5000, 0 },
	};
	struct reporter *r = &t->kept.r;

	test_plan_free(t);
	kept_reset(&t->kept);
	t->host_tree = host;
	t->config_tree = tree_parts(guests);
	t->package_tree = test_package(images, ARRAY_LEN(images));
	memset(&t->host, 0xa5, sizeof(t->host));	/* nothing may rely on zeros */
	memset(&t->config, 0xa5, sizeof(t->config));
	memset(&t->plan, 0xa5, sizeof(t->plan));
	t->result = host_parse(&t->host, t->host_tree.data, t->host_tree.size, false, r);
	if (t->host.nr_harts < MAX_HARTS)	/* behind the list, where no loop may look: the page of virt's UART */
		t->host.harts[t->host.nr_harts].setssip = 0x10000000;
	if (!t->result)
		t->result = config_parse(&t->config, t->config_tree.data, t->config_tree.size, r);
	if (!strstr(guests, "hypervisor-at"))
		t->config.hyp_place = HYP_LOADED;
	if (!t->result)
		t->result = package_open(&t->package, t->package_tree.data, t->package_tree.size,
					 hpa(TEST_PACKAGE_ADDRESS));
	if (!t->result)
		t->result = plan_make(&t->plan, &t->host, &t->config, &t->package, test_hyp, r);
}
