#include "saml.h"

#include <glib.h>
#include <libxml/xmlwriter.h>
#include <stdlib.h>
#include <string.h>
#include <xmlsec/crypto.h>
#include <xmlsec/keys.h>
#include <xmlsec/keysdata.h>
#include <xmlsec/openssl/evp.h>

#define BINDING_REDIRECT "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
#define BINDING_POST	 "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
#define RSA_MIN_BITS	 2048
#define EC_MIN_BITS	 256

static EVP_PKEY *evp(xmlSecKey *key)
{
	xmlSecKeyDataPtr value = key ? xmlSecKeyGetValue(key) : NULL;
	return value ? xmlSecOpenSSLEvpKeyDataGetEvp(value) : NULL;
}

static bool key_is_rsa(xmlSecKey *key)
{
	return evp(key) && EVP_PKEY_get_base_id(evp(key)) == EVP_PKEY_RSA;
}

/* A key we trust: RSA or elliptic curve, long enough. */
static bool key_is_strong(xmlSecKey *key)
{
	EVP_PKEY *pkey = evp(key);
	if (!pkey)
		return false;
	if (key_is_rsa(key))
		return EVP_PKEY_get_bits(pkey) >= RSA_MIN_BITS;
	return EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC && EVP_PKEY_get_bits(pkey) >= EC_MIN_BITS;
}

static bool add_key(struct rs_saml_idp *idp, const char *text)
{
	size_t len = 0;
	char *der = rs_saml_base64(text, &len);
	if (!der || idp->key_count == RS_SAML_KEYS_MAX) {
		free(der);
		return false;
	}
	xmlSecKey *key = xmlSecCryptoAppKeyLoadMemory((const xmlSecByte *)der, (xmlSecSize)len,
		xmlSecKeyDataFormatCertDer, NULL, NULL, NULL);
	bool good = key_is_strong(key);
	if (good) {
		struct rs_saml_key *k = &idp->keys[idp->key_count++];
		char *hex =
			g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)der, len);
		k->key = key;
		k->rsa = key_is_rsa(key);
		g_strlcpy(k->sha256, hex, sizeof(k->sha256));
		g_free(hex);
	} else if (key) {
		xmlSecKeyDestroy(key);
	}
	free(der);
	return good;
}

/* The certificates of every KeyDescriptor that may sign; one that cannot be used spoils all. */
static enum rs_saml_reason read_keys(struct rs_saml_idp *idp, const xmlNode *role)
{
	for (xmlNode *d = rs_saml_child(role, RS_SAML_NS_METADATA, "KeyDescriptor"); d;
		d = rs_saml_next(d, RS_SAML_NS_METADATA, "KeyDescriptor")) {
		if (rs_saml_attribute_is(d, "use", "encryption"))
			continue;
		for (xmlNode *n = d; n; n = rs_saml_walk(d, n)) {
			if (!rs_saml_is(n, RS_SAML_NS_DSIG, "X509Certificate"))
				continue;
			char *text = rs_saml_text(n);
			bool good = text && add_key(idp, text);
			xmlFree(text);
			if (!good)
				return RS_SAML_METADATA_KEY;
		}
	}
	return idp->key_count > 0 ? RS_SAML_OK : RS_SAML_METADATA_KEY;
}

/* A URL a browser may be sent to: no user, no blanks, no fragment. */
static bool url_is_good(const char *url, bool allow_http)
{
	size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 : 0;
	if (scheme == 0 && allow_http && strncmp(url, "http://", 7) == 0)
		scheme = 7;
	if (scheme == 0 || strlen(url) > 2000 || strchr("/?#", url[scheme]))
		return false;
	for (const unsigned char *c = (const unsigned char *)url; *c; c++) {
		if (*c <= ' ' || *c >= 0x7f || strchr("\"<>\\^`{|}#", *c))
			return false;
	}
	const char *at = strchr(url, '@'), *path = strchr(url + scheme, '/');
	return !at || (path && at > path);
}

static enum rs_saml_reason read_services(
	struct rs_saml_idp *idp, const xmlNode *role, bool allow_http)
{
	for (xmlNode *s = rs_saml_child(role, RS_SAML_NS_METADATA, "SingleSignOnService"); s;
		s = rs_saml_next(s, RS_SAML_NS_METADATA, "SingleSignOnService")) {
		char **place = rs_saml_attribute_is(s, "Binding", BINDING_REDIRECT) ? &idp->redirect
			       : rs_saml_attribute_is(s, "Binding", BINDING_POST)   ? &idp->post
										    : NULL;
		if (!place || *place)
			continue;
		*place = rs_saml_attribute(s, "Location");
		if (!*place || !url_is_good(*place, allow_http))
			return RS_SAML_METADATA_URL;
	}
	return idp->redirect || idp->post ? RS_SAML_OK : RS_SAML_METADATA_URL;
}

/* validUntil of the entity and of the role: the earlier one counts. */
static enum rs_saml_reason read_end(struct rs_saml_idp *idp, const xmlNode *node, int64_t now_us)
{
	bool present;
	int64_t until = 0;
	if (!rs_saml_time_attribute(node, "validUntil", &present, &until))
		return RS_SAML_METADATA;
	if (!present)
		return RS_SAML_OK;
	if (idp->valid_until == 0 || until < idp->valid_until)
		idp->valid_until = until;
	return until > now_us ? RS_SAML_OK : RS_SAML_METADATA_EXPIRED;
}

static bool speaks_saml2(const xmlNode *role)
{
	char *protocols = rs_saml_attribute(role, "protocolSupportEnumeration");
	bool found = false;
	char *rest = NULL;
	for (char *p = protocols ? strtok_r(protocols, " \t\r\n", &rest) : NULL; p && !found;
		p = strtok_r(NULL, " \t\r\n", &rest))
		found = strcmp(p, RS_SAML_NS_PROTOCOL) == 0;
	xmlFree(protocols);
	return found;
}

enum rs_saml_reason rs_saml_idp_read(
	const char *text, int64_t now_us, bool allow_http, struct rs_saml_idp *idp)
{
	enum rs_saml_reason reason = rs_saml_parse(text, strlen(text), &idp->doc);
	if (reason != RS_SAML_OK)
		return reason == RS_SAML_XML ? RS_SAML_METADATA : reason;
	const xmlNode *entity = xmlDocGetRootElement(idp->doc);
	if (!rs_saml_is(entity, RS_SAML_NS_METADATA, "EntityDescriptor"))
		return RS_SAML_METADATA;
	idp->entity_id = rs_saml_attribute(entity, "entityID");
	if (!idp->entity_id || !*idp->entity_id || strlen(idp->entity_id) > 500)
		return RS_SAML_METADATA;
	const xmlNode *role = rs_saml_child(entity, RS_SAML_NS_METADATA, "IDPSSODescriptor");
	if (rs_saml_count(entity, RS_SAML_NS_METADATA, "IDPSSODescriptor") != 1 ||
		!speaks_saml2(role))
		return RS_SAML_METADATA_ROLE;
	reason = read_end(idp, entity, now_us);
	if (reason == RS_SAML_OK)
		reason = read_end(idp, role, now_us);
	if (reason == RS_SAML_OK)
		reason = read_services(idp, role, allow_http);
	if (reason == RS_SAML_OK)
		reason = read_keys(idp, role);
	return reason;
}

void rs_saml_idp_end(struct rs_saml_idp *idp)
{
	for (int i = 0; i < idp->key_count; i++)
		xmlSecKeyDestroy(idp->keys[i].key);
	xmlFree(idp->redirect);
	xmlFree(idp->post);
	xmlFree(idp->entity_id);
	if (idp->doc)
		xmlFreeDoc(idp->doc);
}

enum rs_saml_reason rs_saml_metadata(const struct rs_saml_order *order, json_t *answer)
{
	struct rs_saml_idp idp = {0};
	const char *binding = rs_saml_string(order->json, "binding", "");
	enum rs_saml_reason reason =
		rs_saml_idp_read(order->idp_metadata, order->now_us, order->allow_http, &idp);
	if (reason == RS_SAML_OK && ((strcmp(binding, "redirect") == 0 && !idp.redirect) ||
					    (strcmp(binding, "post") == 0 && !idp.post)))
		reason = RS_SAML_METADATA_URL;
	if (reason == RS_SAML_OK && *order->sp.key && !rs_saml_sp_key_good(&order->sp))
		reason = RS_SAML_SP_KEY;
	if (reason == RS_SAML_OK) {
		json_t *certificates = json_array();
		for (int i = 0; i < idp.key_count; i++)
			json_array_append_new(certificates, json_string(idp.keys[i].sha256));
		json_object_set_new(answer, "entity_id", json_string(idp.entity_id));
		json_object_set_new(answer, "valid_until", json_integer(idp.valid_until));
		json_object_set_new(answer, "signing_certificates", certificates);
	}
	rs_saml_idp_end(&idp);
	return reason;
}

/* --- our own --- */

/* The Base64 lines of a PEM certificate; freed with g_free(). NULL when it is none. */
static char *certificate_body(const char *pem)
{
	static const char BEGIN[] = "-----BEGIN CERTIFICATE-----";
	const char *begin = pem ? strstr(pem, BEGIN) : NULL;
	const char *end = begin ? strstr(begin, "-----END CERTIFICATE-----") : NULL;
	if (!end)
		return NULL;
	begin += sizeof(BEGIN) - 1;
	char *out = g_strndup(begin, (gsize)(end - begin));
	return g_strstrip(out);
}

static void write_key(xmlTextWriter *w, const char *use, const char *certificate)
{
	xmlTextWriterStartElement(w, BAD_CAST "md:KeyDescriptor");
	xmlTextWriterWriteAttribute(w, BAD_CAST "use", BAD_CAST use);
	xmlTextWriterStartElement(w, BAD_CAST "ds:KeyInfo");
	xmlTextWriterStartElement(w, BAD_CAST "ds:X509Data");
	xmlTextWriterWriteElement(w, BAD_CAST "ds:X509Certificate", BAD_CAST certificate);
	xmlTextWriterEndElement(w);
	xmlTextWriterEndElement(w);
	xmlTextWriterEndElement(w);
}

char *rs_saml_sp_metadata_xml(const struct rs_saml_sp *sp, const char *name_id_format)
{
	char *certificate = certificate_body(sp->certificate);
	xmlBuffer *buffer = xmlBufferCreate();
	xmlTextWriter *w = buffer ? xmlNewTextWriterMemory(buffer, 0) : NULL;
	char *out = NULL;
	if (certificate && w) {
		xmlTextWriterStartDocument(w, NULL, "UTF-8", NULL);
		xmlTextWriterStartElement(w, BAD_CAST "md:EntityDescriptor");
		xmlTextWriterWriteAttribute(w, BAD_CAST "xmlns:md", BAD_CAST RS_SAML_NS_METADATA);
		xmlTextWriterWriteAttribute(w, BAD_CAST "xmlns:ds", BAD_CAST RS_SAML_NS_DSIG);
		xmlTextWriterWriteAttribute(w, BAD_CAST "entityID", BAD_CAST sp->entity_id);
		xmlTextWriterStartElement(w, BAD_CAST "md:SPSSODescriptor");
		xmlTextWriterWriteAttribute(w, BAD_CAST "AuthnRequestsSigned", BAD_CAST "true");
		xmlTextWriterWriteAttribute(w, BAD_CAST "WantAssertionsSigned", BAD_CAST "true");
		xmlTextWriterWriteAttribute(
			w, BAD_CAST "protocolSupportEnumeration", BAD_CAST RS_SAML_NS_PROTOCOL);
		write_key(w, "signing", certificate);
		write_key(w, "encryption", certificate);
		xmlTextWriterWriteElement(w, BAD_CAST "md:NameIDFormat", BAD_CAST name_id_format);
		xmlTextWriterStartElement(w, BAD_CAST "md:AssertionConsumerService");
		xmlTextWriterWriteAttribute(w, BAD_CAST "Binding", BAD_CAST BINDING_POST);
		xmlTextWriterWriteAttribute(w, BAD_CAST "Location", BAD_CAST sp->acs_url);
		xmlTextWriterWriteAttribute(w, BAD_CAST "index", BAD_CAST "0");
		xmlTextWriterWriteAttribute(w, BAD_CAST "isDefault", BAD_CAST "true");
		xmlTextWriterEndDocument(w);
		xmlTextWriterFlush(w);
		out = (char *)xmlStrdup(xmlBufferContent(buffer));
	}
	if (w)
		xmlFreeTextWriter(w);
	if (buffer)
		xmlBufferFree(buffer);
	g_free(certificate);
	return out;
}

enum rs_saml_reason rs_saml_sp_metadata(const struct rs_saml_order *order, json_t *answer)
{
	const char *format = rs_saml_string(order->json, "name_id_format", "");
	char *xml = rs_saml_sp_metadata_xml(&order->sp, format);
	if (!xml)
		return RS_SAML_SP_KEY;
	json_object_set_new(answer, "xml", json_string(xml));
	xmlFree(xml);
	return RS_SAML_OK;
}

static xmlSecKey *load_pem(const char *pem, xmlSecKeyDataFormat format)
{
	return xmlSecCryptoAppKeyLoadMemory(
		(const xmlSecByte *)pem, (xmlSecSize)strlen(pem), format, NULL, NULL, NULL);
}

bool rs_saml_sp_key_good(const struct rs_saml_sp *sp)
{
	xmlSecKey *key = load_pem(sp->key, xmlSecKeyDataFormatPem);
	xmlSecKey *public = load_pem(sp->certificate, xmlSecKeyDataFormatCertPem);
	bool good = key_is_rsa(key) && key_is_strong(key) && key_is_strong(public) &&
		    EVP_PKEY_eq(evp(key), evp(public)) == 1;
	if (key)
		xmlSecKeyDestroy(key);
	if (public)
		xmlSecKeyDestroy(public);
	return good;
}
