/* What a subscriber is told to do, and whether what was seen is it. TLS BR 3.2.2.4, 3.2.2.5. */
#include "rs/dcv.h"

#include "rs/dnsmsg.h"
#include "rs/id.h"
#include "rs/names.h"
#include "rs/persist.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define TOKEN_OCTETS 32
#define FILE_OCTETS  16
#define WELL_KNOWN   "/.well-known/pki-validation/"

/* TLS BR 3.2.2.4.4. */
static const char *const CONSTRUCTED[] = {
	"admin", "administrator", "webmaster", "hostmaster", "postmaster"};

static bool is(const struct rs_dcv_method *method, const char *name)
{
	return strcmp(method->name, name) == 0;
}

/* --- what is told to the subscriber --- */

struct rs_secret *rs_dcv_token_new(void)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct rs_secret *token = rs_secret_new(RS_DCV_TOKEN_LEN);
	unsigned char random[TOKEN_OCTETS + 1] = {
		0}; /* 258 bits for 43 digits, the last two are 0 */
	unsigned char *text = rs_secret_data(token);

	rs_random(random, TOKEN_OCTETS);
	for (size_t i = 0; i < RS_DCV_TOKEN_LEN; i++) {
		size_t bit = 6 * i;
		unsigned pair = (unsigned)random[bit / 8] << 8 | random[bit / 8 + 1];

		text[i] = (unsigned char)digits[pair >> (10 - bit % 8) & 63];
	}
	rs_cleanse(random, sizeof(random));
	return token;
}

const char *rs_dcv_file_name(struct rs_ctx *ctx)
{
	unsigned char random[FILE_OCTETS];
	char hex[2 * FILE_OCTETS + 1];

	rs_random(random, sizeof(random));
	rs_hex(random, sizeof(random), hex);
	return rs_arena_printf(ctx->arena, "%s.txt", hex);
}

/* The reverse name of an address (RFC 1035 3.5, RFC 3596 2.5); NULL when it is none. */
static const char *reverse_name(struct rs_ctx *ctx, const char *address)
{
	unsigned char octets[16];
	char text[64 + sizeof("ip6.arpa")];
	size_t n = 0;

	if (inet_pton(AF_INET, address, octets) == 1)
		return rs_arena_printf(ctx->arena, "%u.%u.%u.%u.in-addr.arpa", octets[3], octets[2],
			octets[1], octets[0]);
	if (inet_pton(AF_INET6, address, octets) != 1)
		return NULL;
	for (int i = 15; i >= 0; i--)
		n += (size_t)snprintf(
			text + n, sizeof(text) - n, "%x.%x.", octets[i] & 15, octets[i] >> 4);
	memcpy(text + n, "ip6.arpa", sizeof("ip6.arpa"));
	return rs_arena_strdup(ctx->arena, text);
}

const char *rs_dcv_query_name(
	struct rs_ctx *ctx, const struct rs_dcv_method *method, const char *identifier)
{
	const char *domain =
		strcmp(method->type, "ip") == 0 ? reverse_name(ctx, identifier) : identifier;
	const char *out;

	if (!method->label || !domain)
		return NULL;
	out = rs_arena_printf(ctx->arena, "%s.%s", method->label, domain);
	return rs_dns_name_valid(out) ? out : NULL;
}

const char *rs_dcv_url(struct rs_ctx *ctx, const char *identifier, const char *file_name, int port)
{
	bool bracket = strchr(identifier, ':') != NULL;
	char shown[16] = "";

	if (port != 80)
		snprintf(shown, sizeof(shown), ":%d", port);
	return rs_arena_printf(ctx->arena, "http://%s%s%s%s" WELL_KNOWN "%s", bracket ? "[" : "",
		identifier, bracket ? "]" : "", shown, file_name);
}

static void add(json_t *list, const char *address)
{
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
	{
		if (strcmp(json_string_value(one), address) == 0)
			return;
	}
	json_array_append_new(list, json_string(address));
}

json_t *rs_dcv_recipients(struct rs_ctx *ctx, const struct rs_dcv_method *method,
	const char *identifier, const struct rs_bytes *contacts, size_t count)
{
	json_t *out = rs_arena_json(ctx->arena, json_array());

	if (is(method, "mailbox"))
		add(out, identifier);
	if (is(method, "email_constructed"))
		for (size_t i = 0; i < sizeof(CONSTRUCTED) / sizeof(CONSTRUCTED[0]); i++)
			add(out, rs_arena_printf(ctx->arena, "%s@%s", CONSTRUCTED[i], identifier));
	if (is(method, "email_caa") || is(method, "email_txt"))
		for (size_t i = 0; i < count; i++) {
			const char *address = rs_names_mailbox(ctx, contacts[i]);

			if (address)
				add(out, address);
		}
	return out;
}

/* Character-strings of at most 255 octets, quoted for a zone file. The value is printable ASCII. */
static const char *quoted(struct rs_ctx *ctx, const char *value)
{
	size_t len = strlen(value);
	char *out = rs_arena_alloc(ctx->arena, 2 * len + 3 * (len / 255 + 1) + 1);
	char *s = out;

	for (size_t i = 0; i < len; i++) {
		if (i % 255 == 0) {
			memcpy(s, "\" \"", i ? 3 : 1);
			s += i ? 3 : 1;
		}
		if (value[i] == '"' || value[i] == '\\')
			*s++ = '\\';
		*s++ = value[i];
	}
	memcpy(s, "\"", 2);
	return out;
}

static json_t *record(struct rs_ctx *ctx, const char *name, const char *type, const char *value,
	const char *shown)
{
	return json_pack("{s:s, s:s, s:s, s:o}", "name", name, "type", type, "value", value,
		"zone_line",
		json_string(rs_arena_printf(ctx->arena, "%s. 300 IN %s %s", name, type, shown)));
}

static json_t *txt_record(struct rs_ctx *ctx, const struct rs_dcv_todo *todo, const char *value)
{
	const char *name = rs_dcv_query_name(ctx, todo->method, todo->identifier);

	return name && value ? record(ctx, name, "TXT", value, quoted(ctx, value)) : json_null();
}

/* What each method wants published, and the sentence that says so. */
static json_t *wanted_record(struct rs_ctx *ctx, const struct rs_dcv_todo *todo)
{
	const struct rs_dcv_method *method = todo->method;
	const struct rs_persist_ask ask = {.issuers = todo->issuers,
		.account_uri = todo->account_uri,
		.wide = method->wildcard};
	const char *contact =
		todo->recipient ? todo->recipient
				: rs_arena_printf(ctx->arena, "hostmaster@%s", todo->identifier);

	if (is(method, "dns_txt"))
		return txt_record(ctx, todo, todo->token);
	if (is(method, "dns_persist"))
		return txt_record(ctx, todo, rs_persist_value(ctx, &ask));
	if (is(method, "email_txt"))
		return txt_record(ctx, todo, contact);
	if (is(method, "email_caa"))
		return record(ctx, todo->identifier, "CAA",
			rs_arena_printf(ctx->arena, "0 contactemail \"%s\"", contact),
			rs_arena_printf(ctx->arena, "0 contactemail \"%s\"", contact));
	return json_null();
}

static json_t *wanted_file(struct rs_ctx *ctx, const struct rs_dcv_todo *todo)
{
	if (!is(todo->method, "http_file") || !todo->token || !todo->file_name)
		return json_null();
	return json_pack("{s:s, s:s}", "url",
		rs_dcv_url(ctx, todo->identifier, todo->file_name, todo->port), "content",
		todo->token);
}

static bool was_sent(const struct rs_dcv_todo *todo)
{
	return json_array_size(todo->sent_to) > 0;
}

/* Whom the mails went to; before that, whom they would go to. */
static json_t *wanted_mail(struct rs_ctx *ctx, const struct rs_dcv_todo *todo)
{
	if (!todo->method->mail)
		return json_null();
	if (was_sent(todo))
		return json_pack("{s:O}", "to", (json_t *)(uintptr_t)todo->sent_to);
	if (todo->recipient)
		return json_pack("{s:[s]}", "to", todo->recipient);
	return json_pack(
		"{s:O}", "to", rs_dcv_recipients(ctx, todo->method, todo->identifier, NULL, 0));
}

static const char *sentence(const struct rs_dcv_todo *todo)
{
	const struct rs_dcv_method *method = todo->method;

	if (method->mail)
		return was_sent(todo)
			? "Open the link of the mail and press Confirm there; verify sends the mails again."
			: "Publish this record, others of the name may stay, then verify: a mail goes to "
			  "the address it names.";
	if (is(method, "http_file"))
		return "Serve a file of exactly this content at this address, then verify.";
	return "Publish this record, others of the name may stay, then verify.";
}

json_t *rs_dcv_instructions(struct rs_ctx *ctx, const struct rs_dcv_todo *todo)
{
	return json_pack("{s:s, s:o, s:o, s:o}", "text", sentence(todo), "record",
		wanted_record(ctx, todo), "file", wanted_file(ctx, todo), "mail",
		wanted_mail(ctx, todo));
}

/* --- whether it was done --- */

static bool is_token(struct rs_bytes seen, const char *token)
{
	return seen.len == strlen(token) && seen.len > 0 && rs_equal(seen.data, token, seen.len);
}

bool rs_dcv_txt_matches(
	struct rs_ctx *ctx, const struct rs_bytes *rdata, size_t count, const char *token)
{
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		struct rs_bytes text;

		if (rs_dnsmsg_txt(ctx, rdata[i], &text) && is_token(text, token))
			found = true;
	}
	return found;
}

bool rs_dcv_file_matches(int status, struct rs_bytes body, const char *token)
{
	if (status < 200 || status > 299 || body.len > RS_DCV_FILE_MAX)
		return false;
	while (body.len > 0 && memchr(" \t\r\n\f\v", body.data[body.len - 1], 6))
		body.len--;
	return is_token(body, token);
}
