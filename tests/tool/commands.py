# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of `bulkhead`, and a fixture that runs them: for the tests here."""
import os
import subprocess

import corpus
import pytest

TOOLS = {"plain": os.path.join(corpus.TOP, "build/bulkhead"),
         "checked": os.path.join(corpus.TOP, "build/unit/bulkhead")}
COMMANDS = ("check", "plan", "dtb", "map", "drivers", "doctor", "new", "diff", "images", "pack", "flash")


@pytest.fixture(params=TOOLS)
def tool(request):
    """tool(argument...) runs it; the exit code must be code, if that is not None."""
    def run(*args, code=0):
        # what it has at its end, it has until its end: leaks are not looked for
        env = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
        done = subprocess.run([TOOLS[request.param], *map(str, args)], capture_output=True, text=True, timeout=60,
                              env=env)
        assert code is None or done.returncode == code, done.stderr
        return done
    return run
