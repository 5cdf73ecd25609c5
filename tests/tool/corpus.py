# SPDX-License-Identifier: GPL-2.0-or-later
"""The wrong configurations of configs/bad, read for tests.

The comment at the head of each says in lines " * KEY: VALUE":

    expect   a problem, exactly as it must be reported, without file and line; all of them, in their order
    host     an edit of the machine's device tree: fdtput's arguments without the file; x*N is a text of N letters
             (edit_tree)
    machine  other arguments for QEMU than -smp 4 -m 2G
    image    NAME=SIZE, of zeros; NAME=SIZE+MEMORY, with a Linux header that asks for so much; NAME=0xBYTES, 4 KiB that
             begin so; NAME=none: not packed. Other images that the configuration names have 4 KiB.
    boot     yes: it is also booted, and must be refused in the same words

The machine is QEMU's virt, its tree as QEMU dumps it, but for the name of the PLIC: see dump().
"""
import functools
import glob
import os
import re
import struct
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
QEMU = os.environ.get("QEMU", "qemu-system-riscv64")
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20}


def size(text):
    return int(text.rstrip("KM")) * UNITS[text[len(text.rstrip("KM")):]]


PLIC = "/soc/plic@c000000"
ISA = ("riscv,isa", "riscv,isa-extensions", "riscv,isa-base")


def edit_tree(path, edits):
    """Each of edits is fdtput's arguments without the file, as ["-t", "s", "/cpus/cpu@0", "status", "disabled"].

    An edit of one of a hart's ISA properties takes the others away: QEMU 7.2 writes one, later ones all three,
    and an edit of one alone would then say nothing.
    """
    for edit in edits:
        options = 0
        while edit[options].startswith("-"):
            options += 2 if edit[options] == "-t" else 1
        node, names = edit[options], edit[options + 1:] if "-d" in edit[:options] else edit[options + 1:options + 2]
        if any(name in ISA for name in names):
            there = subprocess.run(["fdtget", "-p", path, node], capture_output=True, text=True, check=True).stdout
            others = [name for name in there.split() if name in ISA and name not in names]
            if others:
                subprocess.run(["fdtput", "-d", path, node, *others], check=True)
        subprocess.run(["fdtput", *edit[:options], path, *edit[options:]], check=True)


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Case:
    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)[:-len(".dts")]
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        head = self.text.split("*/\n")[1]
        keys = re.findall(r"^ \* (\w+): (.*)$", head, re.M)
        known = ("expect", "host", "machine", "image", "boot")
        assert all(key in known for key, _ in keys), f"{path}: a key that is none of {known}"
        self.expect, self.host, self.machine, self.image, self.boot = (
            [value for key, value in keys if key == wanted] for wanted in known)

    def codes(self):
        return [re.search(r"\[([a-z-]+)\]$", line)[1] for line in self.expect]

    def machine_args(self):
        given = {"-smp": "4", "-m": "2G"}
        words = " ".join(self.machine).split()
        given.update(zip(words[::2], words[1::2]))
        return given

    def host_tree(self, directory):
        """The machine's device tree, edited; a file below directory."""
        path = os.path.join(directory, "host.dtb")
        with open(path, "wb") as file:
            file.write(dump(tuple(sorted(self.machine_args().items()))))
        edit_tree(path, [[word if not word.startswith("x*") else "x" * int(word[2:]) for word in edit.split()]
                         for edit in self.host])
        return path

    def images(self, directory):
        """{name: file} of all images that are packed."""
        named = set(re.findall(r'\b(?:kernel|initrd) = "([a-z-]+)";', self.text)) - {"config"}
        sizes = {name: "4K" for name in named if len(name) < 32}
        sizes.update(value.split("=") for value in self.image)
        made = {}
        for name, text in sizes.items():
            if text == "none":
                continue
            first = bytes.fromhex(text[2:]) if text.startswith("0x") else b""
            in_file, _, memory = ("4K" if first else text).partition("+")
            content = bytearray(size(in_file))
            content[:len(first)] = first
            if memory:
                struct.pack_into("<QQ", content, 8, 0x200000, size(memory))
                content[0x38:0x3c] = b"RSC\x05"
            made[name] = os.path.join(directory, name)
            with open(made[name], "wb") as file:
                file.write(content)
        return made


def source(blob):
    """The text of a tree."""
    return subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts"], input=blob, capture_output=True, check=True).stdout


@functools.lru_cache(maxsize=None)
def plic():
    """The path of the PLIC in the tree of QEMU's machine: QEMU 11 names it otherwise than those before."""
    name, = re.findall(rb"^\t\t([a-z-]+@c000000) \{", source(raw_dump((("-m", "2G"), ("-smp", "4")))), re.M)
    return "/soc/" + name.decode()


def dump(args):
    """The machine's tree as QEMU makes it; the PLIC has the name that QEMU used before version 11."""
    blob = raw_dump(args)
    if plic() == PLIC:
        return blob
    text = source(blob).replace(plic().rpartition("/")[2].encode() + b" {", PLIC.rpartition("/")[2].encode() + b" {")
    return subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb"], input=text, capture_output=True, check=True).stdout


@functools.lru_cache(maxsize=None)
def raw_dump(args):
    """The tree as QEMU makes it."""
    path = os.path.join(TOP, f"build/tmp/dump-{os.getpid()}.dtb")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    words = [word for pair in args for word in pair]
    subprocess.run([QEMU, "-M", f"virt,dumpdtb={path}", *words, "-nodefaults", "-display", "none"], check=True,
                   capture_output=True)
    content = read(path)
    os.remove(path)
    return content


def cases():
    return [Case(path) for path in sorted(glob.glob(os.path.join(TOP, "configs/bad/*.dts")))]


def all_codes():
    """The stable names in hyp/plan/problem.def."""
    with open(os.path.join(TOP, "hyp/plan/problem.def"), encoding="utf-8") as file:
        return re.findall(r'^PROBLEM\(\w+, "([a-z-]+)"\)', file.read(), re.M)
