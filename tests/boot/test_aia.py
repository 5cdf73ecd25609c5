# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts with APLIC and IMSIC: guests with interrupt files of their own. QEMU 7.2 sends messages for sources whose line
is down, so that Linux never ends an interrupt of a level there: these tests run on later ones."""
import os
import re

import pytest

import machine as machines
from configs import DISK, UART, config, guest, linux, rt
from conftest import LONG, NEWER_QEMUS

MACHINE = "virt,aia=aplic-imsic,aia-guests={}"
BRIDGE = "/soc/pci@30000000"
LINUX_TIME = 120	# seconds for Linux to get to user space, at most
EVERY_QEMU = NEWER_QEMUS if LONG else NEWER_QEMUS[:1]


def exits(machine, name, vcpu):
    """{kind: number} of a vcpu that has ended."""
    line = machine.hv.expect_line("bulkhead", rf"vm {name}: vcpu {vcpu}: exits(( [a-z-]+ \d+)*)")[1]
    return {kind: int(number) for kind, number in re.findall(r" ([a-z-]+) (\d+)", line)}


# The disk behind a port of the PCI bus, by MSI-X; and in long runs on virtio-mmio, by a wire.
DISKS = {"pci": BRIDGE, "wire": DISK} if LONG else {"pci": BRIDGE}


def with_disk(where):
    """boot()'s arguments for it."""
    if where == "wire":
        return {"disk": True}
    image = os.path.join(machines.BUILD, "linux-disk.img")
    return {"extra": ["-drive", f"if=none,id=d0,format=raw,snapshot=on,file={image}",
                      "-device", "pcie-root-port,id=rp0,chassis=1,slot=1",
                      "-device", "virtio-blk-pci,drive=d0,bus=rp0"]}


def linux_with(device, mode):
    return guest("linux", "2 1", "512M", "linux", initrd="linux-initrd", devices=[UART, device], trust_dma=True,
                 bootargs=f"console=ttyS0 demo.mode={mode}")


@pytest.mark.parametrize("where", DISKS)
@pytest.mark.parametrize("qemu", EVERY_QEMU)
def test_linux(boot, qemu, where):
    """UART by a wire, disk by messages, IPIs by file: the whole demo with fewer exits than a PLIC needs for its boot
    alone."""
    machine = boot(config(linux_with(DISKS[where], "demo"), rt()), qemu=qemu, machine=MACHINE.format(3),
                   **with_disk(where))
    machine.hv.expect_line("bulkhead", r"machine +4 harts, timebase 10000000 Hz, 1 APLIC, IMSIC")
    machine.hv.expect_line("bulkhead", r"files +0x28009000 0x28005000, 255 ids each")
    machine.uart.expect("demo: user space", LINUX_TIME)
    machine.uart.expect("demo: cpus 2$")
    machine.uart.expect("demo: disk ok sha256=[0-9a-f]{64}$", LINUX_TIME)
    ipis = [int(n) for n in machine.uart.expect(r"IPI1: +(\d+) +(\d+)").groups()]
    assert min(ipis) > 0
    irq = machine.uart.expect(r"demo: irq virtio\S+ (\d+) -> (\d+)$")
    assert int(irq[2]) > int(irq[1])
    machine.uart.expect("demo: done")
    all_exits = [exits(machine, "linux", vcpu) for vcpu in range(2)]
    # Nothing but the firmware's calls of a boot, and registers of the APLIC: its probe. Levels end without one.
    assert all(set(one) <= {"ecall", "mmio", "interrupt"} for one in all_exits), all_exits
    assert sum(one.get("mmio", 0) for one in all_exits) < 300, all_exits


@pytest.mark.parametrize("qemu", EVERY_QEMU)
def test_files(boot, qemu):
    """Every identity and threshold, and a new file in each life. Files of others are out of reach, and what is written
    to the APLIC reaches no other guest: two watch, on both sides."""
    base, per_hart = 0x28000000, 4
    own = guest("files", "2 1", "2M", "files", bootargs=f"files.base={base} files.pages={4 * per_hart}")
    watcher = guest("watcher", "3", "2M", "files", bootargs="files.watch=1", devices=[UART])
    other = guest("other", "0", "2M", "files", bootargs="files.watch=1")
    machine = boot(config(own, watcher, other), qemu=qemu, machine=MACHINE.format(3))
    for _ in range(3):
        machine.hv.expect_line("files", r"files: ok, 255 identities, 500 IPIs, 56 foreign accesses, 0 failed")
    for name in ("watcher", "other"):
        machine.hv.expect_line(name, r"files: hart 0 has watched for \d+ s, 0 foreign")
    assert "FAIL" not in machine.hv.text, machine.hv.tail(40)


def test_no_guest_files(boot):
    """A device with an interrupt is refused; a guest without one runs."""
    refused = boot(config(linux(disk=False)), qemu=10, machine="virt,aia=aplic-imsic")
    refused.uart.expect(f"/linux: devices: {UART}: no hart of this guest has a guest interrupt file")
    refused.wait(status=None)
    machine = boot(config(rt(harts="1", ticks=100)), qemu=10, machine="virt,aia=aplic-imsic")
    machine.hv.expect_line("bulkhead", "all guests ended")


def test_aplic_alone(boot):
    refused = boot(config(guest("linux", "1", "64M", "rt", devices=[DISK], trust_dma=True)), qemu=10,
                   machine="virt,aia=aplic")
    refused.uart.expect(f"/linux: devices: {DISK}: its interrupts go to an APLIC that sends no messages")
    refused.wait(status=None)


@pytest.mark.parametrize("qemu", EVERY_QEMU)
def test_console(boot, qemu):
    """The UART's interrupt wakes the console's hart for input and output. Nothing polls: without it nothing is typed."""
    machine = boot(config(rt(harts="1"), guest("two", "2", "16M", "rt"), console=UART), qemu=qemu,
                   machine=MACHINE.format(1), hv=False)
    uart = machine.uart
    uart.expect_line("bulkhead", r"  hart +0, the console's own, by interrupt 10")
    uart.expect_line("two", r"rt: tick \d+ ")
    uart.send("\x1dm")
    uart.expect(r"^\[monitor\] > ")
    for _ in range(5):
        uart.send("stop two\r")
        uart.expect_line("bulkhead", r"vm two: stopped \(by the monitor\)")
        uart.send("start two\r")
        uart.expect_line("two", r"rt: tick \d+ ")
    uart.send("plan\rreboot\r")	# longer than the UART's FIFO
    machine.wait()


if LONG:
    @pytest.mark.parametrize("where", DISKS)
    @pytest.mark.parametrize("qemu", EVERY_QEMU)
    def test_reboots_under_load(boot, qemu, where):
        """The disk works in each life, and is busy at the end of each."""
        machine = boot(config(linux_with(DISKS[where], "reboot demo.load=1"), rt()), qemu=qemu,
                       machine=MACHINE.format(1), **with_disk(where))
        for _ in range(3):
            machine.uart.expect("demo: disk is there", LINUX_TIME)
            machine.uart.expect("demo: rebooting", LINUX_TIME)
        ticks = [int(line.split()[2]) for line in machine.hv.lines("rt") if line.startswith("rt: tick ")]
        assert ticks and ticks == sorted(set(ticks)), "rt was restarted, too"

    def test_three_on_one_terminal(boot):
        """configs/virt/three: the UARTs of both Linux guests are virtual, and their sources as well."""
        machine = boot("virt/three", on="aia", hv=False)
        for key, name in (("1", "one"), ("2", "two")):	# a line that has not ended is shown of the guest in focus
            machine.uart.send("\x1d" + key)
            machine.uart.expect(rf"^\[{name}\] .*login: ", 3 * LINUX_TIME)
        machine.uart.expect(r"\[rt\] rt: tick \d+ ")

    def test_virtual_uart(boot):
        """A UART that exists only in the hypervisor interrupts by a message, too."""
        machine = boot(config(linux(disk=False, mode="idle"),
                              guest("second", "0 3", "512M", "linux", initrd="linux-initrd", console="uart",
                                    console_address="0x10000000", bootargs="console=ttyS0 demo.mode=idle")),
                       qemu=10, machine=MACHINE.format(2))
        machine.hv.expect_line("second", "demo: user space", 2 * LINUX_TIME)
        machine.uart.expect("demo: user space", LINUX_TIME)
