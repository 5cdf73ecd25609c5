/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of hyp/plan share: one plan, and nodes of guests. */
#ifndef TESTS_UNIT_LIB_PLAN_CASES_H
#define TESTS_UNIT_LIB_PLAN_CASES_H

#include "tests/unit/lib/trees.h"

extern struct test_plan t;

/* Plans the guests on the host into t. The test fails if they are refused, or if the oracle finds a fault. */
void plan_good(struct tree host, const char *guests);

/* Frees t, after the last test. */
int plan_end(void **state);

#define A(...) "a { harts = <0>; memory = \"16M\"; kernel = \"rt\"; " __VA_ARGS__ " };"
#define B(...) "b { harts = <1>; memory = \"16M\"; kernel = \"rt\"; " __VA_ARGS__ " };"
#define DEVICE(path) "devices = \"" path "\";"
#define LINUX_NODE									\
	"linux { harts = <1 2>; memory = \"512M\"; trust-dma; kernel = \"linux\";"	\
	" devices = \"serial0\", \"/soc/virtio_mmio@10001000\"; initrd = \"initrd\";"	\
	" bootargs = \"console=ttyS0\"; };"
#define RT_NODE "rt { harts = <3>; memory = \"16M\"; kernel = \"rt\"; };"

/* Edits of the host virt: its RTC and its UART. */
#define RTC_IS(text)	"compatible = \"google,goldfish-rtc\";", text
#define RTC_NAMED(text)	"rtc@101000 {", "rtc: rtc@101000 { " text
#define UART_HAS(text)	"clock-names = \"baudclk\";", text
#define RTC		"/soc/rtc@101000"

#endif
