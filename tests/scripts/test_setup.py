# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/setup and scripts/fetch where something is missing, broken or slow. Copies of them run in a directory of their
own, with programs that only pretend: nothing is installed, fetched or asked of the network."""
import gzip
import os
import re
import shutil
import subprocess
import sys

import pytest

from loading import TOP


class Place:
    """A copy of some scripts with a build directory of its own, and the programs in bin that they find."""

    def __init__(self, top):
        self.top, self.bin = top, top / "bin"
        self.log = top / "build/logs/fetch.log"
        self.env = {"PATH": f"{self.bin}:{os.environ['PATH']}", "BULKHEAD_TICK": "0.2"}
        self.bin.mkdir()
        (top / "scripts").mkdir()
        for name in ("setup", "fetch", "versions", "long-step"):
            shutil.copy(os.path.join(TOP, "scripts", name), top / "scripts" / name)

    def program(self, name, text="exit 0"):
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    def file(self, name, content=b""):
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return str(path)

    def run(self, name, *args, **env):
        interpreter = [sys.executable] if name == "fetch" else ["/bin/sh"]
        return subprocess.run([*interpreter, self.top / "scripts" / name, *args], env=dict(self.env, **env),
                              cwd=self.top, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


# ---- progress -----------------------------------------------------------------------------------------

def test_long_step_shows_progress(place):
    done = place.run("long-step", "log", "sh", "-c", "echo in; echo the log >&2; sleep 0.9; exit 7")
    assert done.returncode == 7 and done.stderr == ""
    assert re.fullmatch(r"( {10}\.\.\. \d s\n){2,4}", done.stdout)
    assert (place.top / "log").read_text() == "in\nthe log\n"


def test_short_step_is_silent(place):
    done = place.run("long-step", "log", "true", BULKHEAD_TICK="10")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# ---- files of a person's own ----------------------------------------------------------------------------

LINUX = bytearray(64)
LINUX[0x30:0x3c] = b"RISCV\0\0\0RSC\x05"
BASE = ("opensbi", "libfdt")


@pytest.fixture
def brought(place):
    """What somebody without apt names for `make demo`."""
    place.env["PATH"] = str(place.bin)
    place.env.update(OPENSBI_SRC=os.path.dirname(os.path.dirname(place.file("own/sbi/firmware/fw_payload.S"))),
                     LIBFDT_SRC=os.path.dirname(place.file("own/libfdt/libfdt.h")),
                     LINUX_IMAGE=place.file("own/Image", LINUX), BUSYBOX=place.file("own/busybox", b"busybox"))
    return place


def refused(done, line):
    """One line that says it, and a non-zero exit."""
    assert done.returncode == 1 and done.stderr == f"fetch: {line}\n"


def test_what_is_given_needs_no_apt(brought):
    done = brought.run("fetch", *BASE, "linux", "busybox")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    third = brought.top / "build/third"
    assert (third / "opensbi/firmware/fw_payload.S").exists() and (third / "libfdt/libfdt.h").exists()
    assert (third / "linux/Image").read_bytes() == LINUX and os.listdir(third / "linux/modules") == []
    assert (third / "busybox").read_bytes() == b"busybox" and not (third / "u-boot.bin").exists()


def test_no_apt(brought):
    """What is asked for and was not given is named, and nothing else."""
    refused(brought.run("fetch", "u-boot"), "this host has no apt: name local files by UBOOT= (docs/testing.md)")
    del brought.env["LIBFDT_SRC"], brought.env["BUSYBOX"]
    refused(brought.run("fetch", *BASE), "this host has no apt: name local files by LIBFDT_SRC= (docs/testing.md)")
    refused(brought.run("fetch"), "this host has no apt: name local files by LIBFDT_SRC=, BUSYBOX=, UBOOT= (docs/testing.md)")


def test_unknown_part(place):
    refused(place.run("fetch", "uboot"), "no part uboot; there are: opensbi, libfdt, linux, busybox, u-boot")


@pytest.mark.parametrize("variable, path, why", [
    ("OPENSBI_SRC", "nowhere", "no firmware/fw_payload.S there"),
    ("OPENSBI_SRC", "own/libfdt", "no firmware/fw_payload.S there"),
    ("LIBFDT_SRC", "own/sbi", "no libfdt.h there"),
    ("LINUX_IMAGE", "nowhere", "no such file"),
    ("LINUX_MODULES", "nowhere", "no such file"),
    ("BUSYBOX", "nowhere", "no such file"),
])
def test_wrong_path(brought, variable, path, why):
    path = str(brought.top / path)
    refused(brought.run("fetch", *BASE, "linux", "busybox", **{variable: path}), f"{variable}={path}: {why}")


def test_not_a_kernel(brought):
    path = brought.file("own/other", b"MZ" + bytes(100))
    refused(brought.run("fetch", "linux", LINUX_IMAGE=path), f"{path} is not a RISC-V Linux Image")
    path = brought.file("own/cut", gzip.compress(LINUX)[:-10])
    done = brought.run("fetch", "linux", LINUX_IMAGE=path)
    assert done.returncode == 1 and done.stderr.startswith(f"fetch: {path}: the gzip data in it is damaged: ")
    path = brought.file("own/empty")
    refused(brought.run("fetch", "linux", LINUX_IMAGE=path), f"{path} is not a RISC-V Linux Image")
