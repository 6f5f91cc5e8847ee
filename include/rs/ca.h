/*
 * Making and taking a CA, for `reissued ca`.
 *
 * `init` makes a root and an issuing CA for trials, both marked in their subject as not trusted;
 * production refuses to load them. A real CA begins with `csr`: a key here, a request for whoever
 * runs the root; what they send back is checked with `import`. Nothing is ever overwritten.
 */
#ifndef RS_CA_H
#define RS_CA_H

#include "rs/issuer.h"

struct rs_ca_spec {
	const char *dir;             /* made when absent (0700) */
	const char *name;            /* common name */
	enum rs_key_kind kind;
	int64_t days;                /* init: how long both are valid */
	const char *passphrase_file; /* what the keys are encrypted under */
	bool keep_root_key;          /* init: else the root's key is thrown away */
	int64_t now;                 /* seconds */
};

/*
 * Writes root.crt, issuing.crt, chain.pem (issuing, root) and issuing.key (0600) into dir, and
 * root.key when it is kept. RS_ALREADY_EXISTS, RS_ISSUER_UNAVAILABLE.
 */
enum rs_code rs_ca_init(struct rs_ctx *ctx, const struct rs_ca_spec *spec) RS_CHECK;
/* Writes issuing.key (0600) and issuing.csr into dir. The same codes. */
enum rs_code rs_ca_csr(struct rs_ctx *ctx, const struct rs_ca_spec *spec) RS_CHECK;
/* Whether certificate, chain and key fit each other and can issue at now (seconds). */
enum rs_code rs_ca_check(struct rs_ctx *ctx, const struct rs_config_issuer *config, int64_t now)
	RS_CHECK;

#endif
