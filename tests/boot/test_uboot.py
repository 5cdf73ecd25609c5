# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's U-Boot for S-mode, linked at 0x80200000, on a UART of its own."""
import re

PROMPT = r"^=> "


def command(machine, text):
    """What U-Boot answers to a command at its prompt."""
    start = machine.uart.position
    machine.uart.send(text + "\n")
    machine.uart.expect(rf"{re.escape(text)}\n")
    end = machine.uart.expect(PROMPT)
    return machine.uart.text[start:end.start()]


def test_u_boot_reaches_its_prompt(boot):
    machine = boot("virt/u-boot")
    machine.uart.expect("U-Boot 20")
    machine.uart.expect(r"DRAM: *128 MiB")
    machine.uart.expect("Hit any key")
    machine.uart.send("\n")
    machine.uart.expect(PROMPT)

    assert re.search(r"U-Boot 20\d\d", command(machine, "version"))
    info = command(machine, "bdinfo")
    assert re.search(r"boot hart *= 0x0+$", info, re.M)
    assert re.search(r"start *= 0x0*80000000", info)
    assert re.search(r"size *= 0x0*8000000$", info, re.M)
    # Its own image, as entered: a RISC-V jump, then the same bytes after a copy within its memory.
    assert "80200000: " in command(machine, "md.l 80200000 4")
    assert "same" in command(machine, "cp.b 80200000 84000000 10000; cmp.b 80200000 84000000 10000")

    machine.uart.send("poweroff\n")
    machine.hv.expect_line("bulkhead", r"vm u-boot: stopped \(shutdown\)")
    machine.wait()
    assert machine.hv.has_line("rt", "^rt: report ticks=500 ")


def test_u_boot_reset(boot):
    """Its reset starts U-Boot again, and no other guest."""
    machine = boot("virt/u-boot")
    for _ in range(3):
        machine.uart.expect("Hit any key")
        machine.uart.send("\n")
        machine.uart.expect(PROMPT)
        machine.uart.send("reset\n")
        machine.hv.expect_line("bulkhead", r"vm u-boot: restarts \(reboot\)")
    machine.hv.position = 0     # it may have ended before the last reset
    machine.hv.expect_line("rt", "rt: report ticks=500 ", 30)
    assert machine.hv.text.count("[bulkhead] vm u-boot: restarts (reboot)") == 3
    assert machine.hv.text.count("[bulkhead] vm rt: started") == 1
