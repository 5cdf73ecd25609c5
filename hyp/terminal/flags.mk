# SPDX-License-Identifier: GPL-2.0-or-later
# A person types no faster than this.
COLD	+= $(wildcard hyp/terminal/*.c)
