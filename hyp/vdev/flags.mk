# SPDX-License-Identifier: GPL-2.0-or-later
# Runs when a VM starts.
COLD	+= hyp/vdev/vplic_create.c hyp/vdev/vdev_create.c

# Registers that no exit has to be quick for: of doorbells and network cards (frames: vnet_switch.c).
COLD	+= $(addprefix hyp/vdev/,doorbell.c vnet.c)
OFTEN	+= $(addprefix hyp/vdev/,doorbell.c vnet.c)

# Called by switch_plic.inc.
FEW	+= hyp/vdev/vplic.c hyp/vdev/vplic_passed.c hyp/vdev/vaplic.c
