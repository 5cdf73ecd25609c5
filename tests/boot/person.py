# SPDX-License-Identifier: GPL-2.0-or-later
"""A person at a terminal: `make run` behind a pty, and the screen that it would paint."""
import os
import pty
import re
import select
import signal
import sys
import termios
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RUN = os.path.join(TOP, "scripts/run")
ESCAPE = re.compile(r"\x1b\[([0-9;?]*)([@-~])|\x1b[78c=>\\]")


class Screen:
    """Lines as they stand on the screen. Of control sequences it knows what Bulkhead may send; any other fails."""

    def __init__(self):
        self.lines = []		# complete ones
        self.line = []		# the one that the cursor is in
        self.column = 0
        self.pending = ""
        self.strange = []	# sequences that the console should have filtered

    def feed(self, text):
        text = self.pending + text
        at = 0
        self.pending = ""
        while at < len(text):
            if text[at] == "\x1b":
                match = ESCAPE.match(text, at)
                if not match:
                    if len(text) - at < 24:
                        self.pending = text[at:]
                        return
                    self.strange.append(text[at:at + 8])
                    at += 1
                    continue
                self.sequence(match)
                at = match.end()
                continue
            self.put(text[at])
            at += 1

    def sequence(self, match):
        if match[2] == "K" and match[1] in ("", "0"):
            del self.line[self.column:]
        elif match[0] == "\x1bc":	# an empty screen; what stood there remains to be read here
            self.put("\n")
            self.strange.append(match[0])
        elif match[2] != "m":
            self.strange.append(match[0])

    def put(self, char):
        if char == "\n":
            self.lines.append("".join(self.line))
            self.line, self.column = [], 0
        elif char == "\r":
            self.column = 0
        elif char == "\b":
            self.column = max(self.column - 1, 0)
        elif char >= " " or char == "\t":
            self.line[self.column:self.column + 1] = [char]
            self.column += 1
        elif char != "\a":
            self.strange.append(char)

    def text(self):
        return "\n".join(self.lines + ["".join(self.line)])


class Person:
    """`with Person("virt/three", scale) as p: p.sees(r"login: "); p.types("root\\r")`; command: what is run instead"""

    def __init__(self, config, scale, log=None, command=None):
        self.scale = scale
        self.screen = Screen()
        self.position = 0
        self.log = open(log, "wb") if log else None
        self.command = command or [sys.executable, RUN, config]

    def __enter__(self):
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.execvp(self.command[0], self.command)
        attributes = termios.tcgetattr(self.fd)
        attributes[6][termios.VINTR] = b"\x03"
        return self

    def __exit__(self, *exc):
        try:
            os.write(self.fd, b"\x01x")
            self.read(5)
        except OSError:
            pass
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if self.ended():
                break
            os.kill(self.pid, sign)
            time.sleep(1)
        os.close(self.fd)
        if self.log:
            self.log.close()

    def ended(self):
        if self.pid:
            pid, _ = os.waitpid(self.pid, os.WNOHANG)
            self.pid = 0 if pid else self.pid
        return not self.pid

    def read(self, seconds):
        """Looks at the screen for so long, or until there is something new. False at the end of the session."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:		# the other side is closed
            data = b""
        if self.log:
            self.log.write(data)
            self.log.flush()
        self.screen.feed(data.decode("utf-8", "replace"))
        return bool(data)

    def types(self, text):
        for char in text.encode():
            os.write(self.fd, bytes([char]))

    def sees(self, pattern, timeout=60):
        """Waits until the pattern stands on the screen, behind what was seen before; returns the match."""
        wanted = re.compile(pattern, re.M)
        deadline = time.monotonic() + timeout * self.scale
        while time.monotonic() < deadline:
            match = wanted.search(self.screen.text(), self.position)
            if match:
                self.position = match.end()
                return match
            if not self.read(0.2):
                break
        raise AssertionError(f"not seen: {pattern}\n" + self.screen.text()[-3000:])

    def logs_in(self, name):
        """At the prompt of the guest in focus, which is still booting or has just ended a session."""
        self.sees(rf"^\[{name}\] {name} login: $", 180)
        self.types("root\r")
        self.sees(rf"^\[{name}\] ~ # $", 60)

    def looks(self, seconds):
        end = time.monotonic() + seconds * self.scale
        while time.monotonic() < end:
            self.read(0.1)

    def lines(self, name):
        """Complete lines of a source."""
        mark = f"[{name}] "
        return [line[len(mark):] for line in self.screen.lines if line.startswith(mark)]
