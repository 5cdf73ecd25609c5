# SPDX-License-Identifier: GPL-2.0-or-later
# Runs when a VM starts.
COLD	+= hyp/vdev/vplic_create.c hyp/vdev/vdev_create.c

# Called by switch_plic.inc.
FEW	+= hyp/vdev/vplic.c hyp/vdev/vplic_passed.c hyp/vdev/vaplic.c
