# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark guest runs to its end in a partition and prints every row; how long they take is not asked."""
import csv
import os
import re
import sys

import pytest

from configs import config, guest
from conftest import LONG

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/scripts"))
from loading import script
FEWER = {"dbcn": 20, "complaint": 4}   # the console's ring and the rate limit have room for no more
EXACT = ["-icount", "shift=0,sleep=off", "-rtc", "base=1970-01-01,clock=vm"]


def keys(run):
    with open(os.path.join(TOP, "guests/bench/targets.csv"), encoding="utf-8", newline="") as file:
        return [row["key"] for row in csv.DictReader(file)
                if row["run"] == run and row["key"] not in ("boot", "text")]


def check_rows(machine, run):
    machine.hv.expect_line("bench", "bench: done$", timeout=120)
    machine.wait()
    said = machine.hv.lines("bench")
    assert not [line for line in said if line.startswith("FAIL") or " skip: " in line]
    rows = {m[1]: [int(n) for n in m.groups()[1:]] for m in
            (re.fullmatch(r"bench: (\w+) count (\d+) min (-?\d+) median (-?\d+) max (-?\d+)", line)
             for line in said) if m}
    missing = [key for key in keys(run) if key not in rows]
    assert not missing
    for key in keys(run):
        count, low, median, high = rows[key]
        assert count == FEWER.get(key, 100), key
        assert 0 <= low <= median <= high, key


@pytest.mark.parametrize("run, cpu", (("sstc", "rv64"), ("sbi", "rv64,sstc=false")))
def test_one_hart(boot, run, cpu):
    check_rows(boot("bench/one", harts=1, memory="512M", cpu=cpu, extra=EXACT), run)


@pytest.mark.parametrize("run, machine", (("two", "virt"), ("sswi", "virt,aclint=on")))
def test_two_harts(boot, run, machine):
    check_rows(boot("bench/two", harts=2, memory="512M", machine=machine), run)


AIA = "virt,aia=aplic-imsic,aia-guests=1"


@pytest.mark.parametrize("run, harts, extra", (("aia", 1, EXACT), ("aia-two", 2, [])))
def test_aia(boot, run, harts, extra):
    check_rows(boot("bench/one" if harts == 1 else "bench/two", harts=harts, memory="512M", machine=AIA, qemu=10,
                    extra=extra), run)


def test_four_harts(boot):
    machine = boot(config(guest("bench", "0 1 2 3", "16M", "bench", devices="/soc/rtc@101000")), harts=4,
                   machine="virt,aclint=on")
    check_rows(machine, "four")


if LONG:		# each instruction of all harts is traced
    @pytest.mark.parametrize("run, harts", (("four", 4), ("eight", 8)))
    def test_many_harts(monkeypatch, log_dir, run, harts):
        """All siblings owe each fence, and have one exit for it."""
        bench = script("bench")
        monkeypatch.setattr(bench, "LOGS", log_dir)
        trace = bench.Trace(run, bench.image(run))
        assert len(trace.windows["fence_siblings"]) == 100
        assert trace.typical("fence_siblings").exits == harts


def test_boot_takes_as_long_with_more_ram(monkeypatch, pack, log_dir):
    """Neither the machine's RAM nor the guest's is touched, if its images stay in place and its RAM is kept."""
    bench = script("bench")
    monkeypatch.setattr(bench, "LOGS", log_dir)

    def instructions(ram, guests):
        monkeypatch.setattr(bench, "MEMORY", ram)
        image = pack(config(guest("bench", "0", f"{guests} at 0x90000000", "bench", images="in-place",
                                  ram_at_boot="keep", unmapped="ignore",
                                  devices="/soc/rtc@101000")))
        return int(re.search(r"boot_time (\d+) ns", bench.partition("place", image))[1])
    small, large = instructions("512M", "16M"), instructions("8G", "7G")
    assert abs(large - small) < 20000	# the lines of the plan that say where RAM is free


# ---- Linux: scripts/census and scripts/bench-linux, shortly ------------------------------------------

def test_census(monkeypatch, log_dir, time_scale):
    """A second or two of each load, with the mapped PLIC alone. What is counted fits it."""
    census = script("census")
    monkeypatch.setattr(census, "LOGS", log_dir)
    counters = census.Counters()
    found = census.run("mapped", "1,2,1", counters, time_scale)
    assert list(found) == list(census.PHASES)
    seconds, irqs, rounds, harts = found["disk"]
    assert seconds > 1 and irqs > 0 and rounds > 0 and len(harts) == 2
    counted = {name: sum(hart[name] for hart in harts) for name in counters.names}
    assert counted["external"] >= irqs and counted["interrupt"] < irqs
    assert sum(census.exits_of(hart) for hart in found["smp"][3]) > 0
    assert all(n >= 0 for _, _, _, both in found.values() for hart in both for n in hart.values())


@pytest.mark.parametrize("partition, disk", [(False, False), (True, True)])
def test_linux_load(monkeypatch, log_dir, partition, disk):
    """Each phase has its marks, in order. Without -icount: how many instructions they are is not asked."""
    bench = script("bench-linux")
    monkeypatch.setattr(bench, "LOGS", log_dir)
    monkeypatch.setattr(bench, "EXACT", [])
    marks = bench.run("load", partition, disk)
    times = [marks[name][0] for name in ("user", *(("mount", "disk") if disk else ("cpu", "syscall", "fork")))]
    assert times == sorted(times) and len(set(times)) == len(times)
    for phase in bench.PHASES:
        if (phase[0] == "disk") == disk:
            assert bench.cost(marks, phase, disk) > 0
