# SPDX-License-Identifier: GPL-2.0-or-later
"""The host command: what its commands print and write, and their exit codes."""
import os
import re
import struct
import subprocess
import zlib

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.join(TOP, "build/bulkhead")
HOST = os.path.join(TOP, "tests/unit/dts/virt.dts")
MIB = 1 << 20

GOOD = """/dts-v1/;
/ {
    compatible = "bulkhead,partitions-v1";
    console = "/soc/virtio_mmio@10008000";
    linux { harts = <1 2>; memory = "256M"; devices = "serial0"; kernel = "big"; initrd = "ramdisk"; };
    rt { harts = <3>; memory = "4M"; kernel = "small"; };
    rt2 { harts = <0>; memory = "4M"; kernel = "small"; };
};
"""
BAD = GOOD.replace('harts = <3>; memory = "4M"', 'harts = <2>; memory = "4M at 0x1000"').replace(
    'kernel = "small"; };\n};', 'kernel = "small"; devices = "/soc/serial@1"; };\n};')


CORE_SIZE, CORE_MEMORY = 0x5100, 0x600000	# in the file, at run time


def run(*args, code=0):
    done = subprocess.run([TOOL, *map(str, args)], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture
def files(tmp_path):
    """A directory with a configuration, a wrong one, a core, and images."""
    (tmp_path / "good.dts").write_text(GOOD)
    (tmp_path / "bad.dts").write_text(BAD)
    core = bytearray(CORE_SIZE)
    struct.pack_into("<QQ", core, 8, 0x200000, CORE_MEMORY)
    core[0x38:0x3c] = b"RSC\x05"
    core[-1] = 0x77
    (tmp_path / "core.bin").write_bytes(core)
    (tmp_path / "big").write_bytes(bytes(range(256)) * (27 * 4096))      # 27 MiB
    (tmp_path / "ramdisk").write_bytes(b"r" * 5 * MIB)
    (tmp_path / "small").write_bytes(b"small")
    return tmp_path


def images(files):
    return [f"-i{name}={files / name}" for name in ("big", "ramdisk", "small")]


def entries(image):
    """The package of an image as {name: payload}, by its format and not by our code."""
    at, core = 0x1000, struct.unpack_from("<Q", image, 40)[0]
    magic, version, count, total, crc, reserved = struct.unpack_from("<8sIIQII", image, at)
    assert (magic, version, reserved) == (b"BKHDPKG1", 1, 0)
    assert at + total <= core and core + CORE_SIZE == len(image)
    head = bytearray(image[at:at + 32 + 56 * count])
    struct.pack_into("<I", head, 24, 0)
    assert zlib.crc32(head) == crc
    found = {}
    end = at + len(head)
    for i in range(count):
        name, offset, size, sum_, zero = struct.unpack_from("<32sQQII", head, 32 + 56 * i)
        start = at + offset
        assert start % 4096 == 0 and start >= end and zero == 0
        end = start + size
        assert end <= core
        # nothing lies where OpenSBI's fw_jump puts the device tree
        assert end <= 32 * MIB or start >= 34 * MIB
        found[name.rstrip(b"\0").decode()] = image[start:end]
        assert zlib.crc32(image[start:end]) == sum_
    return found


def check_header(image, core):
    """The whole image's header: what loaders read, and a jump to the core. Gives the core's place."""
    at = len(image) - len(core)
    auipc, jr = struct.unpack_from("<II", image)
    assert auipc & 0xfff == 0x297 and jr & 0xfffff == 0x28067	# t0; RISC-V ISA manual, "RV32I"
    assert (auipc & 0xfffff000) + (jr >> 20) - (jr >> 31 << 12) == at
    assert image[8:16] == core[8:16] and image[24:40] == core[24:40] and image[48:64] == core[48:64]
    memory, place = struct.unpack_from("<Q", image, 16)[0], struct.unpack_from("<Q", image, 40)[0]
    assert place == at and memory % 4096 == 0
    # the host's tree alone may have 1 MiB; and a guest needs little
    assert MIB < memory - at - CORE_MEMORY < 4 * MIB
    # the core's own header knows its place, too; the rest is as it was
    assert image[at:] == core[:40] + image[40:48] + core[48:] and at % 4096 == 0
    assert memory <= 32 * MIB or at >= 34 * MIB
    return at


def test_small_images(files):
    """What the core needs at run time is no part of the file."""
    out = files / "out.bin"
    (files / "one.dts").write_text(GOOD.replace('kernel = "big"; initrd = "ramdisk"', 'kernel = "small"'))
    run("pack", files / "core.bin", files / "one.dts", f"-ismall={files}/small", "-o", out)
    image, core = out.read_bytes(), (files / "core.bin").read_bytes()
    assert check_header(image, core) == 0x4000	# header, package, configuration, image
    assert len(image) == 0x4000 + CORE_SIZE


@pytest.mark.parametrize("size", [0x1000000, 0x1800000, 0x1900000, 0x19fd000, 0x1ffd000, 0x1ffe000, 0x2200000])
def test_core_beside_the_hole(files, size):
    """Its memory does not cover what fw_jump uses: it ends before that, or begins behind it."""
    out = files / "out.bin"
    small = b"\x13\0\0\0" * (size // 4)
    (files / "small").write_bytes(small)
    (files / "one.dts").write_text(GOOD.replace('kernel = "big"; initrd = "ramdisk"', 'kernel = "small"'))
    run("pack", files / "core.bin", files / "one.dts", f"-ismall={files}/small", "-o", out)
    image = out.read_bytes()
    assert entries(image)["small"] == small
    at = check_header(image, (files / "core.bin").read_bytes())
    memory = struct.unpack_from("<Q", image, 16)[0]
    assert (at < 32 * MIB) == (0x3000 + size + memory - at <= 32 * MIB)
    assert at < 32 * MIB or size > 0x1000000


def test_images(files):
    assert run("images", files / "good.dts").stdout.split() == ["big", "ramdisk", "small"]


def test_pack(files):
    out = files / "out.bin"
    run("pack", files / "core.bin", files / "good.dts", *images(files), "-o", out)
    image = out.read_bytes()
    core = (files / "core.bin").read_bytes()
    at = check_header(image, core)
    assert at >= 34 * MIB
    found = entries(image)
    assert list(found) == ["config", "big", "ramdisk", "small"]
    for name in ("big", "ramdisk", "small"):
        assert found[name] == (files / name).read_bytes()
    assert found["config"][:4] == b"\xd0\x0d\xfe\xed"
    assert sorted(p.name for p in files.iterdir() if "out.bin" in p.name) == ["out.bin"]
    # the same input makes the same image
    run("pack", files / "core.bin", files / "good.dts", *images(files), "-o", files / "again.bin")
    assert (files / "again.bin").read_bytes() == image


def test_pack_refuses(files):
    out = files / "out.bin"
    done = run("pack", files / "core.bin", files / "good.dts", "-o", out, code=1)
    assert 'needs the image "ramdisk"' in done.stderr
    (files / "form.dts").write_text(GOOD.replace("memory", "memmory"))
    done = run("pack", files / "core.bin", files / "form.dts", *images(files), "-o", out, code=1)
    assert done.stderr.count("[unknown-property]") == 3
    (files / "small").write_bytes(b"")
    assert '"small" is empty' in run("pack", files / "core.bin", files / "good.dts", *images(files), "-o", out,
                                     code=1).stderr
    (files / "core.bin").write_bytes(bytes(CORE_SIZE))
    run("pack", files / "core.bin", files / "good.dts", *images(files), "-o", out, code=2)
    assert not out.exists()
    run("pack", files / "core.bin", files / "good.dts", code=2)


def test_pack_by_force(files):
    """What is refused at the desk can still be packed, for a boot that must refuse it as well."""
    (files / "form.dts").write_text(GOOD.replace("memory", "memmory"))
    run("pack", "--force", files / "core.bin", files / "form.dts", "-o", files / "out.bin")
    assert list(entries((files / "out.bin").read_bytes())) == ["config"]


def test_plan_of_image_and_files(files):
    """The plan by a packed image: its package and its size count."""
    out = files / "out.bin"
    run("pack", files / "core.bin", files / "good.dts", *images(files), "-o", out)
    done = run("plan", HOST, files / "good.dts", "--image", out)
    assert done.stderr == ""
    size, loaded = out.stat().st_size - CORE_SIZE + CORE_MEMORY, struct.unpack_from("<Q", out.read_bytes(), 16)[0]
    top = (0xc0000000 - loaded) & ~(2 * MIB - 1)	# there is room for all that a boot needs,
    last = re.search(rf"^hypervisor   0x{top:010x}-0x(\w+) .*, loaded at 0x0080200000$", done.stdout, re.M)[1]
    assert size < int(last, 16) + 1 - top < size + MIB	# of which less is kept
    assert f'"ramdisk", {5 * MIB} bytes' in done.stdout
    moved = run("plan", HOST, files / "good.dts", "--image", out, "--load", "0x90000000").stdout
    assert re.search(rf"^hypervisor   0x{top:010x}-.*, loaded at 0x0090000000$", moved, re.M)
    for args in (images(files), ["--images", files]):
        done = run("plan", HOST, files / "good.dts", *args)
        assert f'"big", {27 * MIB} bytes' in done.stdout and done.stderr == ""
    done = run("plan", HOST, files / "good.dts")
    assert done.stderr.count("is assumed to be empty") == 3


def test_check(files):
    assert run("check", HOST, files / "good.dts", "--images", files).stdout == ""
    done = run("check", HOST, files / "bad.dts", "--images", files, code=1)
    lines = [line for line in done.stderr.splitlines() if " note: " not in line]
    assert len(lines) == 4 and lines[-1] == "3 problems"
    for line, code in zip(lines, ("hart-taken", "unknown-device", "memory-not-ram")):
        assert re.match(re.escape(str(files / "bad.dts")) + r":[67]: /rt", line) and line.endswith(f"[{code}]")
    run("plan", HOST, files / "bad.dts", "--images", files, code=1)
    os.unlink(files / "small")
    assert run("check", HOST, files / "good.dts", "--images", files, code=1).stderr.count(
        "[image-missing]") == 2


def test_images_in_several_directories(files):
    """The first that has an image counts."""
    (files / "own").mkdir()
    (files / "own" / "big").write_bytes(b"\1" * 3 * MIB)
    plan = ("plan", HOST, files / "good.dts")
    own, built = ("--images", files / "own"), ("--images", files)
    assert f'"big", {3 * MIB} bytes' in run(*plan, *own, *built).stdout
    assert f'"big", {27 * MIB} bytes' in run(*plan, *built, *own).stdout
    run(*plan, *built, *own, *own, *own)
    run(*plan, *built, *own, *own, *own, *own, code=2)


def test_check_compiled_trees(files):
    """.dtb and .dts are the same to it; a dump may be longer than its tree."""
    for source, name in ((HOST, "host.dtb"), (files / "good.dts", "good.dtb")):
        subprocess.run(["dtc", "-q", "-O", "dtb", "-p", "5000", "-o", files / name, source], check=True)
    by_dtb = run("plan", files / "host.dtb", files / "good.dtb", "--images", files).stdout
    assert by_dtb == run("plan", HOST, files / "good.dts", "--images", files).stdout


def test_dtb(files):
    out = files / "guest.dtb"
    run("dtb", HOST, files / "good.dts", "linux", "-o", out, "--images", files)
    text = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", out], check=True, capture_output=True,
                          text=True).stdout
    assert 'stdout-path = "/soc/serial@10000000:115200n8"' in text and "cpu@2" not in text
    assert run("dtb", HOST, files / "good.dts", "linux", "--dts", "--images", files).stdout == text
    run("dtb", HOST, files / "good.dts", "nobody", "-o", out, "--images", files, code=2)
    run("dtb", HOST, files / "bad.dts", "linux", "-o", out, "--images", files, code=1)


def test_usage(files):
    assert "Usage" in run("--help").stdout
    for command in ("check", "plan", "dtb", "images", "pack"):
        assert "Usage: bulkhead " + command in run(command, "--help").stdout
        run(command, code=2)
    run(code=2)
    run("frobnicate", code=2)
    run("check", HOST, files / "nowhere.dts", code=2)
    run("check", files / "core.bin", files / "good.dts", code=2)
    run("plan", HOST, files / "good.dts", "--image", files / "core.bin", code=2)
    run("plan", HOST, files / "good.dts", "--load", "0x123", code=2)
    (files / "wrong.dts").write_text("/dts-v1/; / {")
    run("check", HOST, files / "wrong.dts", code=2)
