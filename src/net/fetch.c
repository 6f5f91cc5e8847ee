/* One file from the web, with the fences a validation needs. */
#include "rs/fetch.h"

#include "rs/address.h"
#include "rs/app.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/dnsmsg.h"
#include "rs/id.h"
#include "rs/names.h"
#include "rs/resolver.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_MAX_OCTETS 2000
#define ADDRESSES_MAX	8
/* Octets of a URL that are put on record. */
#define URL_SHOWN_MAX	4000

/* A URL taken apart. */
struct place {
	const char *url;	   /* as it is asked: with the host in the form below */
	const char *scheme, *host; /* lower case, without a last dot or the brackets of IPv6 */
	int port;
	bool address; /* the host is one, and canonical */
};

/* One fetch in the making. */
struct fetch {
	struct rs_ctx *ctx;
	struct rs_fetched *out;
	int64_t until_ms;
	json_t *hop;				    /* of the moment, borrowed */
	const char *gone_to[RS_FETCH_HOPS_MAX + 1]; /* the URLs of all hops */
	const char *address;			    /* the only one that is connected to now */
	unsigned char *data;
	size_t len;
	bool full, refused;
};

static bool stop(struct fetch *f, const char *why)
{
	f->out->fault = why;
	if (f->hop)
		json_object_set_new(f->hop, "why", json_string(why));
	return false;
}

/* A URL as it may be read: whoever redirects us chooses its octets, which need not even be text. */
static json_t *shown(struct fetch *f, const char *url)
{
	const struct rs_bytes octets = {(const unsigned char *)url, strlen(url)};

	return json_string(rs_dns_text(f->ctx, octets, URL_SHOWN_MAX));
}

static int left_ms(const struct fetch *f)
{
	int64_t left = f->until_ms - rs_clock_mono_ms();

	return left > 0 ? (int)left : 0;
}

/* --- the URL --- */

static const char *part(struct rs_ctx *ctx, CURLU *u, CURLUPart which)
{
	char *text = NULL;
	const char *out = NULL;

	if (curl_url_get(u, which, &text, which == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0) ==
		CURLUE_OK)
		out = rs_arena_strdup(ctx->arena, text);
	curl_free(text);
	return out;
}

/* An address in its canonical text; NULL for what is none. */
static const char *address_of(struct rs_ctx *ctx, const char *host)
{
	unsigned char octets[16];
	char text[INET6_ADDRSTRLEN];
	int family = strchr(host, ':') ? AF_INET6 : AF_INET;

	if (inet_pton(family, host, octets) != 1)
		return NULL;
	return rs_arena_strdup(ctx->arena, inet_ntop(family, octets, text, sizeof(text)));
}

static bool is_web(const char *scheme)
{
	return scheme && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
}

/* Whether it is where clients find this service: asking ourselves proves nothing. */
static bool is_ours(const struct rs_config *config, const struct place *p)
{
	const char *text = config->server_public_url;
	CURLU *u = curl_url();
	char *host = NULL, *port = NULL;
	bool ours = text && curl_url_set(u, CURLUPART_URL, text, 0) == CURLUE_OK &&
		    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
		    strcasecmp(host, p->host) == 0 && strtol(port, NULL, 10) == p->port;

	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
	return ours;
}

/* The first host is the validation's own, later ones are somebody's word. */
static const char *judge_host(const struct fetch *f, const struct place *p)
{
	const struct rs_config *config = f->ctx->app->config;
	size_t len = strlen(p->host);
	bool first = json_array_size(f->out->hops) == 1;

	if (len > 11 && strcmp(p->host + len - 11, ".well-known") == 0)
		return "The host ends in .well-known: a slash is missing in the redirect.";
	if (!first && !p->address && !rs_names_top_exists(p->host, config->names_extra_tlds))
		return "The host lies below no top-level domain that exists.";
	if (is_ours(config, p))
		return "The URL is one of this service.";
	return NULL;
}

/* What may be gone to at all, or why not. */
static const char *judge_place(const struct fetch *f, CURLU *u, const struct place *p)
{
	const char *path = part(f->ctx, u, CURLUPART_PATH);

	if (!is_web(p->scheme))
		return "Only http and https are followed.";
	if (part(f->ctx, u, CURLUPART_USER) || part(f->ctx, u, CURLUPART_PASSWORD))
		return "A URL with a user is not followed.";
	if (p->host[0] == '\0' || part(f->ctx, u, CURLUPART_ZONEID))
		return "The URL has no host that can be asked.";
	if (p->port != 80 && p->port != 443 && p->port != f->ctx->app->config->dcv_http_port)
		return "Only the ports 80 and 443 are asked.";
	if (path && strlen(path) > PATH_MAX_OCTETS)
		return "The path is too long.";
	return judge_host(f, p);
}

/* The host in the form that is looked up and judged, and the URL with it. */
static void normalise_host(struct rs_ctx *ctx, CURLU *u, struct place *out)
{
	char *host = rs_arena_strdup(ctx->arena, out->host ? out->host : "");
	size_t len = strlen(host);

	for (char *s = host; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s + 32);
	out->host = host;
	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		out->host = host + 1;
	} else if (len > 1 && host[len - 1] == '.') {
		host[len - 1] = '\0';
		curl_url_set(u, CURLUPART_HOST, host, 0);
		out->url = part(ctx, u, CURLUPART_URL);
	}
	if (address_of(ctx, out->host)) {
		out->host = address_of(ctx, out->host);
		out->address = true;
	}
}

static bool take_apart(struct fetch *f, const char *url, struct place *out)
{
	CURLU *u = curl_url();
	const char *port, *why;

	*out = (struct place){.url = url};
	if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK) {
		curl_url_cleanup(u);
		/* A scheme that libcurl does not know ends here too. */
		return stop(f, "The URL cannot be read.");
	}
	out->scheme = part(f->ctx, u, CURLUPART_SCHEME);
	out->host = part(f->ctx, u, CURLUPART_HOST);
	port = part(f->ctx, u, CURLUPART_PORT);
	out->port = port ? (int)strtol(port, NULL, 10) : 0;
	normalise_host(f->ctx, u, out);
	why = judge_place(f, u, out);
	curl_url_cleanup(u);
	return why ? stop(f, why) : true;
}

/* --- the addresses --- */

static void add_addresses(struct fetch *f, const struct rs_dns_answer *answer, int family,
	const char **list, size_t *count)
{
	char text[INET6_ADDRSTRLEN];
	size_t octets = family == AF_INET ? 4 : 16;

	for (size_t i = 0; answer->state >= RS_DNS_INSECURE && i < answer->count; i++)
		if (answer->rdata[i].len == octets && *count < ADDRESSES_MAX &&
			inet_ntop(family, answer->rdata[i].data, text, sizeof(text)))
			list[(*count)++] = rs_arena_strdup(f->ctx->arena, text);
}

/* IPv6 first; what must not be connected to is told and left out. */
static bool resolve(struct fetch *f, const struct place *p, const char **list, size_t *count)
{
	const struct rs_dns_question questions[] = {
		{p->host, RS_RR_AAAA},
		{p->host, RS_RR_A},
	};
	struct rs_dns_answer answers[2] = {{0}, {0}};
	const char *seen[ADDRESSES_MAX];
	json_t *told = json_array();
	size_t n = 0;

	json_object_set_new(f->hop, "addresses", told);
	if (p->address) {
		seen[n++] = p->host;
	} else if (!rs_dns_name_valid(p->host)) {
		return stop(f, "The host is no name of the DNS.");
	} else if (rs_resolver_lookup(f->ctx, questions, 2, left_ms(f), answers) != RS_OK) {
		rs_err_reset(&f->ctx->err);
		return stop(f, "The host could not be looked up.");
	} else if (answers[0].state == RS_DNS_BOGUS || answers[1].state == RS_DNS_BOGUS) {
		return stop(f, "The addresses of the host do not validate (DNSSEC).");
	} else {
		add_addresses(f, &answers[0], AF_INET6, seen, &n);
		add_addresses(f, &answers[1], AF_INET, seen, &n);
		json_object_set_new(f->hop, "dnssec",
			json_pack("{s:s, s:s}", "AAAA", rs_dns_state_name(answers[0].state), "A",
				rs_dns_state_name(answers[1].state)));
	}
	*count = 0;
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(told, json_string(seen[i]));
		if (rs_address_text_allowed(
			    seen[i], RS_ADDRESS_PUBLIC, f->ctx->app->config->dcv_allow_addresses))
			list[(*count)++] = seen[i];
	}
	if (n == 0 && answers[0].state <= RS_DNS_BOGUS && answers[1].state <= RS_DNS_BOGUS)
		return stop(f, "The host could not be looked up.");
	if (n == 0)
		return stop(f, "The host has no address.");
	return *count > 0 || stop(f, "The host has no address on the public internet.");
}

/* --- one hop --- */

static size_t on_body(char *data, size_t size, size_t n, void *cls)
{
	struct fetch *f = cls;
	size_t room = RS_FETCH_BODY_MAX + 1 - f->len, len = size * n;

	if (len > room)
		len = room;
	memcpy(f->data + f->len, data, len);
	f->len += len;
	f->full = f->len > RS_FETCH_BODY_MAX;
	return f->full ? 0 : size * n;
}

/* Whether it is the address that was judged, whatever libcurl made of the URL. */
static bool is_pinned(const struct fetch *f, const struct sockaddr *address)
{
	char text[INET6_ADDRSTRLEN];
	const void *octets =
		address->sa_family == AF_INET6
			? (const void *)&((const struct sockaddr_in6 *)(const void *)address)
				  ->sin6_addr
			: (const void *)&((const struct sockaddr_in *)(const void *)address)
				  ->sin_addr;

	return inet_ntop(address->sa_family, octets, text, sizeof(text)) &&
	       strcmp(text, f->address) == 0;
}

/* The last word: the very address that is about to be connected to. */
static curl_socket_t on_socket(void *cls, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct fetch *f = cls;

	(void)purpose;
	if (!is_pinned(f, &address->addr) || !rs_address_allowed(&address->addr, RS_ADDRESS_PUBLIC,
						     f->ctx->app->config->dcv_allow_addresses)) {
		f->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static CURL *prepare(struct fetch *f, const struct place *p, struct curl_slist *pin)
{
	CURL *curl = curl_easy_init();

	if (!curl)
		abort();
	curl_easy_setopt(curl, CURLOPT_URL, p->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_RESOLVE, pin);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(
		curl, CURLOPT_USERAGENT, "reissued/" RS_VERSION " (domain control validation)");
	curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTP_TRANSFER_DECODING, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)left_ms(f));
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, f);
	return curl;
}

/* A name leads to the judged address alone; an address to itself: libcurl reads no IPv6 one here. */
static struct curl_slist *pin_of(const struct fetch *f, const struct place *p, const char *address)
{
	bool v6 = strchr(address, ':') != NULL;

	if (p->address)
		return NULL;
	return curl_slist_append(NULL, rs_arena_printf(f->ctx->arena, "%s:%d:%s%s%s", p->host,
					       p->port, v6 ? "[" : "", address, v6 ? "]" : ""));
}

static CURLcode ask(struct fetch *f, const struct place *p, const char *address, const char **next)
{
	struct curl_slist *pin = pin_of(f, p, address);
	CURL *curl = prepare(f, p, pin);
	char *redirect = NULL;
	CURLcode result;

	f->len = 0;
	f->full = f->refused = false;
	f->address = address;
	result = left_ms(f) > 0 ? curl_easy_perform(curl) : CURLE_OPERATION_TIMEDOUT;
	if (result == CURLE_WRITE_ERROR && f->full)
		result = CURLE_OK;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &f->out->status);
	curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &redirect);
	*next = redirect ? rs_arena_strdup(f->ctx->arena, redirect) : NULL;
	curl_easy_cleanup(curl);
	curl_slist_free_all(pin);
	json_object_set_new(f->hop, "address", json_string(address));
	json_object_set_new(f->hop, "status", json_integer(f->out->status));
	return result;
}

static bool may_try_next(CURLcode result)
{
	return result == CURLE_COULDNT_CONNECT || result == CURLE_OPERATION_TIMEDOUT;
}

/* The beginning of the body and the hash of all that was read of it. */
static void tell_body(struct fetch *f)
{
	unsigned char hash[32];
	char hex[65];

	rs_sha256(f->data, f->len, hash);
	rs_hex(hash, sizeof(hash), hex);
	json_object_set_new(f->hop, "body",
		json_string(rs_base64(f->ctx->arena, f->data, f->len < 256 ? f->len : 256)));
	json_object_set_new(f->hop, "body_sha256", json_sprintf("sha256:%s", hex));
}

/* Asks the first address, and a second one only when the first could not be connected to. */
static bool hop(struct fetch *f, const char *url, const char **next)
{
	const char *list[ADDRESSES_MAX] = {NULL};
	struct place p;
	size_t count = 0;
	CURLcode result;

	f->gone_to[json_array_size(f->out->hops)] = url;
	f->hop = json_object();
	json_array_append_new(f->out->hops, f->hop);
	json_object_set_new(f->hop, "url", shown(f, url));
	if (!take_apart(f, url, &p))
		return false;
	json_object_set_new(f->hop, "port", json_integer(p.port));
	if (!resolve(f, &p, list, &count))
		return false;
	result = ask(f, &p, list[0], next);
	if (may_try_next(result) && count > 1 && !f->refused && left_ms(f) > 0)
		result = ask(f, &p, list[count - 1], next);
	json_object_set_new(f->hop, "location", *next ? shown(f, *next) : json_null());
	tell_body(f);
	if (f->refused)
		return stop(f, "The address must not be connected to.");
	f->out->timeout = result == CURLE_OPERATION_TIMEDOUT;
	if (result != CURLE_OK)
		return stop(f, rs_arena_strdup(f->ctx->arena, curl_easy_strerror(result)));
	return true;
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 307 || status == 308;
}

/* Whether a URL was gone to before. */
static bool visited(const struct fetch *f, const char *url)
{
	for (size_t i = 0; i < json_array_size(f->out->hops); i++)
		if (strcmp(f->gone_to[i], url) == 0)
			return true;
	return false;
}

void rs_fetch(struct rs_ctx *ctx, const char *url, int timeout_ms, struct rs_fetched *out)
{
	int left = rs_ctx_left_ms(ctx);
	struct fetch f = {
		.ctx = ctx,
		.out = out,
		.until_ms = rs_clock_mono_ms() + (left < timeout_ms ? left : timeout_ms),
		.data = rs_arena_alloc(ctx->arena, RS_FETCH_BODY_MAX + 1),
	};
	const char *next = NULL;

	*out = (struct rs_fetched){.hops = rs_arena_json(ctx->arena, json_array())};
	for (int i = 0; hop(&f, url, &next); i++) {
		if (!is_redirect(out->status)) {
			if (out->status == 303)
				stop(&f, "A redirect with 303 is not followed.");
			break;
		}
		if (!next || i >= RS_FETCH_HOPS_MAX || visited(&f, next)) {
			stop(&f, !next			  ? "The redirect goes nowhere."
				 : i >= RS_FETCH_HOPS_MAX ? "There are too many redirects."
							  : "The redirects go in a circle.");
			break;
		}
		url = next;
	}
	out->body = (struct rs_bytes){f.data, f.len};
}
