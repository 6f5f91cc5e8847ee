/*
 * reissued-saml: what its files share.
 *
 * This executable reads what strangers wrote (SAML responses, metadata) so that the service does
 * not have to. It is started for one order, knows no database and no key but the service
 * provider's, which the order brings along, and answers with one JSON object. Every file here works
 * in the sandbox that sandbox.c put up before the first byte of the order was read.
 *
 * The order of trust: bytes are counted (scan.c), then parsed (xml.c), then their shape is judged
 * (shape.c), then the signature of exactly one element is proved with the keys of the metadata
 * (signature.c, lasso.c), and only then the element is believed and judged (response.c).
 *
 * This executable links lasso, which is licensed under the GPL, version 2 or later; as a whole it
 * is distributed under the GPL, version 3 or later. The files in this folder are under the Apache
 * License 2.0 like the rest of the project.
 */
#ifndef RS_SAML_READER_H
#define RS_SAML_READER_H

#include <jansson.h>
#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most bytes of an order, of a document, and of what a document may hold. */
#define RS_SAML_ORDER_MAX	   (1u << 20)
#define RS_SAML_DOCUMENT_MAX	   (256u << 10)
#define RS_SAML_DEPTH_MAX	   40
#define RS_SAML_ELEMENTS_MAX	   4000
#define RS_SAML_ATTRIBUTES_MAX	   32	/* of one element, namespace declarations included */
#define RS_SAML_ALL_ATTRIBUTES_MAX 8000 /* of all elements: each key sorts them anew */
#define RS_SAML_KEYS_MAX	   8	/* signing certificates of one identity provider */

#define RS_SAML_NS_PROTOCOL  "urn:oasis:names:tc:SAML:2.0:protocol"
#define RS_SAML_NS_ASSERTION "urn:oasis:names:tc:SAML:2.0:assertion"
#define RS_SAML_NS_METADATA  "urn:oasis:names:tc:SAML:2.0:metadata"
#define RS_SAML_NS_DSIG	     "http://www.w3.org/2000/09/xmldsig#"
#define RS_SAML_NS_XENC	     "http://www.w3.org/2001/04/xmlenc#"

enum rs_saml_reason {
	RS_SAML_OK = 0,
#define RS_SAML_REASON(name, code, reason, sentence) RS_SAML_##name,
#include "reasons.def"
#undef RS_SAML_REASON
	RS_SAML_REASON_COUNT
};

/* --- scan.c: bytes, before any parser sees them --- */
/*
 * Whether an XML text is small and plain enough to be parsed: UTF-8 only, no document type, no
 * processing instruction, no entity of its own, and no more levels, elements and attributes than
 * the limits above. Linear in len, without memory.
 */
enum rs_saml_reason rs_saml_scan(const char *text, size_t len);
/*
 * Strict Base64 (RFC 4648, padded; line breaks and blanks between the characters are skipped) into
 * a NUL-terminated buffer that the caller frees. NULL when it is none.
 */
char *rs_saml_base64(const char *text, size_t *len);

/* --- xml.c: the parser, and reading of nodes --- */
/* Scans and parses; the caller frees *doc with xmlFreeDoc(). */
enum rs_saml_reason rs_saml_parse(const char *text, size_t len, xmlDoc **doc);
/* Whether a node is the element ns:name. */
bool rs_saml_is(const xmlNode *node, const char *ns, const char *name);
/* The first child element ns:name, or NULL; the next sibling of that name. */
xmlNode *rs_saml_child(const xmlNode *parent, const char *ns, const char *name);
xmlNode *rs_saml_next(const xmlNode *node, const char *ns, const char *name);
/* How many children ns:name there are. */
int rs_saml_count(const xmlNode *parent, const char *ns, const char *name);
/* The next element in document order below top, or NULL; begin with top itself. */
xmlNode *rs_saml_walk(const xmlNode *top, xmlNode *node);
/* An attribute without namespace or the whole text of a node; the caller frees with xmlFree(). */
char *rs_saml_attribute(const xmlNode *node, const char *name);
char *rs_saml_text(const xmlNode *node);
/* Whether the attribute is there and exactly this; whether the text is exactly this. */
bool rs_saml_attribute_is(const xmlNode *node, const char *name, const char *value);
bool rs_saml_text_is(const xmlNode *node, const char *value);
/* Microseconds since 1970 of an xs:dateTime in UTC ("Z", SAML core 1.3.3); false when it is none.
 */
bool rs_saml_time(const char *text, int64_t *us);
/*
 * The same of an attribute. *present tells whether it is there at all; false when it is there and
 * not a time.
 */
bool rs_saml_time_attribute(const xmlNode *node, const char *name, bool *present, int64_t *us);

/* --- shape.c: what stands where, before anything is verified --- */
/* What of a response is signed. */
enum rs_saml_signed { RS_SAML_SIGNED_RESPONSE = 1, RS_SAML_SIGNED_ASSERTION = 2 };
/* The envelope: one Response with known members, one assertion and no other anywhere. */
enum rs_saml_reason rs_saml_shape_response(const xmlNode *response);
/*
 * Signatures below top, which is the Response or a decrypted Assertion: each a direct child of the
 * Response or Assertion it refers to, one a parent, with allowed algorithms and transforms only;
 * IDs unique. *is_signed gets enum rs_saml_signed bits. algorithms (may be NULL): the connector's
 * own list of signature methods.
 */
enum rs_saml_reason rs_saml_shape_signatures(
	const xmlNode *top, const json_t *algorithms, unsigned *is_signed);
/* The algorithms of an EncryptedAssertion. */
enum rs_saml_reason rs_saml_shape_encryption(const xmlNode *encrypted);

/* --- metadata.c --- */
struct rs_saml_idp {
	xmlDoc *doc;
	char *entity_id; /* owned */
	char *redirect;	 /* single sign-on URLs, owned, NULL: none */
	char *post;
	int64_t valid_until; /* microseconds, 0: no end */
	int key_count;
	struct rs_saml_key {
		void *key;	 /* xmlSecKey */
		bool rsa;	 /* else elliptic curve */
		char sha256[65]; /* of the certificate's DER, hex */
	} keys[RS_SAML_KEYS_MAX];
};
/* Reads and judges IdP metadata at a time; end *idp with rs_saml_idp_end() in every case. */
enum rs_saml_reason rs_saml_idp_read(
	const char *text, int64_t now_us, bool allow_http, struct rs_saml_idp *idp);
void rs_saml_idp_end(struct rs_saml_idp *idp);

/* --- signature.c --- */
/*
 * Proves the signature that is a direct child of node with one of the keys, KeyInfo ignored; the
 * index of the key, or -1. node belongs to doc. The shape was judged before.
 */
int rs_saml_signature_verify(xmlDoc *doc, xmlNode *node, const struct rs_saml_idp *idp);
/* Puts libxml2, xmlsec and lasso up; false when one of them does not start. */
bool rs_saml_libraries_start(void);

/* --- the commands: each reads its order and fills the answer --- */
struct rs_saml_sp {
	const char *entity_id, *acs_url, *certificate; /* borrowed from the order */
	const char *key;			       /* PEM, or "" */
};
/* What every order may say; the rest of the order is the command's own. */
struct rs_saml_order {
	json_t *json;
	int64_t now_us;
	bool allow_http;
	struct rs_saml_sp sp;
	const char *idp_metadata;
};
enum rs_saml_reason rs_saml_request(const struct rs_saml_order *order, json_t *answer);
enum rs_saml_reason rs_saml_response(const struct rs_saml_order *order, json_t *answer);
enum rs_saml_reason rs_saml_metadata(const struct rs_saml_order *order, json_t *answer);
enum rs_saml_reason rs_saml_sp_metadata(const struct rs_saml_order *order, json_t *answer);
/*
 * Runs one order: a JSON text, then perhaps a NUL and the service provider's key as PEM. A NUL
 * stands behind the last byte. The answer belongs to the caller and is never NULL.
 */
json_t *rs_saml_run(const char *text, size_t len);

/* The XML of our own metadata, NUL-terminated, freed with xmlFree(); NULL when it cannot be made.
 */
char *rs_saml_sp_metadata_xml(const struct rs_saml_sp *sp, const char *name_id_format);
/* Whether the service provider's key can be used, is strong, and is the certificate's. */
bool rs_saml_sp_key_good(const struct rs_saml_sp *sp);

/* --- encryption.c --- */
/*
 * Opens an EncryptedAssertion whose algorithms were judged before. What comes out is scanned and
 * parsed like what came in. false, for whatever reason, or *assertion, to be freed by the caller.
 */
bool rs_saml_decrypt(xmlNode *encrypted, const char *pem, xmlDoc **assertion);

/* --- lasso.c --- */
/* Lasso's own judgement of a response, the signature included. */
bool rs_saml_lasso_accepts(const struct rs_saml_order *order, const char *base64);

/* The text of one member, or the default when it is not there or of another type. */
const char *rs_saml_string(const json_t *object, const char *name, const char *otherwise);

/* --- sandbox.c --- */
/* Memory, CPU, files and processes are limited; false when a limit cannot be set. */
bool rs_saml_limit(void);
/* From here on only a few system calls work: no file, no network, no process. */
bool rs_saml_confine(void);

#endif
