/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual ns16550A; see vuart.h. Source: PC16550D data sheet, "Registers" and "FIFO Interrupt Mode Operation".
 * Lock: vuart.lock, in each function of the interface.
 */
#include "hyp/vdev/vuart.h"

#include "hyp/base/str.h"
#include "hyp/console/console.h"
#include "hyp/vdev/vintc.h"

enum { RBR_THR_DLL, IER_DLM, IIR_FCR, LCR, MCR, LSR, MSR, SCR };

#define IER_ERBFI	0x01u	/* received data */
#define IER_ETBEI	0x02u	/* transmitter empty */
#define IER_ELSI	0x04u	/* errors */
#define IER_EDSSI	0x08u	/* modem status */
#define IER_BITS	0x0fu

#define IIR_NONE	0x01u
#define IIR_LINE	0x06u
#define IIR_DATA	0x04u
#define IIR_TIMEOUT	0x0cu
#define IIR_THRE	0x02u
#define IIR_MODEM	0x00u
#define IIR_FIFOS	0xc0u

#define FCR_ENABLE	0x01u
#define FCR_CLEAR_RX	0x02u
#define FCR_LASTING	0xc9u	/* enable, DMA mode, trigger */

#define LCR_DLAB	0x80u
#define LCR_BREAK	0x40u

#define MCR_LOOP	0x10u
#define MCR_BITS	0x1fu

#define LSR_DR		0x01u
#define LSR_OE		0x02u
#define LSR_BI		0x10u
#define LSR_THRE_TEMT	0x60u
#define LSR_FIFO_ERROR	0x80u

#define MSR_TERI	0x04u
#define MSR_DELTAS	0x0fu
#define MSR_LINES	0xf0u
#define MSR_RI		0x40u
#define MSR_PRESENT	0xb0u	/* DCD, DSR, CTS */

/* ---- the receiver ---- */

static uint32_t depth(const struct vuart *u)
{
	return u->fifo & FCR_ENABLE ? VUART_FIFO : 1;
}

static void receive(struct vuart *u, uint8_t byte)
{
	if (u->len == depth(u)) {
		u->errors |= LSR_OE;
		if (depth(u) == 1)	/* the register is overwritten; with FIFOs the new byte is lost */
			u->rx[u->first] = byte;
		return;
	}
	u->rx[(u->first + u->len++) % VUART_FIFO] = byte;
}

/* Takes from the ring what there is room for. The loop-back has the receiver for itself. */
static void fill(struct vuart *u)
{
	uint32_t lost = console_lost_input(u->vm);
	uint8_t byte;

	if (u->mcr & MCR_LOOP)
		return;
	while (u->len < depth(u) && console_read(u->vm, &byte, 1))
		receive(u, byte);
	if (lost != u->lost)
		u->errors |= LSR_OE;
	u->lost = lost;
}

/* Without a read by the guest: only where input can interrupt. The guest may read the ring by the SBI, too. */
static void fill_for_interrupt(struct vuart *u)
{
	if (u->ier & (IER_ERBFI | IER_ELSI))
		fill(u);
}

static uint8_t take(struct vuart *u)
{
	uint8_t byte;

	fill(u);
	if (!u->len)
		return 0;
	byte = u->rx[u->first];
	u->first = (u->first + 1) % VUART_FIFO;
	u->len--;
	fill(u);
	return byte;
}

static uint32_t trigger(const struct vuart *u)
{
	static const uint8_t levels[] = { 1, 4, 8, 14 };

	return u->fifo & FCR_ENABLE ? levels[u->fifo >> 6] : 1;
}

/* ---- modem lines ---- */

/* In the loop-back the outputs are the inputs: RTS is CTS, DTR is DSR, OUT1 is RI, OUT2 is DCD. */
static uint8_t lines(uint8_t mcr)
{
	if (!(mcr & MCR_LOOP))
		return MSR_PRESENT;
	return (uint8_t)((mcr & 2) << 3 | (mcr & 1) << 5 | (mcr & 4) << 4 | (mcr & 8) << 4);
}

static void set_mcr(struct vuart *u, uint8_t value)
{
	uint8_t was = lines(u->mcr), now = lines(value), changed = was ^ now;

	u->mcr = value & MCR_BITS;
	u->msr |= (changed & (MSR_LINES & ~MSR_RI)) >> 4;
	if (was & ~now & MSR_RI)	/* its trailing edge alone */
		u->msr |= MSR_TERI;
}

/* ---- interrupts ---- */

static uint8_t interrupt(const struct vuart *u)
{
	if (u->ier & IER_ELSI && u->errors)
		return IIR_LINE;
	if (u->ier & IER_ERBFI && u->len)
		return u->len >= trigger(u) ? IIR_DATA : IIR_TIMEOUT;
	if (u->ier & IER_ETBEI && u->thre)
		return IIR_THRE;
	if (u->ier & IER_EDSSI && u->msr & MSR_DELTAS)
		return IIR_MODEM;
	return IIR_NONE;
}

/* Passes the level to the interrupt controller, under the lock: levels must arrive in the order in which they were. */
static uint64_t update(struct vuart *u)
{
	bool level = interrupt(u) != IIR_NONE;

	if (level == u->level || !u->intc)
		return 0;
	u->level = level;
	return u->intc->ops->set_level(u->intc->state, u->plan->irq, level);
}

/* ---- registers ---- */

static uint8_t read_iir(struct vuart *u)
{
	uint8_t id = interrupt(u);

	if (id == IIR_THRE)
		u->thre = false;
	return id | (u->fifo & FCR_ENABLE ? IIR_FIFOS : 0);
}

static uint8_t read_lsr(struct vuart *u)
{
	uint8_t value = LSR_THRE_TEMT | u->errors | (u->len ? LSR_DR : 0);

	if (u->errors & LSR_BI && u->fifo & FCR_ENABLE)
		value |= LSR_FIFO_ERROR;
	u->errors = 0;
	return value;
}

static uint8_t read_register(struct vuart *u, uint32_t reg)
{
	uint8_t value;

	switch (reg) {
	case RBR_THR_DLL: return u->lcr & LCR_DLAB ? u->dll : take(u);
	case IER_DLM: return u->lcr & LCR_DLAB ? u->dlm : u->ier;
	case IIR_FCR: return read_iir(u);
	case LCR: return u->lcr;
	case MCR: return u->mcr;
	case LSR: return read_lsr(u);
	case MSR:
		value = lines(u->mcr) | u->msr;
		u->msr = 0;
		return value;
	case SCR: return u->scr;
	default: return 0;
	}
}

static void transmit(struct vuart *u, uint8_t byte)
{
	if (u->mcr & MCR_LOOP)
		receive(u, byte);
	else
		console_write(u->vm, (const char *)&byte, 1);
	u->thre = true;		/* empty again at once */
}

static void set_ier(struct vuart *u, uint8_t value)
{
	if (value & ~u->ier & IER_ETBEI)	/* the transmitter is empty when it is asked for */
		u->thre = true;
	u->ier = value & IER_BITS;
}

static void set_fcr(struct vuart *u, uint8_t value)
{
	uint8_t lasting = value & FCR_ENABLE ? value & FCR_LASTING : 0;	/* the others count with it only */

	if ((u->fifo ^ lasting) & FCR_ENABLE || (value & FCR_ENABLE && value & FCR_CLEAR_RX))
		u->len = u->first = 0;
	u->fifo = lasting;
}

static void set_lcr(struct vuart *u, uint8_t value)
{
	if (value & ~u->lcr & LCR_BREAK && u->mcr & MCR_LOOP) {	/* a break comes back as a 0 */
		receive(u, 0);
		u->errors |= LSR_BI;
	}
	u->lcr = value;
}

static void write_register(struct vuart *u, uint32_t reg, uint8_t value)
{
	switch (reg) {
	case RBR_THR_DLL:
		if (u->lcr & LCR_DLAB)
			u->dll = value;
		else
			transmit(u, value);
		break;
	case IER_DLM:
		if (u->lcr & LCR_DLAB)
			u->dlm = value;
		else
			set_ier(u, value);
		break;
	case IIR_FCR: set_fcr(u, value); break;
	case LCR: set_lcr(u, value); break;
	case MCR: set_mcr(u, value); break;
	case SCR: u->scr = value; break;
	}
}

bool vuart_takes(const void *state, uint64_t offset, uint32_t size)
{
	const struct vuart *u = state;

	return (size == 1 || size == u->plan->reg_io_width) && !(offset % size);
}

/* The register at an offset; -1: none, which reads as 0. False: not an access that the device takes. */
static bool find_register(const struct vuart *u, uint64_t offset, uint32_t size, int *reg)
{
	uint32_t shift = u->plan->reg_shift;

	if (!vuart_takes(u, offset, size))
		return false;
	*reg = offset >> shift < 8 && !(offset & ((1u << shift) - 1)) ? (int)(offset >> shift) : -1;
	return true;
}

bool vuart_read(struct vuart *u, uint64_t offset, uint32_t size, uint64_t *value, uint64_t *changed)
{
	int reg;

	*value = *changed = 0;
	if (!find_register(u, offset, size, &reg))
		return false;
	lock_acquire(&u->lock);
	fill(u);
	*value = read_register(u, (uint32_t)reg);
	*changed = update(u);
	lock_release(&u->lock);
	return true;
}

bool vuart_write(struct vuart *u, uint64_t offset, uint32_t size, uint64_t value, uint64_t *changed)
{
	int reg;

	*changed = 0;
	if (!find_register(u, offset, size, &reg))
		return false;
	lock_acquire(&u->lock);
	write_register(u, (uint32_t)reg, (uint8_t)value);
	fill_for_interrupt(u);
	*changed = update(u);
	lock_release(&u->lock);
	return true;
}

uint64_t vuart_poke(struct vuart *u)
{
	uint64_t changed;

	if (!u->plan)
		return 0;
	lock_acquire(&u->lock);
	fill_for_interrupt(u);
	changed = update(u);
	lock_release(&u->lock);
	return changed;
}

/* ---- creation and reset ---- */

__boot void vuart_create(struct vuart *u, const struct plan_vuart *plan, uint32_t vm, const struct vintc *intc)
{
	memset(u, 0, sizeof(*u));
	u->plan = plan;
	u->vm = vm;
	u->intc = plan->irq ? intc : NULL;
}

void vuart_reset(struct vuart *u)
{
	if (!u->plan)
		return;
	lock_acquire(&u->lock);
	u->ier = u->lcr = u->mcr = u->scr = u->dll = u->dlm = 0;
	u->fifo = u->errors = u->msr = 0;
	u->thre = u->level = false;
	u->first = u->len = 0;
	u->lost = console_lost_input(u->vm);
	lock_release(&u->lock);
}
