#include "saml.h"

#include <string.h>

#define EXC_C14N     "http://www.w3.org/2001/10/xml-exc-c14n#"
#define XENC11	     "http://www.w3.org/2009/xmlenc11#"
/* Octets of a list of prefixes; each one is looked for in every element. */
#define PREFIXES_MAX 100

static const char *const SIGNATURES[] = {
	"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
	"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
	"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
	"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
	"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
	"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
	NULL,
};
static const char *const DIGESTS[] = {
	"http://www.w3.org/2001/04/xmlenc#sha256",
	"http://www.w3.org/2001/04/xmldsig-more#sha384",
	"http://www.w3.org/2001/04/xmlenc#sha512",
	NULL,
};
static const char *const CANONICALISATIONS[] = {EXC_C14N, NULL};
static const char *const TRANSFORMS[] = {
	RS_SAML_NS_DSIG "enveloped-signature",
	EXC_C14N,
	NULL,
};
/* No RSA 1.5, whose padding tells too much, no triple DES. */
static const char *const CIPHERS[] = {
	XENC11 "aes128-gcm",
	XENC11 "aes192-gcm",
	XENC11 "aes256-gcm",
	RS_SAML_NS_XENC "aes128-cbc",
	RS_SAML_NS_XENC "aes192-cbc",
	RS_SAML_NS_XENC "aes256-cbc",
	NULL,
};
static const char *const KEY_TRANSPORTS[] = {RS_SAML_NS_XENC "rsa-oaep-mgf1p", NULL};

static bool algorithm_in(const xmlNode *node, const char *const *list)
{
	for (; *list; list++) {
		if (rs_saml_attribute_is(node, "Algorithm", *list))
			return true;
	}
	return false;
}

/* Whether every child element of parent is one of these, at most once where max is 1. */
struct member {
	const char *ns, *name;
	int max;
};

static bool members_are(const xmlNode *parent, const struct member *members)
{
	for (const xmlNode *n = parent->children; n; n = n->next) {
		const struct member *m = members;
		if (n->type != XML_ELEMENT_NODE)
			continue;
		while (m->name && !rs_saml_is(n, m->ns, m->name))
			m++;
		if (!m->name)
			return false;
	}
	for (const struct member *m = members; m->name; m++) {
		if (m->max && rs_saml_count(parent, m->ns, m->name) > m->max)
			return false;
	}
	return true;
}

enum rs_saml_reason rs_saml_shape_response(const xmlNode *response)
{
	static const struct member MEMBERS[] = {
		{RS_SAML_NS_ASSERTION, "Issuer", 1},
		{RS_SAML_NS_DSIG, "Signature", 1},
		{RS_SAML_NS_PROTOCOL, "Extensions", 1},
		{RS_SAML_NS_PROTOCOL, "Status", 1},
		{RS_SAML_NS_ASSERTION, "Assertion", 0},
		{RS_SAML_NS_ASSERTION, "EncryptedAssertion", 0},
		{NULL, NULL, 0},
	};
	if (!rs_saml_is(response, RS_SAML_NS_PROTOCOL, "Response") ||
		!members_are(response, MEMBERS))
		return RS_SAML_STRUCTURE;
	return RS_SAML_OK;
}

/* IDs are what references point at: by any spelling, none may be there twice. */
static bool ids_unique(const xmlNode *top)
{
	static const char *const NAMES[] = {"ID", "Id", "id", NULL};
	bool unique = true;
	xmlHashTable *seen = xmlHashCreate(64);
	for (xmlNode *n = (xmlNode *)top; n && unique; n = rs_saml_walk(top, n)) {
		for (const xmlAttr *a = n->properties; a && unique; a = a->next) {
			for (int i = 0; NAMES[i]; i++) {
				if (strcmp((const char *)a->name, NAMES[i]) != 0)
					continue;
				xmlChar *value = xmlNodeListGetString(n->doc, a->children, 1);
				unique = value && *value && xmlHashAddEntry(seen, value, n) == 0;
				xmlFree(value);
			}
		}
	}
	xmlHashFree(seen, NULL);
	return unique;
}

static bool listed(const json_t *algorithms, const xmlNode *method)
{
	size_t i;
	json_t *one;
	if (json_array_size(algorithms) == 0)
		return true;
	json_array_foreach((json_t *)algorithms, i, one)
	{
		if (rs_saml_attribute_is(method, "Algorithm", json_string_value(one)))
			return true;
	}
	return false;
}

/*
 * xmlsec takes an attribute by its name alone, the first one, whatever its namespace: beside the
 * Algorithm that we judge there may be none in another. No element of signatures or encryption has
 * any.
 */
static bool attributes_plain(const xmlNode *n)
{
	static const char *const SECURITY[] = {
		RS_SAML_NS_DSIG,
		RS_SAML_NS_XENC,
		XENC11,
		EXC_C14N,
		NULL,
	};
	const char *ns = n->ns ? (const char *)n->ns->href : "";
	const char *const *one = SECURITY;
	const xmlAttr *a = n->properties;

	while (*one && strcmp(*one, ns) != 0)
		one++;
	while (*one && a && !a->ns)
		a = a->next;
	return !*one || !a;
}

/* What a canonicalisation may be told: a short list of prefixes, once. */
static bool parameters_good(const xmlNode *method)
{
	static const struct member MEMBERS[] = {
		{EXC_C14N, "InclusiveNamespaces", 1},
		{NULL, NULL, 0},
	};
	const xmlNode *inclusive = rs_saml_child(method, EXC_C14N, "InclusiveNamespaces");
	char *prefixes = inclusive ? rs_saml_attribute(inclusive, "PrefixList") : NULL;
	bool good = members_are(method, MEMBERS) && (!prefixes || strlen(prefixes) <= PREFIXES_MAX);
	xmlFree(prefixes);
	return good;
}

/* The reference: to the parent by its ID, with the two transforms of SAML and a good digest. */
static enum rs_saml_reason judge_reference(const xmlNode *reference, const xmlNode *parent)
{
	static const struct member MEMBERS[] = {
		{RS_SAML_NS_DSIG, "Transforms", 1},
		{RS_SAML_NS_DSIG, "DigestMethod", 1},
		{RS_SAML_NS_DSIG, "DigestValue", 1},
		{NULL, NULL, 0},
	};
	const xmlNode *transforms = rs_saml_child(reference, RS_SAML_NS_DSIG, "Transforms");
	const xmlNode *digest = rs_saml_child(reference, RS_SAML_NS_DSIG, "DigestMethod");
	char *uri = rs_saml_attribute(reference, "URI");
	bool to_parent =
		uri && uri[0] == '#' && uri[1] && rs_saml_attribute_is(parent, "ID", uri + 1);
	xmlFree(uri);
	if (!to_parent || !members_are(reference, MEMBERS) || !transforms || !digest)
		return RS_SAML_SIGNATURE_FORM;
	if (!algorithm_in(digest, DIGESTS))
		return RS_SAML_ALGORITHM;
	if (rs_saml_count(transforms, RS_SAML_NS_DSIG, "Transform") > 2)
		return RS_SAML_SIGNATURE_FORM;
	for (const xmlNode *t = transforms->children; t; t = t->next) {
		if (t->type != XML_ELEMENT_NODE)
			continue;
		if (!rs_saml_is(t, RS_SAML_NS_DSIG, "Transform") || !algorithm_in(t, TRANSFORMS))
			return RS_SAML_ALGORITHM;
		if (!parameters_good(t))
			return RS_SAML_SIGNATURE_FORM;
	}
	return RS_SAML_OK;
}

static enum rs_saml_reason judge_signature(
	const xmlNode *signature, const xmlNode *parent, const json_t *algorithms)
{
	static const struct member MEMBERS[] = {
		{RS_SAML_NS_DSIG, "SignedInfo", 1},
		{RS_SAML_NS_DSIG, "SignatureValue", 1},
		{RS_SAML_NS_DSIG, "KeyInfo", 1},
		{NULL, NULL, 0},
	};
	static const struct member INFO[] = {
		{RS_SAML_NS_DSIG, "CanonicalizationMethod", 1},
		{RS_SAML_NS_DSIG, "SignatureMethod", 1},
		{RS_SAML_NS_DSIG, "Reference", 1},
		{NULL, NULL, 0},
	};
	const xmlNode *info = rs_saml_child(signature, RS_SAML_NS_DSIG, "SignedInfo");
	const xmlNode *c14n = rs_saml_child(info, RS_SAML_NS_DSIG, "CanonicalizationMethod");
	const xmlNode *method = rs_saml_child(info, RS_SAML_NS_DSIG, "SignatureMethod");
	const xmlNode *reference = rs_saml_child(info, RS_SAML_NS_DSIG, "Reference");
	if (!info || !c14n || !method || !reference || !members_are(signature, MEMBERS) ||
		!members_are(info, INFO))
		return RS_SAML_SIGNATURE_FORM;
	if (!algorithm_in(c14n, CANONICALISATIONS) || !algorithm_in(method, SIGNATURES) ||
		!listed(algorithms, method))
		return RS_SAML_ALGORITHM;
	return parameters_good(c14n) ? judge_reference(reference, parent) : RS_SAML_SIGNATURE_FORM;
}

enum rs_saml_reason rs_saml_shape_signatures(
	const xmlNode *top, const json_t *algorithms, unsigned *is_signed)
{
	enum rs_saml_reason reason = RS_SAML_OK;
	*is_signed = 0;
	if (!ids_unique(top))
		return RS_SAML_DUPLICATE_ID;
	for (xmlNode *n = (xmlNode *)top; n && reason == RS_SAML_OK; n = rs_saml_walk(top, n)) {
		unsigned bit = 0;
		if (!attributes_plain(n))
			return RS_SAML_SIGNATURE_FORM;
		/* Other elements of the namespace stand inside a signature or a KeyInfo. */
		if (!rs_saml_is(n, RS_SAML_NS_DSIG, "Signature"))
			continue;
		if (rs_saml_is(n->parent, RS_SAML_NS_PROTOCOL, "Response"))
			bit = RS_SAML_SIGNED_RESPONSE;
		else if (rs_saml_is(n->parent, RS_SAML_NS_ASSERTION, "Assertion"))
			bit = RS_SAML_SIGNED_ASSERTION;
		if (bit == 0 || (*is_signed & bit))
			return RS_SAML_SIGNATURE_FORM;
		*is_signed |= bit;
		reason = judge_signature(n, n->parent, algorithms);
	}
	return reason;
}

enum rs_saml_reason rs_saml_shape_encryption(const xmlNode *encrypted)
{
	for (xmlNode *n = (xmlNode *)encrypted; n; n = rs_saml_walk(encrypted, n)) {
		if (!rs_saml_is(n, RS_SAML_NS_XENC, "EncryptionMethod"))
			continue;
		bool key = rs_saml_is(n->parent, RS_SAML_NS_XENC, "EncryptedKey");
		if (!algorithm_in(n, key ? KEY_TRANSPORTS : CIPHERS))
			return RS_SAML_ALGORITHM;
	}
	/* No references to ciphertext elsewhere, in this document or another. */
	for (xmlNode *n = (xmlNode *)encrypted; n; n = rs_saml_walk(encrypted, n)) {
		if (rs_saml_is(n, RS_SAML_NS_XENC, "CipherReference"))
			return RS_SAML_STRUCTURE;
	}
	return RS_SAML_OK;
}
