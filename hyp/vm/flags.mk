# SPDX-License-Identifier: GPL-2.0-or-later
# These run when a VM starts or ends. What an exit runs is not here.
COLD	+= $(addprefix hyp/vm/,entropy.c vcpu.c vm_life.c complain.c rate_limit.c vm_create.c vm_load.c vm_stuck.c \
				quiesce.c dump.c dma.c)
