# SPDX-License-Identifier: GPL-2.0-or-later
# All of this runs once.
COLD	+= $(wildcard boot/*.c)
