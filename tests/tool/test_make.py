# SPDX-License-Identifier: GPL-2.0-or-later
"""make refuses to build the image of a configuration that does not fit its machine."""
import glob
import os
import re
import resource
import shutil
import subprocess
import tarfile

import corpus
import pytest

TOP = corpus.TOP
BAD = "bad/hart-taken"
FIRMWARE = "build/opensbi/platform/generic/firmware/fw_payload.bin"
IMAGE = os.path.join(TOP, "build", BAD, "fw_payload.bin")


def make(*args, **env):
    clean = {key: value for key, value in os.environ.items()
             if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "HOST_DTB")}
    return subprocess.run(["make", *args], cwd=TOP, env=dict(clean, **env), capture_output=True, text=True, timeout=600)


def files(top):
    return {os.path.relpath(os.path.join(where, name), top) for where, _, names in os.walk(top) for name in names}


@pytest.fixture
def no_image():
    """There is none of the wrong configuration, before and after."""
    def remove():
        if os.path.exists(IMAGE):
            os.remove(IMAGE)
    remove()
    yield
    remove()


def test_wrong_configuration_is_not_built(no_image):
    done = make(f"CONFIG={BAD}")
    assert done.returncode and not os.path.exists(IMAGE)
    assert re.search(rf"^configs/{BAD}\.dts:\d+: /b: harts: hart 2 is also claimed by guest a;", done.stderr, re.M)


def test_an_old_image_goes(no_image):
    """A configuration that was right: what was built of it must not be flashed any more."""
    os.makedirs(os.path.dirname(IMAGE), exist_ok=True)
    with open(IMAGE, "w", encoding="utf-8") as file:
        file.write("old")
    os.utime(IMAGE, (1, 1))
    assert make(f"CONFIG={BAD}").returncode and not os.path.exists(IMAGE)


def test_way_out(no_image):
    done = make(f"CONFIG={BAD}", "HOST_DTB=none")
    assert done.returncode == 0, done.stderr
    assert os.path.exists(IMAGE) and "is not checked" in done.stderr


def test_another_machine(tmp_path):
    """The demo's configuration does not fit a machine with two harts."""
    path = tmp_path / "host.dtb"
    path.write_bytes(corpus.dump((("-m", "2G"), ("-smp", "2"))))
    done = make("check", "CONFIG=virt/linux-rt", f"HOST_DTB={path}")
    assert done.returncode and done.stderr.count("[unknown-hart]") == 2
    done = make("check", "CONFIG=virt/linux-rt")
    assert done.returncode == 0 and done.stderr == ""


@pytest.mark.parametrize("goal, parts", [
    ("CONFIG=test/one", ["opensbi libfdt"]),
    ("CONFIG=virt/linux-rt", ["linux busybox", "opensbi libfdt"]),
    ("demo", ["linux busybox", "opensbi libfdt"]),
    ("CONFIG=virt/u-boot", ["opensbi libfdt", "u-boot"]),
    ("everything", ["grub", "linux busybox", "opensbi libfdt", "u-boot"]),
    ("newer-qemus", ["qemu-10 qemu-11"]),
])
def test_only_what_is_needed_is_fetched(goal, parts):
    done = make("-n", "-W", "scripts/fetch", "-o", FIRMWARE, goal)	# -n runs make of OpenSBI, too
    assert sorted(re.findall(r"scripts/fetch ([a-z0-9 -]+)$", done.stdout, re.M)) == parts, done.stderr


def test_opensbi_shows_progress():
    done = make("-n", "-W", "scripts/fetch", FIRMWARE)
    assert re.search(r"scripts/long-step build/logs/opensbi\.log \\\n\s*make -j\d+ -C build/third/opensbi",
                     done.stdout), done.stdout


# ---- a person's own images --------------------------------------------------------------------

OWN = """/dts-v1/;
/ {
	compatible = "bulkhead,partitions-v1";
	own { harts = <1>; memory = "16M"; kernel = "NAME"; };
};
"""


class Own:
    """A configuration of the person's with one image, both of names that are not in use."""

    def __init__(self):
        self.name = f"own-{os.getpid()}"
        self.config = f"virt/{self.name}"
        self.dts = os.path.join(TOP, "configs", self.config + ".dts")
        self.image = os.path.join(TOP, "images", self.name)
        self.built = os.path.join(TOP, "build/images", self.name)
        self.out = os.path.join(TOP, "build", self.config)
        self.files = [self.dts, self.dts + "i", self.image, self.built]
        self.had_images = os.path.isdir(os.path.dirname(self.image))
        os.makedirs(os.path.dirname(self.image), exist_ok=True)
        self.write(self.dts, OWN.replace("NAME", self.name))

    def write(self, path, text, age=0):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        then = os.stat(path).st_mtime - age
        os.utime(path, (then, then))

    def make(self):
        done = make(f"CONFIG={self.config}")
        assert done.returncode == 0, done.stderr
        with open(os.path.join(self.out, "fw_payload.bin"), "rb") as file:
            return done.stdout, file.read()

    def remove(self):
        for path in filter(os.path.exists, self.files):
            os.remove(path)
        shutil.rmtree(self.out, ignore_errors=True)
        if not self.had_images:
            os.rmdir(os.path.dirname(self.image))


@pytest.fixture
def own():
    it = Own()
    yield it
    it.remove()


def test_own_image_is_packed_as_it_is_now(own):
    own.write(own.image, "the first")
    assert b"the first" in own.make()[1]
    assert "PACK" not in own.make()[0]
    own.write(own.image, "the next")
    said, flash = own.make()
    assert "PACK" in said and b"the next" in flash and b"the first" not in flash
    own.write(own.image, "an older one", age=100000)
    assert b"an older one" in own.make()[1]


def test_own_image_goes_before_a_built_one(own):
    """With a word about it; when it goes, the built one is packed again, as old as it is."""
    own.write(own.built, "the built one", age=100000)
    said, flash = own.make()
    assert b"the built one" in flash and "not build/images" not in said
    own.write(own.image, "the own one")
    said, flash = own.make()
    assert b"the own one" in flash
    assert f"image '{own.name}' is images/{own.name}, not build/images/" in said
    os.remove(own.image)
    assert b"the built one" in own.make()[1]


def test_own_image_is_checked(own):
    """Its size counts before anything is packed; if it is missing, the message says where to put it."""
    own.write(own.image, "x" * (17 << 20))
    done = make("check", f"CONFIG={own.config}")
    assert done.returncode and "[image-no-room]" in done.stderr
    os.remove(own.image)
    done = make(f"CONFIG={own.config}")
    assert done.returncode and "[image-missing]" in done.stderr
    assert "images are taken from images/" in done.stderr
    done = make(f"CONFIG={own.config}", "HOST_DTB=none")
    assert done.returncode
    assert f"no image '{own.name}': put yours at images/{own.name}" in done.stderr
    assert not os.path.exists(os.path.join(own.out, "fw_payload.bin"))


def test_included_source_counts(own):
    """What a configuration includes, and the images named there."""
    own.write(own.dts, '/dts-v1/;\n/include/ "' + os.path.basename(own.dts) + 'i"\n')
    own.write(own.dts + "i", OWN.replace("NAME", own.name).split("\n", 1)[1])
    own.write(own.image, "the first")
    assert b"the first" in own.make()[1]
    own.write(own.image, "the next", age=50)
    assert b"the next" in own.make()[1]
    own.write(own.dts + "i", OWN.replace("NAME", "rt").split("\n", 1)[1])
    assert b"rt: tick" in own.make()[1]


def test_clean_leaves_own_images(own):
    done = make("-n", "clean", "distclean")
    assert done.returncode == 0 and re.search(r"^rm -rf build$", done.stdout, re.M)
    words = [word for line in done.stdout.splitlines() for word in line.split()[2:]]
    assert all(word.startswith("build") for word in words)


def test_boards_have_trees():
    """Each directory of configurations has a machine that they are checked against."""
    for board in sorted(os.listdir(os.path.join(TOP, "configs"))):
        done = subprocess.run(["make", "-s", "-f", "Makefile", "--eval",
                               f"print-host: ; @echo $(call host_of,{board})", "print-host"], cwd=TOP,
                              env={key: value for key, value in os.environ.items() if key != "HOST_DTB"},
                              capture_output=True, text=True, check=True)
        assert done.stdout.split(), board


def test_unknown_board():
    done = subprocess.run([os.path.join(TOP, "scripts/check"), "configs/strange/a.dts", ""], cwd=TOP,
                          capture_output=True, text=True)
    assert done.returncode == 1 and "tests/hosts/strange.dts" in done.stderr and "HOST_DTB=none" in done.stderr


# ---- the first and the second time ---------------------------------------------------------------

def rules_at(top):
    """A directory with nothing but the rules of the build."""
    for path in ["Makefile", *glob.glob("scripts/*.mk", root_dir=TOP),
                 *glob.glob("**/flags.mk", root_dir=TOP, recursive=True)]:
        os.makedirs(os.path.dirname(top / path), exist_ok=True)
        shutil.copy(os.path.join(TOP, path), top / path)
    return top


@pytest.mark.parametrize("name, sign", [("a b", "a space"), ("a:b", ":"), ("a#b", "#"), ("a$b", "$"), ("it's", "'"),
                                        ("a%b", "%"), ("a*", "*"), ("a\tb", "a space")])
def test_path_that_make_cannot_handle(tmp_path, name, sign):
    """Said before anything is installed, fetched or built."""
    top = rules_at(tmp_path / name)
    there = sorted(files(top))
    for goal in ((), ("demo",), ("help",)):
        done = subprocess.run(["make", *goal], cwd=top, capture_output=True, text=True, timeout=60)
        assert done.returncode and f"make cannot handle: {sign}. Move the directory" in done.stderr, done.stderr
        assert sorted(files(top)) == there


def test_usual_paths(tmp_path):
    for name in ("bulkhead-0.1_x+y@z,(1)=2~", "Größe", "."):
        top = rules_at(tmp_path / name)
        done = subprocess.run(["make", "help"], cwd=top, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and "make demo" in done.stdout, done.stderr


@pytest.mark.parametrize("config", ["virt/linux-rt", "virt/u-boot"])
def test_nothing_to_do(config):
    """A second make makes nothing, in little time, and says what there is and what to type."""
    assert make(f"CONFIG={config}").returncode == 0
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = make(f"CONFIG={config}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"build/{config}/fw_payload.bin (for -bios or flash) and bulkhead.bin (for a boot loader) are there. "
        f"Boot them: make run CONFIG={config}"]
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2    # of CPU time: 0.4 on two cores


def test_what_to_type():
    assert "are there. For a board: docs/boards.md" in make("CONFIG=p550/linux-rt", "-n").stdout
    assert "are there" not in make("-n", "run").stdout


def test_missing_guest_names_its_page(own):
    """A configuration whose image a person builds: without it, that is said before anything is built."""
    with open(own.dts, encoding="utf-8") as file:
        own.write(own.dts, "/* See docs/guests/rt-thread.md. */\n" + file.read())
    for goal in ("image", "run"):
        done = make(goal, f"CONFIG={own.config}")
        assert done.returncode and f"images/{own.name} is not there: docs/guests/rt-thread.md says" in done.stderr
        assert "PACK" not in done.stdout and "CHECK" not in done.stdout
    assert f"{own.config}/fw_payload.bin" not in make("-n", "everything").stdout
    own.write(own.image, "a guest")
    assert b"a guest" in own.make()[1]


@pytest.mark.parametrize("goal", ["run", "debug"])
@pytest.mark.parametrize("config", ["p550/linux-rt", "dp1000/clusters"])
def test_boards_do_not_run_in_qemu(goal, config):
    """Said at once, with what to do instead."""
    done = make(goal, f"CONFIG={config}")
    assert done.returncode and f"configs/{config}.dts is for a board, not for the machine of QEMU" in done.stderr
    assert f"make CONFIG={config}" in done.stderr and "docs/boards.md" in done.stderr
    assert "PACK" not in done.stdout


def test_size_of_the_machine():
    """SMP and MEM are those of the machine that is checked against, and that is started; QEMU_ARGS goes behind."""
    said = make("-n", "run", "SMP=8", "MEM=4G", "QEMU_ARGS=-cpu rv64,sstc=off").stdout
    assert "scripts/host-dtb --smp '8' --mem '4G' build/host/virt-8-4G.dtb" in said or \
        os.path.exists(os.path.join(TOP, "build/host/virt-8-4G.dtb"))
    assert "scripts/run  --smp '8' --mem '4G' virt/linux-rt -- -cpu rv64,sstc=off" in said
    done = make("check", "CONFIG=virt/linux-rt", "SMP=2")
    assert done.returncode and "harts: the machine has no hart 3" in done.stderr
    assert make("check", "CONFIG=virt/linux-rt", "SMP=5").returncode == 0
    done = make("check", "SMP=many")
    assert done.returncode and "host-dtb: QEMU refused this machine: " in done.stderr


def test_machine_with_aia(tmp_path):
    """Another tree, another machine, and a QEMU that emulates it, if the host's does not."""
    said = make("-n", "run", "MACHINE=aia").stdout
    assert "scripts/host-dtb --machine 'aia'" in said or os.path.exists(os.path.join(TOP, "build/host/virt-aia.dtb"))
    assert "scripts/run  --machine 'aia' virt/linux-rt -- " in said
    assert "scripts/run --demo --machine 'aia' virt/linux-rt" in make("-n", "demo", "MACHINE=aia").stdout
    assert "--machine" not in make("-n", "demo").stdout
    for version, fetched in (("7.2.22", True), ("10.0.2", False)):
        qemu = tmp_path / version
        qemu.write_text(f"#!/bin/sh\necho 'QEMU emulator version {version} (Debian)'\n")
        qemu.chmod(0o755)
        said = make("-n", "-p", "demo", "MACHINE=aia", f"QEMU={qemu}").stdout
        assert bool(re.search(r"^QEMU_OF_MACHINE := \S", said, re.M)) == fetched


def test_cores_of_opensbi():
    """As many jobs as there are cores, or as -j says."""
    for args, jobs in (((), f"make -j{os.cpu_count()} -C build/third/opensbi"),
                       (("-j2",), "make  -C build/third/opensbi")):
        said = make("-n", "-W", "build/.fetched-base", *args, FIRMWARE)
        assert jobs in said.stdout, said.stdout + said.stderr


class Elsewhere:
    """Another directory than build/ for what is made, with what is fetched."""

    def __init__(self, top):
        self.top = str(top)
        os.mkdir(top)
        os.symlink(os.path.join(TOP, "build/third"), top / "third")
        for name in (".setup", ".given-base", ".fetched-base"):
            shutil.copy2(os.path.join(TOP, "build", name), top)

    def make(self, *args, **env):
        done = make(f"B={self.top}", *args, **env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def compiled(self, goals, *args, **env):
        """The names of the goals that are made again."""
        said = self.make(*(f"{self.top}/{goal}" for goal in goals), *args, **env)
        return {path.removeprefix(self.top + "/") for path in re.findall(r"^  (?:CC|AS) +(\S+)$", said, re.M)}


def test_objects_depend_on_compiler_and_flags(tmp_path):
    there = Elsewhere(tmp_path / "build")
    cross = {"core/hyp/base/bits.o", "core/hyp/riscv/fault.o", "core/libfdt/fdt_ro.o", "guest/guests/lib/sbi.o"}
    host = {"host/hyp/base/bits.o"}
    assert there.compiled(cross | host) == cross | host
    assert there.compiled(cross | host) == set()
    assert there.compiled(cross | host, "CFLAGS=-DANY=1") == cross
    assert there.compiled(cross | host, "CFLAGS=-DANY=1") == set()
    assert there.compiled(cross | host) == cross
    assert there.compiled(cross | host, CFLAGS="-O3 -fstack-protector") == set()     # meant for the host's programs
    compiler = tmp_path / "other-gcc"
    for version in ("1", "2"):
        compiler.write_text(f"#!/bin/sh\n[ \"$1\" = --version ] && exec echo gcc {version}\nexec riscv64-linux-gnu-gcc \"$@\"\n")
        compiler.chmod(0o755)
        assert there.compiled(cross | host, f"CROSS_COMPILE={tmp_path}/other-") == cross, version
    assert there.compiled(cross | host, f"CROSS_COMPILE={tmp_path}/other-") == set()
    compiler.write_text("#!/bin/sh\nexec gcc \"$@\"\n")
    assert there.compiled(host, f"HOSTCC={compiler}") == host


def test_only_told_what_would_be_done(tmp_path):
    """make -n, -q and -t of OpenSBI, whose rule calls make, run nothing and remove nothing."""
    there = Elsewhere(tmp_path / "build")
    for name in ("opensbi/platform/generic/firmware/fw_payload.bin", "logs/opensbi.log"):
        os.makedirs(os.path.dirname(f"{there.top}/{name}"), exist_ok=True)
        with open(f"{there.top}/{name}", "w", encoding="utf-8") as file:
            file.write("as it was")
    before = files(there.top)
    firmware = FIRMWARE.replace("build", there.top, 1)
    assert "long-step" in there.make("-n", firmware, "CROSS_COMPILE=other-")
    assert make("-q", f"B={there.top}", firmware).returncode == 1
    assert files(there.top) == before
    with open(f"{there.top}/logs/opensbi.log", encoding="utf-8") as file:
        assert file.read() == "as it was"


# ---- for other places -----------------------------------------------------------------------------

INSTALLED = {"bin/bulkhead": 0o755, "share/man/man1/bulkhead.1": 0o644,
             "share/bash-completion/completions/bulkhead": 0o644}


def test_install(tmp_path):
    """The command, its manual page and completion, below DESTDIR and PREFIX; and away again, nothing else with them."""
    dest = tmp_path / "a place"
    assert make("install", f"DESTDIR={dest}", "PREFIX=/opt/b").returncode == 0
    top = dest / "opt/b"
    assert files(dest) == {f"opt/b/{name}" for name in INSTALLED}
    for name, mode in INSTALLED.items():
        assert (top / name).stat().st_mode & 0o777 == mode
    said = subprocess.run([top / "bin/bulkhead", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("bulkhead ")
    (top / "bin/other").write_text("")
    assert make("uninstall", f"DESTDIR={dest}", "PREFIX=/opt/b").returncode == 0
    assert files(dest) == {"opt/b/bin/other"}
    assert "'/usr/local/bin/bulkhead'" in make("-n", "install").stdout


def test_dist(tmp_path):
    """The tarball has all that is committed, under the name and version that the tool has."""
    done = make("dist")
    assert done.returncode == 0, done.stderr
    version = subprocess.run([os.path.join(TOP, "build/bulkhead"), "--version"], capture_output=True, text=True,
                             check=True).stdout.split()[1]
    with tarfile.open(os.path.join(TOP, f"build/bulkhead-{version}.tar.gz")) as archive:
        inside = {member.name for member in archive if not member.isdir()}
    committed = subprocess.run(["git", "ls-tree", "-r", "--name-only", "-z", "HEAD"], cwd=TOP, capture_output=True,
                               text=True,
                               check=True).stdout.split("\0")
    assert inside == {f"bulkhead-{version}/{name}" for name in committed if name}
    with open(os.path.join(TOP, "CHANGELOG.md"), encoding="utf-8") as file:
        assert re.search(rf"^## {re.escape(version)}\b", file.read(), re.M)


def test_further_modules():
    """Another list of modules makes the initramfs again."""
    make("build/images/linux-initrd")
    assert "INITRD" not in make("build/images/linux-initrd").stdout
    wanted = "virtio_mmio virtio_blk ext4"
    try:
        done = make("build/images/linux-initrd", f"LINUX_MODULES_WANTED={wanted}")
        assert done.returncode == 0 and "INITRD" in done.stdout
    finally:
        assert "INITRD" in make("build/images/linux-initrd").stdout
