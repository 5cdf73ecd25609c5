# SPDX-License-Identifier: GPL-2.0-or-later
"""A PCI host bridge as a device of Linux: its disk is behind it, with interrupts by wire through the PLIC."""
import os
import re

import pytest

import machine as machines
from configs import DISK, UART, config, guest, rt
from conftest import LONG

BRIDGE = "/soc/pci@30000000"
LINUX_TIME = 120	# seconds for Linux to get to user space, at most

# Where the disk is: on the first bus, and behind a port, to which nothing gets without bus numbers.
PLACES = {"root": ["-device", "virtio-blk-pci,drive=d0"],
          "port": ["-device", "pcie-root-port,id=rp0,chassis=1,slot=1",
                   "-device", "virtio-blk-pci,drive=d0,bus=rp0"]}


def disk(place):
    path = os.path.join(machines.BUILD, "linux-disk.img")
    return ["-drive", f"if=none,id=d0,format=raw,snapshot=on,file={path}", *PLACES[place]]


def linux(mode, args="", **props):
    return guest("linux", "1 2", "512M", "linux", initrd="linux-initrd", devices=[UART, BRIDGE], trust_dma=True,
                 bootargs=f"console=ttyS0 demo.mode={mode} {args}".rstrip(), **props)


def command(machine, bus, device):
    """The command register of that function 0, as the machine has it now; None: there is no such function."""
    at = 0x30000000 + (bus << 20) + (device << 15)
    vendor, value = [int(re.search(r": 0x([0-9a-f]+)", machine.ask_monitor(f"xp /1hx {at + reg:#x}"))[1], 16)
                     for reg in (0, 4)]
    return None if vendor == 0xffff else value


def masters(machine):
    """The functions of buses 0 and 1 that may do DMA."""
    return [(bus, device) for bus in (0, 1) for device in range(32) if (command(machine, bus, device) or 0) & 4]


@pytest.mark.parametrize("place", PLACES if LONG else ["port"])
def test_disk(boot, place):
    """When the guest has ended, nothing of its bus can do DMA: Linux leaves that on."""
    machine = boot(config(linux("demo"), rt()), extra=disk(place))
    machine.hv.expect_line("bulkhead", f"device     {BRIDGE}, DMA, PCI buses 0 to 255, irq 32, 33, 34, 35")
    machine.uart.expect("demo: disk ok sha256=[0-9a-f]{64}$", 2 * LINUX_TIME)
    assert masters(machine)[-1][0] == (1 if place == "port" else 0)
    irq = machine.uart.expect(r"demo: irq virtio\d+ (\d+) -> (\d+)$")
    assert int(irq[2]) > int(irq[1])
    machine.uart.expect("demo: done")
    machine.hv.expect_line("bulkhead", r"vm linux: stopped \(shutdown\)")
    assert command(machine, 0, 0) is not None and not masters(machine)


NOTHING = 0x18000000	# QEMU has nothing there, and answers with access faults


def test_refused(boot, host_dtb):
    """The bus refuses each access to a guest's bridge and disk, which the hypervisor would reset: it continues."""
    extra = host_dtb([["-t", "x", BRIDGE, "reg", "0", f"{NOTHING:x}", "0", "1000000"],
                      ["-t", "x", DISK, "reg", "0", f"{NOTHING + 0x1000000:x}", "0", "1000"]])
    machine = boot(config(guest("odd", "1", "16M", "rt", devices=[BRIDGE, DISK], trust_dma=True,
                                bootargs="rt.ticks=2"), rt()), extra=extra)
    machine.hv.expect_line("bulkhead", f"device     {BRIDGE}, DMA, PCI buses 0 to 15, irq 32, 33, 34, 35")
    machine.hv.expect_line("bulkhead", r"vm odd: stopped \(shutdown\)")
    machine.hv.expect_line("rt", "rt: tick ")


if LONG:
    def test_reboots_under_load(boot):
        """Behind a port, which needs bus numbers: the disk works in each life, and is busy at the end of each."""
        machine = boot(config(linux("reboot", args="demo.load=1"), rt()), extra=disk("port"))
        for _ in range(2):
            machine.uart.expect("demo: disk is there", LINUX_TIME)
            machine.uart.expect("demo: rebooting", LINUX_TIME)
        ticks = [int(line.split()[2]) for line in machine.hv.lines("rt") if line.startswith("rt: tick ")]
        assert ticks and ticks == sorted(set(ticks)), "rt was restarted, too"
