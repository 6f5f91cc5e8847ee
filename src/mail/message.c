/*
 * The message: headers and a text and an HTML part. It is written into secrets only, since it may
 * hold a code or a token.
 */
#include "internal.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/id.h"
#include "rs/smtp.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define WRAP_AT	    72	/* columns of a paragraph */
#define LINE_MOST   998 /* RFC 5322 2.1.1 */
#define QP_MOST	    76	/* RFC 2045 6.7 */
#define HEADER_MOST 76	/* RFC 2047 2 */
/* Octets in one encoded word: with them a line of "Subject: " has 73 characters. */
#define WORD_OCTETS 39
#define BOUNDARY    34

/* Text that grows in a secret of fixed size; what does not fit sets `full`. */
struct out {
	struct rs_secret *secret;
	size_t len;
	bool full;
};

static struct out out_new(void)
{
	return (struct out){.secret = rs_secret_new(RS_MAIL_MAX)};
}

static void put(struct out *o, const char *data, size_t len)
{
	if (len > RS_MAIL_MAX - o->len) {
		o->full = true;
		return;
	}
	memcpy(rs_secret_data(o->secret) + o->len, data, len);
	o->len += len;
}

static void puts_(struct out *o, const char *text)
{
	put(o, text, strlen(text));
}

static const char *text_of(struct out *o)
{
	return (const char *)rs_secret_data(o->secret);
}

/* --- other people's text --- */

bool rs_mail_address(const char *text)
{
	return rs_smtp_address(text);
}

static size_t char_len(const char *s)
{
	size_t n = 1;

	while (((unsigned char)s[n] & 0xc0) == 0x80)
		n++;
	return n;
}

static bool is_control(unsigned char c)
{
	return c < ' ' || c == 0x7f;
}

const char *rs_mail_quote(struct rs_ctx *ctx, const char *text)
{
	char *out = rs_arena_alloc(ctx->arena, 4 * RS_MAIL_QUOTE_MAX + sizeof("…")), *s = out;
	int left = RS_MAIL_QUOTE_MAX;

	for (; *text && left > 0; left--) {
		size_t n = char_len(text);

		if (strncmp(text, "://", 3) == 0) {
			*s++ = ' ';
			n = 3;
		} else if (is_control((unsigned char)*text) || n > 4) {
			*s++ = ' ';
		} else {
			memcpy(s, text, n);
			s += n;
		}
		text += n;
	}
	if (*text)
		memcpy(s, "…", sizeof("…"));
	return out;
}

/* --- headers --- */

static const char *date_of(struct rs_ctx *ctx)
{
	static const char DAYS[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char MONTHS[12][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t now = (time_t)(rs_clock_now_us(ctx->app->clock) / 1000000);
	struct tm tm;

	gmtime_r(&now, &tm);
	return rs_arena_printf(ctx->arena, "%s, %d %s %d %02d:%02d:%02d +0000", DAYS[tm.tm_wday],
		tm.tm_mday, MONTHS[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static bool plain(const char *text)
{
	for (const char *s = text; *s; s++)
		if (*s < ' ' || *s > '~')
			return false;
	return strstr(text, "=?") == NULL;
}

/* Octets of whole characters that go into one encoded word. */
static size_t word_of(const char *text)
{
	size_t len = 0;

	while (text[len] && len + char_len(text + len) <= WORD_OCTETS)
		len += char_len(text + len);
	return len;
}

/* Words with spaces between them, folded before they get too long. */
static void put_folded(struct out *o, const char *text, size_t column)
{
	while (*text) {
		size_t len = strcspn(text + 1, " ") + 1;

		if (column + len > HEADER_MOST && *text == ' ') {
			puts_(o, "\r\n");
			column = 0;
		}
		put(o, text, len);
		column += len;
		text += len;
	}
	puts_(o, "\r\n");
}

/* A copy without control characters, but for those in `keep`. In the arena: no secrets. */
static const char *clean(struct rs_ctx *ctx, const char *text, const char *keep)
{
	char *copy = rs_arena_strdup(ctx->arena, text);

	for (char *s = copy; *s; s++)
		if (is_control((unsigned char)*s) && !strchr(keep, *s))
			*s = ' ';
	return copy;
}

static void put_subject(struct rs_ctx *ctx, struct out *o, const char *text)
{
	puts_(o, "Subject:");
	if (plain(text)) {
		put_folded(o, rs_arena_printf(ctx->arena, " %s", text), sizeof("Subject:") - 1);
		return;
	}
	for (size_t len; *text; text += len) {
		len = word_of(text);
		if (len == 0) /* not UTF-8: as an octet of its own */
			len = 1;
		puts_(o, " =?UTF-8?B?");
		puts_(o, rs_base64(ctx->arena, text, len));
		puts_(o, "?=\r\n");
	}
}

/* A display name as a phrase: quoted, or encoded where it is not plain ASCII. */
static void put_name(struct rs_ctx *ctx, struct out *o, const char *name)
{
	if (!plain(name)) {
		for (size_t len; *name; name += len) {
			len = word_of(name);
			if (len == 0)
				len = 1;
			puts_(o, "=?UTF-8?B?");
			puts_(o, rs_base64(ctx->arena, name, len));
			puts_(o, "?=\r\n ");
		}
		return;
	}
	puts_(o, "\"");
	for (; *name; name++) {
		if (*name == '"' || *name == '\\')
			puts_(o, "\\");
		put(o, name, 1);
	}
	puts_(o, "\"\r\n ");
}

const char *rs_mail_sender_lines(
	struct rs_ctx *ctx, const char *name, const char *address, const char *reply_to)
{
	struct out o = out_new();
	const char *lines;

	puts_(&o, "From: ");
	if (name && *name)
		put_name(ctx, &o, name);
	puts_(&o, rs_arena_printf(ctx->arena, "<%s>\r\n", address));
	if (reply_to)
		puts_(&o, rs_arena_printf(ctx->arena, "Reply-To: <%s>\r\n", reply_to));
	lines = rs_arena_strdup(ctx->arena, text_of(&o));
	rs_secret_free(o.secret);
	return lines;
}

static void put_headers(struct rs_ctx *ctx, struct out *o, const struct rs_mail *mail,
	const char *message_id, const char *boundary)
{
	puts_(o, rs_arena_printf(ctx->arena,
			 "Date: %s\r\nTo: <%s>\r\nMessage-ID: <%s>\r\nAuto-Submitted: "
			 "auto-generated\r\n",
			 date_of(ctx), mail->to, message_id));
	put_subject(ctx, o, mail->text.subject);
	puts_(o, rs_arena_printf(ctx->arena,
			 "MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n "
			 "boundary=\"%s\"\r\n\r\n",
			 boundary));
}

/* --- the text part --- */

/* Paragraphs, each wrapped; an empty line after each. */
static void put_paragraphs(struct out *o, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n"), column = 0;
		const char *end = text + len;

		while (text < end) {
			size_t word = strcspn(text, " \n");

			if (column > 0 && column + 1 + word > WRAP_AT) {
				puts_(o, "\n");
				column = 0;
			}
			if (column > 0)
				puts_(o, " ");
			put(o, text, word);
			column += word + (column > 0);
			text += word + strspn(text + word, " ");
		}
		puts_(o, len ? "\n" : "");
		if (*text == '\n')
			text++;
		if (*text == '\n' || *text == '\0')
			puts_(o, "\n");
		text += strspn(text, "\n");
	}
}

static void put_text(struct out *o, const struct rs_mail_text *text)
{
	put_paragraphs(o, text->before);
	if (text->code) {
		puts_(o, "    ");
		puts_(o, text->code);
		puts_(o, "\n\n");
	}
	if (text->link) {
		puts_(o, text->link);
		puts_(o, "\n\n");
	}
	put_paragraphs(o, text->after);
}

/* --- the HTML part --- */

static void put_escaped(struct out *o, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const char *entity = text[i] == '<'   ? "&lt;"
				     : text[i] == '>' ? "&gt;"
				     : text[i] == '&' ? "&amp;"
				     : text[i] == '"' ? "&quot;"
						      : NULL;

		if (entity)
			puts_(o, entity);
		else
			put(o, text + i, 1);
	}
}

static void put_element(struct out *o, const char *before, const char *text, const char *after)
{
	puts_(o, before);
	put_escaped(o, text, strlen(text));
	puts_(o, after);
}

/* A line of the source is a line of the mail, so that none gets too long. */
static void put_html_paragraphs(struct out *o, const char *text)
{
	struct out lines = out_new();
	const char *s, *end;

	put_paragraphs(&lines, text);
	o->full |= lines.full;
	for (s = text_of(&lines); *s; s = end + strspn(end, "\n")) {
		end = strstr(s, "\n\n");
		if (!end)
			end = s + strlen(s);
		puts_(o, "<p>");
		put_escaped(o, s, (size_t)(end - s));
		puts_(o, "</p>\n");
	}
	rs_secret_free(lines.secret);
}

static void put_html(struct out *o, const struct rs_mail_text *text)
{
	puts_(o, "<!doctype html>\n<html>\n<head><meta charset=\"utf-8\"></head>\n<body>\n");
	put_html_paragraphs(o, text->before);
	if (text->code)
		put_element(o, "<p style=\"font: bold 1.6em monospace\">", text->code, "</p>\n");
	if (text->link) {
		put_element(o, "<p><a\nhref=\"", text->link, "\">\n");
		put_element(o, "", text->link, "</a></p>\n");
	}
	put_html_paragraphs(o, text->after);
	puts_(o, "</body>\n</html>\n");
}

/* --- parts --- */

/* Whether every line can go as it is. A link stays whole that way, also for whoever cannot decode.
 */
static bool goes_plain(const char *text)
{
	size_t column = 0;

	for (; *text; text++) {
		column = *text == '\n' ? 0 : column + 1;
		if (column > LINE_MOST || (*text != '\n' && (*text < ' ' || *text > '~')))
			return false;
	}
	return true;
}

static void put_plain(struct out *o, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		put(o, text, len);
		puts_(o, "\r\n");
		text += len + (text[len] == '\n');
	}
}

/* Quoted-printable, RFC 2045 6.7. */
static void put_quoted(struct out *o, const char *text)
{
	size_t column = 0;

	for (; *text; text++) {
		char code[4] = {*text, '\0'};
		bool last = text[1] == '\n' || text[1] == '\0';
		size_t len;

		if (*text == '\n') {
			puts_(o, "\r\n");
			column = 0;
			continue;
		}
		if (*text < ' ' || *text > '~' || *text == '=' || (*text == ' ' && last))
			snprintf(code, sizeof(code), "=%02X", (unsigned char)*text);
		len = strlen(code);
		if (column + len > QP_MOST - 1) {
			puts_(o, "=\r\n");
			column = 0;
		}
		puts_(o, code);
		column += len;
	}
	if (column > 0)
		puts_(o, "\r\n");
}

static void put_part(struct rs_ctx *ctx, struct out *o, const char *boundary, const char *type,
	struct out *content)
{
	bool as_is = goes_plain(text_of(content));

	o->full |= content->full;
	puts_(o, rs_arena_printf(ctx->arena,
			 "--%s\r\nContent-Type: text/%s; charset=%s\r\nContent-Transfer-Encoding: "
			 "%s\r\n\r\n",
			 boundary, type, as_is ? "us-ascii" : "utf-8",
			 as_is ? "7bit" : "quoted-printable"));
	if (as_is)
		put_plain(o, text_of(content));
	else
		put_quoted(o, text_of(content));
	puts_(o, "\r\n");
	rs_secret_free(content->secret);
}

static const char *boundary_of(struct rs_ctx *ctx)
{
	unsigned char random[16];
	char hex[33];

	rs_random(random, sizeof(random));
	rs_hex(random, sizeof(random), hex);
	/* "=_" can stand in no quoted-printable text. */
	return rs_arena_printf(ctx->arena, "=_%s", hex);
}

enum rs_code rs_mail_build(struct rs_ctx *ctx, const struct rs_mail *mail, const char *message_id,
	struct rs_secret **out)
{
	struct out o = out_new(), text = out_new(), html = out_new();
	const char *boundary = boundary_of(ctx);
	struct rs_mail clear = *mail;

	clear.text.subject = clean(ctx, mail->text.subject, "");
	clear.text.before = clean(ctx, mail->text.before, "\n");
	clear.text.after = clean(ctx, mail->text.after ?: "", "\n");
	put_text(&text, &clear.text);
	put_html(&html, &clear.text);
	put_headers(ctx, &o, &clear, message_id, boundary);
	put_part(ctx, &o, boundary, "plain", &text);
	put_part(ctx, &o, boundary, "html", &html);
	puts_(&o, rs_arena_printf(ctx->arena, "--%s--\r\n", boundary));
	*out = o.full ? NULL : rs_secret_copy(rs_secret_data(o.secret), o.len);
	rs_secret_free(o.secret);
	return o.full ? rs_fail(ctx, RS_INTERNAL, "The mail is longer than a mail may be.") : RS_OK;
}
