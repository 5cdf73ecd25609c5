# SPDX-License-Identifier: GPL-2.0-or-later
"""The neighbour of a guest that misbehaves (guests/neighbour), and how it is checked."""
import re

from configs import guest

RTC = "/soc/rtc@101000"
RAM = 0xa0000000	# where it lies in the host's memory, for guests that try to access it


def neighbour(harts="3", rtc=True, every=500, **props):
    """One hart, 16 MiB, the RTC if requested."""
    return guest("neighbour", harts, f"16M at {RAM:#x}", "neighbour",
                 devices=[RTC] if rtc else None, bootargs=f"neighbour.every={every}", **props)


def reports(machine):
    """What it has reported so far: a list of dictionaries."""
    found = (re.findall(r"(\w+)=(\d+)", line) for line in machine.hv.lines("neighbour")
             if line.startswith("neighbour: ticks="))
    return [{key: int(value) for key, value in pairs} for pairs in found]


def judge_neighbour(machine, rtc=True, extra=0, timeout=60):
    """It still reports, and has missed nothing. Returns its last report. extra: how many interrupts of its
    device may have come twice, None: any number."""
    seen = len(reports(machine))
    machine.hv.position = len(machine.hv.text)
    for count in range(60):	# on a busy host its ticks catch up first, and its main loop works later
        machine.hv.expect(r"^\[neighbour\] neighbour: ticks=\d+ .*$", timeout)
        last, before = reports(machine)[-1], reports(machine)[max(seen - 1, 0)]
        if count and last["passes"] and (not rtc or last["served"] > before["served"]):
            break
    bad = [line for line in machine.hv.lines("neighbour") if "BAD" in line]
    assert not bad, "\n".join(bad)
    for what in ("lost", "early", "bad_hash", "bad_state"):
        assert last[what] == 0, last
    assert last["ticks"] == last["due"] and last["ticks"] > before["ticks"], (before, last)
    assert last["passes"] > 0 and last["kib"] > 8192, last
    if rtc:
        assert last["alarms"] - last["served"] <= 1 and last["served"] > before["served"], (before, last)
        assert extra is None or last["extra"] <= extra, last
    return last


def show(what, last):
    """One line of what was counted, for the log of the test run."""
    print(f"{what}; neighbour: {last['ticks']} ticks, 0 lost, RAM checked {last['passes']} times, "
          f"{last['served']} device interrupts, {last['late']} ticks later than 1 ms, "
          f"worst {last['jitter_max_us']} us")
