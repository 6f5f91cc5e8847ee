/*
 * One-time codes: what is stored of one is HMAC-SHA-256 under the pepper of a kid over "otp1", the id it
 * belongs to, the channel, a salt and the code, so that neither the database alone nor another row's
 * code is worth anything.
 */
#ifndef RS_OTP_H
#define RS_OTP_H

#include "rs/keyring.h"

#define RS_OTP_SALT_LEN 16
#define RS_OTP_LEN	9 /* up to 8 digits and the NUL */

/* Where a code belongs; channel has at most 16 characters. */
struct rs_otp_place {
	const char *id;            /* RS_ID_LEN characters */
	const char *channel;
	const unsigned char *salt; /* RS_OTP_SALT_LEN */
};

/*
 * n decimal digits (6 to 8) of a fresh random secret that is thrown away: HOTP (RFC 4226); leading
 * zeros stand.
 */
void rs_otp_make(int digits, char out[RS_OTP_LEN]);
/*
 * The code in what a person typed: spaces and '-' dropped, exactly `digits` ASCII digits left in out;
 * false when it is anything else.
 */
bool rs_otp_clean(const char *typed, int digits, char out[RS_OTP_LEN]);
/* The MAC to store or to compare with; false when the ring does not hold kid. */
bool rs_otp_mac(const struct rs_keyring *ring, const char *kid, const struct rs_otp_place *place,
	const char *code, unsigned char out[RS_MAC_LEN]);

#endif
