/*
 * What any program would write with OpenSSL: decode a CSR, verify it, fill a certificate. Both the
 * engine's bench and the raw loop measure against it.
 */
#ifndef BENCH_TEXTBOOK_H
#define BENCH_TEXTBOOK_H

#include <openssl/x509.h>

/*
 * The certificate for a CSR in DER, ready to be signed: seven extensions, ten days, the subject and
 * the key of the CSR. serial: 20 octets. NULL when something is wrong. The caller frees it.
 */
X509 *bench_textbook(const unsigned char *csr, long len, const unsigned char *serial, X509 *issuer);

#endif
