/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See imsic.h. No lock: all state belongs to the calling hart. */
#include "hyp/riscv/imsic.h"

#include "hyp/riscv/csr.h"

#define EIDELIVERY	0x70u
#define EITHRESHOLD	0x72u
#define EIP0		0x80u	/* even numbers alone on RV64: 64 identities each */
#define EIE0		0xc0u

bool imsic_has_file(uint32_t file)
{
	uint64_t files;

	csr_write(CSR_HGEIE, ~1ul);
	files = csr_read(CSR_HGEIE);
	csr_write(CSR_HGEIE, 0);
	return files >> file & 1;
}

static void write_own(uint64_t reg, uint64_t value)
{
	csr_write(CSR_SISELECT, reg);
	csr_write(CSR_SIREG, value);
}

void imsic_close_own(void)
{
	write_own(EIDELIVERY, 0);
}

void imsic_open_own(uint32_t ids, uint32_t id)
{
	write_own(EIDELIVERY, 0);
	for (uint32_t i = 0; i <= ids / 64; i++) {
		write_own(EIE0 + 2 * i, i == id / 64 ? 1ul << id % 64 : 0);
		write_own(EIP0 + 2 * i, 0);
	}
	write_own(EITHRESHOLD, 0);
	write_own(EIDELIVERY, 1);
}

uint32_t imsic_claim_own(void)
{
	return (uint32_t)(csr_swap(CSR_STOPEI, 0) >> 16);
}

static void write_file(uint64_t reg, uint64_t value)
{
	csr_write(CSR_VSISELECT, reg);
	csr_write(CSR_VSIREG, value);
}

void imsic_clear_file(uint32_t ids)
{
	write_file(EIDELIVERY, 0);
	write_file(EITHRESHOLD, 0);
	for (uint32_t i = 0; i <= ids / 64; i++) {
		write_file(EIE0 + 2 * i, 0);
		write_file(EIP0 + 2 * i, 0);
	}
	csr_write(CSR_VSISELECT, 0);
}

bool imsic_pends(uint32_t file)
{
	return csr_read(CSR_HGEIP) >> file & csr_read(CSR_HIE) >> IRQ_VSEI & 1;
}

/* hgeip raises SGEIP. A guest that has external interrupts off is not woken: what pends would keep the hart awake. */
void imsic_wake(uint32_t file, bool on)
{
	on &= csr_read(CSR_HIE) >> IRQ_VSEI & 1;
	csr_write(CSR_HGEIE, on ? 1ul << file : 0);
	if (on)
		csr_set(CSR_HIE, 1ul << IRQ_SGEI);
	else
		csr_clear(CSR_HIE, 1ul << IRQ_SGEI);
}
