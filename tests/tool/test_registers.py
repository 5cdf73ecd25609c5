# SPDX-License-Identifier: GPL-2.0-or-later
"""What switch.S calls while most registers are still the guest's touches none of those (hyp/riscv/context.h): the
firmware's own code is disassembled and followed from vplic_read() and the like on, through every branch and call."""
import os
import re
import subprocess

import corpus

ELF = os.path.join(corpus.TOP, "build/bulkhead.elf")
OBJDUMP = os.environ.get("CROSS_COMPILE", "riscv64-linux-gnu-") + "objdump"

SAVED = {"zero", "ra", "sp", "tp", "t0", "t1", "a0", "a1", "a2", "a3", "a4", "a5"}
KEPT = {f"s{n}" for n in range(12)}	# by the calling convention: whoever uses one restores it
REGISTER = re.compile(r"\b(zero|ra|sp|gp|tp|t[0-6]|s1[01]|s[0-9]|a[0-7])\b")
LINE = re.compile(r"\s*([0-9a-f]+):\t(\S+)\s*([^#<\n]*)(<?)")


def disassembly():
    """[(address, mnemonic, operands, whether it names a target)], {name: address}"""
    out = subprocess.run([OBJDUMP, "-d", "-M", "no-aliases", "--no-show-raw-insn", ELF], stdout=subprocess.PIPE,
                         text=True, check=True).stdout
    names = {m[2]: int(m[1], 16) for m in re.finditer(r"^([0-9a-f]+) <(\w+)>:$", out, re.M)}
    code = [(int(m[1], 16), m[2].removeprefix("c."), m[3].strip(), bool(m[4]))
            for m in map(LINE.match, out.splitlines()) if m]
    return code, names


def follow(code, start):
    """Every instruction that can be reached from start, calls included: [(mnemonic, operands)]."""
    index = {line[0]: i for i, line in enumerate(code)}
    seen, todo = set(), [index[start]]
    while todo:
        i = todo.pop()
        if i in seen:
            continue
        seen.add(i)
        at, name, operands, has_target = code[i]
        if has_target and name[0] in "bj":
            todo.append(index[int(operands.split(",")[-1], 16)])
        if name in ("jr", "jalr"):
            assert name == "jr" and operands == "ra", f"{at:x}: {name} {operands}: who knows where that leads"
        elif not (name == "j" or name == "jal" and operands.startswith("zero,")):
            todo.append(i + 1)
    return [code[i][1:3] for i in sorted(seen)]


def used(name, operands):
    return set(REGISTER.findall(operands)) - SAVED - KEPT


def test_controllers_use_few_registers():
    code, names = disassembly()
    for function in ("vplic_read", "vplic_write", "vplic_physical", "vplic_passed_read", "vplic_passed_write",
                     "vaplic_read", "vaplic_write"):
        reached = follow(code, names[function])
        assert len(reached) > 100, function
        assert "amoswap.w.aq" in (name for name, _ in reached), function	# it came where the work is done
        for line in reached:
            assert not used(*line), f"{function}: {line}"


def test_others_use_more():
    """So the test above can fail: a function that is compiled as usual does use what it must not."""
    code, names = disassembly()
    assert any(used(*line) for line in follow(code, names["sbi_ecall"]))
