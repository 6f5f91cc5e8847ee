/*
 * Names between JSON (2.3 of the API) and DER: the subject as a Name, the SAN as GeneralNames.
 *
 * Writing takes normalised names and notes what cannot be encoded as faults. Reading takes what
 * strangers wrote and says what it could not carry: `unknown` lists attribute and name types our
 * JSON has no word for, `bad` lists values that must not stand in a name at all (or, for old
 * certificates, that we cannot express). Both are arrays of texts and may be the same one.
 */
#ifndef RS_ISSUER_NAME_H
#define RS_ISSUER_NAME_H

#include "der.h"

/* Writes a Name; faults under at ("/subject"). */
void rs_name_write(struct rs_ctx *ctx, struct rs_der_out *w, const json_t *subject, const char *at);
/* Writes GeneralNames; faults under at ("/san"). */
void rs_san_write(struct rs_ctx *ctx, struct rs_der_out *w, const json_t *san, const char *at);

struct rs_name_reader {
	struct rs_ctx *ctx;
	json_t *unknown;
	json_t *bad;
	bool strict; /* a request's rules: current string types, upper bounds, one value a member */
};
/* Reads a Name (DER, whole) into an object; false when it is none. */
bool rs_name_read(const struct rs_name_reader *r, struct rs_bytes name, json_t *subject);
/* Reads GeneralNames (DER, whole) into an array; false when it is none. */
bool rs_san_read(const struct rs_name_reader *r, struct rs_bytes names, json_t *san);

/* Whether it is a Name (RFC 5280 4.1.2.4), whatever stands in it. */
bool rs_name_is(struct rs_bytes name);
/* RFC 4514 text of a Name, in the arena; "" when it is none. */
const char *rs_name_text(struct rs_ctx *ctx, struct rs_bytes name);
/* The first common name in a Name, or its whole text without one; in the arena. */
const char *rs_name_common(struct rs_ctx *ctx, struct rs_bytes name);

#endif
