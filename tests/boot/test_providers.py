# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux on a UART whose clock and reset line come from a provider with registers, which the guest does not have."""
from configs import UART, config, linux

PROVIDER = "/soc/clock-controller@10009000"
LINUX_TIME = 120    # seconds for Linux to get to user space, at most


def test_uart_with_standins(boot, host_dtb):
    """Its driver finds a fixed clock of the right rate, and a reset controller without effect: ttyS0 works."""
    edits = [["-c", PROVIDER], ["-t", "s", PROVIDER, "compatible", "vendor,prci"],
             ["-t", "x", PROVIDER, "reg", "0", "10009000", "0", "1000"], ["-t", "x", PROVIDER, "#clock-cells", "1"],
             ["-t", "x", PROVIDER, "#reset-cells", "1"], ["-t", "x", PROVIDER, "phandle", "c0"],
             ["-d", UART, "clock-frequency"], ["-t", "x", UART, "clocks", "c0", "7"],
             ["-t", "x", UART, "resets", "c0", "3"]]
    machine = boot(config(linux(disk=False, clock_rates=[UART, "3686400"])), extra=host_dtb(edits))
    machine.uart.expect(r"10000000\.serial: ttyS0 at MMIO 0x10000000 \(irq = \d+, base_baud = 230400\)", LINUX_TIME)
    machine.uart.expect("demo: cpus 2", LINUX_TIME)
    machine.wait()
