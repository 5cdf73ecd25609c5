/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor's commands: one table. What they show of a VM is read without stopping it. Lock: mux.lock is held;
 * vm->lock for a moment each.
 */
#include "hyp/terminal/monitor_cmd.h"

#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/console/console.h"
#include "hyp/riscv/csr.h"
#include "hyp/riscv/work.h"
#include "hyp/terminal/answer.h"
#include "hyp/vm/dump.h"
#include "hyp/vm/vcpu.h"
#include "hyp/vm/vm_create.h"
#include "hyp/vm/vm_life.h"
#include "hyp/vm/vm_stuck.h"

#define LOG_SHOWN	8192u	/* bytes of the log that `log` shows at most */

static const struct plan *plan;	/* of the command that is carried out */

/* The state of a VM at one moment, read under its lock. */
struct vm_snapshot {
	enum vm_state state;
	enum vm_end end;
	uint32_t starts;
	uint64_t started_at;
};

static struct vm_snapshot take_snapshot(struct vm *vm)
{
	struct vm_snapshot s;

	lock_acquire(&vm->lock);
	s = (struct vm_snapshot){ vm->state, vm->end, vm->starts, vm->started_at };
	lock_release(&vm->lock);
	return s;
}

/* By name, or by number as Ctrl-] takes it. */
static struct vm *find_guest(const char *name)
{
	for (uint32_t i = 0; i < plan->nr_vms; i++)
		if (!strcmp(name, plan->vms[i].name) || (name[0] == (char)('1' + i) && !name[1]))
			return vm_get(i);
	if (name[0])
		answer_print("there is no guest \"%s\"; guests lists them\n", name);
	else
		answer_print("which guest? guests lists them\n");
	return NULL;
}

/* Seconds as "42 s", "5 min 10 s", "2 h 5 min" or "3 d 4 h". */
static void print_duration(uint64_t s)
{
	if (s < 60)
		answer_print("%lu s", s);
	else if (s < 3600)
		answer_print("%lu min %lu s", s / 60, s % 60);
	else if (s < 86400)
		answer_print("%lu h %lu min", s / 3600, s / 60 % 60);
	else
		answer_print("%lu d %lu h", s / 86400, s / 3600 % 24);
}

/* ---- guests ---- */

static const char *state_name(const struct vm_snapshot *s)
{
	switch (s->state) {
	case VM_STOPPED: return "stopped";
	case VM_STARTING: return "starting";
	case VM_RUNNING: return "running";
	case VM_STOPPING: return "stopping";
	case VM_STUCK: return "stuck";
	}
	return "?";
}

static uint64_t memory_kib(const struct plan_vm *p)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < p->nr_regions; i++)
		if (p->regions[i].kind == REGION_RAM)
			sum += p->regions[i].size >> 10;
	return sum;
}

static void show_guest(uint32_t i)
{
	const struct plan_vm *p = &plan->vms[i];
	struct vm_snapshot s = take_snapshot(vm_get(i));
	uint64_t kib = memory_kib(p);
	char harts[64];
	size_t n = 0;

	harts[0] = 0;
	for (uint32_t v = 0; v < p->nr_vcpus; v++)
		n += fmt_str(harts + n, sizeof(harts) - n, "%s%lu", v ? " " : "",
			     plan->harts[p->vcpu_hart[v]].id);
	answer_print("%u %-12s %-8s harts %-8s %6lu %s  restarts %u", i + 1, p->name, state_name(&s), harts,
		  kib & 1023 ? kib : kib >> 10, kib & 1023 ? "KiB" : "MiB", s.starts ? s.starts - 1 : 0);
	if (s.state == VM_RUNNING) {
		answer_print("  up ");
		print_duration((csr_read(CSR_TIME) - s.started_at) / plan->timebase_hz);
	} else if (s.state != VM_STARTING) {
		answer_print("  (%s)", vm_end_name(s.end));
	}
	answer_print("\n");
	for (uint32_t v = 0; s.state == VM_STUCK && v < p->nr_vcpus; v++)
		if (vm_is_lost(vm_get(i), v))
			answer_print("  vcpu %u on hart %lu does not come back: only a reset of the machine helps\n", v,
				  plan->harts[p->vcpu_hart[v]].id);
}

static bool guests(const char *arg)
{
	(void)arg;
	for (uint32_t i = 0; i < plan->nr_vms; i++)
		show_guest(i);
	return false;
}

/* ---- stats ---- */

static void show_exits(struct vm *vm)
{
	for (uint32_t v = 0; v < vm->plan->nr_vcpus; v++) {
		bool any = false;

		answer_print("%s vcpu %u: exits", vm->plan->name, v);
		for (uint32_t kind = 0; kind < NR_EXITS; kind++) {
			uint64_t n = __atomic_load_n(&vm->vcpus[v]->ctx.exits[kind], __ATOMIC_RELAXED);

			if (n)
				answer_print(" %s %lu", vm_exit_name(kind), n);
			any = any || n;
		}
		answer_print(any ? "\n" : " none\n");
	}
}

static void show_claims(const struct vm *vm)
{
	for (uint32_t p = 0; p < vm->plan->nr_vplics; p++) {
		const struct vplic *vplic = &vm->devs.vintcs[p].plic;
		bool any = false;

		if (plan->intcs[vm->plan->vplics[p].plic].kind != INTC_PLIC)
			continue;	/* its interrupts bypass the hypervisor */
		for (uint32_t id = 1; id <= vplic->ndev; id++) {
			uint32_t n = __atomic_load_n(&vplic->claims[id], __ATOMIC_RELAXED);

			if (!n)
				continue;
			if (!any)
				answer_print("%s: interrupts of %s, by source:", vm->plan->name,
					  plan->intcs[vplic->plic].path);
			answer_print(" %u: %u", id, n);
			any = true;
		}
		if (any)
			answer_print("\n");
	}
	if (vdevs_pass(&vm->devs))
		answer_print("%s: its claims bypass the hypervisor (plic-mode \"%s\"), so there are no counts by "
			     "source\n",
			  vm->plan->name, plic_mode_name(vm->devs.plic_mode));
}

static void show_cards(const struct vm *vm)
{
	char text[CONSOLE_LINE];

	for (uint32_t i = 0; i < vm->plan->nr_cards; i++) {
		vnet_describe(&vm->devs.cards[i], text, sizeof(text));
		answer_print("%s: %s\n", vm->plan->name, text);
	}
}

static void show_stats(struct vm *vm)
{
	show_exits(vm);
	show_claims(vm);
	show_cards(vm);
	if (vm->plan->nr_dma_ids)
		answer_print("%s: %u accesses of its devices refused by an IOMMU\n", vm->plan->name,
			     __atomic_load_n(&vm->dma_faults, __ATOMIC_RELAXED));
	answer_print("%s: console: %u bytes pending, %u dropped, %u bytes of input lost\n", vm->plan->name,
		  console_waiting(vm->index), console_dropped(vm->index), console_lost_input(vm->index));
}

static bool stats(const char *arg)
{
	struct vm *one = arg[0] ? find_guest(arg) : NULL;

	if (one)
		show_stats(one);
	for (uint32_t i = 0; !arg[0] && i < plan->nr_vms; i++)
		show_stats(vm_get(i));
	return false;
}

/* ---- irq ---- */

static bool has_bit(const uint32_t *words, uint32_t id)
{
	return __atomic_load_n(&words[id / 32], __ATOMIC_RELAXED) >> id % 32 & 1;
}

static void print_enables(const struct vplic *p, uint32_t id)
{
	bool any = false;

	for (uint32_t v = 0; v < p->nr_vcpus; v++) {
		if (!(__atomic_load_n(&p->enable[id / 32][v], __ATOMIC_RELAXED) >> id % 32 & 1))
			continue;
		answer_print(any ? " %u" : ", enabled for vcpu %u", v);
		any = true;
	}
	if (!any)
		answer_print(", not enabled");
}

/* Without the lock, like all of `irq`: a source that changes at this moment may be shown half. */
static void show_source(const struct vm *vm, const struct vplic *p, uint32_t id)
{
	uint32_t n = __atomic_load_n(&p->claims[id], __ATOMIC_RELAXED);

	answer_print("%s:   %u: priority %u", vm->plan->name, id, __atomic_load_n(&p->priority[id], __ATOMIC_RELAXED));
	print_enables(p, id);
	if (!has_bit(p->physical, id))
		answer_print(", virtual%s", has_bit(p->level, id) ? ", its line is up" : "");
	if (has_bit(p->pending, id))
		answer_print(", pending");
	if (has_bit(p->claimed, id))
		answer_print(", claimed by vcpu %u", __atomic_load_n(&p->claimer[id], __ATOMIC_RELAXED));
	if (n)
		answer_print(", claims %u", n);
	answer_print("\n");
}

static bool irq(const char *arg)
{
	const struct vm *vm = find_guest(arg);

	for (uint32_t i = 0; vm && i < vm->plan->nr_vplics; i++) {
		const struct vplic *p = &vm->devs.vintcs[i].plic;
		const struct plan_intc *intc = &plan->intcs[vm->plan->vplics[i].plic];

		if (intc->kind != INTC_PLIC) {
			answer_print("%s: %s: its interrupts bypass the hypervisor\n", vm->plan->name, intc->path);
			continue;
		}
		answer_print("%s: sources of %s\n", vm->plan->name, intc->path);
		for (uint32_t id = 1; id <= p->ndev; id++)
			if (has_bit(p->owned, id))
				show_source(vm, p, id);
		if (vdevs_pass(&vm->devs))
			answer_print("%s: plic-mode \"%s\": what is pending or claimed stands in the hardware only\n",
				     vm->plan->name, plic_mode_name(vm->devs.plic_mode));
	}
	return false;
}

/* ---- mem ---- */

static bool mem(const char *arg)
{
	static const char *const roles[NR_IMAGE_ROLES] = { [IMAGE_KERNEL] = "kernel", [IMAGE_INITRD] = "initrd" };
	const struct vm *vm = find_guest(arg);
	const struct plan_vm *p = vm ? vm->plan : NULL;

	for (uint32_t i = 0; p && i < p->nr_regions; i++)
		if (p->regions[i].kind == REGION_RAM)
			answer_print("%s: %012lx-%012lx  RAM, at host %012lx\n", p->name, p->regions[i].gpa.v,
				     p->regions[i].gpa.v + p->regions[i].size - 1, p->regions[i].hpa.v);
	for (uint32_t i = 0; p && i < NR_IMAGE_ROLES; i++)
		if (p->images[i].size)
			answer_print("%s: %012lx-%012lx  %s \"%s\"\n", p->name, p->images[i].target.v,
				     p->images[i].target.v + p->images[i].size - 1, roles[i], p->images[i].name);
	if (p)
		answer_print("%s: %012lx               device tree\n%s: %012lx               entry\n", p->name,
			     p->dtb.v, p->name, p->entry.v);
	return false;
}

/* ---- plan, log ---- */

static struct {
	const char *text;	/* lines, each with its newline */
	uint32_t len;
} kept;

__boot void monitor_keep_line(const char *text)
{
	size_t n = strlen(text);
	char *to = work_take(n + 1, 1);

	if (!kept.text || kept.text + kept.len != to)
		kept = (__typeof__(kept)){ .text = to };
	memcpy(to, text, n);
	to[n] = '\n';
	kept.len += (uint32_t)n + 1;
}

static bool show_plan(const char *arg)
{
	(void)arg;
	for (uint32_t at = 0, n; at < kept.len; at += n) {
		const char *line = kept.text + at;

		n = (uint32_t)((const char *)memchr(line, '\n', kept.len - at) - line) + 1;
		answer_put(line, n);
	}
	return false;
}

static bool show_log(const char *arg)
{
	uint32_t at = log_start(), end = log_end(), n, lost;
	bool whole = end - at <= LOG_SHOWN;	/* otherwise it begins in the middle of a line */
	char text[128];

	(void)arg;
	at = whole ? at : end - LOG_SHOWN;
	while ((int32_t)(end - at) > 0 && (n = log_read(&at, text, sizeof(text), &lost))) {
		const char *from = text;

		if (!whole) {
			from = memchr(text, '\n', n);
			whole = from != NULL;
			from = from ? from + 1 : text + n;
		}
		answer_put(from, (uint32_t)(text + n - from));
	}
	return false;
}

/* ---- start, stop, restart ---- */

static bool ask(const char *arg, enum vm_ask what)
{
	struct vm *vm = find_guest(arg);
	const char *why = vm ? vm_ask(vm, what) : NULL;

	if (why)
		answer_print("%s: %s\n", vm->plan->name, why);
	return false;
}

static bool start(const char *arg) { return ask(arg, ASK_START); }
static bool stop(const char *arg) { return ask(arg, ASK_STOP); }
static bool restart(const char *arg) { return ask(arg, ASK_RESTART); }

/* ---- dump ---- */

static bool dump(const char *arg)
{
	struct vm *vm = find_guest(arg);

	if (vm && !dump_ask(vm))
		answer_print("the last dump is not complete yet: a hart of its guest is busy\n");
	return false;
}

bool monitor_has_dump(void)
{
	struct vcpu *v;

	return dump_next(&v) != NULL;
}

void monitor_show_dump(void)
{
	static const char *const hsm[] = { "started", "stopped", "starts", "stops", "suspended" };
	struct vcpu *v;
	const struct dump *d = dump_next(&v);
	uint8_t state = vcpu_hsm_state(v);

	answer_print("%s vcpu %u on hart %lu: %s, %s-mode, pc %016lx\n", v->vm->plan->name, v->index, v->hart->id,
		  state < ARRAY_LEN(hsm) ? hsm[state] : "?", d->sstatus & SSTATUS_SPP ? "VS" : "VU", d->x[0]);
	for (uint32_t i = 1; i < 32; i += 4) {
		for (uint32_t r = i; r < i + 4 && r < 32; r++)
			answer_print("%sx%-2u %016lx", r == i ? "" : " ", r, d->x[r]);
		answer_print("\n");
	}
	answer_print("vsstatus %lx vsepc %lx vscause %lx vstval %lx\n", d->vsstatus, d->vsepc, d->vscause, d->vstval);
	answer_print("vstvec %lx vsscratch %lx vsatp %lx vsie %lx hip %lx\n", d->vstvec, d->vsscratch, d->vsatp,
		     d->vsie,
		  d->hip);
	dump_done(v);
}

/* ---- the table ---- */

static bool reboot(const char *arg)
{
	(void)arg;
	return true;
}

static bool help(const char *arg);

static const struct command {
	const char *name;
	const char *arg;		/* "": none */
	bool (*run)(const char *arg);	/* true: reboot */
	const char *text;
} commands[] = {
	{ "help", "", help, "this list" },
	{ "guests", "", guests, "state and resources of each guest" },
	{ "stats", "[GUEST]", stats, "exits by cause, interrupts by source, its console" },
	{ "irq", "GUEST", irq, "state of its interrupts, by source" },
	{ "mem", "GUEST", mem, "its RAM, and what was put there" },
	{ "plan", "", show_plan, "the plan, as printed at boot" },
	{ "log", "", show_log, "the last lines of the hypervisor" },
	{ "start", "GUEST", start, "a guest that has stopped" },
	{ "stop", "GUEST", stop, "at once, without a request to it" },
	{ "restart", "GUEST", restart, "the same, then start it from its images" },
	{ "dump", "GUEST", dump, "registers of its vcpus" },
	{ "reboot", "", reboot, "resets the whole machine, at once" },
};

static bool help(const char *arg)
{
	(void)arg;
	for (uint32_t i = 0; i < ARRAY_LEN(commands); i++)
		answer_print("%-8s%-8s %s\n", commands[i].name, commands[i].arg, commands[i].text);
	answer_print("GUEST is a name or a number. Ctrl-] ? shows how to leave.\n");
	return false;
}

/* The next word of a line, ended by a 0; "" at its end. */
static char *word(char **at)
{
	char *w = *at;

	while (*w == ' ' || *w == '\t')
		w++;
	*at = w;
	while (**at && **at != ' ' && **at != '\t')
		(*at)++;
	if (**at)
		*(*at)++ = 0;
	return w;
}

bool monitor_command(const struct plan *p, char *line)
{
	const char *name = word(&line), *arg = word(&line), *rest = word(&line);

	plan = p;
	if (!name[0])
		return false;
	for (uint32_t i = 0; i < ARRAY_LEN(commands); i++) {
		const struct command *c = &commands[i];

		if (strcmp(name, c->name))
			continue;
		if (rest[0] || (arg[0] && !c->arg[0])) {
			answer_print("%s takes %s\n", name, c->arg[0] ? "one guest" : "nothing more");
			return false;
		}
		return c->run(arg);
	}
	answer_print("no such command: %s; help lists them\n", name);
	return false;
}
