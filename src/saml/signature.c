#include "saml.h"

#include <lasso/lasso.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <stdlib.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmltree.h>

/* Libraries must not write what a stranger sent to our standard error. */
static void no_xml_error(void *cls, const char *fmt, ...)
{
	(void)cls, (void)fmt;
}

static void no_structured_error(void *cls, xmlErrorPtr error)
{
	(void)cls, (void)error;
}

static void no_xmlsec_error(const char *file, int line, const char *func, const char *object,
	const char *subject, int reason, const char *msg)
{
	(void)file, (void)line, (void)func, (void)object, (void)subject, (void)reason, (void)msg;
}

static void no_glib_error(const char *domain, GLogLevelFlags level, const char *text, void *cls)
{
	(void)domain, (void)level, (void)text, (void)cls;
}

bool rs_saml_libraries_start(void)
{
	/* LASSO_FLAG could switch signatures off; nothing of the environment is wanted at all. */
	clearenv();
	if (lasso_init() != 0)
		return false;
	xmlSetGenericErrorFunc(NULL, no_xml_error);
	xmlSetStructuredErrorFunc(NULL, no_structured_error);
	xmlSecErrorsSetCallback(no_xmlsec_error);
	g_log_set_default_handler(no_glib_error, NULL);
	return true;
}

/*
 * Only what shape.c let through is enabled; KeyInfo is not read because the key is given. The ID of
 * the one element is made known to the document, no other.
 */
static bool verify_with(xmlNode *signature, xmlSecKey *key)
{
	bool good = false;
	xmlSecDSigCtx *ctx = xmlSecDSigCtxCreate(NULL);
	if (!ctx)
		return false;
	ctx->signKey = xmlSecKeyDuplicate(key);
	ctx->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
	ctx->flags |= XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS;
	if (ctx->signKey &&
		xmlSecDSigCtxEnableReferenceTransform(ctx, xmlSecTransformEnvelopedId) == 0 &&
		xmlSecDSigCtxEnableReferenceTransform(ctx, xmlSecTransformExclC14NId) == 0 &&
		xmlSecDSigCtxEnableReferenceTransform(ctx, xmlSecTransformSha256Id) == 0 &&
		xmlSecDSigCtxEnableReferenceTransform(ctx, xmlSecTransformSha384Id) == 0 &&
		xmlSecDSigCtxEnableReferenceTransform(ctx, xmlSecTransformSha512Id) == 0 &&
		xmlSecDSigCtxVerify(ctx, signature) == 0)
		good = ctx->status == xmlSecDSigStatusSucceeded &&
		       xmlSecPtrListGetSize(&ctx->signedInfoReferences) == 1;
	xmlSecDSigCtxDestroy(ctx);
	return good;
}

int rs_saml_signature_verify(xmlDoc *doc, xmlNode *node, const struct rs_saml_idp *idp)
{
	int found = -1;
	xmlNode *signature = rs_saml_child(node, RS_SAML_NS_DSIG, "Signature");
	xmlAttr *id = xmlHasNsProp(node, (const xmlChar *)"ID", NULL);
	char *value = rs_saml_attribute(node, "ID");
	if (signature && id && value && !xmlGetID(doc, (const xmlChar *)value) &&
		xmlAddID(NULL, doc, (const xmlChar *)value, id)) {
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
		found = 0; /* so that the fuzzer gets beyond what it cannot sign */
#endif
		for (int i = 0; i < idp->key_count && found < 0; i++) {
			if (verify_with(signature, idp->keys[i].key))
				found = i;
		}
		xmlRemoveID(doc, id);
	}
	xmlFree(value);
	return found;
}
