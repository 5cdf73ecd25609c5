/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Formatted text into a bounded buffer: the subset of ISO C11 7.21.6.5 that fmt.h names. Pure, no lock.
 * Where it differs from a C library: %p of a null pointer is 0x0, a null %s is "(null)", and the return
 * value is what was stored. A conversion outside of the subset is copied as it stands.
 */
#include "hyp/base/fmt.h"

#include "hyp/base/str.h"

#define MAX_DIGITS	20	/* of 2^64 - 1 in decimal */
#define MAX_WIDTH	4095	/* a larger width or precision counts as this */

struct out {
	char *buf;
	size_t size;	/* of buf, > 0 */
	size_t len;	/* stored, < size */
};

struct spec {
	bool left;	/* '-' */
	bool zero;	/* '0' */
	unsigned width;
	bool has_precision;
	unsigned precision;
	enum { LEN_INT, LEN_LONG, LEN_LONG_LONG, LEN_SIZE } length;
};

/* C leaves it open whether a va_list that was passed on is an array; in a struct it is the same object. */
struct args {
	const uint64_t *values;	/* the next one, or NULL: ap has the arguments */
	va_list ap;
};

static void put(struct out *o, const char *s, size_t n)
{
	size_t room = o->size - 1 - o->len;
	char *to = o->buf + o->len;

	if (n > room)
		n = room;
	o->len += n;
	while (n--)	/* a few octets each time */
		*to++ = *s++;
}

static void pad(struct out *o, char c, size_t n)
{
	size_t room = o->size - 1 - o->len;

	if (n > room)
		n = room;
	memset(o->buf + o->len, c, n);
	o->len += n;
}

/* prefix ("-", "0x" or "") stands before zeros that fill the width, and after spaces. */
static void put_field(struct out *o, const struct spec *sp, const char *prefix, const char *s, size_t n)
{
	size_t prefix_len = strlen(prefix);
	size_t fill = sp->width > prefix_len + n ? sp->width - prefix_len - n : 0;

	if (!sp->left && !sp->zero)
		pad(o, ' ', fill);
	put(o, prefix, prefix_len);
	if (!sp->left && sp->zero)
		pad(o, '0', fill);
	put(o, s, n);
	if (sp->left)
		pad(o, ' ', fill);
}

static void put_number(struct out *o, const struct spec *sp, const char *prefix, uint64_t v, unsigned base)
{
	char digits[MAX_DIGITS];
	char *p = digits + sizeof(digits);

	do {
		*--p = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	put_field(o, sp, prefix, p, (size_t)(digits + sizeof(digits) - p));
}

/* A value as an argument of that type is. */
static uint64_t cut(uint64_t value, const struct spec *sp)
{
	return sp->length == LEN_INT ? (unsigned int)value : value;
}

static uint64_t next_unsigned(struct args *a, const struct spec *sp)
{
	if (a->values)
		return cut(*a->values++, sp);
	switch (sp->length) {
	case LEN_LONG:
		return va_arg(a->ap, unsigned long);
	case LEN_LONG_LONG:
		return va_arg(a->ap, unsigned long long);
	case LEN_SIZE:
		return va_arg(a->ap, size_t);
	default:
		return va_arg(a->ap, unsigned int);
	}
}

static int64_t next_signed(struct args *a, const struct spec *sp)
{
	if (a->values)
		return sp->length == LEN_INT ? (int)*a->values++ : (int64_t)*a->values++;
	switch (sp->length) {
	case LEN_LONG:
		return va_arg(a->ap, long);
	case LEN_LONG_LONG:
		return va_arg(a->ap, long long);
	case LEN_SIZE:
		return va_arg(a->ap, ptrdiff_t);
	default:
		return va_arg(a->ap, int);
	}
}

static int next_int(struct args *a)
{
	return a->values ? (int)*a->values++ : va_arg(a->ap, int);
}

static void *next_pointer(struct args *a)
{
	return a->values ? (void *)(uintptr_t)*a->values++ : va_arg(a->ap, void *);
}

static void put_signed(struct out *o, const struct spec *sp, int64_t v)
{
	uint64_t magnitude = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	put_number(o, sp, v < 0 ? "-" : "", magnitude, 10);
}

static void put_string(struct out *o, struct spec *sp, const char *s)
{
	if (!s)
		s = "(null)";
	sp->zero = false;
	put_field(o, sp, "", s, sp->has_precision ? strnlen(s, sp->precision) : strlen(s));
}

static void put_char(struct out *o, struct spec *sp, char c)
{
	sp->zero = false;
	put_field(o, sp, "", &c, 1);
}

/* A decimal number, or '*' for an argument, which may be negative. */
static const char *parse_number(const char *f, struct args *a, int *value)
{
	int v = 0;

	if (*f == '*') {
		v = next_int(a);
		f++;
	} else {
		for (; *f >= '0' && *f <= '9'; f++)
			if (v <= MAX_WIDTH)
				v = v * 10 + (*f - '0');
	}
	if (v > MAX_WIDTH)
		v = MAX_WIDTH;
	*value = v < -MAX_WIDTH ? -MAX_WIDTH : v;
	return f;
}

/* f: behind the '%'. Returns where the conversion character stands. */
static const char *parse_spec(const char *f, struct args *a, struct spec *sp)
{
	int number;

	*sp = (struct spec){ 0 };
	for (; *f == '-' || *f == '0'; f++) {
		if (*f == '-')
			sp->left = true;
		else
			sp->zero = true;
	}
	f = parse_number(f, a, &number);
	sp->left |= number < 0;
	sp->width = (unsigned)(number < 0 ? -number : number);
	if (*f == '.') {
		f = parse_number(f + 1, a, &number);
		sp->has_precision = number >= 0;
		sp->precision = sp->has_precision ? (unsigned)number : 0;
	}
	if (*f == 'z') {
		sp->length = LEN_SIZE;
		f++;
	}
	for (; *f == 'l'; f++)
		sp->length = sp->length == LEN_INT ? LEN_LONG : LEN_LONG_LONG;
	return f;
}

/* Returns false if c is not a supported conversion. */
static bool convert(struct out *o, char c, struct spec *sp, struct args *a)
{
	switch (c) {
	case '%':
		put(o, "%", 1);
		return true;
	case 'c':
		put_char(o, sp, (char)next_int(a));
		return true;
	case 's':
		put_string(o, sp, next_pointer(a));
		return true;
	case 'd':
		put_signed(o, sp, next_signed(a, sp));
		return true;
	case 'u':
		put_number(o, sp, "", next_unsigned(a, sp), 10);
		return true;
	case 'x':
		put_number(o, sp, "", next_unsigned(a, sp), 16);
		return true;
	case 'p':
		put_number(o, sp, "0x", (uintptr_t)next_pointer(a), 16);
		return true;
	default:
		return false;
	}
}

static size_t format_text(char *buf, size_t size, const char *format, struct args *a)
{
	struct out o = { .buf = buf, .size = size };
	struct spec sp;

	if (!size)
		return 0;
	while (*format) {
		const char *start = format, *f;

		while (*format && *format != '%')
			format++;
		put(&o, start, (size_t)(format - start));
		if (!*format)
			break;
		f = parse_spec(format + 1, a, &sp);
		if (!convert(&o, *f, &sp, a))
			put(&o, format, (size_t)(f - format) + (*f ? 1 : 0));
		format = *f ? f + 1 : f;
	}
	buf[o.len] = 0;
	return o.len;
}

size_t fmt_vstr(char *buf, size_t size, const char *format, va_list ap)
{
	struct args a = { .values = NULL };
	size_t n;

	va_copy(a.ap, ap);
	n = format_text(buf, size, format, &a);
	va_end(a.ap);
	return n;
}

size_t fmt_values(char *buf, size_t size, const char *format, const uint64_t *values)
{
	struct args a = { .values = values };

	return format_text(buf, size, format, &a);
}

size_t fmt_str(char *buf, size_t size, const char *format, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, format);
	n = fmt_vstr(buf, size, format, ap);
	va_end(ap);
	return n;
}
