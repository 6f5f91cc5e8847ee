/* One-time codes by liboath: made, cleaned, compared. And the masks of where they go. */
#include "rs/otp.h"

#include "rs/app.h"
#include "rs/factor.h"
#include "rs/id.h"

#include <liboath/oath.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_LEN 20 /* of SHA-1's size, as RFC 4226 section 4 recommends */

void rs_otp_make(int digits, char out[9])
{
	char secret[SECRET_LEN];

	rs_random(secret, sizeof(secret));
	/* Truncation, dynamic offset and leading zeros are the library's business. */
	if (oath_hotp_generate(secret, sizeof(secret), 0, (unsigned)digits, false,
		    OATH_HOTP_DYNAMIC_TRUNCATION, out) != OATH_OK)
		abort();
	rs_cleanse(secret, sizeof(secret));
}

bool rs_otp_clean(const char *typed, int digits, char out[9])
{
	int n = 0;

	for (const char *at = typed; *at; at++) {
		if (*at == ' ' || *at == '-')
			continue;
		if (*at < '0' || *at > '9' || n == digits)
			return false;
		out[n++] = *at;
	}
	out[n] = '\0';
	return n == digits;
}

bool rs_otp_mac(const struct rs_keyring *ring, const char *kid, const struct rs_otp_place *place,
	const char *code, unsigned char out[RS_MAC_LEN])
{
	unsigned char text[4 + RS_ID_LEN + 16 + RS_OTP_SALT_LEN + 8];
	size_t len = 0;
	bool known;

	/* "otp1", id, channel, salt, code: fixed lengths but for the channel, which no digit ends. */
	memcpy(text, "otp1", 4);
	len = 4;
	memcpy(text + len, place->id, RS_ID_LEN);
	len += RS_ID_LEN;
	memcpy(text + len, place->channel, strlen(place->channel));
	len += strlen(place->channel);
	memcpy(text + len, place->salt, RS_OTP_SALT_LEN);
	len += RS_OTP_SALT_LEN;
	memcpy(text + len, code, strlen(code));
	len += strlen(code);
	known = rs_keyring_mac_kid(ring, RS_KEY_OTP_PEPPER, kid, text, len, out);
	rs_cleanse(text, sizeof(text));
	return known;
}

struct stored {
	struct rs_bytes salt, mac;
	const char *kid;
};

enum rs_code rs_otp_match(struct rs_ctx *ctx, const struct rs_challenge *c, enum rs_channel channel,
	const char *code, bool *same)
{
	static const struct rs_field ROW[] = {
		RS_FIELD(struct stored, salt, RS_T_BYTES),
		RS_FIELD(struct stored, mac, RS_T_BYTES),
		RS_FIELD(struct stored, kid, RS_T_STRING),
		RS_FIELD_END,
	};
	struct rs_otp_place place = {c->id.s, rs_channel_name(channel), NULL};
	struct rs_params p = rs_params(ctx);
	struct stored stored = {0};
	unsigned char mac[RS_MAC_LEN];
	struct rs_rows *rows;
	enum rs_code rc;

	*same = false;
	rs_p_id(&p, &c->id);
	rs_p_text(&p, place.channel);
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_challenge_code_get, &p, &rows);
	if (rc || rs_rows_count(rows) == 0)
		return rc;
	rc = rs_row_read(ctx, rows, 0, ROW, &stored);
	if (rc || stored.salt.len != RS_OTP_SALT_LEN || stored.mac.len != RS_MAC_LEN)
		return rc;
	place.salt = stored.salt.data;
	*same = rs_otp_mac(ctx->keyring, stored.kid, &place, code, mac) &&
		rs_equal(mac, stored.mac.data, RS_MAC_LEN);
	return RS_OK;
}

const char *rs_channel_name(enum rs_channel channel)
{
	return channel == RS_CHANNEL_EMAIL ? "email" : "sms";
}

/* --- masks --- */

#define DOTS "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"

/* First and last of the local part, first of the domain, the top-level domain. */
const char *rs_mask_email(struct rs_ctx *ctx, const char *email)
{
	const char *at = strrchr(email, '@');
	const char *tld = at ? strrchr(at, '.') : NULL;

	if (!at || at == email || !tld)
		return DOTS;
	return rs_arena_printf(ctx->arena, "%c" DOTS "%c@%c" DOTS "\xe2\x80\xa2\xe2\x80\xa2%s",
		email[0], at[-1], at[1], tld);
}

/* The country code as far as one digit or two tell it, and the last two. */
const char *rs_mask_mobile(struct rs_ctx *ctx, const char *e164)
{
	size_t len = strlen(e164);
	int country = len > 1 && (e164[1] == '1' || e164[1] == '7') ? 1 : 2;

	if (len < 6)
		return DOTS;
	return rs_arena_printf(ctx->arena,
		"%.*s \xe2\x80\xa2" DOTS " \xe2\x80\xa2\xe2\x80\xa2%s", 1 + country, e164,
		e164 + len - 2);
}
