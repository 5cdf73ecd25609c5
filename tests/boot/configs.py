# SPDX-License-Identifier: GPL-2.0-or-later
"""Configurations of the boot tests, put together from guests."""

CONSOLE = "/soc/virtio_mmio@10008000"
UART = "/soc/serial@10000000"
DISK = "/soc/virtio_mmio@10001000"


def config(*guests, console=CONSOLE, hypervisor_at=None, console_hart=None):
    """The text of a configuration with these guests."""
    head = f'\tconsole = "{console}";\n' if console else ""
    head += f"\tconsole-hart = <{console_hart}>;\n" if console_hart is not None else ""
    head += f'\thypervisor-at = "{hypervisor_at}";\n' if hypervisor_at else ""
    return ('/dts-v1/;\n\n/ {\n\tcompatible = "bulkhead,partitions-v1";\n' + head
            + "".join(guests) + "};\n")


def guest(name, harts, memory, kernel, **props):
    """One guest. harts: "1 2"; a property may be a string, a list of them, a number, or True (no value)."""
    lines = [f"harts = <{harts}>;"]
    for key, value in {"memory": memory, "kernel": kernel, **props}.items():
        key = key.replace("_", "-")
        if value is True:
            lines.append(f"{key};")
        elif value and isinstance(value, int):
            lines.append(f"{key} = <{value}>;")
        elif value:
            texts = value if isinstance(value, (list, tuple)) else [value]
            lines.append(f"{key} = " + ", ".join(f'"{text}"' for text in texts) + ";")
    return f"\n\t{name} {{\n" + "".join(f"\t\t{line}\n" for line in lines) + "\t};\n"


def linux(harts="1 2", memory="512M", mode="demo", disk=True, args="", **props):
    """The Linux guest with the UART and, if wanted, the disk; args: further bootargs."""
    return guest("linux", harts, memory, "linux", initrd="linux-initrd",
                 devices=[UART, DISK] if disk else [UART], trust_dma=disk,
                 bootargs=f"console=ttyS0 demo.mode={mode} {args}".rstrip(), **props)


def rt(harts="3", memory="16M", ticks=0, **props):
    """The real-time guest; it ends after so many ticks, or never."""
    return guest("rt", harts, memory, "rt", bootargs=f"rt.ticks={ticks}", **props)
