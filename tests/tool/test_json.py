# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/json.md is what `bulkhead --json` writes: the same keys, of the same types, and always there if it says so."""
import glob
import json
import os
import re
import subprocess

import corpus
import pytest

TOP = corpus.TOP
TOOL = os.path.join(TOP, "build/bulkhead")
BOARDS = ("virt", "p550", "dp1000", "virt-2s", "virt-aia", "tt-atlantis")
SHIPPED = [path for board in BOARDS for path in sorted(glob.glob(os.path.join(TOP, "configs", board, "*.dts")))]
TYPES = {"text": lambda v: isinstance(v, str),
         "number": lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= 0,
         "yes/no": lambda v: isinstance(v, bool),
         "object": lambda v: isinstance(v, dict),
         "list": lambda v: isinstance(v, list),
         "address": lambda v: isinstance(v, str) and re.fullmatch("0x[0-9a-f]+", v),
         "null": lambda v: v is None}


def documented():
    """{command: {key: (types, may be absent)}}; plan's include check's."""
    with open(os.path.join(TOP, "docs/json.md"), encoding="utf-8") as file:
        text = file.read()
    page = {}
    for command, part in re.findall(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", text, re.M | re.S):
        rows = re.findall(r"^\| `([^`]+)`(\??) \| ([^|]+) \|", part, re.M)
        page[command] = {key: (types.split(" or "), bool(may)) for key, may, types in rows}
        assert len(page[command]) == len(rows), "a key stands there twice"
    page["plan"].update(page["check"])
    return page


def run(command, host, *configs):
    done = subprocess.run([TOOL, command, "--json", "--assume-h", host, *configs], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def host_of(path):
    return os.path.join(TOP, f"tests/hosts/{os.path.basename(os.path.dirname(path))}.dts")


def guests_of(path):
    with open(path, encoding="utf-8") as file:
        return re.findall(r"^\t([a-z][a-z0-9-]*) \{$", file.read(), re.M)


def outputs(command):
    """What the command writes for all shipped configurations and some wrong ones."""
    virt = os.path.join(TOP, "tests/hosts/virt.dts")
    if command == "diff":
        return [run(command, host_of(a), a, b) for a in SHIPPED for b in SHIPPED if host_of(a) == host_of(b)]
    if command == "drivers":
        guests = [(path, name) for path in SHIPPED for name in guests_of(path)]
        return [run(command, host_of(path), path, name) for path, name in guests]
    wrong = [os.path.join(TOP, f"configs/bad/{name}.dts") for name in ("several", "bad-config", "registers-shared")]
    confined = run(command, os.path.join(TOP, "tests/hosts/virt-iommu.dts"), os.path.join(TOP, "configs/virt/pci.dts"))
    return [run(command, host_of(path), path) for path in SHIPPED] + [run(command, virt, path) for path in wrong] + [
        confined]


def walk(value, key, page, seen):
    """Each key of a value against the page; those that it has go to seen."""
    types, _ = page[key]
    assert any(TYPES[name](value) for name in types), f"{key} is {value!r}, and not: {' or '.join(types)}"
    if "address" not in types and not key.startswith("changes[]"):
        assert not TYPES["address"](value), f"{key} is {value!r}, and the page does not call it an address"
    seen.add(key)
    if isinstance(value, list):
        for element in value:
            walk(element, key + "[]", page, seen)
    elif isinstance(value, dict):
        walk_object(value, key + ".", page, seen)


def walk_object(value, before, page, seen):
    allowed = {key[len(before):] for key in page if re.fullmatch(re.escape(before) + r"[a-z-]+", key)}
    needed = {key for key in allowed if not page[before + key][1]}
    assert needed <= set(value) <= allowed, f"in {before or 'the whole'}"
    for key, inner in value.items():
        walk(inner, before + key, page, seen)


@pytest.mark.parametrize("command", ("check", "plan", "diff", "drivers"))
def test_page_has_exactly_what_is_written(command):
    page, seen = documented()[command], set()
    for output in outputs(command):
        walk_object(output, "", page, seen)
    assert seen == set(page), "on the page, but never written"


def test_values_that_the_page_lists():
    """Where a row says `a`, `b` or `c`, nothing else is written."""
    with open(os.path.join(TOP, "docs/json.md"), encoding="utf-8") as file:
        rows = dict(re.findall(r"^\| `([^`]+)`\?? \| text \| (.*) \|$", file.read(), re.M))
    plan = [output["plan"] for output in outputs("plan") if output["ok"]]
    for key in ("unmapped", "on-crash", "plic-mode", "images", "ram-at-boot", "sbi-getchar"):
        allowed = set(re.findall("`([^`]+)`", rows[f"plan.guests[].policy.{key}"]))
        assert {guest["policy"][key] for one in plan for guest in one["guests"]} <= allowed
    kinds = set(re.findall("`([^`]+)`", rows["changes[].kind"]))
    with open(os.path.join(TOP, "tools/cmd_diff.c"), encoding="utf-8") as file:
        assert set(re.findall(r'\bchange\("([a-z]+)"', file.read())) == kinds


def test_page_names_commands_with_the_option():
    with_option = set()
    for command in ("check", "plan", "dtb", "map", "drivers", "doctor", "new", "diff", "images", "pack"):
        said = subprocess.run([TOOL, command, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
        if re.search(r"--json\b", said):
            with_option.add(command)
    assert set(documented()) == with_option
