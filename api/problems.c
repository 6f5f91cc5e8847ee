/* /problems/{code}: what the `type` of a problem document leads to, for people. */
#include "handlers.h"

#include <string.h>

static const char PAGE[] =
	"<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n<title>%s</title>\n"
	"<h1>%s</h1>\n<p>Code <code>%s</code>, HTTP status %d.</p>\n<p>%s</p>\n"
	"<p>The member <code>detail</code> of the answer says what was wrong this time, and\n"
	"<code>request_id</code> names the request when you ask its operator.</p>\n</html>\n";

/* What to do about a status; the last row is for all others. */
static const struct {
	int status;
	const char *text;
} ADVICE[] = {
	{401, "Get a new access token and send it as <code>Authorization: Bearer</code>."},
	{403, "Ask an administrator for the role, the scope or the ownership this needs."},
	{404, "It does not exist, no longer exists, or is not yours to see."},
	{410, "It does not exist any more."},
	{409, "Read the resource again: its state decides what is possible now, and "
	      "<code>blockers</code> lists what is missing."},
	{412, "Read the resource again, then repeat the change with its new ETag."},
	{423, "Wait, or ask an administrator to unlock it."},
	{429, "Wait for the seconds in <code>Retry-After</code>, then repeat the request."},
	{500, "Repeat the request later; if it stays, tell the operator the "
	      "<code>request_id</code>."},
	{503, "Wait for the seconds in <code>Retry-After</code>, then repeat the request. With an "
	      "Idempotency-Key repeating is always safe."},
	{504, "Read the resource to see how far it got, then repeat the request. With an "
	      "Idempotency-Key repeating is always safe."},
	{0, "Correct the request as <code>detail</code> and <code>errors</code> say, then send it "
	    "again. Repeating it unchanged does not help."},
};

static const char *advice(int status)
{
	int i = 0;
	while (ADVICE[i].status != 0 && ADVICE[i].status != status)
		i++;
	return ADVICE[i].text;
}

enum rs_code rs_problems_show(struct rs_call *call)
{
	enum rs_code code = rs_code_from_slug(call->path[0]);
	if (code == RS_CODE_COUNT)
		return rs_fail(call->ctx, RS_NOT_FOUND, "There is no problem of this name.");
	if (!rs_accepts(call, "text/html"))
		return rs_fail(call->ctx, RS_NOT_ACCEPTABLE, "The answer here is text/html.");
	const char *title = rs_code_title(code);
	int status = rs_code_status(code);
	char *page = rs_arena_printf(call->ctx->arena, PAGE, title, title, rs_code_slug(code),
		status, advice(status));
	rs_reply_header(call, "Content-Security-Policy",
		"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
	rs_reply_header(call, "Cache-Control", "public, max-age=300");
	return rs_reply_bytes(call, 200, "text/html; charset=utf-8", page, strlen(page));
}
