/*
 * Names: subject and subjectAltName, normalised once.
 *
 * Names travel as the JSON of the API: a subject is an object of members (common_name,
 * organization, ...) whose values are a string or an array of strings; a SAN is an array of
 * {type, value} with the types dns, ip, email, uri, upn and other_name (which has the members oid
 * and encoding beside its value: utf8, ia5, printable or der in base64). What comes from outside goes through rs_names_normalise() exactly once: DNS names
 * become lower-case A-labels (IDNA2008) without a trailing dot, addresses their canonical text,
 * mailboxes get a lower-case A-label domain, equal SANs collapse to the first. What it gives is
 * what is stored, shown, digested and issued.
 *
 * What may stand in them is the rule set's word `names`: `tls` (dns and ip, public ones only, the
 * common name repeats a SAN), `mailbox` (email, upn and other_name, at least one email, every
 * mailbox of the subject among them), `free` (all types, internal names and private addresses too).
 *
 * All faults are collected with their pointers. Who writes names turns them into a 422
 * (rs_names_refuse()); who inherits them from an old certificate turns them into blockers.
 */
#ifndef RS_NAMES_H
#define RS_NAMES_H

#include "rs/ctx.h"
#include "rs/json.h"
#include "rs/ruleset.h"

/* The most names in a SAN. */
#define RS_SAN_MAX 100

/* How a subject member is encoded in a certificate. */
enum rs_string_kind { RS_STRING_UTF8, RS_STRING_PRINTABLE, RS_STRING_IA5 };

/* One subject member: the table from which reader, builder and parser work. Upper bounds are those
 * of RFC 5280 appendix A.1 (X.520), in characters. */
struct rs_subject_member {
	const char *name; /* common_name; NULL ends the table */
	const char *oid;  /* dotted */
	int max;
	enum rs_string_kind kind;
	bool many;        /* an array of several values is allowed */
};
/* In the order in which a subject is built, most general first. */
extern const struct rs_subject_member rs_subject_members[];
/* The row of a member, or NULL. */
const struct rs_subject_member *rs_subject_member(const char *name);

/* What may stand in the names: today's rule set, and the operator's list. */
struct rs_name_policy {
	const struct rs_ruleset *rules;
	const json_t *extra_tlds; /* array of strings or NULL: top-level labels allowed although reserved */
};

struct rs_names {
	json_t *subject;  /* object, members in the table's order; borrowed */
	json_t *san;      /* array; borrowed; values with a fault stand as they were given */
	json_t *faults;   /* array of {pointer, code, detail}; borrowed, empty = all is well */
	json_t *warnings; /* the same shape: mixed scripts, for the eyes of whoever approves */
};

/*
 * Normalises and judges both. subject and san may be NULL (= {} and []). Pointers start with
 * `at` + "/subject" and `at` + "/san" ("" for a whole body). Never fails: faults go to out.
 */
void rs_names_normalise(struct rs_ctx *ctx, const json_t *subject, const json_t *san,
	const struct rs_name_policy *policy, const char *at, struct rs_names *out);
/* Notes every fault of `names` with rs_fault(); the caller ends with rs_faults(). */
void rs_names_refuse(struct rs_ctx *ctx, const struct rs_names *names);

/*
 * The SAN that follows a changed common name: where the old one was a dns SAN it is replaced by the
 * new one in its place, provided that is an FQDN; else san itself. old/new: subjects. Borrowed.
 */
json_t *rs_names_follow_common_name(struct rs_ctx *ctx, const json_t *old_subject,
	const json_t *new_subject, json_t *san);

/* The SAN sorted by type, then value, as the content digest wants it. Borrowed. */
json_t *rs_names_sorted_san(struct rs_ctx *ctx, const json_t *san);

/*
 * The names whose CAA records and control are of interest, in the order of the SAN: an array of
 * {kind: "dns"|"mail"|"ip", name, wildcard, pointer}; `name` is without "*." and for mail the whole
 * address (SmtpUTF8Mailbox is one too). example.com and *.example.com are two. Borrowed.
 */
json_t *rs_names_domains(struct rs_ctx *ctx, const json_t *san);
/*
 * The names of the subject that nothing in the SAN repeats, so that nobody would verify them: a
 * common name that is a domain name below a top-level domain that exists (or is one of extra_tlds),
 * and every mailbox (TLS BR 7.1.4.3, RFC 9495 4). Where the rule set is tls or mailbox most of them
 * are faults already. An array of {pointer, kind: "dns"|"mail", name}, borrowed.
 */
json_t *rs_names_unrepeated(struct rs_ctx *ctx, const json_t *subject, const json_t *san,
	const struct rs_name_policy *policy);

/*
 * The registrable domain of a dns name in normal form: one label below the longest public suffix of
 * the list's ICANN section; every unknown top-level label is a suffix. NULL for a suffix itself.
 * Borrowed from name.
 */
const char *rs_names_base_domain(const char *name);
/*
 * Whether the lower-case ASCII name lies below a top-level domain that exists (the list's ICANN
 * section) or is one of extra_tlds (array of strings or NULL). false for a single label.
 */
bool rs_names_top_exists(const char *name, const json_t *extra_tlds);
/*
 * Whether `domain` may be the Authorization Domain Name of the dns name `name` (without "*."): the
 * name itself or one of its parents down to the registrable domain (TLS BR 1.6.1).
 */
bool rs_names_authorizes(const char *domain, const char *name);
/*
 * The normal form of text when it is exactly one mailbox in ASCII and nothing else (TLS BR 3.2.2.4.13,
 * 3.2.2.4.14), else NULL. In the arena.
 */
const char *rs_names_mailbox(struct rs_ctx *ctx, struct rs_bytes text);

/*
 * The normal form of a DNS name that can be somebody's own: no wildcard, no public suffix, nothing
 * below arpa; internal names are fine. NULL after a fault noted at `pointer`. In the arena.
 */
const char *rs_names_registrable(struct rs_ctx *ctx, const char *text, const char *pointer);

/*
 * The normal form of a DNS name somebody asks about: any name of the DNS but those below arpa,
 * internal names and public suffixes too. With `wildcard` a "*." before it is kept, where it may
 * stand at all (not directly before a public suffix). NULL after a fault noted at `pointer`. In the
 * arena.
 */
const char *rs_names_asked(
	struct rs_ctx *ctx, const char *text, bool wildcard, const char *pointer) RS_CHECK;

/* The common name (the first one) of a subject or NULL; borrowed from it. */
const char *rs_names_common_name(const json_t *subject);
/* Whether text is a dns name of at least two labels, wildcard allowed, in normal form. */
bool rs_names_is_fqdn(const char *text);
/*
 * What a name that somebody looks for may stand as in our tables: an array of the text itself and, where
 * they are others, its normal forms as a dns name (wildcard or not), an address, a mailbox. Borrowed.
 */
json_t *rs_names_sought(struct rs_ctx *ctx, const char *text);
/*
 * Everything a search looks through: the common name and the values of the SAN, separated by a newline.
 * Whoever stores it lowers it, by the database's lower() as the search does with what is sought: what is
 * a letter's small one beyond ASCII is for one program to say. In the arena.
 */
const char *rs_names_search_text(struct rs_ctx *ctx, const json_t *subject, const json_t *san);

#endif
