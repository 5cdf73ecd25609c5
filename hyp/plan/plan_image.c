/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where images go in a guest's RAM: the kernel at the start (a Linux Image at a 2 MiB boundary,
 * with room for what it says it needs; Linux, Documentation/arch/riscv/boot-image-header.rst), the
 * device tree near the end, the initrd below it. All in the region that the kernel is in. Or images stay where they lie
 * in the package, and the guest gets that part of it as RAM, at the host's address.
 */
#include "hyp/base/fdt.h"
#include "hyp/base/fmt.h"
#include "hyp/base/str.h"
#include "hyp/plan/image_kind.h"
#include "hyp/plan/plan_int.h"

#define LINUX_HEADER_SIZE	64
#define LINUX_MAGIC		0x05435352u	/* "RSC\x05" at offset 0x38 */

struct kernel {
	uint64_t memory;	/* bytes that it occupies, bss included */
	bool is_linux;
};

static uint64_t le64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static void look_at_kernel(const struct planner *pl, const struct package_entry *e,
			   struct kernel *k)
{
	const uint8_t *data = package_data(pl->package, e);
	uint64_t memory;

	*k = (struct kernel){ .memory = e->size };
	if (e->size < LINUX_HEADER_SIZE || (uint32_t)le64(data + 0x38) != LINUX_MAGIC)
		return;
	k->is_linux = true;
	memory = le64(data + 16);
	if (memory > k->memory)
		k->memory = memory;
}

/* Fills the role's plan_image but for its target; NULL if the guest has none or it is missing. */
static const struct package_entry *find_image(struct planner *pl, uint32_t vm, enum image_role role)
{
	const char *name = pl->config->vms[vm].images[role];
	struct plan_image *image = &pl->plan->vms[vm].images[role];
	const struct package_entry *e;

	if (!name)
		return NULL;
	memcpy(image->name, name, strlen(name) + 1);
	e = package_find(pl->package, name);
	if (!e) {
		vm_problem(pl, vm, PROBLEM_IMAGE_MISSING, config_image_props[role],
			   "there is no image \"%s\" in the package; pack it in with -i %s=FILE",
			   name, name);
		return NULL;
	}
	/* The package moves with the hypervisor. */
	image->source = hpa(pl->package->address.v - pl->plan->loaded.base + pl->plan->hyp.base + e->offset);
	image->size = e->size;
	image->crc32 = e->crc32;
	return e;
}

static const struct plan_region *ram_at(const struct plan_vm *v, uint64_t address)
{
	for (uint32_t i = 0; i < v->nr_regions; i++) {
		const struct plan_region *m = &v->regions[i];

		if (m->kind == REGION_RAM && address >= m->gpa.v && address - m->gpa.v < m->size)
			return m;
	}
	return NULL;
}

/* The region that the kernel goes into, and its address. */
static const struct plan_region *choose_entry(struct planner *pl, uint32_t vm,
					      const struct kernel *k)
{
	const struct config_vm *c = &pl->config->vms[vm];
	struct plan_vm *v = &pl->plan->vms[vm];
	const struct plan_region *m;

	if (!c->has_entry) {
		m = &v->regions[pl->first_ram[vm]];
		v->entry = gpa(k->is_linux ? align_up(m->gpa.v, LEAF_2M) : m->gpa.v);
		return m;
	}
	v->entry = gpa(c->entry);
	m = ram_at(v, c->entry);
	if (!m)
		vm_problem(pl, vm, PROBLEM_BAD_ENTRY, "entry",
			   "0x%lx is not in the guest's memory; choose an address in it, or leave "
			   "\"entry\" out", c->entry);
	else if (k->is_linux && c->entry % LEAF_2M)
		vm_problem(pl, vm, PROBLEM_BAD_ENTRY, "entry",
			   "a Linux kernel must lie at a multiple of 2M");
	else
		return m;
	return NULL;
}

static void no_room(struct planner *pl, uint32_t vm, enum image_role role, uint64_t need,
		    const struct plan_region *m)
{
	char a[24], b[24];

	vm_problem(pl, vm, PROBLEM_IMAGE_NO_ROOM, config_image_props[role],
		   "\"%s\" (%s in memory) does not fit into the guest's memory of %s at 0x%lx; "
		   "enlarge the guest's memory", pl->plan->vms[vm].images[role].name,
		   size_text(need, a, sizeof(a)), size_text(m->size, b, sizeof(b)), m->gpa.v);
}

/*
 * The device tree goes to the last 2 MiB boundary that leaves it room, as QEMU and U-Boot do it, or
 * to the very end of a small region.
 */
static bool place_dtb(struct planner *pl, uint32_t vm, const struct plan_region *m, uint64_t used)
{
	struct plan_vm *v = &pl->plan->vms[vm];
	uint64_t behind = v->needs_resets ? PAGE_SIZE : 0, end = m->gpa.v + (m->size - behind - GUEST_DTB_MAX), low;

	if (m->size < GUEST_DTB_MAX + behind || used > end)
		return false;
	v->reset_page = gpa(m->gpa.v + (m->size - behind));
	low = align_down(end, LEAF_2M);
	v->dtb = gpa(low >= used ? low : end);
	return true;
}

static void place_initrd(struct planner *pl, uint32_t vm, const struct plan_region *m,
			 uint64_t used)
{
	struct plan_vm *v = &pl->plan->vms[vm];
	struct plan_image *image = &v->images[IMAGE_INITRD];

	if (!find_image(pl, vm, IMAGE_INITRD))
		return;
	if (image->size > v->dtb.v - used ||
	    align_down(v->dtb.v - image->size, PAGE_SIZE) < used) {
		no_room(pl, vm, IMAGE_INITRD, image->size, m);
		return;
	}
	image->target = gpa(align_down(v->dtb.v - image->size, PAGE_SIZE));
}

/* ---- in place ---- */

/* A second user of the image would see what the guest writes to it. */
static bool has_image_alone(struct planner *pl, uint32_t vm, enum image_role role)
{
	const char *name = pl->config->vms[vm].images[role], *other;

	for (uint32_t i = 0; i < pl->plan->nr_vms; i++) {
		for (uint32_t r = 0; r < NR_IMAGE_ROLES; r++) {
			other = pl->config->vms[i].images[r];
			if ((i == vm && r == role) || !other || strcmp(other, name))
				continue;
			vm_problem(pl, vm, PROBLEM_IMAGE_SHARED, config_image_props[role],
				   "\"%s\" is used in place, and also as the %s of guest %s; pack it twice, "
				   "under two names", name, config_image_props[r], pl->plan->vms[i].name);
			return false;
		}
	}
	return true;
}

/* Maps the package from an image on: the memory that the image needs; a Linux kernel reserves whole blocks of 2 MiB. */
static void use_in_place(struct planner *pl, uint32_t vm, enum image_role role,
			 const struct package_entry *e, const struct kernel *k)
{
	struct plan_image *image = &pl->plan->vms[vm].images[role];
	uint64_t room = package_room(pl->package, e), size = room + 1;
	char text[24];

	image->target = gpa(image->source.v);
	if (!has_image_alone(pl, vm, role))
		return;
	if (k->is_linux && image->source.v % LEAF_2M) {
		vm_problem(pl, vm, PROBLEM_BAD_ENTRY, config_image_props[role],
			   "\"%s\" lies at 0x%lx, and a Linux kernel must lie at a multiple of 2M; pack with "
			   "this configuration, and load the whole at a multiple of 2M", image->name,
			   image->source.v);
		return;
	}
	if (k->memory <= room)
		size = align_up(k->memory ? k->memory : 1, k->is_linux ? LEAF_2M : PAGE_SIZE);
	if (size > room) {
		vm_problem(pl, vm, PROBLEM_IMAGE_NO_ROOM, config_image_props[role],
			   "\"%s\" (%s in memory) has no such room in the package; pack with this "
			   "configuration", image->name, size_text(k->memory, text, sizeof(text)));
		return;
	}
	plan_add_region(pl, vm, config_image_props[role],
			(struct plan_region){ .gpa = image->target, .hpa = image->source,
					      .size = size, .kind = REGION_RAM,
					      .rights = RIGHT_R | RIGHT_W | RIGHT_X });
}

static void use_all_in_place(struct planner *pl, uint32_t vm, const struct package_entry *kernel)
{
	struct plan_vm *v = &pl->plan->vms[vm];
	const struct plan_region *m = &v->regions[pl->first_ram[vm]];
	const struct package_entry *initrd = find_image(pl, vm, IMAGE_INITRD);
	struct kernel k;
	char text[24];

	if (v->policy.on_crash == ON_CRASH_RESTART)
		vm_problem(pl, vm, PROBLEM_NO_ORIGINAL, "on-crash",
			   "the guest changes its images where they lie, so it cannot start again; take images = "
			   "\"copy\", or on-crash = \"stop\"");
	if (pl->config->vms[vm].has_entry)
		vm_problem(pl, vm, PROBLEM_BAD_ENTRY, "entry",
			   "a kernel in place is entered where it lies; leave \"entry\" out, or take images = "
			   "\"copy\"");
	look_at_kernel(pl, kernel, &k);
	use_in_place(pl, vm, IMAGE_KERNEL, kernel, &k);
	v->entry = v->images[IMAGE_KERNEL].target;
	if (initrd)
		use_in_place(pl, vm, IMAGE_INITRD, initrd, &(struct kernel){ .memory = initrd->size });
	if (!place_dtb(pl, vm, m, m->gpa.v))
		vm_problem(pl, vm, PROBLEM_IMAGE_NO_ROOM, "memory",
			   "the guest's device tree (64K) does not fit into %s at 0x%lx; enlarge the guest's memory",
			   size_text(m->size, text, sizeof(text)), m->gpa.v);
}

/* ---- all guests ---- */

static void place_images(struct planner *pl, uint32_t vm, const struct package_entry *kernel)
{
	struct plan_vm *v = &pl->plan->vms[vm];
	const struct plan_region *m;
	struct kernel k;
	uint64_t room;

	look_at_kernel(pl, kernel, &k);
	m = choose_entry(pl, vm, &k);
	if (!m)
		return;
	v->images[IMAGE_KERNEL].target = v->entry;
	room = v->entry.v - m->gpa.v;		/* below the kernel; aligned up, maybe beyond */
	room = room < m->size ? m->size - room : 0;
	if (k.memory > room || align_up(k.memory, PAGE_SIZE) > room ||
	    !place_dtb(pl, vm, m, v->entry.v + align_up(k.memory, PAGE_SIZE))) {
		no_room(pl, vm, IMAGE_KERNEL, k.memory, m);
		return;
	}
	place_initrd(pl, vm, m, align_up(v->entry.v + k.memory, PAGE_SIZE));
}

void plan_images(struct planner *pl)
{
	const struct package_entry *kernel;

	image_check_kinds(pl->config, pl->package, pl->r);
	for (uint32_t vm = 0; vm < pl->plan->nr_vms; vm++) {
		if (!pl->config->vms[vm].images[IMAGE_KERNEL] && !pl->config->vms[vm].faulty)
			vm_problem(pl, vm, PROBLEM_NO_KERNEL, "kernel",
				   "the guest has nothing to run; add kernel = \"NAME\"");
		kernel = find_image(pl, vm, IMAGE_KERNEL);
		if (!kernel || pl->first_ram[vm] >= pl->plan->vms[vm].nr_regions)
			find_image(pl, vm, IMAGE_INITRD);
		else if (pl->plan->vms[vm].policy.in_place)
			use_all_in_place(pl, vm, kernel);
		else
			place_images(pl, vm, kernel);
	}
}
