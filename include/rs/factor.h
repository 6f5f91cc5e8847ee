/*
 * The mechanisms of the second factor: one row a mechanism, each in a file of its own.
 *
 * A mechanism tells what it wants (style, inputs) and judges: check() an answer of styles code and
 * password, authorize() and callback() the way to an IdP and back. It reads what it needs, talks to
 * its peer within ctx's deadline, and gives a verdict. State, attempts, limits, expiry, deliveries,
 * audit and evidence are src/challenge's; a mechanism must neither store nor log anything but through
 * its verdict, and it must not wait in available().
 *
 * Adding a mechanism is adding a row to mechanisms.def: tests/unit/factor/test_registry.c and
 * tests/api/test_factor_conformance.py then ask of it what is asked of all.
 */
#ifndef RS_FACTOR_H
#define RS_FACTOR_H

#include "rs/challenge.h"

enum rs_factor_style { RS_FACTOR_CODE, RS_FACTOR_PASSWORD, RS_FACTOR_REDIRECT };

/* Where codes are sent to; bits. */
enum rs_channel { RS_CHANNEL_EMAIL = 1 << 0, RS_CHANNEL_SMS = 1 << 1 };

enum rs_verdict_result {
	RS_VERDICT_WRONG,       /* counts as an attempt: the zero value, fail closed */
	RS_VERDICT_PASSED,
	RS_VERDICT_UNAVAILABLE, /* the peer is down: counts nothing; code says which 503 */
	RS_VERDICT_REFUSED,     /* redirects: ends the challenge as `rejected` with code */
};

struct rs_verdict {
	enum rs_verdict_result result;
	/* REFUSED: RS_ASSERTION_INVALID, RS_IDENTITY_MISMATCH, RS_AUTH_NOT_FRESH, ...; UNAVAILABLE:
	 * RS_IDP_UNAVAILABLE, RS_DIRECTORY_UNAVAILABLE, ...; WRONG: 0, the style's own, or
	 * RS_IDENTITY_MISMATCH. */
	enum rs_code code;
	const char *detail;       /* why, for the audit trail only: a word like "nonce-mismatch"; arena */
	json_t *evidence;         /* what the evidence shows, no secrets; borrowed, or NULL */
	struct rs_secret *sealed; /* the whole token or assertion, kept sealed; handed over, or NULL */
};

/* What an answer holds; members the mechanism has no input for are NULL. Never logged. */
struct rs_factor_input {
	const char *code, *email_code, *sms_code;
	const char *username;
	struct rs_secret *password; /* borrowed; 1 to 256 bytes, UTF-8, no NUL */
};

/* Who has to pass, as available() and start() see it. */
struct rs_subject {
	struct rs_id user_id, enterprise_id;
	const char *name, *email, *language, *status;
	int64_t email_usable_from;   /* microseconds; 0: it has never been changed */
	const char *mobile;          /* verified, E.164, opened; or NULL */
	int64_t mobile_usable_from;
	bool mobile_pending;         /* there is one that was not confirmed yet */
	bool totp;                   /* enrolled and confirmed */
	int64_t totp_usable_from;
};

struct rs_factor {
	const char *name;            /* "email_otp": the word on the wire */
	const char *title;           /* for people: "E-mail code" */
	enum rs_factor_style style;
	const char *const *inputs;   /* members of verify's body, NULL-terminated; empty for redirects */
	const char *connector;       /* kind that connector_id names, or NULL: none is needed */
	unsigned channels;           /* codes of ours are sent this way, by the outbox; else 0 */
	/* Of a challenge, unless the option says otherwise; 0: 300 s, 600 s for redirects. */
	int64_t lifetime_s;
	int64_t attempts;            /* wrong answers a challenge bears, likewise; 0: 5 */
	const char *amr;             /* RFC 8176 value for WWW-Authenticate and evidence: "otp", ... */
	/* Where what verify wants depends on the option; NULL: always `inputs`. */
	const char *const *(*inputs_of)(const json_t *option);
	/*
	 * Whether the subject could use it with this option (the profile's) now: RS_OK, or
	 * RS_METHOD_NOT_CONFIGURED, RS_DESTINATION_MISSING, RS_DESTINATION_UNVERIFIED,
	 * RS_DESTINATION_NOT_ALLOWED, ... Says why with rs_fail(). Reads rows at most: no network. The
	 * connector named by `connector` was found active before.
	 */
	enum rs_code (*available)(struct rs_ctx *ctx, const struct rs_subject *subject,
		const json_t *option);
	/*
	 * code, password: judges an answer that was counted already. Anything but RS_OK is a fault of
	 * ours (503, 500), and counts nothing.
	 */
	enum rs_code (*check)(struct rs_ctx *ctx, const struct rs_challenge *c,
		const struct rs_factor_input *input, struct rs_verdict *verdict);
	/*
	 * redirect: where the browser goes. c->state is the value to send along (OIDC state, SAML
	 * RelayState: 43 characters). *kept (borrowed, JSON object or NULL) is stored sealed and comes
	 * back as c->private_state. RS_IDP_UNAVAILABLE.
	 */
	enum rs_code (*authorize)(struct rs_ctx *ctx, const struct rs_challenge *c,
		struct rs_redirect *out, json_t **kept);
	/*
	 * redirect: what the IdP sent back: an object of texts, no parameter twice. The state is used up
	 * already. PASSED, REFUSED or UNAVAILABLE (which rejects too: there is no second answer).
	 */
	enum rs_code (*callback)(struct rs_ctx *ctx, const struct rs_challenge *c, const json_t *params,
		struct rs_verdict *verdict);
};

#define RS_MECHANISM(name) extern const struct rs_factor rs_factor_##name;
#include "rs/mechanisms.def"
#undef RS_MECHANISM

/* The rows in the order options are shown; *count gets how many. */
const struct rs_factor *const *rs_factors(size_t *count);
/* The row of a name, or NULL: not built in. */
const struct rs_factor *rs_factor_find(const char *name);

/* The inputs under an option. */
const char *const *rs_factor_inputs(const struct rs_factor *factor, const json_t *option);

/* --- who has to pass --- */
/* RS_NOT_FOUND. What is sealed is opened into the arena; it goes nowhere but to the outbox. */
enum rs_code rs_subject_load(struct rs_ctx *ctx, const struct rs_id *user, struct rs_subject *out)
	RS_CHECK;
/*
 * What a user has, as it is shown: array of {kind: email|mobile|totp, masked, usable_from}; the caller owns
 * it. usable_from null: it has never been changed.
 */
json_t *rs_subject_means(struct rs_ctx *ctx, const struct rs_subject *subject);
/*
 * Whether the subject could use a mechanism with an option now, connector included: RS_OK, or what
 * create would answer. Leaves the error set.
 */
enum rs_code rs_factor_available(struct rs_ctx *ctx, const struct rs_factor *factor,
	const struct rs_subject *subject, const json_t *option) RS_CHECK;
/*
 * The options of a policy (array of {mechanism, connector_id, ...}) as a request shows them: array of
 * {mechanism, connector_id, display_name, available, unavailable_code}. subject NULL: none is
 * available, with `why` as the code. The caller owns it.
 */
json_t *rs_factor_options(struct rs_ctx *ctx, const struct rs_subject *subject,
	const json_t *options, enum rs_code why);
/*
 * What a user has for changes of its own account, as such a policy; borrowed, maybe empty. *guarded: the
 * account has a means, be it one that cannot be asked now: too new, or without a connector.
 */
enum rs_code rs_factor_account_options(struct rs_ctx *ctx, const struct rs_subject *subject,
	json_t **out, bool *guarded) RS_CHECK;

/* --- what mechanisms share --- */
/* RS_DESTINATION_TOO_NEW while now is before usable_from (microseconds, 0 = always). */
enum rs_code rs_factor_settled(struct rs_ctx *ctx, int64_t usable_from) RS_CHECK;
/* Of mechanisms that redirect: they have no inputs. */
extern const char *const rs_factor_no_inputs[];
/* available() where whoever may be asked is: whether somebody is linked, the provider's answer shows. */
enum rs_code rs_factor_for_everybody(
	struct rs_ctx *ctx, const struct rs_subject *subject, const json_t *option) RS_CHECK;
/*
 * The outcome of a callback as its verdict, whose detail and evidence stay. Anything but RS_OK is a fault
 * of ours (the database, a key), and refuses as well: there is no second answer.
 */
enum rs_code rs_verdict_of_callback(
	struct rs_ctx *ctx, enum rs_code rc, struct rs_verdict *verdict) RS_CHECK;
/*
 * Whether (kind, issuer, subject) is an identity that was linked to the challenge's user beforehand,
 * exactly: *linked. kind: oidc, entra, saml, ad. Too new a link is RS_DESTINATION_TOO_NEW.
 */
enum rs_code rs_factor_linked(struct rs_ctx *ctx, const struct rs_challenge *c, const char *kind,
	const char *issuer, const char *subject, bool *linked) RS_CHECK;
/* The user's linked identities of a kind: array of {issuer, subject}, maybe empty; borrowed. */
enum rs_code rs_factor_identities(struct rs_ctx *ctx, const struct rs_id *user, const char *kind,
	json_t **out) RS_CHECK;

/* --- one-time codes: otp.h --- */
/* "email", "sms" */
const char *rs_channel_name(enum rs_channel channel);
/* Whether the code is the one that was sent by this channel. Constant time. */
enum rs_code rs_otp_match(struct rs_ctx *ctx, const struct rs_challenge *c, enum rs_channel channel,
	const char *code, bool *same) RS_CHECK;

/* --- masks: what is shown of a destination, never its length --- */
/* "a•••e@e•••••.test" and "+44 •••• ••12"; arena. */
const char *rs_mask_email(struct rs_ctx *ctx, const char *email);
const char *rs_mask_mobile(struct rs_ctx *ctx, const char *e164);

/* --- TOTP enrolment (RFC 6238): the caller's own --- */
struct rs_totp_enrolment {
	const char *uri;    /* otpauth://totp/...: arena */
	const char *secret; /* base32, for typing */
	const char *qr_svg;
};
/* RS_SECOND_FACTOR_REQUIRED without a passed challenge on what the user has already. */
enum rs_code rs_totp_enrol(struct rs_ctx *ctx, json_t *body, struct rs_totp_enrolment *out) RS_CHECK;
/* {code}: the secret holds from now on. RS_OTP_INVALID. */
enum rs_code rs_totp_confirm(struct rs_ctx *ctx, json_t *body) RS_CHECK;
/* challenge: as enrol, "" = none was sent. RS_NOT_FOUND without an app. */
enum rs_code rs_totp_remove(struct rs_ctx *ctx, const struct rs_id *challenge) RS_CHECK;

/* --- the caller's own mobile number --- */
/*
 * {mobile, challenge_id?}: sends a code to the number; *masked (arena) is how it is shown. Needs what
 * rs_totp_enrol() needs. RS_METHOD_NOT_CONFIGURED, RS_DESTINATION_NOT_ALLOWED, RS_RATE_LIMITED.
 */
enum rs_code rs_mobile_begin(struct rs_ctx *ctx, json_t *body, const char **masked) RS_CHECK;
/* {code}: the number takes the place of the one before. RS_OTP_INVALID, RS_WRONG_STATE. */
enum rs_code rs_mobile_confirm(struct rs_ctx *ctx, json_t *body) RS_CHECK;

#endif
