/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual ns16550A of a guest with console = "uart": all registers of the PC16550D data sheet, in front of the
 * guest's console rings. What is transmitted is gone at once, so the transmitter is always empty; what is typed
 * comes into a receiver FIFO of 16 bytes as the guest makes room, so it overruns only when the input ring behind it
 * has. Its interrupt is a virtual source of the guest's emulated PLIC.
 *
 * Differences from the part: no baud rate is simulated, and a character time-out is immediate: data below the
 * trigger level are signalled at once. CTS, DSR and DCD are always up.
 *
 * Lock: vuart.lock; held together with console.lock or vplic.lock behind it. Harts of the guest alone take it.
 */
#ifndef HYP_VDEV_VUART_H
#define HYP_VDEV_VUART_H

#include "hyp/plan/plan.h"
#include "hyp/riscv/lock.h"

#define VUART_FIFO	16u

struct vintc;

struct vuart {
	/* Constant after vuart_create(). */
	const struct plan_vuart *plan;
	uint32_t vm;			/* whose rings */
	const struct vintc *intc;	/* NULL: no interrupt */

	struct lock lock;
	/* lock protects: */
	uint8_t ier, lcr, mcr, scr, dll, dlm;
	uint8_t fifo;			/* the bits of FCR that last */
	uint8_t errors;			/* LSR_OE, LSR_BI, until LSR is read */
	uint8_t msr;			/* deltas, until MSR is read */
	bool thre;			/* the THRE interrupt is pending */
	bool level;			/* the line's last state at the PLIC */
	uint32_t lost;			/* of console_lost_input(), reported as overrun */
	uint32_t first, len;		/* of rx */
	uint8_t rx[VUART_FIFO];
};

void vuart_create(struct vuart *u, const struct plan_vuart *plan, uint32_t vm, const struct vintc *intc);

/* State of power-on. Only while no vcpu of the VM runs; the PLIC is reset too. */
void vuart_reset(struct vuart *u);

/*
 * offset: bytes from the window's base, below its size; size: of the access. False if the device takes no access
 * of that size there. *changed: vcpus whose external interrupt line changed, which the caller notifies (vplic.h).
 */
bool vuart_takes(const void *state, uint64_t offset, uint32_t size);
bool vuart_read(struct vuart *u, uint64_t offset, uint32_t size, uint64_t *value, uint64_t *changed);
bool vuart_write(struct vuart *u, uint64_t offset, uint32_t size, uint64_t value, uint64_t *changed);

/* There is new input. Returns the changed vcpus. */
uint64_t vuart_poke(struct vuart *u);

#endif
