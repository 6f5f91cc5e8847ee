/* What a mail looks like on the wire: RFC 5322, 2045 to 2047, 3834. */
#include "rs/mail.h"

#include "mail/internal.h"
#include "rs/app.h"
#include "rs/clock.h"
#include "rs/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LINK                                                                                       \
	"https://ra.example.test/v1/domain-validations/019f0000-0000-7000-8000-000000000000/"      \
	"confirm"                                                                                  \
	"#0123456789abcdefghijABCDEFGHIJ-_0123456789a"

static struct rs_app app;
static struct rs_config config = {.server_public_url = "https://ra.example.test:8443"};
static struct rs_ctx ctx;

static int start(void **state)
{
	(void)state;
	app.config = &config;
	if (rs_clock_new(NULL, &app.clock) != 0)
		return -1;
	rs_ctx_init(&ctx, &app);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	rs_ctx_end(&ctx);
	rs_clock_free(app.clock);
	return 0;
}

/* The whole message; freed by the caller. */
static struct rs_secret *built(struct rs_mail_text text)
{
	struct rs_mail mail = {.to = "bob@example.test", .text = text};
	struct rs_secret *out = NULL;

	assert_int_equal(rs_mail_build(&ctx, &mail, "0011@ra.example.test", &out), RS_OK);
	return out;
}

static const char *text_of(struct rs_secret *secret)
{
	return (const char *)rs_secret_data(secret);
}

static int count_of(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what)) != NULL) {
		n++;
		text++;
	}
	return n;
}

/* Every line ends in CR LF and holds at most `most` octets; no CR or LF stands alone. */
static void assert_lines(const char *text, size_t most)
{
	while (*text) {
		size_t len = strcspn(text, "\r\n");

		if (len > most)
			fail_msg("a line of %zu: %.*s", len, (int)len, text);
		assert_int_equal(strncmp(text + len, "\r\n", 2), 0);
		text += len + 2;
	}
}

/* The headers are there once each, and a mail of plain words goes as it is. */
static void plain_mail(void **state)
{
	struct rs_secret *mail = built((struct rs_mail_text){.subject = "Your code",
		.before = "Somebody asked for this.\n\nUse the code below.",
		.code = "123456",
		.after = "If it was not you, tell us."});
	const char *text = text_of(mail), *body = strstr(text, "\r\n\r\n");
	static const char *const headers[] = {"Date: ", "\r\nTo: <bob@example.test>\r\n",
		"\r\nMessage-ID: <0011@ra.example.test>\r\n",
		"\r\nAuto-Submitted: auto-generated\r\n", "\r\nSubject: Your code\r\n",
		"\r\nMIME-Version: 1.0\r\n",
		"\r\nContent-Type: multipart/alternative;\r\n boundary=\"=_"};

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		const char *at = strstr(text, headers[i]);

		assert_non_null(at);
		assert_true(at < body);
	}
	assert_lines(text, 76);
	assert_int_equal(count_of(text, "Content-Transfer-Encoding: 7bit"), 2);
	assert_non_null(strstr(
		body, "Somebody asked for this.\r\n\r\nUse the code below.\r\n\r\n    123456\r\n"));
	assert_non_null(strstr(body, "<p>Somebody asked for this.</p>\r\n"));
	assert_non_null(strstr(body, ">123456</p>"));
	assert_true(strstr(text, "123456") > body);
	rs_secret_free(mail);
}

/* A link stays whole on a line of its own; the secret in it is nowhere but in the body. */
static void link_mail(void **state)
{
	struct rs_secret *mail =
		built((struct rs_mail_text){.subject = "Confirm control of example.test",
			.before = "Please confirm.",
			.link = LINK});
	const char *text = text_of(mail);

	(void)state;
	assert_lines(text, 998);
	assert_non_null(strstr(text, "\r\n" LINK "\r\n"));
	assert_non_null(strstr(text, "href=\"" LINK "\""));
	assert_true(strstr(text, "#0123") > strstr(text, "\r\n\r\n"));
	rs_secret_free(mail);
}

/* What came from outside makes no header, no markup and no end of a part. */
static void hostile_text(void **state)
{
	struct rs_secret *mail =
		built((struct rs_mail_text){.subject = "x\r\nBcc: evil@evil.test\r\n\r\n<script>",
			.before = "CN=a\r\n.\r\n\x1b[0mRCPT TO:<evil@evil.test>\n\n<img src=x "
				  "onerror=\"alert(1)\"> & more"});
	const char *text = text_of(mail), *body = strstr(text, "\r\n\r\n");

	(void)state;
	assert_null(strstr(text, "\nBcc:"));
	assert_non_null(strstr(text, "\r\nSubject: x  Bcc: evil@evil.test    <script>\r\n"));
	assert_int_equal(count_of(body, "<img"), 1); /* in the text part alone */
	assert_non_null(strstr(body, "&lt;img"));
	assert_non_null(strstr(body, "&amp; more"));
	assert_null(strchr(text, '\x1b'));
	assert_lines(text, 76);
	rs_secret_free(mail);
}

/* Other scripts: encoded words that cut no character, quoted-printable with short lines. */
static void encoded(void **state)
{
	struct rs_secret *mail =
		built((struct rs_mail_text){.subject = "Zertifikat für die Größe von 例え.テスト, "
						       "für sehr viele Straßen und Häuser",
			.before = "Grüße an alle, die dies lesen: 例え.テスト = ein Beispiel mit "
				  "einem Gleichheitszeichen."});
	const char *text = text_of(mail), *body = strstr(text, "\r\n\r\n");

	(void)state;
	assert_lines(text, 76);
	for (const char *s = text; *s; s++)
		assert_in_range((unsigned char)*s, 1, 126);
	assert_true(count_of(text, "=?UTF-8?B?") >= 2);
	assert_true(strstr(text, "Subject: =?UTF-8?B?WmVydGlmaWthdCBmw7xyIGRpZSBHcsO2w59lIHZvb") !=
		    NULL);
	assert_int_equal(count_of(text, "Content-Transfer-Encoding: quoted-printable"), 2);
	assert_non_null(strstr(body, "Gr=C3=BC=C3=9Fe an alle"));
	assert_non_null(strstr(body, "=3D ein Beispiel"));
	rs_secret_free(mail);
}

/* A long subject is folded where it has spaces. */
static void folded(void **state)
{
	struct rs_secret *mail = built((struct rs_mail_text){
		.subject =
			"one two three four five six seven eight nine ten eleven twelve thirteen "
			"fourteen fifteen sixteen",
		.before = "x"});

	(void)state;
	assert_lines(text_of(mail), 76);
	assert_non_null(strstr(text_of(mail), "thirteen\r\n fourteen")
				?: strstr(text_of(mail), "twelve\r\n thirteen"));
	rs_secret_free(mail);
}

/* What is too long is refused, not cut. */
static void too_long(void **state)
{
	struct rs_mail mail = {.to = "bob@example.test", .text = {.subject = "x"}};
	char *long_text = malloc(RS_MAIL_MAX + 1);
	struct rs_secret *out = NULL;

	(void)state;
	memset(long_text, 'x', RS_MAIL_MAX);
	long_text[RS_MAIL_MAX] = '\0';
	mail.text.before = long_text;
	assert_int_equal(rs_mail_build(&ctx, &mail, "1@x", &out), RS_INTERNAL);
	assert_null(out);
	rs_err_reset(&ctx.err);
	free(long_text);
}

static void quotes(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"www.example.test", "www.example.test"},
		{"go to https://evil.test/x", "go to https evil.test/x"},
		{"a\r\nb\tc", "a  b c"},
		{"äöü", "äöü"},
		{"0123456789012345678901234567890123456789",
			"0123456789012345678901234567890123456789"},
		{"01234567890123456789012345678901234567890",
			"0123456789012345678901234567890123456789…"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(rs_mail_quote(&ctx, rows[i].text), rows[i].want);
}

static void senders(void **state)
{
	(void)state;
	assert_string_equal(rs_mail_sender_lines(&ctx, NULL, "ra@example.test", NULL),
		"From: <ra@example.test>\r\n");
	assert_string_equal(
		rs_mail_sender_lines(&ctx, "RA \"one\"", "ra@example.test", "help@example.test"),
		"From: \"RA \\\"one\\\"\"\r\n <ra@example.test>\r\nReply-To: "
		"<help@example.test>\r\n");
	assert_string_equal(rs_mail_sender_lines(&ctx, "Prüfer", "ra@example.test", NULL),
		"From: =?UTF-8?B?UHLDvGZlcg==?=\r\n <ra@example.test>\r\n");
}

static void message_ids(void **state)
{
	const char *one = rs_mail_message_id(&ctx), *two = rs_mail_message_id(&ctx);

	(void)state;
	assert_string_equal(strchr(one, '@'), "@ra.example.test");
	assert_int_equal(strcspn(one, "@"), 32);
	assert_string_not_equal(one, two);
	config.server_public_url = "http://[::1]:8080";
	assert_string_equal(strchr(rs_mail_message_id(&ctx), '@'), "@[::1]");
	config.server_public_url = "https://ra.example.test/base";
	assert_string_equal(strchr(rs_mail_message_id(&ctx), '@'), "@ra.example.test");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_mail),
		cmocka_unit_test(link_mail),
		cmocka_unit_test(hostile_text),
		cmocka_unit_test(encoded),
		cmocka_unit_test(folded),
		cmocka_unit_test(too_long),
		cmocka_unit_test(quotes),
		cmocka_unit_test(senders),
		cmocka_unit_test(message_ids),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
