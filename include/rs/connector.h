/*
 * Connectors: the ways to what stands outside (mail relays, SMS gateways, directories, identity
 * providers), as an enterprise's administrators configure them.
 *
 * Every kind is one file in src/connector/ with one row (struct rs_connector_kind): a field table of
 * its settings, the names of its secrets, a judge and a try. src/connector/kinds.def lists the rows;
 * adding a kind is adding a file and a line there. The generic part does the rest: reading, merging
 * (RFC 7396), storing, showing, deleting, the audit trail.
 *
 * A secret is a member of the settings that is written and never shown: {"set": true, "updated_at"} or
 * null stands in its place. Each is sealed by the keyring (label connector) for its row, member and
 * enterprise, and opened one at a time by who needs it: rs_connector_secret().
 *
 * Whoever calls outward asks for a connector by rs_connector_get() or, where several may do, in their
 * order by rs_connector_find(), reads its settings into the kind's struct by rs_connector_settings(),
 * and fences the connection itself: what is judged at save is the text, what counts is the address that
 * is connected to (address.h).
 */
#ifndef RS_CONNECTOR_H
#define RS_CONNECTOR_H

#include "rs/json.h"
#include "rs/list.h"
#include "rs/secret.h"

struct rs_connector {
	struct rs_id id;
	struct rs_id enterprise_id;
	const char *kind; /* smtp, sms, saml, active_directory, azure_ad, oidc */
	const char *name; /* unique in the enterprise */
	const char *display_name; /* for those who choose a second factor; NULL = the name */
	bool active;
	json_t *settings; /* the members that are set, without the secrets; borrowed */
	json_t *secrets;  /* member -> {kid, sealed, updated_at}; borrowed; see rs_connector_secret() */
	int64_t revision;
	int64_t created_at;
	int64_t updated_at;
};

/* --- what a kind is --- */

enum rs_connector_secret_form {
	RS_SECRET_LINE,  /* one line of text */
	RS_SECRET_PEM,   /* PEM: a private key */
	RS_SECRET_TEXTS, /* an object of texts, merged member by member */
};

struct rs_connector_secret_member {
	const char *name; /* NULL ends the list */
	enum rs_connector_secret_form form;
	int max; /* characters; of an object: of each text */
};

/* What a try tells: one row a step, in words for people. */
struct rs_connector_report {
	struct rs_ctx *ctx;
	bool ok;        /* no step has failed */
	json_t *steps;  /* [{name, ok, detail}]; borrowed */
};

struct rs_connector_kind {
	const char *name;
	const char *second_factor; /* the mechanism it serves alone ("oidc"), or NULL */
	size_t size;               /* of the struct that `fields` describe */
	const struct rs_field *fields;
	const struct rs_connector_secret_member *secrets;
	/* Fills in what a body need not say; NULL: zero values are the defaults. */
	void (*defaults)(struct rs_ctx *ctx, void *settings);
	/*
	 * What the table cannot say: rules across fields, URLs, hosts, PEM. Faults are noted by
	 * rs_fault() under "/settings/..."; anything but RS_OK is that it could not be judged. Which
	 * secrets are set: rs_connector_has(). May correct `settings` (normal forms). NULL: no more rules.
	 */
	enum rs_code (*check)(struct rs_ctx *ctx, const struct rs_connector *connector, void *settings);
	/*
	 * Really tries it, within the deadline of ctx, and reports every step. to: where a message is
	 * to be sent, or NULL; its faults are noted by rs_fault() at "/to". RS_OK whatever the outcome of
	 * the try was.
	 */
	enum rs_code (*test)(struct rs_ctx *ctx, const struct rs_connector *connector,
		const void *settings, const char *to, struct rs_connector_report *report);
	bool sends; /* test() knows what to do with `to` */
};

/* The kinds, NULL at the end, and the one of a name or NULL. */
extern const struct rs_connector_kind *const rs_connector_kinds[];
const struct rs_connector_kind *rs_connector_kind(const char *name);

/* --- for those who call outward --- */

/*
 * The connector of that id, of that kind and enterprise, when it is active; else
 * RS_METHOD_NOT_CONFIGURED. RS_UNAVAILABLE. enterprise NULL: whichever (callbacks). Works for callers of the enterprise and for the system (jobs,
 * callbacks without a caller).
 */
enum rs_code rs_connector_get(struct rs_ctx *ctx, const struct rs_id *enterprise,
	const struct rs_id *id, const char *kind, struct rs_connector **out) RS_CHECK;
/*
 * The same whoever asks, for what anybody may know of it (SAML metadata), active or not; RS_NOT_FOUND.
 */
enum rs_code rs_connector_public(struct rs_ctx *ctx, const struct rs_id *id, const char *kind,
	struct rs_connector **out) RS_CHECK;
/*
 * All active ones of a kind in an enterprise by their priority (least first, as SMTP's MX; the member
 * `priority` of the settings, 100 without one), then by age. *out: array of *count, may be empty.
 */
enum rs_code rs_connector_find(struct rs_ctx *ctx, const struct rs_id *enterprise, const char *kind,
	struct rs_connector **out, size_t *count) RS_CHECK;
/* Moves the one of that id to the front of such a list; the others keep their order. */
void rs_connector_prefer(struct rs_connector *list, size_t count, const struct rs_id *first);

/*
 * Reads the settings into the kind's struct (of kind->size, zeroed by the caller or not): defaults first.
 * RS_METHOD_NOT_CONFIGURED when they no longer fit the table: an administrator must look at them.
 */
enum rs_code rs_connector_settings(
	struct rs_ctx *ctx, const struct rs_connector *connector, void *out) RS_CHECK;

/* Whether a secret is set. */
bool rs_connector_has(const struct rs_connector *connector, const char *member);
/*
 * Opens one secret; *out is NULL with RS_OK when it is not set. The caller frees it (rs_auto_secret).
 * RS_INTERNAL when it is not authentic or its key is gone from the keyring.
 */
enum rs_code rs_connector_secret(struct rs_ctx *ctx, const struct rs_connector *connector,
	const char *member, struct rs_secret **out) RS_CHECK;

/* --- for the judges of kinds: each notes its fault at the pointer --- */

/* A URL that may be called later: https, a host, no user, no address we do not call (httpc.h). */
void rs_connector_check_url(struct rs_ctx *ctx, const char *url, const char *at);
/* A host name or address of a mail relay or directory; private networks are fine (address.h). */
void rs_connector_check_host(struct rs_ctx *ctx, const char *host, const char *at);
/* Certificates as PEM: a trust bundle, or a chain. NULL is fine. */
void rs_connector_check_certificates(struct rs_ctx *ctx, const char *pem, const char *at);
/*
 * An object of texts without control characters, at most `count` of them of at most `max` characters.
 * names: the characters their names are made of, or NULL. NULL is fine.
 */
void rs_connector_check_texts(struct rs_ctx *ctx, const json_t *object, const char *names,
	size_t count, int max, const char *at);
/* An array of distinct texts of at most max characters each. NULL is fine. */
void rs_connector_check_words(struct rs_ctx *ctx, const json_t *array, int max, const char *at);

/* --- for the tries of kinds --- */

/* Notes one step; the text is a printf format for people, without secrets. */
void rs_connector_step(struct rs_connector_report *report, bool ok, const char *name, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));

/* --- configuration: the permissions connector.* --- */

struct rs_connector_filter {
	const char *kind;   /* NULL = any */
	const char *active; /* "true", "false", NULL */
	struct rs_id enterprise_id;
};
enum rs_code rs_connector_list(struct rs_ctx *ctx, const struct rs_connector_filter *filter,
	const struct rs_page *page, struct rs_list *list, json_t **items) RS_CHECK;
/* One, for somebody who may see it. RS_NOT_FOUND. */
enum rs_code rs_connector_read(
	struct rs_ctx *ctx, const struct rs_id *id, struct rs_connector **out) RS_CHECK;
/* As the API shows it; the caller owns it. */
json_t *rs_connector_json(struct rs_ctx *ctx, const struct rs_connector *connector);

/*
 * Makes, changes (RFC 7396) or removes one. revision: the expected one, -1 = any
 * (RS_PRECONDITION_FAILED). All faults of the body are told with their pointers. RS_ALREADY_EXISTS for a
 * name in use; RS_IN_USE when a profile or an open request names it.
 */
enum rs_code rs_connector_create(
	struct rs_ctx *ctx, json_t *body, struct rs_connector **out) RS_CHECK;
enum rs_code rs_connector_edit(struct rs_ctx *ctx, const struct rs_id *id, json_t *patch,
	int64_t revision, struct rs_connector **out) RS_CHECK;
enum rs_code rs_connector_delete(
	struct rs_ctx *ctx, const struct rs_id *id, int64_t revision) RS_CHECK;
/*
 * Tries one, active or not, by its kind's test(); counted by limits.connector_tests_per_user and on
 * record. body: {to?}. *out: {ok, steps}, the caller owns it.
 */
enum rs_code rs_connector_test(
	struct rs_ctx *ctx, const struct rs_id *id, json_t *body, json_t **out) RS_CHECK;

#endif
