/*
 * Domain control validation, the part that needs no network: what the methods are, what a
 * subscriber is told to publish, whether what was seen is it, which names a proof covers and until
 * when.
 *
 * Each method is a row of src/domain/method.def. What varies between them is data there; what is
 * published and compared is here:
 *
 *	dns_txt            TXT _validation.<domain>: the token, a record of its own among others
 *	dns_persist        TXT _validation-persist.<domain>: persist.h
 *	http_file          http://<name>/.well-known/pki-validation/<file>: the token, nothing else
 *	email_constructed  a mail to admin@, administrator@, webmaster@, hostmaster@ or postmaster@
 *	email_caa          a mail to a contactemail of the relevant CAA set (caa.h)
 *	email_txt          a mail to the address in TXT _validation-contactemail.<domain>
 *	mailbox            a mail to the very mailbox
 *
 * A token is 256 random bits in base64url. It is compared in constant time.
 */
#ifndef RS_DCV_H
#define RS_DCV_H

#include "rs/json.h"
#include "rs/ruleset.h"
#include "rs/secret.h"

/* Characters of a token. */
#define RS_DCV_TOKEN_LEN      43
/* Octets of a fetched file that are looked at; a longer one is no match. */
#define RS_DCV_FILE_MAX	      1024
/* Days a proof is used where neither rule set nor profile says less. */
#define RS_DCV_REUSE_DAYS_MAX 398
/* What the sections in method.def are of: CA/Browser Forum TLS BR and S/MIME BR. */
#define RS_TLS_BR_VERSION     "2.2.6"
#define RS_SMIME_BR_VERSION   "1.0.10"

/* What sets the methods apart. */
struct rs_dcv_method {
	const char *name;      /* dns_txt; NULL ends the table */
	const char *type;      /* dns, email or ip: the identifier it is for */
	const char *caa_labels[3]; /* ca-tbr-7, ..., NULL; none: no CAA record can name it */
	const char *rules;     /* "TLS BR 3.2.2.4.7" */
	int64_t reuse_days;    /* the method's own limit; 0 = none */
	int64_t pending_s;     /* how long the token is good */
	const char *ends_at;   /* "2028-03-15": from then on the BR know it no more; NULL = open */
	const char *label;     /* of the name to ask in the DNS; NULL = none of its own */
	bool subdomains;       /* covers names below */
	bool wildcard;	       /* covers "*." of the name */
	bool mail;	       /* a person confirms */
	bool token;	       /* there is a random value */
};
extern const struct rs_dcv_method rs_methods[];
/* The first row of a name, whatever its type; NULL when there is none. */
const struct rs_dcv_method *rs_method_named(const char *name);
/* The row of a name for a type of identifier; NULL when the method is not for it. */
const struct rs_dcv_method *rs_method_for(const char *name, const char *type);

/* --- what is told to the subscriber --- */

/* A new token: RS_DCV_TOKEN_LEN characters of base64url. The caller owns it. */
struct rs_secret *rs_dcv_token_new(void);
/* A name for the file of http_file that says nothing about the token. In the arena. */
const char *rs_dcv_file_name(struct rs_ctx *ctx);

/*
 * The name to ask for the TXT record of a method: _validation.<domain>; for an address the reverse
 * name. NULL when the method asks none of its own, or the name would be too long. In the arena.
 */
const char *rs_dcv_query_name(
	struct rs_ctx *ctx, const struct rs_dcv_method *method, const char *identifier);
/* The URL of the file; port 80 is not shown. In the arena. */
const char *rs_dcv_url(struct rs_ctx *ctx, const char *identifier, const char *file_name, int port);
/*
 * The addresses a mail of this method may go to, in the order they should be offered: an array of
 * distinct strings, maybe empty, borrowed. contacts: the contactemail values of the CAA set, or the
 * joined TXT records at the query name; what is not exactly one address is left out.
 */
json_t *rs_dcv_recipients(struct rs_ctx *ctx, const struct rs_dcv_method *method,
	const char *identifier, const struct rs_bytes *contacts, size_t count);

struct rs_dcv_todo {
	const struct rs_dcv_method *method;
	const char *identifier;	 /* normal form */
	const char *token;	 /* of dns_txt and http_file while pending; NULL = not shown */
	const char *file_name;	 /* of http_file */
	int port;		 /* of http_file */
	const json_t *issuers;	 /* of dns_persist: our Issuer Domain Names */
	const char *account_uri; /* of dns_persist */
	const char *recipient;	 /* of the mail methods: the one that was chosen; NULL = all */
	const json_t *sent_to;	 /* of the mail methods: addresses that were written to; NULL = none */
};
/*
 * {text, record: {name, type, value, zone_line}|null, file: {url, content}|null, mail: {to:
 * [...]}|null} ready to paste; a new object, the caller owns it. The text is one sentence.
 */
json_t *rs_dcv_instructions(struct rs_ctx *ctx, const struct rs_dcv_todo *todo);

/* --- whether it was done --- */

/* Whether one of the TXT records, its character-strings joined, is exactly the token. */
bool rs_dcv_txt_matches(
	struct rs_ctx *ctx, const struct rs_bytes *rdata, size_t count, const char *token);
/* Whether an answer is 2xx and its whole body the token, white space behind it left aside. */
bool rs_dcv_file_matches(int status, struct rs_bytes body, const char *token);

/* --- what it is worth --- */

/*
 * Whether a proof covers a name (a row of rs_names_domains()). type, identifier: of the proof.
 * wide: for dns_persist, whether the record said policy=wildcard; for the others true.
 */
bool rs_dcv_covers(
	const struct rs_dcv_method *method, const char *identifier, bool wide, const json_t *name);

/*
 * Until when (microseconds, exclusive) a proof may be used: validated_at + the least of what the
 * rule set of the day of issuance, the method, and the profile allow, but never beyond `ceiling` (0
 * = none), nor beyond the end of the method where a rule set of the BR holds. profile_days 0: the
 * profile says nothing; then default_days (names.reuse_days; 0 = none) holds for tls-br.
 */
int64_t rs_dcv_until(const struct rs_dcv_method *method, const struct rs_ruleset *rules,
	int64_t profile_days, int64_t default_days, int64_t validated_at, int64_t ceiling);
/*
 * The ceiling of a dns_persist proof: the record's TTL (seconds) and its persistUntil
 * (microseconds, 0 = none), whichever ends first.
 */
int64_t rs_dcv_persist_ceiling(int64_t validated_at, uint32_t ttl, int64_t persist_until);
/* The version of the document that a method's `rules` name. Static. */
const char *rs_dcv_rules_version(const char *rules);
/* Whether the method may be begun on this day (microseconds) under this rule set. */
bool rs_dcv_method_open(
	const struct rs_dcv_method *method, const struct rs_ruleset *rules, int64_t now);

#endif
