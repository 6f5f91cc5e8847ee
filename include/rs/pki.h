/*
 * What the database knows of issuing CAs, and the keys nobody certifies.
 *
 * An issuer comes from the configuration; at start the service records it, so that profiles can
 * name it by an id and its certificate is served at /pki/{slug}/ for ever, even when the
 * configuration forgets it. Only whether it issues is decided by the API.
 *
 * A blocked key is an SPKI digest: of a certificate revoked for keyCompromise, of a loaded list, or
 * put there by a platform administrator. It holds for every enterprise.
 */
#ifndef RS_PKI_H
#define RS_PKI_H

#include "rs/ctx.h"
#include "rs/json.h"
#include "rs/list.h"

/* --- issuers --- */
/* Makes the issuers of ctx->app->issuers known: at start, as the system. */
enum rs_code rs_pki_record_issuers(struct rs_ctx *ctx) RS_CHECK;
/* *items: array, borrowed. */
enum rs_code rs_pki_issuers(struct rs_ctx *ctx, const struct rs_page *page, struct rs_list *list,
	json_t **items) RS_CHECK;
/* The answer for one and its revision; the caller owns *out. */
enum rs_code rs_pki_issuer(struct rs_ctx *ctx, const struct rs_id *id, json_t **out,
	int64_t *revision) RS_CHECK;
/* Switches one on or off. revision: expected, -1 = any. */
enum rs_code rs_pki_issuer_activate(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	bool active) RS_CHECK;
/* The bytes at /pki/{slug}/: DER of the certificate, or the chain as PEM. RS_NOT_FOUND. */
enum rs_code rs_pki_ca(struct rs_ctx *ctx, const char *slug, bool pem, struct rs_bytes *out)
	RS_CHECK;

/* --- blocked keys --- */
struct rs_blocked_filter {
	struct rs_bytes spki_sha256;
	int64_t created_after, created_before;
};
enum rs_code rs_pki_blocked(struct rs_ctx *ctx, const struct rs_blocked_filter *filter,
	const struct rs_page *page, struct rs_list *list, json_t **items) RS_CHECK;
/* Blocks by {spki_sha256, reason?}; RS_ALREADY_EXISTS. The caller owns *out. */
enum rs_code rs_pki_block(struct rs_ctx *ctx, json_t *body, json_t **out) RS_CHECK;
enum rs_code rs_pki_unblock(struct rs_ctx *ctx, struct rs_bytes spki_sha256) RS_CHECK;
/*
 * Blocks keys by an array of their digests in hex; *added counts the new ones. RS_BAD_VALUE for an
 * unknown reason. One audit event tells of all of them.
 */
enum rs_code rs_pki_block_list(struct rs_ctx *ctx, const json_t *digests, const char *reason,
	const char *source, int64_t *added) RS_CHECK;

#endif
