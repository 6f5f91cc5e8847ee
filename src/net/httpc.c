#include "rs/httpc.h"

#include "rs/address.h"
#include "rs/app.h"
#include "rs/config.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct fetch {
	struct rs_ctx *ctx;
	unsigned char *data;
	size_t len;
	bool refused; /* the address was not allowed */
};

static size_t on_body(char *data, size_t size, size_t n, void *cls)
{
	struct fetch *f = cls;
	size_t len = size * n;
	if (f->len + len > RS_HTTPC_BODY_MAX)
		return 0;
	memcpy(f->data + f->len, data, len);
	f->len += len;
	return len;
}

static curl_socket_t on_socket(void *cls, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct fetch *f = cls;
	(void)purpose;
	if (!rs_address_allowed(&address->addr, RS_ADDRESS_PUBLIC,
		    f->ctx->app->config->net_allow_addresses)) {
		f->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static CURL *prepare(struct fetch *f, const char *url, int timeout_ms)
{
	CURL *curl = curl_easy_init();
	if (!curl)
		abort();
	bool http = f->ctx->app->config->net_allow_http;
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, http ? "http,https" : "https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, f);
	return curl;
}

enum rs_code rs_httpc_get(struct rs_ctx *ctx, const char *url, int timeout_ms,
	struct rs_bytes *body)
{
	struct fetch f = {.ctx = ctx, .data = rs_arena_alloc(ctx->arena, RS_HTTPC_BODY_MAX)};
	int left = rs_ctx_left_ms(ctx);
	long status = 0;
	enum rs_code rc = RS_OK;
	CURL *curl = prepare(&f, url, left < timeout_ms ? left : timeout_ms);
	CURLcode result = left > 0 ? curl_easy_perform(curl) : CURLE_OPERATION_TIMEDOUT;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (result != CURLE_OK || status != 200) {
		rc = rs_fail(ctx, RS_IDP_UNAVAILABLE,
			"A service we depend on does not answer. Try again later.");
		rs_err_cause(ctx, "%s, status %ld%s", curl_easy_strerror(result), status,
			f.refused ? ", address not allowed" : "");
	}
	curl_easy_cleanup(curl);
	*body = (struct rs_bytes){.data = f.data, .len = f.len};
	return rc;
}
