/*
 * Mail: what the service writes to people.
 *
 * A caller says to whom and what, inside the transaction of what it is about (rs_mail_put()); the
 * message is built then, whole and for good, sealed into the table `mail`, and a job sends it
 * through the enterprise's active smtp connectors: by priority, past those whose breaker is open, at
 * least once, again with growing pauses until give_up_at. Each try is kept in the row as evidence.
 * The same message always has the same Message-ID and the same bytes, but for the From that each
 * relay demands; rs_mail_again() sends it once more.
 *
 * A message may hold a one-time code or a link with a token, so it is never in clear outside a
 * struct rs_secret, its subject is the caller's promise to hold none, and the sealed text is wiped
 * as soon as it is sent or given up, or at keep_until where it may have to be sent again.
 *
 *	queued --taken by a relay--> sent      sent --rs_mail_again() while it is kept--> queued
 *	queued --refused for good, give_up_at passed, rs_mail_drop()--> failed
 *
 * A relay's breaker opens for 30 s after 5 failures in a row (no TLS, no answer, no sign-in: not a
 * recipient that is refused) and then lets one try through.
 */
#ifndef RS_MAIL_H
#define RS_MAIL_H

#include "rs/jobs.h"
#include "rs/json.h"
#include "rs/secret.h"
#include "rs/store.h"

struct rs_connector;
struct rs_limit;
struct rs_smtp_result;

/* Characters of somebody else's text (a common name, a person's) in a mail: rs_mail_quote(). */
#define RS_MAIL_QUOTE_MAX 40
/* Octets of one whole message. */
#define RS_MAIL_MAX	  (24u << 10)
/* After so many tries a mail has failed, whatever give_up_at says. */
#define RS_MAIL_TRIES_MAX 40

/* What a person is told. UTF-8; paragraphs are parted by an empty line and wrapped here. */
struct rs_mail_text {
	const char *subject; /* no secret; control characters become spaces */
	const char *before;  /* paragraphs, without secrets */
	const char *code;    /* shown large, on a line of its own; NULL = none */
	const char *link;    /* ASCII URL, on a line of its own; NULL = none */
	const char *after;   /* paragraphs, without secrets; NULL = none */
};

struct rs_mail {
	struct rs_id enterprise; /* whose connectors send it */
	struct rs_id connector;	 /* tried first; "" = all by their priority */
	const char *purpose;	 /* a constant: "domain_validation", "challenge" */
	struct rs_id object;	 /* what it is about */
	const char *to;		 /* one address; rs_mail_address() */
	struct rs_mail_text text;
	int64_t give_up_at; /* microseconds of business time: no try from then on */
	int64_t keep_until; /* until when rs_mail_again() may be called; 0 = not at all */
};

/* Whether text is one mailbox we can send to: an ASCII dot-atom at a domain name. NULL is none. */
bool rs_mail_address(const char *text);
/*
 * Somebody else's text as it may stand in a mail: on one line, without control characters and
 * without anything a mail program would make a link of, cut to RS_MAIL_QUOTE_MAX characters. In the
 * arena.
 */
const char *rs_mail_quote(struct rs_ctx *ctx, const char *text);

/*
 * rs_limit_hit() of a mailbox: letters of either case are one there, since nearly all servers take
 * them for one, and who is limited chooses how the address is written.
 */
enum rs_code rs_mail_limit_hit(
	struct rs_ctx *ctx, const struct rs_limit *limit, const char *address) RS_CHECK;

/* RS_OK when the enterprise has an active smtp connector, else RS_METHOD_NOT_CONFIGURED. */
enum rs_code rs_mail_ready(struct rs_ctx *ctx, const struct rs_id *enterprise) RS_CHECK;

/*
 * Builds, seals and queues the mail inside tx; *id names it from then on. The caller wakes the jobs
 * (rs_jobs_wake()) after the commit when it cannot wait half a second. An address that is none is
 * RS_DESTINATION_MISSING.
 */
enum rs_code rs_mail_put(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_mail *mail,
	struct rs_id *id) RS_CHECK;
/*
 * Sends the very same message to the very same recipient again; one that still waits is left to go
 * once. RS_WRONG_STATE when it has failed or is not kept any more.
 */
enum rs_code rs_mail_again(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *id) RS_CHECK;
/* Ends everything about an object: what waits is not sent, what is kept is wiped. */
enum rs_code rs_mail_drop(
	struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *object) RS_CHECK;

/* --- for who keeps an outbox of its own --- */
/* A new Message-ID: 128 random bits at the host of server.public_url. In the arena. */
const char *rs_mail_message_id(struct rs_ctx *ctx);
/*
 * One try now, in a job: built, and handed to the relays as above; attempt (1, 2 ...) says how
 * patient to be with one that asks to wait. purpose, object, give_up_at and keep_until are not
 * looked at. *tries (arena) is evidence, whatever the outcome: [{at, connector_id, relay, verdict,
 * detail, reply, line, stage, tls_version, peer_sha256}], oldest first. RS_OK: taken;
 * RS_DELIVERY_FAILED: refused for good; RS_PROVIDER_UNAVAILABLE, RS_METHOD_NOT_CONFIGURED: not now.
 */
enum rs_code rs_mail_try(struct rs_ctx *ctx, const struct rs_mail *mail, const char *message_id,
	int64_t attempt, json_t **tries) RS_CHECK;

/*
 * One mail by one relay, active or not: an administrator tries it. RS_OK with what became of it; anything
 * else: the connector cannot be used.
 */
enum rs_code rs_mail_try_relay(struct rs_ctx *ctx, const struct rs_connector *relay,
	const struct rs_mail *mail, struct rs_smtp_result *out) RS_CHECK;

/* --- jobs --- */
/* mail.send: one try of the mail that the payload {mail} names. Its lease must exceed 60 s. */
enum rs_code rs_mail_send_job(struct rs_ctx *ctx, const struct rs_job *job) RS_CHECK;
/* mail.sweep: wipes what is kept beyond its time. */
enum rs_code rs_mail_sweep(struct rs_ctx *ctx) RS_CHECK;

/* --- the message itself, without a network: tests --- */
/*
 * The message as it is stored: every header but From and Reply-To, a text and an HTML part (RFC
 * 5322, 2045-2047, 3834), lines ended by CR LF. RS_INTERNAL when it would be longer than
 * RS_MAIL_MAX. The caller frees *out.
 */
enum rs_code rs_mail_build(struct rs_ctx *ctx, const struct rs_mail *mail, const char *message_id,
	struct rs_secret **out) RS_CHECK;

#endif
