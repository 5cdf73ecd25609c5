/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest on a network: it answers ARP and ping (RFC 826, 792), checks the sum of the first TCP segment that comes, and
 * with net.ping=N asks guest 10.0.0.N for echoes and checks them. Its own address is 10.0.0.M, by net.host=M.
 *
 * bootargs: net.host=M (1); net.ping=N (0, the default: only answers); net.count=N: echoes, then it powers off (0:
 * never ends); net.restart=1: it restarts in place of powering off; net.size=N: octets of data of an echo (1000);
 * net.every=N (100): echoes between reports.
 */
#include <stdbool.h>
#include <string.h>
#include "guests/lib/console.h"
#include "guests/lib/cpu.h"
#include "guests/lib/dt.h"
#include "guests/lib/plic.h"
#include "guests/lib/sbi.h"
#include "guests/lib/timer.h"
#include "guests/net/card.h"

#define ETHER		14u
#define ARP_SIZE	28u
#define IP		20u
#define ICMP		8u
#define ECHO_MS		200u	/* a peer that does not answer in this time is asked anew */

static uint8_t host, ping;
static uint8_t peer_mac[6];
static bool has_peer;
static uint8_t frame[FRAME_MAX];
static uint32_t data_size;
static volatile uint64_t answered;	/* echoes of ours that came back whole */
static uint64_t asked, bad, served, resent;

static uint16_t get16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
static void put16(uint8_t *p, uint32_t v) { p[0] = (uint8_t)(v >> 8); p[1] = (uint8_t)v; }

static uint32_t sum_of(const uint8_t *p, uint32_t n)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < n; i += 2)
		sum += (uint32_t)(p[i] << 8) + (i + 1 < n ? p[i + 1] : 0);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void put_ether(uint8_t *f, const uint8_t *to, uint32_t type)
{
	memcpy(f, to, 6);
	memcpy(f + 6, card.mac, 6);
	put16(f + 12, type);
}

/* ---- ARP ---- */

static void send_arp(uint32_t operation, const uint8_t *to, const uint8_t *target_mac, uint8_t target)
{
	static const uint8_t head[6] = { 0, 1, 8, 0, 6, 4 };
	uint8_t f[ETHER + ARP_SIZE] = { 0 }, *a = f + ETHER;

	put_ether(f, to, 0x806);
	memcpy(a, head, sizeof(head));
	put16(a + 6, operation);
	memcpy(a + 8, card.mac, 6);
	memcpy(a + 14, (const uint8_t []){ 10, 0, 0, host }, 4);
	memcpy(a + 18, target_mac, 6);
	memcpy(a + 24, (const uint8_t []){ 10, 0, 0, target }, 4);
	card_send(f, sizeof(f));
}

static void receive_arp(const uint8_t *a, uint32_t size)
{
	if (size < ARP_SIZE || a[24] != 10 || a[27] != host)
		return;
	if (get16(a + 6) == 1)
		send_arp(2, a + 8, a + 8, a[17]);
	if (get16(a + 6) == 2 && a[17] == ping) {
		memcpy(peer_mac, a + 8, 6);
		has_peer = true;
	}
}

/* ---- echoes ---- */

static uint8_t data_at(uint64_t number, uint32_t i)
{
	return (uint8_t)(number * 31 + i * 7);
}

static void send_echo(void)
{
	static const uint8_t head[10] = { 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 1 };
	uint8_t *ip = frame + ETHER, *icmp = ip + IP;

	put_ether(frame, peer_mac, 0x800);
	memset(ip, 0, IP + ICMP);
	memcpy(ip, head, sizeof(head));
	put16(ip + 2, IP + ICMP + data_size);
	memcpy(ip + 12, (const uint8_t []){ 10, 0, 0, host, 10, 0, 0, ping }, 8);
	put16(ip + 10, ~sum_of(ip, IP));
	icmp[0] = 8;
	put16(icmp + 6, (uint32_t)asked);
	for (uint32_t i = 0; i < data_size; i++)
		icmp[ICMP + i] = data_at(asked, i);
	put16(icmp + 2, ~sum_of(icmp, ICMP + data_size));
	card_send(frame, ETHER + IP + ICMP + data_size);
}

/* The answer to the last question, whole; an older one comes late, and does not count. */
static void check_echo(const uint8_t *icmp, uint32_t size)
{
	if (get16(icmp + 6) != (uint16_t)asked || answered == asked)
		return;
	if (size != ICMP + data_size || sum_of(icmp, size) != 0xffff)
		bad++;
	for (uint32_t i = 0; i < data_size && ICMP + i < size; i++)
		bad += icmp[ICMP + i] != data_at(asked, i);
	answered = asked;
}

/* The first one only: nothing here answers it. */
static void check_tcp(const uint8_t *ip, uint32_t length)
{
	static bool seen;
	uint32_t sum = sum_of(ip + 12, 8) + 6 + length - IP + sum_of(ip + IP, length - IP);

	sum = (sum & 0xffff) + (sum >> 16);
	if (!seen)
		line("net: a TCP segment, its checksum is %s", sum == 0xffff ? "right" : "wrong");
	seen = true;
}

static void receive_ip(uint8_t *f, uint32_t size)
{
	uint8_t *ip = f + ETHER, *icmp = ip + IP;
	uint32_t length = get16(ip + 2);

	if (size < ETHER + IP + ICMP || ip[0] != 0x45 || length > size - ETHER || length < IP + ICMP)
		return;
	if (ip[9] == 6)
		check_tcp(ip, length);
	if (ip[9] != 1)
		return;
	if (icmp[0] == 0) {
		check_echo(icmp, length - IP);
		return;
	}
	if (icmp[0] != 8)
		return;
	memcpy(frame, f, size);
	put_ether(frame, f + 6, 0x800);
	memcpy(frame + ETHER + 12, ip + 16, 4);
	memcpy(frame + ETHER + 16, ip + 12, 4);
	frame[ETHER + IP] = 0;
	put16(frame + ETHER + IP + 2, 0);
	put16(frame + ETHER + IP + 2, ~sum_of(frame + ETHER + IP, length - IP));
	served++;
	card_send(frame, ETHER + length);
}

static void receive(uint8_t *f, uint32_t size)
{
	if (size > FRAME_MAX || size < ETHER)
		bad++;
	else if (get16(f + 12) == 0x806)
		receive_arp(f + ETHER, size - ETHER);
	else if (get16(f + 12) == 0x800)
		receive_ip(f, size);
}

static void on_external(struct cpu *c)
{
	uint32_t id = plic_claim(c->plic_ctx);

	if (id == card.source)
		card_interrupt(receive);
	if (id)
		plic_complete(c->plic_ctx, id);
}

/* ---- the main loop: a question at a time, until it is answered ---- */

static void on_timer(struct cpu *c)
{
	(void)c;
	timer_set(TIME_NEVER);
}

/* Or for the end of the time, or for the peer's address; interrupts are served meanwhile. */
static void wait_for_answer(uint64_t number)
{
	uint64_t end = time_now() + ms_to_ticks(ECHO_MS);
	bool knew = has_peer;

	irq_disable();
	timer_set(end);
	while (answered != number && has_peer == knew && time_now() < end) {
		wfi();
		irq_enable();
		irq_disable();
	}
	irq_enable();
}

static void ask(void)
{
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 }, none[6];
	uint64_t tries = 0;

	for (asked++; answered != asked; tries++) {
		irq_disable();	/* the buffers are the interrupt's, too */
		if (has_peer)
			send_echo();
		else
			send_arp(1, all, none, ping);
		irq_enable();
		wait_for_answer(asked);
	}
	resent += tries > 1;
}

static void report(void)
{
	line("net: answered=%lu bad=%lu served=%lu resent=%lu sent=%u received=%u changes=%u link=%u", answered, bad,
	     served, resent, card.sent, card.received, card.changes, card_link());
}

void guest_main(void)
{
	uint64_t count = arg_u64("net.count", 0), every = arg_u64("net.every", 100);
	int ctx = this_cpu()->plic_ctx;

	host = (uint8_t)arg_u64("net.host", 1);
	ping = (uint8_t)arg_u64("net.ping", 0);
	data_size = (uint32_t)arg_u64("net.size", 1000);
	if (!card_init()) {
		line("FAIL net: no card, or it does not work");
		return;
	}
	line("net: 10.0.0.%u, %02x:%02x:%02x:%02x:%02x:%02x, link %s", host, card.mac[0], card.mac[1], card.mac[2],
	     card.mac[3], card.mac[4], card.mac[5], card_link() ? "up" : "down");
	irq_handlers.ext = on_external;
	irq_handlers.timer = on_timer;
	timer_set(TIME_NEVER);
	plic_write(PLIC_PRIORITY(card.source), 1);
	plic_write(PLIC_THRESHOLD(ctx), 0);
	plic_enable(ctx, card.source, true);
	csr_write(sie, 1UL << IRQ_EXT | 1UL << IRQ_TIMER);
	irq_enable();
	while (!ping || !count || asked < count) {
		if (!ping) {
			wfi();
			continue;
		}
		ask();
		if (asked % every == 0)
			report();
	}
	irq_disable();
	report();
	if (arg_u64("net.restart", 0))
		sbi_call(EID_SRST, 0, 1, 0, 0, 0, 0);
	line("net: done, powering off");
}
