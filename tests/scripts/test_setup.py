# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/setup and scripts/fetch where something is missing, broken or slow.

Copies of them run in a directory of their own, with programs that only pretend: nothing is
installed, fetched or asked of the network.
"""
import gzip
import os
import re
import shutil
import subprocess
import sys

import pytest

from loading import TOP


class Place:
    """A copy of some scripts with a build directory of its own, and the programs that they find."""

    def __init__(self, top):
        self.top, self.bin = top, top / "bin"
        self.log = top / "build/logs/fetch.log"
        self.env = {"PATH": f"{self.bin}:{os.environ['PATH']}", "BULKHEAD_TICK": "0.2"}
        self.bin.mkdir()
        (top / "scripts").mkdir()
        for name in ("setup", "fetch", "aptroot.py", "opensbi_mends.py", "versions", "long-step"):
            shutil.copy(os.path.join(TOP, "scripts", name), top / "scripts" / name)

    def program(self, name, text="exit 0"):
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    def file(self, name, content=b""):
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return str(path)

    def run(self, name, *args, **env):
        interpreter = [sys.executable] if name == "fetch" else ["/bin/sh"]
        return subprocess.run([*interpreter, self.top / "scripts" / name, *args], cwd=self.top,
                              env=dict(self.env, **env), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


# ---- progress -----------------------------------------------------------------------------------

def test_long_step_shows_progress(place):
    done = place.run("long-step", "log", "sh", "-c", "echo in; echo the log >&2; sleep 1.5; exit 7")
    assert done.returncode == 7 and done.stderr == ""
    assert re.fullmatch(r"( {10}\.\.\. \d s\n)+", done.stdout)
    assert (place.top / "log").read_text() == "in\nthe log\n"


def test_short_step_is_silent(place):
    done = place.run("long-step", "log", "true", BULKHEAD_TICK="10")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# ---- files of a person's own --------------------------------------------------------------------

LINUX = bytearray(64)
LINUX[0x30:0x3c] = b"RISCV\0\0\0RSC\x05"
BASE = ("opensbi", "libfdt")


@pytest.fixture
def brought(place):
    """What a user without apt names for `make demo`."""
    place.env["PATH"] = str(place.bin)
    place.file("own/sbi/firmware/fw_payload.S")
    place.file("own/libfdt/libfdt.h")
    place.env.update(OPENSBI_SRC=str(place.top / "own/sbi"), LIBFDT_SRC=str(place.top / "own/libfdt"),
                     LINUX_IMAGE=place.file("own/Image", LINUX),
                     BUSYBOX=place.file("own/busybox", b"busybox"))
    return place


def refused(done, line):
    """One line that says it, and a non-zero exit."""
    assert done.returncode == 1 and done.stderr == f"fetch: {line}\n"


def test_what_is_given_needs_no_apt(brought):
    done = brought.run("fetch", *BASE, "linux", "busybox")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    third = brought.top / "build/third"
    assert (third / "opensbi/firmware/fw_payload.S").exists()
    assert (third / "libfdt/libfdt.h").exists()
    assert (third / "linux/Image").read_bytes() == LINUX
    assert os.listdir(third / "linux/modules") == []
    assert (third / "busybox").read_bytes() == b"busybox"
    assert not (third / "u-boot.bin").exists()


def test_no_apt(brought):
    """The message names what is required and missing, and nothing else."""
    line = "this host has no apt: name local files by {} (docs/testing.md)"
    refused(brought.run("fetch", "u-boot"), line.format("UBOOT="))
    del brought.env["LIBFDT_SRC"], brought.env["BUSYBOX"]
    refused(brought.run("fetch", *BASE), line.format("LIBFDT_SRC="))
    refused(brought.run("fetch"), line.format("LIBFDT_SRC=, BUSYBOX=, UBOOT=, GRUB_EFI=, QEMU_10=, QEMU_11="))


def test_unknown_part(place):
    refused(place.run("fetch", "uboot"),
            "no part uboot; there are: opensbi, libfdt, linux, busybox, u-boot, grub, qemu-10, qemu-11, bindings")


@pytest.mark.parametrize("variable, path, why", [
    ("OPENSBI_SRC", "nowhere", "no firmware/fw_payload.S there"),
    ("OPENSBI_SRC", "own/libfdt", "no firmware/fw_payload.S there"),
    ("LIBFDT_SRC", "own/sbi", "no libfdt.h there"),
    ("LINUX_IMAGE", "nowhere", "no such file"),
    ("LINUX_MODULES", "nowhere", "no such file"),
    ("BUSYBOX", "nowhere", "no such file"),
])
def test_wrong_path(brought, variable, path, why):
    path = str(brought.top / path)
    done = brought.run("fetch", *BASE, "linux", "busybox", **{variable: path})
    refused(done, f"{variable}={path}: {why}")


def test_not_a_kernel(brought):
    path = brought.file("own/other", b"MZ" + bytes(100))
    refused(brought.run("fetch", "linux", LINUX_IMAGE=path), f"{path} is not a RISC-V Linux Image")
    path = brought.file("own/cut", gzip.compress(LINUX)[:-10])
    done = brought.run("fetch", "linux", LINUX_IMAGE=path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"fetch: {path}: the gzip data in it is damaged: ")
    path = brought.file("own/empty")
    refused(brought.run("fetch", "linux", LINUX_IMAGE=path), f"{path} is not a RISC-V Linux Image")


# ---- apt that fails: what it said when it did ---------------------------------------------------

MIRROR = "http://mirror.invalid/debian"
ERR = f"Err:1 {MIRROR} trixie InRelease"
LOST = f"E: Failed to fetch {MIRROR}/dists/trixie/InRelease "
OLD = "E: Some index files failed to download. They have been ignored, or old ones used instead."
UNSIGNED = f"E: The repository '{MIRROR} trixie InRelease' is not signed."
BAD = "The following signatures were invalid: BADSIG 6ED0E7B82643E131 Debian Archive Automatic Key"
NO_KEY = ("The following signatures couldn't be verified because the public key is not available: "
          "NO_PUBKEY 6ED0E7B82643E131")
NO_NETWORK = "the mirror did not answer, no network?"
UNRESOLVED = "Could not resolve 'mirror.invalid'"
REFUSED = "Could not connect to mirror.invalid:80 (127.0.0.1). - connect (111: Connection refused)"
GPG = f"GPG error: {MIRROR} trixie InRelease: "
CHANGED = "a signature is wrong: what came was changed on its way, or is damaged"
APT_FAILS = {
    "no resolver": ([ERR, "  " + UNRESOLVED, LOST + UNRESOLVED, OLD], NO_NETWORK),
    "for now": ([LOST + "Temporary failure resolving 'mirror.invalid'", OLD], NO_NETWORK),
    "refused": ([LOST + REFUSED, OLD], NO_NETWORK),
    "bad signature": ([ERR, "  " + BAD, "W: " + GPG + BAD, UNSIGNED], CHANGED),
    "bad signature later": (["W: An error occurred during the signature verification. The "
                             "repository is not updated and the previous index files will be used. "
                             + GPG + BAD, LOST + BAD, OLD], CHANGED),
    "no key": (["W: " + GPG + NO_KEY, UNSIGNED], "a signature could not be verified; the host's "
               "debian-archive-keyring may be too old"),
    "gone": ([f"E: Failed to fetch {MIRROR}/dists/trixie/Release  404  Not Found", OLD],
             f"Failed to fetch {MIRROR}/dists/trixie/Release  404  Not Found"),
}


def fake_apt(place, update="exit 0", download="exit 0"):
    """An apt-get that knows a mirror, an apt-cache that knows OpenSBI."""
    place.program("apt-get", f"""case "$*" in
        *indextargets*) echo {MIRROR};;
        *update*) {update};;
        *source*) {download};;
        *) echo "E: never asked for: $*" >&2; exit 100;;
        esac""")
    place.program("apt-cache", "echo Package: opensbi; echo Version: 1.6-1")


def saying(lines):
    """A shell's way to say lines as apt does, and to fail."""
    return "cat >&2 <<'END'\n" + "\n".join(lines) + "\nEND\nexit 100"


@pytest.mark.parametrize("what", APT_FAILS, ids=lambda what: what.replace(" ", "-"))
@pytest.mark.parametrize("step", ["update", "download"])
def test_apt_fails(place, step, what):
    lines, meaning = APT_FAILS[what]
    fake_apt(place, **{step: saying(lines)})
    done = place.run("fetch", "opensbi")
    what = {"update": "package lists", "download": "opensbi"}[step]
    refused(done, f"{what}: {meaning} (details: {place.log})")
    assert lines[-1] in place.log.read_text()
    assert not (place.top / "build/third/opensbi").exists()


def test_no_mirror(place):
    place.program("apt-get")
    done = place.run("fetch", "opensbi")
    assert done.returncode == 1
    assert done.stderr.startswith("fetch: the host's apt knows no Debian mirror; see OPENSBI_SRC=")


def test_long_download_shows_progress(place):
    """The seconds, and how much has come."""
    fake_apt(place, download="head -c 2500000 /dev/zero > opensbi_1.6.orig.tar.gz; sleep 1.5")
    done = place.run("fetch", "opensbi")
    assert re.match(r"  FETCH   package lists of Debian \w+ \(riscv64\)\n"
                    r"  FETCH   source of opensbi 1\.6-1\n"
                    r"( {10}\.\.\. \d s, \d\.\d MB\n)+", done.stdout)
    assert "s, 2.5 MB" in done.stdout


@pytest.mark.parametrize("part, name", [
    ("opensbi", "opensbi_1.6.orig.tar.gz"),
    ("libfdt", "device-tree-compiler_1.7.2.orig.tar.xz"),
    ("busybox", "busybox-static_1%3a1.37.0-6_riscv64.deb"),
])
def test_damaged_file_in_the_cache(place, part, name):
    path = place.file("build/cache/" + name, b"\x1f\x8b no archive at all")
    done = place.run("fetch", part)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"fetch: damaged file {path}, remove it: ")
    assert not (place.top / "build/third" / part).exists()


def test_other_opensbi_is_not_mended_blindly(place):
    """A source in which what has to be mended is not as expected."""
    place.file("sbi/opensbi-1.6/lib/sbi/sbi_illegal_insn.c", b"int other;\n")
    path = place.file("build/cache/opensbi_1.6.orig.tar.gz")
    subprocess.run(["tar", "-C", place.top / "sbi", "-czf", path, "opensbi-1.6"], check=True)
    refused(place.run("fetch", "opensbi"), "opensbi's lib/sbi/sbi_illegal_insn.c is not as expected: "
            "see OPENSBI_MENDS in scripts/opensbi_mends.py")


# ---- a QEMU beside the host's -------------------------------------------------------------------

def make_deb(place, name, files):
    """A package with these files; {path: program text or None for a program that may be run}."""
    tree = place.top / ("tree-" + name)
    for path, content in {"DEBIAN/control": f"Package: {name}\nVersion: 1\nArchitecture: all\n"
                          "Maintainer: nobody <nobody@invalid>\nDescription: nothing\n", **files}.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(content)
        (tree / path).chmod(0o755)
    deb = place.top / f"{name}.deb"
    subprocess.run(["dpkg-deb", "-b", "--root-owner-group", tree, deb], check=True, capture_output=True)
    return deb


LISTED = {"all there": 'echo "libc.so.6 => $root/libc.so.6 (0x1)"',
          "one of the host's": "echo 'libc.so.6 => /lib/libc.so.6 (0x1)'",
          "one is missing": "echo 'libc.so.6 => not found'"}


def fake_qemu(place, listed):
    """An apt that has QEMU 10 in two packages, with a fake loader. Returns the arguments of apt-get."""
    asked = place.top / "asked"
    loader = ('#!/bin/sh\nroot=$(cd "$(dirname "$0")" && pwd)\ncase "$*" in\n'
              f'*--list*) {LISTED[listed]};;\n*) echo "run: $*";;\nesac\n')
    qemu = make_deb(place, "qemu", {"usr/bin/qemu-system-riscv64": "", "usr/bin/other": "",
                                    "usr/share/qemu/firmware": "", "usr/share/doc/text": ""})
    libc = make_deb(place, "libc", {"usr/lib/some-linux-gnu/ld-linux.so.2": loader})
    place.program("dpkg", "echo some")
    place.program("apt-get", f"""echo "$*" >> {asked}
        case "$*" in
        *indextargets*) echo {MIRROR};;
        *download-only*) for word; do case $word in Dir::Cache::Archives=*)
            cp {qemu} {libc} "${{word#*=}}";; esac; done;;
        esac""")
    place.program("apt-cache", "echo Package: qemu-system-riscv; echo Version: 1:10.0.2+ds-2~bpo12+1")
    return asked


def test_qemu_beside_the_hosts(place):
    asked = fake_qemu(place, "all there")
    done = place.run("fetch", "qemu-10")
    assert (done.returncode, done.stderr) == (0, "")
    root = place.top / "build/third/qemu-10"
    said = subprocess.run([root / "qemu-system-riscv64", "-M", "a b"], capture_output=True, text=True).stdout
    assert said == (f"run: --inhibit-cache --library-path {root}/lib/some-linux-gnu:{root}/usr/lib/some-linux-gnu "
                    f"{root}/usr/bin/qemu-system-riscv64 -L {root}/usr/share/qemu -M a b\n")
    assert not (root / "usr/bin/other").exists() and not (root / "usr/share/doc").exists()
    lists = (place.top / "build/apt/qemu-10/sources.list").read_text().splitlines()
    assert [line.split("] ")[1] for line in lists] == [
        f"{MIRROR} bookworm-backports main", f"{MIRROR} bookworm main"]
    assert all(" signed-by=/usr/share/keyrings/debian-archive-keyring." in line for line in lists)
    first = asked.read_text()
    assert "-t bookworm-backports" in first and "qemu-system-riscv=1:10.0.2+ds-2~bpo12+1" in first
    # From the cache: apt is not asked again.
    shutil.rmtree(root)
    assert place.run("fetch", "qemu-10").returncode == 0
    assert asked.read_text() == first and root.exists()


@pytest.mark.parametrize("listed", [what for what in LISTED if what != "all there"])
def test_qemu_without_a_library(place, listed):
    """It never starts with a library of the host's."""
    fake_qemu(place, listed)
    done = place.run("fetch", "qemu-10")
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "lacks a library, it takes the host's: libc.so.6 => " in done.stderr
    assert not (place.top / "build/third/qemu-10").exists()


def test_qemu_of_a_persons_own(brought):
    own = brought.program("some-qemu", "echo mine")
    assert brought.run("fetch", "qemu-11", QEMU_11=own).returncode == 0
    starter = brought.top / "build/third/qemu-11/qemu-system-riscv64"
    assert subprocess.run([starter], capture_output=True, text=True).stdout == "mine\n"
    refused(brought.run("fetch", "qemu-10"), "this host has no apt: name local files by QEMU_10= (docs/testing.md)")


# ---- tools that are missing ---------------------------------------------------------------------

TOOLS = {	# what each is without a word in Debian 12
    "riscv64-linux-gnu-gcc": "gcc-riscv64-linux-gnu", "qemu-system-riscv64": "qemu-system-misc",
    "dtc": "device-tree-compiler", "gcc": "gcc", "clang": "clang", "dt-validate": "dt-schema",
    "spin": "spin", "cpio": "cpio", "xz": "xz-utils", "mformat": "mtools"}
NEEDED = ("cat", "date", "dirname", "find", "grep", "head", "mkdir", "paste", "sed", "sleep", "sort",
          "tail", "tr")
PACKAGES = {"12": ["qemu-system-misc", "dt-schema"], "13": ["qemu-system-riscv"]}
SUDO = "    sudo apt-get install --no-install-recommends "
UPDATE_SUDO = "    sudo apt-get update && sudo apt-get install --no-install-recommends "


class Host(Place):
    """A Debian on which nothing is missing yet."""

    def __init__(self, top, version="12", user=1000):
        super().__init__(top)
        system = self.file("os-release", f'ID=debian\nVERSION_ID="{version}"\n'.encode())
        self.env.update(PATH=str(self.bin), OS_RELEASE=system, PYTHON=self.program("python"),
                        CROSS_COMPILE="riscv64-linux-gnu-", HOSTCC="gcc", FUZZCC="clang",
                        QEMU="qemu-system-riscv64")
        self.version = version
        for name in NEEDED:
            (self.bin / name).symlink_to(shutil.which(name))
        for name in TOOLS:
            if name != "dt-validate" or version == "12":
                self.program(name)
        self.program("mke2fs")
        self.file("llvm/libclang_rt.fuzzer.a")
        self.program("clang", f"echo {self.top}/llvm/x")
        self.program("id", f"echo {user}")
        self.program("ls", "echo debian-archive-trixie-stable.gpg")
        self.apt_get()
        self.lists(True)

    def apt_get(self, text="exit 0"):
        self.program("apt-get", f'echo "$*" >> {self.top}/asked\n{text}')

    def lists(self, filled):
        """Whether apt knows any packages."""
        known = "|".join(["libc6-dev", *PACKAGES[self.version]])
        self.program("apt-cache", f"case $2 in {known}) echo Filename: x;; esac" if filled else "false")

    def lacks(self, *names):
        for name in names:
            (self.bin / name).unlink()

    def asked(self):
        """What apt-get was called for."""
        path = self.top / "asked"
        return path.read_text().splitlines() if path.exists() else []


def told(done):
    """The one command that is printed."""
    lines = done.stderr.splitlines()
    assert done.returncode == 1 and done.stdout == "" and len(lines) == 2
    assert lines[0] == "setup: some tools are missing. Type this once, then run make again:"
    return lines[1].rstrip()


def test_nothing_is_missing(tmp_path):
    host = Host(tmp_path)
    done = host.run("setup")
    assert (done.returncode, done.stdout, done.stderr, host.asked()) == (0, "", "", [])


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool not in ("gcc", "clang")])
def test_missing_tool(tmp_path, tool):
    """Without root rights one command is printed, and nothing is done."""
    host = Host(tmp_path)
    host.lacks(tool)
    assert told(host.run("setup")) == SUDO + TOOLS[tool]
    assert host.asked() == [] and not (tmp_path / "build").exists()


@pytest.mark.parametrize("version", PACKAGES)
def test_all_missing(tmp_path, version):
    """The same packages before apt's lists are filled as after: one command is all."""
    host = Host(tmp_path, version)
    host.lacks(*(tool for tool in TOOLS if tool != "dt-validate" or version == "12"))
    host.env["PYTHON"] = "no-python"
    command = told(host.run("setup"))
    packages = sorted(set(TOOLS.values()) - {"qemu-system-misc", "dt-schema"} | {*PACKAGES[version]}
                      | {"libc6-dev", "libcmocka-dev", "zlib1g-dev", "libclang-rt-dev", "python3", "python3-pytest"})
    assert command == SUDO + " ".join(packages)
    host.lists(False)
    assert told(host.run("setup")) == UPDATE_SUDO + " ".join(packages)


def test_what_one_test_wants_is_no_reason(tmp_path):
    """Package lists are missing, perhaps without network: the build needs no dt-schema."""
    host = Host(tmp_path)
    host.lacks("dt-validate")
    host.lists(False)
    assert host.run("setup").returncode == 0


def test_without_apt(tmp_path):
    host = Host(tmp_path)
    host.lacks("apt-get", "apt-cache", "dtc", "cpio")
    done = host.run("setup", QEMU="/nonexistent")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == ("setup: not on this host: /nonexistent, dtc, cpio. "
                           "Please install what is missing.\n")


def test_root_without_network(tmp_path):
    host = Host(tmp_path, user=0)
    host.lacks("dtc")
    host.apt_get(saying([ERR, "  Temporary failure resolving 'mirror.invalid'", OLD]))
    done = host.run("setup")
    assert done.returncode == 1 and done.stdout == "  SETUP   installing: device-tree-compiler \n"
    assert done.stderr == ("setup: apt could not reach the package mirror: no network? "
                           "Details: build/logs/setup.log\n")
    assert [line.split()[0] for line in host.asked()] == ["-q"]


def test_root_and_a_wrong_signature(tmp_path):
    """It is not the network."""
    host = Host(tmp_path, user=0)
    host.lacks("dtc")
    host.lists(False)
    host.apt_get(saying(APT_FAILS["bad signature later"][0]))
    done = host.run("setup")
    assert done.returncode == 1 and "network" not in done.stderr and LOST + BAD in done.stderr
    assert done.stderr.endswith("setup: apt failed. Details: build/logs/setup.log\n")


def test_root_installs(tmp_path):
    """Empty lists are read first; what takes long is seen to go on."""
    host = Host(tmp_path, user=0)
    host.lacks("dtc")
    host.lists(False)
    (host.bin / "true").symlink_to(shutil.which("true"))
    (host.bin / "ln").symlink_to(shutil.which("ln"))
    host.apt_get(f"case $* in *install*) sleep 1.5; ln -s true {host.bin}/dtc;; esac")
    done = host.run("setup")
    assert done.returncode == 0 and done.stderr == ""
    tick = r"( {10}\.\.\. \d s\n)"
    assert re.fullmatch(rf"  SETUP   reading package lists \(apt-get update\)\n{tick}*"
                        rf"  SETUP   installing: device-tree-compiler \n{tick}+", done.stdout)
    asked = [re.search("update|install ", line)[0] for line in host.asked()]
    assert asked == ["update", "install "]


def test_root_installs_in_vain(tmp_path):
    host = Host(tmp_path, user=0)
    host.lacks("dtc")
    done = host.run("setup")
    assert done.returncode == 1
    assert done.stderr == "setup: still missing after the installation: dtc\n"
