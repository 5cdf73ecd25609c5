# SPDX-License-Identifier: GPL-2.0-or-later
"""The binding of configurations, docs/bindings: valid itself, held by all of configs/, and broken by what is wrong."""
import glob
import os
import shutil
import subprocess

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINDINGS = os.path.join(TOP, "docs/bindings")
CONFIGS = sorted(path for path in glob.glob(os.path.join(TOP, "configs/**/*.dts"), recursive=True)
                 if f"{os.sep}bad{os.sep}" not in path)

pytestmark = pytest.mark.skipif(not shutil.which("dt-validate"), reason="Debian 13 has no dt-schema")

GOOD = """/dts-v1/;
/ {
    compatible = "bulkhead,partitions-v1";
    console = "serial0";
    console-hart = <0>;
    console-style = "colour";
    monitor = "off";
    when-all-ended = "keep";
    firmware = "512K at 0x80000000", "0x10M at 4096";
    shared = "frames 4M", "log 64K";
    one {
        harts = <1 2>;
        memory = "16M", "0x10M at 0x90000000 as 0x80000000", "4096K as 0x40000000";
        devices = "/soc/rtc@101000", "uart1";
        kernel = "linux";
        initrd = "linux-initrd";
        bootargs = "";
        entry = "0x8020000c";
        clock-rates = "uart1", "200M", "/soc/spi@1:bus", "32768";
        trust-dma;
        trust-control;
        plic-mode = "emulated";
        shares = "frames read-only", "log";
        net = "lan", "dmz";
        images = "copy";
        unmapped = "ignore";
        on-crash = "restart";
        restart-limit = <0>;
        watchdog-ms = <1000>;
        console = "uart";
        console-address = "0x10000000";
    };
};
"""

WRONG = [
    ('compatible = "bulkhead,partitions-v1"', 'compatible = "bulkhead,partitions-v1", "more"', "compatible"),
    ('console = "serial0"', "console", "console"),
    ('"keep"', '"stay"', "when-all-ended"),
    ('"512K at 0x80000000"', '"512K"', "firmware"),
    ('"512K at 0x80000000"', '"512K at 0x80000000 as 0x0"', "firmware"),
    ('"512K at 0x80000000"', '"guess"', "firmware"),
    ("console =", "cosnole =", "cosnole"),
    ("one {", "One {", "One"),
    ("one {", "a23456789-123456789-1234 {", "a23456789-123456789-1234"),
    ("harts = <1 2>;", "", "'harts' is a required property"),
    ("<1 2>", "[01 02 03]", "harts"),
    ('kernel = "linux";', "", "'kernel' is a required property"),
    ('"linux"', '"config"', "kernel"),
    ('"linux-initrd"', '"a", "b"', "initrd"),
    ('"linux-initrd"', '"a23456789-123456789-123456789-12"', "initrd"),
    ('"16M"', '"16"', "memory"),
    ('"16M"', '"16M as 0x0 at 0x0"', "memory"),
    ('"16M"', '"16M at 0x9000 "  , "M"', "memory"),
    ("memory =", "memroy =", "memroy"),
    ('"0x8020000c"', '"0x8020000e"', "entry"),
    ('"uart1"', '"/soc/rtc@101000"', "devices"),
    ("trust-dma;", 'trust-dma = "yes";', "trust-dma"),
    ("\"uart1\", \"200M\"", "<1>", "clock-rates"),
    ("trust-control;", "trust-control = <1>;", "trust-control"),
    ('"emulated"', '"fast"', "plic-mode"),
    ('"copy"', '"move"', "images"),
    ('"ignore"', '"zero"', "unmapped"),
    ('"restart"', '"reboot"', "on-crash"),
    ("restart-limit = <0>", "restart-limit = <0 1>", "restart-limit"),
    ("<1000>", "<0>", "watchdog-ms"),
    ("<1000>", "<3600001>", "watchdog-ms"),
    ('"0x10000000";', '"0x10000000"; sub { };', "sub"),
    ("console-hart = <0>", "console-hart = <0 1>", "console-hart"),
    ('"colour"', '"color"', "console-style"),
    ('"off"', '"none"', "monitor"),
    ("one {", "bulkhead {", "bulkhead"),
    ('console = "uart"', 'console = "pl011"', "console"),
    ('"0x10000000"', '"0x10000100"', "console-address"),
    ('"frames 4M"', '"frames"', "shared"),
    ('"frames 4M"', '"4M frames"', "shared"),
    ('"frames read-only"', '"frames writable"', "shares"),
    ('"frames read-only"', '"log"', "shares"),
    ("one {", "shared {", "shared"),
    ('"lan", "dmz"', '"lan", "lan"', "net"),
    ('"lan", "dmz"', '"Lan"', "net"),
]


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    """The binding with the schemas that it refers to, processed."""
    path = str(tmp_path_factory.mktemp("bindings") / "schema.json")
    done = subprocess.run(["dt-mk-schema", "-j", "-o", path, BINDINGS], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return path


def validate(schema, directory, sources):
    """What dt-validate says of each source; the core's own schemas are left out: they are about trees of hosts."""
    paths = []
    for i, source in enumerate(sources):
        paths.append(str(directory / f"{i}.dtb"))
        subprocess.run(["dtc", "-q", "-f", "-I", "dts", "-O", "dtb", "-o", paths[-1], "-"], input=source, text=True,
                       check=True)
    done = subprocess.run(["dt-validate", "-M", "-l", "bulkhead", "-s", schema, *paths], capture_output=True, text=True)
    said = (done.stdout + done.stderr).splitlines()
    assert not any("Traceback" in line for line in said), "\n".join(said)
    results = []
    for path in paths:
        lines = [line for line in said if line.startswith(path)]
        assert any("matched on schema" in line for line in lines), f"{path}: the binding was not applied"
        results.append("\n".join(line for line in lines if "matched on schema" not in line))
    return results


def test_binding_is_valid():
    done = subprocess.run(["dt-doc-validate", "-u", "."] + sorted(os.listdir(BINDINGS)), cwd=BINDINGS,
                          capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_configs(schema, tmp_path):
    sources = []
    for path in CONFIGS:
        with open(path, encoding="utf-8") as file:
            sources.append(file.read())
    assert len(sources) > 10
    said = dict(zip(CONFIGS, validate(schema, tmp_path, sources)))
    assert not {path: text for path, text in said.items() if text}


def test_every_property(schema, tmp_path):
    assert validate(schema, tmp_path, [GOOD]) == [""]


def test_wrong(schema, tmp_path):
    for old, _, _ in WRONG:
        assert old in GOOD
    said = validate(schema, tmp_path, [GOOD.replace(old, new, 1) for old, new, _ in WRONG])
    assert not [(new, text) for (_, new, named), text in zip(WRONG, said) if named not in text]
