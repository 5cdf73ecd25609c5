# SPDX-License-Identifier: GPL-2.0-or-later
"""What `bulkhead` prints on a workstation is what happens at boot: the plan's text, and the device tree as a guest's Linux sees it."""
import base64
import io
import os
import re
import shutil
import subprocess
import tarfile

import pytest
import trees
from configs import config, linux, rt
from conftest import TOP, dump_host
from person import Person

TOOL = os.path.join(TOP, "build/bulkhead")
PAYLOAD = "0x80200000"  # where OpenSBI's fw_payload puts it: FW_PAYLOAD_OFFSET behind the start of RAM

SHOW_TREE = "stty -echo; cd /sys/firmware/devicetree/base; echo tree-; tar c . | gzip | base64; echo -tree"


def at_a_desk(command, host, image, *more):
    done = subprocess.run([TOOL, command, host, os.path.join(image, "parts.dtb"), *more, "--load", PAYLOAD,
                           "--image", os.path.join(image, "bulkhead.bin")], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def said_plan(machine):
    """The lines of the plan among those of the hypervisor."""
    machine.hv.expect_line("bulkhead", "vm [a-z0-9-]+: started")
    lines = machine.hv.lines("bulkhead")
    first = next(i for i, line in enumerate(lines) if line.startswith("machine  "))
    last = max(i for i, line in enumerate(lines) if line.startswith(("free RAM  ", "spare harts")))
    return lines[first:last + 1]


def firmware(lines):
    """What is taken to be the firmware's, by the plan's lines."""
    found = [re.match(r"firmware +0x(\w+)-0x(\w+) +\S+ assumed: below the image, not reserved$", line)
             for line in lines if line.startswith("firmware ")]
    return [(int(match[1], 16), int(match[2], 16)) for match in found]


def image_of(machine):
    return os.path.join(machine.log_dir, "image")


@pytest.mark.parametrize("name, harts, memory, cpu", [
    ("virt/linux-rt", 4, "2G", None),
    ("test/regions", 4, "2G", "rv64,sstc=off"),
    ("test/three", 8, "16G", None),
])
def test_plan(boot, log_dir, name, harts, memory, cpu):
    """QEMU's own tree knows nothing of the firmware's memory; the planner still does not use it."""
    host = dump_host(os.path.join(log_dir, "qemu.dtb"), harts=harts, memory=memory, cpu=cpu)
    machine = boot(name, harts=harts, memory=memory, cpu=cpu)
    now = said_plan(machine)
    told = at_a_desk("plan", host, image_of(machine)).decode().splitlines()
    assert [line for line in now if not line.startswith("firmware ")] == [line for line in told
                                                                           if not line.startswith("firmware ")]
    here, there = firmware(now), firmware(told)
    assert there == [(0x80000000, 0x801fffff)]
    assert here and here[-1][1] == 0x801fffff and here[0][0] > 0x80000000     # less what it has reserved


def unpack(text, directory):
    """The files of /proc/device-tree, from base64 of a gzip'd tar."""
    data = base64.b64decode("".join(line.strip() for line in text))
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            assert not member.name.startswith("/") and ".." not in member.name and (member.isdir() or member.isreg())
            path = os.path.join(directory, member.name)
            if member.isdir():
                os.makedirs(path, exist_ok=True)
                continue
            with open(path, "wb") as file:
                file.write(archive.extractfile(member).read())


def drop_names(directory):
    """Linux adds a property "name" to each node: the name without its address."""
    for where, _, files in os.walk(directory):
        base = "" if where == directory else os.path.basename(where).split("@")[0]
        assert "name" in files
        with open(os.path.join(where, "name"), "rb") as file:
            assert file.read() == base.encode() + b"\0"
        os.remove(os.path.join(where, "name"))


def linux_view(lines, directory):
    """The directory, filled with the tree that SHOW_TREE has written among these lines."""
    lines = lines[lines.index("tree-") + 1:]
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    unpack([line for line in lines[:lines.index("-tree")] if re.fullmatch(r"[A-Za-z0-9+/=]+", line)], directory)
    drop_names(directory)
    return directory


def as_source(kind, path=None, data=None):
    return subprocess.run(["dtc", "-q", "-s", "-I", kind, "-O", "dts", path or "-"], input=data, capture_output=True,
                          check=True).stdout.decode()


def test_tree_in_linux(boot, log_dir):
    """/proc/device-tree is the tree that `bulkhead dtb` writes: bootargs and the initrd's addresses included."""
    host = dump_host(os.path.join(log_dir, "qemu.dtb"), harts=4, memory="2G")
    machine = boot(config(linux(mode="login"), rt()), disk=True)
    machine.uart.expect("login: ", 120)
    machine.uart.send("root\n")
    machine.uart.expect("^~ # ")
    machine.uart.send(SHOW_TREE + "\n")
    machine.uart.expect("^tree-$")
    machine.uart.expect("^-tree$", 120)
    directory = linux_view(machine.uart.lines(), os.path.join(log_dir, "tree"))
    out = os.path.join(log_dir, "linux.dtb")
    at_a_desk("dtb", host, image_of(machine), "linux", "-o", out)
    ours = as_source("dtb", out)
    for name in ("bootargs", "linux,initrd-start", "linux,initrd-end", "stdout-path"):
        assert f"{name} = " in ours
    # Linux takes the one seed and removes it; the other is of this start, and 0 in what `bulkhead dtb` writes.
    ours, seeds = re.subn(r"^\t\trng-seed = .*\n", "", ours, flags=re.M)
    assert seeds == 1
    with open(os.path.join(directory, "chosen/kaslr-seed"), "r+b") as file:
        assert len(file.read()) == 8
        file.seek(0)
        file.write(bytes(8))
    assert as_source("fs", directory) == ours


# ---- a shipped configuration, and its golden files ----

# Properties of harts and PLIC by which QEMU's machine may differ from that of tests/hosts/virt.dts, which is of one
# version of QEMU, and why. Where the two machines agree in one, Linux and the golden file have to as well.
VERSIONS = {
    "mmu-type": "what the CPU rv64 has: Sv48 in QEMU 7.2, Sv57 later",
    "riscv,isa": "extensions of the CPU rv64: later versions have more",
    "riscv,isa-base": "not in QEMU 7.2, but later",
    "riscv,isa-extensions": "not in QEMU 7.2, but later",
    "riscv,cbom-block-size": "not in QEMU 7.2, but later",
    "riscv,cboz-block-size": "not in QEMU 7.2, but later",
    "riscv,cbop-block-size": "not in QEMU 7.2, but later",
    "riscv,ndev": "interrupts of the PLIC: 96 in QEMU 7.2, 95 later",
}
ISA = ("riscv,isa", "riscv,isa-extensions")     # a guest's lack the host's h and others; tests/unit/test_guest_dt.c
LEAF = 2 << 20


def host_node(path, harts):
    """The host's node of a guest's one; harts: those that the guest has."""
    return re.sub(r"^/cpus/cpu@(\d+)", lambda match: f"/cpus/cpu@{harts[int(match[1])]}", path)


def without_versions(tree, mine, other, harts):
    """The tree of a guest without what its machine has otherwise than the other machine, each by VERSIONS."""
    result = {}
    for path, props in tree.items():
        where = host_node(path, harts)
        here, there = mine.get(where, {}), other.get(where, {})
        differ = {name for name in VERSIONS if here.get(name) != there.get(name)}
        for name in differ - set(ISA):
            assert props.get(name) == here.get(name), f"{path}: {name} is not the machine's"
        result[path] = {name: value for name, value in props.items() if name not in differ}
    return result


def without_numbers(tree):
    """phandles are numbers that QEMU assigns in the order in which it makes nodes: paths in their place."""
    at = {trees.number(props["phandle"]): path for path, props in tree.items() if "phandle" in props}
    result, named = {}, set()
    for path, props in tree.items():
        result[path] = {name: value for name, value in props.items() if name != "phandle"}
        if "interrupts-extended" in props:      # pairs, in a guest of these
            cells = trees.cells(props["interrupts-extended"])
            result[path]["interrupts-extended"] = [(at[a], b) for a, b in zip(cells[::2], cells[1::2])]
            named.update(at[a] for a in cells[::2])
        assert "interrupt-parent" not in props and "interrupts" not in props
    for path in named:
        result[path]["phandle"] = "given"       # one without a reference depends on the version, too
    return result


def without_places(tree, initrd_size):
    """
    Images of other sizes move RAM, as it is placed behind the hypervisor's own, and the initrd in it, which ends at
    the device tree's place, rounded down to whole pages for its size. All else about them has to agree.
    """
    memory, = [path for path in tree if path.startswith("/memory@")]
    base, size = (trees.number(tree[memory]["reg"][i:i + 8]) for i in (0, 8))
    assert memory == f"/memory@{base:x}" and base % LEAF == 0
    start, end = (trees.number(tree["/chosen"].pop(f"linux,initrd-{name}")) for name in ("start", "end"))
    assert end - start == initrd_size and start % 4096 == 0
    tree["/memory@RAM"] = dict(tree.pop(memory), reg=("RAM", size))
    tree["/chosen"]["initrd"] = ("in RAM up to", -(-end // LEAF) * LEAF - base)
    return tree


def golden(name, harts, mine, other):
    tree = trees.read(trees.dtb("dts", os.path.join(TOP, "tests/golden", name)))
    return without_places(without_numbers(without_versions(tree, mine, other, harts)), 2 << 20)


def test_shipped_trees_in_linux(log_dir, time_scale):
    """`make run CONFIG=virt/three`: what both Linux guests have in /proc/device-tree is in tests/golden."""
    shipped = trees.read(trees.dtb("dts", os.path.join(TOP, "tests/hosts/virt.dts")))
    host = trees.read(trees.dtb("dtb", dump_host(os.path.join(log_dir, "qemu.dtb"), harts=4, memory="2G")))
    initrd = os.path.getsize(os.path.join(TOP, "build/images/linux-initrd"))
    with Person("virt/three", time_scale, os.path.join(log_dir, "terminal.log")) as person:
        for name, harts in (("one", [1]), ("two", [2])):
            if name != "one":       # which the keyboard belongs to at first
                person.types(f"\x1d{name}\r")
            person.logs_in(name)
            person.types(SHOW_TREE + "\r")
            person.sees(rf"^\[{name}\] tree-$")
            person.sees(rf"^\[{name}\] -tree\n", 120)
            view = linux_view(person.lines(name), os.path.join(log_dir, name))
            tree = without_versions(trees.read(trees.dtb("fs", view)), host, shipped, harts)
            tree = without_places(without_numbers(tree), initrd)
            assert "rng-seed" not in tree["/chosen"]    # Linux has taken it
            assert len(tree["/chosen"]["kaslr-seed"]) == 8
            tree["/chosen"].update({"rng-seed": bytes(64), "kaslr-seed": bytes(8)})
            assert tree == golden(f"virt-three.{name}.dts", harts, shipped, host)
            assert len(tree) == 10 and tree["/chosen"]["bootargs"].startswith(b"console=ttyS0 ")
