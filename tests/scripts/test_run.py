# SPDX-License-Identifier: GPL-2.0-or-later
"""The judge of `make demo`: it has to accept a good run, and to miss each thing that is missing."""
import pytest

from loading import script

run = script("run")

GOOD = [
    ("uart", "OpenSBI v1.6"),
    ("hv", "[bulkhead] vm linux: started"),
    ("hv", "[bulkhead] vm rt: started"),
    ("uart", "[    0.000000] Linux version 6.12"),
    ("hv", "[rt] rt: tick 100 jitter min/avg/max 1/2/3 ns"),
    ("hv", "[rt] rt: report ticks=100 missed=0 jitter_min_ns=1 jitter_max_ns=3"),
    ("uart", "demo: user space, Linux 6.12, mode demo"),
    ("uart", "demo: cpus 2"),
    ("uart", "demo: disk mounted: /dev/vda ext4"),
    ("hv", "[rt] rt: tick 200 jitter min/avg/max 1/2/3 ns"),
    ("uart", "demo: disk ok sha256=" + "0123456789abcdef" * 4),
    ("uart", "demo: irq virtio0 1 -> 74"),
    ("uart", "demo: irq ttyS0 6 -> 124"),
    ("hv", "[bulkhead] vm linux: stopped (shutdown)"),
    ("hv", "[rt] rt: tick 300 jitter min/avg/max 1/2/3 ns"),
    ("hv", "[rt] rt: report ticks=400 missed=0 jitter_min_ns=1 jitter_max_ns=3"),
    ("hv", "[bulkhead] vm rt: stopped (shutdown)"),
    ("hv", "[bulkhead] all guests ended, shutting the machine down"),
]
# Lines whose loss must not matter: two of the firmware and kernel, one of rt's two reports.
NEEDLESS = (0, 2, 3, 5)


def judge(lines):
    sources, result = run.Sources("linux"), run.Judge()
    for channel, line in lines:
        result.see(*sources.name(channel, line))
    return [what for what, good, _ in result.verdicts() if not good]


def test_good_run_is_accepted():
    assert judge(GOOD) == []


@pytest.mark.parametrize("index", NEEDLESS)
def test_needless_line_is_not_asked_for(index):
    assert judge(GOOD[:index] + GOOD[index + 1:]) == []


@pytest.mark.parametrize("index", [i for i in range(len(GOOD)) if i not in NEEDLESS and i not in (9, 15)])
def test_each_missing_line_is_noticed(index):
    assert judge(GOOD[:index] + GOOD[index + 1:])


def replaced(old, new):
    lines = [(channel, line.replace(old, new)) for channel, line in GOOD]
    assert lines != GOOD
    return lines


@pytest.mark.parametrize("old, new", [
    ("demo: cpus 2", "demo: cpus 1"),
    ("virtio0 1 -> 74", "virtio0 74 -> 74"),
    ("demo: disk ok sha256=", "demo: FAILED read back "),
    ("ticks=400 missed=0", "ticks=400 missed=41"),
    ("tick 300 ", "tick 200 "),
    ("linux: stopped (shutdown)", "linux: stopped (fault)"),
])
def test_wrong_value_is_noticed(old, new):
    assert judge(replaced(old, new))


def test_lines_are_marked_with_their_source():
    sources = run.Sources("linux")
    assert [sources.name(channel, line)[0] for channel, line in GOOD[:5]] == [
        "firmware", "bulkhead", "bulkhead", "linux", "rt"]
    assert sources.name("uart", "[rt] not me")[0] == "linux"


def test_guest_cannot_paint_the_terminal():
    assert "\x1b" not in run.Painter().mark("rt", "a\x1b[2Jb\x07")
