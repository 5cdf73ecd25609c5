# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that builds make beside a flat kernel: each is named, with what to type, wherever it would go into an image."""
import bz2
import gzip
import lzma
import os
import re
import struct
import subprocess

import corpus
import pytest

TOP = corpus.TOP
TOOLS = {"plain": os.path.join(TOP, "build/bulkhead"), "checked": os.path.join(TOP, "build/unit/bulkhead")}
VIRT = os.path.join(TOP, "tests/hosts/virt.dts")
PARTS = '''/dts-v1/;
/ { compatible = "bulkhead,partitions-v1"; a { harts = <1>; memory = "64M"; kernel = "k"; }; };
'''
WITH_INITRD = PARTS.replace('kernel = "k";', 'kernel = "k"; initrd = "i";')


def linux(size=4096, memory=8192):
    content = bytearray(size)
    content[:2] = b"MZ"     # as Linux's, which is an EFI program, too
    struct.pack_into("<QQ", content, 8, 0x200000, memory)
    content[0x38:0x3c] = b"RSC\x05"
    return bytes(content)


def zboot(method, payload):
    """Linux, drivers/firmware/efi/libstub/zboot-header.S."""
    head = bytearray(0x1000)
    head[:8] = b"MZ\0\0zimg"
    struct.pack_into("<II", head, 8, len(head), len(payload))
    head[24:24 + len(method)] = method
    return bytes(head) + payload


def pe():
    content = bytearray(1024)
    content[:2] = b"MZ"
    struct.pack_into("<I", content, 0x3c, 0x80)
    content[0x80:0x84] = b"PE\0\0"
    return bytes(content)


def arm64():
    content = bytearray(4096)
    content[0x38:0x3c] = b"ARM\x64"
    return bytes(content)


def tree(text):
    return subprocess.run(["dtc", "-q", "-O", "dtb"], input=text.encode(), capture_output=True, check=True).stdout


def elf():
    with open(os.path.join(TOP, "build/guest/rt.elf"), "rb") as file:
        return file.read()


def own_elf():
    with open("/proc/self/exe", "rb") as file:
        return file.read(100000)


WRONG = {
    "empty": (lambda: b"", "is empty"),
    "elf": (elf, "is an ELF file, .*riscv64-linux-gnu-objcopy -O binary FILE FLAT"),
    "foreign": (own_elf, "is an ELF file for another machine"),
    "arm64": (arm64, "is a kernel for Arm"),
    "bzip2": (lambda: bz2.compress(linux()), "compressed by bzip2, .*bunzip2"),
    "xz": (lambda: lzma.compress(linux()), "compressed by xz, .*unxz"),
    "lzma": (lambda: lzma.compress(linux(), lzma.FORMAT_ALONE), "compressed by lzma, .*unlzma"),
    "zstd": (lambda: b"\x28\xb5\x2f\xfd" + bytes(99), "compressed by zstd, .*unzstd"),
    "lz4": (lambda: b"\x04\x22\x4d\x18" + bytes(99), "compressed by lz4, .*unlz4"),
    "lz4 as Linux makes it": (lambda: b"\x02\x21\x4c\x18" + bytes(99), "compressed by lz4"),
    "lzop": (lambda: b"\x89LZO\0\r\n\x1a\n" + bytes(99), "compressed by lzop"),
    "zboot": (lambda: zboot(b"zstd", b"\x28\xb5\x2f\xfd" + bytes(99)), "EFI zboot kernel, .*arch/riscv/boot/Image"),
    "zboot cut": (lambda: zboot(b"gzip", gzip.compress(linux()))[:0x1008], "EFI zboot kernel"),
    "pe": (pe, "EFI program without a Linux header"),
    "uimage": (lambda: b"\x27\x05\x19\x56" + bytes(60) + linux(), r"uImage, .*tail -c \+65 FILE"),
    "fit": (lambda: tree('/dts-v1/; / { images { kernel { data = "x"; }; }; };'), "FIT image .*dumpimage"),
    "dtb": (lambda: tree("/dts-v1/; / { soc { images { }; }; };"), "is a device tree, .*made at boot"),
    "dtb cut": (lambda: tree("/dts-v1/; / { images { }; };")[:50], "is a device tree"),
    "cpio": (lambda: b"070701" + b"0" * 104, "cpio archive, .*each other's place"),
    "script": (lambda: b"#!/bin/sh\n", "is a text"),
    "text": (lambda: b"version https://git-lfs.github.com/spec/v1\n", "is a text"),
    "elf in gzip": (lambda: gzip.compress(elf()), "is an ELF file"),
    "script in zboot": (lambda: zboot(b"gzip", gzip.compress(b"#!/bin/sh\n")), "is a text"),
}
GOOD = {"linux": linux, "zeros": lambda: bytes(4096), "code that begins as an EFI program": lambda: b"MZ" + bytes(4000),
        "few letters": lambda: b"B" * 31, "one byte": lambda: b"#"}


@pytest.fixture(params=TOOLS)
def run(request, tmp_path):
    """run(command, content of the kernel) returns what it prints; the exit code must be code."""
    def do(command, content, code=0, parts=PARTS, initrd=b"x"):
        (tmp_path / "a.dts").write_text(parts)
        (tmp_path / "k").write_bytes(content)
        (tmp_path / "i").write_bytes(initrd)
        out = tmp_path / "out.bin"
        if out.exists():
            out.unlink()
        args = {"pack": ["pack", os.path.join(TOP, "build/core.bin"), tmp_path / "a.dts", "-o", out],
                "force": ["pack", "-f", os.path.join(TOP, "build/core.bin"), tmp_path / "a.dts", "-o", out]}
        args = args.get(command, [command, VIRT, tmp_path / "a.dts"]) + ["-i", f"k={tmp_path}/k"]
        args += ["-i", f"i={tmp_path}/i"] if "initrd" in parts else []
        done = subprocess.run([TOOLS[request.param], *map(str, args)], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        assert done.returncode == code, done.stderr
        assert out.exists() == (command in ("pack", "force") and not code)
        return done
    return do


def matches(said, words):
    words = words if words.startswith("is") else ".*" + words
    return re.search(rf'/a: (kernel|initrd): "[ki]" {words}.* \[image-format\]\n', said)


@pytest.mark.parametrize("name", WRONG)
def test_named(run, name):
    make, words = WRONG[name]
    for command in ("check", "plan", "pack"):
        assert matches(run(command, make(), 1).stderr, words)
    run("force", make())


@pytest.mark.parametrize("name", GOOD)
def test_good(run, name):
    for command in ("check", "plan", "pack"):
        assert "[image-format]" not in run(command, GOOD[name]()).stderr


def test_gzip_is_unpacked(run, tmp_path):
    """What is packed is the kernel, and check counts its sizes; several members, and what stands behind them."""
    whole = linux(300000, 400000)
    for packed in (gzip.compress(whole), gzip.compress(whole[:1000]) + gzip.compress(whole[1000:]),
                   gzip.compress(whole) + b"behind", zboot(b"gzip", gzip.compress(whole))):
        assert "it is unpacked, to 300000 bytes" in run("pack", packed).stderr
        assert whole in (tmp_path / "out.bin").read_bytes()
        assert f'"k", {len(whole)} bytes' in run("plan", packed).stdout


def test_gzip_that_is_damaged(run):
    packed = gzip.compress(linux(300000))
    assert "ends too early: copy the file again" in run("pack", packed[:-20], 2).stderr
    assert "is damaged: copy the file again" in run("pack", packed[:60] + b"\xff" * 40 + packed[100:], 2).stderr


def test_gzip_of_too_much(tmp_path):
    with gzip.open(tmp_path / "k", "wb", 1) as file:
        for _ in range(1025):
            file.write(bytes(1 << 20))
    (tmp_path / "a.dts").write_text(PARTS)
    done = subprocess.run([TOOLS["plain"], "check", VIRT, tmp_path / "a.dts", "-i", f"k={tmp_path}/k"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "more than 1 GiB" in done.stderr


def test_initrd(run, tmp_path):
    """Linux unpacks an initrd itself; another kernel may have anything, also behind Linux's header. An empty file is none."""
    packed = gzip.compress(b"070701" + bytes(200))
    for content in (packed, b"070701" + bytes(200), lzma.compress(b"x"), bytes(5000)):
        run("pack", linux(), parts=WITH_INITRD, initrd=content)
    run("pack", linux(), parts=WITH_INITRD, initrd=packed)
    assert packed in (tmp_path / "out.bin").read_bytes()
    for content in (elf(), pe(), arm64(), tree("/dts-v1/; / { };"), b"#!/bin/sh\n", WRONG["uimage"][0]()):
        for command in ("check", "pack"):
            assert "in which Linux finds no file system" in run(command, linux(), 0, WITH_INITRD, content).stderr
        assert not run("pack", bytes(4096), parts=WITH_INITRD, initrd=content).stderr
    assert '"i" is empty' in run("check", bytes(4096), 1, WITH_INITRD, b"").stderr


def test_images_that_nobody_named(tmp_path):
    """Without images, what would be in them is not judged."""
    (tmp_path / "a.dts").write_text(PARTS)
    for tool in TOOLS.values():
        done = subprocess.run([tool, "check", VIRT, tmp_path / "a.dts"], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        assert done.returncode == 0 and "is assumed to be empty" in done.stderr


def test_by_gzip_itself(run, tmp_path):
    (tmp_path / "source").write_bytes(linux())
    packed = subprocess.run(["gzip", "-9c", tmp_path / "source"], capture_output=True, check=True).stdout
    assert "compressed by gzip; it is unpacked, to 4096 bytes" in run("pack", packed).stderr
