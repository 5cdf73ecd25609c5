# SPDX-License-Identifier: GPL-2.0-or-later
# The log and the console print; an exit does not come here.
COLD	+= $(wildcard hyp/console/*.c)
