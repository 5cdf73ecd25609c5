# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernel as a guest: alone, beside others, on several kinds of host."""
import pytest

from configs import config, guest, linux, rt

LINUX_TIME = 120	# seconds for Linux to get to user space, at most


def sees_user_space(machine, cpus=2):
    machine.uart.expect("demo: user space", LINUX_TIME)
    machine.uart.expect(rf"demo: cpus {cpus}$")
    machine.uart.expect("demo: disk ok sha256=[0-9a-f]{64}$", LINUX_TIME)
    irq = machine.uart.expect(r"demo: irq virtio\d+ (\d+) -> (\d+)$")
    assert int(irq[2]) > int(irq[1])
    machine.uart.expect("demo: done")


def ends(machine, name="linux"):
    machine.hv.expect_line("bulkhead", rf"vm {name}: stopped \(shutdown\)")


def everything_ends(machine):
    machine.hv.expect_line("bulkhead", "all guests ended, shutting the machine down")
    machine.wait()


def test_linux_and_rt(boot):
    """The demo's configuration; rt continues when Linux has ended."""
    machine = boot(config(linux(), rt(ticks=0)), disk=True)
    machine.hv.expect_line("rt", r"rt: tick \d+ ")
    sees_user_space(machine)
    ends(machine)
    last = int(machine.hv.expect_line("rt", r"rt: tick (\d+)")[1])
    for _ in range(3):
        tick = int(machine.hv.expect_line("rt", r"rt: tick (\d+)")[1])
        assert tick > last
        last = tick


@pytest.mark.parametrize("firmware", ["fw_dynamic", "fw_jump"])
def test_payload_by_kernel_option(boot, firmware):
    """bulkhead.bin loaded by -kernel behind firmware that knows nothing of it."""
    machine = boot(config(linux()), disk=True, by_kernel=firmware)
    sees_user_space(machine)
    ends(machine)
    everything_ends(machine)


def test_without_sstc(boot):
    """The timers of both guests through the firmware."""
    machine = boot(config(linux(), rt(ticks=300)), disk=True, cpu="rv64,sstc=off")
    machine.hv.expect_line("bulkhead", "timer by SBI")
    sees_user_space(machine)
    ends(machine)
    everything_ends(machine)
    reports = [line for line in machine.hv.lines("rt") if line.startswith("rt: report")]
    assert "ticks=300 " in reports[-1]


@pytest.mark.parametrize("harts", ["0 1", "3 0", "2"])
def test_any_harts(boot, harts):
    """With hart 0, with a sparse pair in the other order, with one hart."""
    machine = boot(config(linux(harts=harts)), disk=True)
    sees_user_space(machine, cpus=len(harts.split()))
    ends(machine)
    everything_ends(machine)


def test_eight_harts(boot):
    machine = boot(config(linux(harts="1 2 3 4 5 6 7"), rt(harts="0", ticks=100)), disk=True, harts=8,
                   memory="4G")
    sees_user_space(machine, cpus=7)
    ends(machine)


def test_cpu_hotplug(boot):
    machine = boot(config(linux(mode="hotplug"), rt()), disk=True)
    machine.uart.expect("demo: hotplug 1$", LINUX_TIME)
    machine.uart.expect("demo: hotplug 10$", LINUX_TIME)
    machine.uart.expect("demo: done")
    ends(machine)


def test_reboot_restarts_only_linux(boot):
    machine = boot(config(linux(mode="reboot"), rt()), disk=True)
    for _ in range(2):
        machine.uart.expect("demo: rebooting", LINUX_TIME)
    ticks = [int(line.split()[2]) for line in machine.hv.lines("rt") if line.startswith("rt: tick ")]
    assert ticks == sorted(set(ticks)), "rt was restarted, too"
    assert ticks


def test_remapped_without_dma(boot):
    """Guest addresses that differ from the host's: without a device that does DMA, all is well."""
    machine = boot(config(linux(memory="512M as 0x80000000", mode="idle", disk=False)))
    machine.uart.expect(r"Early memory node ranges", LINUX_TIME)
    machine.uart.expect(r"node   0: \[mem 0x0000000080000000-0x000000009fffffff\]")
    machine.uart.expect("demo: user space", LINUX_TIME)


def test_in_the_middle_of_ram(boot):
    machine = boot(config(linux(memory="512M at 0xc0000000")), disk=True)
    machine.uart.expect(r"node   0: \[mem 0x00000000c0000000-0x00000000dfffffff\]", LINUX_TIME)
    sees_user_space(machine)


@pytest.mark.parametrize("memory", ["512M", "16G"])
def test_host_memory(boot, memory):
    machine = boot(config(linux(memory="256M")), disk=True, memory=memory)
    sees_user_space(machine)
    ends(machine)


def test_two_linux(boot):
    """A second Linux, without any device: only its kernel speaks, through SBI."""
    second = guest("second", "0 3", "256M", "linux", initrd="linux-initrd",
                   bootargs="earlycon=sbi keep_bootcon ignore_loglevel demo.mode=hotplug")
    machine = boot(config(linux(memory="256M"), second), disk=True)
    sees_user_space(machine)
    machine.wait(LINUX_TIME)
    assert sum("CPU1: off" in line for line in machine.hv.lines("second")) == 10
    for name in ("linux", "second"):
        assert f"vm {name}: stopped (shutdown)" in machine.hv.lines("bulkhead")
