/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of the host command: trees, compiled by dtc where they are sources, and outputs that are
 * whole or not there. A failure ends the program: nothing sensible can follow.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hyp/base/fdt.h"
#include "tools/tool.h"

#define TREE_MAGIC	0xd00dfeedu

void die(const char *format, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("bulkhead: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(EXIT_USAGE);
}

void *need_memory(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		die("no memory for %zu bytes", size);
	return p;
}

/* Reads to the end: files below /sys have no size. */
static struct blob read_stream(FILE *f, const char *path)
{
	size_t room = 1 << 16, n;
	struct blob b = { need_memory(room), 0 };

	while ((n = fread(b.data + b.size, 1, room - b.size, f)) > 0) {
		b.size += n;
		if (b.size < room)
			continue;
		room *= 2;
		b.data = realloc(b.data, room);
		if (!b.data)
			die("%s: no memory for it", path);
	}
	if (ferror(f))
		die("%s: %s", path, strerror(errno));
	return b;
}

struct blob read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct blob b;

	if (!f)
		die("%s: %s", path, strerror(errno));
	b = read_stream(f, path);
	fclose(f);
	return b;
}

/*
 * Runs dtc with input and output format, from a file or from data, and reads what it writes.
 * option: one more option for dtc, or "-q", which is always set.
 */
static struct blob run_dtc(const char *in, const char *out, const char *path,
			   const struct blob *data, const char *option)
{
	char dir[4096] = ".", *slash;
	int to[2], from[2], status;
	struct blob result;
	pid_t child;
	FILE *f;

	if (path && snprintf(dir, sizeof(dir), "%s", path) >= (int)sizeof(dir))
		die("%s: the path is too long", path);
	slash = strrchr(dir, '/');
	if (slash)
		*slash = 0;
	else
		strcpy(dir, ".");
	if (pipe(to) || pipe(from))
		die("pipe: %s", strerror(errno));
	fflush(NULL);
	child = fork();
	if (child < 0)
		die("fork: %s", strerror(errno));
	if (!child) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		close(to[0]), close(to[1]), close(from[0]), close(from[1]);
		execlp("dtc", "dtc", "-q", option, "-I", in, "-O", out, "-i", *dir ? dir : "/",
		       "-o", "-", path ? path : "-", (char *)NULL);
		fprintf(stderr, "bulkhead: dtc, the device tree compiler, cannot be run: %s\n",
			strerror(errno));
		_exit(127);
	}
	close(to[0]), close(from[1]);
	/* dtc reads everything before it writes anything, so neither can block the other. */
	if (data && write(to[1], data->data, data->size) != (ssize_t)data->size)
		die("dtc did not take its input");
	close(to[1]);
	f = fdopen(from[0], "rb");
	if (!f)
		die("fdopen: %s", strerror(errno));
	result = read_stream(f, path ? path : "dtc");
	fclose(f);
	if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
		die("%s: dtc refused it", path ? path : "the tree");
	return result;
}

struct blob read_tree(const char *path)
{
	size_t n = strlen(path);
	struct blob b;

	if (n > 4 && !strcmp(path + n - 4, ".dts"))
		return run_dtc("dts", "dtb", path, NULL, "-q");
	b = read_file(path);
	if (b.size < 4 || dt_u32(b.data) != TREE_MAGIC)
		die("%s: not a device tree; a source's name must end in .dts", path);
	return b;
}

/* The tree of a source as text with file and line of each property (dtc -TT). */
struct blob annotated_source(const char *path)
{
	return run_dtc("dts", "dts", path, NULL, "-TT");
}

void write_file(const char *path, const void *data, size_t size)
{
	size_t n = strlen(path) + 8;
	char *temp = need_memory(n);
	mode_t mask = umask(0);
	FILE *f;
	int fd;

	umask(mask);
	snprintf(temp, n, "%s.XXXXXX", path);
	fd = mkstemp(temp);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	f = fdopen(fd, "wb");
	if (!f || fwrite(data, 1, size, f) != size || fchmod(fd, 0666 & ~mask) || fclose(f) ||
	    rename(temp, path)) {
		n = errno;
		unlink(temp);
		die("%s: %s", path, strerror((int)n));
	}
	free(temp);
}

void write_as_source(const char *path, const struct blob *dtb)
{
	struct blob text = run_dtc("dtb", "dts", NULL, dtb, "-q");

	if (path && strcmp(path, "-"))
		write_file(path, text.data, text.size);
	else
		fwrite(text.data, 1, text.size, stdout);
	free(text.data);
}
