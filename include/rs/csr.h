/*
 * Certificate signing requests (RFC 2986), as strangers send them.
 *
 * A CSR is worth exactly one thing here: the proof that its sender holds the private key of the
 * public key in it. Names and extensions in it are read for information and never reach a
 * certificate by themselves. It is taken as PEM (labels CERTIFICATE REQUEST and NEW CERTIFICATE
 * REQUEST, LF or CRLF; text before it, as certtool writes it, is skipped) or DER, and must be DER to the last byte.
 *
 * The checks run in one fixed order, cheap and decisive ones first, so that a hostile key costs
 * nothing: OpenSSL alone calls a forged RSA e=1 request valid and needs 1.3 s for a 16384-bit
 * modulus. Each check is a row {"name", "result": "pass|fail|not_applicable", "detail"}:
 *
 *	csr_encoding, key_type, key_exponent, key_modulus, key_public_check,
 *	csr_signature_algorithm, csr_proof_of_possession, key_roca, key_fermat
 *
 * Callers add theirs (key_blocklist, key_reuse, ...) with rs_check_add().
 */
#ifndef RS_CSR_H
#define RS_CSR_H

#include "rs/key.h"

/* The most bytes a request may have, in either form. */
#define RS_CSR_MAX (64u << 10)

enum rs_check_result { RS_CHECK_PASS, RS_CHECK_FAIL, RS_CHECK_NOT_APPLICABLE };

struct rs_csr {
	struct rs_bytes der;
	struct rs_bytes spki_der;
	struct rs_key key;
	json_t *subject; /* object of 2.3, as the CSR says; members it cannot hold are left out */
	json_t *san;     /* array of {type, value}, as the CSR says */
	json_t *checks;  /* array of rows; all of them passed or do not apply */
	json_t *ignored; /* array of strings: what is not carried on ("challengePassword", ...) */
};

/*
 * Reads and judges a CSR. Everything in *out is borrowed from the arena. RS_BAD_CSR when a check
 * fails, RS_KEY_BLOCKED when the key is forged to need no private key (RSA with e = 1), RS_TOO_LARGE
 * over RS_CSR_MAX; the error then carries the rows up to the failed one as member "checks".
 * Holds the CPU for up to ~2 ms (RSA-4096): call it on a CPU slot.
 */
enum rs_code rs_csr_parse(struct rs_ctx *ctx, const void *data, size_t len, struct rs_csr **out)
	RS_CHECK;

/* The CSR as PEM with LF, NUL-terminated, in the arena. */
const char *rs_csr_pem(struct rs_ctx *ctx, struct rs_bytes der);

/* Appends one row to an array of checks; detail NULL is null. */
void rs_check_add(json_t *checks, const char *name, enum rs_check_result result,
	const char *detail);

#endif
