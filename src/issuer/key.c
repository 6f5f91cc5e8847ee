#include "der.h"
#include "spki.h"

#include "rs/id.h"

#include <openssl/objects.h>
#include <stdio.h>
#include <string.h>

#define OID_RSA "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define OID_EC	"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"

/* The AlgorithmIdentifier each kind has, to the byte, and how many octets its point takes. */
static const struct {
	struct rs_bytes algorithm;
	size_t point;
} FORMS[RS_KEY_KIND_COUNT] = {
	[RS_KEY_RSA_2048] = {RS_LITERAL("\x30\x0d" OID_RSA "\x05\x00"), 0},
	[RS_KEY_RSA_3072] = {RS_LITERAL("\x30\x0d" OID_RSA "\x05\x00"), 0},
	[RS_KEY_RSA_4096] = {RS_LITERAL("\x30\x0d" OID_RSA "\x05\x00"), 0},
	[RS_KEY_EC_P256] = {RS_LITERAL(
				    "\x30\x13" OID_EC "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
		65},
	[RS_KEY_EC_P384] = {RS_LITERAL("\x30\x10" OID_EC "\x06\x05\x2b\x81\x04\x00\x22"), 97},
	[RS_KEY_EC_P521] = {RS_LITERAL("\x30\x10" OID_EC "\x06\x05\x2b\x81\x04\x00\x23"), 133},
	[RS_KEY_ED25519] = {RS_LITERAL("\x30\x05\x06\x03\x2b\x65\x70"), 32},
};

static const struct rs_key KEYS[RS_KEY_KIND_COUNT] = {
	[RS_KEY_NONE] = {RS_KEY_NONE, "", "", NULL, 0, {0}},
#define RS_X(name, policy, algorithm, curve, bits)                                                 \
	[RS_KEY_##name] = {RS_KEY_##name, policy, algorithm, curve, bits, {0}},
	RS_KEY_KINDS(RS_X)
#undef RS_X
};

enum rs_key_kind rs_key_kind_from_name(const char *name)
{
	for (int kind = RS_KEY_NONE + 1; name && kind < RS_KEY_KIND_COUNT; kind++)
		if (strcmp(KEYS[kind].name, name) == 0)
			return (enum rs_key_kind)kind;
	return RS_KEY_NONE;
}

void rs_key_describe(enum rs_key_kind kind, struct rs_key *out)
{
	unsigned char digest[32];
	memcpy(digest, out->spki_sha256, sizeof(digest));
	*out = KEYS[kind];
	memcpy(out->spki_sha256, digest, sizeof(digest));
}

json_t *rs_key_json(struct rs_ctx *ctx, const struct rs_key *key)
{
	return json_pack("{s:s, s:s?, s:i, s:s}", "algorithm", key->algorithm, "curve", key->curve,
		"size", key->size, "spki_sha256", rs_sha256_text(ctx->arena, key->spki_sha256));
}

bool rs_key_allowed(const struct rs_key *key, const json_t *policy)
{
	size_t i;
	json_t *name;
	json_array_foreach((json_t *)policy, i,
		name) if (key->kind != RS_KEY_NONE && json_is_string(name) &&
			  strcmp(json_string_value(name), key->name) == 0) return true;
	return false;
}

void rs_algorithm_name(struct rs_bytes der, char *text, size_t size)
{
	struct rs_der d = rs_der_of(der), inside;
	struct rs_bytes oid;
	char dotted[128];

	if (!rs_der_enter(&d, RS_DER_SEQUENCE, &inside) || !rs_der_get(&inside, RS_DER_OID, &oid) ||
		!rs_der_oid_text(oid, dotted, sizeof(dotted))) {
		snprintf(text, size, "?");
		return;
	}
	int nid = OBJ_txt2nid(dotted);
	snprintf(text, size, "%s", nid == NID_undef ? dotted : OBJ_nid2ln(nid));
}

/* What is wrong with an AlgorithmIdentifier that is none of ours, for people. */
static void refuse_algorithm(struct rs_bytes algorithm, char why[256])
{
	static const struct rs_bytes ec = RS_LITERAL(OID_EC);
	struct rs_der d = rs_der_of(algorithm), inside;
	char name[100] = "?";

	rs_algorithm_name(algorithm, name, sizeof(name));
	if (rs_der_enter(&d, RS_DER_SEQUENCE, &inside)) {
		struct rs_bytes oid, params = {0};
		unsigned tag = 0;
		if (rs_der_whole(&inside, RS_DER_OID, &oid) && rs_bytes_eq(oid, ec)) {
			rs_der_any(&inside, &tag, NULL, &params);
			if (tag != RS_DER_OID) {
				snprintf(why, 256,
					"The curve must be given by its name, not by "
					"explicit parameters; use P-256, P-384 or P-521.");
				return;
			}
			/* As an AlgorithmIdentifier of the curve alone. */
			unsigned char wrapped[64] = {RS_DER_SEQUENCE};
			if (params.len < 60) {
				wrapped[1] = (unsigned char)params.len;
				memcpy(wrapped + 2, params.data, params.len);
				rs_algorithm_name((struct rs_bytes){wrapped, params.len + 2}, name,
					sizeof(name));
			}
			snprintf(why, 256,
				"The curve %s is not accepted; use P-256, P-384 or P-521.", name);
			return;
		}
	}
	snprintf(why, 256,
		"The key's algorithm %s (or the form of its parameters) is not accepted; use "
		"RSA with 2048, 3072 or 4096 bits, EC on P-256, P-384 or P-521, or Ed25519.",
		name);
}

static size_t bit_length(struct rs_bytes n)
{
	if (n.len == 0 || n.data[0] == 0)
		return 0;
	return n.len * 8 - (size_t)(__builtin_clz(n.data[0]) - 24);
}

static bool read_rsa(struct rs_bytes bits, struct rs_spki *out, char why[256])
{
	struct rs_der d = rs_der_of(bits), inside;
	if (!rs_der_enter(&d, RS_DER_SEQUENCE, &inside) || !rs_der_done(&d) ||
		!rs_der_unsigned(&inside, &out->modulus) ||
		!rs_der_unsigned(&inside, &out->exponent) || !rs_der_done(&inside)) {
		snprintf(why, 256, "The RSA key is not a modulus and an exponent.");
		return false;
	}
	size_t size = bit_length(out->modulus);
	for (int kind = RS_KEY_RSA_2048; kind <= RS_KEY_RSA_4096; kind++) {
		out->kind = (enum rs_key_kind)kind;
		if ((size_t)KEYS[kind].size == size)
			return true;
	}
	out->kind = RS_KEY_NONE;
	snprintf(why, 256, "The RSA key has %zu bits; exactly 2048, 3072 or 4096 are accepted.",
		size);
	return false;
}

static bool read_point(struct rs_bytes bits, struct rs_spki *out, char why[256])
{
	bool ec = KEYS[out->kind].curve != NULL;
	if (bits.len == FORMS[out->kind].point && (!ec || bits.data[0] == 0x04)) {
		out->point = bits;
		return true;
	}
	if (ec && bits.len == 1 && bits.data[0] == 0)
		snprintf(why, 256, "The public key is the point at infinity.");
	else if (ec && bits.len > 1 && (bits.data[0] == 2 || bits.data[0] == 3))
		snprintf(why, 256, "The public key is a compressed point; send it uncompressed.");
	else
		snprintf(why, 256, "The public key has the wrong length for %s.",
			KEYS[out->kind].name);
	return false;
}

bool rs_spki_read(struct rs_bytes der, struct rs_spki *out, char why[256])
{
	struct rs_der d = rs_der_of(der), inside;
	struct rs_bytes algorithm, bits;

	*out = (struct rs_spki){.der = der};
	if (!rs_der_enter(&d, RS_DER_SEQUENCE, &inside) || !rs_der_done(&d) ||
		!rs_der_whole(&inside, RS_DER_SEQUENCE, &algorithm) ||
		!rs_der_bits(&inside, &bits) || !rs_der_done(&inside)) {
		snprintf(why, 256, "The public key is not an algorithm and a bit string.");
		return false;
	}
	for (int kind = RS_KEY_NONE + 1; kind < RS_KEY_KIND_COUNT; kind++) {
		if (!rs_bytes_eq(algorithm, FORMS[kind].algorithm))
			continue;
		out->kind = (enum rs_key_kind)kind;
		return FORMS[kind].point ? read_point(bits, out, why) : read_rsa(bits, out, why);
	}
	refuse_algorithm(algorithm, why);
	return false;
}

void rs_spki_describe(const struct rs_spki *spki, struct rs_key *key)
{
	rs_key_describe(spki->kind, key);
	rs_sha256(spki->der.data, spki->der.len, key->spki_sha256);
}
