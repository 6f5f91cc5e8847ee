/* /v1/second-factor-challenges, the links and callbacks that browsers follow, /v1/me/totp. */
#include "common.h"
#include "handlers.h"
#include "http.h"

#include "rs/challenge.h"
#include "rs/factor.h"
#include "rs/id.h"
#include "rs/reissue.h"

#include <string.h>

/* --- the resource --- */

static enum rs_code reply(
	struct rs_call *call, int status, const struct rs_challenge *c, const char *redirect_url)
{
	if (status == 201)
		rs_reply_location(call, "/v1/second-factor-challenges/%s", c->id.s);
	return rs_reply_resource(
		call, status, rs_challenge_json(call->ctx, c, redirect_url), c->revision);
}

/* With the request, which a passed challenge of a reissue has moved on; else null. */
static enum rs_code reply_passed(
	struct rs_call *call, const struct rs_challenge *c, struct rs_reissue *request)
{
	json_t *out = rs_challenge_json(call->ctx, c, NULL), *json = json_null();
	enum rs_code rc = RS_OK;

	if (rs_id_set(&request->id))
		rc = rs_reissue_json(call->ctx, request, &json);
	if (rc) {
		json_decref(out);
		return rc;
	}
	json_object_set_new(out, "reissue_request", json);
	return rs_reply_resource(call, 200, out, c->revision);
}

enum rs_code rs_challenges_create(struct rs_call *call)
{
	struct rs_challenge c;
	const char *redirect_url;
	enum rs_code rc = rs_challenge_create(call->ctx, call->json, &c, &redirect_url);

	if (rc)
		return rc;
	/* The link is good once: a kept answer would be one place too many for it. */
	call->secret = redirect_url != NULL;
	return reply(call, 201, &c, redirect_url);
}

enum rs_code rs_challenges_show(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	struct rs_challenge c;
	enum rs_code rc = rs_challenge_get(call->ctx, &id, &c);

	return rc ? rc : reply(call, 200, &c, NULL);
}

/* What these calls are about is judged before their If-Match and their body. */
static enum rs_code begin(struct rs_call *call, struct rs_id *id)
{
	struct rs_challenge c;
	enum rs_code rc;

	*id = rs_path_id(call, 0);
	if (!call->if_match)
		return RS_OK;
	rc = rs_challenge_get(call->ctx, id, &c);
	return rc ? rc : rs_if_match_now(call, c.revision);
}

enum rs_code rs_challenges_verify(struct rs_call *call)
{
	struct rs_challenge c;
	struct rs_reissue request;
	struct rs_id id;
	enum rs_code rc = begin(call, &id);

	if (!rc)
		rc = rs_challenge_verify(call->ctx, &id, call->json, &c, &request);
	return rc ? rc : reply_passed(call, &c, &request);
}

enum rs_code rs_challenges_complete(struct rs_call *call)
{
	struct rs_challenge c;
	struct rs_reissue request;
	struct rs_id id;
	enum rs_code rc = begin(call, &id);

	if (!rc)
		rc = rs_challenge_complete(call->ctx, &id, call->json, &c, &request);
	return rc ? rc : reply_passed(call, &c, &request);
}

enum rs_code rs_challenges_resend(struct rs_call *call)
{
	struct rs_challenge c;
	struct rs_id id;
	enum rs_code rc = begin(call, &id);

	if (!rc)
		rc = rs_challenge_resend(call->ctx, &id, rs_members_faults(call), &c);
	return rc ? rc : reply(call, 200, &c, NULL);
}

enum rs_code rs_challenges_cancel(struct rs_call *call)
{
	struct rs_challenge c;
	struct rs_id id;
	enum rs_code rc = begin(call, &id);

	if (!rc)
		rc = rs_challenge_cancel(call->ctx, &id, rs_members_faults(call), &c);
	return rc ? rc : reply(call, 200, &c, NULL);
}

enum rs_code rs_challenges_render(struct rs_call *call, int status, const struct rs_id *id)
{
	bool answer = call->route->handler == rs_challenges_verify ||
		call->route->handler == rs_challenges_complete;
	struct rs_reissue request = {0};
	struct rs_challenge c;
	enum rs_code rc = rs_challenge_get(call->ctx, id, &c);

	if (!rc && answer && strcmp(c.operation, "reissue") == 0)
		rc = rs_reissue_get(call->ctx, &c.request_id, &request);
	if (rc)
		return rc;
	return answer ? reply_passed(call, &c, &request) : reply(call, status, &c, NULL);
}

/* --- pages for people --- */

static const char PAGE[] =
	"<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n<title>%s</title>\n"
	"<h1>%s</h1>\n<p>%s</p>\n%s</html>\n";

static const char *escaped(struct rs_call *call, const char *text)
{
	return rs_html_text(call->ctx->arena, text);
}

static enum rs_code reply_page(struct rs_call *call, int status, const char *title,
	const char *text, const char *more, const char *form_action)
{
	const char *page =
		rs_arena_printf(call->ctx->arena, PAGE, title, title, text, more ? more : "");

	rs_reply_header(call, "Content-Security-Policy",
		rs_arena_printf(call->ctx->arena,
			"default-src 'none'; base-uri 'none'; form-action %s; frame-ancestors 'none'",
			form_action ? form_action : "'none'"));
	return rs_reply_bytes(call, status, "text/html; charset=utf-8", page, strlen(page));
}

/* A browser gets a page, not a problem document; the status is that of the problem. */
static enum rs_code reply_refusal(struct rs_call *call, enum rs_code rc)
{
	const char *detail = call->ctx->err.detail[0] ? call->ctx->err.detail : rs_code_title(rc);
	int wait = rs_retry_after(call->ctx, rc);

	if (wait)
		rs_reply_header(call, "Retry-After",
			rs_arena_printf(call->ctx->arena, "%d", wait));
	return reply_page(call, rs_code_status(rc), escaped(call, rs_code_title(rc)),
		escaped(call, detail),
		"<p>Go back to where you began and ask for a new confirmation there.</p>\n", NULL);
}

/* --- our link --- */

/*
 * SAML's POST binding: a form that the person sends on. No script: one button. Browsers hold form-action
 * against the redirects that follow as well, and a provider may have its login page on another host.
 */
static enum rs_code reply_form(struct rs_call *call, const struct rs_redirect *to)
{
	const char *inputs = "", *name;
	const char *end = to->action + strcspn(to->action, ":");
	const char *host = strncmp(end, "://", 3) == 0 ? end + 3 : end;
	json_t *value;

	json_object_foreach(to->fields, name, value)
		inputs = rs_arena_printf(call->ctx->arena,
			"%s<input type=\"hidden\" name=\"%s\" value=\"%s\">\n", inputs,
			escaped(call, name), escaped(call, json_string_value(value)));
	return reply_page(call, 200, "Confirm at your identity provider",
		"You are about to confirm, at your identity provider, what you have asked for here.",
		rs_arena_printf(call->ctx->arena,
			"<form method=\"post\" action=\"%s\">\n%s<button autofocus>Go on</button>\n"
			"</form>\n",
			escaped(call, to->action), inputs),
		rs_arena_printf(call->ctx->arena, "%.*s https:",
			(int)(host - to->action + (ptrdiff_t)strcspn(host, "/?#;, '")), to->action));
}

enum rs_code rs_redirects_follow(struct rs_call *call)
{
	struct rs_redirect to;
	enum rs_code rc = rs_challenge_follow(call->ctx, call->path[0], &to);

	if (rc)
		return reply_refusal(call, rc);
	if (!to.url)
		return reply_form(call, &to);
	rs_reply_header(call, "Location", to.url);
	return rs_reply_bytes(call, 303, NULL, "", 0);
}

/* --- callbacks --- */

static enum rs_code reply_result(struct rs_call *call, const json_t *page)
{
	const char *error = json_string_value(json_object_get(page, "error"));
	const char *result = json_string_value(json_object_get(page, "result"));

	if (error)
		return reply_page(call, 200, "Not confirmed",
			rs_arena_printf(call->ctx->arena,
				"Your identity provider's answer was not accepted: <code>%s</code>.",
				escaped(call, error)),
			"<p>Go back to where you began and ask for a new confirmation there.</p>\n",
			NULL);
	return reply_page(call, 200, "Almost done",
		"Go back to where you began and enter this result there, within two minutes:",
		rs_arena_printf(call->ctx->arena,
			"<p><code id=\"challenge\">%s</code></p>\n<p><code id=\"result\">%s</code></p>\n",
			escaped(call, json_string_value(json_object_get(page, "challenge"))),
			escaped(call, result)),
		NULL);
}

static enum rs_code twice(struct rs_call *call)
{
	struct rs_id connector = rs_path_id(call, 0);

	return reply_refusal(call, rs_challenge_garbled(call->ctx, &connector));
}

/* `handle` names the parameter that says whose answer it is. */
static enum rs_code called_back(struct rs_call *call, const char *handle, json_t *params)
{
	const char *state = json_string_value(json_object_get(params, handle));
	struct rs_id connector = rs_path_id(call, 0);
	const char *url = NULL;
	json_t *page = NULL;
	enum rs_code rc;

	if (json_is_null(json_object_get(params, handle)))
		return twice(call);
	rc = rs_challenge_returned(call->ctx, &connector, state, params, &url, &page);

	if (rc)
		return reply_refusal(call, rc);
	if (!url)
		return reply_result(call, page);
	rs_reply_header(call, "Location", url);
	return rs_reply_bytes(call, 303, NULL, "", 0);
}

/*
 * One of each, or none counts: who sends a parameter twice wants two readers to see two things. It is
 * null then, for which the mechanism refuses the answer as a whole.
 */
static void take(json_t *params, const char *name, const char *value)
{
	json_object_set_new(params, name,
		json_object_get(params, name) ? json_null() : json_string(value));
}

enum rs_code rs_callbacks_oidc(struct rs_call *call)
{
	json_t *params = rs_arena_json(call->ctx->arena, json_object());

	for (int i = 0; i < call->query_count; i++)
		take(params, call->query[i].name, call->query[i].value);
	return called_back(call, "state", params);
}

enum rs_code rs_callbacks_saml(struct rs_call *call)
{
	json_t *params = rs_arena_json(call->ctx->arena, json_object());
	const char *text = rs_arena_memdup(
		call->ctx->arena, call->body ? call->body : (const void *)"", call->body_len);

	if (strlen(text) != call->body_len)
		return twice(call);
	while (*text) {
		size_t len = strcspn(text, "&");
		const char *equals = memchr(text, '=', len);
		const char *name, *value;

		if (!equals)
			return twice(call);
		name = rs_url_decode(call->ctx->arena, text, (size_t)(equals - text), true);
		value = rs_url_decode(call->ctx->arena, equals + 1,
			len - (size_t)(equals + 1 - text), true);
		if (!name || !value)
			return twice(call);
		take(params, name, value);
		text += len + (text[len] == '&');
	}
	return called_back(call, "RelayState", params);
}

/* --- one's own authenticator app --- */

enum rs_code rs_me_totp_begin(struct rs_call *call)
{
	struct rs_totp_enrolment made = {0};
	enum rs_code rc = rs_totp_enrol(call->ctx, call->json, &made);

	if (rc)
		return rc;
	call->secret = true;
	return rs_reply_json(call, 200,
		json_pack("{s:s, s:s, s:s?, s:s, s:i, s:i, s:i}", "otpauth_uri", made.uri, "secret",
			made.secret, "qr_svg", made.qr_svg, "algorithm", "SHA1", "digits", 6,
			"period", 30, "expires_in", 600));
}

enum rs_code rs_me_totp_confirm(struct rs_call *call)
{
	enum rs_code rc = rs_totp_confirm(call->ctx, call->json);

	return rc ? rc : rs_reply_empty(call);
}

enum rs_code rs_me_totp_remove(struct rs_call *call)
{
	struct rs_id challenge = {""};
	enum rs_code rc = rs_query_id(call, "challenge_id", &challenge);

	if (!rc)
		rc = rs_totp_remove(call->ctx, &challenge);
	return rc ? rc : rs_reply_empty(call);
}

enum rs_code rs_me_totp_render(struct rs_call *call, int status, const struct rs_id *id)
{
	(void)status;
	(void)id;
	if (call->route->handler == rs_me_totp_confirm)
		return rs_reply_empty(call);
	return rs_fail(call->ctx, RS_IDEMPOTENCY_SECRET_ANSWER,
		"This was done before; the secret was shown once. Begin anew to see another.");
}
