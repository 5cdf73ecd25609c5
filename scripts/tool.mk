# SPDX-License-Identifier: GPL-2.0-or-later
#
# The host command bulkhead, and its installation.

DESTDIR		?=
PREFIX		?= /usr/local
VERSION		= $(shell sed -n 's/^.define VERSION_M[A-Z]*OR[[:space:]]*//p' hyp/base/version.h | paste -sd.)

TOOL_SRC	:= $(wildcard tools/*.c hyp/plan/*.c) $(filter-out hyp/base/str.c,$(wildcard hyp/base/*.c))
TOOL_OBJ	:= $(call objects,$(TOOL_SRC),host) $(call libfdt_objects,host)
$(eval $(call COMPILE,host,$(HOSTCC),$(HOST_CFLAGS)))

$(B)/bulkhead: $(TOOL_OBJ)
	$(call say,HOSTLD $@)
	$(Q)$(HOSTCC) -o $@ $(TOOL_OBJ) -lm -lz

# The same with sanitizers, for tests.
TOOL_UNIT_OBJ	:= $(call objects,$(TOOL_SRC),unit) $(call libfdt_objects,unit)
$(B)/unit/bulkhead: $(TOOL_UNIT_OBJ)
	$(call say,HOSTLD $@)
	$(Q)$(HOSTCC) -fsanitize=address,undefined -o $@ $(TOOL_UNIT_OBJ) -lm -lz

.PHONY: install uninstall dist
INSTALLED	:= bin/bulkhead share/man/man1/bulkhead.1 share/bash-completion/completions/bulkhead
install: $(B)/bulkhead
	$(call say,INSTALL $(DESTDIR)$(PREFIX))
	$(Q)install -D -m 755 $(B)/bulkhead '$(DESTDIR)$(PREFIX)/bin/bulkhead'
	$(Q)install -D -m 644 docs/bulkhead.1 '$(DESTDIR)$(PREFIX)/share/man/man1/bulkhead.1'
	$(Q)install -D -m 644 scripts/completion/bulkhead.bash \
		'$(DESTDIR)$(PREFIX)/share/bash-completion/completions/bulkhead'
uninstall:
	$(Q)rm -f $(INSTALLED:%='$(DESTDIR)$(PREFIX)/%')

# What is committed, and nothing else: the tarball builds as the repository does.
dist:
	@[ -z "$$(git status --porcelain -uno 2>/dev/null)" ] || echo 'make dist: what is not committed is left out' >&2
	$(call say,DIST $(B)/bulkhead-$(VERSION).tar.gz)
	$(Q)mkdir -p $(B) && git archive --format=tar.gz --prefix=bulkhead-$(VERSION)/ \
		-o $(B)/bulkhead-$(VERSION).tar.gz HEAD

$(B)/.tool-list: list = $(TOOL_OBJ)
$(B)/.tool-list: FORCE
	$(WRITE_LIST)
$(B)/bulkhead $(B)/unit/bulkhead: $(B)/.tool-list
