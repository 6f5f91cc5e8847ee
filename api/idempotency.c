/* Idempotency-Key on the HTTP side: claim, run or replay, store or free. */
#include "handlers.h"
#include "http.h"

#include "rs/idempotency.h"

#include <string.h>

/* Headers that are part of an answer and come back with it. */
static const char *const KEPT_HEADERS[] = {"Location", "ETag", "Link", NULL};

/*
 * Renders an object whose effect a crash cut off from its answer, one row for each object type that
 * POST routes make or change.
 */
static const struct renderer {
	const char *type;
	enum rs_code (*render)(struct rs_call *call, int status, const struct rs_id *id);
} RENDERERS[] = {
#define RS_RENDERER(type, function) {type, function},
#include "renderers.def"
#undef RS_RENDERER
	{NULL, NULL},
};

static enum rs_code shown(struct rs_exchange *x, enum rs_code rc)
{
	if (rc == RS_OK)
		rs_reply_header(&x->call, "Idempotent-Replayed", "true");
	return rc;
}

static enum rs_code render_effect(struct rs_exchange *x)
{
	const struct rs_idem *idem = x->ctx.idem;
	bool secret = x->call.route->flags & RS_ROUTE_SECRET;
	int status = x->call.route->flags & RS_ROUTE_CREATES ? 201 : 200;
	for (const struct renderer *r = RENDERERS; !secret && r->type; r++)
		if (strcmp(r->type, idem->object_type) == 0)
			return shown(x, r->render(&x->call, status, &idem->object));
	return rs_fail(&x->ctx, RS_IDEMPOTENCY_SECRET_ANSWER,
		"This was done before; its answer was not kept. Read the resource.");
}

static json_t *headers_to_keep(const struct rs_exchange *x)
{
	json_t *headers = json_object();
	if (x->call.reply_type)
		json_object_set_new(headers, "Content-Type", json_string(x->call.reply_type));
	for (int i = 0; i < x->out_count; i++)
		for (int k = 0; KEPT_HEADERS[k]; k++)
			if (strcmp(x->out[i].name, KEPT_HEADERS[k]) == 0)
				json_object_set_new(headers, KEPT_HEADERS[k],
					json_string(x->out[i].value));
	return rs_arena_json(x->ctx.arena, headers);
}

static enum rs_code replay(struct rs_exchange *x)
{
	const struct rs_idem *idem = x->ctx.idem;
	const char *name;
	json_t *value;
	rs_reply_bytes(&x->call, (int)idem->status, NULL, idem->body.data, idem->body.len);
	json_object_foreach(idem->headers, name, value) {
		if (strcmp(name, "Content-Type") == 0)
			x->call.reply_type = json_string_value(value);
		else
			rs_reply_header(&x->call, name, json_string_value(value));
	}
	rs_reply_header(&x->call, "Idempotent-Replayed", "true");
	return RS_OK;
}

/* Failures that count as an answer: trying again with the same key must not try again. */
static bool failure_is_kept(enum rs_code rc)
{
	const char *slug = rs_code_slug(rc);
	return strcmp(slug, "otp-invalid") == 0 || strcmp(slug, "credentials-invalid") == 0;
}

static void store(struct rs_exchange *x, enum rs_code rc)
{
	const struct rs_call *call = &x->call;
	bool secret = call->route->flags & RS_ROUTE_SECRET;
	if (rc == RS_IDEMPOTENCY_SECRET_ANSWER) {
		rs_idem_answer(&x->ctx, 0, NULL, (struct rs_bytes){0}, true);
		return;
	}
	if (rc != RS_OK && !failure_is_kept(rc)) {
		rs_idem_release(&x->ctx);
		return;
	}
	if (rc != RS_OK)
		rs_answer_problem(x, rc);
	struct rs_bytes body = {.data = call->reply, .len = call->reply_len};
	rs_idem_answer(
		&x->ctx, call->status, headers_to_keep(x), body, secret || call->secret);
}

enum rs_code rs_idempotent_run(struct rs_exchange *x)
{
	struct rs_call *call = &x->call;
	const struct rs_route *route = call->route;
	const char *key = x->in.idempotency_key;
	if (route->method != RS_POST || !key || route->flags & RS_ROUTE_NO_IDEM)
		return route->handler(call);
	const char *path = x->raw_query ? rs_arena_printf(x->ctx.arena, "%s?%s", x->raw_path,
						   x->raw_query)
					: x->raw_path;
	enum rs_code rc =
		rs_idem_claim(&x->ctx, x->method, path, key, call->body, call->body_len);
	if (rc != RS_OK)
		return rc;
	if (x->ctx.idem->state == RS_IDEM_REPLAY)
		return replay(x);
	rc = x->ctx.idem->state == RS_IDEM_EFFECT ? render_effect(x) : route->handler(call);
	store(x, rc);
	if (rc != RS_OK && failure_is_kept(rc))
		return RS_OK; /* the problem is the answer already */
	return rc;
}
