# SPDX-License-Identifier: GPL-2.0-or-later
# Read and print device trees at boot; a boot calls them a thousand times.
COLD	+= hyp/base/fdt.c hyp/base/fmt.c
OFTEN	+= hyp/base/fdt.c hyp/base/fmt.c

# Called by vplic.c.
FEW	+= hyp/base/bits.c

# libfdt as it comes: its warnings and its aliasing are its own. What it need not ask again at each step (its
# FDT_ASSUME_MASK, the same wherever it is built) is asked once, by dt_open() in fdt.c: 4, that the tree is of version
# 17; 2, in the files that pass tokens and write, that its blocks lie within it. That a token and what belongs to it lie
# within the structure block is asked each time.
LIBFDT_NAMES	:= fdt fdt_ro fdt_wip fdt_sw fdt_rw fdt_addresses fdt_strerror
LIBFDT_CFLAGS	= -w -fno-strict-aliasing -DFDT_ASSUME_MASK=$(ASSUME) -I$(LIBFDT)
ASSUME		= $(if $(filter fdt.o fdt_sw.o,$(@F)),6,4)

$(B)/core/libfdt/%.o: FILE_CFLAGS = $(COLD_CFLAGS)
# libfdt asks for each byte of a name by a call: inlined, that is a few instructions.
$(B)/core/libfdt/fdt_sw.o: FILE_CFLAGS := -O2
$(B)/core/libfdt/fdt.o: FILE_CFLAGS := -O2 -finline-functions --param max-inline-insns-auto=200
