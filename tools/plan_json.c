/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan for programs: all that plan_print() prints for people, with names in place of
 * indices.
 */
#include "hyp/plan/plan_int.h"
#include "tools/tool.h"

static const char *owner(const struct plan *plan, uint8_t who)
{
	return who == OWNER_HYP ? "hypervisor" : who < plan->nr_vms ? plan->vms[who].name : NULL;
}

static void range(const char *key, uint64_t base, uint64_t size)
{
	json_open(key, '{');
	json_address("base", base);
	json_number("size", size);
	json_close('}');
}

static void firmware(const struct plan *plan)
{
	json_open("firmware", '[');
	for (uint32_t i = 0; i < plan->nr_firmware; i++) {
		json_open(NULL, '{');
		json_address("base", plan->firmware[i].range.base);
		json_number("size", plan->firmware[i].range.size);
		json_bool("configured", plan->firmware[i].stated);
		json_close('}');
	}
	json_close(']');
}

static void harts(const struct plan *plan)
{
	json_open("harts", '[');
	for (uint32_t i = 0; i < plan->nr_harts; i++) {
		const struct plan_hart *h = &plan->harts[i];

		json_open(NULL, '{');
		json_number("id", h->id);
		json_text("guest", owner(plan, h->vm));
		if (h->vm != NO_OWNER)
			json_number("as", h->vcpu);
		json_close('}');
	}
	json_close(']');
}

static void regions(const struct plan_vm *v, enum region_kind kind, uint32_t device)
{
	json_open(kind == REGION_RAM ? "memory" : "registers", '[');
	for (uint32_t i = 0; i < v->nr_regions; i++) {
		const struct plan_region *m = &v->regions[i];

		if (m->kind != kind || (kind == REGION_DEVICE && m->device != device))
			continue;
		json_open(NULL, '{');
		json_address("host", m->hpa.v);
		json_address("guest", m->gpa.v);
		json_number("size", m->size);
		json_close('}');
	}
	json_close(']');
}

static void buses(const struct plan_vm *v, uint32_t device)
{
	for (uint32_t i = 0; i < v->nr_bridges; i++) {
		if (v->bridges[i].device != device)
			continue;
		json_open(NULL, '{');
		json_address("ecam", v->bridges[i].ecam.v);
		json_number("first", v->bridges[i].first_bus);
		json_number("count", v->bridges[i].nr_buses);
		json_close('}');
	}
}

static void windows(const struct plan_vm *v, uint32_t device)
{
	json_open("windows", '[');
	for (uint32_t i = 0; i < v->nr_windows; i++) {
		if (v->windows[i].device != device)
			continue;
		json_open(NULL, '{');
		json_address("address", v->windows[i].base.v);
		json_number("size", v->windows[i].size);
		json_close('}');
	}
	json_close(']');
}

static void dma_ids(const struct plan *plan, const struct plan_vm *v, uint32_t device)
{
	json_open("dma-ids", '[');
	for (uint32_t i = 0; i < v->nr_dma_ids; i++) {
		if (v->dma_ids[i].device != device)
			continue;
		json_open(NULL, '{');
		json_text("iommu", plan->iommus[v->dma_ids[i].iommu].path);
		json_number("first", v->dma_ids[i].first);
		json_number("count", v->dma_ids[i].count);
		json_close('}');
	}
	json_close(']');
}

static void iommus(const struct plan *plan)
{
	json_open("iommus", '[');
	for (uint32_t i = 0; i < plan->nr_iommus; i++) {
		json_open(NULL, '{');
		json_text("node", plan->iommus[i].path);
		json_address("base", plan->iommus[i].base.v);
		json_close('}');
	}
	json_close(']');
}

static void devices(const struct plan *plan, const struct plan_vm *v)
{
	char why[3 * HOST_PATH_SIZE];

	json_open("devices", '[');
	for (uint32_t d = 0; d < v->nr_devices; d++) {
		json_open(NULL, '{');
		json_text("node", v->devices[d].path);
		json_text("class", v->devices[d].control ? "machine-control" : v->devices[d].dma ? "dma" : "harmless");
		json_bool("dma", v->devices[d].dma);
		json_bool("confined", v->devices[d].confined);
		dma_ids(plan, v, d);
		plan_control_text(&tool_host, &v->devices[d], why, sizeof(why));
		json_text("control", why[0] ? why : NULL);
		regions(v, REGION_DEVICE, d);
		json_open("pci-buses", '[');
		buses(v, d);
		json_close(']');
		windows(v, d);
		json_open("interrupts", '[');
		for (uint32_t i = 0; i < v->nr_irqs; i++) {
			if (v->irqs[i].device != d)
				continue;
			json_open(NULL, '{');
			json_text("plic", plan->intcs[v->irqs[i].intc].path);
			json_number("id", v->irqs[i].id);
			json_close('}');
		}
		json_close(']');
		json_close('}');
	}
	json_close(']');
}

static void images(const struct plan_vm *v)
{
	for (uint32_t role = 0; role < NR_IMAGE_ROLES; role++) {
		const struct plan_image *image = &v->images[role];

		if (!image->name[0])
			continue;
		json_open(config_image_props[role], '{');
		json_text("name", image->name);
		json_address("at", image->target.v);
		json_number("size", image->size);
		json_close('}');
	}
	json_address("entry", v->entry.v);
	json_address("device-tree", v->dtb.v);
	json_text("bootargs", v->bootargs);
}

static void vuart(const struct plan *plan, const struct plan_vm *v)
{
	const struct plan_vuart *u = &v->vuart;

	if (!u->size)
		return;
	json_open("uart", '{');
	json_address("guest", u->base.v);
	json_number("size", u->size);
	json_text("plic", u->irq ? plan->intcs[v->vplics[u->vplic].plic].path : NULL);
	json_number("interrupt", u->irq);
	json_close('}');
}

static void shares(const struct plan *plan, const struct plan_vm *v)
{
	json_open("shares", '[');
	for (uint32_t i = 0; i < v->nr_shares; i++) {
		const struct plan_share *s = &v->shares[i];

		json_open(NULL, '{');
		json_text("name", plan->shared[s->shared].name);
		json_number("peer", s->peer);
		json_bool("read-only", s->read_only);
		json_address("guest", s->base.v);
		json_address("doorbell", s->doorbell.v);
		json_text("plic", s->irq ? plan->intcs[v->vplics[s->vplic].plic].path : NULL);
		json_number("interrupt", s->irq);
		json_close('}');
	}
	json_close(']');
}

static void cards(const struct plan *plan, const struct plan_vm *v)
{
	char mac[18];

	json_open("cards", '[');
	for (uint32_t i = 0; i < v->nr_cards; i++) {
		const struct plan_card *c = &v->cards[i];

		json_open(NULL, '{');
		json_text("net", plan->nets[c->net].name);
		snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", c->mac[0], c->mac[1], c->mac[2], c->mac[3],
			 c->mac[4], c->mac[5]);
		json_text("mac", mac);
		json_address("guest", c->base.v);
		json_text("plic", plan->intcs[v->vplics[c->vplic].plic].path);
		json_number("interrupt", c->irq);
		json_close('}');
	}
	json_close(']');
}

/* Memory of several guests. */
static void shared(const struct plan *plan)
{
	json_open("shared", '[');
	for (uint32_t i = 0; i < plan->nr_shared; i++) {
		const struct plan_shared *m = &plan->shared[i];

		json_open(NULL, '{');
		json_text("name", m->name);
		json_address("base", m->hpa.v);
		json_number("size", m->size);
		json_open("peers", '[');
		for (uint32_t j = 0; j < m->nr_peers; j++)
			json_text(NULL, plan->vms[m->peers[j]].name);
		json_close(']');
		json_close('}');
	}
	json_close(']');
}

static void policy(const struct plan_policy *p)
{
	static const char *const unmapped[] = { "inject", "ignore", "stop" };

	json_open("policy", '{');
	json_text("unmapped", unmapped[p->unmapped]);
	json_text("on-crash", p->on_crash == ON_CRASH_RESTART ? "restart" : "stop");
	json_number("restart-limit", p->restart_limit);
	json_number("watchdog-ms", p->watchdog_ms);
	json_text("plic-mode", plic_mode_name(p->plic_mode));
	json_text("images", p->in_place ? "in-place" : "copy");
	json_text("ram-at-boot", p->keep_ram ? "keep" : "clear");
	json_text("sbi-getchar", p->getchar_waits ? "wait" : "poll");
	json_close('}');
}

static void guest(const struct plan *plan, const struct plan_vm *v)
{
	json_open(NULL, '{');
	json_text("name", v->name);
	json_open("harts", '[');
	for (uint32_t i = 0; i < v->nr_vcpus; i++)
		json_number(NULL, plan->harts[v->vcpu_hart[i]].id);
	json_close(']');
	json_bool("sstc", v->sstc);
	json_number("g-stage-levels", v->gstage_levels);
	json_bool("trust-dma", v->trust_dma);
	json_bool("trust-control", v->trust_control);
	regions(v, REGION_RAM, 0);
	devices(plan, v);
	json_open("plics", '[');
	for (uint32_t i = 0; i < v->nr_vplics; i++) {
		json_open(NULL, '{');
		json_text("node", plan->intcs[v->vplics[i].plic].path);
		json_text("kind", plan->intcs[v->vplics[i].plic].kind == INTC_APLIC ? "aplic" : "plic");
		json_address("guest", v->vplics[i].base.v);
		json_number("size", v->vplics[i].size);
		json_bool("setipnum-mapped", v->vplics[i].setipnum);
		json_close('}');
	}
	json_close(']');
	json_open("interrupt-files", '[');
	for (uint32_t i = 0; v->files && i < v->nr_vcpus; i++)
		json_address(NULL, plan->harts[v->vcpu_hart[i]].file.v);
	json_close(']');
	vuart(plan, v);
	shares(plan, v);
	cards(plan, v);
	images(v);
	policy(&v->policy);
	json_close('}');
}

void plan_json(const struct plan *plan)
{
	static const char *const kinds[] = {
		[CONSOLE_SBI] = "sbi", [CONSOLE_NS16550] = "ns16550", [CONSOLE_VIRTIO] = "virtio",
	};
	static const char *const drives[] = {
		[CONSOLE_DIRECT] = "direct", [CONSOLE_OWN_HART] = "own-hart", [CONSOLE_GUEST_HART] = "guest-hart",
	};

	json_open("plan", '{');
	json_number("timebase-hz", plan->timebase_hz);
	json_text("when-all-ended", plan->keep_machine ? "keep" : "shutdown");
	json_open("entropy", '[');
	if (plan->entropy & ENTROPY_TREE)
		json_text(NULL, "rng-seed");
	if (plan->entropy & ENTROPY_ZKR)
		json_text(NULL, "zkr");
	json_close(']');
	range("hypervisor", plan->hyp.base, plan->hyp.size);
	range("loaded", plan->loaded.base, plan->loaded.size);
	firmware(plan);
	json_open("console", '{');
	json_text("kind", kinds[plan->console.kind]);
	json_text("node", plan->console.path[0] ? plan->console.path : NULL);
	json_text("driven", drives[plan->console.drive]);
	if (plan->console.drive != CONSOLE_DIRECT) {
		json_number("hart", plan->harts[plan->console.hart].id);
		json_number("interrupt", plan->console.irq);
	}
	json_text("style", plan->console.colour ? "colour" : "plain");
	json_bool("monitor", plan->console.monitor);
	json_close('}');
	harts(plan);
	iommus(plan);
	json_open("guests", '[');
	for (uint32_t i = 0; i < plan->nr_vms; i++)
		guest(plan, &plan->vms[i]);
	json_close(']');
	shared(plan);
	json_open("free", '[');
	for (uint32_t i = 0; i < plan->nr_free; i++)
		range(NULL, plan->free[i].base, plan->free[i].size);
	json_close(']');
	json_close('}');
}
