/*
 * Who is calling, and who may call at all.
 *
 * Enterprises hold users and clients; users log in with a password and get a session, or make API
 * tokens from one; clients get tokens by OAuth2 client credentials (RFC 6749, 4.4); an external
 * issuer's JWT stands for the user whose identity was linked beforehand. Whatever way was taken,
 * rs_identity_authenticate() turns the bearer token into ctx->actor in one round trip, and reads
 * status, role and reach afresh each time: what an admin changes holds with the next request, on
 * every replica.
 *
 * Opaque tokens are "rsd_", 43 base62 characters (256 bit) and 6 base62 characters of CRC-32. The
 * checksum is tested first, so a mistyped token never costs a query. Only SHA-256 of a token is
 * stored; the token itself is shown once.
 */
#ifndef RS_IDENTITY_H
#define RS_IDENTITY_H

#include "rs/ctx.h"
#include "rs/list.h"
#include "rs/permission.h"
#include "rs/secret.h"
#include "rs/store.h"

#define RS_TOKEN_LEN 53 /* characters of an opaque token, without the NUL */
#define RS_SESSION_IDLE_S 1800
#define RS_SESSION_MAX_S 28800
#define RS_CLIENT_TOKEN_S 3600

/*
 * Fills ctx->actor from a bearer token (the bare token, any bytes). RS_UNAUTHENTICATED with one and
 * the same text whatever was wrong: malformed, unknown, expired, revoked, its user blocked or
 * restricted, its enterprise suspended, or a JWT that does not hold. RS_RATE_LIMITED when an
 * address guesses too often, RS_UNAVAILABLE without the database.
 */
enum rs_code rs_identity_authenticate(struct rs_ctx *ctx, const char *bearer) RS_CHECK;

#endif
