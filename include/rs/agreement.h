/*
 * Subscriber agreements: a name, and versions of a text in several languages. Versions are
 * immutable; a newer one blocks submit until it is accepted, and with `reacceptance` also the steps
 * after submit. An acceptance records version, language and SHA-256 of the very text. An agreement
 * that a profile or a request names cannot go.
 */
#ifndef RS_AGREEMENT_H
#define RS_AGREEMENT_H

#include "rs/ctx.h"
#include "rs/json.h"
#include "rs/store.h"

/* One text: an agreement in one version and one language. */
struct rs_agreement {
	struct rs_id id;
	struct rs_id enterprise_id;
	const char *name;
	int64_t version;
	const char *language; /* BCP 47, lower case */
	const char *text;
	const char *format;   /* text, markdown */
	struct rs_bytes sha256; /* of the text's UTF-8 octets */
	bool reacceptance;
	int64_t published_at;
	int64_t revision;
	/* The least version an acceptance must have to hold after submit: the newest one published
	 * with reacceptance, 1 when there is none. */
	int64_t least_version;
};

/* The fields of an answer. */
extern const struct rs_field rs_agreement_fields[];

/*
 * version 0 = the newest; language NULL = the caller's, else "en", else the first there is.
 * RS_NOT_FOUND.
 */
enum rs_code rs_agreement_get(struct rs_ctx *ctx, const struct rs_id *id, int64_t version,
	const char *language, struct rs_agreement *out) RS_CHECK;

#endif
