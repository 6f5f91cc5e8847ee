/* What a profile's members must be, beyond their types. */
#ifndef PROFILE_VALIDATE_H
#define PROFILE_VALIDATE_H

#include "rs/profile.h"

/* What a body need not say. */
void rs_profile_defaults(struct rs_ctx *ctx, struct rs_profile *out);
/* All faults of the whole, as rs_faults() tells them; reads issuer and agreement. current: what it was,
 * or NULL. */
enum rs_code rs_profile_validate(struct rs_ctx *ctx, const struct rs_profile *profile,
	const struct rs_profile *current) RS_CHECK;

#endif
