/* Whether a response lets its user pass: the thirteen steps, in order, ending at the first fault.
 */
#include "saml.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define BEARER	      "urn:oasis:names:tc:SAML:2.0:cm:bearer"
#define FORMAT_ENTITY "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
#define STATUS	      "urn:oasis:names:tc:SAML:2.0:status:"
#define SECOND_US     INT64_C(1000000)
#define TEXT_MAX      500 /* characters of a name, as identities have */

/* One response on its way through the steps. */
struct judge {
	const struct rs_saml_order *order;
	const json_t *want; /* the order's own members */
	int64_t skew_us;
	struct rs_saml_idp idp;
	xmlDoc *doc;	   /* the response */
	xmlDoc *decrypted; /* the assertion, when it was encrypted */
	const xmlNode *response;
	xmlNode *assertion;   /* believed only after judge_signature() */
	unsigned is_signed;   /* enum rs_saml_signed */
	int key;	      /* index of the key that signed */
	xmlNode *signed_node; /* what that signature stands in */
	int64_t ends;	      /* the latest moment at which the assertion could be shown again */
};

static bool issuer_is_idp(const struct judge *j, const xmlNode *parent)
{
	const xmlNode *issuer = rs_saml_child(parent, RS_SAML_NS_ASSERTION, "Issuer");
	return rs_saml_count(parent, RS_SAML_NS_ASSERTION, "Issuer") == 1 &&
	       (!xmlHasProp((xmlNode *)issuer, BAD_CAST "Format") ||
		       rs_saml_attribute_is(issuer, "Format", FORMAT_ENTITY)) &&
	       rs_saml_text_is(issuer, j->idp.entity_id);
}

static enum rs_saml_reason judge_envelope(struct judge *j)
{
	if (!rs_saml_attribute_is(j->response, "Destination", j->order->sp.acs_url))
		return RS_SAML_DESTINATION;
	if (!rs_saml_attribute_is(j->response, "Version", "2.0"))
		return RS_SAML_VERSION;
	return issuer_is_idp(j, j->response) ? RS_SAML_OK : RS_SAML_ISSUER;
}

static enum rs_saml_reason judge_status(struct judge *j)
{
	static const struct {
		const char *value;
		enum rs_saml_reason reason;
	} MAP[] = {
		{STATUS "AuthnFailed", RS_SAML_STATUS_AUTHN_FAILED},
		{STATUS "NoAuthnContext", RS_SAML_STATUS_NO_AUTHN_CONTEXT},
		{STATUS "RequestDenied", RS_SAML_STATUS_REQUEST_DENIED},
	};
	const xmlNode *status = rs_saml_child(j->response, RS_SAML_NS_PROTOCOL, "Status");
	const xmlNode *code = rs_saml_child(status, RS_SAML_NS_PROTOCOL, "StatusCode");
	if (!code)
		return RS_SAML_STRUCTURE;
	if (rs_saml_attribute_is(code, "Value", STATUS "Success"))
		return RS_SAML_OK;
	const xmlNode *second = rs_saml_child(code, RS_SAML_NS_PROTOCOL, "StatusCode");
	for (size_t i = 0; i < sizeof(MAP) / sizeof(*MAP); i++) {
		if (rs_saml_attribute_is(code, "Value", MAP[i].value) ||
			rs_saml_attribute_is(second, "Value", MAP[i].value))
			return MAP[i].reason;
	}
	return RS_SAML_STATUS;
}

/* How many assertions there are anywhere below top, and how many of them encrypted. */
static int count_assertions(const xmlNode *top, int *encrypted)
{
	int count = 0;
	*encrypted = 0;
	for (xmlNode *n = (xmlNode *)top; n; n = rs_saml_walk(top, n)) {
		bool clear = n->name && strcmp((const char *)n->name, "Assertion") == 0;
		bool sealed = n->name && strcmp((const char *)n->name, "EncryptedAssertion") == 0;
		/* By name in any namespace: an assertion of another SAML has no business here
		 * either. */
		if (clear || sealed)
			count++;
		if (sealed)
			(*encrypted)++;
	}
	return count;
}

static enum rs_saml_reason judge_count(struct judge *j, xmlNode **encrypted)
{
	int sealed;
	j->assertion = rs_saml_child(j->response, RS_SAML_NS_ASSERTION, "Assertion");
	*encrypted = rs_saml_child(j->response, RS_SAML_NS_ASSERTION, "EncryptedAssertion");
	if (count_assertions(j->response, &sealed) != 1 || (!j->assertion && !*encrypted))
		return RS_SAML_ASSERTIONS;
	if (!*encrypted && json_is_true(json_object_get(j->want, "want_encrypted")))
		return RS_SAML_NOT_ENCRYPTED;
	return RS_SAML_OK;
}

/* Opens the assertion and judges what comes out as strictly as what is sent in clear. */
static enum rs_saml_reason judge_decrypted(struct judge *j, xmlNode *encrypted)
{
	int sealed;
	unsigned inner = 0;
	if (!rs_saml_decrypt(encrypted, j->order->sp.key, &j->decrypted))
		return RS_SAML_ENCRYPTION;
	j->assertion = xmlDocGetRootElement(j->decrypted);
	if (!rs_saml_is(j->assertion, RS_SAML_NS_ASSERTION, "Assertion") ||
		count_assertions(j->assertion, &sealed) != 1)
		return RS_SAML_ENCRYPTION;
	if (rs_saml_shape_signatures(
		    j->assertion, json_object_get(j->want, "algorithms"), &inner) != RS_SAML_OK)
		return RS_SAML_ENCRYPTION;
	j->is_signed |= inner;
	return RS_SAML_OK;
}

/* Every signature that is there is proved; what has to be signed must be. */
static enum rs_saml_reason prove(struct judge *j, bool encrypted)
{
	enum rs_saml_reason bad = encrypted ? RS_SAML_ENCRYPTION : RS_SAML_SIGNATURE;
	if (j->is_signed & RS_SAML_SIGNED_RESPONSE) {
		j->signed_node = (xmlNode *)j->response;
		j->key = rs_saml_signature_verify(j->doc, j->signed_node, &j->idp);
		if (j->key < 0)
			return RS_SAML_SIGNATURE;
	}
	if (j->is_signed & RS_SAML_SIGNED_ASSERTION) {
		j->signed_node = j->assertion;
		j->key = rs_saml_signature_verify(j->assertion->doc, j->assertion, &j->idp);
		if (j->key < 0)
			return bad;
	}
	return RS_SAML_OK;
}

static enum rs_saml_reason judge_signature(struct judge *j)
{
	xmlNode *encrypted = NULL;
	enum rs_saml_reason reason = judge_count(j, &encrypted);
	if (reason == RS_SAML_OK)
		reason = rs_saml_shape_signatures(
			j->response, json_object_get(j->want, "algorithms"), &j->is_signed);
	if (reason == RS_SAML_OK && encrypted)
		reason = rs_saml_shape_encryption(encrypted);
	if (reason == RS_SAML_OK && encrypted)
		reason = judge_decrypted(j, encrypted);
	if (reason != RS_SAML_OK)
		return reason;
	if (j->is_signed == 0 ||
		(json_is_true(json_object_get(j->want, "want_assertion_signed")) &&
			!(j->is_signed & RS_SAML_SIGNED_ASSERTION)) ||
		(json_is_true(json_object_get(j->want, "want_response_signed")) &&
			!(j->is_signed & RS_SAML_SIGNED_RESPONSE)))
		return encrypted ? RS_SAML_ENCRYPTION : RS_SAML_UNSIGNED;
	return prove(j, encrypted != NULL);
}

/* --- from here on the assertion is what the identity provider signed --- */

static enum rs_saml_reason judge_answers_us(struct judge *j)
{
	const char *id = rs_saml_string(j->want, "request_id", "");
	if (!*id || !rs_saml_attribute_is(j->response, "InResponseTo", id))
		return RS_SAML_IN_RESPONSE_TO;
	if (!rs_saml_attribute_is(j->assertion, "Version", "2.0"))
		return RS_SAML_VERSION;
	return issuer_is_idp(j, j->assertion) ? RS_SAML_OK : RS_SAML_ISSUER;
}

static enum rs_saml_reason judge_confirmation(struct judge *j, const xmlNode *confirmation)
{
	const xmlNode *data =
		rs_saml_child(confirmation, RS_SAML_NS_ASSERTION, "SubjectConfirmationData");
	bool has_begin, has_end;
	int64_t begin, end = 0;
	if (!data || !rs_saml_time_attribute(data, "NotBefore", &has_begin, &begin) ||
		!rs_saml_time_attribute(data, "NotOnOrAfter", &has_end, &end) || has_begin ||
		!has_end)
		return RS_SAML_SUBJECT;
	if (!rs_saml_attribute_is(data, "InResponseTo", rs_saml_string(j->want, "request_id", "")))
		return RS_SAML_IN_RESPONSE_TO;
	if (!rs_saml_attribute_is(data, "Recipient", j->order->sp.acs_url))
		return RS_SAML_RECIPIENT;
	if (j->order->now_us >= end + j->skew_us)
		return RS_SAML_EXPIRED;
	j->ends = end;
	return RS_SAML_OK;
}

/* One bearer confirmation that holds is enough; of several that do not, the first one tells why. */
static enum rs_saml_reason judge_subject(struct judge *j)
{
	const xmlNode *subject = rs_saml_child(j->assertion, RS_SAML_NS_ASSERTION, "Subject");
	enum rs_saml_reason first = RS_SAML_SUBJECT;
	bool any = false;
	if (rs_saml_count(j->assertion, RS_SAML_NS_ASSERTION, "Subject") != 1)
		return RS_SAML_SUBJECT;
	for (const xmlNode *c = rs_saml_child(subject, RS_SAML_NS_ASSERTION, "SubjectConfirmation");
		c; c = rs_saml_next(c, RS_SAML_NS_ASSERTION, "SubjectConfirmation")) {
		if (!rs_saml_attribute_is(c, "Method", BEARER))
			continue;
		enum rs_saml_reason reason = judge_confirmation(j, c);
		if (reason == RS_SAML_OK)
			return RS_SAML_OK;
		first = any ? first : reason;
		any = true;
	}
	return first;
}

static bool audience_is_us(const struct judge *j, const xmlNode *restriction)
{
	for (const xmlNode *a = rs_saml_child(restriction, RS_SAML_NS_ASSERTION, "Audience"); a;
		a = rs_saml_next(a, RS_SAML_NS_ASSERTION, "Audience")) {
		if (rs_saml_text_is(a, j->order->sp.entity_id))
			return true;
	}
	return false;
}

static enum rs_saml_reason judge_conditions(struct judge *j)
{
	const xmlNode *conditions = rs_saml_child(j->assertion, RS_SAML_NS_ASSERTION, "Conditions");
	bool has_begin, has_end, audience = false;
	int64_t begin = 0, end = 0;
	if (rs_saml_count(j->assertion, RS_SAML_NS_ASSERTION, "Conditions") != 1 ||
		!rs_saml_time_attribute(conditions, "NotBefore", &has_begin, &begin) ||
		!rs_saml_time_attribute(conditions, "NotOnOrAfter", &has_end, &end))
		return RS_SAML_CONDITIONS;
	if (has_begin && begin > j->order->now_us + j->skew_us)
		return RS_SAML_NOT_YET;
	if (has_end && j->order->now_us >= end + j->skew_us)
		return RS_SAML_EXPIRED;
	for (const xmlNode *n = conditions->children; n; n = n->next) {
		if (n->type != XML_ELEMENT_NODE)
			continue;
		if (rs_saml_is(n, RS_SAML_NS_ASSERTION, "AudienceRestriction")) {
			if (!audience_is_us(j, n))
				return RS_SAML_AUDIENCE;
			audience = true;
		} else if (!rs_saml_is(n, RS_SAML_NS_ASSERTION, "OneTimeUse") &&
			   !rs_saml_is(n, RS_SAML_NS_ASSERTION, "ProxyRestriction")) {
			/* Each assertion is taken once anyway; whom it is passed on to is not our
			 * case. */
			return RS_SAML_CONDITIONS;
		}
	}
	return audience ? RS_SAML_OK : RS_SAML_AUDIENCE;
}

static bool context_accepted(const struct judge *j, const char *class_ref)
{
	const json_t *accepted = json_object_get(j->want, "authn_context");
	size_t i;
	json_t *one;
	if (json_array_size(accepted) == 0)
		return true;
	json_array_foreach((json_t *)accepted, i, one)
	{
		if (class_ref && strcmp(json_string_value(one), class_ref) == 0)
			return true;
	}
	return false;
}

static enum rs_saml_reason judge_authentication(struct judge *j, json_t *answer)
{
	const xmlNode *statement =
		rs_saml_child(j->assertion, RS_SAML_NS_ASSERTION, "AuthnStatement");
	const xmlNode *context = rs_saml_child(statement, RS_SAML_NS_ASSERTION, "AuthnContext");
	int64_t created = json_integer_value(json_object_get(j->want, "created_at_us"));
	int64_t instant = 0, session = 0;
	bool has_instant, has_session;
	if (rs_saml_count(j->assertion, RS_SAML_NS_ASSERTION, "AuthnStatement") != 1 ||
		!rs_saml_time_attribute(statement, "AuthnInstant", &has_instant, &instant) ||
		!rs_saml_time_attribute(statement, "SessionNotOnOrAfter", &has_session, &session) ||
		!has_instant || instant > j->order->now_us + j->skew_us)
		return RS_SAML_AUTHN_STATEMENT;
	if (instant < created - j->skew_us)
		return RS_SAML_NOT_FRESH;
	if (has_session && j->order->now_us >= session + j->skew_us)
		return RS_SAML_SESSION_ENDED;
	char *class_ref =
		rs_saml_text(rs_saml_child(context, RS_SAML_NS_ASSERTION, "AuthnContextClassRef"));
	bool accepted = context_accepted(j, class_ref);
	json_object_set_new(answer, "authn_instant_us", json_integer(instant));
	json_object_set_new(
		answer, "authn_context", class_ref ? json_string(class_ref) : json_null());
	xmlFree(class_ref);
	return accepted ? RS_SAML_OK : RS_SAML_AUTHN_CONTEXT;
}

/* The one value of the attribute that names the user; NULL when there is none or more than one. */
static const xmlNode *find_attribute(const struct judge *j, const char *name)
{
	const xmlNode *found = NULL;
	int count = 0;
	for (xmlNode *n = j->assertion; n; n = rs_saml_walk(j->assertion, n)) {
		if (!rs_saml_is(n, RS_SAML_NS_ASSERTION, "Attribute") ||
			!rs_saml_is(n->parent, RS_SAML_NS_ASSERTION, "AttributeStatement") ||
			!rs_saml_attribute_is(n, "Name", name))
			continue;
		found = rs_saml_child(n, RS_SAML_NS_ASSERTION, "AttributeValue");
		count += rs_saml_count(n, RS_SAML_NS_ASSERTION, "AttributeValue");
	}
	return count == 1 ? found : NULL;
}

/* The NameID of the configured format, qualified by nobody but the two of us. */
static const xmlNode *find_name_id(const struct judge *j)
{
	const xmlNode *subject = rs_saml_child(j->assertion, RS_SAML_NS_ASSERTION, "Subject");
	const xmlNode *id = rs_saml_child(subject, RS_SAML_NS_ASSERTION, "NameID");
	if (rs_saml_count(subject, RS_SAML_NS_ASSERTION, "NameID") != 1 ||
		!rs_saml_attribute_is(id, "Format", rs_saml_string(j->want, "name_id_format", "")))
		return NULL;
	if ((xmlHasProp((xmlNode *)id, BAD_CAST "NameQualifier") &&
		    !rs_saml_attribute_is(id, "NameQualifier", j->idp.entity_id)) ||
		(xmlHasProp((xmlNode *)id, BAD_CAST "SPNameQualifier") &&
			!rs_saml_attribute_is(id, "SPNameQualifier", j->order->sp.entity_id)))
		return NULL;
	return id;
}

static bool has_comment(const xmlNode *node, const xmlNode *but)
{
	for (const xmlNode *n = node->children; n; n = n->next) {
		if (n->type == XML_COMMENT_NODE)
			return true;
		if (n->type == XML_ELEMENT_NODE && n != but && has_comment(n, but))
			return true;
	}
	return false;
}

/*
 * The whole text that names the user. Comments do not count for the signature, so nobody knows who
 * put them there: beside the name they spoil the assertion, inside it the service is told, which
 * compares the whole text first.
 */
static enum rs_saml_reason judge_identity(struct judge *j, json_t *answer)
{
	const char *attribute = json_string_value(json_object_get(j->want, "identity_attribute"));
	const xmlNode *node = attribute ? find_attribute(j, attribute) : find_name_id(j);
	if (!node)
		return RS_SAML_IDENTITY;
	if (has_comment(j->assertion, node))
		return RS_SAML_COMMENT;
	for (const xmlNode *n = node->children; n; n = n->next) {
		if (n->type == XML_ELEMENT_NODE)
			return RS_SAML_IDENTITY;
	}
	char *text = rs_saml_text(node);
	bool good = text && *text && g_utf8_strlen(text, -1) <= TEXT_MAX;
	json_object_set_new(answer, "identity", good ? json_string(text) : json_null());
	json_object_set_new(answer, "identity_has_comment", json_boolean(has_comment(node, NULL)));
	xmlFree(text);
	return good ? RS_SAML_OK : RS_SAML_IDENTITY;
}

/*
 * Lasso judges with its own eyes what we found good. It knows no elliptic curves and no second
 * confirmation, both of which only the identity provider itself can bring about.
 */
static enum rs_saml_reason judge_again(struct judge *j, const char *base64)
{
	const xmlNode *subject = rs_saml_child(j->assertion, RS_SAML_NS_ASSERTION, "Subject");
	if (!j->idp.keys[j->key].rsa ||
		rs_saml_count(subject, RS_SAML_NS_ASSERTION, "SubjectConfirmation") != 1)
		return RS_SAML_OK;
	return rs_saml_lasso_accepts(j->order, base64) ? RS_SAML_OK : RS_SAML_LASSO;
}

static void put_attribute(json_t *answer, const char *name, const xmlNode *node, const char *from)
{
	char *text = rs_saml_attribute(node, from);
	json_object_set_new(answer, name, text ? json_string(text) : json_null());
	xmlFree(text);
}

/* What the evidence keeps beside the message itself. */
static enum rs_saml_reason describe(struct judge *j, json_t *answer)
{
	const xmlNode *signature = rs_saml_child(j->signed_node, RS_SAML_NS_DSIG, "Signature");
	const xmlNode *info = rs_saml_child(signature, RS_SAML_NS_DSIG, "SignedInfo");
	const xmlNode *reference = rs_saml_child(info, RS_SAML_NS_DSIG, "Reference");
	const xmlNode *subject = rs_saml_child(j->assertion, RS_SAML_NS_ASSERTION, "Subject");
	const xmlNode *id = rs_saml_child(subject, RS_SAML_NS_ASSERTION, "NameID");
	char *name = rs_saml_text(id);
	put_attribute(answer, "response_id", j->response, "ID");
	put_attribute(answer, "assertion_id", j->assertion, "ID");
	put_attribute(answer, "name_id_format", id, "Format");
	put_attribute(answer, "signature_algorithm",
		rs_saml_child(info, RS_SAML_NS_DSIG, "SignatureMethod"), "Algorithm");
	put_attribute(answer, "digest_algorithm",
		rs_saml_child(reference, RS_SAML_NS_DSIG, "DigestMethod"), "Algorithm");
	json_object_set_new(answer, "name_id", name ? json_string(name) : json_null());
	json_object_set_new(answer, "issuer", json_string(j->idp.entity_id));
	json_object_set_new(
		answer, "signing_certificate_sha256", json_string(j->idp.keys[j->key].sha256));
	json_object_set_new(
		answer, "response_signed", json_boolean(j->is_signed & RS_SAML_SIGNED_RESPONSE));
	json_object_set_new(
		answer, "assertion_signed", json_boolean(j->is_signed & RS_SAML_SIGNED_ASSERTION));
	json_object_set_new(answer, "encrypted", json_boolean(j->decrypted != NULL));
	json_object_set_new(answer, "ends_at_us", json_integer(j->ends));
	xmlFree(name);
	return json_is_string(json_object_get(answer, "assertion_id")) ? RS_SAML_OK
								       : RS_SAML_STRUCTURE;
}

static enum rs_saml_reason judge_all(struct judge *j, const char *base64, json_t *answer)
{
	size_t len = 0;
	char *text = rs_saml_base64(base64, &len);
	if (!text)
		return RS_SAML_BASE64;
	enum rs_saml_reason reason = rs_saml_parse(text, len, &j->doc);
	free(text);
	if (reason == RS_SAML_OK) {
		j->response = xmlDocGetRootElement(j->doc);
		reason = rs_saml_shape_response(j->response);
	}
	static enum rs_saml_reason (*const STEPS[])(struct judge *) = {judge_envelope, judge_status,
		judge_signature, judge_answers_us, judge_subject, judge_conditions};
	for (size_t i = 0; reason == RS_SAML_OK && i < sizeof(STEPS) / sizeof(*STEPS); i++)
		reason = STEPS[i](j);
	if (reason == RS_SAML_OK)
		reason = judge_authentication(j, answer);
	if (reason == RS_SAML_OK)
		reason = judge_identity(j, answer);
	if (reason == RS_SAML_OK)
		reason = judge_again(j, base64);
	return reason == RS_SAML_OK ? describe(j, answer) : reason;
}

enum rs_saml_reason rs_saml_response(const struct rs_saml_order *order, json_t *answer)
{
	struct judge j = {.order = order, .want = order->json};
	const char *base64 = rs_saml_string(order->json, "response", "");
	enum rs_saml_reason reason =
		rs_saml_idp_read(order->idp_metadata, order->now_us, order->allow_http, &j.idp);
	j.skew_us = json_integer_value(json_object_get(order->json, "skew_s")) * SECOND_US;
	if (reason == RS_SAML_OK)
		reason = judge_all(&j, base64, answer);
	if (j.decrypted)
		xmlFreeDoc(j.decrypted);
	if (j.doc)
		xmlFreeDoc(j.doc);
	rs_saml_idp_end(&j.idp);
	return reason;
}
