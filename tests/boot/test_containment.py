# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests that try everything: the matrix, the random guest. Meanwhile guests/neighbour must miss nothing.

BULKHEAD_RANDOM_SECONDS (30) and BULKHEAD_RANDOM_SEED (1; "time": another one each time) are for longer runs of the
random guest.
"""
import os
import re
import time

import pytest
from configs import UART, config, guest
from neighbours import RAM, judge_neighbour, neighbour, show

HYPERVISOR = 0x98000000  # otherwise at the top of RAM
# What is not the guest's on QEMU's virt machine; neighbours.RAM is the neighbour's memory.
FOREIGN = {
    "firmware": 0x80000000, "firmware-data": 0x80040000, "hypervisor": HYPERVISOR,
    "hypervisor-data": HYPERVISOR + 0x200000, "neighbour": RAM, "neighbour-middle": RAM + 0x800000,
    "neighbour-end": RAM + 0xfffff8, "neighbour-device": 0x101000, "power": 0x100000, "clint": 0x2000000,
    "mtime": 0x200bff8, "hv-console": 0x10008000, "virtio": 0x10001000, "fw-cfg": 0x10100000,
    "flash": 0x20000000, "pci": 0x30000000, "host-tree": 0xbfe00000, "spare-ram": 0x90000000,
}
CAUSES = {1, 2, 3, 5, 7, 8, 12, 13, 15}	# 0, 4 and 6 do not come up on QEMU: C, misaligned accesses


def attacker(kernel, args="", harts="1 2", memory="8M", device=True, **props):
    return guest(kernel, harts, memory, kernel, devices=[UART] if device else None, bootargs=args, **props)


@pytest.mark.parametrize("qemu, mode, cpu", [
    (None, "guarded", "rv64"),
    (None, "mapped", "rv64"),
    (None, "emulated", "rv64,sstc=off"),
    # With V, a vector access that a device refuses: OpenSBI 1.6 as it comes overruns a stack (docs/safety.md).
    (None, "mapped", "rv64,v=on,vext_spec=v1.0"),
    (None, "emulated", "rv64,v=on,vext_spec=v1.0"),
    (10, "guarded", "max"),
    (10, "mapped", "max"),
    (10, "emulated", "rva23s64"),
    (10, "mapped", "rv64,d=off"),
    (11, "emulated", "max,smstateen=off"),
    (11, "mapped", "rv64,sstc=off,smaia=on,ssaia=on"),
])
def test_matrix(boot, qemu, mode, cpu):
    check_matrix(boot, mode, cpu=cpu, qemu=qemu)


def check_matrix(boot, mode, on="1 2", **machine_args):
    targets = ",".join(f"{name}@{address:x}" for name, address in FOREIGN.items())
    args = f"matrix.targets={targets} matrix.plic={mode}"
    machine = boot(config(attacker("matrix", args, on, plic_mode=mode),
                          neighbour(plic_mode=mode), hypervisor_at=hex(HYPERVISOR)), **machine_args)
    counts = machine.hv.expect(r"^\[matrix\] (matrix: (\d+) operations, (\d+) targets, 2 harts, (\d+) cases, "
                               r"(\d+) wrong)$", 240)
    last = judge_neighbour(machine)
    lines = machine.hv.lines("matrix")
    bad = [line for line in lines if "FAIL" in line]
    assert not bad and counts[5] == "0", "\n".join(bad)
    seen = re.search(r"exceptions by cause (.*)", "\n".join(lines))[1]
    assert {int(pair.split(":")[0]) for pair in seen.split()} >= CAUSES
    assert int(counts[2]) >= 70 and int(counts[3]) >= 55 + len(FOREIGN) and int(counts[4]) > 60000
    assert "vm matrix: stopped (shutdown)" in machine.hv.lines("bulkhead")
    show(counts[1], last)


@pytest.mark.parametrize("qemu, cpu", [(None, "rv64"), (None, "rv64,sstc=off"), (10, "max"), (11, "rva23s64")])
def test_sbi(boot, qemu, cpu):
    """Every call with every edge; guests/test has the others."""
    check_sbi(boot, cpu=cpu, qemu=qemu)


def check_sbi(boot, on="0 1 2", cpu="rv64", **machine_args):
    machine = boot(config(attacker("sbi", harts=on), neighbour()), cpu=cpu, **machine_args)
    done = machine.hv.expect(r"^\[sbi\] done: (\d+) passed, (\d+) failed$", 120)
    lines = machine.hv.lines("sbi")
    bad = [line for line in lines if line.startswith("FAIL")]
    assert not bad, "\n".join(bad)
    skipped = [line for line in lines if line.startswith("skip ")]
    assert skipped == ([] if "sstc=off" not in cpu else ["skip sbi.time-together: no Sstc in the ISA"])
    assert int(done[1]) + len(skipped) == 15 and done[2] == "0"
    calls = re.search(r"sbi: (\d+) calls", "\n".join(lines))
    assert int(calls[1]) > 3000
    show(f"{calls[1]} SBI calls", judge_neighbour(machine))


SECONDS = float(os.environ.get("BULKHEAD_RANDOM_SECONDS", "30"))
SEED = os.environ.get("BULKHEAD_RANDOM_SEED", "1")
SEED = int(time.time()) if SEED == "time" else int(SEED)


def totals(lines):
    """What all lives of the random guest did: each reports what it did so far, under its seed."""
    lives, life = {}, "?"
    for line in lines:
        seed = re.fullmatch(r"random: seed=(\d+)", line)
        if seed:
            life = seed[1]
        elif re.fullmatch(r"random: blocks=\d+ .* timeouts=\d+", line):
            lives[life] = {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", line)}
    return {key: sum(counts[key] for counts in lives.values())
            for key in ("blocks", "instructions", "csrs", "calls", "traps")}


def run_random(boot, mode, seed, until, on="1 2", **machine_args):
    """One machine, until its random guest has ended without a restart or time is up. Returns what it did."""
    machine = boot(config(
        attacker("random", f"random.seed={seed} random.foreign={RAM}", on, on_crash="restart",
                 restart_limit=1000000, watchdog_ms=200, plic_mode=mode), neighbour(plic_mode=mode),
        hypervisor_at="loaded"), **machine_args)	# 0x80200000, which guests/random tries
    machine.hv.expect(r"^\[random\] random: seed=")
    while time.monotonic() < until and "vm random: stopped" not in machine.hv.text:
        assert machine.process.poll() is None, machine.tails()
        time.sleep(1)
    # With a mapped context a source may be completed that is another's, on QEMU 7.2: docs/safety.md.
    last = judge_neighbour(machine, extra=None if mode == "mapped" else 0)
    done = totals(machine.hv.lines("random"))
    done["restarts"] = len(re.findall(r"^\[random\] random: seed=", machine.hv.text, re.M)) - 1
    machine.stop()
    return done, last


def without_vector(cpu, qemu):
    """The CPU without any vector instruction, for QEMU 10 and 11: assertions of their own (probe_access_flags,
    vext_page_ldst_us) end them on some vector access of the noise. `v=off` alone leaves Zve64d on; QEMU refuses any
    other extension of this list without Zve32x, so that none can be forgotten."""
    zv = ["e32x", "e32f", "e64x", "e64f", "e64d", "bb", "bc", "kb", "kg", "kn", "knc", "kned", "kng", "knha", "knhb",
          "ks", "ksc", "ksed", "ksg", "ksh", "kt", "fh", "fhmin", "fbfmin", "fbfwma"] + ["fbfa"] * (qemu == 11)
    return ",".join([cpu.removesuffix(",v=on"), "v=off", *(f"zv{name}=off" for name in zv)])


@pytest.mark.parametrize("qemu, mode, cpu", [
    (None, "guarded", "rv64"), (None, "mapped", "rv64"), (None, "emulated", "rv64,sstc=off"),
    (10, "emulated", "max"),
    (11, "mapped", "max,smstateen=off"),
])
def test_random(boot, qemu, mode, cpu):
    """A guest that executes noise, and restarts after each crash; a new machine if it ends without a restart."""
    if cpu.startswith("max"):
        cpu = without_vector(cpu, qemu)
    check_random(boot, mode, SECONDS / 3, cpu=cpu, qemu=qemu)


def check_random(boot, mode, seconds, **machine_args):
    until = time.monotonic() + seconds
    done, seed = {}, SEED
    while time.monotonic() < until:
        now, last = run_random(boot, mode, seed, until, **machine_args)
        done = {key: done.get(key, 0) + value for key, value in now.items()}
        show(f"seed {seed}: " + ", ".join(f"{value} {key}" for key, value in now.items()), last)
        seed += 1
    assert done["instructions"] > 1000 and done["csrs"] > 100 and done["calls"] > 100, done
