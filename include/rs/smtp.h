/*
 * Sending one mail through one server (RFC 5321), by libcurl.
 *
 * TLS is demanded: STARTTLS (RFC 3207) or from the first byte; a server that takes STARTTLS away gets
 * no mail. Addresses are judged before libcurl sees them, since it passes CR and LF on (a recipient
 * could smuggle commands), and what goes into a header is encoded (RFC 2047). The address that is
 * connected to is judged as address.h says.
 */
#ifndef RS_SMTP_H
#define RS_SMTP_H

#include "rs/ctx.h"
#include "rs/secret.h"

struct rs_smtp_server {
	const char *host;     /* name or address */
	int port;
	const char *tls;      /* starttls, implicit, none (only with net.allow_http) */
	const char *ca_pem;   /* trust anchors; NULL = the system's */
	const char *username; /* NULL = no AUTH */
	struct rs_secret *password;
	const char *from;     /* envelope and header */
	const char *reply_to; /* NULL = none */
	int timeout_ms;
};

struct rs_mail {
	const char *to;
	const char *subject;
	const char *text;       /* UTF-8, LF line ends */
	const char *message_id; /* "id@host", without the angle brackets */
};

/* Whether text is one mailbox we send to: local part of RFC 5321 dot-atom characters, a DNS name. */
bool rs_mail_address(const char *text);

/*
 * RS_OK once the server has taken it. RS_PROVIDER_UNAVAILABLE: not now (network, TLS, 4xx), trying
 * again makes sense. RS_DELIVERY_FAILED: refused for good (5xx, an address that is none). The server's
 * words go to err.cause only. Never beyond timeout_ms or the deadline of ctx.
 */
enum rs_code rs_smtp_send(struct rs_ctx *ctx, const struct rs_smtp_server *server,
	const struct rs_mail *mail) RS_CHECK;
/* Connects, negotiates TLS and signs in, sends nothing. The same codes. */
enum rs_code rs_smtp_probe(struct rs_ctx *ctx, const struct rs_smtp_server *server) RS_CHECK;

#endif
