/* What the files about JOSE share. */
#ifndef RS_NET_JOSE_INTERNAL_H
#define RS_NET_JOSE_INTERNAL_H

#include <openssl/evp.h>

/* SHA-256, SHA-384 or SHA-512: by the last three digits of an algorithm's name (RFC 7518 3.1). */
const EVP_MD *rs_jose_hash(const char *alg);

#endif
