/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bulkhead's version: of the firmware, in its banner and by the SBI, and of the host command. */
#ifndef HYP_BASE_VERSION_H
#define HYP_BASE_VERSION_H

#define VERSION_MAJOR	0
#define VERSION_MINOR	1

#define VERSION_DIGITS_(major, minor)	#major "." #minor
#define VERSION_DIGITS(major, minor)	VERSION_DIGITS_(major, minor)

#define VERSION_TEXT	VERSION_DIGITS(VERSION_MAJOR, VERSION_MINOR)
#define VERSION_NUMBER	((VERSION_MAJOR << 16) | VERSION_MINOR)

#endif
