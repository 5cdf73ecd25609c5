# SPDX-License-Identifier: GPL-2.0-or-later
"""map, new, diff, --json, and what a person can do about problems.

Everything runs with the tool as it is and with the one with sanitizers.
"""
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from random import Random

import corpus
import pytest
from commands import TOOLS, tool  # noqa: F401 (a fixture)

TOP = corpus.TOP
DEMO = os.path.join(TOP, "configs/virt/linux-rt.dts")
VIRT = os.path.join(TOP, "tests/hosts/virt.dts")
BOARDS = {"p550": "p550/linux-rt", "dp1000": "dp1000/clusters", "virt-2s": "virt-2s/across"}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="session")
def qemu(tmp_path_factory):
    path = tmp_path_factory.mktemp("host") / "virt.dtb"
    path.write_bytes(corpus.dump((("-m", "2G"), ("-smp", "4"))))
    return path


def host(name):
    return os.path.join(TOP, f"tests/hosts/{name}.dts")


# ---- problems ------------------------------------------------------------------------------------

def test_lines_in_included_files(tool, tmp_path):
    """The file that a wrong line is in, also where it was included, or preprocessed from."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/rt.dtsi").write_text('/ {\n\trt {\n\t\tharts = <1>,\n\t\t\t<9>;\n\t\tmemory = "4M";\n'
                                          '\t\tkernel = "rt";\n\t};\n};\n')
    (tmp_path / "a.dts").write_text('/dts-v1/;\n/include/ "sub/rt.dtsi"\n/ {\n'
                                    '\tcompatible = "bulkhead,partitions-v1";\n\trt { entry = "nowhere"; };\n};\n')
    said = tool("check", VIRT, tmp_path / "a.dts", code=1).stderr
    assert f"{tmp_path}/sub/rt.dtsi:3: /rt: harts: the machine has no hart 9;" in said
    assert f"{tmp_path}/a.dts:5: /rt: entry: \"nowhere\" is no guest address" in said
    (tmp_path / "b.dts").write_text('/dts-v1/;\n/ {\n\tcompatible = "bulkhead,partitions-v1";\n'
                                    f'# 40 "{tmp_path}/source.dts.in"\n\trt {{\n\t\thart = <1>;\n\t}};\n}};\n')
    said = tool("check", VIRT, tmp_path / "b.dts", code=1).stderr
    assert f"{tmp_path}/source.dts.in:41: /rt: hart: no such property" in said


def test_compiled_trees_have_no_lines(tool, tmp_path):
    (tmp_path / "a.dts").write_text('/dts-v1/;\n/ { compatible = "bulkhead,partitions-v1"; rt { hart = <1>; }; };\n')
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", tmp_path / "a.dtb", tmp_path / "a.dts"], check=True)
    said = tool("check", VIRT, tmp_path / "a.dtb", code=1).stderr
    assert said.startswith(f'{tmp_path}/a.dtb: /rt: hart: no such property; did you mean "harts"? [unknown-property]')


def test_problem_of_the_host_has_its_line(tool, tmp_path):
    with open(VIRT, encoding="utf-8") as file:
        text = re.sub(r"^\s*riscv,ndev = .*\n", "", file.read(), count=1, flags=re.M)
    (tmp_path / "host.dts").write_text(text)
    said = tool("check", tmp_path / "host.dts", DEMO, code=1).stderr
    match = re.search(r"host\.dts:(\d+): (/\S+): riscv,ndev: is missing", said)
    assert match[2].split("/")[-1] + " {" in text.splitlines()[int(match[1]) - 1]


def test_notes_are_no_problems(tool):
    done = tool("check", host("dp1000"), os.path.join(TOP, "configs/dp1000/clusters.dts"), "--assume-h", "--json")
    said = json.loads(done.stdout)
    assert said["ok"] is True
    assert {(problem["severity"], problem["code"]) for problem in said["problems"]} == {("note", "note")}


def test_terminal_is_not_steered(tool, tmp_path):
    (tmp_path / "a.dts").write_text('/dts-v1/;\n/ { compatible = "bulkhead,partitions-v1"; rt { harts = <1>; '
                                    'memory = "4M"; kernel = "rt"; devices = "\\x1b[2J\\x07\\"<&"; }; };\n')
    assert "\x1b" not in tool("check", VIRT, tmp_path / "a.dts", code=1).stderr
    said = json.loads(tool("check", VIRT, tmp_path / "a.dts", "--json", code=1).stdout)
    assert said["problems"][-1]["message"].startswith('"?[2J?"<&" is not in the host\'s device tree')


# ---- the machine's tree --------------------------------------------------------------------------

@pytest.mark.parametrize("command", [["check"], ["plan"], ["map"], ["diff", "x"], ["dtb", "--dts", "x"]])
def test_swapped(tool, command):
    """HOST and PARTS in each other's place: what to write instead."""
    args = [command[0], DEMO, VIRT, *command[1:]]
    said = tool(*(args if command[-1] != "x" or command[0] == "dtb" else [command[0], DEMO, VIRT, DEMO]), code=2).stderr
    assert "HOST and PARTS are in the wrong order" in said and f": {VIRT} {DEMO}\n" in said


def test_two_of_a_kind(tool, tmp_path):
    assert "HOST is the device tree of a machine: /sys/firmware/fdt" in tool("check", DEMO, DEMO, code=2).stderr
    assert "HOST is the device tree of a machine: /sys/firmware/fdt" in tool("new", DEMO, code=2).stderr
    for args in (["check", VIRT, VIRT], ["pack", "core", VIRT, "-o", tmp_path / "out"], ["images", VIRT]):
        assert f'"bulkhead new {VIRT} -o parts.dts" writes a configuration' in tool(*args, code=2).stderr


@pytest.fixture
def without_memory(qemu, tmp_path):
    path = tmp_path / "none.dtb"
    shutil.copy(qemu, path)
    subprocess.run(["fdtput", "-r", path, "/memory@80000000"], check=True)
    return path


def test_memory_is_added(tool, qemu, without_memory):
    """A tree as it comes with a kernel: the remedy in the message works, and makes the same plan."""
    said = tool("check", without_memory, DEMO, code=1).stderr
    option = re.search(r'--memory "([^"]+)"', said)
    assert option and "/sys/firmware/fdt" in said
    added = tool("plan", without_memory, DEMO, "--memory", option[1]).stdout
    assert added == tool("plan", qemu, DEMO).stdout
    assert "RAM:\n//   0x0080000000-0x00ffffffff 2G\n" in tool("new", without_memory, "--memory", option[1]).stdout
    both = tool("plan", without_memory, DEMO, "--memory", "1G at 0x80000000", "--memory", "1G at 0xc0000000").stdout
    assert both == added


def test_memory_that_cannot_be_added(tool, qemu, without_memory):
    for text, why in (("2G", "where the RAM is"), ("2G at 0x80000000 as 0x0", "where the RAM is"),
                      ("2GB at 0x80000000", "without a B"), ("2G at 1", "multiple of 4K")):
        assert why in tool("check", without_memory, DEMO, "--memory", text, code=2).stderr
    assert "has a node /memory@80000000" in tool("check", qemu, DEMO, "--memory", "1G at 0x80000000", code=2).stderr
    many = [word for i in range(9) for word in ("--memory", f"4K at {0x1000 * i:#x}")]
    assert "more than 8 times --memory" in tool("check", without_memory, DEMO, *many, code=2).stderr
    for name in ("#address-cells", "#size-cells"):
        subprocess.run(["fdtput", "-t", "x", without_memory, "/", name, "1"], check=True)
    assert "no room for" in tool("check", without_memory, DEMO, "--memory", "1G at 0x100000000", code=2).stderr


# ---- plan and diff -------------------------------------------------------------------------------

def test_plan_as_json(tool):
    plan = json.loads(tool("plan", VIRT, DEMO, "--json").stdout)["plan"]
    linux, rt = plan["guests"]
    assert (linux["name"], linux["harts"], rt["name"], rt["harts"]) == ("linux", [1, 2], "rt", [3])
    assert [hart["guest"] for hart in plan["harts"]] == [None, "linux", "linux", "rt"]
    assert linux["memory"][0]["size"] == 512 << 20 and rt["memory"][0]["size"] == 16 << 20
    assert linux["devices"][0] == {
        "node": "/soc/serial@10000000", "interrupts": [{"plic": "/soc/plic@c000000", "id": 10}],
        "registers": [{"host": "0x10000000", "guest": "0x10000000", "size": 4096}],
        "class": "harmless", "dma": False, "confined": False, "dma-ids": [], "control": None, "pci-buses": [],
        "windows": []}
    assert (linux["devices"][1]["class"], linux["trust-dma"], linux["trust-control"]) == ("dma", True, False)
    text = tool("plan", VIRT, DEMO).stdout
    for guest in (linux, rt):
        assert f"entry      0x{int(guest['entry'], 16):010x}" in text
    assert linux["bootargs"] == "console=ttyS0"


@pytest.mark.parametrize("board", BOARDS)
def test_plan_as_json_on_boards(tool, board):
    said = json.loads(tool("plan", host(board), f"{TOP}/configs/{BOARDS[board]}.dts", "--assume-h", "--json").stdout)
    assert said["ok"] and len(said["plan"]["guests"]) > 1


def test_plan_with_problems_as_json(tool):
    said = json.loads(tool("plan", VIRT, os.path.join(TOP, "configs/bad/hart-taken.dts"), "--json", code=1).stdout)
    assert not said["ok"] and "plan" not in said and said["problems"][0]["code"] == "hart-taken"


@pytest.fixture
def other(tmp_path):
    """The demo, changed."""
    with open(DEMO, encoding="utf-8") as file:
        text = file.read()
    for old, new in (("<1 2>", "<1>"), ("<3>", "<3 2>"), ('"16M"', '"32M"'), ('"/soc/serial@10000000", ', ""),
                     ("rt.every=500", "rt.every=5"),
                     ("trust-dma;", "trust-dma;\n\t\ttrust-control;\n\t\twatchdog-ms = <100>;")):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "other.dts").write_text(text)
    return tmp_path / "other.dts"


def test_diff(tool, other):
    lines = tool("diff", VIRT, DEMO, other, code=1).stdout.splitlines()
    assert "hart 2: linux, its hart 1 -> rt, its hart 1" in lines
    assert "device /soc/serial@10000000: linux -> no guest" in lines
    assert "interrupt 10 of /soc/plic@c000000: linux -> no guest" in lines
    assert "guest rt bootargs: rt.every=500 -> rt.every=5" in lines
    assert "guest linux trust-control: no -> yes" in lines
    assert "guest linux watchdog-ms: 0 -> 100" in lines
    memory = [line for line in lines if line.startswith("memory ")]
    assert len(memory) == 1 and memory[0].endswith("16M: free -> rt")
    assert not any("linux" in line for line in lines if "hart 1:" in line)


def test_diff_is_the_same_backwards(tool, other):
    def changes(a, b):
        return {(c["kind"], c["what"], c["from"], c["to"])
                for c in json.loads(tool("diff", VIRT, a, b, "--json", code=1).stdout)["changes"]}
    there, back = changes(DEMO, other), changes(other, DEMO)
    assert there == {(kind, what, new, old) for kind, what, old, new in back}
    assert len(there) > 6


def test_diff_of_nothing(tool, tmp_path):
    assert tool("diff", VIRT, DEMO, DEMO).stdout == ""
    assert json.loads(tool("diff", VIRT, DEMO, DEMO, "--json").stdout) == {"changes": [], "same": True}
    # the order of fixed guests is no difference
    guests = ['a { harts = <1>; memory = "4M at 0x90000000"; kernel = "k"; };',
              'b { harts = <2>; memory = "4M at 0xa0000000"; kernel = "k"; };']
    for name, order in (("x", guests), ("y", guests[::-1])):
        (tmp_path / f"{name}.dts").write_text('/dts-v1/;\n/ { compatible = "bulkhead,partitions-v1";\n'
                                              + "\n".join(order) + "\n};\n")
    assert tool("diff", VIRT, tmp_path / "x.dts", tmp_path / "y.dts").stdout == ""


def test_diff_of_what_does_not_fit(tool):
    done = tool("diff", VIRT, DEMO, os.path.join(TOP, "configs/bad/hart-taken.dts"), code=2)
    assert "[hart-taken]" in done.stderr and done.stdout == ""


# ---- map -----------------------------------------------------------------------------------------

def read_map(path):
    """(root, texts) of an SVG file."""
    root = ElementTree.parse(path).getroot()
    return root, [element.text for element in root.iter(SVG + "text")]


def test_map(tool, tmp_path, qemu):
    for machine in (VIRT, qemu):
        tool("map", machine, DEMO, "-o", tmp_path / "map.svg")
        root, texts = read_map(tmp_path / "map.svg")
        for text in ("linux", "rt", "hart 0", "console", "harts 1 2", "512M of RAM", "/soc/serial@10000000",
                     "hypervisor",
                     "free", "reserved" if machine == VIRT else "firmware"):
            assert text in texts
        height = float(root.get("height"))
        for box in root.iter(SVG + "rect"):
            assert 0 <= float(box.get("x")) and float(box.get("x")) + float(box.get("width")) <= 1000
            assert 0 <= float(box.get("y")) and float(box.get("y")) + float(box.get("height")) <= height
        for text in root.iter(SVG + "text"):
            assert 0 < float(text.get("y")) < height
            if not text.get("text-anchor") and text.text:
                assert float(text.get("x")) + 6 * len(text.text) <= 1000
        assert "prefers-color-scheme:dark" in root.find(SVG + "style").text
        tool("map", machine, f"{TOP}/configs/virt/u-boot.dts", "-o", tmp_path / "map.svg")
        assert "spare" in read_map(tmp_path / "map.svg")[1]


def test_map_of_virtual_uarts_and_of_sources_without_devices(tool, tmp_path, qemu):
    tool("map", qemu, f"{TOP}/configs/virt/three.dts", "-o", tmp_path / "map.svg")
    root, texts = read_map(tmp_path / "map.svg")
    assert texts.count("virtual UART") == 2 and "three.dts on riscv-virtio,qemu" in texts
    assert "0 devices, 0 interrupts, virtual UART" in texts
    assert "65 to 96: no device" in texts and "33" in texts and "65" not in texts
    upwards = [text.text for text in root.iter(SVG + "text") if "rotate(-90" in text.get("transform", "")]
    assert "firmware" in upwards


@pytest.mark.parametrize("board", BOARDS)
def test_map_of_boards(tool, tmp_path, board):
    tool("map", host(board), f"{TOP}/configs/{BOARDS[board]}.dts", "--assume-h", "-o", tmp_path / "map.svg")
    plan = json.loads(tool("plan", host(board), f"{TOP}/configs/{BOARDS[board]}.dts", "--assume-h", "--json").stdout)
    _, texts = read_map(tmp_path / "map.svg")
    for guest in plan["plan"]["guests"]:
        assert guest["name"] in texts
        for device in guest["devices"]:
            assert device["node"] in texts
    for hart in plan["plan"]["harts"]:
        assert f"hart {hart['id']}" in texts


def test_bars_of_the_map_are_in_order(tool, tmp_path):
    """The bar of the RAM fills its row from left to right: nothing overlaps, and more is wider."""
    tool("map", VIRT, DEMO, "-o", tmp_path / "map.svg")
    root, _ = read_map(tmp_path / "map.svg")
    bars = [box for box in root.iter(SVG + "rect") if box.get("height") == "52.0"]
    assert len(bars) >= 5
    for a, b in zip(bars, bars[1:]):
        assert float(a.get("x")) + float(a.get("width")) < float(b.get("x"))
    assert abs(float(bars[-1].get("x")) + float(bars[-1].get("width")) - 964) < 1
    tips = {box.find(SVG + "title").text.split(", ")[1]: float(box.get("width")) for box in bars}
    assert tips["linux"] > tips["rt"] > 20


def test_map_escapes(tool, tmp_path):
    """Names from a tree are text in the picture, whatever they are."""
    with open(VIRT, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r'model = "[^"]*"', 'model = "<b>&\\\\x1b\\\\"</svg>"', text)
    (tmp_path / "host.dts").write_text(text)
    tool("map", tmp_path / "host.dts", DEMO, "-o", tmp_path / "map.svg")
    _, texts = read_map(tmp_path / "map.svg")
    assert any('<b>&?"</svg>' in text for text in texts)


def test_map_in_the_documentation_is_current(tool):
    with open(os.path.join(TOP, "docs/map.svg"), encoding="utf-8") as file:
        assert file.read() == tool("map", VIRT, DEMO).stdout, "make docs/map.svg, and commit it"


# ---- new -----------------------------------------------------------------------------------------

def new(tool, tmp_path, machine):
    tool("new", machine, "--assume-h", "-o", tmp_path / "new.dts")
    return (tmp_path / "new.dts").read_text()


@pytest.fixture(params=["qemu", *BOARDS])
def machine(request, qemu):
    return qemu if request.param == "qemu" else host(request.param)


def passes(tool, machine, path, text):
    path.write_text(text)
    done = tool("check", machine, path, "--assume-h", "--json")
    return not [p for p in json.loads(done.stdout)["problems"] if p["severity"] == "error"]


def test_new_passes(tool, tmp_path, machine):
    assert passes(tool, machine, tmp_path / "a.dts", new(tool, tmp_path, machine))


def test_new_has_all_harts(tool, tmp_path, qemu):
    text = new(tool, tmp_path, qemu)
    assert "for Linux,\n" in text	# it has no other console
    assert "// Harts: 0 1 2 3\n" in text and "harts = <0 1>;" in text and "harts = <2 3>;" in text
    for path in ("/soc/serial@10000000", "/soc/rtc@101000", "/soc/virtio_mmio@10008000", corpus.PLIC,
                 "/soc/clint@2000000", "/soc/pci@30000000", "/soc/test@100000"):
        assert path in text


def test_each_device_of_new_can_be_given(tmp_path, machine):
    """Each line taken out of its comment, with what it says that it needs and nothing else, one at a time."""
    def run(*args, code=0):
        done = subprocess.run([TOOLS["plain"], *map(str, args)], capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        return done
    text = new(run, tmp_path, machine)
    lines = text.splitlines(keepends=True)
    ready = [i for i, line in enumerate(lines) if line.startswith("\t\t//\t, ")]
    assert ready
    for i in ready:
        changed = list(lines)
        changed[i] = changed[i].replace("//", "", 1)
        result = "".join(changed)
        for word in re.findall("trust-dma|trust-control", changed[i]):
            (tmp_path / "a.dts").write_text(result)
            said = run("check", machine, tmp_path / "a.dts", "--assume-h", code=1).stderr
            assert "[dma-untrusted]" in said or "[control-untrusted]" in said, changed[i]
            result = result.replace(f"// {word};", f"{word};")
        assert passes(run, machine, tmp_path / "a.dts", result), changed[i]


def test_rest_of_new_can_be_used(tool, tmp_path, qemu):
    text = new(tool, tmp_path, qemu)
    second = re.sub(r"^\t// ?(two \{|\t|\};)", r"\t\1", text, flags=re.M)
    assert "\ttwo {" in second and passes(tool, qemu, tmp_path / "a.dts", second)
    console = text.replace('// console = "/soc/virtio', 'console = "/soc/virtio', 1)
    assert console != text and passes(tool, qemu, tmp_path / "b.dts", console)
    more = text.replace("// initrd", "initrd").replace("// bootargs", "bootargs")
    assert more != text and passes(tool, qemu, tmp_path / "c.dts", more)


@pytest.fixture
def silent(tmp_path):
    """QEMU's machine, whose tree leaves out the h of every hart."""
    with open(VIRT, encoding="utf-8") as file:
        text = file.read()
    changed = re.sub(r'(riscv,isa = "rv64[a-z]*?)h', r"\1", text)
    changed = re.sub(r' "h",', "", changed)
    assert changed != text
    (tmp_path / "silent.dts").write_text(changed)
    return tmp_path / "silent.dts"


def test_machine_that_does_not_tell_of_h(tool, tmp_path, silent):
    """Every command says what to do, and what new says then goes through."""
    for command in (["check", silent, DEMO], ["plan", silent, DEMO], ["dtb", silent, DEMO, "rt", "--dts"],
                    ["map", silent, DEMO]):
        said = tool(*command, code=1).stderr
        assert len(re.findall(r"nor has any other; .*add the option --assume-h \[hart-no-h\]$", said, re.M)) == 3
        tool(command[0], "--assume-h", *command[1:])
    assert "add the option --assume-h" in tool("diff", silent, DEMO, DEMO, code=2).stderr
    tool("diff", "--assume-h", silent, DEMO, DEMO)
    assert "add the option --assume-h" in tool("new", silent, code=2).stderr
    text = tool("new", silent, "--assume-h").stdout
    assert "`bulkhead check --assume-h` reports" in text
    assert "`bulkhead check` reports" in tool("new", VIRT, "--assume-h").stdout
    assert passes(tool, silent, tmp_path / "a.dts", text)


def test_new_of_no_machine(tool, tmp_path):
    (tmp_path / "host.dts").write_text("/dts-v1/;\n/ { };\n")
    assert "[bad-host]" in tool("new", tmp_path / "host.dts", code=1).stderr


def test_tree_without_a_size(tool, tmp_path, qemu):
    """As /sys/firmware/fdt, and what comes through a pipe."""
    os.mkfifo(tmp_path / "fdt")
    with subprocess.Popen(["sh", "-c", 'cat "$0" > "$1"', str(qemu), str(tmp_path / "fdt")]):
        said = tool("new", tmp_path / "fdt").stdout
    assert said.replace(str(tmp_path / "fdt"), str(qemu)) == tool("new", qemu).stdout


# ---- damaged trees -------------------------------------------------------------------------------

def test_damaged_trees(tmp_path, qemu):
    """Whatever is in a tree: an answer, or a refusal, but nothing that the sanitizers mind."""
    random = Random(20261123)
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", tmp_path / "parts.dtb", DEMO], check=True)
    good = {"host": qemu.read_bytes(), "parts": (tmp_path / "parts.dtb").read_bytes()}
    commands = (["map", "host", "parts"], ["new", "host"], ["check", "host", "parts", "--json"],
                ["plan", "host", "parts", "--json"], ["diff", "host", "parts", "parts"])
    codes = set()
    for i in range(150):
        victim = random.choice(["host", "parts"])
        for name, content in good.items():
            content = bytearray(content)
            for _ in range(random.choice([1, 1, 2, 8]) if name == victim else 0):
                content[random.randrange(40, len(content))] = random.choice([0, 1, 4, 0x2f, 0x7f, 0xff])
            (tmp_path / name).write_bytes(content)
        command = [str(tmp_path / word) if word in good else word for word in commands[i % len(commands)]]
        done = subprocess.run([TOOLS["checked"], *command], capture_output=True, timeout=60,
                              env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0:exitcode=99"))
        assert done.returncode in (0, 1, 2), (i, command, done.stderr.decode())
        if "--json" in command and done.returncode != 2:
            json.loads(done.stdout)
        codes.add(done.returncode)
    assert {0, 1} <= codes


# ---- advice that can be followed -----------------------------------------------------------------

def test_disabled_devices_in_a_page(tool, tmp_path):
    """An enabled device in a page of disabled ones has a window there; with all of them the page is mapped, and they
    stay disabled."""
    with open(VIRT, encoding="utf-8") as file:
        text = file.read()
    uarts = "".join(f'uart@{at:x} {{ compatible = "ns16550a"; reg = <0x0 {at:#x} 0x0 0x100>; '
                    f'interrupts = <{line}>; interrupt-parent = <&plic>; status = "{status}"; }};\n' for at, line,
                    status in
                    ((0x10009800, 20, "disabled"), (0x10009900, 21, "okay"), (0x10009a00, 0, "disabled")))
    assert text.count("virtio_mmio@10001000 {") == 1
    (tmp_path / "host.dts").write_text(text.replace("virtio_mmio@10001000 {", uarts + "virtio_mmio@10001000 {"))
    devices = ["/soc/uart@10009900"]
    for _ in range(3):
        (tmp_path / "a.dts").write_text('/dts-v1/; / { compatible = "bulkhead,partitions-v1"; a { harts = <1>; '
                                        'memory = "16M"; kernel = "k"; trust-dma; devices = %s; }; };' %
                                        ", ".join(f'"{path}"' for path in devices))
        said = tool("check", tmp_path / "host.dts", tmp_path / "a.dts", code=None).stderr
        more = re.search(r'page at 0x10009000 with (/soc/\S+), which no guest has: each access', said)
        plan = tool("plan", tmp_path / "host.dts", tmp_path / "a.dts").stdout
        assert ("0x0010009900-0x00100099ff  0x100 in a shared page: each access is an exit" in plan) == bool(more)
        if not more:
            break
        devices.append(more[1])
    assert sorted(devices[1:]) == ["/soc/uart@10009800", "/soc/uart@10009a00"] and "problem" not in said
    assert "/soc/uart@10009800 is disabled, and stays so: the guest gets its registers with those of" in said
    seen = tool("dtb", tmp_path / "host.dts", tmp_path / "a.dts", "a", "--dts").stdout
    for at, status in (("10009800", "disabled"), ("10009900", "okay"), ("10009a00", "disabled")):
        assert f'status = "{status}"' in seen[seen.index(f"uart@{at} {{"):].split("}")[0]
    plan = json.loads(tool("plan", tmp_path / "host.dts", tmp_path / "a.dts", "--json").stdout)["plan"]["guests"][0]
    lines = {device["node"]: [line["id"] for line in device["interrupts"]] for device in plan["devices"]}
    assert lines["/soc/uart@10009900"] == [21] and lines["/soc/uart@10009800"] == lines["/soc/uart@10009a00"] == []
