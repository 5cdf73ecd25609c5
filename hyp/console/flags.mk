# SPDX-License-Identifier: GPL-2.0-or-later
# The end of the machine. Exits put text and records into the rings of the other files.
COLD	+= hyp/console/machine.c hyp/console/panic.c
