/* What the parts of the domain module share: CAA lookups with their evidence. */
#ifndef DOMAIN_INTERNAL_H
#define DOMAIN_INTERNAL_H

#include "rs/caa.h"
#include "rs/keyring.h"
#include "rs/mail.h"
#include "rs/resolver.h"
#include "rs/verify.h"

/*
 * One run of the network: all DNS questions of a verification, asked together and each once. The
 * parts of the module add theirs while it is planned, and read the answers when it has run.
 */
struct rs_looking {
	struct rs_dns_question *questions;
	struct rs_dns_answer *answers; /* after rs_looking_run() */
	json_t **told;                 /* their evidence, each made when it is first wanted */
	struct rs_looking *proofs;     /* DS of names without a secure answer, or NULL; evidence */
	size_t count, room;
};
/* The place of a question, which is added unless it is there; it is never taken away. */
size_t rs_looking_add(
	struct rs_ctx *ctx, struct rs_looking *looking, const char *name, enum rs_rr_type type);
/* Asks everything; as rs_resolver_lookup(). */
enum rs_code rs_looking_run(
	struct rs_ctx *ctx, struct rs_looking *looking, int deadline_ms) RS_CHECK;

/* What a question's answer is as evidence (rs_dns_evidence()); borrowed, shared, not to be changed. */
json_t *rs_looking_evidence(struct rs_ctx *ctx, const struct rs_looking *looking, size_t place);

/* The evidence that a name's zone is unsigned, or is not: the DS beside its answer; NULL: none. Borrowed. */
json_t *rs_looking_proof(struct rs_ctx *ctx, const struct rs_looking *looking, const char *name);

/* One CAA check in the making. */
struct rs_caa_outcome {
	struct rs_caa_ask ask;	  /* given */
	const json_t *domain;	  /* the row of rs_names_domains() it is for, or NULL */
	const char *const *climb; /* planned: the names, and their places in the run */
	size_t *at, climb_len;
	struct rs_caa_set set; /* found */
	struct rs_caa_verdict verdict;
	json_t *queries;    /* borrowed: every lookup of the climb, with its raw message */
	int64_t checked_at; /* microseconds */
};

/* Adds the climbs of all asks to a run; only kind, name and wildcard of the asks are read. */
enum rs_code rs_caa_plan(struct rs_ctx *ctx, struct rs_caa_outcome *outcomes, size_t count,
	struct rs_looking *looking) RS_CHECK;
/* Judges the asks by what the run saw. Failures of the DNS are verdicts. */
void rs_caa_conclude(struct rs_ctx *ctx, struct rs_caa_outcome *outcomes, size_t count,
	const struct rs_looking *looking);
/* Both with a run of its own. Anything but RS_OK means that nothing was looked up. */
enum rs_code rs_caa_look(struct rs_ctx *ctx, struct rs_caa_outcome *outcomes, size_t count,
	int deadline_ms) RS_CHECK;

/* Attempts of several validations: what they ask of the DNS goes into the run that verifies. */
struct rs_attempts;
/*
 * Begins an attempt of every one that is due (see rs_validation_try()), adds its questions to the
 * run and starts to fetch its file, in threads of its own, for at most deadline_ms. Never NULL; it
 * ends with rs_attempts_wait().
 */
struct rs_attempts *rs_attempts_begin(struct rs_ctx *ctx, struct rs_validation *validations,
	size_t count, struct rs_looking *looking, int deadline_ms);
/* Waits for the files. The attempts must not be left without it, whatever became of the run. */
void rs_attempts_wait(struct rs_attempts *attempts);
/* Judges by what was seen, stores every attempt and what it did to its validation. */
enum rs_code rs_attempts_record(struct rs_ctx *ctx, struct rs_attempts *attempts,
	const struct rs_looking *looking) RS_CHECK;

/* An attempt that is not one of the network's run: the search for whom to ask by mail, an answer. */
struct rs_attempt_end {
	int64_t started_at;
	const char *result;	/* passed, failed, error */
	enum rs_code code;	/* of a failure */
	const char *detail;	/* of a failure; or NULL */
	const json_t *evidence; /* more than every attempt tells, or NULL; borrowed */
};
/* Stores it inside tx, with its event and what it does to the validation. */
enum rs_code rs_attempt_store(struct rs_ctx *ctx, struct rs_tx *tx, struct rs_validation *v,
	const struct rs_attempt_end *end) RS_CHECK;

/* The columns of domain_validation, for rs_row_read() into a struct rs_validation. */
extern const struct rs_field rs_validation_row[];
/* One of a method by mail, whoever asks; RS_NOT_FOUND for others. Without its attempts and mails. */
enum rs_code rs_validation_of_mail(
	struct rs_ctx *ctx, const struct rs_id *id, struct rs_validation *out) RS_CHECK;

/* Whom to ask by mail, and what was seen on the way to that. */
struct rs_letters {
	json_t *to; /* [{address, source}], borrowed; empty: nobody, and `none` says why */
	struct rs_mail_text text; /* what they are told, but for the link of each */
	struct rs_attempt_end none;
};
/*
 * Finds whom a pending validation by mail has to ask; the DNS is asked for it where the method wants
 * that. RS_VALIDATION_FAILED with a fault at /to when the recipient that was chosen is none of those
 * the method knows, RS_RATE_LIMITED when a mailbox has got too many such mails.
 */
enum rs_code rs_letters_find(
	struct rs_ctx *ctx, const struct rs_validation *v, struct rs_letters *out) RS_CHECK;
/* Queues the mails inside tx, each with a token of its own; or stores the failed search. */
enum rs_code rs_letters_put(struct rs_ctx *ctx, struct rs_tx *tx, struct rs_validation *v,
	const struct rs_letters *letters) RS_CHECK;
/* The verify of a validation by mail: the search again, or the same mails once more. */
enum rs_code rs_letters_verify(struct rs_ctx *ctx, struct rs_validation *v) RS_CHECK;

/* How long lookups may take now: dns.deadline_ms, less when the caller's deadline comes first. */
int rs_dns_deadline(const struct rs_ctx *ctx);
/*
 * {name, type, state, reason, rcode, ttl, canonical, chain, soa, perspective, attempts, ms, why,
 * message}; owned.
 */
json_t *rs_dns_evidence(struct rs_ctx *ctx, const struct rs_dns_question *question,
	const struct rs_dns_answer *answer);

/* The row of a check as the insert wants it, {id, kind, name, ...}; owned. */
json_t *rs_caa_row(const struct rs_caa_outcome *outcome, const struct rs_id *id, int64_t recheck_s);

/*
 * Mails to the mailboxes that iodef properties of forbidding record sets name, off unless
 * caa.report_iodef says otherwise: planned before the transaction of the checks, which asks who
 * was told today, and queued in it. An enterprise without a mail server tells nobody.
 */
struct rs_caa_report;
struct rs_caa_reports {
	struct rs_caa_report *report;
	size_t count;
};
void rs_caa_reports_plan(struct rs_ctx *ctx, const struct rs_id *enterprise,
	const struct rs_caa_outcome *outcomes, size_t count, struct rs_caa_reports *out);
enum rs_code rs_caa_reports_put(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *enterprise,
	const struct rs_id *request, const struct rs_caa_reports *reports) RS_CHECK;

/* Where the token of a validation is sealed. */
struct rs_seal_place rs_validation_place(const struct rs_validation *validation);
/* Reads one that the caller may change, and that is at this revision (-1 = any). */
enum rs_code rs_validation_get_for_edit(struct rs_ctx *ctx, const struct rs_id *id,
	int64_t revision, struct rs_validation *out) RS_CHECK;

/* The account of an enterprise as CAA and persistent TXT records name it. In the arena. */
const char *rs_account_uri(struct rs_ctx *ctx, const struct rs_id *enterprise);

#endif
