#include "rs/csr.h"

#include "der.h"
#include "name.h"
#include "pem.h"
#include "spki.h"

#include <openssl/objects.h>
#include <stdio.h>
#include <string.h>

#define OID_EXTENSION_REQUEST "1.2.840.113549.1.9.14"
#define OID_SUBJECT_ALT_NAME  "2.5.29.17"
#define OID_MAX		      256
#define ITEMS_MAX	      64 /* attributes, and extensions, in one request */

/* What the checks hand on to each other. */
struct job {
	struct rs_ctx *ctx;
	struct rs_csr *csr;
	struct rs_bytes info;	   /* CertificationRequestInfo: what is signed */
	struct rs_bytes algorithm; /* of the signature */
	struct rs_bytes signature;
	struct rs_spki spki;
	EVP_PKEY *key;
	const struct rs_sigalg *sigalg;
	enum rs_code code; /* of the check that failed */
	char why[256];
};

static bool refuse(struct job *job, const char *why)
{
	snprintf(job->why, sizeof(job->why), "%s", why);
	return false;
}

void rs_check_add(json_t *checks, const char *name, enum rs_check_result result, const char *detail)
{
	static const char *const results[] = {"pass", "fail", "not_applicable"};
	json_array_append_new(checks, json_pack("{s:s, s:s, s:s?}", "name", name, "result",
					      results[result], "detail", detail));
}

/* --- csr_encoding --- */

/* Notes one OID of a list in which none may come twice. */
static bool note_once(struct job *job, json_t *seen, const char *oid, const char *what)
{
	size_t i;
	json_t *old;
	json_array_foreach(seen, i,
		old) if (strcmp(json_string_value(old), oid) == 0) return refuse(job, what);
	if (json_array_size(seen) >= ITEMS_MAX)
		return refuse(job, "The request holds more than 64 attributes or extensions.");
	json_array_append_new(seen, json_string(oid));
	return true;
}

static void ignore(struct job *job, const char *oid)
{
	int nid = OBJ_txt2nid(oid);
	json_array_append_new(
		job->csr->ignored, json_string(nid == NID_undef ? oid : OBJ_nid2sn(nid)));
}

/* One extension of an extensionRequest: only a readable SAN is shown, all others are ignored. */
static bool read_extension(struct job *job, struct rs_der *list, json_t *seen)
{
	struct rs_der e;
	struct rs_bytes oid, value;
	char dotted[OID_MAX];
	bool critical = false;

	if (!rs_der_enter(list, RS_DER_SEQUENCE, &e) || !rs_der_get(&e, RS_DER_OID, &oid) ||
		!rs_der_oid_text(oid, dotted, sizeof(dotted)) ||
		(rs_der_next(&e) == RS_DER_BOOLEAN &&
			(!rs_der_boolean(&e, &critical) || !critical)) ||
		!rs_der_get(&e, RS_DER_OCTET_STRING, &value) || !rs_der_done(&e))
		return refuse(job, "An extension in the request is malformed.");
	if (!note_once(job, seen, dotted, "The request holds an extension twice."))
		return false;
	const struct rs_name_reader reader = {job->ctx, job->csr->ignored, job->csr->ignored, true};
	if (strcmp(dotted, OID_SUBJECT_ALT_NAME) != 0 || !rs_der_strict(value) ||
		!rs_san_read(&reader, value, job->csr->san))
		ignore(job, dotted);
	return true;
}

static bool read_extension_request(struct job *job, struct rs_der *values)
{
	json_t *seen = rs_arena_json(job->ctx->arena, json_array());
	struct rs_der list;

	if (!rs_der_enter(values, RS_DER_SEQUENCE, &list) || !rs_der_done(values))
		return refuse(job, "The extension request is not one list of extensions.");
	while (!rs_der_done(&list))
		if (!read_extension(job, &list, seen))
			return false;
	return true;
}

static bool read_attributes(struct job *job, struct rs_bytes attributes)
{
	json_t *seen = rs_arena_json(job->ctx->arena, json_array());
	struct rs_der list = rs_der_of(attributes), attribute, values;
	struct rs_bytes oid, last = {0};
	char dotted[OID_MAX];

	while (!rs_der_done(&list)) {
		struct rs_der peek = list;
		struct rs_bytes whole;
		if (!rs_der_enter(&list, RS_DER_SEQUENCE, &attribute) ||
			!rs_der_get(&attribute, RS_DER_OID, &oid) ||
			!rs_der_oid_text(oid, dotted, sizeof(dotted)) ||
			!rs_der_enter(&attribute, RS_DER_SET, &values) ||
			!rs_der_done(&attribute) || rs_der_done(&values))
			return refuse(job, "An attribute of the request is malformed.");
		if (!note_once(job, seen, dotted, "The request holds an attribute twice."))
			return false;
		rs_der_any(&peek, NULL, NULL, &whole);
		size_t common = last.len < whole.len ? last.len : whole.len;
		if (last.data && memcmp(last.data, whole.data, common) > 0)
			return refuse(job, "The attributes of the request are not in DER's order.");
		last = whole;
		if (strcmp(dotted, OID_EXTENSION_REQUEST) != 0)
			ignore(job, dotted);
		else if (!read_extension_request(job, &values))
			return false;
	}
	return true;
}

static bool read_subject(struct job *job, struct rs_bytes name)
{
	json_t *bad = rs_arena_json(job->ctx->arena, json_array());
	const struct rs_name_reader reader = {job->ctx, job->csr->ignored, bad, true};

	if (!rs_name_read(&reader, name, job->csr->subject))
		return refuse(job, "The subject of the request is not a distinguished name.");
	if (json_array_size(bad) == 0)
		return true;
	snprintf(job->why, sizeof(job->why), "The subject of the request is not acceptable: %s.",
		json_string_value(json_array_get(bad, 0)));
	return false;
}

/* CertificationRequestInfo: version, subject, key, attributes. */
static bool read_info(struct job *job, struct rs_bytes *subject, struct rs_bytes *attributes)
{
	struct rs_der d = rs_der_of(job->info), info;
	long version;

	if (!rs_der_enter(&d, RS_DER_SEQUENCE, &info) || !rs_der_small(&info, &version))
		return false;
	if (version != 0)
		return refuse(job, "The version of the request is not 0.");
	return rs_der_whole(&info, RS_DER_SEQUENCE, subject) &&
	       rs_der_whole(&info, RS_DER_SEQUENCE, &job->csr->spki_der) &&
	       (rs_der_done(&info) || rs_der_get(&info, RS_DER_CONTEXT_C(0), attributes)) &&
	       rs_der_done(&info);
}

static bool check_encoding(struct job *job)
{
	struct rs_der d = rs_der_of(job->csr->der), request;
	struct rs_bytes subject, attributes = {0};

	if (!rs_der_strict(job->csr->der))
		return refuse(job, "It is not DER from the first byte to the last.");
	refuse(job, "It is not a PKCS#10 certificate signing request.");
	if (!rs_der_enter(&d, RS_DER_SEQUENCE, &request) || !rs_der_done(&d) ||
		!rs_der_whole(&request, RS_DER_SEQUENCE, &job->info) ||
		!rs_der_whole(&request, RS_DER_SEQUENCE, &job->algorithm) ||
		!rs_der_bits(&request, &job->signature) || !rs_der_done(&request))
		return false;
	return read_info(job, &subject, &attributes) && read_subject(job, subject) &&
	       read_attributes(job, attributes);
}

/* --- the key --- */

static bool check_type(struct job *job)
{
	if (!rs_spki_read(job->csr->spki_der, &job->spki, job->why))
		return false;
	rs_spki_describe(&job->spki, &job->csr->key);
	return true;
}

static bool check_exponent(struct job *job)
{
	struct rs_bytes e = job->spki.exponent;
	if (rs_bytes_eq(e, RS_LITERAL("\x01\x00\x01")))
		return true;
	if (rs_bytes_eq(e, RS_LITERAL("\x01"))) {
		job->code = RS_KEY_BLOCKED;
		return refuse(job,
			"The RSA exponent is 1: such a key needs no private key, anybody "
			"could have signed with it.");
	}
	return refuse(job, "The RSA exponent must be 65537.");
}

static bool modulus_is(struct job *job, enum rs_modulus_fault fault)
{
	static const char *const texts[] = {
		[RS_MODULUS_FINE] = "",
		[RS_MODULUS_EVEN] = "The RSA modulus is even.",
		[RS_MODULUS_SMALL_FACTOR] = "The RSA modulus has a prime factor below 752.",
		[RS_MODULUS_POWER] = "The RSA modulus is a power of a smaller number.",
		[RS_MODULUS_ROCA] =
			"The key has the fingerprint of CVE-2017-15361 (ROCA) and can be "
			"factored; make a new one with other software.",
		[RS_MODULUS_CLOSE_PRIMES] = "The two primes of the key are so close that it can be "
					    "factored; make a new one with other software.",
	};
	return fault == RS_MODULUS_FINE || refuse(job, texts[fault]);
}

static bool check_modulus(struct job *job)
{
	return modulus_is(job, rs_modulus_check(job->spki.modulus));
}

static bool check_public(struct job *job)
{
	job->key = rs_spki_load(&job->spki);
	return job->key || refuse(job, "The public key is not a valid point of its curve.");
}

static bool check_algorithm(struct job *job)
{
	char name[100];
	job->sigalg = rs_sigalg_find(job->algorithm);
	if (!job->sigalg) {
		rs_algorithm_name(job->algorithm, name, sizeof(name));
		snprintf(job->why, sizeof(job->why),
			"The request is signed with %s; SHA-256, SHA-384 or SHA-512 with RSA "
			"(PKCS#1 "
			"v1.5) or ECDSA, or Ed25519, is accepted.",
			name);
		return false;
	}
	if (strcmp(job->sigalg->algorithm, job->csr->key.algorithm) != 0)
		return refuse(job, "The signature's algorithm does not belong to the key.");
	return true;
}

static bool check_possession(struct job *job)
{
	return rs_signature_verify(job->key, job->sigalg, job->info, job->signature) ||
	       refuse(job, "The signature of the request does not fit its key.");
}

static bool check_roca(struct job *job)
{
	return modulus_is(job, rs_modulus_roca(job->spki.modulus));
}

static bool check_fermat(struct job *job)
{
	return modulus_is(job, rs_modulus_fermat(job->spki.modulus));
}

/* The order is the design: cheap and decisive first, no arithmetic on a key of unknown kind. */
static const struct {
	const char *name;
	bool rsa_only;
	bool (*run)(struct job *job);
} CHECKS[] = {
	{"csr_encoding", false, check_encoding},
	{"key_type", false, check_type},
	{"key_exponent", true, check_exponent},
	{"key_modulus", true, check_modulus},
	{"key_public_check", false, check_public},
	{"csr_signature_algorithm", false, check_algorithm},
	{"csr_proof_of_possession", false, check_possession},
	{"key_roca", true, check_roca},
	{"key_fermat", true, check_fermat},
};

static enum rs_code run_checks(struct job *job)
{
	for (size_t i = 0; i < sizeof(CHECKS) / sizeof(CHECKS[0]); i++) {
		const char *name = CHECKS[i].name;
		if (CHECKS[i].rsa_only && job->spki.modulus.len == 0) {
			rs_check_add(job->csr->checks, name, RS_CHECK_NOT_APPLICABLE, NULL);
			continue;
		}
		if (!CHECKS[i].run(job)) {
			rs_check_add(job->csr->checks, name, RS_CHECK_FAIL, job->why);
			rs_fault(job->ctx, job->code, "/csr", "%s", job->why);
			rs_err_ext(job->ctx, "checks", json_incref(job->csr->checks));
			return rs_faults(job->ctx);
		}
		rs_check_add(job->csr->checks, name, RS_CHECK_PASS, NULL);
	}
	return RS_OK;
}

/* PEM or DER, as it comes; false with job->why. */
static bool take_der(struct job *job, const void *data, size_t len)
{
	static const char *const labels[] = {
		"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST", NULL};
	struct rs_bytes text = {data, len};
	const char *why;

	if (!rs_pem_looks(data, len)) {
		job->csr->der = (struct rs_bytes){
			(unsigned char *)rs_arena_memdup(job->ctx->arena, data, len), len};
		return true;
	}
	if (!rs_pem_next(job->ctx, &text, labels, &job->csr->der, &why))
		return refuse(job, why);
	return text.len == 0 || refuse(job, "Something stands behind the first PEM block.");
}

enum rs_code rs_csr_parse(struct rs_ctx *ctx, const void *data, size_t len, struct rs_csr **out)
{
	struct rs_csr *csr = rs_new(ctx->arena, struct rs_csr);
	struct job job = {.ctx = ctx, .csr = csr, .code = RS_BAD_CSR};

	if (len > RS_CSR_MAX)
		return rs_fail(ctx, RS_TOO_LARGE,
			"The certificate signing request has %zu bytes; at most %u are accepted.",
			len, RS_CSR_MAX);
	csr->subject = rs_arena_json(ctx->arena, json_object());
	csr->san = rs_arena_json(ctx->arena, json_array());
	csr->checks = rs_arena_json(ctx->arena, json_array());
	csr->ignored = rs_arena_json(ctx->arena, json_array());
	if (!take_der(&job, data, len)) {
		rs_check_add(csr->checks, CHECKS[0].name, RS_CHECK_FAIL, job.why);
		rs_fault(ctx, RS_BAD_CSR, "/csr", "%s", job.why);
		rs_err_ext(ctx, "checks", json_incref(csr->checks));
		return rs_faults(ctx);
	}
	enum rs_code rc = run_checks(&job);
	EVP_PKEY_free(job.key);
	*out = csr;
	return rc;
}

const char *rs_csr_pem(struct rs_ctx *ctx, struct rs_bytes der)
{
	return rs_pem_write(ctx, "CERTIFICATE REQUEST", der);
}
