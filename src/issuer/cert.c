#include "cert.h"

static bool read_extensions(struct rs_der *d, struct rs_cert *out)
{
	struct rs_der explicit, list, e;

	if (!rs_der_enter(d, RS_DER_CONTEXT_C(3), &explicit) ||
		!rs_der_enter(&explicit, RS_DER_SEQUENCE, &list) || !rs_der_done(&explicit) ||
		rs_der_done(&list))
		return false;
	while (!rs_der_done(&list)) {
		if (out->ext_count == RS_CERT_EXTENSIONS_MAX)
			return false;
		struct rs_cert_ext *ext = &out->ext[out->ext_count++];
		ext->critical = false;
		if (!rs_der_enter(&list, RS_DER_SEQUENCE, &e) ||
			!rs_der_get(&e, RS_DER_OID, &ext->oid) ||
			(rs_der_next(&e) == RS_DER_BOOLEAN &&
				(!rs_der_boolean(&e, &ext->critical) || !ext->critical)) ||
			!rs_der_get(&e, RS_DER_OCTET_STRING, &ext->value) || !rs_der_done(&e))
			return false;
	}
	return true;
}

static bool read_head(struct rs_der *t, struct rs_cert *out)
{
	struct rs_der inside;
	if (rs_der_next(t) == RS_DER_CONTEXT_C(0)) {
		/* v1 is the default and must not be written out */
		if (!rs_der_enter(t, RS_DER_CONTEXT_C(0), &inside) ||
			!rs_der_small(&inside, &out->version) || !rs_der_done(&inside) ||
			out->version == 0)
			return false;
	}
	return rs_der_get(t, RS_DER_INTEGER, &out->serial) && out->serial.len > 0 &&
	       rs_der_whole(t, RS_DER_SEQUENCE, &out->algorithm) &&
	       rs_der_whole(t, RS_DER_SEQUENCE, &out->issuer);
}

bool rs_cert_read_tbs(struct rs_bytes tbs, struct rs_cert *out)
{
	struct rs_der d = rs_der_of(tbs), t, validity;

	*out = (struct rs_cert){.tbs = tbs};
	if (!rs_der_enter(&d, RS_DER_SEQUENCE, &t) || !rs_der_done(&d) || !read_head(&t, out))
		return false;
	if (!rs_der_enter(&t, RS_DER_SEQUENCE, &validity) ||
		!rs_der_time(&validity, &out->not_before, &out->not_before_wide) ||
		!rs_der_time(&validity, &out->not_after, &out->not_after_wide) ||
		!rs_der_done(&validity))
		return false;
	if (!rs_der_whole(&t, RS_DER_SEQUENCE, &out->subject) ||
		!rs_der_whole(&t, RS_DER_SEQUENCE, &out->spki))
		return false;
	for (unsigned n = 1; n <= 2; n++)
		if (rs_der_next(&t) == RS_DER_CONTEXT(n)) {
			out->unique_ids = true;
			if (!rs_der_any(&t, NULL, NULL, NULL))
				return false;
		}
	return rs_der_done(&t) || (read_extensions(&t, out) && rs_der_done(&t));
}

bool rs_cert_read(struct rs_bytes der, struct rs_cert *out)
{
	struct rs_der d = rs_der_of(der), c;
	struct rs_bytes tbs, algorithm, signature;

	if (!rs_der_enter(&d, RS_DER_SEQUENCE, &c) || !rs_der_done(&d) ||
		!rs_der_whole(&c, RS_DER_SEQUENCE, &tbs) ||
		!rs_der_whole(&c, RS_DER_SEQUENCE, &algorithm) || !rs_der_bits(&c, &signature) ||
		!rs_der_done(&c) || !rs_cert_read_tbs(tbs, out))
		return false;
	out->der = der;
	out->outer_algorithm = algorithm;
	out->signature = signature;
	return true;
}

const struct rs_cert_ext *rs_cert_find(const struct rs_cert *cert, struct rs_bytes oid)
{
	for (size_t i = 0; i < cert->ext_count; i++)
		if (rs_bytes_eq(cert->ext[i].oid, oid))
			return &cert->ext[i];
	return NULL;
}

bool rs_basic_read(struct rs_bytes value, bool *ca, long *path_length)
{
	struct rs_der d = rs_der_of(value), inside;

	*ca = false;
	*path_length = -1;
	if (!rs_der_enter(&d, RS_DER_SEQUENCE, &inside) || !rs_der_done(&d))
		return false;
	if (rs_der_next(&inside) == RS_DER_BOOLEAN && (!rs_der_boolean(&inside, ca) || !*ca))
		return false;
	return rs_der_done(&inside) || (rs_der_small(&inside, path_length) && rs_der_done(&inside));
}

bool rs_aki_read(struct rs_bytes value, struct rs_bytes *key_id)
{
	struct rs_der d = rs_der_of(value), inside;

	*key_id = (struct rs_bytes){0};
	if (!rs_der_enter(&d, RS_DER_SEQUENCE, &inside) || !rs_der_done(&d))
		return false;
	return rs_der_next(&inside) != RS_DER_CONTEXT(0) ||
	       rs_der_get(&inside, RS_DER_CONTEXT(0), key_id);
}
