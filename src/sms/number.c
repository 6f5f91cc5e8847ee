/* Numbers in E.164 form, and the ranges that cost. */
#include "rs/sms.h"

#include <string.h>

#define DIGITS	   "0123456789"
#define DIGITS_MIN 7
#define DIGITS_MAX 15

/*
 * Ranges nobody has a mobile phone in: ITU-T E.164 codes of global services (satellite, universal
 * freephone, shared cost, premium rate, networks without a country), and national premium rate.
 */
static const char *const DENIED[] = {
	"+800",
	"+808",
	"+870",
	"+871",
	"+872",
	"+873",
	"+874",
	"+878",
	"+881",
	"+882",
	"+883",
	"+888",
	"+979",
	"+991",
	"+1900",
	"+1976",
	"+319",
	"+3289",
	"+3290",
	"+338",
	"+3489",
	"+3480",
	"+3490",
	"+39178",
	"+3989",
	"+41900",
	"+41901",
	"+41906",
	"+43900",
	"+43901",
	"+43930",
	"+43931",
	"+43939",
	"+4487",
	"+449",
	"+4590",
	"+46900",
	"+46939",
	"+46944",
	"+47829",
	"+4870",
	"+49137",
	"+49180",
	"+49900",
	"+61190",
	NULL,
};

bool rs_sms_number(const char *text)
{
	size_t digits = text[0] == '+' ? strspn(text + 1, DIGITS) : 0;

	return digits >= DIGITS_MIN && digits <= DIGITS_MAX && text[1] != '0' &&
	       text[1 + digits] == '\0';
}

static bool begins(const char *number, const char *prefix)
{
	return strncmp(number, prefix, strlen(prefix)) == 0;
}

bool rs_sms_number_plain(const char *number)
{
	if (!rs_sms_number(number))
		return false;
	for (const char *const *denied = DENIED; *denied; denied++)
		if (begins(number, *denied))
			return false;
	return true;
}

static bool in_countries(const json_t *countries, const char *number)
{
	size_t i;
	json_t *code;

	json_array_foreach(
		countries, i, code) if (begins(number, json_string_value(code))) return true;
	return json_array_size(countries) == 0;
}

bool rs_sms_number_allowed(const struct rs_sms_settings *settings, const char *number)
{
	return rs_sms_number_plain(number) && in_countries(settings->allowed_countries, number) &&
	       (!settings->number_pattern ||
		       rs_sms_pattern_matches(settings->number_pattern, number));
}
