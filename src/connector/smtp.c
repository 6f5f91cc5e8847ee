/* The kind smtp: a mail relay that speaks TLS. */
#include "rs/smtp_connector.h"

#include "kinds.h"
#include "rs/mail.h"
#include "rs/names.h"
#include "rs/smtp.h"

#include <string.h>

static const char *const TLS[] = {"starttls", "implicit", NULL};

#define F(member, kind, ...) RS_FIELD(struct rs_smtp_settings, member, kind, __VA_ARGS__)
static const struct rs_field FIELDS[] = {
	F(host, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1, .max = 253),
	F(port, RS_T_INT, .min = 1, .max = 65535),
	F(tls, RS_T_STRING, .values = TLS),
	F(ca_pem, RS_T_STRING, .flags = RS_F_PEM, .min = 1, .max = 32768),
	F(client_certificate, RS_T_STRING, .flags = RS_F_PEM, .min = 1, .max = 32768),
	F(username, RS_T_STRING, .min = 1, .max = 255),
	F(from, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 3, .max = 254),
	F(from_name, RS_T_STRING, .min = 1, .max = 100),
	F(reply_to, RS_T_STRING, .min = 3, .max = 254),
	F(priority, RS_T_INT, .min = 1, .max = 1000),
	F(timeout_s, RS_T_INT, .min = 1, .max = 60),
	RS_FIELD_END,
};

static const struct rs_connector_secret_member SECRETS[] = {
	{"password", RS_SECRET_LINE, 255},
	{"client_key", RS_SECRET_PEM, 16384},
	{NULL, RS_SECRET_LINE, 0},
};

static void defaults(struct rs_ctx *ctx, void *out)
{
	struct rs_smtp_settings *settings = out;

	(void)ctx;
	settings->port = 587;
	settings->tls = "starttls";
	settings->priority = 100;
	settings->timeout_s = 30;
}

/* One mailbox in its normal form: what libcurl gets stands raw in the protocol. */
static void check_mailbox(struct rs_ctx *ctx, const char **mailbox, const char *at)
{
	const char *normal;

	if (!*mailbox)
		return;
	normal = rs_names_mailbox(
		ctx, (struct rs_bytes){(const unsigned char *)*mailbox, strlen(*mailbox)});
	if (normal)
		*mailbox = normal;
	else
		rs_fault(ctx, RS_BAD_VALUE, at, "One e-mail address, and nothing else.");
}

static enum rs_code check(struct rs_ctx *ctx, const struct rs_connector *connector, void *out)
{
	struct rs_smtp_settings *settings = out;

	rs_connector_check_host(ctx, settings->host, "/settings/host");
	rs_connector_check_certificates(ctx, settings->ca_pem, "/settings/ca_pem");
	rs_connector_check_certificates(
		ctx, settings->client_certificate, "/settings/client_certificate");
	check_mailbox(ctx, &settings->from, "/settings/from");
	check_mailbox(ctx, &settings->reply_to, "/settings/reply_to");
	if (!settings->username != !rs_connector_has(connector, "password"))
		rs_fault(ctx, RS_REQUIRED,
			settings->username ? "/settings/password" : "/settings/username",
			"username and password belong together.");
	if (!settings->client_certificate != !rs_connector_has(connector, "client_key"))
		rs_fault(ctx, RS_REQUIRED,
			settings->client_certificate ? "/settings/client_key"
						     : "/settings/client_certificate",
			"client_certificate and client_key belong together.");
	return RS_OK;
}

/* The stages of a conversation, up to the one where it ended. */
static void tell(struct rs_connector_report *report, const struct rs_smtp_settings *settings,
	const struct rs_smtp_result *result)
{
	static const struct {
		const char *name, *detail;
	} STAGES[] = {{"connect", "Connected."}, {"tls", "TLS with a certificate that is good."},
		{"auth", "Signed in."}, {"sender", "The sender is accepted."},
		{"recipient", "The recipient is accepted."}, {"data", "The message was sent."}};
	bool ok = result->verdict == RS_SMTP_TAKEN;
	/* A server that answered was connected to; it offers no TLS then. */
	bool greeted = strcmp(result->stage, "connect") == 0 && result->reply >= 200;
	const char *last = ok ? "ready" : greeted ? "tls" : result->stage;

	for (size_t i = 0; i < sizeof(STAGES) / sizeof(STAGES[0]); i++) {
		/* Without a message a conversation that went well ends with the sign-in. */
		if (strcmp(last, STAGES[i].name) == 0 ||
			(ok && strcmp(STAGES[i].name, "sender") == 0))
			break;
		if (strcmp(STAGES[i].name, "auth") != 0 || settings->username)
			rs_connector_step(report, true, STAGES[i].name, "%s", STAGES[i].detail);
	}
	rs_connector_step(report, ok, last, "%s", result->detail);
}

/* Connects, negotiates TLS and signs in, but sends nothing. */
static enum rs_code probe(struct rs_ctx *ctx, const struct rs_connector *connector,
	const struct rs_smtp_settings *settings, struct rs_smtp_result *result)
{
	rs_auto_secret password = NULL;
	rs_auto_secret client_key = NULL;
	struct rs_smtp_server server = {.host = settings->host,
		.port = (int)settings->port,
		.tls = strcmp(settings->tls, "implicit") == 0 ? RS_SMTP_IMPLICIT : RS_SMTP_STARTTLS,
		.ca_pem = settings->ca_pem,
		.username = settings->username,
		.client_certificate = settings->client_certificate,
		.timeout_ms = (int)settings->timeout_s * 1000};
	enum rs_code rc = rs_connector_secret(ctx, connector, "password", &password);

	if (!rc)
		rc = rs_connector_secret(ctx, connector, "client_key", &client_key);
	if (rc)
		return rc;
	server.password = password;
	server.client_key = client_key;
	rs_smtp_probe(ctx, &server, result);
	return RS_OK;
}

static enum rs_code test(struct rs_ctx *ctx, const struct rs_connector *connector, const void *in,
	const char *to, struct rs_connector_report *report)
{
	static const struct rs_mail_text TEXT = {.subject = "Test of the mail relay",
		.before = "An administrator tries the mail relay. There is nothing to do."};
	struct rs_smtp_result result;
	enum rs_code rc;

	if (to && !rs_mail_address(to)) {
		rs_fault(ctx, RS_BAD_VALUE, "/to", "One e-mail address, and nothing else.");
		return rs_faults(ctx);
	}
	if (to)
		rc = rs_mail_try_relay(
			ctx, connector, &(struct rs_mail){.to = to, .text = TEXT}, &result);
	else
		rc = probe(ctx, connector, in, &result);
	if (!rc)
		tell(report, in, &result);
	return rc;
}

const struct rs_connector_kind rs_connector_kind_smtp = {
	.name = "smtp",
	.size = sizeof(struct rs_smtp_settings),
	.fields = FIELDS,
	.secrets = SECRETS,
	.defaults = defaults,
	.check = check,
	.test = test,
	.sends = true,
};
