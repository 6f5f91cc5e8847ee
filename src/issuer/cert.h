/*
 * A certificate taken apart (RFC 5280, 4.1), by reference into its bytes.
 */
#ifndef RS_ISSUER_CERT_H
#define RS_ISSUER_CERT_H

#include "der.h"

#define RS_CERT_EXTENSIONS_MAX 40

struct rs_cert_ext {
	struct rs_bytes oid; /* content */
	struct rs_bytes value;
	bool critical;
};

struct rs_cert {
	struct rs_bytes der, tbs;
	long version;                  /* 0 = v1, 2 = v3 */
	struct rs_bytes serial;        /* INTEGER content as it stands */
	struct rs_bytes algorithm;     /* inner AlgorithmIdentifier, whole */
	struct rs_bytes issuer, subject, spki; /* whole */
	int64_t not_before, not_after;
	bool not_before_wide, not_after_wide; /* GeneralizedTime */
	bool unique_ids;
	struct rs_cert_ext ext[RS_CERT_EXTENSIONS_MAX];
	size_t ext_count;
	struct rs_bytes outer_algorithm;
	struct rs_bytes signature;
};

/* Takes a certificate apart; false when it has not this structure or too many extensions. */
bool rs_cert_read(struct rs_bytes der, struct rs_cert *out);
/* The same for a TBSCertificate alone. */
bool rs_cert_read_tbs(struct rs_bytes tbs, struct rs_cert *out);
/* The first extension with this OID content, or NULL. */
const struct rs_cert_ext *rs_cert_find(const struct rs_cert *cert, struct rs_bytes oid);

#define RS_EXT_SKI RS_LITERAL("\x55\x1d\x0e")
#define RS_EXT_KEY_USAGE RS_LITERAL("\x55\x1d\x0f")
#define RS_EXT_SAN RS_LITERAL("\x55\x1d\x11")
#define RS_EXT_BASIC RS_LITERAL("\x55\x1d\x13")
#define RS_EXT_NAME_CONSTRAINTS RS_LITERAL("\x55\x1d\x1e")
#define RS_EXT_CDP RS_LITERAL("\x55\x1d\x1f")
#define RS_EXT_POLICIES RS_LITERAL("\x55\x1d\x20")
#define RS_EXT_POLICY_MAPPINGS RS_LITERAL("\x55\x1d\x21")
#define RS_EXT_AKI RS_LITERAL("\x55\x1d\x23")
#define RS_EXT_POLICY_CONSTRAINTS RS_LITERAL("\x55\x1d\x24")
#define RS_EXT_EKU RS_LITERAL("\x55\x1d\x25")
#define RS_EXT_INHIBIT_ANY RS_LITERAL("\x55\x1d\x36")
#define RS_EXT_AIA RS_LITERAL("\x2b\x06\x01\x05\x05\x07\x01\x01")

/* basicConstraints' cA and pathLenConstraint (-1 = none). */
bool rs_basic_read(struct rs_bytes value, bool *ca, long *path_length);
/* The keyIdentifier of an authorityKeyIdentifier; empty when it has none. */
bool rs_aki_read(struct rs_bytes value, struct rs_bytes *key_id);

/* Whether above issued below, by name and signature; *why is a static sentence's end otherwise. */
bool rs_cert_issued_by(struct rs_bytes below, struct rs_bytes above, const char **why);

/* The organizational unit that marks a CA made by `reissued ca init`. */
#define RS_TRIAL_MARK "Trial CA - not trusted"

#endif
