# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts that are unusual, or no hosts at all."""
import os
import subprocess

import pytest

from configs import config, rt
from machine import FIRMWARE, Machine


def test_without_hypervisor_extension(boot):
    """It says so on the firmware's console, starts nothing, and shuts down for a failure."""
    machine = boot(config(rt(ticks=100)), cpu="rv64,h=off")
    machine.uart.expect(r"\[bulkhead\] .*hypervisor extension")
    machine.wait(status=None)
    assert "vm rt: started" not in machine.hv.text + machine.uart.text


def test_host_without_hart_0(boot, host_dtb):
    """Another hart boots, and hart 0 cannot be had."""
    edits = [["-t", "s", "/cpus/cpu@0", "status", "disabled"]]
    machine = boot(config(rt(harts="2", ticks=100)), extra=host_dtb(edits))
    machine.hv.expect_line("bulkhead", "vm rt: started")
    machine.hv.expect_line("rt", "rt: done")
    machine.wait()


def test_disabled_hart_is_refused(boot, host_dtb):
    edits = [["-t", "s", "/cpus/cpu@0", "status", "disabled"]]
    machine = boot(config(rt(harts="0", ticks=100)), extra=host_dtb(edits))
    machine.uart.expect(r"/rt: harts: .* no usable hart 0, as its node is disabled; it has 1 2 3")
    machine.uart.expect("refused")
    machine.wait(status=None)
    assert "vm rt: started" not in machine.hv.text + machine.uart.text


RESERVED = "/reserved-memory"
# OpenSBI makes a node mmode_resvN@ADDRESS for each of its regions, unless there is one of that name.
SILENT = [f"{RESERVED}/mmode_resv{n}@{0x80000000 + at:x}" for n in range(2) for at in range(0, 0x100000, 0x10000)]


def reserves_nothing():
    """Edits: firmware that reserves none of its memory, and a range below the image that is reserved for another use."""
    carved = f"{RESERVED}/dsp@80180000"
    edits = [["-cp", carved], ["-t", "x", RESERVED, "#address-cells", "2"], ["-t", "x", RESERVED, "#size-cells", "2"],
             ["-t", "x", RESERVED, "ranges"], ["-t", "x", carved, "reg", "0", "80180000", "0", "10000"]]
    for node in SILENT:
        edits += [["-c", node], ["-t", "x", node, "size", "0", "1000"]]
    return edits


def test_firmware_that_reserves_nothing(boot, host_dtb):
    """Its memory still belongs to no guest: a guest that would fit there gets other memory, and runs."""
    machine = boot(config(rt(ticks=100, memory="1M")), extra=host_dtb(reserves_nothing()))
    machine.hv.expect_line("bulkhead", "firmware     0x0080000000-0x008017ffff +1536K assumed: ")
    machine.hv.expect_line("bulkhead", "firmware     0x0080190000-0x00801fffff +448K assumed: ")
    place = machine.hv.expect_line("bulkhead", r"  memory     0x(\w+)-")
    assert int(place[1], 16) >= 0x80200000
    machine.hv.expect_line("rt", "rt: done")
    machine.wait()


def test_memory_of_firmware_that_reserves_nothing(boot, host_dtb):
    """No guest gets it by its address."""
    machine = boot(config(rt(ticks=100, memory="64K at 0x80100000")), extra=host_dtb(reserves_nothing()))
    machine.uart.expect(r"/rt: memory: 64K at 0x80100000 overlaps 0x80000000 to 0x8017ffff of the firmware; ")
    machine.uart.expect("refused")
    machine.wait(status=None)
    assert "vm rt: started" not in machine.hv.text + machine.uart.text


OFF = "/soc/test@100000"


@pytest.mark.parametrize("trust", [{}, {"trust_dma": True, "trust_control": True}], ids=["none", "all"])
def test_registers_that_switch_the_machine_off(boot, host_dtb, trust):
    """As on boards, they are a vendor's system controller, whose use only /poweroff and /reboot show."""
    edits = [["-t", "s", OFF, "compatible", "vendor,sysctl", "syscon"]]
    machine = boot(config(rt(ticks=100, devices=[OFF], **trust)), extra=host_dtb(edits))
    machine.uart.expect(rf"/rt: devices: {OFF} cannot be passed through: it switches the whole machine off, as /poweroff uses it")
    machine.uart.expect("refused")
    machine.wait(status=None)
    assert "vm rt: started" not in machine.hv.text + machine.uart.text


def test_one_hart(boot):
    machine = boot(config(rt(harts="0", ticks=100)), harts=1, memory="256M")
    machine.hv.expect_line("rt", "rt: report ticks=100 ")
    machine.wait()


def test_console_on_the_firmware(boot):
    """Without a console of its own the hypervisor speaks through the firmware's."""
    machine = boot(config(rt(ticks=100), console=None), hv=False)
    machine.uart.expect(r"^\[bulkhead\] vm rt: started")
    machine.uart.expect(r"^\[rt\] rt: report ticks=100 ")
    machine.uart.expect(r"^\[bulkhead\] all guests ended")
    machine.wait()


def test_hosts_that_are_merely_odd(boot, host_dtb):
    """A socket without memory, which QEMU makes itself; and a bank listed twice, a reservation of nothing."""
    machine = boot(config(rt(ticks=100)), extra=[
        "-object", "memory-backend-ram,size=2G,id=m0", "-numa", "node,memdev=m0,nodeid=0,cpus=0-1",
        "-numa", "node,nodeid=1,cpus=2-3"])
    machine.hv.expect_line("rt", "rt: done")
    machine.wait()
    edits = [["-c", "/memory@90000000"], ["-t", "s", "/memory@90000000", "device_type", "memory"],
             ["-t", "x", "/memory@90000000", "reg", "0", "90000000", "0", "1000000"],
             ["-c", "/reserved-memory"], ["-t", "x", "/reserved-memory", "#address-cells", "2"],
             ["-t", "x", "/reserved-memory", "#size-cells", "2"], ["-c", "/reserved-memory/none@90000000"],
             ["-t", "x", "/reserved-memory/none@90000000", "reg", "0", "90000000", "0", "0"]]
    machine = boot(config(rt(ticks=100)), extra=host_dtb(edits))
    machine.uart.expect(r"\[bulkhead\] /memory@[89]0000000: reg: note: 0x[0-9a-f]+ to 0x[0-9a-f]+ overlaps other RAM")
    machine.hv.expect_line("rt", "rt: done")
    machine.wait()


# Copies the tree by some bytes beside a multiple of 8, and continues to the hypervisor.
SHIM = """
	li	t0, {tree}
	li	t1, {size}
	add	t1, t1, a1
1:	lbu	t2, 0(a1)
	sb	t2, 0(t0)
	addi	a1, a1, 1
	addi	t0, t0, 1
	bltu	a1, t1, 1b
	li	a1, {tree}
	li	t0, 0x84000000
	jr	t0
"""


@pytest.mark.parametrize("beside, case", [(4, ""), (1, ""), (4, "large"), (0, "inside")])
def test_tree_at_odd_places(pack, log_dir, time_scale, beside, case):
    """U-Boot hands over the tree of a FIT image where it lies there, at 4 modulo 8. A loader that does not read the
    image's header may put it behind the file, into memory that the image is about to use."""
    image = pack(config(rt(ticks=100)))
    at = 0x90000000 + beside
    if case == "inside":
        at = 0x84000000 + (os.path.getsize(os.path.join(image, "bulkhead.bin")) + 8191 & ~4095)
    source, shim = os.path.join(log_dir, "shim.S"), os.path.join(log_dir, "shim")
    text = SHIM.format(tree=hex(at), size=64 << 10)
    if case == "large":   # by its header
        text = text.replace("\tjr\tt0", "\tli\tt1, 32\n\tsb\tt1, 5(a1)\n\tjr\tt0")
    with open(source, "w", encoding="utf-8") as file:
        file.write(text)
    prefix = os.environ.get("CROSS_COMPILE", "riscv64-linux-gnu-")
    subprocess.run([prefix + "gcc", "-nostdlib", "-static", "-Wl,-Ttext=0x80200000", "-Wl,--build-id=none", "-o",
                    shim + ".elf", source], check=True)
    subprocess.run([prefix + "objcopy", "-O", "binary", shim + ".elf", shim], check=True)
    with Machine(bios=os.path.join(FIRMWARE, "fw_dynamic.bin"), kernel=shim, log_dir=log_dir, scale=time_scale,
                 extra=["-device", f"loader,file={image}/bulkhead.bin,addr=0x84000000,force-raw=on"]) as machine:
        if case == "large":
            machine.uart.expect(r"\[bulkhead\] /: the device tree is cut off: .* \(at boot: than 1 MiB\)")
            machine.uart.expect("refused: this machine's device tree cannot be used")
        elif case == "inside":
            machine.uart.expect(r"^\[bulkhead\] refused: the device tree lies in the memory that the image needs behind its file")
        else:
            machine.hv.expect_line("rt", "rt: done")
        machine.wait(status=None)


def test_old_image_is_cleared(boot, log_dir):
    """A guest whose RAM stays as it was at boot finds nothing of the image where the firmware loaded it."""
    path = os.path.join(log_dir, "ram.bin")
    machine = boot(config(rt(ticks=0, ram_at_boot="keep")), memory="256M")
    machine.uart.expect(r"^\[bulkhead\] moving from 0x80200000 to 0x\w+, ")
    machine.hv.expect_line("bulkhead", "vm rt: started")
    machine.ask_monitor("stop")
    machine.ask_monitor(f'pmemsave 0x80000000 0x10000000 "{path}"', 60)
    with open(path, "rb") as file:
        memory = file.read()
    os.remove(path)
    # of the core, of the package
    for what in (b"the configuration does not fit this machine", b"bulkhead,partitions-v1"):
        assert what in memory
        assert memory.find(what) > 0x8000000	# at the top alone
