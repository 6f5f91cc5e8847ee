/*
 * The validating resolver: questions to the DNS, answered with a DNSSEC verdict (RFC 4035).
 *
 * It is libunbound in this process, not a resolver elsewhere whose AD bit one would have to
 * believe; no file but src/net/resolver.c knows that. One call takes all questions of one
 * verification and asks them in parallel within one fresh context: nothing is remembered from call
 * to call, so neither an old answer nor a cached failure is ever used, and the retry of what failed
 * really reaches the wire, since it gets a second fresh context.
 *
 * It fails closed. A verdict counts only below a trust anchor that validated its own zone within
 * the same context: without that libunbound calls everything insecure, silently. A bogus answer is
 * final and never data. An insecure "there is nothing" must carry the SOA of its zone (RFC 2308),
 * which tells it from a lame server's referral. The raw message is read again by dnsmsg.h, and what
 * that reader refuses is no answer.
 */
#ifndef RS_RESOLVER_H
#define RS_RESOLVER_H

#include "rs/dnsmsg.h"

/*
 * The most questions that are on their way at once in this process, and after how many milliseconds
 * one counts no more: silent servers of one domain do not keep the others from being asked.
 */
#define RS_RESOLVER_OUTBOUND_MAX 32
#define RS_RESOLVER_SLOT_MS	 1000
/* How long each of the two attempts may take, in milliseconds; the caller's deadline may be less.
 */
#define RS_RESOLVER_FIRST_MS	 3500
#define RS_RESOLVER_SECOND_MS	 4000
/* A good self-test is believed for so long, in milliseconds. */
#define RS_RESOLVER_TESTED_MS	 30000
/* Where this resolver stands: evidence names it, other perspectives come later (BR 3.2.2.9). */
#define RS_RESOLVER_PERSPECTIVE	 "primary"

struct rs_config;
struct rs_resolver;

/* Zero is the failure. */
enum rs_dns_state { RS_DNS_FAILED, RS_DNS_BOGUS, RS_DNS_INSECURE, RS_DNS_SECURE };

/* RS_DNS_REASON(NAME, word, sentence): why there is no answer; the word stands in evidence. */
#define RS_DNS_REASONS(X)                                                                          \
	X(NONE, "none", "")                                                                        \
	X(TIMEOUT, "timeout", "No usable answer came in time.")                                    \
	X(SERVFAIL, "servfail", "No name server of the zone gave a usable answer.")                \
	X(RCODE, "rcode", "The answer is an error code.")                                          \
	X(BOGUS, "bogus", "The answer does not validate (DNSSEC).")                                \
	X(MALFORMED, "malformed", "The answer is no well-formed answer to the question.")          \
	X(NO_SOA, "no-soa", "The answer is empty and lacks the SOA of an unsigned zone.")          \
	X(LOCAL, "local", "The name is one that resolvers answer by themselves (RFC 6303, 6761).") \
	X(NO_ANCHOR, "no-anchor", "No trust anchor above the name could be validated.")            \
	X(INTERNAL, "internal", "The resolver itself failed.")

enum rs_dns_reason {
#define X(NAME, word, text) RS_DNS_REASON_##NAME,
	RS_DNS_REASONS(X)
#undef X
};

/* "failed", "bogus", "insecure", "secure"; the word of a reason. Static. */
const char *rs_dns_state_name(enum rs_dns_state state);
const char *rs_dns_reason_name(enum rs_dns_reason reason);

struct rs_dns_question {
	const char *name; /* A-labels; letters, digits, hyphens, underscores; a last dot is fine */
	enum rs_rr_type type;
};

/* What became of one question after its retry. Everything lives in the arena. */
struct rs_dns_answer {
	enum rs_dns_state state;
	enum rs_dns_reason reason;    /* NONE when secure or insecure */
	int rcode;		      /* of the last message; 0 without one */
	bool nxdomain, havedata;      /* both false with state secure or insecure: NODATA */
	const struct rs_bytes *rdata; /* of the asked type at the canonical name; NULL unless
					 havedata */
	size_t count;
	const char *canonical;	  /* after aliases; the name asked when there was no answer */
	const char *const *chain; /* the name asked, then each alias */
	size_t chain_len;	  /* 0 when there was no answer */
	uint32_t ttl;		  /* seconds; of what is bogus or failed: 0 */
	bool soa;		  /* the authority section has the SOA of the zone */
	struct rs_bytes packet;	  /* the last message as libunbound composed it, bogus ones too */
	const char *why;	  /* one sentence for people; NULL when secure or insecure */
	int attempts;		  /* 1 or 2; 0 = it never got a slot before the deadline */
	int64_t ms;		  /* milliseconds from the call to the answer */
};

/*
 * Asks all questions, waits for all, and fills one answer each, whatever becomes of it; RS_OK then.
 * Never takes longer than deadline_ms or the deadline of ctx, to within the time of stopping a
 * thread. RS_BAD_NAME: a name that must not be asked, nothing was sent. RS_OVERLOADED: no slot came
 * in time. RS_UNAVAILABLE: no context could be made.
 */
enum rs_code rs_resolver_lookup(struct rs_ctx *ctx, const struct rs_dns_question *questions,
	size_t count, int deadline_ms, struct rs_dns_answer *answers) RS_CHECK;

/*
 * Reads dns.* of the configuration and tries it. Fails, with the reason in ctx->err, when anchors
 * or stubs cannot be used, or when the zone of an anchor answers and is not secure. A zone that
 * does not answer is no reason not to start: then the resolver is not ready, and nothing insecure
 * is believed until it is.
 */
enum rs_code rs_resolver_start(
	struct rs_ctx *ctx, const struct rs_config *config, struct rs_resolver **out) RS_CHECK;
/* No lookup may be on its way. NULL is fine. */
void rs_resolver_stop(struct rs_resolver *resolver);

/*
 * Whether each trust anchor validates its zone, now or within RS_RESOLVER_TESTED_MS; RS_UNAVAILABLE
 * with a sentence when not. *expected: false on a developer's machine that names neither stub zones
 * nor anchors of its own, and so may well be without a way to the root.
 */
enum rs_code rs_resolver_ready(struct rs_ctx *ctx, bool *expected) RS_CHECK;

#endif
