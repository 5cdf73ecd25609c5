# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/mutants: the faults of tests/mutants/listed are found, and what it says of a fault is true."""
import os
import subprocess

import pytest

from loading import TOP, script

mutants = script("mutants")


def make(*words, **env):
    """The exit status of make in this tree, and what it says."""
    done = subprocess.run(["make", "-s", *words], cwd=TOP, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False,
                          env={**{name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
                               **env})
    return done.returncode, done.stdout + done.stderr


def test_listed_faults_are_found():
    status, said = make("mutants-listed")
    count = len(list(mutants.records("tests/mutants/listed")))
    assert count >= 10
    assert status == 0 and f"{count} found, 0 SURVIVES, 0 equivalent, 0 not compiled" in said, said


@pytest.mark.parametrize("fault, word", [
    (";", "found"), ("csr_write(number, value); ;", "SURVIVES"), ("csr_write(number, no_such_name);", "not compiled")])
def test_a_fault_is_said_to_be_what_it_is(tmp_path, fault, word):
    listed = tmp_path / "listed"
    listed.write_text(f"# one fault\nhyp/riscv/guest_env.c ¦ csr_write(number, value); ¦ {fault} ¦ a guest would find what another left\n")
    status, said = make("mutants-listed", LISTED=str(listed), FUZZ="1")
    assert f"1 {word}" in said and (status == 0) == (word == "found"), said


@pytest.mark.parametrize("line, faults", [
    ("\tif (a < b)", {"if (!(a < b))", "if (a <= b)"}),
    ("\tsay(\"a \\\" < 1\");", {";"}),
    ("\tcsr_write(CSR_X, 0);", {";", "csr_write(CSR_X, 1);", "csr_write(CSR_X, ~0ul);"}),
    ("static int a = 1;", set()), ("\t/* a < b */", set()), ("\tassert(a < b);", set())])
def test_places(tmp_path, monkeypatch, line, faults):
    monkeypatch.setattr(mutants, "TOP", str(tmp_path))
    (tmp_path / "a.c").write_text(line + "\n")
    assert {fault[4].strip() for fault in mutants.places("a.c")} == faults


def test_argued_faults_are_there():
    """Where their file has moved, too; a fault is one of the rules'."""
    for path, number, _, line, fault in mutants.find_listed("tests/mutants/equivalent"):
        assert [f for f in mutants.places(path) if (f[1], f[4].strip()) == (number, fault)], (path, line, fault)
    assert all(len(why) > 20 for _, _, _, why in mutants.records("tests/mutants/equivalent"))


def test_a_listed_line_is_found_where_its_file_has_moved(tmp_path, monkeypatch):
    monkeypatch.setattr(mutants, "TOP", str(tmp_path))
    monkeypatch.setattr(mutants, "SOURCES", ["hyp/new/a.c", "hyp/new/b.c"])
    (tmp_path / "hyp/new").mkdir(parents=True)
    (tmp_path / "hyp/new/a.c").write_text("\tf();\n\tg();\t/* why */\n")
    (tmp_path / "hyp/new/b.c").write_text("\tg();\n\th();\n")
    (tmp_path / "list").write_text("".join(f"hyp/old/{path} ¦ {line} ¦ ; ¦ why\n" for path, line in (
        ("a.c", "g();"), ("b.c", "g();"), ("a.c", "h();"))))
    assert [fault[:2] for fault in mutants.find_listed("list")] == [("hyp/new/a.c", 1), ("hyp/new/b.c", 0),
                                                                    ("hyp/new/b.c", 1)]
    (tmp_path / "list").write_text("hyp/new/a.c ¦ i(); ¦ ; ¦ why\n")
    with pytest.raises(SystemExit, match="has no line `i..;` any more"):
        list(mutants.find_listed("list"))


def test_boot_tests_are_there():
    for part, words in mutants.records("tests/mutants/boots"):
        assert os.path.exists(os.path.join(TOP, words.split()[0]))
        assert any(part in path for path in mutants.SOURCES)


@pytest.mark.parametrize("name", ["listed", "boot-tests"])
def test_listed_lines_are_there(name):
    """Also where their files have moved."""
    faults = list(mutants.find_listed(f"tests/mutants/{name}"))
    assert len(faults) >= 10
    for _, _, why, line, fault in faults:
        assert line != fault
        assert name == "listed" or os.path.exists(os.path.join(TOP, why.split()[0]))
