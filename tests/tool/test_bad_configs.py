# SPDX-License-Identifier: GPL-2.0-or-later
"""configs/bad: each wrong configuration gets exactly the messages that its head comment lists, at the right line."""
import json
import os
import re
import subprocess

import corpus
import pytest

TOOL = os.path.join(corpus.TOP, "build/bulkhead")
CHECKED = os.path.join(corpus.TOP, "build/unit/bulkhead")    # with sanitizers
CASES = corpus.cases()
# What no tree can bring about on the machine of the corpus, and where it is tested instead.
ELSEWHERE = {"note"}    # no problem; tests/tool/test_commands.py


def check(tool, case, directory, *options, code=1):
    case.images(directory)
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    done = subprocess.run([tool, "check", case.host_tree(directory), case.path, "--images", directory, *options],
                          capture_output=True, text=True, timeout=60, env=env)
    assert done.returncode == code, done.stderr
    return done


def as_line(problem):
    prop = f"{problem['property']}: " if problem["property"] else ""
    return f"{problem['node']}: {prop}{problem['message']} [{problem['code']}]"


def test_corpus():
    assert len(CASES) >= 100
    assert {code for case in CASES for code in case.codes()} == set(corpus.all_codes()) - ELSEWHERE


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_message(case, tmp_path):
    """To a person: exact text, and a line of the source that has to do with it."""
    done = check(TOOL, case, str(tmp_path))
    *told, summary = [line for line in done.stderr.splitlines() if ": note: " not in line]
    assert summary == f"{len(case.expect)} problem{'s' * (len(case.expect) != 1)}"
    seen = []
    for line in told:
        match = re.fullmatch(re.escape(case.path) + r":(\d+): (.*)", line)
        if match:
            node, prop = re.match(r"(/[^ ]*): (?:([^ ]+): )?", match[2]).groups()
            source = case.text.splitlines()[int(match[1]) - 1]
            name = re.escape(prop) + r"( =|;)" if prop else re.escape(node[1:] or "/") + r" \{"
            absent = prop and not re.search(rf"\s{re.escape(prop)}( =|;)", case.text.split("/dts-v1/")[1])
            if absent:      # then its node
                name = re.escape(node[1:] or "/") + r" \{"
            assert re.search(rf"(^|\s){name}", source), f"{line}\npoints at: {source}"
        seen.append(match[2] if match else line.replace(str(tmp_path / "host.dtb") + ": ", "", 1))
    assert seen == case.expect


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_json(case, tmp_path):
    """To a program, by the tool with sanitizers: the same."""
    done = check(CHECKED, case, str(tmp_path), "--json")
    assert done.stderr == ""
    said = json.loads(done.stdout)
    assert said["ok"] is False
    errors = [problem for problem in said["problems"] if problem["severity"] == "error"]
    assert [as_line(problem) for problem in errors] == case.expect
    for problem in errors:
        assert ("line" in problem) == (problem["tree"] == "config")
