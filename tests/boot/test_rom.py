# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot ROMs and flash: the machine's device tree where the firmware cannot change it, and an image that cannot run.

The machine starts in its flash chip, in M-mode, as a board starts in its boot ROM. A store to a flash chip is a
command: whoever takes it for RAM reads no data any more.
"""
import os
import re

import pytest

from configs import config, rt
from conftest import dump_host
from machine import FIRMWARE
from shims import FLASH, assemble, flash, loaded

RAM = 0x80000000
TREE = 0x100000         # in the flash
IMAGE = 0x200000

# As Spike's boot ROM does it, and those of CVA6 and Rocket: all harts, with the tree in the ROM.
BOOT_ROM = f"""
	csrr	a0, mhartid
	li	a1, {FLASH + TREE:#x}
	li	t0, {RAM:#x}
	jr	t0
"""


def read(path):
    with open(path, "rb") as file:
        return file.read()


def dump_tree(log_dir, **kwargs):
    return read(dump_host(os.path.join(log_dir, "host.dtb"), **kwargs))


@pytest.fixture
def start(switch_on):
    """start(QEMU arguments..., **machine arguments): a machine without firmware, but for what these put into it."""
    return lambda *extra, **kwargs: switch_on(bios="none", extra=sum(extra, []), **kwargs)


@pytest.mark.parametrize("memory, images", [("2G", ["rt"]), ("256M", ["rt"]), ("2G", ["rt", "linux", "u-boot"])])
def test_tree_in_rom(pack, start, log_dir, memory, images):
    """The firmware copies it to behind the image, however large that is, and makes its own entries there."""
    text = config(rt(ticks=100))
    image = pack(text, {})
    if len(images) > 1:     # the place is behind these
        image = pack(text.replace('kernel = "rt";', 'kernel = "rt"; initrd = "linux";').replace("16M", "64M"), {})
    tree = dump_tree(log_dir, memory=memory)
    machine = start(flash(log_dir, (0, assemble(log_dir, BOOT_ROM, FLASH)), (TREE, tree)),
                    loaded(os.path.join(image, "fw_payload.bin"), RAM), memory=memory)
    at = int(machine.uart.expect(r"^Domain0 Next Arg1 +: 0x0*([0-9a-f]+)$")[1], 16)
    # Behind all memory that its header asks for, which is more than the hypervisor has while guests run.
    size = int.from_bytes(read(os.path.join(image, "bulkhead.bin"))[16:24], "little")
    assert at == RAM + IMAGE + size and at % 4096 == 0
    machine.hv.expect_line("rt", "rt: report ticks=100 ")
    machine.wait()
    # The firmware has reserved its own memory, from the start of RAM on, so it did write to the tree.
    assert not re.search(r"^\[bulkhead\] firmware +0x0080000000", machine.hv.text, re.M)


def test_image_in_flash(pack, start, log_dir):
    """Its data cannot be written: it says so by the firmware's console, and switches the machine off."""
    image = pack(config(rt(ticks=100)))
    info = FLASH + 0x1000
    shim = BOOT_ROM.replace("\tli\tt0", f"\tli\ta2, {info:#x}\n\tli\tt0")
    # OpenSBI, include/sbi/fw_dynamic.h: magic, version, next stage's address and mode (S), options, boot hart
    words = [0x4942534f, 2, FLASH + IMAGE, 1, 0, 0]
    machine = start(flash(log_dir, (0, assemble(log_dir, shim, FLASH)),
                          (0x1000, b"".join(w.to_bytes(8, "little") for w in words)),
                          (TREE, dump_tree(log_dir)), (IMAGE, read(os.path.join(image, "bulkhead.bin")))),
                    loaded(os.path.join(FIRMWARE, "fw_dynamic.bin"), RAM))
    machine.uart.expect(r"^\[bulkhead\] refused: the image was entered in memory that cannot be written \(ROM or flash\)")
    machine.wait(20, status=None)
    assert not re.search("Bulkhead 0|vm rt", machine.uart.text + machine.hv.text)
