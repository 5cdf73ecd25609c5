# SPDX-License-Identifier: GPL-2.0-or-later
"""make refuses to build the image of a configuration that does not fit its machine."""
import os
import re
import subprocess

import corpus
import pytest

TOP = corpus.TOP
BAD = "bad/hart-taken"
IMAGE = os.path.join(TOP, "build", BAD, "fw_payload.bin")


def make(*args, **env):
    clean = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "HOST_DTB")}
    return subprocess.run(["make", *args], cwd=TOP, env=dict(clean, **env), capture_output=True, text=True, timeout=600)


@pytest.fixture
def no_image():
    """There is none of the wrong configuration, before and after."""
    def remove():
        if os.path.exists(IMAGE):
            os.remove(IMAGE)
    remove()
    yield
    remove()


def test_wrong_configuration_is_not_built(no_image):
    done = make(f"CONFIG={BAD}")
    assert done.returncode and not os.path.exists(IMAGE)
    assert re.search(rf"^configs/{BAD}\.dts:\d+: /b: harts: hart 2 is also claimed by guest a;", done.stderr, re.M)


def test_an_old_image_goes(no_image):
    """A configuration that was right: what was built of it must not be flashed any more."""
    os.makedirs(os.path.dirname(IMAGE), exist_ok=True)
    with open(IMAGE, "w", encoding="utf-8") as file:
        file.write("old")
    os.utime(IMAGE, (1, 1))
    assert make(f"CONFIG={BAD}").returncode and not os.path.exists(IMAGE)


def test_way_out(no_image):
    done = make(f"CONFIG={BAD}", "HOST_DTB=none")
    assert done.returncode == 0, done.stderr
    assert os.path.exists(IMAGE) and "is not checked" in done.stderr


def test_another_machine(tmp_path):
    """The demo's configuration does not fit a machine with two harts."""
    path = tmp_path / "host.dtb"
    path.write_bytes(corpus.dump((("-m", "2G"), ("-smp", "2"))))
    done = make("check", "CONFIG=virt/linux-rt", f"HOST_DTB={path}")
    assert done.returncode and done.stderr.count("[unknown-hart]") == 2
    done = make("check", "CONFIG=virt/linux-rt")
    assert done.returncode == 0 and done.stderr == ""


def test_boards_have_trees():
    """Each directory of configurations has a machine that they are checked against."""
    for board in sorted(os.listdir(os.path.join(TOP, "configs"))):
        done = subprocess.run(["make", "-s", "-f", "Makefile", "--eval",
                               f"print-host: ; @echo $(call host_of,{board})", "print-host"], cwd=TOP,
                              env={key: value for key, value in os.environ.items() if key != "HOST_DTB"},
                              capture_output=True, text=True, check=True)
        assert done.stdout.split(), board


def test_unknown_board():
    done = subprocess.run([os.path.join(TOP, "scripts/check"), "configs/strange/a.dts", ""], cwd=TOP,
                          capture_output=True, text=True)
    assert done.returncode == 1 and "tests/hosts/strange.dts" in done.stderr and "HOST_DTB=none" in done.stderr
