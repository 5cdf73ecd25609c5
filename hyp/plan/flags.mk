# SPDX-License-Identifier: GPL-2.0-or-later
# All of this runs once, at boot; these two a thousand times then.
COLD	+= $(wildcard hyp/plan/*.c)
OFTEN	+= hyp/plan/host_index.c hyp/plan/refs.c
