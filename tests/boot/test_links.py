# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests that talk: shared memory and doorbells (docs/links.md), beside a neighbour that must not notice."""
import re

import pytest
from configs import config, guest, linux
from neighbours import judge_neighbour, neighbour, show

SHARED = 'shared = "samples 1M";'


def ends(source="", sink="", **props):
    """The two guests of guests/ring; source and sink: further bootargs."""
    return [guest(name, hart, "4M", "ring", bootargs=f"ring.role={name} {args}".rstrip(), shares="samples", **props)
            for name, hart, args in (("source", "1", source), ("sink", "2", sink))]


def shared_config(*guests):
    return config(*guests).replace('compatible =', SHARED + "\n\tcompatible =", 1)


def reports(machine):
    found = (re.findall(r"(\w+)=([\d/]+)", line) for line in machine.hv.lines("sink") if "ring: read=" in line)
    return [dict(pairs) for pairs in found]


def judge(machine, last):
    """No sample was lost, came twice, or was changed."""
    assert all(report["bad"] == "0" for report in reports(machine)), reports(machine)
    assert int(last["read"]) > 0
    assert all(line.endswith("nonzero 0") for name in ("source", "sink") for line in machine.hv.lines(name)
               if "nonzero" in line)


@pytest.mark.parametrize("mode", ["guarded", "mapped", "emulated"])
def test_samples(boot, mode):
    """1 kHz from one guest to the other, each by an interrupt. "mapped" becomes "guarded"."""
    machine = boot(shared_config(*ends(plic_mode=mode), neighbour(rtc=False)))
    for _ in range(3):
        machine.hv.expect_line("sink", r"ring: read=\d+ ")
    last = reports(machine)[-1]
    judge(machine, last)
    assert int(last["interrupts"]) > 0	# a busy host lets many coincide
    show(f"late_ns {last['late_ns']}", judge_neighbour(machine, rtc=False))


@pytest.mark.parametrize("who, other", [("source", "sink"), ("sink", "source")])
def test_one_end_restarts(boot, who, other):
    """One end restarts again and again while the other works: nothing is lost, and the other one is rung at."""
    lives = 50
    args = {who: f"ring.samples=20 ring.lives={lives}"}
    args["sink"] = args.get("sink", "") + " ring.every=20"
    machine = boot(shared_config(*ends(**args), neighbour(rtc=False)))
    for life in range(1, lives + 1):	# the peer's is 0 if it has not started yet
        machine.hv.expect_line(who, rf"ring: {who}, peer \d of 2, life {life}, peer's [01], nonzero 0")
    machine.hv.expect_line("bulkhead", rf"vm {who}: stopped \(shutdown\)")
    if who == "source":	# the sink reports at every 20 samples, and a life may write a few more
        while int(reports(machine)[-1]["read"]) < 20 * lives:
            machine.hv.expect_line("sink", r"ring: read=\d+ ")
    last = reports(machine)[-1]
    judge(machine, last)
    assert int(last["read"]) >= 20 * lives
    assert who == "sink" or int(last["changes"]) > 0
    assert not [line for line in machine.hv.lines(other) if "life 2" in line]
    show(f"{lives} lives of the {who}", judge_neighbour(machine, rtc=False))


def test_linux(boot):
    """Debian's kernel has no driver: a program finds memory and doorbell by /dev/mem, and polls."""
    tux = linux(harts="2", memory="256M", mode="shared", disk=False, shares="samples")
    machine = boot(shared_config(ends()[0], tux, neighbour(rtc=False)))
    machine.uart.expect(r"demo: shared memory ok: peer 1, \d+ samples", 120)
    machine.hv.expect_line("bulkhead", r"vm linux: stopped \(shutdown\)")
    show("Linux", judge_neighbour(machine, rtc=False))


# ---- networks ----

def host(name, hart, args, **props):
    """A guest of guests/net, on the network lan."""
    return guest(name, hart, "4M", "net", bootargs=args, net="lan", **props)


def counts(machine, name):
    found = (re.findall(r"(\w+)=(\d+)", line) for line in machine.hv.lines(name) if "net: answered=" in line)
    return [{key: int(value) for key, value in pairs} for pairs in found]


@pytest.mark.parametrize("mode, size", [("guarded", 1000), ("emulated", 1)])
def test_ping(boot, mode, size):
    machine = boot(config(host("ask", "1", f"net.host=1 net.ping=2 net.count=300 net.size={size}", plic_mode=mode),
                          host("answer", "2", "net.host=2", plic_mode=mode), neighbour(rtc=False)))
    machine.hv.expect_line("bulkhead", r"vm ask: stopped \(shutdown\)")
    last = counts(machine, "ask")[-1]
    assert last["answered"] == 300 and last["bad"] == 0, last
    show(f"300 echoes of {size} octets, {last['resent']} asked again", judge_neighbour(machine, rtc=False))


@pytest.mark.parametrize("who", ["ask", "answer"])
def test_one_host_restarts(boot, who):
    """One end restarts again and again while the other sends: it finds a card as at power-on, and the other continues."""
    ask = "net.host=1 net.ping=2 " + ("net.count=5 net.restart=1" if who == "ask" else "net.every=10")
    other = "net.host=2" if who == "ask" else "net.host=2 net.ping=1 net.count=5 net.restart=1"
    machine = boot(config(host("ask", "1", ask), host("answer", "2", other), neighbour(rtc=False)))
    for _ in range(20):
        machine.hv.expect_line(who, r"net: 10\.0\.0\.\d, [0-9a-f:]{17}, link up")
    for name in ("ask", "answer"):
        assert all(report["bad"] == 0 for report in counts(machine, name))
    if who == "answer":
        before = counts(machine, "ask")[-1]["answered"] if counts(machine, "ask") else 0
        while not counts(machine, "ask") or counts(machine, "ask")[-1]["answered"] <= before:
            machine.hv.expect_line("ask", "net: answered=")
        assert counts(machine, "ask")[-1]["changes"] > 0
    show(f"20 lives of {who}", judge_neighbour(machine, rtc=False))


def test_two_linux_and_a_host(boot):
    """Debian's virtio_net: ping with data that is checked, a file by HTTP in both directions, in frames with segments;
    no error counted, no message of the kernel. The third guest, whose driver negotiates nothing, answers, and gets a
    frame of Linux with the checksum that Linux has left to its card."""
    client = linux(harts="0 1", memory="192M", mode="net", disk=False, net="lan",
                   args="demo.host=1 demo.ping=2 demo.fetch=3 demo.turn=2 demo.knock=2")
    server = guest("server", "2", "192M", "linux", initrd="linux-initrd", net="lan",
                   bootargs="earlycon=sbi keep_bootcon demo.mode=net demo.host=3 demo.ping=1 demo.fetch=1 demo.turn=1")
    machine = boot(config(client, server, host("answer", "3", "net.host=2")))
    size = "fetched, (\\d+) octets a frame"
    sizes = [int(machine.uart.expect(f"demo: {where}: {size}", 240)[1]) for where in ("there", "here")]
    assert min(sizes) > 1514, sizes	# more than any frame without segments has
    machine.uart.expect("demo: net ok", 240)
    machine.hv.expect_line("answer", "net: a TCP segment, its checksum is right")
    sent, received = machine.hv.expect_line("bulkhead", r"vm linux: network lan: frames sent (\d+), received (\d+), "
                                            r"lost \d+, of a foreign source 0, malformed 0$").groups()
    assert min(int(sent), int(received)) > 40	# 20 pings, and two files
    machine.hv.expect_line("bulkhead", r"vm linux: stopped \(shutdown\)")
    print(f"octets a frame {sizes}, frames {sent} and {received}")
