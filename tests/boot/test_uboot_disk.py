# SPDX-License-Identifier: GPL-2.0-or-later
"""U-Boot as a guest boots Debian's kernel from a disk: by extlinux, and by GRUB from the EFI system partition.

configs/virt/u-boot-disk.dts as it is shipped: the disk does DMA, so U-Boot has the memory that it is linked in, where
the firmware has loaded the hypervisor.
"""
import os
import re

from conftest import TOP
from test_uboot import PROMPT

CONFIG = "virt/u-boot-disk"
DISK = os.path.join(TOP, "build", CONFIG, "disk.img")


def logs_in(machine, loader):
    """Linux with two cpus, its root's shell, and both loaders' marks."""
    machine.uart.expect("Linux version", 120)
    machine.uart.expect("login: ", 120)
    machine.uart.send("root\n")
    machine.uart.expect("^~ # ")
    machine.uart.send("cat /proc/cmdline; grep -c ^processor /proc/cpuinfo; cat /proc/device-tree/memory*/reg | od -An -tx1\n")
    machine.uart.expect(rf"^.*demo\.loader={loader}$")
    machine.uart.expect(r"^2$")
    machine.uart.expect(r"^ 00 00 00 00 80 10 00 00 00 00 00 00 1f f0 00 00$")	# all of it, at the host's address
    machine.uart.send("poweroff -f\n")
    machine.hv.expect_line("bulkhead", r"vm u-boot: stopped \(shutdown\)")
    assert "[rt] rt: tick" in machine.hv.text


def at_its_old_place(machine):
    place = machine.hv.expect_line("bulkhead", r"hypervisor +0x(\w+)-.*, loaded at 0x0*80200000")
    assert int(place[1], 16) > 0xa0000000


def test_extlinux(boot):
    """As it boots without input."""
    machine = boot(CONFIG, disk=DISK)
    at_its_old_place(machine)
    machine.uart.expect(r"DRAM: *511 MiB")
    machine.uart.expect("Retrieving file: /boot/vmlinux", 60)
    logs_in(machine, "extlinux")


def test_grub(boot):
    machine = boot(CONFIG, disk=DISK)
    machine.uart.expect("Hit any key")
    machine.uart.send("\n")
    machine.uart.expect(PROMPT)
    machine.uart.send("load virtio 0:2 $kernel_addr_r EFI/BOOT/BOOTRISCV64.EFI; bootefi $kernel_addr_r $fdtcontroladdr\n")
    machine.uart.expect("Booting `linux'", 60)
    machine.uart.expect("EFI stub: Booting Linux Kernel", 60)
    logs_in(machine, "grub")
    assert not re.search("Retrieving file: /boot", machine.uart.text)
