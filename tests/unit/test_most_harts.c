/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest of as many harts as there can be: masks of vcpus are full. hyp/vm/vm_stuck.c, hyp/vsbi/vsbi_rfence.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/vm/vm_stuck.c"
#include "hyp/vsbi/vsbi_rfence.c"

static struct plan_vm plan;
static struct vm vm;
static struct vcpu vcpus[MAX_HARTS];
static struct hart harts[MAX_HARTS];
static uint64_t now, lost, ended;
static uint32_t lines, fenced;

uint64_t fake_csr_read(unsigned csr) { assert_int_equal(csr, CSR_TIME); return now; }
void fake_fence(enum fake_fence kind, uint64_t va, uint64_t asid) { (void)kind, (void)va, (void)asid; fail(); }
void log_record(const char *format, uint32_t n, const uint64_t *values)
{
	(void)format, (void)n, (void)values;
	lines++;
}

void console_logged(void) { }
void console_lost(uint32_t hart) { lost |= 1ull << hart; }
void vm_end_for_good(struct vm *v) { assert_ptr_equal(v, &vm); ended++; }
uint32_t vm_count(void) { return 1; }
uint64_t dma_watch(void) { return UINT64_MAX; }
bool vtimer_misses(const struct vm *v, uint64_t at) { (void)v, (void)at; fail(); return false; }
void vm_end_missed(struct vm *v) { (void)v; fail(); }
void fake_mmio_write(uint64_t at, unsigned size, uint64_t value) { (void)at, (void)size, (void)value; fail(); }
bool remote_fence_lock(struct vcpu *v) { (void)v; fail(); return false; }
void remote_fence_await(struct vcpu *v) { (void)v; fail(); }
struct vm *vm_get(uint32_t index) { assert_int_equal(index, 0); return &vm; }

long sbi_ecall_harts(unsigned long eid, unsigned long fid, const uint64_t *ids, uint32_t n, unsigned long a,
		     unsigned long b, unsigned long c)
{
	(void)fid, (void)a, (void)b, (void)c;
	assert_int_equal(eid, SBI_EXT_RFENCE);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(ids[i], 1000 + i + (MAX_HARTS - n));
	fenced = n;
	return SBI_SUCCESS;
}

static int setup(void **state)
{
	(void)state;
	memset(&vm, 0, sizeof(vm));
	plan.nr_vcpus = MAX_HARTS;
	vm.all = UINT64_MAX;
	vm.plan = &plan;
	vm.active = UINT64_MAX;
	for (uint32_t i = 0; i < MAX_HARTS; i++) {
		harts[i].id = 1000 + i;
		harts[i].index = i;
		vcpus[i].hart = &harts[i];
		vcpus[i].vm = &vm;
		vcpus[i].index = i;
		vm.vcpus[i] = &vcpus[i];
	}
	lost = ended = lines = fenced = 0;
	return 0;
}

/* Each hart is given up, once. */
static void test_all_stuck(void **state)
{
	(void)state;
	vm.state = VM_STOPPING;
	vm.check_ticks = 1;
	for (now = 1; vm_watch_all() != UINT64_MAX; now++)
		assert_true(now < 2 * STUCK_CHECKS);
	assert_int_equal(vm.state, VM_STUCK);
	assert_int_equal(lost, UINT64_MAX);
	assert_int_equal(lines, MAX_HARTS + 1);
	assert_int_equal(ended, 1);
	for (uint32_t i = 0; i < MAX_HARTS; i++)
		assert_true(vm_is_lost(&vm, i));
}

/* A fence for all reaches all that are not stopped, and no other. */
static void test_fence_for_all(void **state)
{
	static const struct fence all = { .kind = FENCE_ALL }, code = { .kind = FENCE_CODE_ALL };

	(void)state;
	assert_int_equal(fence_by_firmware(&vcpus[0], UINT64_MAX, all), SBI_SUCCESS);
	assert_int_equal(fenced, MAX_HARTS);
	vm.active = ~1ull;
	assert_int_equal(fence_by_firmware(&vcpus[0], UINT64_MAX, code), SBI_SUCCESS);
	assert_int_equal(fenced, MAX_HARTS - 1);
	vm.active = 0;
	fenced = 77;
	assert_int_equal(fence_by_firmware(&vcpus[0], UINT64_MAX, code), SBI_SUCCESS);
	assert_int_equal(fenced, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_all_stuck, setup),
		cmocka_unit_test_setup(test_fence_for_all, setup),
	};

	return cmocka_run_group_tests_name("most_harts", tests, NULL, NULL);
}
