# SPDX-License-Identifier: GPL-2.0-or-later
"""Plans and guests' device trees of the shipped configurations, on the machines of tests/hosts, as reviewed.

tests/golden/BOARD-NAME.plan is the plan, BOARD-NAME.GUEST.dts a guest's tree. BULKHEAD_GOLDEN=write makes them anew;
what changed is then to be read in `git diff`.
"""
import difflib
import glob
import os
import re
import subprocess

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.join(TOP, "build/bulkhead")
GOLDEN = os.path.join(TOP, "tests/golden")
BOARDS = ("virt", "p550", "dp1000", "virt-2s", "virt-aia", "tt-atlantis")
CONFIGS = sorted(os.path.relpath(path, os.path.join(TOP, "configs"))[:-4]
                 for board in BOARDS for path in glob.glob(os.path.join(TOP, "configs", board, "*.dts")))
WRITE = os.environ.get("BULKHEAD_GOLDEN") == "write"
HEAD = "/* SPDX-License-Identifier: GPL-2.0-or-later */\n/* Made by tests/tool/test_golden.py; see there. */\n"

# Sizes that stay as they are when kernels grow.
SIZES = {"linux": 30 << 20, "linux-initrd": 2 << 20, "u-boot": 600000, "smp": 20000, "rt": 16000,
         "template": 528, "rcore": 1 << 20, "rcore-disk": 200000, "rt-thread": 100000}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Images of those sizes, and how they begin."""
    where = tmp_path_factory.mktemp("images")
    arguments = []
    for name, size in SIZES.items():
        with open(where / name, "wb") as file:
            file.truncate(size)
        arguments.append(f"-i{name}={where / name}")
    return arguments


def bulkhead(command, config, images, *more):
    host = os.path.join(TOP, "tests/hosts", config.split("/")[0] + ".dts")
    done = subprocess.run([TOOL, command, host, os.path.join(TOP, "configs", config + ".dts"), *more,
                           *[i for i in images if uses(config, i)]], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return done


def source(config):
    with open(os.path.join(TOP, "configs", config + ".dts"), encoding="utf-8") as file:
        return file.read()


def uses(config, argument):
    return f'"{argument[2:].split("=")[0]}"' in source(config)


def guests(config):
    return re.findall(r"^\t([a-z][a-z0-9-]*) \{$", source(config), re.M)


def as_source(dtb):
    """As the dtc of this host writes it: versions of dtc differ in that, so never compared with a file."""
    return subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", "-"], input=dtb, capture_output=True, check=True
                          ).stdout.decode()


def same(name, golden, now):
    difference = "\n".join(difflib.unified_diff(golden.splitlines(), now.splitlines(), name, "now", lineterm=""))
    assert not difference, difference + "\n(if that is right: BULKHEAD_GOLDEN=write, see tests/tool/test_golden.py)"


def test_every_board_has_a_configuration():
    assert {config.split("/")[0] for config in CONFIGS} == set(BOARDS)


@pytest.mark.parametrize("config", CONFIGS)
def test_check(config, images):
    assert "[" not in bulkhead("check", config, images).stderr.decode()


@pytest.mark.parametrize("config", CONFIGS)
def test_plan(config, images):
    now = bulkhead("plan", config, images).stdout.decode()
    path = os.path.join(GOLDEN, config.replace("/", "-") + ".plan")
    if WRITE:
        with open(path, "w", encoding="utf-8") as file:
            file.write(now)
    with open(path, encoding="utf-8") as file:
        same(os.path.basename(path), file.read(), now)


@pytest.mark.parametrize("config, guest", [(config, guest) for config in CONFIGS for guest in guests(config)])
def test_guest_tree(config, guest, images, tmp_path):
    out = tmp_path / "guest.dtb"
    bulkhead("dtb", config, images, guest, "-o", str(out))
    now = as_source(out.read_bytes())
    path = os.path.join(GOLDEN, f"{config.replace('/', '-')}.{guest}.dts")
    if WRITE:
        with open(path, "w", encoding="utf-8") as file:
            file.write(HEAD + now)
    golden = subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", path], capture_output=True, check=True).stdout
    same(os.path.basename(path), as_source(golden), now)


def test_no_golden_file_is_left_over():
    wanted = {config.replace("/", "-") + ".plan" for config in CONFIGS}
    wanted |= {f"{config.replace('/', '-')}.{guest}.dts" for config in CONFIGS for guest in guests(config)}
    assert set(os.listdir(GOLDEN)) == wanted
