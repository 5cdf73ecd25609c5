# SPDX-License-Identifier: GPL-2.0-or-later
"""Small programs that run before the firmware or the hypervisor, in M-mode or S-mode."""
import os
import subprocess

FLASH = 0x20000000      # of QEMU's virt: the reset vector goes there if it has something, and no firmware is named
FLASH_SIZE = 32 << 20


def assemble(log_dir, text, at):
    """The machine code of an assembly text that runs at this address."""
    source, elf, flat = (os.path.join(log_dir, "shim" + end) for end in (".S", ".elf", ".bin"))
    with open(source, "w", encoding="utf-8") as file:
        file.write("\t.globl _start\n_start:\n" + text)
    prefix = os.environ.get("CROSS_COMPILE", "riscv64-linux-gnu-")
    subprocess.run([prefix + "gcc", "-nostdlib", "-static", f"-Wl,-Ttext={at:#x}", "-Wl,--build-id=none", "-o",
                    elf, source], check=True)
    subprocess.run([prefix + "objcopy", "-O", "binary", elf, flat], check=True)
    with open(flat, "rb") as file:
        return file.read()


def flash(log_dir, *parts):
    """QEMU's arguments for a flash chip with these (offset, bytes), which the machine starts in."""
    path = os.path.join(log_dir, "flash.img")
    with open(path, "wb") as file:
        file.truncate(FLASH_SIZE)
        for offset, data in parts:
            file.seek(offset)
            file.write(data)
    return ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={path}"]


def loaded(file, at):
    """QEMU's arguments for a file that lies in RAM at reset."""
    return ["-device", f"loader,file={file},addr={at:#x},force-raw=on"]
