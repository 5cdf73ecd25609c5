# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests that run where their images lie in the package: images = "in-place"."""
import re

from configs import config, guest, linux, rt
from neighbours import judge_neighbour, neighbour
from test_linux import ends, everything_ends, sees_user_space

IN_PLACE = "in-place"


def hypervisor(machine):
    found = machine.hv.expect_line("bulkhead", r"hypervisor +(0x\w+)-(0x\w+)")
    return int(found[1], 16), int(found[2], 16)


def in_package(machine, role, name, within):
    at = int(machine.hv.expect_line("bulkhead", rf'{role} +(0x\w+) "{name}", \d+ bytes, in place')[1], 16)
    assert within[0] < at < within[1]
    return at


def test_rt(boot):
    machine = boot(config(rt(ticks=300, images=IN_PLACE), neighbour(harts="1")))
    within = hypervisor(machine)
    assert in_package(machine, "kernel", "rt", within) % 0x200000 == 0
    machine.hv.expect_line("rt", r"rt: report ticks=300 ")
    machine.hv.expect_line("bulkhead", r"vm rt: stopped \(shutdown\)")
    judge_neighbour(machine)


def test_one_life(boot):
    """Its RAM is clean behind the image; a reboot that it requests is its end, and not that of others."""
    mayfly = guest("mayfly", "1 2", "2M", "restart", bootargs="restart.how=cold", images=IN_PLACE)
    machine = boot(config(mayfly, neighbour()))
    machine.hv.expect_line("bulkhead", "vm mayfly: cannot start again: it used its images in place")
    machine.hv.expect_line("bulkhead", r"vm mayfly: stopped \(reboot\)")
    lines = machine.hv.lines("mayfly")
    assert len(lines) == 1 and lines[0].startswith("restart: ok, "), lines
    judge_neighbour(machine)


def test_linux(boot):
    """Kernel and initrd in place, and memory above; rt in place beside it."""
    machine = boot(config(linux(images=IN_PLACE), rt(ticks=0, images=IN_PLACE)), disk=True)
    within = hypervisor(machine)
    kernel = in_package(machine, "kernel", "linux", within)
    assert kernel % 0x200000 == 0
    initrd = in_package(machine, "initrd", "linux-initrd", within)
    assert initrd > kernel
    sees_user_space(machine)
    # all that the plan grants, not the rest of its image
    assert re.search(r"Memory: \d{6}K/\d{6}K available", machine.uart.text)
    ends(machine)
    machine.hv.expect_line("rt", r"rt: tick \d+ ")
