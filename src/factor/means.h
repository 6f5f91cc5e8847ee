/* What every change of a user's own means asks, and leaves on record. */
#ifndef FACTOR_MEANS_H
#define FACTOR_MEANS_H

#include "rs/factor.h"

/*
 * Loads the caller and demands a passed challenge (operation account) on a means that it has
 * already. Whoever has none - no app, no number, and no mail relay to reach the address by - begins
 * with the password it has just signed in with: a session, not an API token. A means that is too new
 * or cannot be reached now is one all the same: until it can be asked nothing is changed.
 * RS_SECOND_FACTOR_REQUIRED, RS_SESSION_REQUIRED, RS_FORBIDDEN for a client.
 */
enum rs_code rs_means_demand(
	struct rs_ctx *ctx, const struct rs_id *challenge, struct rs_subject *subject) RS_CHECK;
/* Consumes the challenge inside the transaction of the change; an unset one was not demanded. */
enum rs_code rs_means_redeem(
	struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *challenge) RS_CHECK;
/* The event of a change of the caller's own; kind: totp, mobile. */
enum rs_code rs_means_on_record(
	struct rs_ctx *ctx, struct rs_tx *tx, const char *action, const char *kind) RS_CHECK;

#endif
