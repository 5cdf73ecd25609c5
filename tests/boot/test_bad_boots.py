# SPDX-License-Identifier: GPL-2.0-or-later
"""One wrong configuration of configs/bad for each kind of problem, booted: refused in the words of `bulkhead check`."""
import os
import re
import subprocess

import corpus
import pytest

from conftest import TOP
from machine import FIRMWARE, Machine

CASES = [case for case in corpus.cases() if case.boot]
NOT_AT_BOOT = {"note"}	# no problem


def test_each_code_is_booted():
    assert {code for case in CASES for code in case.codes()} == set(corpus.all_codes()) - NOT_AT_BOOT


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_refused(case, tmp_path, log_dir, time_scale):
    directory, image, parts = str(tmp_path), str(tmp_path / "image.bin"), str(tmp_path / "parts.dtb")
    packed = [word for name, file in case.images(directory).items() for word in ("-i", f"{name}={file}")]
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", parts, case.path], check=True)
    subprocess.run([os.path.join(TOP, "build/bulkhead"), "pack", "--force", "-o", image, *packed,
                    os.path.join(TOP, "build/core.bin"), parts], check=True, capture_output=True)
    args = case.machine_args()
    extra = ["-dtb", case.host_tree(directory)] if case.host or corpus.PLIC in case.text else []
    with Machine(bios=os.path.join(FIRMWARE, "fw_dynamic.bin"), kernel=image, harts=args["-smp"], memory=args["-m"],
                 extra=extra, log_dir=log_dir, scale=time_scale) as machine:
        machine.wait(20, status=None)
        said = machine.uart.text + machine.hv.text
        assert re.findall(r"^\[bulkhead\] (/.* \[[a-z-]+\])$", said, re.M) == case.expect
        assert re.search(r"^\[bulkhead\] refused: .*; nothing is started$", said, re.M)
        assert not re.search(r"vm [a-z]+: started", said)
