/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A person at the terminal and three guests that write whatever they like: keys, monitor, mux and lines, on the machine
 * of tests/unit/fake whose hart 5 drives the UART. A specification of its own says what may reach the terminal
 * (each line behind its source's mark, text of a guest behind that guest's alone, no control sequence but colours), who
 * is typed to, and whose unfinished line is to be seen when nothing more comes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/riscv/csr.h"
#include "hyp/riscv/sbi_defs.h"
#include "hyp/console/console.h"
#include "hyp/terminal/line.h"
#include "hyp/terminal/mux.h"
#include "tests/fuzz/exits_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_EVENTS	300
#define OWNERS		(FAKE_VMS + 2)	/* the guests, then these: */
#define LOG		FAKE_VMS
#define MONITOR		(FAKE_VMS + 1)

#define CHECK(e) ((e) ? (void)0 : fake_fail("not so: %s", #e))

static unsigned long nr_lines;

/* ---- the terminal ---- */

static const char letters[] = "QXZ";	/* each guest's own; no other text has them */
static char marks[OWNERS][48];

static struct {
	enum { AT_START, IN_TEXT } where;
	bool returned;		/* a CR was the last byte */
	bool escape;		/* within a sequence */
	int owner;
	uint32_t column;	/* behind the mark */
	uint32_t utf_left;
	uint8_t utf_first;
	uint32_t code;
	char line[LINE_SIZE];
	uint32_t n;		/* of start: what came since the line began, or began again */
	char start[48];
} term;

static void name_marks(void)
{
	static const char *const names[OWNERS] = { "a", "b", "c", "bulkhead", "monitor" };
	static const int colours[OWNERS] = { 32, 33, 35, 36, 36 };

	for (unsigned i = 0; i < OWNERS; i++)
		if (fake.config.colour)
			snprintf(marks[i], sizeof(marks[i]), "\x1b[%dm[%s]\x1b[0m ", colours[i], names[i]);
		else
			snprintf(marks[i], sizeof(marks[i]), "[%s] ", names[i]);
}

static void start_line(void)
{
	term.where = AT_START;
	term.n = term.column = 0;
	term.escape = false;
}

/* A mark, or with colours the blanks that take a line away. */
static void starts(char c)
{
	static const char clear[] = "\x1b[0m\x1b[K";
	bool could = false;

	CHECK(term.n + 1 < sizeof(term.start));
	term.start[term.n++] = c;
	for (int i = 0; i < OWNERS; i++) {
		if (strlen(marks[i]) < term.n || memcmp(marks[i], term.start, term.n))
			continue;
		could = true;
		if (!marks[i][term.n]) {
			term.where = IN_TEXT;
			term.owner = i;
			return;
		}
	}
	if (fake.config.colour && term.n < sizeof(clear) && !memcmp(clear, term.start, term.n)) {
		could = true;
		if (term.n == sizeof(clear) - 1)
			start_line();
	}
	CHECK(could);
}

static void is_printed(uint8_t c)
{
	const char *letter = strchr(letters, c);

	CHECK(term.column < LINE_SIZE);
	term.line[term.column++] = (char)c;
	if (letter)
		CHECK(term.owner == letter - letters);
	else if (term.owner < (int)FAKE_VMS)
		CHECK(strchr("0123456789;[]?mACDHJK \t", c));
}

/* What would change the order of the text, break lines that are none, or not be seen. */
static bool is_hidden(uint32_t c)
{
	return c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || c >> 12 == 0xe0;
}

static void utf_8(uint8_t c)
{
	if (term.utf_left) {
		term.code = term.code << 6 | (c & 0x3f);
		CHECK((c & 0xc0) == 0x80);
		CHECK(term.utf_first != 0xc2 || c >= 0xa0);	/* a C1 control */
		term.utf_first = 0;
		term.utf_left--;
		CHECK(term.utf_left || !is_hidden(term.code));
		CHECK(term.column > 1 || term.code < 0x300 || term.code > 0x36f);
		return;
	}
	term.utf_first = c;
	term.code = c & (c < 0xe0 ? 0x1f : c < 0xf0 ? 0xf : 7);
	CHECK(c >= 0xc2 && c <= 0xf4 && term.owner < (int)FAKE_VMS);
	term.utf_left = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	term.column++;
}

static void text(uint8_t c)
{
	if (term.escape) {
		CHECK(strchr("[0123456789;m", c));
		term.escape = c != 'm';
	} else if (c >= 0x80 || term.utf_left) {
		utf_8(c);
	} else if (c == '\x1b') {
		CHECK(fake.config.colour);
		term.escape = true;
	} else if (c == '\b') {
		CHECK(term.column--);
	} else if (c != '\a') {
		CHECK((c >= ' ' && c < 0x7f) || c == '\t');
		is_printed(c);
	}
}

static void terminal(uint8_t c)
{
	bool returned = term.returned;

	term.returned = c == '\r';
	if (c == '\r' || c == '\n') {
		CHECK(c == '\r' || returned);
		CHECK(!term.escape && !term.utf_left);
		CHECK(term.where == IN_TEXT || c == '\n');
		nr_lines += c == '\n';
		if (c == '\n')
			start_line();
		return;
	}
	if (returned)
		start_line();
	if (term.where == AT_START)
		starts((char)c);
	else
		text(c);
}

static void look(void)
{
	CHECK(fake.console_len < FAKE_CONSOLE);
	for (uint32_t i = 0; i < fake.console_len; i++)
		terminal((uint8_t)fake.console[i]);
	fake_count_from_here();
}

/* ---- keys ---- */

static struct {
	enum { TYPING, PREFIXED, NAMING } state;
	uint32_t focus, len, taken;
	char name[VM_NAME_LEN];
} spec;

static bool is_for_name(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static void add(uint8_t c)
{
	if (spec.len < VM_NAME_LEN - 1)
		spec.name[spec.len++] = (char)c;
}

static void names(uint8_t c)
{
	if (is_for_name(c)) {
		add(c);
	} else if (c == '\b' || c == 0x7f) {
		spec.len -= spec.len > 0;
	} else if (c == 0x15) {
		spec.len = 0;
	} else {
		spec.state = c == 0x1d ? PREFIXED : TYPING;
		if ((c == '\r' || c == '\n') && spec.len == 1 && spec.name[0] >= 'a' && spec.name[0] <= 'c')
			spec.focus = (uint32_t)(spec.name[0] - 'a');
	}
}

static void follows(uint8_t c)
{
	spec.len = 0;
	spec.state = TYPING;
	if (c >= '1' && c <= '3')
		spec.focus = c - '1';
	else if (c == 'm' && !fake.config.no_monitor)
		spec.focus = MUX_MONITOR;
	else if (c == ' ' || (c >= 'a' && c <= 'z'))
		spec.state = NAMING;
	if (spec.state == NAMING && c != ' ')
		add(c);
}

static void check_keys(void)
{
	for (; spec.taken < fake.taken; spec.taken++) {
		uint8_t c = fake.keys[spec.taken];

		if (spec.state == NAMING)
			names(c);
		else if (spec.state == PREFIXED)
			follows(c);
		else if (c == 0x1d)
			spec.state = PREFIXED;
	}
	CHECK(mux_focus() == spec.focus);
	CHECK(mux_asks() == (spec.state == NAMING));
}

/* ---- events ---- */

static void type(void)
{
	static const char *const some[] = {
		"\x1d", "\x1d", "\x1dm", "\x1d?", "\x1d ", "m", "a", "b", "c", "1", "2", "3", " ", "\r", "\r", "\n",
		"\x7f", "\b", "\x15", "\x17", "\x03", "\x01", "\x05", "\x02", "\x10", "\x0e", "\x1b", "\x1b[A",
		"\x1b[D", "\x1b[3~", "\x1bOH", "\x1b[F", "help\r", "guests\r", "stats ", "plan\r", "log\r", "start ",
		"stop ", "restart ", "dump ", "dump a\r", "dump b\r", "stats\r", "stop a\r", "restart b\r", "absent",
		"-", "%", "\t", "\xff", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	};

	fake_type(some[input_u8() % ARRAY_LEN(some)]);
}

/* Bytes of the guest's own, sequences, and what is no text at all. */
static void say(unsigned vm)
{
	static const char *const some[] = {
		"\n", "\n", "\r", "\b", "\t", "\a", "\x1b[", "\x1b[K", "\x1b[J", "\x1b[2K", "\x1b[9D", "\x1b[9C",
		"\x1b[A", "\x1b[1;31m", "\x1b[m", "\x1b[H", "\x1b]0;", "\x1b", "\xc3\xa9", "\xe2\x82\xac",
		"\xf0\x9f\x98\x80", "\xc2\x9b", "\x9b", "\xff", "\xe2\x80\xae", "\xe2\x80\xa8", "\xe2\x81\xa6",
		"\xcc\x81",
		"\xf3\xa0\x80\xa0", "\xef\xbb\xbf", "\xe2", "\x7f", "1", ";", "m", "D", "\r\n",
	};
	char bytes[64];
	uint32_t n = input_u8();
	const char *what = some[n % ARRAY_LEN(some)];

	if (fake.hw[fake_hart_of(vm, 0)].place != PLACE_GUEST)
		return;
	if (n < 128) {
		console_write(vm, what, strlen(what));
	} else {
		n = n % 64 + 1;
		memset(bytes, letters[vm], n);
		console_write(vm, bytes, n);
	}
}

static void flood(unsigned vm)
{
	char bytes[512];
	uint32_t n = 64u << input_u8() % 4, line = input_u8() + 2u;

	if (fake.hw[fake_hart_of(vm, 0)].place != PLACE_GUEST)
		return;
	for (uint32_t i = 0; i < n; i++)
		bytes[i] = i % line ? letters[vm] : '\n';
	console_write(vm, bytes, n);
}

static void reset(unsigned vm, bool again)
{
	unsigned hart = fake_hart_of(vm, 0);
	struct fake_hw *hw = &fake.hw[hart];

	if (hw->place != PLACE_GUEST)
		return;
	hw->x[17] = SBI_EXT_SRST;
	hw->x[16] = hw->x[11] = 0;
	hw->x[10] = again ? SBI_SRST_COLD_REBOOT : SBI_SRST_SHUTDOWN;
	fake_trap(hart, &(struct fake_exit){ .cause = CAUSE_ECALL_VS });
}

/* The console's hart polls. */
static void poll(unsigned n)
{
	for (; n && !fake.shut_down; n--) {
		fake.time += FAKE_HZ / 100;
		fake_settle();
		check_keys();
		look();
	}
}

/* The one whose unfinished line may be seen. */
static int live(void)
{
	return spec.state == NAMING || spec.focus == MUX_MONITOR ? MONITOR : (int)spec.focus;
}

/* Until nothing more comes, for a while: lines that are not shown are read without a sound. False if it never does. */
static bool settle(void)
{
	unsigned quiet = 0;

	fake.uart_room = UINT32_MAX;
	for (unsigned n = 0; n < 5000 && quiet < 16 && !fake.shut_down; n++) {
		fake.time += FAKE_HZ / 100;
		fake_settle();
		check_keys();
		quiet = fake.console_len || fake.taken < fake.typed ? 0 : quiet + 1;
		for (unsigned vm = 0; vm < FAKE_VMS; vm++)
			quiet = console_waiting(vm) ? 0 : quiet;
		look();
	}
	CHECK(fake.shut_down || term.where == AT_START || term.owner == live());
	return quiet == 16;
}

/* The line that is live is the one that is seen, whatever the others have begun: a name, a prompt, this guest's. */
static void check_live(unsigned vm)
{
	const char begun[] = { '\n', letters[vm] };
	static const char ask[] = "input to: ";
	uint32_t n = sizeof(ask) - 1;

	CHECK(settle() || fake.shut_down);
	if (fake.shut_down || fake.hw[fake_hart_of(vm, 0)].place != PLACE_GUEST)
		return;
	console_write(vm, begun, sizeof(begun));
	CHECK(settle());
	if (spec.state == NAMING) {
		CHECK(term.where == IN_TEXT && term.owner == MONITOR && term.column == n + spec.len);
		CHECK(!memcmp(term.line, ask, n) && !memcmp(term.line + n, spec.name, spec.len));
	} else if (spec.focus == MUX_MONITOR) {
		CHECK(term.where == IN_TEXT && term.owner == MONITOR && !memcmp(term.line, "> ", 2));
	} else {
		CHECK(spec.focus != vm || (term.where == IN_TEXT && term.column == 1));
	}
}

static void step(void)
{
	uint8_t how = input_u8();
	unsigned vm = how / 16 % FAKE_VMS;
	uint8_t byte;

	switch (how % 16) {
	case 0:
	case 1:
	case 2:
		type();
		break;
	case 3:
	case 4:
	case 5:
		say(vm);
		break;
	case 6:
		flood(vm);
		break;
	case 7:
		fake.uart_room = 0;	/* the transmitter is busy; not for ever, as time stands still then */
		poll(input_u8() % 64);
		fake.uart_room = UINT32_MAX;
		break;
	case 8:
		reset(vm, how & 128);
		break;
	case 9:
		console_read(vm, &byte, 1);
		break;
	case 10:
		poll(16);
		break;
	case 11:
		check_live(vm);
		break;
	default:
		poll(1);
	}
	look();
}

static void print_count(void)
{
	fprintf(stderr, "counted: %lu lines on the terminal\n", nr_lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool counting;
	struct fake_config config = fake_default_config();
	uint8_t flags;

	if (!counting)
		atexit(print_count);
	counting = true;
	input_begin(data, size);
	flags = input_u8();
	config.uart = true;
	config.colour = flags & 1;
	config.no_monitor = flags & 2;
	config.sstc = !(flags & 4);
	config.keep_machine = flags & 8;
	fake_boot(&config);
	name_marks();
	memset(&spec, 0, sizeof(spec));
	memset(&term, 0, sizeof(term));
	for (uint32_t before = 1; before != fake.console_len;) {	/* what was printed before anything is typed */
		before = fake.console_len;
		fake.time += FAKE_HZ / 100;
		fake_settle();
	}
	fake_count_from_here();
	for (unsigned i = 0; i < MAX_EVENTS && input_left() && !fake.shut_down; i++)
		step();
	return 0;
}
