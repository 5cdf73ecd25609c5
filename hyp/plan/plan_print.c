/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan as text, for people at a serial console and for comparison: the same plan has the same
 * text in the firmware and on the host. At most 100 columns unless a path is long: a longer line continues in the
 * next one, without a label, and nothing is cut off. Settings are printed if they are not the default.
 */
#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/plan/plan_int.h"

#define COLUMNS		100
#define LABEL		12u		/* columns before the text */

struct printer {
	void (*line)(void *arg, const char *text);
	void *arg;
	char text[COLUMNS + PLAN_PATH_SIZE + 64];	/* a line, and the longest piece that may have to leave it */
	size_t at;
};

static void start(struct printer *pr, const char *indent, const char *what)
{
	pr->at = fmt_str(pr->text, sizeof(pr->text), "%s%-*s", indent, indent[0] ? 10 : 12, what);
}

/* Paths and bootargs come from trees: control characters in them must not reach a terminal. */
static void end(struct printer *pr)
{
	for (char *c = pr->text; *c; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
	pr->line(pr->arg, pr->text);
}

/* The last n letters go to a line of their own; a comma before them stays. */
static void wrap(struct printer *pr, size_t n)
{
	size_t rest = pr->at + (pr->text[pr->at] == ',');
	char first = pr->text[rest];

	n -= rest - pr->at;
	pr->text[rest] = 0;
	end(pr);
	pr->text[rest] = first;
	memmove(pr->text + LABEL, pr->text + rest, n + 1);
	memset(pr->text, ' ', LABEL);
	pr->at = LABEL + n;
}

/* A piece of a line that stays whole. */
static void __printf(2, 3) add(struct printer *pr, const char *format, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, format);
	n = fmt_vstr(pr->text + pr->at, sizeof(pr->text) - pr->at, format, ap);
	va_end(ap);
	if (pr->at + n > COLUMNS && pr->at > LABEL)
		wrap(pr, n);
	else
		pr->at += n;
}

static void add_range(struct printer *pr, uint64_t base, uint64_t size)
{
	char text[24];

	add(pr, " 0x%010lx-0x%010lx %6s", base, base + (size - 1),
	    size_text(size, text, sizeof(text)));
}

static const char *intc_name(const struct plan *plan, uint32_t intc)
{
	return plan->intcs[intc].kind == INTC_APLIC ? "APLIC" : "PLIC";
}

/* The hart that drives the console, or the consequences if none does. */
static void print_console(struct printer *pr, const struct plan *plan)
{
	const struct plan_console *c = &plan->console;
	const struct plan_hart *h = &plan->harts[c->hart];

	start(pr, "  ", "hart");
	if (c->drive == CONSOLE_DIRECT) {
		add(pr, " none: a hart that has written polls until all is shown%s; see console-hart",
		    c->kind == CONSOLE_NS16550 ? ", and there is no input" : "");
		end(pr);
		return;
	}
	if (c->drive == CONSOLE_GUEST_HART)
		add(pr, " %lu, of guest %s, polls it", h->id, plan->vms[h->vm].name);
	else if (c->irq)
		add(pr, " %lu, the console's own, by interrupt %u", h->id, c->irq);
	else
		add(pr, " %lu, the console's own", h->id);
	if (c->irq && plan->nr_intcs > 1)
		add(pr, " of %s %u", intc_name(plan, c->intc), c->intc);
	end(pr);
	start(pr, "  ", "monitor");
	add(pr, " %s", c->kind != CONSOLE_NS16550 ? "none, as there is no input" : c->monitor ? "on" : "off");
	end(pr);
}

/* Whether some harts can be interrupted without the firmware. */
static bool has_sswi(const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->nr_harts; i++) {
		if (plan->harts[i].setssip.v)
			return true;
	}
	return false;
}

/* The firmware's memory that the tree does not reserve, and why it counts as such. */
static void print_firmware(struct printer *pr, const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->nr_firmware; i++) {
		start(pr, "", "firmware");
		add_range(pr, plan->firmware[i].range.base, plan->firmware[i].range.size);
		add(pr, " %s", plan->firmware[i].stated ? "as configured" : "assumed: below the image, not reserved");
		end(pr);
	}
	if (!plan->firmware_reserved)
		return;
	start(pr, "", "firmware");
	add(pr, " only what the machine's tree reserves, as configured");
	end(pr);
}

/* The sources of the guests' seeds. */
static void print_entropy(struct printer *pr, const struct plan *plan)
{
	start(pr, "", "entropy");
	add(pr, "%s%s%s", plan->entropy & ENTROPY_TREE ? " rng-seed of the device tree" : "",
	    plan->entropy == (ENTROPY_TREE | ENTROPY_ZKR) ? "," : "", plan->entropy & ENTROPY_ZKR ? " Zkr" : "");
	if (!plan->entropy)
		add(pr, " none: no guest gets an rng-seed");
	end(pr);
}

/* What the hypervisor's memory is for, in KiB; all 0 if the size of its image is not known. */
static void print_work(struct printer *pr, const struct plan_work *w)
{
	start(pr, "  ", "of it");
	add(pr, " image %luK, page tables %luK, stacks %luK,", w->image >> 10, w->tables >> 10, w->stacks >> 10);
	add(pr, " guests %luK, consoles %luK, device trees %luK", w->guests >> 10, w->consoles >> 10, w->trees >> 10);
	end(pr);
}

static void print_machine(struct printer *pr, const struct plan *plan)
{
	static const char *const kinds[] = {
		[CONSOLE_SBI] = "of the firmware (SBI)",
		[CONSOLE_NS16550] = "(ns16550)",
		[CONSOLE_VIRTIO] = "(virtio)",
	};
	const struct plan_console *c = &plan->console;
	uint32_t aplics = 0;

	start(pr, "", "machine");
	for (uint32_t i = 0; i < plan->nr_intcs; i++)
		aplics += plan->intcs[i].kind == INTC_APLIC;
	add(pr, " %u harts, timebase %lu Hz", plan->nr_harts, plan->timebase_hz);
	if (plan->nr_intcs > aplics || !aplics)
		add(pr, ", %u PLIC%s", plan->nr_intcs - aplics, plan->nr_intcs - aplics == 1 ? "" : "s");
	if (aplics)
		add(pr, ", %u APLIC%s", aplics, aplics == 1 ? "" : "s");
	add(pr, "%s%s", plan->file_ids ? ", IMSIC" : "", has_sswi(plan) ? ", SSWI" : "");
	end(pr);
	for (uint32_t i = 0; i < plan->nr_iommus; i++) {
		start(pr, "", "iommu");
		add(pr, " 0x%010lx %s: it blocks what no guest has", plan->iommus[i].base.v, plan->iommus[i].path);
		end(pr);
	}
	start(pr, "", "hypervisor");
	add_range(pr, plan->hyp.base, plan->hyp.size);
	if (plan->hyp.base != plan->loaded.base)
		add(pr, ", loaded at 0x%010lx", plan->loaded.base);
	end(pr);
	if (plan->work.image)
		print_work(pr, &plan->work);
	print_firmware(pr, plan);
	start(pr, "", "console");
	add(pr, " %s%s%s%s", c->path, c->path[0] ? " " : "", kinds[c->kind], c->colour ? ", in colour" : "");
	end(pr);
	print_console(pr, plan);
	print_entropy(pr, plan);
	if (!plan->keep_machine)
		return;
	start(pr, "", "at the end");
	add(pr, " the machine stays when all guests have ended");
	end(pr);
}

static void print_harts(struct printer *pr, const struct plan *plan, const struct plan_vm *v)
{
	start(pr, "  ", "harts");
	for (uint32_t i = 0; i < v->nr_vcpus; i++)
		add(pr, " %lu", plan->harts[v->vcpu_hart[i]].id);
	add(pr, " as 0");
	if (v->nr_vcpus > 1)
		add(pr, " to %u", v->nr_vcpus - 1);
	add(pr, ", timer by %s, Sv%ux4", v->sstc ? "Sstc" : "SBI", v->gstage_levels == 4 ? 48 : 39);
	end(pr);
}

static void print_memory(struct printer *pr, const struct plan_vm *v)
{
	const struct plan_region *m;

	for (uint32_t i = 0; i < v->nr_regions; i++) {
		m = &v->regions[i];
		if (m->kind != REGION_RAM)
			continue;
		start(pr, "  ", "memory");
		add_range(pr, m->gpa.v, m->size);
		if (m->gpa.v != m->hpa.v)
			add(pr, " at host 0x%010lx", m->hpa.v);
		if (v->policy.keep_ram)
			add(pr, ", not cleared at boot");
		end(pr);
	}
}

static void add_irqs(struct printer *pr, const struct plan *plan, const struct plan_vm *v,
		     uint32_t device)
{
	const char *before = ", irq ";

	for (uint32_t i = 0; i < v->nr_irqs; i++) {
		if (v->irqs[i].device != device)
			continue;
		if (plan->nr_intcs > 1)
			add(pr, "%s%u of %s %u", before, v->irqs[i].id, intc_name(plan, v->irqs[i].intc),
			    v->irqs[i].intc);
		else
			add(pr, "%s%u", before, v->irqs[i].id);
		before = ", ";
	}
}

/* Its interrupt controllers, and the interrupt files of its harts. */
static void print_intcs(struct printer *pr, const struct plan *plan, const struct plan_vm *v)
{
	for (uint32_t i = 0; i < v->nr_vplics; i++) {
		const struct plan_intc *p = &plan->intcs[v->vplics[i].plic];

		start(pr, "  ", p->kind == INTC_APLIC ? "aplic" : "plic");
		add_range(pr, v->vplics[i].base.v, v->vplics[i].size);
		add(pr, " for %s, %s", p->path, p->kind != INTC_APLIC ? plic_mode_name(v->policy.plic_mode) :
		    v->vplics[i].setipnum ? "by messages, setipnum mapped" : "by messages");
		end(pr);
	}
	if (!v->files)
		return;
	start(pr, "  ", "files");
	for (uint32_t i = 0; i < v->nr_vcpus; i++)
		add(pr, " 0x%lx", plan->harts[v->vcpu_hart[i]].file.v);
	add(pr, ", %u ids each", plan->file_ids);
	end(pr);
}

static void add_buses(struct printer *pr, const struct plan_vm *v, uint32_t device)
{
	const struct plan_bridge *b;

	for (uint32_t i = 0; i < v->nr_bridges; i++) {
		b = &v->bridges[i];
		if (b->device == device)
			add(pr, ", PCI buses %u to %u", b->first_bus, b->first_bus + b->nr_buses - 1);
	}
}

static void add_ids(struct printer *pr, const struct plan *plan, const struct plan_vm *v, uint32_t device)
{
	for (const struct plan_dma_ids *d = v->dma_ids; d < v->dma_ids + v->nr_dma_ids; d++)
		if (d->device == device)
			add(pr, ", ids 0x%x to 0x%x of %s", d->first, d->first + d->count - 1,
			    plan->iommus[d->iommu].path);
}

static void print_devices(struct printer *pr, const struct plan *plan, const struct plan_vm *v)
{
	for (uint32_t d = 0; d < v->nr_devices; d++) {
		start(pr, "  ", "device");
		add(pr, " %s%s%s", v->devices[d].path, v->devices[d].control ? ", machine control" : "",
		    v->devices[d].confined ? ", confined DMA" : v->devices[d].dma ? ", DMA" : "");
		add_buses(pr, v, d);
		add_irqs(pr, plan, v, d);
		add_ids(pr, plan, v, d);
		end(pr);
		for (uint32_t i = 0; i < v->nr_regions; i++) {
			const struct plan_region *m = &v->regions[i];

			if (m->kind != REGION_DEVICE || m->device != d)
				continue;
			start(pr, "  ", "");
			add_range(pr, m->gpa.v, m->size);
			end(pr);
		}
		for (uint32_t i = 0; i < v->nr_windows; i++) {
			if (v->windows[i].device != d)
				continue;
			start(pr, "  ", "");
			add_range(pr, v->windows[i].base.v, v->windows[i].size);
			add(pr, " in a shared page: each access is an exit");
			end(pr);
		}
	}
	print_intcs(pr, plan, v);
}

static void add_irq_of(struct printer *pr, const struct plan *plan, const struct plan_vm *v, uint8_t vplic,
		       uint16_t irq)
{
	if (irq)
		add(pr, ", irq %u", irq);
	else
		add(pr, ", no interrupt");
	if (irq && plan->nr_intcs > 1)
		add(pr, " of %s %u", intc_name(plan, v->vplics[vplic].plic), v->vplics[vplic].plic);
}

static void print_vuart(struct printer *pr, const struct plan *plan, const struct plan_vm *v)
{
	const struct plan_vuart *u = &v->vuart;

	if (!u->size)
		return;
	start(pr, "  ", "console");
	add_range(pr, u->base.v, u->size);
	add(pr, " virtual ns16550a");
	add_irq_of(pr, plan, v, u->vplic, u->irq);
	end(pr);
}

static void print_shares(struct printer *pr, const struct plan *plan, const struct plan_vm *v)
{
	for (uint32_t i = 0; i < v->nr_shares; i++) {
		const struct plan_share *s = &v->shares[i];

		start(pr, "  ", "shared");
		add_range(pr, s->base.v, plan->shared[s->shared].size);
		add(pr, " %s%s, doorbell 0x%010lx", plan->shared[s->shared].name, s->read_only ? ", read-only" : "",
		    s->doorbell.v);
		add_irq_of(pr, plan, v, s->vplic, s->irq);
		end(pr);
	}
}

static void print_cards(struct printer *pr, const struct plan *plan, const struct plan_vm *v)
{
	for (uint32_t i = 0; i < v->nr_cards; i++) {
		const struct plan_card *c = &v->cards[i];

		start(pr, "  ", "net");
		add_range(pr, c->base.v, PAGE_SIZE);
		add(pr, " %s, virtio-mmio, %02x:%02x:%02x:%02x:%02x:%02x", plan->nets[c->net].name, c->mac[0],
		    c->mac[1], c->mac[2], c->mac[3], c->mac[4], c->mac[5]);
		add_irq_of(pr, plan, v, c->vplic, c->irq);
		end(pr);
	}
}

/* Memory of several guests, and these by number. */
static void print_shared(struct printer *pr, const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->nr_shared; i++) {
		const struct plan_shared *m = &plan->shared[i];

		start(pr, "", "shared");
		add_range(pr, m->hpa.v, m->size);
		add(pr, " %s, by", m->name);
		for (uint32_t j = 0; j < m->nr_peers; j++)
			add(pr, "%s %s", j ? "," : "", plan->vms[m->peers[j]].name);
		end(pr);
	}
}

/* Only what is not the default: most guests have nothing to say here. */
static void print_policy(struct printer *pr, const struct plan_vm *v)
{
	static const char *const unmapped[] = { "", " an unmapped access is ignored,",
						" an unmapped access is a crash," };
	const struct plan_policy *p = &v->policy;

	if (p->on_crash == ON_CRASH_STOP && p->unmapped == UNMAPPED_INJECT && !p->watchdog_ms && !p->getchar_waits)
		return;
	start(pr, "  ", "policy");
	if (p->getchar_waits)
		add(pr, " getchar waits,");
	add(pr, "%s", unmapped[p->unmapped]);
	if (p->watchdog_ms)
		add(pr, " watchdog %u ms,", p->watchdog_ms);
	if (p->on_crash == ON_CRASH_RESTART)
		add(pr, " restarts after a crash, %u times", p->restart_limit);
	else
		add(pr, " stops after a crash");
	end(pr);
}

/* The next word with the spaces before it, or as much of that as a line has room for. */
static size_t word_length(const char *text)
{
	size_t n = 0;

	while (text[n] == ' ')
		n++;
	while (text[n] && text[n] != ' ')
		n++;
	return n < COLUMNS - LABEL ? n : COLUMNS - LABEL - 1;
}

/*
 * The text behind the label, joined over all lines, is " " and the bootargs. A word that is broken between lines
 * continues one column further left than words that are not.
 */
static void print_bootargs(struct printer *pr, const char *text)
{
	size_t n;

	start(pr, "  ", "bootargs");
	add(pr, " ");
	for (; *text; text += n) {
		n = strlen(text);
		if (pr->at + n > COLUMNS)
			n = word_length(text);
		add(pr, "%.*s", (int)n, text);
	}
	end(pr);
}

static void print_images(struct printer *pr, const struct plan_vm *v)
{
	for (uint32_t role = 0; role < NR_IMAGE_ROLES; role++) {
		const struct plan_image *image = &v->images[role];

		if (!image->name[0])
			continue;
		start(pr, "  ", config_image_props[role]);
		add(pr, " 0x%010lx \"%s\", %lu bytes%s", image->target.v, image->name, image->size,
		    v->policy.in_place ? ", in place" : "");
		end(pr);
	}
	start(pr, "  ", "entry");
	add(pr, " 0x%010lx, device tree at 0x%010lx", v->entry.v, v->dtb.v);
	end(pr);
	print_policy(pr, v);
	if (v->bootargs[0])
		print_bootargs(pr, v->bootargs);
}

static void print_rest(struct printer *pr, const struct plan *plan)
{
	uint32_t n = 0;

	start(pr, "", "spare harts");
	for (uint32_t i = 0; i < plan->nr_harts; i++) {
		if (plan->harts[i].vm == NO_OWNER &&
		    (plan->console.drive != CONSOLE_OWN_HART || plan->console.hart != i)) {
			add(pr, " %lu", plan->harts[i].id);
			n++;
		}
	}
	if (!n)
		add(pr, " none");
	end(pr);
	for (uint32_t i = 0; i < plan->nr_free; i++) {
		start(pr, "", "free RAM");
		add_range(pr, plan->free[i].base, plan->free[i].size);
		end(pr);
	}
}

void plan_print(const struct plan *plan, void (*line)(void *arg, const char *text), void *arg)
{
	struct printer pr = { .line = line, .arg = arg };

	print_machine(&pr, plan);
	for (uint32_t i = 0; i < plan->nr_vms; i++) {
		const struct plan_vm *v = &plan->vms[i];

		start(&pr, "", "guest");
		add(&pr, " %s%s", v->name, v->trust_dma && v->trust_control ? " (trusted with DMA and machine "
			"control)" :
		    v->trust_dma ? " (trusted with DMA)" : v->trust_control ? " (trusted with machine control)" : "");
		end(&pr);
		print_harts(&pr, plan, v);
		print_memory(&pr, v);
		print_devices(&pr, plan, v);
		print_vuart(&pr, plan, v);
		print_shares(&pr, plan, v);
		print_cards(&pr, plan, v);
		print_images(&pr, v);
	}
	print_shared(&pr, plan);
	print_rest(&pr, plan);
}
