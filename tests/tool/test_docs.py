# SPDX-License-Identifier: GPL-2.0-or-later
"""What the documentation quotes is what is shipped; contracts stand in headers."""
import glob
import os
import re

import corpus
import pytest

TOP = corpus.TOP


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


def test_readme_shows_all_of_the_demo():
    """README.md says "this is all of the demo's": the shipped file but for its licence and comment."""
    shown = re.findall(r"^```dts\n(.*?)^```$", read("README.md"), re.M | re.S)
    shipped = re.sub(r"/\*.*?\*/\n", "", read("configs/virt/linux-rt.dts"), flags=re.S)
    assert shown == [shipped]


HEADERS = sorted(os.path.relpath(path, TOP) for room in ("base", "plan")
                 for path in glob.glob(os.path.join(TOP, f"hyp/{room}/*.h")))
PROTOTYPE = re.compile(r"^(?!static|typedef|#|\t|\}| |struct \w+ \{|enum \w+ \{)([\w *]+?)\b(\w+)\([^;{]*\)[^;{]*;(.*)$", re.M)


def prototypes(text):
    """(name, what it returns, the comment that is its) of each function that is declared."""
    for match in PROTOTYPE.finditer(text):
        above = re.search(r"/\*((?:(?!/\*).)*?)\*/\n\Z", text[:match.start()], re.S)
        beside = re.search(r"/\*(.*)\*/", match[3])
        yield match[2], match[1].strip(), " ".join(found[1] for found in (above, beside) if found)


def test_prototypes_are_found():
    found = {name for header in HEADERS for name, _, _ in prototypes(read(header))}
    assert found > {"plan_make", "guest_dt_build", "problem_report", "package_find", "host_find_prop", "panic"}


@pytest.mark.parametrize("header", HEADERS)
def test_functions_have_a_contract(header):
    """A comment of its own or of the group that it stands in; and what gives errors says which."""
    grouped = set()
    for block in re.split(r"\n\n", read(header)):
        names = [name for name, _, _ in prototypes(block + "\n")]
        if "/*" in block:
            grouped.update(names)
    for name, gives, comment in prototypes(read(header)):
        assert comment or name in grouped, f"{header}: {name}() has no comment"
        if "enum err" in gives:
            assert re.search(r"ERR_[A-Z]+", comment), f"{header}: {name}() does not say which errors it gives"


@pytest.mark.parametrize("header", ["tools/tool.h", "hyp/plan/plan_int.h", "hyp/plan/host_int.h"])
def test_files_that_headers_name_are_there(header):
    named = re.findall(r"^\s*/?\*+ (\w+\.c)\b", read(header), re.M)
    assert named and all(os.path.exists(os.path.join(TOP, os.path.dirname(header), name)) for name in named), named
