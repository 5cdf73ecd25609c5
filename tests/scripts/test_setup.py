# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/setup and scripts/fetch where something is missing, broken or slow. Copies of them run in a directory of their
own, with programs that only pretend: nothing is installed, fetched or asked of the network."""
import os
import re
import shutil
import subprocess

import pytest

from loading import TOP


class Place:
    """A copy of some scripts with a build directory of its own, and the programs in bin that they find."""

    def __init__(self, top):
        self.top, self.bin = top, top / "bin"
        self.env = {"PATH": f"{self.bin}:{os.environ['PATH']}", "BULKHEAD_TICK": "0.2"}
        self.bin.mkdir()
        (top / "scripts").mkdir()
        for name in ("setup", "fetch", "versions", "long-step"):
            shutil.copy(os.path.join(TOP, "scripts", name), top / "scripts" / name)

    def program(self, name, text="exit 0"):
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    def run(self, name, *args, **env):
        return subprocess.run([self.top / "scripts" / name, *args], env=dict(self.env, **env), cwd=self.top,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


# ---- progress -----------------------------------------------------------------------------------------

def test_long_step_shows_progress(place):
    done = place.run("long-step", "log", "sh", "-c", "echo in; echo the log >&2; sleep 0.9; exit 7")
    assert done.returncode == 7 and done.stderr == ""
    assert re.fullmatch(r"( {10}\.\.\. \d s\n){2,4}", done.stdout)
    assert (place.top / "log").read_text() == "in\nthe log\n"


def test_short_step_is_silent(place):
    done = place.run("long-step", "log", "true", BULKHEAD_TICK="10")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
