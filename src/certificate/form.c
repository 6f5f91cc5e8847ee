/* The forms a certificate is given out in. */
#include "rs/app.h"
#include "rs/certificate.h"
#include "rs/issuer.h"
#include "rs/x509.h"

#include <string.h>

static struct rs_bytes bytes_of(const char *text)
{
	return (struct rs_bytes){(const unsigned char *)text, strlen(text)};
}

/* leaf (may be empty) and a PEM chain as certs-only PKCS#7. */
static enum rs_code p7b_of(struct rs_ctx *ctx, struct rs_bytes leaf, const char *chain_pem,
	struct rs_bytes *out)
{
	struct rs_bytes chain[RS_CHAIN_MAX];
	struct rs_issuer above = {0};
	struct rs_x509 *first;
	size_t count = 0, from = 0;
	enum rs_code rc = RS_OK;

	if (*chain_pem)
		rc = rs_x509_read_chain(ctx, chain_pem, strlen(chain_pem), chain, &count, &first);
	if (rc)
		return rc;
	if (!leaf.data)
		leaf = chain[from++];
	while (from < count)
		above.chain[above.chain_count++] = chain[from++];
	*out = rs_x509_p7b(ctx, leaf, &above);
	return RS_OK;
}

/* A row of certificate_der. */
struct der_row {
	struct rs_bytes der;
	const char *chain_pem;
	const char *issuer_chain_pem;
};

static enum rs_code der_of(struct rs_ctx *ctx, const struct rs_id *id, struct der_row *out)
{
	static const struct rs_field fields[] = {
		RS_FIELD(struct der_row, der, RS_T_BYTES),
		RS_FIELD(struct der_row, chain_pem, RS_T_STRING),
		RS_FIELD(struct der_row, issuer_chain_pem, RS_T_STRING),
		RS_FIELD_END,
	};
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	memset(out, 0, sizeof(*out));
	rs_p_id(&p, id);
	rc = rs_look_one(ctx, RS_REACH_CALLER, RS_Q_certificate_der, &p, &rows);
	if (!rc)
		rc = rs_row_read(ctx, rows, 0, fields, out);
	if (!rc && !out->chain_pem)
		out->chain_pem = out->issuer_chain_pem ? out->issuer_chain_pem : "";
	return rc;
}

enum rs_code rs_certificate_bytes(struct rs_ctx *ctx, const struct rs_id *id,
	enum rs_certificate_form form, struct rs_bytes *out)
{
	struct der_row row;
	enum rs_code rc = der_of(ctx, id, &row);

	if (rc)
		return rc;
	switch (form) {
	case RS_FORM_DER:
		*out = row.der;
		return RS_OK;
	case RS_FORM_P7B:
		return p7b_of(ctx, row.der, row.chain_pem, out);
	case RS_FORM_PEM:
		*out = bytes_of(rs_x509_pem(ctx, row.der));
		return RS_OK;
	default:
		*out = bytes_of(rs_arena_printf(ctx->arena, "%s%s", rs_x509_pem(ctx, row.der),
			row.chain_pem));
		return RS_OK;
	}
}

enum rs_code rs_certificate_chain(struct rs_ctx *ctx, const struct rs_id *id, bool p7b,
	struct rs_bytes *out)
{
	struct der_row row;
	enum rs_code rc = der_of(ctx, id, &row);

	if (rc)
		return rc;
	if (!row.chain_pem[0])
		return rs_fail(ctx, RS_NOT_FOUND, "The chain of this certificate was not given.");
	if (p7b)
		return p7b_of(ctx, (struct rs_bytes){0}, row.chain_pem, out);
	*out = bytes_of(row.chain_pem);
	return RS_OK;
}
