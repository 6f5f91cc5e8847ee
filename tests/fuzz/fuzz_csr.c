/* CSRs: what we accept, OpenSSL must read alike. */
#include "rs/csr.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_ctx ctx;
	struct rs_csr *csr;

	rs_ctx_init_system(&ctx, NULL, "fuzz");
	if (rs_csr_parse(&ctx, data, size, &csr) == RS_OK) {
		const unsigned char *p = csr->der.data;
		unsigned char *spki = NULL;
		X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)csr->der.len);
		if (!req || p != csr->der.data + csr->der.len ||
			X509_REQ_verify(req, X509_REQ_get0_pubkey(req)) != 1)
			abort();
		int len = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(req), &spki);
		if (len < 0 || (size_t)len != csr->spki_der.len ||
			memcmp(spki, csr->spki_der.data, csr->spki_der.len) != 0)
			abort();
		OPENSSL_free(spki);
		X509_REQ_free(req);
	}
	rs_ctx_end(&ctx);
	return 0;
}
