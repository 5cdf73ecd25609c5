# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux and the monitor under load, again and again: some rounds in `make test`, many with BULKHEAD_LONG=1.

BULKHEAD_MONITOR_SEED (1; "time": another one each time) is where the random commands begin.
"""
import os
import random
import re
import time

import pytest

from configs import config, guest, linux, rt
from conftest import LONG
from neighbours import judge_neighbour, neighbour, show
from test_console import PREFIX, shared

AFFINITY = 200 if LONG else 10
HOTPLUG = 150 if LONG else 15
RESTARTS = 50 if LONG else 3
SECONDS = 300 if LONG else 20
SEED = os.environ.get("BULKHEAD_MONITOR_SEED", "1")
SEED = int(time.time()) if SEED == "time" else int(SEED)


def counts_up(machine, what, rounds):
    """Each round in its order, and nothing wrong."""
    machine.uart.expect("demo: user space", 120)
    for number in range(1, rounds + 1):
        machine.uart.expect(rf"demo: {what} {number}\b", 60)
    machine.uart.expect("demo: done$")
    assert "demo: FAILED" not in machine.uart.text
    machine.hv.expect_line("bulkhead", r"vm linux: stopped \(shutdown\)")


@pytest.mark.parametrize("mode", ["mapped", "emulated"])
def test_affinity(boot, mode):
    """The disk's interrupt goes from cpu to cpu, that is, from one PLIC context to the other, while it comes."""
    machine = boot(config(linux(mode="affinity", args=f"demo.rounds={AFFINITY} demo.load=1", plic_mode=mode),
                          neighbour()), disk=True)
    counts_up(machine, "affinity", AFFINITY)
    show(f"{AFFINITY} moves of an interrupt under load, {mode}", judge_neighbour(machine))


def test_hotplug(boot):
    """A cpu leaves and comes back while both, and the disk, have work."""
    machine = boot(config(linux(mode="hotplug", args=f"demo.rounds={HOTPLUG} demo.load=1"), neighbour()), disk=True)
    counts_up(machine, "hotplug", HOTPLUG)
    show(f"{HOTPLUG} rounds of hotplug under load", judge_neighbour(machine))


def test_restarts(boot):
    """Linux with two cpus reboots while it writes to its disk."""
    machine = boot(config(linux(mode="reboot", args="demo.load=1"), neighbour()), disk=True)
    for _ in range(RESTARTS):
        machine.uart.expect("demo: rebooting, 2 cpus$", 120)
        machine.hv.expect(r"^\[bulkhead\] vm linux: restarts \(reboot\)$")
    machine.uart.expect("Linux version", 120)
    assert "demo: FAILED" not in machine.uart.text
    show(f"{RESTARTS} restarts of Linux under load", judge_neighbour(machine))


# ---- the monitor ----------------------------------------------------------------------------------

NAMES = ["linux", "two", "1", "2", "nobody", "", "rt two", "-1", "x" * 300]
COMMANDS = ["guests", "stats", "plan", "log", "help", "dump", "start", "stop", "restart", "", "gu", "no such command"]
NOISE = ["\x1b[A", "\x1b[D", "\x03", "\x15", "\x7f" * 5, "\x01", "\x17", PREFIX + "1", PREFIX + "2", PREFIX + "3",
         PREFIX + "?", PREFIX + PREFIX, PREFIX + "no", "\x00", "\xff", "\u202e", "\t", "\x1b[999;999H"]


def typed(choose):
    """Input of a person, valid commands and others."""
    if choose.random() < 0.25:
        return choose.choice(NOISE)
    words = choose.choice(COMMANDS) + " " + choose.choice(NAMES) * (choose.random() < 0.8)
    return PREFIX + "m" + words[:choose.randint(1, 400)] + choose.choice(["\r", "\r", "\r", "", "\n"])


def answers(uart):
    """The monitor, whatever stands on its line."""
    uart.send("\x03\x03\x1b\x1b" + PREFIX + "m\x15guests\r")
    uart.expect(r"^\[monitor\] 3 rt +running ", 60)


def test_random_commands(boot):
    """Two guests are started, stopped and looked at in any order; the third must not notice."""
    choose = random.Random(SEED)
    load = guest("linux", "1 2", "256M", "linux", initrd="linux-initrd", console="uart",
                 bootargs="console=ttyS0 demo.mode=hotplug demo.rounds=100000 demo.load=1")
    machine = boot(shared(load, guest("two", "3", "16M", "rt", bootargs="rt.shell=1"), rt(harts="4")), harts=5,
                   hv=False)
    uart, count, until = machine.uart, 0, time.monotonic() + SECONDS
    uart.expect_line("rt", r"rt: tick \d+ ")
    while time.monotonic() < until:
        for _ in range(choose.randint(1, 8)):
            uart.send(typed(choose))
            count += 1
        answers(uart)
    # All can be had again.
    for name in ("linux", "two"):
        uart.send(f"stop {name}\r")
        uart.send(f"start {name}\r")
        uart.expect_line("bulkhead", f"vm {name}: started")
    uart.expect_line("two", r"rt: tick \d+ ")
    uart.expect_line("linux", "demo: hotplug 1$", 180)
    uart.expect_line("rt", r"rt: tick \d+ ")
    ticks = [int(line.split()[2]) for line in uart.lines("rt") if line.startswith("rt: tick ")]
    # A line may be shown twice: the monitor's came in between before its end.
    assert ticks == sorted(ticks), "rt was restarted, too"
    assert not [line for line in uart.lines("bulkhead") if re.search("vm rt: (re|stop)|ERROR|panic|ASSERT", line)]
    print(f"seed {SEED}: {count} pieces typed, {uart.text.count('] vm ')} starts and stops")
