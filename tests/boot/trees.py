# SPDX-License-Identifier: GPL-2.0-or-later
"""Device trees as {path of a node: {property: bytes}}, for comparing."""
import struct
import subprocess

BEGIN, END, PROP, NOP, LAST = 1, 2, 3, 4, 9


def dtb(kind, path):
    """The compiled tree of a source ("dts"), a directory like /proc/device-tree ("fs") or a compiled one ("dtb")."""
    return subprocess.run(["dtc", "-q", "-I", kind, "-O", "dtb", path], capture_output=True, check=True).stdout


def read(blob):
    """The tree in a blob (Devicetree Specification 0.4, chapter 5)."""
    magic, _, at, strings = struct.unpack_from(">4I", blob)
    assert magic == 0xd00dfeed
    tree, path = {}, []
    while True:
        token, = struct.unpack_from(">I", blob, at)
        at += 4
        if token == BEGIN:
            end = blob.index(b"\0", at)
            path.append(blob[at:end].decode())
            tree["/".join(path) or "/"] = {}
            at = (end + 4) & ~3
        elif token == END:
            path.pop()
        elif token == PROP:
            size, name = struct.unpack_from(">2I", blob, at)
            name = blob[strings + name:blob.index(b"\0", strings + name)].decode()
            tree["/".join(path) or "/"][name] = blob[at + 8:at + 8 + size]
            at = (at + 8 + size + 3) & ~3
        elif token == LAST:
            return tree
        else:
            assert token == NOP, f"token {token} at {at - 4}"


def cells(value):
    return list(struct.unpack(f">{len(value) // 4}I", value))


def number(value):
    """Of one cell or two."""
    return int.from_bytes(value, "big")
