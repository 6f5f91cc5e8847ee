/*
 * What a key may be used for: keyUsage bits and extendedKeyUsage OIDs, and their names in JSON.
 */
#ifndef RS_ISSUER_USAGE_H
#define RS_ISSUER_USAGE_H

#include "der.h"

#include "rs/key.h"

/* Bit numbers of RFC 5280 4.2.1.3. */
enum rs_usage_bit {
	RS_USAGE_DIGITAL_SIGNATURE,
	RS_USAGE_NON_REPUDIATION,
	RS_USAGE_KEY_ENCIPHERMENT,
	RS_USAGE_DATA_ENCIPHERMENT,
	RS_USAGE_KEY_AGREEMENT,
	RS_USAGE_KEY_CERT_SIGN,
	RS_USAGE_CRL_SIGN,
	RS_USAGE_ENCIPHER_ONLY,
	RS_USAGE_DECIPHER_ONLY,
	RS_USAGE_COUNT
};

/* The keyUsage bits (1 << bit) that go with these extendedKeyUsage OIDs and this key. */
unsigned rs_usage_of(const char *eku, const struct rs_key *key);
/* Array of names; the caller owns it. */
json_t *rs_usage_json(unsigned bits);
void rs_usage_write(struct rs_der_out *w, unsigned bits);
/* Reads a KeyUsage value (DER, whole). */
bool rs_usage_read(struct rs_bytes value, unsigned *bits);

/* Calls visit for each OID of a list separated by spaces, the last one first; false when it does. */
bool rs_oids_backwards(const char *list, bool (*visit)(void *arg, const char *oid), void *arg);
/* "serverAuth" of its OID; the OID itself when it has no name here. */
const char *rs_eku_name(const char *oid);

#endif
