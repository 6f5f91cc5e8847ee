/* Certificates: reading, linting, and what the linter calls clean OpenSSL must read. */
#include "rs/lint.h"
#include "rs/x509.h"

#include <openssl/x509.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_ctx ctx;
	struct rs_x509 *x;
	struct rs_bytes chain[RS_CHAIN_MAX];
	size_t count;
	json_t *findings;

	rs_ctx_init_system(&ctx, NULL, "fuzz");
	if (size > 0 && data[0] == '-') {
		if (rs_x509_read_chain(&ctx, data, size, chain, &count, &x) == RS_OK && count == 0)
			abort();
	} else if (rs_x509_parse(&ctx, (struct rs_bytes){data, size}, &x) == RS_OK) {
		if (rs_lint_certificate(&ctx, NULL, x->der, &findings) != RS_OK)
			abort(); /* what was parsed can be linted */
		const unsigned char *p = data;
		X509 *stock = d2i_X509(NULL, &p, (long)size);
		if (json_array_size(findings) == 0 && !stock)
			abort();
		X509_free(stock);
	}
	rs_ctx_end(&ctx);
	return 0;
}
