/*
 * DNS messages, read by ourselves.
 *
 * The validating resolver decides what is true; the raw answer it got is kept as evidence and is
 * read here a second time, because two things a CA must know are not in a resolver's verdict:
 * whether an unsigned "there is nothing" was a real negative answer (RFC 2308 demands the zone's
 * SOA in it; a lame server's referral looks the same without), and by which aliases the answer was
 * reached. RDATA is handed on as the bytes it is: no parser of ours trusts a length in it.
 *
 * The reader is bounded and strict: one question, which is the one that was asked; names of at most
 * 255 octets, compression pointers only backwards; at most RS_DNS_CHAIN_MAX aliases and none twice;
 * no truncation, no bytes left over. What breaks a rule is no answer (RFC 1035, 2181, 2308, 6672).
 */
#ifndef RS_DNSMSG_H
#define RS_DNSMSG_H

#include "rs/ctx.h"
#include "rs/json.h"

/* A DNS name has at most 253 characters as text, 255 octets on the wire, 63 a label. */
#define RS_DNS_TEXT_MAX	 253
#define RS_DNS_LABEL_MAX 63
/* The most aliases followed from the name that was asked. */
#define RS_DNS_CHAIN_MAX 16

/* The record types we ask for or must understand. */
enum rs_rr_type {
	RS_RR_A = 1,
	RS_RR_NS = 2,
	RS_RR_CNAME = 5,
	RS_RR_SOA = 6,
	RS_RR_TXT = 16,
	RS_RR_AAAA = 28,
	RS_RR_DNAME = 39,
	RS_RR_OPT = 41,
	RS_RR_DS = 43,
	RS_RR_DNSKEY = 48,
	RS_RR_CAA = 257,
};

enum rs_dns_rcode { RS_RCODE_NOERROR = 0, RS_RCODE_SERVFAIL = 2, RS_RCODE_NXDOMAIN = 3 };

/* What an answer says. Everything lives in the arena or in the packet. */
struct rs_dnsmsg {
	int rcode; /* with the extended bits of EDNS; others than 0 and 3 are failures */
	const char *const *chain;     /* the name asked, then every alias followed, as text */
	size_t chain_len;	      /* at least 1 */
	const char *canonical;	      /* the last of the chain: whose records these are */
	const struct rs_bytes *rdata; /* the records of the asked type at the canonical name */
	size_t count;
	uint32_t ttl;	 /* seconds: the least of aliases and records; 0 without any */
	bool soa;	 /* the authority section holds the SOA of a zone of the canonical name */
	const char *why; /* after a failure: what is wrong with the message, static */
};

/*
 * Reads the answer to (name, type, IN). name: ASCII text, a trailing dot is fine. false when it is
 * no well-formed answer to this question; then only out->why is set. An answer with another rcode
 * than NOERROR and NXDOMAIN is read too: judging it is the caller's.
 */
bool rs_dnsmsg_read(struct rs_ctx *ctx, struct rs_bytes packet, const char *name,
	enum rs_rr_type type, struct rs_dnsmsg *out) RS_CHECK;

/*
 * The character-strings of TXT RDATA joined (RFC 7208 3.3 does it alike), in the arena; false when
 * there is none or one runs over the end.
 */
bool rs_dnsmsg_txt(struct rs_ctx *ctx, struct rs_bytes rdata, struct rs_bytes *out) RS_CHECK;

/*
 * Whether a text may be asked for: 1 to 63 letters, digits, hyphens or underscores a label, at most
 * 253 in all, lower case or not, a trailing dot allowed; nothing else ever reaches the resolver.
 */
bool rs_dns_name_valid(const char *name);
/* Whether name is ancestor or stands below it, label by label, in ASCII letters of any case. */
bool rs_dns_name_under(const char *name, const char *ancestor);

/*
 * Bytes of others for people and for JSON: printable ASCII stands for itself, a backslash is
 * doubled, every other octet is \DDD (RFC 1035 5.1). What is longer than `max` octets is cut and
 * ends with U+2026, which no octet can look like. In the arena.
 */
const char *rs_dns_text(struct rs_ctx *ctx, struct rs_bytes bytes, size_t max);

#endif
