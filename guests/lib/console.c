/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Formatting and line output. SBI specification, chapters "Debug Console" and "Legacy".
 * console_lock separates the lines of harts; it is taken with interrupts off. Separate from hyp/base/fmt.c: guests
 * judge the hypervisor, so no fault of its code may be in them, too.
 */
#include <stdbool.h>
#include <string.h>
#include "guests/lib/console.h"
#include "guests/lib/lock.h"
#include "guests/lib/sbi.h"

static struct spinlock console_lock;

struct out {
	char *buf;
	size_t size;
	size_t len;
};

struct spec {
	bool left;
	bool zero;
	int width;
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len++] = c;
}

static void put_padded(struct out *o, const char *s, int len, const struct spec *sp)
{
	int pad = sp->width - len;

	for (; !sp->left && pad > 0; pad--)
		put(o, sp->zero ? '0' : ' ');
	while (len--)
		put(o, *s++);
	for (; sp->left && pad > 0; pad--)
		put(o, ' ');
}

static void put_number(struct out *o, uint64_t v, unsigned int base, bool neg, struct spec *sp)
{
	char tmp[24];
	int i = sizeof(tmp);

	do {
		tmp[--i] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	if (neg && sp->zero) {
		put(o, '-');
		sp->width--;
	} else if (neg) {
		tmp[--i] = '-';
	}
	put_padded(o, tmp + i, (int)sizeof(tmp) - i, sp);
}

static const char *parse_spec(const char *f, struct spec *sp, bool *is_long)
{
	for (;; f++) {
		if (*f == '-')
			sp->left = true;
		else if (*f == '0')
			sp->zero = true;
		else
			break;
	}
	for (; *f >= '0' && *f <= '9'; f++)
		sp->width = sp->width * 10 + (*f - '0');
	for (; *f == 'l' || *f == 'z'; f++)
		*is_long = true;
	return f;
}

size_t format(char *buf, size_t size, const char *f, va_list ap)
{
	struct out o = { buf, size, 0 };

	for (; *f; f++) {
		struct spec sp = { 0 };
		bool is_long = false;
		const char *s;
		uint64_t u;
		int64_t d;
		char c;

		if (*f != '%') {
			put(&o, *f);
			continue;
		}
		f = parse_spec(f + 1, &sp, &is_long);
		switch (*f) {
		case 'c':
			c = (char)va_arg(ap, int);
			put_padded(&o, &c, 1, &sp);
			break;
		case 's':
			s = va_arg(ap, const char *);
			s = s ? s : "(null)";
			put_padded(&o, s, (int)strnlen(s, LINE_MAX_LEN), &sp);
			break;
		case 'd':
			d = is_long ? va_arg(ap, long) : va_arg(ap, int);
			put_number(&o, d < 0 ? -(uint64_t)d : (uint64_t)d, 10, d < 0, &sp);
			break;
		case 'u':
		case 'x':
			u = is_long ? va_arg(ap, unsigned long) : va_arg(ap, unsigned int);
			put_number(&o, u, *f == 'x' ? 16 : 10, false, &sp);
			break;
		case 'p':
			put_number(&o, (uint64_t)va_arg(ap, void *), 16, false, &sp);
			break;
		default:
			put(&o, *f);
			break;
		}
	}
	if (size)
		buf[o.len] = '\0';
	return o.len;
}

size_t formatf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = format(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

static void emit(const char *s, size_t n)
{
	unsigned int idle = 0;

	while (sbi.dbcn && n) {
		struct sbiret r = sbi_call(EID_DBCN, DBCN_WRITE, n, (uint64_t)s, 0, 0, 0);

		if (r.error || r.value < 0 || (uint64_t)r.value > n)
			break;
		if (r.value == 0 && ++idle > 100000)
			return;
		s += r.value;
		n -= (size_t)r.value;
	}
	while (n--)
		sbi_call(EID_LEGACY_PUTCHAR, 0, (uint8_t)*s++, 0, 0, 0, 0);
}

void vline(const char *fmt, va_list ap)
{
	char buf[LINE_MAX_LEN + 2];
	size_t n = format(buf, LINE_MAX_LEN, fmt, ap);
	unsigned long flags;

	buf[n++] = '\n';
	flags = irq_save();
	spin_lock(&console_lock);
	emit(buf, n);
	spin_unlock(&console_lock);
	irq_restore(flags);
}

void line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vline(fmt, ap);
	va_end(ap);
}
