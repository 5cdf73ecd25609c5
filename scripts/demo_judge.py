# SPDX-License-Identifier: GPL-2.0-or-later
"""What the demo (scripts/run --demo) has to show, and whether the host let it: lines of all sources go in, verdicts
come out."""
import os
import re
import time

REPORT = "rt: report "	# how rt's line of figures begins
AIA_EXITS = {"ecall", "mmio", "interrupt"}
TOLERATED = 0.01	# part of rt's ticks that an emulator makes late on a quiet host


class Waits:
    """How long this host has kept the threads of a process waiting for a CPU: in seconds, since they began.

    It is the second number of /proc/PID/task/TID/schedstat, and the time that a hypervisor below this host has taken
    (steal in /proc/stat). A kernel without the first says nothing: read() is None.
    """

    def __init__(self, pid):
        self.pid = pid
        self.threads = {}		# thread id to its last value: one that has ended has waited, too

    def read(self):
        try:
            for thread in os.listdir(f"/proc/{self.pid}/task"):
                with open(f"/proc/{self.pid}/task/{thread}/schedstat", encoding="ascii") as file:
                    self.threads[thread] = int(file.read().split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            if not self.threads:
                return None
        return sum(self.threads.values()) + stolen()


def stolen():
    """Seconds that were taken from all CPUs of this host by what it runs on."""
    try:
        with open("/proc/stat", encoding="ascii") as file:
            return int(file.readline().split()[8]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0


class Lateness:
    """The cause of late ticks. One tick is late if its handler ran a period late, so a wait of W seconds
    makes W / period of them late, and no more.

    Between two reports of rt, late ticks for which the host made QEMU wait long enough are the host's, or cannot be
    distinguished from it; all others are Bulkhead's. What a wait has not used up counts once more, in the next
    interval: the lines of rt come late, too.
    """
    PERIOD = 0.01		# seconds between two ticks of the demo's rt

    def __init__(self):
        self.ticks = self.late = 0	# as last reported
        self.waited = None		# by the host, likewise
        self.left = 0.0			# of the last interval's wait
        self.hosts = 0			# late ticks that the host has caused, or may have
        self.ours = 0
        self.quiet = 0			# ticks of intervals that had no late one, or one of ours: these are judged

    def report(self, ticks, late, waited):
        new_ticks, new_late = ticks - self.ticks, late - self.late
        fresh = waited - self.waited if None not in (waited, self.waited) else waited or 0.0
        credit = self.left + fresh
        excused = min(new_late, int(credit / self.PERIOD + 1e-6))
        self.left = min(fresh, credit - excused * self.PERIOD)
        self.hosts += excused
        self.ours += new_late - excused
        if not excused:
            self.quiet += new_ticks
        self.ticks, self.late, self.waited = ticks, late, waited


class Judge:
    """What the demo has to show. Lines go in by see(), what the host made QEMU wait by host(); verdicts() are (what,
    ok, note), where ok is None for what this host did not let be judged."""

    def __init__(self, files=False):
        self.files = files		# the machine has guest interrupt files
        self.seen = {}			# key to the match that proved it
        self.phase = "before"		# of linux's life: before, boot, user space, after
        self.ticks = {"boot": 0, "user space": 0, "after": 0}
        self.tick_numbers = []
        self.report = None
        self.waited = None		# see Waits, as of the line that comes next
        self.lateness = Lateness()
        self.bad = []
        self.exits = {}			# of Linux in its whole life, by kind
        self.last = time.monotonic()

    PATTERNS = (
        ("started", "bulkhead", r"vm linux: started"),
        ("user", "linux", r"demo: user space, (.*), mode"),
        ("cpus", "linux", r"demo: cpus (\d+)$"),
        ("mounted", "linux", r"demo: disk mounted: (.*ext4)"),
        ("disk", "linux", r"demo: disk ok sha256=([0-9a-f]{64})$"),
        ("virtio", "linux", r"demo: irq (virtio\d+) (\d+) -> (\d+)$"),
        ("serial", "linux", r"demo: irq (ttyS\d+) (\d+) -> (\d+)$"),
        ("off", "bulkhead", r"vm linux: stopped \(shutdown\)"),
        ("rt_off", "bulkhead", r"vm rt: stopped \(shutdown\)"),
        ("end", "bulkhead", r"all guests ended, shutting the machine down"),
    )

    def host(self, waited):
        self.waited = waited

    def see(self, source, text):
        if source != "rt":
            self.last = time.monotonic()
        for key, who, pattern in self.PATTERNS:
            match = re.search(pattern, text) if source == who else None
            if match:
                self.seen.setdefault(key, match)
                self.phase = {"started": "boot", "user": "user space",
                              "off": "after"}.get(key, self.phase)
        if source == "rt":
            self.see_rt(text)
        if source == "bulkhead":
            self.see_exits(text)
        if re.match(r"demo: FAILED|FAIL |.*Kernel panic", text):
            self.bad.append(f"{source}: {text}")

    def see_exits(self, text):
        """One line of a vcpu at the end of its life, as: vm linux: vcpu 0: exits ecall 3 mmio 17"""
        found = re.match(r"vm linux: vcpu \d+: exits((?: [a-z_-]+ \d+)+)$", text)
        for kind, number in re.findall(r" ([a-z_-]+) (\d+)", found[1]) if found else ():
            self.exits[kind] = self.exits.get(kind, 0) + int(number)

    def exited(self):
        """Registers of the APLIC, the firmware's calls at boot and at the end, and mail: nothing else is an exit where
        a guest has interrupt files."""
        note = ", ".join(f"{kind} {number}" for kind, number in sorted(self.exits.items()))
        return bool(self.exits) and (not self.files or set(self.exits) <= AIA_EXITS), note or "not shown"

    def see_rt(self, text):
        tick = re.match(r"rt: tick (\d+)", text)
        if tick:
            self.tick_numbers.append(int(tick[1]))
            if self.phase in self.ticks:
                self.ticks[self.phase] += 1
        report = re.match(r"rt: report ticks=(\d+) missed=(\d+) jitter_min_ns=(\d+) "
                          r"jitter_max_ns=(\d+)", text)
        if report:
            self.report = [int(number) for number in report.groups()]
            self.lateness.report(self.report[0], self.report[1], self.waited)

    def grew(self, key):
        match = self.seen.get(key)
        if not match:
            return False, "not shown"
        return int(match[3]) > int(match[2]), f"{match[1]} {match[2]} -> {match[3]}"

    def said(self, key, group=0, want=None):
        match = self.seen.get(key)
        if not match:
            return False, "not shown"
        return want in (None, match[group]), match[group]

    def ticking(self):
        boot, work, after = self.ticks.values()
        rising = all(a < b for a, b in zip(self.tick_numbers, self.tick_numbers[1:]))
        return (boot > 0 and boot + work > 1 and after > 0 and rising,
                f"progress lines: {boot} as it booted, {work} as it worked, {after} after it")

    def missed(self):
        """What is late without a wait of the host is ours. The emulator alone makes some late: TOLERATED of them."""
        if not self.report or not self.report[0]:
            return False, "no report"
        ticks, _, low, high = self.report
        told = self.lateness
        note = f"{ticks} ticks, {told.ours} late, jitter {low / 1000:.1f} to {high / 1000:.1f} us"
        if told.hosts:
            note += f"; {told.hosts} more late as this host was busy, {told.quiet} ticks could be judged"
        if told.ours > TOLERATED * ticks:
            return False, note
        return (True if told.quiet * 2 >= ticks else None), note

    def rt_was_first(self):
        """rt has ended, as its bootargs request, after so many ticks, and Linux still works."""
        return "rt_off" in self.seen and "off" not in self.seen and not self.bad

    def verdicts(self):
        return [
            ("linux reached user space", *self.said("user", 1)),
            ("linux has 2 cpus", *self.said("cpus", 1, "2")),
            ("linux mounted ext4 on its disk", *self.said("mounted", 1)),
            ("linux wrote and read back a file", *self.said("disk")),
            ("its disk interrupts came", *self.grew("virtio")),
            ("its UART interrupts came", *self.grew("serial")),
            ("linux powered off by SBI", *self.said("off")),
            ("linux's exits, from its start to its end", *self.exited()),
            ("rt ticked all through linux's life", *self.ticking()),
            ("rt reports its jitter", *self.missed()),
            ("rt powered off by SBI", *self.said("rt_off")),
            ("the machine shut down by itself", *self.said("end")),
            ("nothing complained", not self.bad, "; ".join(self.bad[:2])),
        ]
