/*
 * A SAML response, or metadata, from a stranger: it is read without a fault, and passes only when
 * it is short, plain, and holds one assertion that answers our request. The proof of its signature
 * is left out in fuzzing builds (signature.c), so that what comes behind it is reached.
 *
 * Input: the XML text. The seeds answer the request below, on 28 November 2026.
 */
#include "saml/saml.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUEST_ID "_0123456789abcdef0123456789abcdef0123456789abcdef"
#define NOW_US	   INT64_C(1795824000000000)

/* What signed the seeds. */
static const char IDP[] =
	"<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"ht"
	"tp://www.w3.org/2000/09/xmldsig#\" entityID=\"https://idp.test/saml\"><md:IDPSSODesc"
	"riptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:KeyDe"
	"scriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>MIICsjCCAZqgAw"
	"IBAgIUIisxlEKRq4xq1FJxY64fG8xnN5swDQYJKoZIhvcNAQELBQAwEzERMA8GA1UEAwwIaWRwLnRlc3QwHh"
	"cNMjYxMTI3MDAzNjUwWhcNMzYxMTI1MDAzNjUwWjATMREwDwYDVQQDDAhpZHAudGVzdDCCASIwDQYJKoZIhv"
	"cNAQEBBQADggEPADCCAQoCggEBAMuVPbGtTANHy5dhSZP52B7zU0i0RavTfXiAvWhYiZ7djqH6JtA1C0g1mn"
	"bXry0Q6GICKHuG/P741zDz1912wY9aT6WhBRQUDzSN4K6mkdpPIfAguLp1iGjHF7GTYtFUvQes3t0ryOIhjp"
	"qxk7EcIEymbn8irZLtervlOxrOERaWgH2Ka01OcrhhhVy5+dQ/fbSoerMwA+gqExNP1Wk04MVNI6t6WtMLuE"
	"+moT5+20OIrB3mkx8nSDessiaQkpCxuKP1wBe+UIiR0GsY0uLuFSM4jUc2aJwtSt2ykk+1hhA61Q/uO0F/Ig"
	"fn7UWMta3usp4j87COXOFVhSbAljgROlcCAwEAATANBgkqhkiG9w0BAQsFAAOCAQEAjkW3DgqF4JdkqLKPto"
	"RfrDJRYYfJYjE9eO7eaGUf44y+rgaZzT5UlnYsk14rkossTyqAGwqab1Ybu/Nhr0n1+0sgdhYOkoc9lmLodu"
	"ChqAjOPT+iR8VDK0y42KZBK8DdP/f00I4hN2wkWcOTlwXSEYRuMEMGyg40K4hBv5qEIL2OlbiBOEq+m0Kr8F"
	"nEDtsaB2qY0RSERpyMnGPfFzBjE7hHKO3dOm/ei4VHSvjbRlc3G71Ds8+H13q7LZxNcydrckhtbVthX7yrI4"
	"PeZc+ezo1DqmcNB5Dus7HatnwB9vhYERmFpdRtDSIRKeEcuqeyvRziWPPrhD33MAil7zPpfg==</ds:X509C"
	"ertificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Bin"
	"ding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.t"
	"est/sso\"/><md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HT"
	"TP-POST\" Location=\"https://idp.test/sso\"/></md:IDPSSODescriptor></md:EntityDescri"
	"ptor>";

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* The members of an order that both commands read; NULL when metadata is not UTF-8. */
static json_t *order_new(const char *command, const char *metadata)
{
	return json_pack("{s:s,s:I,s:{s:s,s:s},s:s}", "command", command, "now_us",
		(json_int_t)NOW_US, "sp", "entity_id", "https://ra.test/sp", "acs_url",
		"https://ra.test/acs", "idp_metadata", metadata);
}

static json_t *run(json_t *order)
{
	char *text = json_dumps(order, 0);
	json_t *answer = rs_saml_run(text, strlen(text));
	free(text);
	json_decref(order);
	return answer;
}

static void try_response(const char *text, size_t size)
{
	json_t *order = order_new("response", IDP);
	char *base64 = g_base64_encode((const guchar *)text, size);
	json_object_set_new(order, "response", json_string(base64));
	json_object_set_new(order, "request_id", json_string(REQUEST_ID));
	json_object_set_new(order, "skew_s", json_integer(60));
	json_object_set_new(order, "created_at_us", json_integer(NOW_US - 60000000));
	json_object_set_new(order, "name_id_format",
		json_string("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"));
	g_free(base64);
	json_t *answer = run(order);
	if (json_is_true(json_object_get(answer, "ok"))) {
		must(rs_saml_scan(text, size) == RS_SAML_OK);
		must(memmem(text, size, REQUEST_ID, strlen(REQUEST_ID)) != NULL);
		must(*rs_saml_string(answer, "identity", "") != '\0');
		must(*rs_saml_string(answer, "assertion_id", "") != '\0');
	}
	json_decref(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	char *text;
	must(started || rs_saml_libraries_start());
	started = true;
	text = malloc(size + 1);
	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	try_response(text, size);
	json_t *order = order_new("metadata", text);
	if (order)
		json_decref(run(order));
	free(text);
	return 0;
}
