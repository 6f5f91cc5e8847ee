/*
 * The rules of the linter, each one row; lint.c holds the checks.
 *
 * RS_LINT(check, id, source, severity, when, text): check_<check>() is called when the certificate
 * is what `when` says: ANY, LEAF (no CA), SAN (it has the extension), RSA, ISSUER (its issuer is
 * known), TLS (serverAuth, or a rule set for it), MAIL (a rule set for mailboxes), DATED (a rule set
 * that limits the validity). Severity CLAIMED is ERROR under the rule set whose document it is from,
 * else WARNING.
 */
/* structure */
RS_LINT(version, "version-3", "RFC 5280 4.1.2.1", ERROR, ANY, "the version is 3")
RS_LINT(no_unique_ids, "no-unique-ids", "RFC 5280 4.1.2.8", ERROR, ANY, "there are no unique identifiers")
RS_LINT(algorithm_same, "algorithm-same", "RFC 5280 4.1.1.2", ERROR, ANY, "the algorithm inside is the one outside")
RS_LINT(algorithm_known, "algorithm-known", "RFC 5280 4.1.1.2", ERROR, ANY, "it is signed with SHA-256 or better")
RS_LINT(algorithm_issuer, "algorithm-issuer", "RFC 5280 4.1.1.2", ERROR, ISSUER, "the algorithm is that of the issuer's key")
RS_LINT(signature_length, "signature-length", "RFC 5280 4.1.1.3", ERROR, ISSUER, "the signature is no longer than the issuer's key makes")
/* serial */
RS_LINT(serial_positive, "serial-positive", "RFC 5280 4.1.2.2", ERROR, ANY, "the serial is a positive integer in its shortest form")
RS_LINT(serial_length, "serial-length", "RFC 5280 4.1.2.2", ERROR, ANY, "the serial has at most 20 octets")
RS_LINT(serial_random, "serial-random", "BR 7.1", ERROR, LEAF, "the serial has room for 64 random bits and more")
/* names of issuer and subject */
RS_LINT(issuer_present, "issuer-present", "RFC 5280 4.1.2.4", ERROR, ANY, "the issuer is not empty")
RS_LINT(issuer_same, "issuer-same", "RFC 5280 4.1.2.4", ERROR, ISSUER, "the issuer is the issuer's subject, byte for byte")
RS_LINT(name_attributes, "subject-attributes", "RFC 5280 4.1.2.6", ERROR, ANY, "every attribute of the subject is an OID and a text")
RS_LINT(name_strings, "subject-strings", "RFC 5280 4.1.2.4", ERROR, ANY, "texts of the subject are UTF8String, PrintableString or IA5String, and hold what these may")
RS_LINT(name_lengths, "subject-lengths", "RFC 5280 A.1", ERROR, ANY, "texts of the subject keep their upper bounds")
RS_LINT(name_clean, "subject-clean", "RFC 5280 7", ERROR, ANY, "texts of the subject hold no control characters and are not empty")
RS_LINT(name_country, "subject-country", "RFC 5280 A.1", ERROR, ANY, "the country is two capital letters as PrintableString")
RS_LINT(subject_or_san, "subject-or-san", "RFC 5280 4.1.2.6", ERROR, LEAF, "an empty subject comes with a critical subjectAltName")
/* validity */
RS_LINT(validity_order, "validity-order", "RFC 5280 4.1.2.5", ERROR, ANY, "notAfter is not before notBefore")
RS_LINT(validity_form, "validity-form", "RFC 5280 4.1.2.5", ERROR, ANY, "times are UTCTime up to 2049 and GeneralizedTime from 2050 on")
RS_LINT(validity_issuer, "validity-issuer", "RFC 5280 6.1", ERROR, ISSUER, "the validity lies within the issuer's")
/* key */
RS_LINT(key_kind, "key-kind", "BR 6.1.5", ERROR, ANY, "the key is RSA 2048, 3072 or 4096, P-256, P-384, P-521 or Ed25519")
RS_LINT(key_exponent, "key-exponent", "BR 6.1.6", ERROR, RSA, "the RSA exponent is 65537")
RS_LINT(key_modulus, "key-modulus", "BR 6.1.6", ERROR, RSA, "the RSA modulus is odd, without small factors, no power")
/* extensions */
RS_LINT(ext_present, "extensions-present", "RFC 5280 4.2", ERROR, ANY, "there are extensions")
RS_LINT(ext_once, "extensions-once", "RFC 5280 4.2", ERROR, ANY, "no extension comes twice")
RS_LINT(ext_der, "extensions-der", "RFC 5280 4.2", ERROR, ANY, "the value of each extension is one DER element")
RS_LINT(ext_critical, "extensions-critical", "RFC 5280 4.2", ERROR, ANY, "no unknown extension is critical")
RS_LINT(ext_ca_only, "extensions-ca-only", "RFC 5280 4.2.1.10", ERROR, LEAF, "constraints and mappings are in CA certificates only")
RS_LINT(basic_valid, "basic-constraints", "RFC 5280 4.2.1.9", ERROR, LEAF, "basicConstraints, where they are, say in DER that it is no CA")
RS_LINT(basic_critical, "basic-constraints-critical", "RFC 5280 4.2.1.9", ERROR, LEAF, "basicConstraints are there and critical")
RS_LINT(usage_present, "key-usage-present", "RFC 5280 4.2.1.3", ERROR, ANY, "keyUsage is there, critical and sets a bit")
RS_LINT(usage_leaf, "key-usage-leaf", "RFC 5280 4.2.1.3", ERROR, LEAF, "a leaf signs neither certificates nor CRLs")
RS_LINT(usage_key, "key-usage-key", "RFC 8813, RFC 8410 5", ERROR, LEAF, "EC and Ed25519 keys do not encipher")
RS_LINT(eku_present, "eku-present", "BR 7.1.2.7.10", ERROR, LEAF, "extKeyUsage is there and not empty")
RS_LINT(eku_any, "eku-any", "BR 7.1.2.7.10", ERROR, LEAF, "anyExtendedKeyUsage is not used")
RS_LINT(eku_once, "eku-once", "RFC 5280 4.2.1.12", ERROR, LEAF, "no purpose comes twice")
RS_LINT(ski_present, "ski-present", "RFC 5280 4.2.1.2", ERROR, ANY, "subjectKeyIdentifier is there and not critical")
RS_LINT(ski_key, "ski-key", "RFC 5280 4.2.1.2", WARNING, LEAF, "subjectKeyIdentifier is the SHA-1 of the key")
RS_LINT(aki_present, "aki-present", "RFC 5280 4.2.1.1", ERROR, LEAF, "authorityKeyIdentifier has a keyIdentifier and is not critical")
RS_LINT(aki_issuer, "aki-issuer", "RFC 5280 4.2.1.1", ERROR, ISSUER, "authorityKeyIdentifier is the issuer's key identifier")
RS_LINT(policies_once, "policies-once", "RFC 5280 4.2.1.4", ERROR, ANY, "no policy comes twice")
RS_LINT(cdp_valid, "cdp-http", "RFC 5280 4.2.1.13", ERROR, ANY, "CRL distribution points are http or https URLs and not critical")
RS_LINT(aia_valid, "aia-http", "RFC 5280 4.2.2.1", ERROR, ANY, "authorityInfoAccess holds http or https URLs and is not critical")
/* subjectAltName */
RS_LINT(san_names, "san-names", "RFC 5280 4.2.1.6", ERROR, SAN, "subjectAltName holds at least one name and only names")
RS_LINT(san_once, "san-once", "RFC 5280 4.2.1.6", ERROR, SAN, "no name comes twice")
RS_LINT(san_dns_labels, "san-dns-labels", "RFC 1034 3.5", ERROR, SAN, "labels have 1 to 63 letters, digits and inner hyphens; a name at most 253")
RS_LINT(san_dns_underscore, "san-dns-underscore", "BR 7.1.4.2", ERROR, SAN, "DNS names have no underscore")
RS_LINT(san_dns_lower, "san-dns-lower", "own", ERROR, SAN, "DNS names are in lower case")
RS_LINT(san_dns_wildcard, "san-dns-wildcard", "RFC 6125 6.4.3", ERROR, SAN, "a wildcard is the whole first label, above at least two others")
RS_LINT(san_dns_ip, "san-dns-ip", "BR 7.1.4.2", ERROR, SAN, "DNS names are no IP addresses")
RS_LINT(san_ip, "san-ip", "RFC 5280 4.2.1.6", ERROR, SAN, "IP addresses have 4 or 16 octets")
RS_LINT(san_email, "san-email", "RFC 5280 4.2.1.6", ERROR, SAN, "mail addresses are a local part and a domain in ASCII")
RS_LINT(san_uri, "san-uri", "RFC 5280 4.2.1.6", ERROR, SAN, "URIs are absolute")
/* what a web server's certificate is expected to be */
RS_LINT(tls_san, "tls-san", "BR 7.1.2.7.12", ERROR, TLS, "a server's certificate has a subjectAltName")
RS_LINT(tls_common_name, "tls-common-name", "BR 7.1.4.3", CLAIMED, TLS, "the common name repeats a name of the subjectAltName")
RS_LINT(tls_internal, "tls-internal-name", "BR 4.2.2", CLAIMED, TLS, "DNS names have two labels and more and end in no reserved one")
RS_LINT(tls_age, "tls-validity", "BR 6.3.2", WARNING, TLS, "a server's certificate is valid for at most 200 days, the last second included")
/* what the rule set of the profile claims, on that day */
RS_LINT(mail_mailbox, "mail-mailbox", "SBR 7.1.4.2.1", ERROR, MAIL, "the subjectAltName holds a mailbox")
RS_LINT(rules_age, "rule-set-validity", "BR 6.3.2, SBR 6.3.2, CSBR 6.3.2", ERROR, DATED, "the validity is no longer than the rule set allows on the day of issuance, the last second included")
