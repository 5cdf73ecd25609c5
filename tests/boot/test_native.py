# SPDX-License-Identifier: GPL-2.0-or-later
"""The Linux guest without a hypervisor: what fails here is not Bulkhead's fault."""
import os

import pytest
from conftest import TOP
from machine import FIRMWARE

IMAGES = os.path.join(TOP, "build/images")


@pytest.fixture
def native(switch_on):
    """native(mode): Linux with the demo's init in that mode."""
    return lambda mode: switch_on(bios=os.path.join(FIRMWARE, "fw_jump.bin"), kernel=os.path.join(IMAGES, "linux"),
                                  harts=2, memory="512M", disk=os.path.join(TOP, "build/linux-disk.img"), hv=False,
                                  extra=["-initrd", os.path.join(IMAGES, "linux-initrd"),
                                         "-append", f"console=ttyS0 demo.mode={mode}"])


def test_linux_guest_runs_natively(native):
    machine = native("demo")
    machine.uart.expect("demo: user space")
    machine.uart.expect("demo: cpus 2$")
    machine.uart.expect("demo: disk ok sha256=[0-9a-f]{64}$")
    irq = machine.uart.expect(r"demo: irq virtio\d+ (\d+) -> (\d+)$")
    assert int(irq[2]) > int(irq[1])
    machine.uart.expect("demo: done")
    machine.wait(timeout=20)


def test_linux_guest_hotplugs_natively(native):
    machine = native("hotplug")
    machine.uart.expect("demo: hotplug 10$")
    machine.uart.expect("demo: done")
    machine.wait(timeout=20)
