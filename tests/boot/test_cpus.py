# SPDX-License-Identifier: GPL-2.0-or-later
"""The guests that try everything, and Linux, on other CPUs and newer QEMUs than the host's.

`make test` has each CPU once on each QEMU, and all guests on the CPU that has most, but for the matrix, of which
test_containment.py has five kinds there. BULKHEAD_LONG=1 (`make test-all`) has every guest on every CPU.
"""
import pytest

from configs import config, linux, rt
from conftest import LONG, NEWER_QEMUS
from test_containment import SECONDS, check_matrix, check_random, check_sbi, without_vector
from test_linux import ends, sees_user_space
from test_machines import passes, smp
from test_plic_model import check_guest, make_model

# name: QEMU's arguments. rv64 has Sstc and D, and no V; max has all that this QEMU knows.
CPUS = {
    "max": {"cpu": "max"},
    "rva23s64": {"cpu": "rva23s64"},
    "rv64": {"cpu": "rv64"},
    "no-sstc": {"cpu": "rv64,sstc=off"},
    "no-d": {"cpu": "rv64,d=off"},
    "v": {"cpu": "rv64,v=on"},
    "eight-harts": {"cpu": "rv64", "harts": 8},
}


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("model"))


def pair(cpu):
    """Two harts for a guest; hart 3 is the neighbour's, and of eight these are the last."""
    return "7 6" if cpu.get("harts") == 8 else "1 2"


def has_v(cpu):
    return cpu["cpu"] in ("max", "rva23s64", "rv64,v=on")


def run_matrix(boot, cpu, qemu):
    check_matrix(boot, "emulated" if qemu == 10 else "mapped", on=pair(cpu), qemu=qemu, **cpu)


def run_sbi(boot, cpu, qemu):
    check_sbi(boot, on="0 " + pair(cpu), qemu=qemu, **cpu)


def run_random(boot, cpu, qemu):
    if has_v(cpu):
        cpu = {**cpu, "cpu": without_vector(cpu["cpu"], qemu)}
    check_random(boot, "mapped" if qemu == 10 else "emulated", SECONDS / 3, on=pair(cpu), qemu=qemu, **cpu)


def run_smp(boot, cpu, qemu):
    harts = cpu.get("harts", 4)
    machine = boot(config(smp(range(harts))), qemu=qemu, **cpu)
    passes(machine, "smp", harts)
    machine.wait()


def run_linux(boot, cpu, qemu):
    harts = "7 6 5 4 2 1 0" if cpu.get("harts") == 8 else "1 2"
    machine = boot(config(linux(harts), rt()), disk=True, qemu=qemu, **cpu)
    sees_user_space(machine, len(harts.split()))
    ends(machine)
    machine.hv.expect_line("rt", "rt: tick ")


GUESTS = {"matrix": run_matrix, "sbi": run_sbi, "random": run_random, "smp": run_smp, "linux": run_linux,
          "pliccheck": None}


def possible(cpu, guest):
    """Debian's programs need D."""
    return (cpu, guest) != ("no-d", "linux")


def chosen():
    """(QEMU, CPU, guest): all in a long run; otherwise the guests take turns on what is not max."""
    guests = list(GUESTS) if LONG else [guest for guest in GUESTS if guest != "matrix"]
    for index, qemu in enumerate(NEWER_QEMUS):
        turn = index * len(guests) // len(NEWER_QEMUS)
        for cpu in CPUS:
            usable = [guest for guest in guests if possible(cpu, guest)]
            for number, guest in enumerate(usable):
                if LONG or cpu == "max" or number == turn % len(usable):
                    yield pytest.param(*qemu.values, cpu, guest, id=f"{qemu.id}-{cpu}-{guest}")
            turn += cpu != "max"


@pytest.mark.parametrize("qemu, cpu, guest", chosen())
def test_guest(boot, model, qemu, cpu, guest):
    if guest == "pliccheck":
        mode = "guarded" if qemu == 10 else "emulated"
        check_guest(boot, model, 1, mode, on=pair(CPUS[cpu]), qemu=qemu, **CPUS[cpu])
    else:
        GUESTS[guest](boot, CPUS[cpu], qemu)
