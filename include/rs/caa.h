/*
 * CAA: may we issue for this name? Decided here from answers that others fetched, without a network,
 * without a clock, without the database.
 *
 * The rules are RFC 8659 (records, relevant set, issue and issuewild), RFC 8657 (accounturi,
 * validationmethods), RFC 9495 (issuemail) and TLS BR 3.2.2.8. A check runs in this order:
 *
 *	rs_caa_ask_of()    which name of a certificate is asked for, and whether CAA speaks of it
 *	rs_caa_climb()     the name and its ancestors up to the top-level domain: look all of them
 *	                   up, in parallel if you like
 *	rs_caa_find()      the relevant record set: from the leaf up the first that is not empty
 *	                   counts whole. A lookup that failed below it is fatal, one above it is of
 *	                   no interest
 *	rs_caa_judge()     the verdict, its code and a sentence for people
 *
 * Nothing permits but an answer: a lookup that timed out, failed, was bogus, came without the SOA
 * that an unsigned negative answer must have (RFC 2308), or was never done, gives `error`; so does
 * RDATA that does not parse, whatever stands beside it. We use none of the exceptions by which the
 * BR let a CA issue after a failed lookup.
 *
 * Where the documents leave a choice, ours are: flag bits 128 and 1 both mean critical (1 is a
 * common misreading of the RFC); issuer names are compared as a whole, ASCII letters in any case;
 * account URIs octet by octet; tags, parameter tags and labels of validation methods in any case; a
 * parameter given twice in one record can be met by nobody.
 */
#ifndef RS_CAA_H
#define RS_CAA_H

#include "rs/ctx.h"
#include "rs/json.h"

/* Raised when the rules of this file change: older verdicts count no more. */
#define RS_CAA_POLICY_VERSION 1
/* The longest a check may be used, in seconds: an hour less than the BR's 8 h, whatever the TTL. */
#define RS_CAA_AGE_MAX_S      25200
/* The most octets of one tag or value that are shown; the raw message has them all. */
#define RS_CAA_SHOWN_MAX      1024

enum rs_caa_kind { RS_CAA_KIND_DNS, RS_CAA_KIND_MAIL };
enum rs_caa_result { RS_CAA_RESULT_ERROR, RS_CAA_RESULT_FORBIDDEN, RS_CAA_RESULT_PERMITTED };
enum rs_caa_dnssec {
	RS_CAA_SEC_UNKNOWN,
	RS_CAA_SEC_SECURE,
	RS_CAA_SEC_INSECURE,
	RS_CAA_SEC_BOGUS,
};

/* "dns", "mail"; "permitted", "forbidden", "error"; "secure", "insecure", "bogus", "unknown". */
const char *rs_caa_kind_name(enum rs_caa_kind kind);
const char *rs_caa_result_name(enum rs_caa_result result);
const char *rs_caa_dnssec_name(enum rs_caa_dnssec dnssec);

/* --- what is asked --- */

struct rs_caa_ask {
	enum rs_caa_kind kind;
	const char *name;      /* A-labels in lower case; no "*.", no trailing dot, no local part */
	bool wildcard;	       /* "*." of the name is asked for */
	const json_t *issuers; /* our Issuer Domain Names: array of strings */
	/* of the subscriber; NULL or "": records that name one do not match */
	const char *account_uri;
	/* labels (ca-tbr-7, ...) of the method by which control of this very name was proven, NULL
	 * ends; NULL: records that name methods do not match */
	const char *const *methods;
};

/*
 * Fills kind, name and wildcard of *ask from a row of rs_names_domains(). false when CAA does not
 * speak of it: addresses, onion names; then no lookup is made.
 */
bool rs_caa_ask_of(const json_t *domain, struct rs_caa_ask *ask) RS_CHECK;

/*
 * What a verdict depends on besides the DNS: name, wildcard, kind, account, methods, our names and
 * the version of the rules. Two asks with equal objects may share a verdict, others never. A new
 * object, the caller owns it.
 */
json_t *rs_caa_basis(const struct rs_caa_ask *ask);

/* Until when (microseconds) a check made at checked_at may be used: recheck_s, but at most 7 h. */
int64_t rs_caa_valid_until(int64_t checked_at, int64_t recheck_s);

/* --- what was seen --- */

/*
 * The names to ask, nearest first: the name itself, its parent, ... , the top-level domain; the
 * root is not asked, nothing else stops the climb. Lower case, no trailing dot, in the arena.
 * RS_BAD_NAME for what is no DNS name of letters, digits, hyphens and underscores.
 */
enum rs_code rs_caa_climb(
	struct rs_ctx *ctx, const char *name, const char *const **names, size_t *count) RS_CHECK;

/* What became of one lookup after its retries; zero is the failure. */
enum rs_caa_seen {
	RS_CAA_SEEN_FAILED,   /* no usable answer: SERVFAIL, REFUSED, an alias loop, ... */
	RS_CAA_SEEN_TIMEOUT,  /* none in time */
	RS_CAA_SEEN_BOGUS,    /* one that does not validate, whatever it says */
	RS_CAA_SEEN_INSECURE, /* one from a zone proven to be unsigned */
	RS_CAA_SEEN_SECURE,   /* one that validates */
};

struct rs_caa_lookup {
	enum rs_caa_seen seen;
	int rcode; /* 0 and 3 (NXDOMAIN) are answers, all others failures */
	bool soa;  /* the authority section has the SOA of a zone the name lies in */
	const struct rs_bytes *rdata; /* of the CAA records, behind aliases if there are any */
	size_t count;
	const char *why; /* for people: why bogus or failed; NULL = nothing more is known */
};

/*
 * Reads what a validating resolver got for (name, CAA): seen is its verdict, packet the raw answer
 * it rests on. What is no well-formed answer to this question (dnsmsg.h: truncated, another
 * question, a circle of aliases, ...) becomes RS_CAA_SEEN_FAILED, whatever the resolver made of it.
 * Where seen is no answer the packet is not read.
 */
void rs_caa_lookup_read(struct rs_ctx *ctx, const char *name, enum rs_caa_seen seen,
	struct rs_bytes packet, struct rs_caa_lookup *out);

/* One record. tag and value are shown text (see rs_dns_text()), the raw ones what was in it. */
struct rs_caa_record {
	int flags;
	const char *tag, *value;
	struct rs_bytes raw_tag, raw_value;
};

/* The relevant record set of a name. */
struct rs_caa_set {
	enum rs_code fault; /* RS_OK, RS_CAA_DNSSEC_BOGUS, RS_CAA_LOOKUP_FAILED or RS_CAA_TIMEOUT */
	const char *found_at; /* where it stands; NULL = no name of the climb has any, or a fault */
	struct rs_caa_record *records; /* those that decide first, else by their octets */
	size_t count;
	enum rs_caa_dnssec dnssec; /* secure when every answer that led here was */
	const char *detail;	   /* of a fault, one sentence */
};

/* names and lookups: what rs_caa_climb() gave and what was seen of each, count of both. */
void rs_caa_find(struct rs_ctx *ctx, const char *const *names, const struct rs_caa_lookup *lookups,
	size_t count, struct rs_caa_set *out);

/* The values of a set's records with this tag (contactemail, iodef): an array, *count of it. */
const struct rs_bytes *rs_caa_values(
	struct rs_ctx *ctx, const struct rs_caa_set *set, const char *tag, size_t *count);
/*
 * Where the owner of a set wants refused requests reported (RFC 8659 4.4): of records as
 * rs_caa_records_json() gives them the iodef values that are "mailto:" with one mailbox or an https
 * URL, in their order. Borrowed.
 */
json_t *rs_caa_iodef(struct rs_ctx *ctx, const json_t *records);
/* [{flags, tag, value}], a new array the caller owns. */
json_t *rs_caa_records_json(const struct rs_caa_set *set);

/* --- the verdict --- */

struct rs_caa_verdict {
	enum rs_caa_result result;
	/*
	 * permitted: RS_CAA_NONE (no record restricts), RS_CAA_PERMITTED. forbidden:
	 * RS_CAA_CRITICAL_UNKNOWN; else how near the nearest record came: RS_CAA_METHOD_MISMATCH,
	 * RS_CAA_ACCOUNT_MISMATCH, RS_CAA_FORBIDDEN. error: the fault of the set.
	 */
	enum rs_code code;
	const char *detail; /* one sentence: what was decisive, what to publish; in the arena */
};
void rs_caa_judge(struct rs_ctx *ctx, const struct rs_caa_ask *ask, const struct rs_caa_set *set,
	struct rs_caa_verdict *out);

/*
 * The record that would permit us, as a line for a zone file, to be added to the set that stands at
 * found_at (NULL or a top-level domain: at the name itself). In the arena; NULL when we have no
 * Issuer Domain Name.
 */
const char *rs_caa_remedy(struct rs_ctx *ctx, const struct rs_caa_ask *ask, const char *found_at);

/* --- the grammar, for tests and fuzzing --- */

/* flags, tag and value of CAA RDATA (RFC 8659 4.1); false: too short, no tag, tag over the end. */
bool rs_caa_rdata(
	struct rs_bytes rdata, int *flags, struct rs_bytes *tag, struct rs_bytes *value) RS_CHECK;

/* An issue-value (RFC 8659 4.2), with the two parameters we know. Borrowed from the value. */
struct rs_caa_issue {
	struct rs_bytes issuer;	    /* len 0: nobody */
	struct rs_bytes account;    /* of the last accounturi */
	struct rs_bytes methods;    /* of the last validationmethods */
	int accounts, method_lists; /* how many of each there are */
};
/* false when malformed: then it authorises nobody. */
bool rs_caa_issue_read(struct rs_bytes value, struct rs_caa_issue *out) RS_CHECK;

#endif
