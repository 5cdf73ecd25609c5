# SPDX-License-Identifier: GPL-2.0-or-later
"""The rooms of the firmware's own code stand on floors, as docs/architecture.md lists them: code includes and calls
only downwards, and no circle of files is larger than three. Includes are read from the sources, calls from their
objects."""
import collections
import functools
import glob
import os
import re
import subprocess

import pytest

import corpus

NM = os.environ.get("CROSS_COMPILE", "riscv64-linux-gnu-") + "nm"
CORE = os.path.join(corpus.TOP, "build/core")
LARGEST = 3

# The two that lead upwards: the table of all upward calls (hyp/base/upward.h), and panics, which do not return.
UPWARD = {"upward": "boot/upward", "panic": "hyp/console/panic", "panic_assert": "hyp/console/panic",
          "panic_trap": "hyp/console/panic"}


def read(path):
    with open(os.path.join(corpus.TOP, path), encoding="utf-8") as file:
        return file.read()


def floors():
    """{room: floor}, from the list in the section "Rooms" of docs/architecture.md."""
    section = re.search(r"^## Rooms\n(.*?)^## ", read("docs/architecture.md"), re.M | re.S)[1]
    return {room: int(floor) for floor, room in re.findall(r"^    (\d+)  ([\w/]+)/ ", section, re.M)}


def sources():
    """Every file of the rooms; the C library's names for libfdt (hyp/base/libc) are found by another path."""
    found = [os.path.relpath(path, corpus.TOP) for room in ("boot", "drivers", "hyp/*") for path in
             glob.glob(os.path.join(corpus.TOP, room, "*"))]
    return sorted(path for path in found if re.search(r"\.(c|h|S|def|inc)$", path))


def included(text):
    return re.findall(r'^\s*#\s*include\s+"((?:boot|drivers|hyp)/[^"]+)"', text, re.M)


def includes():
    """[(file, file that it includes)], but asm_offsets.h, which the build makes."""
    return [(path, other) for path in sources() for other in included(read(path))
            if not other.endswith("/asm_offsets.h")]


def symbols(objects):
    """{object: (the names that it defines, those that it needs)}"""
    table = {path: (set(), set()) for path in objects}
    out = subprocess.run([NM, "-A", *objects], stdout=subprocess.PIPE, text=True, check=True).stdout
    for path, line in (line.split(":", 1) for line in out.splitlines()):
        kind, name = line.split()[-2:]
        if kind in "Uw":
            table[path][1].add(name)
        elif kind.isupper():
            table[path][0].add(name)
    return table


@functools.lru_cache
def calls():
    """[(source, source that defines it, name)] of what the objects of all sources need of each other, data included."""
    objects = {os.path.join(CORE, os.path.splitext(path)[0] + ".o"): path
               for path in sources() if path[-2:] in (".c", ".S")}
    missing = [path for made, path in objects.items() if not os.path.exists(made)]
    assert not missing, f"not built: {missing}; type make"
    table = {objects[made]: names for made, names in symbols(objects).items()}
    home = {name: path for path, (defined, _) in table.items() for name in defined}
    return [(path, home[name], name) for path, (_, needed) in table.items() for name in sorted(needed)
            if name in home and home[name] != path]


def is_upward_by_design(name, there):
    return UPWARD.get(name) == os.path.splitext(there)[0]


def climbs(arrows, floor):
    """The arrows that lead to a higher floor, or to another room of the same one."""
    room = os.path.dirname
    return [arrow for arrow in arrows if room(arrow[0]) != room(arrow[1]) and
            floor[room(arrow[0])] <= floor[room(arrow[1])]]


def circles(arrows):
    """Sets of files of which each leads to each other one (Tarjan's strongly connected components, of more than one file)."""
    graph = collections.defaultdict(set)
    for here, there in arrows:
        graph[here].add(there)
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def test_each_room_has_a_floor():
    floor = floors()
    assert {os.path.dirname(path) for path in sources()} == set(floor)
    assert len(set(floor.values())) == len(floor), "two rooms on one floor: which of them may call the other?"


def test_includes_lead_downwards():
    arrows = includes()
    assert len(arrows) > 400
    assert not climbs(arrows, floors())


def test_calls_lead_downwards():
    arrows = calls()
    assert {("hyp/vsbi/vsbi.c", "hyp/vsbi/vsbi_base.c", "vsbi_base"),
            ("hyp/vm/vmmio.c", "hyp/vm/inject.c", "inject_exception"),
            ("hyp/riscv/switch.S", "hyp/riscv/hart.c", "harts")} <= set(arrows)
    assert not climbs([a for a in arrows if not is_upward_by_design(a[2], a[1])], floors())


def test_upward_table_has_all_upward_calls():
    """Each member is called from below, and is something of a room above."""
    members = re.findall(r"^\t\.(\w+) = (\w+),$", read("boot/upward.c"), re.M)
    assert {name for name, _ in members} == set(re.findall(r"\(\*(\w+)\)\(", read("hyp/base/upward.h")))
    for name, _ in members:
        users = [path for path in sources() if f"upward.{name}" in read(path)]
        assert len(users) == 1 and not users[0].startswith("boot/"), (name, users)


def test_no_circle_of_files_is_large():
    """By calls and includes together, where a header is not the file that implements it."""
    arrows = [(here, there) for here, there, name in calls() if not is_upward_by_design(name, there)]
    found = circles(arrows + includes())
    assert ["hyp/vdev/vplic.c", "hyp/vdev/vplic_passed.c"] in found	# so that this test finds any
    assert not [circle for circle in found if len(circle) > LARGEST]


@pytest.mark.parametrize("arrows, expect", [
    ([("a", "b"), ("b", "c"), ("c", "d"), ("d", "b")], [["b", "c", "d"]]),
    ([("a", "b"), ("b", "a"), ("c", "a"), ("c", "d")], [["a", "b"]]),
    ([("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")], []),
])
def test_circles_are_found(arrows, expect):
    assert circles(arrows) == expect


def test_what_climbs_is_found():
    floor = {"hyp/a": 0, "hyp/b": 1, "hyp/c": 1}
    bad = [("hyp/a/x.c", "hyp/b/y.h"), ("hyp/b/y.c", "hyp/c/z.h")]
    good = [("hyp/b/y.c", "hyp/a/x.h"), ("hyp/b/y.c", "hyp/b/w.h")]
    assert climbs(bad + good, floor) == bad
