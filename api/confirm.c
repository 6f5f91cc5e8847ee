/*
 * /v1/domain-validations/{id}/confirm: the page that a mail's link opens, and the answer it sends.
 *
 * The token stands behind the # of the link, so it is sent to nobody when the page is opened: a
 * program that scans mail learns and changes nothing. The page's script takes it out of the address
 * bar and sends it when a button is pressed.
 */
#include "common.h"
#include "handlers.h"
#include "route.h"

#include "rs/clock.h"
#include "rs/id.h"
#include "rs/validation.h"

#include <string.h>

static const char STYLE[] =
	"body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}"
	"dt{font-weight:bold}dd{margin:0 0 .5rem;overflow-wrap:anywhere}"
	"button{font:inherit;padding:.5rem 1rem;margin:.5rem .5rem .5rem 0}"
	"@media(prefers-color-scheme:dark){body{background:#111;color:#eee}}";

static const char SCRIPT[] =
	"'use strict';"
	"const token=location.hash.slice(1),said=document.getElementById('said');"
	"const buttons=document.querySelectorAll('button');"
	"history.replaceState(null,'',location.pathname);"
	"const able=yes=>buttons.forEach(b=>{b.disabled=!yes});"
	"const answer=async decision=>{"
	"able(false);said.textContent='';"
	"try{"
	"const got=await fetch(location.pathname,{method:'POST',"
	"headers:{'Content-Type':'application/json'},body:JSON.stringify({token,decision})});"
	"const body=await got.json();"
	"if(!got.ok){said.textContent=body.detail||body.title;able(got.status>=429);}"
	"else said.textContent=decision==='confirm'?'Thank you. It is confirmed.':"
	"'Thank you. It was refused, and nothing is issued because of this mail.';"
	"}catch(e){said.textContent='The answer did not get through. Please try "
	"again.';able(true);}"
	"};"
	"buttons.forEach(b=>b.addEventListener('click',()=>answer(b.value)));"
	"if(token)able(true);"
	"else if(buttons.length)said.textContent='The link is not whole. Open it from the mail "
	"again.';";

static const char PAGE[] =
	"<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>Confirm: %s</title>\n<style>%s</style>\n"
	"<h1>Certificates for %s</h1>\n%s"
	"<p id=\"said\" role=\"status\"></p>\n"
	"<noscript><p>This page needs JavaScript: it sends what you choose.</p></noscript>\n"
	"<script>%s</script>\n</html>\n";

static const char QUESTION[] =
	"<dl>\n<dt>Name</dt><dd>%s</dd>\n<dt>Enterprise that wants certificates for "
	"it</dt><dd>%s</dd>\n"
	"<dt>Asked for by</dt><dd>%s</dd>\n<dt>Can be answered until</dt><dd>%s</dd>\n</dl>\n"
	"<p>Confirm only if you know of this and agree that the enterprise may have them.</p>\n"
	"<p><button value=\"confirm\" disabled>Confirm</button>\n"
	"<button value=\"refuse\" disabled>I did not ask for this</button></p>\n";

static const char ENDED[] =
	"<p>There is nothing to answer here any more: it was answered, withdrawn, or its "
	"time is over.</p>\n";

/* 'sha256-...' of inline text, as a Content-Security-Policy names it. */
static const char *csp_hash(struct rs_arena *arena, const char *text)
{
	unsigned char hash[32];

	rs_sha256(text, strlen(text), hash);
	return rs_arena_printf(arena, "'sha256-%s'", rs_base64(arena, hash, sizeof(hash)));
}

static const char *question(struct rs_call *call, const struct rs_validation_asked *asked)
{
	struct rs_arena *arena = call->ctx->arena;
	char until[32];

	if (!asked->open)
		return ENDED;
	rs_time_format(asked->expires_at, until);
	return rs_arena_printf(arena, QUESTION, rs_html_text(arena, asked->identifier),
		rs_html_text(arena, asked->enterprise), rs_html_text(arena, asked->requester),
		until);
}

enum rs_code rs_validations_confirm_page(struct rs_call *call)
{
	struct rs_arena *arena = call->ctx->arena;
	struct rs_id id = rs_path_id(call, 0);
	struct rs_validation_asked asked;
	const char *name, *page;
	enum rs_code rc;

	if (!rs_accepts(call, "text/html"))
		return rs_fail(call->ctx, RS_NOT_ACCEPTABLE, "The answer here is text/html.");
	rc = rs_validation_asked(call->ctx, &id, &asked);
	if (rc)
		return rc;
	name = rs_html_text(arena, asked.identifier);
	page = rs_arena_printf(arena, PAGE, name, STYLE, name, question(call, &asked), SCRIPT);
	rs_reply_header(call, "Content-Security-Policy",
		rs_arena_printf(arena,
			"default-src 'none'; script-src %s; style-src %s; connect-src 'self'; "
			"base-uri 'none'; "
			"form-action 'none'; frame-ancestors 'none'",
			csp_hash(arena, SCRIPT), csp_hash(arena, STYLE)));
	return rs_reply_bytes(call, 200, "text/html; charset=utf-8", page, strlen(page));
}

enum rs_code rs_validations_confirm(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);
	struct rs_validation v;
	enum rs_code rc = rs_validation_answer(call->ctx, &id, call->json, &v);

	if (rc)
		return rc;
	return rs_reply_json(call, 200,
		json_pack("{s:s, s:{s:s, s:s}, s:s, s:s}", "id", v.id.s, "identifier", "type",
			v.identifier_type, "value", v.identifier, "method", v.method, "status",
			v.status));
}
