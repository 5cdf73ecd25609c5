# SPDX-License-Identifier: GPL-2.0-or-later
"""The self-checking guests of guests/{test,irq,smp,rt}, in partitions of every shape and natively.

A guest prints `ok NAME` for each test that held, `FAIL NAME: why`, `skip NAME: why`, and at the end
`done: N passed, N failed`. What may be skipped is said here: a test that quietly stops to run fails.
"""
import os
import re

import pytest
from conftest import CONTROLLERS, LONG, TOP
from machine import FIRMWARE, Machine

IMAGES = os.path.join(TOP, "build/images")

# What each guest cannot test in its partition.
ONE_HART = {"ipi.siblings", "ipi.stopped", "hsm.entry", "hsm.already", "hsm.again", "hsm.boot-hart",
            "hsm.suspend-sibling", "hsm.suspend-nonret", "rfence.stale"}
NO_INITRD = {"mem.initrd"}
NO_V = {"fp.vector"}
SSTC = {"time.no-sstc"}
NO_SSTC = {"time.sstc", "time.mixed"}
NATIVE = {"plic.contexts", "fault.high", "fault.foreign-devices", "fault.foreign-ram",
          "fault.ram-edges", "insn.hyper-csrs", "insn.hyper", "dbcn.refused"}
LEAST = {"test": 100, "irq": 19, "smp": 7}  # tests there are at least, skipped ones included


def initrd_sum(path):
    """As guests/test/mem.c adds it up."""
    value = 0
    with open(path, "rb") as file:
        for byte in file.read():
            value = (value * 31 + byte) % 2**64
    return value


def judge(lines, program, skips, on="plic"):
    """Every test of the guest passed, but for exactly these skips, and for those of a PLIC where there is none."""
    bad = [line for line in lines if line.startswith("FAIL ")]
    assert not bad, "\n".join(bad)
    skipped = {line.split()[1].rstrip(":") for line in lines if line.startswith("skip ")}
    without_plic = {line.split()[1].rstrip(":") for line in lines
                    if re.match(r"skip \S+: (the tree has )?no PLIC$", line)}
    assert bool(without_plic) == (on != "plic" and program != "smp")
    assert skipped - without_plic == set(skips) - without_plic
    passed = sum(line.startswith("ok ") for line in lines)
    done = [re.match(r"done: (\d+) passed, 0 failed$", line) for line in lines]
    done = [match for match in done if match]
    assert len(done) == 1 and int(done[0][1]) == passed
    assert passed + len(skipped) >= LEAST[program]


def run_guest(machine, guest, program, skips, timeout=120, on="plic"):
    machine.hv.expect(rf"^\[{guest}\] done: ", timeout)
    machine.hv.expect_line("bulkhead", rf"vm {guest}: stopped \(shutdown\)")
    judge(machine.hv.lines(guest), program, skips, on)


CONFIGS = ["one", "remapped", "middle", "sparse"]


@pytest.mark.parametrize("config, on", [(config, "plic") for config in CONFIGS] +
                         [(config, "aia") for config in (CONFIGS if LONG else CONFIGS[:1])])
def test_partition(boot, config, on):
    machine = boot(f"test/{config}", on=on)
    run_guest(machine, "test", "test", NO_V | SSTC | (set() if config == "one" else NO_INITRD), on=on)
    machine.wait()
    # Where the firmware entered the image: its first line, said once, though it has moved since.
    assert re.findall(r"^\[bulkhead\] (Bulkhead \d\S* on hart \d+, image at 0x\w+, its code at 0x80\w+$|moving from 0x\w+)",
                      machine.uart.text, re.M)[0].split(",")[1] == " image at 0x80200000"
    assert len(re.findall(r"^\[bulkhead\] Bulkhead \d", machine.uart.text, re.M)) == 1


def test_initrd_arrives_whole(boot):
    machine = boot("test/one")
    line = machine.hv.expect_line("test", r"initrd 0x[0-9a-f]+ \+ (\d+) sum ([0-9a-f]+)")
    path = os.path.join(IMAGES, "rt")
    assert int(line[1]) == os.path.getsize(path)
    assert int(line[2], 16) == initrd_sum(path)


def test_regions(boot):
    machine = boot("test/regions")
    run_guest(machine, "test", "test", NO_V | SSTC | NO_INITRD | ONE_HART)
    machine.wait()


def test_two_guests(boot):
    machine = boot("test/two")
    machine.hv.expect(r"^\[(first|second)\] done: ", 240)
    machine.hv.expect(r"^\[(first|second)\] done: ", 240)
    machine.wait()
    judge(machine.hv.lines("first"), "test", NO_V | SSTC | NO_INITRD)
    judge(machine.hv.lines("second"), "test", NO_V | SSTC | NO_INITRD | ONE_HART)


@pytest.mark.parametrize("on", CONTROLLERS if LONG else CONTROLLERS[:1])
def test_three_guests(boot, on):
    machine = boot("test/three", on=on)
    machine.wait(240)
    judge(machine.hv.lines("test"), "test", NO_V | SSTC | NO_INITRD | ONE_HART, on)
    judge(machine.hv.lines("smp"), "smp", {"smp.race"}, on)
    assert "rt: done, powering off" in machine.hv.lines("rt")


@pytest.mark.parametrize("cpu, skips", [
    ("rv64,sstc=off", NO_V | NO_SSTC),
    ("rv64,v=on,vext_spec=v1.0", SSTC),
    ("rv64,sstc=off,v=on,vext_spec=v1.0", NO_SSTC),
])
def test_cpu(boot, cpu, skips):
    machine = boot("test/one", cpu=cpu)
    run_guest(machine, "test", "test", skips)
    machine.wait()


@pytest.mark.parametrize("harts, memory", [(3, "256M"), (8, "16G")])
def test_machine_size(boot, harts, memory):
    machine = boot("test/one", harts=harts, memory=memory)
    run_guest(machine, "test", "test", NO_V | SSTC)
    machine.wait()


@pytest.mark.parametrize("firmware", ["fw_dynamic", "fw_jump"])
def test_under_another_firmware(boot, firmware):
    machine = boot("test/one", by_kernel=firmware)
    run_guest(machine, "test", "test", NO_V | SSTC)
    machine.wait()


@pytest.mark.parametrize("cpu", ["rv64", "rv64,sstc=off"])
def test_interrupts(boot, cpu):
    machine = boot("test/irq", cpu=cpu)
    run_guest(machine, "irq", "irq", set())
    machine.wait()
    for device in ("rtc", "uart"):
        assert re.search(rf"irq: {device} source \d+: 10000 events, 10000 interrupts",
                         machine.hv.text)


@pytest.mark.parametrize("cpu", ["rv64", "rv64,sstc=off"])
def test_smp(boot, cpu):
    machine = boot("test/smp", cpu=cpu)
    run_guest(machine, "smp", "smp", set(), timeout=240)
    machine.wait()


def one_guest(kernel, bootargs):
    return f"""/dts-v1/;
/ {{
	compatible = "bulkhead,partitions-v1";
	console = "/soc/virtio_mmio@10008000";

	guest {{
		harts = <1 2>;
		memory = "32M";
		devices = "/soc/rtc@101000";
		kernel = "{kernel}";
		bootargs = "{bootargs}";
	}};
}};
"""


@pytest.mark.parametrize("how", ["cold", "warm"])
def test_reset_starts_afresh(boot, how):
    """After a reset RAM reads zero again and everything still holds."""
    machine = boot(one_guest("test", f"test.only=mem. test.end={how}"))
    for _ in range(3):
        machine.hv.expect(r"^\[guest\] ok mem.zero$")
        machine.hv.expect(r"^\[guest\] done: 4 passed, 0 failed$")
    assert not [line for line in machine.hv.lines("guest") if line.startswith("FAIL")]


def test_reset_forgets_state(boot):
    """The whole guest, then a reset, and the whole guest again."""
    machine = boot(one_guest("test", "test.end=cold"))
    for _ in range(2):
        machine.hv.expect(r"^\[guest\] done: (\d+) passed, 0 failed$", 120)


def test_legacy_shutdown(boot):
    machine = boot(one_guest("test", "test.only=dt. test.end=legacy"))
    machine.hv.expect(r"^\[guest\] done: 7 passed, 0 failed$")
    machine.wait()


@pytest.mark.parametrize("cpu, timer", [("rv64", "Sstc"), ("rv64,sstc=off", "SBI TIME")])
def test_rt_ticks(boot, cpu, timer):
    machine = boot(one_guest("rt", "rt.ticks=250"), cpu=cpu)
    machine.hv.expect_line("guest", rf"rt: 2 harts, 32 MiB RAM, timebase \d+ Hz, timer by {timer}")
    machine.hv.expect_line("guest", r"rt: tick \d{3} jitter min/avg/max ")
    machine.hv.expect_line("guest", r"rt: report ticks=25\d missed=\d+ jitter_min_ns=\d+ ")
    machine.hv.expect_line("guest", r"rt: done, powering off")
    machine.wait()


@pytest.mark.parametrize("program, skips", [
    ("test", NATIVE | NO_INITRD | NO_V | SSTC), ("irq", set()), ("smp", set()),
])
def test_native(log_dir, time_scale, program, skips):
    """Without Bulkhead: what fails here is the guest's own fault, or the machine's."""
    with Machine(bios=os.path.join(FIRMWARE, "fw_dynamic.bin"), kernel=os.path.join(IMAGES, program),
                 harts=3, memory="256M", hv=False, extra=["-append", "smp.rounds=40"],
                 log_dir=log_dir, scale=time_scale) as machine:
        machine.uart.expect("^done: ", 120)
        machine.wait()
        judge(machine.uart.lines(), program, skips)


@pytest.mark.parametrize("on", CONTROLLERS)
def test_template(boot, on):
    """The guest of docs/guide.md, which has nothing of guests/lib: it says its word, with its tree, and ends."""
    machine = boot("virt/template", on=on)
    machine.hv.expect_line("template", "template: here I am$")
    machine.hv.expect_line("bulkhead", r"vm template: stopped \(shutdown\)")
    machine.hv.expect_line("bulkhead", "all guests ended, shutting the machine down")
    machine.wait()
