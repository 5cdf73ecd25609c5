# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts that are unusual, or no hosts at all."""
from configs import config, rt


def test_without_hypervisor_extension(boot):
    """It says so on the firmware's console, starts nothing, and shuts down for a failure."""
    machine = boot(config(rt(ticks=100)), cpu="rv64,h=off")
    machine.uart.expect(r"\[bulkhead\] .*hypervisor extension")
    machine.wait(status=None)
    assert "vm rt: started" not in machine.hv.text + machine.uart.text


def test_host_without_hart_0(boot, host_dtb):
    """Another hart boots, and hart 0 cannot be had."""
    edits = [["-t", "s", "/cpus/cpu@0", "status", "disabled"]]
    machine = boot(config(rt(harts="2", ticks=100)), extra=host_dtb(edits))
    machine.hv.expect_line("bulkhead", "vm rt: started")
    machine.hv.expect_line("rt", "rt: done")
    machine.wait()


def test_disabled_hart_is_refused(boot, host_dtb):
    edits = [["-t", "s", "/cpus/cpu@0", "status", "disabled"]]
    machine = boot(config(rt(harts="0", ticks=100)), extra=host_dtb(edits))
    machine.uart.expect(r"/rt: harts: .* no usable hart 0; it has 1 2 3")
    machine.uart.expect("refused")
    machine.wait(status=None)
    assert "vm rt: started" not in machine.hv.text + machine.uart.text


def test_one_hart(boot):
    machine = boot(config(rt(harts="0", ticks=100)), harts=1, memory="256M")
    machine.hv.expect_line("rt", "rt: report ticks=100 ")
    machine.wait()


def test_console_on_the_firmware(boot):
    """Without a console of its own the hypervisor speaks through the firmware's."""
    machine = boot(config(rt(ticks=100), console=None), hv=False)
    machine.uart.expect(r"^\[bulkhead\] vm rt: started")
    machine.uart.expect(r"^\[rt\] rt: report ticks=100 ")
    machine.uart.expect(r"^\[bulkhead\] all guests ended")
    machine.wait()
