# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures of the boot tests; docs/testing.md says how to use them."""
import os
import re
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "scripts"))

sys.path.insert(0, os.path.join(TOP, "tests/tool"))

import corpus  # noqa: E402
import machine as machines  # noqa: E402

LOGS = os.path.join(TOP, "build/logs/boot")

# The long suites of `make test-all`.
LONG = os.environ.get("BULKHEAD_LONG") == "1"

# For tests of what depends on QEMU's version: the host's (None), and those that scripts/fetch gets.
QEMUS = [pytest.param(version, id=f"qemu-{version or 'host'}") for version in (None, *machines.FETCHED_QEMUS)]
NEWER_QEMUS = QEMUS[1:]

# Interrupt controllers of the machine, for tests of what must be the same with each of them: boot(..., on=CONTROLLER).
CONTROLLERS = list(machines.MACHINES)


@pytest.fixture(scope="session")
def time_scale():
    """What time-outs are multiplied by on this host, now."""
    scale = machines.calibrate()
    print(f"time-outs are scaled by {scale:.1f}")
    return scale


@pytest.fixture
def life(time_scale):
    """life(seconds): the ticks (100 a second) of a guest rt that has to live while something else is done. Scaled like
    time-outs: what is done takes longer on a slow host, and the guest's clock does not go slower there."""
    return lambda seconds: int(100 * seconds * time_scale)


@pytest.fixture
def log_dir(request):
    """build/logs/boot/FILE/TEST, emptied."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", request.node.name)
    path = os.path.join(LOGS, request.node.path.stem, name)
    os.makedirs(path, exist_ok=True)
    for file in os.listdir(path):
        if os.path.isfile(os.path.join(path, file)):
            os.remove(os.path.join(path, file))
    return path


@pytest.fixture
def pack(log_dir):
    """pack(config, images={}) makes a flash image of a configuration: "virt/linux-rt" for
    configs/virt/linux-rt.dts, or the text of one (it then contains "/dts-v1/"). Gives its directory."""
    def make(config, images=None):
        out = os.path.join(log_dir, "image")
        if "/dts-v1/" in config:
            path = os.path.join(log_dir, "config.dts")
            with open(path, "w", encoding="utf-8") as file:
                file.write(config)
        else:
            path = os.path.join(TOP, "configs", config + ".dts")
        return machines.pack(path, out, images)
    return make


@pytest.fixture
def switch_on(log_dir, time_scale):
    """switch_on(image=None, **machine arguments) starts a machine; all are ended after the test."""
    running = []

    def start(image=None, **kwargs):
        logs = log_dir if not running else os.path.join(log_dir, f"machine{len(running) + 1}")
        running.append(machines.Machine(image, log_dir=logs, scale=time_scale, **kwargs))
        running[-1].start()
        return running[-1]

    yield start
    for machine in running:
        machine.stop()


@pytest.fixture
def boot(pack, switch_on, log_dir):
    """boot(config, **machine arguments) packs and starts a machine. on: one of CONTROLLERS."""
    def start(config, images=None, on="plic", **kwargs):
        image = pack(config, images)
        if on != "plic":	# a QEMU that emulates it without a fault: the first of MACHINES
            kwargs["machine"], kwargs["qemu"] = machines.MACHINES[on]
        if kwargs.get("disk") is True:
            kwargs["disk"] = os.path.join(TOP, "build/linux-disk.img")
        firmware = kwargs.pop("by_kernel", None)
        if firmware:
            kwargs["bios"] = ("default" if firmware == "default" else
                              os.path.join(machines.FIRMWARE, firmware + ".bin"))
            kwargs["kernel"] = os.path.join(image, "bulkhead.bin")
        return switch_on(image, **kwargs)

    yield start
    for name in ("fw_payload.bin", "bulkhead.bin"):  # large, and made again in a second
        path = os.path.join(log_dir, "image", name)
        if os.path.exists(path):
            os.remove(path)


def dump_host(path, **kwargs):
    """The host's tree as QEMU makes it, before any firmware has edited it. Returns the path."""
    with machines.Machine(bios="none", machine=f"virt,dumpdtb={path}", **kwargs) as machine:
        machine.wait()
    return path


@pytest.fixture
def host_dtb(log_dir):
    """host_dtb(edits, **machine arguments) gives QEMU arguments for a host whose device tree differs.

    edits is a list of fdtput's arguments, as [["-t", "s", "/cpus/cpu@0", "status", "disabled"]].
    """
    def make(edits, **kwargs):
        path = dump_host(os.path.join(log_dir, "host.dtb"), **kwargs)
        corpus.edit_tree(path, edits)
        return ["-dtb", path]
    return make


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """An awaited line that did not come is reported by its message, not by a Python traceback.

    With BULKHEAD_SKIP_QEMU=1, a test that wants a QEMU that could not be fetched is skipped, not failed."""
    outcome = yield
    if (call.excinfo and call.excinfo.errisinstance(machines.NoQemu)
            and os.environ.get("BULKHEAD_SKIP_QEMU") == "1"):
        report = outcome.get_result()
        report.outcome = "skipped"
        report.longrepr = (str(item.path), item.location[1] or 0, str(call.excinfo.value))
        return
    if call.excinfo and call.excinfo.errisinstance(machines.MachineError):
        report = outcome.get_result()
        where = [entry for entry in call.excinfo.traceback if entry.path == item.path]
        line = f"{item.path.name}:{where[-1].lineno + 1}: {where[-1].statement}\n" if where else ""
        report.longrepr = line + str(call.excinfo.value)
