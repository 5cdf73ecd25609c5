# SPDX-License-Identifier: GPL-2.0-or-later
"""One UART for all guests: as a person at a terminal, and line by line. docs/console.md."""
import os
import re
import time

import pytest
from configs import UART, config, guest, linux, rt
from person import Person

PREFIX = "\x1d"		# Ctrl-]


def shared(*guests, hart=0, **root):
    """A configuration with the UART as the hypervisor's console."""
    text = config(*guests, console=UART)
    lines = [f"console-hart = <{hart}>;"] if hart is not None else []
    lines += [f'{key.replace("_", "-")} = "{value}";' for key, value in root.items()]
    return text.replace(f'console = "{UART}";\n', f'console = "{UART}";\n' + "".join(f"\t{l}\n" for l in lines), 1)


def u_boot(**props):
    return guest("u-boot", props.pop("harts", "1"), "128M as 0x80000000", "u-boot", entry="0x80200000",
                 console="uart", **props)


def run(person, command):
    """Types a command at the prompt of the guest in focus; the answer is to be seen next."""
    person.types(command + "\r")


def rt_ticks(person):
    return [int(match[1]) for match in (re.match(r"rt: tick (\d+) ", line) for line in person.lines("rt")) if match]


def test_three_guests_on_one_terminal(log_dir, time_scale):
    """`make run CONFIG=virt/three` and a person: two Linux logins, a flood, the monitor, and rt beside them."""
    with Person("virt/three", time_scale, os.path.join(log_dir, "terminal.log")) as person:
        person.logs_in("one")
        run(person, "echo one: $((6 * 7)) on $(tty)")
        person.sees(r"^\[one\] one: 42 on /dev/(console|ttyS0)$")

        person.types(PREFIX + "2")
        person.sees(r"^\[monitor\] input goes to two ")
        person.logs_in("two")
        run(person, "grep -c PLIC.*ttyS0 /proc/interrupts; echo two: $((6 * 6))")
        person.sees(r"^\[two\] 1$")
        person.sees(r"^\[two\] two: 36$")

        # Editing a line, as far as a terminal has to play along.
        person.types("echo wrXng\x7f\x7f\x7f" + "ong\x1b[D\x1b[D\x1b[D\x08\x08" + "\r")
        person.sees(r"^\[two\] ong$")

        # two floods, one is worked with.
        run(person, "(while :; do echo flood flood flood flood flood; done) &")
        person.sees(r"^\[two\] flood flood")
        person.types(PREFIX + "on")
        person.sees(r"^\[monitor\] input to: on$", 20)
        person.types("e\r")
        person.sees(r"^\[monitor\] input goes to one ")
        for number in range(3):
            run(person, f"echo still $(({number} + 100))")
            person.sees(rf"^\[one\] still {number + 100}$", 20)
        run(person, "yes this is a flood | head -n 2000; echo through")
        person.sees(r"^\[one\] through$", 120)
        assert person.lines("one").count("this is a flood") == 2000

        # rt answers, too.
        person.types(PREFIX + "3")
        person.sees(r"^\[monitor\] input goes to rt ")
        run(person, "ticks")
        person.sees(r"^\[rt\] rt: ticks=\d+ missed=\d+ of 100 Hz$", 20)

        # The monitor: two is restarted, which ends its flood; one continues.
        person.types(PREFIX + "m")
        person.sees(r"^\[monitor\] > $", 20)
        run(person, "guests")
        person.sees(r"^\[monitor\] 2 two +running +harts 2 +256 MiB +restarts 0 +up (\d+ min )?\d+ s$", 20)
        run(person, "restart two")
        person.sees(r"^\[bulkhead\] vm two: restarts \(by the monitor\)$", 20)
        person.sees(r"^\[bulkhead\] vm two: started$", 60)
        run(person, "guests")
        person.sees(r"^\[monitor\] 1 one +running +harts 1 +256 MiB +restarts 0 ", 20)
        person.sees(r"^\[monitor\] 2 two +running +harts 2 +256 MiB +restarts 1 ", 20)
        run(person, "stats one")
        person.sees(r"^\[monitor\] one vcpu 0: exits (.* )?mmio [1-9]\d*( |$)", 20)
        person.sees(r"^\[monitor\] one: interrupts of .*plic.*, by source: 10: [1-9]\d*$", 20)
        run(person, "irq one")
        person.sees(r"^\[monitor\] one:   10: priority 1, enabled for vcpu 0, virtual", 20)
        run(person, "mem one")
        person.sees(r"^\[monitor\] one: [0-9a-f]{12}-[0-9a-f]{12}  RAM, at host [0-9a-f]{12}$", 20)
        run(person, "dump one")
        person.sees(r"^\[monitor\] one vcpu 0 on hart 1: started, V[SU]-mode, pc [0-9a-f]{16}$", 20)
        person.types(PREFIX + "1")
        run(person, "echo one is $((1 + 1)) well")
        person.sees(r"^\[one\] one is 2 well$", 20)
        person.types(PREFIX + "2")
        person.logs_in("two")
        run(person, "echo back $((2 + 2))")
        person.sees(r"^\[two\] back 4$")

        # What stood on the screen: nothing forged, each line with its source, and rt's ticks without a gap.
        while len(rt_ticks(person)) < 3:	# 15 s, which a fast host has not needed so far
            person.sees(r"^\[rt\] rt: tick \d+ ")
        ticks = rt_ticks(person)
        assert [tick // 500 for tick in ticks] == list(range(1, len(ticks) + 1)), ticks
        assert not person.screen.strange, person.screen.strange
        started = person.screen.text().index("[bulkhead] vm ")
        for line in person.screen.text()[started:].split("\n")[:-1]:
            assert re.match(r"\[(one|two|rt|monitor|bulkhead)\] ", line), line

        # vi has the terminal alone; then the terminal is reset.
        person.types(PREFIX + "1" + PREFIX + "!")
        person.sees(r"^\[monitor\] only the guest in focus has the terminal now: ", 20)
        run(person, "vi /tmp/note")
        person.sees(r"~.*/tmp/note", 20)
        drawn = len(person.screen.strange)
        person.types("ihello from vi")
        person.sees("hello from vi", 20)
        person.types("\x1b")	# and no other key with it: that would be one of its own
        person.sees(r"- /tmp/note \[[Mm]odified\]", 20)
        person.types(":wq\r")
        person.sees(r"# $", 20)
        assert "\x1b[?1049h" in person.screen.strange[:drawn] and "\x1bc" not in person.screen.strange
        person.types(PREFIX + "!")
        person.sees(r"^\[monitor\] one no longer has the terminal alone$", 20)
        assert person.screen.strange[-1] == "\x1bc"
        run(person, "cat /tmp/note")
        person.sees(r"^\[one\] hello from vi$", 20)


def test_stop_and_start(boot):
    """By the monitor, in plain style; the machine stays while the monitor may start a guest again."""
    machine = boot(shared(rt(harts="1"), guest("two", "2", "16M", "rt")), hv=False)
    uart = machine.uart
    uart.expect_line("two", r"rt: tick \d+ ")
    uart.send(PREFIX + "m")
    uart.expect(r"^\[monitor\] > ")
    for round_number in range(3):
        uart.send("stop two\r")
        uart.expect_line("bulkhead", r"vm two: stopped \(by the monitor\)")
        uart.send("stop two\r")
        uart.expect_line("monitor", "two: it has stopped already")
        uart.send("start two\r")
        uart.expect_line("bulkhead", r"vm two: started")
        uart.expect_line("two", r"rt: tick \d+ ")
    uart.send("stop two\rstop rt\r")
    uart.expect_line("bulkhead", r"vm rt: stopped \(by the monitor\)")
    uart.send("start rt\r")
    uart.expect_line("rt", r"rt: tick \d+ ")
    uart.send("log\r")
    uart.expect(r"^\[monitor\] vm two: stopped \(by the monitor\)")
    uart.send("plan\r")
    uart.expect(r"^\[monitor\]   hart       0, the console's own, by interrupt 10")
    uart.send("reboot\r")
    machine.wait()


def test_monitor_off(boot, life):
    """No key reaches it, and what looks like a command is the guest's."""
    ticks = life(8)
    machine = boot(shared(rt(harts="1", ticks=ticks), monitor="off"), hv=False)
    machine.uart.expect_line("rt", r"rt: tick \d+ ")
    machine.uart.send(PREFIX + "mstop rt\rreboot\r")
    machine.uart.send(PREFIX + "m\rstop rt\r" + PREFIX + "?")
    machine.uart.expect_line("monitor", "1 rt")
    machine.uart.expect_line("rt", f"rt: report ticks={ticks} ")
    machine.uart.expect_line("bulkhead", r"vm rt: stopped \(shutdown\)")
    machine.wait()
    assert "> " not in "".join(machine.uart.lines("monitor"))
    assert "monitor    off" in machine.uart.text and "m: to the monitor" not in machine.uart.text


def u_boot_session(machine):
    uart = machine.uart
    uart.expect_line("u-boot", "U-Boot 20")
    uart.expect("Hit any key")
    uart.send("\r")
    uart.expect(r"^\[u-boot\] => ")
    uart.send("version\r")
    uart.expect_line("u-boot", r"U-Boot 20\d\d")
    uart.expect(r"^\[u-boot\] => ")
    uart.send("md.b 10000005 1\r")		# LSR of its UART: empty, nothing lost
    uart.expect_line("u-boot", "10000005: 60 ")
    uart.expect(r"^\[u-boot\] => ")
    uart.send("reset\r")
    uart.expect_line("bulkhead", r"vm u-boot: restarts \(reboot\)")
    uart.expect("Hit any key")
    uart.send("\r")
    uart.expect(r"^\[u-boot\] => ")
    uart.send("poweroff\r")
    uart.expect_line("bulkhead", r"vm u-boot: stopped \(shutdown\)")


def rt_ends_well(machine):
    """Before or after the U-Boot beside it, as fast as the host is."""
    machine.wait()
    assert machine.uart.has_line("rt", "^rt: report ticks=1000 ")


def test_u_boot_on_a_virtual_uart(boot):
    machine = boot(shared(u_boot(), rt(ticks=1000)), hv=False)
    u_boot_session(machine)
    rt_ends_well(machine)


def test_polled_by_a_guests_hart(boot):
    """The hart of rt, whose own ticks go on; and without Sstc, where it shares the firmware's timer."""
    for cpu in (None, "rv64,sstc=off"):
        machine = boot(shared(u_boot(), rt(ticks=1000), hart=3), hv=False, cpu=cpu)
        machine.uart.expect_line("bulkhead", "hart       3, of guest rt, polls it")
        u_boot_session(machine)
        rt_ends_well(machine)


def test_spare_hart_by_default(boot):
    machine = boot(shared(u_boot(), rt(ticks=1000), hart=None), hv=False)
    machine.uart.expect_line("bulkhead", "hart       0, the console's own, by interrupt 10")
    u_boot_session(machine)
    rt_ends_well(machine)


def test_own_hart_for_a_virtio_console(boot):
    """No input, and nothing waits for it."""
    text = config(rt(ticks=300)).replace("\tconsole = ", "\tconsole-hart = <0>;\n\tconsole = ", 1)
    machine = boot(text)
    machine.hv.expect_line("bulkhead", "hart       0, the console's own")
    machine.hv.expect_line("rt", "rt: report ticks=300 ")
    machine.hv.expect_line("bulkhead", "all guests ended, shutting the machine down")
    machine.wait()


def test_linux_with_a_disk_and_a_virtual_uart(boot):
    """A real device's interrupts and the virtual UART's in one PLIC."""
    plain = linux(console="uart").replace(f'"{UART}", ', "")
    machine = boot(shared(plain, rt(ticks=0)), disk=True, hv=False)
    uart = machine.uart
    uart.expect_line("linux", "demo: cpus 2$", 180)
    uart.expect_line("linux", "demo: disk ok sha256=[0-9a-f]{64}$", 60)
    for name in (r"virtio\d+", "ttyS0"):
        found = uart.expect_line("linux", rf"demo: irq {name} (\d+) -> (\d+)$")
        assert int(found[2]) > int(found[1])
    uart.expect_line("linux", "demo: done")
    uart.expect_line("bulkhead", r"vm linux: stopped \(shutdown\)")
    uart.send(PREFIX + "m" + "stats linux\r")
    uart.expect_line("monitor", r"linux vcpu 0: exits (.* )?mmio [1-9]")
    found = uart.expect_line("monitor", r"linux: interrupts of .*plic.*, by source: (.*)$")
    assert [int(source) for source in re.findall(r"(\d+):", found[1])] == [10]	# the disk's are claimed in the hardware


def linux_login(bootargs="", **props):
    return guest("linux", "1", "256M", "linux", initrd="linux-initrd",
                 bootargs=f"console=ttyS0 hostname=linux demo.mode=login {bootargs}".rstrip(), **props)


def jitter(lines):
    """(mean, worst) in us of the seconds that rt reported: "rt: tick N jitter min/avg/max A/B/C ns"."""
    found = [re.search(r" jitter min/avg/max \d+/(\d+)/(\d+) ns$", line) for line in lines]
    found = [(int(match[1]), int(match[2])) for match in found if match]
    assert len(found) >= 5, lines
    return sum(mean for mean, _ in found) / len(found) / 1000, max(worst for _, worst in found) / 1000


def ticks_and_missed(uart):
    """What rt answers on its console."""
    uart.send(PREFIX + "2" + "ticks\r")
    found = uart.expect_line("rt", r"rt: ticks=(\d+) missed=(\d+) of 100 Hz$")
    return int(found[1]), int(found[2])


@pytest.mark.parametrize("hart", [0, 3])
def test_rt_beside_a_flood(boot, hart):
    """Linux floods its virtual UART: rt's ticks, where a spare hart drives the console and where rt's own does.

    Printed, not checked: on this emulator the host's other work decides how late a tick is (docs/console.md)."""
    machine = boot(shared(linux_login(console="uart"), guest("rt", "3", "16M", "rt", bootargs="rt.shell=1"),
                          hart=hart), hv=False)
    uart = machine.uart
    uart.expect(r"^\[linux\] linux login: ", 180)
    uart.send("root\r")
    uart.expect(r"^\[linux\] ~ # ")
    shown = []
    before = ticks_and_missed(uart)
    for command in ("", "while :; do echo flood flood flood flood flood flood flood; done\r"):
        uart.send(PREFIX + "1" + command)
        uart.expect_line("rt", "rt: tick ")
        seen = len(uart.lines("rt"))
        for _ in range(6):
            uart.expect_line("rt", "rt: tick ")
        after = ticks_and_missed(uart)
        lines = uart.lines("rt")[seen:]
        shown.append((*jitter(lines), after[0] - before[0], after[1] - before[1]))
        before = after
    for _ in range(100):		# how much Linux writes in a second depends on the host
        if uart.text.count("flood flood") > 1000:
            break
        uart.expect_line("rt", "rt: tick ")
    assert uart.text.count("flood flood") > 1000
    for what, (mean, worst, ticks, missed) in zip(("quiet", "flood"), shown):
        assert ticks > 300
        print(f"console-hart {hart}, {what}: rt's jitter {mean:.0f} us on average, {worst:.0f} us at worst, "
              f"{missed} of {ticks} ticks missed")


BOTH = "earlycon=sbi keep_bootcon printk.devkmsg=on"


def test_flood_through_the_sbi_console(boot):
    """Linux's kernel writes each line twice, by its virtual UART and by SBI. None is lost or mixed up, and rt continues."""
    machine = boot(shared(linux_login(BOTH, console="uart"), guest("rt", "3", "16M", "rt")), hv=False)
    uart = machine.uart
    uart.expect(r"^\[linux\] linux login: ", 180)
    uart.send("root\r")
    uart.expect(r"^\[linux\] ~ # ")
    uart.send("dmesg -n 8; i=0; while [ $i -lt 300 ]; do echo sbi flood $i end > /dev/kmsg; i=$((i + 1)); done; "
              "echo thro''ugh\r")
    uart.expect(r"^\[linux\] through$", 120)
    for _ in range(3):
        uart.expect_line("rt", "rt: tick ")
    # Linux has the focus: where rt's line interrupts an unfinished line, the terminal shows that line once more after
    # it.
    counts, shown_again = [0] * 300, [0] * 300
    lines = uart.lines()
    for line, after in zip(lines, lines[1:]):
        found = re.search(r"^\[linux\] .*\] sbi flood (\d+) end$", line)
        if found:
            counts[int(found[1])] += 1
            shown_again[int(found[1])] += not after.startswith("[linux] ")
    assert {n: count for n, count in enumerate(counts) if not 2 <= count <= 2 + shown_again[n]} == {}


def test_linux_without_a_uart_is_silent_in_user_space(boot):
    """Debian's kernel has no console of SBI's for user space (HVC_RISCV_SBI): docs/config.md says to add a UART."""
    machine = boot(config(guest("linux", "1", "256M", "linux", initrd="linux-initrd",
                                bootargs="earlycon=sbi keep_bootcon ignore_loglevel demo.mode=hotplug")))
    machine.hv.expect_line("linux", "Run /init as init process", 120)
    machine.wait()
    assert machine.hv.has_line("linux", "reboot: Power down")	# its init has run to the end
    assert not machine.hv.has_line("linux", "demo:")


@pytest.mark.parametrize("hart", [0, 1])
def test_getchar_waits(boot, hart):
    """sbi-getchar = "wait": one call for each key, on any hart; an interrupt that is enabled ends it with 0."""
    machine = boot(shared(guest("keys", "1 2", "16M", "keys", bootargs=f"keys.hart={hart}", sbi_getchar="wait")),
                   hv=False)
    uart = machine.uart
    uart.expect_line("keys", f"keys: hart {hart} reads$")
    for key in "ab":
        uart.send(key)
        uart.expect_line("keys", f"keys: {ord(key):x}$")
    uart.send("?")
    uart.expect_line("keys", "keys: zeros=0 empty=0$")
    uart.send("t")
    uart.expect_line("keys", "keys: 74$")
    for _ in range(100):	# 100 ms of the guest
        uart.send("?")
        zeros = uart.expect_line("keys", r"keys: zeros=(\d+) empty=0$")[1]
        if zeros != "0":
            break
        time.sleep(0.1)
    assert zeros == "1"
    uart.send(PREFIX + "mrestart keys\r")
    uart.expect_line("bulkhead", "vm keys: started")
    uart.expect_line("keys", f"keys: hart {hart} reads$")
    uart.send(PREFIX + "1c?")
    uart.expect_line("keys", "keys: 63$")
    uart.expect_line("keys", "keys: zeros=0 empty=0$")


def test_getchar_polls(boot):
    """Without it, as the specification has it: -1 at once."""
    machine = boot(shared(guest("keys", "1", "16M", "keys")), hv=False)
    uart = machine.uart
    uart.expect_line("keys", "keys: hart 0 reads$")
    for _ in range(100):	# a key that comes before the first call leaves nothing to count
        uart.send("?")
        empty = uart.expect_line("keys", r"keys: zeros=0 empty=(\d+)$")[1]
        if empty != "0":
            break
        time.sleep(0.1)
    assert empty != "0"
