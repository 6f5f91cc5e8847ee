#include "name.h"

#include "rs/names.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <string.h>

#define OID_UPN	      "1.3.6.1.4.1.311.20.2.3"
#define OTHER_DER_MAX 2048

static bool is_printable(const char *text)
{
	return text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				 " '()+,-./:=?")] == '\0';
}

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/* One RelativeDistinguishedName. */
static void put_rdn(struct rs_ctx *ctx, struct rs_der_out *w,
	const struct rs_subject_member *member, const json_t *value, const char *at)
{
	static const unsigned char tags[] = {
		[RS_STRING_UTF8] = RS_DER_UTF8,
		[RS_STRING_PRINTABLE] = RS_DER_PRINTABLE,
		[RS_STRING_IA5] = RS_DER_IA5,
	};
	const char *text = json_string_value(value);
	size_t mark = w->len;

	if (!text || !*text) {
		rs_fault(ctx, RS_BAD_NAME, at,
			"A value of the subject is a text that is not empty.");
		return;
	}
	if ((member->kind == RS_STRING_PRINTABLE && !is_printable(text)) ||
		(member->kind == RS_STRING_IA5 && !is_ascii(text))) {
		rs_fault(ctx, RS_BAD_NAME, at, "%s holds a character that this member cannot have.",
			member->name);
		return;
	}
	rs_der_put_element(w, tags[member->kind], text, strlen(text));
	rs_der_put_oid(w, member->oid);
	rs_der_wrap(w, RS_DER_SEQUENCE, mark);
	rs_der_wrap(w, RS_DER_SET, mark);
}

static void put_member(struct rs_ctx *ctx, struct rs_der_out *w,
	const struct rs_subject_member *member, const json_t *value, const char *at)
{
	const char *pointer = rs_pointer(ctx, at, member->name);
	if (!json_is_array(value)) {
		put_rdn(ctx, w, member, value, pointer);
		return;
	}
	for (size_t i = json_array_size(value); i-- > 0;)
		put_rdn(ctx, w, member, json_array_get(value, i),
			rs_pointer_index(ctx, pointer, i));
}

void rs_name_write(struct rs_ctx *ctx, struct rs_der_out *w, const json_t *subject, const char *at)
{
	const struct rs_subject_member *member = rs_subject_members;
	size_t mark = w->len, known = 0;

	while (member->name)
		member++;
	while (member-- > rs_subject_members) {
		const json_t *value = json_object_get(subject, member->name);
		if (!value)
			continue;
		known++;
		put_member(ctx, w, member, value, at);
	}
	if (known != json_object_size(subject))
		rs_fault(ctx, RS_BAD_NAME, at, "The subject holds a member that is not known.");
	rs_der_wrap(w, RS_DER_SEQUENCE, mark);
}

/* --- SAN --- */

static bool put_ip(struct rs_der_out *w, const char *text)
{
	unsigned char address[16];
	bool wide = strchr(text, ':') != NULL;
	if (inet_pton(wide ? AF_INET6 : AF_INET, text, address) != 1)
		return false;
	rs_der_put_element(w, RS_DER_CONTEXT(7), address, wide ? 16 : 4);
	return true;
}

/* The value of an otherName that is given as base64 of its DER. */
static bool put_base64_der(struct rs_der_out *w, const char *text)
{
	unsigned char der[OTHER_DER_MAX];
	size_t len = strlen(text), pad = 0;

	if (len == 0 || len % 4 || len / 4 * 3 > sizeof(der))
		return false;
	while (pad < 2 && text[len - 1 - pad] == '=')
		pad++;
	int got = EVP_DecodeBlock(der, (const unsigned char *)text, (int)len);
	if (got < 0 || (size_t)got <= pad)
		return false;
	struct rs_bytes bytes = {der, (size_t)got - pad};
	struct rs_der d = rs_der_of(bytes);
	if (!rs_der_strict(bytes) || !rs_der_any(&d, NULL, NULL, NULL) || !rs_der_done(&d))
		return false;
	rs_der_put_bytes(w, bytes);
	return true;
}

static bool put_other(struct rs_der_out *w, const char *oid, const char *encoding, const char *text)
{
	size_t mark = w->len;
	bool ok = true;

	if (!oid || !encoding)
		return false;
	if (strcmp(encoding, "utf8") == 0)
		rs_der_put_element(w, RS_DER_UTF8, text, strlen(text));
	else if (strcmp(encoding, "ia5") == 0 && is_ascii(text))
		rs_der_put_element(w, RS_DER_IA5, text, strlen(text));
	else if (strcmp(encoding, "printable") == 0 && is_printable(text))
		rs_der_put_element(w, RS_DER_PRINTABLE, text, strlen(text));
	else
		ok = strcmp(encoding, "der") == 0 && put_base64_der(w, text);
	rs_der_wrap(w, RS_DER_CONTEXT_C(0), mark);
	ok = ok && rs_der_put_oid(w, oid);
	rs_der_wrap(w, RS_DER_CONTEXT_C(0), mark);
	return ok;
}

static bool put_general_name(struct rs_der_out *w, const json_t *entry)
{
	const char *type = json_string_value(json_object_get(entry, "type"));
	const char *text = json_string_value(json_object_get(entry, "value"));
	static const struct {
		const char *type;
		unsigned tag;
	} texts[] = {{"email", RS_DER_CONTEXT(1)}, {"dns", RS_DER_CONTEXT(2)},
		{"uri", RS_DER_CONTEXT(6)}};

	if (!type || !text || !*text)
		return false;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(type, texts[i].type) != 0)
			continue;
		rs_der_put_element(w, texts[i].tag, text, strlen(text));
		return is_ascii(text);
	}
	if (strcmp(type, "ip") == 0)
		return put_ip(w, text);
	if (strcmp(type, "upn") == 0)
		return put_other(w, OID_UPN, "utf8", text);
	return strcmp(type, "other_name") == 0 &&
	       put_other(w, json_string_value(json_object_get(entry, "oid")),
		       json_string_value(json_object_get(entry, "encoding")), text);
}

void rs_san_write(struct rs_ctx *ctx, struct rs_der_out *w, const json_t *san, const char *at)
{
	size_t mark = w->len;
	for (size_t i = json_array_size(san); i-- > 0;)
		if (!put_general_name(w, json_array_get(san, i)))
			rs_fault(ctx, RS_BAD_NAME, rs_pointer_index(ctx, at, i),
				"The name cannot be encoded; see the types and values of san.");
	rs_der_wrap(w, RS_DER_SEQUENCE, mark);
}
