/*
 * Templates of SMS gateways: the first line is the template, the rest the text that is put in. Whatever
 * both are, a URL or form stays one (no character that ends a value comes out of the text), a header stays
 * one line, and nothing is lost in a plain place.
 */
#include "rs/sms.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_render(const char *template, const char *text)
{
	struct rs_sms_values values = {.to = text, .text = text, .id = text, .sender = text};
	rs_auto_secret form = rs_sms_render(template, &values, RS_SMS_FORM);
	rs_auto_secret header = rs_sms_render("{{text}}", &values, RS_SMS_HEADER);
	rs_auto_secret plain = rs_sms_render("{{text}}", &values, RS_SMS_PLAIN);
	rs_auto_secret url = rs_sms_render("https://h/?a={{text}}", &values, RS_SMS_URL);

	for (const char *p = (const char *)rs_secret_data(form); *p; p++)
		if (strchr("&=#?+ \r\n\"'<>", *p))
			abort();
	for (const char *p = (const char *)rs_secret_data(url) + strlen("https://h/?a="); *p; p++)
		if (strchr("&=#?+ \r\n\"'<>/", *p))
			abort();
	for (const char *p = (const char *)rs_secret_data(header); *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			abort();
	if (strcmp((const char *)rs_secret_data(plain), text) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *template = calloc(1, size + 1), *text;

	if (!template)
		abort();
	memcpy(template, data, size);
	text = strchr(template, '\n');
	if (text)
		*text++ = '\0';
	else
		text = template + strlen(template);
	check_render(template, text);
	(void)rs_sms_url_fault(template);
	(void)rs_sms_number_plain(text);
	/* What is measured and shortened is valid UTF-8, as everything that was read from JSON is. */
	json_t *valid = json_string(text);
	if (valid) {
		rs_auto_secret message = rs_sms_code_text("012345", text, 5, "ra.example");
		const char *lines = strchr((const char *)rs_secret_data(message), '\n');

		if (!lines || strcmp(lines, "\n\n@ra.example #012345") != 0)
			abort();
		json_decref(valid);
	}
	free(template);
	return 0;
}
