/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BLAKE2s-256 without a key (RFC 7693): 32 octets of hash of any number of octets. */
#ifndef HYP_BASE_BLAKE2S_H
#define HYP_BASE_BLAKE2S_H

#include "hyp/base/types.h"

#define BLAKE2S_SIZE	32u	/* octets of a hash */
#define BLAKE2S_BLOCK	64u

struct blake2s {
	uint32_t h[8];
	uint64_t total;			/* octets in all blocks that are done, and in this one */
	uint32_t used;			/* octets of block */
	uint8_t block[BLAKE2S_BLOCK];
};

/* Starts a hash, and adds size octets to it. How the data is cut into pieces does not change the hash. */
void blake2s_start(struct blake2s *b);
void blake2s_add(struct blake2s *b, const void *data, size_t size);

/* Ends the hash, and erases *b. */
void blake2s_end(struct blake2s *b, uint8_t hash[BLAKE2S_SIZE]);

/* Clears size octets of a secret. The compiler cannot leave it out, as it may a memset() before a variable ends. */
void erase(void *secret, size_t size);

#endif
