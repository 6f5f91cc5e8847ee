#include "rs/httpc.h"

#include "memfile.h"
#include "rs/address.h"
#include "rs/app.h"
#include "rs/config.h"
#include "rs/secret.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS 3000L

static const char DOWN[] = "A service we depend on does not answer. Try again later.";

struct fetch {
	struct rs_ctx *ctx;
	unsigned char *data;
	size_t len, max;
	bool refused; /* the address was not allowed */
	bool full;    /* the answer was longer than max */
	struct curl_slist *headers;
	int ca_fd; /* the anchors as a file, -1 = the system's */
};

static size_t on_body(char *data, size_t size, size_t n, void *cls)
{
	struct fetch *f = cls;
	size_t len = size * n;
	f->full = len > f->max - f->len;
	if (f->full)
		return 0;
	memcpy(f->data + f->len, data, len);
	f->len += len;
	return len;
}

static curl_socket_t on_socket(void *cls, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct fetch *f = cls;
	(void)purpose;
	if (!rs_address_allowed(
		    &address->addr, RS_ADDRESS_PUBLIC, f->ctx->app->config->net_allow_addresses)) {
		f->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void add_header(struct fetch *f, const char *line)
{
	struct curl_slist *longer = curl_slist_append(f->headers, line);
	if (!longer)
		abort();
	f->headers = longer;
}

static bool set_anchors(CURL *curl, struct fetch *f, const char *pem)
{
	char path[RS_MEMFILE_PATH];

	f->ca_fd = -1;
	if (!pem)
		return true;
	f->ca_fd = rs_memfile(pem, strlen(pem), path);
	curl_easy_setopt(curl, CURLOPT_CAINFO, path);
	/* In place of the system's, not beside them. */
	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	return f->ca_fd >= 0;
}

static CURL *prepare(struct fetch *f, const struct rs_httpc_request *request, int timeout_ms)
{
	CURL *curl = curl_easy_init();
	if (!curl)
		abort();
	bool http = f->ctx->app->config->net_allow_http;
	curl_easy_setopt(curl, CURLOPT_URL, request->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, http ? "http,https" : "https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	/* When the time is over, a thread that still looks the name up goes on without us. */
	curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, f);
	curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, request->connect_only ? 1L : 0L);
	if (request->body) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)request->body_len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
		add_header(f, "Expect:");
	}
	for (const char *const *line = request->headers; line && *line; line++)
		add_header(f, *line);
	if (f->ctx->traceparent[0])
		add_header(
			f, rs_arena_printf(f->ctx->arena, "traceparent: %s", f->ctx->traceparent));
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, f->headers);
	return curl;
}

/* The address that stands literally in the URL; curl has written its odd forms as dotted quads. */
static bool literal_allowed(const struct rs_config *config, const char *host)
{
	char text[64];
	unsigned char address[16];

	if (strcasecmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (*host == '[')
		snprintf(text, sizeof(text), "%.*s", (int)strcspn(host + 1, "]%"), host + 1);
	else
		snprintf(text, sizeof(text), "%s", host);
	if (inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, address) != 1)
		return true; /* a name: what it leads to is judged when it is connected to */
	return rs_address_text_allowed(text, RS_ADDRESS_PUBLIC, config->net_allow_addresses);
}

static const char *url_fault(const struct rs_config *config, CURLU *url)
{
	char *scheme = NULL, *user = NULL, *host = NULL;
	const char *why = NULL;

	curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
	curl_url_get(url, CURLUPART_USER, &user, 0);
	curl_url_get(url, CURLUPART_HOST, &host, 0);
	if (!scheme || (strcmp(scheme, "https") != 0 &&
			       !(config->net_allow_http && strcmp(scheme, "http") == 0)))
		why = "An https URL is needed.";
	else if (user || !host || !*host)
		why = "The URL names a host, and no user.";
	else if (!literal_allowed(config, host))
		why = "This address is not called from here.";
	curl_free(scheme);
	curl_free(user);
	curl_free(host);
	return why;
}

const char *rs_httpc_url_fault(struct rs_ctx *ctx, const char *url)
{
	CURLU *parsed = curl_url();
	const char *why = "An https URL is needed.";

	if (!parsed)
		abort();
	if (curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK)
		why = url_fault(ctx->app->config, parsed);
	curl_url_cleanup(parsed);
	return why;
}

/* The headers may have held a credential. */
static void wipe_headers(struct curl_slist *headers)
{
	for (struct curl_slist *line = headers; line; line = line->next)
		rs_cleanse(line->data, strlen(line->data));
	curl_slist_free_all(headers);
}

/* What an administrator can do something about. */
static const char *why_not(const struct fetch *f, CURLcode result)
{
	if (f->refused)
		return "The address of the server is not called from here.";
	if (f->full)
		return "The answer is longer than is read.";
	switch (result) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return "The name of the server leads to no address.";
	case CURLE_COULDNT_CONNECT:
		return "Nobody answers at the address of the server.";
	case CURLE_OPERATION_TIMEDOUT:
		return "The server does not answer in time.";
	case CURLE_PEER_FAILED_VERIFICATION:
		return "The certificate of the server is not good for its name, or not trusted.";
	case CURLE_SSL_CONNECT_ERROR:
		return "No TLS connection came about with the server.";
	case CURLE_SSL_CACERT_BADFILE:
		return "The trust anchors cannot be read.";
	default:
		return "The server gives no answer that can be read.";
	}
}

enum rs_code rs_httpc_send(
	struct rs_ctx *ctx, const struct rs_httpc_request *request, struct rs_httpc_answer *answer)
{
	struct fetch f = {.ctx = ctx, .max = request->answer_max};
	int left = rs_ctx_left_ms(ctx);
	long status = 0;
	char *type = NULL;
	enum rs_code rc = RS_OK;
	f.data = rs_arena_alloc(ctx->arena, f.max);
	CURL *curl = prepare(&f, request, left < request->timeout_ms ? left : request->timeout_ms);
	CURLcode result = CURLE_SSL_CACERT_BADFILE;
	if (set_anchors(curl, &f, request->ca_pem))
		result = left > 0 ? curl_easy_perform(curl) : CURLE_OPERATION_TIMEDOUT;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
	*answer = (struct rs_httpc_answer){
		.status = (int)status,
		.type = rs_arena_strdup(ctx->arena, type ? type : ""),
		.body = {.data = f.data, .len = f.len},
	};
	if (result != CURLE_OK) {
		answer->why = why_not(&f, result);
		rc = rs_fail(ctx, request->down, "%s", DOWN);
		rs_err_cause(ctx, "%s, status %ld%s%s", curl_easy_strerror(result), status,
			f.refused ? ", address not allowed" : "",
			f.full ? ", answer too long" : "");
	}
	curl_easy_cleanup(curl);
	wipe_headers(f.headers);
	if (f.ca_fd >= 0)
		close(f.ca_fd);
	return rc;
}

enum rs_code rs_httpc_get(
	struct rs_ctx *ctx, const char *url, int timeout_ms, struct rs_bytes *body)
{
	const struct rs_httpc_request request = {
		.url = url,
		.answer_max = RS_HTTPC_BODY_MAX,
		.timeout_ms = timeout_ms,
		.down = RS_IDP_UNAVAILABLE,
	};
	struct rs_httpc_answer answer;
	enum rs_code rc = rs_httpc_send(ctx, &request, &answer);
	if (rc == RS_OK && answer.status != 200) {
		rc = rs_fail(ctx, request.down, "%s", DOWN);
		rs_err_cause(ctx, "status %d", answer.status);
	}
	*body = answer.body;
	return rc;
}
