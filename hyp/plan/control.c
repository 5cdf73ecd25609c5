/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What controls the machine: power, resets, clocks, pins, voltages, caches, what it boots from, and blocks of system
 * registers that have any of that. A tree's facts come first: what a node provides to others (dt-schema, schemas/, and
 * the devicetree bindings of regulators, watchdogs and caches). Where a node provides nothing, its name and its
 * compatible strings say it, which are of words that bindings use. A word that is wrongly taken for one costs a line in
 * the configuration, not the isolation.
 */
#include "hyp/plan/control.h"

#include "hyp/base/str.h"
#include "hyp/plan/refs.h"

struct fact {
	const char *name;
	const char *what;
};

static const struct fact properties[] = {
	{ "#clock-cells", "a clock controller" },
	{ "#reset-cells", "a reset controller" },
	{ "#power-domain-cells", "a power controller" },
	{ "#interconnect-cells", "an interconnect" },
	{ "#mbox-cells", "a mailbox to another processor" },
	{ "#hwlock-cells", "a set of locks between processors" },
	{ "#pinctrl-cells", "a pin controller" },
	{ "#nvmem-cell-cells", "memory that others are set up from" },
	{ "system-power-controller", "what switches the machine off" },
	{ "timeout-sec", "a watchdog" },
	{ "cache-level", "a cache controller" },
	{ "regulator-name", "a regulator" },
	{ "regulator-min-microvolt", "a regulator" },
	{ "regulator-max-microvolt", "a regulator" },
	{ "regulator-always-on", "a regulator" },
	{ "regulator-compatible", "a regulator" },
};

/* Ends of the words that a node's name, and each compatible string behind the vendor's name, is made of. */
static const struct fact words[] = {
	{ "syscon", "a block of system registers" },
	{ "sysctl", "a block of system registers" },
	{ "sysctrl", "a block of system registers" },
	{ "sysreg", "a block of system registers" },
	{ "syscfg", "a block of system registers" },
	{ "sysrst", "a reset controller" },
	{ "rst", "a reset controller" },
	{ "reset", "a reset controller" },
	{ "rstgen", "a reset controller" },
	{ "clk", "a clock controller" },
	{ "clock", "a clock controller" },
	{ "clkgen", "a clock controller" },
	{ "clkcfg", "a clock controller" },
	{ "crg", "a clock controller" },
	{ "cru", "a clock controller" },
	{ "cgu", "a clock controller" },
	{ "ccu", "a clock controller" },
	{ "prci", "a clock controller" },
	{ "pll", "a clock controller" },
	{ "power", "a power controller" },
	{ "pmu", "a power controller" },
	{ "pmic", "a power controller" },
	{ "pwrc", "a power controller" },
	{ "pinctrl", "a pin controller" },
	{ "pinmux", "a pin controller" },
	{ "iomux", "a pin controller" },
	{ "padctrl", "a pin controller" },
	{ "wdt", "a watchdog" },
	{ "watchdog", "a watchdog" },
	{ "cache", "a cache controller" },
	{ "ccache", "a cache controller" },
	{ "mbox", "a mailbox to another processor" },
	{ "mailbox", "a mailbox to another processor" },
	{ "otp", "memory that others are set up from" },
	{ "efuse", "memory that others are set up from" },
	{ "ddrc", "a memory controller" },
	{ "dmc", "a memory controller" },
	{ "flash", "memory that the machine may boot from" },
	{ "nor", "memory that the machine may boot from" },
	{ "nand", "memory that the machine may boot from" },
	{ "debug", "a debug module" },
	{ "poweroff", "what switches the machine off" },
	{ "reboot", "what switches the machine off" },
};

static const char *word_fact(const char *word, size_t size)
{
	size_t n;
	uint32_t i;

	for (i = 0; i < ARRAY_LEN(words); i++) {
		n = strlen(words[i].name);
		if (n <= size && !memcmp(word + size - n, words[i].name, n))
			return words[i].what;
	}
	return NULL;
}

/* Of the words of a name, up to its unit address. */
static const char *name_fact(const char *name)
{
	const char *what = NULL;
	size_t n;

	while (*name && *name != '@' && !what) {
		for (n = 0; (name[n] >= 'a' && name[n] <= 'z') || (name[n] >= '0' && name[n] <= '9'); n++)
			;
		what = word_fact(name, n);
		name += n;
		if (!n)
			name++;
	}
	return what;
}

static const char *behind_vendor(const char *compatible)
{
	const char *s = compatible;

	while (*s && *s != ',')
		s++;
	return *s ? s + 1 : compatible;
}

static const char *property_fact(const char *name)
{
	static const char suffix[] = "system-power-controller";
	size_t size = strlen(name), n = sizeof(suffix) - 1;
	uint32_t i;

	if (size > n && !memcmp(name + size - n, suffix, n))
		name += size - n;	/* a vendor's */
	for (i = 0; i < ARRAY_LEN(properties); i++) {
		if (name[0] == properties[i].name[0] && !strcmp(name, properties[i].name))
			return properties[i].what;
	}
	return NULL;
}

bool control_name(const char *name)
{
	uint32_t ref = refs_find(name);

	return property_fact(name) || (ref != NO_REFERENCE && refs_table[ref].effect != REF_PASSIVE);
}

const char *control_of(const struct host *host, uint16_t node)
{
	uint32_t at = host->nodes[node].props, string = 0;
	const char *what = NULL, *s;
	struct dt_prop p;

	while (host->nodes[node].flags & NODE_CONTROL && !what && dt_next_prop(&host->dt, &at, &p))
		what = property_fact(p.name);
	if (what || !host->nodes[node].compatible)
		return what ? what : name_fact(host_name(host, node));
	p = host_prop(host, host->nodes[node].compatible);
	while (!what && (s = dt_string(&p, &string)))
		what = name_fact(behind_vendor(s));
	return what ? what : name_fact(host_name(host, node));
}
