/*
 * Passwords: Argon2id (RFC 9106) with the second recommended cost, lowered to what OWASP takes for
 * enough, since two slots a core may run at once: 19 MiB, two passes, one lane.
 */
#include "internal.h"

#include "rs/cpu.h"

#include <argon2.h>
#include <string.h>

#define PASSES	 2
#define MEMORY	 19456 /* KiB */
#define LANES	 1
#define SALT_LEN 16
#define HASH_LEN 32

/* The hash of nobody's password, of the same cost as ours. Nothing known hashes to it. */
static const char DUMMY[] = "$argon2id$v=19$m=19456,t=2,p=1$cmVpc3N1ZWQgbm9ib2R5cw"
			    "$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

enum rs_code rs_password_hash(struct rs_ctx *ctx, const char *password, const char **phc)
{
	unsigned char salt[SALT_LEN];
	rs_auto_cpu slot = NULL;
	enum rs_code rc = rs_cpu_take(ctx, &slot);
	if (rc != RS_OK)
		return rc;
	char *text = rs_arena_alloc(ctx->arena, RS_PASSWORD_PHC_MAX);
	rs_random(salt, sizeof(salt));
	int why = argon2id_hash_encoded(PASSES, MEMORY, LANES, password, strlen(password), salt,
		sizeof(salt), HASH_LEN, text, RS_PASSWORD_PHC_MAX);
	if (why != ARGON2_OK) {
		rs_fail(ctx, RS_INTERNAL, "Something went wrong on our side.");
		rs_err_cause(ctx, "argon2id: %s", argon2_error_message(why));
		return RS_INTERNAL;
	}
	*phc = text;
	return RS_OK;
}

enum rs_code rs_password_verify(
	struct rs_ctx *ctx, const char *password, const char *phc, bool *right)
{
	rs_auto_cpu slot = NULL;
	enum rs_code rc = rs_cpu_take(ctx, &slot);
	*right = false;
	if (rc != RS_OK)
		return rc;
	int why = argon2id_verify(phc ? phc : DUMMY, password, strlen(password));
	*right = why == ARGON2_OK && phc;
	if (why == ARGON2_OK || why == ARGON2_VERIFY_MISMATCH)
		return RS_OK;
	rs_fail(ctx, RS_INTERNAL, "Something went wrong on our side.");
	rs_err_cause(ctx, "argon2id: %s", argon2_error_message(why));
	return RS_INTERNAL;
}
