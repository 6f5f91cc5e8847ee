#include "rs/lint.h"

#include "cert.h"
#include "spki.h"
#include "usage.h"

#include "rs/app.h"
#include "rs/config.h"
#include "rs/names.h"
#include "rs/x509.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define OID_MAX		256
#define SIGNATURE_MAX	512 /* RSA-4096 */
#define NAMES_MAX	(RS_SAN_MAX + 1)
#define OID_LIST_MAX	32
#define TLS_SECONDS_MAX (200 * 86400)
#define DAY_2050	INT64_C(2524608000)

enum when { WHEN_ANY, WHEN_LEAF, WHEN_SAN, WHEN_RSA, WHEN_ISSUER, WHEN_TLS, WHEN_MAIL, WHEN_DATED };

/* One text of the subject. */
struct attribute {
	const struct rs_subject_member *member; /* NULL: we have no word for it */
	unsigned tag;
	struct rs_bytes text;
};

/* The certificate as the checks see it, taken apart once. */
struct lint {
	struct rs_cert cert;
	const struct rs_issuer *issuer;
	const struct rs_ruleset *rules; /* or NULL */
	const json_t *extra_tlds;       /* of the configuration, or NULL */
	bool ca, tls;
	struct attribute attribute[64];
	size_t attributes;
	bool subject_good;
	struct {
		unsigned tag;
		struct rs_bytes value;
	} name[NAMES_MAX];
	size_t names;
	const struct rs_cert_ext *san;
	bool san_good;
	struct rs_spki spki;
	bool key_good;
	unsigned usage;
	struct rs_bytes eku[OID_LIST_MAX];
	size_t ekus;
};

/* --- taking apart --- */

static const struct rs_subject_member *member_of(struct rs_bytes oid)
{
	char dotted[OID_MAX];
	if (!rs_der_oid_text(oid, dotted, sizeof(dotted)))
		return NULL;
	for (const struct rs_subject_member *m = rs_subject_members; m->name; m++)
		if (strcmp(m->oid, dotted) == 0)
			return m;
	return NULL;
}

static bool read_subject(struct lint *l)
{
	struct rs_der d = rs_der_of(l->cert.subject), rdns, rdn, pair;
	struct rs_bytes oid;

	if (!rs_der_enter(&d, RS_DER_SEQUENCE, &rdns))
		return false;
	while (!rs_der_done(&rdns)) {
		if (!rs_der_enter(&rdns, RS_DER_SET, &rdn) || rs_der_done(&rdn))
			return false;
		while (!rs_der_done(&rdn)) {
			if (l->attributes == sizeof(l->attribute) / sizeof(l->attribute[0]))
				return false;
			struct attribute *a = &l->attribute[l->attributes++];
			if (!rs_der_enter(&rdn, RS_DER_SEQUENCE, &pair) ||
				!rs_der_get(&pair, RS_DER_OID, &oid) ||
				!rs_der_any(&pair, &a->tag, &a->text, NULL) || !rs_der_done(&pair))
				return false;
			a->member = member_of(oid);
		}
	}
	return true;
}

static bool read_san(struct lint *l)
{
	struct rs_der d = rs_der_of(l->san->value), list;
	if (!rs_der_enter(&d, RS_DER_SEQUENCE, &list) || !rs_der_done(&d) || rs_der_done(&list))
		return false;
	while (!rs_der_done(&list)) {
		if (l->names == NAMES_MAX ||
			!rs_der_any(
				&list, &l->name[l->names].tag, &l->name[l->names].value, NULL) ||
			!(l->name[l->names].tag & 0x80))
			return false;
		l->names++;
	}
	return true;
}

/* The OIDs of a SEQUENCE OF OID, or of SEQUENCEs that begin with one. */
static size_t read_oids(
	const struct rs_cert_ext *ext, bool nested, struct rs_bytes out[OID_LIST_MAX])
{
	struct rs_der d, list, item;
	size_t count = 0;

	if (!ext)
		return 0;
	d = rs_der_of(ext->value);
	if (!rs_der_enter(&d, RS_DER_SEQUENCE, &list))
		return 0;
	while (!rs_der_done(&list) && count < OID_LIST_MAX) {
		if (nested ? !rs_der_enter(&list, RS_DER_SEQUENCE, &item) ||
					!rs_der_get(&item, RS_DER_OID, &out[count])
			   : !rs_der_get(&list, RS_DER_OID, &out[count]))
			break;
		count++;
	}
	return count;
}

static bool take_apart(struct lint *l, const struct rs_issuer *issuer, struct rs_bytes der)
{
	const struct rs_cert_ext *ext;
	long path_length;
	char why[256];

	if (!rs_der_strict(der) || !rs_cert_read(der, &l->cert))
		return false;
	l->issuer = issuer;
	ext = rs_cert_find(&l->cert, RS_EXT_BASIC);
	if (ext && !rs_basic_read(ext->value, &l->ca, &path_length))
		l->ca = false;
	l->subject_good = read_subject(l);
	l->san = rs_cert_find(&l->cert, RS_EXT_SAN);
	l->san_good = l->san && read_san(l);
	l->key_good = rs_spki_read(l->cert.spki, &l->spki, why);
	ext = rs_cert_find(&l->cert, RS_EXT_KEY_USAGE);
	if (ext && !rs_usage_read(ext->value, &l->usage))
		l->usage = 0;
	l->ekus = read_oids(rs_cert_find(&l->cert, RS_EXT_EKU), false, l->eku);
	for (size_t i = 0; i < l->ekus; i++)
		l->tls |= rs_bytes_eq(l->eku[i], RS_LITERAL("\x2b\x06\x01\x05\x05\x07\x03\x01"));
	return true;
}

/* --- structure, serial --- */

static bool check_version(const struct lint *l)
{
	return l->cert.version == 2;
}
static bool check_no_unique_ids(const struct lint *l)
{
	return !l->cert.unique_ids;
}
static bool check_algorithm_same(const struct lint *l)
{
	return rs_bytes_eq(l->cert.algorithm, l->cert.outer_algorithm);
}
static bool check_algorithm_known(const struct lint *l)
{
	return rs_sigalg_find(l->cert.algorithm) != NULL;
}
static bool check_algorithm_issuer(const struct lint *l)
{
	return rs_bytes_eq(l->cert.algorithm, l->issuer->signature_algorithm);
}
static bool check_signature_length(const struct lint *l)
{
	return l->cert.signature.len > 0 && l->cert.signature.len <= l->issuer->signature_max;
}
static bool check_serial_positive(const struct lint *l)
{
	struct rs_bytes s = l->cert.serial;
	return s.data[0] < 0x80 && !(s.len == 1 && s.data[0] == 0);
}
static bool check_serial_length(const struct lint *l)
{
	return l->cert.serial.len <= 20;
}
static bool check_serial_random(const struct lint *l)
{
	return l->cert.serial.len >= 9;
}

/* --- names --- */

static bool check_issuer_present(const struct lint *l)
{
	return l->cert.issuer.len > 2;
}
static bool check_issuer_same(const struct lint *l)
{
	return rs_bytes_eq(l->cert.issuer, l->issuer->subject);
}
static bool check_name_attributes(const struct lint *l)
{
	return l->subject_good;
}
static bool is_utf8(struct rs_bytes text)
{
	unsigned long character;

	while (text.len) {
		int octets = UTF8_getc(text.data, (int)text.len, &character);

		if (octets <= 0)
			return false;
		text = (struct rs_bytes){text.data + octets, text.len - (size_t)octets};
	}
	return true;
}
static bool is_ascii(struct rs_bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] >= 0x80)
			return false;
	return true;
}
static bool check_name_strings(const struct lint *l)
{
	for (size_t i = 0; i < l->attributes; i++) {
		const struct attribute *a = &l->attribute[i];

		if (a->tag == RS_DER_UTF8 ? !is_utf8(a->text)
					  : (a->tag != RS_DER_PRINTABLE && a->tag != RS_DER_IA5) ||
						    !is_ascii(a->text))
			return false;
	}
	return true;
}
static bool check_name_lengths(const struct lint *l)
{
	for (size_t i = 0; i < l->attributes; i++) {
		const struct attribute *a = &l->attribute[i];
		size_t chars = 0;
		for (size_t b = 0; b < a->text.len; b++)
			chars += (a->text.data[b] & 0xc0) != 0x80;
		if (a->member && chars > (size_t)a->member->max)
			return false;
	}
	return true;
}
static bool check_name_clean(const struct lint *l)
{
	for (size_t i = 0; i < l->attributes; i++) {
		struct rs_bytes text = l->attribute[i].text;
		bool blank = true;
		for (size_t b = 0; b < text.len; b++) {
			if (text.data[b] < 0x20 || text.data[b] == 0x7f)
				return false;
			blank = blank && text.data[b] == ' ';
		}
		if (blank)
			return false;
	}
	return true;
}
static bool check_name_country(const struct lint *l)
{
	for (size_t i = 0; i < l->attributes; i++) {
		const struct attribute *a = &l->attribute[i];
		if (!a->member || strcmp(a->member->name, "country") != 0)
			continue;
		if (a->tag != RS_DER_PRINTABLE || a->text.len != 2)
			return false;
		for (size_t b = 0; b < 2; b++)
			if (a->text.data[b] < 'A' || a->text.data[b] > 'Z')
				return false;
	}
	return true;
}
static bool check_subject_or_san(const struct lint *l)
{
	return l->cert.subject.len > 2 || (l->san && l->san->critical);
}

/* --- validity, key --- */

static bool check_validity_order(const struct lint *l)
{
	return l->cert.not_before <= l->cert.not_after;
}
static bool check_validity_form(const struct lint *l)
{
	return l->cert.not_before_wide == (l->cert.not_before >= DAY_2050) &&
	       l->cert.not_after_wide == (l->cert.not_after >= DAY_2050);
}
static bool check_validity_issuer(const struct lint *l)
{
	return l->cert.not_before >= l->issuer->not_before &&
	       l->cert.not_after <= l->issuer->not_after;
}
static bool check_key_kind(const struct lint *l)
{
	return l->key_good;
}
static bool check_key_exponent(const struct lint *l)
{
	return rs_bytes_eq(l->spki.exponent, RS_LITERAL("\x01\x00\x01"));
}
static bool check_key_modulus(const struct lint *l)
{
	return rs_modulus_check(l->spki.modulus) == RS_MODULUS_FINE;
}

/* --- extensions --- */

static bool check_ext_present(const struct lint *l)
{
	return l->cert.ext_count > 0;
}
static bool check_ext_once(const struct lint *l)
{
	for (size_t i = 0; i < l->cert.ext_count; i++)
		for (size_t j = 0; j < i; j++)
			if (rs_bytes_eq(l->cert.ext[i].oid, l->cert.ext[j].oid))
				return false;
	return true;
}
static bool check_ext_der(const struct lint *l)
{
	for (size_t i = 0; i < l->cert.ext_count; i++) {
		struct rs_der d = rs_der_of(l->cert.ext[i].value);
		if (!rs_der_strict(l->cert.ext[i].value) || !rs_der_any(&d, NULL, NULL, NULL) ||
			!rs_der_done(&d))
			return false;
	}
	return true;
}
static bool check_ext_critical(const struct lint *l)
{
	static const struct rs_bytes known[] = {RS_EXT_KEY_USAGE, RS_EXT_SAN, RS_EXT_BASIC,
		RS_EXT_NAME_CONSTRAINTS, RS_EXT_POLICIES, RS_EXT_POLICY_MAPPINGS,
		RS_EXT_POLICY_CONSTRAINTS, RS_EXT_EKU, RS_EXT_INHIBIT_ANY};
	for (size_t i = 0; i < l->cert.ext_count; i++) {
		bool found = !l->cert.ext[i].critical;
		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			found = found || rs_bytes_eq(l->cert.ext[i].oid, known[k]);
		if (!found)
			return false;
	}
	return true;
}
static bool check_ext_ca_only(const struct lint *l)
{
	return !rs_cert_find(&l->cert, RS_EXT_NAME_CONSTRAINTS) &&
	       !rs_cert_find(&l->cert, RS_EXT_POLICY_MAPPINGS) &&
	       !rs_cert_find(&l->cert, RS_EXT_POLICY_CONSTRAINTS) &&
	       !rs_cert_find(&l->cert, RS_EXT_INHIBIT_ANY);
}
static bool check_basic_valid(const struct lint *l)
{
	const struct rs_cert_ext *ext = rs_cert_find(&l->cert, RS_EXT_BASIC);
	bool ca;
	long path_length;
	return !ext || (rs_basic_read(ext->value, &ca, &path_length) && path_length < 0);
}
static bool check_basic_critical(const struct lint *l)
{
	const struct rs_cert_ext *ext = rs_cert_find(&l->cert, RS_EXT_BASIC);
	return ext && ext->critical;
}
static bool check_usage_present(const struct lint *l)
{
	const struct rs_cert_ext *ext = rs_cert_find(&l->cert, RS_EXT_KEY_USAGE);
	return ext && ext->critical && l->usage != 0;
}
static bool check_usage_leaf(const struct lint *l)
{
	return !(l->usage & (1u << RS_USAGE_KEY_CERT_SIGN | 1u << RS_USAGE_CRL_SIGN));
}
static bool check_usage_key(const struct lint *l)
{
	unsigned cipher = 1u << RS_USAGE_KEY_ENCIPHERMENT | 1u << RS_USAGE_DATA_ENCIPHERMENT;
	return !l->key_good || l->spki.modulus.len > 0 || !(l->usage & cipher);
}
static bool check_eku_present(const struct lint *l)
{
	return l->ekus > 0;
}
static bool check_eku_any(const struct lint *l)
{
	for (size_t i = 0; i < l->ekus; i++)
		if (rs_bytes_eq(l->eku[i], RS_LITERAL("\x55\x1d\x25\x00")))
			return false;
	return true;
}
static bool oids_once(const struct rs_bytes *oid, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (rs_bytes_eq(oid[i], oid[j]))
				return false;
	return true;
}
static bool check_eku_once(const struct lint *l)
{
	return oids_once(l->eku, l->ekus);
}
static bool check_ski_present(const struct lint *l)
{
	const struct rs_cert_ext *ext = rs_cert_find(&l->cert, RS_EXT_SKI);
	return ext && !ext->critical && ext->value.len > 2 &&
	       ext->value.data[0] == RS_DER_OCTET_STRING;
}
static bool check_ski_key(const struct lint *l)
{
	const struct rs_cert_ext *ext = rs_cert_find(&l->cert, RS_EXT_SKI);
	struct rs_der d = rs_der_of(l->cert.spki), spki;
	struct rs_bytes bits;
	unsigned char id[20];

	if (!ext || !rs_der_enter(&d, RS_DER_SEQUENCE, &spki) ||
		!rs_der_any(&spki, NULL, NULL, NULL) || !rs_der_bits(&spki, &bits))
		return false;
	rs_key_id(bits, id);
	return ext->value.len == 22 && memcmp(ext->value.data + 2, id, sizeof(id)) == 0;
}
static bool check_aki_present(const struct lint *l)
{
	const struct rs_cert_ext *ext = rs_cert_find(&l->cert, RS_EXT_AKI);
	struct rs_bytes id;
	return ext && !ext->critical && rs_aki_read(ext->value, &id) && id.len > 0;
}
static bool check_aki_issuer(const struct lint *l)
{
	const struct rs_cert_ext *ext = rs_cert_find(&l->cert, RS_EXT_AKI);
	struct rs_bytes id;
	return ext && rs_aki_read(ext->value, &id) && rs_bytes_eq(id, l->issuer->key_id);
}
static bool check_policies_once(const struct lint *l)
{
	struct rs_bytes oid[OID_LIST_MAX];
	return oids_once(oid, read_oids(rs_cert_find(&l->cert, RS_EXT_POLICIES), true, oid));
}

static bool is_http(struct rs_bytes url)
{
	return (url.len > 7 && memcmp(url.data, "http://", 7) == 0) ||
	       (url.len > 8 && memcmp(url.data, "https://", 8) == 0);
}
static bool check_cdp_valid(const struct lint *l)
{
	const struct rs_cert_ext *ext = rs_cert_find(&l->cert, RS_EXT_CDP);
	struct rs_der d, list, point, name, full;
	struct rs_bytes url;

	if (!ext)
		return true;
	d = rs_der_of(ext->value);
	if (ext->critical || !rs_der_enter(&d, RS_DER_SEQUENCE, &list) || rs_der_done(&list))
		return false;
	while (!rs_der_done(&list))
		if (!rs_der_enter(&list, RS_DER_SEQUENCE, &point) ||
			!rs_der_enter(&point, RS_DER_CONTEXT_C(0), &name) ||
			!rs_der_enter(&name, RS_DER_CONTEXT_C(0), &full) ||
			!rs_der_get(&full, RS_DER_CONTEXT(6), &url) || !is_http(url))
			return false;
	return true;
}
static bool check_aia_valid(const struct lint *l)
{
	const struct rs_cert_ext *ext = rs_cert_find(&l->cert, RS_EXT_AIA);
	struct rs_der d, list, access;
	struct rs_bytes oid, url;

	if (!ext)
		return true;
	d = rs_der_of(ext->value);
	if (ext->critical || !rs_der_enter(&d, RS_DER_SEQUENCE, &list) || rs_der_done(&list))
		return false;
	while (!rs_der_done(&list))
		if (!rs_der_enter(&list, RS_DER_SEQUENCE, &access) ||
			!rs_der_get(&access, RS_DER_OID, &oid) ||
			!rs_der_get(&access, RS_DER_CONTEXT(6), &url) || !is_http(url))
			return false;
	return true;
}

/* --- subjectAltName --- */

static bool check_san_names(const struct lint *l)
{
	return l->san_good;
}
static bool check_san_once(const struct lint *l)
{
	for (size_t i = 0; i < l->names; i++)
		for (size_t j = 0; j < i; j++)
			if (l->name[i].tag == l->name[j].tag &&
				rs_bytes_eq(l->name[i].value, l->name[j].value))
				return false;
	return true;
}

/* Asks fits() of every name with this tag. */
static bool every(const struct lint *l, unsigned tag, bool (*fits)(struct rs_bytes name))
{
	for (size_t i = 0; i < l->names; i++)
		if (l->name[i].tag == tag && !fits(l->name[i].value))
			return false;
	return true;
}

static struct rs_bytes without_wildcard(struct rs_bytes name)
{
	bool wild = name.len > 2 && name.data[0] == '*' && name.data[1] == '.';
	return wild ? (struct rs_bytes){name.data + 2, name.len - 2} : name;
}

static bool is_alnum(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool labels_fit(struct rs_bytes name)
{
	size_t start = 0;
	name = without_wildcard(name);
	for (size_t i = 0; i <= name.len; i++) {
		if (i < name.len && name.data[i] != '.') {
			unsigned char c = name.data[i];
			/* underscore and asterisk have rules of their own */
			if (!is_alnum(c) && c != '-' && c != '_' && c != '*')
				return false;
			continue;
		}
		if (i == start || i - start > 63 || name.data[start] == '-' ||
			name.data[i - 1] == '-')
			return false;
		start = i + 1;
	}
	return name.len <= 253;
}
static bool check_san_dns_labels(const struct lint *l)
{
	return every(l, RS_DER_CONTEXT(2), labels_fit);
}
static bool has_no_underscore(struct rs_bytes name)
{
	return !memchr(name.data, '_', name.len);
}
static bool check_san_dns_underscore(const struct lint *l)
{
	return every(l, RS_DER_CONTEXT(2), has_no_underscore);
}
static bool is_lower(struct rs_bytes name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] >= 'A' && name.data[i] <= 'Z')
			return false;
	return true;
}
static bool check_san_dns_lower(const struct lint *l)
{
	return every(l, RS_DER_CONTEXT(2), is_lower);
}
static bool wildcard_fits(struct rs_bytes name)
{
	struct rs_bytes rest = without_wildcard(name);
	return !memchr(rest.data, '*', rest.len) &&
	       (rest.len == name.len || memchr(rest.data, '.', rest.len));
}
static bool check_san_dns_wildcard(const struct lint *l)
{
	return every(l, RS_DER_CONTEXT(2), wildcard_fits);
}
static bool is_no_ip(struct rs_bytes name)
{
	char text[64];
	unsigned char address[16];
	if (name.len >= sizeof(text))
		return true;
	memcpy(text, name.data, name.len);
	text[name.len] = '\0';
	return inet_pton(AF_INET, text, address) != 1 && inet_pton(AF_INET6, text, address) != 1;
}
static bool check_san_dns_ip(const struct lint *l)
{
	return every(l, RS_DER_CONTEXT(2), is_no_ip);
}
static bool ip_fits(struct rs_bytes name)
{
	return name.len == 4 || name.len == 16;
}
static bool check_san_ip(const struct lint *l)
{
	return every(l, RS_DER_CONTEXT(7), ip_fits);
}
static bool email_fits(struct rs_bytes name)
{
	const unsigned char *at = memchr(name.data, '@', name.len);
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] <= 0x20 || name.data[i] >= 0x7f)
			return false;
	return at && at > name.data && at + 1 < name.data + name.len &&
	       labels_fit((struct rs_bytes){at + 1, (size_t)(name.data + name.len - at - 1)});
}
static bool check_san_email(const struct lint *l)
{
	return every(l, RS_DER_CONTEXT(1), email_fits);
}
static bool uri_fits(struct rs_bytes name)
{
	const unsigned char *colon = memchr(name.data, ':', name.len);
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] <= 0x20 || name.data[i] >= 0x7f)
			return false;
	return colon && colon > name.data && colon + 1 < name.data + name.len;
}
static bool check_san_uri(const struct lint *l)
{
	return every(l, RS_DER_CONTEXT(6), uri_fits);
}

/* --- servers --- */

static bool check_tls_san(const struct lint *l)
{
	return l->names > 0;
}
/* Whether the text of an address is an iPAddress of the extension. */
static bool is_address(const struct lint *l, struct rs_bytes text)
{
	char address[INET6_ADDRSTRLEN];
	unsigned char octets[16];
	bool v6;

	if (text.len >= sizeof(address))
		return false;
	memcpy(address, text.data, text.len);
	address[text.len] = '\0';
	v6 = strchr(address, ':') != NULL;
	if (inet_pton(v6 ? AF_INET6 : AF_INET, address, octets) != 1)
		return false;
	for (size_t n = 0; n < l->names; n++)
		if (l->name[n].tag == RS_DER_CONTEXT(7) &&
			rs_bytes_eq(l->name[n].value, (struct rs_bytes){octets, v6 ? 16 : 4}))
			return true;
	return false;
}
static bool check_tls_common_name(const struct lint *l)
{
	for (size_t i = 0; i < l->attributes; i++) {
		const struct attribute *a = &l->attribute[i];
		bool found = false;
		if (!a->member || strcmp(a->member->name, "common_name") != 0)
			continue;
		for (size_t n = 0; n < l->names; n++)
			found = found || rs_bytes_eq(l->name[n].value, a->text);
		if (!found && !is_address(l, a->text))
			return false;
	}
	return true;
}
static bool is_public(struct rs_bytes name)
{
	static const char *const reserved[] = {".local", ".internal", ".corp", ".home", ".lan",
		".localhost", ".test", ".example", ".invalid", ".onion", ".arpa"};
	name = without_wildcard(name);
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		size_t len = strlen(reserved[i]);
		if (name.len > len && memcmp(name.data + name.len - len, reserved[i], len) == 0)
			return false;
	}
	return memchr(name.data, '.', name.len) != NULL;
}
/* Whether the last label is one of the configuration's. */
static bool is_extra(const struct lint *l, struct rs_bytes name)
{
	size_t i;
	json_t *tld;

	json_array_foreach(l->extra_tlds, i, tld) {
		size_t len = json_string_length(tld);

		if (name.len > len && name.data[name.len - len - 1] == '.' &&
			strncasecmp((const char *)name.data + name.len - len,
				json_string_value(tld), len) == 0)
			return true;
	}
	return false;
}
static bool check_tls_internal(const struct lint *l)
{
	for (size_t n = 0; n < l->names; n++)
		if (l->name[n].tag == RS_DER_CONTEXT(2) && !is_public(l->name[n].value) &&
			!is_extra(l, l->name[n].value))
			return false;
	return true;
}
static bool check_tls_age(const struct lint *l)
{
	return l->cert.not_after - l->cert.not_before + 1 <= TLS_SECONDS_MAX;
}
static bool check_mail_mailbox(const struct lint *l)
{
	for (size_t n = 0; n < l->names; n++)
		if (l->name[n].tag == RS_DER_CONTEXT(1))
			return true;
	return false;
}
static bool check_rules_age(const struct lint *l)
{
	return l->cert.not_after - l->cert.not_before + 1 <= l->rules->max_validity_days * RS_DAY_S;
}

/* --- the table --- */

static const struct rule {
	struct rs_lint_rule_info info;
	enum when when;
	bool (*holds)(const struct lint *l);
} RULES[] = {
#define RS_LINT(check, id, source, severity, when, text)                                           \
	{{id, source, RS_LINT_##severity, text}, WHEN_##when, check_##check},
#include "lint_rules.h"
#undef RS_LINT
};
#define RULE_COUNT (sizeof(RULES) / sizeof(RULES[0]))

size_t rs_lint_rule_count(void)
{
	return RULE_COUNT;
}

struct rs_lint_rule_info rs_lint_rule_at(size_t index)
{
	return RULES[index].info;
}

/* Whether it is issued under a rule set for this kind of names. */
static bool claims(const struct lint *l, const char *names)
{
	return l->rules && strcmp(l->rules->names, names) == 0;
}

static bool applies(const struct lint *l, enum when when)
{
	switch (when) {
	case WHEN_LEAF:
		return !l->ca;
	case WHEN_SAN:
		return l->san != NULL;
	case WHEN_RSA:
		return l->key_good && l->spki.modulus.len > 0;
	case WHEN_ISSUER:
		return l->issuer != NULL;
	case WHEN_TLS:
		return (l->tls || claims(l, "tls")) && !l->ca;
	case WHEN_MAIL:
		return claims(l, "mailbox") && !l->ca;
	case WHEN_DATED:
		return l->rules && l->rules->max_validity_days > 0 && !l->ca;
	default:
		return true;
	}
}

/* The rules that do not hold; their count in *errors. */
static json_t *run_rules(const struct lint *l, bool warnings, size_t *errors)
{
	json_t *findings = NULL;
	*errors = 0;
	for (size_t i = 0; i < RULE_COUNT; i++) {
		const struct rs_lint_rule_info *info = &RULES[i].info;
		bool error = info->severity == RS_LINT_ERROR ||
			(info->severity == RS_LINT_CLAIMED && claims(l, "tls"));
		if ((!error && !warnings) || !applies(l, RULES[i].when) || RULES[i].holds(l))
			continue;
		*errors += error;
		if (!findings)
			findings = json_array();
		json_array_append_new(
			findings, json_pack("{s:s, s:s, s:s, s:s+}", "rule", info->id, "source",
					  info->source, "severity", error ? "error" : "warning",
					  "detail", "It does not hold that ", info->text));
	}
	return findings;
}

enum rs_code rs_lint_certificate(
	struct rs_ctx *ctx, const struct rs_issuer *issuer, struct rs_bytes der, json_t **findings)
{
	struct lint *l = rs_new(ctx->arena, struct lint);
	size_t errors;

	if (!take_apart(l, issuer, der))
		return rs_fail(ctx, RS_BAD_CERTIFICATE, "It is not an X.509 certificate in DER.");
	json_t *found = run_rules(l, true, &errors);
	*findings = rs_arena_json(ctx->arena, found ? found : json_array());
	return RS_OK;
}

enum rs_code rs_lint_tbs(struct rs_ctx *ctx, const struct rs_issuer *issuer,
	const struct rs_ruleset *rules, struct rs_bytes tbs)
{
	static const unsigned char dummy[SIGNATURE_MAX];
	struct lint *l = rs_new(ctx->arena, struct lint);
	size_t errors;

	struct rs_bytes der =
		rs_x509_assemble(ctx, issuer, tbs, (struct rs_bytes){dummy, issuer->signature_max});
	if (!take_apart(l, issuer, der))
		return rs_fail(ctx, RS_LINT_FAILED, "What was built is not a certificate in DER.");
	l->rules = rules;
	l->extra_tlds = ctx->app && ctx->app->config ? ctx->app->config->names_extra_tlds : NULL;
	if (l->ca)
		return rs_fail(ctx, RS_LINT_FAILED, "What was built is the certificate of a CA.");
	json_t *found = run_rules(l, false, &errors);
	if (!found)
		return RS_OK;
	char broken[300] = "";
	for (size_t i = 0; i < json_array_size(found); i++) {
		size_t at = strlen(broken);
		snprintf(broken + at, sizeof(broken) - at, "%s%s", i ? ", " : "",
			json_string_value(json_object_get(json_array_get(found, i), "rule")));
	}
	enum rs_code rc = rs_fail(ctx, RS_LINT_FAILED,
		"The certificate would break %zu rule(s): %s; it is not signed.", errors, broken);
	rs_err_ext(ctx, "findings", found);
	return rc;
}
