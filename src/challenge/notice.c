/* What a user is told by mail about its own factors: what was passed, locked or changed. */
#include "internal.h"

#include "rs/log.h"
#include "rs/mail.h"

#define DAY_US (86400 * RS_SECOND_US)

enum rs_code rs_account_reachable(
	struct rs_ctx *ctx, const struct rs_id *enterprise, const char **to)
{
	enum rs_code rc = rs_mail_address(*to) ? rs_mail_ready(ctx, enterprise)
					       : RS_METHOD_NOT_CONFIGURED;

	if (rc != RS_METHOD_NOT_CONFIGURED)
		return rc;
	rs_err_reset(&ctx->err);
	*to = NULL;
	return RS_OK;
}

enum rs_code rs_account_notice(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *enterprise,
	const struct rs_id *user, const char *to, const char *happened)
{
	const struct rs_mail mail = {
		.enterprise = *enterprise,
		.purpose = "account",
		.object = *user,
		.to = to,
		.text = {
			.subject = "About the security of your account",
			.before = happened,
			.after = "If this was not you, tell your administrator at once.",
		},
		.give_up_at = rs_clock_now_us(ctx->app->clock) + DAY_US,
	};
	struct rs_id id;

	return rs_mail_put(ctx, tx, &mail, &id);
}

struct telling {
	const struct rs_challenge *c;
	const char *to, *happened;
};

static enum rs_code tell(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct telling *t = arg;

	return rs_account_notice(
		ctx, tx, &t->c->enterprise_id, &t->c->user_id, t->to, t->happened);
}

void rs_challenge_tell(struct rs_ctx *ctx, const struct rs_challenge *c, const char *happened)
{
	struct rs_subject subject = {0};
	struct telling t = {.c = c};
	struct rs_err kept = ctx->err;
	enum rs_code rc;

	ctx->err = (struct rs_err){0};
	rc = rs_subject_load(ctx, &c->user_id, &subject);
	t.to = subject.email;
	if (!rc)
		rc = rs_account_reachable(ctx, &c->enterprise_id, &t.to);
	if (!rc && t.to) {
		t.happened = rs_arena_printf(ctx->arena, "%s: the %s.", happened, c->summary);
		rc = rs_tx_use(ctx, RS_REACH_CALLER, tell, &t);
	}
	if (rc)
		rs_log(ctx, RS_LOG_WARN, "challenge.notice_failed", rs_log_str(OBJECT, c->id.s),
			rs_log_str(CODE, rs_code_slug(rc)));
	rs_err_reset(&ctx->err);
	ctx->err = kept;
}
