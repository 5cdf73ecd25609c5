# SPDX-License-Identifier: GPL-2.0-or-later
"""What does not fit is refused at boot: the node and the reason are reported, and nothing starts.

`bulkhead pack` refuses much of it already; here it is packed all the same. Problems come on the
firmware's console: the hypervisor's own is known only once the plan is made.
"""
import os
import re
import subprocess

import corpus
import pytest

from configs import CONSOLE, DISK, UART, config, guest, rt
from conftest import TOP
from machine import FIRMWARE

RTC = "/soc/rtc@101000"
PLIC = corpus.plic()


def a(harts="1", memory="16M", kernel="rt", name="a", **props):
    return guest(name, harts, memory, kernel, **props)


def b(harts="2", memory="16M", kernel="rt", **props):
    return a(harts, memory, kernel, "b", **props)


@pytest.fixture
def start(switch_on, log_dir):
    """start(configuration, images, QEMU arguments, damage): packs in spite of all problems, and boots."""
    def run(text, images=("rt",), extra=(), damage=None, hv=True):
        dts, dtb, out = (os.path.join(log_dir, name) for name in ("a.dts", "a.dtb", "a.bin"))
        with open(dts, "w", encoding="utf-8") as file:
            file.write(text)
        subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", dtb, dts], check=True)
        args = [word for name in images for word in ("-i", f"{name}={TOP}/build/images/{name}")]
        subprocess.run([os.path.join(TOP, "build/bulkhead"), "pack", "--force", *args, "-o", out,
                        os.path.join(TOP, "build/core.bin"), dtb], check=True, capture_output=True)
        if damage:
            with open(out, "r+b") as file:
                damage(file)
        return switch_on(bios=os.path.join(FIRMWARE, "fw_dynamic.bin"), kernel=out, extra=extra, hv=hv)

    yield run
    if os.path.exists(os.path.join(log_dir, "a.bin")):
        os.remove(os.path.join(log_dir, "a.bin"))


def nothing_starts(machine):
    """It says so, shuts the machine down, and no guest has run."""
    machine.uart.expect(r"^\[bulkhead\] refused: .*; nothing is started$", 20)
    machine.wait(20, status=None)
    assert "started" not in machine.hv.text
    assert not re.search(r"^\[(a|b|c)\]", machine.hv.text + machine.uart.text, re.M)


# name of the test: (configuration, the line that reports node, property, reason)
REFUSED = {
    "hart of another": (
        config(a("1 2"), b("2 3")), "/b: harts: hart 2 is also claimed by guest a; .* [hart-taken]"),
    "hart that is not there": (
        config(a("7")), "/a: harts: the machine has no hart 7; it has 0 1 2 3 [unknown-hart]"),
    "memory of another": (
        config(a(memory="16M at 0x90000000"), b(memory="16M at 0x90800000")),
        "/b: memory: 16M at 0x90800000 overlaps 0x90000000 to 0x90ffffff of guest a; .* [memory-overlap]"),
    "memory of the hypervisor": (
        config(a(memory="16M at 0x80200000"), hypervisor_at="loaded"),
        "/a: memory: 16M at 0x80200000 overlaps .* of the hypervisor; .* [memory-overlap]"),
    "memory of the firmware": (
        config(a(memory="64K at 0x80000000")),
        "/a: memory: 64K at 0x80000000 overlaps .* of .*resv.*; .* [memory-overlap]"),
    "memory that is not there": (
        config(a(memory="16M at 0x60000000")), "/a: memory: 16M at 0x60000000 is not wholly RAM .* "
                                               "[memory-not-ram]"),
    "memory beyond the end": (
        config(a(memory="16M at 0xff800000")), "/a: memory: .* is not wholly RAM .* [memory-not-ram]"),
    "more memory than there is": (
        config(a(memory="1G"), b(memory="1G")), "/b: memory: no free RAM for 1G in one piece; .* "
                                                "[memory-no-room]"),
    "one guest address twice": (
        config(a(memory=["16M as 0x80000000", "16M as 0x80800000"])),
        "/a: memory: guest address 0x80800000 is used twice: .* [guest-overlap]"),
    "guest memory over a device": (
        config(a(memory="16M as 0x10000000", devices=[UART])),
        "/a: memory: guest address 0x100.* is used twice: .* [guest-overlap]"),
    "guest memory over the PLIC": (
        config(a(memory="16M as 0xc000000")),
        "/a: memory: guest address 0xc000000 is used twice: .* [guest-overlap]"),
    "guest address too high": (
        config(a(memory="16M as 0x4000000000000")),
        "/a: memory: guest address .* is beyond what its harts can translate .* [address-too-high]"),
    "device that is not there": (
        config(a(devices=["/soc/serial@10000100"])),
        '/a: devices: "/soc/serial@10000100" is not in the host\'s device tree; did you mean '
        '"/soc/serial@10000000"? [unknown-device]'),
    "UART of two": (
        config(a(devices=[UART]), b(devices=[UART])),
        f"/b: devices: {UART} is also claimed by guest a; .* [device-taken]"),
    "DMA without trust": (
        config(a(devices=[DISK])), f"/a: devices: {DISK} may do DMA, .* [dma-untrusted]"),
    "DMA at other addresses": (
        config(a(memory="16M as 0x40000000", devices=[DISK], trust_dma=True)),
        f"/a: devices: {DISK} may do DMA, which needs guest addresses equal .* [dma-remapped]"),
    "console of the hypervisor": (
        config(a(devices=[CONSOLE], trust_dma=True)),
        f"/a: devices: {CONSOLE} cannot be passed through: it is the hypervisor's console; .* [device-refused]"),
    "interrupt controller": (
        config(a(devices=[PLIC])), f"/a: devices: {PLIC} cannot be passed through: .* [device-refused]"),
    "the whole bus": (config(a(devices=["/soc"], trust_dma=True)), "/a: devices: /soc cannot be passed through.* "
                                                                   "[device-refused]"),
    "what switches the machine off": (
        config(a(devices=["/soc/test@100000"])), "/a: devices: /soc/test@100000 cannot be passed through: .* "
                                                 "[device-refused]"),
    "a console that is not there": (
        config(a(), console="/soc/serial@1"), '/: console: "/soc/serial@1" is not in the host\'s device '
                                              'tree; did you mean "/soc/serial@10000000"? [bad-console]'),
    "an image that is not packed": (
        config(a(kernel="forgotten")), '/a: kernel: there is no image "forgotten" in the package; .* '
                                       "[image-missing]"),
    "no kernel": (config(a(kernel=None)), "/a: kernel: the guest has nothing to run; .* [no-kernel]"),
    "an image without room": (
        config(a(memory="64K")), '/a: kernel: "rt" .* does not fit into the guest\'s memory of 64K .* '
                                 "[image-no-room]"),
    "entry outside of memory": (
        config(a(entry="0x1000")), "/a: entry: 0x1000 is not in the guest's memory; .* [bad-entry]"),
    "a property that is none": (
        config(a(memroy="16M")), '/a: memroy: no such property; did you mean "memory"? '
                                 "[unknown-property]"),
    "a name that is none": (config(guest("A", "1", "16M", "rt")), "/A: a guest's name has .* [bad-name]"),
    "nobody": (config(), "/: no guests: .* [no-guests]"),
}


def as_pattern(line):
    return r"^\[bulkhead\] " + ".*".join(re.escape(part) for part in line.split(".*")) + "$"


@pytest.mark.parametrize("what", REFUSED, ids=lambda what: what.replace(" ", "-"))
def test_refused(start, what):
    text, line = REFUSED[what]
    machine = start(text)
    machine.uart.expect(as_pattern(line), 20)
    nothing_starts(machine)


def test_all_problems_are_told_at_once(start):
    machine = start(config(a("1 7", memory="64G", unmapped="perhaps"), b("1", devices=["/soc/nothing", DISK])))
    nothing_starts(machine)
    told = re.findall(r"\[([a-z-]+)\]$", machine.uart.text, re.M)
    assert sorted(told) == ["bad-value", "dma-untrusted", "hart-taken", "memory-no-room", "unknown-device",
                            "unknown-hart"]


RESERVED = "/reserved-memory/mine@90000000"

HOSTS = {
    "two devices with a register": (
        [["-t", "x", RTC, "reg", "0", "10000080", "0", "100"]],
        f"/a: devices: {UART} has registers at 0x10000080 that are also those of {RTC}, .* [registers-shared]"),
    "two devices with an interrupt": (
        [["-t", "x", RTC, "interrupts", "a"]],
        f"/b: devices: {RTC}: its interrupt 10 of {PLIC} is also claimed by guest a; .* "
        "[irq-taken]"),
    "a disabled device": (
        [["-t", "s", RTC, "status", "disabled"]],
        f"/b: devices: {RTC} cannot be passed through: it is disabled .* [device-refused]"),
    "a device in RAM": (
        [["-t", "x", RTC, "reg", "0", "a0000000", "0", "100"]],
        f"/b: devices: {RTC}: its registers at 0xa0000000 lie in RAM .* [device-registers]"),
    "reserved memory": (
        [["-cp", RESERVED], ["-t", "x", "/reserved-memory", "#address-cells", "2"],
         ["-t", "x", "/reserved-memory", "#size-cells", "2"], ["-t", "x", "/reserved-memory", "ranges"],
         ["-t", "x", RESERVED, "reg", "0", "90000000", "0", "100000"]],
        f"/c: memory: 16M at 0x90000000 overlaps .* of {RESERVED}; .* [memory-overlap]"),
    "a hart without H": (
        [["-t", "s", "/cpus/cpu@3", "riscv,isa", "rv64imafdc_sstc"]],
        "/c: harts: hart 3 has no hypervisor extension .* [hart-no-h]"),
}


@pytest.mark.parametrize("what", HOSTS, ids=lambda what: what.replace(" ", "-"))
def test_refused_for_the_host(start, host_dtb, what):
    """One configuration, and hosts whose device trees do not go together with it."""
    edits, line = HOSTS[what]
    text = config(a(devices=[UART]), b(devices=[RTC]), guest("c", "3", "16M at 0x90000000", "rt"))
    machine = start(text, extra=host_dtb(edits))
    machine.uart.expect(as_pattern(line), 20)
    nothing_starts(machine)


def test_ram_that_is_not_there(boot, host_dtb):
    """The tree names a bank that the machine does not have, and the hypervisor would move to its top."""
    bank = "/memory@200000000"
    edits = [["-c", bank], ["-t", "s", bank, "device_type", "memory"], ["-t", "x", bank, "reg", "2", "0", "1", "0"]]
    machine = boot(config(a()), extra=host_dtb(edits), hv=False)
    machine.uart.expect(r"^\[bulkhead\] moving from 0x80200000 to 0x2\w+, ", 20)
    machine.uart.expect(r"^\[bulkhead\] refused: there is no memory at that place, ", 20)
    machine.wait(status=None)


def damage_smp(file):
    """Flips one bit in the middle of the image "smp"."""
    with open(os.path.join(TOP, "build/images/smp"), "rb") as image:
        content = image.read()
    at = file.read().index(content) + len(content) // 2
    file.seek(at)
    file.write(bytes([content[len(content) // 2] ^ 1]))


def test_damaged_image(start):
    """The guest that needs it does not start; the other one does."""
    machine = start(config(rt(ticks=50), a(kernel="smp", harts="1 2")), images=("rt", "smp"),
                    damage=damage_smp)
    machine.hv.expect_line("bulkhead", "ERROR: vm a: image smp: wrong checksum")
    machine.wait()
    assert "vm a: started" not in machine.hv.text
    assert "vm a: stopped (it could not be loaded)" in machine.hv.text
    assert any(line.startswith("rt: report ticks=50 ") for line in machine.hv.lines("rt"))


def test_no_package(start):
    """Only the hypervisor itself, without a package: someone forgot to pack."""
    def only_core(file):
        with open(os.path.join(TOP, "build/core.bin"), "rb") as core:
            file.write(core.read())
            file.truncate()
    machine = start(config(a()), damage=only_core)
    nothing_starts(machine)
    assert "refused: the package is not there: " in machine.uart.text


def test_damaged_package(start):
    """The configuration in the package is cut off."""
    def cut(file):
        data = file.read()
        at = data.index(b"\xd0\x0d\xfe\xed")	# the configuration's device tree
        file.seek(at)
        file.write(bytes(4))
    machine = start(config(a()), damage=cut)
    nothing_starts(machine)
