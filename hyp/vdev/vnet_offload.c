/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checksums and segments that a sender leaves to its card: what its header says is checked, and what the receiver has
 * not negotiated is done here. VIRTIO 1.2, 5.1.6; RFC 791, 8200, 9293, 1071. All works on a copy, without a lock.
 */
#include "hyp/vdev/vnet_int.h"

#include "hyp/base/str.h"

#define ETHER		14u	/* Ethernet header, up to the type */
#define VLAN		4u	/* a tag before the type */
#define TYPE_VLAN	0x8100u
#define TYPE_IPV4	0x0800u
#define TYPE_IPV6	0x86ddu
#define IPV6		40u
#define TCP		20u
#define PROTOCOL_TCP	6u
#define CHECKSUM	16u	/* of TCP: offset */
#define FLAGS		13u
#define FLAGS_LAST	0x09u	/* FIN, PSH: of the last segment alone */
#define FLAGS_FIRST	0x80u	/* CWR */

typedef uint32_t __attribute__((may_alias)) four_t;
typedef uint16_t __attribute__((may_alias)) two_t;

/* Fields of frames; those of the header are little-endian. */
static uint32_t get(const uint8_t *p) { return (uint32_t)p[0] << 8 | p[1]; }
static void put(uint8_t *p, uint32_t v) { p[0] = (uint8_t)(v >> 8); p[1] = (uint8_t)v; }
static uint32_t header(const struct frame *f, uint32_t at) { return f->byte[at] | (uint32_t)f->byte[at + 1] << 8; }

static void set_header(struct frame *f, uint32_t at, uint32_t v)
{
	f->byte[at] = (uint8_t)v;
	f->byte[at + 1] = (uint8_t)(v >> 8);
}

/* ---- sums ---- */

static uint32_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)sum;
}

/* The ones' complement sum of n octets, whose first is the low one of a word: as memory has them (RFC 1071, 2). */
static uint32_t sum_of(const uint8_t *p, uint32_t n)
{
	bool odd = (uintptr_t)p & 1;
	uint64_t sum = 0;
	uint32_t word;

	if (odd && n) {
		sum = (uint32_t)*p++ << 8;
		n--;
	}
	for (; n >= 2 && (uintptr_t)p & 2; p += 2, n -= 2)
		sum += *(const two_t *)(const void *)p;
	for (; n >= 4; p += 4, n -= 4)
		sum += *(const four_t *)(const void *)p;
	for (; n >= 2; p += 2, n -= 2)
		sum += *(const two_t *)(const void *)p;
	word = fold(sum + (n ? *p : 0));
	return odd ? (word >> 8 | word << 8) & 0xffff : word;
}

/* What a sum that has to come out as 0 lacks; 0xffff is 0, too, and UDP reads 0 as "none". */
static void put_sum(uint8_t *p, uint64_t sum)
{
	uint32_t v = ~fold(sum) & 0xffff;

	v = v ? v : 0xffff;
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

/* ---- what a sender may leave ---- */

/* Where the IP header begins. */
static uint32_t network_of(const uint8_t *e)
{
	return get(e + ETHER - 2) == TYPE_VLAN ? ETHER + VLAN : ETHER;
}

/* Octets of Ethernet, IP and TCP header of a frame of n octets whose TCP header is at tcp; 0: it is no such frame. */
static uint32_t headers_of(const uint8_t *e, uint32_t n, uint32_t tcp, bool v6)
{
	uint32_t ip = network_of(e), size;

	if (tcp < ETHER + TCP || tcp + TCP > n || tcp + TCP > VNET_FRAME_MAX)
		return 0;
	if (get(e + ip - 2) != (v6 ? TYPE_IPV6 : TYPE_IPV4) || e[ip] >> 4 != (v6 ? 6 : 4) ||
	    e[v6 ? ip + 6 : ip + 9] != PROTOCOL_TCP || tcp != ip + (v6 ? IPV6 : (e[ip] & 0xfu) * 4))
		return 0;
	size = (e[tcp + 12] >> 4) * 4u;
	return size < TCP ? 0 : tcp + size;
}

static bool check_segments(struct frame *f, uint64_t features, uint32_t type, uint32_t size)
{
	const uint8_t *e = f->byte + VNET_HEADER;
	uint32_t n = f->size - VNET_HEADER, headers;
	bool v6 = type == VNET_GSO_TCPV6;

	if (!(v6 ? features & VNET_HOST_TSO6 : type == VNET_GSO_TCPV4 && features & VNET_HOST_TSO4))
		return false;
	headers = headers_of(e, n, header(f, VNET_AT_START), v6);
	if (!headers || headers >= n || header(f, VNET_AT_OFFSET) != CHECKSUM || !size ||
	    headers + size > VNET_FRAME_MAX || n - headers > size * VNET_SEGMENTS)
		return false;
	f->byte[VNET_AT_GSO] = (uint8_t)type;
	set_header(f, VNET_AT_HEADERS, headers);
	set_header(f, VNET_AT_SIZE, size);
	f->headers = VNET_HEADER + headers;
	return true;
}

bool vnet_check(struct frame *f, uint64_t features)
{
	uint32_t flags = f->byte[VNET_AT_FLAGS], type = f->byte[VNET_AT_GSO], size = header(f, VNET_AT_SIZE);
	uint32_t start = header(f, VNET_AT_START), offset = header(f, VNET_AT_OFFSET);

	f->headers = 0;
	memset(f->byte, 0, VNET_HEADER);
	f->byte[VNET_AT_BUFFERS] = 1;
	if (!type && f->size > sizeof(f->byte))
		return false;
	if (!flags && !type)
		return true;
	if (flags != VNET_NEEDS_CSUM || !(features & VNET_CSUM) || start < ETHER ||
	    start + offset + 2 > f->size - VNET_HEADER)
		return false;
	f->byte[VNET_AT_FLAGS] = VNET_NEEDS_CSUM;
	set_header(f, VNET_AT_START, start);
	set_header(f, VNET_AT_OFFSET, offset);
	return !type || check_segments(f, features, type, size);
}

/* ---- what a receiver does not take ---- */

bool vnet_takes_segments(const struct frame *f, uint64_t features)
{
	return features & (f->byte[VNET_AT_GSO] == VNET_GSO_TCPV4 ? VNET_GUEST_TSO4 : VNET_GUEST_TSO6);
}

/* The field has the sum of the pseudo header. */
void vnet_complete(struct frame *f)
{
	uint32_t start = VNET_HEADER + header(f, VNET_AT_START);

	put_sum(f->byte + start + header(f, VNET_AT_OFFSET), sum_of(f->byte + start, f->size - start));
	memset(f->byte, 0, VNET_AT_BUFFERS);
}

/* Lengths, numbers and sums of segment number i, whose data begins at `at` of the whole. */
static void finish_segment(struct frame *s, uint32_t tcp, bool v6, uint32_t i, uint32_t at, bool last)
{
	uint8_t *e = s->byte + VNET_HEADER, *ip = e + network_of(e), *t = e + tcp;
	uint32_t size = s->size - VNET_HEADER - tcp, all = s->size - VNET_HEADER - network_of(e);
	uint32_t sequence = (get(t + 4) << 16 | get(t + 6)) + at;

	if (v6) {
		put(ip + 4, all - IPV6);
	} else {
		put(ip + 2, all);
		put(ip + 4, get(ip + 4) + i);
		put(ip + 10, 0);
		put_sum(ip + 10, sum_of(ip, tcp - network_of(e)));
	}
	put(t + 4, sequence >> 16);
	put(t + 6, sequence);
	t[FLAGS] &= (uint8_t)~((last ? 0 : FLAGS_LAST) | (i ? FLAGS_FIRST : 0));
	put(t + CHECKSUM, 0);
	put_sum(t + CHECKSUM, (uint64_t)sum_of(t, size) + sum_of(v6 ? ip + 8 : ip + 12, v6 ? 32 : 8) +
		__builtin_bswap16(PROTOCOL_TCP) + __builtin_bswap16((uint16_t)size));
}

bool vnet_segment(const struct frame *f, uint32_t i, struct frame *s)
{
	uint32_t size = header(f, VNET_AT_SIZE), at = i * size, left = f->size - f->headers - at;

	if (at >= f->size - f->headers)
		return false;
	size = left < size ? left : size;
	s->size = f->headers + size;
	s->headers = 0;
	memcpy(s->byte, f->byte, f->headers);
	memset(s->byte, 0, VNET_AT_BUFFERS);
	if (!vring_copy_from(f->vm, f->chain, f->headers + at, s->byte + f->headers, size))
		return false;
	finish_segment(s, header(f, VNET_AT_START), f->byte[VNET_AT_GSO] == VNET_GSO_TCPV6, i, at, left == size);
	return true;
}
