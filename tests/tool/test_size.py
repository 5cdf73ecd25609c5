# SPDX-License-Identifier: GPL-2.0-or-later
"""How large the image's file is, and what the hypervisor keeps of the machine's RAM, for each example."""
import glob
import os
import re
import subprocess

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KIB = 1024


def is_built(path):
    """As in the Makefile (FOREIGN): not those that name a page about an image that the user has to build."""
    with open(path, encoding="utf-8") as file:
        return "docs/guests/" not in file.read()


CONFIGS = sorted(os.path.basename(path)[:-4] for path in glob.glob(os.path.join(TOP, "configs/virt/*.dts"))
                 if is_built(path))
FILE, RESIDENT, EACH_VM, EACH_HART = 240 * KIB, 544 * KIB, 96 * KIB, 24 * KIB


def plan_of(name):
    image = os.path.join(TOP, "build/virt", name)
    command = [os.path.join(TOP, "build/bulkhead"), "plan", "--assume-h", os.path.join(TOP, "build/host/virt.dtb"),
               os.path.join(image, "parts.dtb"), "--image", os.path.join(image, "bulkhead.bin")]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def header(name):
    """Size of the file; memory that the header asks for; where the core begins."""
    path = os.path.join(TOP, "build/virt", name, "bulkhead.bin")
    with open(path, "rb") as file:
        start = file.read(64)
    return os.path.getsize(path), int.from_bytes(start[16:24], "little"), int.from_bytes(start[40:48], "little")


@pytest.mark.parametrize("name", CONFIGS)
def test_file(name):
    """Behind the package the file has the core's code and constants, and nothing of the memory that it needs."""
    size, memory, core = header(name)
    assert 0 < size - core < FILE and memory > size


@pytest.mark.parametrize("name", CONFIGS)
def test_resident(name):
    """What remains when guests run, without their images: so much, for each guest so much, for each hart so much."""
    text = plan_of(name)
    match = re.search(r"^hypervisor +0x(\w+)-0x(\w+) .*\n  of it +(.*)$", text, re.M)
    size = int(match[2], 16) + 1 - int(match[1], 16)
    parts = {what: int(kib) * KIB for what, kib in re.findall(r"([a-z ]+?) (\d+)K", match[3])}
    assert list(parts) == ["image", " page tables", " stacks", " guests", " consoles", " device trees"]
    assert abs(size - sum(parts.values())) < 8 * KIB
    guests = len(re.findall(r"^guest ", text, re.M))
    harts = sum(len(line.split(" as ")[0].split()) for line in re.findall(r"^guest .*\n  harts +(.*)$", text, re.M))
    harts += "the console's own" in text
    _, memory, core = header(name)
    assert size <= memory
    assert size - core <= RESIDENT + guests * EACH_VM + harts * EACH_HART


# ---- code that can run under guests --------------------------------------------------------------------

CROSS = os.environ.get("CROSS_COMPILE", "riscv64-linux-gnu-")
ELF = os.path.join(TOP, "build/bulkhead.elf")
RUNS = 72 * KIB
BEFORE = "prepare"	# boot/join.c: it calls code of the boot before the hart's page tables are on


def output(tool, *args):
    return subprocess.run([CROSS + tool, *args], capture_output=True, text=True, check=True).stdout


def symbols():
    out = output("nm", "-n", ELF)
    return {name: int(at, 16) for at, _, name in (line.split() for line in out.splitlines())}


def calls():
    """(function, address of the instruction, where it goes) of each direct jump and call; and each auipc's target."""
    function = None
    for line in output("objdump", "-d", "--no-show-raw-insn", ELF).splitlines():
        head = re.match(r"[0-9a-f]+ <([^>]+)>:$", line)
        function = head[1] if head else function
        found = (re.match(r"\s+([0-9a-f]+):\t(?:j|jal|b\w+)\s+.*?\b([0-9a-f]+) <[^>]+>$", line) or
                 re.match(r"\s+([0-9a-f]+):\t(?:addi|jalr|jr)\s.*# ([0-9a-f]+) <[^>]+>$", line))
        if found:
            yield function, int(found[1], 16), int(found[2], 16)


def test_code_under_guests():
    """What is mapped while guests run; that it needs nothing of what is not; and that none of it is forgotten."""
    at = symbols()
    run, end = at["__run_start"], at["__text_end"]
    assert run % 4096 == 0 and end - run <= RUNS
    boot = ("boot_main", "plan_make", "host_parse", "vm_create_all", "fdt_open_into", "guest_dt_build", "paging_map",
            "console_use")
    assert {name for name in boot if name in at and at[name] >= run} == set()
    names = {a: n for n, a in at.items()}
    wrong = [(function, names.get(to, hex(to))) for function, pc, to in calls() if run <= pc < end and to < run
             and function != BEFORE]
    assert not wrong


def test_no_pointer_to_code_of_the_boot():
    """Tables of functions, which relocations fill, name none of it, but for the planner's own."""
    at = symbols()
    planner = output("nm", *glob.glob(os.path.join(TOP, "build/core/hyp/plan/*.o")))
    own = {line.split()[2] for line in planner.splitlines() if re.match(r"[0-9a-f]+ [tT] ", line)}
    own |= {"_start", "image_core_offset", "boot_again", "secondary_entry"}	# of entry.S; called by the boot alone
    own.add("init_plic")	# called by intc_init(), which is such code
    targets = [int(m[1], 16) for m in re.finditer(r"_RELATIVE\s+([0-9a-f]+)$", output("readelf", "-rW", ELF), re.M)]
    names = {a: n for n, a in at.items()}
    assert len(targets) > 100 and not {names.get(to, hex(to)) for to in targets if to < at["__run_start"]} - own
