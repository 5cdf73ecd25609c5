# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts with an IOMMU: devices reach the memory of their guest, and nothing else. QEMU 7.2 has none."""
import os
import re

import pytest

import machine as machines
from configs import UART, config, guest, rt
from conftest import LONG, NEWER_QEMUS

BRIDGE = "/soc/pci@30000000"
IOMMU = "virt,iommu-sys=on"
MACHINES = {"plic": IOMMU, "aia": IOMMU + ",aia=aplic-imsic,aia-guests=1"}
EDU = ["-device", "edu,dma_mask=0xffffffffffffffff"]
LINUX_TIME = 120	# seconds for Linux to get to user space, at most
PATTERN = 0x1122334455667788

VICTIM = 0x90000000	# where the neighbour's memory begins
# In its memory, the hypervisor, the firmware, the PLIC, the IOMMU's registers, configuration space, a hole, and above
# what Sv39x4 can address.
TARGETS = (VICTIM + 0x800000, 0xf0000000, 0x80000000, 0xc000000, 0x3010000, 0x18000000, 1 << 41)


def hostile(targets=(), lives=0, **props):
    args = f"dma.targets={','.join(str(at) for at in targets)}" if targets else f"dma.lives={lives}"
    return guest("hostile", "1", props.pop("memory", "2M"), "dma", devices=[BRIDGE], bootargs=args, **props)


def victim():
    return guest("victim", "2", f"16M at {VICTIM:#x}", "neighbour", bootargs="neighbour.every=200")


def seen(machine):
    """What the device has read at each target, as the hostile guest prints it; after its end."""
    machine.hv.expect_line("hostile", "dma: done")
    lines = machine.hv.lines("hostile")
    assert "dma: own memory ok" in lines, machine.hv.tail(40)
    return {int(at, 16): int(value, 16) for at, value in
            re.findall(r"dma: 0x([0-9a-f]+): read 0x([0-9a-f]+)", "\n".join(lines))}


def damaged(machine):
    """How often the victim has found its memory changed, in two rounds of checks that begin now."""
    report = r"neighbour: .* passes=(\d+) .* bad_hash=(\d+)"
    first = int(machine.hv.expect_line("victim", report)[1])
    while True:
        passes, bad = machine.hv.expect_line("victim", report).groups()
        if int(passes) > first + 2:
            return int(bad)


def refused(machine):
    """How many accesses of the hostile guest's device the IOMMU has refused in its life."""
    return int(machine.hv.expect_line("bulkhead", r"vm hostile: (\d+) accesses of its devices were refused")[1])


@pytest.mark.parametrize("qemu", NEWER_QEMUS)
def test_hostile(boot, qemu):
    """The device reads nothing and writes nothing that is not its guest's. Each try is counted."""
    machine = boot(config(hostile(TARGETS), victim(), hypervisor_at="0xf0000000", console_hart=0), qemu=qemu,
                   machine=IOMMU, extra=EDU)
    machine.hv.expect_line("bulkhead", "iommu .* /soc/iommu@3010000: it blocks what no guest has")
    machine.hv.expect_line("bulkhead", f"device     {BRIDGE}, confined DMA")
    machine.hv.expect_line("bulkhead", r"vm hostile: DMA of device 0x[0-9a-f]+, address 0x90800000: a read outside")
    values = seen(machine)
    assert set(values) == set(TARGETS)
    assert set(values.values()) <= {0, PATTERN}, values		# the buffer as it was, or nothing
    assert refused(machine) >= 2 * len(TARGETS)
    assert not damaged(machine)


@pytest.mark.parametrize("qemu", NEWER_QEMUS[:1])
def test_attack_is_real(boot, qemu):
    """The same guest without an IOMMU: it reads its neighbour's memory, and writes there."""
    machine = boot(config(hostile(TARGETS[:1], trust_dma=True), victim()), qemu=qemu, extra=EDU)
    machine.hv.expect_line("bulkhead", f"device     {BRIDGE}, DMA")
    assert seen(machine)[TARGETS[0]] not in (0, PATTERN)
    assert damaged(machine)


@pytest.mark.parametrize("qemu", NEWER_QEMUS)
def test_restart(boot, qemu):
    """A copy is in progress at the end of each life: nothing of it comes in the next."""
    machine = boot(config(hostile(lives=1, memory="2M as 0x20000000"), rt()), qemu=qemu, machine=MACHINES["aia"],
                   extra=EDU)
    for _ in range(3):
        machine.hv.expect_line("hostile", "dma: own memory ok")
        machine.hv.expect_line("hostile", "dma: a copy is in progress")
    assert "FAIL" not in machine.hv.text, machine.hv.tail(40)


# A disk that Linux's own drivers use. Without its options a virtio device of QEMU would bypass the IOMMU.
DISK = ["-drive", f"if=none,id=d0,format=raw,snapshot=on,file={os.path.join(machines.BUILD, 'linux-disk.img')}",
        "-device", "virtio-blk-pci,drive=d0,iommu_platform=on,disable-legacy=on"]


@pytest.mark.parametrize("on, qemu", [(on, qemu) for on in MACHINES for qemu in machines.FETCHED_QEMUS]
                         if LONG else [("plic", machines.FETCHED_QEMUS[-1])])
def test_linux(boot, on, qemu):
    """Linux, whose memory has other addresses than the host's, uses a disk: it does not know that there is an IOMMU."""
    disk = guest("linux", "1 2", "512M as 0x80000000", "linux", initrd="linux-initrd", devices=[UART, BRIDGE],
                 bootargs="console=ttyS0 demo.mode=demo")
    machine = boot(config(disk, rt()), qemu=qemu, machine=MACHINES[on], extra=DISK)
    machine.hv.expect_line("bulkhead", f"device     {BRIDGE}, confined DMA")
    machine.uart.expect("demo: disk ok sha256=[0-9a-f]{64}$", 2 * LINUX_TIME)
    machine.uart.expect("demo: done")
    machine.hv.expect_line("bulkhead", r"vm linux: stopped \(shutdown\)")
    assert not re.search("vm linux: .*(DMA|refused)", machine.hv.text), machine.hv.tail(40)
