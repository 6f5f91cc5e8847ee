/* Revocation, suspension, change of owner: one transaction each, the row locked first. */
#include "rs/certificate.h"

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/challenge.h"
#include "rs/clock.h"
#include "rs/id.h"
#include "rs/idempotency.h"
#include "rs/permission.h"

#include <string.h>

#define KEY_COMPROMISE "keyCompromise"

static const char *const REASONS[] = {"unspecified", KEY_COMPROMISE, "affiliationChanged",
	"superseded", "cessationOfOperation", "privilegeWithdrawn", NULL};

static bool is(const char *text, const char *word)
{
	return text && strcmp(text, word) == 0;
}

static enum rs_code audit(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_certificate *c,
	const char *action, const char *to, const char *detail)
{
	struct rs_event event = {
		.action = action,
		.object_type = "certificate",
		.object = c->id,
		.enterprise = c->enterprise_id,
		.from = c->status,
		.to = to,
		.detail = detail,
	};

	return rs_audit(ctx, tx, &event);
}

/* Nobody certifies this key again, in no enterprise. */
static enum rs_code block_key(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_certificate *c)
{
	struct rs_params p = rs_params(ctx);

	rs_p_bytes(&p, c->spki_sha256.data, c->spki_sha256.len);
	rs_p_text(&p, KEY_COMPROMISE);
	rs_p_text(&p, c->id.s);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	return rs_tx_run(ctx, tx, RS_Q_blocked_key_add, &p, NULL);
}

/* The row is locked and read. */
static enum rs_code revoke_locked(struct rs_ctx *ctx, struct rs_tx *tx,
	const struct rs_certificate *c, const char *reason, int64_t invalidity_date)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	if (is(c->status, "revoked") && is(c->revocation_reason, reason))
		return RS_OK;
	if (is(c->status, "revoked") && !is(reason, KEY_COMPROMISE)) {
		rc = rs_fail(ctx, RS_ALREADY_REVOKED, "The certificate is revoked with the reason %s. "
			"Only keyCompromise may still replace that.", c->revocation_reason);
		rs_err_ext(ctx, "current_status", json_string(c->status));
		return rc;
	}
	rs_p_id(&p, &c->id);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rs_p_text(&p, reason);
	rs_p_time(&p, invalidity_date);
	rc = rs_tx_one(ctx, tx, RS_Q_certificate_revoke, &p, &rows);
	if (!rc && is(reason, KEY_COMPROMISE))
		rc = block_key(ctx, tx, c);
	return rc ? rc : audit(ctx, tx, c, "certificate.revoked", "revoked", reason);
}

enum rs_code rs_certificate_revoke_tx(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *id,
	const char *reason, int64_t invalidity_date)
{
	struct rs_certificate c;
	bool known = false;
	enum rs_code rc;

	for (int i = 0; REASONS[i]; i++)
		known = known || is(reason, REASONS[i]);
	if (!known)
		return rs_fail(ctx, RS_BAD_VALUE, "This is no reason for a revocation.");
	rc = rs_certificate_load(ctx, tx, id, true, &c);
	return rc ? rc : revoke_locked(ctx, tx, &c, reason, invalidity_date);
}

/* --- what callers do --- */

struct change {
	const struct rs_id *id;
	int64_t revision;
	const char *reason;
	int64_t invalidity_date;
	const struct rs_id *owner;
	const struct rs_id *challenge; /* a passed second factor, or "" */
	bool factor;                   /* one is asked for */
	struct rs_certificate seen; /* as it was judged, before the transaction */
};

/* Who may is asked before the transaction: a refusal leaves a trace of its own. */
static enum rs_code look(struct rs_ctx *ctx, struct change *change, const char *permission)
{
	enum rs_code rc = rs_certificate_get(ctx, change->id, &change->seen);

	return rc ? rc : rs_may_act(ctx, permission, &change->seen.owner_id,
		&change->seen.enterprise_id);
}

/* The locked row, in the revision the caller expects; marks the Idempotency-Key's effect. */
static enum rs_code lock(struct rs_ctx *ctx, struct rs_tx *tx, const struct change *change,
	struct rs_certificate *out)
{
	enum rs_code rc = rs_certificate_load(ctx, tx, change->id, true, out);

	if (!rc && change->revision >= 0 && change->revision != out->revision)
		rc = rs_fail(ctx, RS_PRECONDITION_FAILED,
			"The certificate has changed since you read it. Read it again.");
	return rc ? rc : rs_idem_effect(ctx, tx, "certificate", change->id);
}

/* Officers alone withdraw privileges; a factor is asked for where the profile says so. */
static enum rs_code may_revoke(struct rs_ctx *ctx, struct change *change)
{
	const struct rs_profile *profile;
	enum rs_code rc;

	if (is(change->reason, "privilegeWithdrawn") && ctx->actor.role != RS_ROLE_OFFICER &&
		ctx->actor.role != RS_ROLE_ADMIN)
		return rs_fail(ctx, RS_FORBIDDEN, "privilegeWithdrawn is the officers' reason.");
	if (is(change->reason, KEY_COMPROMISE))
		return RS_OK;
	rc = rs_profile_get(
		ctx, &change->seen.profile_id, change->seen.profile_revision, &profile);
	change->factor = !rc && json_array_size(rs_profile_factors(profile, "revoke")) > 0;
	/* Nothing is revoked twice: that is told, or is so already, without a factor. */
	if (!change->factor || is(change->seen.status, "revoked"))
		return rc;
	return rs_challenge_demand(ctx, "revoke", change->id, change->challenge,
		rs_profile_factors(profile, "revoke"));
}

static enum rs_code revoke(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct change *change = arg;
	struct rs_certificate c;
	enum rs_code rc = lock(ctx, tx, change, &c);

	if (!rc && change->factor && !is(c.status, "revoked"))
		rc = rs_challenge_redeem(ctx, tx, "revoke", change->id, change->challenge);
	return rc ? rc : revoke_locked(ctx, tx, &c, change->reason, change->invalidity_date);
}

enum rs_code rs_certificate_revoke(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	const char *reason, int64_t invalidity_date, const struct rs_id *challenge)
{
	struct change change = {.id = id, .revision = revision, .reason = reason,
		.invalidity_date = invalidity_date, .challenge = challenge};
	enum rs_code rc = look(ctx, &change, "certificate.revoke");

	if (!rc && invalidity_date > rs_clock_now_us(ctx->app->clock)) {
		rs_fault(ctx, RS_OUT_OF_RANGE, "/invalidity_date", "This date lies in the future.");
		rc = rs_faults(ctx);
	}
	if (!rc)
		rc = may_revoke(ctx, &change);
	return rc ? rc : rs_tx_use(ctx, RS_REACH_CALLER, revoke, &change);
}

/* Suspends what is issued and releases what is suspended, if that is still so. */
static enum rs_code set_status(struct rs_ctx *ctx, struct rs_tx *tx, const struct change *change,
	const char *status, const char *action)
{
	struct rs_params p = rs_params(ctx);
	struct rs_certificate c;
	struct rs_rows *rows;
	enum rs_code rc = lock(ctx, tx, change, &c);

	if (!rc && !is(c.status, change->seen.status))
		rc = rs_fail(ctx, RS_CONFLICT, "The certificate has changed meanwhile. Read it again.");
	if (rc)
		return rc;
	rs_p_id(&p, &c.id);
	rs_p_text(&p, status);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_tx_one(ctx, tx, RS_Q_certificate_set_status, &p, &rows);
	return rc ? rc : audit(ctx, tx, &c, action, status, NULL);
}

static enum rs_code suspend(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	return set_status(ctx, tx, arg, "suspended", "certificate.suspended");
}

enum rs_code rs_certificate_suspend(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision)
{
	struct change change = {.id = id, .revision = revision};
	enum rs_code rc = look(ctx, &change, "certificate.suspend");

	if (!rc)
		rc = rs_certificate_may(ctx, &change.seen, "suspend");
	return rc ? rc : rs_tx_use(ctx, RS_REACH_CALLER, suspend, &change);
}

static enum rs_code release(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	return set_status(ctx, tx, arg, "issued", "certificate.released");
}

enum rs_code rs_certificate_release(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision)
{
	struct change change = {.id = id, .revision = revision};
	enum rs_code rc = look(ctx, &change, "certificate.release");

	if (!rc)
		rc = rs_certificate_may(ctx, &change.seen, "release");
	return rc ? rc : rs_tx_use(ctx, RS_REACH_CALLER, release, &change);
}

/* --- another owner --- */

static enum rs_code cancel_requests(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *id,
	const struct rs_id *enterprise)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, id);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_tx_run(ctx, tx, RS_Q_certificate_cancel_requests, &p, &rows);
	for (int i = 0; !rc && i < rs_rows_count(rows); i++) {
		struct rs_event event = {
			.action = "reissue_request.cancelled",
			.object_type = "reissue_request",
			.enterprise = *enterprise,
			.from = rs_row_text(rows, i, "status"),
			.to = "cancelled",
			.detail = "The certificate got another owner.",
		};

		if (rs_id_parse(rs_row_text(rows, i, "id"), &event.object))
			rc = rs_audit(ctx, tx, &event);
	}
	return rc;
}

/* Locks requests before the certificate, as everybody does. */
static enum rs_code change_owner(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct change *change = arg;
	struct rs_params p = rs_params(ctx);
	struct rs_certificate c;
	struct rs_rows *rows;
	enum rs_code rc = cancel_requests(ctx, tx, change->id, &change->seen.enterprise_id);

	if (!rc)
		rc = lock(ctx, tx, change, &c);
	if (!rc && rs_id_set(&c.open_request_id))
		rc = rs_fail(ctx, RS_WRONG_STATE, "A certificate is being issued for an open request. "
			"Try again in a moment.");
	if (rc)
		return rc;
	rs_p_id(&p, &c.id);
	rs_p_id(&p, change->owner);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_tx_one(ctx, tx, RS_Q_certificate_set_owner, &p, &rows);
	return rc ? rc : audit(ctx, tx, &c, "certificate.owner_changed", NULL, change->owner->s);
}

enum rs_code rs_certificate_change_owner(struct rs_ctx *ctx, const struct rs_id *id,
	int64_t revision, const struct rs_id *owner)
{
	struct change change = {.id = id, .revision = revision, .owner = owner};
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc = look(ctx, &change, "certificate.change_owner");

	if (rc)
		return rc;
	rs_p_id(&p, owner);
	rs_p_id(&p, &change.seen.enterprise_id);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_certificate_owner_of, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0) {
		rs_fault(ctx, RS_BAD_VALUE, "/owner_id", "There is no such user in the enterprise.");
		rc = rs_faults(ctx);
	}
	if (!rc && rs_id_eq(&change.seen.owner_id, owner))
		return RS_OK;
	return rc ? rc : rs_tx_use(ctx, RS_REACH_CALLER, change_owner, &change);
}
