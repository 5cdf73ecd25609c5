# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines of all files have at most 120 columns, as docs/style.md says; what may be longer is a matter of a rule
there."""
import os
import re
import subprocess

import corpus
import pytest

COLUMNS, TAB, LINES, LONGEST = 120, 8, 500, 60
ROOMS = {"Makefile", "boot", "drivers", "guests", "hyp", "linker", "scripts", "tools"}
CODE = (".c", ".h", ".S", ".inc", ".py")
QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`""")
DATA = (".csv", ".svg", ".log", ".def", ".dts", ".dtsi")    # tables, pictures, what was recorded, device trees


def files():
    names = subprocess.run(["git", "ls-files", "-z"], cwd=corpus.TOP, capture_output=True, text=True, check=True).stdout
    return [name for name in names.split("\0") if os.path.isfile(os.path.join(corpus.TOP, name))]


def lines(path):
    with open(os.path.join(corpus.TOP, path), "rb") as file:
        data = file.read()
    return [] if b"\0" in data else data.decode("utf-8").split("\n")


def is_data(path):
    return path.endswith(DATA) or path.startswith("tests/golden/")


def may_be_long(path, line):
    """A row of a table; what a document shows as it is typed or printed; a long text that is quoted in one piece."""
    shown = path.endswith(".md") and (line.lstrip(" ").startswith("|") or line.startswith("    "))
    return shown or " ¦ " in line or max(map(len, QUOTED.findall(line)), default=0) > 80


def too_long(path, text):
    return [f"{path}:{number}: {len(line.expandtabs(TAB))}" for number, line in enumerate(text, 1)
            if len(line.expandtabs(TAB)) > COLUMNS and not may_be_long(path, line)]


def test_columns():
    found = [fault for path in files() if not is_data(path) for fault in too_long(path, lines(path))]
    assert not found, "\n".join(found)


def too_many_lines(path, text):
    """Of what runs, builds, measures or tests; documents, tables and models may have more."""
    return (path.split("/")[0] in ROOMS or path.endswith(CODE)) and not is_data(path) and len(text) - 1 > LINES


def test_lines():
    found = [f"{path}: {len(lines(path)) - 1}" for path in files() if too_many_lines(path, lines(path))]
    assert not found, "\n".join(found)


def test_what_has_too_many_lines():
    assert too_many_lines("hyp/vm/vm.c", [""] * 502) and not too_many_lines("hyp/vm/vm.c", [""] * 501)
    assert too_many_lines("tests/unit/test_vm.c", [""] * 502) and too_many_lines("tests/tool/a.py", [""] * 502)
    assert not too_many_lines("tools/required.def", [""] * 502) and not too_many_lines("docs/a.md", [""] * 502)


def functions(text):
    """(first line, number of lines, tabs before the innermost statement) of each function of a C file."""
    for end in (number for number, line in enumerate(text) if line == "}"):
        begin = max((number for number in range(end) if text[number] == "{"), default=None)
        if begin is None or any(text[number] == "}" for number in range(begin, end)):
            continue
        first = max(number for number in range(begin) if re.match(r"\w.*\(", text[number]))
        statements = [line for line in text[begin + 1:end] if re.match(r"\t+\w", line)]
        yield text[first], end - first + 1, max((len(line) - len(line.lstrip("\t")) for line in statements), default=0)


def test_functions():
    """What docs/style.md says of their size."""
    found = [(size, path, name) for path in files() if path.endswith(".c") and path.split("/")[0] in ROOMS
             for name, size, _ in functions(lines(path))]
    assert len(found) > 1500
    assert not [it for it in found if it[0] > LONGEST]
    assert len([it for it in found if it[0] > 40]) < len(found) / 100


def test_what_a_function_is():
    text = "int a;\nint f(void)\n{\n\tif (a)\n\t\tg();\n}\n\nstatic int g(int a,\n\t     int b)\n{\n}\n".split("\n")
    assert list(functions(text)) == [("int f(void)", 5, 2), ("static int g(int a,", 4, 0)]


@pytest.mark.parametrize("path, line, count", [
    ("a.c", "\t" * 15 + "x", 1), ("a.c", "\t" * 14 + "x" * 8, 0),
    ("a.py", "x" * 121, 1), ("Makefile", "\t" + "y " * 57, 1),
    ("a.md", "word " * 30, 1), ("a.md", "| " + "word " * 30, 0), ("a.md", "    " + "word " * 30, 0),
    ("a.c", "    " + "x" * 120, 1),
    ("a.c", '"' + "x" * 120 + '"', 0), ("a.c", "f(" + '"12345", ' * 20, 1)])
def test_what_is_too_long(path, line, count):
    assert len(too_long(path, [line])) == count


def test_there_is_much_to_check():
    assert sum(len(lines(path)) for path in files() if not is_data(path)) > 50000
