/* One event: its members, their canonical bytes, the MAC over them. */
#include "rs/audit.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/id.h"
#include "rs/keyring.h"
#include "rs/log.h"

#include <string.h>

/* How long an event of a refusal may hold up the answer. */
#define DENIED_MS 2000

const char *const rs_audit_actions[] = {
#define RS_AUDIT_ACTION(name, about) name,
#include "actions.def"
#undef RS_AUDIT_ACTION
	NULL,
};

static json_t *text_or_null(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

static json_t *known_action(const char *action)
{
	for (const char *const *a = rs_audit_actions; *a; a++)
		if (strcmp(*a, action) == 0)
			return json_string(action);
	return json_null(); /* NOT NULL refuses it */
}

static const char *actor_kind(enum rs_actor_kind kind)
{
	static const char *const names[] = {
		[RS_ACTOR_NONE] = "anonymous",
		[RS_ACTOR_USER] = "user",
		[RS_ACTOR_CLIENT] = "client",
		[RS_ACTOR_SYSTEM] = "system",
	};

	return names[kind];
}

/* Microseconds matter here: the column must give the canonical text back. */
static json_t *time_text(struct rs_ctx *ctx, int64_t us)
{
	char text[32];

	rs_time_format(us, text);
	return json_string(rs_arena_printf(ctx->arena, "%.19s.%06dZ", text, (int)(us % 1000000)));
}

static json_t *digest_text(const unsigned char *digest)
{
	char hex[65];

	if (!digest)
		return json_null();
	rs_hex(digest, 32, hex);
	return json_string(hex);
}

static json_t *value_or_null(json_t *value)
{
	return value ? json_incref(value) : json_null();
}

/* Every column that is not made from the others. */
static json_t *members(struct rs_ctx *ctx, const struct rs_event *event, const char *outcome,
	const char *code)
{
	int64_t now = rs_clock_now_us(ctx->app->clock);
	struct rs_id id = rs_id_new(now);
	const struct rs_actor *actor = &ctx->actor;
	const struct rs_id *enterprise =
		rs_id_set(&event->enterprise) ? &event->enterprise : &actor->enterprise;
	const struct {
		const char *name;
		json_t *value;
	} table[] = {
		{"id", json_string(id.s)},
		{"at", time_text(ctx, now)},
		{"enterprise_id", text_or_null(enterprise->s)},
		{"actor_kind", json_string(actor_kind(actor->kind))},
		{"actor_id", text_or_null(actor->id.s)},
		{"actor_name", text_or_null(actor->name)},
		{"action", known_action(event->action)},
		{"outcome", json_string(outcome)},
		{"code", text_or_null(code)},
		{"object_type", text_or_null(event->object_type)},
		{"object_id", text_or_null(event->object.s)},
		{"digest", digest_text(event->digest)},
		{"from_state", text_or_null(event->from)},
		{"to_state", text_or_null(event->to)},
		{"before", value_or_null(event->before)},
		{"after", value_or_null(event->after)},
		{"detail", text_or_null(event->detail)},
		{"address", text_or_null(ctx->address)},
		{"user_agent", text_or_null(ctx->user_agent)},
		{"request_id", text_or_null(ctx->request_id)},
	};
	json_t *row = rs_arena_json(ctx->arena, json_object());

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		json_object_set_new(row, table[i].name, table[i].value);
	return row;
}

static json_t *sealed(struct rs_ctx *ctx, const struct rs_event *event, const char *outcome,
	const char *code)
{
	json_t *row = members(ctx, event, outcome, code);
	char hex[2 * RS_MAC_LEN + 1];
	struct rs_mac mac;
	size_t len;
	const char *canonical = rs_json_canonical(ctx, row, &len);

	rs_keyring_mac(ctx->keyring, RS_KEY_AUDIT_MAC, canonical, len, &mac);
	rs_hex(mac.mac, sizeof mac.mac, hex);
	json_object_set_new(row, "canonical", json_stringn(canonical, len));
	json_object_set_new(row, "row_mac", json_string(hex));
	json_object_set_new(row, "mac_kid", json_string(mac.kid));
	return row;
}

json_t *rs_audit_row(struct rs_ctx *ctx, const struct rs_event *event)
{
	return sealed(ctx, event, "done", NULL);
}

enum rs_code rs_audit(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_event *event)
{
	struct rs_params p = rs_params(ctx);

	rs_p_json(&p, rs_audit_row(ctx, event));
	return rs_tx_run(ctx, tx, RS_Q_audit_insert, &p, NULL);
}

/* Refused because of who asked, or because it could not be done. */
static const char *outcome_of(enum rs_code why)
{
	switch (why) {
	case RS_UNAUTHENTICATED:
	case RS_LOGIN_FAILED:
	case RS_SECOND_FACTOR_REQUIRED:
	case RS_FORBIDDEN:
	case RS_INSUFFICIENT_SCOPE:
	case RS_SELF_APPROVAL:
	case RS_NOT_FOUND:
	case RS_RATE_LIMITED:
		return "denied";
	default:
		return "failed";
	}
}

void rs_audit_denied(struct rs_ctx *ctx, const struct rs_event *event, enum rs_code why)
{
	struct rs_ctx own = *ctx;
	struct rs_params p = rs_params(&own);
	int64_t latest = rs_clock_mono_ms() + DENIED_MS;

	memset(&own.err, 0, sizeof own.err);
	if (!own.deadline_ms || own.deadline_ms > latest)
		own.deadline_ms = latest;
	rs_p_json(&p, sealed(&own, event, outcome_of(why), rs_code_slug(why)));
	if (rs_read(&own, RS_REACH_JOB, RS_Q_audit_insert, &p, NULL) != RS_OK)
		rs_log(ctx, RS_LOG_ERROR, "audit.lost", rs_log_str(DETAIL, event->action),
			rs_log_str(CODE, rs_code_slug(why)), rs_log_str(CAUSE, own.err.cause));
	rs_err_reset(&own.err);
}
