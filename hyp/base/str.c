/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory and string functions of the firmware (ISO C11 7.24; see str.h). The compiler also calls
 * memcpy, memmove, memset and memcmp by itself. Images are copied and guest RAM is cleared with these,
 * so aligned data is processed in blocks of 64 bytes. Only naturally aligned accesses are made: misaligned ones may
 * trap to the firmware and be emulated there, hundreds of times slower.
 */
#include "hyp/base/str.h"

#include "hyp/base/types.h"

/* Without this gcc recognises the loops below and replaces them by calls of the functions they are in. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

#define WORD	sizeof(word_t)
#define BLOCK	(8 * WORD)

typedef uint64_t __attribute__((may_alias)) word_t;
/* of a device tree, where most of what is copied at boot lies */
typedef uint32_t __attribute__((may_alias)) cell_t;
#define CELL	sizeof(cell_t)

static inline bool word_aligned(const void *p)
{
	return ((uintptr_t)p & (WORD - 1)) == 0;
}

/* Both can be brought to a word boundary by the same number of bytes. */
static inline bool same_phase(const void *a, const void *b)
{
	return (((uintptr_t)a ^ (uintptr_t)b) & (WORD - 1)) == 0;
}

/*
 * Up, where no number of bytes aligns both: words are put together from two of the source's. Returns how many bytes;
 * at most 2 * WORD - 1 are left. The first ones are copied singly, so that no word reaches beyond the source.
 */
static size_t copy_shifted(unsigned char *d, const unsigned char *s, size_t n)
{
	size_t i = 0;
	const word_t *from;
	unsigned int shift;

	for (; i < WORD || !word_aligned(d + i); i++)
		d[i] = s[i];
	shift = (unsigned int)((uintptr_t)(s + i) % WORD) * 8;
	from = (const word_t *)(const void *)(s + i - shift / 8);
	for (word_t low = *from, high; n - i >= 2 * WORD; i += WORD) {
		high = *++from;
		*(word_t *)(void *)(d + i) = low >> shift | high << (8 * WORD - shift);
		low = high;
	}
	return i;
}

/* All loads of a block come before its stores, so it also serves memmove() downwards. */
static inline void copy_block(word_t *d, const word_t *s)
{
	word_t a = s[0], b = s[1], c = s[2], e = s[3], f = s[4], g = s[5], h = s[6], i = s[7];

	d[0] = a;
	d[1] = b;
	d[2] = c;
	d[3] = e;
	d[4] = f;
	d[5] = g;
	d[6] = h;
	d[7] = i;
}

static void copy_up(unsigned char *d, const unsigned char *s, size_t n)
{
	if (same_phase(d, s)) {
		for (; n && !word_aligned(d); n--)
			*d++ = *s++;
		for (; n >= BLOCK; n -= BLOCK, d += BLOCK, s += BLOCK)
			copy_block((word_t *)(void *)d, (const word_t *)(const void *)s);
		for (; n >= WORD; n -= WORD, d += WORD, s += WORD)
			*(word_t *)(void *)d = *(const word_t *)(const void *)s;
	} else if ((((uintptr_t)d | (uintptr_t)s) & (CELL - 1)) == 0) {
		for (; n >= CELL; n -= CELL, d += CELL, s += CELL)
			*(cell_t *)(void *)d = *(const cell_t *)(const void *)s;
	} else if (n >= 4 * WORD) {
		size_t done = copy_shifted(d, s, n);

		n -= done;
		d += done;
		s += done;
	}
	for (; n >= 4; n -= 4, d += 4, s += 4) {
		unsigned char a = s[0], b = s[1], c = s[2], e = s[3];

		d[0] = a;
		d[1] = b;
		d[2] = c;
		d[3] = e;
	}
	while (n--)
		*d++ = *s++;
}

static void copy_down(unsigned char *d, const unsigned char *s, size_t n)
{
	d += n;
	s += n;
	if (same_phase(d, s)) {
		for (; n && !word_aligned(d); n--)
			*--d = *--s;
		for (; n >= WORD; n -= WORD) {
			d -= WORD;
			s -= WORD;
			*(word_t *)(void *)d = *(const word_t *)(const void *)s;
		}
	}
	while (n--)
		*--d = *--s;
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	copy_up(dst, src, n);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	/* Below src, or past its end: upwards never overwrites what is still to be read. */
	if ((uintptr_t)dst - (uintptr_t)src >= n)
		copy_up(dst, src, n);
	else
		copy_down(dst, src, n);
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	unsigned char *d = dst;
	word_t v = (unsigned char)c * 0x0101010101010101ull;

	for (; n && !word_aligned(d); n--)
		*d++ = (unsigned char)c;
	for (; n >= BLOCK; n -= BLOCK, d += BLOCK) {
		word_t *w = (word_t *)(void *)d;

		w[0] = v;
		w[1] = v;
		w[2] = v;
		w[3] = v;
		w[4] = v;
		w[5] = v;
		w[6] = v;
		w[7] = v;
	}
	for (; n >= WORD; n -= WORD, d += WORD)
		*(word_t *)(void *)d = v;
	while (n--)
		*d++ = (unsigned char)c;
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;

	if (same_phase(p, q)) {
		for (; n && !word_aligned(p) && *p == *q; n--, p++, q++)
			;
		if (word_aligned(p))
			for (; n >= WORD; n -= WORD, p += WORD, q += WORD)
				if (*(const word_t *)(const void *)p != *(const word_t *)(const void *)q)
					break;
	}
	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p < *q ? -1 : 1;
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	const unsigned char *p = s;

	for (; n; n--, p++)
		if (*p == (unsigned char)c)
			return (void *)(uintptr_t)p;
	return NULL;
}

size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; n--, a++, b++)
		;
	return n ? (unsigned char)*a - (unsigned char)*b : 0;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)(uintptr_t)s;
}

char *strrchr(const char *s, int c)
{
	const char *found = NULL;

	do {
		if (*s == (char)c)
			found = s;
	} while (*s++);
	return (char *)(uintptr_t)found;
}
