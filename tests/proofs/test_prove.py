# SPDX-License-Identifier: GPL-2.0-or-later
"""The quick part of `make prove`: the smallest setting of each model, and every mutation."""
import os
import re
import subprocess
import sys


def test_two_exits():
    prove = os.path.join(os.path.dirname(os.path.abspath(__file__)), "prove")
    done = subprocess.run([sys.executable, prove, "--quick"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout
    last = re.search(r"^proved: 4 settings, (\d+) mutations and limits found$", done.stdout, re.M)
    assert last and int(last[1]) >= 35, done.stdout
