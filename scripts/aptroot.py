# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian packages without a change of the host: an apt with directories of its own, and a cache, for scripts/fetch.

The host's apt is only asked for the address of its mirror. Signatures are verified by the host's
debian-archive keyring. Everything lies below build/.
"""
import fnmatch
import glob
import os
import re
import shutil
import subprocess
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(TOP, "build")
APT = os.path.join(BUILD, "apt")
CACHE = os.path.join(BUILD, "cache")
LOG = os.path.join(BUILD, "logs", "fetch.log")
TICK = float(os.environ.get("BULKHEAD_TICK", 10))	# seconds; shorter in tests


class Failed(Exception):
    """Something a person has to look at; the text is the one line shown."""


def say(text):
    print("  FETCH   " + text, flush=True)


class Ticker:
    """Says every TICK seconds that a step still works, and how much has come into its directory."""

    def __init__(self, directory):
        self.directory = directory
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.tick, daemon=True)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *exc):
        self.done.set()
        self.thread.join()

    def tick(self):
        start = time.monotonic()
        while not self.done.wait(TICK):
            came = f", {self.size() / 1e6:.1f} MB" if self.directory else ""
            print(f"          ... {time.monotonic() - start:.0f} s{came}", flush=True)

    def size(self):
        total = 0
        for where, _, names in os.walk(self.directory):
            for name in names:
                try:
                    total += os.lstat(os.path.join(where, name)).st_size
                except OSError:
                    pass	# apt has renamed it
        return total


def run(cmd, cwd=None, why=None):
    """Runs cmd, returns its standard output; both outputs go to the log."""
    try:
        with Ticker(cwd):
            done = subprocess.run(cmd, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, errors="replace",
                                  env=dict(os.environ, LC_ALL="C"))
    except FileNotFoundError:
        raise Failed(f"{cmd[0]} is not on this host") from None
    with open(LOG, "a", encoding="utf-8") as log:
        log.write(f"$ {' '.join(cmd)}\n{done.stdout[-20000:]}{done.stderr[-20000:]}")
    if done.returncode:
        raise Failed(explain(done.stdout + done.stderr, why or "failed: " + " ".join(cmd)))
    return done.stdout


# What apt says, the first that fits, and what that is for people.
MEANINGS = (
    (r"BADSIG|signatures were invalid",
     "a signature is wrong: what came was changed on its way, or is damaged"),
    (r"NO_PUBKEY|Missing key|is not signed|not found in keyring",
     "a signature could not be verified; the host's debian-archive-keyring may be too old"),
    (r"Hash Sum mismatch|unexpected size", "what came does not have its checksum"),
    (r"(?i)resolv|connect|timed out|Network is unreachable",
     "the mirror did not answer, no network?"),
)


def explain(text, why):
    """One line for people out of apt's many."""
    errors = re.findall(r"^(?:E|dpkg-deb): *(.*)$", text, re.M)
    meaning = next((meaning for pattern, meaning in MEANINGS if re.search(pattern, text)), None)
    return f"{why}: {meaning or (errors[0] if errors else 'see the log')} (details: {LOG})"


# ---- the private apt root ---------------------------------------------------------------------

def os_codename():
    try:
        with open("/etc/os-release", encoding="utf-8") as file:
            found = re.search(r"^VERSION_CODENAME=(\w+)", file.read(), re.M)
    except OSError:
        found = None
    return found.group(1) if found else "stable"


def mirror():
    """The base address of the host's own Debian mirror."""
    out = run(["apt-get", "indextargets", "--format", "$(REPO_URI)",
               "Created-By: Packages", "Origin: Debian", "Label: Debian"])
    addresses = list(dict.fromkeys(out.split()))
    if not addresses:  # no package lists on the host yet: ask what it would fetch
        out = run(["apt-get", "update", "--print-uris"])
        addresses = re.findall(rf"^'(\S+?)dists/{os_codename()}/InRelease'", out, re.M)
    if not addresses:
        raise Failed("the host's apt knows no Debian mirror; see OPENSBI_SRC= and the others in "
                     "docs/testing.md to bring your own files")
    return addresses[0]


def keyring():
    for name in ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp"):
        path = os.path.join("/usr/share/keyrings", name)
        if os.path.exists(path):
            return path
    raise Failed("no debian-archive-keyring in /usr/share/keyrings")


class AptRoot:
    """apt with directories of its own; made and updated when something first needs it.

    directory     where they are, below build/apt; "" is build/apt
    suites        of Debian, the one that is preferred first
    architecture  of the binary packages; None: the host's
    instead       the variables that name local files: for a host without apt
    sources       whether source packages are wanted, too
    """

    def __init__(self, directory, suites, architecture, instead, sources=False):
        self.place = os.path.join(APT, directory).rstrip("/")
        self.suites = suites
        self.architecture = architecture
        self.instead = instead
        self.sources = sources
        self.ready = False
        self.conf = os.path.join(self.place, "apt.conf")

    def prepare(self):
        if self.ready:
            return
        if not shutil.which("apt-get"):
            raise Failed("this host has no apt: name local files by "
                         + ", ".join(f"{variable}=" for variable in self.instead) + " (docs/testing.md)")
        self.architecture = self.architecture or run(["dpkg", "--print-architecture"]).strip()
        for sub in ("lists/partial", "cache/archives/partial", "state", "empty"):
            os.makedirs(os.path.join(self.place, sub), exist_ok=True)
        open(os.path.join(self.place, "status"), "w", encoding="utf-8").close()
        address, keys, arch = mirror(), keyring(), self.architecture
        with open(os.path.join(self.place, "sources.list"), "w", encoding="utf-8") as file:
            for suite in self.suites:
                file.write(f"deb [arch={arch} signed-by={keys}] {address} {suite} main\n")
                if self.sources:
                    file.write(f"deb-src [signed-by={keys}] {address} {suite} main\n")
        self.configure()
        say(f"package lists of Debian {self.suites[0]} ({arch})")
        # Without Error-Mode=any, apt answers a dead mirror with warnings and exit status 0.
        self.apt("update", "--error-on=any", why="package lists")
        self.ready = True

    def configure(self):
        place, arch = self.place, self.architecture
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(f'Dir::State "{place}/state";\nDir::State::lists "{place}/lists";\n'
                       f'Dir::State::status "{place}/status";\nDir::Cache "{place}/cache";\n'
                       f'Dir::Etc::sourcelist "{place}/sources.list";\n'
                       f'Dir::Etc::sourceparts "{place}/empty";\n'
                       f'Dir::Etc::preferences "{place}/empty/none";\n'
                       f'Dir::Etc::preferencesparts "{place}/empty";\n'
                       f'APT::Architecture "{arch}";\nAPT::Architectures {{ "{arch}"; }};\n'
                       '#clear APT::Update::Post-Invoke;\n'
                       '#clear APT::Update::Post-Invoke-Success;\n'
                       '#clear DPkg::Post-Invoke;\n#clear APT::Install::Post-Invoke-Success;\n'
                       'APT::Sandbox::User "root";\nAcquire::Languages "none";\n'
                       'APT::Get::AllowUnauthenticated "false";\nAcquire::Retries "2";\n')

    def apt(self, *args, tool="apt-get", cwd=None, why=None):
        return run([tool, "-q", "-c", self.conf, *args], cwd=cwd, why=why)

    def pick(self, what, pattern, kind="show"):
        """The newest version of a package, or of a source (kind="showsrc"), that matches."""
        self.prepare()
        out = self.apt(kind, what, tool="apt-cache", why=what)
        versions = [v for v in re.findall(r"^Version: (\S+)$", out, re.M)
                    if fnmatch.fnmatchcase(v if kind == "show" else v.rsplit("-", 1)[0], pattern)
                    or fnmatch.fnmatchcase(v.rsplit("-", 1)[0], pattern)]
        if not versions:
            raise Failed(f"Debian {self.suites[0]} has no {what} {pattern}: see scripts/versions")
        return versions[0]


def download(what, pattern, command):
    """Runs command(directory) to get one file matching pattern, unless the cache has it."""
    have = sorted(glob.glob(os.path.join(CACHE, pattern)), key=os.path.getmtime)
    if have:
        return have[-1]
    partial = os.path.join(CACHE, "partial")
    shutil.rmtree(partial, ignore_errors=True)
    os.makedirs(partial)
    command(partial)
    got = glob.glob(os.path.join(partial, pattern))
    if len(got) != 1:
        raise Failed(f"{what}: apt gave {os.listdir(partial)}, wanted one {pattern}")
    path = os.path.join(CACHE, os.path.basename(got[0]))
    os.rename(got[0], path)
    return path


def source(root, name, upstream, pattern):
    """The upstream tarball of a Debian source package."""
    def get(where):
        version = root.pick(name, upstream, "showsrc")
        say(f"source of {name} {version}")
        root.apt("source", "--download-only", "--tar-only", f"{name}={version}", cwd=where,
                 why=name)
    return download(name, pattern, get)


def package(root, name, pattern, files, resolve=lambda root, n, p: (n, root.pick(n, p))):
    """A binary package; resolve() finds its concrete name and version."""
    def get(where):
        concrete, version = resolve(root, name, pattern)
        say(f"package {concrete} {version}")
        root.apt("download", f"{concrete}={version}", cwd=where, why=concrete)
    return download(name, files, get)


def packages(root, name, pattern):
    """A directory with a binary package of the suite that root prefers, and all that it depends on."""
    def get(where):
        version = root.pick(name, pattern)
        say(f"package {name} {version}, and what it depends on")
        # The version is that of the file's name, which has no epoch.
        debs = os.path.join(where, f"{name}_{version.split(':')[-1]}.debs")
        os.makedirs(os.path.join(debs, "partial"))
        root.apt("install", "-y", "--download-only", "--no-install-recommends", "-t", root.suites[0],
                 "-o", f"Dir::Cache::Archives={debs}", f"{name}={version}", cwd=debs, why=name)
        for rest in os.listdir(debs):
            path = os.path.join(debs, rest)
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif not rest.endswith(".deb"):
                os.remove(path)
    return download(name, f"{name}_{pattern.split(':')[-1]}.debs", get)


def kernel_package(root, name, pattern):
    """linux-image-riscv64 depends on the concrete kernel package of the same version."""
    version = root.pick(name, pattern)
    out = root.apt("show", f"{name}={version}", tool="apt-cache")
    found = re.search(r"^Depends:.*?(linux-image-\d\S+)", out, re.M)
    if not found:
        raise Failed(f"{name} {version} names no concrete kernel package")
    return found.group(1), version
