/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ns16550a: enabling the "transmitter holding register empty" interrupt while it is empty raises
 * the line; disabling it calms the line. goldfish-rtc: an alarm in the past raises at once, if its interrupt is
 * enabled. Both raise the line in one step, from down to up: QEMU 7.2's PLIC takes each step up for a new request, so
 * where another hart claims at once (an emulated PLIC) a line that goes up twice is two interrupts.
 * National Semiconductor PC16550D data sheet; Android "goldfish virtual hardware", RTC.
 */
#include <stddef.h>
#include <string.h>
#include "guests/lib/device.h"
#include "guests/lib/dt.h"

#define RTC_ALARM_LOW		0x08
#define RTC_ALARM_HIGH		0x0c
#define RTC_IRQ_ENABLED		0x10
#define RTC_ALARM_STATUS	0x18
#define RTC_CLEAR_INTERRUPT	0x1c

#define UART_IER	1
#define UART_IIR	2
#define UART_LSR	5
#define UART_IER_THRI	0x02
#define UART_IIR_ID	0x0f
#define UART_IIR_THRI	0x02

static void rtc_write(const struct device *d, uint64_t off, uint32_t v)
{
	*(volatile uint32_t *)(d->base + off) = v;
}

static void rtc_raise(const struct device *d)
{
	rtc_write(d, RTC_IRQ_ENABLED, 0);
	rtc_write(d, RTC_ALARM_HIGH, 0);
	rtc_write(d, RTC_ALARM_LOW, 1);
	rtc_write(d, RTC_IRQ_ENABLED, 1);
}

static void rtc_calm(const struct device *d)
{
	rtc_write(d, RTC_CLEAR_INTERRUPT, 1);
}

/* The device has no such bit: ALARM_STATUS shows an alarm to come, and there is none then. */
static bool rtc_raised(const struct device *d)
{
	return *(volatile uint32_t *)(d->base + RTC_ALARM_STATUS) == 0;
}

static volatile uint8_t *uart_reg(const struct device *d, unsigned int reg)
{
	return (volatile uint8_t *)(d->base + ((uint64_t)reg << d->shift));
}

static void uart_raise(const struct device *d)
{
	while (!(*uart_reg(d, UART_LSR) & 0x20))
		;
	*uart_reg(d, UART_IER) = 0;
	*uart_reg(d, UART_IER) = UART_IER_THRI;
}

static void uart_calm(const struct device *d)
{
	*uart_reg(d, UART_IER) = 0;
	(void)*uart_reg(d, UART_IIR);
}

/* Reading IIR takes the interrupt back, as calm() does next. */
static bool uart_raised(const struct device *d)
{
	return (*uart_reg(d, UART_IIR) & UART_IIR_ID) == UART_IIR_THRI;
}

static const struct device_ops rtc_ops = {
	"google,goldfish-rtc", rtc_raise, rtc_calm, rtc_raised,
};

static const struct device_ops uart_ops = {
	"ns16550a", uart_raise, uart_calm, uart_raised,
};

static struct device devices[] = {
	{ .name = "rtc", .ops = &rtc_ops },
	{ .name = "uart", .ops = &uart_ops },
	{ .name = "uart2", .ops = &uart_ops },
};

void device_init(void)
{
	int node_before = -1;

	for (unsigned int i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		bool another = i && devices[i].ops == devices[i - 1].ops;	/* behind the one before, in the tree */
		int node = dt_compatible(another ? node_before : -1, devices[i].ops->compatible);
		struct range r;

		node_before = node;
		if (node < 0 || !dt_reg(node, 0, &r))
			continue;
		devices[i].base = r.base;
		devices[i].source = dt_plic_source(node, 0);
		devices[i].shift = dt_cell(node, "reg-shift", 0, 0);
		devices[i].ops->calm(&devices[i]);
	}
}

const struct device *device_find(const char *name)
{
	for (unsigned int i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		if (devices[i].base && !strcmp(devices[i].name, name))
			return &devices[i];
	}
	return NULL;
}
