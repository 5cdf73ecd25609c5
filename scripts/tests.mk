# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests: on this host (unit, fuzz), in QEMU (everything that make test runs), mutants, proofs.

.PHONY: test unit fuzz
UNIT_SRC	:= $(filter-out hyp/base/str.c,$(wildcard hyp/base/*.c)) \
		   boot/upward.c $(wildcard hyp/plan/*.c drivers/*.c tests/unit/lib/*.c tests/unit/fake/*.c) \
		   $(filter-out hyp/riscv/sstage.c,$(wildcard hyp/riscv/*.c)) \
		   $(wildcard hyp/vdev/*.c hyp/vm/*.c hyp/vsbi/*.c hyp/terminal/*.c) \
		   $(filter-out hyp/console/panic.c,$(wildcard hyp/console/*.c))
UNIT_LIB_OBJ	:= $(call objects,$(UNIT_SRC),unit) $(call libfdt_objects,unit)
UNIT_TESTS	:= $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
$(eval $(call COMPILE,unit,$(HOSTCC),$(UNIT_CFLAGS)))

# What exits share between harts: each access is a call, which tests/unit/fake/access.c gets first.
INTERLEAVED	:= $(wildcard hyp/vm/*.c hyp/vsbi/*.c hyp/vdev/*.c hyp/console/*.c) hyp/riscv/hart.c drivers/plic.c
UNIT_CALLS	:= --param asan-instrumentation-with-call-threshold=0
FUZZ_CALLS	:= -mllvm -asan-instrumentation-with-call-threshold=0
TEST_LDFLAGS	:= $(foreach a,load store,$(foreach n,1 2 4 8 16 N,-Wl,--wrap=__asan_$(a)$(n)))
$(call objects,$(INTERLEAVED),unit): FILE_CFLAGS := $(UNIT_CALLS)
$(call objects,$(INTERLEAVED),fuzz) $(call objects,$(INTERLEAVED),coverage): FILE_CFLAGS := $(FUZZ_CALLS)

$(B)/unit/unit.a: $(UNIT_LIB_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $(UNIT_LIB_OBJ)
$(UNIT_TESTS): $(B)/unit/%: $(B)/unit/tests/unit/%.o $(B)/unit/unit.a
	$(call say,HOSTLD $@)
	$(Q)$(HOSTCC) -fsanitize=address,undefined $(TEST_LDFLAGS) -o $@ $^ -lcmocka

unit: $(UNIT_TESTS)
	@$(PYTHON) scripts/judge --unit $(UNIT_TESTS)

# Each tests/fuzz/fuzz_NAME.c is a target of libFuzzer; the other files there are linked to all of them. The corpus
# that a long run finds stays in build/fuzz/corpus/NAME; `make test` runs each target for FUZZ_SHORT seconds,
# from the same seed each time, so that what it says of a tree does not depend on luck; `make fuzz` goes new ways.
FUZZ_SECONDS	?= 600
FUZZ_SHORT	?= 20
FUZZ_SEED	?= 1
FUZZ_CFLAGS	:= $(filter-out -O1 $(WARNINGS),$(UNIT_CFLAGS)) -Wall -Wextra -Werror -O2 -fsanitize=fuzzer-no-link
FUZZ_LIB_OBJ	:= $(call objects,$(UNIT_SRC) $(filter-out tests/fuzz/fuzz_%,$(wildcard tests/fuzz/*.c)),fuzz) \
		   $(call libfdt_objects,fuzz)
FUZZ_TARGETS	:= $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
$(eval $(call COMPILE,fuzz,$(FUZZCC),$(FUZZ_CFLAGS)))

$(B)/fuzz/fuzz.a: $(FUZZ_LIB_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $(FUZZ_LIB_OBJ)
$(FUZZ_TARGETS): $(B)/fuzz/%: $(B)/fuzz/tests/fuzz/%.o $(B)/fuzz/fuzz.a
	$(call say,FUZZLD $@)
	$(Q)$(FUZZCC) -fsanitize=fuzzer,address,undefined $(TEST_LDFLAGS) -o $@ $^

# What they start from: the device trees of this repository, compiled.
FUZZ_SEEDS	:= $(B)/fuzz/seeds/.made
$(FUZZ_SEEDS): tests/fuzz/seeds tests/fuzz/found
$(FUZZ_SEEDS): $(wildcard tests/hosts/*.dts tests/unit/dts/*.dts configs/*/*.dts) | $(SETUP)
	$(call say,SEEDS $(@D))
	$(Q)tests/fuzz/seeds $(@D) && touch $@

fuzz: $(FUZZ_TARGETS) $(FUZZ_SEEDS)
	@$(PYTHON) scripts/judge --fuzz $(FUZZ_SECONDS) 0 $(FUZZ_TARGETS)

# The same targets, made to count what their corpora reach.
.PHONY: coverage coverage-tools
COVER_CFLAGS	:= $(FUZZ_CFLAGS) -fprofile-instr-generate -fcoverage-mapping
COVER_LIB_OBJ	:= $(patsubst $(B)/fuzz/%,$(B)/coverage/%,$(FUZZ_LIB_OBJ))
COVER_TARGETS	:= $(patsubst $(B)/fuzz/%,$(B)/coverage/%,$(FUZZ_TARGETS))
$(eval $(call COMPILE,coverage,$(FUZZCC),$(COVER_CFLAGS)))

$(B)/coverage/fuzz.a: $(COVER_LIB_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $(COVER_LIB_OBJ)
$(COVER_TARGETS): $(B)/coverage/%: $(B)/coverage/tests/fuzz/%.o $(B)/coverage/fuzz.a
	$(call say,COVERLD $@)
	$(Q)$(FUZZCC) -fsanitize=fuzzer,address,undefined -fprofile-instr-generate $(TEST_LDFLAGS) -o $@ $^

coverage-tools: | $(SETUP)
	@$(PYTHON) scripts/coverage --tools
coverage: coverage-tools $(COVER_TARGETS) $(FUZZ_SEEDS)
	@$(PYTHON) scripts/coverage $(COVER_TARGETS)

# Without network, tests on the other QEMUs fail and say so, and all others run.
.PHONY: newer-qemus
newer-qemus: | $(SETUP)
	$(Q)$(MAKE) $(FETCHED_QEMUS) || echo 'The tests on QEMU 10 and 11 cannot run: see above' >&2

test: $(UNIT_TESTS) $(FUZZ_TARGETS) $(FUZZ_SEEDS) $(B)/unit/bulkhead everything newer-qemus
	@$(PYTHON) scripts/judge --unit $(UNIT_TESTS) --fuzz $(FUZZ_SHORT) $(FUZZ_SEED) $(FUZZ_TARGETS) --boot $(TESTS)

# Small faults put into the code, and whether the tests find them; docs/testing.md.
.PHONY: mutants mutants-listed
MUTANTS		?= 240
LISTED		?= tests/mutants/listed
mutants: $(UNIT_TESTS) $(FUZZ_TARGETS) $(FUZZ_SEEDS) everything
	@$(PYTHON) scripts/mutants --number $(MUTANTS) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))
mutants-listed: $(UNIT_TESTS) $(FUZZ_TARGETS) $(FUZZ_SEEDS)
	@$(PYTHON) scripts/mutants --listed $(LISTED)

# The long suites: what `make test` has a short run or a part of. Each figure can be given by itself, too.
.PHONY: test-all
test-all:
	$(Q)BULKHEAD_LONG=1 BULKHEAD_RESTARTS=$(or $(BULKHEAD_RESTARTS),5000) \
		BULKHEAD_LINUX_RESTARTS=$(or $(BULKHEAD_LINUX_RESTARTS),50) \
		BULKHEAD_RANDOM_SECONDS=$(or $(BULKHEAD_RANDOM_SECONDS),600) $(MAKE) test FUZZ_SHORT=$(FUZZ_SECONDS)

# ---- proofs -------------------------------------------------------------------------------------------

.PHONY: prove
prove: | $(SETUP)
	@$(PYTHON) tests/proofs/prove

# A source that went away, or came, changes what is linked.
$(B)/unit/unit.a: $(B)/.unit-list
$(B)/fuzz/fuzz.a: $(B)/.fuzz-list
$(B)/coverage/fuzz.a: $(B)/.cover-list
$(B)/.unit-list: list = $(UNIT_LIB_OBJ)
$(B)/.fuzz-list: list = $(FUZZ_LIB_OBJ)
$(B)/.cover-list: list = $(COVER_LIB_OBJ)
$(B)/.unit-list $(B)/.fuzz-list $(B)/.cover-list: FORCE
	$(WRITE_LIST)

# Tables of facts from the device tree bindings, which are in the repository: written again. Wants python3-yaml.
.PHONY: bindings fetch-bindings boards
fetch-bindings: | $(SETUP)
	$(Q)$(PYTHON) scripts/fetch bindings
bindings: fetch-bindings
	$(Q)$(PYTHON) scripts/bindings-table

# Vendors' device trees, each device alone and in groups; and whether those tables are up to date.
boards: fetch-bindings $(B)/bulkhead $(B)/unit/bulkhead $(FETCHED_LINUX)
	$(Q)$(PYTHON) scripts/bindings-table --check
	$(Q)BULKHEAD_BOARDS=1 $(PYTHON) -m pytest -q tests/tool/test_trees.py tests/tool/test_standins.py
