/*
 * Issuers: the CA certificates this service issues under.
 *
 * Each is named by a slug from the configuration ("demo") that profiles and the paths /pki/{issuer}/
 * use. The registry holds what is public: certificate, chain, names. Private keys are with the
 * signer (signer.h), which is to become a process of its own; nothing here can sign.
 *
 * chain_file holds what stands above the issuing certificate, root last; a chain that begins with the
 * issuing certificate itself is fine too.
 *
 * Loading fails closed, with one sentence that names the file: a certificate that is no CA, has
 * expired or is not yet valid, whose chain does not fit, a clock that stands before the day this
 * program was built. In production a trial CA made by `reissued ca init` is refused as well.
 */
#ifndef RS_ISSUER_H
#define RS_ISSUER_H

#include "rs/config.h"
#include "rs/key.h"

struct rs_issuer {
	const char *slug;
	const char *name;             /* its common name, for people */
	const char *subject_text;     /* RFC 4514 text of its subject */
	struct rs_bytes certificate;  /* DER */
	struct rs_bytes subject;      /* DER Name: the issuer field of what it signs */
	struct rs_bytes key_id;       /* its subjectKeyIdentifier */
	struct rs_bytes spki;         /* DER */
	struct rs_bytes signature_algorithm; /* DER AlgorithmIdentifier it signs with */
	size_t signature_max;         /* most bytes of one of its signatures */
	struct rs_key key;
	int64_t not_before, not_after; /* seconds, inclusive */
	const char *ca_pem;           /* the issuing certificate */
	const char *chain_pem;        /* issuing certificate and what stands above it */
	size_t chain_count;
	struct rs_bytes chain[8];     /* DER, issuing certificate first */
	bool publicly_trusted;
	bool trial;                   /* made by `reissued ca init` */
};

struct rs_issuers;

/*
 * Loads and checks all of them at business time now (seconds). production refuses trial CAs.
 * RS_ISSUER_UNAVAILABLE or RS_ISSUER_EXPIRED with the sentence in ctx->err.detail. End with
 * rs_issuers_free().
 */
enum rs_code rs_issuers_load(struct rs_ctx *ctx, const struct rs_config_issuer *configs,
	int count, int64_t now, bool production, struct rs_issuers **out) RS_CHECK;
void rs_issuers_free(struct rs_issuers *issuers);

size_t rs_issuers_count(const struct rs_issuers *issuers);
const struct rs_issuer *rs_issuers_at(const struct rs_issuers *issuers, size_t index);
/* By slug; NULL when there is none. NULL slug is none. */
const struct rs_issuer *rs_issuers_get(const struct rs_issuers *issuers, const char *slug);
/* Whose certificate has this DER subject Name; NULL when none has. */
const struct rs_issuer *rs_issuers_by_subject(const struct rs_issuers *issuers,
	struct rs_bytes name);

/* RS_ISSUER_EXPIRED when the issuer's certificate has ended at now (seconds). */
enum rs_code rs_issuer_live(struct rs_ctx *ctx, const struct rs_issuer *issuer, int64_t now)
	RS_CHECK;

#endif
