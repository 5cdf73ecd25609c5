# SPDX-License-Identifier: GPL-2.0-or-later
"""An instruction that changes between its trap and the firmware's second look at it, and a hart that does not return
from firmware.

With the OpenSBI that we build no hart is lost. The one that QEMU comes with is as Debian has it, and is: it hangs a
hart in M-mode for ever, which is what a VM, its neighbours and the monitor have to bear. docs/architecture.md, "A
hart that does not come back".
"""
import re

import pytest
from configs import config, guest, rt
from conftest import NEWER_QEMUS, QEMUS
from neighbours import judge_neighbour, neighbour
from test_console import PREFIX, shared

AMO = 0x00b525af	# amoadd.w a1, a1, (a0)
SB = 0x00b50023		# sb a1, (a0)
CBO = 0x0045200f	# cbo.zero (a0)
FSD = 0x00b53027	# fsd fa1, (a0)
VSE = 0x02050427	# vse8.v v8, (a0)
VLE = 0x02050407	# vle8.v v8, (a0)
HOLE = 0x0c201004	# of the PLIC's registers, in the page of a context
STOCK = {"by_kernel": "default", "cpu": "rv64,d=off"}	# how FSD hangs a hart of OpenSBI as it comes
SECONDS = 10		# STUCK_SECONDS


def racer(first, second, harts="1 2", name="race", memory="8M", **props):
    args = {key[5:]: props.pop(key) for key in list(props) if key.startswith("race_")}
    text = " ".join(f"race.{key}={value}" for key, value in {"first": first, "second": second, **args}.items())
    return guest(name, harts, memory, "race", bootargs=text, **props)


def hangs(machine):
    """What the firmware printed about a hart that does not return."""
    return [line for line in machine.uart.lines() if "sbi_trap_error" in line]


@pytest.mark.parametrize("first, second, cpu, args", [
    (AMO, VSE, "rv64", {}),
    (AMO, VSE, "rv64", {"race_user": 1}),
    (AMO, FSD, "rv64,d=off", {}),
    (AMO, VLE, "rv64", {}),
    (AMO, FSD, "rv64,d=off", {"race_stale": 1, "harts": "1"}),
    (AMO, VSE, "rv64,v=on,vext_spec=v1.0", {}),
    (SB, VSE, "rv64", {"race_at": HOLE, "plic_mode": "mapped"}),
])
def test_our_firmware_keeps_no_hart(boot, first, second, cpu, args):
    machine = boot(config(racer(first, second, **args), neighbour()), cpu=cpu)
    done = machine.hv.expect(r"^\[race\] race: done, (\d+) rounds, causes 0x([0-9a-f]+)$", 120)
    machine.hv.expect_line("bulkhead", r"vm race: stopped \(shutdown\)")
    assert int(done[1]) > 100 and not hangs(machine)
    judge_neighbour(machine)


@pytest.mark.parametrize("qemu", QEMUS)
def test_misaligned_amo(boot, qemu):
    """No firmware emulates it, so the guest gets its exception: the right one (QEMU 11.1: docs/safety.md, "The
    firmware")."""
    machine = boot(config(racer(AMO, AMO, race_ms=300), neighbour()), cpu="rv64", qemu=qemu)
    done = machine.hv.expect(r"^\[race\] race: done, (\d+) rounds, causes 0x([0-9a-f]+)$", 120)
    assert int(done[1]) > 0 and int(done[2], 16) == 1 << 6
    judge_neighbour(machine)


# With Zcmp and without D the encoding of cm.push is that of C.FSDSP: one hart is enough, and nothing has to change.
CM_PUSH = 0xb842	# {ra}, -16
ZCMT = "rv64,zcmp=on,zcmt=on,zcd=off,d=off,zfa=off,zfh=off"


@pytest.mark.parametrize("qemu", NEWER_QEMUS)
@pytest.mark.parametrize("first, second, cpu, args", [
    (CBO, VSE, "rv64", {"race_at": HOLE, "plic_mode": "mapped"}),
    (SB, VSE, "rv64", {"race_at": HOLE, "plic_mode": "mapped"}),
    (AMO, VSE, "rv64", {}),
    (CM_PUSH, CM_PUSH, ZCMT, {"race_at": HOLE - 4, "race_stale": 1, "harts": "1", "plic_mode": "mapped"}),
])
def test_nor_on_newer_harts(boot, qemu, first, second, cpu, args):
    machine = boot(config(racer(first, second, **args), neighbour()), cpu=cpu, qemu=qemu)
    done = machine.hv.expect(r"^\[race\] race: done, (\d+) rounds, causes 0x([0-9a-f]+)$", 120)
    machine.hv.expect_line("bulkhead", r"vm race: stopped \(shutdown\)")
    assert int(done[1]) > 100 and not hangs(machine)
    judge_neighbour(machine)


def await_hang(uart):
    """The firmware has lost hart 1, and said so on the UART that it shares with the hypervisor's console.

    The two write at the same time, character by character: a line of either may be torn, and any one of the firmware's
    some 20 is as good as another. It has ended before the hypervisor notices: STUCK_SECONDS, and the watchdogs of
    these tests, are longer.
    """
    uart.expect("sbi_trap_error: hart1: ")


def await_stuck(machine, vm="race", hart=1, channel=None):
    """The hypervisor marks the VM as stuck after the documented time, and not before."""
    channel = channel or machine.hv
    channel.expect(rf"^\[bulkhead\] vm {vm}: STUCK: vcpu 0 on hart {hart} has not left the guest for {SECONDS} s: "
                   r"the firmware has not returned it$", 5 * SECONDS)
    channel.expect(rf"^\[bulkhead\] vm {vm}: it cannot start again until the machine is reset; "
                   r"its devices and interrupts are off$")


@pytest.mark.parametrize("ask", [0, 1, 2])
def test_a_sibling_asks(boot, ask):
    """The VM does not reach its end, or its next life, as a hart is missing; no other guest notices."""
    machine = boot(config(racer(AMO, FSD, race_ask=ask, race_ms=3000), neighbour()), **STOCK)
    machine.uart.expect("sbi_trap_error: hart1")
    asked = machine.hv.expect(rf"^\[race\] race: the sibling asks for a reset of type {ask}, after \d+ rounds$")
    await_stuck(machine)
    judge_neighbour(machine)
    text = machine.hv.text[asked.end():]
    assert "vm race: restarts" not in text and "vm race: started" not in text and "race: begins" not in text
    assert len(re.findall("STUCK", text)) == 1


def test_the_machine_ends_without_the_stuck_one(boot):
    machine = boot(config(racer(AMO, FSD, race_ask=0, race_ms=2000), rt(ticks=1500)), **STOCK)
    await_stuck(machine)
    machine.hv.expect_line("bulkhead", r"vm rt: stopped \(shutdown\)")
    machine.hv.expect_line("bulkhead", "all guests ended, shutting the machine down")
    machine.wait()


def test_the_last_one_is_stuck(boot):
    machine = boot(config(rt(ticks=100), racer(AMO, FSD, race_ask=0, race_ms=4000)), **STOCK)
    machine.hv.expect_line("bulkhead", r"vm rt: stopped \(shutdown\)")
    await_stuck(machine)
    machine.hv.expect_line("bulkhead", "all guests ended, shutting the machine down")
    machine.wait()


@pytest.mark.parametrize("policy", ["stop", "restart"])
def test_watchdog(boot, policy):
    """Nothing of the guest asks for anything, and its policy says what is to be done: but it cannot be."""
    machine = boot(config(racer(AMO, FSD, watchdog_ms=500, on_crash=policy), neighbour()), **STOCK)
    machine.uart.expect("sbi_trap_error: hart1")
    machine.hv.expect(r"^\[bulkhead\] vm race: vcpu 1: crash: watchdog, pc 0x[0-9a-f]+$", 30)
    await_stuck(machine)
    judge_neighbour(machine)
    assert "vm race: restarts" not in machine.hv.text


def test_watchdog_and_a_live_guest(boot):
    """Its harts come to HS-mode by its period, whatever they do: it does not bite."""
    machine = boot(config(racer(AMO, FSD, race_ms=8000, watchdog_ms=1000), neighbour()), cpu="rv64,d=off")
    machine.hv.expect(r"^\[race\] race: done, \d+ rounds", 120)
    machine.hv.expect_line("bulkhead", r"vm race: stopped \(shutdown\)")
    assert ": crash: " not in machine.hv.text
    judge_neighbour(machine)


def the_monitor_goes_on(uart):
    """What it says of a stuck guest, and what it still does with the others."""
    uart.send("guests\r")
    uart.expect(r"^\[monitor\] 1 race +stuck +harts ")
    uart.expect(r"^\[monitor\]   vcpu 0 on hart 1 does not come back: only a reset of the machine helps$")
    for command in ("start", "restart", "stop"):
        uart.send(f"{command} race\r")
        uart.expect(r"^\[monitor\] race: it is stuck: a hart of it does not come back, and until the machine is reset it "
                    r"cannot run again$")
    uart.send("dump race\rdump rt\r")
    uart.expect(r"^\[monitor\] rt vcpu 0 on hart 3: started, ")
    uart.send("restart rt\r")
    uart.expect_line("bulkhead", r"vm rt: restarts \(by the monitor\)")
    uart.expect_line("bulkhead", "vm rt: started")
    uart.expect_line("rt", r"rt: tick \d+ ")


@pytest.mark.parametrize("hart, props", [(0, {}), (3, {"watchdog_ms": 3000})])
def test_one_hart(boot, hart, props):
    """No sibling could notice it: the hart that drives the console does, a spare one or rt's, after a person has
    stopped the guest or because of its watchdog."""
    machine = boot(shared(racer(AMO, FSD, harts="1", race_stale=1, **props), rt(), hart=hart), hv=False, **STOCK)
    uart = machine.uart
    await_hang(uart)
    if props:
        uart.expect_line("bulkhead", "vm race: crash: watchdog: a hart of it is in the firmware and does not return",
                         30)
        uart.send(PREFIX + "m")
    else:
        uart.send(PREFIX + "mstop race\r")
    await_stuck(machine, channel=uart)
    the_monitor_goes_on(uart)
    uart.send("reboot\r")
    machine.wait()


def test_the_console_hart_is_lost(boot):
    """The hart that drove the console is lost: the sibling that noticed it drives the console."""
    machine = boot(shared(racer(AMO, FSD, race_ask=1, race_ms=2000), rt(), hart=1), hv=False, **STOCK)
    uart = machine.uart
    await_hang(uart)
    await_stuck(machine, channel=uart)
    uart.send(PREFIX + "m")
    the_monitor_goes_on(uart)


def test_firmware_that_cannot_switch_off(boot, host_dtb):
    """No device to do it with: said before the firmware is asked, as some stop all harts first and then find out."""
    tree = host_dtb([["-r", "/poweroff"], ["-r", "/reboot"], ["-r", "/soc/test@100000"]])
    machine = boot(config(rt(ticks=100)), extra=tree)
    machine.hv.expect_line("bulkhead", "all guests ended, shutting the machine down")
    machine.hv.expect(r"^\[bulkhead\] the firmware has no SRST extension: if the machine stays on now, it has to be switched "
                      r"off by hand$")
    assert machine.process.poll() is None
