# SPDX-License-Identifier: GPL-2.0-or-later
"""A variable that is used by loops alone is declared in them, as docs/style.md says."""
import re

import pytest
from test_layout import files, lines

PLAIN = re.compile(r"^\t+(?:(?:const|struct|enum|union|unsigned|signed) )*\w+ ([*\w, ]+);$")
NO_TYPES = ("return", "goto")


def depth(line):
    return len(line) - len(line.lstrip("\t"))


def block_end(text, at):
    """The first line behind what is indented at least as the line `at` is."""
    return next((n for n in range(at, len(text)) if text[n] and depth(text[n]) < depth(text[at])), len(text))


def loop_end(text, at):
    """The first line behind the loop that begins there: its lines are indented further, or end a block."""
    return next((n for n in range(at + 1, len(text)) if text[n] and depth(text[n]) <= depth(text[at])
                 and not text[n].lstrip("\t").startswith("}")), len(text))


def of_loops_alone(text, name, first, end):
    loops, number = False, first
    while number < end:
        if re.search(rf"\bfor \({name} = ", text[number]):
            loops, number = True, loop_end(text, number)
        elif re.search(rf"(?<![\w.>]){name}\b", text[number]):
            return False
        else:
            number += 1
    return loops


def outside(text):
    """(line, name) of each variable without a value that is declared outside of the only loops that use it."""
    code = [re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\])*"', "", line).rstrip() for line in text]
    for number, line in enumerate(code):
        found = PLAIN.match(line)
        if not found or line.split()[0] in NO_TYPES:
            continue
        for name in re.findall(r"\w+", found[1]):
            if of_loops_alone(code, name, number + 1, block_end(code, number)):
                yield number + 1, name


def test_counters():
    found = [f"{path}:{number}: {name}" for path in files() if path.endswith((".c", ".h"))
             for number, name in outside(lines(path))]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("body, names", [
    ("\tint i;\n\n\tfor (i = 0; i < 3; i++)\n\t\tf(i);\n", ["i"]),
    ("\tint i, n;\n\n\tfor (i = 0; i < 3; i++) {\n\t\tf(i);\n\t}\n\tn = 2;\n", ["i"]),
    ("\tint i;\n\n\tfor (i = 0; i < 3; i++)\n\t\tf(i);\n\tf(i);\n", []),
    ("\tstruct a *p;\n\n\tfor (p = a; p; p = p->p)\n\t\tf(p);\n\tfor (p = b; p; p++)\n\t\tf(x->p);\n", ["p"]),
    ("\tif (a) {\n\t\tint i;\n\n\t\tfor (i = 0; i < 3; i++)\n\t\t\tf(i);\n\t}\n\ti = 3;\n", ["i"]),
    ("\tfor (int i = 0; i < 3; i++)\n\t\tf(i);\n", []),
    ("\treturn i;\n", [])])
def test_what_is_outside(body, names):
    assert [name for _, name in outside(("void g(void)\n{\n" + body + "}\n").split("\n"))] == names
