#include "usage.h"

#include <string.h>

#define OID_MAX 128

/* The purposes we know, and what the key of such a certificate does. */
static const struct {
	const char *oid;
	const char *name;
	bool encipher; /* with RSA: others encrypt keys to it */
	bool commit;   /* signs what its owner is held to */
} EKUS[] = {
	{"1.3.6.1.5.5.7.3.1", "serverAuth", true, false},
	{"1.3.6.1.5.5.7.3.2", "clientAuth", false, false},
	{"1.3.6.1.5.5.7.3.3", "codeSigning", false, false},
	{"1.3.6.1.5.5.7.3.4", "emailProtection", true, false},
	{"1.3.6.1.5.5.7.3.8", "timeStamping", false, false},
	{"1.3.6.1.5.5.7.3.9", "OCSPSigning", false, false},
	{"1.3.6.1.5.5.7.3.36", "documentSigning", false, true},
	{"1.3.6.1.4.1.311.10.3.12", "msDocumentSigning", false, true},
	{"1.2.840.113583.1.1.5", "adobePdfSigning", false, true},
	{"1.3.6.1.4.1.311.20.2.2", "msSmartcardLogin", false, false},
	{"2.5.29.37.0", "anyExtendedKeyUsage", false, false},
};
#define EKU_COUNT (sizeof(EKUS) / sizeof(EKUS[0]))

static const char *const USAGES[RS_USAGE_COUNT] = {"digitalSignature", "nonRepudiation",
	"keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign",
	"encipherOnly", "decipherOnly"};

bool rs_oids_backwards(const char *list, bool (*visit)(void *arg, const char *oid), void *arg)
{
	size_t end = strlen(list);
	while (end) {
		size_t start = end;
		char oid[OID_MAX];
		while (start && list[start - 1] != ' ')
			start--;
		if (end - start >= sizeof(oid))
			return false;
		if (end > start) {
			memcpy(oid, list + start, end - start);
			oid[end - start] = '\0';
			if (!visit(arg, oid))
				return false;
		}
		end = start ? start - 1 : 0;
	}
	return true;
}

struct usage_job {
	unsigned bits;
	bool rsa;
};

static bool add_usage(void *arg, const char *oid)
{
	struct usage_job *job = arg;
	for (size_t i = 0; i < EKU_COUNT; i++) {
		if (strcmp(EKUS[i].oid, oid) != 0)
			continue;
		if (EKUS[i].encipher && job->rsa)
			job->bits |= 1u << RS_USAGE_KEY_ENCIPHERMENT;
		if (EKUS[i].commit)
			job->bits |= 1u << RS_USAGE_NON_REPUDIATION;
	}
	return true;
}

unsigned rs_usage_of(const char *eku, const struct rs_key *key)
{
	struct usage_job job = {1u << RS_USAGE_DIGITAL_SIGNATURE,
		key->kind >= RS_KEY_RSA_2048 && key->kind <= RS_KEY_RSA_4096};
	rs_oids_backwards(eku, add_usage, &job);
	return job.bits;
}

json_t *rs_usage_json(unsigned bits)
{
	json_t *names = json_array();
	for (unsigned i = 0; i < RS_USAGE_COUNT; i++)
		if (bits >> i & 1)
			json_array_append_new(names, json_string(USAGES[i]));
	return names;
}

/* A named bit list: trailing zero bits are left out (X.690, 11.2.2). */
void rs_usage_write(struct rs_der_out *w, unsigned bits)
{
	unsigned char octets[3] = {0};
	unsigned last = 0;
	for (unsigned i = 0; i < RS_USAGE_COUNT; i++) {
		if (!(bits >> i & 1))
			continue;
		octets[1 + i / 8] |= (unsigned char)(0x80u >> i % 8);
		last = i;
	}
	octets[0] = (unsigned char)(7 - last % 8);
	rs_der_put_element(w, RS_DER_BIT_STRING, octets, 2 + last / 8);
}

bool rs_usage_read(struct rs_bytes value, unsigned *bits)
{
	struct rs_der d = rs_der_of(value);
	struct rs_bytes c;

	*bits = 0;
	if (!rs_der_strict(value) || !rs_der_get(&d, RS_DER_BIT_STRING, &c) || !rs_der_done(&d) ||
		c.len > 3)
		return false;
	for (unsigned i = 0; i < RS_USAGE_COUNT && 1 + i / 8 < c.len; i++)
		if (c.data[1 + i / 8] & (0x80u >> i % 8))
			*bits |= 1u << i;
	return true;
}

const char *rs_eku_name(const char *oid)
{
	for (size_t i = 0; i < EKU_COUNT; i++)
		if (strcmp(EKUS[i].oid, oid) == 0)
			return EKUS[i].name;
	return oid;
}
