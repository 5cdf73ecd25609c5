# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/coverage says what it lacks; `make coverage` itself takes too long for a test."""
import os
import subprocess

import pytest
from corpus import TOP


@pytest.fixture
def coverage(tmp_path):
    """Runs it with a compiler of version 99 and an llvm-cov of the given version."""
    def put(name, text):
        path = tmp_path / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return str(path)

    def run(cov, *args, clang="clang-99"):
        put("clang-99", 'case $1 in -dumpversion) echo 99.1.2;; *) echo "${1#*=}";; esac\n')
        put("llvm-cov", f"echo 'Debian LLVM version {cov}.0.6'\n")
        put("llvm-profdata", "exit 1\n")
        env = dict(os.environ, PATH=f"{tmp_path}:{os.environ['PATH']}", FUZZCC=clang)
        return subprocess.run([os.path.join(TOP, "scripts/coverage"), *args], env=env, capture_output=True, text=True,
                              timeout=60)
    return run


def test_the_package_is_named(coverage):
    done = coverage("98", "--tools")
    assert done.returncode == 1
    assert done.stderr == ("coverage: llvm-cov and llvm-profdata of clang-99 99 are not on this host; "
                           "Debian has them in the package llvm-99\n")


def test_no_compiler(coverage):
    done = coverage("99", "--tools", clang="clang-of-nobody")
    assert done.returncode == 1 and done.stderr.startswith("coverage: there is no clang-of-nobody on this host;")


def test_tools_are_there(coverage):
    done = coverage("99", "--tools")
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_to_run(coverage):
    done = coverage("99", "build/coverage/fuzz_nothing")
    assert done.returncode == 1
    assert done.stderr == "coverage: nothing is in build/fuzz/corpus/fuzz_nothing; `make fuzz` fills it\n"
