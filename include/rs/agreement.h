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
#include "rs/list.h"
#include "rs/store.h"

/* One text: an agreement in one version and one language. */
struct rs_agreement {
	struct rs_id id;
	struct rs_id enterprise_id;
	const char *name;
	int64_t version;
	const char *language; /* BCP 47, lower case */
	json_t *languages;    /* those of this version, the default one first */
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
 * version 0 = the newest; language NULL = that of the user `reader` if the version has it, else the
 * default one (reader NULL: always that). RS_NOT_FOUND, also for a version or language there is none of.
 */
enum rs_code rs_agreement_get(struct rs_ctx *ctx, const struct rs_id *id, int64_t version,
	const char *language, const struct rs_id *reader, struct rs_agreement *out) RS_CHECK;

/* --- configuration --- */
/* Agreements in their newest version and default language; enterprise unset = any. *items:
 * borrowed. */
enum rs_code rs_agreement_list(struct rs_ctx *ctx, const struct rs_id *enterprise,
	const struct rs_page *page, struct rs_list *list, json_t **items) RS_CHECK;
/*
 * Makes an agreement with version 1 from {enterprise_id?, name, format?, texts: [{language,
 * text}]}; its default language is that of the first text. RS_ALREADY_EXISTS for a name in use.
 */
enum rs_code rs_agreement_create(struct rs_ctx *ctx, json_t *body, struct rs_agreement *out)
	RS_CHECK;
/* Publishes the next version from {format?, reacceptance?, texts}. revision: expected or -1. */
enum rs_code rs_agreement_publish(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	json_t *body, struct rs_agreement *out) RS_CHECK;
/* RS_IN_USE when a profile or a request names it. */
enum rs_code rs_agreement_delete(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision)
	RS_CHECK;

#endif
