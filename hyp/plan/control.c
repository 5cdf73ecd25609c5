/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that control the machine: power, resets, clocks, pins, voltages, caches, boot memory, and blocks of system
 * registers that have any of that. First counts what a node provides to others (dt-schema, schemas/, and the devicetree
 * bindings of regulators, watchdogs and caches). If a node provides nothing, its name and its compatible strings
 * decide, by words that bindings use. A word that is wrongly recognised costs a line in the configuration, not the
 * isolation.
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

struct word {
	const char *name;
	size_t size;		/* of name */
	const char *what;
};

#define WORD(text)	text, sizeof(text) - 1

/* Endings of the words in a node's name, and in a compatible string behind the vendor's name. */
static const struct word words[] = {
	{ WORD("syscon"), "a block of system registers" },
	{ WORD("sysctl"), "a block of system registers" },
	{ WORD("sysctrl"), "a block of system registers" },
	{ WORD("sysreg"), "a block of system registers" },
	{ WORD("syscfg"), "a block of system registers" },
	{ WORD("sysrst"), "a reset controller" },
	{ WORD("rst"), "a reset controller" },
	{ WORD("reset"), "a reset controller" },
	{ WORD("rstgen"), "a reset controller" },
	{ WORD("clk"), "a clock controller" },
	{ WORD("clock"), "a clock controller" },
	{ WORD("clkgen"), "a clock controller" },
	{ WORD("clkcfg"), "a clock controller" },
	{ WORD("crg"), "a clock controller" },
	{ WORD("cru"), "a clock controller" },
	{ WORD("cgu"), "a clock controller" },
	{ WORD("ccu"), "a clock controller" },
	{ WORD("prci"), "a clock controller" },
	{ WORD("pll"), "a clock controller" },
	{ WORD("power"), "a power controller" },
	{ WORD("pmu"), "a power controller" },
	{ WORD("pmic"), "a power controller" },
	{ WORD("pwrc"), "a power controller" },
	{ WORD("pinctrl"), "a pin controller" },
	{ WORD("pinmux"), "a pin controller" },
	{ WORD("iomux"), "a pin controller" },
	{ WORD("padctrl"), "a pin controller" },
	{ WORD("wdt"), "a watchdog" },
	{ WORD("watchdog"), "a watchdog" },
	{ WORD("cache"), "a cache controller" },
	{ WORD("ccache"), "a cache controller" },
	{ WORD("mbox"), "a mailbox to another processor" },
	{ WORD("mailbox"), "a mailbox to another processor" },
	{ WORD("otp"), "memory that others are set up from" },
	{ WORD("efuse"), "memory that others are set up from" },
	{ WORD("ddrc"), "a memory controller" },
	{ WORD("dmc"), "a memory controller" },
	{ WORD("flash"), "memory that the machine may boot from" },
	{ WORD("nor"), "memory that the machine may boot from" },
	{ WORD("nand"), "memory that the machine may boot from" },
	{ WORD("debug"), "a debug module" },
	{ WORD("poweroff"), "what switches the machine off" },
	{ WORD("reboot"), "what switches the machine off" },
};

static const char *word_fact(const char *word, size_t size)
{
	for (const struct word *w = words; size && w < words + ARRAY_LEN(words); w++) {
		if (w->size <= size && word[size - 1] == w->name[w->size - 1] &&
		    !memcmp(word + size - w->size, w->name, w->size))
			return w->what;
	}
	return NULL;
}

/* The fact by the words of a name, up to its unit address. */
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

	if (size > n && !memcmp(name + size - n, suffix, n))
		name += size - n;	/* a vendor's */
	for (uint32_t i = 0; i < ARRAY_LEN(properties); i++) {
		if (name[0] == properties[i].name[0] && !strcmp(name, properties[i].name))
			return properties[i].what;
	}
	return NULL;
}

bool control_name(const char *name)
{
	uint32_t ref = refs_find(name);

	return property_fact(name) || (ref != NO_REFERENCE && refs_kind(ref).effect != REF_PASSIVE);
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
