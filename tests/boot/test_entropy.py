# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of guests: each start has its own, and no other guest has it; the host's own bytes are nowhere any more.

QEMU fills an rng-seed of its tree with random bytes at each start. All on QEMU 10: version 7.2 also puts one into a
tree that it is given without, and its Zkr needs Smepmp.
"""
import functools
import os
import re

import trees
from configs import config, guest, linux

HOST_KASLR = bytes.fromhex("c0ffee11d00dfe12")
RAM = 0x80000000
MEMORY = 256 << 20
PAGE = 4096
QEMU = 10
LIVES = 3       # of the guest that crashes


def edits(seed_size=32, kaslr=HOST_KASLR):
    """fdtput's arguments for a host with an rng-seed of this size, and this kaslr-seed; 0, None: without."""
    def put(name, value):
        return [["-t", "x", "/chosen", name, *(value[i:i + 4].hex() for i in range(0, len(value), 4))]] if value else []
    return [["-d", "/chosen", "rng-seed"], *put("rng-seed", bytes(seed_size)), *put("kaslr-seed", kaslr)]


def two_guests():
    return config(guest("mayfly", "0", "2M", "seeds", bootargs="seeds.then=crash", on_crash="restart",
                        restart_limit=LIVES - 1),
                  guest("sleeper", "1", "2M", "seeds"))


def boot_two(boot, host_dtb, cpu=None, before=None, **seeds):
    """The machine when both guests have printed their seeds. before: called with it before its first instruction."""
    kind = {"harts": 2, "memory": "256M", "cpu": cpu, "qemu": QEMU}
    machine = boot(two_guests(), extra=[*host_dtb(edits(**seeds), **kind), "-S"], **kind)
    if before:
        before(machine)
    machine.ask_monitor("cont")
    machine.hv.expect_line("bulkhead", "vm mayfly: stopped")
    if not told(machine, "sleeper"):
        machine.hv.expect_line("sleeper", "seeds: kaslr-seed")
    return machine


def told(machine, name):
    """What the guest said in each life: (rng-seed, kaslr-seed)."""
    text = "\n".join(machine.hv.lines(name))
    return re.findall(r"^seeds: rng-seed (\w+)\nseeds: kaslr-seed (\w+)$", text, re.M)


def memory_of(machine, log_dir):
    """All RAM of the machine, as it is now."""
    path = os.path.join(log_dir, "ram.bin")
    machine.ask_monitor("stop")
    machine.ask_monitor(f'pmemsave {RAM:#x} {MEMORY:#x} "{path}"', 60)    # unquoted, a path is a division
    with open(path, "rb") as file:
        data = file.read()
    os.remove(path)
    assert len(data) == MEMORY
    return data


def host_seed(memory):
    """The rng-seed in the tree that QEMU has put into memory."""
    at = memory.find(bytes.fromhex("d00dfeed"))
    while b"rng-seed\0" not in memory[at:at + trees.number(memory[at + 4:at + 8])]:
        at = memory.find(bytes.fromhex("d00dfeed"), at + 8)
        assert at >= 0
    return trees.read(memory[at:at + trees.number(memory[at + 4:at + 8])])["/chosen"]["rng-seed"]


@functools.lru_cache(maxsize=2)
def used(memory):
    """(first, behind) of the runs of pages that are not all zero, which are few."""
    zero, runs = bytes(PAGE), []
    for at in range(0, MEMORY, PAGE):
        if memory[at:at + PAGE] == zero:
            continue
        if runs and runs[-1][1] == at:
            runs[-1][1] = at + PAGE
        else:
            runs.append([at, at + PAGE])
    return runs


def places(memory, secret):
    """Where pieces of 8 bytes of the secret are."""
    found = set()
    for at in range(len(secret) - 7):
        piece = secret[at:at + 8]
        assert piece != bytes(8)
        for first, behind in used(memory):
            where = memory.find(piece, max(first - 8, 0), behind + 8)
            while where >= 0:
                found.add(RAM + where - at)
                where = memory.find(piece, where + 1, behind + 8)
    return found


def plan_line(machine):
    return next(line for line in machine.hv.lines("bulkhead") if line.startswith("entropy "))


def judge_seeds(machine):
    """All seeds of all lives, as bytes: of the right sizes, and without anything in common."""
    lives = [told(machine, "mayfly"), told(machine, "sleeper")]
    assert [len(life) for life in lives] == [LIVES, 1]
    seeds = [bytes.fromhex(text) for pair in lives[0] + lives[1] for text in pair]
    assert [len(seed) for seed in seeds] == [64, 8] * (LIVES + 1)
    chunks = [seed[i:i + 8] for seed in seeds for i in range(0, len(seed), 8)]
    assert len(set(chunks)) == len(chunks)
    return lives, seeds


def test_seeds(boot, host_dtb, log_dir):
    """Three lives of a guest and a neighbour; then the machine's memory is searched."""
    at_first = []
    machine = boot_two(boot, host_dtb, before=lambda machine: at_first.append(memory_of(machine, log_dir)))
    seed = host_seed(at_first[0])
    assert len(seed) == 32 and places(at_first[0], seed) and places(at_first[0], HOST_KASLR)
    assert plan_line(machine) == "entropy      rng-seed of the device tree"
    lives, seeds = judge_seeds(machine)
    memory = memory_of(machine, log_dir)
    assert memory.count(b"seeds.then=crash") >= 2       # so a search finds what is there
    # The firmware works on a copy. Where the machine's loader left the original only the loader knows.
    left = {secret: places(memory, secret) for secret in (seed, HOST_KASLR)}
    for secret, where in left.items():
        assert where <= places(at_first[0], secret)
    for pair in lives[0][:-1]:  # of lives that ended
        for text in pair:
            assert not places(memory, bytes.fromhex(text))
    trees = [lives[0][-1], lives[1][0]]
    for rng, kaslr in trees:    # in the guest's own tree, and nowhere else
        assert len(places(memory, bytes.fromhex(rng))) == 1
        assert len(places(memory, bytes.fromhex(kaslr))) == 1
    at = [places(memory, bytes.fromhex(rng)).pop() for rng, _ in trees]
    for where, name in zip(at, ("mayfly", "sleeper")):
        base = int(re.search(rf"guest +{name}.*?memory +0x\w+-0x\w+ +2M(?: at host (0x\w+))?", machine.hv.text,
                             re.S)[1] or re.search(rf"guest +{name}.*?memory +(0x\w+)-", machine.hv.text, re.S)[1], 16)
        assert base <= where < base + (2 << 20)
        assert not any(base <= place < base + (2 << 20) for place in set().union(*left.values()))
    assert len(seeds) == 2 * (LIVES + 1)


def test_no_source(boot, host_dtb):
    """A host without a seed, and with one that is too short."""
    for seed_size in (0, 12):
        machine = boot_two(boot, host_dtb, seed_size=seed_size)
        assert plan_line(machine) == "entropy      none: no guest gets an rng-seed"
        assert told(machine, "mayfly") == [("none", "none")] * LIVES
        assert told(machine, "sleeper") == [("none", "none")]
        machine.stop()


def test_zkr(boot, host_dtb, log_dir):
    """From the seed CSR alone, which OpenSBI opens for us; guests do not see it."""
    machine = boot_two(boot, host_dtb, cpu="rv64,zkr=on", seed_size=0, kaslr=None)
    assert plan_line(machine) == "entropy      Zkr"
    judge_seeds(machine)


def test_linux(boot, host_dtb):
    """Linux's generator is ready as it starts; without a seed it is not. (Debian's Linux stays at its address.)"""
    kind = {"harts": 1, "memory": "1G", "qemu": QEMU}
    for seeds in ({}, {"seed_size": 0, "kaslr": None}):
        machine = boot(config(linux(harts="0", mode="login", disk=False)), extra=host_dtb(edits(**seeds), **kind),
                       **kind)
        machine.uart.expect(r"Freeing unused kernel image|Run /init as init process", 120)
        ready = re.search(r"^\[ +0\.000000\] random: crng init done$", machine.uart.text, re.M)
        assert bool(ready) == (not seeds)
        machine.stop()
