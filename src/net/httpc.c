#include "rs/httpc.h"

#include "rs/app.h"
#include "rs/config.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct fetch {
	struct rs_ctx *ctx;
	unsigned char *data;
	size_t len;
	bool refused; /* the address was not allowed */
	struct curl_slist *headers;
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

/* Whether the first `bits` bits of two addresses are the same. */
static bool same_network(const unsigned char *a, const unsigned char *b, int bits)
{
	int bytes = bits / 8, rest = bits % 8;
	if (memcmp(a, b, (size_t)bytes) != 0)
		return false;
	return rest == 0 || ((a[bytes] ^ b[bytes]) & (0xff00 >> rest & 0xff)) == 0;
}

static bool in_network(int family, const unsigned char *address, const char *network)
{
	char text[64];
	unsigned char base[16];
	size_t len = strcspn(network, "/");
	if (len >= sizeof(text))
		return false;
	memcpy(text, network, len);
	text[len] = '\0';
	if (inet_pton(family, text, base) != 1)
		return false;
	int most = family == AF_INET ? 32 : 128;
	int bits = network[len] == '/' ? (int)strtol(network + len + 1, NULL, 10) : most;
	return bits <= most && same_network(address, base, bits);
}

/* Addresses that are nobody's or ours: never a target unless the operator lists them. */
static const char *const SPECIAL[] = {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8",
	"169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15",
	"224.0.0.0/3", "::/96", "::ffff:0:0/96", "64:ff9b::/96", "fc00::/7", "fe80::/10", "ff00::/8"};

static bool address_allowed(const struct rs_config *config, const struct sockaddr *address)
{
	int family = address->sa_family;
	const unsigned char *bytes;
	json_t *network;
	size_t i;
	if (family == AF_INET)
		bytes = (const unsigned char *)&((const struct sockaddr_in *)(const void *)address)
				->sin_addr;
	else if (family == AF_INET6)
		bytes = (const unsigned char *)&((const struct sockaddr_in6 *)(const void *)address)
				->sin6_addr;
	else
		return false;
	json_array_foreach(config->net_allow_addresses, i, network)
		if (in_network(family, bytes, json_string_value(network)))
			return true;
	for (i = 0; i < sizeof(SPECIAL) / sizeof(SPECIAL[0]); i++)
		if (in_network(family, bytes, SPECIAL[i]))
			return false;
	return true;
}

static curl_socket_t on_socket(void *cls, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct fetch *f = cls;
	(void)purpose;
	if (!address_allowed(f->ctx->app->config, &address->addr)) {
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
	if (f->ctx->traceparent[0])
		f->headers = curl_slist_append(NULL,
			rs_arena_printf(f->ctx->arena, "traceparent: %s", f->ctx->traceparent));
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, f->headers);
	return curl;
}

/* The address that stands literally in the URL; curl has written its odd forms as dotted quads. */
static bool literal(const char *host, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)out;
	char text[64] = "";

	if (strcasecmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (*host == '[')
		snprintf(text, sizeof(text), "%.*s", (int)strcspn(host + 1, "]%"), host + 1);
	*out = (struct sockaddr_storage){.ss_family = *text ? AF_INET6 : AF_INET};
	return *text ? inet_pton(AF_INET6, text, &v6->sin6_addr) == 1
		     : inet_pton(AF_INET, host, &v4->sin_addr) == 1;
}

static const char *url_fault(const struct rs_config *config, CURLU *url)
{
	char *scheme = NULL, *user = NULL, *host = NULL;
	struct sockaddr_storage address;
	const char *why = NULL;

	curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
	curl_url_get(url, CURLUPART_USER, &user, 0);
	curl_url_get(url, CURLUPART_HOST, &host, 0);
	if (!scheme || (strcmp(scheme, "https") != 0 &&
			       !(config->net_allow_http && strcmp(scheme, "http") == 0)))
		why = "An https URL is needed.";
	else if (user || !host || !*host)
		why = "The URL names a host, and no user.";
	else if (literal(host, &address) &&
		!address_allowed(config, (const struct sockaddr *)(const void *)&address))
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
	curl_slist_free_all(f.headers);
	*body = (struct rs_bytes){.data = f.data, .len = f.len};
	return rc;
}
