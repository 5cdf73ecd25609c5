/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Well-formed UTF-8, byte by byte. Source: RFC 3629. */
#ifndef HYP_TERMINAL_UTF8_H
#define HYP_TERMINAL_UTF8_H

#include "hyp/base/types.h"

/* How many bytes a character has that begins with this one; 0: none does. */
static inline uint8_t utf8_length(uint8_t first)
{
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Whether the byte continues the character whose first len bytes (1 to 3) are these. */
static inline bool utf8_follows(const char *utf, uint32_t len, uint8_t byte)
{
	uint8_t first = (uint8_t)utf[0];

	if ((byte & 0xc0) != 0x80)
		return false;
	if (len > 1)
		return true;
	/* Longer than need be, a surrogate, or above U+10FFFF; and U+0080 to U+009F, the C1 controls. */
	return !((first == 0xc2 && byte < 0xa0) || (first == 0xe0 && byte < 0xa0) ||
		 (first == 0xed && byte > 0x9f) || (first == 0xf0 && byte < 0x90) ||
		 (first == 0xf4 && byte > 0x8f));
}

#endif
