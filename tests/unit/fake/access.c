/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses of the hypervisor as events. The compiler calls AddressSanitizer's functions before each load and store of
 * some files (Makefile, INTERLEAVED), and the linker leads these calls here first.
 */
#include "hyp/riscv/lock.h"

void (*fake_on_access)(const void *at);

void fake_access(const void *at)
{
	if (fake_on_access)
		fake_on_access(at);
}

#define ACCESS(name) \
	void __real___asan_##name(const void *at); \
	void __wrap___asan_##name(const void *at); \
	void __wrap___asan_##name(const void *at) \
	{ \
		fake_access(at); \
		__real___asan_##name(at); \
	}

ACCESS(load1)
ACCESS(load2)
ACCESS(load4)
ACCESS(load8)
ACCESS(load16)
ACCESS(store1)
ACCESS(store2)
ACCESS(store4)
ACCESS(store8)
ACCESS(store16)

#define ACCESS_N(name) \
	void __real___asan_##name(const void *at, unsigned long size); \
	void __wrap___asan_##name(const void *at, unsigned long size); \
	void __wrap___asan_##name(const void *at, unsigned long size) \
	{ \
		fake_access(at); \
		__real___asan_##name(at, size); \
	}

ACCESS_N(loadN)
ACCESS_N(storeN)
