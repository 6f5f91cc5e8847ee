/*
 * A trial CA: a root and an issuing CA made in one step, for `reissued ca init`.
 *
 * It exists so that a newcomer and the tests have something to issue with. Both names carry
 * RS_TRIAL_MARK, by which a production start refuses them; nothing trusts the root, and its key is
 * forgotten as soon as the issuing certificate is signed.
 */
#ifndef RS_CA_H
#define RS_CA_H

#include "rs/ctx.h"

/* The organizational unit of every trial CA. */
#define RS_TRIAL_MARK "Trial CA - not trusted"

/* Days a trial CA may live at most. */
#define RS_TRIAL_DAYS_MAX 3650

struct rs_trial_ca {
	const char *dir;       /* made when absent */
	const char *name;      /* the organization of both subjects, at most 64 characters */
	const char *algorithm; /* EC:P-256, EC:P-384, RSA:2048, RSA:3072, RSA:4096 or Ed25519 */
	const char *passphrase; /* of issuing.key; at least 8 characters */
	int days;              /* 1..RS_TRIAL_DAYS_MAX */
};

/*
 * Writes root.crt, issuing.crt, issuing.key (PKCS#8, AES-256-CBC, mode 0600) and chain.pem (issuing,
 * root) into dir, never over existing files. RS_VALIDATION_FAILED with a sentence for people when an
 * option or a file is not acceptable, RS_INTERNAL when OpenSSL fails.
 */
enum rs_code rs_trial_ca_make(struct rs_ctx *ctx, const struct rs_trial_ca *ca) RS_CHECK;

#endif
