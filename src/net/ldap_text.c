/* What LDAP and Active Directory make of text: no network, no libldap. */
#include "ldap_text.h"

#include "rs/dnsmsg.h"
#include "rs/id.h"
#include "rs/ldap.h"

#include <string.h>

/* Attribute descriptions, rules and their colons (RFC 4512 2.5, RFC 4515 3). */
#define FILTER_NAME  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.;:"
#define FILTER_DEPTH 20
/* Octets of a server's words that are no text. */
#define SHOWN_MAX    1000

/* value as an assertion value (RFC 4515 3): what is no letter or digit as \xx. */
const char *rs_ldap_escaped(struct rs_ctx *ctx, const void *value, size_t len)
{
	const unsigned char *in = value;
	char *out = rs_arena_alloc(ctx->arena, len * 3 + 1), *at = out;

	for (size_t i = 0; i < len; i++) {
		bool plain = (in[i] >= '0' && in[i] <= '9') || (in[i] >= 'a' && in[i] <= 'z') ||
			     (in[i] >= 'A' && in[i] <= 'Z') || in[i] == '.' || in[i] == '-' ||
			     in[i] == '@';

		if (plain) {
			*at++ = (char)in[i];
		} else {
			*at++ = '\\';
			rs_hex(in + i, 1, at);
			at += 2;
		}
	}
	return out;
}

/*
 * An objectGUID and its text: the first three fields are stored least octet first (MS-DTYP 2.3.4).
 * The same permutation leads there and back.
 */
static const int GUID_ORDER[RS_GUID_LEN] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

bool rs_ldap_guid_read(const char *text, unsigned char out[RS_GUID_LEN])
{
	static const char SHAPE[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	unsigned char octets[RS_GUID_LEN];
	char hex[RS_GUID_LEN * 2 + 1];
	size_t n = 0;

	if (strlen(text) != sizeof(SHAPE) - 1)
		return false;
	for (size_t i = 0; SHAPE[i]; i++) {
		if ((text[i] == '-') != (SHAPE[i] == '-'))
			return false;
		if (text[i] != '-')
			hex[n++] = text[i];
	}
	hex[n] = '\0';
	if (rs_unhex(hex, octets, sizeof(octets)) != RS_GUID_LEN)
		return false;
	for (int i = 0; i < RS_GUID_LEN; i++)
		out[i] = octets[GUID_ORDER[i]];
	return true;
}

const char *rs_ldap_guid_text(struct rs_ctx *ctx, const unsigned char guid[RS_GUID_LEN])
{
	unsigned char octets[RS_GUID_LEN];
	char hex[RS_GUID_LEN * 2 + 1];

	for (int i = 0; i < RS_GUID_LEN; i++)
		octets[i] = guid[GUID_ORDER[i]];
	rs_hex(octets, sizeof(octets), hex);
	return rs_arena_printf(
		ctx->arena, "%.8s-%.4s-%.4s-%.4s-%s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

/* "S-1-5-21-..." of a SID (MS-DTYP 2.4.2.2), or NULL. */
const char *rs_ldap_sid_text(struct rs_ctx *ctx, const void *sid, size_t len)
{
	const unsigned char *at = sid;
	uint64_t authority = 0;
	const char *text;

	if (len < 8 || len != 8 + 4 * (size_t)at[1])
		return NULL;
	for (int i = 2; i < 8; i++)
		authority = authority << 8 | at[i];
	text = rs_arena_printf(ctx->arena, "S-%u-%llu", at[0], (unsigned long long)authority);
	for (size_t i = 8; i < len; i += 4) {
		uint32_t part = (uint32_t)at[i] | (uint32_t)at[i + 1] << 8 |
				(uint32_t)at[i + 2] << 16 | (uint32_t)at[i + 3] << 24;

		text = rs_arena_printf(ctx->arena, "%s-%u", text, part);
	}
	return text;
}

/* --- what may be sent, and what may be configured --- */

/* Octets of the UTF-8 character at `at` (RFC 3629), 0 when it is none. */
static size_t utf8_at(const unsigned char *at, size_t left)
{
	static const struct {
		unsigned char from, to, least, most; /* first octet; bounds of the second */
		size_t len;
	} FORMS[] = {
		{0x01, 0x7f, 0, 0, 1},
		{0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof(FORMS) / sizeof(FORMS[0]); i++) {
		if (at[0] < FORMS[i].from || at[0] > FORMS[i].to || FORMS[i].len > left)
			continue;
		if (FORMS[i].len > 1 && (at[1] < FORMS[i].least || at[1] > FORMS[i].most))
			continue;
		for (size_t k = 2; k < FORMS[i].len; k++)
			if ((at[k] & 0xc0) != 0x80)
				return 0;
		return FORMS[i].len;
	}
	return 0;
}

const char *rs_ldap_shown(struct rs_ctx *ctx, const char *text)
{
	const struct rs_bytes octets = {(const unsigned char *)text, strlen(text)};
	size_t at = 0, n = 1;

	for (; n > 0 && at < octets.len; at += n)
		n = octets.data[at] < ' ' || octets.data[at] == 0x7f
			? 0
			: utf8_at(octets.data + at, octets.len - at);
	return n > 0 ? rs_arena_strdup(ctx->arena, text) : rs_dns_text(ctx, octets, SHOWN_MAX);
}

const char *rs_ldap_password_fault(const void *password, size_t len)
{
	const unsigned char *at = password;

	if (len == 0)
		return "The password is empty.";
	if (len > RS_LDAP_PASSWORD_MAX)
		return "The password is too long.";
	if (memchr(password, '\0', len))
		return "The password has a NUL in it.";
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_at(at + i, len - i);
		if (n == 0)
			return "The password is no UTF-8.";
	}
	return NULL;
}

/* Past one comparison, which ends before its ')'; NULL when it is none. */
static const char *past_item(const char *at)
{
	size_t name = strspn(at, FILTER_NAME);

	/* =, ~=, >=, <= and := (the colons of extensible matches are part of the name) */
	at += name;
	at += strchr("~<>", *at) && *at ? 1 : 0;
	if (name == 0 || *at++ != '=')
		return NULL;
	while (*at && *at != '(' && *at != ')') {
		if (*at == '\\' && strspn(at + 1, "0123456789abcdefABCDEF") < 2)
			return NULL;
		at += *at == '\\' ? 3 : 1;
	}
	return at;
}

/* Past one filter in its brackets; NULL when it is none. */
static const char *past_filter(const char *at, int depth)
{
	char kind;
	int count = 0;

	if (*at++ != '(' || depth > FILTER_DEPTH)
		return NULL;
	kind = *at;
	if (kind == '&' || kind == '|' || kind == '!') {
		/* Blanks between them are nobody's grammar, but libldap passes them by. */
		for (at += 1 + strspn(at + 1, " "); at && *at == '('; count++) {
			at = past_filter(at, depth + 1);
			at += at ? strspn(at, " ") : 0;
		}
		if (count == 0 || (kind == '!' && count > 1))
			return NULL;
	} else {
		at = past_item(at);
	}
	return at && *at == ')' ? at + 1 : NULL;
}

bool rs_ldap_filter_valid(const char *text)
{
	const char *end = past_filter(text, 0);

	return end && *end == '\0';
}
