# SPDX-License-Identifier: GPL-2.0-or-later
"""The same random accesses on QEMU's PLIC, on a guest's in each mode, and on the model of the unit tests.

guests/pliccheck/script.h makes the steps, and says which of them are left out because QEMU 7.2 differs from
the specification there.
"""
import os
import re
import subprocess

import pytest

from conftest import QEMUS, TOP
from configs import UART, config, guest
from machine import FIRMWARE, Machine

STEPS = 4000
RTC = "/soc/rtc@101000"
KINDS = ["raise", "raise", "calm", "claim", "claim", "claim", "complete", "complete", "complete", "write priority",
         "read priority", "write enable", "read enable", "write threshold", "read threshold", "read pending"]


def steps_of(lines):
    """[(kind, result, lines to the harts)], from what a guest or the model printed."""
    assert not [line for line in lines if line.startswith("FAIL")]
    steps = []
    for line in lines:
        found = re.match(r"plic: (\d+): (.*)$", line)
        if found:
            assert int(found[1]) == len(steps)
            steps += [tuple(int(n, 16) for n in word.split("/")) for word in found[2].split()]
    return steps


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("model"))


def make_model(directory):
    program = str(directory / "plic_model")
    subprocess.run([os.environ.get("HOSTCC", "gcc"), "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-I" + TOP,
                    "-o", program, os.path.join(TOP, "tests/boot/plic_model.c")], check=True)

    def run(sources, seed):
        done = subprocess.run([program, *sources, str(seed), str(STEPS)], stdout=subprocess.PIPE, text=True, check=True)
        return steps_of(done.stdout.splitlines())
    return run


def may_linger(kind, result, mode):
    """The lines (bit = hart) that may stay up though nothing interrupts any more, until one interrupt has found nothing
    to claim, or the completion comes: docs/architecture.md, "An interrupt in two exits"."""
    if mode == "emulated":
        return 0
    if kind == "claim" and result or kind in ("write threshold", "complete") and mode == "mapped":
        return 3	# Bulkhead does not see it
    return 2 if kind in ("write priority", "write enable") else 0	# hart 0 writes, and looks at its own line alone


def same(here, there, mode):
    kind, result, up = there
    return here[:2] == there[:2] and here[2] & up == up and not here[2] & ~up & ~may_linger(KINDS[kind], result, mode)


def compare(lines, model, seed, mode="emulated"):
    sources = next(re.match(r"plic: sources (\d+) (\d+)$", line) for line in lines if "sources" in line).groups()
    got, want = steps_of(lines), model(sources, seed)
    assert len(got) == len(want) == STEPS
    for i, (here, there) in enumerate(zip(got, want)):
        assert same(here, there,
                    mode), f"step {i}, {KINDS[there[0]]}: {here} is not the model's {there}; before it: {want[i - 8:i]}"
    # The model itself could be idle: the steps must have met interrupts, of both sources, at both harts.
    claims = [result for kind, result, _ in want if KINDS[kind] == "claim" and result]
    assert len(claims) > STEPS / 40 and set(claims) == {int(source) for source in sources}
    assert {lines_up for _, _, lines_up in want} == {0, 1, 2, 3}


def arguments(seed):
    return f"check.seed={seed} check.steps={STEPS}"


MODES = ["guarded", "mapped", "emulated"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", [1, 20261123])
def test_guest(boot, model, seed, mode):
    check_guest(boot, model, seed, mode)


def check_guest(boot, model, seed, mode, on="1 2", **machine_args):
    machine = boot(config(guest("check", on, "32M", "pliccheck", devices=[UART, RTC], plic_mode=mode,
                                bootargs=arguments(seed)), console_hart=0), **machine_args)
    machine.hv.expect_line("check", "plic: end, ", 120)
    machine.wait()
    compare(machine.hv.lines("check"), model, seed, mode)


@pytest.mark.parametrize("qemu", QEMUS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("attacker", MODES)
def test_beside_hostile_completer(boot, model, attacker, mode, qemu):
    """Whatever a neighbour completes, a guest's registers are its own; a mapped one reaches what is in flight
    (docs/safety.md)."""
    machine = boot(config(guest("check", "1 2", "32M", "pliccheck", devices=[UART, RTC], plic_mode=mode,
                                bootargs=arguments(7)),
                          guest("completer", "3", "4M", "completer", plic_mode=attacker), console_hart=0), qemu=qemu)
    machine.hv.expect_line("check", "plic: end, ", 240)
    lines = machine.hv.lines("check")
    assert re.search(r"^\[completer\] completer: \d+ rounds", machine.hv.text, re.M)
    if attacker == "mapped":
        assert len(steps_of(lines)) == STEPS
    else:
        compare(lines, model, 7, mode)


@pytest.mark.parametrize("seed", [1, 20261123])
def test_qemu(log_dir, time_scale, model, seed):
    with Machine(bios=os.path.join(FIRMWARE, "fw_dynamic.bin"), kernel=os.path.join(TOP, "build/images/pliccheck"),
                 harts=2, memory="256M", hv=False, extra=["-append", arguments(seed)],
                 log_dir=log_dir, scale=time_scale) as machine:
        machine.uart.expect("^plic: end, ", 120)
        machine.wait()
        compare(machine.uart.lines(), model, seed)
