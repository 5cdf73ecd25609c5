# SPDX-License-Identifier: GPL-2.0-or-later
"""The wrong configurations of configs/bad, read for tests.

The comment at the head of each says in lines " * KEY: VALUE":

    expect   a problem, exactly as it must be told but for file and line; all of them, in their order
    host     an edit of the machine's device tree: fdtput's arguments without the file; x*N is a text of N letters
    machine  other arguments for QEMU than -smp 4 -m 2G
    image    NAME=SIZE, of zeros; NAME=SIZE+MEMORY, with a Linux header that asks for so much; NAME=0xBYTES, 4 KiB that
             begin so; NAME=none: not packed. Other images that the configuration names have 4 KiB.
    boot     yes: it is also booted, and must be refused in the same words

The machine is QEMU's virt, its tree as QEMU dumps it.
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
        for edit in self.host:
            words = [word if not word.startswith("x*") else "x" * int(word[2:]) for word in edit.split()]
            options = 0
            while words[options].startswith("-"):
                options += 2 if words[options] == "-t" else 1
            subprocess.run(["fdtput", *words[:options], path, *words[options:]], check=True)
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


@functools.lru_cache(maxsize=None)
def dump(args):
    """What QEMU tells software of its machine."""
    path = os.path.join(TOP, f"build/tmp/dump-{os.getpid()}.dtb")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    words = [word for pair in args for word in pair]
    subprocess.run([QEMU, "-M", f"virt,dumpdtb={path}", *words, "-nodefaults", "-display", "none"], check=True,
                   capture_output=True)
    with open(path, "rb") as file:
        content = file.read()
    os.remove(path)
    return content


def cases():
    return [Case(path) for path in sorted(glob.glob(os.path.join(TOP, "configs/bad/*.dts")))]


def all_codes():
    """The stable names in hyp/plan/problem.def."""
    with open(os.path.join(TOP, "hyp/plan/problem.def"), encoding="utf-8") as file:
        return re.findall(r'^PROBLEM\(\w+, "([a-z-]+)"\)', file.read(), re.M)
