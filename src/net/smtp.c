/* One mail through one server. */
#include "rs/smtp.h"

#include "rs/address.h"
#include "rs/app.h"
#include "rs/config.h"
#include "rs/id.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ADDRESS_MAX   254 /* RFC 5321 4.5.3.1.3 with the brackets off */
#define LOCAL_MAX     64
#define HEADER_CHUNK  45 /* octets of UTF-8 in one encoded word of at most 75 (RFC 2047 2) */

struct call {
	struct rs_ctx *ctx;
	CURL *curl;
	struct curl_slist *to, *headers;
	curl_mime *mime;
	bool refused; /* the address was not allowed */
	char error[CURL_ERROR_SIZE];
};

/* --- addresses --- */

static bool is_atext(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		(c && strchr("!#$%&'*+-/=?^_`{|}~.", c));
}

static bool is_ldh(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '-' || c == '.';
}

bool rs_mail_address(const char *text)
{
	const char *at = strrchr(text, '@');
	size_t local = at ? (size_t)(at - text) : 0;

	if (local == 0 || local > LOCAL_MAX || strlen(text) > ADDRESS_MAX || strstr(text, ".."))
		return false;
	if (text[0] == '.' || text[local - 1] == '.' || at[1] == '.' || at[1] == '\0')
		return false;
	for (size_t i = 0; i < local; i++)
		if (!is_atext(text[i]))
			return false;
	for (const char *s = at + 1; *s; s++)
		if (!is_ldh(*s))
			return false;
	return true;
}

/* --- the message --- */

/* How many octets of UTF-8 fit into one encoded word without cutting a character. */
static size_t chunk_of(const char *text)
{
	size_t len = strnlen(text, HEADER_CHUNK);

	while (len > 0 && len == HEADER_CHUNK && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

/* A header's text as encoded words where it is not plain ASCII (RFC 2047). */
static const char *encoded(struct rs_ctx *ctx, const char *text)
{
	const char *out = "";
	bool plain = true;

	for (const char *s = text; *s; s++)
		plain = plain && *s >= ' ' && *s <= '~';
	if (plain && !strstr(text, "=?"))
		return text;
	for (size_t len; *text; text += len) {
		len = chunk_of(text);
		out = rs_arena_printf(ctx->arena, "%s%s=?UTF-8?B?%s?=", out, *out ? "\r\n " : "",
			rs_base64(ctx->arena, text, len));
	}
	return out;
}

static const char *date_now(struct rs_ctx *ctx)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[64];

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	return rs_arena_strdup(ctx->arena, text);
}

static void add_header(struct call *call, const char *name, const char *value)
{
	call->headers = curl_slist_append(call->headers,
		rs_arena_printf(call->ctx->arena, "%s: %s", name, value));
}

static void compose(struct call *call, const struct rs_smtp_server *server, const struct rs_mail *mail)
{
	struct rs_ctx *ctx = call->ctx;
	curl_mimepart *part;

	add_header(call, "Date", date_now(ctx));
	add_header(call, "From", rs_arena_printf(ctx->arena, "<%s>", server->from));
	add_header(call, "To", rs_arena_printf(ctx->arena, "<%s>", mail->to));
	if (server->reply_to)
		add_header(call, "Reply-To", rs_arena_printf(ctx->arena, "<%s>", server->reply_to));
	add_header(call, "Subject", encoded(ctx, mail->subject));
	add_header(call, "Message-ID", rs_arena_printf(ctx->arena, "<%s>", mail->message_id));
	add_header(call, "Auto-Submitted", "auto-generated");
	call->mime = curl_mime_init(call->curl);
	part = curl_mime_addpart(call->mime);
	curl_mime_data(part, mail->text, CURL_ZERO_TERMINATED);
	curl_mime_type(part, "text/plain; charset=utf-8");
	curl_mime_encoder(part, "quoted-printable");
	curl_easy_setopt(call->curl, CURLOPT_MIMEPOST, call->mime);
	curl_easy_setopt(call->curl, CURLOPT_HTTPHEADER, call->headers);
	call->to = curl_slist_append(NULL, rs_arena_printf(ctx->arena, "<%s>", mail->to));
	curl_easy_setopt(call->curl, CURLOPT_MAIL_FROM,
		rs_arena_printf(ctx->arena, "<%s>", server->from));
	curl_easy_setopt(call->curl, CURLOPT_MAIL_RCPT, call->to);
}

/* --- the connection --- */

static curl_socket_t on_socket(void *cls, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct call *call = cls;

	(void)purpose;
	if (!rs_address_allowed(&address->addr, RS_ADDRESS_CONNECTOR,
		    call->ctx->app->config->net_allow_addresses)) {
		call->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void connect_to(struct call *call, const struct rs_smtp_server *server)
{
	bool implicit = strcmp(server->tls, "implicit") == 0;
	bool plain = strcmp(server->tls, "none") == 0;
	bool v6 = strchr(server->host, ':') != NULL;
	int left = rs_ctx_left_ms(call->ctx);
	CURL *curl = call->curl;

	curl_easy_setopt(curl, CURLOPT_URL,
		rs_arena_printf(call->ctx->arena, "%s://%s%s%s:%d", implicit ? "smtps" : "smtp",
			v6 ? "[" : "", server->host, v6 ? "]" : "", server->port));
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(curl, CURLOPT_USE_SSL, plain ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (server->ca_pem && *server->ca_pem) {
		struct curl_blob ca = {(void *)(uintptr_t)server->ca_pem, strlen(server->ca_pem),
			CURL_BLOB_COPY};

		curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &ca);
	}
	if (server->username && *server->username) {
		curl_easy_setopt(curl, CURLOPT_USERNAME, server->username);
		curl_easy_setopt(curl, CURLOPT_PASSWORD,
			server->password ? (char *)rs_secret_data(server->password) : "");
	}
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
		(long)(left < server->timeout_ms ? left : server->timeout_ms));
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, call->error);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, call);
}

/* What a result says about trying again: a 5xx of the server is final, all else may pass. */
static enum rs_code judge(struct call *call, CURLcode result)
{
	struct rs_ctx *ctx = call->ctx;
	long status = 0;
	enum rs_code rc;

	if (result == CURLE_OK)
		return RS_OK;
	curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &status);
	/* A refused sign-in is a matter of configuration, and may be right the next minute. */
	if (status >= 500 && status < 600 && result != CURLE_LOGIN_DENIED)
		rc = rs_fail(ctx, RS_DELIVERY_FAILED, "The mail server refused the message.");
	else
		rc = rs_fail(ctx, RS_PROVIDER_UNAVAILABLE,
			"The mail server could not be used. Check the connector and try again.");
	rs_err_cause(ctx, "smtp: %s (%s), reply %ld%s", curl_easy_strerror(result), call->error,
		status, call->refused ? ", address not allowed" : "");
	return rc;
}

static enum rs_code run(
	struct rs_ctx *ctx, const struct rs_smtp_server *server, const struct rs_mail *mail)
{
	struct call call = {.ctx = ctx, .curl = curl_easy_init()};
	enum rs_code rc;

	if (!call.curl)
		abort();
	connect_to(&call, server);
	if (mail)
		compose(&call, server, mail);
	else
		curl_easy_setopt(call.curl, CURLOPT_CUSTOMREQUEST, "NOOP");
	rc = judge(&call, rs_ctx_left_ms(ctx) > 0 ? curl_easy_perform(call.curl)
						   : CURLE_OPERATION_TIMEDOUT);
	curl_easy_cleanup(call.curl);
	curl_mime_free(call.mime);
	curl_slist_free_all(call.headers);
	curl_slist_free_all(call.to);
	return rc;
}

enum rs_code rs_smtp_send(
	struct rs_ctx *ctx, const struct rs_smtp_server *server, const struct rs_mail *mail)
{
	if (!rs_mail_address(mail->to) || !rs_mail_address(server->from) ||
		(server->reply_to && !rs_mail_address(server->reply_to)))
		return rs_fail(ctx, RS_DELIVERY_FAILED, "The address cannot be sent to.");
	return run(ctx, server, mail);
}

enum rs_code rs_smtp_probe(struct rs_ctx *ctx, const struct rs_smtp_server *server)
{
	return run(ctx, server, NULL);
}
