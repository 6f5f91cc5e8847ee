/*
 * Handing one message to one mail server (RFC 5321), by libcurl.
 *
 * TLS is demanded, by STARTTLS (RFC 3207) or from the first byte, and the server's certificate must
 * be good for its name under the connector's anchors, or the system's where it has none: a server
 * that takes STARTTLS away gets neither a password nor a mail. SASL therefore happens inside TLS
 * alone. Addresses are judged here before libcurl sees them, since it passes CR and LF on and a
 * recipient could smuggle commands. The socket address that is connected to is judged as address.h
 * says, private networks allowed.
 *
 * What a caller does next depends on who must act, so that is what the verdict says: nobody (wait,
 * TEMPORARY), the recipient's side (FINAL), or whoever set the server up (CONFIGURATION).
 */
#ifndef RS_SMTP_H
#define RS_SMTP_H

#include "rs/json.h"
#include "rs/secret.h"

enum rs_smtp_tls { RS_SMTP_STARTTLS, RS_SMTP_IMPLICIT };

struct rs_smtp_server {
	const char *host; /* name or address, not the brackets of an IPv6 one */
	int port;	  /* 1 .. 65535 */
	enum rs_smtp_tls tls;
	const char *ca_pem;		/* the only trust anchors; NULL or "" = the system's */
	const char *client_certificate; /* PEM, leaf first, with its key; NULL = none */
	struct rs_secret *client_key;	/* PEM; borrowed */
	const char *username;		/* NULL or "" = no sign-in */
	struct rs_secret *password;	/* borrowed; NULL = an empty one */
	int timeout_ms;			/* for everything, connecting included; more than 0 */
};

struct rs_smtp_message {
	const char *from; /* of the envelope */
	const char *to;
	struct rs_bytes data; /* RFC 5322, lines end in CR LF; dots are doubled here */
};

enum rs_smtp_verdict {
	RS_SMTP_TAKEN,	   /* the server took the message, or would take one (probe) */
	RS_SMTP_TEMPORARY, /* a 4xx, no connection, no answer in time: later it may work */
	RS_SMTP_FINAL,	   /* a 5xx for the recipient or the message, or an address that is none */
	RS_SMTP_CONFIGURATION, /* TLS, certificate, sign-in, sender, anything else that is refused
				*/
};

/* Everything lives in ctx's arena. */
struct rs_smtp_result {
	enum rs_smtp_verdict verdict;
	const char *detail; /* a sentence for administrators; holds no words of the server */
	int reply;	    /* the last reply code, 0 = none came */
	const char *line;   /* the last reply line, printable ASCII, at most 200; "" = none */
	const char *stage;  /* connect, tls, auth, sender, recipient, data, done */
	const char
		*tls_version; /* as the TLS library names it, "TLS1.3"; NULL = no TLS was reached */
	const char *peer_sha256; /* "sha256:<hex>" of the server's certificate, or NULL */
};

/* Whether text is one mailbox we send to: a dot-atom (RFC 5321 4.1.2) in ASCII at a domain name. */
bool rs_smtp_address(const char *text);

/*
 * Hands the message over. Never beyond timeout_ms nor the deadline of ctx. The caller must have
 * looked at out->verdict before it believes anything else.
 */
void rs_smtp_send(struct rs_ctx *ctx, const struct rs_smtp_server *server,
	const struct rs_smtp_message *message, struct rs_smtp_result *out);
/* Connects, negotiates TLS and signs in, but sends nothing. */
void rs_smtp_probe(
	struct rs_ctx *ctx, const struct rs_smtp_server *server, struct rs_smtp_result *out);

/* {verdict, detail, reply, line, stage, tls_version, peer_sha256}, borrowed: evidence, test
 * answers. */
json_t *rs_smtp_result_json(struct rs_ctx *ctx, const struct rs_smtp_result *result);

#endif
