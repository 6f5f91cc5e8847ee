/*
 * OpenID Connect: we as the relying party of somebody's provider, for second factors alone.
 *
 * What a provider is comes from its discovery document, whose issuer must be the configured one,
 * and whose endpoints must be https and public: rs_oidc_discover(). The browser is sent there with
 * state, nonce and PKCE; what comes back is judged by rs_oidc_callback_judge() before anything is
 * called. The code is exchanged by rs_oidc_exchange(), the ID token's signature checked by
 * rs_oidc_verify() and its claims by rs_oidc_judge(). Nobody is known by an e-mail address: a user
 * is (iss, sub), at Entra (tid, oid), which an admin linked beforehand. Azure AD is the same with
 * rules of its own: .entra.
 *
 * RFC 6749, 7636 (PKCE), 7523 (private_key_jwt), 9126 (PAR), 9207 (iss), OpenID Connect Core and
 * Discovery 1.0. Where a text says why something is refused it is for the audit trail and the log:
 * the browser learns a problem's code.
 */
#ifndef RS_OIDC_H
#define RS_OIDC_H

#include "rs/connector.h"
#include "rs/jose.h"
#include "rs/secret.h"

/* --- configuration: the settings of connectors of the kinds oidc and azure_ad --- */
struct rs_oidc_settings {
	const char *client_id;
	const char *client_auth; /* client_secret_basic, client_secret_post, private_key_jwt; NULL:
				    the best of what is set and the provider takes */
	const char *signing_algorithm; /* of private_key_jwt */
	const char *key_id;	       /* kid of the same; NULL: none */
	json_t *algorithms;	       /* that an ID token may be signed by */
	json_t *scopes;		       /* openid among them */
	json_t *required_amr;	       /* all of them in amr; NULL: none needed */
	json_t *any_amr;	       /* one of them at least; NULL: none needed */
	int64_t max_age_s, skew_s, jwks_ttl_s;
	const char *ca_pem; /* trust anchors of the provider alone; NULL: the system's */
	const char *prompt;
	bool login_hint; /* the user's e-mail address goes along, for the form there */
	/* oidc */
	const char *issuer;
	const char *discovery_url; /* NULL: the issuer and /.well-known/openid-configuration */
	const char *authorization_endpoint, *token_endpoint,
		*jwks_uri;	    /* all three: no discovery */
	json_t *acr_values;	    /* acr must be one of them; NULL: any */
	const char *identity_claim; /* sub, unless the provider has a better immutable one */
	const char *par;	    /* when_advertised, required, never */
	const char *logo_url;
	/* azure_ad */
	const char *tenant_id;	  /* a GUID; or organizations, common */
	const char *cloud;	  /* public, us_government, china */
	const char *authority;	  /* the host to ask instead of the cloud's; NULL: the cloud's */
	const char *auth_context; /* c1 to c99: must be among acrs; NULL: none */
	const char *certificate;  /* PEM: of the private key that signs in, for its thumbprint */
	bool multi_tenant;
	json_t *allowed_tenants; /* GUIDs */
	bool allow_guests;
};

/* Whether the settings are of kind azure_ad. */
bool rs_oidc_is_entra(const struct rs_oidc_settings *settings);
/* The issuer in discovery and tokens; with several tenants "{tenantid}" stands in it. Arena. */
const char *rs_oidc_issuer(struct rs_ctx *ctx, const struct rs_oidc_settings *settings);
/* The same with "{tenantid}" replaced by a tenant; NULL leaves it, and so matches nothing. Arena.
 */
const char *rs_oidc_issuer_of_tenant(struct rs_ctx *ctx, const char *issuer, const char *tenant);
/* Where a provider sends the browser back to: "<public_url>/v1/callbacks/oidc/<connector>". Arena.
 */
const char *rs_oidc_redirect_uri(struct rs_ctx *ctx, const struct rs_id *connector);

/* --- the provider --- */
struct rs_oidc_provider {
	const char *issuer; /* as rs_oidc_issuer() */
	const char *authorization_endpoint, *token_endpoint, *jwks_uri;
	const char *par_endpoint; /* NULL: none */
	bool iss_parameter;	  /* it promises iss in the callback (RFC 9207) */
	json_t *client_auths;	  /* what the token endpoint takes; NULL: not told */
};

/*
 * Reads a discovery document. False with *why (for people, without anything from outside but short
 * names) when its issuer is another one, an endpoint is missing or must not be called, or it can do
 * nothing of what we need.
 */
bool rs_oidc_provider_read(struct rs_ctx *ctx, const struct rs_oidc_settings *settings,
	const json_t *document, struct rs_oidc_provider *out, const char **why);
/*
 * The same, fetched: see rs_jwks_get() for how. *why NULL with RS_IDP_UNAVAILABLE: it
 * cannot be reached; otherwise it answered, and *why says what is wrong with that.
 */
enum rs_code rs_oidc_discover(struct rs_ctx *ctx, const struct rs_oidc_settings *settings,
	enum rs_jwks_how how, struct rs_oidc_provider *out, const char **why) RS_CHECK;

/* Its keys: see rs_jwks_get(). */
enum rs_code rs_oidc_keys(struct rs_ctx *ctx, const struct rs_oidc_settings *settings,
	const struct rs_oidc_provider *provider, enum rs_jwks_how how,
	struct rs_jwks *out) RS_CHECK;

/* --- calls to it --- */
/* By what we sign in at it; either or both may be NULL. Owned by the caller. */
struct rs_oidc_credentials {
	const struct rs_oidc_settings *settings;
	struct rs_secret *client_secret;
	struct rs_secret *private_key; /* PEM */
	const char *x5t_s256;	       /* thumbprint of its certificate; NULL: it has none. Arena */
};
/* Opens a connector's; end them with rs_oidc_credentials_end(), whatever came of it. */
enum rs_code rs_oidc_credentials_open(struct rs_ctx *ctx, const struct rs_connector *connector,
	const struct rs_oidc_settings *settings, struct rs_oidc_credentials *out) RS_CHECK;
void rs_oidc_credentials_end(struct rs_oidc_credentials *credentials);
#define rs_auto_oidc_credentials                                                                   \
	__attribute__((cleanup(rs_oidc_credentials_end))) struct rs_oidc_credentials

/*
 * The way to sign in that will be used there: private_key_jwt, client_secret_basic,
 * client_secret_post; NULL when what is set does not serve.
 */
const char *rs_oidc_client_auth(
	const struct rs_oidc_credentials *credentials, const struct rs_oidc_provider *provider);

/* RFC 9126: *request_uri for the parameters (object of texts). RS_IDP_UNAVAILABLE. */
enum rs_code rs_oidc_push(struct rs_ctx *ctx, const struct rs_oidc_credentials *credentials,
	const struct rs_oidc_provider *provider, const json_t *parameters,
	const char **request_uri) RS_CHECK;

struct rs_oidc_tokens {
	const char *id_token;	  /* arena */
	const char *access_token; /* for at_hash alone; NULL: none came */
};
/*
 * Exchanges a code. RS_ASSERTION_INVALID when the provider refuses it (invalid_grant),
 * RS_IDP_UNAVAILABLE for everything that is no proper answer.
 */
enum rs_code rs_oidc_exchange(struct rs_ctx *ctx, const struct rs_oidc_credentials *credentials,
	const struct rs_oidc_provider *provider, const json_t *grant,
	struct rs_oidc_tokens *out) RS_CHECK;
/*
 * Whether the credentials are taken: sends a code that cannot be one, which a provider that knows
 * us answers with invalid_grant, and with invalid_client otherwise. *why is for people; NULL:
 * taken.
 */
enum rs_code rs_oidc_try_credentials(struct rs_ctx *ctx,
	const struct rs_oidc_credentials *credentials, const struct rs_oidc_provider *provider,
	const char *redirect_uri, const char **why) RS_CHECK;

/* What stands behind a verified signature. */
struct rs_oidc_signature {
	const char *kid, *alg, *thumbprint;
	int64_t keys_fetched_at; /* microseconds */
};
/*
 * Verifies the signature by the provider's keys; an unknown key has them fetched anew, once a
 * minute. Keys with an `issuer` of their own (Entra) count only where it is the token's.
 * RS_ASSERTION_INVALID with *why, RS_IDP_UNAVAILABLE.
 */
enum rs_code rs_oidc_verify(struct rs_ctx *ctx, const struct rs_oidc_settings *settings,
	const struct rs_oidc_provider *provider, const struct rs_jws *jws,
	struct rs_oidc_signature *out, const char **why) RS_CHECK;

/* --- judging, without network, database or clock --- */
/*
 * The parameters of a callback (object of texts, none of them twice). RS_OK with *code; else
 * RS_ASSERTION_INVALID, RS_AUTH_CONTEXT_INSUFFICIENT or RS_IDP_UNAVAILABLE with *why. issuer: who
 * was asked; iss_needed: its metadata promise iss. *why may hold the provider's `error` when that
 * is a plain word, and nothing else from outside.
 */
enum rs_code rs_oidc_callback_judge(struct rs_ctx *ctx, const json_t *parameters,
	const char *issuer, bool iss_needed, const char **code, const char **why) RS_CHECK;

struct rs_oidc_expect {
	const struct rs_oidc_settings *settings;
	const char *issuer;		   /* with "{tenantid}" where several tenants are taken */
	const unsigned char *nonce_sha256; /* 32 bytes */
	const char *access_token;	   /* NULL: none came */
	int64_t now_s, begun_s;		   /* since 1970: now, and when the challenge was made */
};
struct rs_oidc_subject {
	const char *kind; /* of the linked identity: oidc, entra */
	const char *issuer, *subject;
	int64_t until_s; /* exp */
	const char *jti; /* or NULL */
};
/*
 * Judges a verified token's claims in the order of OpenID Connect Core 3.1.3.7. RS_OK with *out;
 * RS_ASSERTION_INVALID, RS_AUTH_NOT_FRESH, RS_AUTH_CONTEXT_INSUFFICIENT or RS_IDENTITY_MISMATCH (a
 * guest, another tenant) with *why, a word such as "nonce-mismatch".
 */
enum rs_code rs_oidc_judge(struct rs_ctx *ctx, const struct rs_jws *jws,
	const struct rs_oidc_expect *expect, struct rs_oidc_subject *out,
	const char **why) RS_CHECK;

#endif
