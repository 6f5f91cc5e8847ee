/* The only file that calls lasso: requests are made and responses are judged by it. */
#include "saml.h"

#include <lasso/lasso.h>
#include <lasso/xml/saml-2.0/samlp2_authn_request.h>
#include <lasso/xml/saml-2.0/samlp2_requested_authn_context.h>
#include <string.h>
#include <time.h>

#define SECOND_US INT64_C(1000000)

/*
 * Our side with the identity provider beside it, or NULL. Our certificate stands in our metadata,
 * where the provider looks for it; in messages it would prove nothing.
 */
static LassoServer *server_new(const struct rs_saml_order *order)
{
	const char *format = rs_saml_string(
		order->json, "name_id_format", LASSO_SAML2_NAME_IDENTIFIER_FORMAT_PERSISTENT);
	char *metadata = rs_saml_sp_metadata_xml(&order->sp, format);
	LassoServer *server = NULL;
	if (metadata)
		server = lasso_server_new_from_buffers(metadata, order->sp.key, NULL, NULL);
	xmlFree(metadata);
	if (server)
		server->signature_method = LASSO_SIGNATURE_METHOD_RSA_SHA256;
	if (server && (lasso_server_set_encryption_private_key(server, order->sp.key) != 0 ||
			      lasso_server_add_provider_from_buffer(server, LASSO_PROVIDER_ROLE_IDP,
				      order->idp_metadata, NULL, NULL) != 0)) {
		g_object_unref(server);
		server = NULL;
	}
	return server;
}

bool rs_saml_lasso_accepts(const struct rs_saml_order *order, const char *base64)
{
	LassoServer *server = server_new(order);
	LassoLogin *login = server ? lasso_login_new(server) : NULL;
	char *message = g_strdup(base64);
	bool good = login && lasso_login_process_authn_response_msg(login, message) == 0;
	g_free(message);
	if (login)
		g_object_unref(login);
	if (server)
		g_object_unref(server);
	return good;
}

static void ask_for_context(LassoSamlp2AuthnRequest *request, const json_t *order)
{
	const json_t *refs = json_object_get(order, "authn_context");
	LassoSamlp2RequestedAuthnContext *context;
	size_t i;
	json_t *ref;
	if (json_array_size(refs) == 0)
		return;
	context = LASSO_SAMLP2_REQUESTED_AUTHN_CONTEXT(lasso_samlp2_requested_authn_context_new());
	json_array_foreach((json_t *)refs, i, ref)
	{
		context->AuthnContextClassRef = g_list_append(
			context->AuthnContextClassRef, g_strdup(json_string_value(ref)));
	}
	context->Comparison = g_strdup(rs_saml_string(order, "authn_context_comparison", "exact"));
	request->RequestedAuthnContext = context;
}

static void set_string(char **place, const char *value)
{
	g_free(*place);
	*place = g_strdup(value);
}

/* Fresh interaction, no new account, an answer to us by POST. */
static bool fill_request(const struct rs_saml_order *order, LassoSamlp2AuthnRequest *request)
{
	LassoSamlp2RequestAbstract *base = LASSO_SAMLP2_REQUEST_ABSTRACT(request);
	const char *id = rs_saml_string(order->json, "request_id", "");
	char now[32];
	time_t seconds = (time_t)(order->now_us / SECOND_US);
	struct tm tm;
	/* "_" and at least 128 bits as hex: an xs:ID nobody guesses. */
	if (id[0] != '_' || strlen(id) < 33 || strspn(id + 1, "0123456789abcdef") != strlen(id + 1))
		return false;
	if (!gmtime_r(&seconds, &tm) || strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return false;
	set_string(&base->ID, id);
	set_string(&base->IssueInstant, now);
	request->ForceAuthn = TRUE;
	request->IsPassive = FALSE;
	set_string(&request->AssertionConsumerServiceURL, order->sp.acs_url);
	set_string(&request->ProtocolBinding, LASSO_SAML2_METADATA_BINDING_POST);
	request->NameIDPolicy->AllowCreate = FALSE;
	ask_for_context(request, order->json);
	return true;
}

static bool build(const struct rs_saml_order *order, LassoLogin *login, bool post)
{
	LassoProfile *profile = LASSO_PROFILE(login);
	const char *relay = rs_saml_string(order->json, "relay_state", "");
	if (*relay == '\0' || strlen(relay) > 80 ||
		lasso_login_init_authn_request(login, NULL,
			post ? LASSO_HTTP_METHOD_POST : LASSO_HTTP_METHOD_REDIRECT) != 0 ||
		!fill_request(order, LASSO_SAMLP2_AUTHN_REQUEST(profile->request)))
		return false;
	set_string(&profile->msg_relayState, relay);
	lasso_profile_set_signature_hint(profile, LASSO_PROFILE_SIGNATURE_HINT_FORCE);
	return lasso_login_build_authn_request_msg(login) == 0 && profile->msg_url;
}

enum rs_saml_reason rs_saml_request(const struct rs_saml_order *order, json_t *answer)
{
	bool post = strcmp(rs_saml_string(order->json, "binding", "redirect"), "post") == 0;
	struct rs_saml_idp idp = {0};
	enum rs_saml_reason reason =
		rs_saml_idp_read(order->idp_metadata, order->now_us, order->allow_http, &idp);
	if (reason == RS_SAML_OK && !(post ? idp.post : idp.redirect))
		reason = RS_SAML_METADATA_URL;
	rs_saml_idp_end(&idp);
	if (reason != RS_SAML_OK)
		return reason;
	if (!rs_saml_sp_key_good(&order->sp))
		return RS_SAML_SP_KEY;
	LassoServer *server = server_new(order);
	LassoLogin *login = server ? lasso_login_new(server) : NULL;
	if (!login || !build(order, login, post)) {
		reason = RS_SAML_LIBRARY;
	} else {
		LassoProfile *profile = LASSO_PROFILE(login);
		json_object_set_new(answer, "url", json_string(profile->msg_url));
		if (post)
			json_object_set_new(answer, "form",
				json_pack("{s:s,s:s}", "SAMLRequest", profile->msg_body,
					"RelayState", profile->msg_relayState));
	}
	if (login)
		g_object_unref(login);
	if (server)
		g_object_unref(server);
	return reason;
}
