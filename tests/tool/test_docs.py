# SPDX-License-Identifier: GPL-2.0-or-later
"""What the documentation quotes is what is shipped."""
import os
import re

import corpus

TOP = corpus.TOP


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


def test_readme_shows_all_of_the_demo():
    """README.md says "this is all of the demo's": the shipped file but for its licence and comment."""
    shown = re.findall(r"^```dts\n(.*?)^```$", read("README.md"), re.M | re.S)
    shipped = re.sub(r"/\*.*?\*/\n", "", read("configs/virt/linux-rt.dts"), flags=re.S)
    assert shown == [shipped]
