/* Texts: how long they are on the air (3GPP TS 23.038), and the message that carries a code. */
#include "rs/sms.h"

#include "buffer.h"
#include "rs/json.h"

#include <stdio.h>
#include <string.h>

#define WHAT_MAX     40 /* characters of somebody else's words */
#define SEGMENTS_MAX 2

/* The GSM 7 bit default alphabet beyond ASCII, and what ASCII characters it has not. */
static const unsigned GSM_BEYOND[] = {0xa3, 0xa5, 0xe8, 0xe9, 0xf9, 0xec, 0xf2, 0xc7, 0xd8, 0xf8,
	0xc5, 0xe5, 0x394, 0x3a6, 0x393, 0x39b, 0x3a9, 0x3a0, 0x3a8, 0x3a3, 0x398, 0x39e, 0xc6,
	0xe6, 0xdf, 0xc9, 0xa4, 0xa1, 0xc4, 0xd6, 0xd1, 0xdc, 0xa7, 0xbf, 0xe4, 0xf6, 0xf1, 0xfc,
	0xe0};
static const char GSM_EXTENDED[] = "\f^{}\\[~]|"; /* two septets each, and the euro sign */

/* The next character of valid UTF-8. */
static unsigned next_character(const char **text)
{
	const unsigned char *p = (const unsigned char *)*text;
	unsigned c = *p;
	int more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

	c &= more ? 0x3fu >> more : 0x7fu;
	for (p++; more > 0 && (*p & 0xc0) == 0x80; more--, p++)
		c = c << 6 | (*p & 0x3f);
	*text = (const char *)p;
	return c;
}

/* Septets of a character, 0 when the alphabet has it not. */
static int septets(unsigned c)
{
	if (c == 0x20ac || (c < 0x80 && c && strchr(GSM_EXTENDED, (int)c)))
		return 2;
	if (c == '\n' || c == '\r' || (c >= 0x20 && c < 0x7f && c != '`'))
		return 1;
	for (size_t i = 0; i < sizeof(GSM_BEYOND) / sizeof(GSM_BEYOND[0]); i++)
		if (GSM_BEYOND[i] == c)
			return 1;
	return 0;
}

struct rs_sms_size rs_sms_size(const char *text)
{
	struct rs_sms_size size = {0};
	int gsm = 0, utf16 = 0;

	while (*text) {
		unsigned c = next_character(&text);
		int n = septets(c);

		size.ucs2 = size.ucs2 || n == 0;
		gsm += n;
		utf16 += c > 0xffff ? 2 : 1;
	}
	size.units = size.ucs2 ? utf16 : gsm;
	int one = size.ucs2 ? 70 : 160, part = size.ucs2 ? 67 : 153;
	size.segments = size.units <= one ? 1 : (size.units + part - 1) / part;
	return size;
}

static bool is_unseen(unsigned c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

/* Where the word at text ends. */
static const char *word_end(const char *text)
{
	while (*text && *text != ' ') {
		const char *before = text;

		if (is_unseen(next_character(&text)))
			return before;
	}
	return text;
}

static bool is_url(const char *word, const char *end)
{
	size_t len = (size_t)(end - word);
	const char *colon = memmem(word, len, "://", 3);

	return colon || (len > 4 && strncasecmp(word, "www.", 4) == 0);
}

/* Somebody else's words: at most max characters, on one line, without URLs. */
static void put_words(struct rs_buffer *out, const char *text, int max)
{
	bool space = false, begun = false;

	while (*text && max > 0) {
		const char *end = word_end(text), *at = text;

		if (end == text) {
			(void)next_character(&text);
			space = true;
			continue;
		}
		text = end;
		if (is_url(at, end))
			continue;
		if (space && begun && max-- > 0)
			rs_buffer_put(out, " ", 1);
		space = false;
		begun = true;
		while (at < end && max-- > 0) {
			const char *one = at;

			(void)next_character(&at);
			rs_buffer_put(out, one, (size_t)(at - one));
		}
	}
}

static void put_message(struct rs_buffer *out, const char *code, const char *what, int max,
	int minutes, const char *host)
{
	char valid[40];

	snprintf(valid, sizeof(valid), ". Valid %d min.", minutes);
	rs_buffer_put_text(out, "Code ");
	rs_buffer_put_text(out, code);
	rs_buffer_put_text(out, " for: ");
	put_words(out, what, max);
	rs_buffer_put_text(out, valid);
	rs_buffer_put_text(out, " Not you? Do not pass it on, tell your administrator.");
	if (host) {
		rs_buffer_put_text(out, "\n\n@");
		rs_buffer_put_text(out, host);
		rs_buffer_put_text(out, " #");
		rs_buffer_put_text(out, code);
	}
	rs_buffer_put(out, "", 1);
}

struct rs_secret *rs_sms_code_text(
	const char *code, const char *what, int minutes, const char *host)
{
	for (int max = WHAT_MAX;; max -= 4) {
		rs_auto_buffer out = {0};

		put_message(&out, code, what, max > 0 ? max : 0, minutes, host);
		if (max <= 0 || rs_sms_size(rs_buffer_peek(&out)).segments <= SEGMENTS_MAX) {
			out.len--; /* a secret ends with a NUL of its own */
			return rs_buffer_take(&out);
		}
	}
}
