/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CRC-32 of IEEE 802.3, as zlib's crc32(). */
#ifndef HYP_BASE_CRC32_H
#define HYP_BASE_CRC32_H

#include "hyp/base/types.h"

/* Makes the tables for speed; later calls do nothing. Optional. Call it before more than one hart uses crc32_ieee(). */
void crc32_init(void);

/* The CRC of size bytes. crc: 0, or the result for the bytes before them. */
uint32_t crc32_ieee(uint32_t crc, const void *data, size_t size);

/* The same by the instructions of Zbc, which the hart must have: eight times as fast. Needs no tables. */
uint32_t crc32_ieee_clmul(uint32_t crc, const void *data, size_t size);

/* The same, and copies the bytes as memcpy() does: one pass instead of two. */
uint32_t crc32_ieee_clmul_copy(uint32_t crc, void *to, const void *from, size_t size);

#endif
