/*
 * The settings of a connector of the kind smtp: a mail relay. TLS is never optional. Secrets:
 * password, client_key (PEM, of client_certificate).
 */
#ifndef RS_SMTP_CONNECTOR_H
#define RS_SMTP_CONNECTOR_H

#include "rs/connector.h"

struct rs_smtp_settings {
	const char *host; /* name or address */
	int64_t port;
	const char *tls;    /* starttls (demanded) or implicit */
	const char *ca_pem; /* whom to trust instead of the system's CAs; NULL = those */
	const char *client_certificate; /* PEM, leaf first; NULL = none */
	const char *username;		/* NULL = no AUTH; with the secret password */
	const char *from;		/* one mailbox: envelope and From */
	const char *from_name;		/* or NULL */
	const char *reply_to;		/* one mailbox, or NULL */
	int64_t priority;		/* least first */
	int64_t timeout_s;		/* for one message, connecting included */
};

#endif
