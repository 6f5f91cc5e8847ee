/*
 * The claims of an external access token (RFC 7519): judged without network, database or clock, so
 * that every hostile variant can be tried by a unit test.
 */
#ifndef RS_IDENTITY_JWT_H
#define RS_IDENTITY_JWT_H

#include "rs/jose.h"

/* What an identity is linked by: (iss, sub), for Entra (tid, oid). */
struct rs_jwt_subject {
	const char *issuer;
	const char *subject;
};

/* The iss claim, or NULL. */
const char *rs_jwt_issuer(const struct rs_jws *jws);
/*
 * Whether the claims hold at now_s (seconds since 1970): typ, exp (needed), nbf, iat, aud, and for
 * kind "entra" ver. True with *out filled; false with *why for the log.
 */
bool rs_jwt_judge(const struct rs_jws *jws, const char *kind, const char *audience, int64_t now_s,
	struct rs_jwt_subject *out, const char **why);

#endif
