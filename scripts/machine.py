# SPDX-License-Identifier: GPL-2.0-or-later
"""One QEMU machine with two console channels, for scripts/run and the boot tests.

`uart` is the first ns16550: the firmware's console, then that of the guest that owns the UART.
`hv` is the hypervisor's console, a virtio console whose emergency-write register it uses; its
lines begin with their source, as "[rt] ...". Both are always read, so QEMU never waits for us,
and everything is kept in log files. QEMU is ended by its own process id, and dies with us.
"""
import ctypes
import fcntl
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(TOP, "build")
FIRMWARE = os.path.join(BUILD, "opensbi/platform/generic/firmware")
QEMU = os.environ.get("QEMU", "qemu-system-riscv64")
FETCHED_QEMUS = (10, 11)	# major versions of those that scripts/fetch gets for tests

# Escape sequences that Linux and U-Boot send to a terminal; only noise when text is checked.
ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[78c]")

CALIBRATION_SECONDS = 0.15	# the calibration boot on the machine the time-outs were chosen on
MAX_SCALE = 30.0
F_SETPIPE_SZ, HV_PIPE_SIZE = 1031, 1 << 20


HARTS, MEMORY = "4", "2G"	# of the machine that scripts/run starts
# By its interrupt controllers: QEMU's -M, and the first major version of QEMU that emulates them without a fault.
MACHINES = {"plic": ("virt", 7), "aia": ("virt,aia=aplic-imsic,aia-guests=1", 10)}


def add_size(parser):
    """The arguments that choose the machine and its size."""
    parser.add_argument("--machine", default="plic", choices=MACHINES, help="its interrupt controllers")
    parser.add_argument("--smp", default=HARTS, help="harts, as QEMU's -smp")
    parser.add_argument("--mem", default=MEMORY, help="RAM, as QEMU's -m")


def chosen(args):
    """Arguments of Machine for what add_size() has read."""
    machine, version = MACHINES[args.machine]
    return {"machine": machine, "harts": args.smp, "memory": args.mem,
            "qemu": None if version <= 7 or major_version() >= version else version}


def major_version():
    """Of the host's QEMU; 0 if it does not say."""
    try:
        said = subprocess.run([QEMU, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              timeout=60, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.match(r"QEMU emulator version (\d+)", said)
    return int(match[1]) if match else 0


def core_offset(image):
    """Where the hypervisor's code begins in the bulkhead.bin of that directory (boot/entry.S, image_core_offset)."""
    with open(os.path.join(image, "bulkhead.bin"), "rb") as file:
        file.seek(40)
        return int.from_bytes(file.read(8), "little")


class MachineError(Exception):
    """QEMU could not be started, or did not do what was awaited; the text says it all."""


def calibrate():
    """How much slower than usual this host is now: time-outs are multiplied by it (at least 1).

    BULKHEAD_TIMEOUT_SCALE overrides it. Measured by booting OpenSBI with its own test payload.
    """
    given = os.environ.get("BULKHEAD_TIMEOUT_SCALE")
    if given:
        try:
            return max(float(given), 0.01)
        except ValueError:
            raise MachineError(f"BULKHEAD_TIMEOUT_SCALE={given} is not a number") from None
    start = time.monotonic()
    with Machine(bios=os.path.join(FIRMWARE, "fw_payload.bin"), harts=1, memory="128M",
                 hv=False, scale=1.0) as machine:
        machine.uart.expect("Test payload running", timeout=60)
    return min(max((time.monotonic() - start) / CALIBRATION_SECONDS, 1.0), MAX_SCALE)


class NoQemu(MachineError):
    """The required version of QEMU is not on this host."""


def qemu_program(version=None):
    """The QEMU to start: the host's (None), or the fetched one of that major version."""
    if version is None:
        return QEMU
    path = os.path.join(BUILD, f"third/qemu-{version}/qemu-system-riscv64")
    if version not in FETCHED_QEMUS or not os.path.exists(path):
        raise NoQemu(f"QEMU {version} is not here: `make fetch` gets it, or says why not")
    return path


class Channel:
    """One console of the machine: what came so far, and how to wait for more."""

    def __init__(self, machine, name, stream, raw_log):
        self.machine = machine
        self.name = name
        self.stream = stream	# a socket, or a file that can only be read
        self.text = ""		# all that came, without carriage returns and escape sequences
        self.position = 0	# where the next expect() starts to look
        self.closed = False
        self.line = ""		# the last, unfinished line
        self.pending = b""	# bytes of an unfinished UTF-8 or escape sequence
        self.raw_log = raw_log

    def feed(self, data):
        """Takes bytes from QEMU; returns the lines that they completed."""
        if self.raw_log:
            self.raw_log.write(data)
            self.raw_log.flush()
        data = self.pending + data
        self.pending = b""
        escape = data.rfind(b"\x1b")
        if escape >= 0 and len(data) - escape < 12 and not ANSI.match(
                data[escape:].decode("latin-1")):
            data, self.pending = data[:escape], data[escape:]
        text = ANSI.sub("", data.decode("utf-8", "replace")).replace("\r", "")
        self.text += text
        *done, self.line = (self.line + text).split("\n")
        return done

    def lines(self, guest=None):
        """The complete lines so far; with guest, those marked [guest], the mark removed."""
        lines = self.text.split("\n")[:-1]
        if guest is None:
            return lines
        mark = f"[{guest}] "
        return [line[len(mark):] for line in lines if line.startswith(mark)]

    def expect(self, pattern, timeout=60):
        """Waits until the regular expression matches what came after the last match; returns the match.

        A final $ is the end of a complete line: text may come in pieces. timeout: seconds on a host
        of usual speed; scaled. Fails at once when QEMU has ended.
        """
        if pattern.endswith("$") and not pattern.endswith("\\$"):
            pattern = pattern[:-1] + r"(?=\n)"
        wanted = re.compile(pattern, re.M)
        deadline = time.monotonic() + timeout * self.machine.scale
        with self.machine.changed:
            while True:
                match = wanted.search(self.text, self.position)
                if match:
                    self.position = match.end()
                    return match
                left = deadline - time.monotonic()
                if self.closed or left <= 0:
                    break
                self.machine.changed.wait(left)
        self.machine.keep_registers()
        why = "QEMU ended" if self.closed else f"{timeout * self.machine.scale:.0f} s passed"
        raise MachineError(f"{self.name}: {why} without /{pattern}/\n{self.machine.tails()}")

    def expect_line(self, guest, pattern, timeout=60):
        """expect() for a line of one guest on the hypervisor's console."""
        return self.expect(rf"^\[{re.escape(guest)}\] [^\n]*?{pattern}[^\n]*\n", timeout)

    def has_line(self, guest, pattern):
        """The match of a complete line of one guest, wherever it stands; None if there is none yet."""
        return next((match for match in (re.search(pattern, line) for line in self.lines(guest)) if match), None)

    def send(self, text):
        """Types text on the UART; the hypervisor's console takes no input."""
        self.stream.sendall(text.encode() if isinstance(text, str) else text)

    def tail(self, count=25):
        return "\n".join((self.text.rstrip("\n")).split("\n")[-count:])


class Machine:
    """`with Machine(image=...) as m: m.uart.expect("...")`

    image    directory with fw_payload.bin and bulkhead.bin, as scripts/pack made it
    bios     another firmware; "kernel" boots bulkhead.bin behind it by -kernel
    disk     file for /dev/vda on virtio-mmio-bus.0; a private copy is used
    devices  further QEMU arguments, as is "extra"
    machine, cpu, harts, memory: QEMU's -M, -cpu, -smp, -m
    qemu     10 or 11: the fetched one of this version, not the host's
    log_dir  where uart.log, hv.log, all.log and qemu.txt go; none: nothing is stored
    on_line  called as on_line(channel name, line) by the reading thread
    on_data  called as on_data(channel name, bytes), likewise
    """

    def __init__(self, image=None, *, bios=None, kernel=None, machine="virt", cpu=None, harts=HARTS,
                 memory=MEMORY, disk=None, extra=(), hv=True, qemu=None, log_dir=None, scale=None,
                 on_line=None, on_data=None):
        self.scale = scale if scale is not None else 1.0
        self.changed = threading.Condition()
        self.log_dir = log_dir
        self.on_line = on_line
        self.on_data = on_data
        self.disk = disk
        self.process = None
        self.files = []
        self.started = time.monotonic()
        self.uart = self.hv = None
        self.with_hv = hv
        self.args = [qemu_program(qemu), "-M", machine, "-smp", str(harts), "-m", str(memory),
                     "-nodefaults", "-display", "none", "-no-reboot",
                     "-bios", bios or os.path.join(image, "fw_payload.bin")]
        if cpu:
            self.args += ["-cpu", cpu]
        if kernel:
            self.args += ["-kernel", kernel]
        self.args += list(extra)

    # ---- life -------------------------------------------------------------------------------

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        self.stop()

    def start(self):
        if not shutil.which(self.args[0]):
            raise MachineError(f"{self.args[0]} is not on this host: run scripts/setup")
        if self.log_dir:
            os.makedirs(self.log_dir, exist_ok=True)
        self.all_log = self._log("all.log")
        args, fds = list(self.args), []
        ours, theirs = socket.socketpair()
        args += ["-chardev", f"socket,id=uart0,fd={theirs.fileno()}", "-serial", "chardev:uart0"]
        self.uart = Channel(self, "uart", ours, self._log("uart.log"))
        fds.append(theirs)
        if self.with_hv:
            ours, theirs = hv_pipe()
            args += ["-add-fd", f"fd={theirs.fileno()},set=1",
                     "-chardev", "file,id=hv,append=on,path=/dev/fdset/1",
                     "-device", "virtio-serial-device,bus=virtio-mmio-bus.7",
                     "-device", "virtconsole,chardev=hv"]
            self.hv = Channel(self, "hv", ours, self._log("hv.log"))
            fds.append(theirs)
        self.monitor, theirs = socket.socketpair()
        self.monitor_ready = False
        args += ["-chardev", f"socket,id=monitor,fd={theirs.fileno()}",
                 "-mon", "chardev=monitor,mode=readline"]
        fds.append(theirs)
        if self.disk:
            args += ["-drive", f"if=none,id=disk0,format=raw,snapshot=on,file={self.disk}",
                     "-device", "virtio-blk-device,drive=disk0,bus=virtio-mmio-bus.0"]
        messages = self._log("qemu.txt")
        if messages:
            messages.write((" ".join(args) + "\n").encode())
            messages.flush()
        self.process = subprocess.Popen(args, stdin=subprocess.DEVNULL,
                                        stdout=messages or subprocess.DEVNULL,
                                        stderr=messages or subprocess.DEVNULL,
                                        pass_fds=[f.fileno() for f in fds],
                                        preexec_fn=_die_with_parent)
        for file in fds:
            file.close()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def stop(self):
        """Ends QEMU if it still runs, and closes everything."""
        if self.process:
            if self.process.poll() is None:
                self.process.terminate()
                try:
                    self.process.wait(5)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
            self.reader.join(5)
            self.monitor.close()
        for channel in self.channels():
            channel.stream.close()
        for file in self.files:
            file.close()
        self.files = []

    def wait(self, timeout=60, status=0):
        """Waits until QEMU ends by itself (the machine was shut down), with this exit status (QEMU
        gives 1 if the shutdown was for a failure; None: any). Fails otherwise."""
        try:
            ended = self.process.wait(timeout * self.scale)
        except subprocess.TimeoutExpired:
            self.keep_registers()
            raise MachineError(f"the machine did not shut down within {timeout * self.scale:.0f} s\n"
                               + self.tails()) from None
        self.reader.join(5)
        if status is not None and ended != status:
            raise MachineError(f"QEMU ended with status {ended}\n{self.tails()}")

    def channels(self):
        return [c for c in (self.uart, self.hv) if c]

    def tails(self):
        """The end of each log, for messages about failures."""
        parts = [f"---- end of {c.name} ----\n{c.tail()}" for c in self.channels()]
        if self.log_dir:
            parts.append(f"---- all of it: {os.path.relpath(self.log_dir, TOP)}/")
        output = self.qemu_output()
        if output:
            parts.insert(0, "---- QEMU said ----\n" + output)
        return "\n".join(parts)

    def ask_monitor(self, command, seconds=30):
        """What QEMU's monitor answers; empty if it does not."""
        text = b""
        try:
            self.monitor.settimeout(seconds)
            if not self.monitor_ready:
                self._monitor_prompt()
                self.monitor_ready = True
            self.monitor.sendall(command.encode() + b"\n")
            text = self._monitor_prompt()
        except OSError:
            self.monitor_ready = False	# an answer that comes late is not the next one's
        return ANSI.sub("", text.decode("utf-8", "replace")).replace("\r", "")

    def _monitor_prompt(self):
        """What comes until it asks for a command."""
        text = b""
        while not text.endswith(b"(qemu) "):
            data = self.monitor.recv(65536)
            if not data:
                break
            text += data
        return text

    def keep_registers(self):
        """The position of every hart: for the search why nothing happens."""
        if self.log_dir and self.process.poll() is None:
            with open(os.path.join(self.log_dir, "registers.txt"), "w", encoding="utf-8") as file:
                file.write(self.ask_monitor("info registers -a"))

    def qemu_output(self):
        if not self.log_dir:
            return ""
        with open(os.path.join(self.log_dir, "qemu.txt"), encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[1:]).strip()

    # ---- inside -----------------------------------------------------------------------------

    def _log(self, name):
        if not self.log_dir:
            return None
        file = open(os.path.join(self.log_dir, name), "wb")
        self.files.append(file)
        return file

    def _read(self):
        selector = selectors.DefaultSelector()
        # The hypervisor's channel first: its "started" should be seen before the guest's output.
        for channel in reversed(self.channels()):
            selector.register(channel.stream, selectors.EVENT_READ, channel)
        while selector.get_map():
            events = sorted(selector.select(), key=lambda e: e[0].data.name)
            for key, _ in events:
                channel = key.data
                try:
                    data = os.read(channel.stream.fileno(), 65536)
                except OSError:
                    data = b""
                if not data:
                    selector.unregister(channel.stream)
                with self.changed:
                    if data:
                        self._lines(channel, channel.feed(data))
                    else:
                        channel.closed = True
                        if channel.line:
                            self._lines(channel, [channel.line])
                    self.changed.notify_all()
                if data and self.on_data:
                    self.on_data(channel.name, data)

    def _lines(self, channel, lines):
        for line in lines:
            if self.all_log:
                now = time.monotonic() - self.started
                self.all_log.write(f"{now:9.3f} {channel.name:4} {line}\n".encode())
                self.all_log.flush()
            if self.on_line:
                self.on_line(channel.name, line)


def hv_pipe():
    """The channel of the hypervisor's console: (file to read, file for QEMU to write).

    QEMU drops what is written to the emergency-write register when its other side is full. A socket
    is, after a few hundred of these one-byte writes; a pipe packs them, and has room for all.
    """
    read_end, write_end = os.pipe()
    try:
        fcntl.fcntl(write_end, F_SETPIPE_SZ, HV_PIPE_SIZE)
    except OSError:
        pass	# the host allows less: the default of 64 KiB is much, too
    return os.fdopen(read_end, "rb", 0), os.fdopen(write_end, "wb", 0)


def _die_with_parent():
    """In the child, before exec: QEMU must not outlive us, and Ctrl-C is for us to handle."""
    os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)	# PR_SET_PDEATHSIG


def pack(config, out_dir, images=None):
    """scripts/pack, with further images {name: file}. Returns out_dir."""
    args = [os.path.join(TOP, "scripts/pack"), config, out_dir]
    args += [f"{name}={file}" for name, file in (images or {}).items()]
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise MachineError(f"packing {config} failed:\n{done.stdout}")
    return out_dir
