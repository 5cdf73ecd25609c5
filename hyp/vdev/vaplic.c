/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registers of the emulated APLIC; see vaplic.h. Sections are of the RISC-V AIA 1.0. */
#include "hyp/vdev/vaplic.h"

#include "drivers/aplic.h"
#include "hyp/base/fdt.h"
#include "hyp/riscv/mmio.h"

#define GENMSI_WRITABLE	((uint32_t)(0x3fffu << APLIC_TARGET_HART | APLIC_TARGET_ID))

static uint32_t host_read(const struct vaplic *v, uint32_t offset) { return mmio_read32(hpa(v->host.v + offset)); }
static void host_write(struct vaplic *v, uint32_t offset, uint32_t to) { mmio_write32(hpa(v->host.v + offset), to); }

static uint32_t bit_of(uint32_t source) { return 1u << source % 32; }

/* source: any number that a guest writes. */
static inline bool has(const uint32_t *map, uint32_t source)
{
	return source < MAX_IRQS && map[source / 32] & bit_of(source);
}

static inline void set_bit(uint32_t *map, uint32_t source, bool on)
{
	if (on)
		map[source / 32] |= bit_of(source);
	else
		map[source / 32] &= ~bit_of(source);
}

/* ---- messages of the hypervisor ---- */

/* The vcpu whose hart has that index in target registers; nr_vcpus: none of the VM. */
static uint32_t find_vcpu(const struct vaplic *v, uint32_t index)
{
	uint32_t i;

	for (i = 0; i < v->nr_vcpus && (v->index[i] < 0 || (uint32_t)v->index[i] != index); i++)
		;
	return i;
}

/* To the file of a hart that target, or genmsi, names. */
static void send(const struct vaplic *v, uint32_t target)
{
	uint32_t vcpu = find_vcpu(v, target >> APLIC_TARGET_HART);

	if (vcpu < v->nr_vcpus)
		mmio_write32(v->file[vcpu], target & APLIC_TARGET_ID);
}

/* ---- virtual sources (4.5.2, 4.7, 4.9.2) ---- */

static inline bool is_virtual(const struct vaplic *v, uint32_t source)
{
	return has(v->owned, source) && !has(v->physical, source);
}

static bool is_level(const struct vaplic *v, uint32_t source)
{
	return v->config[source] >= APLIC_MODE_LEVEL_HIGH;
}

/* The rectified input. */
static bool input(const struct vaplic *v, uint32_t source)
{
	bool level = has(v->level, source);

	switch (v->config[source]) {
	case APLIC_MODE_EDGE_RISE:
	case APLIC_MODE_LEVEL_HIGH:
		return level;
	case APLIC_MODE_EDGE_FALL:
	case APLIC_MODE_LEVEL_LOW:
		return !level;
	default:
		return false;	/* inactive, or detached from the wire */
	}
}

static void forward(struct vaplic *v, uint32_t source)
{
	if (!v->on || !has(v->pending, source) || !has(v->enabled, source))
		return;
	set_bit(v->pending, source, false);
	send(v, v->target[source]);
}

/* was: the rectified input before. */
static void input_changed(struct vaplic *v, uint32_t source, bool was)
{
	bool is = input(v, source);

	if (is && !was)
		set_bit(v->pending, source, true);
	else if (!is && is_level(v, source))
		set_bit(v->pending, source, false);
	forward(v, source);
}

/* By setip, setipnum: a level source pends only while its input is up. */
static void set_pending(struct vaplic *v, uint32_t source)
{
	if (!v->config[source] || (is_level(v, source) && !input(v, source)))
		return;
	set_bit(v->pending, source, true);
	forward(v, source);
}

static void set_config(struct vaplic *v, uint32_t source, uint32_t mode)
{
	bool was = input(v, source);

	v->config[source] = mode;
	if (!mode) {
		set_bit(v->pending, source, false);
		v->target[source] = 0;
		return;
	}
	input_changed(v, source, was);
}

/* ---- registers of one source ---- */

static inline bool is_active(const struct vaplic *v, uint32_t source)
{
	return is_virtual(v, source) ? v->config[source] : host_read(v, APLIC_SOURCECFG + 4 * source);
}

static void set_target(struct vaplic *v, uint32_t source, uint32_t vcpu, uint32_t id)
{
	uint32_t target = (uint32_t)v->index[vcpu] << APLIC_TARGET_HART | GUEST_FILE << APLIC_TARGET_GUEST | id;

	if (has(v->physical, source))
		host_write(v, APLIC_TARGET + 4 * source, target);
	else if (v->config[source])
		v->target[source] = target;
}

/* The host's target register of a source that becomes active is UNSPECIFIED: it can name the file of another guest. So
 * it names one of this guest before the guest can enable the source; identity 0 does not exist. */
static void write_config(struct vaplic *v, uint32_t source, uint32_t value)
{
	uint32_t mode = value & APLIC_SOURCE_MODE;
	bool was = is_active(v, source);

	if (value >> 10 & 1)
		mode = 0;	/* D: this domain has no children, so it stays inactive */
	if (mode == 2 || mode == 3)	/* reserved */
		return;
	if (!mode)
		set_bit(v->enabled, source, false);
	if (is_virtual(v, source))
		set_config(v, source, mode);
	else
		host_write(v, APLIC_SOURCECFG + 4 * source, mode);
	if (mode && !was)
		set_target(v, source, 0, 0);
}

/* A hart of the VM, and its file; or the file of S-level, which stands for it. What else the guest writes has no effect
 * (the register is WARL). */
static void write_target(struct vaplic *v, uint32_t source, uint32_t value)
{
	uint32_t vcpu = find_vcpu(v, value >> APLIC_TARGET_HART), file = value >> APLIC_TARGET_GUEST & 0x3f;

	if (vcpu < v->nr_vcpus && (!file || file == GUEST_FILE))
		set_target(v, source, vcpu, value & APLIC_TARGET_ID);
}

static void enable(struct vaplic *v, uint32_t source, bool on)
{
	bool virtual = is_virtual(v, source);

	if (on && !is_active(v, source))
		return;
	set_bit(v->enabled, source, on);
	if (virtual)
		forward(v, source);
	else if (v->on || !on)
		host_write(v, on ? APLIC_SETIENUM : APLIC_CLRIENUM, source);
}

static void pend(struct vaplic *v, uint32_t source, bool on)
{
	if (!is_virtual(v, source))
		host_write(v, on ? APLIC_SETIPNUM : APLIC_CLRIPNUM, source);
	else if (on)
		set_pending(v, source);
	else
		set_bit(v->pending, source, false);
}

/* ---- registers of 32 sources, or of one by its number ---- */

static void each_of_word(struct vaplic *v, uint32_t word, uint32_t bits, void (*act)(struct vaplic *, uint32_t, bool),
			 bool on)
{
	for (bits &= v->owned[word]; bits; bits &= bits - 1)
		act(v, 32 * word + (uint32_t)__builtin_ctz(bits), on);
}

static void by_number(struct vaplic *v, uint32_t source, void (*act)(struct vaplic *, uint32_t, bool), bool on)
{
	if (has(v->owned, source))
		act(v, source, on);
}

/* domaincfg.IE: the sources of other guests must not stop, so those of this one do, one by one. */
static void switch_on(struct vaplic *v, bool on)
{
	if (v->on == on)
		return;
	v->on = on;
	for (uint32_t word = 0; word <= v->nr_sources / 32; word++) {
		for (uint32_t bits = v->enabled[word]; bits; bits &= bits - 1) {
			uint32_t source = 32 * word + (uint32_t)__builtin_ctz(bits);

			if (is_virtual(v, source))
				forward(v, source);
			else
				host_write(v, on ? APLIC_SETIENUM : APLIC_CLRIENUM, source);
		}
	}
}

static uint32_t inputs(const struct vaplic *v, uint32_t word)
{
	uint32_t found = 0;

	for (uint32_t bits = v->owned[word] & ~v->physical[word]; bits; bits &= bits - 1)
		if (input(v, 32 * word + (uint32_t)__builtin_ctz(bits)))
			found |= bits & -bits;
	return found;
}

/* ---- the map of registers (4.5) ---- */

static uint32_t read_word(const struct vaplic *v, uint32_t offset)
{
	uint32_t word = (offset & 0x7f) / 4;

	switch (offset & ~0x7fu) {
	case APLIC_SETIP:
		return (v->physical[word] ? host_read(v, offset) & v->physical[word] : 0) | v->pending[word];
	case APLIC_CLRIP:
		return (v->physical[word] ? host_read(v, offset) & v->physical[word] : 0) | inputs(v, word);
	case APLIC_SETIE:
		return v->enabled[word];
	default:
		return 0;
	}
}

/* sourcecfg (base 0) and target (0x3000). */
static uint32_t read_source(const struct vaplic *v, uint32_t base, uint32_t source, const uint32_t *virtual)
{
	if (!has(v->owned, source))
		return 0;
	return is_virtual(v, source) ? virtual[source] : host_read(v, base + 4 * source);
}

static uint32_t read(struct vaplic *v, uint32_t offset)
{
	if (offset == APLIC_DOMAINCFG)
		return APLIC_DOMAIN_ONES | APLIC_DOMAIN_DM | (v->on ? APLIC_DOMAIN_IE : 0);
	if (offset < 0x1000)
		return read_source(v, APLIC_SOURCECFG, offset / 4, v->config);
	if (offset == APLIC_GENMSI)
		return v->genmsi;
	if (offset > APLIC_GENMSI && offset < APLIC_END)
		return read_source(v, APLIC_TARGET, (offset - APLIC_TARGET) / 4, v->target);
	return offset >= APLIC_SETIP && offset < APLIC_SETIPNUM_LE ? read_word(v, offset) : 0;
}

static void write_word(struct vaplic *v, uint32_t offset, uint32_t value)
{
	uint32_t word = (offset & 0x7f) / 4;

	switch (offset & ~0x7fu) {
	case APLIC_SETIP:
		each_of_word(v, word, value, pend, true);
		break;
	case APLIC_CLRIP:
		each_of_word(v, word, value, pend, false);
		break;
	case APLIC_SETIE:
		each_of_word(v, word, value, enable, true);
		break;
	case APLIC_CLRIE:
		each_of_word(v, word, value, enable, false);
		break;
	}
}

static void write_number(struct vaplic *v, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case APLIC_SETIPNUM:
	case APLIC_SETIPNUM_LE:
		by_number(v, value, pend, true);
		break;
	case APLIC_SETIPNUM_BE:
		by_number(v, dt_u32((const uint8_t *)&value), pend, true);
		break;
	case APLIC_CLRIPNUM:
		by_number(v, value, pend, false);
		break;
	case APLIC_SETIENUM:
		by_number(v, value, enable, true);
		break;
	case APLIC_CLRIENUM:
		by_number(v, value, enable, false);
		break;
	default:
		if (offset >= APLIC_SETIP && offset < APLIC_SETIPNUM_LE)
			write_word(v, offset, value);
	}
}

static void write(struct vaplic *v, uint32_t offset, uint32_t value)
{
	if (offset == APLIC_DOMAINCFG) {
		switch_on(v, value & APLIC_DOMAIN_IE);
	} else if (offset < 0x1000) {
		if (has(v->owned, offset / 4))
			write_config(v, offset / 4, value);
	} else if (offset == APLIC_GENMSI) {
		v->genmsi = value & GENMSI_WRITABLE;
		send(v, v->genmsi);
	} else if (offset > APLIC_GENMSI && offset < APLIC_END) {
		if (has(v->owned, (offset - APLIC_TARGET) / 4))
			write_target(v, (offset - APLIC_TARGET) / 4, value);
	} else {
		write_number(v, offset, value);
	}
}

/* ---- accesses of the guest ---- */

/* The source whose sourcecfg or target is at that offset, if it is the guest's in the host's APLIC: nothing of it is
 * here, so that its registers need no lock. Otherwise 0. */
static inline uint32_t source_at(const struct vaplic *v, uint64_t offset, uint64_t page)
{
	uint32_t source = (uint32_t)(offset - page) / 4;

	return offset - page < PAGE_SIZE && has(v->physical, source) ? source : 0;
}

static __noinline uint32_t read_locked(struct vaplic *v, uint32_t offset)
{
	uint32_t value;

	lock_acquire(&v->lock);
	value = read(v, offset);
	lock_release(&v->lock);
	return value;
}

static __noinline void write_locked(struct vaplic *v, uint32_t offset, uint32_t value)
{
	lock_acquire(&v->lock);
	write(v, offset, value);
	lock_release(&v->lock);
}

uint64_t vaplic_read(void *vaplic, uint64_t offset, uint64_t *value)
{
	struct vaplic *v = vaplic;
	uint32_t is = 0;

	if (source_at(v, offset, APLIC_SOURCECFG) || source_at(v, offset, APLIC_TARGET))
		is = host_read(v, (uint32_t)offset);
	else if (offset < APLIC_END)
		is = read_locked(v, (uint32_t)offset);
	*value = (uint64_t)(int64_t)(int32_t)is;
	return 0;
}

uint64_t vaplic_write(void *vaplic, uint64_t offset, uint32_t value)
{
	struct vaplic *v = vaplic;

	if (offset == APLIC_SETIPNUM_LE && has(v->physical, value))
		host_write(v, APLIC_SETIPNUM, value);	/* how Linux ends a level; nothing changes here */
	else if (source_at(v, offset, APLIC_TARGET))
		write_target(v, source_at(v, offset, APLIC_TARGET), value);
	else if (offset < APLIC_END)
		write_locked(v, (uint32_t)offset, value);
	return 0;
}

/* ---- vintc.h ---- */

static uint64_t set_level(void *vaplic, uint32_t source, bool level)
{
	struct vaplic *v = vaplic;
	bool was;

	if (!is_virtual(v, source))
		return 0;
	lock_acquire(&v->lock);
	was = input(v, source);
	set_bit(v->level, source, level);
	input_changed(v, source, was);
	lock_release(&v->lock);
	return 0;
}

static void reset(void *vaplic)
{
	struct vaplic *v = vaplic;
	const struct intc_share share = { v->physical, v->vcpu_hart, v->nr_vcpus };

	lock_acquire(&v->lock);
	v->on = false;
	v->genmsi = 0;
	intc_ops(v->aplic)->quiesce(v->aplic, &share);
	for (uint32_t word = 0; word <= v->nr_sources / 32; word++)
		v->enabled[word] = v->level[word] = v->pending[word] = 0;
	for (uint32_t i = 0; i <= v->nr_sources; i++)
		v->config[i] = v->target[i] = 0;
	lock_release(&v->lock);
}

/* No interrupt of a file comes to HS-mode. */
static void init_context(void *vaplic, struct guest_context *ctx, uint32_t vcpu, bool alone)
{
	struct vaplic *v = vaplic;

	(void)vcpu, (void)alone;
	ctx->intc = v;
	ctx->intc_base = v->window->base.v;
	ctx->intc_size = v->window->size;
	ctx->intc_read = vaplic_read;
	ctx->intc_write = vaplic_write;
	ctx->intc_take = NULL;
	ctx->host_page = 0;
}

static uint64_t take(void *vaplic, uint32_t vcpu)
{
	(void)vaplic, (void)vcpu;
	return 0;
}

static bool line(const void *vaplic, uint32_t vcpu)
{
	(void)vaplic, (void)vcpu;
	return false;
}

static struct vintc_look look(void *vaplic, uint32_t vcpu)
{
	(void)vaplic, (void)vcpu;
	return (struct vintc_look){ .guard = CTX_GUARD_NONE };
}

static void flush(const void *vaplic, uint32_t vcpu)
{
	(void)vaplic, (void)vcpu;
}

const struct vintc_ops vaplic_ops = {
	.init_context = init_context, .set_level = set_level, .take = take, .line = line, .look = look, .flush = flush,
	.reset = reset,
};

__boot void vaplic_create(struct vaplic *v, const struct plan *plan, uint32_t vm, uint32_t index)
{
	const struct plan_vm *p = &plan->vms[vm];
	const struct plan_intc *host = &plan->intcs[p->vplics[index].plic];

	v->aplic = p->vplics[index].plic;
	v->window = &p->vplics[index];
	v->host = host->base;
	v->nr_sources = host->ndev < MAX_IRQS ? host->ndev : MAX_IRQS - 1;
	v->nr_vcpus = p->nr_vcpus;
	v->vcpu_hart = p->vcpu_hart;
	for (uint32_t i = 0; i < p->nr_vcpus; i++) {
		v->index[i] = plan->harts[p->vcpu_hart[i]].plic_context[v->aplic];
		v->file[i] = plan->harts[p->vcpu_hart[i]].file;
	}
	for (uint32_t i = 1; i <= v->nr_sources; i++) {
		if (host->source_owner[i] == vm) {
			set_bit(v->owned, i, true);
			set_bit(v->physical, i, true);
		}
	}
}

__boot enum err vaplic_add_virtual(struct vaplic *v, uint32_t source)
{
	if (!source || source > v->nr_sources)
		return ERR_RANGE;
	set_bit(v->physical, source, false);
	set_bit(v->owned, source, true);
	return OK;
}
