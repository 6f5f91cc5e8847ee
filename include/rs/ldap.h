/*
 * Active Directory as a judge of passwords, by LDAP (RFC 4511, 4513).
 *
 * A check asks the domain controllers in their order until one of them has given a verdict. It
 * binds as the service account, finds the entry of the person who was linked beforehand, and then,
 * on a fresh connection, binds as that entry with the password. Nobody else is ever bound as: a
 * name that was typed must lead to the same objectGUID, or the password goes nowhere. Only
 * LDAP_SUCCESS passes, and only when the entry then read by its own owner bears the objectGUID that
 * was looked for.
 *
 * What never leaves this module: a bind without TLS from 1.2 on, verified against the connector's
 * own certificates and the name that was configured; an empty password, which RFC 4513 5.1.2 makes
 * an unauthenticated bind that "succeeds"; a connection that libldap opened by itself (a referral,
 * a reconnect). What is wrong with the directory is no guess: then the outcome is UNAVAILABLE.
 *
 * The domain locks an account after some wrong passwords. Its counter is read first, where the
 * service account may, and the password is not tried when one more failure would lock.
 *
 * The time does not tell an unknown user from a wrong password. Every outcome takes the same steps:
 * where there is nobody to bind as, a bind as nobody is made with random octets. And since a domain
 * works longer on some (it counts a wrong password), what is no success is told at full steps of
 * RS_LDAP_STEP_MS.
 */
#ifndef RS_LDAP_H
#define RS_LDAP_H

#include "rs/ctx.h"
#include "rs/secret.h"

/* Milliseconds: a connection with its TLS, one operation, a whole check. */
#define RS_LDAP_NETWORK_MS   3000
#define RS_LDAP_OPERATION_MS 5000
#define RS_LDAP_TOTAL_MS     8000
#define RS_LDAP_STEP_MS	     500
/* Octets of a password. */
#define RS_LDAP_PASSWORD_MAX 256

/* How a directory is reached; everything is borrowed. */
struct rs_ldap_directory {
	const char *const *urls; /* ldaps://host[:port], or ldap://host[:port] for StartTLS */
	size_t url_count;
	const char *certificates; /* PEM: who may have signed the servers' certificates */
	const char *bind_dn;	  /* the service account: a DN or a UPN */
	struct rs_secret *bind_password;
	const char *base;	    /* DN below which people are */
	const char *filter;	    /* RFC 4515: what else a person's entry is; NULL = none */
	const char *name_attribute; /* what a login name is compared with */
	const char *group;     /* DN of a group, nested or not, that is asked for; NULL = none */
	int lockout_threshold; /* of the domain; 0 = it is read */
	int network_ms, operation_ms; /* 0 = the ones above, which are the most, too */
};

/* RS_LDAP_REASON(NAME, word): why; the word stands in the audit trail. */
#define RS_LDAP_REASONS(X)                                                                         \
	X(NONE, "none")                                                                            \
	X(BAD_PASSWORD, "wrong-password")                                                          \
	X(UNKNOWN_USER, "unknown-user")                                                            \
	X(HOURS, "not-at-this-hour")                                                               \
	X(WORKSTATION, "not-from-here")                                                            \
	X(PASSWORD_EXPIRED, "password-expired")                                                    \
	X(DISABLED, "account-disabled")                                                            \
	X(ACCOUNT_EXPIRED, "account-expired")                                                      \
	X(MUST_CHANGE, "password-must-change")                                                     \
	X(LOCKED, "account-locked")                                                                \
	X(WOULD_LOCK, "would-lock")                                                                \
	X(SEVERAL, "several-entries")                                                              \
	X(NOT_IN_GROUP, "not-in-group")                                                            \
	X(OTHER_PERSON, "other-person")                                                            \
	X(CONNECTION, "no-connection")                                                             \
	X(TLS, "no-tls")                                                                           \
	X(SERVICE_ACCOUNT, "service-account-refused")                                              \
	X(DIRECTORY, "directory-error")                                                            \
	X(BUSY, "too-many-at-once")

enum rs_ldap_reason {
#define X(NAME, word) RS_LDAP_##NAME,
	RS_LDAP_REASONS(X)
#undef X
};
/* Static. */
const char *rs_ldap_reason_name(enum rs_ldap_reason reason);

/* Zero is the failure. */
enum rs_ldap_outcome {
	RS_LDAP_IS_UNAVAILABLE, /* no server gave a verdict */
	RS_LDAP_IS_WRONG,	/* whoever it is, the answer is no */
	RS_LDAP_IS_MISMATCH,	/* the name that was typed is somebody else's */
	RS_LDAP_IS_PASSED,
};

/* What came of a check; texts in the arena, NULL where nothing is known. */
struct rs_ldap_verdict {
	enum rs_ldap_outcome outcome;
	enum rs_ldap_reason reason;
	const char *why;	 /* one sentence for administrators and the log */
	const char *server;	 /* the URL that was asked last */
	const char *certificate; /* "sha256:..." of its TLS certificate */
	const char *dn, *guid, *sid;
	int result;	       /* LDAP's result code of the user's bind, or of what went wrong */
	int lockout_threshold; /* of the domain, as rs_ldap_try() read it; 0 = none, or not to be
				  seen */
	const char *subcode;   /* of the domain, in hex: "52e" */
};

/*
 * Why a password is refused before anything is sent: NULL, or a static sentence. Empty, longer than
 * RS_LDAP_PASSWORD_MAX, with a NUL in it, or no UTF-8.
 */
const char *rs_ldap_password_fault(const void *password, size_t len);

/*
 * Judges a password. linked: the objectGUID as text, or else the login name, that was linked to the
 * user. typed: the login name as it was typed, or NULL. Every outcome is in *out; at most
 * RS_LDAP_TOTAL_MS, and within the deadline of ctx. A password with a fault is WRONG, unsent.
 */
void rs_ldap_check(struct rs_ctx *ctx, const struct rs_ldap_directory *directory,
	const char *linked, const char *typed, struct rs_secret *password,
	struct rs_ldap_verdict *out);

/*
 * Tries one server as far as its service account gets: connection, TLS, bind, a search below the
 * base. outcome PASSED, or UNAVAILABLE with reason and why.
 */
void rs_ldap_try(struct rs_ctx *ctx, const struct rs_ldap_directory *directory, size_t which,
	struct rs_ldap_verdict *out);

/* A directory's URL taken apart. */
struct rs_ldap_url {
	const char *host; /* without the brackets of an IPv6 address; arena */
	int port;
	bool starttls; /* the scheme is ldap */
};
/* Reads scheme, host and port; false when it is anything else, or has more in it. */
bool rs_ldap_url_read(struct rs_ctx *ctx, const char *url, struct rs_ldap_url *out);
/* Whether text is one filter by its parentheses and escapes (RFC 4515). */
bool rs_ldap_filter_valid(const char *text);
/* Whether text is a distinguished name (RFC 4514). */
bool rs_ldap_dn_valid(const char *text);

#endif
