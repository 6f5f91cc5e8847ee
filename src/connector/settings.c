/* Settings and secrets of a connector: merged, judged, sealed, opened. */
#include "internal.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/id.h"
#include "rs/keyring.h"

#include <string.h>

#define SECRET_TEXTS_MAX  20 /* members of a secret object */
#define SECRET_NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

static const struct rs_connector_secret_member *find_secret(
	const struct rs_connector_kind *kind, const char *name)
{
	for (const struct rs_connector_secret_member *s = kind->secrets; s && s->name; s++)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

/* Where a secret stands: what it is sealed for. */
static struct rs_seal_place place_of(
	struct rs_ctx *ctx, const struct rs_connector *connector, const char *member)
{
	return (struct rs_seal_place){
		.table = "connector",
		.column = rs_arena_printf(ctx->arena, "secrets.%s", member),
		.row = connector->id.s,
		.enterprise = connector->enterprise_id.s,
	};
}

bool rs_connector_has(const struct rs_connector *connector, const char *member)
{
	return json_is_object(json_object_get(connector->secrets, member));
}

enum rs_code rs_connector_secret(struct rs_ctx *ctx, const struct rs_connector *connector,
	const char *member, struct rs_secret **out)
{
	const json_t *kept = json_object_get(connector->secrets, member);
	const char *kid = json_string_value(json_object_get(kept, "kid"));
	const char *hex = json_string_value(json_object_get(kept, "sealed"));
	struct rs_seal_place place = place_of(ctx, connector, member);

	*out = NULL;
	if (!json_is_object(kept))
		return RS_OK;
	size_t max = hex ? strlen(hex) / 2 : 0;
	unsigned char *sealed = rs_arena_alloc(ctx->arena, max);
	int len = hex ? rs_unhex(hex, sealed, max) : -1;
	if (!kid || len < 0)
		return rs_fail(ctx, RS_INTERNAL, "A secret of a connector cannot be read.");
	return rs_keyring_open(ctx, ctx->keyring, RS_KEY_CONNECTOR, &place, kid,
		(struct rs_bytes){sealed, (size_t)len}, out);
}

static void seal(struct rs_ctx *ctx, struct rs_connector *connector, const char *member,
	const void *plain, size_t len)
{
	struct rs_seal_place place = place_of(ctx, connector, member);
	struct rs_bytes sealed;
	char when[32];

	rs_keyring_seal(ctx, ctx->keyring, RS_KEY_CONNECTOR, &place, plain, len, &sealed);
	char *hex = rs_arena_alloc(ctx->arena, sealed.len * 2 + 1);
	rs_hex(sealed.data, sealed.len, hex);
	rs_time_format(rs_clock_now_us(ctx->app->clock), when);
	json_object_set_new(connector->secrets, member,
		json_pack("{s:s, s:s, s:s}", "kid", rs_keyring_active(ctx->keyring), "sealed",
			hex, "updated_at", when));
}

/* The object of texts as it becomes by the patch; *out is NULL when nothing is left of it. */
static enum rs_code merge_texts(struct rs_ctx *ctx, const struct rs_connector *connector,
	const char *member, json_t *patch, json_t **out)
{
	rs_auto_secret old = NULL;
	json_t *merged = NULL;
	enum rs_code rc = rs_connector_secret(ctx, connector, member, &old);

	if (!rc && old)
		rc = rs_json_parse(ctx, rs_secret_data(old), rs_secret_len(old), &merged);
	if (rc)
		return rc;
	if (!merged)
		merged = rs_arena_json(ctx->arena, json_object());
	rs_json_merge(merged, patch);
	*out = json_object_size(merged) ? merged : NULL;
	return RS_OK;
}

static enum rs_code set_texts(struct rs_ctx *ctx, struct rs_connector *connector,
	const struct rs_connector_secret_member *member, json_t *patch, const char *at)
{
	json_t *merged;
	size_t len;
	enum rs_code rc;

	if (!json_is_object(patch)) {
		rs_fault(ctx, RS_WRONG_TYPE, at, "Must be an object of texts, or null.");
		return RS_OK;
	}
	rc = merge_texts(ctx, connector, member->name, patch, &merged);
	if (rc)
		return rc;
	rs_connector_check_texts(ctx, merged, SECRET_NAME_CHARS, SECRET_TEXTS_MAX, member->max, at);
	if (merged) {
		const char *text = rs_json_canonical(ctx, merged, &len);

		seal(ctx, connector, member->name, text, len);
	} else {
		json_object_del(connector->secrets, member->name);
	}
	return RS_OK;
}

/* One secret that was given: null takes it away. */
static enum rs_code set_secret(struct rs_ctx *ctx, struct rs_connector *connector,
	const struct rs_connector_secret_member *member, json_t *value)
{
	unsigned flags = member->form == RS_SECRET_PEM ? RS_F_PEM : 0;
	struct rs_field fields[] = {{.name = member->name,
					    .type = RS_T_STRING,
					    .flags = flags,
					    .min = 1,
					    .max = member->max},
		RS_FIELD_END};
	const char *text = NULL;
	json_t *alone;

	if (json_is_null(value)) {
		json_object_del(connector->secrets, member->name);
		return RS_OK;
	}
	if (member->form == RS_SECRET_TEXTS)
		return set_texts(
			ctx, connector, member, value, rs_pointer(ctx, "/settings", member->name));
	alone = rs_arena_json(ctx->arena, json_object());
	json_object_set(alone, member->name, value);
	rs_json_read(ctx, alone, "/settings", fields, &text, NULL);
	if (text && member->form == RS_SECRET_PEM && !strstr(text, "PRIVATE KEY-----"))
		rs_fault(ctx, RS_BAD_VALUE, rs_pointer(ctx, "/settings", member->name),
			"A private key in PEM is needed.");
	if (text)
		seal(ctx, connector, member->name, text, strlen(text));
	return RS_OK;
}

/* Takes the secrets out of what was given; the rest is left in *rest. */
static enum rs_code take_secrets(struct rs_ctx *ctx, struct rs_connector *connector,
	const struct rs_connector_kind *kind, json_t *given, json_t *rest)
{
	const char *name;
	json_t *value;
	enum rs_code rc = RS_OK;

	json_object_foreach(given, name, value)
	{
		const struct rs_connector_secret_member *secret = find_secret(kind, name);

		if (!rc && secret)
			rc = set_secret(ctx, connector, secret, value);
		else if (!secret)
			json_object_set(rest, name, value);
	}
	return rc;
}

/* What is stored and shown: the members that have a value. */
static json_t *written(
	struct rs_ctx *ctx, const struct rs_connector_kind *kind, const void *settings)
{
	json_t *out = rs_arena_json(ctx->arena, rs_json_write(kind->fields, settings));
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(out, next, name, value) if (json_is_null(value))
		json_object_del(out, name);
	return out;
}

static void read_settings(
	struct rs_ctx *ctx, const struct rs_connector_kind *kind, json_t *from, void *out)
{
	memset(out, 0, kind->size);
	if (kind->defaults)
		kind->defaults(ctx, out);
	rs_json_read(ctx, from, "/settings", kind->fields, out, NULL);
}

/* A null leaves nothing behind that a reader could refuse. */
static void refuse_unknown_nulls(
	struct rs_ctx *ctx, const struct rs_connector_kind *kind, json_t *patch)
{
	const struct rs_field *field;
	const char *name;
	json_t *value;

	json_object_foreach(patch, name, value)
	{
		for (field = kind->fields; field->name && strcmp(field->name, name) != 0; field++)
			;
		if (json_is_null(value) && !field->name)
			rs_fault(ctx, RS_UNKNOWN_MEMBER, rs_pointer(ctx, "/settings", name),
				"This member is not known here.");
	}
}

enum rs_code rs_connector_apply(struct rs_ctx *ctx, struct rs_connector *connector, json_t *given)
{
	const struct rs_connector_kind *kind = rs_connector_kind(connector->kind);
	json_t *merged = rs_arena_json(ctx->arena,
		connector->settings ? json_deep_copy(connector->settings) : json_object());
	json_t *patch = rs_arena_json(ctx->arena, json_object());
	void *settings = rs_arena_alloc(ctx->arena, kind->size);
	enum rs_code rc;

	connector->secrets = rs_arena_json(ctx->arena,
		connector->secrets ? json_deep_copy(connector->secrets) : json_object());
	rc = take_secrets(ctx, connector, kind, given, patch);
	if (rc)
		return rc;
	refuse_unknown_nulls(ctx, kind, patch);
	rs_json_merge(merged, patch);
	read_settings(ctx, kind, merged, settings);
	rc = rs_faults(ctx); /* what has faults is not judged further */
	if (!rc && kind->check)
		rc = kind->check(ctx, connector, settings);
	connector->settings = written(ctx, kind, settings);
	return rc;
}

enum rs_code rs_connector_settings(
	struct rs_ctx *ctx, const struct rs_connector *connector, void *out)
{
	const struct rs_connector_kind *kind = rs_connector_kind(connector->kind);

	if (!kind)
		return rs_fail(ctx, RS_METHOD_NOT_CONFIGURED,
			"The kind of this connector is not known here.");
	read_settings(ctx, kind, connector->settings, out);
	if (rs_faults(ctx) == RS_OK)
		return RS_OK;
	rs_err_reset(&ctx->err);
	return rs_fail(ctx, RS_METHOD_NOT_CONFIGURED,
		"The settings of the connector %s are not complete any more.", connector->name);
}
