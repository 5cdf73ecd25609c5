/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libfdt includes <stdlib.h>; of the files that we link only strtoul() is referenced by none. */
#ifndef LIBC_STDLIB_H
#define LIBC_STDLIB_H

#include <stddef.h>

#endif
