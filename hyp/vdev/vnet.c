/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registers and interrupts of a virtual network card; see vnet.h. VIRTIO 1.2, 4.2.2 (MMIO) and 5.1 (network). */
#include "hyp/vdev/vnet_int.h"

#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/riscv/hart.h"

enum {
	MAGIC = 0x00, VERSION = 0x04, DEVICE_ID = 0x08, VENDOR_ID = 0x0c, DEVICE_FEATURES = 0x10,
	DEVICE_SELECT = 0x14, DRIVER_FEATURES = 0x20, DRIVER_SELECT = 0x24, QUEUE_SELECT = 0x30, QUEUE_MAX = 0x34,
	QUEUE_SIZE = 0x38, QUEUE_READY = 0x44, QUEUE_NOTIFY = 0x50, PENDING = 0x60, ACKNOWLEDGE = 0x64, STATUS = 0x70,
	QUEUE_DESCRIPTORS = 0x80, QUEUE_DRIVER = 0x90, QUEUE_DEVICE = 0xa0, SHM_LENGTH = 0xb0, SHM_BASE = 0xb8,
	GENERATION = 0xfc, CONFIG = 0x100,
};

#define CONFIG_SIZE		8u	/* MAC, status */
#define CONFIG_LINK		6u	/* offset of the status, of 16 bits: bit 0 is "link up" */

#define MAGIC_VALUE		0x74726976u	/* "virt" */
#define DEVICE_NET		1u
#define VENDOR			0x4b4c5542u	/* "BULK" */

#define FEATURE_EVENT_IDX	(1ull << 29)
#define FEATURE_VERSION_1	(1ull << 32)
#define SEGMENTS_OUT		(VNET_HOST_TSO4 | VNET_HOST_TSO6)
#define SEGMENTS_IN		(VNET_GUEST_TSO4 | VNET_GUEST_TSO6)
#define FEATURES		(FEATURE_EVENT_IDX | FEATURE_VERSION_1 | VNET_MAC | VNET_STATUS | VNET_MRG_RXBUF | \
				 VNET_CSUM | VNET_GUEST_CSUM | SEGMENTS_OUT | SEGMENTS_IN)

#define STATUS_FEATURES_OK	8u
#define STATUS_FAILED		0x80u
#define STATUS_BITS		(1u | 2u | STATUS_DRIVER_OK | STATUS_FEATURES_OK | STATUS_FAILED)

#define QUEUE_RECEIVE		0u
#define QUEUE_TRANSMIT		1u
#define NR_QUEUES		2u

/* All cards, by network and port. Constant after boot. */
static struct vnet *cards[MAX_NETS][MAX_VMS];

struct vnet *vnet_at(const struct vnet *n, uint32_t port)
{
	return cards[n->plan->net][port];
}

/* ---- interrupts ---- */

bool vnet_mark(struct vnet *n, uint32_t pending)
{
	return !(__atomic_fetch_or(&n->pending, pending, __ATOMIC_ACQ_REL) & pending);
}

void vnet_mail(struct vnet *n)
{
	hart_send_one(n->hart, MAIL_LINK);
}

bool vnet_fail(struct vnet *n)
{
	uint32_t status = __atomic_fetch_or(&n->status, STATUS_NEEDS_RESET, __ATOMIC_ACQ_REL);

	return status & STATUS_DRIVER_OK && vnet_mark(n, PENDING_CONFIG);
}

/* Under the lock: passes the level to the interrupt controller. */
static uint64_t update(struct vnet *n)
{
	bool level = vnet_runs(n) && __atomic_load_n(&n->pending, __ATOMIC_ACQUIRE);

	if (level == n->level)
		return 0;
	n->level = level;
	return n->intc->ops->set_level(n->intc->state, n->plan->irq, level);
}

/*
 * Mail for these ports; without a lock, as it may be a call of the firmware. What is left to send is sent when this
 * hart takes its mail: its guest gets other interrupts before.
 */
static void post(struct vnet *n, uint32_t ports)
{
	for (; ports; ports &= ports - 1) {
		uint32_t port = (uint32_t)__builtin_ctz(ports);

		if (port == n->plan->port)
			hart_send_one(this_hart(), MAIL_LINK);
		else
			vnet_mail(vnet_at(n, port));
	}
}

uint64_t vnet_poke(struct vnet *n)
{
	uint64_t changed;
	uint32_t mail = 0;

	lock_acquire(&n->lock);
	if (n->more)
		mail = vnet_transmit(n);
	changed = update(n);
	lock_release(&n->lock);
	post(n, mail);
	return changed;
}

/* ---- the link: up while another guest of the network runs ---- */

static bool link_is_up(const struct vnet *n)
{
	bool up = false;

	for (uint32_t i = 0; i < n->net->nr_ports; i++)
		up |= vnet_at(n, i) != n && vnet_runs(vnet_at(n, i));
	return up;
}

static uint32_t generation(const struct vnet *n)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < n->net->nr_ports; i++)
		sum += __atomic_load_n(&vnet_at(n, i)->life, __ATOMIC_ACQUIRE);
	return sum;
}

static void announce(const struct vnet *n)
{
	for (uint32_t i = 0; i < n->net->nr_ports; i++) {
		struct vnet *to = vnet_at(n, i);
		bool mail;

		if (to == n)
			continue;
		lock_acquire(&to->receive_lock);	/* held for one frame at most */
		mail = vnet_runs(to) && __atomic_load_n(&to->status, __ATOMIC_ACQUIRE) & STATUS_DRIVER_OK &&
		       vnet_mark(to, PENDING_CONFIG);
		lock_release(&to->receive_lock);
		if (mail)
			vnet_mail(to);
	}
}

/* ---- registers ---- */

static uint64_t read_config(const struct vnet *n, uint32_t offset)
{
	uint8_t config[CONFIG_SIZE + 4] = { 0 };	/* a read of 4 bytes at its end */
	uint32_t value = 0;

	memcpy(config, n->plan->mac, 6);
	config[CONFIG_LINK] = link_is_up(n);
	for (uint32_t i = 0; i < 4; i++)
		value |= (uint32_t)config[offset + i] << 8 * i;
	return value;
}

static uint32_t read_register(const struct vnet *n, uint64_t offset)
{
	const struct vring *set = &n->set[n->queue_select % NR_QUEUES];
	bool exists = n->queue_select < NR_QUEUES;

	switch (offset) {
	case MAGIC: return MAGIC_VALUE;
	case VERSION: return 2;
	case DEVICE_ID: return DEVICE_NET;
	case VENDOR_ID: return VENDOR;
	case DEVICE_FEATURES: return n->device_select < 2 ? (uint32_t)(FEATURES >> 32 * n->device_select) : 0;
	case QUEUE_MAX: return exists ? VRING_MAX_SIZE : 0;
	case QUEUE_READY: return exists && set->ready;
	case PENDING: return __atomic_load_n(&n->pending, __ATOMIC_ACQUIRE);
	case STATUS: return __atomic_load_n(&n->status, __ATOMIC_ACQUIRE);
	case SHM_LENGTH: case SHM_LENGTH + 4: case SHM_BASE: case SHM_BASE + 4: return UINT32_MAX;	/* none */
	case GENERATION: return generation(n);
	default: return 0;
	}
}

bool vnet_takes(const void *state, uint64_t offset, uint32_t size)
{
	(void)state;
	if (offset >= CONFIG)
		return size <= 4 && !(offset % size);
	return size == 4 && !(offset % 4);
}

uint64_t vnet_read(void *state, uint64_t offset, uint64_t *value)
{
	struct vnet *n = state;

	if (offset >= CONFIG) {
		*value = offset < CONFIG + CONFIG_SIZE ? read_config(n, (uint32_t)(offset - CONFIG)) : 0;
		return 0;
	}
	lock_acquire(&n->lock);
	*value = read_register(n, offset);
	lock_release(&n->lock);
	return 0;
}

/* Under the lock: both queues stop, and nothing is pending. */
static void reset_state(struct vnet *n)
{
	memset(n->set, 0, sizeof(n->set));
	n->driver_features = 0;
	n->device_select = n->driver_select = n->queue_select = 0;
	n->transmit.ready = n->more = false;
	lock_acquire(&n->receive_lock);
	n->receive.ready = false;
	__atomic_store_n(&n->status, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&n->pending, 0, __ATOMIC_RELEASE);
	lock_release(&n->receive_lock);
}

/*
 * Queues work from DRIVER_OK on. The driver notifies of the first frame to send, and of no buffer to receive: frames do
 * not wait for buffers.
 */
static void begin(struct vnet *n)
{
	for (uint32_t i = 0; i < NR_QUEUES; i++) {
		n->set[i].events = n->driver_features & FEATURE_EVENT_IDX;
		if (n->set[i].ready && !vring_start(&n->set[i], n->vm, i == QUEUE_TRANSMIT)) {
			n->set[i].ready = false;
			vnet_fail(n);
		}
	}
	n->transmit = n->set[QUEUE_TRANSMIT];
	lock_acquire(&n->receive_lock);
	n->receive = n->set[QUEUE_RECEIVE];
	n->receives = n->driver_features;
	lock_release(&n->receive_lock);
}

/* Segments come without a checksum (5.1.3.1). */
static bool fit(uint64_t features)
{
	return !(features & ~FEATURES) && features & FEATURE_VERSION_1 &&
	       (!(features & SEGMENTS_OUT) || features & VNET_CSUM) &&
	       (!(features & SEGMENTS_IN) || features & VNET_GUEST_CSUM);
}

static void write_status(struct vnet *n, uint32_t value)
{
	uint32_t old = __atomic_load_n(&n->status, __ATOMIC_ACQUIRE), set;

	if (!value) {
		reset_state(n);
		return;
	}
	set = value & STATUS_BITS & ~old;
	if (set & STATUS_FEATURES_OK && !fit(n->driver_features))
		set &= ~STATUS_FEATURES_OK;
	if (set & STATUS_DRIVER_OK && !((old | set) & STATUS_FEATURES_OK))
		set &= ~STATUS_DRIVER_OK;
	__atomic_fetch_or(&n->status, set, __ATOMIC_ACQ_REL);
	if (set & STATUS_DRIVER_OK)
		begin(n);
}

/* The queue that is selected is off until it is ready again and the driver has begun anew. */
static void stop_queue(struct vnet *n)
{
	n->set[n->queue_select].ready = false;
	if (n->queue_select == QUEUE_TRANSMIT) {
		n->transmit.ready = n->more = false;
		return;
	}
	lock_acquire(&n->receive_lock);
	n->receive.ready = false;
	lock_release(&n->receive_lock);
}

/* A ring that is not sound stays off, and the device needs a reset. */
static void write_ready(struct vnet *n, struct vring *set, uint32_t value)
{
	if (!(value & 1)) {
		stop_queue(n);
		return;
	}
	if (!vring_is_sound(set)) {
		vnet_fail(n);
		return;
	}
	set->next_available = set->next_used = 0;
	set->ready = true;
}

static void set_half(uint64_t *to, bool high, uint32_t value)
{
	if (high)
		*to = (uint32_t)*to | (uint64_t)value << 32;
	else
		*to = (*to & ~(uint64_t)UINT32_MAX) | value;
}

/* Of the queue that is selected. While it is ready, it does not move. */
static void write_queue(struct vnet *n, uint64_t offset, uint32_t value)
{
	struct vring *set = &n->set[n->queue_select % NR_QUEUES];

	if (n->queue_select >= NR_QUEUES || (set->ready && (offset != QUEUE_READY || value & 1)))
		return;
	switch (offset) {
	case QUEUE_SIZE: set->size = value; break;
	case QUEUE_READY: write_ready(n, set, value); break;
	case QUEUE_DESCRIPTORS: case QUEUE_DESCRIPTORS + 4: set_half(&set->descriptors, offset & 4, value); break;
	case QUEUE_DRIVER: case QUEUE_DRIVER + 4: set_half(&set->driver, offset & 4, value); break;
	case QUEUE_DEVICE: case QUEUE_DEVICE + 4: set_half(&set->device, offset & 4, value); break;
	}
}

static void write_features(struct vnet *n, uint32_t value)
{
	if (__atomic_load_n(&n->status, __ATOMIC_ACQUIRE) & STATUS_FEATURES_OK)
		return;
	if (n->driver_select < 2)
		set_half(&n->driver_features, n->driver_select, value);
}

/* The ports whose harts need mail. */
static uint32_t write_register(struct vnet *n, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case DEVICE_SELECT: n->device_select = value; break;
	case DRIVER_FEATURES: write_features(n, value); break;
	case DRIVER_SELECT: n->driver_select = value; break;
	case QUEUE_SELECT: n->queue_select = value; break;
	case QUEUE_NOTIFY: return value == QUEUE_TRANSMIT ? vnet_transmit(n) : 0;
	case ACKNOWLEDGE: __atomic_fetch_and(&n->pending, ~value, __ATOMIC_ACQ_REL); break;
	case STATUS: write_status(n, value); break;
	default: write_queue(n, offset, value);
	}
	return 0;
}

uint64_t vnet_write(void *state, uint64_t offset, uint32_t value)
{
	struct vnet *n = state;
	uint64_t changed;
	uint32_t mail;

	if (offset >= CONFIG)
		return 0;
	lock_acquire(&n->lock);
	mail = write_register(n, offset, value);
	changed = update(n);
	lock_release(&n->lock);
	post(n, mail);
	return changed;
}

size_t vnet_describe(const struct vnet *n, char *text, size_t size)
{
	const struct vnet_counts *c = &n->counts;

	return fmt_str(text, size, "network %s: frames sent %u, received %u, lost %u, of a foreign source %u, malformed %u",
		       n->net->name, __atomic_load_n(&c->sent, __ATOMIC_RELAXED),
		       __atomic_load_n(&c->received, __ATOMIC_RELAXED), __atomic_load_n(&c->lost, __ATOMIC_RELAXED),
		       __atomic_load_n(&c->foreign, __ATOMIC_RELAXED), __atomic_load_n(&c->bad, __ATOMIC_RELAXED));
}

/* ---- creation, start and reset ---- */

void vnet_start(struct vnet *n)
{
	__atomic_fetch_add(&n->life, 1, __ATOMIC_ACQ_REL);
	announce(n);
}

void vnet_reset(struct vnet *n)
{
	bool ran = vnet_runs(n);

	lock_acquire(&n->lock);
	if (ran)	/* first: no frame is delivered any more, and no interrupt raised */
		__atomic_fetch_add(&n->life, 1, __ATOMIC_ACQ_REL);
	reset_state(n);
	n->level = false;
	lock_release(&n->lock);
	if (ran)
		announce(n);
}

__boot void vnet_create(struct vnet *n, const struct plan *plan, uint32_t vm, uint32_t index, const struct vintc *intc,
			struct hart *hart)
{
	const struct plan_card *c = &plan->vms[vm].cards[index];

	memset(n, 0, sizeof(*n));
	n->plan = c;
	n->vm = &plan->vms[vm];
	n->net = &plan->nets[c->net];
	n->intc = intc;
	n->hart = hart;
	cards[c->net][c->port] = n;
}
