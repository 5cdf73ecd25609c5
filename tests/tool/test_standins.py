# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices of vendors' trees, given to a guest: no reference leads nowhere, and what bindings require is there.

Each device is given alone, and with the devices that `bulkhead new` names with it. `make test` takes a part of the
devices of each tree, `make boards` all. References are found here anew, from the guest's tree alone, by another
program; the names of references that have no shape of their own are those of the bindings (hyp/plan/phandles.def).
"""
import collections
import json
import os
import re

import corpus
import pytest
from test_trees import CELLS, LINE, PACKAGES, config, has_harts, host_trees, new, ram, run, strings, trees  # noqa: F401

FULL = bool(os.environ.get("BULKHEAD_BOARDS"))
PART = 1 if FULL else 7     # every device, or one in so many
MORE_CELLS = dict(CELLS, phys="#phy-cells", dmas="#dma-cells", **{
    "assigned-clock-parents": "#clock-cells", "io-channels": "#io-channel-cells", "nvmem-cells": "#nvmem-cell-cells",
    "thermal-sensors": "#thermal-sensor-cells", "sound-dai": "#sound-dai-cells", "iommus": "#iommu-cells"})

# What a device lacks if its provider is not in the guest, too, and why nothing stands in for it.
LACKING = {
    "dmas": "a DMA channel is a part of a DMA controller, which acts on memory",
    "dma-names": "with dmas",
    "power-domains": "the binding requires it; Linux takes a device without a power domain as on",
    "syscon": "the device's own settings are in a block of system registers",
    "vbat-supply": "the supply is on; Linux takes a dummy regulator",
    "vddio-supply": "the supply is on; Linux takes a dummy regulator",
}


def widths():
    with open(os.path.join(corpus.TOP, "hyp/plan/phandles.def"), encoding="utf-8") as file:
        return {name: int(cells) for name, cells in re.findall(r'PHANDLE\("(.*)", (\d)\)', file.read())}


WIDTHS = widths()


def targets(tree, name, cells, at):
    """The phandles in a property's value, 0 and what is not known included; none if it is no reference."""
    counted = MORE_CELLS.get(name) or ("#gpio-cells" if re.search(r".-gpios?$", name) else None)
    if counted:
        i = 0
        while i < len(cells):
            yield cells[i]
            node = tree.get(at.get(cells[i]), {})
            i += 1 + (trees.number(node[counted]) if counted in node else 0)
    elif re.match(r"pinctrl-\d+$", name) or re.search(r".-supply$", name):
        yield from cells
    elif name in WIDTHS:
        yield from cells[::WIDTHS[name]] if WIDTHS[name] else cells[:1]
    elif name == "interrupt-parent" or re.match(r"[a-z]+,.*(syscon|sysreg|csr|crg)", name):
        yield cells[0]


def dangling(tree):
    """(node, property) of each reference that leads nowhere; names of nothing, and endpoints without their other
    side."""
    at = {trees.number(props["phandle"]): path for path, props in tree.items() if "phandle" in props}
    for path, props in tree.items():
        for name, value in props.items():
            if len(value) % 4 or not value:
                continue
            if any(handle and handle not in at for handle in targets(tree, name, trees.cells(value), at)):
                yield path, name
        for names, others in (("clock-names", "clocks"), ("reset-names", "resets"), ("dma-names", "dmas"),
                              ("phy-names", "phys"), ("power-domain-names", "power-domains"),
                              ("pinctrl-names", "pinctrl-0")):
            if names in props and others not in props:
                yield path, names
        if "remote-endpoint" in props and tree[at[trees.number(props["remote-endpoint"])]].get("remote-endpoint") \
                != props.get("phandle", b""):
            yield path, "remote-endpoint"


def test_dangling_is_seen():
    """The finder itself."""
    def cells(*values):
        return b"".join(value.to_bytes(4, "big") for value in values)

    clock = {"phandle": cells(1), "#clock-cells": cells(1)}
    good = {"/clock": clock, "/uart": {"clocks": cells(1, 7), "clock-names": b"a\0"}}
    assert not list(dangling(good))
    for props in ({"clocks": cells(2, 7)}, {"clocks": cells(1, 7, 9)}, {"clock-names": b"a\0"},
                  {"x-gpios": cells(5, 0, 0)},
                  {"starfive,sys-syscon": cells(9, 1)}, {"snps,axi-config": cells(9)}, {"pinctrl-0": cells(1, 2)},
                  {"vin-supply": cells(4)}, {"interrupt-parent": cells(3)}, {"mmc-pwrseq": cells(8)},
                  {"remote-endpoint": cells(1)}):
        assert list(dangling({"/clock": clock, "/x": props})), props


def groups(text):
    """Lists of devices that the configuration of `new` offers together."""
    return [re.findall(r'"([^"]+)"', line) for line in re.findall(r"^\t\t//\t with (.*)$", text, re.M)]


def given(path, tree, devices, hart, where):
    """A guest with these devices: its tree, and what `bulkhead drivers` says of it."""
    text = config('", "'.join(devices), "trust-dma;", "trust-control;").replace("HART", hart)
    (where / "a.dts").write_text(text)
    args = ["--assume-h", *ram(tree), path, where / "a.dts", "one"]
    done = run("dtb", *args, "-o", where / "guest.dtb")
    assert done.returncode == 0, f"{path}: {devices}: {done.stderr}"
    said = json.loads(run("drivers", "--json", *args).stdout)["devices"]
    return trees.read((where / "guest.dtb").read_bytes()), said


def test_corpus(host_trees, tmp_path):  # noqa: F811
    count, whole, lacking, rates, unknown = 0, 0, collections.Counter(), 0, []
    for name, (path, tree) in host_trees.items():
        if not has_harts(tree):
            continue
        text = new(name, path, tree)
        hart = re.search(r"harts = <(\d+)", text)[1]
        offered = [[device] for device, _ in LINE.findall(text)] + groups(text)
        for devices in offered[len(name) % PART::PART]:
            guest, said = given(path, tree, devices, hart, tmp_path)
            assert not list(dangling(guest)), f"{name}: {devices}"
            missing = {prop for device in said for prop in device["missing"].split()}
            unknown += [f"{name}: {devices}: {prop}" for prop in missing - set(LACKING)]
            lacking.update(missing)
            count, whole = count + 1, whole + (not missing)
            rates += all(device["rates-known"] for device in said)
    print(f"{count} guests, {whole} with all that bindings require, {rates} with all rates of clocks known; "
          f"lacking: {dict(lacking)}")
    assert not unknown
    assert not PACKAGES or count >= 500 / PART
    assert whole >= (0.95 if FULL else 0.85) * count     # a part has more or less of those that lack something


@pytest.mark.skipif(not PACKAGES, reason="LINUX_IMAGE: there is no kernel package with vendors' trees")
def test_uarts(host_trees, tmp_path):  # noqa: F811
    """A UART has a clock in each tree where the host's has one, and clock-rates gives it its rate."""
    found = 0
    for name, (path, tree) in host_trees.items():
        for device, said in LINE.findall(new(name, path, tree)) if has_harts(tree) else ():
            if not re.search("uart|16550",
                             " ".join(strings(tree[device].get("compatible")))) or "clocks" not in tree[device]:
                continue
            hart = re.search(r"harts = <(\d+)", new(name, path, tree))[1]
            text = config(device, f'clock-rates = "{device}", "200M";', "trust-control;", "trust-dma;")
            (tmp_path / "a.dts").write_text(text.replace("HART", hart))
            done = run("drivers", "--json", "--assume-h", *ram(tree), path, tmp_path / "a.dts", "one")
            uart = json.loads(done.stdout)["devices"][0]
            assert uart["rates-known"] and not uart["missing"], f"{name}: {uart}: {said}"
            found += 1
            break
    assert found >= 10


def test_groups(host_trees):  # noqa: F811
    """A device behind a GPIO controller is offered with it; and each group of each tree passes as it is written."""
    found = 0
    for name, (path, tree) in host_trees.items():
        if not name.endswith("hifive-unmatched-a00.dtb"):
            continue
        assert ["/soc/i2c@10030000", "/soc/gpio@10060000"] in groups(new(name, path, tree))
        found += 1
    assert found or not PACKAGES


def doctor(*args, code):
    done = run("doctor", *args)
    assert done.returncode == code, done.stderr
    assert all(re.match("(lack|cost|note): ", line) for line in done.stdout.splitlines())
    return done.stdout


def test_doctor(tmp_path):
    """What the tree says, and each of them only where it is so."""
    p550 = doctor(os.path.join(corpus.TOP, "tests/hosts/p550.dts"), "--assume-h", code=0)
    virt = doctor(os.path.join(corpus.TOP, "tests/hosts/virt.dts"), code=0)
    for line in ("cost: 4 of 4 harts have no Sstc: each timer of a guest there is a call of the firmware",
                 "cost: /soc/serial@50910000 shares a page with /soc/serial@50910800: each access to its registers is an "
                 "exit, unless one guest gets both"):
        assert line in p550 and line not in virt
    assert "cost: no IOMMU: a guest with a device that does DMA is trusted with all memory (trust-dma)" in virt
    dump = tmp_path / "virt.dtb"
    dump.write_bytes(corpus.dump((("-m", "2G"), ("-smp", "4"))))
    assert "/soc/pci@30000000" not in doctor(dump, code=0)
    corpus.edit_tree(dump, [["-t", "s", "/soc/pci@30000000", "compatible", "vendor,pcie"]])
    assert "lack: /soc/pci@30000000: cannot be passed through: it is a PCI host" in doctor(dump, code=1)
    corpus.edit_tree(dump, [["-t", "s", f"/cpus/cpu@{hart}", "riscv,isa", "rv64imafdc"] for hart in range(4)])
    assert "lack: no hart has h in its ISA string" in doctor(dump, code=1)
    assert "no hart has h" not in doctor(dump, "--assume-h", code=1)
    corpus.edit_tree(dump, [["-t", "s", corpus.PLIC, "compatible", "vendor,plic"]])
    assert "lack: no PLIC" in doctor(dump, code=1)
    corpus.edit_tree(dump, [["-r", "/memory@80000000"]])
    assert "[bad-host]" in run("doctor", dump).stderr
