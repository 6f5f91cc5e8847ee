/* Opens an encrypted assertion with the service provider's key. */
#include "saml.h"

#include <string.h>
#include <xmlsec/crypto.h>
#include <xmlsec/keys.h>
#include <xmlsec/xmlenc.h>

/* The first element ns:name at or below top. */
static xmlNode *find(xmlNode *top, const char *ns, const char *name)
{
	xmlNode *n = top;
	while (n && !rs_saml_is(n, ns, name))
		n = rs_saml_walk(top, n);
	return n;
}

/* Opens one node with a key, which is taken over; the context holds the result, or NULL. */
static xmlSecEncCtx *open_node(xmlNode *node, xmlSecKey *key, xmlEncCtxMode mode)
{
	xmlSecEncCtx *ctx = key ? xmlSecEncCtxCreate(NULL) : NULL;
	if (!ctx) {
		if (key)
			xmlSecKeyDestroy(key);
		return NULL;
	}
	ctx->encKey = key;
	ctx->mode = mode;
	if (!xmlSecEncCtxDecryptToBuffer(ctx, node) || !ctx->result) {
		xmlSecEncCtxDestroy(ctx);
		return NULL;
	}
	return ctx;
}

/* The AES key that travels beside the ciphertext, or NULL. */
static xmlSecKey *open_session_key(xmlNode *encrypted_key, const char *pem)
{
	xmlSecKey *own = xmlSecCryptoAppKeyLoadMemory((const xmlSecByte *)pem,
		(xmlSecSize)strlen(pem), xmlSecKeyDataFormatPem, NULL, NULL, NULL);
	xmlSecEncCtx *ctx = open_node(encrypted_key, own, xmlEncCtxModeEncryptedKey);
	xmlSecKey *key = ctx ? xmlSecKeyReadBuffer(xmlSecKeyDataAesId, ctx->result) : NULL;
	if (ctx)
		xmlSecEncCtxDestroy(ctx);
	return key;
}

bool rs_saml_decrypt(xmlNode *encrypted, const char *pem, xmlDoc **assertion)
{
	xmlNode *data = rs_saml_child(encrypted, RS_SAML_NS_XENC, "EncryptedData");
	xmlNode *key = find(encrypted, RS_SAML_NS_XENC, "EncryptedKey");
	bool good = false;
	*assertion = NULL;
	if (!data || !key)
		return false;
	xmlSecEncCtx *ctx = open_node(data, open_session_key(key, pem), xmlEncCtxModeEncryptedData);
	if (ctx) {
		good = rs_saml_parse((const char *)xmlSecBufferGetData(ctx->result),
			       xmlSecBufferGetSize(ctx->result), assertion) == RS_SAML_OK;
		xmlSecEncCtxDestroy(ctx);
	}
	return good;
}
