/*
 * Building what is to be signed: the DER TBSCertificate (RFC 5280, 4.1).
 *
 * Everything comes from the approved request and its profile, nothing from the CSR but the public
 * key, which is copied byte by byte. The same specification always gives the same bytes, so what
 * was linted and recorded is what is signed. Names must be normalised already (names.h); here they
 * are only encoded: DirectoryStrings as UTF8String, country as PrintableString, domain components
 * and mail addresses as IA5String.
 *
 * Extensions: basicConstraints (critical, CA false), keyUsage (critical) by extendedKeyUsage and
 * key type, extKeyUsage, subjectAltName (critical when the subject is empty),
 * subjectKeyIdentifier (SHA-1 of the key, RFC 5280 4.2.1.2 method 1), authorityKeyIdentifier,
 * certificatePolicies, cRLDistributionPoints and authorityInfoAccess where URLs are given.
 */
#ifndef RS_TBS_H
#define RS_TBS_H

#include "rs/issuer.h"
#include "rs/key.h"
#include "rs/names.h"

#define RS_SERIAL_LEN 20 /* octets of a serial: 159 random bits, positive */

struct rs_tbs_spec {
	const struct rs_issuer *issuer;
	unsigned char serial[RS_SERIAL_LEN];
	int64_t not_before, not_after; /* seconds since the epoch, both inclusive */
	const json_t *subject;         /* object of 2.3; may be empty */
	const json_t *san;             /* array of {type, value} of 2.3; may be empty */
	struct rs_bytes spki_der;
	struct rs_key key;
	const char *eku;               /* extendedKeyUsage OIDs separated by a space: profile.h */
	const json_t *policies;        /* array of dotted OIDs, or NULL */
	const char *ca_url;            /* AIA caIssuers, or NULL */
	const char *ocsp_url;          /* AIA OCSP, or NULL */
	const char *crl_url;           /* CDP, or NULL */
};

/* A new serial: 20 octets, 159 random bits, the top bit clear, never 0. */
void rs_serial_new(unsigned char serial[RS_SERIAL_LEN]);

/*
 * Encodes the TBSCertificate into the arena. Faults of names come as RS_BAD_NAME with a pointer
 * ("/subject/country", "/san/2"), all of them; RS_OUT_OF_RANGE for times outside 1950..9999 or
 * not_after before not_before.
 */
enum rs_code rs_tbs_build(struct rs_ctx *ctx, const struct rs_tbs_spec *spec,
	struct rs_bytes *tbs) RS_CHECK;

/*
 * Only judges whether subject and san can be encoded: every fault under "/subject" and "/san" is
 * noted with rs_fault(); the caller ends with rs_faults().
 */
void rs_tbs_check_names(struct rs_ctx *ctx, const json_t *subject, const json_t *san);

/*
 * {"key_usage": [...], "extended_key_usage": [...], "policies": [...]} that a certificate with this
 * extendedKeyUsage and key gets, in the words rs_x509_parse() uses. The caller owns it.
 */
json_t *rs_tbs_extensions(const char *eku, const struct rs_key *key, const json_t *policies);

#endif
