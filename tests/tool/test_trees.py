# SPDX-License-Identifier: GPL-2.0-or-later
"""Vendors' device trees: `bulkhead new` handles each, and assigns no device that controls the machine without a
comment.

The trees are those in Debian's kernel package, which scripts/fetch has in build/cache, tests/hosts, and QEMU's own.
What controls the machine is found here anew, from the tree alone, by another program and without a list of kinds.
"""
import glob
import json
import os
import re
import subprocess
import sys

import corpus
import pytest

sys.path.insert(0, os.path.join(corpus.TOP, "tests/boot"))

import trees  # noqa: E402

TOOL = os.path.join(corpus.TOP, "build/bulkhead")
CHECKED = os.path.join(corpus.TOP, "build/unit/bulkhead")    # with sanitizers
PACKAGES = glob.glob(os.path.join(corpus.TOP, "build/cache/linux-image-*.deb"))
RAM = ["--memory", "1G at 0x80000000"]      # where the boot loader would add it
PROVIDES = ("#clock-cells", "#reset-cells", "#power-domain-cells", "#mbox-cells", "regulator-name")
CELLS = {"clocks": "#clock-cells", "assigned-clocks": "#clock-cells", "resets": "#reset-cells",
         "power-domains": "#power-domain-cells", "mboxes": "#mbox-cells", "pwms": "#pwm-cells", "gpios": "#gpio-cells",
         "gpio": "#gpio-cells", "interconnects": "#interconnect-cells"}
UARTS = ("ns16550a", "snps,dw-apb-uart", "sifive,uart0")


def run(*args, tool=TOOL):
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=0:exitcode=99")
    return subprocess.run([tool, *map(str, args)], capture_output=True, text=True, timeout=120, env=env)


@pytest.fixture(scope="module")
def host_trees(tmp_path_factory):
    """{name: (file, its tree)} of all machines."""
    where = tmp_path_factory.mktemp("trees")
    for package in PACKAGES:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as archive:
            subprocess.run(["tar", "-xf", "-", "-C", where, "--wildcards", "*.dtb"], stdin=archive.stdout, check=True)
    (where / "qemu.dtb").write_bytes(corpus.dump((("-m", "2G"), ("-smp", "4"))))
    for path in glob.glob(os.path.join(corpus.TOP, "tests/hosts/*.dts")):
        (where / (os.path.basename(path)[:-1] + "b")).write_bytes(trees.dtb("dts", path))
    files = sorted(where.rglob("*.dtb"))
    return {str(path.relative_to(where)): (path, trees.read(path.read_bytes())) for path in files}


def strings(value):
    return value.rstrip(b"\0").decode("latin-1").split("\0") if value else []


def has_harts(tree):
    return any(props.get("device_type") == b"cpu\0" and props.get("mmu-type", b"riscv,none\0") != b"riscv,none\0"
               and props.get("status", b"okay\0") in (b"okay\0", b"ok\0") for props in tree.values())


def ram(tree):
    named = any(re.match(r"/memory(@|$)", path) and any(props.get("reg", b"")) for path, props in tree.items())
    return [] if named else RAM


def below(path, top):
    return path == top or path.startswith(top + "/")


def references(tree):
    """(node, property, node) for what a node depends on: its clocks, resets, pins, supplies, registers elsewhere."""
    at = {}
    for path, props in tree.items():
        if "phandle" in props:
            at.setdefault(trees.number(props["phandle"]), path)
    for path, props in tree.items():
        for name, value in props.items():
            if len(value) % 4 or not value:
                continue
            cells = trees.cells(value)
            if name in ("regmap", "syscon", "next-level-cache") or re.match(r"[a-z]+,(\w+-)?syscon$", name):
                found = cells[:1]
            elif re.match(r"pinctrl-\d+$", name) or re.search(r".-supply$", name):
                found = cells
            elif name in CELLS or re.search(r".-gpios?$", name):
                found, i = [], 0
                while i < len(cells) and (cells[i] in at or not cells[i]):
                    found.append(cells[i])
                    count = tree[at[cells[i]]].get(CELLS.get(name, "#gpio-cells"), bytes(4)) if cells[i] else bytes(4)
                    i += 1 + trees.number(count)
            else:
                continue
            yield from ((path, name, at[handle]) for handle in found if handle in at)


def controllers(tree):
    """{node: the reason why it controls others}, from the tree alone."""
    found = {}
    for path, props in tree.items():
        compatible = strings(props.get("compatible"))
        if any(name in props for name in PROVIDES) or "syscon" in compatible or any("wdt" in c for c in compatible):
            found.setdefault(path, []).append(path)
    for path, _, target in references(tree):
        found.setdefault(target, []).append(path)
    return found


def off_switches(tree):
    return {target for path, name, target in references(tree) if name in ("regmap", "syscon")
            and set(strings(tree[path].get("compatible"))) & {"syscon-poweroff", "syscon-reboot"}}


LINE = re.compile(r'^\t\t(?:devices = |// devices = |//\t, )"([^"]*)"\t// (.*)$', re.M)


def new(name, path, tree, tool=TOOL):
    done = run("new", "--assume-h", *ram(tree), path, tool=tool)
    assert done.returncode == 0, f"{name}: {done.stderr}"
    return done.stdout


def test_corpus(host_trees):
    """There is something to try: all vendors whose trees Debian has, unless the kernel is a person's own."""
    assert len(host_trees) >= 5
    assert PACKAGES or os.environ.get("LINUX_IMAGE")
    if PACKAGES:
        assert len(host_trees) >= 30 and sum(has_harts(tree) for _, tree in host_trees.values()) >= 25


def test_new_passes(host_trees, tmp_path):
    """By the tool with sanitizers. A machine without harts that have an MMU is refused, in words."""
    for name, (path, tree) in host_trees.items():
        done = run("new", "--assume-h", *ram(tree), path, "-o", tmp_path / "new.dts", tool=CHECKED)
        if not has_harts(tree):
            assert done.returncode == 1 and re.search(r": /cpus: no usable hart.*\[bad-host\]$", done.stderr,
                                                      re.M), name
            continue
        assert done.returncode == 0, f"{name}: {done.stderr}"
        done = run("check", "--assume-h", *ram(tree), path, tmp_path / "new.dts", tool=CHECKED)
        assert done.returncode == 0, f"{name}: {done.stderr}"


def test_classes(host_trees):
    """Nothing that controls the machine, by the facts of the tree, is offered as anything else."""
    told, uarts = 0, 0
    for name, (path, tree) in host_trees.items():
        if not has_harts(tree):
            continue
        control, off = controllers(tree), off_switches(tree)
        devices = dict(LINE.findall(new(name, path, tree)))
        assert devices, name
        for device, text in devices.items():
            assert len(re.findall("; harmless: |; may do DMA: |; does DMA, which an IOMMU confines|"
                                  "; machine control, as ", text)) == 1, f"{name}: {text}"
            assert "an IOMMU confines" not in text or {"iommus", "iommu-map"} & set(tree[device]), f"{name}: {text}"
            assert not [node for node in off if below(node, device)], f"{name}: {device} switches the machine off"
            because = [by for node, users in control.items() if below(node, device) for by in users
                       if by == node or not below(by, device)]
            if because:
                assert "; machine control, as " in text, f"{name}: {device}, for {because[:3]}: {text}"
                told += 1
            if set(strings(tree[device].get("compatible"))) & set(UARTS):
                assert "; harmless: " in text, f"{name}: {device}: {text}"
                uarts += 1
    assert uarts >= 8 and (told >= 100 or not PACKAGES), (told, uarts)


def config(device, *words):
    return ('/dts-v1/;\n/ { compatible = "bulkhead,partitions-v1"; one { harts = <HART>; memory = "4M"; kernel = "k"; '
            f'devices = "{device}"; {" ".join(words)} }}; }};\n')


def test_words_are_needed(host_trees, tmp_path):
    """A device that controls the machine is refused without trust-control, and accepted with it and what else it needs."""
    for name, (path, tree) in host_trees.items():
        if not has_harts(tree):
            continue
        text = new(name, path, tree)
        hart = re.search(r"harts = <(\d+)", text)[1]
        for device, said in LINE.findall(text):
            if "; machine control, as " not in said:
                continue
            results = []
            for words in (["trust-dma;"], ["trust-control;"] + ["trust-dma;"] * ("and trust-dma" in said)):
                (tmp_path / "a.dts").write_text(config(device, *words).replace("HART", hart))
                done = run("check", "--assume-h", *ram(tree), "--json", path, tmp_path / "a.dts")
                results.append({problem["code"] for problem in json.loads(done.stdout)["problems"]} - {"note"})
            assert results == [{"control-untrusted"}, set()], f"{name}: {device}: {said}"


VISIONFIVE, UNMATCHED = "jh7110-starfive-visionfive-2-v1.3b.dtb", "hifive-unmatched-a00.dtb"


@pytest.mark.skipif(not PACKAGES, reason="LINUX_IMAGE: there is no kernel package with vendors' trees")
@pytest.mark.parametrize("tree, device", [(VISIONFIVE, "/soc/watchdog@13070000"), (VISIONFIVE, "/soc/syscon@13030000"),
                                          (VISIONFIVE, "/soc/syscon@17010000"),
                                          (UNMATCHED, "/soc/clock-controller@10000000")])
def test_reset_devices(host_trees, tmp_path, tree, device):
    """A watchdog, PLLs and resets, clocks: a guest without any word of trust cannot have them."""
    path, = [path for name, (path, _) in host_trees.items() if name.endswith("/" + tree)]
    (tmp_path / "a.dts").write_text(config(device).replace("HART", "1"))
    done = run("check", "--assume-h", path, tmp_path / "a.dts")
    assert done.returncode == 1 and f"{device} controls the machine: it is a" in done.stderr
    assert 'add "trust-control;"' in done.stderr and "[control-untrusted]" in done.stderr
