/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CSRs of the fake machine's harts: masks and aliases as the privileged ISA has them (1.13, "Supervisor-Level ISA"
 * and "Hypervisor Extension"; Sstc), as far as hyp/ or a guest depends on them.
 */
#include "hyp/riscv/csr.h"

#include "tests/unit/fake/machine.h"

#define CSR_JVT		0x017
#define CSR_SSP		0x011
#define CSR_SCTRSTATUS	0x14f
#define CSR_VSCTRCTL	0x24e
#define CSR_VSISELECT	0x250
#define CSR_SCONTEXT	0x5a8
#define HSTATUS_HU	(1ull << 9)
#define VS_BITS		0x444ull	/* VSSIP, VSTIP, VSEIP */
#define SSTATUS_MASK	((uint64_t)(SSTATUS_SIE | SSTATUS_SPIE | SSTATUS_SPP | SSTATUS_VS | SSTATUS_FS | \
				    SSTATUS_SUM | SSTATUS_MXR | SSTATUS_SPELP))

uint64_t fake_sip(unsigned hart)
{
	const struct fake_hw *hw = &fake.hw[hart];
	int16_t context = fake.plan.harts[hart].plic_context[0];
	uint64_t timer = fake.config.sstc ? hw->csr.stimecmp : hw->firmware_timer;
	uint64_t sip = hw->csr.ssip;

	if (fake.time >= timer)
		sip |= 1ull << IRQ_STI;
	if (context != NO_CONTEXT && naive_eip(&fake.plic, (uint32_t)context))
		sip |= 1ull << IRQ_SEI;
	return sip;
}

uint64_t fake_hip(unsigned hart)
{
	const struct fake_csrs *c = &fake.hw[hart].csr;
	uint64_t hip = c->hvip;

	if (fake.config.sstc && c->henvcfg & ENVCFG_STCE && fake.time + c->htimedelta >= c->vstimecmp)
		hip |= 1ull << IRQ_VSTI;
	return hip;
}

/* What each kind keeps. modes: of hgatp, as bits. */
static const struct {
	uint64_t hedeleg, hcounteren, hgeie, henvcfg, hstateen0;
	unsigned vmid_bits, modes;
} kinds[NR_FAKE_KINDS] = {
	[KIND_QEMU] = { 0xcb1ff, UINT32_MAX, 0, 0xe0000000000000f1, ~0ull, 14, 0xffff },
	[KIND_MAX] = { ~0ull, UINT32_MAX, 0xe, ~0ull, ~0ull, 7, 1 << 0 | 1 << 8 | 1 << 9 | 1 << 10 },
	[KIND_CVA6] = { 0xb1ff, UINT32_MAX, 0, 1, 0, 14, 1 << 0 | 1 << 8 },
};

static bool exists(unsigned csr)
{
	switch (csr) {
	case CSR_STIMECMP:
	case CSR_VSTIMECMP:
		return fake.config.sstc;
	case CSR_HENVCFG:
	case CSR_SENVCFG:
		return fake.config.envcfg;
	case CSR_HSTATEEN0: case CSR_HSTATEEN1: case CSR_HSTATEEN2: case CSR_HSTATEEN3:
	case CSR_SSTATEEN0: case 0x10d: case 0x10e: case 0x10f:
		return fake.config.stateen;
	case CSR_HTIMEDELTA:
		return fake.config.kind != KIND_CVA6;
	case CSR_TIME:
		return !fake.config.no_time;
	case CSR_FCSR:
		return fake.config.fp || fake.config.finx;
	case 0xc22:	/* vlenb */
		return fake.config.vector;
	case 0x340:	/* mscratch */
		return false;
	case CSR_HVIEN: case CSR_HVICTL: case CSR_HVIPRIO1: case CSR_HVIPRIO2: case CSR_VSISELECT:
	case CSR_SCTRCTL: case CSR_SCTRSTATUS: case CSR_VSCTRCTL: case CSR_SCONTEXT: case CSR_JVT: case CSR_SSP:
		return fake.config.kind == KIND_MAX;
	default:
		return true;
	}
}

/* CSRs that only keep what was written, less the bits that are always 0. NULL: not one of them. */
static uint64_t *plain(struct fake_csrs *c, unsigned csr, uint64_t *mask)
{
	*mask = UINT64_MAX;
	switch (csr) {
	case CSR_FCSR: *mask = 0xff; return &c->fcsr;
	case CSR_JVT: return &c->jvt;
	case CSR_SSP: return &c->ssp;
	case CSR_SSTATUS: *mask = fake.config.finx ? SSTATUS_MASK & ~(uint64_t)SSTATUS_FS : SSTATUS_MASK;
		return &c->sstatus;
	case CSR_SIE: *mask = 0x222; return &c->sie;
	case CSR_STVEC: *mask = ~2ull; return &c->stvec;
	case CSR_SCOUNTEREN: *mask = UINT32_MAX; return &c->scounteren;
	case CSR_SENVCFG: return &c->senvcfg;
	case CSR_SSTATEEN0: case 0x10d: case 0x10e: case 0x10f: return &c->sstateen[csr - CSR_SSTATEEN0];
	case CSR_SSCRATCH: return &c->sscratch;
	case CSR_SCAUSE: return &c->scause;
	case CSR_STVAL: return &c->stval;
	case CSR_SCTRCTL: return &c->sctrctl;
	case CSR_SCTRSTATUS: return &c->sctrstatus;
	case CSR_SCONTEXT: return &c->scontext;
	case CSR_VSISELECT: return &c->vsiselect;
	case CSR_VSCTRCTL: return &c->vsctrctl;
	case CSR_STIMECMP: return &c->stimecmp;
	case CSR_SATP: return &c->satp;
	case CSR_VSTVEC: *mask = ~2ull; return &c->vstvec;
	case CSR_VSSCRATCH: return &c->vsscratch;
	case CSR_VSEPC: *mask = ~1ull; return &c->vsepc;
	case CSR_VSCAUSE: return &c->vscause;
	case CSR_VSTVAL: return &c->vstval;
	case CSR_VSTIMECMP: return &c->vstimecmp;
	case CSR_VSATP: return &c->vsatp;
	case CSR_HSTATUS: *mask = HSTATUS_GVA | HSTATUS_SPV | HSTATUS_SPVP | HSTATUS_ARMED | HSTATUS_VTVM | HSTATUS_HU;
		return &c->hstatus;
	case CSR_HEDELEG: *mask = kinds[fake.config.kind].hedeleg; return &c->hedeleg;
	case CSR_HIDELEG: *mask = VS_BITS; return &c->hideleg;
	case CSR_HIE: *mask = VS_BITS; return &c->hie;
	case CSR_HTIMEDELTA: return &c->htimedelta;
	case CSR_HCOUNTEREN: *mask = kinds[fake.config.kind].hcounteren; return &c->hcounteren;
	case CSR_HGEIE: *mask = kinds[fake.config.kind].hgeie; return &c->hgeie;
	case CSR_HENVCFG: *mask = kinds[fake.config.kind].henvcfg & (fake.config.sstc ? ~0ul : ~ENVCFG_STCE);
		return &c->henvcfg;
	case CSR_HSTATEEN0: *mask = kinds[fake.config.kind].hstateen0; return &c->hstateen[0];
	case CSR_HSTATEEN1: case CSR_HSTATEEN2: case CSR_HSTATEEN3: return &c->hstateen[csr - CSR_HSTATEEN0];
	case CSR_HVIEN: return &c->hvien;
	case CSR_HVICTL: return &c->hvictl;
	case CSR_HVIPRIO1: return &c->hviprio1;
	case CSR_HVIPRIO2: return &c->hviprio2;
	case CSR_HTVAL: return &c->htval;
	case CSR_HTINST: return &c->htinst;
	case CSR_HVIP: *mask = VS_BITS; return &c->hvip;
	case CSR_HGATP: return &c->hgatp;
	default: return NULL;
	}
}

static uint64_t csr_of(unsigned hart, unsigned csr)
{
	struct fake_csrs *c = &fake.hw[hart].csr;
	uint64_t mask, *at;

	if (!exists(csr))
		fake_fail("CSR 0x%x does not exist", csr);
	switch (csr) {
	case CSR_TIME: return fake.time;
	case CSR_SIP: return fake_sip(hart);
	case CSR_HIP: return fake_hip(hart);
	case CSR_HVIP:	/* QEMU 11 shows what pends for HS-mode, too */
		return c->hvip | (fake.config.kind == KIND_MAX ? fake_sip(hart) & 0x222 : 0);
	case CSR_VSIP: return (fake_hip(hart) & c->hideleg) >> 1;
	case CSR_VSIE: return (c->hie & c->hideleg) >> 1;
	case CSR_VSSTATUS: return c->vsstatus | VSSTATUS_UXL_64;
	case CSR_HSTATUS: return c->hstatus | HSTATUS_VSXL_64;
	}
	at = plain(c, csr, &mask);
	if (!at)
		fake_fail("CSR 0x%x is not expected to be read", csr);
	return *at;
}

uint64_t fake_csr_of(unsigned hart, unsigned csr)
{
	uint64_t value = csr_of(hart, csr);

	return csr == fake.config.stuck.csr ? (value | fake.config.stuck.ones) & ~fake.config.stuck.zeros : value;
}

enum err fake_csr_probe(unsigned csr, uint64_t *out)
{
	*out = 0;
	return exists(csr) ? OK : ERR_FAULT;
}

/* hgatp as a whole is not written if the hart lacks the mode. */
static void hgatp_to(struct fake_hw *hw, uint64_t value)
{
	uint64_t vmids = ((1ull << kinds[fake.config.kind].vmid_bits) - 1) << HGATP_VMID_SHIFT;

	if (kinds[fake.config.kind].modes >> (value >> HGATP_MODE_SHIFT) & 1)
		hw->csr.hgatp = value & (0xful << HGATP_MODE_SHIFT | vmids | ((1ull << HGATP_VMID_SHIFT) - 1));
}

void fake_csr_to(unsigned hart, unsigned csr, uint64_t value)
{
	struct fake_csrs *c = &fake.hw[hart].csr;
	uint64_t mask, *at;

	if (!exists(csr))
		fake_fail("CSR 0x%x does not exist", csr);
	switch (csr) {
	case CSR_SIP:
		c->ssip = value & 1ull << IRQ_SSI;
		return;
	case CSR_VSIP:	/* only SSIP can be written, and it is hvip's */
		c->hvip = (c->hvip & ~(1ull << IRQ_VSSI)) | (value << 1 & 1ull << IRQ_VSSI);
		return;
	case CSR_VSIE:
		c->hie = (c->hie & ~c->hideleg) | (value << 1 & c->hideleg);
		return;
	case CSR_VSSTATUS:
		c->vsstatus = value & SSTATUS_MASK;
		return;
	case CSR_HGATP:
		hgatp_to(&fake.hw[hart], value);
		return;
	}
	at = plain(c, csr, &mask);
	if (!at)
		fake_fail("CSR 0x%x is not expected to be written", csr);
	*at = value & mask;
}

static unsigned current(void)
{
	if (fake.running < 0)
		fake_fail("no hart is in the hypervisor");
	fake.nr_csr++;
	return (unsigned)fake.running;
}

uint64_t fake_csr_read(unsigned csr)
{
	return fake_csr_of(current(), csr);
}

void fake_csr_write(unsigned csr, uint64_t value)
{
	unsigned hart = current();

	fake.hw[hart].gvma_stale |= csr == CSR_HGATP;
	fake.hw[hart].vvma_stale |= csr == CSR_VSATP;	/* if a guest writes it, the fence is the guest's, too */
	fake_csr_to(hart, csr, value);
}

void fake_csr_set(unsigned csr, uint64_t bits)
{
	unsigned hart = current();

	fake_csr_to(hart, csr, fake_csr_of(hart, csr) | bits);
}

void fake_csr_clear(unsigned csr, uint64_t bits)
{
	unsigned hart = current();

	fake_csr_to(hart, csr, fake_csr_of(hart, csr) & ~bits);
}

/* The entropy source of Zkr: two of four times it has nothing yet. Only seed is swapped. */
uint64_t fake_csr_swap(unsigned csr, uint64_t value)
{
	uint32_t n = fake.nr_seeds++;

	(void)current();
	if (csr != CSR_SEED || !fake.config.zkr || value)
		fake_fail("CSR 0x%x is not expected to be swapped", csr);
	if (fake.seed == SEED_DIES && n % 8 == 7)
		return SEED_DEAD;
	if (n % 4 < 2 || fake.seed == SEED_NEVER_READY)
		return (n % 2 ? SEED_WAIT : SEED_BIST) | 0xdead;
	return SEED_ES16 | (n * 40503u & 0xffff);
}
