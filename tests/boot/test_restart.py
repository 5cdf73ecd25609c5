# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest ends and comes back, alone (guests/restart), while guests/neighbour must not notice."""
import os
import re
import time

import pytest
from configs import config, guest, linux, rt
from neighbours import RTC, judge_neighbour, neighbour, show

SIBLINGS = {"stopped", "spins", "suspended", "suspended-nonret", "waits", "calls", "reads", "traps",
            "starting"}
RESTARTS = int(os.environ.get("BULKHEAD_RESTARTS", "1000"))
LINUX_RESTARTS = int(os.environ.get("BULKHEAD_LINUX_RESTARTS", "3"))


def mayfly(name="mayfly", harts="1 2", how=None, sibling=None, **props):
    args = " ".join([f"restart.how={how}"] * bool(how) + [f"restart.sibling={sibling}"] * bool(sibling))
    return guest(name, harts, "2M", "restart", bootargs=args, **props)


def judge_lives(machine, name="mayfly"):
    bad = [line for line in machine.hv.lines(name) if not line.startswith("restart: ok, ")]
    assert not bad, "\n".join(bad[:20])
    return [line for line in machine.hv.lines(name)]


@pytest.mark.parametrize("cpu, lives", [("rv64", RESTARTS), ("rv64,sstc=off", 50)])
def test_many_restarts(boot, cpu, lives):
    """Cold and warm, with the sibling in every state; RAM, CSRs, FP and PLIC as at the first start."""
    machine = boot(config(mayfly(devices=[RTC]), neighbour(rtc=False)), cpu=cpu)
    for _ in range(lives):	# the log reports ten lives in ten seconds; the guest all
        machine.hv.expect_line("mayfly", "restart: ")
    last = judge_neighbour(machine, rtc=False)
    seconds = time.monotonic() - machine.started
    assert 10 <= machine.hv.text.count("[bulkhead] vm mayfly: restarts (reboot)") <= 10 * (seconds // 10 + 1)
    assert lives < 500 or re.search(r"^\[bulkhead\] vm mayfly: \d+ more restarts left out$", machine.hv.text, re.M)
    lines = judge_lives(machine)
    states = {line.split()[-1] for line in lines}
    ways = {re.search(r"ends by (\w+)", line)[1] for line in lines}
    assert states <= SIBLINGS and ways <= {"cold", "warm", "wide"}
    if lives >= 500:
        assert states == SIBLINGS and len(ways) == 3
    show(f"{lives} restarts", last)


@pytest.mark.parametrize("qemu, cpu, csrs", [
    (None, "rv64", 4), (None, "rv64,v=on,vext_spec=v1.0", 8), (10, "max", 9), (10, "max,smstateen=off", 11),
    (10, "rv64,smaia=on,ssaia=on", 5), (10, "rva23s64", 9), (11, "max,smstateen=off", 11),
    (10, "rv64,zcmp=on,zcmt=on,zcd=off,d=off,zfa=off,zfh=off", 5),
])
def test_csrs(boot, qemu, cpu, csrs):
    """Every CSR that a guest can write, whether its tree names it or not, with AIA and Ssctr, with Smstateen and
    without."""
    machine = boot(config(guest("mayfly", "1 2", "2M", "restart", bootargs="restart.csrs=1"), neighbour(rtc=False)),
                   cpu=cpu, qemu=qemu)
    for _ in range(8):
        machine.hv.expect_line("mayfly", "restart: ")
    lines = judge_lives(machine)
    found = {int(re.search(r"ok, (\d+) CSRs", line)[1]) for line in lines}
    show(f"{cpu}: {found} CSRs", judge_neighbour(machine, rtc=False))
    assert len(found) == 1 and min(found) >= csrs


@pytest.mark.parametrize("how, reason, props", [
    ("failure", "it reports a failure", {}),
    ("load", "unmapped access", {"unmapped": "stop"}),
    ("fetch", "unmapped access", {"unmapped": "stop"}),
    ("silence", "watchdog", {"watchdog-ms": 50}),
    ("deafness", "watchdog", {"watchdog-ms": 50}),
    ("sleep", "watchdog", {"watchdog-ms": 50}),
])
def test_crash(boot, how, reason, props):
    """By each cause: one guest stays stopped, one comes back as often as its limit says."""
    machine = boot(config(mayfly("once", "0", how=how, **props),
                          mayfly("again", "1 2", how=how, on_crash="restart", restart_limit=2, **props),
                          neighbour()))
    for _ in range(2):
        machine.hv.expect(rf"^\[bulkhead\] vm again: restarts \({reason}\)$")
    machine.hv.expect(rf"^\[bulkhead\] vm again: crashed 3 times, which is the limit$")
    machine.hv.expect(rf"^\[bulkhead\] vm again: stopped \({reason}\)$")
    judge_neighbour(machine)
    assert len(judge_lives(machine, "again")) == 3
    assert len(judge_lives(machine, "once")) == 1
    assert f"vm once: stopped ({reason})" in machine.hv.lines("bulkhead")


@pytest.mark.parametrize("sibling", ["suspended", "suspended-nonret", "waits"])
def test_sleepers_while_the_boot_hart_ends_the_guest(boot, sibling):
    machine = boot(config(mayfly(how="cold", sibling=sibling), neighbour()))
    for _ in range(21):
        machine.hv.expect_line("mayfly", "restart: ok, ")
    judge_lives(machine)
    judge_neighbour(machine)


def test_all_harts_stopped(boot):
    machine = boot(config(mayfly(how="stop", sibling="stopped", on_crash="restart"), neighbour()))
    machine.hv.expect(r"^\[bulkhead\] vm mayfly: stopped \(all its harts stopped\)$")
    judge_lives(machine)
    judge_neighbour(machine)


def all_ended(when):
    return config(mayfly("one", "1", how="shutdown"), mayfly("other", "2 3", how="stop", sibling="stopped")
                  ).replace("\tconsole", f'\twhen-all-ended = "{when}";\n\tconsole', 1)


def test_last_guest_shuts_the_machine_down(boot):
    machine = boot(all_ended("shutdown"))
    machine.wait()


def test_machine_is_kept(boot):
    machine = boot(all_ended("keep"))
    machine.hv.expect(r"^\[bulkhead\] all guests ended; the machine stays on$")
    time.sleep(1)
    assert machine.process.poll() is None


def test_linux_reboots(boot):
    """Its kernel and initrd are fresh each time; the neighbour and its device do not notice."""
    machine = boot(config(linux(mode="reboot"), neighbour()), disk=True)
    for _ in range(LINUX_RESTARTS):
        machine.uart.expect(r"demo: rebooting", 120)
        machine.hv.expect(r"^\[bulkhead\] vm linux: restarts \(reboot\)$")
    machine.uart.expect(r"Linux version", 120)
    assert "demo: FAILED" not in machine.uart.text
    show(f"{LINUX_RESTARTS} restarts of Linux", judge_neighbour(machine))


def test_watchdog_and_an_idle_linux(boot, time_scale):
    """Its harts sleep for longer than the watchdog waits; none of them has a timer interrupt due meanwhile."""
    machine = boot(config(linux(mode="idle", disk=False, watchdog_ms=int(1000 * time_scale)), rt()))
    machine.uart.expect("demo: user space", 120)
    for _ in range(10):
        machine.hv.expect_line("rt", "rt: tick ")
    assert [line for line in machine.hv.lines("bulkhead") if line.startswith("vm linux: ")] == ["vm linux: started"]
