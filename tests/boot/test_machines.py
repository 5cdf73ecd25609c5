# SPDX-License-Identifier: GPL-2.0-or-later
"""Nothing of one machine is compiled in: other harts, other memory, other firmware, two sockets."""
import os
import random
import re
import time

import pytest

from configs import CONSOLE, config, guest, linux, rt
from conftest import NEWER_QEMUS
from machine import Machine

BY_SBI = "rv64,sstc=off"
NUMA = ["-object", "memory-backend-ram,id=m0,size=1G", "-object", "memory-backend-ram,id=m1,size=1G",
        "-numa", "node,nodeid=0,cpus=0-1,memdev=m0", "-numa", "node,nodeid=1,cpus=2-3,memdev=m1"]


def smp(harts, rounds=3, name="smp", **props):
    return guest(name, " ".join(map(str, harts)), "16M", "smp", bootargs=f"smp.rounds={rounds}", **props)


def passes(machine, name, harts, timeout=60):
    """The smp guest ran on so many harts, and nothing failed."""
    machine.hv.expect_line(name, rf"smp: {harts} harts, ")
    machine.hv.expect(rf"^\[{name}\] done: [4-7] passed, 0 failed$", timeout)
    assert "FAIL" not in machine.hv.text


@pytest.mark.parametrize("harts, memory, cpu", [
    (1, "256M", None), (2, "512M", BY_SBI), (3, "1G", None), (4, "3G", None), (5, "4G", BY_SBI),
    (6, "6G", None), (7, "8G", None), (8, "16G", BY_SBI),
])
def test_harts_and_memory(boot, harts, memory, cpu):
    """One guest has them all."""
    machine = boot(config(smp(range(harts))), harts=harts, memory=memory, cpu=cpu)
    machine.hv.expect_line("bulkhead", rf"machine +{harts} harts, ")
    passes(machine, "smp", harts)
    machine.wait()


@pytest.mark.parametrize("qemu", NEWER_QEMUS)
def test_version_of_qemu(boot, qemu, log_dir):
    """It is the fetched one that runs, with the firmware that it comes with and not the host's."""
    machine = boot(config(smp([0, 1, 2, 3])), qemu=qemu, by_kernel="default")
    assert re.search(rf"^{qemu}\.\d+\.\d+", machine.ask_monitor("info version"), re.M)
    with open(f"/proc/{machine.process.pid}/maps", encoding="utf-8") as file:
        mapped = {line.split()[-1] for line in file if "/" in line}
    libraries = {path for path in mapped if ".so" in path}
    assert libraries and all(f"/build/third/qemu-{qemu}/" in path for path in libraries), libraries
    passes(machine, "smp", 4)
    machine.wait()


def test_one_image_for_all(pack, log_dir, time_scale):
    """The very same flash image on machines that have nothing in common."""
    image = pack(config(rt(harts="0", ticks=20)))
    for harts, memory, cpu in ((1, "256M", None), (8, "16G", None), (3, "1G", BY_SBI)):
        logs = os.path.join(log_dir, f"harts{harts}")
        with Machine(image, harts=harts, memory=memory, cpu=cpu, log_dir=logs,
                     scale=time_scale) as machine:
            machine.hv.expect_line("rt", f"timer by {'SBI' if cpu else 'Sstc'}")
            machine.hv.expect_line("rt", "rt: report ticks=20 ")
            machine.wait()


def test_harts_without_doubles(boot):
    """F alone: what a vcpu's registers are cleared with at its start must not need D."""
    machine = boot(config(smp([1, 2])), cpu="rv64,d=off")
    passes(machine, "smp", 2)
    machine.wait()


SSWI, MSWI = range(0x2f00000, 0x2f04000), range(0x2000000, 0x2004000)


def device_writes(path):
    """Addresses, in order, from QEMU's trace."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return [int(m[1], 16) for m in re.finditer(r"memory_region_ops_write .*?addr (0x[0-9a-f]+) ", file.read())]


def test_interrupts_by_sswi(boot, log_dir):
    """The device tree has an ACLINT SSWI: harts interrupt each other through it, and not by calls to the firmware,
    which would use the MSWI."""
    trace = os.path.join(log_dir, "trace.txt")
    machine = boot(config(guest("test", "3 1 2", "32M", "test", bootargs="test.only=ipi.")),
                   machine="virt,aclint=on", extra=["-trace", "memory_region_ops_write", "-D", trace])
    machine.hv.expect_line("bulkhead", "machine +4 harts, .*, 1 PLIC, SSWI$")
    machine.hv.expect(r"^\[test\] done: [1-9]\d* passed, 0 failed$", 60)
    machine.wait()
    writes = device_writes(trace)
    by_sswi = [i for i, address in enumerate(writes) if address in SSWI]
    assert len(by_sswi) > 50
    assert {writes[i] for i in by_sswi} == {SSWI.start + 4 * hart for hart in (1, 2)}	# hart 3 is the one that sends
    # Before and after it is the firmware that starts and halts harts.
    assert not [address for address in writes[by_sswi[0]:by_sswi[-1]] if address in MSWI]
    assert [address for address in writes if address in MSWI]
    os.remove(trace)


@pytest.mark.parametrize("only", ["smp.fence-storm", "smp.shootdown"])
def test_fences_by_sswi(boot, log_dir, only):
    """Remote fences by mail, without the firmware: all harts send them to all at once, and none is lost."""
    trace = os.path.join(log_dir, "trace.txt")
    machine = boot(config(guest("smp", "2 0 3 1", "16M", "smp", bootargs=f"smp.rounds=100 test.only={only}")),
                   machine="virt,aclint=on", extra=["-trace", "memory_region_ops_write", "-D", trace])
    machine.hv.expect(r"^\[smp\] done: 1 passed, 0 failed$", 60)
    machine.wait()
    writes = device_writes(trace)
    by_sswi = [i for i, address in enumerate(writes) if address in SSWI]
    assert len(by_sswi) > 100
    assert not [address for address in writes[by_sswi[0]:by_sswi[-1]] if address in MSWI]
    os.remove(trace)


def disabled(*harts):
    return [["-t", "s", f"/cpus/cpu@{hart}", "status", "disabled"] for hart in harts]


def test_sparse_hart_ids(boot, host_dtb):
    """Harts 1, 3, 4, 6 and 7 are all there are."""
    machine = boot(config(smp([6, 1], name="a"), smp([3, 4, 7], name="b")), harts=8,
                   extra=host_dtb(disabled(0, 2, 5), harts=8))
    machine.hv.expect_line("bulkhead", "machine +5 harts, ")
    machine.wait(120)
    for name, harts in (("a", 2), ("b", 3)):
        said = machine.hv.lines(name)
        assert any(line.startswith(f"smp: {harts} harts, ") for line in said)
        assert any(re.match(r"done: [567] passed, 0 failed$", line) for line in said)


def test_linux_on_a_host_without_hart_0(boot, host_dtb):
    machine = boot(config(linux(harts="3 1"), rt(harts="2", ticks=100)), disk=True,
                   extra=host_dtb(disabled(0)))
    machine.uart.expect("demo: cpus 2$", 120)
    machine.uart.expect("demo: disk ok")
    machine.wait()


def programs_counters(machine):
    text = machine.ask_monitor("info registers -a")
    return [int(pc, 16) for pc in re.findall(r"^ pc +([0-9a-f]{16})", text, re.M)]


def test_spare_harts_stay_stopped(boot):
    """In the firmware, where it has stopped them; the boot hart, too, goes back there."""
    machine = boot(config(rt(harts="2")))
    machine.hv.expect_line("bulkhead", "spare harts +0 1 3$")
    machine.hv.expect_line("rt", r"rt: tick \d+ ")
    first = programs_counters(machine)
    time.sleep(0.2)
    second = programs_counters(machine)
    assert len(first) == len(second) == 4
    for hart in (0, 1, 3):
        assert first[hart] == second[hart], "it does not wait"
        assert 0x80000000 <= first[hart] < 0x80080000, "it is not in the firmware"


def test_firmware_that_qemu_comes_with(boot):
    """OpenSBI 1.1 of Debian 12's QEMU has no debug console: the guests and we have ours."""
    machine = boot(config(smp([1, 3, 2])), by_kernel="default")
    passes(machine, "smp", 3)
    machine.wait()


@pytest.mark.parametrize("firmware", ["default", "fw_jump"])
def test_image_around_the_device_tree(boot, log_dir, firmware):
    """fw_jump puts the device tree at 0x82200000, 32 MiB into an image that continues behind it."""
    path = os.path.join(log_dir, "large")
    with open(path, "wb") as file:
        file.write(random.Random(1).randbytes(40 << 20))
    try:
        machine = boot(config(rt(memory="64M", ticks=50, initrd="large")), images={"large": path},
                       by_kernel=firmware)
        size = os.path.getsize(os.path.join(log_dir, "image/bulkhead.bin"))
        assert size > 40 << 20
        machine.hv.expect_line("bulkhead", 'initrd .* "large", 41943040 bytes')
        machine.hv.expect_line("bulkhead", "vm rt: started")	# which checks the images' checksums
        machine.hv.expect_line("rt", "rt: report ticks=50 ")
        machine.wait()
    finally:
        os.remove(path)


def test_two_sockets(boot):
    """Two PLICs, each for two harts: a Linux that has one hart of each, and a guest in one socket.

    No device of the second PLIC: QEMU 7.2 never raises that one's lines, natively neither.
    """
    inside = guest("inside", "3", "32M", "test", bootargs="test.only=plic.")
    machine = boot(config(linux(harts="1 2", disk=False, mode="hotplug"), inside), extra=NUMA)
    machine.hv.expect_line("bulkhead", "machine +4 harts, .* 2 PLICs$")
    machine.hv.expect_line("bulkhead", "device +/soc/serial@10000000, irq 10 of PLIC 0$")
    machine.hv.expect(r"^\[inside\] done: \d+ passed, 0 failed$")
    machine.uart.expect("demo: user space", 120)
    machine.uart.expect("demo: hotplug 10$")
    machine.uart.expect("demo: cpus 2$")
    machine.wait()


def test_device_of_the_other_socket_is_refused(boot):
    """A disk whose PLIC serves none of the guest's harts."""
    disk = guest("linux", "0 1", "256M", "linux", devices=["/soc/virtio_mmio@10001000"], trust_dma=True)
    machine = boot(config(disk), extra=NUMA)
    machine.uart.expect(r"/linux: devices: .*its PLIC has no S-mode context for a hart of this guest")
    machine.uart.expect("refused: ")
    machine.wait(status=None)


def test_console_may_be_any_of_the_transports(boot, log_dir):
    """It is found by its path in the configuration, not by an address that we know."""
    path = os.path.join(log_dir, "console.log")
    extra = ["-device", "virtio-serial-device,bus=virtio-mmio-bus.2",
             "-chardev", f"file,id=other,path={path}", "-device", "virtconsole,chardev=other"]
    machine = boot(config(rt(ticks=50), console=CONSOLE.replace("8000", "3000")), hv=False, extra=extra)
    machine.uart.expect(r"^\[bulkhead\] Bulkhead ")
    machine.wait()
    with open(path, encoding="ascii") as file:
        said = file.read()
    assert "[bulkhead] console      /soc/virtio_mmio@10003000 (virtio)\n" in said
    assert "[rt] rt: report ticks=50 " in said
