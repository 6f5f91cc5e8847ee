/* /problems/{code}: what the `type` of a problem document leads to, for people. */
#include "handlers.h"

#include <string.h>

static const char PAGE[] =
	"<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n<title>%s</title>\n"
	"<h1>%s</h1>\n<p>Code <code>%s</code>, HTTP status %d.</p>\n<p>%s</p>\n"
	"<p>The member <code>detail</code> of the answer says what was wrong this time, and\n"
	"<code>request_id</code> names the request when you ask its operator.</p>\n</html>\n";

static const char *advice(int status)
{
	switch (status) {
	case 400:
	case 413:
	case 414:
	case 415:
	case 422:
		return "Correct the request as <code>detail</code> and <code>errors</code> say, "
		       "then send it again. Repeating it unchanged does not help.";
	case 401:
		return "Get a new access token and send it as <code>Authorization: Bearer</code>.";
	case 403:
		return "Ask an administrator for the role, the scope or the ownership this needs.";
	case 404:
	case 410:
		return "It does not exist, no longer exists, or is not yours to see.";
	case 409:
	case 412:
	case 423:
		return "Read the resource again: its state decides what is possible now, and "
		       "<code>blockers</code> lists what is missing.";
	case 429:
	case 503:
	case 504:
		return "Wait for the seconds in <code>Retry-After</code>, then repeat the request. "
		       "With an Idempotency-Key repeating is always safe.";
	default:
		return "Repeat the request later; if it stays, tell the operator the "
		       "<code>request_id</code>.";
	}
}

enum rs_code rs_problems_show(struct rs_call *call)
{
	enum rs_code code = rs_code_from_slug(call->path[0]);
	if (code == RS_CODE_COUNT)
		return rs_fail(call->ctx, RS_NOT_FOUND, "There is no problem of this name.");
	const char *title = rs_code_title(code);
	int status = rs_code_status(code);
	char *page = rs_arena_printf(call->ctx->arena, PAGE, title, title, rs_code_slug(code),
		status, advice(status));
	rs_reply_header(call, "Content-Security-Policy",
		"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
	rs_reply_header(call, "Cache-Control", "public, max-age=300");
	return rs_reply_bytes(call, 200, "text/html; charset=utf-8", page, strlen(page));
}
