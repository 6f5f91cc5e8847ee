#include "name.h"

#include "rs/names.h"

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define OID_UPN "1.3.6.1.4.1.311.20.2.3"
#define OID_MAX 256

static void tell(json_t *list, struct rs_ctx *ctx, const char *what, const char *detail)
{
	if (json_array_size(list) < RS_FAULTS_MAX)
		json_array_append_new(list, json_string(rs_arena_printf(ctx->arena, "%s%s%s", what,
						    *detail ? ": " : "", detail)));
}

static bool text_is_clean(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return true;
}

/* BMPString, UniversalString and T61String of old certificates. */
static json_t *convert_string(unsigned tag, struct rs_bytes c)
{
	json_t *value = NULL;
	unsigned char *utf8 = NULL;
	ASN1_STRING *string = ASN1_STRING_type_new((int)tag);

	if (string && ASN1_STRING_set(string, c.data, (int)c.len) == 1) {
		int len = ASN1_STRING_to_UTF8(&utf8, string);
		if (len > 0 && text_is_clean((char *)utf8, (size_t)len))
			value = json_stringn((char *)utf8, (size_t)len);
	}
	OPENSSL_free(utf8);
	ASN1_STRING_free(string);
	return value;
}

/* A DirectoryString as JSON; NULL when it is none, or holds what no name may. */
static json_t *read_string(unsigned tag, struct rs_bytes c, bool strict)
{
	switch (tag) {
	case RS_DER_PRINTABLE:
	case RS_DER_IA5:
		for (size_t i = 0; i < c.len; i++)
			if (c.data[i] >= 0x80)
				return NULL;
		/* fall through */
	case RS_DER_UTF8:
		return text_is_clean((const char *)c.data, c.len)
			       ? json_stringn((const char *)c.data, c.len)
			       : NULL;
	case RS_DER_BMP:
	case RS_DER_UNIVERSAL:
	case RS_DER_T61:
		return strict ? NULL : convert_string(tag, c);
	default:
		return NULL;
	}
}

/* A second value makes an array of the first. */
static void add_value(json_t *subject, const char *name, json_t *value)
{
	json_t *old = json_object_get(subject, name);
	if (!old) {
		json_object_set_new(subject, name, value);
		return;
	}
	if (!json_is_array(old)) {
		json_t *list = json_pack("[O]", old);
		json_object_set_new(subject, name, list);
		old = list;
	}
	json_array_append_new(old, value);
}

static const char *strict_fault(
	const struct rs_subject_member *member, const json_t *subject, const json_t *value)
{
	const char *text = json_string_value(value);
	if (text[strspn(text, " ")] == '\0')
		return "it is empty";
	if (rs_utf8_length(text) > (size_t)member->max)
		return "it is too long";
	if (!member->many && json_object_get(subject, member->name))
		return "it stands there more than once";
	return NULL;
}

static const struct rs_subject_member *member_of(const char *oid)
{
	for (const struct rs_subject_member *m = rs_subject_members; m->name; m++)
		if (strcmp(m->oid, oid) == 0)
			return m;
	return NULL;
}

static bool read_attribute(const struct rs_name_reader *r, struct rs_der *rdn, json_t *subject)
{
	struct rs_der attribute;
	struct rs_bytes oid, content;
	unsigned tag;
	char dotted[OID_MAX];

	if (!rs_der_enter(rdn, RS_DER_SEQUENCE, &attribute) ||
		!rs_der_get(&attribute, RS_DER_OID, &oid) ||
		!rs_der_oid_text(oid, dotted, sizeof(dotted)) ||
		!rs_der_any(&attribute, &tag, &content, NULL) || !rs_der_done(&attribute))
		return false;
	const struct rs_subject_member *member = member_of(dotted);
	const char *name = member ? member->name : dotted;
	json_t *value = read_string(tag, content, r->strict);
	if (!value) {
		tell(member ? r->bad : r->unknown, r->ctx, name,
			"not a UTF8String, PrintableString or IA5String without control "
			"characters");
		return true;
	}
	const char *fault = member && r->strict ? strict_fault(member, subject, value) : NULL;
	if (fault)
		tell(r->bad, r->ctx, name, fault);
	if (member && !fault) {
		add_value(subject, name, value);
		return true;
	}
	if (!member)
		tell(r->unknown, r->ctx, name, "");
	json_decref(value);
	return true;
}

bool rs_name_read(const struct rs_name_reader *r, struct rs_bytes name, json_t *subject)
{
	struct rs_der whole = rs_der_of(name), rdns, rdn;

	if (!rs_der_enter(&whole, RS_DER_SEQUENCE, &rdns) || !rs_der_done(&whole))
		return false;
	while (!rs_der_done(&rdns)) {
		if (!rs_der_enter(&rdns, RS_DER_SET, &rdn) || rs_der_done(&rdn))
			return false;
		if (!read_attribute(r, &rdn, subject))
			return false;
		if (rs_der_done(&rdn))
			continue;
		tell(r->bad, r->ctx, "subject", "several attributes in one relative name");
		while (!rs_der_done(&rdn))
			if (!read_attribute(r, &rdn, subject))
				return false;
	}
	return true;
}

/* --- SAN --- */

static json_t *entry_new(const char *type, struct rs_bytes c)
{
	for (size_t i = 0; i < c.len; i++)
		if (c.data[i] <= 0x20 || c.data[i] >= 0x7f)
			return NULL;
	return c.len ? json_pack("{s:s, s:s%}", "type", type, "value", (const char *)c.data, c.len)
		     : NULL;
}

static json_t *read_ip(struct rs_bytes c)
{
	char text[INET6_ADDRSTRLEN];
	if ((c.len != 4 && c.len != 16) ||
		!inet_ntop(c.len == 4 ? AF_INET : AF_INET6, c.data, text, sizeof(text)))
		return NULL;
	return json_pack("{s:s, s:s}", "type", "ip", "value", text);
}

static json_t *base64_json(struct rs_arena *arena, struct rs_bytes c)
{
	char *text = rs_arena_alloc(arena, (c.len + 2) / 3 * 4 + 1);
	EVP_EncodeBlock((unsigned char *)text, c.data, (int)c.len);
	return json_string(text);
}

static json_t *read_other(const struct rs_name_reader *r, struct rs_bytes c)
{
	struct rs_der d = rs_der_of(c), value;
	struct rs_bytes oid, content, whole;
	unsigned tag;
	char dotted[OID_MAX];

	if (!rs_der_get(&d, RS_DER_OID, &oid) || !rs_der_oid_text(oid, dotted, sizeof(dotted)) ||
		!rs_der_enter(&d, RS_DER_CONTEXT_C(0), &value) || !rs_der_done(&d) ||
		!rs_der_any(&value, &tag, &content, &whole) || !rs_der_done(&value))
		return NULL;
	const char *encoding = tag == RS_DER_UTF8	 ? "utf8"
			       : tag == RS_DER_IA5	 ? "ia5"
			       : tag == RS_DER_PRINTABLE ? "printable"
							 : NULL;
	json_t *text = encoding ? read_string(tag, content, true) : NULL;
	if (text && tag == RS_DER_UTF8 && strcmp(dotted, OID_UPN) == 0)
		return json_pack("{s:s, s:o}", "type", "upn", "value", text);
	if (!text) {
		encoding = "der";
		text = base64_json(r->ctx->arena, whole);
	}
	return json_pack("{s:s, s:s, s:s, s:o}", "type", "other_name", "oid", dotted, "encoding",
		encoding, "value", text);
}

bool rs_san_read(const struct rs_name_reader *r, struct rs_bytes names, json_t *san)
{
	struct rs_der whole = rs_der_of(names), list;
	struct rs_bytes c;
	unsigned tag;

	if (!rs_der_enter(&whole, RS_DER_SEQUENCE, &list) || !rs_der_done(&whole))
		return false;
	while (!rs_der_done(&list)) {
		json_t *entry = NULL;
		if (!rs_der_any(&list, &tag, &c, NULL))
			return false;
		switch (tag) {
		case RS_DER_CONTEXT(1):
			entry = entry_new("email", c);
			break;
		case RS_DER_CONTEXT(2):
			entry = entry_new("dns", c);
			break;
		case RS_DER_CONTEXT(6):
			entry = entry_new("uri", c);
			break;
		case RS_DER_CONTEXT(7):
			entry = read_ip(c);
			break;
		case RS_DER_CONTEXT_C(0):
			entry = read_other(r, c);
			break;
		default:
			tell(r->unknown, r->ctx, "san",
				tag == RS_DER_CONTEXT_C(4) ? "directoryName"
				: tag == RS_DER_CONTEXT(8) ? "registeredID"
							   : "a name of an unknown type");
			continue;
		}
		if (entry)
			json_array_append_new(san, entry);
		else
			tell(r->bad, r->ctx, "san", "a name that cannot be read");
	}
	return true;
}

bool rs_name_is(struct rs_bytes name)
{
	const unsigned char *p = name.data;
	X509_NAME *parsed = d2i_X509_NAME(NULL, &p, (long)name.len);
	bool whole = parsed && p == name.data + name.len;

	X509_NAME_free(parsed);
	return whole;
}

const char *rs_name_text(struct rs_ctx *ctx, struct rs_bytes name)
{
	const unsigned char *p = name.data;
	X509_NAME *parsed = d2i_X509_NAME(NULL, &p, (long)name.len);
	BIO *out = BIO_new(BIO_s_mem());
	char *data;
	const char *text = "";

	if (parsed && out &&
		X509_NAME_print_ex(out, parsed, 0,
			XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
		size_t len = (size_t)BIO_get_mem_data(out, &data);
		text = rs_arena_memdup(ctx->arena, data, len);
	}
	BIO_free(out);
	X509_NAME_free(parsed);
	return text;
}

const char *rs_name_common(struct rs_ctx *ctx, struct rs_bytes name)
{
	json_t *subject = rs_arena_json(ctx->arena, json_object());
	json_t *rest = rs_arena_json(ctx->arena, json_array());
	const struct rs_name_reader reader = {ctx, rest, rest, false};
	const char *common =
		rs_name_read(&reader, name, subject) ? rs_names_common_name(subject) : NULL;
	return common ? rs_arena_strdup(ctx->arena, common) : rs_name_text(ctx, name);
}
