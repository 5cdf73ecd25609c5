# SPDX-License-Identifier: GPL-2.0-or-later
"""The judge of `make demo`: it has to accept a good run, and to miss each thing that is missing.

And what scripts/run does with a QEMU that hangs, fails or is not there.
"""
import argparse
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
    ("hv", "[bulkhead] vm linux: vcpu 0: exits ecall 12 mmio 200"),
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


@pytest.mark.parametrize("files, line, good, note", [
    (True, "vcpu 1: exits ecall 3 mmio 17 interrupt 1", True, "ecall 15, interrupt 1, mmio 217"),
    (True, "vcpu 1: exits external 3", False, "ecall 12, external 3, mmio 200"),
    (True, "vcpu 1: exits none", True, "ecall 12, mmio 200"),
    (False, "vcpu 1: exits external 3 set_timer 9", True, "ecall 12, external 3, mmio 200, set_timer 9"),
])
def test_exits(files, line, good, note):
    """Summed over Linux's harts. With interrupt files of its own, interrupts must not be among them."""
    result = run.Judge(files)
    for text in (GOOD[13][1][11:], "vm linux: " + line, "vm rt: vcpu 0: exits external 77"):
        result.see("bulkhead", text)
    assert result.exited() == (good, note)


@pytest.mark.parametrize("kind, said, qemu", [
    ("plic", "QEMU emulator version 7.2.22 (Debian 1:7.2)", None),
    ("aia", "QEMU emulator version 7.2.22 (Debian 1:7.2)", 10),
    ("aia", "QEMU emulator version 9.2.0", 10),
    ("aia", "QEMU emulator version 10.0.2", None),
    ("aia", "QEMU emulator version 11.1.3", None),
    ("aia", "?", 10),
])
def test_qemu_of_the_machine(tmp_path, monkeypatch, kind, said, qemu):
    """Versions below 10 send messages for a wire that is down: they are not used for a machine with AIA."""
    program = tmp_path / "qemu"
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    machines = sys.modules["machine"]
    monkeypatch.setattr(machines, "QEMU", str(program))
    found = machines.chosen(argparse.Namespace(machine=kind, smp="3", mem="1G"))
    assert found == {"machine": {"plic": "virt", "aia": "virt,aia=aplic-imsic,aia-guests=1"}[kind], "harts": "3",
                     "memory": "1G", "qemu": qemu}


@pytest.mark.parametrize("index", NEEDLESS)
def test_needless_line_is_not_asked_for(index):
    assert judge(GOOD[:index] + GOOD[index + 1:]) == []


@pytest.mark.parametrize("index", [i for i in range(len(GOOD)) if i not in NEEDLESS and i not in (9, 16)])
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
    for name in ("run", "demo_judge.py", "machine.py"):
        shutil.copy(os.path.join(TOP, "scripts", name), tmp_path / "scripts" / name)
    (tmp_path / "scripts/pack").write_text("#!/bin/sh\nmkdir -p $2 && cp $1 $2/packed.dts && : > $2/parts.dtb\n")
    (tmp_path / "scripts/pack").chmod(0o755)
    image = tmp_path / "build/virt/linux-rt"
    image.mkdir(parents=True)
    for name in ("fw_payload.bin", "bulkhead.bin", "parts.dtb"):
        (image / name).write_bytes(b"")

    def run_it(*args, qemu, scale="0.02"):
        """scale: of the 60 s without news, and 240 s in all, that the demo waits for"""
        options = args[:args.index("--")] if "--" in args else args
        command = [sys.executable, tmp_path / "scripts/run", *options, "virt/linux-rt", *args[len(options):]]
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
    """The wait ends with a message that names what was awaited; QEMU is ended."""
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


# ---- what a person meets who runs a configuration -------------------------------------------------

ARGUMENTS = "open('{top}/args', 'w').write('\\n'.join(sys.argv[1:]))"


def arguments(place):
    return (place.top / "args").read_text().split("\n")


def pairs(place):
    args = arguments(place)
    return set(zip(args, args[1:]))


def test_size_and_arguments_of_qemu(place):
    qemu = place.qemu(ARGUMENTS.format(top=place.top))
    assert place(qemu=qemu).returncode == 0
    assert {("-smp", "4"), ("-m", "2G")} <= pairs(place)
    assert place("--smp", "8", "--mem", "4G", "--", "-cpu", "rv64,sstc=off", qemu=qemu).returncode == 0
    assert {("-smp", "8"), ("-m", "4G"), ("-cpu", "rv64,sstc=off")} <= pairs(place)
    assert place("--demo", "--smp", "8", "--mem", "4G", qemu=qemu).returncode == 1	# it shows nothing
    assert {("-smp", "8"), ("-m", "4G")} <= pairs(place)


def test_script_is_the_demos_alone(place):
    """What is shipped asks for no mode of /init but login, the default, and net; `make demo` puts the script in."""
    place("--demo", qemu=place.qemu("sys.exit(0)"))
    packed = (place.top / "build/demo/packed.dts").read_text()
    assert "demo.mode=demo" in packed and re.search(r"rt\.ticks=\d+", packed)
    assert f'/include/ "{place.top}/configs/virt/linux-rt.dts"' in packed
    for name in os.listdir(os.path.join(TOP, "configs/virt")):
        with open(os.path.join(TOP, "configs/virt", name), encoding="utf-8") as file:
            assert set(re.findall(r"demo\.mode=(\w+)", file.read())) <= {"login", "net"}
    with open(os.path.join(TOP, "guests/linux/init"), encoding="utf-8") as file:
        assert re.search("^mode=login$", file.read(), re.M)


def starts_with(tmp_path, text):
    """What `make run` prints first for a configuration."""
    source, parts = tmp_path / "parts.dts", tmp_path / "parts.dtb"
    source.write_text("/dts-v1/;\n/ { " + text + " };\n")
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", parts, source], check=True)
    return run.welcome(str(parts), os.path.join(TOP, "build/virt/x")).splitlines()


def test_welcome(tmp_path):
    """Where the image is, where the keys go, how to leave."""
    one = starts_with(tmp_path, 'console = "/soc/virtio_mmio@10008000"; linux { devices = "/soc/serial@10000000"; };')
    assert one[0] == "Image: build/virt/x/fw_payload.bin; logs: build/logs/run/"
    assert one[1] == "What is typed goes to linux, which has the UART. Lines of others are marked [name]."
    assert one[2] == "Ctrl-A x leaves, at any time."
    shared = 'console = "/soc/serial@10000000"; one { }; rt { };'
    assert starts_with(tmp_path, shared)[1] == \
        "Where what is typed goes: Ctrl-] 1 one, Ctrl-] 2 rt, Ctrl-] m the monitor; Ctrl-] ? helps."
    assert starts_with(tmp_path, 'console = "serial0"; monitor = "off"; rt { };')[1] == \
        "Where what is typed goes: Ctrl-] 1 rt; Ctrl-] ? helps."
    assert starts_with(tmp_path, "rt { };")[1] == "No guest has a UART: nothing can be typed. Lines are marked [name]."


# ---- a busy host, and a hypervisor that is late ----------------------------------------------------

def recorded():
    """A demo on a busy host (two cores, load 16), as scripts/run wrote it to judged.log: what the host made QEMU wait
    stands before each report of rt."""
    with open(os.path.join(TOP, "tests/scripts/demo-busy-host.log"), encoding="utf-8") as file:
        return [line.rstrip("\n").split(" ", 1) for line in file]


def verdicts(lines, wait=float):
    """{what: (good, note)} of recorded lines; wait() changes what the host did."""
    sources, result = run.Sources("linux"), run.Judge()
    for channel, line in lines:
        if channel == "host":
            result.host(wait(line))
        else:
            result.see(*sources.name(channel, line))
    return {what: (good, note) for what, good, note in result.verdicts()}


JITTER = "rt reports its jitter"


def test_what_the_host_did_is_a_note():
    """All worked, 752 ticks were late as QEMU had to wait: no failure, and no word that rt was on time."""
    found = verdicts(recorded())
    good, note = found.pop(JITTER)
    assert all(good for good, _ in found.values())
    assert good is None and "5284 ticks, 0 late" in note and "752 more late as this host was busy" in note


@pytest.mark.parametrize("wait", [lambda waited: 0.0, lambda waited: 7.0, lambda waited: float(waited) / 40,
                                  lambda waited: None],
                         ids=["quiet", "waited-before", "waited-little", "unknown"])
def test_what_the_host_did_not_do_is_a_failure(wait):
    """The same late ticks where the host does not account for them."""
    assert verdicts(recorded(), wait)[JITTER][0] is False


def test_on_time_on_a_quiet_host():
    """Nothing late: judged, and good."""
    lines = [[channel, re.sub("missed=[0-9]+", "missed=0", line)] for channel, line in recorded()]
    good, note = verdicts(lines, lambda waited: float(waited) / 40)[JITTER]
    assert good is True and "5284 ticks, 0 late" in note and "busy" not in note


def lateness(*intervals):
    """(late, waited) of each interval of 100 ticks; returns what counts as ours, as the host's, and how many ticks count."""
    told, ticks, late, waited = run.Lateness(), 0, 0, 0.0
    for more, wait in intervals:
        ticks, late, waited = ticks + 100, late + more, waited + wait
        told.report(ticks, late, waited)
    return told.ours, told.hosts, told.quiet


@pytest.mark.parametrize("intervals, ours, hosts, quiet", [
    ([(0, 0.0), (0, 0.0)], 0, 0, 200),
    ([(0, 9.0), (0, 9.0)], 0, 0, 200),			# it waited, and rt was on time all the same
    ([(5, 0.0), (0, 0.0)], 5, 0, 200),
    ([(0, 0.0), (30, 0.31)], 0, 30, 100),
    ([(0, 0.0), (30, 0.11)], 19, 11, 100),		# a wait of 110 ms makes 11 ticks late
    ([(0, 0.3), (30, 0.01)], 0, 30, 100),		# rt's line came late
    ([(0, 0.3), (0, 0.0), (30, 0.0)], 30, 0, 300),	# but not that late
    ([(20, 0.3), (20, 0.0)], 10, 30, 0),		# a wait counts once
])
def test_lateness(intervals, ours, hosts, quiet):
    assert lateness(*intervals) == (ours, hosts, quiet)


@pytest.mark.parametrize("good, status, words",
                         [(True, 0, "all of it was true"), (None, 0, "too busy to judge: rt reports its jitter"),
                                                 (False, 1, "demo: FAILED")])
def test_summary(capsys, good, status, words):
    class Judged:
        def verdicts(self):
            return [("linux has 2 cpus", True, ""), (JITTER, good, "")]
    assert run.summary(Judged(), None, run.Painter()) == status
    said = capsys.readouterr().out
    assert words in said and ("all of it was true" in said) == (good is True)


def test_waits_of_this_process():
    """Only what has waited counts, and it never falls."""
    waits = run.Waits(os.getpid())
    first = waits.read()
    assert first is None or 0 <= first <= waits.read()
    assert run.Waits(2 ** 22 + 1).read() is None		# no such process
