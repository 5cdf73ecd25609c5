/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CRC-32 of IEEE 802.3, as zlib's crc32(). */
#ifndef HYP_BASE_CRC32_H
#define HYP_BASE_CRC32_H

#include "hyp/base/types.h"

/* Makes the tables for speed, once, as often as called. Before more than one hart uses crc32_ieee(), if at all. */
void crc32_init(void);

/* Of size bytes; start with crc = 0, or go on from the bytes before. */
uint32_t crc32_ieee(uint32_t crc, const void *data, size_t size);

/* The same by the instructions of Zbc, which the hart has to have: eight times as fast. Needs no tables. */
uint32_t crc32_ieee_clmul(uint32_t crc, const void *data, size_t size);

/* The same of what it copies, as memcpy() does: one pass instead of two. */
uint32_t crc32_ieee_clmul_copy(uint32_t crc, void *to, const void *from, size_t size);

#endif
