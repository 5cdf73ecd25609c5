/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's console; see console.h: rings, and which hart shows what they hold. While guests run, a writer
 * never waits for the device. Locks: one for each guest, held for a copy of a few bytes; what both ends of a ring use
 * is atomic (ring.h).
 */
#include "hyp/console/console.h"

#include "drivers/ns16550.h"
#include "drivers/virtio_console.h"
#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/base/upward.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/hart.h"
#include "hyp/riscv/sbi_call.h"
#include "hyp/riscv/lock.h"
#include "hyp/riscv/work.h"

#define OUT_SIZE	16384u	/* of a guest's output ring */
#define IN_SIZE		256u
#define FAST_HZ		1000u	/* polls while output is pending, */
#define SLOW_HZ		100u	/* and otherwise */

struct guest_console {
	struct lock lock;
	/* lock protects, among the guest's harts: */
	struct ring out;	/* the head */
	struct ring in;		/* the tail */
	uint8_t last;		/* byte that was written */
	/* atomic: */
	uint32_t dropped;	/* bytes of output; written under the lock */
	uint32_t lost_input;	/* bytes; written by the mux */
	uint8_t out_bytes[OUT_SIZE];
	uint8_t in_bytes[IN_SIZE];
};

_Static_assert(sizeof(struct guest_console) <= WORK_CONSOLE, "what the plan counts");

static struct guest_console *consoles[MAX_VMS];	/* constant after console_use() */

static const struct console_device *device;	/* constant after console_use() */
static const struct plan *plan;			/* likewise; NULL before */
static bool running;	/* atomic: guests run, no writer waits for the device; before that, each one does */
static uint32_t driver;	/* atomic: the hart that polls (CONSOLE_GUEST_HART), or that polls next (CONSOLE_DIRECT) */
static uint32_t kicked;	/* atomic: some hart is going to show what is pending, and has not begun */
static bool panicked;	/* atomic */

static size_t sbi_put(const char *text, size_t len)
{
	sbi_console_write(text, len);
	return len;
}

static const struct console_device sbi_console = { sbi_put, NULL, NULL, false };

__boot void console_init(void)
{
	sbi_console_init();
	plan = NULL;
	running = panicked = false;
	kicked = 0;
	log_init();
	device = &sbi_console;
}

static __boot const struct console_device *open_device(const struct plan_console *c)
{
	switch (c->kind) {
	case CONSOLE_SBI:
		break;
	case CONSOLE_NS16550:
		ns16550_init(c->base, c->reg_shift, c->reg_io_width);
		return &ns16550_console;
	case CONSOLE_VIRTIO:
		if (virtio_console_init(c->base) == OK)
			return &virtio_console;
		console_log("console %s: no virtio console with emergency write there; using the "
			    "firmware's", c->path);
		break;
	}
	return &sbi_console;
}

__boot void console_use(const struct plan *p)
{
	device = open_device(&p->console);
	for (uint32_t i = 0; i < p->nr_vms; i++) {
		struct guest_console *c = work_take(sizeof(*c), 64);

		consoles[i] = c;
		c->lock = (struct lock){ 0 };
		c->out = (struct ring){ .data = c->out_bytes, .size = OUT_SIZE };
		c->in = (struct ring){ .data = c->in_bytes, .size = IN_SIZE };
		c->dropped = c->lost_input = 0;
		c->last = '\n';
	}
	plan = p;
	driver = p->console.hart;
}

const struct console_device *console_device(void)
{
	return device;
}

/* The exchange pairs with that of console_take_kick(): either that hart sees the new bytes, or this one acts. */
static __noinline void kick(void)
{
	if (__atomic_exchange_n(&kicked, 1u, __ATOMIC_SEQ_CST))
		return;
	if (plan->console.drive == CONSOLE_OWN_HART) {
		hart_send_one(hart_get(plan->console.hart), MAIL_CONSOLE);
		return;
	}
	__atomic_store_n(&driver, this_hart()->index, __ATOMIC_RELAXED);
	upward.poll_at(console_next_poll(true));
}

void console_kick(void)
{
	if (plan->console.drive != CONSOLE_GUEST_HART)
		kick();
}

/* Output of that source is pending: notifies the hart that drives the console, or shows it. */
static void offer(uint32_t source)
{
	if (__atomic_load_n(&running, __ATOMIC_ACQUIRE))
		console_kick();
	else
		upward.drain(source);
}

void console_logged(void)
{
	offer(CONSOLE_LOG);
}

void console_print(const char *text)
{
	log_text(text);
	offer(CONSOLE_LOG);
}

/* The order of a hart's own text and its line is that of its stores; of other harts, whatever it is. */
void console_written(uint32_t written[MAX_VMS])
{
	uint32_t n = plan ? plan->nr_vms : 0;

	for (uint32_t i = 0; i < n; i++)
		written[i] = __atomic_load_n(&consoles[i]->out.head, __ATOMIC_ACQUIRE);
}

/* ---- the guests' side ---- */

void console_write(uint32_t vm, const char *text, size_t len)
{
	struct guest_console *c = consoles[vm];
	uint32_t n;

	lock_acquire(&c->lock);
	n = ring_put(&c->out, text, (uint32_t)len);
	if (n < len)
		__atomic_fetch_add(&c->dropped, (uint32_t)len - n, __ATOMIC_RELAXED);
	if (n)
		c->last = (uint8_t)text[n - 1];
	lock_release(&c->lock);
	offer(vm);
}

uint32_t console_read(uint32_t vm, void *to, uint32_t n)
{
	struct guest_console *c = consoles[vm];

	lock_acquire(&c->lock);
	n = ring_get(&c->in, to, n);
	lock_release(&c->lock);
	return n;
}

uint32_t console_lost_input(uint32_t vm)
{
	return __atomic_load_n(&consoles[vm]->lost_input, __ATOMIC_RELAXED);
}

void console_forget(uint32_t vm)
{
	struct guest_console *c = consoles[vm];

	lock_acquire(&c->lock);
	ring_clear(&c->in);
	lock_release(&c->lock);
}

void console_end(uint32_t vm)
{
	struct guest_console *c = consoles[vm];
	bool open;

	console_forget(vm);
	lock_acquire(&c->lock);
	open = c->last != '\n';
	lock_release(&c->lock);
	if (open)
		console_write(vm, "\n", 1);
}

/* ---- the mux's side ---- */

uint32_t console_fetch(uint32_t vm, void *to, uint32_t n)
{
	return ring_get(&consoles[vm]->out, to, n);
}

uint32_t console_fetched(uint32_t vm)
{
	return __atomic_load_n(&consoles[vm]->out.tail, __ATOMIC_RELAXED);
}

bool console_type(uint32_t vm, uint8_t byte)
{
	if (ring_put(&consoles[vm]->in, &byte, 1))
		return true;
	__atomic_fetch_add(&consoles[vm]->lost_input, 1, __ATOMIC_RELAXED);
	return false;
}

uint32_t console_dropped(uint32_t vm)
{
	return __atomic_load_n(&consoles[vm]->dropped, __ATOMIC_RELAXED);
}

uint32_t console_waiting(uint32_t vm)
{
	return ring_used(&consoles[vm]->out);
}

/* ---- the hart that drives ---- */

void console_set_driven(void)
{
	__atomic_store_n(&running, true, __ATOMIC_RELEASE);
}

void console_take_kick(void)
{
	(void)!__atomic_exchange_n(&kicked, 0u, __ATOMIC_SEQ_CST);
}

bool console_has_panicked(void)
{
	return __atomic_load_n(&panicked, __ATOMIC_ACQUIRE);
}

uint64_t console_next_poll(bool pending)
{
	return csr_read(CSR_TIME) + plan->timebase_hz / (pending ? FAST_HZ : SLOW_HZ);
}

uint64_t console_poll_start(uint32_t hart_index)
{
	if (!plan || plan->console.drive == CONSOLE_OWN_HART)
		return UINT64_MAX;
	if (plan->console.drive == CONSOLE_DIRECT) {	/* there is no input: a hart polls after it has written */
		console_set_driven();
		return UINT64_MAX;
	}
	if (__atomic_load_n(&driver, __ATOMIC_RELAXED) != hart_index)
		return UINT64_MAX;
	console_set_driven();
	return console_next_poll(false);
}

uint64_t console_poll_again(bool pending)
{
	if (plan->console.drive != CONSOLE_DIRECT)
		return console_next_poll(pending);
	if (!pending || __atomic_exchange_n(&kicked, 1u, __ATOMIC_SEQ_CST))
		return UINT64_MAX;
	__atomic_store_n(&driver, this_hart()->index, __ATOMIC_RELAXED);
	return console_next_poll(true);
}

/* If the first one comes back, two poll: one of them finds mux.lock taken, and polls again later. */
void console_lost(uint32_t hart_index)
{
	if (__atomic_load_n(&driver, __ATOMIC_RELAXED) != hart_index)
		return;
	__atomic_store_n(&driver, this_hart()->index, __ATOMIC_RELAXED);
	if (plan->console.drive != CONSOLE_DIRECT)
		return;
	console_take_kick();
	kick();
}

/* ---- the end ---- */

void console_finish(void)
{
	if (__atomic_load_n(&running, __ATOMIC_ACQUIRE))
		upward.finish(csr_read(CSR_TIME) + 2 * plan->timebase_hz);
}

/* What a line of a panic is without the mux; the lock may be held by this very hart. */
static void write_raw(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n' && device->crlf)
			console_device_write(device, "\r", 1);
		console_device_write(device, &text[i], 1);
	}
}

void console_panic(const char *format, ...)
{
	char text[CONSOLE_LINE];
	va_list ap;

	__atomic_store_n(&panicked, true, __ATOMIC_RELEASE);
	va_start(ap, format);
	write_raw(text, fmt_vstr(text, sizeof(text), format, ap));
	va_end(ap);
	write_raw("\n", 1);
}
