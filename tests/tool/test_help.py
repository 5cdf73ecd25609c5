# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands' documentation: help, manual page, completion."""
import os
import re
import shutil
import subprocess

from commands import COMMANDS, tool  # noqa: F401 (a fixture)
from corpus import TOP


def options_of(tool, command):
    return set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", tool(command, "--help").stdout)) - {"--usage"}


def test_help(tool):
    overview = tool("--help").stdout
    for command in COMMANDS:
        assert re.search(rf"^  {command} +\w", overview, re.M)
        assert f"Usage: bulkhead {command}" in tool(command, "--help").stdout
        assert "--help" in options_of(tool, command)
        assert "Usage" in tool(command, code=2).stderr


def test_version(tool):
    """One for all: what the tool says, the manual page's, and the banner in the firmware's image."""
    said = tool("--version").stdout
    version = re.fullmatch(r"bulkhead (\d+\.\d+)\n", said)[1]
    assert "--version" in tool("--help").stdout
    with open(os.path.join(TOP, "docs/bulkhead.1"), encoding="utf-8") as file:
        assert re.search(r'^\.TH BULKHEAD 1 \d{4}-\d\d-\d\d "Bulkhead (.*?)"', file.read(), re.M)[1] == version
    with open(os.path.join(TOP, "build/core.bin"), "rb") as file:
        assert f"Bulkhead {version} on hart ".encode() in file.read()


def test_manual_page(tool):
    page = os.path.join(TOP, "docs/bulkhead.1")
    with open(page, encoding="utf-8") as file:
        text = file.read().replace("\\-", "-")
    for command in COMMANDS:
        assert f".B bulkhead {command}\n" in text and f".B {command}\n" in text
        for option in options_of(tool, command):
            assert option in text, f"{command} {option}"
    for option in set(re.findall(r"--[a-z][a-z-]+", text)):
        assert option == "--version" or any(option in options_of(tool, command) for command in COMMANDS), option
    if shutil.which("groff"):
        done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", page], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "") and "BULKHEAD(1)" in done.stdout
    if shutil.which("mandoc"):
        subprocess.run(["mandoc", "-T", "lint", "-W", "error", page], check=True)


def complete(words, cwd=TOP):
    """What bash offers for the last of the words."""
    script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bulkhead; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "--norc", "-O", "extglob", "-c", script, "bash",
                           os.path.join(TOP, "scripts/completion/bulkhead.bash"), *words],
                          cwd=cwd, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return set(done.stdout.split())


def test_completion(tool, tmp_path):
    assert complete(["bulkhead", ""]) == {*COMMANDS, "--help", "--version"}
    assert complete(["bulkhead", "p"]) == {"plan", "pack"}
    for command in COMMANDS:
        offered = complete(["bulkhead", command, "-"])
        assert {word for word in offered if word.startswith("--")} == options_of(tool, command), command
    (tmp_path / "a.dts").write_text("")
    (tmp_path / "b.txt").write_text("")
    (tmp_path / "dir").mkdir()
    assert complete(["bulkhead", "check", ""], tmp_path) == {"a.dts", "dir/"}
    assert complete(["bulkhead", "check", "--images", ""], tmp_path) == {"dir"}
    assert complete(["bulkhead", "dtb", "tests/hosts/virt.dts", "configs/virt/linux-rt.dts", ""]) == {"linux", "rt"}
