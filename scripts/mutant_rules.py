# SPDX-License-Identifier: GPL-2.0-or-later
"""The kinds of faults that scripts/mutants puts into C and assembly."""

# What a fault does to a line: name, what it looks for, what stands there instead. Each place is one fault.
RULES = {".c": (
    ("condition turned", r"\b(if|while) \((?!!\()(.+)\)(?=( \{)?$)", r"\1 (!(\2))"),
    ("comparison", r" == ", " != "), ("comparison", r" != ", " == "), ("bound", r" < ", " <= "),
    ("bound", r" <= ", " < "),
    ("bound", r" > ", " >= "), ("bound", r" >= ", " > "), ("and/or", r" && ", " || "), ("and/or", r" \|\| ", " && "),
    ("sign", r" \+ (?!\+)", " - "), ("sign", r" - ", " + "), ("shift", r" << ", " >> "),
    ("mask", r" & (?=~)", " | "), ("mask", r" &= ~", " &= "), ("mask", r" \| ", " & "),
    ("constant", r"(?<![\w.\[])(\d+)(u|ul|ull)?\b(?!\])", lambda m: str(int(m[1]) + 1) + (m[2] or "")),
    ("call dropped", r"^(\t+)(?!return)\w+\(.*\);$", r"\1;"),
    ("CSR write", r"\b(csr_write\(\w+, ).*\);$", r"\1~0ul);"),
    ("assignment dropped", r"^(\t+)(?:\*?[\w.\->\[\]]+) (?:[|&+-]?=) .+;$", r"\1;"),
    ("result", r"return true;", "return false;"), ("result", r"return false;", "return true;"),
    ("result", r"return ERR_\w+;", "return OK;")), ".S": (
    ("CSR write dropped", r"^(\t)(csr[cs]i?|csrw)\t.*$", r"\1nop"), ("fence dropped", r"^(\t)(h|s)?fence.*$", r"\1nop"),
    ("branch turned", r"\tbeqz\t", "\tbnez\t"), ("branch turned", r"\tbnez\t", "\tbeqz\t"),
    ("branch turned", r"\tbgeu\t", "\tbltu\t"), ("store dropped", r"^(\t)s[dw]\t.*$", r"\1nop"))}
