/* One message to one mail server. */
#include "rs/smtp.h"

#include "memfile.h"
#include "rs/address.h"
#include "rs/app.h"
#include "rs/config.h"
#include "rs/id.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ADDRESS_MAX 254 /* RFC 5321 4.5.3.1.3 without the brackets */
#define LOCAL_MAX   64
#define LABEL_MAX   63
#define FILES_MAX   3
#define SOCKETS_MAX 2	/* libcurl tries IPv6 and IPv4 side by side */
#define REPLY_MAX   200 /* octets of a reply line that are kept */

/* How far a conversation came, by the commands that were sent. */
enum stage { CONNECT, TLS, AUTH, SENDER, RECIPIENT, DATA, DONE };

static const char *const STAGE_NAMES[] = {
	"connect", "tls", "auth", "sender", "recipient", "data", "done"};

/* What a command says about the stage; others leave it as it is. */
static const struct {
	const char *word;
	enum stage stage;
} COMMANDS[] = {
	{"STARTTLS", TLS},
	{"AUTH", AUTH},
	{"MAIL", SENDER},
	{"RCPT", RECIPIENT},
	{"DATA", DATA},
};

struct call {
	struct rs_ctx *ctx;
	const struct rs_smtp_server *server;
	const struct rs_smtp_message *message; /* NULL: a probe */
	struct rs_smtp_result *out;
	CURL *curl;
	struct curl_slist *to;
	size_t sent;	     /* of the message */
	int file[FILES_MAX]; /* without names: anchors, certificate, key */
	int files;
	int sock[SOCKETS_MAX]; /* that are open, the rest -1 */
	enum stage stage;
	bool refused; /* the address was not allowed */
	bool signed_in;
	bool goodbye; /* QUIT was said */
};

/* --- addresses --- */

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_atext(char c)
{
	return is_alnum(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* Atoms with single dots between them. */
static bool is_dot_atom(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool dot = text[i] == '.';

		if (!dot && !is_atext(text[i]))
			return false;
		if (dot && (i == 0 || i + 1 == len || text[i - 1] == '.'))
			return false;
	}
	return len > 0 && len <= LOCAL_MAX;
}

static bool is_label(const char *text, size_t len)
{
	if (len == 0 || len > LABEL_MAX || text[0] == '-' || text[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(text[i]) && text[i] != '-')
			return false;
	return true;
}

static bool is_host_name(const char *text)
{
	if (strlen(text) > ADDRESS_MAX)
		return false;
	for (;;) {
		size_t len = strcspn(text, ".");

		if (!is_label(text, len))
			return false;
		if (text[len] == '\0')
			return true;
		text += len + 1;
	}
}

bool rs_smtp_address(const char *text)
{
	const char *at = text ? strrchr(text, '@') : NULL;

	return at && strlen(text) <= ADDRESS_MAX && is_dot_atom(text, (size_t)(at - text)) &&
	       is_host_name(at + 1);
}

static bool is_host(const char *text)
{
	unsigned char octets[16];

	return text && (inet_pton(AF_INET6, text, octets) == 1 || is_host_name(text));
}

/* --- what libcurl tells while it runs --- */

static curl_socket_t on_socket(void *cls, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct call *call = cls;
	int fd;

	(void)purpose;
	if (!rs_address_allowed(&address->addr, RS_ADDRESS_CONNECTOR,
		    call->ctx->app->config->net_allow_addresses)) {
		call->refused = true;
		return CURL_SOCKET_BAD;
	}
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	for (int i = 0; i < SOCKETS_MAX; i++)
		if (call->sock[i] < 0) {
			call->sock[i] = fd;
			break;
		}
	return fd;
}

static int on_close(void *cls, curl_socket_t fd)
{
	struct call *call = cls;

	for (int i = 0; i < SOCKETS_MAX; i++)
		if (call->sock[i] == fd)
			call->sock[i] = -1;
	return close(fd);
}

static size_t on_read(char *buffer, size_t size, size_t count, void *cls)
{
	struct call *call = cls;
	size_t left = call->message->data.len - call->sent;
	size_t len = size * count < left ? size * count : left;

	memcpy(buffer, call->message->data.data + call->sent, len);
	call->sent += len;
	return len;
}

static size_t on_answer(char *data, size_t size, size_t count, void *cls)
{
	(void)data;
	(void)cls;
	return size * count;
}

/* Every line the server says, until we say goodbye. */
static size_t on_line(char *data, size_t size, size_t count, void *cls)
{
	struct call *call = cls;
	size_t len = size * count, n = 0;
	char line[REPLY_MAX + 1];

	if (call->goodbye)
		return len;
	for (size_t i = 0; i < len && n < REPLY_MAX; i++)
		if (data[i] != '\r' && data[i] != '\n')
			line[n++] = data[i] >= ' ' && data[i] <= '~' ? data[i] : '?';
	line[n] = '\0';
	call->out->line = rs_arena_strdup(call->ctx->arena, line);
	call->out->reply = (int)strtol(line, NULL, 10);
	return len;
}

/*
 * The answer to QUIT changes nothing, but libcurl would wait for it two minutes beyond every
 * time-out: it finds the end of the stream instead.
 */
static void say_goodbye(struct call *call)
{
	call->goodbye = true;
	for (int i = 0; i < SOCKETS_MAX; i++)
		if (call->sock[i] >= 0)
			shutdown(call->sock[i], SHUT_RD);
}

static void note_command(struct call *call, const char *data, size_t len)
{
	if (len >= 4 && strncmp(data, "QUIT", 4) == 0)
		say_goodbye(call);
	for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++) {
		size_t n = strlen(COMMANDS[i].word);

		if (len <= n || strncmp(data, COMMANDS[i].word, n) != 0 ||
			(data[n] != ' ' && data[n] != '\r'))
			continue;
		call->stage = COMMANDS[i].stage;
		if (call->stage == AUTH)
			call->signed_in = true;
	}
}

/* libcurl has no other way to ask for the version of a TLS connection without its TLS library. */
static void note_tls(struct call *call, const char *data, size_t len)
{
	static const char TEXT[] = "SSL connection using ";
	size_t n = 0;

	if (len <= sizeof(TEXT) || strncmp(data, TEXT, sizeof(TEXT) - 1) != 0)
		return;
	data += sizeof(TEXT) - 1;
	len -= sizeof(TEXT) - 1;
	while (n < len && data[n] > ' ' && data[n] != '/')
		n++;
	call->out->tls_version = rs_arena_memdup(call->ctx->arena, data, n);
}

static int on_debug(CURL *curl, curl_infotype type, char *data, size_t len, void *cls)
{
	struct call *call = cls;

	(void)curl;
	if (type == CURLINFO_HEADER_OUT)
		note_command(call, data, len);
	else if (type == CURLINFO_TEXT)
		note_tls(call, data, len);
	return 0;
}

/* --- the connection --- */

/* A nameless file for the time of the call; NULL when it cannot be made. */
static const char *memory_file(struct call *call, const void *data, size_t len)
{
	char path[RS_MEMFILE_PATH];
	int fd = rs_memfile(data, len, path);

	if (fd < 0)
		return NULL;
	call->file[call->files++] = fd;
	return rs_arena_strdup(call->ctx->arena, path);
}

static bool given(const char *text)
{
	return text && *text;
}

static bool set_trust(struct call *call)
{
	const struct rs_smtp_server *server = call->server;
	const char *anchors = NULL, *certificate = NULL, *key = NULL;

	if (given(server->ca_pem)) {
		anchors = memory_file(call, server->ca_pem, strlen(server->ca_pem));
		if (!anchors)
			return false;
		curl_easy_setopt(call->curl, CURLOPT_CAINFO, anchors);
		/* In place of the system's, not beside them. */
		curl_easy_setopt(call->curl, CURLOPT_CAPATH, NULL);
	}
	if (given(server->client_certificate) && server->client_key) {
		certificate = memory_file(
			call, server->client_certificate, strlen(server->client_certificate));
		key = memory_file(call, rs_secret_data(server->client_key),
			rs_secret_len(server->client_key));
		if (!certificate || !key)
			return false;
		curl_easy_setopt(call->curl, CURLOPT_SSLCERT, certificate);
		curl_easy_setopt(call->curl, CURLOPT_SSLKEY, key);
	}
	return true;
}

static void set_server(struct call *call)
{
	const struct rs_smtp_server *server = call->server;
	bool implicit = server->tls == RS_SMTP_IMPLICIT, v6 = strchr(server->host, ':') != NULL;
	int left = rs_ctx_left_ms(call->ctx);
	CURL *curl = call->curl;

	curl_easy_setopt(curl, CURLOPT_URL,
		rs_arena_printf(call->ctx->arena, "%s://%s%s%s:%d", implicit ? "smtps" : "smtp",
			v6 ? "[" : "", server->host, v6 ? "]" : "", server->port));
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
	if (given(server->username)) {
		curl_easy_setopt(curl, CURLOPT_USERNAME, server->username);
		curl_easy_setopt(curl, CURLOPT_PASSWORD,
			server->password ? (char *)rs_secret_data(server->password) : "");
	}
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
		(long)(left < server->timeout_ms ? left : server->timeout_ms));
	/* When the time is over, a thread that still looks the name up goes on without us. */
	curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
}

static void set_hooks(struct call *call)
{
	CURL *curl = call->curl;

	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, call);
	curl_easy_setopt(curl, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl_easy_setopt(curl, CURLOPT_CLOSESOCKETDATA, call);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_line);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, call);
	curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_debug);
	curl_easy_setopt(curl, CURLOPT_DEBUGDATA, call);
}

static void set_message(struct call *call)
{
	const struct rs_smtp_message *message = call->message;
	struct rs_arena *arena = call->ctx->arena;

	if (!message) {
		curl_easy_setopt(call->curl, CURLOPT_CUSTOMREQUEST, "NOOP");
		return;
	}
	call->to = curl_slist_append(NULL, rs_arena_printf(arena, "<%s>", message->to));
	curl_easy_setopt(
		call->curl, CURLOPT_MAIL_FROM, rs_arena_printf(arena, "<%s>", message->from));
	curl_easy_setopt(call->curl, CURLOPT_MAIL_RCPT, call->to);
	curl_easy_setopt(call->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(call->curl, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(call->curl, CURLOPT_READDATA, call);
}

/* --- what became of it --- */

/* The first certificate of the chain is the server's own; libcurl gives it as PEM. */
static const char *peer_of(struct call *call)
{
	static const char BEGIN[] = "Cert:-----BEGIN CERTIFICATE-----", END[] = "-----END";
	struct curl_certinfo *info = NULL;
	unsigned char digest[32];
	struct rs_bytes der;

	curl_easy_getinfo(call->curl, CURLINFO_CERTINFO, &info);
	for (struct curl_slist *s = info && info->num_of_certs > 0 ? info->certinfo[0] : NULL; s;
		s = s->next) {
		const char *end = strncmp(s->data, BEGIN, sizeof(BEGIN) - 1) == 0
					  ? strstr(s->data, END)
					  : NULL;
		const char *begin = s->data + sizeof(BEGIN) - 1;

		if (!end || !rs_unbase64(call->ctx->arena, begin, (size_t)(end - begin), &der))
			continue;
		rs_sha256(der.data, der.len, digest);
		return rs_sha256_text(call->ctx->arena, digest);
	}
	return NULL;
}

static void say(struct call *call, enum rs_smtp_verdict verdict, const char *detail)
{
	call->out->verdict = verdict;
	call->out->detail = detail;
}

/* The server said no with this reply. */
static void judge_reply(struct call *call)
{
	if (call->out->reply < 500)
		say(call, RS_SMTP_TEMPORARY, "The mail server asks to try later.");
	else if (call->stage == RECIPIENT)
		say(call, RS_SMTP_FINAL, "The mail server refuses the recipient.");
	else if (call->stage == DATA)
		say(call, RS_SMTP_FINAL, "The mail server refuses the message.");
	else if (call->stage == SENDER)
		say(call, RS_SMTP_CONFIGURATION, "The mail server refuses the sender.");
	else
		say(call, RS_SMTP_CONFIGURATION, "The mail server refuses to serve.");
}

static void judge_failure(struct call *call, CURLcode result)
{
	bool told = call->out->reply >= 400 && call->out->reply < 600;

	if (call->refused)
		say(call, RS_SMTP_CONFIGURATION, "This address is not connected to from here.");
	else if (result == CURLE_USE_SSL_FAILED)
		say(call, RS_SMTP_CONFIGURATION, "The mail server offers no TLS.");
	else if (result == CURLE_PEER_FAILED_VERIFICATION)
		say(call, RS_SMTP_CONFIGURATION,
			"The mail server's certificate is not good for its name under the trust "
			"anchors.");
	else if (result == CURLE_SSL_CACERT_BADFILE)
		say(call, RS_SMTP_CONFIGURATION, "The trust anchors cannot be read.");
	else if (result == CURLE_SSL_CERTPROBLEM)
		say(call, RS_SMTP_CONFIGURATION,
			"The client certificate and its key cannot be used.");
	else if (result == CURLE_SSL_CONNECT_ERROR)
		say(call, RS_SMTP_CONFIGURATION,
			"No TLS connection came about with the mail server.");
	else if (result == CURLE_LOGIN_DENIED && !(told && call->out->reply < 500))
		say(call, RS_SMTP_CONFIGURATION, "The mail server refuses the sign-in.");
	else if (result == CURLE_OPERATION_TIMEDOUT)
		say(call, RS_SMTP_TEMPORARY, "The mail server does not answer in time.");
	else if (told)
		judge_reply(call);
	else
		say(call, RS_SMTP_TEMPORARY, "The mail server cannot be reached.");
}

static void judge(struct call *call, CURLcode result)
{
	call->out->stage = STAGE_NAMES[result == CURLE_OK ? DONE : call->stage];
	call->out->peer_sha256 = peer_of(call);
	if (result != CURLE_OK)
		judge_failure(call, result);
	else if (given(call->server->username) && !call->signed_in)
		say(call, RS_SMTP_CONFIGURATION, "The mail server offers no sign-in.");
	else
		say(call, RS_SMTP_TAKEN,
			call->message ? "The mail server took the message."
				      : "The mail server answers.");
}

static void perform(struct call *call)
{
	struct rs_ctx *ctx = call->ctx;

	for (int i = 0; i < SOCKETS_MAX; i++)
		call->sock[i] = -1;
	call->curl = curl_easy_init();
	if (!call->curl)
		abort();
	set_server(call);
	set_hooks(call);
	set_message(call);
	if (!set_trust(call))
		say(call, RS_SMTP_TEMPORARY, "There is no memory for certificates.");
	else
		judge(call, rs_ctx_left_ms(ctx) > 0 ? curl_easy_perform(call->curl)
						    : CURLE_OPERATION_TIMEDOUT);
	curl_easy_cleanup(call->curl);
	curl_slist_free_all(call->to);
	while (call->files > 0)
		close(call->file[--call->files]);
}

static bool usable(const struct rs_smtp_server *server)
{
	return is_host(server->host) && server->port > 0 && server->port <= 65535 &&
	       server->timeout_ms > 0;
}

void rs_smtp_send(struct rs_ctx *ctx, const struct rs_smtp_server *server,
	const struct rs_smtp_message *message, struct rs_smtp_result *out)
{
	struct call call = {.ctx = ctx, .server = server, .message = message, .out = out};

	*out = (struct rs_smtp_result){.line = "", .stage = STAGE_NAMES[CONNECT]};
	if (!usable(server))
		say(&call, RS_SMTP_CONFIGURATION,
			"Host, port or time-out of the mail server is unusable.");
	else if (!rs_smtp_address(message->from))
		say(&call, RS_SMTP_CONFIGURATION, "The sender is no address.");
	else if (!rs_smtp_address(message->to))
		say(&call, RS_SMTP_FINAL, "The recipient is no address.");
	else
		perform(&call);
}

void rs_smtp_probe(
	struct rs_ctx *ctx, const struct rs_smtp_server *server, struct rs_smtp_result *out)
{
	struct call call = {.ctx = ctx, .server = server, .out = out};

	*out = (struct rs_smtp_result){.line = "", .stage = STAGE_NAMES[CONNECT]};
	if (usable(server))
		perform(&call);
	else
		say(&call, RS_SMTP_CONFIGURATION,
			"Host, port or time-out of the mail server is unusable.");
}

json_t *rs_smtp_result_json(struct rs_ctx *ctx, const struct rs_smtp_result *result)
{
	static const char *const VERDICTS[] = {"taken", "temporary", "final", "configuration"};

	return rs_arena_json(ctx->arena,
		json_pack("{s:s, s:s, s:i, s:s, s:s, s:s?, s:s?}", "verdict",
			VERDICTS[result->verdict], "detail", result->detail, "reply", result->reply,
			"line", result->line, "stage", result->stage, "tls_version",
			result->tls_version, "peer_sha256", result->peer_sha256));
}
