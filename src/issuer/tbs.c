#include "rs/tbs.h"

#include "der.h"
#include "name.h"
#include "spki.h"
#include "usage.h"

#include "rs/id.h"

#include <string.h>

#define TBS_GUESS	  4096
#define OID_EXT(n)	  RS_LITERAL("\x06\x03\x55\x1d" n)
#define OID_AIA		  RS_LITERAL("\x06\x08\x2b\x06\x01\x05\x05\x07\x01\x01")
#define OID_AD_OCSP	  RS_LITERAL("\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x01")
#define OID_AD_CA_ISSUERS RS_LITERAL("\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x02")

void rs_serial_new(unsigned char serial[RS_SERIAL_LEN])
{
	do {
		rs_random(serial, RS_SERIAL_LEN);
		serial[0] &= 0x7f;
	} while (serial[0] == 0); /* always 20 octets: the shortest form has no leading zero */
}

/* Makes what was written since mark an extension. */
static void wrap_extension(struct rs_der_out *w, struct rs_bytes oid, bool critical, size_t mark)
{
	rs_der_wrap(w, RS_DER_OCTET_STRING, mark);
	if (critical)
		rs_der_put(w, "\x01\x01\xff", 3);
	rs_der_put_bytes(w, oid);
	rs_der_wrap(w, RS_DER_SEQUENCE, mark);
}

static void put_access(struct rs_der_out *w, struct rs_bytes method, const char *url)
{
	size_t mark = w->len;
	if (!url)
		return;
	rs_der_put_element(w, RS_DER_CONTEXT(6), url, strlen(url));
	rs_der_put_bytes(w, method);
	rs_der_wrap(w, RS_DER_SEQUENCE, mark);
}

static void put_aia(struct rs_der_out *w, const struct rs_tbs_spec *spec)
{
	size_t mark = w->len;
	put_access(w, OID_AD_CA_ISSUERS, spec->ca_url);
	put_access(w, OID_AD_OCSP, spec->ocsp_url);
	if (w->len == mark)
		return;
	rs_der_wrap(w, RS_DER_SEQUENCE, mark);
	wrap_extension(w, OID_AIA, false, mark);
}

static void put_cdp(struct rs_der_out *w, const char *url)
{
	size_t mark = w->len;
	if (!url)
		return;
	rs_der_put_element(w, RS_DER_CONTEXT(6), url, strlen(url));
	rs_der_wrap(w, RS_DER_CONTEXT_C(0), mark); /* fullName */
	rs_der_wrap(w, RS_DER_CONTEXT_C(0), mark); /* distributionPoint */
	rs_der_wrap(w, RS_DER_SEQUENCE, mark);
	rs_der_wrap(w, RS_DER_SEQUENCE, mark);
	wrap_extension(w, OID_EXT("\x1f"), false, mark);
}

static void put_policies(struct rs_ctx *ctx, struct rs_der_out *w, const json_t *policies)
{
	size_t mark = w->len;
	for (size_t i = json_array_size(policies); i-- > 0;) {
		const char *oid = json_string_value(json_array_get(policies, i));
		size_t start = w->len;
		if (!oid || !rs_der_put_oid(w, oid)) {
			rs_fault(ctx, RS_BAD_VALUE, rs_pointer_index(ctx, "/policies", i),
				"The policy is not a dotted object identifier.");
			return;
		}
		rs_der_wrap(w, RS_DER_SEQUENCE, start);
	}
	if (w->len == mark)
		return;
	rs_der_wrap(w, RS_DER_SEQUENCE, mark);
	wrap_extension(w, OID_EXT("\x20"), false, mark);
}

static void put_key_ids(struct rs_der_out *w, const struct rs_tbs_spec *spec)
{
	struct rs_der d = rs_der_of(spec->spki_der), spki;
	struct rs_bytes bits = {0};
	unsigned char id[20];
	size_t mark = w->len;

	rs_der_put_element(
		w, RS_DER_CONTEXT(0), spec->issuer->key_id.data, spec->issuer->key_id.len);
	rs_der_wrap(w, RS_DER_SEQUENCE, mark);
	wrap_extension(w, OID_EXT("\x23"), false, mark);

	if (rs_der_enter(&d, RS_DER_SEQUENCE, &spki) && rs_der_any(&spki, NULL, NULL, NULL))
		rs_der_bits(&spki, &bits);
	rs_key_id(bits, id);
	mark = w->len;
	rs_der_put_element(w, RS_DER_OCTET_STRING, id, sizeof(id));
	wrap_extension(w, OID_EXT("\x0e"), false, mark);
}

static void put_san(struct rs_ctx *ctx, struct rs_der_out *w, const struct rs_tbs_spec *spec)
{
	size_t mark = w->len;
	if (json_array_size(spec->san) == 0)
		return;
	rs_san_write(ctx, w, spec->san, "/san");
	wrap_extension(w, OID_EXT("\x11"), json_object_size(spec->subject) == 0, mark);
}

static bool put_eku_oid(void *arg, const char *oid)
{
	return rs_der_put_oid(arg, oid);
}

static void put_usage(struct rs_ctx *ctx, struct rs_der_out *w, const struct rs_tbs_spec *spec)
{
	size_t mark = w->len;
	const char *eku = spec->eku ? spec->eku : "";

	if (!rs_oids_backwards(eku, put_eku_oid, w))
		rs_fault(ctx, RS_BAD_VALUE, "/purpose",
			"The purpose's extendedKeyUsage is malformed.");
	if (w->len > mark) {
		rs_der_wrap(w, RS_DER_SEQUENCE, mark);
		wrap_extension(w, OID_EXT("\x25"), false, mark);
	}
	mark = w->len;
	rs_usage_write(w, rs_usage_of(eku, &spec->key));
	wrap_extension(w, OID_EXT("\x0f"), true, mark);
	mark = w->len;
	rs_der_wrap(w, RS_DER_SEQUENCE, mark); /* cA FALSE is the default: an empty sequence */
	wrap_extension(w, OID_EXT("\x13"), true, mark);
}

static void put_extensions(struct rs_ctx *ctx, struct rs_der_out *w, const struct rs_tbs_spec *spec)
{
	size_t mark = w->len;
	put_aia(w, spec);
	put_cdp(w, spec->crl_url);
	put_policies(ctx, w, spec->policies);
	put_key_ids(w, spec);
	put_san(ctx, w, spec);
	put_usage(ctx, w, spec);
	rs_der_wrap(w, RS_DER_SEQUENCE, mark);
	rs_der_wrap(w, RS_DER_CONTEXT_C(3), mark);
}

enum rs_code rs_tbs_build(struct rs_ctx *ctx, const struct rs_tbs_spec *spec, struct rs_bytes *tbs)
{
	struct rs_der_out w = rs_der_out(ctx->arena, TBS_GUESS);

	put_extensions(ctx, &w, spec);
	rs_der_put_bytes(&w, spec->spki_der);
	rs_name_write(ctx, &w, spec->subject, "/subject");
	size_t mark = w.len;
	if (spec->not_after < spec->not_before || !rs_der_put_time(&w, spec->not_after) ||
		!rs_der_put_time(&w, spec->not_before))
		rs_fault(ctx, RS_OUT_OF_RANGE, "/validity",
			"The validity must lie in the years 1950 to 9999 and end after it begins.");
	rs_der_wrap(&w, RS_DER_SEQUENCE, mark);
	rs_der_put_bytes(&w, spec->issuer->subject);
	rs_der_put_bytes(&w, spec->issuer->signature_algorithm);
	rs_der_put_unsigned(&w, spec->serial, RS_SERIAL_LEN);
	rs_der_put(&w, "\xa0\x03\x02\x01\x02", 5); /* version 3 */
	rs_der_wrap(&w, RS_DER_SEQUENCE, 0);
	*tbs = rs_der_written(&w);
	return rs_faults(ctx);
}

void rs_tbs_check_names(struct rs_ctx *ctx, const json_t *subject, const json_t *san)
{
	struct rs_der_out w = rs_der_out(ctx->arena, TBS_GUESS);
	rs_name_write(ctx, &w, subject, "/subject");
	rs_san_write(ctx, &w, san, "/san");
}

static bool add_eku_name(void *arg, const char *oid)
{
	json_array_insert_new(arg, 0, json_string(rs_eku_name(oid)));
	return true;
}

json_t *rs_tbs_extensions(const char *eku, const struct rs_key *key, const json_t *policies)
{
	json_t *ekus = json_array();
	rs_oids_backwards(eku ? eku : "", add_eku_name, ekus);
	return json_pack("{s:o, s:o, s:o}", "key_usage",
		rs_usage_json(rs_usage_of(eku ? eku : "", key)), "extended_key_usage", ekus,
		"policies", policies ? json_deep_copy(policies) : json_array());
}
