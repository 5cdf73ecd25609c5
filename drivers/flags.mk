# SPDX-License-Identifier: GPL-2.0-or-later
# What prints is small rather than fast; a boot prints each character by virtio_console.c.
COLD	+= $(addprefix drivers/,console.c ns16550.c virtio_console.c pci.c iommu.c iommu_dir.c)
OFTEN	+= drivers/virtio_console.c

# Called by vplic.c.
FEW	+= drivers/plic.c
