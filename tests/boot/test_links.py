# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests that talk: shared memory and doorbells (docs/links.md), beside a neighbour that must not notice."""
import re

import pytest
from configs import config, guest
from neighbours import judge_neighbour, neighbour, show

SHARED = 'shared = "samples 1M";'


def ends(source="", sink="", **props):
    """The two guests of guests/ring; source and sink: further bootargs."""
    return [guest(name, hart, "4M", "ring", bootargs=f"ring.role={name} {args}".rstrip(), shares="samples", **props)
            for name, hart, args in (("source", "1", source), ("sink", "2", sink))]


def shared_config(*guests):
    return config(*guests).replace('compatible =', SHARED + "\n\tcompatible =", 1)


def reports(machine):
    found = (re.findall(r"(\w+)=([\d/]+)", line) for line in machine.hv.lines("sink") if "ring: read=" in line)
    return [dict(pairs) for pairs in found]


def judge(machine, last):
    """No sample was lost, came twice, or was changed."""
    assert all(report["bad"] == "0" for report in reports(machine)), reports(machine)
    assert int(last["read"]) > 0
    assert all(line.endswith("nonzero 0") for name in ("source", "sink") for line in machine.hv.lines(name)
               if "nonzero" in line)


@pytest.mark.parametrize("mode", ["guarded", "mapped", "emulated"])
def test_samples(boot, mode):
    """1 kHz from one guest to the other, each by an interrupt. "mapped" becomes "guarded"."""
    machine = boot(shared_config(*ends(plic_mode=mode), neighbour(rtc=False)))
    for _ in range(3):
        machine.hv.expect_line("sink", r"ring: read=\d+ ")
    last = reports(machine)[-1]
    judge(machine, last)
    assert int(last["interrupts"]) > 0	# a busy host lets many coincide
    show(f"late_ns {last['late_ns']}", judge_neighbour(machine, rtc=False))


@pytest.mark.parametrize("who, other", [("source", "sink"), ("sink", "source")])
def test_one_end_restarts(boot, who, other):
    """One end restarts again and again while the other works: nothing is lost, and the other one is rung at."""
    lives = 50
    args = {who: f"ring.samples=20 ring.lives={lives}"}
    args["sink"] = args.get("sink", "") + " ring.every=20"
    machine = boot(shared_config(*ends(**args), neighbour(rtc=False)))
    for life in range(1, lives + 1):	# the peer's is 0 if it has not started yet
        machine.hv.expect_line(who, rf"ring: {who}, peer \d of 2, life {life}, peer's [01], nonzero 0")
    machine.hv.expect_line("bulkhead", rf"vm {who}: stopped \(shutdown\)")
    if who == "source":	# the sink reports at every 20 samples, and a life may write a few more
        while int(reports(machine)[-1]["read"]) < 20 * lives:
            machine.hv.expect_line("sink", r"ring: read=\d+ ")
    last = reports(machine)[-1]
    judge(machine, last)
    assert int(last["read"]) >= 20 * lives
    assert who == "sink" or int(last["changes"]) > 0
    assert not [line for line in machine.hv.lines(other) if "life 2" in line]
    show(f"{lives} lives of the {who}", judge_neighbour(machine, rtc=False))
