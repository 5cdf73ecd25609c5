/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few string functions that libfdt and the hypervisor need, with the C library's contracts
 * (ISO C11 7.24). On the host the C library's own are used; str.c is for the firmware only.
 */
#ifndef HYP_BASE_STR_H
#define HYP_BASE_STR_H

#include <string.h>

#endif
