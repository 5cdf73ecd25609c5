# SPDX-License-Identifier: GPL-2.0-or-later
"""The English of comments and messages: none of the phrases that docs/style.md, "Words", replaces."""
import ast
import io
import os
import re
import subprocess
import tokenize

import corpus
import pytest

TOP = corpus.TOP
ROOMS = ["boot", "configs", "drivers", "guests", "hyp", "linker", "scripts", "tests/boot", "tests/fuzz", "tests/hosts",
         "tests/mutants", "tests/proofs", "tests/scripts", "tests/tool", "tests/unit", "tools"]

# docs/style.md, "Words", has the reason for each, and what to write instead.
PRIVATE = [r"\btells?\b", r"\btold\b", r"\blook(s|ed|ing)? after\b", r"\b(any|every|no|some)body\b", r"\bgoes on\b",
           r"\bfor good\b", r"\bby heart\b", r"\bat a desk\b", r"\bis judged\b", r"\bone's own\b", r"\boneself\b",
           r"\bcomes? past\b", r"\bunder way\b", r"\bis worth a word\b", r"\b(is|are) nobody's\b",
           r"\bwho (asks|calls|claims|completes|drives|ends|finds|holds|looks|makes|owns|reads|receives|sends|takes|uses|"
           r"waits|writes)\b"]


def c_text(source):
    """The comments and string literals of a C or assembly file, as (line, text)."""
    found = re.finditer(r'"((?:\\.|[^"\\\n])*)"|/\*(.*?)\*/|//([^\n]*)|^\s*# ([^\n]*)', source, re.S | re.M)
    for match in found:
        text = next(group for group in match.groups() if group is not None)
        yield source.count("\n", 0, match.start()) + 1, re.sub(r"\s*\n[ \t]*\*?[ \t]*", " ", text)


def python_text(source):
    """The docstrings and comments of a Python file, as (line, text)."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node):
            yield node.body[0].lineno, " ".join(ast.get_docstring(node).split())
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def hash_text(source):
    """The comments of a shell script or makefile, as (line, text)."""
    for number, line in enumerate(source.splitlines(), 1):
        match = re.search(r"(?:^|\s)#(?!!)(.*)", line)
        if match:
            yield number, match[1]


def texts(name, source):
    if name.endswith(".py") or re.match(r"#!.*python", source):
        return python_text(source)
    if re.search(r"\.(c|h|S|inc|def|ld|pml|dts|dtsi)$", name):
        return c_text(source)
    return hash_text(source) if name.endswith((".mk", ".sh")) or source.startswith("#!") else ()


def phrases(name, source):
    for line, text in texts(name, source):
        for pattern in PRIVATE:
            yield from (f"{name}:{line}: {match[0]!r}" for match in re.finditer(pattern, text, re.I))


def files(room):
    """Those of git, or all of a copy without git."""
    done = subprocess.run(["git", "-C", TOP, "ls-files", room], stdout=subprocess.PIPE, text=True, check=False)
    names = done.stdout.splitlines() or [os.path.relpath(os.path.join(where, name), TOP)
                                         for where, _, found in os.walk(os.path.join(TOP, room)) for name in found]
    return [name for name in names if os.path.isfile(os.path.join(TOP, name))]


def test_phrases_are_found():
    assert list(phrases("a.c", '/* A.\n * The hart\n * that looks after it. */\nint x;\tf("it is told");\n')) == [
        "a.c:1: 'looks after'", "a.c:4: 'told'"]
    assert list(phrases("a.S", "\tli a0, 1\t# for nobody\n# who calls it\n\tli a1, 2\n")) == ["a.S:2: 'who calls'"]
    assert list(phrases("a.py", 'def f():\n    """Goes on."""\n    return "told"  # for good\n')) == [
        "a.py:2: 'Goes on'", "a.py:3: 'for good'"]
    assert list(phrases("a", "#!/bin/sh\nx=1  # one's own\n")) == ["a:2: \"one's own\""]
    assert not list(phrases("a.c", "int told; /* The person that has a configuration. */"))


@pytest.mark.parametrize("room", ROOMS)
def test_comments_and_messages_use_the_terms_of_the_field(room):
    found = []
    for name in files(room):
        if name == os.path.relpath(os.path.abspath(__file__), TOP):
            continue
        with open(os.path.join(TOP, name), "rb") as file:
            source = file.read()
        if b"\0" not in source:
            found += phrases(name, source.decode(errors="replace"))
    assert not found, "docs/style.md, \"Words\": write instead what its table says"
