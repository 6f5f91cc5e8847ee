/*
 * SAML 2.0, Web SSO, as the service uses it.
 *
 * No SAML is read here: what strangers wrote goes to reissued-saml (src/saml/), an executable that
 * is started for one order, answers it and ends. It is given no environment, no descriptor but one,
 * and at most RS_SAML_TIMEOUT_MS; one that crashes, hangs or answers anything but one JSON object
 * is as an identity provider that does not answer. A CPU slot (cpu.h) is held while it runs, which
 * bounds how many there are at once.
 *
 * The settings of a connector of the kind saml stand here too, for the connector and for the
 * factor.
 */
#ifndef RS_SAML_H
#define RS_SAML_H

#include "rs/connector.h"

#define RS_SAML_TIMEOUT_MS 5000
#define RS_SAML_SKEW_MAX_S 180

/* Secret: sp_key (PEM, RSA), the key of sp_certificate: signs requests, opens encrypted assertions.
 */
struct rs_saml_settings {
	const char *idp_metadata;	/* XML: one EntityDescriptor of an identity provider */
	const char *sp_entity_id;	/* NULL: the URL of our metadata */
	const char *sp_certificate;	/* PEM */
	const char *binding;		/* of the request: redirect or post */
	const char *name_id_format;	/* asked for, and the only one taken */
	const char *identity_attribute; /* names the user instead of the NameID; NULL: the NameID
					   does */
	json_t *authn_context;		/* class references asked for and accepted; NULL: any */
	const char *authn_context_comparison; /* exact or minimum, in the request */
	json_t *algorithms;		      /* signature methods taken; NULL: all that are safe */
	bool want_assertion_signed;
	bool want_response_signed;
	bool want_encrypted;
	int64_t clock_skew_s; /* 0..RS_SAML_SKEW_MAX_S */
	const char *logo_url;
};

/*
 * Runs one order: {command, now_us, ...} (src/saml/run.c), with key as sp.key when it is given.
 * *answer (borrowed from the arena) is {ok: true, ...} or {ok: false, code, reason, detail}.
 * RS_IDP_UNAVAILABLE when there is no answer, RS_OVERLOADED when too many run.
 */
enum rs_code rs_saml_ask(
	struct rs_ctx *ctx, const json_t *order, struct rs_secret *key, json_t **answer) RS_CHECK;

/*
 * An order for a connector: command, clock, both sides; the caller adds its own members. The
 * reference is the arena's.
 */
json_t *rs_saml_order(struct rs_ctx *ctx, const struct rs_id *connector,
	const struct rs_saml_settings *settings, const char *command);
/* Our names towards the identity provider, arena. */
const char *rs_saml_entity_id(
	struct rs_ctx *ctx, const struct rs_id *connector, const struct rs_saml_settings *settings);
const char *rs_saml_acs_url(struct rs_ctx *ctx, const struct rs_id *connector);

/*
 * Our metadata for the identity provider's administrator, arena; needs no caller. Sixty times a minute
 * and connector, then RS_RATE_LIMITED. RS_NOT_FOUND.
 */
enum rs_code rs_saml_own_metadata(
	struct rs_ctx *ctx, const struct rs_id *connector, const char **xml) RS_CHECK;

#endif
