# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark guest runs to its end in a partition and prints every row; how long they take is not asked."""
import csv
import os
import re

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
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
        assert count == 100, key
        assert 0 <= low <= median <= high, key


@pytest.mark.parametrize("run, cpu", (("sstc", "rv64"), ("sbi", "rv64,sstc=false")))
def test_one_hart(boot, run, cpu):
    check_rows(boot("bench/one", harts=1, memory="512M", cpu=cpu, extra=EXACT), run)


@pytest.mark.parametrize("run, machine", (("two", "virt"), ("sswi", "virt,aclint=on")))
def test_two_harts(boot, run, machine):
    check_rows(boot("bench/two", harts=2, memory="512M", machine=machine), run)
