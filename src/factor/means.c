#include "means.h"

#include "rs/audit.h"
#include "rs/id.h"
#include "rs/permission.h"

enum rs_code rs_means_demand(
	struct rs_ctx *ctx, const struct rs_id *challenge, struct rs_subject *subject)
{
	json_t *options;
	bool guarded;
	enum rs_code rc;

	if (ctx->actor.kind != RS_ACTOR_USER)
		return rs_fail(ctx, RS_FORBIDDEN,
			"A client has no account of its own; sign in as a user.");
	rc = rs_may_act(ctx, "me.write", NULL, NULL);
	if (!rc)
		rc = rs_subject_load(ctx, &ctx->actor.id, subject);
	if (!rc)
		rc = rs_factor_account_options(ctx, subject, &options, &guarded);
	if (rc)
		return rc;
	if (guarded || rs_id_set(challenge))
		return rs_challenge_demand(ctx, "account", &ctx->actor.id, challenge, options);
	if (!ctx->actor.session)
		return rs_fail(ctx, RS_SESSION_REQUIRED,
			"The first means of an account is enrolled with a session, not with an API "
			"token.");
	return RS_OK;
}

enum rs_code rs_means_redeem(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *challenge)
{
	if (!rs_id_set(challenge))
		return RS_OK;
	return rs_challenge_redeem(ctx, tx, "account", &ctx->actor.id, challenge);
}

enum rs_code rs_means_on_record(
	struct rs_ctx *ctx, struct rs_tx *tx, const char *action, const char *kind)
{
	const struct rs_event event = {
		.action = action,
		.object_type = "user",
		.object = ctx->actor.id,
		.detail = kind,
	};

	return rs_audit(ctx, tx, &event);
}
