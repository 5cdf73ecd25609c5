/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's console; see console.h. device_lock keeps lines whole; it is the one lock that harts
 * of different VMs share, and only those that print wait for it, for at most one line each.
 */
#include "hyp/vm/console.h"

#include "drivers/ns16550.h"
#include "drivers/virtio_console.h"
#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/riscv/sbi_call.h"

static struct lock device_lock;
static void (*device_write)(const char *text, size_t len);

void console_init(void)
{
	sbi_console_init();
	device_write = sbi_console_write;
}

void console_use(const struct plan_console *c)
{
	switch (c->kind) {
	case CONSOLE_SBI:
		break;
	case CONSOLE_NS16550:
		ns16550_init(c->base, c->reg_shift, c->reg_io_width);
		device_write = ns16550_write;
		break;
	case CONSOLE_VIRTIO:
		if (virtio_console_init(c->base) == OK)
			device_write = virtio_console_write;
		else
			console_log("console %s: no virtio console with emergency write there; using the "
				    "firmware's", c->path);
		break;
	}
}

static void put_line(const char *name, const char *text, size_t len)
{
	char line[CONSOLE_LINE + VM_NAME_LEN + 8];
	size_t n = fmt_str(line, sizeof(line) - 1, "[%s] %.*s", name, (int)len, text);

	line[n++] = '\n';
	lock_acquire(&device_lock);
	device_write(line, n);
	lock_release(&device_lock);
}

void console_log(const char *format, ...)
{
	char text[CONSOLE_LINE];
	va_list ap;

	va_start(ap, format);
	put_line("bulkhead", text, fmt_vstr(text, sizeof(text), format, ap));
	va_end(ap);
}

void console_panic(const char *format, ...)
{
	char text[CONSOLE_LINE];
	va_list ap;

	va_start(ap, format);
	device_write(text, fmt_vstr(text, sizeof(text), format, ap));
	va_end(ap);
	device_write("\n", 1);
}

static void flush_locked(struct console *c, const char *name)
{
	put_line(name, c->line, c->len);
	c->len = 0;
}

void console_write(struct console *c, const char *name, const char *text, size_t len)
{
	lock_acquire(&c->lock);
	for (size_t i = 0; i < len; i++) {
		unsigned char ch = (unsigned char)text[i];

		if (ch == '\n') {
			flush_locked(c, name);
			continue;
		}
		if ((ch < ' ' && ch != '\t') || ch == 0x7f)
			continue;
		if (c->len == CONSOLE_LINE)
			flush_locked(c, name);
		c->line[c->len++] = (char)ch;
	}
	lock_release(&c->lock);
}

void console_flush(struct console *c, const char *name)
{
	lock_acquire(&c->lock);
	if (c->len)
		flush_locked(c, name);
	lock_release(&c->lock);
}
