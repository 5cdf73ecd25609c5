/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The consoles: SBI DBCN with its address checks, and the legacy putchar and getchar. SBI
 * specification 3.0, chapters "Debug Console Extension" and "Legacy Extensions".
 */
#include <string.h>
#include "guests/test/test.h"

static struct sbiret dbcn(uint64_t fid, uint64_t n, uint64_t lo, uint64_t hi)
{
	return sbi_call(EID_DBCN, fid, n, lo, hi, 0, 0);
}

static bool have_dbcn(void)
{
	if (sbi.dbcn)
		return true;
	if (sbi.opensbi)
		check_skip("no DBCN");
	else
		EXPECT(false, "no DBCN");
	return false;
}

static void write_all(const char *s, size_t n)
{
	while (n) {
		struct sbiret r = dbcn(DBCN_WRITE, n, (uint64_t)s, 0);

		if (!EXPECT(r.error == 0 && r.value >= 0 && (uint64_t)r.value <= n,
			    "write of %lu: error %ld value %ld", n, r.error, r.value))
			return;
		s += r.value;
		n -= (size_t)r.value;
	}
}

static void t_write(void)
{
	static char long_line[3000];
	static const char text[] = "test: console line 1\ntest: console line 2\n";
	size_t i;

	if (!have_dbcn())
		return;
	write_all(text, sizeof(text) - 1);
	for (i = 0; i < sizeof(long_line) - 1; i++)
		long_line[i] = (char)('a' + i % 26);
	long_line[i] = '\n';
	write_all(long_line, sizeof(long_line));
	write_all("test: end of the long line\n", 27);
}

static void t_byte(void)
{
	static const char text[] = "test: console bytes\n";

	if (!have_dbcn())
		return;
	for (size_t i = 0; text[i]; i++) {
		uint64_t c = (uint64_t)text[i] | 0xabcdef00;
		struct sbiret r = dbcn(DBCN_BYTE, c, 0, 0);

		EXPECT(r.error == 0, "write byte: %ld", r.error);
		EXPECT_SPEC(r.value == 0, "write byte: value %ld", r.value);
	}
}

static void t_read(void)
{
	static char buf[64];
	struct sbiret r;

	if (!have_dbcn())
		return;
	memset(buf, 0x7e, sizeof(buf));
	r = dbcn(DBCN_READ, sizeof(buf), (uint64_t)buf, 0);
	if (!EXPECT(r.error == 0 && r.value >= 0 && r.value <= (long)sizeof(buf),
		    "error %ld value %ld", r.error, r.value))
		return;
	EXPECT(r.value == (long)sizeof(buf) || buf[r.value] == 0x7e, "wrote behind the input");
	r = dbcn(DBCN_READ, 0, (uint64_t)buf, 0);
	EXPECT(r.error == 0 && r.value == 0, "length 0: error %ld value %ld", r.error, r.value);
}

static void t_length_0(void)
{
	struct sbiret r;

	if (!have_dbcn())
		return;
	r = dbcn(DBCN_WRITE, 0, (uint64_t)image_start, 0);
	EXPECT(r.error == 0 && r.value == 0, "error %ld value %ld", r.error, r.value);
}

static void expect_refused(uint64_t fid, uint64_t n, uint64_t lo, uint64_t hi)
{
	struct sbiret r = dbcn(fid, n, lo, hi);

	EXPECT(r.error == SBI_INVALID_PARAM, "fid %lu n 0x%lx lo 0x%lx hi 0x%lx: %ld", fid, n, lo,
	       hi, r.error);
}

static void t_refused(void)
{
	const struct range *ram = &machine.ram[machine.nram - 1];
	uint64_t end = ram->base + ram->size;

	if (!have_dbcn())
		return;
	if (sbi.opensbi) {
		check_skip("OpenSBI hangs on addresses that are not RAM");
		return;
	}
	for (uint64_t fid = DBCN_WRITE; fid <= DBCN_READ; fid++) {
		expect_refused(fid, 16, 0, 0);
		expect_refused(fid, 16, find_hole(), 0);
		expect_refused(fid, 16, plic.base, 0);
		expect_refused(fid, 16, end, 0);
		expect_refused(fid, 16, end - 8, 0);
		expect_refused(fid, 1, machine.ram[0].base - 1, 0);
		expect_refused(fid, 16, machine.ram[0].base - 8, 0);
		expect_refused(fid, 16, (uint64_t)image_start, 1);
		expect_refused(fid, 16, (uint64_t)image_start, ~0ULL);
		expect_refused(fid, ~0ULL, (uint64_t)image_start, 0);
		expect_refused(fid, 1ULL << 63, (uint64_t)image_start, 0);
		expect_refused(fid, 0ULL - (uint64_t)image_start + 16, (uint64_t)image_start, 0);
		expect_refused(fid, 16, ~0ULL - 7, 0);
		expect_refused(fid, 16, 1ULL << 63 | (uint64_t)image_start, 0);
		expect_refused(fid, 16, 1ULL << 41 | (uint64_t)image_start, 0);
		expect_refused(fid, ram->size + 1, ram->base, 0);
	}
}

static void t_legacy(void)
{
	static const char text[] = "test: legacy console\n";
	struct sbiret r;

	if (!sbi_probe(EID_LEGACY_PUTCHAR)) {
		check_skip("no legacy console");
		return;
	}
	for (size_t i = 0; text[i]; i++) {
		r = sbi_call(EID_LEGACY_PUTCHAR, 0, (uint8_t)text[i], 0, 0, 0, 0);
		EXPECT(r.error == 0, "putchar: %ld", r.error);
	}
	r = sbi_call(EID_LEGACY_GETCHAR, 0, 0, 0, 0, 0, 0);
	EXPECT(r.error == -1 || (r.error >= 0 && r.error < 256), "getchar: %ld", r.error);
}

void tests_console(void)
{
	RUN({ "dbcn.write", t_write }, { "dbcn.byte", t_byte }, { "dbcn.read", t_read },
	    { "dbcn.length-0", t_length_0 }, { "dbcn.refused", t_refused },
	    { "console.legacy", t_legacy });
}
