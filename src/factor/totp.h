/* What passing and enrolling an authenticator app share. */
#ifndef FACTOR_TOTP_H
#define FACTOR_TOTP_H

#include "rs/factor.h"
#include "rs/otp.h"

#define RS_TOTP_DIGITS 6
#define RS_TOTP_STEP_S 30

/* A row of user_means. */
struct rs_totp {
	struct rs_id enterprise_id;
	struct rs_bytes sealed;
	const char *kid;
	int64_t last_counter, created_at, usable_from;
};

extern const struct rs_field rs_totp_row[];

struct rs_seal_place rs_totp_place(const struct rs_id *user, const struct rs_id *enterprise);
enum rs_code rs_totp_open(struct rs_ctx *ctx, const struct rs_id *user,
	const struct rs_id *enterprise, const struct rs_totp *totp, struct rs_secret **out) RS_CHECK;
/*
 * The time step whose code it is, one around now (seconds) at most and after `last`; 0: none. Every
 * candidate is compared, in constant time.
 */
int64_t rs_totp_step(struct rs_secret *secret, const char *code, int64_t now, int64_t last);

#endif
