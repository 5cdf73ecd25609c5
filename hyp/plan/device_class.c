/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The class of a device, by the compatible strings of its node: UARTs, devices that cannot do DMA, and
 * devices that no guest can have. A device in no table counts as able to do DMA: a wrong guess costs a
 * line in the configuration, not the isolation. Machine control is in control.c.
 */
#include "hyp/base/str.h"
#include "hyp/plan/plan_int.h"

struct refusal {
	const char *compatible;
	const char *why;
};

#define WHY_TIMER	"it is the machine's timer and the firmware's; guests use SBI or Sstc"
#define WHY_INTC	"the hypervisor controls the interrupt controllers; a guest gets a virtual PLIC"
#define WHY_POWER	"it switches the whole machine off; guests power off by SBI"
#define WHY_IOMMU	"the hypervisor controls the IOMMUs, as they limit the memory that devices access"

static const struct refusal refused[] = {
	{ "riscv,clint0", WHY_TIMER },
	{ "sifive,clint0", WHY_TIMER },
	{ "sifive,clint2", WHY_TIMER },
	{ "thead,c900-clint", WHY_TIMER },
	{ "riscv,aclint-mtimer", WHY_TIMER },
	{ "riscv,aclint-mswi", WHY_TIMER },
	{ "riscv,aclint-sswi", WHY_TIMER },
	{ "thead,c900-aclint-mtimer", WHY_TIMER },
	{ "thead,c900-aclint-mswi", WHY_TIMER },
	{ "thead,c900-aclint-sswi", WHY_TIMER },
	{ "riscv,plic0", WHY_INTC },
	{ "sifive,plic-1.0.0", WHY_INTC },
	{ "thead,c900-plic", WHY_INTC },
	{ "andestech,nceplic100", WHY_INTC },
	{ "andestech,plicsw", WHY_INTC },
	{ "riscv,aplic", WHY_INTC },
	{ "riscv,imsics", WHY_INTC },
	{ "riscv,cpu-intc", WHY_INTC },
	{ "riscv,iommu", WHY_IOMMU },
	{ "riscv,pci-iommu", WHY_IOMMU },
	{ "riscv,pmu", "performance counters stay with the firmware" },
};

static const char *const powers[] = {
	"sifive,test0", "sifive,test1", "syscon-poweroff", "syscon-reboot", "gpio-poweroff", "gpio-restart",
	"regulator-poweroff",
};

static const char *const ns16550s[] = {
	"ns16550a", "ns16550", "ns8250", "ns16450", "ns16750", "snps,dw-apb-uart",
	"intel,xscale-uart", "spacemit,k1-uart", "mrvl,mmp-uart",
};

static const char *const uarts[] = {
	"sifive,uart0", "arm,pl011", "xlnx,xps-uartlite-1.00.a", "xlnx,opb-uartlite-1.00.b",
	"cdns,uart-r1p12", "microchip,mpfs-uart", "litex,liteuart",
};

static const char *const without_dma[] = {
	"google,goldfish-rtc", "sifive,gpio0", "snps,dw-apb-gpio", "arm,pl061", "sifive,pwm0",
	"snps,dw-wdt", "snps,dw-apb-timer", "arm,pl031", "sifive,i2c0", "opencores,i2c-ocores",
	"snps,designware-i2c", "sifive,spi0", "snps,dw-apb-ssi", "snps,dwc-ssi-1.01a",
	"xlnx,xps-gpio-1.00.a", "xlnx,xps-spi-2.00.a", "xlnx,xps-timer-1.00.a", "cfi-flash",
	"sifive,fu540-c000-prci", "sifive,fu740-c000-prci", "syscon", "mmio-sram",
	"starfive,jh7110-temp", "starfive,jh7110-wdt", "starfive,jh7110-pwm",
};

static bool has_compatible_of(const struct host *host, uint16_t node, const char *const *list,
		      uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (host_is_compatible(host, node, list[i]))
			return true;
	}
	return false;
}

bool device_switches_off(const struct host *host, uint16_t node)
{
	return has_compatible_of(host, node, powers, ARRAY_LEN(powers));
}

const char *device_refusal(const struct host *host, uint16_t node)
{
	struct dt_prop p;

	if (host_is_within(host, node, 0) && !node)
		return "it is the whole machine; name devices";
	if (host->cpus != NO_NODE && host_is_within(host, node, host->cpus))
		return "harts are assigned by \"harts\"";
	if (host->nodes[node].flags & NODE_MEMORY)
		return "RAM is assigned by \"memory\"";
	if (host->reserved_memory != NO_NODE && host_is_within(host, node, host->reserved_memory))
		return "reserved memory belongs to no guest";
	if (node == host->chosen || node == host->aliases)
		return "it is not a device";
	if (host_is_pci_bridge(host, node) && pci_bridge_refusal(host, node))
		return pci_bridge_refusal(host, node);
	if (device_switches_off(host, node))
		return WHY_POWER;
	if (host_find_prop(host, node, "#iommu-cells", &p))
		return WHY_IOMMU;
	for (uint32_t i = 0; i < ARRAY_LEN(refused); i++) {
		if (host_is_compatible(host, node, refused[i].compatible))
			return refused[i].why;
	}
	return NULL;
}

bool device_is_ns16550(const struct host *host, uint16_t node)
{
	return has_compatible_of(host, node, ns16550s, ARRAY_LEN(ns16550s));
}

bool device_is_uart(const struct host *host, uint16_t node)
{
	return device_is_ns16550(host, node) || has_compatible_of(host, node, uarts, ARRAY_LEN(uarts));
}

bool device_may_dma(const struct host *host, uint16_t node)
{
	struct range reg;

	/* A device without registers does no DMA: another node moves its data. */
	if (host_node_reg(host, node, 0, &reg) == ERR_NOTFOUND)
		return false;
	return !device_is_uart(host, node) &&
	       !has_compatible_of(host, node, without_dma, ARRAY_LEN(without_dma));
}
