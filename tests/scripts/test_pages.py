# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands that the pages show: each is one that works.

Fast: commands of the tool run; `make` has a rule for all that a command needs, in the order of the page, so that what a
page makes by `cp` and `sed` is there. With BULKHEAD_LONG, each `make run` of a page is run at a terminal as well.
"""
import functools
import glob
import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
from loading import TOP

sys.path.insert(0, os.path.join(TOP, "tests/boot"))

import machine  # noqa: E402
from person import Person  # noqa: E402

PAGES = sorted(os.path.relpath(path, TOP) for pattern in ("*.md", "docs/*.md", "docs/guests/*.md", "configs/virt/*.md")
               for path in glob.glob(os.path.join(TOP, pattern)))
ALWAYS = ("make", "build/bulkhead", "tests/proofs/prove")
OURS = (*ALWAYS, "cp", "sed")	# in docs/guests of other repositories' files, which are not here
PLACES = {"HOST.dtb": "build/host/virt.dtb", "HOST": "build/host/virt.dtb", "PARTS": "configs/virt/linux-rt.dts",
          "other.dts": "configs/virt/three.dts"}


def commands(page):
    """The shown commands, in their order, without comments; a backslash continues one."""
    with open(os.path.join(TOP, page), encoding="utf-8") as file:
        text = re.sub(r"\\\n\s+", "", re.sub(r"^```.*?^```$", "", file.read(), flags=re.M | re.S))
    shown = re.findall(r"^    (\S.*)$", text, re.M) + re.findall(r"`(make run CONFIG=[\w/-]+)`", text)
    found = [re.sub(r"\s+#.*$", "", line) for line in shown]
    ours = [word for word in OURS if word in ALWAYS or not page.startswith("docs/guests/")]
    return [line for line in found if re.match(r"(%s)( |$)" % "|".join(map(re.escape, ours)), line)]


ALL = [(page, line) for page in PAGES for line in commands(page)]
YOURS = "virt/yours"	# the reader's own
RUNS = sorted({line for _, line in ALL if line.startswith("make run ") and YOURS not in line})


def test_commands_are_found():
    pages = {page for page, _ in ALL}
    assert {"README.md", "docs/guide.md", "docs/config.md", "docs/testing.md", "docs/bench.md"} <= pages
    assert ("README.md", "make demo") in ALL and len(ALL) > 40 and len(RUNS) > 12
    assert ("docs/guide.md", "sed s/template/mine/ configs/virt/template.dts > configs/virt/mine.dts") in ALL


@pytest.mark.parametrize("page, line", [(page, line) for page, line in ALL if line.startswith("build/bulkhead")])
def test_commands_of_the_tool(page, line, tmp_path):
    """parts.dts is what `new` writes; a program that is built here reads the rest."""
    words = [PLACES.get(word, word) for word in shlex.split(line)]
    parts = str(tmp_path / "parts.dts")
    shutil.copy(os.path.join(TOP, "configs/virt/linux-rt.dts"), parts)
    words = [parts if word == "parts.dts" else word for word in words]
    words = [str(tmp_path / word) if word.endswith(".svg") else word for word in words]
    if "build/virt/template/bulkhead.bin" in words:
        subprocess.run(["make", "image", "CONFIG=virt/template"], cwd=TOP, check=True, capture_output=True)
    done = subprocess.run(words, cwd=TOP, capture_output=True, text=True)
    assert done.returncode == (1 if words[1] == "diff" else 0), f"{page}: {line}\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The source tree without what is built, for commands that change it."""
    top = tmp_path_factory.mktemp("tree")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=TOP, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if os.path.isfile(os.path.join(TOP, name)):
            os.makedirs(os.path.dirname(top / name), exist_ok=True)
            shutil.copy2(os.path.join(TOP, name), top / name)
    return top


@functools.lru_cache(maxsize=None)
def dry_run(line, tree):
    return subprocess.run(line.replace("make ", "make -n ", 1), shell=True, cwd=tree, capture_output=True, text=True,
                          env={**os.environ, "MAKEFLAGS": ""})


@pytest.mark.parametrize("page", sorted({page for page, _ in ALL}))
def test_commands_have_what_they_need(page, tree):
    for line in commands(page):
        if line.startswith(("cp ", "sed ")):
            subprocess.run(line, shell=True, cwd=tree, check=True)
        elif line.startswith("make "):
            done = dry_run(line, tree)
            assert done.returncode == 0 and done.stdout.strip(), f"{page}: {line}\n{done.stderr}"
            for name in re.findall(r"CONFIG=([\w/-]+)", line):
                assert name == YOURS or os.path.exists(os.path.join(tree, f"configs/{name}.dts")), f"{page}: {line}"
        elif not line.startswith("build/bulkhead"):
            assert os.access(os.path.join(tree, line.split()[0]), os.X_OK), f"{page}: {line}"


# ---- long: at a terminal ----

@pytest.fixture
def mine():
    """What the guide makes before `make run CONFIG=virt/mine`."""
    guest, configuration = (os.path.join(TOP, name) for name in ("guests/mine", "configs/virt/mine.dts"))
    for line in commands("docs/guide.md"):
        if line.startswith(("cp ", "sed ")):
            subprocess.run(line, shell=True, cwd=TOP, check=True)
    yield
    shutil.rmtree(guest)
    os.remove(configuration)


@pytest.mark.skipif(os.environ.get("BULKHEAD_LONG") != "1", reason="make test-all")
@pytest.mark.parametrize("line", RUNS)
def test_run_at_a_terminal(line, mine, tmp_path):
    image = re.search(r"CONFIG=(virt/(?:rcore|rt-thread))", line)
    command = ["sh", "-c", f"cd {shlex.quote(TOP)} && {line}"]
    with Person(None, machine.calibrate(), tmp_path / "log", command=command) as p:
        if image and not os.path.exists(os.path.join(TOP, "images", image[1].split("/")[1])):
            p.sees(r"docs/guests/[\w-]+\.md", 120)
            return
        p.sees(r"\[bulkhead\] vm [\w-]+: started", 300)
