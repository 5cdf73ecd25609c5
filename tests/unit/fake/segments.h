/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames that guest a leaves to its card, and what guest b gets of them: TCP over IPv4 or IPv6, whose sums are computed
 * here byte by byte, from RFC 791, 1071, 8200 and 9293. Included after <cmocka.h>.
 */
#ifndef TESTS_UNIT_FAKE_SEGMENTS_H
#define TESTS_UNIT_FAKE_SEGMENTS_H

#include "tests/unit/fake/vnet.h"

#define HEADER		12u
#define SEND		(CSUM | HOST_TSO4 | HOST_TSO6)
#define TAKE		(GUEST_CSUM | GUEST_TSO4 | GUEST_TSO6)
#define LARGE		3600u	/* octets of data that fit into b's RAM as one frame */
#define SEQUENCE	0xffffff00u

/* What a test sends; a frame without the header. */
static struct {
	bool v6, vlan;
	uint32_t options;	/* octets of TCP's, of IP's */
	uint32_t ip_options;
	uint32_t ip, tcp, headers, size;
	uint8_t byte[8192];
} sent;

static inline uint32_t be16(const uint8_t *p) { return (uint32_t)p[0] << 8 | p[1]; }
static inline void put_be16(uint8_t *p, uint32_t v) { p[0] = (uint8_t)(v >> 8), p[1] = (uint8_t)v; }

/* RFC 1071, with words in network order. */
static inline uint32_t naive_sum(const uint8_t *p, uint32_t n, uint32_t sum)
{
	for (uint32_t i = 0; i < n; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline uint32_t pseudo(const uint8_t *e, uint32_t tcp_size)
{
	const uint8_t *ip = e + sent.ip;

	return sent.v6 ? naive_sum(ip + 8, 32, 6 + tcp_size) : naive_sum(ip + 12, 8, 6 + tcp_size);
}

static inline void build(uint32_t data)
{
	uint8_t *e = sent.byte, *ip, *tcp;

	sent.ip = sent.vlan ? 18 : 14;
	sent.tcp = sent.ip + (sent.v6 ? 40 : 20 + sent.ip_options);
	sent.headers = sent.tcp + 20 + sent.options;
	sent.size = sent.headers + data;
	ip = e + sent.ip, tcp = e + sent.tcp;
	memset(e, 0x33, sent.headers);
	memcpy(e, macs[B], 6);
	memcpy(e + 6, macs[A], 6);
	if (sent.vlan)
		put_be16(e + 12, 0x8100);
	put_be16(ip - 2, sent.v6 ? 0x86dd : 0x0800);
	ip[0] = sent.v6 ? 0x60 : (uint8_t)(0x45 + sent.ip_options / 4);
	ip[sent.v6 ? 6 : 9] = 6;
	put_be16(sent.v6 ? ip + 4 : ip + 2, sent.size - sent.ip - (sent.v6 ? 40 : 0));
	if (!sent.v6) {
		put_be16(ip + 4, 0xfffe);
		put_be16(ip + 10, 0);
		put_be16(ip + 10, ~naive_sum(ip, 20 + sent.ip_options, 0));
	}
	put_be16(tcp + 4, SEQUENCE >> 16), put_be16(tcp + 6, SEQUENCE & 0xffff);
	tcp[12] = (uint8_t)((20 + sent.options) / 4 << 4);
	tcp[13] = 0x99;		/* CWR, ACK, PSH, FIN */
	for (uint32_t i = 0; i < data; i++)
		e[sent.headers + i] = (uint8_t)(i * 7 + i / 256);
	put_be16(tcp + 16, pseudo(e, sent.size - sent.tcp));
}

static inline void put_header(uint64_t where, uint32_t flags, uint32_t gso, uint32_t size)
{
	memset(at(where), 0, HEADER);
	put(where, flags, 1);
	put(where + 1, gso, 1);
	put(where + 2, 0xffff, 2);	/* a hint that is wrong */
	put(where + 4, size, 2);
	put(where + 6, flags ? sent.tcp : 0, 2);
	put(where + 8, flags ? 16 : 0, 2);
}

/* a makes available what build() has made, in pieces of 1,000 octets; gso: in segments of size. */
static inline void queue_built(uint32_t gso, uint32_t size)
{
	uint32_t all = HEADER + sent.size, n = (all + 999) / 1000;

	as(A, 0);
	put_header(BUFFERS, 1, gso, size);
	memcpy(at(BUFFERS + HEADER), sent.byte, sent.size);
	for (uint32_t i = 0; i < n; i++)
		describe(TX, i, RAM + BUFFERS + 1000 * i, i + 1 < n ? 1000 : all - 1000 * i, i + 1 < n ? NEXT : 0,
			 (uint16_t)(i + 1));
	make_available(TX, 0);
	fake_ram_close();
}

static inline void send_built(uint32_t gso, uint32_t size)
{
	queue_built(gso, size);
	out(NOTIFY, TX);
	fake_settle();
}

static inline uint32_t gso(void) { return sent.v6 ? 4 : 1; }

/* Both cards anew: a sends what it can; b has n buffers of size. */
static inline void renew(uint32_t features, unsigned n, uint32_t size)
{
	setup_in(config.plic, config.sswi);
	vnet_features = SEND;
	init_card();
	vnet_features = features;
	as(B, 0);
	init_card_with(n, size);
	vnet_features = SEND;
	as(A, 0);
}

static uint8_t got[8192];

/* Buffers that b got from its used entry n on, as one frame with its header; their number. The size in *size. */
static inline unsigned take(unsigned n, uint32_t *size)
{
	unsigned buffers = 1;

	*size = 0;
	as(B, 0);
	for (unsigned i = 0; i < buffers; i++) {
		uint32_t part = used_size(RX, n + i), buffer = (uint32_t)get(16 * used_id(RX, n + i), 4);

		memcpy(got + *size, at(buffer - (uint32_t)RAM), part);
		*size += part;
		if (!i)
			buffers = (unsigned)(got[10] | got[11] << 8);
	}
	fake_ram_close();
	return buffers;
}

#endif
