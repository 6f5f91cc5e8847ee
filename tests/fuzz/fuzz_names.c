/* Names from JSON to DER and back: what could be built is read as it was given. */
#include "rs/tbs.h"
#include "rs/x509.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An issuer with a name and an algorithm; nothing here is signed. */
static const unsigned char NAME[] = {0x30, 0x00};
static const unsigned char ALGORITHM[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};
static const unsigned char SPKI[44] = {
	0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rs_issuer issuer = {.slug = "fuzz",
		.subject = {NAME, sizeof(NAME)},
		.signature_algorithm = {ALGORITHM, sizeof(ALGORITHM)},
		.key_id = {NAME, sizeof(NAME)}};
	struct rs_ctx ctx;
	json_t *names;
	struct rs_bytes tbs;
	struct rs_x509 *x;

	rs_ctx_init_system(&ctx, NULL, "fuzz");
	if (rs_json_parse(&ctx, data, size, &names) == RS_OK && json_is_object(names)) {
		struct rs_tbs_spec spec = {.issuer = &issuer,
			.not_after = 1,
			.subject = json_object_get(names, "subject"),
			.san = json_object_get(names, "san"),
			.spki_der = {SPKI, sizeof(SPKI)},
			.eku = "1.3.6.1.5.5.7.3.1"};
		rs_key_describe(RS_KEY_ED25519, &spec.key);
		memset(spec.serial, 1, sizeof(spec.serial));
		rs_err_reset(&ctx.err);
		if (rs_tbs_build(&ctx, &spec, &tbs) == RS_OK &&
			rs_x509_parse(&ctx, rs_x509_assemble(&ctx, &issuer, tbs, spec.spki_der),
				&x) != RS_OK)
			abort();
	}
	rs_ctx_end(&ctx);
	return 0;
}
