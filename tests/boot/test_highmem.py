# SPDX-License-Identifier: GPL-2.0-or-later
"""Guest addresses that only Sv48x4 reaches: a guest whose RAM begins at 2 TiB."""

HIGH = """/dts-v1/;
/ {
	compatible = "bulkhead,partitions-v1";
	console = "/soc/virtio_mmio@10008000";
	test {
		harts = <1 2>;
		memory = "32M as 0x20000000000";
		kernel = "test";
		bootargs = "test.only=m";
	};
};
"""


def test_sv48x4(boot):
    machine = boot(HIGH)
    machine.hv.expect_line("bulkhead", r"harts .*, Sv48x4")
    done = machine.hv.expect_line("test", r"done: (\d+) passed, 0 failed$")
    assert int(done[1]) >= 10
    machine.wait()
