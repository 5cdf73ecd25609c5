/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BLAKE2s-256 without a key. Source: RFC 7693, sections 2.5 to 3.3. It hashes a few hundred octets at the start of a
 * guest, so it is small rather than fast. Harts and hosts are little-endian. No lock: all state is the caller's.
 */
#include "hyp/base/blake2s.h"

#include "hyp/base/str.h"

#define ROUNDS	10

static const uint32_t iv[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static const uint8_t sigma[ROUNDS][16] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
	{ 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
	{ 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
	{ 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
	{ 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
	{ 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
	{ 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
	{ 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
	{ 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

void erase(void *secret, size_t size)
{
	memset(secret, 0, size);
	/* the compiler must assume that the zeroes are read */
	__asm__ volatile("" : : "r"(secret) : "memory");
}

static inline uint32_t turn(uint32_t v, unsigned n)
{
	return v >> n | v << (32 - n);
}

/* The mixing function G. Inlined, as which words it mixes is then known: they stay in registers. */
static inline __attribute__((always_inline)) void mix(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d, uint32_t x,
						       uint32_t y)
{
	*a += *b + x;
	*d = turn(*d ^ *a, 16);
	*c += *d;
	*b = turn(*b ^ *c, 12);
	*a += *b + y;
	*d = turn(*d ^ *a, 8);
	*c += *d;
	*b = turn(*b ^ *c, 7);
}

/* Columns, then diagonals. */
static void mix_all(uint32_t *v, const uint32_t *m, const uint8_t *s)
{
	mix(v, v + 4, v + 8, v + 12, m[s[0]], m[s[1]]);
	mix(v + 1, v + 5, v + 9, v + 13, m[s[2]], m[s[3]]);
	mix(v + 2, v + 6, v + 10, v + 14, m[s[4]], m[s[5]]);
	mix(v + 3, v + 7, v + 11, v + 15, m[s[6]], m[s[7]]);
	mix(v, v + 5, v + 10, v + 15, m[s[8]], m[s[9]]);
	mix(v + 1, v + 6, v + 11, v + 12, m[s[10]], m[s[11]]);
	mix(v + 2, v + 7, v + 8, v + 13, m[s[12]], m[s[13]]);
	mix(v + 3, v + 4, v + 9, v + 14, m[s[14]], m[s[15]]);
}

static void compress(struct blake2s *b, bool last)
{
	struct { uint32_t v[16], m[16]; } w;

	memcpy(w.m, b->block, sizeof(w.m));
	memcpy(w.v, b->h, sizeof(b->h));
	memcpy(w.v + 8, iv, sizeof(iv));
	w.v[12] ^= (uint32_t)b->total;
	w.v[13] ^= (uint32_t)(b->total >> 32);
	if (last)
		w.v[14] = ~w.v[14];
	for (unsigned round = 0; round < ROUNDS; round++)
		mix_all(w.v, w.m, sigma[round]);
	for (unsigned i = 0; i < 8; i++)
		b->h[i] ^= w.v[i] ^ w.v[i + 8];
	erase(&w, sizeof(w));
}

void blake2s_start(struct blake2s *b)
{
	memset(b, 0, sizeof(*b));
	memcpy(b->h, iv, sizeof(iv));
	b->h[0] ^= 0x01010000 | BLAKE2S_SIZE;	/* the parameter block: no key, this size, no tree */
}

void blake2s_add(struct blake2s *b, const void *data, size_t size)
{
	const uint8_t *from = data;

	while (size) {
		size_t n = BLAKE2S_BLOCK - b->used;

		if (!n) {	/* more data follows: this block is not the last one, which is compressed differently */
			compress(b, false);
			b->used = 0;
			continue;
		}
		n = n < size ? n : size;
		memcpy(b->block + b->used, from, n);
		b->used += n;
		b->total += n;
		from += n;
		size -= n;
	}
}

void blake2s_end(struct blake2s *b, uint8_t hash[BLAKE2S_SIZE])
{
	memset(b->block + b->used, 0, BLAKE2S_BLOCK - b->used);
	compress(b, true);
	memcpy(hash, b->h, BLAKE2S_SIZE);
	erase(b, sizeof(*b));
}
