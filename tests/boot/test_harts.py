# SPDX-License-Identifier: GPL-2.0-or-later
"""Harts that are not what the device tree says, odd ones, and a hypervisor that fails: a word each, and never
silence."""
import os
import re
import subprocess

import pytest
from configs import config, guest, rt
from machine import BUILD, core_offset
from shims import assemble

RT = "16M at 0xa0000000"
REFUSED = r"^\[bulkhead\] refused: a hart of the plan cannot be trusted with a guest; nothing is started$"


def assert_nothing_started(machine):
    machine.hv.expect(REFUSED)
    machine.wait()
    assert ": started" not in machine.hv.text


def test_gstage_mode(boot, host_dtb):
    """mmu-type says Sv48, and so would the plan map 2^41; the hart has Sv39x4 alone, and ignores the write to hgatp."""
    cpu = "rv64,sv48=off,sv57=off"
    tree = host_dtb([["-t", "s", f"/cpus/cpu@{i}", "mmu-type", "riscv,sv48"] for i in range(4)], cpu=cpu, qemu=10)
    machine = boot(config(guest("rt", "1", ["16M at 0x90000000", "2M as 0x20000000000"], "rt"),
                          guest("other", "3", RT, "rt")), cpu=cpu, qemu=10, extra=tree)
    machine.hv.expect(r"^\[bulkhead\] ERROR: hart 1: hgatp reads back 0x[0-9a-f]+ instead of 0x9[0-9a-f]+: "
                      r"the hart lacks this G-stage mode, and a guest would see memory that is not its own$")
    assert_nothing_started(machine)
    assert "ERROR: hart 3" not in machine.hv.text


def test_no_mmu(boot, host_dtb):
    """The tree says Sv39; the harts have no satp."""
    cpu = "rv64,sv39=off,sv48=off,sv57=off"
    tree = host_dtb([["-t", "s", f"/cpus/cpu@{i}", "mmu-type", "riscv,sv39"] for i in range(4)], cpu=cpu, qemu=10)
    machine = boot(config(rt()), cpu=cpu, qemu=10, extra=tree)
    machine.hv.expect(r"^\[bulkhead\] ERROR: hart 3: satp reads back 0x0 instead of 0x8[0-9a-f]+: the hypervisor needs page tables")
    assert_nothing_started(machine)


@pytest.mark.parametrize("cpu", ["f=off,d=off,zfinx=on", "f=off,d=off,zfinx=on,zdinx=on", "f=off,d=off", "d=off"])
@pytest.mark.parametrize("qemu", [None, 10])
def test_floating_point(boot, cpu, qemu):
    """Without f registers, or with half of them, a guest starts, and starts again."""
    machine = boot(config(guest("mayfly", "1 2", "2M", "restart", bootargs="restart.how=cold"), rt(ticks=100)),
                   cpu=f"rv64,{cpu}" + (",zfa=off" if qemu else ""), qemu=qemu)
    for _ in range(20):
        machine.hv.expect_line("mayfly", "restart: ok, ")
    assert "PANIC" not in machine.hv.text + machine.uart.text


# ---- a hypervisor that fails ----

LI_TP_0, LI_SP_0, SD_RA_SP, NO_INSN = (insn.to_bytes(4, "little") for insn in (0x00000213, 0x00000113, 0x00113023, 0))
PAYLOAD = 0x200000	# in fw_payload.bin
LOADED = 0x80000000 + PAYLOAD


def symbol(name):
    """Its offset in the core, which is linked at 0."""
    out = subprocess.run([os.environ.get("CROSS_COMPILE", "riscv64-linux-gnu-") + "nm", f"{BUILD}/bulkhead.elf"],
                         check=True, capture_output=True, text=True).stdout
    return int(re.search(rf"^([0-9a-f]+) . {name}$", out, re.M)[1], 16)


@pytest.fixture
def broken(pack, switch_on):
    """broken({function: instructions}): a machine whose hypervisor has these where its functions begin."""
    def start(faults, text=None):
        image = pack(text or config(rt()))
        with open(os.path.join(image, "fw_payload.bin"), "r+b") as file:
            for name, insns in faults.items():
                file.seek(PAYLOAD + core_offset(image) + symbol(name))
                file.write(insns)
        return switch_on(image)

    return start


# The first hart that is started goes to the image's first instruction.
MISLED = f"""
	lla	t0, 2f
	lb	t1, (t0)
	sb	sp, (t0)
	bnez	t1, 1f
	li	a1, {LOADED:#x}
1:	li	a7, 0x48534d
	li	a6, 0
	ecall
	ret
2:	.byte	0
"""


@pytest.mark.parametrize("at, keep", [("loaded", False), ("moved", False), ("moved", True)])
def test_a_hart_that_the_firmware_misleads(broken, log_dir, at, keep):
    """OpenSBI before 1.2 does it about once in 500 starts. The loaded image stays until all harts have arrived."""
    hart_start, free = LOADED + symbol("sbi_hart_start"), LOADED + (symbol("read_only_text") + 3 & ~3)
    text = config(rt(ticks=20, **({"ram_at_boot": "keep"} if keep else {})), guest("smp", "0 1 2", "16M", "smp"),
                  hypervisor_at=at if at == "loaded" else None)
    jump, misled = assemble(log_dir, f"j {free:#x}", hart_start), assemble(log_dir, MISLED, free)
    gap = bytes(free - LOADED - symbol("read_only_text"))
    machine = broken({"sbi_hart_start": jump, "read_only_text": gap + misled}, text)
    machine.hv.expect_line("smp", "done: 7 passed, 0 failed")
    machine.hv.expect_line("bulkhead", "all guests ended, shutting the machine down")
    assert machine.hv.has_line("rt", "rt: report ticks=20 ") and not machine.hv.has_line("bulkhead", "refused")
    assert ("moving from" in machine.uart.text) == (at == "moved")


def test_lost_tp(broken):
    """A trap in the hypervisor whose tp points nowhere."""
    machine = broken({"vcpu_run": LI_TP_0 + NO_INSN})
    machine.hv.expect(r"^\[bulkhead\] PANIC: hart 18446744073709551615: trap in the hypervisor: cause 0x2 at 0x[0-9a-f]+")
    machine.wait()


def test_lost_sp(broken):
    machine = broken({"vcpu_run": LI_SP_0 + SD_RA_SP})
    machine.hv.expect(r"^\[bulkhead\] PANIC: hart 3: trap in the hypervisor: cause 0xf at 0x[0-9a-f]+, stval 0x0")
    machine.wait()
    registers = re.findall(r"\bx(\d+) +([0-9a-f]{16})\b", machine.hv.text)
    assert [int(number) for number, _ in registers] == list(range(32))
    values = [int(value, 16) for _, value in registers]
    assert values[0] == values[2] == 0 and values[4] > 0x80000000	# sp; tp: the struct hart


def test_trap_in_panic(broken):
    machine = broken({"vcpu_run": NO_INSN, "panic_trap": NO_INSN})
    machine.uart.expect(r"\[bulkhead\] PANIC: a trap in the hypervisor while it reported a trap, at 0x[0-9a-f]{16}")
    machine.wait()
