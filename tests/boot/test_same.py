# SPDX-License-Identifier: GPL-2.0-or-later
"""What `bulkhead` says at a desk is what happens: the plan's text, and the device tree as a guest's Linux sees it."""
import base64
import io
import os
import re
import shutil
import subprocess
import tarfile

import pytest
from configs import config, linux, rt
from conftest import TOP
from machine import Machine

TOOL = os.path.join(TOP, "build/bulkhead")
PAYLOAD = "0x80200000"  # where OpenSBI's fw_payload puts it: FW_PAYLOAD_OFFSET behind the start of RAM


def dump_host(path, **kwargs):
    """The host's tree as QEMU makes it, before any firmware has edited it."""
    with Machine(bios="none", machine=f"virt,dumpdtb={path}", **kwargs) as machine:
        machine.wait()
    return path


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


def image_of(machine):
    return os.path.join(machine.log_dir, "image")


@pytest.mark.parametrize("name, harts, memory, cpu", [
    ("virt/linux-rt", 4, "2G", None),
    ("test/regions", 4, "2G", "rv64,sstc=off"),
    ("test/three", 8, "16G", None),
])
def test_plan(boot, log_dir, name, harts, memory, cpu):
    """QEMU's own tree knows nothing of the firmware's memory; the planner keeps away from it all the same."""
    host = dump_host(os.path.join(log_dir, "qemu.dtb"), harts=harts, memory=memory, cpu=cpu)
    machine = boot(name, harts=harts, memory=memory, cpu=cpu)
    now = said_plan(machine)
    assert now == at_a_desk("plan", host, image_of(machine)).decode().splitlines()


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
    machine.uart.send("stty -echo; cd /sys/firmware/devicetree/base; "
                      "echo tree-; tar c . | gzip | base64; echo -tree\n")
    machine.uart.expect("^tree-$")
    machine.uart.expect("^-tree$", 120)
    lines = machine.uart.lines()
    lines = lines[lines.index("tree-") + 1:]
    directory = os.path.join(log_dir, "tree")
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    unpack([line for line in lines[:lines.index("-tree")] if re.fullmatch(r"[A-Za-z0-9+/=]+", line)], directory)
    drop_names(directory)
    out = os.path.join(log_dir, "linux.dtb")
    at_a_desk("dtb", host, image_of(machine), "linux", "-o", out)
    ours = as_source("dtb", out)
    for name in ("bootargs", "linux,initrd-start", "linux,initrd-end", "stdout-path"):
        assert f"{name} = " in ours
    assert as_source("fs", directory) == ours
