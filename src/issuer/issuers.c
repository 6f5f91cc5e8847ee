#include "rs/issuer.h"

#include "cert.h"
#include "name.h"
#include "pem.h"
#include "spki.h"
#include "usage.h"

#include "rs/clock.h"
#include "rs/x509.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX RS_CHAIN_BYTES_MAX

struct rs_issuers {
	struct rs_arena *arena;
	size_t count;
	struct rs_issuer *list;
};

/* Most octets of a signature by each kind of key: ECDSA's is a SEQUENCE of two INTEGERs. */
static const size_t SIGNATURE_MAX[RS_KEY_KIND_COUNT] = {
	[RS_KEY_RSA_2048] = 256,
	[RS_KEY_RSA_3072] = 384,
	[RS_KEY_RSA_4096] = 512,
	[RS_KEY_EC_P256] = 72,
	[RS_KEY_EC_P384] = 104,
	[RS_KEY_EC_P521] = 139,
	[RS_KEY_ED25519] = 64,
};

#define refuse(ctx, ...) rs_fail((ctx), RS_ISSUER_UNAVAILABLE, "Issuer " __VA_ARGS__)

static enum rs_code read_certificates(struct rs_ctx *ctx, const char *slug, const char *path,
	struct rs_bytes chain[RS_CHAIN_MAX], size_t *count)
{
	struct rs_bytes pem;
	struct rs_x509 *leaf;

	if (!rs_file_read(ctx, path, FILE_MAX, &pem))
		return refuse(ctx, "%s: %s cannot be read: %s.", slug, path, strerror(errno));
	enum rs_code rc = rs_x509_read_chain(ctx, pem.data, pem.len, chain, count, &leaf);
	if (rc != RS_OK) {
		char detail[sizeof(ctx->err.detail)];
		memcpy(detail, ctx->err.detail, sizeof(detail));
		return refuse(ctx, "%s: %s: %s", slug, path, detail);
	}
	return RS_OK;
}

static enum rs_code read_chain(
	struct rs_ctx *ctx, const struct rs_config_issuer *config, struct rs_issuer *out)
{
	struct rs_bytes chain[RS_CHAIN_MAX];
	size_t count;
	const char *why;

	enum rs_code rc = read_certificates(
		ctx, config->id, config->certificate_file, out->chain, &out->chain_count);
	if (rc != RS_OK || !config->chain_file || !*config->chain_file)
		return rc;
	rc = read_certificates(ctx, config->id, config->chain_file, chain, &count);
	if (rc != RS_OK)
		return rc;
	out->chain_count = 1;
	for (size_t i = rs_bytes_eq(chain[0], out->chain[0]) ? 1 : 0; i < count; i++) {
		if (out->chain_count == RS_CHAIN_MAX)
			return refuse(ctx, "%s: its chain is longer than %d certificates.",
				config->id, RS_CHAIN_MAX);
		out->chain[out->chain_count++] = chain[i];
	}
	if (out->chain_count > 1 && !rs_cert_issued_by(out->chain[0], out->chain[1], &why))
		return refuse(ctx, "%s: %s does not fit: its first certificate %s.", config->id,
			config->chain_file, why);
	return RS_OK;
}

static bool may_sign(const struct rs_cert *cert)
{
	const struct rs_cert_ext *basic = rs_cert_find(cert, RS_EXT_BASIC);
	const struct rs_cert_ext *usage = rs_cert_find(cert, RS_EXT_KEY_USAGE);
	bool ca = false;
	long path_length;
	unsigned bits;

	if (!basic || !rs_basic_read(basic->value, &ca, &path_length) || !ca)
		return false;
	return !usage ||
	       (rs_usage_read(usage->value, &bits) && (bits >> RS_USAGE_KEY_CERT_SIGN & 1));
}

/* Everything the registry says of an issuer, from its certificate. */
static bool describe(
	struct rs_ctx *ctx, const struct rs_cert *cert, struct rs_issuer *out, char why[256])
{
	const struct rs_cert_ext *ski = rs_cert_find(cert, RS_EXT_SKI);
	struct rs_der d;
	struct rs_spki spki;

	if (!rs_spki_read(cert->spki, &spki, why))
		return false;
	rs_spki_describe(&spki, &out->key);
	snprintf(why, 256, "it has no subjectKeyIdentifier");
	if (!ski)
		return false;
	d = rs_der_of(ski->value);
	if (!rs_der_get(&d, RS_DER_OCTET_STRING, &out->key_id) || out->key_id.len == 0)
		return false;
	out->certificate = cert->der;
	out->subject = cert->subject;
	out->name = rs_name_common(ctx, cert->subject);
	out->subject_text = rs_name_text(ctx, cert->subject);
	out->spki = cert->spki;
	out->signature_algorithm = rs_sigalg_of_issuer(spki.kind)->der;
	out->signature_max = SIGNATURE_MAX[spki.kind];
	out->not_before = cert->not_before;
	out->not_after = cert->not_after;
	out->trial = strstr(rs_name_text(ctx, cert->subject), RS_TRIAL_MARK) != NULL;
	return true;
}

static enum rs_code load_one(struct rs_ctx *ctx, const struct rs_config_issuer *config, int64_t now,
	bool production, struct rs_issuer *out)
{
	struct rs_cert cert;
	char why[256];

	out->slug = rs_arena_strdup(ctx->arena, config->id);
	out->publicly_trusted = config->publicly_trusted;
	enum rs_code rc = read_chain(ctx, config, out);
	if (rc != RS_OK)
		return rc;
	if (!rs_cert_read(out->chain[0], &cert) || !may_sign(&cert))
		return refuse(ctx, "%s: %s is not the certificate of a CA.", config->id,
			config->certificate_file);
	if (!describe(ctx, &cert, out, why))
		return refuse(
			ctx, "%s: %s cannot issue: %s.", config->id, config->certificate_file, why);
	rc = rs_issuer_live(ctx, out, now);
	if (rc != RS_OK)
		return rc;
	if (production && out->trial)
		return refuse(ctx,
			"%s: it was made by `reissued ca init` for trials; "
			"production takes a real one.",
			config->id);
	out->ca_pem = rs_x509_pem(ctx, out->certificate);
	out->chain_pem = "";
	for (size_t i = 0; i < out->chain_count; i++)
		out->chain_pem = rs_arena_printf(
			ctx->arena, "%s%s", out->chain_pem, rs_x509_pem(ctx, out->chain[i]));
	return RS_OK;
}

/* Two issuers of one name would have one space of serials. */
static enum rs_code check_distinct(struct rs_ctx *ctx, const struct rs_issuers *issuers)
{
	for (size_t i = 0; i < issuers->count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(issuers->list[i].slug, issuers->list[j].slug) == 0 ||
				rs_bytes_eq(issuers->list[i].subject, issuers->list[j].subject))
				return refuse(ctx, "%s: id or subject is that of %s too.",
					issuers->list[i].slug, issuers->list[j].slug);
	return RS_OK;
}

enum rs_code rs_issuers_load(struct rs_ctx *ctx, const struct rs_config_issuer *configs, int count,
	int64_t now, bool production, struct rs_issuers **out)
{
	struct rs_arena *request = ctx->arena;
	struct rs_issuers *issuers = calloc(1, sizeof(*issuers));
	enum rs_code rc = RS_OK;

	if (!issuers)
		abort();
	if (now < RS_BUILD_TIME) {
		free(issuers);
		char built[32];
		rs_time_format(RS_BUILD_TIME * INT64_C(1000000), built);
		return rs_fail(ctx, RS_ISSUER_UNAVAILABLE,
			"The clock stands before %s, when this program was built; set it right.",
			built);
	}
	/* What is loaded lives as long as the registry. */
	issuers->arena = rs_arena_new();
	ctx->arena = issuers->arena;
	issuers->list = rs_new_array(issuers->arena, struct rs_issuer, count);
	for (int i = 0; rc == RS_OK && i < count; i++)
		rc = load_one(ctx, &configs[i], now, production, &issuers->list[issuers->count++]);
	if (rc == RS_OK)
		rc = check_distinct(ctx, issuers);
	ctx->arena = request;
	if (rc != RS_OK) {
		rs_issuers_free(issuers);
		issuers = NULL;
	}
	*out = issuers;
	return rc;
}

void rs_issuers_free(struct rs_issuers *issuers)
{
	if (!issuers)
		return;
	rs_arena_free(issuers->arena);
	free(issuers);
}

size_t rs_issuers_count(const struct rs_issuers *issuers)
{
	return issuers->count;
}

const struct rs_issuer *rs_issuers_at(const struct rs_issuers *issuers, size_t index)
{
	return &issuers->list[index];
}

const struct rs_issuer *rs_issuers_get(const struct rs_issuers *issuers, const char *slug)
{
	for (size_t i = 0; slug && i < issuers->count; i++)
		if (strcmp(issuers->list[i].slug, slug) == 0)
			return &issuers->list[i];
	return NULL;
}

const struct rs_issuer *rs_issuers_by_subject(
	const struct rs_issuers *issuers, struct rs_bytes name)
{
	for (size_t i = 0; i < issuers->count; i++)
		if (rs_bytes_eq(issuers->list[i].subject, name))
			return &issuers->list[i];
	return NULL;
}

enum rs_code rs_issuer_live(struct rs_ctx *ctx, const struct rs_issuer *issuer, int64_t now)
{
	char text[32];
	if (now > issuer->not_after) {
		rs_time_format(issuer->not_after * 1000000, text);
		return rs_fail(ctx, RS_ISSUER_EXPIRED,
			"The certificate of issuer %s ended at %s; it cannot issue any more.",
			issuer->slug, text);
	}
	if (now < issuer->not_before) {
		rs_time_format(issuer->not_before * 1000000, text);
		return rs_fail(ctx, RS_ISSUER_UNAVAILABLE,
			"The certificate of issuer %s is valid only from %s on.", issuer->slug,
			text);
	}
	return RS_OK;
}
