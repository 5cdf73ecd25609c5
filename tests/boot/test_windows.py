# SPDX-License-Identifier: GPL-2.0-or-later
"""A UART in a page with a device of another owner: the guest's accesses are made for it, and no others."""
import pytest

from configs import UART, config, guest, linux
from neighbours import RTC

OTHER = "/soc/other@10000800"
OTHER_RTC = "/soc/other@101800"
LINUX_TIME = 120    # seconds for Linux to get to user space, at most
NEIGHBOUR = [["-c", OTHER], ["-t", "s", OTHER, "compatible", "vendor,other"],
             ["-t", "x", OTHER, "reg", "0", "10000800", "0", "100"]]
RTC_NEIGHBOUR = [["-c", OTHER_RTC], ["-t", "s", OTHER_RTC, "compatible", "vendor,other"],
                 ["-t", "x", OTHER_RTC, "reg", "0", "101800", "0", "100"]]


@pytest.mark.parametrize("qemu", [None, 10])
def test_every_access(boot, host_dtb, qemu):
    """Its registers by each instruction; whatever else is in the page faults. QEMU 10 has htinst."""
    args = f"test.only=window test.window={0x10000000} test.refuses={0x101000}"
    first = guest("first", "1", "8M", "test", devices=[UART, RTC], bootargs=args)
    other = guest("other", "2", "8M", "test", devices=[OTHER, OTHER_RTC], bootargs="test.only=fault", trust_dma=True)
    edits = [["-t", "x", UART, "reg", "0", "10000000", "0", "fc"], ["-t", "x", RTC, "reg", "0", "101000", "0", "22"]]
    machine = boot(config(first, other), extra=host_dtb(NEIGHBOUR + RTC_NEIGHBOUR + edits, qemu=qemu), qemu=qemu)
    machine.hv.expect(r"^\[first\] done: 6 passed, 0 failed$", 120)
    machine.hv.expect(r"^\[other\] done: \d+ passed, 0 failed$", 120)
    machine.wait()
    assert "0x0010000000-0x00100000fb   0xfc in a shared page: each access is an exit" in machine.hv.text


def test_linux(boot, host_dtb):
    """Linux's driver on such a UART: all that it prints comes through the window, and its interrupts arrive."""
    machine = boot(config(linux(disk=False)), extra=host_dtb(NEIGHBOUR + [["-t", "s", OTHER, "status", "disabled"]]))
    machine.uart.expect(r"10000000\.serial: ttyS0 at MMIO 0x10000000", LINUX_TIME)
    machine.uart.expect("demo: cpus 2", LINUX_TIME)
    machine.wait()
