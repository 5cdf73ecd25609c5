# SPDX-License-Identifier: GPL-2.0-or-later
"""No interrupt is lost or delivered twice, by a guarded PLIC, a mapped and an emulated one; guests/stress says what
it does.

BULKHEAD_LONG=1 in the environment: a million events in each mode, in ten runs with different seeds, instead of a few
seconds' worth.
"""
import os
import re

import pytest

from conftest import LONG, QEMUS, TOP
from configs import UART, config, guest
from machine import FIRMWARE, Machine

EVENTS = 100000 if LONG else 10000
SEEDS = range(1, 11) if LONG else [1]
SECONDS = 1200 if LONG else 120
RTC = "/soc/rtc@101000"
MODES = ["guarded", "mapped", "emulated"]
# Interrupts with nothing to claim, for each event, though the other hart has claimed nothing since this one's last
# interrupt. It may have masked a source just then. A mapped guest has them after its own claims, too.
ALONE = {"native": 0.02, "guarded": 0.02, "emulated": 0.02, "mapped": 0.7}
ALL = ["rtc", "uart", "uart2"]
LINE = re.compile(r"stress: (\d+) events, (\d+) interrupts, 0 lost, 0 duplicates; hart 0 took (\d+); (\d+) nested, "
                  r"(\d+) completed elsewhere, (\d+) by the other hart, (\d+) events before completion, (\d+) masked, "
                  r"(\d+) waits, \d+ spurious, (\d+) of them alone$")


def judge(lines, events, mode, boots=0, sources=("rtc", "uart")):
    assert not [line for line in lines if line.startswith("FAIL")]
    assert lines.count("ok stress") == 1
    assert f"stress: boot {boots}, {events} events" in lines
    print("\n".join(line for line in lines if line.startswith("stress: ")))
    found = [LINE.match(line) for line in lines if LINE.match(line)]
    assert len(found) == 1
    made, served, by_first, *rest, alone = (int(n) for n in found[0].groups())
    assert made == served >= events
    assert events / 10 < by_first < served - events / 10	# both harts take their part
    assert min(rest) > events / 1000, found[0][0]	# and every way has been gone
    assert alone <= events * ALONE[mode], found[0][0]
    each = {m[1]: (int(m[2]), int(m[3])) for m in
            (re.match(r"stress: (\w+): source \d+, (\d+) events, (\d+) interrupts$", line) for line in lines) if m}
    assert list(each) == list(sources)	# and by every source
    assert all(made == served > events / 10 for made, served in each.values()), each


def in_hardware(machine):
    """How many interrupts were passed on to be claimed in the hardware, by the summary at the end."""
    exits = [line for line in machine.hv.lines("bulkhead") if re.match(r"vm stress: vcpu \d: exits", line)]
    assert len(exits) == 2
    return sum(int(n) for n in re.findall(r" external (\d+)", "\n".join(exits)))


@pytest.mark.parametrize("cpu", ["rv64"] if LONG else ["rv64", "rv64,sstc=off"])	# the long run: one kind of hart
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_lost(boot, mode, cpu, seed):
    machine = boot(config(guest("stress", "1 2", "32M", "stress", devices=[UART, RTC], plic_mode=mode,
                                bootargs=f"stress.events={EVENTS} stress.seed={seed}")), cpu=cpu)
    machine.hv.expect_line("stress", "(ok|FAIL) stress$", SECONDS)
    machine.wait()
    judge(machine.hv.lines("stress"), EVENTS, mode)
    assert (in_hardware(machine) > EVENTS / 10) == (mode != "emulated")


@pytest.mark.parametrize("mode", MODES)
def test_restart_in_the_middle(boot, mode):
    """Five reboots, each with a source claimed, its level up, and the other one in any state."""
    machine = boot(config(guest("stress", "2 1", "32M", "stress", devices=[UART, RTC], plic_mode=mode,
                                bootargs="stress.events=4000 stress.restarts=5")))
    for _ in range(5):
        machine.hv.expect_line("bulkhead", r"vm stress: restarts \(reboot\)")
    machine.hv.expect_line("stress", "(ok|FAIL) stress$", 120)
    machine.wait()
    judge(machine.hv.lines("stress"), 4000, mode, boots=5)


def mixed(bootargs, mode="guarded"):
    """Both devices, and the virtual UART: its source is in the hypervisor only."""
    return config(guest("stress", "1 2", "32M", "stress", devices=[UART, RTC], console="uart",
                        console_address="0x10200000", plic_mode=mode, bootargs=bootargs))


@pytest.mark.parametrize("mode", MODES)		# mapped: guarded, then
@pytest.mark.parametrize("seed", SEEDS)
def test_virtual_and_physical(boot, mode, seed):
    """The "transmitter empty" interrupt of a virtual UART beside that of a real one, and a real RTC's."""
    machine = boot(mixed(f"stress.events={EVENTS} stress.seed={seed}", mode))
    machine.hv.expect_line("stress", "(ok|FAIL) stress$", SECONDS)
    machine.wait()
    judge(machine.hv.lines("stress"), EVENTS, "guarded", sources=ALL)
    assert (in_hardware(machine) > EVENTS / 10) == (mode != "emulated")


def test_virtual_and_physical_restart(boot):
    machine = boot(mixed("stress.events=4000 stress.restarts=5"))
    for _ in range(5):
        machine.hv.expect_line("bulkhead", r"vm stress: restarts \(reboot\)")
    machine.hv.expect_line("stress", "(ok|FAIL) stress$", 120)
    machine.wait()
    judge(machine.hv.lines("stress"), 4000, "guarded", boots=5, sources=ALL)


def test_natively(log_dir, time_scale):
    with Machine(bios=os.path.join(FIRMWARE, "fw_dynamic.bin"), kernel=os.path.join(TOP, "build/images/stress"),
                 harts=2, memory="256M", hv=False, extra=["-append", f"stress.events={EVENTS}"],
                 log_dir=log_dir, scale=time_scale) as machine:
        machine.uart.expect("^(ok|FAIL) stress$", SECONDS)
        machine.wait()
        judge(machine.uart.lines(), EVENTS, "native")


# Of a mapped attacker a guest may see interrupts twice, and a hart of its own that has nothing to claim then.
LOOSE_LINE = re.compile(r"stress: (\d+) events, (\d+) interrupts, (\d+) lost, (\d+) duplicates; .* (\d+) spurious, ")


def judge_beside(machine, attacker, victim):
    lines = machine.hv.lines("stress")
    print("\n".join(line for line in lines if line.startswith(("stress: ", "FAIL"))))
    assert re.search(r"^\[completer\] completer: \d+ rounds", machine.hv.text, re.M)
    if attacker != "mapped":
        judge(lines, HOSTILE_EVENTS, victim)
        return
    made, served, lost, _, _ = next(map(int, m.groups()) for m in map(LOOSE_LINE.match, lines) if m)
    assert made >= HOSTILE_EVENTS and not [line for line in lines if " is lost: " in line]
    assert served >= made and lost in (0, (made - served) % 2**64)


HOSTILE_EVENTS = 20000 if LONG else 3000


@pytest.mark.parametrize("qemu", QEMUS)
@pytest.mark.parametrize("victim", MODES)
@pytest.mark.parametrize("attacker", MODES)
def test_hostile_completer(boot, attacker, victim, qemu):
    """A neighbour completes all that is not its own. QEMU's PLIC takes that of any context: docs/safety.md."""
    machine = boot(config(guest("stress", "1 2", "32M", "stress", devices=[UART, RTC], plic_mode=victim,
                                bootargs=f"stress.events={HOSTILE_EVENTS}"),
                          guest("completer", "3", "4M", "completer", plic_mode=attacker)), qemu=qemu)
    machine.hv.expect_line("stress", "(ok|FAIL) stress$", SECONDS)
    judge_beside(machine, attacker, victim)
