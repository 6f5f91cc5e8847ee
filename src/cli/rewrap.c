#include "rewrap.h"

#include "kids.h"

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/failpoint.h"
#include "rs/keyring.h"
#include "rs/log.h"
#include "rs/store.h"

#include <stdio.h>
#include <string.h>

/* A sealed value, where it stands and what it is sealed for. */
struct value {
	const char *relation, *member, *row, *kid;
	struct rs_id enterprise;
	struct rs_bytes sealed;
};

#define V(member, kind) RS_FIELD(struct value, member, kind)
static const struct rs_field ROW[] = {
	V(relation, RS_T_STRING),
	V(member, RS_T_STRING),
	V(row, RS_T_STRING),
	V(kid, RS_T_STRING),
	V(enterprise, RS_T_ID),
	V(sealed, RS_T_BYTES),
	RS_FIELD_END,
};

static enum rs_code seal_anew(struct rs_ctx *ctx, enum rs_key_label label,
	const struct value *value, struct rs_bytes *out)
{
	const struct rs_seal_place place = {
		value->relation, value->member, value->row, value->enterprise.s};
	rs_auto_secret plain = NULL;
	enum rs_code rc = rs_keyring_open(
		ctx, ctx->keyring, label, &place, value->kid, value->sealed, &plain);

	if (!rc)
		rs_keyring_seal(ctx, ctx->keyring, label, &place, rs_secret_data(plain),
			rs_secret_len(plain), out);
	return rc;
}

/*
 * One value. What cannot be opened stays as it is and is told, what somebody has changed meanwhile
 * is his; only the database ends all of it.
 */
static enum rs_code renew(struct rs_ctx *ctx, enum rs_key_label label, const struct value *value,
	struct rs_rewrapped *out)
{
	struct rs_params p = rs_params(ctx);
	struct rs_bytes fresh;
	struct rs_rows *rows;
	enum rs_code rc = seal_anew(ctx, label, value, &fresh);

	if (rc) {
		rs_log(ctx, RS_LOG_ERROR, "keyring.unreadable", rs_log_str(OBJECT, value->row),
			rs_log_str(SOURCE, value->relation), rs_log_str(KEY, value->kid));
		rs_err_reset(&ctx->err);
		out->unreadable++;
		return RS_OK;
	}
	rs_p_text(&p, value->relation);
	rs_p_text(&p, value->member);
	rs_p_text(&p, value->row);
	rs_p_bytes(&p, value->sealed.data, value->sealed.len);
	rs_p_bytes(&p, fresh.data, fresh.len);
	rs_p_text(&p, rs_keyring_active(ctx->keyring));
	if (rs_failpoint("before_renew"))
		return rs_fail(ctx, RS_INTERNAL, "Something went wrong on our side.");
	rc = rs_read(ctx, RS_REACH_JOB, RS_Q_sealed_renew, &p, &rows);
	if (!rc && rs_rows_count(rows) > 0)
		out->renewed++;
	return rc;
}

/* The values of the next rows after `after`, which becomes the last of them; *count of them. */
static enum rs_code portion(struct rs_ctx *ctx, const struct rs_kid_place *place,
	struct rs_id *after, struct rs_rewrapped *out, int *count)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_text(&p, rs_keyring_active(ctx->keyring));
	rs_p_text(&p, place->relation);
	rs_p_id(&p, after);
	rc = rs_read(ctx, RS_REACH_JOB, RS_Q_sealed_under_others, &p, &rows);
	*count = rc ? 0 : rs_rows_count(rows);
	for (int i = 0; !rc && i < *count; i++) {
		struct value value = {0};

		rc = rs_row_read(ctx, rows, i, ROW, &value);
		if (!rc)
			rc = renew(ctx, place->label, &value, out);
		if (!rc && strcmp(value.row, after->s) > 0)
			snprintf(after->s, sizeof(after->s), "%s", value.row);
	}
	return rc;
}

static enum rs_code renew_all(
	struct rs_ctx *ctx, const struct rs_kid_place *place, struct rs_rewrapped *out)
{
	struct rs_id after = {"00000000-0000-0000-0000-000000000000"};
	enum rs_code rc = RS_OK;
	int count = 1;

	while (!rc && count) {
		struct rs_ctx own; /* so that its memory is that of a portion */

		rs_ctx_init_system(&own, ctx->app, "keyring rewrap");
		rc = portion(&own, place, &after, out, &count);
		if (rc) {
			(void)rs_fail(ctx, rc, "%s", own.err.detail);
			rs_err_cause(ctx, "%s", own.err.cause);
		}
		rs_ctx_end(&own);
	}
	return rc;
}

/* Counted at the end: a process that still holds the older file writes under the older key. */
static enum rs_code count_left(
	struct rs_ctx *ctx, const struct rs_kid_place *place, struct rs_rewrapped *out)
{
	struct rs_rows *rows;
	enum rs_code rc = rs_kid_uses(ctx, place, &rows);

	for (int i = 0; !rc && i < rs_rows_count(rows); i++)
		if (strcmp(rs_row_text(rows, i, "kid"), rs_keyring_active(ctx->keyring)) != 0)
			out->left += rs_row_int(rows, i, "uses");
	return rc;
}

static enum rs_code on_record(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct rs_rewrapped *done = arg;
	const struct rs_event event = {
		.action = "keyring.rewrapped",
		.object_type = "keyring",
		.detail = rs_arena_printf(ctx->arena, "%s: %lld renewed, %lld left",
			rs_keyring_active(ctx->keyring), (long long)done->renewed,
			(long long)done->left),
	};

	return rs_audit(ctx, tx, &event);
}

enum rs_code rs_rewrap(struct rs_ctx *ctx, struct rs_rewrapped *out)
{
	enum rs_code rc = rs_keyring_verify_store(ctx, ctx->keyring);

	*out = (struct rs_rewrapped){0};
	for (size_t i = 0; !rc && i < rs_kid_place_count(); i++) {
		const struct rs_kid_place *place = rs_kid_place(i);

		if (place->fate != RS_KID_RENEWED)
			continue;
		rc = renew_all(ctx, place, out);
		if (!rc)
			rc = count_left(ctx, place, out);
	}
	if (!rc && out->renewed + out->left > 0)
		rc = rs_tx_use(ctx, RS_REACH_JOB, on_record, out);
	return rc;
}
