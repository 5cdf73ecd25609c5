# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/census, scripts/bench-linux and scripts/bench on made-up results; tests/boot/test_bench.py runs them."""
import os
import re
import sys

import pytest

from loading import TOP, script

census, bench_linux = script("census"), script("bench-linux")
NAMES = census.kinds()


@pytest.fixture
def top(tmp_path, monkeypatch):
    """A tree with nothing but the page of figures, to record in."""
    (tmp_path / "docs").mkdir()
    with open(os.path.join(TOP, "docs/bench.md"), encoding="utf-8") as file:
        (tmp_path / "docs/bench.md").write_text(file.read())
    for module, name in ((census, "census"), (bench_linux, "linux")):
        monkeypatch.setattr(module, "TOP", str(tmp_path))
        monkeypatch.setattr(module, "RECORDED", str(tmp_path / f"docs/{name}.csv"))
    return tmp_path


# ---- census --------------------------------------------------------------------------------------

def counts(**some):
    return {name: some.get(name, 0) for name in NAMES}


def results():
    """Two harts, 10 s; in the disk's phase 20 interrupts of it."""
    quiet = (10.0, 0, 0, [counts(ecall=10), counts()])
    return {"emulated": {"idle": quiet, "disk": (10.0, 20, 5, [counts(mmio=100, interrupt=20), counts(mmio=30)]),
                         "smp": quiet},
            "mapped": {"idle": quiet, "disk": (10.0, 20, 5, [counts(external=20), counts(ipi=10)]), "smp": quiet}}


def test_kinds_are_those_of_the_documents():
    with open(os.path.join(TOP, "docs/sbi.md"), encoding="utf-8") as file:
        told = re.search(r"Kinds: (.*?)\. \|", file.read())[1]
    assert [int(n) for n in re.findall(r"\b(\d) ", told)] == list(range(len(NAMES)))
    assert len(NAMES) == len(set(NAMES)) == 9


def test_census_table():
    head, *rows = census.table(results(), NAMES)
    by_name = {(row[0], row[1]): dict(zip(head, row)) for row in rows}
    assert set(map(len, rows)) == {len(head)} and len(by_name) == 6
    before, after = by_name["disk load", "emulated"], by_name["disk load", "mapped"]
    assert (before["mmio"], before["interrupt"], before["exits/s"], before["exits/disk irq"]) == ("13.0", "2.0", "15.0",
        "7.50")
    assert (before["by hart"], before["rounds/s"], before["ipi"]) == ("12.0 + 3.0", "0.5", "-")
    assert (after["external"], after["exits/s"], after["exits/disk irq"]) == ("2.0", "5.0", "2.50")	# two exits each
    assert by_name["idle", "mapped"]["exits/disk irq"] == "-"


def test_census_is_recorded(top):
    census.record(results(), NAMES, census.table(results(), NAMES))
    lines = (top / "docs/census.csv").read_text().splitlines()
    assert len(lines) == 1 + 3 * 2 * 2 and lines[0].split(",")[6:] == NAMES
    assert "| disk load | mapped |" in (top / "docs/bench.md").read_text()


def test_summary_of_the_console():
    said = ["vm linux: vcpu 0: exits set_timer 1 self-ipi 22 other 3", "vm linux: vcpu 1: exits none"]
    assert census.summary(said, NAMES) == [counts(**{"set_timer": 1, "self-ipi": 22, "other": 3}), counts()]


def test_counters_are_read_from_where_they_are(monkeypatch):
    """Each hart's, by the monitor's command and answer."""
    asked = []

    class Monitor:
        def ask_monitor(self, command, _):
            asked.append(command)
            if command.startswith("xp /1gx"):	# the pointer to a hart's struct vcpu
                return f"{command}\n0000000080216000: 0x{0x90000000 + 0x100 * len(asked):016x}\n(qemu) "
            words = " ".join(f"0x{16 * len(asked) + i:016x}" for i in range(len(NAMES)))
            return f"{command}\n0000000080216000: {words}\n(qemu) "

    counters = census.Counters.__new__(census.Counters)
    counters.pointers, counters.offset, counters.names = 0x1000, 0x20, NAMES
    assert [hart["set_timer"] for hart in counters.read(Monitor(), 0x80000000)] == [32, 64]
    assert asked == ["xp /1gx 0x80001008", f"xp /{len(NAMES)}gx 0x90000120", "xp /1gx 0x80001010",
                     f"xp /{len(NAMES)}gx 0x90000320"]
    monkeypatch.setattr(Monitor, "ask_monitor", lambda *_: "unknown command")
    with pytest.raises(census.MachineError):
        counters.read(Monitor(), 0x80000000)


# ---- Linux against native ------------------------------------------------------------------------

MARKS = {"user": (1000, 100), "cpu": (1400, 100), "syscall": (1900, 100), "fork": (2600, 150),
         "mount": (3000, 200), "disk": (9000, 1200)}
FIGURES = {"user": (1000, 1010), "cpu": (400, 400), "syscall": (500, 505), "fork": (700, 721), "disk": (5000, 6000)}


def test_cost_of_each_phase():
    phases = {phase[0]: phase for phase in bench_linux.PHASES}
    assert {key: bench_linux.cost(MARKS, phase, key == "disk") for key, phase in phases.items()} == {
        "user": 1000, "cpu": 400, "syscall": 500, "fork": 700, "disk": 5000}


def test_marks_are_those_of_init():
    """Each phase ends and begins at a mark that the guest makes."""
    with open(os.path.join(TOP, "guests/linux/init"), encoding="utf-8") as file:
        made = set(re.findall(r"^\t+at (\w+)$|; at (\w+)$", file.read(), re.M))
    made = {a or b for a, b in made}
    assert {mark for end, begin, _ in bench_linux.PHASES for mark in (end, begin) if mark} <= made


def test_linux_is_recorded(top):
    bench_linux.record(FIGURES)
    assert bench_linux.load() == FIGURES
    page = (top / "docs/bench.md").read_text()
    assert "| power-on to user space | 1,000 | 1,010 | 1.0100 |" in page


@pytest.mark.parametrize("ours, status", ((6000, 0), (6299, 0), (6400, 1)))
def test_growth_is_told(top, monkeypatch, capsys, ours, status):
    bench_linux.record(FIGURES)
    monkeypatch.setattr(bench_linux, "measure", lambda: {**FIGURES, "disk": (5000, ours)})
    monkeypatch.setattr(sys, "argv", ["bench-linux"])
    assert bench_linux.main() == status
    assert ("bench-linux: disk grew from 6,000" in capsys.readouterr().out) == bool(status)


def test_a_page_without_marks_is_told(top):
    (top / "docs/bench.md").write_text("nothing")
    with pytest.raises(ValueError):
        bench_linux.record(FIGURES)


# ---- bench ---------------------------------------------------------------------------------------

def test_loops_that_wait():
    """A loop with a PAUSE, and not a longer way around it: back to before the loop, or out of a function."""
    listing = {0x100: "addi a0,a0,1", 0x104: "bnez a0,100 <f>", 0x108: ".word 0x0100000f", 0x10c: "ld a5,8(a1)",
               0x110: "beqz a5,100 <f>", 0x114: "bnez a4,108 <f+0x8>", 0x118: "ret",
               0x200: "pause", 0x204: "ret", 0x240: "j 1f8 <g>"}
    assert script("bench").waiting_loops(listing) == [(0x108, 0x114)]
