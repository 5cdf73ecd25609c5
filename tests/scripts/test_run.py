# SPDX-License-Identifier: GPL-2.0-or-later
"""The judge of `make demo`: it has to accept a good run, and to miss each thing that is missing.

And what scripts/run does with a QEMU that hangs, fails or is not there.
"""
import os
import re
import shutil
import subprocess
import sys

import pytest

from loading import TOP, script

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


# ---- a QEMU that does not do what it should: a program that only pretends -----------------------

HANGS = "time.sleep(600)"
BOOTS_FOR_EVER = """
fd = int(re.search(r"id=uart0,fd=(\\d+)", " ".join(sys.argv))[1])
while True:
    os.write(fd, b"OpenSBI v1.6\\n")
    time.sleep(0.02)
"""
DIES = "sys.exit('qemu: there is no such machine')"


@pytest.fixture
def place(tmp_path):
    """place(argument...) runs a copy of scripts/run, with an empty image; place.qemu() makes a QEMU."""
    (tmp_path / "scripts").mkdir()
    for name in ("run", "machine.py"):
        shutil.copy(os.path.join(TOP, "scripts", name), tmp_path / "scripts" / name)
    image = tmp_path / "build/virt/linux-rt"
    image.mkdir(parents=True)
    for name in ("fw_payload.bin", "parts.dtb"):
        (image / name).write_bytes(b"")

    def run_it(*args, qemu, scale="0.02"):
        """scale: of the 60 s without news, and 240 s in all, that the demo waits for"""
        command = [sys.executable, tmp_path / "scripts/run", *args, "virt/linux-rt"]
        return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60,
                              env=dict(os.environ, QEMU=str(qemu), BULKHEAD_TIMEOUT_SCALE=scale))

    def fake(text):
        path = tmp_path / "qemu"
        path.write_text(f"#!{sys.executable}\nimport os, re, sys, time\n"
                        f"open('{tmp_path}/pid', 'w').write(str(os.getpid()))\n{text}\n")
        path.chmod(0o755)
        return path

    run_it.top, run_it.qemu = tmp_path, fake
    return run_it


@pytest.mark.parametrize("args", [[], ["--demo"], ["--debug"]])
def test_no_qemu(place, args):
    done = place(*args, qemu="/nonexistent")
    assert done.returncode == 1
    assert done.stderr == "run: /nonexistent is not on this host: run scripts/setup\n"


def test_no_image(place):
    os.remove(place.top / "build/virt/linux-rt/fw_payload.bin")
    done = place(qemu=place.qemu(HANGS))
    assert done.returncode == 1
    assert done.stderr == "run: no build/virt/linux-rt/fw_payload.bin; make it first\n"


def test_scale_is_no_number(place):
    done = place("--demo", qemu=place.qemu(HANGS), scale="much")
    assert done.returncode == 1
    assert done.stderr == "run: BULKHEAD_TIMEOUT_SCALE=much is not a number\n"


@pytest.mark.parametrize("qemu, why", [
    (HANGS, r"gave up after \d+ s, \d+ s of them silent"),
    (BOOTS_FOR_EVER, r"gave up after \d+ s(, \d+ s of them silent)?"),
], ids=["silent", "for-ever"])
def test_boot_hangs(place, qemu, why):
    """It is given up and told, with what was awaited; QEMU is ended."""
    done = place("--demo", qemu=place.qemu(qemu))
    assert done.returncode == 1 and "all of it was true" not in done.stdout
    assert re.search(rf"^demo: the boot hangs: {why}, waiting for: linux reached user space\. "
                     r"Logs: build/logs/demo/$", done.stdout, re.M)
    assert ("[firmware] OpenSBI v1.6" in done.stdout) == (qemu == BOOTS_FOR_EVER)
    with pytest.raises(ProcessLookupError):
        os.kill(int((place.top / "pid").read_text()), 0)


def test_qemu_dies(place):
    done = place("--demo", qemu=place.qemu(DIES))
    assert done.returncode == 1 and "demo: FAILED. Logs: build/logs/demo/" in done.stdout
    assert "QEMU ended with status 1: " in done.stdout
    assert "qemu: there is no such machine" in done.stdout
    done = place(qemu=place.qemu(DIES))
    assert done.returncode == 1 and "run: QEMU ended with status 1: " in done.stderr
    assert "qemu: there is no such machine" in done.stderr
